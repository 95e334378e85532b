//! Naming lists of executions.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Gives the list with this address a name, under which everybody who uses this dashboard finds it.
#[server(prefix = "/api", endpoint = "save_view")]
pub async fn save_view(
    connection: String,
    name: String,
    #[server(default)] workflow: Option<String>,
    #[server(default)] status: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] time: Option<String>,
    #[server(default)] scope: Option<String>,
) -> Result<(), AppError> {
    use crate::wire::executions::View;
    let (desk, actor) = crate::server::context(&connection)?;
    let view = View::of_parts([workflow, status, None, q, time, scope, None]);
    crate::server::leads_to(&crate::routes::of(&connection).executions_view(&view));
    crate::server::acting::save_view(&desk, &actor, &name, &view).await
}

/// Removes the name of the list `id`, and shows the list, which can be named again; the executions stay.
#[server(prefix = "/api", endpoint = "remove_view")]
pub async fn remove_view(connection: String, id: i64) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).executions_of(None, None));
    if let Some((name, view)) = crate::server::acting::remove_view(&desk, &actor, id).await? {
        crate::server::leads_to(&crate::routes::of(&connection).executions_view(&view));
        crate::server::tells(Told::Unnamed { name });
    }
    Ok(())
}

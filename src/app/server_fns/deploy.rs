//! Deploying `statemachine/`.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Deploys what is new or changed: the one workflow `name`, or all where it is empty. Goes to the deploy page.
///
/// `seen` is the hash of the plan that the page showed. Where the plan is another one by now, nothing is deployed.
#[server(prefix = "/api", endpoint = "deploy")]
pub async fn deploy(connection: String, name: String, seen: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).deploy());
    let names =
        crate::server::acting::deploy(&desk, &actor, (!name.is_empty()).then_some(name.as_str()), &seen).await?;
    crate::server::tells(Told::Deployed { names });
    Ok(())
}

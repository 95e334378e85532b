//! Starting an execution.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Starts an execution of `workflow` and goes to its page; an Express execution has none, and the workflow's page says so.
///
/// `name` may be empty: a new one is made. Where `again` is an execution, `input` is what the form showed of its stored
/// input, edited or not. What cannot be started (an input that is no JSON, a name in use) leads back to the workflow's
/// page, which says why and holds what was typed.
#[server(prefix = "/api", endpoint = "start")]
pub async fn start_execution(
    workflow: String,
    name: String,
    #[server(default)] input: String,
    #[server(default)] again: String,
) -> Result<(), AppError> {
    use crate::server::Started;
    let (app, person) = crate::server::context().await?;
    let form = if again.is_empty() {
        format!("{}#start", crate::routes::workflow(&workflow))
    } else {
        crate::routes::start_again(&workflow, &again)
    };
    crate::server::leads_to(&form);
    let deed = crate::server::store::Deed::Started;
    match app.start(&workflow, &name, &input, &again).await? {
        Started::Followed(arn) => {
            app.note(&person, deed, Some(&workflow), Some(&arn), "").await;
            crate::server::leads_to(&crate::routes::execution(&arn));
        }
        Started::Express(name) => {
            app.note(&person, deed, Some(&workflow), None, &name).await;
            crate::server::tells(Told::StartedExpress { name });
        }
    }
    Ok(())
}

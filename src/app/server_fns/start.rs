//! Starting an execution.

use leptos::prelude::*;

use crate::error::AppError;

/// Starts an execution of `workflow` and goes to its page.
///
/// `name` may be empty: a new one is made. What cannot be started (an input that is no JSON, a name in use) leads back to
/// the workflow's page, which says why and holds what was typed.
#[server(prefix = "/api", endpoint = "start")]
pub async fn start_execution(workflow: String, name: String, input: String) -> Result<(), AppError> {
    let (app, _) = crate::server::context().await?;
    crate::server::leads_to(&format!("{}#start", crate::routes::workflow(&workflow)));
    let arn = app.start(&workflow, &name, &input).await?;
    crate::server::leads_to(&crate::routes::execution(&arn));
    Ok(())
}

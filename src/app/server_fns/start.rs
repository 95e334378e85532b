//! Starting an execution.

use leptos::prelude::*;

use crate::error::AppError;

/// Starts an execution of `workflow` and goes to its page.
///
/// `name` may be empty: a new one is made. What cannot be started (an input that is no JSON, a name in use) goes back to
/// the workflow's page as `?problem=...&input=...&name=...`, so that nothing typed is lost.
#[server(prefix = "/api", endpoint = "start")]
pub async fn start_execution(workflow: String, name: String, input: String) -> Result<(), AppError> {
    let (app, _) = crate::server::context().await?;
    let to = app.start(&workflow, &name, &input).await?;
    leptos_axum::redirect(&to);
    Ok(())
}

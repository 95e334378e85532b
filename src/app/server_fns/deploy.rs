//! Deploying `statemachine/`.

use leptos::prelude::*;

use crate::error::AppError;

/// Deploys what is new or changed: the one workflow `name`, or all where it is empty. Goes to the deploy page.
#[server(prefix = "/api", endpoint = "deploy")]
pub async fn deploy(name: String) -> Result<(), AppError> {
    let (app, _) = crate::server::context().await?;
    let done = app.deploy((!name.is_empty()).then_some(name.as_str())).await?;
    leptos_axum::redirect(&format!("{}?deployed={}", crate::routes::DEPLOY, crate::routes::encode(&done.join(","))));
    Ok(())
}

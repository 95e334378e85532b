//! Deploying `statemachine/`.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Deploys what is new or changed: the one workflow `name`, or all where it is empty. Goes to the deploy page.
#[server(prefix = "/api", endpoint = "deploy")]
pub async fn deploy(name: String) -> Result<(), AppError> {
    let (app, _) = crate::server::context().await?;
    crate::server::leads_to(crate::routes::DEPLOY);
    let names = app.deploy((!name.is_empty()).then_some(name.as_str())).await?;
    crate::server::tells(Told::Deployed { names });
    Ok(())
}

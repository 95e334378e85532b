//! Deploying `statemachine/`.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Deploys what is new or changed in an environment: the one workflow `name`, or all where it is empty. Goes to the plan of that
/// environment.
///
/// `seen` is the hash of the plan that the page showed. Where the plan is another one by now, nothing is deployed.
#[server(prefix = "/api", endpoint = "deploy")]
pub async fn deploy(
    connection: String,
    name: String,
    seen: String,
    #[server(default)] environment: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::server::pages::deploy::page_of(&desk, &environment));
    let shown = crate::server::acting::shown_plan(&environment, &name, &seen);
    let names = crate::server::acting::deploy(&desk, &actor, shown).await?;
    crate::server::tells(Told::Deployed { names });
    Ok(())
}

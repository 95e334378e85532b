//! Deploying `statemachine/`.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// What the page of the plan does. `act` says what: nothing deploys what is new or changed (the one workflow `name`, or all where
/// it is empty), `propose` asks people for it; `approve`, `reject` and `withdraw` are about the proposal `id`; `roll-back` and
/// `finish` are about a workflow and its `alias`. Goes to the deploy page.
///
/// `seen` is the hash of the plan that the page showed. Where the plan is another one by now, nothing is deployed.
#[server(prefix = "/api", endpoint = "deploy")]
pub async fn deploy(connection: String, name: String, seen: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).deploy());
    let names = crate::server::acting::releasing::act(&desk, &actor, (&name, &seen), &crate::server::fields()).await?;
    if !names.is_empty() {
        crate::server::tells(Told::Deployed { names });
    }
    Ok(())
}

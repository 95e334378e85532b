//! Proposed deployments, and the aliases that deployments move.

use leptos::prelude::*;

use crate::error::AppError;

/// Proposes what is new or changed in an environment where people have to approve it: the one workflow `name`, or all where it is
/// empty. Goes to the inbox, where the proposal is.
///
/// `seen` is the hash of the plan that the page showed.
#[server(prefix = "/api", endpoint = "propose")]
pub async fn propose(
    connection: String,
    name: String,
    seen: String,
    #[server(default)] environment: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::server::pages::deploy::page_of(&desk, &environment));
    let shown = crate::server::acting::shown_plan(&environment, &name, &seen);
    crate::server::acting::propose(&desk, &actor, shown).await?;
    crate::server::leads_to(&crate::routes::of(&connection).inbox());
    Ok(())
}

/// Votes on a proposed deployment, and goes to the inbox. `vote` is `approve` or `reject`; `seen` is the hash of the plan that
/// the page showed.
#[server(prefix = "/api", endpoint = "vote")]
pub async fn vote(connection: String, id: String, seen: String, vote: String, comment: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).inbox());
    crate::server::acting::vote(&desk, &actor, &id, &vote, &comment, &seen).await
}

/// Takes a proposed deployment back, and goes to the inbox.
#[server(prefix = "/api", endpoint = "withdraw")]
pub async fn withdraw(connection: String, id: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).inbox());
    crate::server::acting::withdraw(&desk, &actor, &id).await
}

/// Leads an alias of a state machine back to the version before; without an alias, its definition. Goes to the plan of the
/// environment whose page has the button.
///
/// `seen` is the hash of the way back that the page showed; empty where it showed none.
#[server(prefix = "/api", endpoint = "roll_back")]
pub async fn roll_back(
    connection: String,
    workflow: String,
    #[server(default)] alias: String,
    #[server(default)] seen: String,
    #[server(default)] environment: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::server::pages::deploy::page_of(&desk, &environment));
    let alias = Some(alias.as_str()).filter(|alias| !alias.is_empty());
    let seen = Some(seen.as_str()).filter(|seen| !seen.is_empty());
    crate::server::acting::roll_back(&desk, &actor, &workflow, alias, seen).await
}

/// Gives all executions of an alias the version that is rolled out. Goes where [`roll_back`] does.
#[server(prefix = "/api", endpoint = "finish_rollout")]
pub async fn finish_rollout(
    connection: String,
    workflow: String,
    alias: String,
    #[server(default)] environment: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::server::pages::deploy::page_of(&desk, &environment));
    crate::server::acting::finish_rollout(&desk, &actor, &workflow, &alias).await
}

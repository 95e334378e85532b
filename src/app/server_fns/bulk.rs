//! Acting on many executions at once: choosing them, and carrying it out.

// On the macro's own items too, where an attribute of the function does not reach.
#![allow(clippy::too_many_arguments, reason = "the fields of a form")]

use leptos::prelude::*;

use crate::error::AppError;

/// Makes the list of what `verb` is to be done to, and goes to its page; nothing is done yet. The list has the executions
/// `arns`, or, with `all`, those of the list of executions with this address.
#[server(prefix = "/api", endpoint = "prepare_bulk")]
pub async fn prepare_bulk(
    connection: String,
    verb: String,
    #[server(default)] reason: String,
    #[server(default)] arns: Vec<String>,
    #[server(default)] all: String,
    #[server(default)] workflow: Option<String>,
    #[server(default)] status: Option<String>,
    #[server(default)] parent: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] time: Option<String>,
) -> Result<(), AppError> {
    use crate::wire::executions::View;
    let (desk, actor) = crate::server::context(&connection)?;
    let view = View::of_parts([workflow, status, parent, q, time, None, None]);
    let routes = crate::routes::of(&connection);
    crate::server::leads_to(&routes.executions_view(&view));
    let all = (!all.is_empty()).then_some(&view);
    let id = crate::server::acting::prepare(&desk, &actor, &verb, &reason, &arns, all).await?;
    crate::server::leads_to(&routes.bulk(&id));
    Ok(())
}

/// Carries the list `id` out that the page showed with the hash `seen`, or goes on with it.
#[server(prefix = "/api", endpoint = "run_bulk")]
pub async fn run_bulk(connection: String, id: String, seen: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).bulk(&id));
    crate::server::acting::carry_out(&desk, &actor, &id, &seen).await
}

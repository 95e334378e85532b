//! Acting on many executions at once, and deciding many requests: choosing them, and carrying it out.

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

/// Makes the list of the requests for which the outcome `decision` is to be chosen, and goes to its page; nothing is decided
/// yet. The list has the requests `picked` (each its event, a space and the ARN of its execution); with `page` those of this
/// page of the inbox, too, and with `every` those of this part of it.
#[server(prefix = "/api", endpoint = "prepare_decisions")]
pub async fn prepare_decisions(
    connection: String,
    decision: String,
    #[server(default)] comment: String,
    #[server(default)] picked: Vec<String>,
    #[server(default)] page: String,
    #[server(default)] every: String,
    #[server(default)] part: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<(), AppError> {
    use crate::server::pages::inbox::{Besides, Place, chosen};
    let (desk, actor) = crate::server::context(&connection)?;
    let routes = crate::routes::of(&connection);
    crate::server::leads_to(&routes.inbox_part(part.as_deref(), q.as_deref(), after.as_deref()));
    let place = Place { after, part, q };
    let besides = match (every.is_empty(), page.is_empty()) {
        (false, _) => Besides::Every,
        (true, false) => Besides::Page,
        (true, true) => Besides::Nothing,
    };
    let chosen = chosen(&desk, &actor, &picked, besides, place).await?;
    let id = crate::server::acting::prepare_decisions(&desk, &actor, (&decision, &comment), chosen).await?;
    crate::server::leads_to(&routes.bulk(&id));
    Ok(())
}

/// Carries the list `id` out that the page showed with the hash `seen`, or goes on with it. Decisions wait until they can no
/// longer be taken back: `act` is `take-back` or `send-now` then.
#[server(prefix = "/api", endpoint = "run_bulk")]
pub async fn run_bulk(
    connection: String,
    id: String,
    #[server(default)] seen: String,
    #[server(default)] act: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).bulk(&id));
    crate::server::acting::carry_out(&desk, &actor, &id, &seen, &act).await
}

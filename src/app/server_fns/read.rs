//! Reading: one function, which answers what a page asks.

use leptos::prelude::*;
use leptos::server_fn::codec::Postcard;

use crate::app::wire::{Ask, Page};
use crate::error::AppError;

/// Answers `ask` with the [`Page`] of the same name; a refusal has its own HTTP status, and so has the page that shows it.
#[server(prefix = "/api", endpoint = "read", input = Postcard, output = Postcard)]
pub async fn read(ask: Ask) -> Result<Page, AppError> {
    let answer = crate::server::guarded(answer(ask)).await;
    if let Err(error) = &answer {
        crate::server::set_status(error);
    }
    answer
}

#[cfg(feature = "ssr")]
async fn answer(ask: Ask) -> Result<Page, AppError> {
    let (app, person) = crate::server::context().await?;
    Ok(match ask {
        Ask::Frame => Page::Frame(app.frame(&person).await),
        Ask::Overview => Page::Overview(app.overview().await?),
        Ask::Workflows => Page::Workflows(app.workflows().await?),
        Ask::Workflow { name, again } => Page::Workflow(app.workflow(&name, again.as_deref()).await?),
        Ask::Executions { workflow, status } => Page::Executions(app.executions(workflow, status).await?),
        Ask::Execution { arn, state } => Page::Execution(app.execution(&arn, state).await?),
        Ask::Inbox(open) => Page::Inbox(app.inbox(open).await?),
        Ask::Audit => Page::Audit(app.audit().await?),
        Ask::Plan => Page::Plan(app.deploy_plan().await?),
        Ask::Proof => Page::Proof(crate::server::proof()),
    })
}

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
    use crate::server::pages;
    let (desk, actor) = crate::server::context().await?;
    Ok(match ask {
        Ask::Frame => Page::Frame(pages::frame(&desk, &actor)?),
        Ask::Overview => Page::Overview(pages::overview(&desk, &actor).await?),
        Ask::Workflows => Page::Workflows(pages::workflows(&desk, &actor).await?),
        Ask::Workflow { name, again } => Page::Workflow(pages::workflow(&desk, &actor, &name, again.as_deref()).await?),
        Ask::Executions { workflow, status } => {
            Page::Executions(pages::executions(&desk, &actor, workflow, status).await?)
        }
        Ask::Execution { arn, state } => Page::Execution(pages::execution(&desk, &actor, &arn, state).await?),
        Ask::Inbox(open) => Page::Inbox(pages::inbox(&desk, &actor, open).await?),
        Ask::Audit => Page::Audit(pages::audit(&desk, &actor).await?),
        Ask::Plan => Page::Plan(pages::plan(&desk, &actor).await?),
        Ask::Proof => Page::Proof(crate::server::proof()),
    })
}

//! Reading: one function, which answers what a page asks.

use leptos::prelude::*;
use leptos::server_fn::codec::Postcard;

use crate::error::AppError;
use crate::wire::{Ask, Page};

/// Answers `ask` about a connection with the [`Page`] of the same name; a refusal has its own HTTP status, and so has the page that shows it.
#[server(prefix = "/api", endpoint = "read", input = Postcard, output = Postcard)]
pub async fn read(connection: String, ask: Ask) -> Result<Page, AppError> {
    let answer = crate::server::guarded(async {
        let (desk, actor) = crate::server::context(&connection).await?;
        crate::server::pages::answer(crate::server::desks()?.as_ref(), &desk, &actor, ask).await
    })
    .await;
    if let Err(error) = &answer {
        crate::server::set_status(error);
    }
    answer
}

//! Deciding an approval.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::app::arrival::Told;
use crate::error::AppError;

/// Records the decision, answers the task token, and goes to the approval's page, which shows the outcome.
///
/// Where the request had ended before, that page says what ended it. A refusal leads to the same page.
/// `decision` is `approve` or `reject`; `comment` is kept with the decision, at most 2,000 characters.
#[server(prefix = "/api", endpoint = "decide")]
pub async fn decide(
    connection: String,
    arn: String,
    event: u64,
    decision: String,
    comment: String,
) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection).await?;
    let page = crate::routes::of(&connection).approval(&arn, event);
    crate::server::leads_to(&page);
    let outcome = crate::server::acting::decide(&desk, &actor, (&arn, event), &decision, &comment).await?;
    if let Some(by) = crate::server::pages::inbox::earlier_end(&outcome) {
        crate::server::tells(Told::Late { approve: decision == "approve", request: (arn, event), by });
    }
    Ok(())
}

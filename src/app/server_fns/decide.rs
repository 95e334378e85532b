//! Deciding an approval.

use leptos::prelude::*;

use crate::error::AppError;

/// Records the decision, answers the task token, and goes to the approval's page, which shows the outcome.
///
/// Where somebody or something was faster, that page gets `?late=approve` or `?late=reject`, and says who or what.
/// `decision` is `approve` or `reject`; `comment` is kept with the decision, at most 2,000 characters.
#[server(prefix = "/api", endpoint = "decide")]
pub async fn decide(arn: String, event: u64, decision: String, comment: String) -> Result<(), AppError> {
    let (app, person) = crate::server::context().await?;
    let to = app.decide(&person, &arn, event, &decision, &comment).await?;
    leptos_axum::redirect(&to);
    Ok(())
}

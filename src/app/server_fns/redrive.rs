//! Redriving an execution.

use leptos::prelude::*;

use crate::error::AppError;

/// Lets an execution that ended without success go on from the states that failed, and goes to its page. `redrives` is how
/// often it had been redriven when its page was drawn: a form that is sent twice takes effect once.
#[server(prefix = "/api", endpoint = "redrive")]
pub async fn redrive_execution(connection: String, arn: String, redrives: u64) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).execution(&arn));
    crate::server::acting::redrive(&desk, &actor, &arn, redrives).await
}

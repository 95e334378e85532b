//! Stopping an execution.

use leptos::prelude::*;

use crate::error::AppError;

/// Stops a running execution, with the acting person and `cause` on the record, and goes to its page.
#[server(prefix = "/api", endpoint = "stop")]
pub async fn stop_execution(connection: String, arn: String, cause: String) -> Result<(), AppError> {
    let (desk, actor) = crate::server::context(&connection)?;
    crate::server::leads_to(&crate::routes::of(&connection).execution(&arn));
    crate::server::acting::stop(&desk, &actor, &arn, &cause).await
}

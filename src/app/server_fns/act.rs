//! Choosing who acts.

use leptos::prelude::*;

use crate::error::AppError;

/// Acts as the persona `person` from now on, and goes back to the page `from` (a path of this site).
#[server(prefix = "/api", endpoint = "act-as")]
pub async fn act_as(connection: String, person: String, from: String) -> Result<(), AppError> {
    let (desk, before) = crate::server::context(&connection)?;
    let name = crate::server::act_as(&connection, &person, &from)?;
    desk.note(&before, countersign_desk::Done::ActsAs { name }).await;
    Ok(())
}

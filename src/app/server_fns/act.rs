//! Choosing who acts.

use leptos::prelude::*;

use crate::error::AppError;

/// Acts as the persona `person` from now on, and goes back to the page `from` (a path of this site).
#[server(prefix = "/api", endpoint = "act-as")]
pub async fn act_as(person: String, from: String) -> Result<(), AppError> {
    let (app, before) = crate::server::context().await?;
    crate::server::act_as(&person, &from)?;
    let now = crate::server::people::find(&person).map(|now| now.name).unwrap_or_default();
    app.note(&before, crate::server::store::Deed::ActedAs, None, None, &now).await;
    Ok(())
}

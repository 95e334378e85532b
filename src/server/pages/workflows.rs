//! The workflows.

use countersign_desk::{Actor, Desk};

use super::rows::workflow_rows;
use super::{Answered, worded};
use crate::wire::workflows::Workflows;

/// All workflows, for `actor`.
///
/// # Errors
/// The connection has not answered yet, or the index cannot be read.
pub async fn workflows(desk: &Desk, actor: &Actor) -> Answered<Workflows> {
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    let rows = workflow_rows(desk, actor, &snapshot).await.map_err(|error| worded(desk, &error))?;
    Ok(Workflows { rows })
}

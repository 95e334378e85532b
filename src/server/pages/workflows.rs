//! The workflows.

use countersign_desk::{Actor, Desk};

use super::rows::workflow_rows;
use super::{Answered, worded};
use crate::wire::workflows::{WorkflowRow, Workflows};

/// All workflows, for `actor`; with `q`, those whose names or comments have all of its words.
///
/// # Errors
/// The connection has not answered yet, or the index cannot be read.
pub async fn workflows(desk: &Desk, actor: &Actor, q: Option<String>) -> Answered<Workflows> {
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    let mut rows = workflow_rows(desk, actor, &snapshot).await.map_err(|error| worded(desk, &error))?;
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let wanted = q.as_deref().unwrap_or_default().to_lowercase();
    let fits = |row: &WorkflowRow| {
        let text = format!("{} {}", row.name, row.comment.as_deref().unwrap_or_default()).to_lowercase();
        wanted.split_whitespace().all(|word| text.contains(word))
    };
    rows.retain(fits);
    Ok(Workflows { rows, q, total, now: desk.now() })
}

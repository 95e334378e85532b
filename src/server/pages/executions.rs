//! The list of executions.

use countersign_desk::connection::MachineKind;
use countersign_desk::watch::Snapshot;
use countersign_desk::{Actor, Desk};

use super::rows::{execution_row, shown_status};
use super::{Answered, worded};
use crate::error::{AppError, ErrorKind};
use crate::wire::executions::{ExecutionRow, Executions, StatusFilter, UnknownStatus};

/// Rows of a list of executions.
const ROWS: usize = 200;

/// Executions, newest first: those of one workflow or all, with one status or all.
///
/// # Errors
/// The status is none, or the connection has not answered yet.
pub async fn executions(
    desk: &Desk,
    actor: &Actor,
    workflow: Option<String>,
    status: Option<String>,
) -> Answered<Executions> {
    let status = status.as_deref().filter(|status| !status.is_empty()).map(filter).transpose()?;
    let workflow = workflow.filter(|name| !name.is_empty());
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    Ok(page(&snapshot, workflow, status, desk.now()))
}

/// The status that an address names.
fn filter(status: &str) -> Answered<StatusFilter> {
    status.parse().map_err(|UnknownStatus| {
        let what = format!("{:?} is not a status.", status.chars().take(40).collect::<String>());
        let [words @ .., last] = StatusFilter::ALL.map(StatusFilter::word);
        AppError::new(ErrorKind::Invalid, what, format!("Choose {} or {last}.", words.join(", ")))
    })
}

fn page(snapshot: &Snapshot, workflow: Option<String>, status: Option<StatusFilter>, now: i64) -> Executions {
    let mut rows: Vec<ExecutionRow> = snapshot
        .newest()
        .into_iter()
        .filter(|one| status.is_none_or(|filter| shown_status(snapshot, one) == filter.status()))
        .map(|one| execution_row(snapshot, one))
        .filter(|row| workflow.as_ref().is_none_or(|name| *name == row.workflow))
        .take(ROWS + 1)
        .collect();
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let mut workflows: Vec<String> = snapshot.machines.values().map(|machine| machine.name.clone()).collect();
    workflows.sort();
    let machine = workflow.as_deref().and_then(|name| snapshot.machine_named(name));
    let express = machine.is_some_and(|machine| machine.kind == MachineKind::Express);
    Executions { rows, workflows, workflow, status, more, express, now }
}

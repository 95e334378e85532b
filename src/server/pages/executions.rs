//! The list of executions.

use countersign_desk::connection::MachineKind;
use countersign_desk::watch::Snapshot;
use countersign_desk::{Actor, Desk};

use super::rows::{execution_row, shown_status};
use super::{Answered, worded};
use crate::error::{AppError, ErrorKind};
use crate::wire::Status;
use crate::wire::executions::{ExecutionRow, Executions};

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
fn filter(status: &str) -> Answered<Status> {
    Ok(match status {
        "running" => Status::Running,
        "waiting" => Status::WaitingApproval,
        "succeeded" => Status::Succeeded,
        "failed" => Status::Failed,
        "timed_out" => Status::TimedOut,
        "aborted" | "stopped" => Status::Aborted,
        other => {
            let what = format!("{:?} is no status.", other.chars().take(40).collect::<String>());
            let remedy = "Choose running, waiting, succeeded, failed, timed_out or aborted.";
            return Err(AppError::new(ErrorKind::Invalid, what, remedy));
        }
    })
}

fn page(snapshot: &Snapshot, workflow: Option<String>, status: Option<Status>, now: i64) -> Executions {
    let mut rows: Vec<ExecutionRow> = snapshot
        .newest()
        .into_iter()
        .filter(|one| status.is_none_or(|status| shown_status(snapshot, one) == status))
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

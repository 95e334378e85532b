//! Rows that several pages show.

use countersign_desk::connection::{MachineKind, Summary};
use countersign_desk::watch::{Machine, Snapshot};

use super::{execution_status, graph};
use crate::wire::Status;
use crate::wire::executions::ExecutionRow;
use crate::wire::workflows::{Outcome, WorkflowKind, WorkflowRow};

/// Cells of an outcome strip.
const OUTCOMES: usize = 30;

/// The status that a list shows: a running execution that waits for a person says so.
pub fn shown_status(snapshot: &Snapshot, summary: &Summary) -> Status {
    if snapshot.waits(summary) { Status::WaitingApproval } else { execution_status(summary.status) }
}

/// An execution as a row.
#[must_use]
pub fn execution_row(snapshot: &Snapshot, summary: &Summary) -> ExecutionRow {
    ExecutionRow {
        arn: summary.arn.clone(),
        name: summary.name.clone(),
        workflow: workflow_name(snapshot, &summary.machine_arn),
        status: shown_status(snapshot, summary),
        started_at: summary.started_at,
        ended_at: summary.ended_at,
    }
}

/// The machine's name, which is also the last part of its ARN.
pub fn workflow_name(snapshot: &Snapshot, machine_arn: &str) -> String {
    snapshot.machines.get(machine_arn).map_or_else(
        || machine_arn.rsplit(':').next().unwrap_or(machine_arn).to_owned(),
        |machine| machine.name.clone(),
    )
}

/// Every workflow by its name.
#[must_use]
pub fn workflow_rows(snapshot: &Snapshot) -> Vec<WorkflowRow> {
    let mut rows: Vec<WorkflowRow> =
        snapshot.machines.values().map(|machine| workflow_row(snapshot, machine)).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// One workflow with its last outcomes.
#[must_use]
pub fn workflow_row(snapshot: &Snapshot, machine: &Machine) -> WorkflowRow {
    let executions = snapshot.executions.get(&machine.arn).map_or(&[][..], Vec::as_slice);
    let mut outcomes: Vec<Outcome> = executions
        .iter()
        .take(OUTCOMES)
        .map(|one| Outcome {
            execution_arn: one.arn.clone(),
            name: one.name.clone(),
            status: shown_status(snapshot, one),
            started_at: one.started_at,
            duration_ms: one.ended_at.map(|ended| ended - one.started_at),
        })
        .collect();
    outcomes.reverse();
    let mut durations: Vec<i64> = outcomes.iter().filter_map(|one| one.duration_ms).collect();
    durations.sort_unstable();
    WorkflowRow {
        name: machine.name.clone(),
        arn: machine.arn.clone(),
        kind: workflow_kind(machine.kind),
        comment: machine.definition.machine.as_ref().and_then(|machine| machine.comment.clone()),
        graph: machine.definition.graph.as_ref().map(graph::drawing),
        running: executions.iter().filter(|one| shown_status(snapshot, one) == Status::Running).count(),
        waiting: snapshot.waiting.iter().filter(|wait| wait.machine_arn == machine.arn).count(),
        median_ms: durations.get(durations.len() / 2).copied(),
        updated_at: machine.created_at,
        outcomes,
    }
}

const fn workflow_kind(kind: MachineKind) -> WorkflowKind {
    match kind {
        MachineKind::Standard => WorkflowKind::Standard,
        MachineKind::Express => WorkflowKind::Express,
    }
}

//! Rows that several pages show.

use std::collections::BTreeMap;

use countersign_desk::connection::{ExecutionStatus, MachineKind};
use countersign_desk::index::{ExecutionRow as Listed, Shown, Tally};
use countersign_desk::watch::{Machine, Snapshot};
use countersign_desk::{Actor, Desk, Error};

use super::{execution_status, graph};
use crate::wire::Status;
use crate::wire::executions::{ExecutionRow, StatusFilter};
use crate::wire::workflows::{Outcome, WorkflowKind, WorkflowRow};

/// Cells of an outcome strip.
const OUTCOMES: u32 = 30;

/// The status that a list shows: a running execution that waits for a person says so.
pub const fn shown_status(shown: Shown) -> Status {
    match shown {
        Shown::Waiting => Status::WaitingApproval,
        Shown::Status(status) => execution_status(status),
    }
}

/// The executions that a filter lets through.
pub const fn shown_by(filter: StatusFilter) -> Shown {
    match filter {
        StatusFilter::Running => Shown::Status(ExecutionStatus::Running),
        StatusFilter::Waiting => Shown::Waiting,
        StatusFilter::Succeeded => Shown::Status(ExecutionStatus::Succeeded),
        StatusFilter::Failed => Shown::Status(ExecutionStatus::Failed),
        StatusFilter::TimedOut => Shown::Status(ExecutionStatus::TimedOut),
        StatusFilter::Aborted => Shown::Status(ExecutionStatus::Aborted),
    }
}

/// An execution as a row.
#[must_use]
pub fn execution_row(snapshot: &Snapshot, one: &Listed) -> ExecutionRow {
    let summary = &one.summary;
    ExecutionRow {
        version: summary.alias.clone().or_else(|| summary.version.as_ref().map(|version| format!("v{version}"))),
        error: one.error.clone(),
        place: None,
        arn: summary.arn.clone(),
        name: summary.name.clone(),
        workflow: workflow_name(snapshot, &summary.machine_arn),
        status: shown_status(one.shown),
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        waits: one.waits,
    }
}

/// The machine's name, which is also the last part of its ARN; a child's has the label of its Map state behind it.
pub fn workflow_name(snapshot: &Snapshot, machine_arn: &str) -> String {
    snapshot.machines.get(machine_arn).map_or_else(
        || {
            let name = machine_arn.rsplit(':').next().unwrap_or(machine_arn);
            name.split('/').next().unwrap_or(name).to_owned()
        },
        |machine| machine.name.clone(),
    )
}

/// Every workflow by its name.
///
/// # Errors
/// The index cannot be read.
pub async fn workflow_rows(desk: &Desk, actor: &Actor, snapshot: &Snapshot) -> Result<Vec<WorkflowRow>, Error> {
    let (day, deployments) = (desk.last_day(actor, 0).await?, desk.deployments(actor).await?);
    let tallies = desk.tallies(actor).await?;
    let tallies: BTreeMap<&str, &Tally> = tallies.iter().map(|one| (one.machine_arn.as_str(), one)).collect();
    let mut rows = Vec::new();
    for machine in snapshot.machines.values() {
        let row = workflow_row(desk, actor, machine, tallies.get(machine.arn.as_str()).copied()).await?;
        let (ended, succeeded) = day.by_machine.get(&machine.arn).copied().unwrap_or_default();
        rows.push(WorkflowRow { ended, succeeded, deployed: deployments.get(&machine.name).cloned(), ..row });
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

/// One workflow with its last outcomes.
///
/// # Errors
/// The index cannot be read.
pub async fn workflow_row(
    desk: &Desk,
    actor: &Actor,
    machine: &Machine,
    tally: Option<&Tally>,
) -> Result<WorkflowRow, Error> {
    let newest = desk.executions(actor, Some(&machine.name), None, None, OUTCOMES).await?.rows;
    let mut outcomes: Vec<Outcome> = newest
        .into_iter()
        .map(|one| Outcome {
            status: shown_status(one.shown),
            duration_ms: one.summary.ended_at.map(|ended| ended - one.summary.started_at),
            execution_arn: one.summary.arn,
            name: one.summary.name,
            started_at: one.summary.started_at,
        })
        .collect();
    outcomes.reverse();
    Ok(WorkflowRow {
        name: machine.name.clone(),
        arn: machine.arn.clone(),
        kind: workflow_kind(machine.kind),
        comment: machine.definition.machine.as_ref().and_then(|machine| machine.comment.clone()),
        sketch: machine.definition.graph.as_ref().map(graph::sketch),
        running: tally.map_or(0, |tally| tally.of(Shown::Status(ExecutionStatus::Running))),
        waiting: tally.map_or(0, |tally| tally.requests),
        median_ms: desk.median(actor, &machine.arn).await?,
        ended: 0,
        succeeded: 0,
        created_at: machine.created_at,
        deployed: None,
        outcomes,
    })
}

const fn workflow_kind(kind: MachineKind) -> WorkflowKind {
    match kind {
        MachineKind::Standard => WorkflowKind::Standard,
        MachineKind::Express => WorkflowKind::Express,
    }
}

//! The overview, the workflows and the lists of executions.

use crate::dto::{ExecutionRow, ExecutionsPage, Need, Outcome, Overview, Status, WorkflowRow};
use crate::routes;
use crate::server::watch::{Machine, NEWS_MS, Snapshot, Summary, Waiting};

/// Cells of an outcome strip.
const OUTCOMES: usize = 30;
/// Rows of "Needs you", and how many of them failures may claim.
const NEEDS: usize = 12;
const NEEDS_FAILED: usize = 4;
/// Rows of a list of executions.
const ROWS: usize = 200;

/// An execution as a row.
#[must_use]
pub fn execution_row(snapshot: &Snapshot, summary: &Summary) -> ExecutionRow {
    ExecutionRow {
        arn: summary.arn.clone(),
        name: summary.name.clone(),
        workflow: workflow_name(snapshot, &summary.machine_arn),
        status: snapshot.shown_status(summary),
        started_at: summary.started_at,
        ended_at: summary.ended_at,
    }
}

/// The machine's name, which is also the last part of its ARN.
pub(super) fn workflow_name(snapshot: &Snapshot, machine_arn: &str) -> String {
    snapshot.machines.get(machine_arn).map_or_else(
        || machine_arn.rsplit(':').next().unwrap_or(machine_arn).to_owned(),
        |machine| machine.name.clone(),
    )
}

/// The overview; `titled` gives the title of a waiting approval.
pub fn overview(snapshot: &Snapshot, now: i64, titled: impl Fn(&Waiting) -> String) -> Overview {
    let all = snapshot.newest();
    let ended_today: Vec<&&Summary> =
        all.iter().filter(|one| one.ended_at.is_some_and(|ended| now - ended < NEWS_MS)).collect();
    let failed = snapshot.failed_since(now - NEWS_MS);
    let succeeded = ended_today.iter().filter(|one| one.status == Status::Succeeded).count();
    let waits = snapshot.waiting.iter().map(|wait| Need {
        status: Status::WaitingApproval,
        title: titled(wait),
        detail: match (wait.due, &wait.item) {
            (Some(_), Some(item)) => format!("{} in {} / {}, {item}", wait.state, wait.workflow, wait.execution_name),
            (Some(_), None) => format!("{} in {} / {}", wait.state, wait.workflow, wait.execution_name),
            (None, _) => format!("{} in {}: no timeout, it can wait for a year unnoticed", wait.state, wait.workflow),
        },
        link: routes::approval(&wait.execution_arn, wait.event),
        since: wait.since,
        due: wait.due,
    });
    let failures = failed.iter().map(|one| Need {
        status: one.status,
        title: format!("{} / {}", workflow_name(snapshot, &one.machine_arn), one.name),
        detail: snapshot.reasons.get(&one.arn).cloned().unwrap_or_else(|| {
            // Nothing is known yet but how it ended.
            if one.status == Status::TimedOut { "timed out" } else { "failed" }.to_owned()
        }),
        link: routes::execution(&one.arn),
        since: one.ended_at.unwrap_or(one.started_at),
        due: None,
    });
    #[expect(clippy::cast_precision_loss, reason = "a share, shown in whole per cent")]
    let success_rate = (!ended_today.is_empty()).then(|| succeeded as f32 / ended_today.len() as f32);
    Overview {
        running: all.iter().filter(|one| snapshot.shown_status(one) == Status::Running).count(),
        waiting: snapshot.waiting.len(),
        failed_today: failed.len(),
        success_rate,
        needs: waits.take(NEEDS - failed.len().min(NEEDS_FAILED)).chain(failures).take(NEEDS).collect(),
        workflows: workflows(snapshot),
        now,
    }
}

/// Every workflow by its name.
#[must_use]
pub fn workflows(snapshot: &Snapshot) -> Vec<WorkflowRow> {
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
            status: snapshot.shown_status(one),
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
        kind: machine.kind.clone(),
        comment: machine.definition.machine.as_ref().and_then(|machine| machine.comment.clone()),
        graph: machine.definition.graph.clone(),
        running: executions.iter().filter(|one| snapshot.shown_status(one) == Status::Running).count(),
        waiting: snapshot.waiting.iter().filter(|wait| wait.machine_arn == machine.arn).count(),
        median_ms: durations.get(durations.len() / 2).copied(),
        updated_at: machine.created_at,
        outcomes,
    }
}

/// The executions of one workflow or all, with one status or all.
#[must_use]
pub fn executions(snapshot: &Snapshot, workflow: Option<String>, status: Option<Status>, now: i64) -> ExecutionsPage {
    let mut rows: Vec<ExecutionRow> = snapshot
        .newest()
        .into_iter()
        .filter(|one| status.is_none_or(|status| snapshot.shown_status(one) == status))
        .map(|one| execution_row(snapshot, one))
        .filter(|row| workflow.as_ref().is_none_or(|name| *name == row.workflow))
        .take(ROWS + 1)
        .collect();
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let mut workflows: Vec<String> = snapshot.machines.values().map(|machine| machine.name.clone()).collect();
    workflows.sort();
    let machine = workflow.as_deref().and_then(|name| snapshot.machine_named(name));
    let express = machine.is_some_and(|machine| machine.kind == "EXPRESS");
    ExecutionsPage { rows, workflows, workflow, status, more, express, now }
}

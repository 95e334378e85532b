//! The overview: what needs a person, and how the workflows fare.

use countersign_desk::approvals::Reading;
use countersign_desk::connection::{ExecutionStatus, Summary};
use countersign_desk::watch::{NEWS_MS, Snapshot, Waiting};
use countersign_desk::{Actor, Desk};

use super::rows::{shown_status, workflow_name, workflow_rows};
use super::{Answered, execution_status, worded};
use crate::routes::{self, Routes};
use crate::server::words;
use crate::wire::Status;
use crate::wire::overview::{Need, Overview};

/// Rows of "Needs you", and how many of them failures may claim.
const NEEDS: usize = 12;
const NEEDS_FAILED: usize = 4;

/// The overview, for `actor`.
///
/// # Errors
/// The connection has not answered yet.
pub async fn overview(desk: &Desk, actor: &Actor) -> Answered<Overview> {
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    let shown = snapshot.waiting.len().min(NEEDS);
    let waiting = desk.readable(&snapshot.waiting[..shown]);
    Ok(page(&snapshot, &waiting, &routes::of(desk.id().as_str()), desk.now()))
}

/// The page; `requests` are the first that wait.
fn page(snapshot: &Snapshot, requests: &[(Waiting, Reading)], here: &Routes, now: i64) -> Overview {
    let all = snapshot.newest();
    let ended_today: Vec<&&Summary> =
        all.iter().filter(|one| one.ended_at.is_some_and(|ended| now - ended < NEWS_MS)).collect();
    let failed = snapshot.failed_since(now - NEWS_MS);
    let succeeded = ended_today.iter().filter(|one| one.status == ExecutionStatus::Succeeded).count();
    let waits = requests.iter().map(|(wait, reading)| waiting(here, wait, reading));
    let failures = failed.iter().map(|one| failure(here, snapshot, one));
    #[expect(clippy::cast_precision_loss, reason = "a share, shown in whole per cent")]
    let success_rate = (!ended_today.is_empty()).then(|| succeeded as f32 / ended_today.len() as f32);
    Overview {
        running: all.iter().filter(|one| shown_status(snapshot, one) == Status::Running).count(),
        waiting: snapshot.waiting.len(),
        failed_today: failed.len(),
        success_rate,
        needs: waits.take(NEEDS - failed.len().min(NEEDS_FAILED)).chain(failures).take(NEEDS).collect(),
        workflows: workflow_rows(snapshot),
        now,
    }
}

fn waiting(here: &Routes, wait: &Waiting, reading: &Reading) -> Need {
    Need {
        status: Status::WaitingApproval,
        title: reading.title.clone(),
        detail: match (wait.due, &wait.item) {
            (Some(_), Some(item)) => format!("{} in {} / {}, {item}", wait.state, wait.workflow, wait.execution_name),
            (Some(_), None) => format!("{} in {} / {}", wait.state, wait.workflow, wait.execution_name),
            (None, _) => format!("{} in {}: no timeout, it can wait for a year unnoticed", wait.state, wait.workflow),
        },
        link: here.approval(&wait.execution_arn, wait.event),
        since: wait.since,
        due: wait.due,
    }
}

fn failure(here: &Routes, snapshot: &Snapshot, one: &Summary) -> Need {
    Need {
        status: execution_status(one.status),
        title: format!("{} / {}", workflow_name(snapshot, &one.machine_arn), one.name),
        detail: snapshot.reasons.get(&one.arn).map_or_else(
            // Nothing is known yet but how it ended.
            || if one.status == ExecutionStatus::TimedOut { "timed out" } else { "failed" }.to_owned(),
            words::reason,
        ),
        link: here.execution(&one.arn),
        since: one.ended_at.unwrap_or(one.started_at),
        due: None,
    }
}

//! The overview: what needs a person, and how the workflows fare.

use countersign_desk::approvals::Reading;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::index::{ExecutionRow as Listed, Shown};
use countersign_desk::watch::{Snapshot, Waiting};
use countersign_desk::{Actor, Desk, Error};

use super::rows::{workflow_name, workflow_rows};
use super::{Answered, execution_status, worded};
use crate::routes::{self, Routes};
use crate::server::words;
use crate::wire::Status;
use crate::wire::overview::{Need, Overview};

/// Rows of "Needs you", and how many of them failures may claim.
const NEEDS: u32 = 12;
const NEEDS_FAILED: usize = 4;

/// The overview, for `actor`.
///
/// # Errors
/// The connection has not answered yet, or the index cannot be read.
pub async fn overview(desk: &Desk, actor: &Actor) -> Answered<Overview> {
    page(desk, actor).await.map_err(|error| worded(desk, &error))
}

async fn page(desk: &Desk, actor: &Actor) -> Result<Overview, Error> {
    let snapshot = desk.snapshot(actor).await?;
    let day = desk.last_day(actor, NEEDS).await?;
    let inbox = desk.waiting(actor, None, NEEDS).await?;
    let requests = desk.readable(actor, &inbox.rows);
    let here = routes::of(desk.id().as_str());
    let waits = requests.iter().map(|(wait, reading)| waiting(&here, wait, reading));
    let failures = day.failures.iter().map(|one| failure(&here, &snapshot, one));
    let needs = usize::try_from(NEEDS).unwrap_or(usize::MAX);
    let running = Shown::Status(ExecutionStatus::Running);
    Ok(Overview {
        running: desk.tallies(actor).await?.iter().map(|tally| tally.of(running)).sum(),
        waiting: inbox.total,
        failed_today: day.failed,
        succeeded_today: day.succeeded,
        ended_today: day.ended,
        needs: waits.take(needs - day.failures.len().min(NEEDS_FAILED)).chain(failures).take(needs).collect(),
        workflows: workflow_rows(desk, actor, &snapshot).await?,
        now: desk.now(),
    })
}

fn waiting(here: &Routes, wait: &Waiting, reading: &Reading) -> Need {
    Need {
        status: Status::WaitingApproval,
        title: reading.title.clone(),
        detail: match (wait.due, wait.item.as_ref().map(words::items)) {
            (Some(_), Some(item)) => format!("{} in {} / {}, {item}", wait.state, wait.workflow, wait.execution_name),
            (Some(_), None) => format!("{} in {} / {}", wait.state, wait.workflow, wait.execution_name),
            (None, _) => format!("{} in {}: no timeout, it can wait for a year unnoticed", wait.state, wait.workflow),
        },
        link: here.approval(&wait.execution_arn, wait.event),
        since: wait.since,
        due: wait.due,
    }
}

fn failure(here: &Routes, snapshot: &Snapshot, one: &Listed) -> Need {
    let summary = &one.summary;
    Need {
        status: execution_status(summary.status),
        title: format!("{} / {}", workflow_name(snapshot, &summary.machine_arn), summary.name),
        detail: one.reason.as_ref().map_or_else(
            // Nothing is known yet but how it ended.
            || if summary.status == ExecutionStatus::TimedOut { "timed out" } else { "failed" }.to_owned(),
            words::reason,
        ),
        link: here.execution(&summary.arn),
        since: summary.ended_at.unwrap_or(summary.started_at),
        due: None,
    }
}

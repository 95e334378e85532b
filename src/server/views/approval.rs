//! One approval: its row, and where each answer leads.

use countersign_trace::{AttemptResult, StateStatus};

use crate::dto::{ApprovalRow, ApprovalState, Problem, Status};
use crate::server::approvals::{Reading, branches::Branches};
use crate::server::watch::{Record, Waiting};

/// A waiting task as a row of the inbox.
#[must_use]
pub fn row(wait: &Waiting, reading: &Reading) -> ApprovalRow {
    let problem = |what: &str, remedy: &str| Some(Problem { what: what.to_owned(), remedy: remedy.to_owned() });
    let blocked = if wait.answerable {
        None
    } else if wait.request == crate::server::redact::WITHHELD {
        problem(
            "The task token is not where the definition puts it, so it cannot be answered from here.",
            "Put $$.Task.Token (or $states.context.Task.Token) plainly into the task's parameters, and start again.",
        )
    } else {
        problem(
            "An activity's token is handed only to the worker that asks for it (GetActivityTask).",
            "Let the activity's worker answer, or use a .waitForTaskToken task for what people decide.",
        )
    };
    ApprovalRow {
        execution_arn: wait.execution_arn.clone(),
        execution_name: wait.execution_name.clone(),
        event: wait.event,
        workflow: wait.workflow.clone(),
        state: wait.state.clone(),
        title: reading.title.clone(),
        asked_at: wait.since,
        due: wait.due,
        blocked,
    }
}

/// How a task that does not wait any more was closed, as a sentence; `None` while it waits.
#[must_use]
pub fn outcome_of(record: &Record, event: u64) -> Option<ApprovalState> {
    let visits = &record.trace.visits;
    let (visit, attempt) = visits
        .iter()
        .flat_map(|visit| visit.attempts.iter().map(move |attempt| (visit, attempt)))
        .find(|(_, attempt)| attempt.scheduled_event == Some(event))?;
    let at = attempt.ended_at.or(record.description.ended_at).unwrap_or(attempt.scheduled_at);
    let error = record.redactor.option(attempt.error.as_deref());
    let (status, how) = match attempt.result {
        AttemptResult::Running if !record.ended() && visit.status != StateStatus::Aborted => return None,
        AttemptResult::Running | AttemptResult::Aborted => {
            (Status::Aborted, "The execution ended while the task waited, so nobody can answer it any more.".to_owned())
        }
        AttemptResult::Succeeded => (
            Status::Succeeded,
            "Somebody else answered it with success: through the API, or in another dashboard.".to_owned(),
        ),
        AttemptResult::Failed => (
            Status::Failed,
            format!("Somebody else answered it with the error {}.", error.as_deref().unwrap_or("(unnamed)")),
        ),
        AttemptResult::TimedOut => (Status::TimedOut, "It timed out before anybody answered.".to_owned()),
    };
    Some(ApprovalState::Closed { status, how, at })
}

/// Where an approval and a rejection lead, in words.
#[must_use]
pub fn branches(record: &Record, state: &str) -> Branches {
    record
        .definition
        .machine
        .as_ref()
        .map(|machine| crate::server::approvals::branches::of(machine, state))
        .unwrap_or_default()
}

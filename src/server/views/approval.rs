//! One approval: its row, and where each answer leads.

use countersign_trace::{Attempt, AttemptResult, StateStatus};

use crate::dto::{ApprovalRow, ApprovalState, EarlierEnd, Problem, Status};
use crate::server::approvals::{Outcome, Reading};
use crate::server::watch::{Obstacle, Record, Waiting};

/// A waiting task as a row of the inbox.
#[must_use]
pub fn row(wait: &Waiting, reading: &Reading) -> ApprovalRow {
    ApprovalRow {
        execution_arn: wait.execution_arn.clone(),
        execution_name: wait.execution_name.clone(),
        event: wait.event,
        workflow: wait.workflow.clone(),
        state: wait.state.clone(),
        title: reading.title.clone(),
        asked_at: wait.since,
        due: wait.due,
        due_by: wait.due_by,
        item: wait.item.clone(),
        blocked: wait.obstacle.map(problem_of),
    }
}

/// Why a task cannot be answered from here, and what to do.
pub fn problem_of(obstacle: Obstacle) -> Problem {
    let (what, remedy) = match obstacle {
        Obstacle::Unreadable => (
            "The task token is in the task's parameters in a form that cannot be read back, so it cannot be answered from here.",
            "Put $$.Task.Token (or $states.context.Task.Token) plainly into the task's parameters, and start again.",
        ),
        Obstacle::NotPassed => (
            "The task's parameters do not have its token: nobody can answer it.",
            "Put $$.Task.Token (or $states.context.Task.Token) into the task's parameters, and start again.",
        ),
        Obstacle::Withheld => (
            "An earlier task of this execution has a token that could not be found, and this request may hold it: it cannot be shown, so it cannot be decided.",
            "Put $$.Task.Token (or $states.context.Task.Token) plainly into that task's parameters, and start again.",
        ),
        Obstacle::NotShown => (
            "This request cannot be shown, so it cannot be decided from here: it is nested too deep, or is no JSON.",
            "Answer it where it was asked, or start again with a request that can be shown.",
        ),
        Obstacle::Activity => (
            "An activity's token is handed only to the worker that asks for it (GetActivityTask).",
            "Let the activity's worker answer, or use a .waitForTaskToken task for what people decide.",
        ),
    };
    Problem { what: what.to_owned(), remedy: remedy.to_owned() }
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
            (Status::Aborted, ended_around(record.description.status).to_owned())
        }
        AttemptResult::Succeeded => (
            Status::Succeeded,
            "Somebody else answered it with success: through the API, or in another dashboard.".to_owned(),
        ),
        AttemptResult::Failed => (Status::Failed, failed(attempt, error.as_deref().unwrap_or("(unnamed)"))),
        AttemptResult::TimedOut => (Status::TimedOut, "It timed out before anybody answered.".to_owned()),
    };
    Some(ApprovalState::Closed { status, how, at })
}

/// What closed a task that nobody answered: the end of its execution, or of a state around it.
const fn ended_around(execution: Status) -> &'static str {
    match execution {
        Status::Aborted => "The execution was stopped while the task waited, so nobody can answer it any more.",
        Status::TimedOut => "The execution ran out of time while the task waited, so nobody can answer it any more.",
        Status::Failed => "The execution failed while the task waited, so nobody can answer it any more.",
        _ => "The execution went on without an answer to the task, so nobody can answer it any more.",
    }
}

/// What ended a request before a click that came too late; `None` where the click's decision is on record.
#[must_use]
pub fn earlier_end(outcome: &Outcome) -> Option<EarlierEnd> {
    match outcome {
        Outcome::Recorded(_) | Outcome::Repeated(_) => None,
        Outcome::Earlier { decision, own } => Some(EarlierEnd::Decided {
            approved: decision.decision.approved,
            person: decision.decision.person_name.clone(),
            own: *own,
            at: decision.decision.decided_at,
        }),
        Outcome::Closed { how, at } => Some(EarlierEnd::Closed { how: how.clone(), at: *at }),
    }
}

/// How a task failed: by an answer, or by itself.
fn failed(attempt: &Attempt, error: &str) -> String {
    if attempt.submitted_at.is_none() {
        return format!("The task failed by itself with the error {error}, before its service had taken the request.");
    }
    // Only the answer of somebody is named so; the other errors of the language are the service's own.
    if error.starts_with("States.") && error != "States.TaskFailed" {
        return format!("The task failed by itself with the error {error}.");
    }
    format!("Somebody else answered it with the error {error}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(submitted: bool) -> Attempt {
        Attempt {
            scheduled_event: Some(3),
            scheduled_at: 1,
            started_at: Some(1),
            submitted_at: submitted.then_some(1),
            ended_at: Some(2),
            parameters: None,
            resource: None,
            resource_type: None,
            output: None,
            error: None,
            cause: None,
            timeout_in_seconds: None,
            heartbeat_in_seconds: None,
            worker_name: None,
            result: AttemptResult::Failed,
        }
    }

    #[test]
    fn a_task_that_failed_by_itself_was_answered_by_nobody() {
        assert!(
            failed(&attempt(false), "Lambda.Unknown")
                .starts_with("The task failed by itself with the error Lambda.Unknown")
        );
        assert!(failed(&attempt(true), "States.DataLimitExceeded").starts_with("The task failed by itself"));
        assert_eq!(failed(&attempt(true), "Refused"), "Somebody else answered it with the error Refused.");
    }
}

//! How a task was closed, according to the execution's history.

use countersign_trace::{Attempt, AttemptResult, StateStatus};
use serde::{Deserialize, Serialize};

use crate::connection::ExecutionStatus;
use crate::watch::Record;

/// What closed a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum ClosedBy {
    /// The execution ended with this status while the task waited, or continued without an answer to it.
    ExecutionEnd { status: ExecutionStatus },
    /// Somebody answered with a result, through the API or in another dashboard.
    Success,
    /// Somebody answered with this error.
    Failure { error: String },
    /// The task failed by itself after its service had accepted the request.
    OwnFailure { error: String },
    /// The task failed by itself before its service had accepted the request.
    NotSubmitted { error: String },
    /// The task timed out.
    Timeout,
    /// The history no longer contains a token for the task.
    NoToken,
    /// Step Functions no longer knows the task; `message` is its own.
    Unknown { message: String },
    /// A sentence that an earlier version of the program stored.
    Sentence { text: String },
}

/// When and by what a task was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub by: ClosedBy,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// How the task that the event `event` scheduled was closed; `None` while it waits.
#[must_use]
pub fn closed(record: &Record, event: u64) -> Option<Closed> {
    let visits = &record.trace.visits;
    let (visit, attempt) = visits
        .iter()
        .flat_map(|visit| visit.attempts.iter().map(move |attempt| (visit, attempt)))
        .find(|(_, attempt)| attempt.scheduled_event == Some(event))?;
    let at = attempt.ended_at.or(record.description.ended_at).unwrap_or(attempt.scheduled_at);
    let by = match attempt.result {
        AttemptResult::Running if !record.ended() && visit.status != StateStatus::Aborted => return None,
        AttemptResult::Running | AttemptResult::Aborted => ClosedBy::ExecutionEnd { status: record.description.status },
        AttemptResult::Succeeded => ClosedBy::Success,
        AttemptResult::Failed => {
            let error = record.redactor.option(attempt.error.as_deref());
            failed(attempt, error.unwrap_or_else(|| "(unnamed)".to_owned()))
        }
        AttemptResult::TimedOut => ClosedBy::Timeout,
    };
    Some(Closed { by, at })
}

/// How a task failed: by an answer, or by itself.
fn failed(attempt: &Attempt, error: String) -> ClosedBy {
    if attempt.submitted_at.is_none() {
        return ClosedBy::NotSubmitted { error };
    }
    // An answer can have any error name; of the `States.` names only this one. The others come from the service.
    if error.starts_with("States.") && error != "States.TaskFailed" {
        return ClosedBy::OwnFailure { error };
    }
    ClosedBy::Failure { error }
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
    fn a_task_that_failed_by_itself_has_no_answer() {
        for (submitted, error, expect) in [
            (false, "Lambda.Unknown", ClosedBy::NotSubmitted { error: "Lambda.Unknown".into() }),
            (true, "States.DataLimitExceeded", ClosedBy::OwnFailure { error: "States.DataLimitExceeded".into() }),
            (true, "States.TaskFailed", ClosedBy::Failure { error: "States.TaskFailed".into() }),
            (true, "Refused", ClosedBy::Failure { error: "Refused".into() }),
        ] {
            assert_eq!(failed(&attempt(submitted), error.into()), expect);
        }
    }
}

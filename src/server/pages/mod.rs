//! What pages show: the desk's data as it crosses the wire, worded for people. One file a page.

mod audit;
mod deploy;
mod execution;
mod executions;
mod frame;
mod graph;
mod inbox;
mod overview;
mod rows;
mod trouble;
mod workflows;

use countersign_desk::approvals::ClosedBy;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::{Desk, Error};
use countersign_trace::{AttemptResult, StateStatus};

pub use self::audit::audit;
pub use self::deploy::plan;
pub use self::execution::execution;
pub use self::executions::executions;
pub use self::frame::frame;
pub use self::inbox::{approval, earlier_end, inbox};
pub use self::overview::overview;
pub use self::workflows::{workflow, workflows};
use super::words;
use crate::dto::Status;
use crate::error::AppError;

/// A page's data, or why there is none.
pub type Answered<T> = Result<T, AppError>;

/// An error of the desk for those who look at its connection.
fn worded(desk: &Desk, error: &Error) -> AppError {
    words::error(desk.about(), error)
}

/// An execution's status in the vocabulary of the wire.
#[must_use]
pub const fn execution_status(status: ExecutionStatus) -> Status {
    match status {
        ExecutionStatus::Running => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded,
        ExecutionStatus::Failed => Status::Failed,
        ExecutionStatus::TimedOut => Status::TimedOut,
        ExecutionStatus::Aborted => Status::Aborted,
    }
}

/// What closed a task in the same vocabulary.
const fn closed_status(by: &ClosedBy) -> Status {
    match by {
        ClosedBy::Success => Status::Succeeded,
        ClosedBy::Timeout => Status::TimedOut,
        ClosedBy::Failure { .. } | ClosedBy::OwnFailure { .. } | ClosedBy::NotSubmitted { .. } => Status::Failed,
        ClosedBy::ExecutionEnd { .. } | ClosedBy::NoToken | ClosedBy::Unknown { .. } | ClosedBy::Sentence { .. } => {
            Status::Aborted
        }
    }
}

/// The fold's status in the same vocabulary.
#[must_use]
pub const fn status(status: StateStatus) -> Status {
    match status {
        StateStatus::NotReached => Status::NotReached,
        StateStatus::Running => Status::Running,
        StateStatus::WaitingApproval => Status::WaitingApproval,
        StateStatus::Waiting => Status::Waiting,
        StateStatus::Succeeded => Status::Succeeded,
        StateStatus::Caught => Status::Caught,
        StateStatus::Failed => Status::Failed,
        StateStatus::TimedOut => Status::TimedOut,
        StateStatus::Aborted => Status::Aborted,
    }
}

/// An attempt's result in the same vocabulary.
#[must_use]
pub const fn attempt_status(result: AttemptResult) -> Status {
    match result {
        AttemptResult::Running => Status::Running,
        AttemptResult::Succeeded => Status::Succeeded,
        AttemptResult::Failed => Status::Failed,
        AttemptResult::TimedOut => Status::TimedOut,
        AttemptResult::Aborted => Status::Aborted,
    }
}

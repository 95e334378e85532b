//! What the pages show, made from what the watch knows. Nothing here calls the connection.

mod approval;
mod execution;
mod graph;
mod lists;
mod trouble;

pub use approval::{earlier_end, outcome_of, problem_of, row as approval_row};
pub use execution::page as execution_page;
pub use graph::drawing;
pub use lists::{execution_row, executions, overview, workflow_row, workflows};

use crate::dto::Status;
use countersign_trace::{AttemptResult, StateStatus};

/// The fold's status in the vocabulary of the wire.
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

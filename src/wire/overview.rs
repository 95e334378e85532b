//! The overview: what needs a person, and how the workflows fare.

use serde::{Deserialize, Serialize};

use super::Status;
use super::workflows::WorkflowRow;

/// What needs a person, and how the workflows fare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub running: u64,
    pub waiting: u64,
    /// Failed or timed out in the last 24 hours.
    pub failed_today: u64,
    /// Of the executions that ended in the last 24 hours.
    pub succeeded_today: u64,
    pub ended_today: u64,
    /// What needs a person: approvals due first, then failures, then waits without a timeout.
    pub needs: Vec<Need>,
    pub workflows: Vec<WorkflowRow>,
    pub now: i64,
}

/// One row of "Needs you".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    pub status: Status,
    pub title: String,
    pub detail: String,
    /// Where it is dealt with.
    pub link: String,
    pub since: i64,
    /// When it times out.
    pub due: Option<i64>,
}

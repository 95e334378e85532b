//! Executions, newest first.

use serde::{Deserialize, Serialize};

use super::Status;

/// One execution in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    pub status: Status,
    pub started_at: i64,
    pub ended_at: Option<i64>,
}

/// A list of executions, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Executions {
    pub rows: Vec<ExecutionRow>,
    /// All workflows, for the filter.
    pub workflows: Vec<String>,
    pub workflow: Option<String>,
    pub status: Option<Status>,
    /// Whether older executions exist than the rows shown.
    pub more: bool,
    /// Whether the workflow is an Express one, of which no executions are kept.
    pub express: bool,
    pub now: i64,
}

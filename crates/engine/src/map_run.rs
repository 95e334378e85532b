//! The runs of distributed maps, for `DescribeMapRun`, `ListMapRuns` and the children's own histories.

use crate::OutcomeStatus;

/// One run of a distributed map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapRun {
    /// `arn:...:mapRun:MACHINE/LABEL:UUID`
    pub arn: String,
    /// The Map state.
    pub state: String,
    pub started_at: i64,
    pub stopped_at: Option<i64>,
    /// `None` while it runs.
    pub status: Option<OutcomeStatus>,
    pub max_concurrency: i64,
    pub tolerated_failure_count: i64,
    pub tolerated_failure_percentage: f64,
    /// How many items there are, and how many children they make; 0 until they are read.
    pub items: usize,
    pub executions: usize,
    /// In the order of their items (or batches).
    pub children: Vec<Child>,
}

/// A child execution of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// `arn:...:execution:MACHINE/LABEL:UUID`
    pub arn: String,
    pub name: String,
    pub input: String,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    /// `None` while it runs.
    pub status: Option<OutcomeStatus>,
    pub started_at: i64,
    pub stopped_at: Option<i64>,
    /// For [`crate::Execution::child_history`].
    pub log: usize,
    /// How many items it was given.
    pub items: usize,
}

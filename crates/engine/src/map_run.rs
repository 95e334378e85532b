//! The runs of distributed maps, for `DescribeMapRun`, `ListMapRuns` and the children's own histories.

use crate::OutcomeStatus;
use crate::ids::LogId;

/// One run of a distributed map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapRun {
    /// `arn:...:mapRun:MACHINE/LABEL:UUID`
    pub arn: String,
    /// The child execution that started it; `None` if the execution itself did.
    pub parent: Option<String>,
    /// The Map state.
    pub state: String,
    /// Its children are of type `EXPRESS`, and so have no history in the API.
    pub express: bool,
    pub started_at: i64,
    pub stopped_at: Option<i64>,
    /// `None` while it runs.
    pub status: Option<OutcomeStatus>,
    pub max_concurrency: i64,
    pub tolerated_failure_count: i64,
    pub tolerated_failure_percentage: f64,
    /// How many items there are, and how many children they make; 0 until they have been read.
    pub items: usize,
    pub executions: usize,
    /// In the order of their items (or batches).
    pub children: Vec<Child>,
    /// The children's results are in the files that `ResultWriter` asks for.
    pub results_written: bool,
    pub redrives: u64,
    pub redriven_at: Option<i64>,
}

impl MapRun {
    /// `arn:...:stateMachine:MACHINE/LABEL`
    pub fn machine(&self) -> String {
        let machine = self.arn.replacen(":mapRun:", ":stateMachine:", 1);
        machine.rsplit_once(':').map_or(machine.clone(), |(head, _)| head.to_owned())
    }
}

/// A child execution of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// `arn:...:execution:MACHINE/LABEL:UUID`, or `arn:...:express:MACHINE/LABEL:UUID:UUID`
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
    pub log: LogId,
    /// How many items it received.
    pub items: usize,
    /// It ended without success, and waits until the redriven run has capacity for it.
    pub pending_redrive: bool,
    /// It cannot be redriven any more: its history is full, or it ended too long ago.
    pub lost: bool,
    pub redrives: u64,
    pub redriven_at: Option<i64>,
}

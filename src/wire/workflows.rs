//! The workflows of the connection, a row each.

use serde::{Deserialize, Serialize};

use super::Status;
use super::graph::Sketch;

/// All workflows, by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflows {
    pub rows: Vec<WorkflowRow>,
    /// What the names and comments were searched for.
    pub q: Option<String>,
    /// How many there are in all.
    pub total: u64,
    pub now: i64,
}

/// One workflow in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowRow {
    pub name: String,
    pub arn: String,
    pub kind: WorkflowKind,
    pub comment: Option<String>,
    /// A small drawing; `None` where the definition could not be read.
    pub sketch: Option<Sketch>,
    /// The last executions, oldest first, at most 30.
    pub outcomes: Vec<Outcome>,
    pub running: u64,
    pub waiting: u64,
    /// Median duration of the executions that ended in the last 24 hours, in milliseconds.
    pub median_ms: Option<i64>,
    /// How many executions ended in the last 24 hours, and how many of them succeeded.
    pub ended: u64,
    pub succeeded: u64,
    pub created_at: Option<i64>,
    /// When it was last deployed from here, and by whom.
    pub deployed: Option<(i64, String)>,
}

/// One cell of an outcome strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub execution_arn: String,
    pub name: String,
    pub status: Status,
    pub started_at: i64,
    pub duration_ms: Option<i64>,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkflowKind {
    Standard,
    /// Its executions are in its log group only.
    Express,
}

impl WorkflowKind {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Express => "express",
        }
    }
}

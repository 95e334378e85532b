//! The workflows of the connection, a row each.

use serde::{Deserialize, Serialize};

use super::Status;
use super::graph::Sketch;

/// All workflows, by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflows {
    pub rows: Vec<WorkflowRow>,
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
    /// Median duration of the ended executions shown, in milliseconds.
    pub median_ms: Option<i64>,
    pub updated_at: Option<i64>,
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

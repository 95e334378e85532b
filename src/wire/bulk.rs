//! Acting on many executions at once: the exact list, and what came of each.

use serde::{Deserialize, Serialize};

use super::Status;
use super::refused::Refused;

/// A list of executions that is acted on at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    pub id: String,
    /// What is done to each: "Stop", "Start again", "Redrive".
    pub verb: String,
    pub reason: String,
    /// The hash of the list, which the form carries.
    pub hash: String,
    pub person: String,
    pub made_at: i64,
    pub begun: bool,
    pub ended: bool,
    /// Whether it is being carried out now.
    pub goes_on: bool,
    pub rows: Vec<BulkRow>,
    /// How many fitted in all; the list may have fewer.
    pub fitted: u64,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// One of its executions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    pub outcome: Option<BulkLine>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkLine {
    pub status: Status,
    pub words: String,
    /// Whether nothing was done.
    pub refused: bool,
    /// The ARN of the execution that was started.
    pub started: Option<String>,
}

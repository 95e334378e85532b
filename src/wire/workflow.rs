//! One workflow: its definition, its executions, and what it can be started with.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::executions::ExecutionRow;
use super::graph::AboutState;
use super::refused::Refused;
use super::workflows::WorkflowRow;

/// One workflow, and what it can be started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    pub row: WorkflowRow,
    /// The definition as it is deployed, pretty-printed where it was one line.
    pub definition: String,
    /// What it says of the chosen state, if there is one.
    pub about: Option<AboutState>,
    pub revision_id: Option<String>,
    pub role_arn: Option<String>,
    pub executions: Vec<ExecutionRow>,
    /// How many it has in all.
    pub execution_count: u64,
    /// Inputs to start with.
    pub samples: Vec<Sample>,
    /// The last different inputs of its executions, the newest first.
    pub inputs: Vec<LastInput>,
    /// Its aliases, and the numbers of its versions.
    pub aliases: Vec<String>,
    pub versions: Vec<String>,
    /// The execution that is to be started again, or why it cannot be.
    pub again: Option<Result<Again, Problem>>,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// The input of an execution that is started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    pub arn: String,
    /// The execution's name.
    pub name: String,
    /// Its length as it was stored.
    pub bytes: usize,
    /// As the form holds it, with marks for what is hidden; nothing where it cannot be shown.
    pub input: Option<String>,
    /// How many texts have a mark in their place.
    pub hidden: usize,
}

/// A ready-made input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub label: String,
    /// Pretty-printed JSON.
    pub input: String,
}

/// An input that an execution was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastInput {
    pub arn: String,
    /// The execution's name.
    pub name: String,
    pub started_at: i64,
    /// The beginning of the input, in one line.
    pub excerpt: String,
}

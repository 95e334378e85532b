//! The plan: `statemachine/` beside what the connection has.

use serde::{Deserialize, Serialize};

use super::refused::Refused;

/// The plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deploy {
    /// The folder that the definitions come from.
    pub folder: String,
    pub items: Vec<DeployItem>,
    /// Whether at least one item can be deployed.
    pub ready: bool,
    /// The hash of everything that would be deployed: the form carries it back. Empty where whoever looks may not deploy it.
    pub hash: String,
    /// What belongs to no single workflow: files that are left out, functions that nobody declares.
    pub problems: Vec<FileProblem>,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// What would become of one workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployItem {
    pub name: String,
    pub file: String,
    pub change: Change,
    /// The hash of what would be deployed and of what it would replace. Empty where whoever looks may not deploy it.
    pub hash: String,
    /// Unified diff of the deployed definition against the new one.
    pub diff: Vec<DiffLine>,
    pub problems: Vec<FileProblem>,
    /// The settings that differ, with the old and the new value.
    pub settings: Vec<(String, String, String)>,
    /// Placeholder and the value it gets.
    pub substitutions: Vec<(String, String)>,
}

/// How a definition differs from the deployed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    New,
    Changed,
    Unchanged,
    /// The account changed it since it was deployed.
    Drifted,
    /// The manifest no longer names it.
    ToBeRemoved,
    /// Refused: see the problems.
    Refused,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// '+', '-' or ' '.
    pub sign: char,
    pub text: String,
}

/// A problem with its place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub error: bool,
    pub message: String,
    pub remedy: String,
}

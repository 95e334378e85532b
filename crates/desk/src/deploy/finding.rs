//! The parts of a plan: problems of files, and changes.

use serde::{Deserialize, Serialize};

/// A finding with its position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Whether it prevents the deployment.
    pub error: bool,
    pub message: String,
    pub remedy: String,
}

/// The effect of deploying a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    New,
    Changed,
    Unchanged,
    /// The account changed it since it was applied: deploying puts back what the folder says.
    Drifted,
    /// Countersign deployed it, and the manifest no longer names it.
    ToBeRemoved,
    /// Refused: see the findings.
    Refused,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// '+', '-' or ' '.
    pub sign: char,
    pub text: String,
}

/// A ready-made input of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub label: String,
    /// Pretty-printed JSON.
    pub input: String,
}

//! What a plan says beside its differences: what runs now, what earlier executions would do, and which permissions are missing.

use serde::{Deserialize, Serialize};

/// What a deployment means for what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The running executions by the version that they were started with; they keep their definition.
    pub running: Vec<RunningOn>,
    /// Whether there are more than were counted.
    pub more: bool,
    /// Whether callers of the ARN without a version or an alias get the change at once.
    pub unqualified_changes: bool,
    /// Whether callers of the alias get it, at once or step by step.
    pub alias_moves: bool,
}

/// How many executions run on a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningOn {
    /// The version's number; `None` for those that were started without one.
    pub version: Option<String>,
    pub executions: usize,
}

/// What executions of the past do under the new definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// How many executions were run through the new definition.
    pub executions: usize,
    /// Those that do the same, together, the most frequent first.
    pub groups: Vec<EvidenceGroup>,
}

/// Executions that do the same under the new definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceGroup {
    pub outcome: Outcome,
    /// Their ARNs.
    pub executions: Vec<String>,
}

/// What becomes of an execution under the new definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It takes the same path and ends the same.
    Same,
    /// It reaches this state, which it did not reach before, or does not reach any more.
    Differs { state: String, reached: bool },
    /// It ends with this error in this state.
    Fails { state: String, error: String, cause: String },
    /// It reaches a task that the history has no answer for.
    NotKnown { state: String },
}

/// A permission that the role of a state machine does not have, or is not known to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingPermission {
    /// Such as `lambda:InvokeFunction`.
    pub action: String,
    /// The ARNs that it is needed for.
    pub resources: Vec<String>,
    /// The states that need it; empty where the machine itself does, as for logging.
    pub states: Vec<String>,
}

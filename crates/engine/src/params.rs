//! What an execution is started with.

use serde::{Deserialize, Serialize};

/// Standard or Express: Express executions make the same history in memory, allow neither
/// `.waitForTaskToken` nor `.sync`, and end after five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ExecutionKind {
    #[default]
    Standard,
    Express,
}

/// What an execution knows about itself besides its definition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StartParams {
    pub execution_arn: String,
    pub name: String,
    pub state_machine_arn: String,
    pub state_machine_name: String,
    pub role_arn: String,
    /// The raw JSON text of the input.
    pub input: String,
    pub kind: ExecutionKind,
    /// Milliseconds since the epoch.
    pub start_at: i64,
    /// The source of task tokens, `States.UUID`, `States.MathRandom`, `$random` and jitter.
    pub seed: u64,
    /// `region` of `TaskScheduled`; `us-east-1` if empty.
    pub region: String,
    pub state_machine_version_arn: Option<String>,
    pub state_machine_alias_arn: Option<String>,
}

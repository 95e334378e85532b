//! What something is doing, in one vocabulary for every page.

use serde::{Deserialize, Serialize};

/// What a state, an attempt or an execution is doing, in the vocabulary that every screen shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    NotReached,
    Running,
    WaitingApproval,
    Waiting,
    Succeeded,
    Caught,
    Failed,
    TimedOut,
    Aborted,
    /// A state that child executions enter, not this one.
    Elsewhere,
}

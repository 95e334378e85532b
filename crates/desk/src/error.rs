//! Why something could not be read or done. `src/server/words.rs` turns these errors into sentences.

use serde::{Deserialize, Serialize};

use crate::approvals::{DecideError, HandError};
use crate::bulk::BulkError;
use crate::connection::CallError;
use crate::deploy::{DeployError, ProposalError, RolloutError};
use crate::policy::Denied;
use crate::redriving::RedriveError;
use crate::starting::StartError;
use crate::store::StoreError;
use crate::views::ViewError;

/// Any of the desk's errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Stop(#[from] StopError),
    #[error(transparent)]
    Redrive(#[from] RedriveError),
    #[error(transparent)]
    Bulk(#[from] BulkError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Decide(#[from] DecideError),
    #[error(transparent)]
    Hand(#[from] HandError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error(transparent)]
    Rollout(#[from] RolloutError),
    #[error(transparent)]
    Proposal(#[from] ProposalError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ReadError {
    #[error(transparent)]
    Call(#[from] CallError),
    /// The connection has no workflow of this name.
    #[error("there is no workflow named {0:?}")]
    NoWorkflow(String),
    /// The execution with this name is an Express execution: Step Functions keeps no record of it.
    #[error("{0} is an Express execution")]
    Express(String),
    /// The event does not belong to a task that waits for a person.
    #[error("event {event} of {execution_arn} is not a request")]
    NoRequest { execution_arn: String, event: u64 },
    /// What was read could not be kept, or what was kept could not be read.
    #[error("the index cannot be used: {0}")]
    Index(String),
    /// The history could not be interpreted: a defect of the program.
    #[error("the history of {execution_arn} could not be interpreted: {why}")]
    NotUnderstood { execution_arn: String, why: String },
}

/// Why an execution was not stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StopError {
    /// The reason has too many characters.
    #[error("the reason has {characters} characters; the limit is {limit}")]
    CauseTooLong { characters: usize, limit: usize },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Index(error.to_string())
    }
}

//! Why something could not be read or done. What people read is worded in the program's server.

use crate::approvals::DecideError;
use crate::connection::CallError;
use crate::deploy::DeployError;
use crate::policy::Denied;
use crate::starting::StartError;
use crate::store::StoreError;

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
    Decide(#[from] DecideError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Call(#[from] CallError),
    /// The connection has no workflow of this name.
    #[error("there is no workflow named {0:?}")]
    NoWorkflow(String),
    /// The execution, of this name, is an Express one: Step Functions keeps no record of it.
    #[error("{0} is an Express execution")]
    Express(String),
    /// The event of the execution is no task that waits for a person.
    #[error("event {event} of {execution_arn} is no request")]
    NoRequest { execution_arn: String, event: u64 },
    /// The history could not be understood; a fault of the program.
    #[error("the history of {execution_arn} could not be understood: {why}")]
    NotUnderstood { execution_arn: String, why: String },
}

/// Why an execution was not stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// The reason has too many characters.
    #[error("the reason has {characters} characters; {limit} are the most")]
    CauseTooLong { characters: usize, limit: usize },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Call(#[from] CallError),
}

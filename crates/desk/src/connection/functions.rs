//! What a connection tells about functions beside Step Functions' API: the embedded engine alone does.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use crate::deploy::FileProblem;

/// The future response of a [`FunctionHost`].
pub type Told<'a, T> = Pin<Box<dyn Future<Output = Result<T, NotTold>> + Send + 'a>>;

/// The engine did not answer, or not as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine tells nothing about its functions: {0}")]
pub struct NotTold(pub String);

/// The functions of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFunctions {
    /// Their names; `None` where there may be others.
    pub names: Option<Arc<BTreeSet<String>>>,
    /// Why the functions' file, as it is now, cannot be used: what it declared before stays.
    pub trouble: Option<FileProblem>,
}

/// One call of a function for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// The request id, as the function sees it.
    pub id: String,
    pub function: String,
    /// Milliseconds since the epoch.
    pub began_at: i64,
    /// The end of what it printed.
    pub text: String,
    /// The bytes before it that were not kept.
    pub left_out: u64,
}

/// Who runs functions, and keeps what they print for a while.
pub trait FunctionHost: Send + Sync {
    /// The functions.
    fn functions(&self) -> Told<'_, KnownFunctions>;

    /// The calls for the attempt that the event `event` of `execution` scheduled, the oldest first. Task tokens may stand in
    /// what they printed.
    fn output<'a>(&'a self, execution: &'a str, event: u64) -> Told<'a, Vec<FunctionCall>>;
}

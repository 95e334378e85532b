//! What people do to many executions at once. A run is kept with its exact list before it begins, and each outcome once it is
//! known: it survives the page, and the end of the program.

use serde::{Deserialize, Serialize};

use super::Kept;
use crate::connection::{CallError, ConnectionId};
use crate::error::{ReadError, StopError};
use crate::policy::Denied;
use crate::redriving::RedriveError;
use crate::starting::StartError;

/// What is done to each execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Stop,
    StartAgain,
    Redrive,
}

/// A run over many executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRun {
    pub id: String,
    pub verb: Verb,
    /// Why, in the person's words; may be empty.
    pub reason: String,
    /// Of the list as it was shown.
    pub hash: String,
    /// How many fitted in all; the list may have fewer.
    pub fitted: u64,
    pub person_id: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    pub begun_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// An execution of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    pub execution_arn: String,
    pub workflow: String,
    pub outcome: Option<BulkOutcome>,
}

/// What came of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkOutcome {
    Stopped,
    Redriven,
    /// The ARN of the new execution.
    Started(String),
    Refused(Refusal),
}

/// Why nothing was done to an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// It does not run.
    NotRunning,
    /// It still runs.
    Running,
    /// It succeeded, which is never redriven.
    Succeeded,
    /// The connection, or this dashboard, has no such execution any more.
    Gone,
    /// Its input cannot be read.
    NoInput,
    /// The policy refuses it, in words for the log: what earlier versions of the program recorded.
    Denied(String),
    /// The policy refuses it.
    Policy(Denied),
    Call(CallError),
    Stop(StopError),
    Start(StartError),
    Redrive(RedriveError),
    Read(ReadError),
    /// Another error, in words for the log: what earlier versions of the program recorded.
    Failed(String),
}

/// The runs of all connections.
pub trait BulkRuns: Send + Sync + 'static {
    /// Keeps a run that has not begun, with its list.
    fn keep_run<'a>(&'a self, connection: &'a ConnectionId, run: &'a BulkRun, items: &'a [BulkItem]) -> Kept<'a, ()>;

    /// A run with its list.
    fn run<'a>(&'a self, connection: &'a ConnectionId, id: &'a str) -> Kept<'a, Option<(BulkRun, Vec<BulkItem>)>>;

    /// The newest runs, at most `limit`.
    fn runs<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Kept<'a, Vec<BulkRun>>;

    /// The run begins, or goes on.
    fn begin_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, ()>;

    /// What came of an execution of the run, by its place in the list.
    fn set_outcome<'a>(&'a self, id: &'a str, number: usize, outcome: &'a BulkOutcome) -> Kept<'a, ()>;

    /// Everything was tried.
    fn end_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, ()>;
}

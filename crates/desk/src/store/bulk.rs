//! What people do to many executions or requests at once. A run is kept with its exact list before it begins, and each
//! outcome once it is known: it survives the page, and the end of the program.

use serde::{Deserialize, Serialize};

use super::{Act, Kept, Scope, Within};
use crate::actor::{Actor, Person};
use crate::approvals::NotDecided;
use crate::approvals::outcomes::Chosen;
use crate::connection::{CallError, ConnectionId};
use crate::error::{ReadError, StopError};
use crate::policy::Denied;
use crate::redriving::RedriveError;
use crate::starting::StartError;

/// What is done to each execution, or to each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Stop,
    StartAgain,
    Redrive,
    /// An outcome is chosen for each request.
    Decide,
}

/// A run over many executions or requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRun {
    pub id: String,
    pub verb: Verb,
    /// The outcome that is chosen, where requests are decided.
    pub choice: Option<Chosen>,
    /// Why, in the person's words; may be empty. The comment of each decision.
    pub reason: String,
    /// Of the list as it was shown.
    pub hash: String,
    /// How many fitted in all; the list may have fewer.
    pub fitted: u64,
    pub person_id: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    /// When it was confirmed.
    pub begun_at: Option<i64>,
    /// Who confirmed it.
    pub maker: Option<Maker>,
    /// Until when that can be taken back, where it can.
    pub until: Option<i64>,
    /// When the first of it was done: from then on nothing is taken back.
    pub going_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// Who confirmed a run, for what goes on after the end of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    pub person: Person,
    /// The scope of the API token that was shown, where one was.
    pub scope: Option<Scope>,
}

impl Maker {
    /// Whoever acts, where it is a person.
    #[must_use]
    pub fn of(actor: &Actor) -> Option<Self> {
        Some(Self { person: actor.person()?.clone(), scope: actor.scope() })
    }
}

/// An execution of a run, or a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    pub execution_arn: String,
    pub workflow: String,
    /// The request as it was shown, where one is decided.
    pub request: Option<BulkRequest>,
    pub outcome: Option<BulkOutcome>,
}

/// A request of a run, as it was when the list was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRequest {
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub state: String,
    pub title: String,
    pub facts: Vec<(String, String)>,
    /// The hash of what was shown; see [`crate::approvals::shown`].
    pub shown: String,
    /// Whether whoever made the list saw all of the payload.
    pub whole: bool,
    /// The outcome by the name that this request's rule gives it, and what the choice would come to, where it can be made.
    pub would: Option<(Chosen, Effect)>,
}

/// What a choice comes to for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It is the decision.
    Decides,
    /// It is on record, and the request waits for others: so many people chose this outcome, of so many.
    Counts { people: usize, needed: usize },
}

/// What came of one execution or request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkOutcome {
    Stopped,
    Redriven,
    /// The ARN of the new execution.
    Started(String),
    /// The choice is on record.
    Chosen(Effect),
    Refused(Refusal),
}

/// Why nothing was done to an execution or a request.
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
    /// The request was not decided.
    Decision(Box<NotDecided>),
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

    /// The run is confirmed at a time, by somebody, who can take that back until another. One that is confirmed already
    /// stays as it is.
    fn confirm_run<'a>(&'a self, id: &'a str, at: i64, maker: Option<&'a Maker>, until: Option<i64>) -> Kept<'a, ()>;

    /// Takes back that a run was confirmed, while it can be taken back at `now`, with the act; `false` where it cannot.
    fn take_run_back<'a>(&'a self, connection: &'a ConnectionId, id: &'a str, now: i64, act: &'a Act)
    -> Kept<'a, bool>;

    /// A run that was confirmed begins, or goes on: from now on it is not taken back. `false` where it is not confirmed.
    fn begin_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, bool>;

    /// The runs over requests that were confirmed and have not ended, the oldest first.
    fn confirmed_runs<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<BulkRun>>;

    /// Whether a request is of a run that was confirmed, and its turn has not come.
    fn is_about_to_be_decided<'a>(&'a self, request: Within<'a>) -> Kept<'a, bool>;

    /// What came of an execution or a request of the run, by its place in the list.
    fn set_outcome<'a>(&'a self, id: &'a str, number: usize, outcome: &'a BulkOutcome) -> Kept<'a, ()>;

    /// Everything was tried.
    fn end_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, ()>;
}

//! Folds a history into what happened: visits of states, their attempts, open waits, and the transitions taken.
//!
//! Events are linked by `previousEventId`, not by their order: the iterations of a Map and the branches of a Parallel
//! interleave.

mod cause;
mod folder;
mod ids;
mod iterations;
mod origin;
mod outcome;

pub use ids::{AttemptId, IterationId, VisitId};
pub use iterations::{Iteration, Owner};
pub use origin::Outlook;
pub use outcome::urgency;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::event::HistoryEvent;

/// What happened in an execution, according to its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// In the order in which the states were entered.
    pub visits: Vec<Visit>,
    /// By the state's name, in the order in which the states were first entered. States that were not reached are
    /// missing.
    pub states: IndexMap<String, StateSummary>,
    /// Tasks that wait for an answer from outside, in the order in which they were scheduled.
    pub waits: Vec<Wait>,
    /// How the execution ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// Where the failure arose that ended the execution, as a visit. `None` if it did not fail, or if no
    /// state failed: it was stopped, or its own timeout ended it.
    #[serde(default)]
    pub cause: Option<VisitId>,
    /// Transitions taken, once each, in order: names of states, `__start` and `__end`.
    pub edges_taken: Vec<(String, String)>,
    pub redrives: u32,
    /// Milliseconds since the epoch.
    pub started_at: Option<i64>,
    /// Of the last event, in milliseconds since the epoch.
    pub last_event_at: Option<i64>,
    /// The iterations of Maps, in the order of the events with which they began.
    #[serde(skip)]
    pub iterations: Vec<Iteration>,
    /// By visit, the innermost iteration: see [`Trace::iteration_of`].
    #[serde(skip)]
    iteration_of_visit: Vec<Option<IterationId>>,
    /// By event, from the first: see [`Trace::owner`].
    #[serde(skip)]
    owners: Vec<Owner>,
}

/// One visit of a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    pub state: String,
    /// The type of the state: `Task`, `Map`.
    pub state_type: String,
    pub entered_event: u64,
    /// Milliseconds since the epoch.
    pub entered_at: i64,
    /// When the state was left, for whatever reason.
    pub exited_at: Option<i64>,
    /// JSON text.
    pub input: Option<String>,
    /// JSON text.
    pub output: Option<String>,
    /// The calls of a Task. Each retry is another one.
    pub attempts: Vec<Attempt>,
    /// The Map or Parallel that this state runs in.
    pub parent: Option<VisitId>,
    /// The visit before this one in the same scope. `None` for the first one.
    #[serde(default)]
    pub came_from: Option<VisitId>,
    /// For a state whose failure was caught: the visit in which it arose, which is this one
    /// or one inside it.
    #[serde(default)]
    pub arose_in: Option<VisitId>,
    /// The innermost Map iteration: name of the Map state and index from 0.
    pub iteration: Option<(String, u64)>,
    /// The innermost branch: name of the Parallel state and number of the branch from 0, in the order in which the
    /// branches began.
    pub branch: Option<(String, u64)>,
    pub status: StateStatus,
    pub error: Option<String>,
    pub cause: Option<String>,
    /// How often a Map or Parallel began its work again, for a retry.
    pub restarts: u32,
}

/// One call of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub scheduled_event: Option<u64>,
    /// Milliseconds since the epoch, as all times here.
    pub scheduled_at: i64,
    pub started_at: Option<i64>,
    /// When the service accepted the call, if its answer comes later.
    pub submitted_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// JSON text; for Lambda functions and activities the input.
    pub parameters: Option<String>,
    pub resource: Option<String>,
    /// `lambda`, `sns`, `activity`.
    pub resource_type: Option<String>,
    /// JSON text.
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub timeout_in_seconds: Option<i64>,
    pub heartbeat_in_seconds: Option<i64>,
    pub worker_name: Option<String>,
    pub result: AttemptResult,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptResult {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// The status of a visit or a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StateStatus {
    NotReached,
    Running,
    /// A callback or an activity without an answer: somebody outside has to act.
    WaitingApproval,
    /// Time has to pass (a Wait state, the delay before a retry), or a service's job has to end.
    Waiting,
    Succeeded,
    /// It failed, and a Catch continued the execution.
    Caught,
    Failed,
    TimedOut,
    /// Stopped from outside, or because a sibling failed.
    Aborted,
}

/// All visits of a state together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSummary {
    /// The most urgent status of the visits that still matter: the last one of each iteration.
    pub status: StateStatus,
    pub visits: u32,
    pub attempts: u32,
    /// Visits that have not ended.
    pub running: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub caught: u32,
}

/// A task that waits for an answer from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    pub state: String,
    pub visit: VisitId,
    pub scheduled_event: u64,
    /// Milliseconds since the epoch.
    pub since: i64,
    pub resource: String,
    pub resource_type: String,
    /// JSON text.
    pub parameters: Option<String>,
    /// Milliseconds since the epoch.
    pub timeout_at: Option<i64>,
    pub heartbeat_in_seconds: Option<i64>,
    /// The service has accepted the request, or a worker has taken the activity.
    pub submitted: bool,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub status: OutcomeStatus,
    /// JSON text.
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    /// Milliseconds since the epoch.
    pub at: i64,
}

/// AWS's status of an execution that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutcomeStatus {
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// Folds events, in whatever order they come. The last ones may be missing.
#[must_use]
pub fn fold(events: &[HistoryEvent]) -> Trace {
    let mut folder = folder::Folder::default();
    // The API can return the newest event first.
    let mut ordered: Vec<&HistoryEvent> = events.iter().collect();
    ordered.sort_by_key(|event| event.id);
    ordered.iter().for_each(|event| folder.take(event));
    folder.find_cause(&ordered);
    folder.find_origins(&ordered);
    iterations::find(&mut folder, &ordered);
    let mut trace = outcome::finish(folder);
    iterations::finish(&mut trace);
    trace
}

#[cfg(test)]
mod tests;

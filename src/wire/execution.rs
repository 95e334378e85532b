//! One execution: where it is, how it got there, and why it ended.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::executions::ExecutionRow;
use super::graph::Course;
use super::inbox::ApprovalRow;
use super::refused::Refused;
use super::state::{Failure, Link};

/// Everything the page of an execution shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub row: ExecutionRow,
    pub failure: Option<Failure>,
    /// The state machine, and what leads to it and to this execution elsewhere.
    pub machine_arn: String,
    pub links: Vec<Link>,
    /// Why it ended badly, and where.
    pub trouble: Option<Trouble>,
    /// What its drawing shows of it.
    pub course: Course,
    /// The state that the page opens on: the one that failed, waits or ran last.
    pub chosen: Option<String>,
    /// Events so far.
    pub event_count: usize,
    /// What waits for a person in this execution and in the children of its Map Runs: the most urgent.
    pub approvals: Vec<ApprovalRow>,
    /// How many wait in all.
    pub approval_count: u64,
    /// What started this one.
    pub origin: Option<Box<Origin>>,
    /// The newest children of its Map Runs.
    pub children: Vec<ExecutionRow>,
    /// Whether it has more of them.
    pub more_children: bool,
    /// How often it was redriven, and when last.
    pub redrives: u64,
    pub redriven_at: Option<i64>,
    /// What a redrive would do, where it ended without success.
    pub redrive: Option<Redrive>,
    pub data_at: i64,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// The execution that started another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub arn: String,
    pub name: String,
    /// Its Map Run whose child the other one is, by its ARN; a task started it otherwise.
    pub map_run: Option<String>,
    /// The state that started it, with the iteration that the state was in, by the event with which that began, and the
    /// number of its visit there.
    pub place: Option<(String, Option<u64>, u64)>,
    /// Whether nothing but the other one's input says so.
    pub is_claimed: bool,
}

/// What a redrive would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// The states that it goes on from, each with the number of its visits: the first ones.
    pub states: Vec<(String, usize)>,
    /// How many states more there are.
    pub more: usize,
    /// The Fail state that it enters once more, where it ended in one.
    pub fails_in: Option<String>,
    /// Why it cannot be redriven, and what to do instead.
    pub hindrance: Option<Problem>,
}

/// Why an execution ended badly, beside its error and cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A sentence, where the error alone does not tell.
    pub why: Option<String>,
    /// What is said before the places, such as "It failed first in ".
    pub lead: String,
    pub places: Vec<TroublePlace>,
    /// How many places more there are.
    pub more: usize,
    /// Where the execution ended, where that is another place than the one in which it went wrong first.
    pub ended: Option<TroublePlace>,
}

/// A state, and the iterations that it ran in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroublePlace {
    pub state: String,
    pub place: Option<String>,
}

//! One state of an execution: one of its visits, with its data.

use serde::{Deserialize, Serialize};

use super::Status;
use super::deploy::DiffLine;
use super::graph::AboutState;
use super::inbox::Approval;
use super::value::Value;

/// What of a state is asked for, as the address has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The number of the visit.
    pub visit: Option<String>,
    /// What of it is shown.
    pub part: Option<String>,
    /// The visit that it is compared with, by its number among all of the state.
    pub with: Option<u64>,
}

/// What the drawer of an execution's page shows of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub name: String,
    pub status: Status,
    /// What the definition says of it, where it could be read.
    pub about: Option<AboutState>,
    /// How often it was entered.
    pub visits: u64,
    /// The visit that is shown; nothing where it was not entered.
    pub visit: Option<Visit>,
    /// Where child executions enter it in place of this one: the Map that started them, and how they fare.
    pub elsewhere: Option<(String, String)>,
    /// The text that defines it, with the number of its first line in the definition, where it was asked for: nothing where
    /// the definition has no such state.
    pub definition: Option<Option<(u64, String)>>,
    pub now: i64,
}

/// One visit of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Counts from 1.
    pub number: u64,
    /// The visits that failed before and after this one, and how many did in all.
    pub failed_before: Option<u64>,
    pub failed_after: Option<u64>,
    pub failures: u64,
    pub status: Status,
    /// Which iteration of which Map, or which branch of which Parallel.
    pub place: Option<String>,
    /// The event that entered it.
    pub event: u64,
    pub bar: BarPlace,
    pub entered_at: i64,
    pub exited_at: Option<i64>,
    pub failure: Option<Failure>,
    /// The request that waits in it, with the form that answers it.
    pub request: Option<Box<Approval>>,
    pub input: Option<Value>,
    pub output: Option<Value>,
    pub attempts: Vec<Attempt>,
    /// What the definition and the history say of its task: label and value.
    pub task: Vec<(String, String)>,
    pub links: Vec<Link>,
    /// The inside, where it was asked for.
    pub inside: Option<Inside>,
    /// Another visit of the state, in whatever iteration: the one before, else the next. By its number among all of them.
    pub other: Option<u64>,
    /// How its values differ, where it was asked for.
    pub comparison: Option<Comparison>,
}

/// How the output of a visit differs from its input, or both from those of another visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Visits to compare it with, in whatever iteration: the number among all visits of the state, and words.
    pub others: Vec<(u64, String)>,
    /// The one that was chosen.
    pub with: Option<u64>,
    pub values: Vec<Compared>,
}

/// How a value differs from another, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub title: String,
    pub lines: Vec<DiffLine>,
    /// Why there are no lines; empty where there are some.
    pub note: String,
}

/// Where the timeline has the bar of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BarPlace {
    /// The innermost iteration that the visit is in, by the event with which it began, and its number among the visits
    /// there.
    pub iteration: Option<u64>,
    pub number: u64,
    /// The stretch in which the bar can be told from its neighbours, where the whole execution is too long for that.
    pub span: Option<String>,
}

/// An error with its cause. The failure of a child execution leads to the child.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    pub error: Option<String>,
    pub cause: Option<String>,
    pub child: Option<Box<Child>>,
}

/// An execution that a task started, and how it failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Child {
    pub arn: String,
    pub name: String,
    pub failure: Option<Failure>,
}

/// One attempt of a visit: a task may be tried several times.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u64,
    pub status: Status,
    pub resource: String,
    pub parameters: Option<Value>,
    pub output: Option<Value>,
    /// What its function printed, where that is known.
    pub printed: Option<Value>,
    pub failure: Option<Failure>,
    pub scheduled_at: i64,
    pub ended_at: Option<i64>,
    /// Milliseconds since the attempt before ended.
    pub backed_off: Option<i64>,
}

/// A way out of the page: to another execution, to AWS's console.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    pub word: String,
    /// Nothing where there is only a name.
    pub href: Option<String>,
    pub name: String,
    /// Whether it leaves this site.
    pub leaves: bool,
    /// What can be copied of it: what it is, such as "the ARN of the version", and the text.
    pub copied: Option<(String, String)>,
}

/// The data of a visit at each stage, and its variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    pub stages: Vec<Stage>,
    pub unknown: Option<String>,
    pub differs: bool,
    pub variables: Vec<(String, Value)>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub field: String,
    pub value: Result<Value, String>,
    pub recorded: bool,
}

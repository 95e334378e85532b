//! The events of an execution, in windows that the server cuts.

use serde::{Deserialize, Serialize};

use super::Status;
use super::value::Value;

/// Which events somebody wants to see, as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// A type such as `TaskFailed`, or a [`Group`]'s word.
    pub kind: Option<String>,
    /// Those of this state.
    pub state: Option<String>,
    /// Those whose details contain this text.
    pub text: Option<String>,
    /// Those of this iteration, by the event with which it began.
    pub iteration: Option<u64>,
    /// Whether the events of one attempt are one row.
    pub grouped: bool,
}

/// A window of the list of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Events {
    pub rows: Vec<EventRow>,
    /// The place of the first of `rows` among all rows that the filter lets through.
    pub from: u64,
    /// How many rows the filter lets through: groups, where events are grouped.
    pub row_count: u64,
    /// How many events it lets through, and how many there are.
    pub matched: u64,
    pub total: u64,
    /// The names of the states that were reached, for the filter.
    pub states: Vec<String>,
    /// When the execution started.
    pub started_at: i64,
    /// The iteration that the list is restricted to, such as `Each 2 › 0`.
    pub iteration: Option<String>,
    /// The event in which it went wrong first.
    pub error: Option<u64>,
    /// The event that is open.
    pub open: Option<EventDetails>,
    /// The place of its row; `None` where the filter hides it.
    pub open_at: Option<u64>,
}

/// One event, or several of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub id: u64,
    pub at: i64,
    /// How long it came after the event before it.
    pub after: i64,
    /// AWS's type, such as `TaskStateEntered`; of several events what they are about, such as `Task`.
    pub kind: String,
    pub state: Option<String>,
    /// The iterations that it is in, such as `2 › 0`.
    pub place: Option<String>,
    /// The most telling detail: an error, a resource, a name.
    pub summary: String,
    pub tone: Status,
    /// What the events of a group say, and how long they took together; nothing for a single event.
    pub group: Option<(String, i64)>,
}

/// One event with its details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventDetails {
    pub id: u64,
    pub at: i64,
    pub kind: String,
    pub tone: Status,
    pub state: Option<String>,
    pub place: Option<String>,
    /// The innermost iteration, by the event with which it began.
    pub iteration: Option<u64>,
    /// The visit that it belongs to, counted from 1 among those of its state there.
    pub visit: Option<u64>,
    /// The event that led to it, where there is one.
    pub previous: Option<u64>,
    /// The next one in the order of numbers.
    pub next: Option<u64>,
    /// The events of the same attempt, by number and type.
    pub attempt: Vec<(u64, String)>,
    /// The details under AWS's names.
    pub fields: Vec<(String, Value)>,
}

/// Every type of event, by AWS's name.
pub const KINDS: [&str; 62] = [
    "ActivityFailed",
    "ActivityScheduled",
    "ActivityScheduleFailed",
    "ActivityStarted",
    "ActivitySucceeded",
    "ActivityTimedOut",
    "ChoiceStateEntered",
    "ChoiceStateExited",
    "ExecutionAborted",
    "ExecutionFailed",
    "ExecutionStarted",
    "ExecutionSucceeded",
    "ExecutionTimedOut",
    "FailStateEntered",
    "LambdaFunctionFailed",
    "LambdaFunctionScheduled",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStarted",
    "LambdaFunctionStartFailed",
    "LambdaFunctionSucceeded",
    "LambdaFunctionTimedOut",
    "MapIterationAborted",
    "MapIterationFailed",
    "MapIterationStarted",
    "MapIterationSucceeded",
    "MapStateAborted",
    "MapStateEntered",
    "MapStateExited",
    "MapStateFailed",
    "MapStateStarted",
    "MapStateSucceeded",
    "ParallelStateAborted",
    "ParallelStateEntered",
    "ParallelStateExited",
    "ParallelStateFailed",
    "ParallelStateStarted",
    "ParallelStateSucceeded",
    "PassStateEntered",
    "PassStateExited",
    "SucceedStateEntered",
    "SucceedStateExited",
    "TaskFailed",
    "TaskScheduled",
    "TaskStarted",
    "TaskStartFailed",
    "TaskStateAborted",
    "TaskStateEntered",
    "TaskStateExited",
    "TaskSubmitFailed",
    "TaskSubmitted",
    "TaskSucceeded",
    "TaskTimedOut",
    "WaitStateAborted",
    "WaitStateEntered",
    "WaitStateExited",
    "MapRunAborted",
    "MapRunFailed",
    "MapRunStarted",
    "MapRunSucceeded",
    "ExecutionRedriven",
    "MapRunRedriven",
    "EvaluationFailed",
];

/// A group of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Failures,
    States,
    Tasks,
    Containers,
    Execution,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 5] = [Self::Failures, Self::States, Self::Tasks, Self::Containers, Self::Execution];

    /// The word in the address, and what it is called.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Failures => ("failures", "Failures"),
            Self::States => ("states", "States entered and left"),
            Self::Tasks => ("tasks", "Tasks"),
            Self::Containers => ("containers", "Maps and Parallels"),
            Self::Execution => ("execution", "The execution"),
        }
    }

    /// The group with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.words().0 == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_word() {
        for group in Group::ALL {
            assert_eq!(Group::of(group.words().0), Some(group));
        }
        assert_eq!(Group::of("TaskFailed"), None);
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn every_type_can_be_chosen() {
        assert_eq!(KINDS, countersign_trace::EventKind::ALL.map(countersign_trace::EventKind::name));
    }
}

//! The iterations of a Map, page by page.

use serde::{Deserialize, Serialize};

use super::Status;

/// A page of the iterations of a Map, or of the executions that a distributed one started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Iterations {
    /// The Map; `None` where the state is none, or has not been reached: then there is nothing else.
    pub map: Option<String>,
    pub rows: Vec<IterationRow>,
    /// How many there are by outcome, where that is known; what is most urgent first.
    pub counts: Vec<(Outcome, Option<u64>)>,
    /// How many the filter lets through, where that is known.
    pub matched: Option<u64>,
    pub total: Option<u64>,
    /// The Map Runs of a distributed Map, oldest first.
    pub runs: Vec<MapRunRow>,
    /// The outcome that the list is restricted to.
    pub outcome: Option<Outcome>,
    /// The places of the first and the last row, from 1.
    pub shown: (u64, u64),
    /// Where the page before and the page behind begin.
    pub earlier: Option<String>,
    pub later: Option<String>,
    /// The iteration that is chosen and those around it, the outermost first: each by its Map and its index.
    pub chosen: Vec<Chosen>,
    pub now: i64,
}

/// One of the iterations around what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub map: String,
    pub index: u64,
    /// The event with which it began.
    pub id: u64,
}

/// A Map Run, and how its executions fare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRunRow {
    pub arn: String,
    pub total: u64,
    pub failed: u64,
    pub open: u64,
}

/// One iteration, or one child execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IterationRow {
    pub what: Run,
    /// Every index, the outermost first: `2 › 0`. Of a child execution its name.
    pub name: String,
    /// What tells its item from others.
    pub label: Option<String>,
    pub status: Status,
    pub began_at: i64,
    pub ended_at: Option<i64>,
}

/// What a row leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Run {
    /// An iteration, by the event with which it began.
    Iteration(u64),
    /// An execution, by its ARN.
    Execution(String),
}

/// How an iteration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    Failed,
    Waiting,
    Running,
    Stopped,
    Succeeded,
}

impl Outcome {
    /// Every outcome: what is most urgent first.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Waiting, Self::Running, Self::Stopped, Self::Succeeded];

    /// The outcome of a status.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Failed | Status::TimedOut => Self::Failed,
            Status::WaitingApproval => Self::Waiting,
            Status::Running | Status::Waiting | Status::NotReached | Status::Elsewhere => Self::Running,
            Status::Aborted => Self::Stopped,
            Status::Succeeded | Status::Caught => Self::Succeeded,
        }
    }

    /// The word in the address, and the status that it looks like.
    #[must_use]
    pub const fn parts(self) -> (&'static str, Status) {
        match self {
            Self::Failed => ("failed", Status::Failed),
            Self::Waiting => ("waiting", Status::WaitingApproval),
            Self::Running => ("running", Status::Running),
            Self::Stopped => ("stopped", Status::Aborted),
            Self::Succeeded => ("succeeded", Status::Succeeded),
        }
    }

    /// The outcome with this word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.parts().0 == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_from_its_word_and_looks_like_itself() {
        for outcome in Outcome::ALL {
            let (word, status) = outcome.parts();
            assert_eq!(Outcome::read(word), Some(outcome));
            assert_eq!(Outcome::of(status), outcome);
        }
    }
}

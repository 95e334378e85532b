//! Executions, newest first.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Status;

/// One execution in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    pub status: Status,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// How many requests wait for people in it, those of the children of its Map Runs included.
    pub waits: u64,
}

/// A page of a list of executions, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Executions {
    pub rows: Vec<ExecutionRow>,
    /// How many executions each tab holds: all, then those of each [`StatusFilter`]. `None` where nobody counts them.
    pub counts: Option<Vec<u64>>,
    /// The cursor of the next page, where there are older ones.
    pub older: Option<String>,
    /// Whether newer ones come before this page.
    pub newer: bool,
    /// The execution whose Map Runs started these, where the list is that of its children.
    pub parent: Option<Parent>,
    /// All workflows, for the filter.
    pub workflows: Vec<String>,
    pub workflow: Option<String>,
    pub status: Option<StatusFilter>,
    /// Whether the workflow is an Express one, of which no executions are kept.
    pub express: bool,
    pub now: i64,
}

/// The execution that others are the children of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub arn: String,
    pub name: String,
}

/// Which executions a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusFilter {
    Running,
    Waiting,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl StatusFilter {
    /// Every filter, in the order of their tabs.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Waiting, Self::Succeeded, Self::Failed, Self::TimedOut, Self::Aborted];

    /// The word in the address, and the status that is let through.
    const fn parts(self) -> (&'static str, Status) {
        match self {
            Self::Running => ("running", Status::Running),
            Self::Waiting => ("waiting", Status::WaitingApproval),
            Self::Succeeded => ("succeeded", Status::Succeeded),
            Self::Failed => ("failed", Status::Failed),
            Self::TimedOut => ("timed_out", Status::TimedOut),
            Self::Aborted => ("aborted", Status::Aborted),
        }
    }

    /// The word in the address: AWS's status in lower case, or `waiting`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.parts().0
    }

    /// The status that is let through; its own word is the filter's on the screen.
    #[must_use]
    pub const fn status(self) -> Status {
        self.parts().1
    }
}

/// The word names no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownStatus;

impl FromStr for StatusFilter {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        // The word on the screen, which people write into the address.
        if word == "stopped" {
            return Ok(Self::Aborted);
        }
        Self::ALL.into_iter().find(|filter| filter.word() == word).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_read_from_its_word() {
        for filter in StatusFilter::ALL {
            assert_eq!(filter.word().parse(), Ok(filter));
            assert_eq!(StatusFilter::ALL.iter().filter(|other| other.status() == filter.status()).count(), 1);
        }
        assert_eq!("stopped".parse(), Ok(StatusFilter::Aborted));
        assert_eq!("RUNNING".parse::<StatusFilter>(), Err(UnknownStatus));
    }
}

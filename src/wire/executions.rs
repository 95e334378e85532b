//! Executions, newest first.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::refused::Refused;
use super::{Problem, Status};

/// What a list is asked for: its address, part by part. What is empty is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub workflow: Option<String>,
    /// The word of a [`StatusFilter`].
    pub status: Option<String>,
    /// The execution whose Map Runs started them.
    pub parent: Option<String>,
    /// In the search language of the desk.
    pub q: Option<String>,
    /// When they started: an age such as `24h`, or two times between full stops.
    pub time: Option<String>,
    /// [`ALL`] where the executions of every connection are asked for.
    pub scope: Option<String>,
    /// A cursor: those that come before it.
    pub before: Option<String>,
}

/// The word for every connection.
pub const ALL: &str = "all";

impl View {
    /// The names of its parts in an address, in their order there.
    pub const NAMES: [&str; 7] = ["workflow", "status", "parent", "q", "time", "scope", "before"];

    /// Its parts, in the order of [`View::NAMES`].
    #[must_use]
    pub fn parts(&self) -> [Option<&str>; 7] {
        [&self.workflow, &self.status, &self.parent, &self.q, &self.time, &self.scope, &self.before]
            .map(|part| part.as_deref().filter(|part| !part.is_empty()))
    }

    /// The view with these parts, in the order of [`View::NAMES`].
    #[must_use]
    pub fn of_parts(parts: [Option<String>; 7]) -> Self {
        let [workflow, status, parent, q, time, scope, before] = parts.map(|part| part.filter(|part| !part.is_empty()));
        Self { workflow, status, parent, q, time, scope, before }
    }

    /// The view of an address's query.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        let parts: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let part = |name: &str| parts.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Self::of_parts(Self::NAMES.map(part))
    }

    /// Whether the executions of every connection are asked for.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.scope.as_deref() == Some(ALL)
    }

    /// The first page of the same list.
    #[must_use]
    pub fn first(&self) -> Self {
        Self { before: None, ..self.clone() }
    }
}

/// One execution in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    /// The number of the version, or the name of the alias, that it was started with.
    pub version: Option<String>,
    pub status: Status,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// How many requests wait for people in it, those of the children of its Map Runs included.
    pub waits: u64,
    /// The name of the error that it failed with; empty where it did not, or nobody knows yet.
    pub error: String,
    /// Its connection, where the list is of several: its place among [`Executions::places`].
    pub place: Option<u8>,
}

/// A connection among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub name: String,
    /// A word that the style sheet has a colour for.
    pub colour: String,
}

/// A page of a list of executions, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Executions {
    /// What was asked for.
    pub view: View,
    /// The time that is asked for: the first millisecond, and the one behind the last.
    pub time: (Option<i64>, Option<i64>),
    pub rows: Vec<ExecutionRow>,
    /// How many executions each tab holds: all, then those of each [`StatusFilter`]. `None` where nobody counts them.
    pub counts: Option<Vec<u64>>,
    /// How many there are in all, and whether there are more than were counted.
    pub total: Option<(u64, bool)>,
    /// The cursor of the next page, where there are older ones.
    pub older: Option<String>,
    /// The execution whose Map Runs started these, where the list is that of its children.
    pub parent: Option<Parent>,
    /// All workflows, for the filter.
    pub workflows: Vec<String>,
    pub status: Option<StatusFilter>,
    /// Why nothing was searched, where the search cannot be read.
    pub fault: Option<SearchFault>,
    /// When those of the list started.
    pub histogram: Option<Histogram>,
    /// Where the contents are searched: how many executions cannot be, and of how many.
    pub coverage: Option<Coverage>,
    /// The connections, where the list is of several; how many there are to choose from.
    pub places: Vec<Place>,
    pub connections: u8,
    /// The lists that have a name.
    pub saved: Vec<Saved>,
    /// When the connection was last read.
    pub data_at: Option<i64>,
    /// Whether the workflow is an Express one, of which no executions are kept.
    pub express: bool,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// A list with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub id: i64,
    pub name: String,
    pub view: View,
}

/// Why a text is no search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchFault {
    pub problem: Problem,
    /// What stands before the place of the fault, and what stands from there on.
    pub before: String,
    pub from: String,
}

/// How many executions cannot be searched by their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    pub unread: u64,
    pub withheld: u64,
    pub unreadable: u64,
    pub total: u64,
}

/// How many executions started when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Those with executions, oldest first.
    pub bars: Vec<Bar>,
    /// How many there are with the empty ones.
    pub parts: u16,
    /// The most executions of a bar.
    pub most: u64,
    /// Where older ones were not counted any more: how many of the newest were.
    pub newest: Option<u64>,
    /// When the first one begins, and where the last one ends.
    pub from: i64,
    pub until: i64,
}

/// A part of the histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Its place.
    pub at: u16,
    /// Its time, as an address has it.
    pub time: String,
    /// How many executions there are of each status.
    pub counts: Vec<(Status, u64)>,
}

/// The execution that others are the children of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The execution that the Map Run belongs to, by its ARN, where these are the executions of one Map Run.
    pub of: Option<String>,
    pub arn: String,
    pub name: String,
    /// Whether all of them are known. Nobody followed them while they ran where they are not: their list is being read.
    pub whole: bool,
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

//! What the index answers: rows, pages and the cursors between them.

use std::fmt;
use std::str::FromStr;

use crate::connection::{ExecutionStatus, Summary};
use crate::watch::{Reason, Waiting};

/// The status that a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// As Step Functions reports it; running executions that wait for a person are not among them.
    Status(ExecutionStatus),
    /// Running, and a request waits for a person.
    Waiting,
}

/// An execution of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRow {
    pub summary: Summary,
    /// The execution whose Map Run started it.
    pub parent_arn: Option<String>,
    pub shown: Shown,
    /// The open requests for people, its children's included.
    pub waits: u64,
    /// Why it failed, once its history has been read.
    pub reason: Option<Reason>,
    /// How many events of its history were read.
    pub events: u64,
    /// Whether its history has been read to its end.
    pub settled: bool,
}

/// Which executions a list holds. The children of Map Runs are only in the list of their parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this machine, by its ARN.
    pub machine_arn: Option<String>,
    pub shown: Option<Shown>,
    /// The children of this execution's Map Runs, by its ARN.
    pub parent_arn: Option<String>,
}

/// A page of a list of executions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionPage {
    pub rows: Vec<ExecutionRow>,
    /// The cursor of the next page. `None` where these are the oldest.
    pub older: Option<ExecutionCursor>,
}

/// A place between two executions of a list: those after it come before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionCursor {
    pub started_at: i64,
    pub id: i64,
}

/// A text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a page of the list")]
pub struct InvalidCursor;

impl fmt::Display for ExecutionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.started_at, self.id)
    }
}

impl FromStr for ExecutionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let [started_at, id] = numbers(text)?;
        Ok(Self { started_at, id })
    }
}

/// A page of the inbox: soonest due first, then the oldest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InboxPage {
    pub rows: Vec<Waiting>,
    /// How many wait in all.
    pub total: u64,
    /// The cursor of the next page. `None` where these are the last.
    pub more: Option<InboxCursor>,
}

/// A place between two requests of the inbox: those after it follow this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxCursor {
    /// The deadline, or the greatest number.
    pub due: i64,
    pub since: i64,
    pub event: i64,
    pub execution: i64,
}

impl fmt::Display for InboxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.due, self.since, self.event, self.execution)
    }
}

impl FromStr for InboxCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let [due, since, event, execution] = numbers(text)?;
        Ok(Self { due, since, event, execution })
    }
}

/// Numbers between full stops.
fn numbers<const N: usize>(text: &str) -> Result<[i64; N], InvalidCursor> {
    let parts: Result<Vec<i64>, _> = text.split('.').map(str::parse).collect();
    parts.ok().and_then(|parts| parts.try_into().ok()).ok_or(InvalidCursor)
}

/// How many executions a machine has in each shown status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub machine_arn: String,
    pub counts: Vec<(Shown, u64)>,
    /// The open requests for people, those of the children of its Map Runs included.
    pub requests: u64,
}

impl Tally {
    /// The executions of this status.
    #[must_use]
    pub fn of(&self, shown: Shown) -> u64 {
        self.counts.iter().filter(|(one, _)| *one == shown).map(|(_, n)| n).sum()
    }

    /// The executions of this status, or all.
    #[must_use]
    pub fn of_filter(&self, shown: Option<Shown>) -> u64 {
        match shown {
            Some(shown) => self.of(shown),
            None => self.counts.iter().map(|(_, n)| n).sum(),
        }
    }
}

/// The place of a request among those that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From 1; `None` if it waits no more.
    pub index: Option<u64>,
    /// How many wait.
    pub of: u64,
    /// The next one, by its execution's ARN and its event: after the last one the first, if that is another.
    pub next: Option<(String, u64)>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_cursor_is_read_from_its_text_and_from_no_other() {
        let cursor = ExecutionCursor { started_at: -3, id: 7 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let cursor = InboxCursor { due: i64::MAX, since: 5, event: 9, execution: 0 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1", "1.", "1.2.3", "a.b", "1.2\u{202e}", "9223372036854775808.1"] {
            assert_eq!(text.parse::<ExecutionCursor>(), Err(InvalidCursor), "{text:?}");
        }
        assert!("1.2.3".parse::<InboxCursor>().is_err());
    }
}

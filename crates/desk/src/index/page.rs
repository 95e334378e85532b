//! What the index answers: rows, pages and the cursors between them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::connection::{ExecutionStatus, Summary};
use crate::search::{Content, Term};
use crate::watch::{Reason, RequestKey, Waiting};

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
    /// Its place in lists.
    pub cursor: ExecutionCursor,
    pub summary: Summary,
    /// The execution whose Map Run started it, and that Map Run.
    pub parent_arn: Option<String>,
    pub map_run_arn: Option<String>,
    pub shown: Shown,
    /// The open requests for people, its children's included.
    pub waits: u64,
    /// Why it failed, once its history has been read.
    pub reason: Option<Reason>,
    /// The name of the error that it failed with; empty where it did not, or nobody knows yet. Redacted.
    pub error: String,
    /// How many events of its history were read.
    pub events: u64,
    /// Whether its history has been read to its end.
    pub settled: bool,
}

/// The machines whose executions may be seen: all of them, or those with these ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight(Option<Arc<str>>);

impl Sight {
    /// The machines with these ARNs alone.
    #[must_use]
    pub fn only(arns: &[&str]) -> Self {
        Self(Some(serde_json::Value::from(arns).to_string().into()))
    }

    /// Whether it is all of them.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// The ARNs as a JSON array, for a query; `None` where it is all of them.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Which executions a list holds. The children of Map Runs are only in the list of their parent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Those of this machine, by its ARN.
    pub machine_arn: Option<String>,
    /// Those of machines that may be seen.
    pub sight: Sight,
    pub shown: Option<Shown>,
    /// The children of this execution's Map Runs, by its ARN.
    pub parent_arn: Option<String>,
    /// The children of these Map Runs, by their ARNs; of all executions where there are none.
    pub map_runs: Vec<String>,
    /// Those that started at this time or later, and those that started before this one, in milliseconds since the epoch.
    pub from: Option<i64>,
    pub until: Option<i64>,
    /// What else holds of each.
    pub terms: Vec<Term>,
}

/// A page of a list of executions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionPage {
    pub rows: Vec<ExecutionRow>,
    /// The cursor of the next page. `None` where these are the oldest.
    pub older: Option<ExecutionCursor>,
}

/// How many bits of an id tell those of one millisecond apart.
pub(crate) const PLACES: u32 = 20;
/// The last millisecond that ids know.
const LAST: i64 = i64::MAX >> PLACES;

/// The first id of a millisecond.
pub(crate) fn first_id(ms: i64) -> i64 {
    ms.clamp(-LAST, LAST) << PLACES
}

/// A place between two executions of a list: those after it come before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionCursor {
    pub started_at: i64,
    /// Its number among those of the same millisecond.
    pub number: i64,
}

impl ExecutionCursor {
    /// The cursor behind the execution with this id.
    pub(crate) const fn of_id(id: i64) -> Self {
        Self { started_at: id >> PLACES, number: id & ((1 << PLACES) - 1) }
    }

    /// The execution's id.
    pub(crate) fn id(self) -> i64 {
        first_id(self.started_at).saturating_add(self.number.clamp(0, (1 << PLACES) - 1))
    }
}

/// How many executions a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub count: u64,
    /// Whether there are more, which nobody counted.
    pub more: bool,
}

/// A span of time in parts of the same length, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub width: i64,
    pub bars: usize,
}

impl Span {
    /// The millisecond behind its last one.
    #[must_use]
    pub fn until(&self) -> i64 {
        let bars = i64::try_from(self.bars).unwrap_or(i64::MAX);
        self.from.saturating_add(self.width.saturating_mul(bars))
    }
}

/// How many executions started in a part of a span, by the status that a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    pub counts: Vec<(Shown, u64)>,
}

/// The parts of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    pub bars: Vec<Bar>,
    /// Where older ones were not counted any more: how many were.
    pub most: Option<u64>,
}

impl Bars {
    /// The parts of a span, of executions by their starts. One that a clock ahead of this one started is in the last part.
    #[must_use]
    pub fn of(starts: impl Iterator<Item = (i64, Shown)>, span: Span) -> Self {
        let mut bars = vec![Bar::default(); span.bars];
        for (started_at, shown) in starts {
            let at = usize::try_from((started_at - span.from) / span.width.max(1)).unwrap_or(0);
            let Some(bar) = bars.get_mut(at.min(span.bars.saturating_sub(1))) else { continue };
            match bar.counts.iter_mut().find(|(one, _)| *one == shown) {
                Some((_, n)) => *n += 1,
                None => bar.counts.push((shown, 1)),
            }
        }
        Self { bars, most: None }
    }
}

/// How many of a connection's executions can not be searched by their contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Their contents are still to be read.
    pub unread: u64,
    /// Their contents are withheld: they may hold a token that could not be found.
    pub withheld: u64,
    /// Their contents could not be read, by themselves: the connection is there.
    pub unreadable: u64,
    pub total: u64,
}

/// An execution whose contents are still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToRead {
    pub arn: String,
    /// Of the list that it is on.
    pub machine_arn: String,
}

/// What is kept of an execution's contents.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub arn: String,
    pub contents: Contents,
    /// Why it failed, where its history has not said so. Redacted.
    pub reason: Option<Reason>,
}

/// What can be searched of an execution's contents.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// It may hold a token that could not be found.
    Withheld,
    /// The connection, asked for it, had none that could be read.
    Unreadable,
    /// It runs.
    Input(Content),
    /// It has ended.
    Whole(Content),
}

/// A text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a page of the list")]
pub struct InvalidCursor;

impl fmt::Display for ExecutionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.started_at, self.number)
    }
}

impl FromStr for ExecutionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let [started_at, number] = numbers(text)?;
        Ok(Self { started_at, number })
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

/// What a rule says of the times of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    pub request: RequestKey,
    /// When it is due, in milliseconds since the epoch.
    pub due: Option<i64>,
    /// Whether the rule sends heartbeats: a missing one does not end the wait.
    pub kept_alive: bool,
    /// When the rule does something next, in milliseconds since the epoch.
    pub acts_at: Option<i64>,
}

/// Which requests an inbox shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Those of these states, by workflow and state; of all where there is no such list.
    pub only: Option<Vec<(String, String)>>,
    /// Not those of these.
    pub except: Vec<(String, String)>,
    /// These, whatever their states.
    pub also: Vec<RequestKey>,
    /// Not these, whatever else holds but `since`.
    pub never: Vec<RequestKey>,
    /// Those of a workflow's state that wait since a time or longer, in milliseconds since the epoch.
    pub since: Vec<(String, String, i64)>,
    /// Nor these, whatever else holds: the person chose already.
    pub chosen: Vec<RequestKey>,
    pub due: DueFilter,
    /// With this text in the name of the workflow, the state or the execution; or in what is asked, of the machines whose
    /// payloads may be seen.
    pub text: Option<(String, Sight)>,
}

/// Which deadlines an inbox shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DueFilter {
    #[default]
    Any,
    /// At this time or earlier, in milliseconds since the epoch.
    By(i64),
    /// None at all.
    Never,
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

/// How the executions of a Map Run fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRun {
    pub arn: String,
    /// Whether its list has been read to its end.
    pub whole: bool,
    /// Only statuses that an execution has.
    pub counts: Vec<(Shown, u64)>,
}

/// The task that started an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    pub parent_arn: String,
    /// The event that scheduled it.
    pub event: u64,
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

/// How many executions of a machine ended with a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub machine_arn: String,
    pub status: ExecutionStatus,
    pub n: u64,
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
        let cursor = ExecutionCursor { started_at: -3, number: 7 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let cursor = InboxCursor { due: i64::MAX, since: 5, event: 9, execution: 0 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1", "1.", "1.2.3", "a.b", "1.2\u{202e}", "9223372036854775808.1"] {
            assert_eq!(text.parse::<ExecutionCursor>(), Err(InvalidCursor), "{text:?}");
        }
        assert!("1.2.3".parse::<InboxCursor>().is_err());
    }
}

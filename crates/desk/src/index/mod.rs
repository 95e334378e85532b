//! The index: every execution and open task that the watch has seen, on disk.
//!
//! Lists, counts and the inbox come from here, a page at a time; nothing of them stays in memory. The watch writes what it
//! reads, once: what has ended is never read again, also after a restart. All of it can be read again from the
//! connection, so the index has a file of its own, which may be deleted.
//!
//! [`Index`] is the trait; [`SqliteIndex`] keeps it in a file or, for tests, in memory.

mod page;
pub(crate) mod sqlite;
#[cfg(test)]
mod suite;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

pub use page::{
    Bar, Bars, Contents, Counted, DueFilter, Ended, ExecutionCursor, ExecutionPage, ExecutionRow, Filter, InboxCursor,
    InboxFilter, InboxPage, Kept, MapRun, Place, Ruled, Shown, Sight, Span, Starter, Tally, ToRead, Unread,
};
pub(crate) use page::{PLACES, first_id};
pub use sqlite::SqliteIndex;

use crate::connection::{ConnectionId, ExecutionStatus, Of, Summary};
use crate::store::Kept as Answer;
use crate::watch::{Machine, Obstacle, Reason, Waiting};

/// A list of executions that the watch reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    pub of: Of,
    /// The machine whose executions these are, or whose execution has the Map Run.
    pub machine_arn: String,
    /// The execution that the Map Run belongs to.
    pub parent_arn: Option<String>,
    /// Whether it has been read to its end once.
    pub whole: bool,
}

/// A running execution whose history the watch follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub arn: String,
    /// Of the list that it is on.
    pub machine_arn: String,
    /// How many events of its history were read; 0 before the first reading.
    pub events: u64,
    /// The earliest deadline of its tasks.
    pub due: Option<i64>,
    /// The fingerprints of its task tokens, as [`crate::redact::Redactor::to_bytes`] wrote them. `None` before the first
    /// reading, and where a token could not be found.
    pub tokens: Option<Vec<u8>>,
}

/// What is known of a connection when the program starts.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub machines: Vec<Machine>,
    /// The machines' lists, and those of Map Runs that go on.
    pub lists: Vec<List>,
    pub running: Vec<Running>,
    /// When the connection was last read whole, in milliseconds since the epoch.
    pub read_at: Option<i64>,
}

/// What a list brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The new executions, and those whose status changed.
    pub moved: Vec<Summary>,
    /// Those that are gone, by their ARNs.
    pub gone: Vec<String>,
    /// Whether requests went with them.
    pub inbox: bool,
}

/// What a reading of an execution brought.
#[derive(Clone, Debug)]
pub struct Reading {
    pub arn: String,
    pub status: ExecutionStatus,
    pub ended_at: Option<i64>,
    pub read_at: i64,
    /// How many events were read.
    pub events: u64,
    /// Whether nothing more will come.
    pub settled: bool,
    pub reason: Option<Reason>,
    pub waits: Vec<Waiting>,
    /// The Map Runs that go on.
    pub map_runs: Vec<String>,
    /// The executions that its tasks started, each with the event that scheduled the task.
    pub started: Vec<(u64, String)>,
    /// The states whose activities people answer, by workflow and state.
    pub people: Arc<BTreeSet<(String, String)>>,
    /// The tasks with a decision on record, by their events.
    pub answered: BTreeSet<u64>,
    /// The fingerprints of its task tokens, if it runs and each was found.
    pub tokens: Option<Vec<u8>>,
}

impl Reading {
    /// Whether a person is to decide: workers serve the other activities.
    pub(crate) fn is_for_people(&self, wait: &Waiting) -> bool {
        wait.obstacle != Some(Obstacle::Activity) || self.people.contains(&(wait.workflow.clone(), wait.state.clone()))
    }
}

/// What changed in the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Executions appeared, went, or changed their status.
    pub executions: bool,
    /// What waits for people changed.
    pub inbox: bool,
    /// The executions whose Map Runs started the ones that changed.
    pub parents: BTreeSet<String>,
}

impl Moved {
    /// Adds what changed elsewhere.
    pub fn and(&mut self, other: Self) {
        self.executions |= other.executions;
        self.inbox |= other.inbox;
        self.parents.extend(other.parents);
    }
}

/// Executions and open tasks by connection. Times are milliseconds since the Unix epoch.
pub trait Index: Send + Sync + 'static {
    /// What is known of a connection that leads to `endpoint`. What was known of another endpoint under this name goes.
    fn open<'a>(&'a self, connection: &'a ConnectionId, endpoint: &'a str) -> Answer<'a, Known>;

    /// Closes the index after what is being written.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// The connection was read whole.
    fn read_whole<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Answer<'a, ()>;

    /// Keeps a machine as it was described.
    fn keep_machine<'a>(&'a self, connection: &'a ConnectionId, machine: &'a Machine) -> Answer<'a, ()>;

    /// Forgets the machines that are not among these ARNs, with everything of theirs.
    fn keep_only<'a>(&'a self, connection: &'a ConnectionId, machines: &'a [String]) -> Answer<'a, Moved>;

    /// Keeps executions of a list that was asked for at `asked_at`: what was learnt later stays. A list that is not known
    /// begins with them. Where they are `all` of the list, the others go.
    fn listed<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        found: &'a [Summary],
        all: bool,
    ) -> Answer<'a, Listed>;

    /// How many of these executions are known.
    fn known<'a>(&'a self, connection: &'a ConnectionId, found: &'a [Summary]) -> Answer<'a, u64>;

    /// Whether the list has been read to its end.
    fn set_whole<'a>(&'a self, connection: &'a ConnectionId, list: &'a List, whole: bool) -> Answer<'a, ()>;

    /// The executions of the list that are known to run, were known to at `asked_at`, and are not among `running`.
    fn missing<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        running: &'a [String],
    ) -> Answer<'a, Vec<ExecutionRow>>;

    /// Forgets an execution that the connection does not have any more.
    fn forget<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Moved>;

    /// Forgets the executions that ended before this time.
    fn forget_ended_before<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Answer<'a, Moved>;

    /// Keeps what readings brought, of those executions that are on a list.
    fn read<'a>(&'a self, connection: &'a ConnectionId, readings: &'a [Reading]) -> Answer<'a, Moved>;

    /// A decision on the task is on record: it waits for nobody any more. Returns whether it did.
    fn answered<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, event: u64) -> Answer<'a, bool>;

    /// People answer the activities of these states, by workflow and state; workers serve the others. Returns whether
    /// what waits for people changed.
    fn activities_for_people<'a>(
        &'a self,
        connection: &'a ConnectionId,
        states: &'a BTreeSet<(String, String)>,
    ) -> Answer<'a, bool>;

    /// Those of these executions that are on a list, as they were listed last.
    fn listed_as<'a>(&'a self, connection: &'a ConnectionId, arns: &'a [String]) -> Answer<'a, Vec<Summary>>;

    /// One execution.
    fn execution<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<ExecutionRow>>;

    /// Executions, newest first: at most `limit` of those that come before the cursor.
    fn executions<'a>(
        &'a self,
        connection: &'a ConnectionId,
        filter: &'a Filter,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Answer<'a, ExecutionPage>;

    /// The Map Runs of an execution, in the order in which they were found, and how their executions fare.
    fn map_runs<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Vec<MapRun>>;

    /// The execution that started a Map Run, where the list of that Map Run is known.
    fn parent_of_map_run<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<String>>;

    /// The task that started an execution, where a history that was read says so.
    fn starter<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<Starter>>;

    /// How many executions the list has, counted up to `most`.
    fn count<'a>(&'a self, connection: &'a ConnectionId, filter: &'a Filter, most: u32) -> Answer<'a, Counted>;

    /// When the oldest execution started, the children of Map Runs aside.
    fn oldest<'a>(&'a self, connection: &'a ConnectionId) -> Answer<'a, Option<i64>>;

    /// How many executions of the list started in each part of a span.
    fn starts<'a>(&'a self, connection: &'a ConnectionId, filter: &'a Filter, span: Span) -> Answer<'a, Bars>;

    /// How many executions cannot be searched by their contents.
    fn unread<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight) -> Answer<'a, Unread>;

    /// The newest executions whose contents are still to be read, at most `limit`.
    fn to_read<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Answer<'a, Vec<ToRead>>;

    /// Those of these executions, by their places, whose contents are not known as they are now: each with its status,
    /// and whether its contents are withheld.
    fn wants<'a>(
        &'a self,
        connection: &'a ConnectionId,
        readings: &'a [(&'a str, ExecutionStatus, bool)],
    ) -> Answer<'a, Vec<usize>>;

    /// Keeps contents, redacted, of those executions that are on a list.
    fn keep_contents<'a>(&'a self, connection: &'a ConnectionId, contents: &'a [Kept]) -> Answer<'a, ()>;

    /// The newest executions that have every word of a text in their names, in its order, at most `limit`, and whether there
    /// are more; the children of Map Runs aside.
    fn named<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        typed: &'a str,
        limit: u32,
    ) -> Answer<'a, (Vec<ExecutionRow>, bool)>;

    /// How many executions each machine has in each shown status, the children of Map Runs aside.
    fn tallies<'a>(&'a self, connection: &'a ConnectionId) -> Answer<'a, Vec<Tally>>;

    /// How many executions of each machine ended after the minute of that time, by their status, the children of Map Runs
    /// aside.
    fn ended_since<'a>(&'a self, connection: &'a ConnectionId, since: i64) -> Answer<'a, Vec<Ended>>;

    /// The median duration of all executions of a machine that ended after the minute of that time, the children of Map
    /// Runs aside; `None` where none ended.
    fn median<'a>(&'a self, connection: &'a ConnectionId, machine_arn: &'a str, since: i64) -> Answer<'a, Option<i64>>;

    /// What failed or timed out since then, the latest end first, at most `limit`.
    fn failures<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        since: i64,
        limit: u32,
    ) -> Answer<'a, Vec<ExecutionRow>>;

    /// What waits for people, in the order of the inbox: at most `limit` requests after the cursor.
    fn inbox<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Answer<'a, InboxPage>;

    /// The requests of the inbox that a filter lets through, and how many these are.
    fn inbox_of<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        filter: &'a InboxFilter,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Answer<'a, InboxPage>;

    /// The requests' times are counted by these rules: by their version. Where that is another than before, every request is
    /// to be counted anew.
    fn rules_are<'a>(&'a self, connection: &'a ConnectionId, version: &'a str) -> Answer<'a, ()>;

    /// Requests whose times are to be counted, at most `limit`.
    fn unruled<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Answer<'a, Vec<Waiting>>;

    /// Requests whose rule acts at `now` or should have before, the longest overdue first, at most `limit`.
    fn acted_on<'a>(&'a self, connection: &'a ConnectionId, now: i64, limit: u32) -> Answer<'a, Vec<Waiting>>;

    /// Keeps what rules say of the times of requests; returns whether any is due by its rule, and the order of the inbox
    /// may be another.
    fn ruled<'a>(&'a self, connection: &'a ConnectionId, ruled: &'a [Ruled]) -> Answer<'a, bool>;

    /// How many requests wait for people.
    fn waiting<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight) -> Answer<'a, u64>;

    /// The requests of the children of this execution's Map Runs, in the order of the inbox, at most `limit`, and how
    /// many there are.
    fn waiting_under<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, limit: u32) -> Answer<'a, InboxPage>;

    /// The place of a request among those that wait, also of one that waits no more.
    fn place<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight, request: &'a Waiting) -> Answer<'a, Place>;
}

//! What changed, and for whom: a numbered log of topics that the live stream replays.
//!
//! All connections of the process share one log. Each writes to it through its own [`Publisher`], so every topic is recorded
//! with its connection.
//!
//! A broadcast only wakes the readers. Each reads the log from its own sequence number, so a slow one loses nothing. A
//! reader that fell behind the log gets every topic.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection::ConnectionId;

/// How many changes are kept: at ten a second, several minutes of a reader's absence.
const KEPT: usize = 4_096;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The frame of every page: the connection's health, the count of requests, the manifest's problem.
    Frame,
    /// The waiting requests, or the decisions.
    Inbox,
    /// A list of executions.
    Executions,
    /// The state machines or their definitions.
    Workflows,
    /// Whether the connection answers. Pages of every connection show it.
    Health,
    /// One execution, by its ARN.
    Execution(String),
}

impl Topic {
    /// Every topic except those of single executions.
    pub const GENERAL: [Self; 5] = [Self::Frame, Self::Inbox, Self::Executions, Self::Workflows, Self::Health];
}

/// The topics that changed, each with its connection.
pub type Changed = BTreeSet<(ConnectionId, Topic)>;

/// The log of changes.
#[derive(Debug)]
pub struct Changes {
    /// The number before the first change of this run.
    base: u64,
    log: Mutex<Log>,
    latest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<(u64, ConnectionId, Topic)>,
    /// Every connection that has a publisher: whoever lost changes may have lost some of each.
    connections: BTreeSet<ConnectionId>,
}

impl Changes {
    /// An empty log whose first change is number `base` + 1. The time of the start in milliseconds keeps the numbers of two
    /// runs apart: a browser that continues with a number of the previous run counts as behind, and gets every topic.
    #[must_use]
    pub fn from(base: u64) -> Self {
        Self { base, log: Mutex::default(), latest: watch::Sender::new(base) }
    }

    /// An empty log of the run that begins now.
    #[must_use]
    pub fn of_run(clock: &Clock) -> Self {
        // No earlier run was before 1970.
        Self::from(u64::try_from(clock.now()).unwrap_or(0))
    }

    /// A publisher of the changes of one connection.
    #[must_use]
    pub fn publisher(self: &Arc<Self>, connection: &ConnectionId) -> Publisher {
        self.log().connections.insert(connection.clone());
        Publisher { connection: connection.clone(), changes: Arc::clone(self) }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // A poisoned lock only means that another publisher panicked between two pushes: the log is still whole.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, connection: &ConnectionId, topics: impl IntoIterator<Item = Topic>) {
        let mut log = self.log();
        let mut sequence = *self.latest.borrow();
        let before = sequence;
        for topic in topics {
            sequence += 1;
            log.entries.push_back((sequence, connection.clone(), topic));
        }
        let surplus = log.entries.len().saturating_sub(KEPT);
        log.entries.drain(..surplus);
        // Under the lock, so that two publishers never use the same number.
        if sequence > before {
            self.latest.send_replace(sequence);
        }
    }

    /// The latest sequence number, and its changes from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// The topics that changed after `sequence`, without repetition, and the sequence number they reach to.
    #[must_use]
    pub fn since(&self, sequence: u64) -> (u64, Changed) {
        let log = self.log();
        let latest = log.entries.back().map_or(self.base, |(at, ..)| *at);
        let before = log.entries.front().map_or(self.base, |(first, ..)| first - 1);
        let lost = sequence > latest || sequence < before;
        let entries = log.entries.iter().filter(|(at, ..)| lost || *at > sequence);
        let mut topics: Changed = entries.map(|(_, connection, topic)| (connection.clone(), topic.clone())).collect();
        if lost {
            let all = |connection: &ConnectionId| {
                let connection = connection.clone();
                Topic::GENERAL.map(|topic| (connection.clone(), topic))
            };
            topics.extend(log.connections.iter().flat_map(all));
        }
        (latest, topics)
    }
}

/// Writes the changes of one connection to the log.
#[derive(Clone, Debug)]
pub struct Publisher {
    connection: ConnectionId,
    changes: Arc<Changes>,
}

impl Publisher {
    /// Records that `topics` changed, and wakes every reader.
    pub fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        self.changes.publish(&self.connection, topics);
    }

    /// The log of all connections.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// The topics of this connection that changed after `sequence`, and the sequence number they reach to.
    #[cfg(test)]
    pub(crate) fn since(&self, sequence: u64) -> (u64, BTreeSet<Topic>) {
        let (at, topics) = self.changes.since(sequence);
        let own = topics.into_iter().filter(|(connection, _)| *connection == self.connection);
        (at, own.map(|(_, topic)| topic).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(base: u64) -> Publisher {
        Arc::new(Changes::from(base)).publisher(&ConnectionId::default_one())
    }

    #[test]
    fn a_reader_gets_each_topic_once_from_where_it_was() {
        let changes = log(0);
        changes.publish([Topic::Inbox, Topic::Frame]);
        let (at, _) = changes.since(0);
        changes.publish([Topic::Inbox, Topic::Inbox]);
        assert_eq!(changes.since(at), (4, BTreeSet::from([Topic::Inbox])));
        assert_eq!(changes.since(4), (4, BTreeSet::new()));
    }

    #[test]
    fn a_reader_from_another_run_or_too_far_behind_gets_every_topic() {
        let changes = log(0);
        let everything = BTreeSet::from(Topic::GENERAL);
        assert_eq!(changes.since(99).1, everything, "a number that this run has not reached");
        changes.publish((0..=KEPT).map(|n| Topic::Execution(n.to_string())));
        assert!(changes.since(0).1.contains(&Topic::Inbox), "the first change has been dropped from the log");
        assert!(!changes.since(1).1.contains(&Topic::Inbox), "everything after the first is still there");
    }

    #[test]
    fn numbers_of_the_run_before_are_not_taken_for_those_of_this_one() {
        let before = log(1_000);
        before.publish([Topic::Frame]);
        let (heard, _) = before.since(1_000);
        let after = log(2_000);
        assert_eq!(after.since(heard), (2_000, BTreeSet::from(Topic::GENERAL)), "nothing has changed yet in this run");
        after.publish((0..2_000).map(|n| Topic::Execution(n.to_string())));
        assert!(after.since(heard).1.contains(&Topic::Inbox), "this run has published more than the one before");
        assert_eq!(after.since(2_000).1.len(), 2_000, "whoever was there from its beginning has lost nothing");
    }

    #[test]
    fn connections_share_the_numbers_and_keep_their_topics_apart() {
        let one = log(0);
        // Proof: both are valid names.
        let name = ConnectionId::parse("other").expect("a name");
        let other = one.changes().publisher(&name);
        one.publish([Topic::Inbox]);
        other.publish([Topic::Inbox, Topic::Health]);
        assert_eq!(one.since(0), (3, BTreeSet::from([Topic::Inbox])));
        assert_eq!(other.since(0), (3, BTreeSet::from([Topic::Inbox, Topic::Health])));
        assert_eq!(
            other.since(99).1,
            BTreeSet::from(Topic::GENERAL),
            "who lost changes gets those of every connection"
        );
    }
}

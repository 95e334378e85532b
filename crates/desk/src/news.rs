//! What changed, and for whom: a numbered log of topics that the live stream replays.
//!
//! A broadcast only wakes the readers. Each reads the log from its own sequence number, so a slow one loses nothing. A
//! reader that fell behind the log gets every topic.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

use tokio::sync::watch;

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
    /// One execution, by its ARN.
    Execution(String),
}

impl Topic {
    /// Every topic except those of single executions.
    pub const GENERAL: [Self; 4] = [Self::Frame, Self::Inbox, Self::Executions, Self::Workflows];
}

/// The log of changes.
#[derive(Debug)]
pub struct Changes {
    /// The number before the first change of this run.
    base: u64,
    log: Mutex<VecDeque<(u64, Topic)>>,
    latest: watch::Sender<u64>,
}

impl Changes {
    /// An empty log whose first change is number `base` + 1. The time of the start in milliseconds keeps the numbers of two
    /// runs apart: a browser that continues with a number of the previous run counts as behind, and gets every topic.
    #[must_use]
    pub fn from(base: u64) -> Self {
        Self { base, log: Mutex::default(), latest: watch::Sender::new(base) }
    }

    /// Records that `topics` changed, and wakes every reader.
    pub fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        // A poisoned lock only means that another publisher panicked between two pushes: the log is still whole.
        let mut log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut sequence = *self.latest.borrow();
        let before = sequence;
        for topic in topics {
            sequence += 1;
            log.push_back((sequence, topic));
        }
        let surplus = log.len().saturating_sub(KEPT);
        log.drain(..surplus);
        drop(log);
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
    pub fn since(&self, sequence: u64) -> (u64, BTreeSet<Topic>) {
        let log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let latest = log.back().map_or(self.base, |(at, _)| *at);
        let before = log.front().map_or(self.base, |(first, _)| first - 1);
        let lost = sequence > latest || sequence < before;
        let mut topics: BTreeSet<Topic> =
            log.iter().filter(|(at, _)| lost || *at > sequence).map(|(_, topic)| topic.clone()).collect();
        if lost {
            topics.extend(Topic::GENERAL);
        }
        (latest, topics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_each_topic_once_from_where_it_was() {
        let changes = Changes::from(0);
        changes.publish([Topic::Inbox, Topic::Frame]);
        let (at, _) = changes.since(0);
        changes.publish([Topic::Inbox, Topic::Inbox]);
        assert_eq!(changes.since(at), (4, BTreeSet::from([Topic::Inbox])));
        assert_eq!(changes.since(4), (4, BTreeSet::new()));
    }

    #[test]
    fn a_reader_from_another_run_or_too_far_behind_gets_every_topic() {
        let changes = Changes::from(0);
        let everything = BTreeSet::from(Topic::GENERAL);
        assert_eq!(changes.since(99).1, everything, "a number that this run has not reached");
        changes.publish((0..=KEPT).map(|n| Topic::Execution(n.to_string())));
        assert!(changes.since(0).1.contains(&Topic::Inbox), "the first change has been dropped from the log");
        assert!(!changes.since(1).1.contains(&Topic::Inbox), "everything after the first is still there");
    }

    #[test]
    fn numbers_of_the_run_before_are_not_taken_for_those_of_this_one() {
        let before = Changes::from(1_000);
        before.publish([Topic::Frame]);
        let (heard, _) = before.since(1_000);
        let after = Changes::from(2_000);
        assert_eq!(after.since(heard), (2_000, BTreeSet::from(Topic::GENERAL)), "nothing has changed yet in this run");
        after.publish((0..2_000).map(|n| Topic::Execution(n.to_string())));
        assert!(after.since(heard).1.contains(&Topic::Inbox), "this run has published more than the one before");
        assert_eq!(after.since(2_000).1.len(), 2_000, "whoever was there from its beginning has lost nothing");
    }
}

//! What changed, and for whom: a numbered log of topics that the live stream replays.
//!
//! A broadcast only wakes the readers; each reads the log from its own sequence number, so a slow one loses nothing. One
//! that fell behind the log is told that everything changed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

use tokio::sync::watch;

/// How many changes are kept: at ten a second, several minutes of a reader's absence.
const KEPT: usize = 4_096;

/// Every topic but those of single executions.
pub const GENERAL: [&str; 4] = ["frame", "inbox", "executions", "workflows"];

/// The topic of one execution.
#[must_use]
pub fn execution_topic(arn: &str) -> String {
    format!("execution:{arn}")
}

/// The log of changes.
#[derive(Debug)]
pub struct Changes {
    /// The number before the first change of this run.
    base: u64,
    log: Mutex<VecDeque<(u64, String)>>,
    latest: watch::Sender<u64>,
}

impl Changes {
    /// An empty log whose first change is number `base` + 1. The time of the start in milliseconds keeps the numbers of two
    /// runs apart: a browser that goes on from a number of the run before is behind this log, and learns that.
    #[must_use]
    pub fn from(base: u64) -> Self {
        Self { base, log: Mutex::default(), latest: watch::Sender::new(base) }
    }

    /// Records that `topics` changed, and wakes every reader.
    pub fn publish(&self, topics: impl IntoIterator<Item = String>) {
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
    pub fn since(&self, sequence: u64) -> (u64, BTreeSet<String>) {
        let log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let latest = log.back().map_or(self.base, |(at, _)| *at);
        let before = log.front().map_or(self.base, |(first, _)| first - 1);
        let lost = sequence > latest || sequence < before;
        let mut topics: BTreeSet<String> =
            log.iter().filter(|(at, _)| lost || *at > sequence).map(|(_, topic)| topic.clone()).collect();
        if lost {
            topics.extend(GENERAL.map(str::to_owned));
        }
        (latest, topics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_reader_gets_each_topic_once_from_where_it_was() {
        let changes = Changes::from(0);
        changes.publish(["inbox".to_owned(), "frame".to_owned()]);
        let (at, _) = changes.since(0);
        changes.publish(["inbox".to_owned(), "inbox".to_owned()]);
        assert_eq!(changes.since(at), (4, topics(&["inbox"])));
        assert_eq!(changes.since(4), (4, topics(&[])));
    }

    #[test]
    fn a_reader_from_another_run_or_too_far_behind_is_told_everything() {
        let changes = Changes::from(0);
        assert_eq!(changes.since(99).1, topics(&GENERAL), "a number that this run has not reached");
        changes.publish((0..=KEPT).map(|n| format!("execution:{n}")));
        assert!(changes.since(0).1.contains("inbox"), "the first change has been dropped from the log");
        assert!(!changes.since(1).1.contains("inbox"), "everything after the first is still there");
    }

    #[test]
    fn numbers_of_the_run_before_are_not_taken_for_those_of_this_one() {
        let before = Changes::from(1_000);
        before.publish(["frame".to_owned()]);
        let (heard, _) = before.since(1_000);
        let after = Changes::from(2_000);
        assert_eq!(after.since(heard), (2_000, topics(&GENERAL)), "nothing has changed yet in this run");
        after.publish((0..2_000).map(|n| format!("execution:{n}")));
        assert!(after.since(heard).1.contains("inbox"), "this run has published more than the one before");
        assert_eq!(after.since(2_000).1.len(), 2_000, "whoever was there from its beginning has lost nothing");
    }
}

//! Timers: one queue over the injected clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use countersign_engine::TimerId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::lock;
use crate::clock::Clock;

/// The longest sleep: the system's clock may be changed meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// Timers by the time at which they are due.
#[derive(Default)]
pub struct Timers {
    queue: Mutex<BTreeSet<(i64, String, TimerId)>>,
    changed: Notify,
}

impl Timers {
    /// Sets a timer.
    pub fn set(&self, arn: &str, timer: TimerId, at: i64) {
        lock(&self.queue).insert((at, arn.to_owned(), timer));
        self.changed.notify_one();
    }

    /// Cancels a timer.
    pub fn cancel(&self, arn: &str, timer: TimerId) {
        lock(&self.queue).retain(|(_, execution, set)| execution != arn || *set != timer);
    }

    /// Waits for the next timers that are due; returns them by execution, in their order. `None` at the end.
    #[expect(
        clippy::disallowed_methods,
        reason = "the nap between two looks at the injected clock; a change of the queue ends it"
    )]
    pub async fn next(&self, clock: &Clock, end: &CancellationToken) -> Option<BTreeMap<String, Vec<TimerId>>> {
        loop {
            let now = clock.now();
            let due = self.take(now);
            if !due.is_empty() {
                return Some(due);
            }
            let first = lock(&self.queue).first().map(|(at, ..)| *at);
            let wait = first.map_or(NAP, |at| Duration::from_millis(u64::try_from(at - now).unwrap_or(1)).min(NAP));
            tokio::select! {
                () = end.cancelled() => return None,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn take(&self, now: i64) -> BTreeMap<String, Vec<TimerId>> {
        let mut due: BTreeMap<String, Vec<TimerId>> = BTreeMap::new();
        let mut queue = lock(&self.queue);
        while queue.first().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, arn, timer)) = queue.pop_first() else { break };
            due.entry(arn).or_default().push(timer);
        }
        due
    }
}

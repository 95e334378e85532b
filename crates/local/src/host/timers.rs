//! Timers: one queue over the injected clock.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use countersign_engine::TimerId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::lock;
use crate::clock::Clock;

/// The longest sleep: the system's clock may be set meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// Timers by the time they come due.
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

    /// Takes a timer back.
    pub fn cancel(&self, arn: &str, timer: TimerId) {
        lock(&self.queue).retain(|(_, execution, set)| execution != arn || *set != timer);
    }

    /// The next timer that is due; waits for it. `None` at the end.
    pub async fn next(&self, clock: &Clock, end: &CancellationToken) -> Option<(String, TimerId)> {
        loop {
            let first = lock(&self.queue).first().cloned();
            let wait = match first {
                Some((at, ..)) if at <= clock.now() => {
                    let (_, arn, timer) = lock(&self.queue).pop_first()?;
                    return Some((arn, timer));
                }
                Some((at, ..)) => Duration::from_millis(u64::try_from(at - clock.now()).unwrap_or(1)).min(NAP),
                None => NAP,
            };
            tokio::select! {
                () = end.cancelled() => return None,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

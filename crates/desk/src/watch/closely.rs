//! What somebody looks at, on a connection that can be asked often: between the rounds its lists and the histories that are
//! shown are looked at again. Nobody pays for it where nobody looks or nothing happens, and a round that is under way is not
//! disturbed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::round::{First, can_wait};
use super::{Watch, lock, reading, topics_of};
use crate::connection::Api;
use crate::error::ReadError;
use crate::index::Moved;

/// Lists are read at most so often, whatever they are many: calls a second.
const LISTS_PER_SECOND: u64 = 100;
/// Histories that are read between two rounds besides those that are shown: new executions that may ask people, and then
/// those that were read the longest ago.
const OTHERS: usize = 4;
/// After a step of an execution it is looked for so long, in milliseconds: a list has its turn only now and then.
const RESTLESS_MS: i64 = 1_000;

/// Milliseconds between two looks at so many lists.
pub(super) fn apart(lists: usize) -> u64 {
    u64::try_from(lists).unwrap_or(u64::MAX).saturating_mul(1_000) / LISTS_PER_SECOND
}

/// Whether anything happens on a connection that tells.
struct Restless {
    /// How many steps its executions have made; `None` where nobody tells.
    steps: Option<watch::Receiver<u64>>,
    until: i64,
}

impl Restless {
    /// Returns at once while something goes on, or nobody tells; else when something has happened.
    async fn wait(&mut self, now: impl Fn() -> i64) {
        let Some(steps) = &mut self.steps else { return };
        if now() < self.until && !steps.has_changed().unwrap_or(true) {
            return;
        }
        match steps.changed().await {
            Ok(()) => self.until = now() + RESTLESS_MS,
            // The engine has ended. The rounds say so.
            Err(_) => self.steps = None,
        }
    }
}

/// Somebody has a page of this connection open, until this is dropped.
pub struct Attending(Arc<Watch>);

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.attending.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Watch {
    /// Somebody has a page of this connection open, until the guard is dropped.
    #[must_use]
    pub fn attend(self: &Arc<Self>) -> Attending {
        self.attending.send_modify(|count| *count += 1);
        Attending(Arc::clone(self))
    }

    /// Looks closely until `end`, while somebody has a page open.
    #[expect(clippy::disallowed_methods, reason = "the timer between two looks; a test looks without the loop")]
    pub async fn look_closely(self: Arc<Self>, end: CancellationToken) {
        let Some(close_ms) = lock(&self.pace).close_ms else { return };
        let mut attending = self.attending.subscribe();
        let (mut all_at, mut asking_at) = (0, 0);
        let mut restless = Restless { steps: self.connection.steps.clone(), until: self.now() };
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = restless.wait(|| self.now()) => {}
            }
            tokio::select! {
                () = end.cancelled() => return,
                // The sender is the watch's own.
                _ = attending.wait_for(|count| *count > 0) => {}
            }
            let began = self.now();
            self.look_at_shown().await;
            let (all, asking) = (self.lists(false), self.lists(true));
            let is_due = |last: i64, lists: &[String]| {
                let apart = apart(lists.len()).max(2 * close_ms);
                began - last >= i64::try_from(apart).unwrap_or(i64::MAX)
            };
            if is_due(all_at, &all) {
                self.look_at_news(all).await;
                (all_at, asking_at) = (began, began);
            } else if is_due(asking_at, &asking) {
                self.look_at_news(asking).await;
                asking_at = began;
            }
            let took = u64::try_from(self.now() - began).unwrap_or(0);
            let pause = Duration::from_millis(close_ms.saturating_sub(took).max(close_ms / 2));
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The executions that pages show: those with new events are read.
    pub(super) async fn look_at_shown(&self) {
        let shown: Vec<String> = lock(&self.watched).keys().cloned().collect();
        for arn in shown {
            if let Err(error) = self.read_if_new(&arn).await {
                tracing::debug!(%error, execution = %arn, "an execution that is shown could not be read");
            }
        }
    }

    /// The lists of executions that are followed; of many, those of machines that can ask people are looked at more often.
    pub(super) fn lists(&self, only_asking: bool) -> Vec<String> {
        let snapshot = self.snapshot();
        let following = lock(&self.following);
        let lists = following.lists.iter();
        let wanted = lists.filter(|(_, one)| !only_asking || can_wait(&snapshot, &one.list.machine_arn));
        wanted.map(|(arn, _)| arn.clone()).collect()
    }

    /// The newest executions of these lists, and the histories of those that may ask people.
    pub(super) async fn look_at_news(&self, lists: Vec<String>) {
        // A round does the same.
        let Ok(_turn) = self.turn.try_lock() else { return };
        let due = lists.into_iter().take_while(|_| self.grants(Api::ListExecutions)).collect();
        let mut moved = Moved::default();
        let mut first = First::default();
        let read = first.note(self.read_lists(due, &mut moved).await);
        let (changed, histories) = self.read_histories(self.others()).await;
        // Together: a page that shows both asks once.
        self.changes.publish(topics_of(&moved).into_iter().chain(changed));
        // The next round says what is wrong with the connection.
        if let Err(error) = read.and(histories) {
            tracing::debug!(%error, "the connection could not be looked at closely");
        }
    }

    /// Running executions that may ask people and are not shown: the new ones, then those that were read the longest ago.
    fn others(&self) -> Vec<String> {
        let snapshot = self.snapshot();
        let shown = lock(&self.watched);
        let following = lock(&self.following);
        let mut others: Vec<(Option<i64>, &String)> = following
            .running
            .iter()
            .filter(|(arn, one)| can_wait(&snapshot, &one.machine_arn) && !shown.contains_key(*arn))
            .map(|(arn, one)| (one.fetched_at, arn))
            .collect();
        others.sort_unstable();
        let granted = others.into_iter().take(OTHERS).take_while(|_| self.grants(Api::GetExecutionHistory));
        granted.map(|(_, arn)| arn.clone()).collect()
    }

    /// Reads an execution that runs, if its newest event is a new one. Whoever shows it learns of the change.
    async fn read_if_new(&self, arn: &str) -> Result<(), ReadError> {
        let Some(known) = self.known_record(arn).filter(|known| !known.is_settled()) else { return Ok(()) };
        if !self.grants(Api::GetExecutionHistory) || reading::has_only(self, arn, known.event_count()).await? {
            return Ok(());
        }
        self.record_now(arn).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::cell::Cell;

    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_rests_is_looked_at_when_something_has_happened() {
        let (steps, told) = watch::channel(0_u64);
        let mut restless = Restless { steps: Some(told), until: 0 };
        let now = Cell::new(10);
        let mut goes_on = || restless.wait(|| now.get()).now_or_never().is_some();
        assert!(!goes_on(), "nothing happened yet");
        steps.send_modify(|steps| *steps += 1);
        assert!(goes_on());
        now.set(10 + RESTLESS_MS - 1);
        assert!(goes_on(), "a list may not have had its turn");
        steps.send_modify(|steps| *steps += 1);
        assert!(goes_on());
        now.set(now.get() + RESTLESS_MS - 1);
        assert!(goes_on(), "the second step counts from its own time");
        now.set(now.get() + 1);
        assert!(!goes_on());
        drop(steps);
        assert!(goes_on() && goes_on(), "where nobody tells it is looked without end");
    }
}

//! How often an execution is read that somebody looks at.
//!
//! One that moves is read so often that its page is never older than [`Pace::fresh_ms`](super::Pace). One that rests waits for an
//! answer from outside and for nothing else, often for hours. In a large account there are not enough readings of
//! histories for all of these and for the sweep through all executions. Then their histories are read less often, and in
//! between `DescribeExecution`, which has a quota of its own, says whether they still run. What an answer that was given
//! elsewhere leads to is then seen as soon as it ends the execution, and otherwise with the next reading of the history.

use std::collections::{BTreeMap, BTreeSet};

use countersign_trace::{StateStatus, Trace, VisitId};
use futures::stream::{self, StreamExt};

use super::record::Record;
use super::round::AT_ONCE;
use super::{Watch, lock};
use crate::connection::{Api, ExecutionStatus};
use crate::error::ReadError;
use crate::redriving::hindrance_of;

/// The sweep through all histories is to take so long, in seconds: what it needs for that is not for executions at rest.
const SWEEP_S: f64 = 100.0;
/// The part of all readings that is for executions at rest in any case.
const REST_SHARE: f64 = 0.05;
/// How often an execution that could be redriven is described while somebody looks at it, in milliseconds: lists say that
/// only of the newest ones at once.
const ENDED_MS: i64 = 10_000;
/// An execution moves for so long after its last event, in milliseconds.
const MOVING_MS: i64 = 10_000;

/// What somebody looks at, and how often it is read.
#[derive(Debug, Default)]
pub struct Attention {
    looked_at: BTreeSet<String>,
    /// Those whose histories are read less often, and when each was last known to run or to have ended.
    resting: BTreeMap<String, i64>,
    /// How old the knowledge of one may get before it is read again, and how old the history of one at rest.
    fresh_ms: i64,
    rest_ms: i64,
}

impl Attention {
    /// Whether somebody looks at an execution and its history, which is `age` milliseconds old, is to be read. `None` if
    /// it is read like any other.
    pub fn is_due(&self, arn: &str, age: i64) -> Option<bool> {
        if !self.resting.contains_key(arn) {
            return self.looked_at.contains(arn).then_some(age >= self.fresh_ms);
        }
        (age >= self.rest_ms).then_some(true)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        self.looked_at.iter()
    }
}

impl Watch {
    /// How often what somebody looks at is read, while so many executions are followed.
    pub(super) fn attention(&self, looked_at: BTreeSet<String>, followed: usize) -> Attention {
        let now = self.now();
        let (rate, fresh_ms) = {
            let mut pace = lock(&self.pace);
            (pace.rate(Api::GetExecutionHistory), pace.fresh_ms)
        };
        let at_rest = |arn: &String| {
            let record = self.known_record(arn).filter(|record| self.rests(record, now, now + fresh_ms))?;
            Some((arn.clone(), record.fetched_at))
        };
        let mut resting: BTreeMap<String, i64> = looked_at.iter().filter_map(at_rest).collect();
        let moving = per_second(looked_at.len() - resting.len(), fresh_ms);
        let spare = (rate - followed as f64 / SWEEP_S - moving).max(rate * REST_SHARE);
        let rest_ms = (resting.len() as f64 / spare * 1_000.0) as i64;
        // A round comes a little early or late: what is due between two rounds is read in the earlier one.
        let early = fresh_ms / 4;
        let mut described = lock(&self.described);
        if rest_ms <= fresh_ms {
            resting.clear();
        }
        described.retain(|arn, _| resting.contains_key(arn));
        for (arn, known_at) in &mut resting {
            *known_at = described.get(arn).copied().unwrap_or(*known_at).max(*known_at);
        }
        Attention { looked_at, resting, fresh_ms: fresh_ms - early, rest_ms: rest_ms - early }
    }

    /// Asks whether executions at rest still run, and reads those that do not. `read` are those that are read anyway.
    pub(super) async fn look_at_resting(&self, attention: &Attention, read: &[String]) -> Result<(), ReadError> {
        let now = self.now();
        let mut due: Vec<(i64, &String)> = attention
            .resting
            .iter()
            .filter(|(arn, known_at)| now - **known_at >= attention.fresh_ms && !read.contains(arn))
            .map(|(arn, known_at)| (*known_at, arn))
            .collect();
        due.sort_unstable();
        let due = due.into_iter().take_while(|_| lock(&self.pace).take(Api::DescribeExecution, now));
        let due: Vec<String> = due.map(|(_, arn)| arn.clone()).collect();
        let described = stream::iter(due)
            .map(|arn| async move {
                let described = self.ask(Api::DescribeExecution, self.connection.calls.describe_execution(&arn)).await;
                (arn, described)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (arn, described) in described {
            match described {
                Ok(described) if described.status == ExecutionStatus::Running => {
                    lock(&self.described).insert(arn, now);
                }
                // What ended it is in the history. Whoever shows it learns of the change.
                Ok(_) => match self.record_now(&arn).await {
                    Err(ReadError::Call(error)) if error.is_passing() => return Err(error.into()),
                    _ => {}
                },
                Err(error) if error.is_passing() => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "an execution could not be described"),
            }
        }
        Ok(())
    }

    /// Asks whether executions that ended without success, and that somebody looks at, were redriven elsewhere.
    pub(super) async fn look_at_ended(&self, attention: &Attention) -> Result<(), ReadError> {
        let now = self.now();
        let can_go_on = |arn: &&String| {
            self.known_record(arn).is_some_and(|record| record.is_settled() && hindrance_of(&record, now).is_none())
        };
        let due: Vec<String> = {
            let mut asked = lock(&self.asked_after_end);
            asked.retain(|arn, _| attention.looked_at.contains(arn));
            // The reading of its end says enough for a while.
            let is_due = |arn: &&String| now - *asked.entry((*arn).clone()).or_insert(now) >= ENDED_MS;
            attention.iter().filter(can_go_on).filter(is_due).cloned().collect()
        };
        for arn in due {
            if !lock(&self.pace).take(Api::DescribeExecution, now) {
                return Ok(());
            }
            lock(&self.asked_after_end).insert(arn.clone(), now);
            match self.ask(Api::DescribeExecution, self.connection.calls.describe_execution(&arn)).await {
                Ok(described) => {
                    let redrives = self.known_record(&arn).map_or(0, |record| u64::from(record.trace.redrives));
                    if described.status == ExecutionStatus::Running || described.redrives > redrives {
                        self.described(&described).await?;
                    }
                }
                Err(error) if error.is_passing() => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "an execution could not be described"),
            }
        }
        Ok(())
    }

    /// Whether an execution only waits for people's answers, none of which was given here, and no deadline passes before
    /// `soon`.
    fn rests(&self, record: &Record, now: i64, soon: i64) -> bool {
        let waits = record.waits();
        let is_quiet = record.trace.last_event_at.is_some_and(|at| now - at >= MOVING_MS);
        // The others are those that were answered, and the activities of workers, who may end them at any time.
        let all_open = !waits.is_empty() && self.waiting_in(waits).len() == waits.len();
        let mut deadlines = waits.iter().filter_map(|wait| wait.due);
        !record.ended() && is_quiet && all_open && deadlines.all(|due| due > soon) && only_waits(&record.trace)
    }

    /// When an execution was last known to run or to have ended.
    #[cfg(any(test, feature = "fake"))]
    pub(super) fn last_known(&self, arn: &str) -> Option<i64> {
        lock(&self.described).get(arn).copied().max(self.last_read(arn))
    }
}

/// How many readings a second so many executions take.
fn per_second(executions: usize, every_ms: i64) -> f64 {
    executions as f64 * 1_000.0 / every_ms.max(1) as f64
}

/// Whether everything in an execution that has not ended waits for an answer, or contains something that has not ended.
fn only_waits(trace: &Trace) -> bool {
    let open = || trace.numbered_visits().filter(|(_, visit)| visit.exited_at.is_none());
    let containers: BTreeSet<VisitId> = open().filter_map(|(_, visit)| visit.parent).collect();
    open().all(|(number, visit)| visit.status == StateStatus::WaitingApproval || containers.contains(&number))
}

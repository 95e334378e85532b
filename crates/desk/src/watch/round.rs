//! One round of the watch: read as much as the quotas allow, the oldest data first, and publish the changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use futures::stream::{self, StreamExt};

use super::attention::Attention;
use super::following;
use super::reading::Reader;
use super::{Machine, Record, Snapshot, Watch, lock, reading, topics_of};
use crate::connection::{Api, CallError, ConnectionKind, ExecutionStatus, Summary};
use crate::error::ReadError;
use crate::index::{Moved, Sight};
use crate::news::Topic;

/// The most concurrent calls.
pub(super) const AT_ONCE: usize = 8;
/// The greatest age of a definition on AWS, in milliseconds: nobody deploys twice a minute.
const DEFINITION_MS: i64 = 60_000;
/// How long after its end (milliseconds) a failure is news.
pub const NEWS_MS: i64 = 24 * 60 * 60 * 1_000;
/// The most failures whose reason is read.
const FAILURES: u32 = 12;

/// How long AWS keeps an execution after its end, and how often the older ones are forgotten, in milliseconds.
const KEPT_MS: i64 = 90 * 24 * 60 * 60_000;
const FORGET_MS: i64 = 60 * 60_000;

/// The weight of a machine that can ask people, when the next list is chosen.
const CALLBACK_WEIGHT: i64 = 16;
/// A deadline within the first time is near, and its history is read again after the second, in milliseconds.
const DEADLINE_MS: i64 = 10 * 60_000;
const NEAR_MS: i64 = 10_000;

/// How many histories are read before they are written.
const TOGETHER: usize = 64;

/// How many events an execution has, and its status.
type Extent = (u64, ExecutionStatus);
/// What an execution has, and its record where it was read.
type Followed = (Extent, Option<Arc<Record>>);

/// The order in which histories are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    LookedAt,
    New,
    NearDeadline,
    Other,
}

impl Watch {
    /// Reads, and publishes the changes. A failure keeps the last reading, with the problem beside it. What IAM denies, or
    /// what is gone meanwhile, is missing from a reading that counts all the same: the tally of calls says what is denied.
    pub(super) async fn round(&self) {
        if let Err(error) = self.open().await {
            tracing::error!(%error, "what was read before cannot be used");
        }
        let before = self.snapshot();
        let mut after = (*before).clone();
        let mut moved = Moved::default();
        match self.look(&mut after, &mut moved).await {
            Ok(()) => {
                after.problem = None;
                after.data_at = Some(self.now());
            }
            Err(ReadError::Call(error)) => {
                if is_partial(&error) {
                    after.data_at = Some(self.now());
                }
                let is_told_elsewhere = is_partial(&error) && (error.is_denied() || error.is_missing());
                after.problem = (!is_told_elsewhere).then_some(error);
            }
            // Errors of a single execution do not get here.
            Err(error) => tracing::error!(%error, "a round of the watch failed"),
        }
        let mut topics = changed(&before, &after);
        topics.extend(topics_of(&moved));
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        self.changes.publish(topics);
    }

    /// Each part goes on where another one failed, as long as the connection answers. Returns the first failure.
    async fn look(&self, snapshot: &mut Snapshot, moved: &mut Moved) -> Result<(), ReadError> {
        let mut first = First::default();
        self.look_at_people(moved).await?;
        first.note(self.look_at_machines(snapshot, moved).await)?;
        first.note(self.look_at_tags(snapshot).await)?;
        first.note(self.look_at_lists(snapshot, moved).await)?;
        first.note(self.look_at_histories(snapshot).await)?;
        self.forget_old(moved).await?;
        first.result()?;
        Ok(self.index.read_whole(&self.connection.id, self.now()).await?)
    }

    /// AWS keeps an execution for 90 days after its end: from then on it cannot be shown.
    async fn forget_old(&self, moved: &mut Moved) -> Result<(), ReadError> {
        if self.connection.about.kind != ConnectionKind::Aws {
            return Ok(());
        }
        let now = self.now();
        let is_due = lock(&self.forgot_at).is_none_or(|at| now - at >= FORGET_MS);
        if is_due {
            moved.and(self.index.forget_ended_before(&self.connection.id, now - KEPT_MS).await?);
            *lock(&self.forgot_at) = Some(now);
        }
        Ok(())
    }

    /// Tells the index which activities people answer, where that has changed.
    async fn look_at_people(&self, moved: &mut Moved) -> Result<(), ReadError> {
        let people = lock(&self.for_people).clone();
        if lock(&self.for_people_kept).as_ref() != Some(&people) {
            moved.inbox |= self.index.activities_for_people(&self.connection.id, &people).await?;
            *lock(&self.for_people_kept) = Some(people);
        }
        Ok(())
    }

    fn take(&self, api: Api) -> bool {
        lock(&self.pace).take(api, self.now())
    }

    async fn look_at_machines(&self, snapshot: &mut Snapshot, moved: &mut Moved) -> Result<(), ReadError> {
        if !self.take(Api::ListStateMachines) {
            return Ok(());
        }
        let listed = reading::list_machines(self).await?;
        let there: BTreeSet<&str> = listed.iter().map(|machine| machine.arn.as_str()).collect();
        if snapshot.machines.keys().any(|arn| !there.contains(arn.as_str())) {
            snapshot.machines.retain(|arn, _| there.contains(arn.as_str()));
            let kept: Vec<String> = snapshot.machines.keys().cloned().collect();
            moved.and(self.index.keep_only(&self.connection.id, &kept).await?);
        }
        let asked: Vec<String> = std::mem::take(&mut *lock(&self.stale));
        let may_age = if self.connection.about.kind == ConnectionKind::Aws { DEFINITION_MS } else { 0 };
        let mut due: Vec<(i64, &String)> = listed
            .iter()
            .map(|listed| {
                (snapshot.machines.get(&listed.arn).map_or(i64::MIN, |known| known.described_at), &listed.arn)
            })
            .filter(|(at, arn)| at.saturating_add(may_age) <= self.now() || asked.contains(arn))
            .collect();
        due.sort_unstable();
        // Owned, because a stream of futures that borrow from its items is not known to be `Send`.
        let due: Vec<(String, Option<Machine>)> = due
            .into_iter()
            .take_while(|_| self.take(Api::DescribeStateMachine))
            .map(|(_, arn)| (arn.clone(), snapshot.machines.get(arn).cloned()))
            .collect();
        let read = stream::iter(due)
            .map(|(arn, known)| async move {
                let machine = reading::describe_machine(self, &arn, known.as_ref()).await;
                (arn, machine)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut first = First::default();
        for (arn, machine) in read {
            let machine = match machine {
                Ok(machine) => machine,
                Err(error) => {
                    first.note(Err(error))?;
                    // It stays as it was described last; one that never was is known by its name alone.
                    let listed = listed.iter().find(|machine| machine.arn == arn).map(Machine::listed);
                    let Some(machine) = snapshot.machines.get(&arn).cloned().or(listed) else { continue };
                    machine.not_described(self.now())
                }
            };
            let known = snapshot.machines.get(&machine.arn);
            let is_new = known.is_none_or(|known| {
                known.revision_id != machine.revision_id || !Arc::ptr_eq(&known.definition, &machine.definition)
            });
            if is_new {
                self.index.keep_machine(&self.connection.id, &machine).await?;
            }
            snapshot.machines.insert(machine.arn.clone(), machine);
        }
        first.result()
    }

    /// The lists of executions, those first that have waited the longest. Those of a machine that can ask people count for
    /// more: a new request is in the inbox soon.
    async fn look_at_lists(&self, snapshot: &Snapshot, moved: &mut Moved) -> Result<(), ReadError> {
        let now = self.now();
        let mut due: Vec<(i64, String)> = {
            let mut following = lock(&self.following);
            following.keep_machines(&snapshot.machines);
            let urgency = |one: &following::Followed| {
                let weight = if can_wait(snapshot, &one.list.machine_arn) { CALLBACK_WEIGHT } else { 1 };
                now.saturating_sub(one.listed_at).saturating_mul(weight)
            };
            following.lists.iter().map(|(arn, one)| (urgency(one), arn.clone())).collect()
        };
        due.sort_by(|a, b| b.cmp(a));
        let _turn = self.turn.lock().await;
        let due = due.into_iter().take_while(|_| self.take(Api::ListExecutions)).map(|(_, arn)| arn).collect();
        self.read_lists(due, moved).await
    }

    /// Running executions that can wait for a person, those that somebody looks at, and, once, the newest failures.
    async fn look_at_histories(&self, snapshot: &Snapshot) -> Result<(), ReadError> {
        let failed =
            self.index.failures(&self.connection.id, &Sight::default(), self.now() - NEWS_MS, FAILURES).await?;
        let failed: Vec<String> = failed.into_iter().filter(|one| !one.settled).map(|one| one.summary.arn).collect();
        // Those that somebody looked at are read already.
        let read = failed.iter().filter_map(|arn| self.known_record(arn)).filter(|record| record.is_settled());
        let read: Vec<Arc<Record>> = read.map(|record| self.guarded(record)).collect();
        self.write(&read).await;
        let mut looked_at: BTreeSet<String> = lock(&self.watched).keys().cloned().collect();
        looked_at.extend(failed);
        let (attention, mut due) = {
            let following = lock(&self.following);
            let running = following.running.iter().filter(|(_, one)| can_wait(snapshot, &one.machine_arn));
            let running: BTreeSet<&String> = running.map(|(arn, _)| arn).collect();
            let attention = self.attention(looked_at, running.len());
            let all = running.into_iter().chain(attention.iter());
            let due = all.filter_map(|arn| {
                let open = following.running.get(arn);
                let read_at = open.and_then(|open| open.fetched_at);
                let fetched_at = self.known_record(arn).map(|record| record.fetched_at).max(read_at);
                let deadline = open.and_then(|open| open.due);
                let priority = self.priority(&attention, arn, fetched_at, deadline)?;
                Some((priority, fetched_at.unwrap_or(i64::MIN), arn.clone()))
            });
            let due: Vec<(Priority, i64, String)> = due.collect();
            (attention, due)
        };
        due.sort_unstable();
        due.dedup();
        let due = due.into_iter().map(|(.., arn)| arn).take_while(|_| self.take(Api::GetExecutionHistory));
        let due: Vec<String> = due.collect();
        let mut first = First::default();
        let (moved, result) = self.read_histories(due.clone()).await;
        self.changes.publish(moved);
        first.note(result)?;
        first.note(self.look_at_resting(&attention, &due).await)?;
        first.note(self.look_at_ended(&attention).await)?;
        first.result()
    }

    /// Reads executions; returns the topics of those that changed, and whether the connection answered. One that cannot be
    /// read does not affect the others.
    pub(super) async fn read_histories(&self, due: Vec<String>) -> (Vec<Topic>, Result<(), ReadError>) {
        let (mut moved, mut result) = (Vec::new(), Ok(()));
        for some in due.chunks(TOGETHER) {
            let listed = match self.index.listed_as(&self.connection.id, some).await {
                Ok(listed) => listed,
                Err(error) => return (moved, Err(error.into())),
            };
            let listed: HashMap<String, Summary> = listed.into_iter().map(|one| (one.arn.clone(), one)).collect();
            // Owned, because a stream of futures that borrow from its items is not known to be `Send`.
            let some: Vec<(String, Option<Summary>)> =
                some.iter().map(|arn| (arn.clone(), listed.get(arn).cloned())).collect();
            let read = stream::iter(some)
                .map(|(arn, summary)| async move {
                    let before = self.extent(&arn);
                    let read = self.follow(&arn, before, summary).await;
                    (arn, before, read)
                })
                .buffer_unordered(AT_ONCE)
                .collect::<Vec<_>>()
                .await;
            let mut records = Vec::new();
            for (arn, before, read) in read {
                match read {
                    Ok((now, record)) => {
                        records.extend(record);
                        moved.extend((before != Some(now)).then_some(Topic::Execution(arn)));
                    }
                    Err(ReadError::Call(error)) if error.is_passing() => result = Err(error.into()),
                    Err(error) => tracing::debug!(%error, "an execution could not be read"),
                }
            }
            self.write(&records).await;
        }
        (moved, result)
    }

    /// Reads an execution's history, if there is anything new in it; returns its extent, and the record that is to be
    /// written. One whose record is not kept any more is looked at by its newest event first, and so is every one where a
    /// call more costs less than to fold and to write what is known already.
    async fn follow(&self, arn: &str, before: Option<Extent>, summary: Option<Summary>) -> Result<Followed, ReadError> {
        let can_be_asked_often = lock(&self.pace).close_ms.is_some();
        if let Some((events, ExecutionStatus::Running)) = before
            && (can_be_asked_often || self.known_record(arn).is_none())
            && reading::has_only(self, arn, events).await?
            && let Some(extent) = self.still_has(arn, events)
        {
            return Ok((extent, None));
        }
        let (record, is_new) = self.read_if_older(Reader::Round, arn, 0, summary).await?;
        let extent = (u64::try_from(record.events.len()).unwrap_or(u64::MAX), record.description.status);
        Ok((extent, is_new.then_some(record)))
    }

    /// Notes that a running execution has nothing new. A deadline that has passed changes what the same events mean.
    fn still_has(&self, arn: &str, events: u64) -> Option<(u64, ExecutionStatus)> {
        let now = self.now();
        let mut following = lock(&self.following);
        let open = following.running.get_mut(arn).filter(|open| open.due.is_none_or(|due| due > now))?;
        open.fetched_at = Some(now);
        Some((events, ExecutionStatus::Running))
    }

    /// The priority of an execution's next reading; `None` if it is not due.
    fn priority(
        &self,
        attention: &Attention,
        arn: &str,
        fetched_at: Option<i64>,
        deadline: Option<i64>,
    ) -> Option<Priority> {
        let Some(fetched_at) = fetched_at else { return Some(Priority::New) };
        let age = self.now() - fetched_at;
        if let Some(is_due) = attention.is_due(arn, age) {
            return is_due.then_some(Priority::LookedAt);
        }
        let is_near = deadline.is_some_and(|deadline| deadline <= self.now() + DEADLINE_MS);
        Some(if is_near && age >= NEAR_MS { Priority::NearDeadline } else { Priority::Other })
    }
}

/// The first failure of several parts, each of which goes on without the others.
#[derive(Default)]
pub(super) struct First(Option<ReadError>);

impl First {
    /// Notes how a part ended. Returns the failure where the connection is away, since nothing else would succeed, and where
    /// the fault is not the connection's.
    pub(super) fn note(&mut self, result: Result<(), ReadError>) -> Result<(), ReadError> {
        match result {
            Err(ReadError::Call(error)) if !error.is_passing() || error.is_throttled() => {
                self.0.get_or_insert(ReadError::Call(error));
                Ok(())
            }
            other => other,
        }
    }

    pub(super) fn result(self) -> Result<(), ReadError> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Whether a round that failed so still read the rest: it knows its machines, and the connection answered.
const fn is_partial(error: &CallError) -> bool {
    !error.is_passing() && !matches!(error.api, Api::ListStateMachines)
}

/// Whether the executions of this machine can wait for a person.
pub(super) fn can_wait(snapshot: &Snapshot, machine_arn: &str) -> bool {
    snapshot.machines.get(machine_arn).is_some_and(|machine| machine.definition.can_wait())
}

/// The topics whose pages would show something else now.
fn changed(before: &Snapshot, after: &Snapshot) -> Vec<Topic> {
    let definitions = |snapshot: &Snapshot| {
        let machines = snapshot.machines.values();
        machines
            .map(|machine| (machine.arn.clone(), machine.definition.text.len(), machine.revision_id.clone()))
            .collect::<Vec<_>>()
    };
    let workflows = definitions(before) != definitions(after);
    let health = before.problem != after.problem || before.data_at.is_none() != after.data_at.is_none();
    [(Topic::Workflows, workflows), (Topic::Executions, workflows), (Topic::Frame, health), (Topic::Health, health)]
        .into_iter()
        .filter_map(|(topic, changed)| changed.then_some(topic))
        .collect()
}

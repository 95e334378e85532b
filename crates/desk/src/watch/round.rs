//! One round of the watch: read as much as the quotas allow, the oldest data first, and publish the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use futures::stream::{self, StreamExt};

use super::reading::Reader;
use super::{Children, Machine, Snapshot, Waiting, Watch, lock, reading};
use crate::connection::{Api, ConnectionKind, Summary};
use crate::error::ReadError;
use crate::news::Topic;

/// The most concurrent calls.
const AT_ONCE: usize = 8;
/// The greatest age of a definition on AWS, in milliseconds: nobody deploys twice a minute.
const DEFINITION_MS: i64 = 60_000;
/// How long after its end (milliseconds) a failure is news.
pub const NEWS_MS: i64 = 24 * 60 * 60 * 1_000;
/// The most failures whose reason is read.
const FAILURES: usize = 12;

/// The weight of a machine that can ask people, when the next list is chosen.
const CALLBACK_WEIGHT: i64 = 16;
/// A deadline within the first time is near, and its history is read again after the second, in milliseconds.
const DEADLINE_MS: i64 = 10 * 60_000;
const NEAR_MS: i64 = 10_000;

/// The order in which histories are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    LookedAt,
    New,
    NearDeadline,
    Other,
}

impl Watch {
    /// Reads, and publishes the changes. A failure keeps the last reading, with the problem beside it.
    pub(super) async fn round(&self) {
        let before = self.snapshot();
        let mut after = (*before).clone();
        match self.look(&mut after).await {
            Ok(()) => {
                after.problem = None;
                after.data_at = Some(self.now());
            }
            Err(ReadError::Call(error)) => after.problem = Some(error),
            // Errors of a single execution do not get here.
            Err(error) => tracing::error!(%error, "a round of the watch failed"),
        }
        let topics = changed(&before, &after);
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        self.changes.publish(topics);
    }

    async fn look(&self, snapshot: &mut Snapshot) -> Result<(), ReadError> {
        self.look_at_machines(snapshot).await?;
        self.look_at_executions(snapshot).await?;
        self.look_at_map_runs(snapshot).await?;
        let before = self.snapshot();
        let new = snapshot.executions.values().flatten().filter(|one| before.summary(&one.arn).is_none());
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) =
            new.map(|one| (one.arn.clone(), one.clone())).collect();
        self.look_at_histories(snapshot).await
    }

    fn take(&self, api: Api) -> bool {
        lock(&self.pace).take(api, self.now())
    }

    async fn look_at_machines(&self, snapshot: &mut Snapshot) -> Result<(), ReadError> {
        if !self.take(Api::ListStateMachines) {
            return Ok(());
        }
        let listed = reading::list_machines(self).await?;
        let there: BTreeSet<&str> = listed.iter().map(|machine| machine.arn.as_str()).collect();
        snapshot.machines.retain(|arn, _| there.contains(arn.as_str()));
        snapshot.executions.retain(|arn, _| there.contains(arn.as_str()));
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
            .map(|(arn, known)| async move { reading::describe_machine(self, &arn, known.as_ref()).await })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for machine in read {
            let machine = machine?;
            snapshot.machines.insert(machine.arn.clone(), machine);
        }
        Ok(())
    }

    /// The executions of the machines, those first that have waited the longest. Those of a machine that can ask people
    /// count for more: a new request is in the inbox soon.
    async fn look_at_executions(&self, snapshot: &mut Snapshot) -> Result<(), ReadError> {
        let now = self.now();
        let urgency = |machine: &Machine| {
            let weight = if machine.definition.can_wait() { CALLBACK_WEIGHT } else { 1 };
            now.saturating_sub(machine.listed_at).saturating_mul(weight)
        };
        let mut due: Vec<&Machine> = snapshot.machines.values().collect();
        due.sort_by_key(|machine| std::cmp::Reverse(urgency(machine)));
        let due = due.into_iter().take_while(|_| self.take(Api::ListExecutions));
        let known = |arn: &str| snapshot.executions.get(arn).cloned().unwrap_or_default();
        let due: Vec<(Machine, Vec<Summary>)> = due.map(|machine| (machine.clone(), known(&machine.arn))).collect();
        let read = stream::iter(due)
            .map(|(machine, known)| async move {
                let listed = reading::list_executions(self, &machine, &known).await;
                (machine.arn, listed)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (arn, listed) in read {
            let listed = listed?;
            snapshot.executions.insert(arn.clone(), listed.executions);
            if let Some(machine) = snapshot.machines.get_mut(&arn) {
                machine.listed_at = self.now();
                if listed.running {
                    machine.running_listed_at = machine.listed_at;
                }
            }
        }
        Ok(())
    }

    /// The children of the Map Runs that are open, as far as their parents were read.
    async fn look_at_map_runs(&self, snapshot: &mut Snapshot) -> Result<(), ReadError> {
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        for summary in snapshot.executions.values().flatten().filter(|one| one.ended_at.is_none()) {
            let Some(record) = self.known_record(&summary.arn) else { continue };
            open.extend(record.open_map_runs().into_iter().map(|map_run| (map_run, summary.arn.clone())));
        }
        snapshot.children.retain(|map_run, _| open.contains_key(map_run));
        let mut due: Vec<(i64, String, String)> = open
            .into_iter()
            .map(|(map_run, parent)| {
                let listed = snapshot.children.get(&map_run).map_or(i64::MIN, |children| children.listed_at);
                (listed, map_run, parent)
            })
            .collect();
        due.sort_unstable();
        let due: Vec<_> = due.into_iter().take_while(|_| self.take(Api::ListExecutions)).collect();
        let read = stream::iter(due)
            .map(|(_, map_run, parent)| async move {
                let listed = reading::list_children(self, &map_run).await;
                (map_run, parent, listed)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (map_run, parent_arn, running) in read {
            let listed_at = self.now();
            snapshot.children.insert(map_run, Children { parent_arn, running: running?, listed_at });
        }
        Ok(())
    }

    /// Running executions that can wait for a person, those that somebody looks at, and, once, the newest failures.
    async fn look_at_histories(&self, snapshot: &mut Snapshot) -> Result<(), ReadError> {
        let running = can_wait(snapshot);
        let failed = snapshot.failed_since(self.now() - NEWS_MS).into_iter().take(FAILURES);
        let failed: Vec<String> = failed.map(|one| one.arn.clone()).collect();
        let mut watched: BTreeSet<String> = lock(&self.watched).keys().cloned().collect();
        watched.extend(failed.iter().filter(|arn| !self.known_record(arn).is_some_and(|one| one.ended())).cloned());
        let looked_at: BTreeSet<&String> = watched.iter().collect();
        let mut due: Vec<(Priority, i64, &String)> = running
            .union(&watched)
            .filter_map(|arn| {
                let (fetched_at, deadline) = self.last_reading(arn).unwrap_or((i64::MIN, None));
                let priority = self.priority(looked_at.contains(arn), fetched_at, deadline)?;
                Some((priority, fetched_at, arn))
            })
            .collect();
        due.sort_unstable();
        let due = due.into_iter().map(|(.., arn)| arn.clone()).take_while(|_| self.take(Api::GetExecutionHistory));
        let due: Vec<String> = due.collect();
        let moved = self.read_histories(due).await?;
        self.gather_waiting(snapshot, &running);
        let reason = |arn: String| self.known_record(&arn)?.reason().map(|reason| (arn, reason));
        snapshot.reasons = failed.into_iter().filter_map(reason).collect();
        self.changes.publish(moved);
        Ok(())
    }

    /// Reads executions; returns the topics of those that changed. One that cannot be read does not affect the others.
    async fn read_histories(&self, due: Vec<String>) -> Result<Vec<Topic>, ReadError> {
        let read = stream::iter(due)
            .map(|arn| async move {
                let before = self.extent(&arn);
                (before, self.record_not_older(Reader::Round, &arn, 0).await)
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut moved = Vec::new();
        for (before, record) in read {
            match record {
                Ok(record) if before != Some((record.events.len(), record.description.status)) => {
                    moved.push(Topic::Execution(record.description.arn.clone()));
                }
                Ok(_) => {}
                Err(ReadError::Call(error)) if error.is_passing() => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "an execution could not be read"),
            }
        }
        Ok(moved)
    }

    /// The priority of an execution's next reading; `None` if it is not due.
    fn priority(&self, is_looked_at: bool, fetched_at: i64, deadline: Option<i64>) -> Option<Priority> {
        if fetched_at == i64::MIN {
            return Some(Priority::New);
        }
        let age = self.now() - fetched_at;
        if is_looked_at {
            // Shortly before it is older than a page may show.
            let fresh_ms = lock(&self.pace).fresh_ms;
            return (age >= fresh_ms * 3 / 4).then_some(Priority::LookedAt);
        }
        let is_near = deadline.is_some_and(|deadline| deadline <= self.now() + DEADLINE_MS);
        Some(if is_near && age >= NEAR_MS { Priority::NearDeadline } else { Priority::Other })
    }

    /// When an execution was read last, and the earliest deadline of its requests.
    fn last_reading(&self, arn: &str) -> Option<(i64, Option<i64>)> {
        let earliest = |waits: &[Waiting]| waits.iter().filter_map(|wait| wait.due).min();
        if let Some(record) = self.known_record(arn) {
            return Some((record.fetched_at, earliest(record.waits())));
        }
        lock(&self.open).get(arn).map(|open| (open.fetched_at, earliest(&open.waits)))
    }

    /// Forgets what is not running any more, and its tokens where its record is gone.
    fn forget_ended(&self, running: &BTreeSet<String>) {
        let ended: Vec<String> = {
            let mut open = lock(&self.open);
            let ended = open.keys().filter(|arn| !running.contains(*arn)).cloned().collect();
            open.retain(|arn, _| running.contains(arn));
            ended
        };
        for arn in ended.into_iter().filter(|arn| self.known_record(arn).is_none()) {
            self.tokens.remove(&arn);
        }
    }

    fn gather_waiting(&self, snapshot: &mut Snapshot, running: &BTreeSet<String>) {
        snapshot.waiting.clear();
        self.forget_ended(running);
        let open = lock(&self.open);
        for (arn, reading) in open.iter() {
            let parent_arn = snapshot.parent_of(arn).map(str::to_owned);
            let waiting = self.waiting_in(&reading.waits).into_iter();
            let waiting = waiting.map(|wait| Waiting { parent_arn: parent_arn.clone(), ..wait });
            snapshot.waiting.extend(waiting);
        }
        drop(open);
        snapshot.sort_waiting();
    }
}

/// The running executions that can wait for a person: those whose definition says so, and the children of their Map Runs.
fn can_wait(snapshot: &Snapshot) -> BTreeSet<String> {
    let machines = snapshot
        .executions
        .iter()
        .filter(|(machine, _)| snapshot.machines.get(*machine).is_some_and(|machine| machine.definition.can_wait()));
    let children = snapshot.children.values().flat_map(|children| &children.running);
    let all = machines.flat_map(|(_, executions)| executions).chain(children);
    all.filter(|one| one.ended_at.is_none()).map(|one| one.arn.clone()).collect()
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
    let executions = before.executions != after.executions || before.reasons != after.reasons;
    let inbox = before.waiting != after.waiting;
    let health = before.problem != after.problem || before.data_at.is_none() != after.data_at.is_none();
    [
        (Topic::Workflows, workflows || executions),
        (Topic::Executions, executions || inbox),
        (Topic::Inbox, inbox),
        (Topic::Frame, inbox || health),
        (Topic::Health, health),
    ]
    .into_iter()
    .filter_map(|(topic, changed)| changed.then_some(topic))
    .collect()
}

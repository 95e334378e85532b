//! What rules do at times of their own: reminders, escalations, the decision once a request is due, and heartbeats.
//!
//! Each look goes through what waits. What was done is on record once, whatever ends meanwhile: reminders and escalations by
//! their milestones, decisions as those of people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::decide::{DecideError, decide_by_rule};
use super::policy::{Policies, Policy};
use super::timing::Times;
use super::who::Approvers;
use crate::actor::Actor;
use crate::connection::Fault;
use crate::desk::Desk;
use crate::error::Error;
use crate::index::Sight;
use crate::news::Topic;
use crate::redact::MARK;
use crate::store::{Act, Deed};
use crate::watch::{RequestKey, Waiting};

/// The pause between two looks, and where tasks get heartbeats, which may be due every second.
const PAUSE: Duration = Duration::from_secs(5);
const BEAT_PAUSE: Duration = Duration::from_secs(1);
/// Requests that are read at a time.
const PAGE: u32 = 500;

/// What the looks of this process remember.
#[derive(Debug, Default)]
pub struct Keeper {
    /// When each task last got a heartbeat, and how often it needs one, in milliseconds.
    beats: Mutex<BTreeMap<RequestKey, (i64, i64)>>,
    /// Milestones that are known to be on record, and failures that are in the log.
    known: Mutex<BTreeSet<(RequestKey, String)>>,
}

impl Keeper {
    /// Notes something about a request; returns whether it is new.
    fn is_new(&self, request: &RequestKey, what: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((request.clone(), what.to_owned()))
    }

    /// Forgets what no longer waits.
    fn keep_only(&self, waiting: &BTreeSet<RequestKey>) {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).retain(|request, _| waiting.contains(request));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|(request, _)| waiting.contains(request));
    }

    /// Whether a task needs a heartbeat at `now`; unknown before the first one.
    fn needs_beat(&self, request: &RequestKey, now: i64) -> bool {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.get(request).is_none_or(|(last, every)| now - last >= *every)
    }

    fn beat(&self, request: &RequestKey, now: i64, every: i64) {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).insert(request.clone(), (now, every));
    }
}

impl Policy {
    /// Whether the rule does anything at a time of its own.
    #[must_use]
    pub fn keeps_time(&self) -> bool {
        self.heartbeat || self.on_due.is_some() || !self.remind.is_empty() || !self.escalate.is_empty()
    }
}

impl Desk {
    /// Does what rules ask for at times of their own, until `end`.
    #[expect(clippy::disallowed_methods, reason = "the timer of the looks; a test looks without the loop")]
    pub(crate) async fn keep_rules(&self, end: &CancellationToken) {
        loop {
            if let Err(error) = self.keep_rules_once().await {
                tracing::error!(%error, "the rules of requests could not be kept");
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(self.pause_of_rules()) => {}
            }
        }
    }

    /// How long until the next look: one through 10,000 requests costs something.
    fn pause_of_rules(&self) -> Duration {
        let policies = self.folder().policies();
        if policies.values().flat_map(BTreeMap::values).any(|policy| policy.heartbeat) { BEAT_PAUSE } else { PAUSE }
    }

    /// One look at everything that waits.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(crate) async fn keep_rules_once(&self) -> Result<(), Error> {
        let policies = self.folder().policies();
        let keeps_time = policies.values().flat_map(BTreeMap::values).any(Policy::keeps_time);
        // Nothing is done on a connection that is only looked at.
        if !keeps_time || self.permit_deciding(&Actor::Program, "").is_err() {
            return Ok(());
        }
        let (mut after, mut waiting) = (None, BTreeSet::new());
        loop {
            let page = self.index().inbox(self.id(), &Sight::default(), after, PAGE).await?;
            for wait in &page.rows {
                let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
                if let Some(policy) = policy.filter(|policy| policy.keeps_time()) {
                    let request = (wait.execution_arn.clone(), wait.event);
                    if let Err(error) = self.keep(&policies, policy, wait, &request).await
                        && self.keeper().is_new(&request, &error.to_string())
                    {
                        tracing::warn!(%error, execution = %wait.execution_arn, "the rule of a request could not be kept");
                    }
                    waiting.insert(request);
                }
            }
            after = page.more;
            if after.is_none() {
                break;
            }
        }
        self.keeper().keep_only(&waiting);
        Ok(())
    }

    /// What the rule of one request asks for now.
    async fn keep(
        &self,
        policies: &Policies,
        policy: &Policy,
        wait: &Waiting,
        request: &RequestKey,
    ) -> Result<(), DecideError> {
        let (now, times) = (self.now(), Times::of(Some(policy), wait.since));
        let is_due = times.due.is_some_and(|due| due <= now);
        if let (true, Some(outcome)) = (is_due, &policy.on_due) {
            decide_by_rule(self.courier(), policies, (&request.0, request.1), outcome).await?;
            return Ok(());
        }
        for (index, _) in times.reminders.iter().enumerate().filter(|(_, at)| !is_due && **at <= now) {
            let what = format!("reminder {}", index + 1);
            self.reach(wait, request, &what, Deed::Reminded, String::new()).await?;
        }
        for (index, (_, to)) in times.escalations.iter().enumerate().filter(|(_, (at, _))| *at <= now) {
            let what = format!("escalation {}", index + 1);
            self.reach(wait, request, &what, Deed::Escalated, names(to)).await?;
        }
        if policy.heartbeat && !is_due && wait.obstacle.is_none() {
            self.beat(request).await;
        }
        Ok(())
    }

    /// Puts something that a rule did on record, once.
    async fn reach(
        &self,
        wait: &Waiting,
        request: &RequestKey,
        what: &str,
        deed: Deed,
        detail: String,
    ) -> Result<(), DecideError> {
        if !self.keeper().is_new(request, what) {
            return Ok(());
        }
        let act = Act {
            deed,
            workflow: Some(wait.workflow.clone()),
            execution_arn: Some(wait.execution_arn.clone()),
            event: Some(wait.event),
            detail,
            person_id: Actor::Program.id().to_owned(),
            person_name: Actor::Program.name().to_owned(),
            at: self.now(),
        };
        if self.store().reached(self.id(), (&request.0, request.1), what, &act).await? {
            self.watch().changes.publish([Topic::Execution(wait.execution_arn.clone()), Topic::Inbox]);
        }
        Ok(())
    }

    /// Sends a heartbeat, at a third of the time that the task allows between two.
    async fn beat(&self, request: &RequestKey) {
        let (now, (arn, event)) = (self.now(), request);
        if !self.keeper().needs_beat(request, now) {
            return;
        }
        let record = match self.watch().known_record(arn) {
            Some(record) => record,
            None => match self.watch().record(arn).await {
                Ok(record) => record,
                Err(error) => return tracing::debug!(%error, execution = %arn, "no heartbeat: it cannot be read"),
            },
        };
        let Some((every, token)) = record.heartbeat_of(*event).zip(record.token(*event)) else { return };
        match self.watch().connection.calls.send_task_heartbeat(&token).await {
            Ok(()) => self.keeper().beat(request, now, every / 3),
            Err(error) => {
                let error = error.without(&token, MARK);
                if matches!(error.fault, Fault::TaskClosed { .. }) {
                    // It has ended: the next round sees how.
                    self.keeper().beat(request, now, every / 3);
                    self.watch().nudge();
                }
                tracing::debug!(%error, execution = %arn, "a heartbeat was not accepted");
            }
        }
    }
}

fn names(approvers: &Approvers) -> String {
    approvers.groups.iter().chain(&approvers.people).cloned().collect::<Vec<_>>().join(", ")
}

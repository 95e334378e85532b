//! What rules do at times of their own: reminders, escalations, the decision once a request is due, and heartbeats.
//!
//! The index knows when the rule of each request acts next; each look takes those whose time has come. What was done is on record once, whatever ends meanwhile: reminders and escalations by
//! their milestones, decisions as those of people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::decide::{DecideError, Means, decide_by_rule};
use super::policy::{Policies, Policy};
use super::shown;
use super::timing::Times;
use super::who::Approvers;
use crate::actor::Actor;
use crate::connection::Fault;
use crate::desk::Desk;
use crate::error::Error;
use crate::index::Ruled;
use crate::news::Topic;
use crate::redact::MARK;
use crate::store::{Act, Deed};
use crate::watch::{Record, RequestKey, Waiting};

/// The pause between two looks, which are cheap: the index knows which rules act next.
const PAUSE: Duration = Duration::from_secs(1);
/// How long until a rule that could not be kept is tried again, and the pause between two heartbeats at the least.
const AGAIN_MS: i64 = 5_000;
const BEAT_MS: i64 = 1_000;
/// Requests that are read at a time.
const PAGE: u32 = 500;
/// Milestones that are remembered, at most, and for how long heartbeats are.
const KNOWN: usize = 50_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

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

    /// Forgets what was long ago.
    fn forget(&self, before: i64) {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (last, _)| *last >= before);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The store knows what is on record: this only saves asking it.
        if known.len() > KNOWN {
            known.clear();
        }
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
    /// When the rule does something next, after `now`; at most one heartbeat's pause from it where it sends them.
    fn acts_at(&self, since: i64, now: i64) -> Option<i64> {
        let times = Times::of(Some(self), since);
        let is_due = times.due.is_some_and(|due| due <= now);
        let due = times.due.filter(|_| self.on_due.is_some());
        let beat = (self.heartbeat && !is_due).then(|| now.saturating_add(BEAT_MS));
        let all = times.reminders.iter().copied().chain(times.escalations.iter().map(|(at, _)| *at)).chain(due);
        all.filter(|at| *at > now).chain(beat).min()
    }
}

/// The version of all rules.
fn version(policies: &Policies) -> String {
    let each = policies.iter().flat_map(|(workflow, states)| {
        states.iter().map(move |(state, policy)| {
            format!("{workflow}\n{state}\n{}\n", policy.version.as_deref().unwrap_or_default())
        })
    });
    shown::version(&each.collect::<String>())
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
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// One look: at requests that are new, and at those whose rule acts.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(crate) async fn keep_rules_once(&self) -> Result<(), Error> {
        let policies = self.folder().policies();
        self.index().rules_are(self.id(), &version(&policies)).await?;
        self.count_times(&policies).await?;
        // Nothing is done on a connection that is only looked at.
        if self.permit_deciding(&Actor::Program, "").is_err() {
            return Ok(());
        }
        loop {
            let acting = self.index().acted_on(self.id(), self.now(), PAGE).await?;
            if acting.is_empty() {
                break;
            }
            let mut ruled = Vec::with_capacity(acting.len());
            for wait in &acting {
                let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
                let kept = match policy {
                    Some(policy) => self.keep_one(&policies, policy, wait).await,
                    None => true,
                };
                let mut next = of_rule(policy, wait, self.now());
                if !kept {
                    let again = self.now().saturating_add(AGAIN_MS);
                    next.acts_at = Some(next.acts_at.map_or(again, |at| at.min(again)));
                }
                ruled.push(next);
            }
            self.index().ruled(self.id(), &ruled).await?;
        }
        self.keeper().forget(self.now().saturating_sub(DAY_MS));
        Ok(())
    }

    /// Counts the times of requests that are new, or whose rules are.
    async fn count_times(&self, policies: &Policies) -> Result<(), Error> {
        loop {
            let new = self.index().unruled(self.id(), PAGE).await?;
            if new.is_empty() {
                return Ok(());
            }
            let of = |wait: &Waiting| {
                let policy = policies.get(&wait.workflow).and_then(|states| states.get(&wait.state));
                // What should have been done before is done at the next look.
                of_rule(policy, wait, wait.since.saturating_sub(BEAT_MS))
            };
            let ruled: Vec<Ruled> = new.iter().map(of).collect();
            if self.index().ruled(self.id(), &ruled).await? {
                self.watch().changes.publish([Topic::Inbox]);
            }
        }
    }

    /// Keeps the rule of one request; returns whether that is done.
    async fn keep_one(&self, policies: &Policies, policy: &Policy, wait: &Waiting) -> bool {
        let request = (wait.execution_arn.clone(), wait.event);
        let Err(error) = self.keep(policies, policy, wait, &request).await else { return true };
        if self.keeper().is_new(&request, &error.to_string()) {
            tracing::warn!(%error, execution = %wait.execution_arn, "the rule of a request could not be kept");
        }
        false
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
            // Somebody chose in time, alone or for many, and may still take it back: then the rule is asked again.
            let within = (self.id(), request.0.as_str(), request.1);
            if !self.store().held(within).await?.is_empty() || self.store().is_about_to_be_decided(within).await? {
                return Err(DecideError::Held);
            }
            let eyes = |actor: &Actor, record: &Record| self.eyes_on(actor, record);
            let means = Means { courier: self.courier(), policies, eyes: &eyes };
            decide_by_rule(means, (&request.0, request.1), outcome).await?;
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

/// What a rule says of the times of a request, seen from `now`.
fn of_rule(policy: Option<&Policy>, wait: &Waiting, now: i64) -> Ruled {
    Ruled {
        request: (wait.execution_arn.clone(), wait.event),
        due: Times::of(policy, wait.since).due,
        kept_alive: policy.is_some_and(|policy| policy.heartbeat),
        acts_at: policy.and_then(|policy| policy.acts_at(wait.since, now)),
    }
}

fn names(approvers: &Approvers) -> String {
    approvers.groups.iter().chain(&approvers.people).cloned().collect::<Vec<_>>().join(", ")
}

//! Runs that were confirmed: carrying them out, taking a run over requests back in its time, and going on after the end of
//! the program.
//!
//! A list of decisions is held as a single one is: for as long as this desk holds choices, the person can take all of it back
//! or send it at once. Then each request is decided by itself, and what the end of the program interrupts goes on by itself.

use std::sync::Arc;

use crate::actor::Actor;
use crate::approvals::{HandError, NotDecided};
use crate::desk::Desk;
use crate::error::Error;
use crate::news::Topic;
use crate::policy::Denied;
use crate::store::{Act, BulkOutcome, BulkRun, Deed, Maker, Refusal, Verb};

use super::{Bulk, BulkError};

impl Desk {
    /// Carries a run out that a page showed with the hash `seen`, or goes on with it. It does not wait for the end. A run of
    /// decisions waits until it can no longer be taken back.
    ///
    /// # Errors
    /// There is no such run, the page showed another list, or the policy refuses it.
    pub async fn carry_out(self: &Arc<Self>, actor: &Actor, id: &str, seen: &str) -> Result<(), Error> {
        let bulk = self.whole_bulk(actor, id).await?;
        self.may_carry_out(actor, &bulk)?;
        if bulk.run.hash != seen {
            return Err(BulkError::Changed.into());
        }
        if bulk.run.ended_at.is_some() {
            return Ok(());
        }
        let now = self.now();
        let until = match bulk.run.begun_at {
            Some(_) => bulk.run.until,
            None => self.held_until(actor, &bulk.run, now),
        };
        self.store().confirm_run(id, now, Maker::of(actor).as_ref(), until).await?;
        if until.is_some_and(|until| until > now) {
            self.watch().changes.publish([Topic::Inbox]);
            self.holding().ring();
            return Ok(());
        }
        self.go_on(actor, id);
        Ok(())
    }

    /// Until when a run that is confirmed at `now` can be taken back. What a program chooses is not held.
    fn held_until(&self, actor: &Actor, run: &BulkRun, now: i64) -> Option<i64> {
        let is_held = run.verb == Verb::Decide && matches!(actor, Actor::Person(_)) && self.undo_ms() > 0;
        is_held.then(|| now.saturating_add(self.undo_ms()))
    }

    /// Takes back that one's own run of decisions was confirmed: nothing of it was decided, and it can be confirmed again.
    ///
    /// # Errors
    /// There is no such run, or its time is over.
    pub async fn take_run_back(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let Bulk { run, items, .. } = self.whole_bulk(actor, id).await?;
        self.permit_changes(actor)?;
        let open = items.iter().filter(|item| item.outcome.is_none()).count();
        let act = Act {
            deed: Deed::TookBack,
            workflow: None,
            execution_arn: None,
            event: None,
            detail: format!("{}: {open} requests", run.choice.map(|choice| choice.label).unwrap_or_default()),
            person_id: actor.id().to_owned(),
            person_name: actor.name().to_owned(),
            at: self.now(),
        };
        if !self.store().take_run_back(self.id(), id, self.now(), &act).await? {
            return Err(HandError::NotHeld.into());
        }
        self.watch().changes.publish([Topic::Inbox]);
        Ok(())
    }

    /// Begins with one's own run of decisions before its time is over.
    ///
    /// # Errors
    /// There is no such run, or it is not confirmed or has ended.
    pub async fn send_run_now(self: &Arc<Self>, actor: &Actor, id: &str) -> Result<(), Error> {
        let Bulk { run, .. } = self.whole_bulk(actor, id).await?;
        self.permit_changes(actor)?;
        if run.verb != Verb::Decide || run.begun_at.is_none() || run.ended_at.is_some() {
            return Err(HandError::NotHeld.into());
        }
        self.go_on(actor, id);
        Ok(())
    }

    /// Refuses everybody on a connection that is only looked at, and tokens that only read.
    pub(super) fn permit_changes(&self, actor: &Actor) -> Result<(), Denied> {
        let denied = self.permit_deciding(actor, "").err();
        denied
            .filter(|denied| denied.is_read_only() || denied.is_by(crate::policy::rule::READS_ONLY))
            .map_or(Ok(()), Err)
    }

    /// Goes on with the runs of decisions whose time is over; returns when the next one's is.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn resume_runs_once(self: &Arc<Self>) -> Result<Option<i64>, Error> {
        if self.about().read_only {
            return Ok(None);
        }
        let now = self.now();
        let mut next: Option<i64> = None;
        for run in self.store().confirmed_runs(self.id()).await? {
            match run.until.filter(|until| *until > now && run.going_at.is_none()) {
                Some(until) => next = Some(next.map_or(until, |next| next.min(until))),
                None => self.resume(&run).await?,
            }
        }
        Ok(next)
    }

    /// Goes on with a run as whoever confirmed it is now.
    async fn resume(self: &Arc<Self>, run: &BulkRun) -> Result<(), Error> {
        let Some(maker) = &run.maker else { return Ok(()) };
        match (self.still(&maker.person).await?, maker.scope) {
            (Some(person), None) => self.go_on(&Actor::Person(person), &run.id),
            (Some(person), Some(scope)) => self.go_on(&Actor::Bearer(person, scope), &run.id),
            (None, _) => self.refuse_run(run).await?,
        }
        Ok(())
    }

    /// Ends a run whose person may no longer sign in.
    async fn refuse_run(&self, run: &BulkRun) -> Result<(), Error> {
        let Some((_, items)) = self.store().run(self.id(), &run.id).await? else { return Ok(()) };
        let outcome = BulkOutcome::Refused(Refusal::Decision(Box::new(NotDecided::NotSignedIn)));
        for (number, _) in items.iter().enumerate().filter(|(_, item)| item.outcome.is_none()) {
            self.store().set_outcome(&run.id, number, &outcome).await?;
        }
        self.store().end_run(&run.id, self.now()).await?;
        self.watch().changes.publish([Topic::Inbox]);
        Ok(())
    }
}

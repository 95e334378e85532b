//! Choices that can be taken back for a while before they go on record.
//!
//! A choice is checked and kept in the store as soon as it is made; so none is lost, whatever ends meanwhile. Once its time
//! is over it is checked again, as every choice, and becomes a vote or the decision.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::decide::{By, Look, Means, look};
use super::outcomes::find;
use super::{Choice, DecideError, Decided, HandError, Policy, votes};
use crate::actor::{Actor, Person};
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::news::Topic;
use crate::people;
use crate::store::{Deed, Held, StoreError, Vote};

/// The longest time for which a choice may be held, in seconds.
pub const LONGEST_UNDO: u32 = 300;
/// The longest pause between two looks: a choice whose first try failed is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// For how long choices are held, and the bell for a new one.
#[derive(Debug, Default)]
pub struct Holding {
    /// Milliseconds; none is held where it is 0.
    pub undo_ms: i64,
    new: Notify,
}

impl Holding {
    /// Holds each choice for so long.
    #[must_use]
    pub fn for_ms(undo_ms: i64) -> Self {
        Self { undo_ms, new: Notify::new() }
    }

    /// Has the timer look again: there is something new to wait for.
    pub fn ring(&self) {
        self.new.notify_one();
    }
}

impl Desk {
    /// Makes a choice that can be taken back for as long as this desk holds choices; where it holds none, decides at once.
    ///
    /// # Errors
    /// Those of [`Desk::decide`].
    pub async fn choose(&self, actor: &Actor, request: (&str, u64), choice: &Choice) -> Result<Decided, Error> {
        let Actor::Person(person) = actor else { return self.decide(actor, request, choice).await };
        if self.holding().undo_ms == 0 {
            return self.decide(actor, request, choice).await;
        }
        self.permit_choosing(actor, request)?;
        let policies = self.folder().policies();
        let eyes = |actor: &Actor, record: &_| self.eyes_on(actor, record);
        let means = Means { courier: self.courier(), policies: &policies, eyes: &eyes };
        let held = self.hold(means, person, request, choice).await;
        let held = self.on_record(actor, request, held).await?;
        self.published(request.0);
        self.holding().ring();
        Ok(held)
    }

    async fn hold(
        &self,
        means: Means<'_>,
        person: &Person,
        (arn, event): (&str, u64),
        choice: &Choice,
    ) -> Result<Decided, DecideError> {
        let actor = Actor::Person(person.clone());
        let ready = match look(means, By::Person(&actor), (arn, event), choice).await? {
            Look::Ended(decided) => return Ok(decided),
            Look::Open(ready) => ready,
        };
        let (courier, asking) = (means.courier, ready.asking(means.policies));
        let votes = self.store().votes(self.id(), arn, event).await?;
        let is_own = |vote: &Vote| vote.choice.person_id == person.id && vote.choice.outcome.id == choice.outcome;
        if votes.iter().any(is_own) {
            return Ok(Decided::Voted(votes));
        }
        let who = votes::who(courier, &asking, &actor).await?;
        votes::may_choose(courier, &asking, &who, &actor, &votes)?;
        let others = self.store().held((self.id(), arn, event)).await?;
        if let Some(own) = others.iter().find(|held| held.person.id == person.id) {
            return Ok(Decided::Held(Box::new(own.clone())));
        }
        if let Some(other) = deciding(asking.policy, &votes, &others) {
            return Ok(Decided::HeldByAnother(Box::new(other.clone())));
        }
        let now = self.now();
        let held = Held {
            execution_arn: arn.to_owned(),
            event,
            workflow: ready.new.workflow.clone(),
            title: ready.new.title.clone(),
            person: person.clone(),
            choice: choice.clone(),
            outcome: ready.outcome.name.clone(),
            at: now,
            until: now.saturating_add(self.holding().undo_ms),
        };
        if self.store().hold(self.id(), &held).await? {
            return Ok(Decided::Held(Box::new(held)));
        }
        // Somebody decided meanwhile, or this person clicked twice.
        let own = self.store().held((self.id(), arn, event)).await?;
        if let Some(own) = own.into_iter().find(|held| held.person.id == person.id) {
            return Ok(Decided::Held(Box::new(own)));
        }
        match look(means, By::Person(&actor), (arn, event), choice).await? {
            Look::Ended(decided) => Ok(decided),
            Look::Open(_) => Err(DecideError::Changed),
        }
    }

    /// Takes one's own choice back before it goes on record.
    ///
    /// # Errors
    /// There is none any more, or the store failed.
    pub async fn take_back(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<(), Error> {
        self.permit_choosing(actor, (arn, event))?;
        let request = (self.id(), arn, event);
        let held = self.store().held(request).await?.into_iter().find(|held| held.person.id == actor.id());
        let Some(held) = held else { return Err(HandError::NotHeld.into()) };
        let detail = format!("{}: {}", held.outcome.label, held.title);
        let act = self.act_about(actor, Deed::TookBack, (arn, event), &held.workflow, detail);
        if !self.store().take_back(request, actor.id(), self.now(), &act).await? {
            return Err(HandError::NotHeld.into());
        }
        self.published(arn);
        Ok(())
    }

    /// Puts one's own choice on record now.
    ///
    /// # Errors
    /// There is none any more, or those of [`Desk::decide`].
    pub async fn send_now(&self, actor: &Actor, (arn, event): (&str, u64)) -> Result<Decided, Error> {
        self.permit_choosing(actor, (arn, event))?;
        let held = self.store().held((self.id(), arn, event)).await?;
        let held = held.into_iter().find(|held| held.person.id == actor.id()).ok_or(HandError::NotHeld)?;
        // From here on it cannot be taken back.
        if !self.store().ripen((self.id(), arn, event), actor.id(), self.now()).await? {
            return Err(HandError::NotHeld.into());
        }
        self.settle(&held).await
    }

    /// Puts choices on record whose time is over, single ones and lists, until `end`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the timer of choices that are held; a test settles without the loop"
    )]
    pub(crate) async fn settle_held(self: &Arc<Self>, end: &CancellationToken) {
        loop {
            let (held, runs) = (self.settle_held_once().await, self.resume_runs_once().await);
            let known = |next: Result<Option<i64>, Error>| {
                next.unwrap_or_else(|error| {
                    tracing::error!(%error, "choices that are held could not be read");
                    None
                })
            };
            let next = [known(held.map_err(Error::from)), known(runs)].into_iter().flatten().min();
            let wait = next.map(|until| u64::try_from(until - self.now()).unwrap_or(0));
            let pause = wait.map_or(PAUSE, |ms| Duration::from_millis(ms).min(PAUSE));
            tokio::select! {
                () = end.cancelled() => return,
                () = self.holding().new.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Puts choices on record whose time is over; returns when the next one's is. One that failed is tried again after a pause.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn settle_held_once(&self) -> Result<Option<i64>, StoreError> {
        // Nothing is done on a connection that is only looked at.
        if self.about().read_only {
            return Ok(None);
        }
        let now = self.now();
        let all = self.store().all_held(self.id()).await?;
        let (over, open): (Vec<Held>, Vec<Held>) = all.into_iter().partition(|held| held.until <= now);
        for held in over {
            if let Err(error) = self.settle(&held).await {
                tracing::warn!(%error, execution = %held.execution_arn, "a choice that was held is not on record");
            }
        }
        Ok(open.first().map(|held| held.until))
    }

    /// Puts a choice on record. Where it can never be, it is let go, and the record says why.
    async fn settle(&self, held: &Held) -> Result<Decided, Error> {
        let request = (held.execution_arn.as_str(), held.event);
        let whole = (self.id(), request.0, request.1);
        let actor = match self.still(&held.person).await? {
            Some(person) => Actor::Person(person),
            None => {
                let actor = Actor::Person(held.person.clone());
                let why = format!("{}: they may no longer sign in", held.outcome.label);
                let act = self.act_about(&actor, Deed::Refused, request, &held.workflow, why);
                self.store().let_go(whole, &held.person.id, Some(&act)).await?;
                self.published(request.0);
                return Err(HandError::NotHeld.into());
            }
        };
        let decided = self.decide_at(&actor, request, &held.choice, Some(held.at)).await;
        if decided.as_ref().is_err_and(passes) {
            return decided;
        }
        let why = match &decided {
            Ok(decided) if decided.was_in_time() => None,
            Ok(_) => Some(format!("{}: the request was closed before", held.outcome.label)),
            // What the rule refuses is on record.
            Err(Error::Denied(_) | Error::Decide(DecideError::NotAllowed(_))) => None,
            Err(error) => Some(format!("{}: {error}", held.outcome.label)),
        };
        let act = why.map(|why| self.act_about(&actor, Deed::Refused, request, &held.workflow, why));
        self.store().let_go(whole, &held.person.id, act.as_ref()).await?;
        self.published(request.0);
        decided
    }

    /// The person as they are now; `None` where they may no longer sign in.
    pub(crate) async fn still(&self, person: &Person) -> Result<Option<Person>, StoreError> {
        let users = self.store().users().await?;
        // Where nobody signs in, the people are always there.
        if users.is_empty() {
            return Ok(Some(person.clone()));
        }
        let same = users.iter().find(|user| user.id == person.id && !user.disabled);
        Ok(same.map(people::person))
    }

    /// Pages with this execution and the inbox are told to look again.
    pub(crate) fn published(&self, arn: &str) {
        self.watch().changes.publish([Topic::Execution(arn.to_owned()), Topic::Inbox]);
    }

    /// For how many milliseconds a choice can be taken back; 0 where it is on record at once.
    #[must_use]
    pub const fn undo_ms(&self) -> i64 {
        self.holding().undo_ms
    }
}

/// Whether a choice is tried again later that failed so: the store or the connection is away.
pub(crate) fn passes(error: &Error) -> bool {
    match error {
        Error::Store(_) | Error::Decide(DecideError::Store(_)) => true,
        Error::Read(error) | Error::Decide(DecideError::Read(error)) => {
            matches!(error, ReadError::Call(error) if error.is_passing())
        }
        _ => false,
    }
}

/// The choice among those that are held that is the decision, unless it is taken back.
pub(crate) fn deciding<'h>(policy: Option<&Policy>, votes: &[Vote], held: &'h [Held]) -> Option<&'h Held> {
    held.iter().find(|held| {
        let outcome = find(policy, &held.outcome.id);
        outcome.is_some_and(|outcome| votes::completes(policy, &outcome, votes, &held.person.groups))
    })
}

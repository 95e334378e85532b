//! Deciding many requests with one outcome: the exact list with what the choice would come to for each, and each decision.
//!
//! Each is decided as one from its own page: by the same path, with the same rules, and bound to what was shown of it when
//! the list was made. What somebody else looks after, or may still take back, is left to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;

use super::{BulkError, MOST, Subject, refused};
use crate::actor::Actor;
use crate::approvals::answer::Words;
use crate::approvals::asked::words;
use crate::approvals::decide::{By, Look, Means, Ready, before, checked_comment, look_at};
use crate::approvals::outcomes::{Chosen, find, outcomes};
use crate::approvals::shown::shown;
use crate::approvals::who::needed;
use crate::approvals::{Choice, DecideError, Decided, NotDecided, Policies, Policy, deciding, read, votes};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::starting::refuse_express;
use crate::store::{BulkItem, BulkOutcome, BulkRequest, BulkRun, Effect, Refusal, StoreError, Verb, Vote};
use crate::watch::{Record, RequestKey};

/// Requests that are looked at side by side while a list is made.
const ABREAST: usize = 4;

/// A request as it was found for a list.
struct Found {
    item: BulkItem,
    /// The outcomes that a list may choose for it.
    offers: Vec<Chosen>,
    lacks: Option<Lack>,
}

/// What stands against the whole list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    Outcome,
    Comment,
}

/// What a choice would come to for a request.
enum Weighed {
    Would(Chosen, Effect),
    Not(NotDecided),
    Lacks(Lack),
}

impl Desk {
    /// Makes a list of these requests, for which an outcome is to be chosen; returns its id. Nothing is decided yet. `fitted`
    /// is how many there were to choose from, where the list was not picked one by one.
    ///
    /// # Errors
    /// Nothing was chosen or too much, not every request has the outcome, a comment is missing, the actor may decide none of
    /// them, or the store fails.
    pub async fn prepare_decisions(
        &self,
        actor: &Actor,
        (outcome, comment): (&str, &str),
        requests: &[RequestKey],
        fitted: u64,
    ) -> Result<String, Error> {
        self.sight(actor)?;
        self.permit_changes(actor)?;
        let choice = Choice::of(outcome, comment);
        let comment = checked_comment(&choice)?;
        let requests = distinct(requests)?;
        let policies = self.folder().policies();
        let mut found = Vec::with_capacity(requests.len());
        for some in requests.chunks(ABREAST) {
            let mut looking = Vec::with_capacity(ABREAST);
            for key in some {
                looking.push(self.found(actor, &policies, &choice, key));
            }
            for one in join_all(looking).await {
                found.push(one?);
            }
        }
        let name = found.iter().flat_map(|one| &one.offers).find(|name| name.id == outcome);
        let name = name.cloned().unwrap_or_else(|| Chosen::of(outcome));
        check_all(&found, &name)?;
        let items: Vec<BulkItem> = found.into_iter().map(|one| one.item).collect();
        may_decide_any(&items)?;
        let fitted = fitted.max(items.len() as u64);
        let id = self.keep_list(actor, (Verb::Decide, Some(name)), comment, &items, fitted).await?;
        for item in items.iter().filter(|item| item.outcome.is_none()) {
            if let Some(request) = &item.request {
                self.saw(actor, (&item.execution_arn, request.event), &item.workflow, &request.title).await;
            }
        }
        Ok(id)
    }

    /// The outcomes that a list may choose for some of these states of workflows, each once.
    #[must_use]
    pub fn offered<'s>(&self, states: impl IntoIterator<Item = (&'s str, &'s str)>) -> Vec<Chosen> {
        let policies = self.folder().policies();
        let states: BTreeSet<(&str, &str)> = states.into_iter().collect();
        let mut all: Vec<Chosen> = Vec::new();
        for (workflow, state) in states {
            for one in offers(policy_of(&policies, workflow, state)) {
                if !all.iter().any(|known| known.id == one.id) {
                    all.push(one);
                }
            }
        }
        all
    }

    /// One request, with what was found about it alone.
    async fn found(
        &self,
        actor: &Actor,
        policies: &Policies,
        choice: &Choice,
        key: &RequestKey,
    ) -> Result<Found, Error> {
        let workflow = workflow_of(&key.0).unwrap_or_default().to_owned();
        let item = BulkItem { execution_arn: key.0.clone(), workflow, request: None, outcome: None };
        let mut found = Found { item, offers: Vec::new(), lacks: None };
        if let Err(error) = self.look_into(actor, policies, choice, key, &mut found).await {
            found.item.outcome = Some(BulkOutcome::Refused(refused(error)?));
        }
        Ok(found)
    }

    async fn look_into(
        &self,
        actor: &Actor,
        policies: &Policies,
        choice: &Choice,
        (arn, event): &RequestKey,
        found: &mut Found,
    ) -> Result<(), Error> {
        if !workflow_of(arn).is_some_and(|workflow| self.sees(actor, workflow)) {
            found.item.outcome = Some(BulkOutcome::Refused(Refusal::Gone));
            return Ok(());
        }
        refuse_express(arn)?;
        self.permit_choosing(actor, (arn, *event))?;
        // What the inbox shows was read before: a decision reads it again.
        let record = match self.watch().known_record(arn) {
            Some(record) => record,
            None => self.watch().record(arn).await?,
        };
        let no_request = || ReadError::NoRequest { execution_arn: arn.clone(), event: *event };
        let state = record.state_of(*event).ok_or_else(no_request)?.to_owned();
        found.item.workflow = record.workflow().to_owned();
        let policy = policy_of(policies, record.workflow(), &state);
        found.offers = offers(policy);
        let eyes = self.eyes_on(actor, &record);
        let text = eyes.text(&record.request(*event));
        let reading = read(policies, record.workflow(), &state, &text);
        let mut request = BulkRequest {
            event: *event,
            state,
            title: reading.title,
            facts: reading.fields,
            shown: shown(&text, policy.and_then(|policy| policy.version.as_deref())),
            whole: eyes.see_all(),
            would: None,
        };
        let weighed = self.weigh(actor, policies, record, *event, choice).await;
        match weighed {
            Ok(Weighed::Would(name, effect)) => request.would = Some((name, effect)),
            Ok(Weighed::Not(why)) => found.item.outcome = Some(not(why)),
            Ok(Weighed::Lacks(lack)) => found.lacks = Some(lack),
            Err(error) => found.item.outcome = Some(BulkOutcome::Refused(refused(error)?)),
        }
        found.item.request = Some(request);
        Ok(())
    }

    /// What a choice would come to for a request, as it was read.
    async fn weigh(
        &self,
        actor: &Actor,
        policies: &Policies,
        record: Arc<Record>,
        event: u64,
        choice: &Choice,
    ) -> Result<Weighed, Error> {
        let eyes = |actor: &Actor, record: &Record| self.eyes_on(actor, record);
        let means = Means { courier: self.courier(), policies, eyes: &eyes };
        let ready = match ready(means, actor, record, event, choice).await? {
            Ok(ready) => ready,
            Err(weighed) => return Ok(weighed),
        };
        let (asking, request) = (ready.asking(policies), (ready.new.execution_arn.as_str(), event));
        let votes = self.store().votes(self.id(), request.0, event).await?;
        let who = votes::who(means.courier, &asking, actor).await?;
        votes::may_choose(means.courier, &asking, &who, actor, &votes).map_err(DecideError::from)?;
        if let Some(why) = self.left_to(actor, asking.policy, &votes, request).await? {
            return Ok(Weighed::Not(why));
        }
        if let Some(why) = self.would_break(actor, &ready).await {
            return Ok(Weighed::Not(why));
        }
        let groups = votes::groups(Some(&who), actor);
        let effect = if votes::completes(asking.policy, &ready.outcome, &votes, groups) {
            Effect::Decides
        } else {
            let people = votes::voters(&ready.outcome, &votes).len() + 1;
            Effect::Counts { people, needed: needed(asking.policy, &ready.outcome) }
        };
        Ok(Weighed::Would(ready.outcome.name.clone(), effect))
    }

    /// Why a request is left to somebody: they look after it, or their choice is held.
    async fn left_to(
        &self,
        actor: &Actor,
        policy: Option<&Policy>,
        votes: &[Vote],
        (arn, event): (&str, u64),
    ) -> Result<Option<NotDecided>, StoreError> {
        let within = (self.id(), arn, event);
        let claim = self.store().claimed(within).await?.filter(|claim| claim.person_id != actor.id());
        if let Some(claim) = claim {
            return Ok(Some(NotDecided::Claimed { person: claim.person_name }));
        }
        let held = self.store().held(within).await?;
        if let Some(own) = held.iter().find(|held| held.person.id == actor.id()) {
            return Ok(Some(NotDecided::held(own, true)));
        }
        Ok(deciding(policy, votes, &held).map(|held| NotDecided::held(held, false)))
    }

    /// Why the execution would fail with the answer. On its own page the request can be decided all the same.
    async fn would_break(&self, actor: &Actor, ready: &Ready) -> Option<NotDecided> {
        let (form, comment) = (ready.new.form.clone(), ready.new.comment.clone());
        let words = Words { form, comment, ..self.before_the_click(actor, &ready.outcome, &ready.request) };
        let ahead = self.foresee_one(actor, &ready.record, ready.new.event, &ready.outcome, words).await;
        ahead.warnings.into_iter().next().map(NotDecided::Breaks)
    }

    /// Decides one request of a run that was confirmed.
    pub(super) async fn decide_one(&self, actor: &Actor, run: &BulkRun, item: &BulkItem) -> Result<BulkOutcome, Error> {
        let (Some(outcome), Some(request)) = (&run.choice, &item.request) else {
            return Ok(BulkOutcome::Refused(Refusal::Gone));
        };
        let key = (item.execution_arn.as_str(), request.event);
        let policies = self.folder().policies();
        let policy = policy_of(&policies, &item.workflow, &request.state);
        let votes = self.store().votes(self.id(), key.0, key.1).await?;
        if let Some(why) = self.left_to(actor, policy, &votes, key).await? {
            return Ok(not(why));
        }
        let choice = Choice { shown: Some(request.shown.clone()), ..Choice::of(&outcome.id, &run.reason) };
        let decided = self.decide_at(actor, key, &choice, run.begun_at).await?;
        Ok(match decided {
            // What the end of the program kept from being noted.
            Decided::Recorded(_) | Decided::Repeated(_) => BulkOutcome::Chosen(Effect::Decides),
            Decided::Voted(votes) => {
                let same = votes.iter().filter(|vote| vote.choice.outcome.id == outcome.id).count();
                let needed = find(policy, &outcome.id).map_or(same, |outcome| needed(policy, &outcome));
                BulkOutcome::Chosen(Effect::Counts { people: same, needed })
            }
            other => not(NotDecided::after(other).unwrap_or(NotDecided::Changed)),
        })
    }

    /// Leaves of a request in a list what the actor may see now: its words were made of the payload.
    pub(super) fn veil(&self, actor: &Actor, item: &mut BulkItem) {
        let Some(request) = &mut item.request else { return };
        let eyes = self.eyes(actor, &item.workflow);
        if eyes.see_all() || (!request.whole && !eyes.see_nothing()) {
            // A token may have been found since.
            request.title = eyes.text(&request.title);
            request.facts.iter_mut().for_each(|(_, value)| *value = eyes.text(value));
        } else {
            request.title = words(&request.state);
            request.facts.clear();
        }
    }
}

/// A choice that was checked, all but whether this person may make it; or why there is none.
async fn ready(
    means: Means<'_>,
    actor: &Actor,
    record: Arc<Record>,
    event: u64,
    choice: &Choice,
) -> Result<Result<Box<Ready>, Weighed>, Error> {
    let arn = record.description.arn.clone();
    let looked = match before(means.courier, actor, (&arn, event), choice).await? {
        Some(decided) => Ok(Look::Ended(decided)),
        None => look_at(means, By::Person(actor), record, event, choice).await,
    };
    Ok(match looked {
        Ok(Look::Open(ready)) if ready.outcome.has_no_fields() => Ok(ready),
        Ok(Look::Open(_)) => Err(Weighed::Not(NotDecided::NeedsFields)),
        Ok(Look::Ended(decided)) => Err(Weighed::Not(NotDecided::after(decided).unwrap_or(NotDecided::Changed))),
        Err(DecideError::NoOutcome { .. }) => Err(Weighed::Lacks(Lack::Outcome)),
        Err(DecideError::NoComment(_)) => Err(Weighed::Lacks(Lack::Comment)),
        Err(error) => return Err(error.into()),
    })
}

/// The chosen requests in their order, each once.
fn distinct(requests: &[RequestKey]) -> Result<Vec<&RequestKey>, BulkError> {
    let mut seen = BTreeSet::new();
    let requests: Vec<&RequestKey> = requests.iter().filter(|key| seen.insert(*key)).collect();
    let (of, chosen) = (Subject::Requests, requests.len());
    match chosen {
        0 => Err(BulkError::Nothing(of)),
        _ if chosen > MOST as usize => Err(BulkError::TooMany { of, chosen, limit: MOST }),
        _ => Ok(requests),
    }
}

fn not(why: NotDecided) -> BulkOutcome {
    BulkOutcome::Refused(Refusal::Decision(Box::new(why)))
}

fn policy_of<'p>(policies: &'p Policies, workflow: &str, state: &str) -> Option<&'p Policy> {
    policies.get(workflow).and_then(|states| states.get(state))
}

/// The outcomes that a list may choose: those without fields of their own.
fn offers(policy: Option<&Policy>) -> Vec<Chosen> {
    outcomes(policy).into_iter().filter(|outcome| outcome.has_no_fields()).map(|outcome| outcome.name).collect()
}

/// Refuses a list of which not all have the outcome, or some need a comment.
fn check_all(found: &[Found], name: &Chosen) -> Result<(), BulkError> {
    let lack = |lack: Lack| found.iter().filter(|one| one.lacks == Some(lack)).count();
    let without = lack(Lack::Outcome);
    if without > 0 {
        let mut open = found.iter().filter(|one| one.item.outcome.is_none()).map(|one| &one.offers);
        let first = open.next().cloned().unwrap_or_default();
        let rest: Vec<&Vec<Chosen>> = open.collect();
        let has_all = |id: &str| rest.iter().all(|offers| offers.iter().any(|one| one.id == id));
        let common = first.into_iter().filter(|one| has_all(&one.id)).map(|one| one.label).collect();
        return Err(BulkError::NotCommon { given: name.label.clone(), without, common });
    }
    match lack(Lack::Comment) {
        0 => Ok(()),
        needing => Err(BulkError::NoComment { outcome: name.label.clone(), needing }),
    }
}

/// Refuses a list of which the actor may decide nothing, for the reason that the first one has.
fn may_decide_any(items: &[BulkItem]) -> Result<(), Error> {
    let mut first = None;
    for item in items {
        let why = match &item.outcome {
            Some(BulkOutcome::Refused(Refusal::Policy(denied))) => Error::Denied(denied.clone()),
            Some(BulkOutcome::Refused(Refusal::Decision(why))) => match &**why {
                NotDecided::NotAllowed(why) => Error::Decide(why.clone().into()),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        first = first.or(Some(why));
    }
    first.map_or(Ok(()), Err)
}

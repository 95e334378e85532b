//! Deciding: check, record, send.

use std::sync::Arc;
use std::time::Duration;

use countersign_json::Json;
use serde::{Deserialize, Serialize};

use super::answer::{self, AnswerError, Words};
use super::courier::Courier;
use super::form::{FieldFault, FormField};
use super::outcome::{Closed, closed};
use super::outcomes::{Outcome, find, outcomes};
use super::policy::{Policies, Policy, read};
use super::shown::shown;
use super::votes::{self, Asking, Entry, Who};
use super::who::NotAllowed;
use crate::actor::Actor;
use crate::error::ReadError;
use crate::eyes::Eyes;
use crate::policy::Action;
use crate::redact::WITHHELD;
use crate::store::{Bound, Decision, Held, NewDecision, StoreError, Vote};
use crate::watch::{Obstacle, Record};

/// The most characters of a comment.
const COMMENT: usize = 2_000;
/// How long a decision waits for a new reading before it is recorded, and how long the response to the form waits for the
/// delivery: together less than a second.
const ASK: Duration = Duration::from_millis(400);
const REPLY: Duration = Duration::from_millis(400);

/// What the record says of a decision that a rule made.
pub const BY_RULE: &str = "Nobody had decided by the time it was due.";

/// What deciding is done with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub courier: &'a Courier,
    pub policies: &'a Policies,
    /// What a person sees of an execution's payloads.
    pub eyes: &'a (dyn Fn(&Actor, &Record) -> Eyes + Send + Sync),
}

/// Who decides: a person, within the rule; the rule itself, once the request is due; or an administrator, past the rule.
#[derive(Clone, Copy)]
pub enum By<'a> {
    Person(&'a Actor),
    Rule,
    PastTheRule(&'a Actor),
}

impl<'a> By<'a> {
    const fn actor(self) -> &'a Actor {
        match self {
            Self::Person(actor) | Self::PastTheRule(actor) => actor,
            Self::Rule => &Actor::Program,
        }
    }

    /// What the decision is bound by.
    const fn bound_by(self, who: &Who) -> Option<&Who> {
        match self {
            Self::Person(_) => Some(who),
            Self::Rule | Self::PastTheRule(_) => None,
        }
    }
}

/// What a person chose, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The id of an outcome.
    pub outcome: String,
    pub comment: String,
    /// What was typed into the outcome's form, by the names of its fields.
    pub typed: Vec<(String, String)>,
    /// The hash of what was shown, where the person was shown something; see [`super::shown`].
    pub shown: Option<String>,
}

impl Choice {
    /// An outcome without a form.
    #[must_use]
    pub fn of(outcome: &str, comment: &str) -> Self {
        Self { outcome: outcome.to_owned(), comment: comment.to_owned(), typed: Vec::new(), shown: None }
    }
}

/// The outcome of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The decision is recorded.
    Recorded(Box<Decision>),
    /// The choice is on record, and the request needs more people: these chose so far.
    Voted(Vec<Vote>),
    /// The same actor made the same choice before: it is the same decision.
    Repeated(Box<Decision>),
    /// The task has another decision: somebody else's or, if `own`, this actor's other choice.
    Earlier { decision: Box<Decision>, own: bool },
    /// Something else closed the task.
    Closed(Closed),
    /// The choice can be taken back for a while; then it goes on record.
    Held(Box<Held>),
    /// Somebody else's choice, which would decide, can be taken back for a while.
    HeldByAnother(Box<Held>),
}

impl Decided {
    /// The outcome of `actor`'s `choice` for a task that has the decision `before`.
    fn after(before: Box<Decision>, actor: &Actor, choice: &Choice) -> Self {
        let own = before.decision.person_id == actor.id();
        let same_choice = before.decision.outcome.id == choice.outcome;
        if own && same_choice { Self::Repeated(before) } else { Self::Earlier { decision: before, own } }
    }

    /// Whether the choice is the recorded one.
    #[must_use]
    pub const fn was_in_time(&self) -> bool {
        matches!(self, Self::Recorded(_) | Self::Repeated(_) | Self::Voted(_) | Self::Held(_))
    }
}

/// Why a request was not decided. Nothing is recorded then.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The comment has too many characters.
    #[error("the comment has {characters} characters; the limit is {limit}")]
    CommentTooLong { characters: usize, limit: usize },
    /// The request has no such outcome; these are its own.
    #[error("there is no outcome {given:?}")]
    NoOutcome { given: String, known: Vec<String> },
    /// The outcome asks for a comment.
    #[error("the outcome {0} needs a comment")]
    NoComment(String),
    /// The form has mistakes.
    #[error("the form of {outcome} has mistakes")]
    Form { outcome: String, faults: Vec<FieldFault> },
    /// The form's schema in the manifest has mistakes.
    #[error("the form of {outcome} of {state} in {workflow} cannot be shown: {why}")]
    Schema { workflow: String, state: String, outcome: String, why: String },
    /// The request or its rule is not what the person was shown.
    #[error("the request or its rule has changed since it was shown")]
    Changed,
    /// Somebody chose in time and may take it back.
    #[error("a choice is held")]
    Held,
    /// The event does not belong to a task whose token is known.
    #[error("event {event} of {execution_arn} cannot be answered from here")]
    NotAnswerable { execution_arn: String, event: u64 },
    /// The task waits but cannot be answered from here.
    #[error("the task cannot be answered from here: {0:?}")]
    Obstructed(Obstacle),
    /// The rule does not let this person decide.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error(transparent)]
    NotShown(#[from] NotShown),
    /// The manifest's answer could not be evaluated.
    #[error("the answer of {state} in {workflow} could not be made: {why}")]
    Answer { workflow: String, state: String, why: AnswerError },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a request cannot be shown. A request that is not shown cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NotShown {
    #[error("it may contain a task token that could not be found")]
    Withheld,
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("{0}")]
    NotJson(String),
}

/// A choice that was checked, and the request as it was read for it.
pub struct Ready {
    pub record: Arc<Record>,
    /// The redacted request.
    pub request: String,
    pub outcome: Outcome,
    pub new: NewDecision,
}

impl Ready {
    /// The request with its rule.
    pub fn asking<'a>(&'a self, policies: &'a Policies) -> Asking<'a> {
        let policy = policies.get(&self.new.workflow).and_then(|states| states.get(&self.new.state));
        Asking { policy, record: &self.record, event: self.new.event, request: &self.request }
    }
}

/// What a choice came to before anybody asked whether this person may make it.
pub enum Look {
    /// The request was closed or decided before.
    Ended(Decided),
    Open(Box<Ready>),
}

/// Records a decision and sends it. It is recorded before any call that may take long; the response waits at most 400 ms for
/// the delivery. What was chosen `at` a time before is on record with that time.
///
/// # Errors
/// The comment is too long, there is no such task, it cannot be shown, or the connection or the store does not answer.
/// Nothing is recorded then.
pub async fn decide(
    means: Means<'_>,
    by: By<'_>,
    request: (&str, u64),
    choice: &Choice,
    at: Option<i64>,
) -> Result<Decided, DecideError> {
    let (courier, actor) = (means.courier, by.actor());
    let mut ready = match look(means, by, request, choice).await? {
        Look::Ended(decided) => return Ok(decided),
        Look::Open(ready) => ready,
    };
    if let Some(at) = at {
        ready.new.decided_at = at;
    }
    let who = votes::who(courier, &ready.asking(means.policies), actor).await?;
    if let By::PastTheRule(actor) = by {
        votes::may(courier, &ready.asking(means.policies), &who, actor, Action::BreakGlass)
            .map_err(NotAllowed::Denied)?;
        ready.new.bound.broke_glass = true;
    }
    let bound_by = by.bound_by(&who);
    let absent = bound_by.and_then(|who| who.stands_for.as_ref());
    ready.new.bound.stands_for = absent.map(|absent| (absent.id.clone(), absent.name.clone()));
    let asking = ready.asking(means.policies);
    let decision = match votes::cast(courier, &asking, bound_by, &ready.outcome, actor, &ready.new).await? {
        Entry::New(decision) => decision,
        Entry::Before(before) => return Ok(Decided::after(before, actor, choice)),
        Entry::Voted(votes) => return Ok(Decided::Voted(votes)),
    };
    let (arn, event) = request;
    tracing::info!(execution = arn, event, person = actor.id(), outcome = choice.outcome, "a decision is on record");
    courier.watch.answered(arn, event).await;
    let sending = tokio::spawn({
        let (courier, decision) = (courier.clone(), decision.clone());
        async move { courier.send(&decision).await }
    });
    // A delivery that takes longer continues in its task, and the page updates itself.
    let _ = tokio::time::timeout(REPLY, sending).await;
    Ok(Decided::Recorded(decision))
}

/// Records and sends what a rule decides of a request that is due: the outcome with its form as it is at first.
///
/// # Errors
/// Those of [`decide`].
pub async fn decide_by_rule(
    means: Means<'_>,
    (arn, event): (&str, u64),
    outcome: &str,
) -> Result<Decided, DecideError> {
    let known = means.courier.watch.known_record(arn);
    let policy = known
        .as_ref()
        .and_then(|record| means.policies.get(record.workflow())?.get(record.state_of(event).unwrap_or_default()));
    let form = find(policy, outcome).and_then(|outcome| outcome.form.ok()).unwrap_or_default();
    let at_first = |field: FormField| field.default.into_iter().map(move |value| (field.name.clone(), value));
    let choice = Choice {
        outcome: outcome.to_owned(),
        comment: BY_RULE.to_owned(),
        typed: form.fields.into_iter().flat_map(at_first).collect(),
        shown: None,
    };
    decide(means, By::Rule, (arn, event), &choice, None).await
}

/// Checks a choice, all but whether this person may make it.
///
/// # Errors
/// Those of [`decide`].
pub async fn look(
    means: Means<'_>,
    by: By<'_>,
    (arn, event): (&str, u64),
    choice: &Choice,
) -> Result<Look, DecideError> {
    checked_comment(choice)?;
    if let Some(decided) = before(means.courier, by.actor(), (arn, event), choice).await? {
        return Ok(Look::Ended(decided));
    }
    look_at(means, by, current(means.courier, arn).await?, event, choice).await
}

/// The comment of a choice as it is kept.
///
/// # Errors
/// It has too many characters.
pub fn checked_comment(choice: &Choice) -> Result<&str, DecideError> {
    let comment = choice.comment.trim();
    let characters = comment.chars().count();
    if characters > COMMENT {
        return Err(DecideError::CommentTooLong { characters, limit: COMMENT });
    }
    Ok(comment)
}

/// What a choice comes to where the request has a decision already.
///
/// # Errors
/// The store failed.
pub async fn before(
    courier: &Courier,
    actor: &Actor,
    (arn, event): (&str, u64),
    choice: &Choice,
) -> Result<Option<Decided>, StoreError> {
    let before = courier.store.of_task(courier.connection(), arn, event).await?;
    Ok(before.map(|before| Decided::after(Box::new(before), actor, choice)))
}

/// The same as [`look`] for a request without a decision, in an execution as it was read.
///
/// # Errors
/// Those of [`decide`].
pub async fn look_at(
    means: Means<'_>,
    by: By<'_>,
    record: Arc<Record>,
    event: u64,
    choice: &Choice,
) -> Result<Look, DecideError> {
    let (courier, actor) = (means.courier, by.actor());
    let comment = checked_comment(choice)?;
    if record.token(event).is_none() {
        return Err(unanswerable(&record, event));
    }
    if let Some(closed) = closed(&record, event) {
        return Ok(Look::Ended(Decided::Closed(closed)));
    }
    let request = courier.watch.all_tokens().text(&record.request(event));
    can_be_shown(&request)?;
    let (workflow, state) = (record.workflow(), record.state_of(event).unwrap_or_default());
    let policy = means.policies.get(workflow).and_then(|states| states.get(state));
    let bound = bound(means, by, (&record, event), policy, choice).await?;
    let (outcome, form) = check(policy, choice, (workflow, state))?;
    let new = NewDecision {
        execution_arn: record.description.arn.clone(),
        event,
        title: read(means.policies, workflow, state, &request).title,
        outcome: outcome.name.clone(),
        form,
        person_id: actor.id().to_owned(),
        person_name: actor.name().to_owned(),
        comment: comment.to_owned(),
        decided_at: courier.watch.now(),
        workflow: workflow.to_owned(),
        state: state.to_owned(),
        bound,
    };
    Ok(Look::Open(Box::new(Ready { record, request, outcome, new })))
}

/// What a choice binds: what is shown to this person now, which must be what was shown before, and the rule.
async fn bound(
    means: Means<'_>,
    by: By<'_>,
    (record, event): (&Record, u64),
    policy: Option<&Policy>,
    choice: &Choice,
) -> Result<Bound, DecideError> {
    let (courier, actor) = (means.courier, by.actor());
    let rule = policy.and_then(|policy| policy.version.clone());
    if matches!(by, By::Rule) {
        // Nobody was shown anything.
        return Ok(Bound { rule, ..Bound::default() });
    }
    let text = (means.eyes)(actor, record).text(&record.request(event));
    let now = shown(&text, rule.as_deref());
    if choice.shown.as_ref().is_some_and(|shown| *shown != now) {
        return Err(DecideError::Changed);
    }
    let arn = record.description.arn.as_str();
    let seen_at = courier.store.first_seen(courier.connection(), (arn, event), actor.id()).await?;
    Ok(Bound { shown: Some(now), rule, seen_at, ..Bound::default() })
}

/// What a choice comes to: its outcome, and what was filled in as JSON.
///
/// # Errors
/// There is no such outcome, its comment is missing, or its form or the form's schema has mistakes.
pub fn check(
    policy: Option<&Policy>,
    choice: &Choice,
    (workflow, state): (&str, &str),
) -> Result<(Outcome, String), DecideError> {
    let Some(outcome) = find(policy, &choice.outcome) else {
        let known = outcomes(policy).into_iter().map(|outcome| outcome.name.label).collect();
        return Err(DecideError::NoOutcome { given: choice.outcome.clone(), known });
    };
    let label = || outcome.name.label.clone();
    if outcome.comment_required && choice.comment.trim().is_empty() {
        return Err(DecideError::NoComment(label()));
    }
    let form = outcome.form.as_ref().map_err(|why| DecideError::Schema {
        workflow: workflow.to_owned(),
        state: state.to_owned(),
        outcome: label(),
        why: why.clone(),
    })?;
    let filled = form.filled(&choice.typed).map_err(|faults| DecideError::Form { outcome: label(), faults })?;
    Ok((outcome, filled))
}

/// Why a task whose token is not known cannot be answered.
fn unanswerable(record: &Record, event: u64) -> DecideError {
    let obstacle = record.waits().iter().find(|wait| wait.event == event).and_then(|wait| wait.obstacle);
    match obstacle {
        Some(obstacle) => DecideError::Obstructed(obstacle),
        None => DecideError::NotAnswerable { execution_arn: record.description.arn.clone(), event },
    }
}

/// The execution, read now; the last reading if the connection takes too long.
async fn current(courier: &Courier, arn: &str) -> Result<Arc<Record>, ReadError> {
    let watch = &courier.watch;
    match tokio::time::timeout(ASK, watch.record_once(arn)).await {
        // The connection works but throttles: the last reading is recent.
        Ok(Err(ReadError::Call(error))) if error.is_throttled() => {
            watch.known_record(arn).ok_or(ReadError::Call(error))
        }
        Ok(answered) => answered,
        Err(_) => match (watch.snapshot().problem.clone(), watch.known_record(arn)) {
            (Some(problem), _) => Err(ReadError::Call(problem)),
            (None, Some(record)) => Ok(record),
            (None, None) => watch.record(arn).await,
        },
    }
}

/// A request that cannot be shown cannot be decided.
///
/// # Errors
/// Why it cannot be shown.
pub fn can_be_shown(request: &str) -> Result<(), NotShown> {
    match Json::read(request) {
        _ if request == WITHHELD => Err(NotShown::Withheld),
        Ok(_) if serde_json::from_str::<serde_json::Value>(request).is_err() => Err(NotShown::TooDeep),
        Ok(_) => Ok(()),
        Err(error) => Err(NotShown::NotJson(error.to_string())),
    }
}

/// The manifest's answer, as the store keeps it.
pub(super) async fn worded_answer(
    courier: &Courier,
    outcome: Outcome,
    actor: &Actor,
    id: i64,
    new: &NewDecision,
    request: &str,
) -> Result<Option<String>, DecideError> {
    let words = Words {
        request: request.to_owned(),
        form: new.form.clone(),
        outcome: new.outcome.clone(),
        person: answer::Decider::from(actor),
        comment: new.comment.clone(),
        decided_at: new.decided_at,
        id,
    };
    let sandbox = courier.watch.sandbox();
    let failed = |why| DecideError::Answer { workflow: new.workflow.clone(), state: new.state.clone(), why };
    let made = tokio::task::spawn_blocking(move || answer::worded(&outcome, &words, sandbox)).await;
    let stopped = |error: &dyn std::fmt::Display| failed(AnswerError::Failed(error.to_string()));
    let answer = made.map_err(|error| stopped(&error))?.map_err(failed)?;
    answer.map(|answer| serde_json::to_string(&answer)).transpose().map_err(|error| stopped(&error))
}

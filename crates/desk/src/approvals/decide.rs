//! Deciding: check, record, send.

use std::sync::Arc;
use std::time::Duration;

use countersign_json::Json;

use super::answer::{self, Words};
use super::courier::Courier;
use super::outcome::{Closed, closed};
use super::policy::{Policies, Policy, read};
use crate::actor::Actor;
use crate::error::ReadError;
use crate::redact::WITHHELD;
use crate::store::{Decision, NewDecision, StoreError, Worded};
use crate::watch::{Obstacle, Record};

/// The most characters of a comment.
const COMMENT: usize = 2_000;
/// How long a decision waits for a new reading before it is recorded, and how long the response to the form waits for the
/// delivery: together less than a second.
const ASK: Duration = Duration::from_millis(400);
const REPLY: Duration = Duration::from_millis(400);

/// What a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Approve,
    Reject,
}

/// The outcome of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The decision is recorded.
    Recorded(Box<Decision>),
    /// The same actor made the same choice before: it is the same decision.
    Repeated(Box<Decision>),
    /// The task has another decision: somebody else's or, if `own`, this actor's other choice.
    Earlier { decision: Box<Decision>, own: bool },
    /// Something else closed the task.
    Closed(Closed),
}

impl Decided {
    /// The outcome of `actor`'s `choice` for a task that has the decision `before`.
    fn after(before: Box<Decision>, actor: &Actor, choice: Choice) -> Self {
        let own = before.decision.person_id == actor.id();
        let same_choice = before.decision.approved == (choice == Choice::Approve);
        if own && same_choice { Self::Repeated(before) } else { Self::Earlier { decision: before, own } }
    }

    /// Whether the choice is the recorded one.
    #[must_use]
    pub const fn was_in_time(&self) -> bool {
        matches!(self, Self::Recorded(_) | Self::Repeated(_))
    }
}

/// Why a request was not decided. Nothing is recorded then.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The comment has too many characters.
    #[error("the comment has {characters} characters; the limit is {limit}")]
    CommentTooLong { characters: usize, limit: usize },
    /// The event does not belong to a task whose token is known.
    #[error("event {event} of {execution_arn} cannot be answered from here")]
    NotAnswerable { execution_arn: String, event: u64 },
    /// The task waits but cannot be answered from here.
    #[error("the task cannot be answered from here: {0:?}")]
    Obstructed(Obstacle),
    #[error(transparent)]
    NotShown(#[from] NotShown),
    /// The manifest's answer could not be evaluated.
    #[error("the answer of {state} in {workflow} could not be made: {why}")]
    Answer { workflow: String, state: String, why: String },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a request cannot be shown. A request that is not shown cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    #[error("it may contain a task token that could not be found")]
    Withheld,
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("{0}")]
    NotJson(String),
}

/// Records a decision and sends it. It is recorded before any call that may take long; the response waits at most 400 ms for
/// the delivery.
///
/// # Errors
/// The comment is too long, there is no such task, it cannot be shown, or the connection or the store does not answer.
/// Nothing is recorded then.
pub async fn decide(
    courier: &Courier,
    policies: &Policies,
    actor: &Actor,
    (arn, event): (&str, u64),
    choice: Choice,
    comment: &str,
) -> Result<Decided, DecideError> {
    let comment = comment.trim();
    let characters = comment.chars().count();
    if characters > COMMENT {
        return Err(DecideError::CommentTooLong { characters, limit: COMMENT });
    }
    if let Some(before) = courier.store.of_task(courier.connection(), arn, event).await? {
        return Ok(Decided::after(Box::new(before), actor, choice));
    }
    let record = current(courier, arn).await?;
    if record.token(event).is_none() {
        return Err(unanswerable(&record, event));
    }
    if let Some(closed) = closed(&record, event) {
        return Ok(Decided::Closed(closed));
    }
    let request = courier.watch.all_tokens().text(&record.request(event));
    can_be_shown(&request)?;
    let state = record.state_of(event).unwrap_or_default().to_owned();
    let workflow = record.workflow().to_owned();
    let new = NewDecision {
        execution_arn: arn.to_owned(),
        event,
        title: read(policies, &workflow, &state, &request).title,
        approved: choice == Choice::Approve,
        person_id: actor.id().to_owned(),
        person_name: actor.name().to_owned(),
        comment: comment.to_owned(),
        decided_at: courier.watch.now(),
        workflow,
        state,
    };
    let policy = policies.get(&new.workflow).and_then(|states| states.get(&new.state));
    let decision = match put_on_record(courier, policy, &new, &request).await? {
        Entry::New(decision) => decision,
        Entry::Before(before) => return Ok(Decided::after(before, actor, choice)),
    };
    tracing::info!(execution = arn, event, person = actor.id(), approved = new.approved, "a decision is on record");
    courier.watch.answered(arn, event).await;
    let sending = tokio::spawn({
        let (courier, decision) = (courier.clone(), decision.clone());
        async move { courier.send(&decision).await }
    });
    // A delivery that takes longer continues in its task, and the page updates itself.
    let _ = tokio::time::timeout(REPLY, sending).await;
    Ok(Decided::Recorded(decision))
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

/// The result of recording a decision.
enum Entry {
    New(Box<Decision>),
    /// The task has a decision already.
    Before(Box<Decision>),
}

/// Records a decision with its answer.
async fn put_on_record(
    courier: &Courier,
    policy: Option<&Policy>,
    new: &NewDecision,
    request: &str,
) -> Result<Entry, DecideError> {
    let is_worded = |policy: &&Policy| if new.approved { policy.approve.is_some() } else { policy.reject.is_some() };
    let policy = policy.filter(is_worded).cloned();
    let connection = courier.connection();
    loop {
        let made = match &policy {
            None => courier.store.record(connection, new, None).await?,
            Some(policy) => {
                // The answer may contain the decision's id and is part of its row, but another decision may take the id
                // meanwhile.
                let id = courier.store.next_id().await?;
                let answer = worded_answer(courier, policy.clone(), id, new, request).await?;
                let worded = Worded { id, answer: answer.as_deref() };
                courier.store.record(connection, new, Some(worded)).await?
            }
        };
        if let Some(decision) = made {
            return Ok(Entry::New(Box::new(decision)));
        }
        if let Some(before) = courier.store.of_task(connection, &new.execution_arn, new.event).await? {
            return Ok(Entry::Before(Box::new(before)));
        }
    }
}

/// The manifest's answer, as the store keeps it.
async fn worded_answer(
    courier: &Courier,
    policy: Policy,
    id: i64,
    new: &NewDecision,
    request: &str,
) -> Result<Option<String>, DecideError> {
    let words = Words {
        request: request.to_owned(),
        person: new.person_name.clone(),
        comment: new.comment.clone(),
        decided_at: new.decided_at,
        id,
    };
    let (approved, sandbox) = (new.approved, courier.watch.sandbox());
    let failed = |why| DecideError::Answer { workflow: new.workflow.clone(), state: new.state.clone(), why };
    let made = tokio::task::spawn_blocking(move || answer::worded(Some(&policy), approved, &words, sandbox)).await;
    let answer = made.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    answer.map(|answer| serde_json::to_string(&answer)).transpose().map_err(|error| failed(error.to_string()))
}

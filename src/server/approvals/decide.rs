//! Deciding: check, record, send.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{self, Answer, Words};
use super::deliver::Courier;
use super::policy::{Policies, Policy, read};
use crate::dto::{ApprovalState, Person};
use crate::error::{AppError, ErrorKind};
use crate::json::Json;
use crate::server::redact::WITHHELD;
use crate::server::store::{Decision, NewDecision};
use crate::server::views;
use crate::server::watch::Record;

/// Characters of a comment.
const COMMENT: usize = 2_000;
/// How long the connection is asked before a decision is put on record without it, and how long the answer to the form
/// waits for the sending: together less than a second.
const ASK: Duration = Duration::from_millis(400);
const REPLY: Duration = Duration::from_millis(400);

/// What a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Approve,
    Reject,
}

impl Choice {
    /// The choice of a form's field.
    ///
    /// # Errors
    /// It is neither `approve` nor `reject`.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        match text {
            "approve" => Ok(Self::Approve),
            "reject" => Ok(Self::Reject),
            other => Err(AppError::new(
                ErrorKind::Invalid,
                format!("{:?} is no decision.", other.chars().take(40).collect::<String>()),
                "Choose Approve or Reject.",
            )),
        }
    }
}

/// What came of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The decision is on record.
    Recorded(Box<Decision>),
    /// The same person made the same choice before: it is the same decision.
    Repeated(Box<Decision>),
    /// The task has another decision: somebody else's, or this person's own other choice (`own`).
    Earlier { decision: Box<Decision>, own: bool },
    /// Something else closed the task at `at` (milliseconds since the epoch); `how` is a sentence.
    Closed { how: String, at: i64 },
}

impl Outcome {
    /// What a click of `person` for `choice` means for a task that has the decision `before`.
    fn after(before: Decision, person: &Person, choice: Choice) -> Self {
        let own = before.decision.person_id == person.id;
        let same_choice = before.decision.approved == (choice == Choice::Approve);
        let decision = Box::new(before);
        if own && same_choice { Self::Repeated(decision) } else { Self::Earlier { decision, own } }
    }

    /// Whether the click's decision is the one on record.
    #[must_use]
    pub const fn was_in_time(&self) -> bool {
        matches!(self, Self::Recorded(_) | Self::Repeated(_))
    }
}

/// Records a decision and sends it. It is on record before the connection is asked for anything slow; the answer waits for
/// the sending no longer than a moment.
///
/// # Errors
/// The comment is too long, there is no such task, it cannot be shown, or the connection or the store does not answer.
/// Nothing is on record then.
pub async fn decide(
    courier: &Courier,
    policies: &Policies,
    person: &Person,
    (arn, event): (&str, u64),
    choice: Choice,
    comment: &str,
) -> Result<Outcome, AppError> {
    let comment = comment.trim();
    if comment.chars().count() > COMMENT {
        return Err(AppError::new(
            ErrorKind::Invalid,
            format!("The comment has {} characters; {COMMENT} are the most that is kept.", comment.chars().count()),
            "Shorten it and decide again: nothing was sent.",
        ));
    }
    if let Some(before) = courier.store.of_task(arn, event).await? {
        return Ok(Outcome::after(before, person, choice));
    }
    let record = current(courier, arn).await?;
    if record.token(event).is_none() {
        return Err(unanswerable(&record, event));
    }
    if let Some(ApprovalState::Closed { how, at, .. }) = views::outcome_of(&record, event) {
        return Ok(Outcome::Closed { how, at });
    }
    let request = courier.watch.all_tokens().text(&record.request(event));
    shown(&request)?;
    let state = record.state_of(event).unwrap_or_default().to_owned();
    let workflow = record.description.machine_arn.rsplit(':').next().unwrap_or_default().to_owned();
    let new = NewDecision {
        execution_arn: arn.to_owned(),
        event,
        title: read(policies, &workflow, &state, &request).title,
        approved: choice == Choice::Approve,
        person_id: person.id.clone(),
        person_name: person.name.clone(),
        comment: comment.to_owned(),
        decided_at: courier.watch.now(),
        workflow,
        state,
    };
    let policy = policies.get(&new.workflow).and_then(|states| states.get(&new.state));
    let Some(decision) = put_on_record(courier, policy, &new, &request).await? else {
        let before = courier.store.of_task(arn, event).await?.ok_or_else(vanished)?;
        return Ok(Outcome::after(before, person, choice));
    };
    tracing::info!(execution = arn, event, person = %person.id, approved = new.approved, "a decision is on record");
    courier.watch.answered(arn, event);
    let sending = tokio::spawn({
        let (courier, decision) = (courier.clone(), decision.clone());
        async move { courier.send(&decision).await }
    });
    // One that takes longer goes on by itself, and the page follows.
    let _ = tokio::time::timeout(REPLY, sending).await;
    Ok(Outcome::Recorded(Box::new(decision)))
}

/// Why a task whose token is not known cannot be answered: what the inbox says beside it, where it is there.
fn unanswerable(record: &Record, event: u64) -> AppError {
    let obstacle = record.waiting("").into_iter().find(|wait| wait.event == event).and_then(|wait| wait.obstacle);
    match obstacle {
        Some(obstacle) => AppError { kind: ErrorKind::Invalid, problem: views::problem_of(obstacle) },
        None => AppError::new(
            ErrorKind::NotFound,
            format!("Event {event} of {} is no task that can be answered from here.", record.description.arn),
            "Open the inbox and choose one of what waits.",
        ),
    }
}

/// Decisions are never deleted by this program.
fn vanished() -> AppError {
    AppError::new(
        ErrorKind::Internal,
        "The decision was not recorded: the task had another one, which is not in the database any more.",
        "Reload the page, then decide again.",
    )
}

/// The execution as the connection has it now; as it was known, where the connection takes its time.
async fn current(courier: &Courier, arn: &str) -> Result<Arc<Record>, AppError> {
    let nothing = |mut error: AppError| {
        error.problem.what = format!("Nothing was recorded. {}", error.problem.what);
        error.problem.remedy = format!("{} Then decide again: what you typed is still here.", error.problem.remedy);
        error
    };
    let watch = &courier.watch;
    match tokio::time::timeout(ASK, watch.record_once(arn)).await {
        // It is there and has no time: what is known is no older than a moment.
        Ok(Err(error)) if is_busy(&error) => watch.known_record(arn).ok_or_else(|| nothing(error)),
        Ok(answered) => answered.map_err(nothing),
        Err(_) => {
            if let Some(problem) = watch.snapshot().problem.clone() {
                return Err(nothing(AppError { kind: ErrorKind::Unavailable, problem }));
            }
            match watch.known_record(arn) {
                Some(record) => Ok(record),
                None => watch.record(arn).await.map_err(nothing),
            }
        }
    }
}

fn is_busy(error: &AppError) -> bool {
    ["ThrottlingException", "TooManyRequestsException"].iter().any(|code| error.problem.what.contains(code))
}

/// A request that cannot be shown cannot be decided.
///
/// # Errors
/// Why it cannot be shown.
pub fn shown(request: &str) -> Result<(), AppError> {
    let why = match Json::read(request) {
        _ if request == WITHHELD => "it may hold a task token that could not be found".to_owned(),
        Ok(_) if serde_json::from_str::<serde_json::Value>(request).is_err() => "it is nested too deep".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) => error.to_string(),
    };
    Err(AppError::new(
        ErrorKind::Invalid,
        format!("This request cannot be shown, so it cannot be decided from here: {why}."),
        "Answer it where it was asked, or stop the execution and start it again with a request that can be shown.",
    ))
}

/// Puts a decision on record with its answer; `None` where this task has one already.
async fn put_on_record(
    courier: &Courier,
    policy: Option<&Policy>,
    new: &NewDecision,
    request: &str,
) -> Result<Option<Decision>, AppError> {
    let words_it = |policy: &Policy| if new.approved { policy.approve.is_some() } else { policy.reject.is_some() };
    let Some(policy) = policy.filter(|policy| words_it(policy)).cloned() else {
        return Ok(courier.store.record(new).await?);
    };
    loop {
        // The answer may name the decision, and is part of its row: another decision may take the number meanwhile.
        let id = courier.store.next_id().await?;
        let words = Words {
            request: request.to_owned(),
            person: new.person_name.clone(),
            comment: new.comment.clone(),
            decided_at: new.decided_at,
            id,
        };
        let (policy, approved, sandbox) = (policy.clone(), new.approved, courier.watch.sandbox());
        let worded = tokio::task::spawn_blocking(move || answer::worded(Some(&policy), approved, &words, sandbox));
        let answer = worded.await.unwrap_or_else(|error| Err(error.to_string())).map_err(|why| {
            let remedy = format!("Correct [workflows.{}.approvals.{:?}] in countersign.toml.", new.workflow, new.state);
            AppError::new(ErrorKind::Invalid, format!("Nothing was recorded. {why}"), remedy)
        })?;
        let text = answer.as_ref().and_then(|answer: &Answer| serde_json::to_string(answer).ok());
        if let Some(decision) = courier.store.record_as(id, new, text.as_deref()).await? {
            return Ok(Some(decision));
        }
        if courier.store.of_task(&new.execution_arn, new.event).await?.is_some() {
            return Ok(None);
        }
    }
}

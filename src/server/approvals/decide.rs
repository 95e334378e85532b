//! Deciding: check, record, send.

use super::deliver::Courier;
use super::policy::{Policies, read};
use crate::dto::Person;
use crate::error::{AppError, ErrorKind};
use crate::server::store::{Decision, NewDecision};
use crate::server::views;

/// Characters of a comment.
const COMMENT: usize = 2_000;

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

/// Records a decision and sends it. `None` where the task was closed or decided before: its page says by whom or what.
///
/// # Errors
/// The comment is too long, there is no such task, or the connection or the store does not answer.
pub async fn decide(
    courier: &Courier,
    policies: &Policies,
    person: &Person,
    (arn, event): (&str, u64),
    choice: Choice,
    comment: &str,
) -> Result<Option<Decision>, AppError> {
    let comment = comment.trim();
    if comment.chars().count() > COMMENT {
        return Err(AppError::new(
            ErrorKind::Invalid,
            format!("The comment has {} characters; {COMMENT} are the most that is kept.", comment.chars().count()),
            "Shorten it and decide again: nothing was sent.",
        ));
    }
    let record = courier.watch.record_now(arn).await?;
    if record.token(event).is_none() {
        return Err(AppError::new(
            ErrorKind::NotFound,
            format!("Event {event} of {arn} is no task that can be answered from here."),
            "Open the inbox and choose one of what waits.",
        ));
    }
    if views::outcome_of(&record, event).is_some() {
        return Ok(None);
    }
    let state = record.state_of(event).unwrap_or_default().to_owned();
    let workflow = record.description.machine_arn.rsplit(':').next().unwrap_or_default().to_owned();
    let title = read(policies, &workflow, &state, &record.request(event)).title;
    let new = NewDecision {
        execution_arn: arn.to_owned(),
        event,
        workflow,
        state,
        title,
        approved: choice == Choice::Approve,
        person_id: person.id.clone(),
        person_name: person.name.clone(),
        comment: comment.to_owned(),
        decided_at: courier.watch.now(),
    };
    let Some(decision) = courier.store.record(&new).await? else { return Ok(None) };
    tracing::info!(execution = arn, event, person = %person.id, approved = new.approved, "a decision is on record");
    courier.send(&decision).await;
    Ok(Some(decision))
}

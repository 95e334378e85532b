//! Delivering decisions: at once when they are taken, and again until they arrive.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use super::REJECTED;
use crate::dto::ApprovalState;
use crate::error::AppError;
use crate::server::connection::problem;
use crate::server::live::execution_topic;
use crate::server::store::{Decision, Store};
use crate::server::views;
use crate::server::watch::{Record, Watch};

/// Between two attempts at what could not be sent.
const AGAIN: Duration = Duration::from_secs(5);

/// Carries decisions to Step Functions.
#[derive(Clone)]
pub struct Courier {
    pub watch: Arc<Watch>,
    pub store: Store,
    /// One decision is sent at a time, so that none is sent twice side by side.
    sending: Arc<tokio::sync::Mutex<()>>,
}

/// How sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Delivered,
    /// The task was closed before; the sentence says by whom or what.
    Late(String),
}

impl Courier {
    /// A courier between this store and this connection.
    #[must_use]
    pub fn new(watch: Arc<Watch>, store: Store) -> Self {
        Self { watch, store, sending: Arc::default() }
    }

    /// Sends what is on record and has not arrived, until `end`. The first time is at once: a decision that was
    /// recorded just before a crash is sent now.
    pub async fn run(self, end: CancellationToken) {
        loop {
            match self.store.pending().await {
                Ok(pending) => {
                    for decision in &pending {
                        self.send(decision).await;
                    }
                }
                Err(error) => tracing::error!(%error, "pending decisions could not be read"),
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Sends one decision and keeps what became of it.
    pub async fn send(&self, decision: &Decision) {
        let one_at_a_time = self.sending.lock().await;
        let id = decision.id;
        let kept = match self.try_send(decision).await {
            Ok(Sent::Delivered) => self.store.delivered(id, self.watch.now()).await,
            Ok(Sent::Late(how)) => self.store.late(id, &how).await,
            Err(error) => {
                tracing::warn!(%error, decision = id, "a decision could not be sent and is tried again");
                self.store.trouble(id, &error.problem.what).await
            }
        };
        drop(one_at_a_time);
        if let Err(error) = kept {
            tracing::error!(%error, decision = id, "what became of a decision could not be kept");
        }
        let about = execution_topic(&decision.decision.execution_arn);
        self.watch.changes.publish([about, "inbox".to_owned(), "frame".to_owned()]);
    }

    async fn try_send(&self, decision: &Decision) -> Result<Sent, AppError> {
        let about = &decision.decision;
        let record = self.watch.record_now(&about.execution_arn).await?;
        if let Some(sent) = closed(&record, decision) {
            return Ok(sent);
        }
        let Some(token) = record.token(about.event) else {
            return Ok(Sent::Late("The execution's history holds no token for this task any more.".to_owned()));
        };
        let Err(error) = self.answer(decision, &token).await? else { return Ok(Sent::Delivered) };
        // The token is spent or expired. The history tells by what; this decision may itself have arrived before.
        let record = self.watch.record_now(&about.execution_arn).await?;
        Ok(closed(&record, decision).unwrap_or(Sent::Late(error)))
    }

    /// Answers the token. The inner error is final: Step Functions does not know the task any more.
    async fn answer(&self, decision: &Decision, token: &str) -> Result<Result<(), String>, AppError> {
        let clients = &self.watch.clients;
        let doing = "send the decision";
        if decision.decision.approved {
            let call = clients.sfn.send_task_success().task_token(token).output(output(decision).to_string());
            return match call.send().await {
                Ok(_) => Ok(Ok(())),
                Err(error) => final_or_again(
                    error.as_service_error().is_some_and(|error| {
                        error.is_task_timed_out() || error.is_task_does_not_exist() || error.is_invalid_token()
                    }),
                    problem(doing, &clients.about, &error),
                ),
            };
        }
        let call = clients.sfn.send_task_failure().task_token(token).error(REJECTED).cause(cause(decision));
        match call.send().await {
            Ok(_) => Ok(Ok(())),
            Err(error) => final_or_again(
                error.as_service_error().is_some_and(|error| {
                    error.is_task_timed_out() || error.is_task_does_not_exist() || error.is_invalid_token()
                }),
                problem(doing, &clients.about, &error),
            ),
        }
    }
}

fn final_or_again(is_final: bool, error: AppError) -> Result<Result<(), String>, AppError> {
    if is_final { Ok(Err(error.problem.what)) } else { Err(error) }
}

/// What the execution gets from an approval.
#[must_use]
pub fn output(decision: &Decision) -> Value {
    let about = &decision.decision;
    json!({
        "decision": "approved",
        "approvedBy": about.person_name,
        "comment": about.comment,
        "decidedAt": iso(about.decided_at),
        "decisionId": decision.id,
    })
}

/// The cause that the execution gets from a rejection.
#[must_use]
pub fn cause(decision: &Decision) -> String {
    let about = &decision.decision;
    let comment = if about.comment.is_empty() { "no comment" } else { &about.comment };
    format!("Rejected by {} at {}: {comment} (decision {})", about.person_name, iso(about.decided_at), decision.id)
}

fn iso(millis: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// How the task was closed, if it was: by this very decision, or by something else.
fn closed(record: &Record, decision: &Decision) -> Option<Sent> {
    let event = decision.decision.event;
    let ApprovalState::Closed { how, .. } = views::outcome_of(record, event)? else { return None };
    let attempt = record
        .trace
        .visits
        .iter()
        .flat_map(|visit| &visit.attempts)
        .find(|attempt| attempt.scheduled_event == Some(event))?;
    let ours = if decision.decision.approved {
        let answer = attempt.output.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        answer.is_some_and(|answer| answer == output(decision))
    } else {
        // Not every endpoint keeps the cause in its history.
        attempt.error.as_deref() == Some(REJECTED)
            && attempt.cause.as_deref().is_none_or(|known| known.is_empty() || known == cause(decision))
    };
    Some(if ours { Sent::Delivered } else { Sent::Late(how) })
}

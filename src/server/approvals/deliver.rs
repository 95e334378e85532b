//! Delivering decisions: at once when they are taken, and again until they arrive.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::answer::{self, Answer};
use crate::dto::ApprovalState;
use crate::error::AppError;
use crate::server::connection::problem;
use crate::server::live::execution_topic;
use crate::server::store::{Decision, Store};
use crate::server::views;
use crate::server::watch::{Record, Watch};

/// Between two attempts at what could not be sent.
const AGAIN: Duration = Duration::from_secs(5);
/// Decisions that are sent again at once.
const AT_ONCE: usize = 32;

/// Carries decisions to Step Functions.
#[derive(Clone)]
pub struct Courier {
    pub watch: Arc<Watch>,
    pub store: Store,
    /// The decisions under way: none is sent twice side by side, and none waits for another.
    under_way: Arc<Mutex<BTreeSet<i64>>>,
}

/// How sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Delivered,
    /// The task was closed before; the sentence says by whom or what.
    Late(String),
}

/// A decision under way, until this is dropped.
struct UnderWay(Arc<Mutex<BTreeSet<i64>>>, i64);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Courier {
    /// A courier between this store and this connection.
    #[must_use]
    pub fn new(watch: Arc<Watch>, store: Store) -> Self {
        Self { watch, store, under_way: Arc::default() }
    }

    /// Sends what is on record and has not arrived, until `end`. The first time is at once: a decision that was
    /// recorded just before a crash is sent now.
    #[expect(clippy::disallowed_methods, reason = "the timer of the courier; a test delivers without the loop")]
    pub async fn run(self, end: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            match self.store.pending().await {
                Ok(pending) => self.send_all(pending, &places),
                Err(error) => tracing::error!(%error, "pending decisions could not be read"),
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Begins to send decisions, each by itself: one that hangs delays no other.
    fn send_all(&self, pending: Vec<Decision>, places: &Arc<Semaphore>) {
        for decision in pending {
            self.watch.answered(&decision.decision.execution_arn, decision.decision.event);
            // Without a place it is tried the next time.
            let Ok(place) = Arc::clone(places).try_acquire_owned() else { return };
            let courier = self.clone();
            tokio::spawn(async move {
                courier.send(&decision).await;
                drop(place);
            });
        }
    }

    /// Sends one decision and keeps what became of it. Does nothing where it is under way already.
    pub async fn send(&self, decision: &Decision) {
        let id = decision.id;
        if !self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            return;
        }
        let _under_way = UnderWay(Arc::clone(&self.under_way), id);
        let kept = match self.try_send(decision).await {
            Ok(Sent::Delivered) => self.store.delivered(id, self.watch.now()).await,
            Ok(Sent::Late(how)) => self.store.late(id, &how).await,
            Err(error) => {
                tracing::warn!(%error, decision = id, "a decision could not be sent and is tried again");
                self.store.trouble(id, &error.problem.what).await
            }
        };
        if let Err(error) = kept {
            tracing::error!(%error, decision = id, "what became of a decision could not be kept");
        }
        let about = execution_topic(&decision.decision.execution_arn);
        self.watch.changes.publish([about, "inbox".to_owned(), "frame".to_owned()]);
        self.watch.nudge();
    }

    async fn try_send(&self, decision: &Decision) -> Result<Sent, AppError> {
        let about = &decision.decision;
        let known = self.watch.known_record(&about.execution_arn).filter(|_| !decision.tried);
        let record = match known {
            Some(record) => record,
            // It may have arrived before: the history says.
            None => self.watch.record_now(&about.execution_arn).await?,
        };
        if let Some(sent) = closed(&record, decision, decision.tried) {
            return Ok(sent);
        }
        let Some(token) = record.token(about.event) else {
            return Ok(Sent::Late("The execution's history holds no token for this task any more.".to_owned()));
        };
        self.store.trying(decision.id).await?;
        let Err(error) = self.answer(decision, &token).await? else { return Ok(Sent::Delivered) };
        // The token is spent or expired. The history tells by what; this decision may itself have arrived before.
        let record = self.watch.record_now(&about.execution_arn).await?;
        Ok(closed(&record, decision, true).unwrap_or(Sent::Late(error)))
    }

    /// Answers the token. The inner error is final: Step Functions does not know the task any more.
    async fn answer(&self, decision: &Decision, token: &str) -> Result<Result<(), String>, AppError> {
        let clients = &self.watch.clients;
        let doing = "send the decision";
        let (error, cause) = match answer::of(decision) {
            Answer::Success(output) => {
                let call = clients.sfn.send_task_success().task_token(token).output(output);
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
            Answer::Failure { error, cause } => (error, cause),
        };
        let call = clients.sfn.send_task_failure().task_token(token).error(error).cause(cause);
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

/// How the task was closed, if it was: by this very decision, or by something else. Only what was `tried` can have
/// arrived: a worded answer may be the same as somebody else's.
fn closed(record: &Record, decision: &Decision, tried: bool) -> Option<Sent> {
    let event = decision.decision.event;
    let ApprovalState::Closed { how, .. } = views::outcome_of(record, event)? else { return None };
    // As it was read: what is withheld from pages is compared all the same.
    let trace = countersign_trace::fold(record.whole().1);
    let mut attempts = trace.visits.iter().flat_map(|visit| &visit.attempts);
    let attempt = attempts.find(|attempt| attempt.scheduled_event == Some(event))?;
    let ours = match answer::of(decision) {
        Answer::Success(output) => same_json(attempt.output.as_deref(), &output) && attempt.error.is_none(),
        // Not every endpoint keeps the cause in its history.
        Answer::Failure { error, cause } => {
            attempt.error.as_deref() == Some(error.as_str())
                && attempt.cause.as_deref().is_none_or(|known| known.is_empty() || known == cause)
        }
    };
    Some(if ours && tried { Sent::Delivered } else { Sent::Late(how) })
}

fn same_json(known: Option<&str>, ours: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    known.and_then(read).is_some_and(|known| Some(known) == read(ours))
}

//! Delivering decisions: immediately when they are made, and again until they arrive.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::answer::{self, Answer, AnswerError};
use super::outcome::{ClosedBy, closed};
use crate::connection::{CallError, ConnectionId, Fault};
use crate::error::ReadError;
use crate::news::Topic;
use crate::policy::{Authority, Object, Resource};
use crate::redact::MARK;
use crate::store::{Decision, Store, StoreError, Trouble};
use crate::watch::{Record, Watch};

/// The pause between two attempts to send a decision.
const AGAIN: Duration = Duration::from_secs(5);
/// The most decisions that are sent again at the same time.
const AT_ONCE: usize = 32;

/// Carries decisions to Step Functions.
#[derive(Clone)]
pub struct Courier {
    pub(crate) watch: Arc<Watch>,
    pub(crate) store: Arc<dyn Store>,
    /// Who may decide.
    pub(crate) authority: Arc<Authority>,
    /// The decisions being sent: no decision is sent twice at the same time, and none waits for another.
    under_way: Arc<Mutex<BTreeSet<i64>>>,
}

/// How sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    Delivered,
    /// Something else had closed the task.
    Late(ClosedBy),
}

/// Why a decision was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl SendError {
    fn trouble(&self) -> Trouble {
        match self {
            Self::Call(error) | Self::Read(ReadError::Call(error)) => Trouble::Call(error.clone()),
            other => Trouble::Sentence(other.to_string()),
        }
    }
}

/// Marks a decision as being sent until it is dropped.
struct UnderWay(Arc<Mutex<BTreeSet<i64>>>, i64);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Courier {
    /// A courier between this store and this connection.
    #[must_use]
    pub fn new(watch: Arc<Watch>, store: Arc<dyn Store>, authority: Arc<Authority>) -> Self {
        Self { watch, store, authority, under_way: Arc::default() }
    }

    /// The name of the connection that decisions are sent to.
    pub(crate) fn connection(&self) -> &ConnectionId {
        &self.watch.connection.id
    }

    /// Something of this connection, as policies know it.
    pub(crate) fn resource<'a>(&'a self, object: Object<'a>) -> Resource<'a> {
        let workflow = object.workflow().filter(|_| self.authority.reads_tags());
        Resource {
            connection: self.connection(),
            read_only: self.watch.connection.about.read_only,
            tags: workflow.and_then(|name| self.watch.tags_of(name)),
            object,
        }
    }

    /// Sends recorded decisions that have not arrived, until `end`. The first attempt is immediate: it sends decisions
    /// recorded just before a crash.
    #[expect(clippy::disallowed_methods, reason = "the timer of the courier; a test delivers without the loop")]
    pub async fn run(self, end: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            match self.store.pending(self.connection()).await {
                Ok(pending) => self.send_all(pending, &places).await,
                Err(error) => tracing::error!(%error, "pending decisions could not be read"),
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Starts to send decisions, each in its own task: one that hangs delays no other.
    async fn send_all(&self, pending: Vec<Decision>, places: &Arc<Semaphore>) {
        for decision in pending {
            self.watch.answered(&decision.decision.execution_arn, decision.decision.event).await;
            // Without a permit it is tried the next time.
            let Ok(place) = Arc::clone(places).try_acquire_owned() else { return };
            let courier = self.clone();
            tokio::spawn(async move {
                courier.send(&decision).await;
                drop(place);
            });
        }
    }

    /// Sends one decision and stores the outcome. Does nothing if it is being sent already.
    pub async fn send(&self, decision: &Decision) {
        // It stays on record: nothing is sent through a connection that is only looked at.
        if self.watch.connection.about.read_only {
            return;
        }
        let id = decision.id;
        if !self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            return;
        }
        let _under_way = UnderWay(Arc::clone(&self.under_way), id);
        let kept = match self.try_send(decision).await {
            Ok(Sent::Delivered) => self.store.delivered(id, self.watch.now()).await,
            Ok(Sent::Late(by)) => self.store.late(id, &by, self.watch.now()).await,
            Err(error) => {
                tracing::warn!(%error, decision = id, "a decision could not be sent and is tried again");
                self.store.trouble(id, &error.trouble()).await
            }
        };
        if let Err(error) = kept {
            tracing::error!(%error, decision = id, "what became of a decision could not be kept");
        }
        let about = Topic::Execution(decision.decision.execution_arn.clone());
        self.watch.changes.publish([about, Topic::Inbox, Topic::Frame]);
        self.watch.nudge();
    }

    async fn try_send(&self, decision: &Decision) -> Result<Sent, SendError> {
        let about = &decision.decision;
        let known = self.watch.known_record(&about.execution_arn).filter(|_| !decision.was_tried());
        let record = match known {
            Some(record) => record,
            // It may have arrived before: the history shows whether it did.
            None => self.watch.record_now(&about.execution_arn).await?,
        };
        if let Some(sent) = sent_before(&record, decision, decision.was_tried()) {
            return Ok(sent);
        }
        let Some(token) = record.token(about.event) else { return Ok(Sent::Late(ClosedBy::NoToken)) };
        let answer = answer::of(decision)?;
        self.store.trying(decision.id).await?;
        let error = match self.answer(answer, &token).await {
            Ok(()) => return Ok(Sent::Delivered),
            Err(error) => error,
        };
        // Step Functions no longer knows the task: the token was used or has expired.
        let Fault::TaskClosed { message, .. } = &error.fault else { return Err(error.into()) };
        // The history shows what closed it; this decision may itself have arrived before.
        let record = self.watch.record_now(&about.execution_arn).await?;
        let unknown = || Sent::Late(ClosedBy::Unknown { message: message.clone() });
        Ok(sent_before(&record, decision, true).unwrap_or_else(unknown))
    }

    async fn answer(&self, answer: Answer, token: &str) -> Result<(), CallError> {
        let calls = &self.watch.connection.calls;
        let sent = match answer {
            Answer::Success(output) => calls.send_task_success(token, &output).await,
            Answer::Failure { error, cause } => calls.send_task_failure(token, &error, &cause).await,
        };
        // The error is stored, logged and shown.
        sent.map_err(|error| error.without(token, MARK))
    }
}

/// What closed the task, if it is closed: this decision or something else. Only a decision that was `tried` can have arrived:
/// somebody else's answer may be equal to ours.
fn sent_before(record: &Record, decision: &Decision, tried: bool) -> Option<Sent> {
    let event = decision.decision.event;
    let closed = closed(record, event)?;
    let attempt = record.attempt_as_read(event)?;
    let ours = match answer::of(decision) {
        // It never was sent.
        Err(_) => false,
        Ok(Answer::Success(output)) => same_json(attempt.output.as_deref(), &output) && attempt.error.is_none(),
        // Not every endpoint keeps the cause in its history.
        Ok(Answer::Failure { error, cause }) => {
            attempt.error.as_deref() == Some(error.as_str())
                && attempt.cause.as_deref().is_none_or(|known| known.is_empty() || known == cause)
        }
    };
    Some(if ours && tried { Sent::Delivered } else { Sent::Late(closed.by) })
}

fn same_json(known: Option<&str>, ours: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    known.and_then(read).is_some_and(|known| Some(known) == read(ours))
}

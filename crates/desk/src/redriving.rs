//! Redriving: an execution that ended without success goes on from the states that failed, under its own ARN and with its
//! history. Completed states are not repeated.

use std::collections::BTreeSet;

use countersign_trace::{Details, EventKind, HistoryEvent, Trace, VisitId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::actor::Actor;
use crate::audit::Done;
use crate::connection::{CallError, Description, ExecutionStatus, Redrivable};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::policy::Action;
use crate::starting::refuse_express;
use crate::watch::Record;

/// How long after its end an execution can be redriven, in milliseconds: AWS's limit.
const WINDOW: i64 = 14 * 24 * 60 * 60 * 1_000;
/// A history with so many events has no room for a redrive: AWS's limit.
const EVENTS: u64 = 24_999;

/// Why an execution cannot be redriven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotRedrivable {
    #[error("it runs")]
    Running,
    #[error("it succeeded")]
    Succeeded,
    /// It ended more than 14 days ago, in milliseconds since the epoch.
    #[error("it ended at {ended_at}, more than 14 days ago")]
    TooOld { ended_at: i64 },
    #[error("its history has {events} events")]
    TooManyEvents { events: u64 },
    /// A child of a Map Run is redriven with its parent.
    #[error("it is a child of a Map Run")]
    Child,
    /// Step Functions says so, in its own words.
    #[error("Step Functions refuses: {why}")]
    Refused { why: String },
}

/// Why an execution was not redriven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RedriveError {
    #[error(transparent)]
    NotRedrivable(#[from] NotRedrivable),
    /// It was redriven since whoever asks saw it, and has ended again.
    #[error("it was redriven and has ended again meanwhile")]
    EndedAgain,
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Redrives whose outcome is not on record yet: the execution, and how often it had been redriven before.
pub(crate) type Ordered = BTreeSet<(String, u64)>;

impl Desk {
    /// Redrives an execution, in the actor's name. `seen` is how often it had been redriven when the actor saw it: a click
    /// that is repeated takes effect once.
    ///
    /// # Errors
    /// It cannot be redriven, or the connection does not answer.
    pub async fn redrive(&self, actor: &Actor, arn: &str, seen: Option<u64>) -> Result<(), Error> {
        refuse_express(arn)?;
        self.permit_change(actor, Action::Redrive, workflow_of(arn), Some(arn)).await?;
        let calls = &self.watch().connection.calls;
        let record = self.watch().record(arn).await?;
        let before = calls.describe_execution(arn).await.map_err(RedriveError::from)?;
        let redrives = before.redrives.max(u64::from(record.trace.redrives));
        let seen = seen.unwrap_or(redrives);
        if redrives > seen {
            self.redriven(actor, &before, (arn, seen)).await?;
            // A repeated click, or somebody else was quicker: it goes on, as was asked.
            let goes_on = before.status == ExecutionStatus::Running && redrives == seen + 1;
            return if goes_on { Ok(()) } else { Err(RedriveError::EndedAgain.into()) };
        }
        if let Some(why) = hindrance(&before, record.event_count(), self.now()) {
            return Err(RedriveError::from(why).into());
        }
        let key = (arn.to_owned(), seen);
        self.ordered().insert(key.clone());
        let call = calls.redrive_execution(arn, &client_token(arn, seen)).await;
        let after = match call {
            Ok(()) => calls.describe_execution(arn).await.ok(),
            // The answer may be lost, and the redrive not.
            Err(error) if error.is_passing() => match calls.describe_execution(arn).await {
                Ok(now) if now.redrives > before.redrives || now.status == ExecutionStatus::Running => Some(now),
                _ => return Err(RedriveError::from(error).into()),
            },
            Err(error) => {
                self.ordered().remove(&key);
                return Err(RedriveError::from(error).into());
            }
        };
        let after = after.unwrap_or_else(|| Description {
            status: ExecutionStatus::Running,
            ended_at: None,
            redrives: redrives + 1,
            ..before
        });
        self.redriven(actor, &after, (arn, seen)).await?;
        self.watch().nudge();
        Ok(())
    }

    /// Puts a redrive on record, once, and has the watch follow the execution again.
    async fn redriven(&self, actor: &Actor, now: &Description, (arn, seen): (&str, u64)) -> Result<(), ReadError> {
        let is_new = self.ordered().remove(&(arn.to_owned(), seen));
        if is_new {
            self.note(actor, Done::Redriven { execution_arn: arn.to_owned() }).await;
        }
        self.watch().described(now).await
    }
}

/// Why an execution cannot be redriven, as far as its history says; `None` if it can, or if it runs.
#[must_use]
pub fn hindrance_of(record: &Record, now: i64) -> Option<NotRedrivable> {
    hindrance(&record.description, record.event_count(), now)
}

/// The rules of AWS. The endpoint's own word comes last: the others say more.
fn hindrance(about: &Description, events: u64, now: i64) -> Option<NotRedrivable> {
    match (about.status, about.ended_at) {
        (ExecutionStatus::Running, _) => return Some(NotRedrivable::Running),
        (ExecutionStatus::Succeeded, _) => return Some(NotRedrivable::Succeeded),
        (_, Some(ended_at)) if now - ended_at > WINDOW => return Some(NotRedrivable::TooOld { ended_at }),
        _ => {}
    }
    if events >= EVENTS {
        return Some(NotRedrivable::TooManyEvents { events });
    }
    match &about.redrivable {
        Redrivable::ByMapRun => Some(NotRedrivable::Child),
        _ if is_child(&about.arn) => Some(NotRedrivable::Child),
        Redrivable::No { reason } => {
            let why = reason.clone().unwrap_or_else(|| "no reason given".to_owned());
            Some(NotRedrivable::Refused { why })
        }
        Redrivable::Unsaid | Redrivable::Yes => None,
    }
}

/// Whether an execution was started by a Map Run: its ARN has the label of the Map state behind the machine's name.
fn is_child(arn: &str) -> bool {
    arn.split(':').nth(6).is_some_and(|machine| machine.contains('/'))
}

/// The same for every click on the same end of an execution, whoever clicks: Step Functions takes them as one.
fn client_token(arn: &str, redrives: u64) -> String {
    let hash = Sha256::digest(format!("{arn} {redrives}"));
    hash.iter().take(16).fold("countersign-".to_owned(), |token, byte| format!("{token}{byte:02x}"))
}

impl Record {
    /// The visits that a redrive goes on from: those that had not succeeded, without what is around them. None where the
    /// execution ended in a Fail state, which is entered once more, or before its first state.
    #[must_use]
    pub fn goes_on_from(&self) -> &[VisitId] {
        self.resumes.get_or_init(|| innermost_open(&self.trace_after_redrive()))
    }

    /// What a redrive would make of its history.
    fn trace_after_redrive(&self) -> Trace {
        let mut events = self.events.clone();
        events.push(HistoryEvent {
            id: self.event_count() + 1,
            previous_event_id: self.event_count(),
            timestamp: self.trace.last_event_at.unwrap_or_default(),
            kind: EventKind::ExecutionRedriven,
            details: Details::default(),
        });
        countersign_trace::fold(&events)
    }
}

fn innermost_open(trace: &Trace) -> Vec<VisitId> {
    let open = || trace.numbered_visits().filter(|(_, visit)| visit.exited_at.is_none());
    let around: BTreeSet<VisitId> = open().filter_map(|(_, visit)| visit.parent).collect();
    open().map(|(id, _)| id).filter(|id| !around.contains(id)).collect()
}

#[cfg(test)]
mod tests;

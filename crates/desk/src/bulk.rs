//! Acting on many executions at once, and deciding many requests ([`decisions`]).
//!
//! First the exact list is made and kept ([`Desk::prepare`]); a page shows it, with what cannot be acted on. Then it is carried
//! out ([`Desk::carry_out`]), one after the other, as fast as the quota allows. Each outcome is on record before
//! the next one's turn. What the end of the program interrupts goes on when somebody asks for it: an execution that was
//! being started then has its name from the run, so it is never started twice. Decisions go on by themselves
//! ([`confirmed`]): a request has one decision, and a person one choice.

mod confirmed;
mod decisions;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::actor::Actor;
use crate::approvals::outcomes::Chosen as Outcome;
use crate::approvals::{DecideError, NotDecided, passes};
use crate::audit::Done;
use crate::connection::{Api, ExecutionStatus};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError, StopError};
use crate::lists::Wanted;
use crate::news::Topic;
use crate::policy::{Action, Denied};
use crate::redriving::RedriveError;
use crate::starting::StartError;
use crate::store::{BulkItem, BulkOutcome, BulkRun, Refusal, Verb};

/// The most executions or requests of a run.
pub const MOST: u32 = 500;
/// How long the next turn waits where the quota leaves no call.
const PAUSE: Duration = Duration::from_millis(100);
/// Pages learn of progress after so many.
const NEWS: usize = 10;

/// The runs that are being carried out by this process.
#[derive(Debug, Default)]
pub struct Running(Mutex<BTreeSet<String>>);

impl Running {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        // A set of names is right after a panic, too.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A run as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    pub run: BulkRun,
    pub items: Vec<BulkItem>,
    /// Whether this process carries it out now.
    pub goes_on: bool,
}

/// Why a run was not made or carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    #[error("nothing was chosen")]
    Nothing(Subject),
    #[error("{chosen} were chosen; the limit is {limit}")]
    TooMany { of: Subject, chosen: usize, limit: u32 },
    #[error("the reason has {characters} characters; the limit is {limit}")]
    ReasonTooLong { characters: usize, limit: usize },
    #[error("there is no run {0:?}")]
    NoRun(String),
    /// The page showed another list.
    #[error("the list is another one")]
    Changed,
    /// So many of the requests do not have the outcome; all of them have these.
    #[error("{without} requests have no outcome {given:?}")]
    NotCommon { given: String, without: usize, common: Vec<String> },
    /// So many of the requests need a comment for the outcome.
    #[error("{outcome} needs a comment for {needing} requests")]
    NoComment { outcome: String, needing: usize },
}

/// What a run is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Executions,
    Requests,
}

/// The most characters of a reason.
const REASON: usize = crate::stopping::STOP_REASON;

impl Verb {
    /// What the policy is asked.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Stop => Action::Stop,
            Self::StartAgain => Action::Start,
            Self::Redrive => Action::Redrive,
            Self::Decide => Action::Decide,
        }
    }

    /// What it is done to.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::Decide => Subject::Requests,
            Self::Stop | Self::StartAgain | Self::Redrive => Subject::Executions,
        }
    }

    const fn api(self) -> Api {
        match self {
            Self::Stop => Api::StopExecution,
            Self::StartAgain => Api::StartExecution,
            Self::Redrive => Api::RedriveExecution,
            Self::Decide => Api::SendTaskSuccess,
        }
    }

    /// Why an execution of this status is left out.
    const fn refusal(self, status: ExecutionStatus) -> Option<Refusal> {
        match (self, status) {
            (Self::Stop, ExecutionStatus::Running) | (Self::StartAgain | Self::Decide, _) => None,
            (Self::Stop, _) => Some(Refusal::NotRunning),
            (Self::Redrive, ExecutionStatus::Running) => Some(Refusal::Running),
            (Self::Redrive, ExecutionStatus::Succeeded) => Some(Refusal::Succeeded),
            (Self::Redrive, _) => None,
        }
    }
}

impl Desk {
    /// Makes a run of these executions, or of those that a list has; returns its id. Nothing is done to them yet.
    ///
    /// # Errors
    /// Nothing was chosen or too much, the policy refuses it, or the store fails.
    pub async fn prepare(&self, actor: &Actor, verb: Verb, reason: &str, chosen: Chosen<'_>) -> Result<String, Error> {
        self.sight(actor)?;
        let reason = reason.trim();
        let characters = reason.chars().count();
        if characters > REASON {
            return Err(BulkError::ReasonTooLong { characters, limit: REASON }.into());
        }
        let (rows, fitted) = self.chosen(actor, verb, chosen).await?;
        if rows.is_empty() {
            return Err(BulkError::Nothing(Subject::Executions).into());
        }
        // Where some may be acted on, the page says which ones may not.
        self.may_to_any(actor, verb.action(), rows.iter().map(|(arn, _)| workflow_of(arn).unwrap_or_default()))?;
        let items: Vec<BulkItem> = rows
            .into_iter()
            .map(|(execution_arn, status)| {
                let workflow = workflow_of(&execution_arn).unwrap_or_default().to_owned();
                let denied = self.permit(actor, verb.action(), Some(&workflow)).err();
                let denied = denied.map(Refusal::Policy);
                let refusal = denied.or_else(|| status.map_or(Some(Refusal::Gone), |status| verb.refusal(status)));
                BulkItem { execution_arn, workflow, request: None, outcome: refusal.map(BulkOutcome::Refused) }
            })
            .collect();
        self.keep_list(actor, (verb, None), reason, &items, fitted).await
    }

    /// Keeps a list that nothing was done to yet; returns its id.
    async fn keep_list(
        &self,
        actor: &Actor,
        (verb, choice): (Verb, Option<Outcome>),
        reason: &str,
        items: &[BulkItem],
        fitted: u64,
    ) -> Result<String, Error> {
        let run = BulkRun {
            id: new_id(),
            verb,
            hash: hash(verb, choice.as_ref(), reason, items),
            choice,
            reason: reason.to_owned(),
            fitted,
            person_id: actor.id().to_owned(),
            person_name: actor.name().to_owned(),
            made_at: self.now(),
            begun_at: None,
            maker: None,
            until: None,
            going_at: None,
            ended_at: None,
        };
        self.store().keep_run(self.id(), &run, items).await?;
        Ok(run.id)
    }

    /// The chosen executions with their statuses, where a list has them; and how many fitted.
    async fn chosen(
        &self,
        actor: &Actor,
        verb: Verb,
        chosen: Chosen<'_>,
    ) -> Result<(Vec<(String, Option<ExecutionStatus>)>, u64), Error> {
        match chosen {
            Chosen::These(arns) => {
                let arns: BTreeSet<&String> = arns.iter().collect();
                if arns.len() > MOST as usize {
                    let (of, chosen) = (Subject::Executions, arns.len());
                    return Err(BulkError::TooMany { of, chosen, limit: MOST }.into());
                }
                let mut rows = Vec::new();
                for arn in arns {
                    let is_seen = workflow_of(arn).is_some_and(|workflow| self.sees(actor, workflow));
                    let row = if is_seen { self.listed(actor, arn).await? } else { None };
                    rows.push((arn.clone(), row.map(|row| row.summary.status)));
                }
                let fitted = rows.len() as u64;
                Ok((rows, fitted))
            }
            Chosen::All(wanted) => {
                let mut wanted = wanted.clone();
                // Of all that fit, those that cannot be stopped are not meant.
                if verb == Verb::Stop {
                    wanted.search.terms.push(crate::search::Term::Running);
                }
                let page = self.select(actor, &wanted, None, MOST).await?;
                let fitted = match page.older {
                    Some(_) => self.count(actor, &wanted, u32::MAX - 1).await?.count,
                    None => page.rows.len() as u64,
                };
                let row = |row: crate::index::ExecutionRow| (row.summary.arn, Some(row.summary.status));
                Ok((page.rows.into_iter().map(row).collect(), fitted))
            }
        }
    }

    /// A run with what came of it, and of its list what the actor may see.
    ///
    /// # Errors
    /// There is no such run, or the store fails.
    pub async fn bulk(&self, actor: &Actor, id: &str) -> Result<Bulk, Error> {
        let mut bulk = self.whole_bulk(actor, id).await?;
        bulk.items.retain(|item| self.sees(actor, &item.workflow));
        bulk.items.iter_mut().for_each(|item| self.veil(actor, item));
        Ok(bulk)
    }

    /// The same with the executions that the actor may not see. A list of requests has what its maker saw of them, and is
    /// theirs alone.
    async fn whole_bulk(&self, actor: &Actor, id: &str) -> Result<Bulk, Error> {
        self.sight(actor)?;
        let found = self.store().run(self.id(), id).await?;
        let found = found.filter(|(run, _)| run.verb != Verb::Decide || run.person_id == actor.id());
        let (run, items) = found.ok_or_else(|| BulkError::NoRun(id.to_owned()))?;
        let goes_on = self.running().with(|running| running.contains(id));
        Ok(Bulk { run, items, goes_on })
    }

    /// Refuses whoever may do it to nothing of a list.
    fn may_carry_out(&self, actor: &Actor, bulk: &Bulk) -> Result<(), Denied> {
        if bulk.run.verb == Verb::Decide {
            // The policy is asked about each request.
            return self.permit_changes(actor);
        }
        let workflows = bulk.items.iter().map(|item| item.workflow.as_str());
        self.may_to_any(actor, bulk.run.verb.action(), workflows)
    }

    /// Begins with a run that was confirmed, or goes on with it, unless this process does so already.
    fn go_on(self: &Arc<Self>, actor: &Actor, id: &str) {
        if !self.running().with(|running| running.insert(id.to_owned())) {
            return;
        }
        let (desk, actor, id) = (Arc::clone(self), actor.clone(), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = desk.carry_on(&actor, &id).await {
                tracing::error!(%error, run = %id, "a run over many was interrupted");
            }
            desk.running().with(|running| running.remove(&id));
            desk.watch().changes.publish([Topic::Inbox, Topic::Executions]);
            desk.look_again().await;
        });
    }

    async fn carry_on(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        if !self.store().begin_run(id, self.now()).await? {
            return Ok(());
        }
        // As it is now, so that nothing of it is done twice. What the actor may no longer do, each item says.
        let Some((run, items)) = self.store().run(self.id(), id).await? else { return Ok(()) };
        let open = items.iter().enumerate().filter(|(_, item)| item.outcome.is_none());
        for (done, (number, item)) in open.enumerate() {
            self.wait_for(run.verb.api()).await;
            let outcome = match self.act_on(actor, &run, number, item).await {
                Ok(outcome) => outcome,
                // Decisions go on by themselves, so they wait for a connection that is away.
                Err(error) if run.verb == Verb::Decide && passes(&error) => return Err(error),
                Err(error) => BulkOutcome::Refused(refused(error)?),
            };
            self.store().set_outcome(&run.id, number, &outcome).await?;
            if done % NEWS == 0 {
                self.watch().changes.publish([Topic::Inbox]);
            }
        }
        Ok(self.store().end_run(&run.id, self.now()).await?)
    }

    /// Waits until the quota leaves a call.
    #[expect(clippy::disallowed_methods, reason = "the quota is one of real time")]
    async fn wait_for(&self, api: Api) {
        while !self.watch().take_call(api) {
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn act_on(&self, actor: &Actor, run: &BulkRun, number: usize, item: &BulkItem) -> Result<BulkOutcome, Error> {
        let arn = &item.execution_arn;
        let row = if run.verb == Verb::Decide { None } else { self.listed(actor, arn).await? };
        let unfit = row.as_ref().map_or(Some(Refusal::Gone), |row| run.verb.refusal(row.summary.status));
        match (run.verb, unfit) {
            (Verb::Decide, _) => self.decide_one(actor, run, item).await,
            (_, Some(refusal)) => Ok(BulkOutcome::Refused(refusal)),
            (Verb::Stop, None) => self.stop_only(actor, arn, &run.reason).await.map(|()| BulkOutcome::Stopped),
            (Verb::StartAgain, None) => {
                self.start_copy(actor, run, number, arn, &item.workflow).await.map(BulkOutcome::Started)
            }
            (Verb::Redrive, None) => {
                let redrives = row.map(|row| row.summary.redrives);
                self.redrive(actor, arn, redrives).await.map(|()| BulkOutcome::Redriven)
            }
        }
    }

    /// Starts an execution with the stored input of another one. Its name says of which run it is.
    async fn start_copy(
        &self,
        actor: &Actor,
        run: &BulkRun,
        number: usize,
        arn: &str,
        workflow: &str,
    ) -> Result<String, Error> {
        self.permit_change(actor, Action::Start, Some(workflow), None).await?;
        let input = self.whole_input(workflow, arn).await?;
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(workflow);
        let machine = machine.ok_or_else(|| ReadError::NoWorkflow(workflow.to_owned()))?;
        let name = format!("{}-{}", run.id, number + 1);
        let started = self.launch(&machine.arn, &name, &input).await?;
        let done =
            Done::Started { workflow: workflow.to_owned(), execution_arn: Some(started.clone()), name: String::new() };
        self.note(actor, done).await;
        Ok(started)
    }
}

/// Which executions a run is of.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// Those with these ARNs.
    These(&'a [String]),
    /// All of a list, the newest first.
    All(&'a Wanted),
}

/// Why nothing was done to one execution or request. What is no matter of this one, such as a full disk, interrupts the run.
fn refused(error: Error) -> Result<Refusal, Error> {
    Ok(match error {
        Error::Stop(StopError::Call(call))
        | Error::Start(StartError::Call(call) | StartError::Read(ReadError::Call(call)))
        | Error::Redrive(RedriveError::Call(call) | RedriveError::Read(ReadError::Call(call)))
        | Error::Read(ReadError::Call(call)) => {
            if call.is_missing() {
                Refusal::Gone
            } else {
                Refusal::Call(call)
            }
        }
        Error::Start(StartError::NoInput { .. }) => Refusal::NoInput,
        Error::Start(error) => Refusal::Start(error),
        Error::Stop(error) => Refusal::Stop(error),
        Error::Redrive(error) => Refusal::Redrive(error),
        Error::Read(error) => Refusal::Read(error),
        Error::Denied(denied) => Refusal::Policy(denied),
        Error::Decide(DecideError::Read(error)) => return refused(error.into()),
        Error::Decide(error) => Refusal::Decision(Box::new(NotDecided::of(error)?)),
        other => return Err(other),
    })
}

/// The hash of a list as it is shown.
fn hash(verb: Verb, choice: Option<&Outcome>, reason: &str, items: &[BulkItem]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{verb:?} {choice:?}\n{reason:?}\n"));
    items.iter().for_each(|item| {
        hasher.update(format!("{:?} {:?} {}\n", item.execution_arn, item.request, item.outcome.is_none()));
    });
    hasher.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // A text cannot refuse what is written to it.
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::disallowed_methods, reason = "a run has a name that no other one has")]
fn new_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("bulk-{}", &id[..12])
}

#[cfg(test)]
mod tests;

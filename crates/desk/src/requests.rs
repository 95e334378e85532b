//! One request, waiting or closed, with everything that its page shows; and deciding it.

use std::sync::Arc;
use std::time::Duration;

use countersign_trace::{EventKind, HistoryEvent};

use crate::actor::Actor;
use crate::approvals::ahead::{Foresight, foresee};
use crate::approvals::answer::Words;
use crate::approvals::branches::{self, Branches};
use crate::approvals::{Choice, Closed, Decided, Policy, Reading, closed, decide, read};
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, ReadError};
use crate::index::Place;
use crate::policy::Action;
use crate::starting::refuse_express;
use crate::store::Decision;
use crate::watch::{Past, Record, Waiting, is_callback};

/// How long the page of a known request waits for the connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// One request, waiting or not.
#[derive(Clone, Debug)]
pub struct Request {
    pub wait: Waiting,
    pub reading: Reading,
    /// The request's content, as redacted JSON.
    pub text: String,
    /// Where each answer leads, with warnings.
    pub foresight: Foresight,
    pub state: RequestState,
    /// Its position among the waiting requests.
    pub position: Option<Place>,
}

/// The state of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It waits for a decision.
    Waiting,
    /// It was decided here.
    Decided(Box<Decision>),
    /// Something else closed it.
    Closed(Closed),
}

impl Desk {
    /// One request.
    ///
    /// # Errors
    /// There is no such task, or the connection or the store does not answer.
    pub async fn request(&self, actor: &Actor, arn: &str, event: u64) -> Result<Request, Error> {
        refuse_express(arn)?;
        self.permit(actor, Action::View, workflow_of(arn), None)?;
        let no_request = || ReadError::NoRequest { execution_arn: arn.to_owned(), event };
        let record = self.record_of_request(arn).await?;
        let policies = self.folder().policies();
        let workflow = record.workflow();
        let (scheduled, state) = record.event(event).zip(record.state_of(event)).ok_or_else(no_request)?;
        self.permit(actor, Action::View, Some(workflow), Some(state))?;
        let policy = policies.get(workflow).and_then(|states| states.get(state));
        let is_request = is_callback(scheduled) || scheduled.kind == EventKind::ActivityScheduled && policy.is_some();
        if !is_request {
            return Err(no_request().into());
        }
        let tokens = self.watch().all_tokens();
        let text = tokens.text(&record.request(event));
        let wait = record.waits().iter().find(|wait| wait.event == event).cloned();
        let wait = wait.unwrap_or_else(|| closed_wait(&record, scheduled, workflow, state));
        let parent_arn = self.index().execution(self.id(), arn).await?.and_then(|listed| listed.parent_arn);
        let item = wait.item.as_ref().map(|item| item.rewritten(|text| tokens.text(text)));
        let wait = Waiting { parent_arn, request: text.clone(), item, ..wait };
        let reading = read(&policies, workflow, state, &text);
        let now = match self.store().of_task(self.id(), arn, event).await? {
            Some(decision) => RequestState::Decided(Box::new(decision)),
            None => closed(&record, event).map_or(RequestState::Waiting, RequestState::Closed),
        };
        let foresight = match now {
            RequestState::Waiting if wait.obstacle.is_none() => self.foresee(&record, event, policy, &text).await,
            _ => Foresight { branches: branches_of(&record, state), ..Foresight::default() },
        };
        let foresight = foresight.rewritten(|text| tokens.text(text));
        let place = self.index().place(self.id(), &wait).await?;
        let position = Some(place).filter(|place| place.index.is_some() || place.next.is_some());
        Ok(Request { wait, reading, text, foresight, state: now, position })
    }

    /// The execution of a request: a new reading, or the last one if the connection does not answer soon. The page then
    /// shows its age.
    async fn record_of_request(&self, arn: &str) -> Result<Arc<Record>, ReadError> {
        let watch = self.watch();
        match tokio::time::timeout(PATIENCE, watch.record(arn)).await {
            Ok(Err(ReadError::Call(error))) if error.is_passing() => {
                watch.known_record(arn).ok_or(ReadError::Call(error))
            }
            Ok(answered) => answered,
            Err(_) => match watch.known_record(arn) {
                Some(record) => Ok(record),
                None => watch.record(arn).await,
            },
        }
    }

    /// Where each answer leads.
    async fn foresee(&self, record: &Arc<Record>, event: u64, policy: Option<&Policy>, request: &str) -> Foresight {
        let words = Words {
            request: request.to_owned(),
            person: "the person who decides".to_owned(),
            comment: String::new(),
            decided_at: self.now(),
            id: 0,
        };
        let (policy, sandbox) = (policy.cloned(), self.watch().sandbox());
        let looked = {
            let record = Arc::clone(record);
            tokio::task::spawn_blocking(move || {
                let machine = record.definition.machine.as_ref()?;
                let (description, events) = record.whole();
                let moment =
                    Past::new(description, events, &record.trace, &record.definition, sandbox.clone()).moment(event)?;
                Some(foresee(machine, &moment, policy.as_ref(), &words, sandbox))
            })
        };
        looked.await.ok().flatten().unwrap_or_default()
    }

    /// Makes a decision; returns its outcome.
    ///
    /// # Errors
    /// See [`decide`].
    pub async fn decide(
        &self,
        actor: &Actor,
        (arn, event): (&str, u64),
        choice: Choice,
        comment: &str,
    ) -> Result<Decided, Error> {
        let known = self.watch().known_record(arn);
        let state = known.as_ref().and_then(|record| record.state_of(event));
        self.permit(actor, Action::Decide, workflow_of(arn), state)?;
        let policies = self.folder().policies();
        Ok(decide(self.courier(), &policies, actor, (arn, event), choice, comment).await?)
    }
}

fn branches_of(record: &Record, state: &str) -> Branches {
    let machine = record.definition.machine.as_ref();
    machine.map(|machine| branches::of(machine, state)).unwrap_or_default()
}

/// A request that no longer waits.
fn closed_wait(record: &Record, scheduled: &HistoryEvent, workflow: &str, state: &str) -> Waiting {
    let due = record.deadline_of(scheduled, state);
    Waiting {
        execution_arn: record.description.arn.clone(),
        execution_name: record.description.name.clone(),
        parent_arn: None,
        machine_arn: record.description.machine_arn.clone(),
        workflow: workflow.to_owned(),
        state: state.to_owned(),
        event: scheduled.id,
        since: scheduled.timestamp,
        due: due.map(|(at, _)| at),
        due_by: due.map(|(_, by)| by),
        item: None,
        request: String::new(),
        obstacle: None,
    }
}

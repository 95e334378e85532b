//! The desk: what each server function asks for, from what the watch knows and what the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_trace::{EventKind, HistoryEvent};

use super::approvals::ahead::{Foresight, foresee};
use super::approvals::answer::Words;
use super::approvals::branches::Branches;
use super::approvals::{Choice, Courier, Outcome, Policy, Reading, act_row, decide, decision_row, read};
use super::connection::{Clients, problem};
use super::deploy::{Definitions, Folder};
use super::starting::no_express;
use super::store::{Act, Deed, Store};
use super::watch::{Past, Record, Snapshot, Waiting, Watch, is_activity, is_callback};
use super::{people, views};
use crate::dto::{
    ApprovalPage, ApprovalState, AuditPage, AuditRow, ExecutionPage, ExecutionsPage, Frame, InboxPage, Overview,
    Person, Position, RequestKey, Status, WorkflowPage, WorkflowRow,
};
use crate::error::{AppError, ErrorKind};
use crate::json::pretty;
use crate::routes;

/// Decisions beside the inbox, and on the page of all decisions.
const LATEST: u32 = 20;
const ALL: u32 = 500;
/// How long the page of a request waits for the connection, where the request is known.
const PATIENCE: Duration = Duration::from_secs(1);
/// Characters of the reason why an execution was stopped.
const CAUSE: usize = 2_000;

/// Everything that serves one connection.
pub struct Desk {
    pub watch: Arc<Watch>,
    pub store: Store,
    pub courier: Courier,
    /// The folder that definitions are deployed from.
    pub definitions: Definitions,
}

impl Desk {
    fn clients(&self) -> &Clients {
        &self.watch.clients
    }

    /// Whether an input of the form was typed by somebody: it is neither empty nor one of the ready-made ones.
    #[must_use]
    pub fn is_own_input(&self, workflow: &str, input: &str) -> bool {
        // A browser sends the lines of a form with other ends.
        let lines = |text: &str| text.trim().replace("\r\n", "\n");
        let input = lines(input);
        let ready_made = self.folder().samples(workflow);
        !matches!(input.as_str(), "" | "{}") && !ready_made.iter().any(|sample| lines(&sample.input) == input)
    }

    fn folder(&self) -> Folder {
        let folder = self.definitions.read();
        let states = |(name, states): (&String, &BTreeMap<String, _>)| {
            states.keys().map(|state| (name.clone(), state.clone())).collect::<Vec<_>>()
        };
        self.watch.activities_for_people(folder.policies().iter().flat_map(states).collect());
        folder
    }

    /// Puts on record what somebody did. It is done: where the record fails, the log has it.
    pub async fn note(
        &self,
        person: &Person,
        deed: Deed,
        workflow: Option<&str>,
        execution_arn: Option<&str>,
        detail: &str,
    ) {
        let act = Act {
            deed,
            workflow: workflow.map(str::to_owned),
            execution_arn: execution_arn.map(str::to_owned),
            detail: detail.to_owned(),
            person_name: person.name.clone(),
            at: self.watch.now(),
        };
        if let Err(error) = self.store.act(person, &act).await {
            tracing::error!(%error, ?act, person = %person.id, "an act could not be put on record");
        }
        self.watch.changes.publish(["inbox".to_owned()]);
    }

    /// The frame around every page.
    pub async fn frame(&self, person: &Person) -> Frame {
        let snapshot = self.watch.snapshot();
        Frame {
            connection: self.clients().about.clone(),
            person: person.clone(),
            people: people::all(),
            waiting: snapshot.waiting.len(),
            data_at: snapshot.data_at,
            // Where nothing is known yet, the page itself tells.
            problem: snapshot.problem.clone().filter(|_| snapshot.data_at.is_some()),
            manifest: self.definitions.trouble(),
            now: self.watch.now(),
        }
    }

    /// What is known; an error where nothing ever was.
    pub(super) async fn known(&self) -> Result<Arc<Snapshot>, AppError> {
        self.watch.first_look().await;
        let snapshot = self.watch.snapshot();
        match (&snapshot.data_at, &snapshot.problem) {
            (None, Some(problem)) => Err(AppError { kind: ErrorKind::Unavailable, problem: problem.clone() }),
            _ => Ok(snapshot),
        }
    }

    fn reading(&self, folder: &Folder, wait: &Waiting) -> Reading {
        read(&folder.policies(), &wait.workflow, &wait.state, &wait.request)
    }

    /// The overview.
    ///
    /// # Errors
    /// The connection has not answered yet.
    pub async fn overview(&self) -> Result<Overview, AppError> {
        let folder = self.folder();
        Ok(views::overview(&*self.known().await?, self.watch.now(), |wait| self.reading(&folder, wait).title))
    }

    /// All workflows.
    ///
    /// # Errors
    /// The connection has not answered yet.
    pub async fn workflows(&self) -> Result<Vec<WorkflowRow>, AppError> {
        Ok(views::workflows(&*self.known().await?))
    }

    /// One workflow by its name; `again` is the execution whose input its form is to hold.
    ///
    /// # Errors
    /// There is none, or the connection has not answered yet.
    pub async fn workflow(&self, name: &str, again: Option<&str>) -> Result<WorkflowPage, AppError> {
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(name).ok_or_else(|| no_workflow(name))?;
        let executions = snapshot.executions.get(&machine.arn).map_or(&[][..], Vec::as_slice);
        let again = match again {
            Some(arn) => Some(self.again(name, arn).await.map_err(|error| error.problem)),
            None => None,
        };
        Ok(WorkflowPage {
            again,
            row: views::workflow_row(&snapshot, machine),
            definition: pretty(&machine.definition.text),
            revision_id: machine.revision_id.clone(),
            role_arn: machine.role_arn.clone(),
            executions: executions.iter().map(|one| views::execution_row(&snapshot, one)).collect(),
            samples: self.folder().samples(name),
            now: self.watch.now(),
        })
    }

    /// Executions, newest first.
    ///
    /// # Errors
    /// The status is none, or the connection has not answered yet.
    pub async fn executions(
        &self,
        workflow: Option<String>,
        status: Option<String>,
    ) -> Result<ExecutionsPage, AppError> {
        let status = match status.as_deref().filter(|status| !status.is_empty()) {
            None => None,
            Some("running") => Some(Status::Running),
            Some("waiting") => Some(Status::WaitingApproval),
            Some("succeeded") => Some(Status::Succeeded),
            Some("failed") => Some(Status::Failed),
            Some("timed_out") => Some(Status::TimedOut),
            Some("aborted" | "stopped") => Some(Status::Aborted),
            Some(other) => {
                let what = format!("{:?} is no status.", other.chars().take(40).collect::<String>());
                return Err(AppError::new(
                    ErrorKind::Invalid,
                    what,
                    "Choose running, waiting, succeeded, failed, timed_out or aborted.",
                ));
            }
        };
        let workflow = workflow.filter(|name| !name.is_empty());
        Ok(views::executions(&*self.known().await?, workflow, status, self.watch.now()))
    }

    /// One execution.
    ///
    /// # Errors
    /// There is none, or the connection does not answer.
    pub async fn execution(&self, arn: &str, state: Option<String>) -> Result<ExecutionPage, AppError> {
        no_express(arn)?;
        let record = self.watch.record(arn).await?;
        let snapshot = self.watch.snapshot();
        let folder = self.folder();
        let about = &record.description;
        let workflow = about.machine_arn.rsplit(':').next().unwrap_or_default().to_owned();
        let waits = self.watch.waiting_in(&record, &workflow);
        let row = crate::dto::ExecutionRow {
            arn: about.arn.clone(),
            name: about.name.clone(),
            workflow: snapshot.machines.get(&about.machine_arn).map_or(workflow, |machine| machine.name.clone()),
            status: if about.status == Status::Running && !waits.is_empty() {
                Status::WaitingApproval
            } else {
                about.status
            },
            started_at: about.started_at,
            ended_at: about.ended_at,
        };
        let mut page = views::execution_page(&record, &self.watch.redactor(&record), row, state, self.watch.now());
        served_by_workers(&mut page, &record, &waits);
        page.cause = page.cause.or_else(|| record.timeout_words());
        page.approvals = waits.iter().map(|wait| views::approval_row(wait, &self.reading(&folder, wait))).collect();
        Ok(page)
    }

    /// Everything that waits for a person, with the request `open`, or else the most urgent one.
    ///
    /// # Errors
    /// The connection has not answered yet, the store failed, or there is no such request. A request that cannot be
    /// opened now is told beside the list.
    pub async fn inbox(&self, open: Option<RequestKey>) -> Result<InboxPage, AppError> {
        let folder = self.folder();
        let snapshot = self.known().await?;
        let waiting = snapshot.waiting.iter().map(|wait| views::approval_row(wait, &self.reading(&folder, wait)));
        let decided = self.store.latest(LATEST).await?;
        let open = open.or_else(|| snapshot.waiting.first().map(|wait| (wait.execution_arn.clone(), wait.event)));
        let open = match open {
            Some((arn, event)) => match self.approval(&arn, event).await {
                Err(error) if error.kind == ErrorKind::NotFound => return Err(error),
                page => Some(page),
            },
            None => None,
        };
        Ok(InboxPage {
            waiting: waiting.collect(),
            decided: decided.iter().map(decision_row).collect(),
            open,
            now: self.watch.now(),
        })
    }

    /// One approval, waiting or not.
    ///
    /// # Errors
    /// There is no such task, or the connection or the store does not answer.
    pub async fn approval(&self, arn: &str, event: u64) -> Result<ApprovalPage, AppError> {
        no_express(arn)?;
        let no_request = || {
            AppError::new(
                ErrorKind::NotFound,
                format!("Event {event} of this execution is no task that waits for a person."),
                "Open the inbox and choose one of what waits.",
            )
        };
        let record = self.record_of_request(arn).await?;
        let snapshot = self.watch.snapshot();
        let folder = self.folder();
        let workflow = record.description.machine_arn.rsplit(':').next().unwrap_or_default();
        let (scheduled, state) = record.event(event).zip(record.state_of(event)).ok_or_else(no_request)?;
        let policies = folder.policies();
        let policy = policies.get(workflow).and_then(|states| states.get(state));
        let is_request = is_callback(scheduled) || scheduled.kind == EventKind::ActivityScheduled && policy.is_some();
        if !is_request {
            return Err(no_request());
        }
        let tokens = self.watch.all_tokens();
        let request = tokens.text(&record.request(event));
        let wait = record.waiting(workflow).into_iter().find(|wait| wait.event == event);
        let wait = wait.unwrap_or_else(|| closed_wait(&record, scheduled, workflow, state));
        let wait = Waiting { request: request.clone(), item: tokens.option(wait.item.as_deref()), ..wait };
        let reading = read(&policies, workflow, state, &request);
        let decided = self.store.of_task(arn, event).await?;
        let state_now = match decided {
            Some(decision) => ApprovalState::Decided(decision_row(&decision)),
            None => views::outcome_of(&record, event).unwrap_or(ApprovalState::Waiting),
        };
        let ahead = match state_now {
            ApprovalState::Waiting if wait.obstacle.is_none() => self.foresee(&record, event, policy, &request).await,
            _ => Foresight { branches: self.branches(&record, state), ..Foresight::default() },
        };
        let bare = reading.fields.is_empty().then(|| {
            "Nothing of this request can be shown as a fact: read the whole request, and where it came from, before you decide."
                .to_owned()
        });
        Ok(ApprovalPage {
            row: views::approval_row(&wait, &reading),
            fields: reading.fields,
            request: pretty(&request),
            if_approved: ahead.branches.approved,
            if_rejected: ahead.branches.rejected,
            warnings: bare.into_iter().chain(ahead.warnings.iter().map(|text| tokens.text(text))).collect(),
            state: state_now,
            position: position(&snapshot, &wait),
            now: self.watch.now(),
        })
    }

    /// The execution of a request: as it is now, or as it was known where the connection does not answer at once. The
    /// page then says how old it is.
    async fn record_of_request(&self, arn: &str) -> Result<Arc<Record>, AppError> {
        let no_execution = |mut error: AppError| {
            if error.kind == ErrorKind::Invalid {
                error.kind = ErrorKind::NotFound;
            }
            error
        };
        match tokio::time::timeout(PATIENCE, self.watch.record(arn)).await {
            Ok(Err(error)) if error.kind == ErrorKind::Unavailable => self.watch.known_record(arn).ok_or(error),
            Ok(answered) => answered.map_err(no_execution),
            Err(_) => match self.watch.known_record(arn) {
                Some(record) => Ok(record),
                None => self.watch.record(arn).await.map_err(no_execution),
            },
        }
    }

    fn branches(&self, record: &Record, state: &str) -> Branches {
        let machine = record.definition.machine.as_ref();
        machine.map(|machine| super::approvals::branches::of(machine, state)).unwrap_or_default()
    }

    /// Where each answer leads.
    async fn foresee(&self, record: &Arc<Record>, event: u64, policy: Option<&Policy>, request: &str) -> Foresight {
        let words = Words {
            request: request.to_owned(),
            person: "the person who decides".to_owned(),
            comment: String::new(),
            decided_at: self.watch.now(),
            id: 0,
        };
        let (policy, sandbox) = (policy.cloned(), self.watch.sandbox());
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

    /// What people did, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn audit(&self) -> Result<AuditPage, AppError> {
        let decisions = self.store.latest(ALL).await?;
        let mut rows: Vec<(i64, AuditRow)> = decisions
            .iter()
            .map(|decision| (decision.decision.decided_at, AuditRow::Decision(decision_row(decision))))
            .collect();
        rows.extend(self.store.acts(ALL).await?.into_iter().map(|act| (act.at, AuditRow::Act(act_row(act)))));
        rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        rows.truncate(ALL as usize);
        Ok(AuditPage { rows: rows.into_iter().map(|(_, row)| row).collect(), now: self.watch.now() })
    }

    /// Takes a decision; what came of it.
    ///
    /// # Errors
    /// See [`decide`].
    pub async fn decide(
        &self,
        person: &Person,
        arn: &str,
        event: u64,
        choice: &str,
        comment: &str,
    ) -> Result<Outcome, AppError> {
        let choice = Choice::parse(choice)?;
        let policies = self.folder().policies();
        decide(&self.courier, &policies, person, (arn, event), choice, comment).await
    }

    /// Stops an execution, in the name of `person`.
    ///
    /// # Errors
    /// There is none that runs, or the connection does not answer.
    pub async fn stop(&self, person: &Person, arn: &str, cause: &str) -> Result<(), AppError> {
        no_express(arn)?;
        let cause = cause.trim();
        let characters = cause.chars().count();
        if characters > CAUSE {
            let what =
                format!("The reason has {characters} characters; at most {CAUSE} are kept. Nothing was stopped.");
            return Err(AppError::new(ErrorKind::Invalid, what, "Shorten it and stop the execution again."));
        }
        let cause = if cause.is_empty() {
            format!("Stopped by {}.", person.name)
        } else {
            format!("Stopped by {}: {cause}", person.name)
        };
        self.clients()
            .sfn
            .stop_execution()
            .execution_arn(arn)
            .error("Countersign.Stopped")
            .cause(cause)
            .send()
            .await
            .map_err(|error| problem(&format!("stop {arn}"), &self.clients().about, &error))?;
        self.watch.look_again().await;
        Ok(())
    }
}

/// The tasks of activities that workers serve wait for no person.
fn served_by_workers(page: &mut ExecutionPage, record: &Record, waits: &[Waiting]) {
    let is_served = |state: &str| {
        let mut open = record.trace.waits.iter().filter(|wait| wait.state == state).peekable();
        open.peek().is_some() && open.all(is_activity) && waits.iter().all(|wait| wait.state != state)
    };
    let waits = |status: &mut Status| {
        if *status == Status::WaitingApproval {
            *status = Status::Waiting;
        }
    };
    for state in page.states.iter_mut().filter(|state| is_served(&state.name)) {
        waits(&mut state.status);
        for visit in &mut state.visits {
            waits(&mut visit.status);
            visit.attempts.iter_mut().for_each(|attempt| waits(&mut attempt.status));
        }
    }
    page.spans.iter_mut().filter(|span| is_served(&span.state)).for_each(|span| waits(&mut span.status));
}

/// A request that does not wait any more.
fn closed_wait(record: &Record, scheduled: &HistoryEvent, workflow: &str, state: &str) -> Waiting {
    let due = record.deadline_of(scheduled, state);
    Waiting {
        execution_arn: record.description.arn.clone(),
        execution_name: record.description.name.clone(),
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

pub(super) fn no_workflow(name: &str) -> AppError {
    AppError::new(
        ErrorKind::NotFound,
        format!("The connection has no workflow named {name:?}."),
        "Choose one under Workflows, or deploy it first.",
    )
}

/// Where a request stands among those that wait, and the next one. Of a closed one the next is what followed it; after the
/// last one the first.
fn position(snapshot: &Snapshot, request: &Waiting) -> Option<Position> {
    let waiting = &snapshot.waiting;
    let is_it = |wait: &Waiting| wait.execution_arn == request.execution_arn && wait.event == request.event;
    let at = waiting.iter().position(is_it);
    let next = match at {
        Some(at) => waiting.get(at + 1),
        None => waiting.iter().find(|wait| wait.order() > request.order()).or(waiting.first()),
    };
    let next = next.map(|wait| routes::approval(&wait.execution_arn, wait.event));
    match at {
        Some(at) => Some(Position { index: at + 1, of: waiting.len(), next }),
        None => next.map(|next| Position { index: 0, of: waiting.len(), next: Some(next) }),
    }
}

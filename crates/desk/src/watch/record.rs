//! One execution as it was read from the API: its description, history, and what the fold made of it.

mod waits;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use countersign_engine::SharedSandbox;
use countersign_engine::token::{Search, Token};
use countersign_trace::{Attempt, EventKind, HistoryEvent, Outlook, StateStatus, Trace, Visit, VisitId, Wait};
use serde::{Deserialize, Serialize};

pub use self::waits::is_activity;
use super::digest::Digest;
use super::item::ItemPath;
use super::reading;
use super::snapshot::{Definition, Waiting};
use super::tokens::{self, Past};
use crate::connection::{Description, ExecutionStatus};
use crate::redact::{Redactor, WITHHELD};

/// How far a history may lag behind the execution's description, in milliseconds.
const LAG_MS: i64 = 60_000;

/// Why an execution failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    Error {
        /// Redacted.
        error: String,
        /// The state in which the execution ended, where the history says.
        state: Option<String>,
        /// The state that failed first, if that is another one.
        first: Option<String>,
    },
    Timeout(Timeout),
}

/// How an execution timed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// `TimeoutSeconds` of the definition; `None` if it has none and AWS's own limit was reached.
    pub seconds: Option<u64>,
    /// The state that it had reached.
    pub state: Option<String>,
}

/// An execution with its whole history. It contains tokens, so it never leaves the server as it is.
///
/// If one of its tokens could not be found, the payloads that may contain it are withheld here already: the description, the
/// events and the trace do not have them.
#[derive(Debug)]
pub struct Record {
    pub description: Description,
    pub events: Vec<HistoryEvent>,
    pub trace: Trace,
    pub definition: Arc<Definition>,
    /// Whether the execution is known to run this definition; else it is its machine's of today.
    pub definition_is_certain: bool,
    /// Every token of its history.
    pub redactor: Redactor,
    pub fetched_at: i64,
    /// By the event that scheduled the task.
    tokens: BTreeMap<u64, Search>,
    /// Which items of which Maps open tasks are about, by the event that scheduled the task.
    items: BTreeMap<u64, ItemPath>,
    /// Its open tasks that wait for an answer.
    waits: Vec<Waiting>,
    /// From this event on payloads are withheld.
    withheld_from: Option<u64>,
    /// As it was read, if something is withheld.
    whole: Option<Arc<(Description, Vec<HistoryEvent>)>>,
    weight: usize,
    /// The visits that a redrive goes on from, once somebody has asked.
    pub(crate) resumes: OnceLock<Vec<VisitId>>,
    /// What pages ask of it again and again.
    pub(super) digest: Digest,
}

/// Roughly how many bytes an execution takes: its texts, which the trace and the requests repeat in parts, and the rest.
fn weight(description: &Description, events: &[HistoryEvent]) -> usize {
    const EVENT: usize = 1_300;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let of_event = |event: &HistoryEvent| {
        let details = &event.details;
        EVENT
            + 3 * (length(&details.input)
                + length(&details.output)
                + length(&details.parameters)
                + length(&details.cause))
    };
    events.iter().map(of_event).sum::<usize>() + length(&description.input) + length(&description.output)
}

impl Record {
    /// Folds the history and finds its tokens, for which `redactor` is still empty. Tokens in `known`, an earlier reading,
    /// are kept.
    #[must_use]
    pub fn new(
        description: Description,
        events: Vec<HistoryEvent>,
        definition: Arc<Definition>,
        fetched_at: i64,
        known: Option<&Self>,
        mut redactor: Redactor,
        sandbox: Option<SharedSandbox>,
    ) -> Self {
        let weight = weight(&description, &events);
        let trace = countersign_trace::fold(&events);
        let none = BTreeMap::new();
        let known_tokens = known.map_or(&none, |known| &known.tokens);
        let mut past = Past::new(&description, &events, &trace, &definition, sandbox);
        let tokens = past.tokens(known_tokens);
        let item = |wait: &Wait| {
            let known = known.and_then(|known| known.items.get(&wait.scheduled_event).cloned());
            Some((wait.scheduled_event, known.or_else(|| past.items_of(wait.visit))?))
        };
        let items = trace.waits.iter().filter_map(item).collect();
        // Their spellings take time, and the next reading has hardly any new one.
        if let Some(known) = known {
            redactor.clone_from(&known.redactor);
        }
        for search in tokens.iter().filter(|(id, _)| !known_tokens.contains_key(id)).map(|(_, search)| search) {
            if let Token::Found(token) = &search.token {
                redactor.add(token);
            }
            search.veiled.iter().for_each(|text| redactor.add_text(text));
        }
        let unreadable = tokens.iter().find(|(_, search)| search.token == Token::Unreadable).map(|(id, _)| *id);
        let record = Self {
            description,
            events,
            trace,
            definition,
            definition_is_certain: true,
            redactor,
            fetched_at,
            tokens,
            items,
            waits: Vec::new(),
            withheld_from: None,
            whole: None,
            weight,
            resumes: OnceLock::new(),
            digest: Digest::default(),
        };
        match unreadable.into_iter().chain(known.filter(|known| known.is_withheld()).map(|_| 0)).min() {
            Some(from) => record.withhold(from),
            None => record.with_waits(),
        }
    }

    /// The same, where it is certain or not that the execution runs this definition.
    #[must_use]
    pub fn with_definition_certain(self, definition_is_certain: bool) -> Self {
        Self { definition_is_certain, ..self }
    }

    /// The same with every payload from the event `from` on withheld: all of them from 0 on, its input included.
    #[must_use]
    pub fn withhold(&self, from: u64) -> Self {
        let (description, events) = self.whole();
        let whole = Arc::new((description.clone(), events.to_vec()));
        let events = tokens::withheld(events, from);
        let mut description = description.clone();
        description.input = description.input.map(|input| if from == 0 { WITHHELD.to_owned() } else { input });
        description.output = description.output.map(|_| WITHHELD.to_owned());
        description.cause = tokens::withheld_cause(description.cause.as_deref());
        description.error = tokens::withheld_error(description.error);
        let record = Self {
            trace: countersign_trace::fold(&events),
            description,
            events,
            definition: Arc::clone(&self.definition),
            definition_is_certain: self.definition_is_certain,
            redactor: self.redactor.clone(),
            fetched_at: self.fetched_at,
            tokens: self.tokens.clone(),
            items: self.items.clone(),
            waits: Vec::new(),
            withheld_from: Some(from),
            whole: Some(whole),
            weight: 2 * self.weight,
            resumes: OnceLock::new(),
            digest: Digest::default(),
        };
        record.with_waits()
    }

    /// Roughly how many bytes it takes.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.weight
    }

    /// The state machine's name: the last part of its ARN, without the label of the Map Run that a child is of.
    #[must_use]
    pub fn workflow(&self) -> &str {
        let name = self.description.machine_arn.rsplit(':').next().unwrap_or_default();
        name.split('/').next().unwrap_or_default()
    }

    /// The Map Runs of its history that have not ended, by their ARNs.
    #[must_use]
    pub fn open_map_runs(&self) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        for event in &self.events {
            match (event.kind, &event.details.map_run_arn) {
                (EventKind::MapRunStarted | EventKind::MapRunRedriven, Some(arn)) if !open.contains(arn) => {
                    open.push(arn.clone());
                }
                // These events do not say which Map Run they end; `previous_event_id` leads to its start.
                (EventKind::MapRunSucceeded | EventKind::MapRunFailed | EventKind::MapRunAborted, _) => {
                    let ended = self.map_run_of(event);
                    open.retain(|arn| Some(arn.as_str()) != ended);
                }
                _ => {}
            }
        }
        if self.ended() { Vec::new() } else { open }
    }

    /// The Map Run that an event ends: the nearest one that began among its predecessors.
    fn map_run_of(&self, event: &HistoryEvent) -> Option<&str> {
        let mut at = event;
        // The ids decrease, so this ends.
        while let Some(before) = self.event(at.previous_event_id).filter(|before| before.id < at.id) {
            if let (EventKind::MapRunStarted | EventKind::MapRunRedriven, Some(arn)) =
                (before.kind, &before.details.map_run_arn)
            {
                return Some(arn);
            }
            at = before;
        }
        None
    }

    /// Whether all of it is withheld.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.withheld_from == Some(0)
    }

    /// The executions that may contain a token of this one that could not be found.
    #[must_use]
    pub fn may_have_told(&self) -> Vec<String> {
        let Some(from) = self.withheld_from else { return Vec::new() };
        let mut named = tokens::executions_named(self.whole().1, from.max(1));
        named.retain(|arn| *arn != self.description.arn);
        named
    }

    /// The description and the events as they were read. They contain tokens.
    #[must_use]
    pub fn whole(&self) -> (&Description, &[HistoryEvent]) {
        match &self.whole {
            Some(whole) => (&whole.0, &whole.1),
            None => (&self.description, &self.events),
        }
    }

    /// The attempt that the event `id` scheduled, as it was read: what is withheld from pages is there all the same.
    #[must_use]
    pub fn attempt_as_read(&self, id: u64) -> Option<Attempt> {
        let of = |trace: &Trace| {
            let mut attempts = trace.visits.iter().flat_map(|visit| &visit.attempts);
            attempts.find(|attempt| attempt.scheduled_event == Some(id)).cloned()
        };
        match &self.whole {
            // Only a record with withheld payloads has a second set of events.
            Some(whole) => of(&countersign_trace::fold(&whole.1)),
            None => of(&self.trace),
        }
    }

    /// How many events its history has.
    #[must_use]
    pub fn event_count(&self) -> u64 {
        u64::try_from(self.events.len()).unwrap_or(u64::MAX)
    }

    /// When it was last redriven, in milliseconds since the epoch; `None` if it never was.
    #[must_use]
    pub fn redriven_at(&self) -> Option<i64> {
        let redrives = self.events.iter().rev().filter(|event| event.kind == EventKind::ExecutionRedriven);
        redrives.map(|event| event.timestamp).next()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.description.status != ExecutionStatus::Running
    }

    /// The visit in which it went wrong first. Where the definition cannot be read
    /// nobody knows which failures were recovered from: the visit that the execution ended in.
    #[must_use]
    pub fn first_failure(&self) -> Option<VisitId> {
        *self.digest.first_failure.get_or_init(|| self.find_first_failure())
    }

    fn find_first_failure(&self) -> Option<VisitId> {
        let Some(machine) = &self.definition.machine else { return self.trace.cause };
        let course = machine.course();
        self.trace.first_failure(|state| match (course.can_end_well(state), course.is_reached(state)) {
            (true, true) => Outlook::Ordinary,
            (true, false) => Outlook::Fallback,
            (false, _) => Outlook::Doomed,
        })
    }

    /// Whether it has ended and nothing more will come: its last event says so, or it was read long after its end, as
    /// some endpoints record no such event. AWS's histories may lag behind.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let long_after = self.description.ended_at.is_some_and(|ended| self.fetched_at - ended > LAG_MS);
        self.ended() && (reading::ends(&self.events) || long_after)
    }

    /// Why it failed; `None` if it did not.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        if self.description.status == ExecutionStatus::TimedOut && self.description.error.is_none() {
            return self.timeout().map(Reason::Timeout);
        }
        let error = self.redactor.text(self.description.error.as_deref().filter(|error| !error.is_empty())?);
        let state =
            |visit: Option<VisitId>| visit.and_then(|visit| self.trace.visit(visit)).map(|visit| visit.state.clone());
        let ended = state(self.trace.cause);
        let first = state(self.first_failure()).filter(|first| ended.as_ref() != Some(first));
        Some(Reason::Error { error, state: ended, first })
    }

    /// The event with this id. Ids count from 1 without gaps.
    #[must_use]
    pub fn event(&self, id: u64) -> Option<&HistoryEvent> {
        let index = usize::try_from(id.checked_sub(1)?).ok()?;
        self.events.get(index).filter(|event| event.id == id)
    }

    /// The state that an event belongs to: the nearest StateEntered among its predecessors.
    #[must_use]
    pub fn state_of(&self, id: u64) -> Option<&str> {
        let mut event = self.event(id)?;
        // The ids decrease, so this ends.
        loop {
            if event.kind.is_state_entered() {
                return event.details.name.as_deref();
            }
            let previous = self.event(event.previous_event_id)?;
            if previous.id >= event.id {
                return None;
            }
            event = previous;
        }
    }

    /// The event with which a visit was left for the next state.
    #[must_use]
    pub fn exit_of(&self, visit: &Visit) -> Option<u64> {
        let exit = self.events.iter().skip(usize::try_from(visit.entered_event).ok()?).find(|event| {
            event.kind.is_state_exited()
                && event.details.name.as_deref() == Some(&visit.state)
                && Some(event.timestamp) == visit.exited_at
                && event.details.output == visit.output
        });
        exit.map(|event| event.id)
    }

    /// The event with which an attempt succeeded.
    #[must_use]
    pub fn end_of(&self, attempt: &Attempt) -> Option<u64> {
        let scheduled = attempt.scheduled_event?;
        let is_end = |event: &&HistoryEvent| {
            event.kind.name().ends_with("Succeeded")
                && Some(event.timestamp) == attempt.ended_at
                && event.details.output == attempt.output
        };
        self.events.iter().skip(usize::try_from(scheduled).ok()?).find(is_end).map(|event| event.id)
    }

    /// Its Map Runs, in the order of their start.
    #[must_use]
    pub fn map_runs(&self) -> Vec<String> {
        let begun = self.events.iter().filter(|event| event.kind == EventKind::MapRunStarted);
        begun.filter_map(|event| event.details.map_run_arn.clone()).collect()
    }

    /// The Map that a Map Run of this execution is of.
    #[must_use]
    pub fn state_of_map_run(&self, map_run_arn: &str) -> Option<&str> {
        let is_it = |event: &&HistoryEvent| {
            event.kind == EventKind::MapRunStarted && event.details.map_run_arn.as_deref() == Some(map_run_arn)
        };
        self.state_of_event(self.events.iter().find(is_it)?)
    }

    /// The executions that its tasks started, each with the event that scheduled the task: what the service answered names
    /// them.
    #[must_use]
    pub fn started(&self) -> Vec<(u64, String)> {
        let mut started = Vec::new();
        let answers = self.events.iter().filter(|event| {
            matches!(event.kind, EventKind::TaskSubmitted | EventKind::TaskSucceeded)
                && event.details.resource_type.as_deref() == Some("states")
        });
        for event in answers {
            let owner = self.trace.owner(event.id);
            let attempt = owner.visit.zip(owner.attempt);
            let attempt = attempt.and_then(|(visit, attempt)| self.trace.visit(visit)?.attempt(attempt));
            let scheduled = attempt.and_then(|attempt| attempt.scheduled_event);
            if let (Some(scheduled), Some(arn)) = (scheduled, event.details.output.as_deref().and_then(started_in))
                && !started.iter().any(|(event, _)| *event == scheduled)
            {
                started.push((scheduled, arn));
            }
        }
        started
    }

    /// The execution that an attempt started and that has not ended, as the service's first answer names it.
    #[must_use]
    pub fn started_by(&self, attempt: &Attempt) -> Option<String> {
        let scheduled = attempt.scheduled_event?;
        let after = self.events.iter().skip(usize::try_from(scheduled).ok()?);
        let mut after = after.filter(|event| event.kind == EventKind::TaskSubmitted);
        let submitted = after.find(|event| self.trace.owner(event.id).visit == self.trace.owner(scheduled).visit)?;
        started_in(submitted.details.output.as_deref()?)
    }

    /// The token of the task that the event `id` scheduled.
    #[must_use]
    pub fn token(&self, id: u64) -> Option<String> {
        match &self.tokens.get(&id)?.token {
            Token::Found(token) => Some(token.clone()),
            Token::NotPassed | Token::Unreadable => None,
        }
    }

    /// How it timed out; AWS gives no reason.
    #[must_use]
    pub fn timeout(&self) -> Option<Timeout> {
        if self.description.status != ExecutionStatus::TimedOut {
            return None;
        }
        let seconds = self.definition.machine.as_ref().and_then(|machine| machine.timeout_seconds);
        let open = |visit: &&Visit| visit.status == StateStatus::TimedOut;
        let state = self.trace.visits.iter().rfind(open).map(|visit| visit.state.clone());
        Some(Timeout { seconds, state })
    }
}

/// The execution that the answer of a service names.
fn started_in(answer: &str) -> Option<String> {
    // An answer that is no JSON names none.
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    let arn = answer.get("ExecutionArn")?.as_str()?;
    (tokens::execution_arns(arn).next() == Some(arn)).then(|| arn.to_owned())
}

/// Whether an event schedules a task that ends by a callback.
#[must_use]
pub fn is_callback(event: &HistoryEvent) -> bool {
    event.kind == EventKind::TaskScheduled
        && event.details.resource.as_deref().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

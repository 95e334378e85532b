//! One execution as it was read from the API: its description, history, and what the fold made of it.

use std::sync::Arc;

use countersign_asl::find_token;
use countersign_trace::{EventKind, HistoryEvent, StateStatus, Trace, Visit};
use serde_json::Value;

use super::snapshot::{Definition, Waiting};
use crate::dto::Status;
use crate::server::redact::{Redactor, WITHHELD};

/// What DescribeExecution says.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    pub status: Status,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
}

/// An execution, read whole. Holds tokens: it never leaves the server as it is.
#[derive(Debug)]
pub struct Record {
    pub description: Description,
    pub events: Vec<HistoryEvent>,
    pub trace: Trace,
    pub definition: Arc<Definition>,
    /// Every token of its history.
    pub redactor: Redactor,
    pub fetched_at: i64,
}

impl Record {
    /// Folds the history and finds its tokens.
    #[must_use]
    pub fn new(
        description: Description,
        events: Vec<HistoryEvent>,
        definition: Arc<Definition>,
        fetched_at: i64,
    ) -> Self {
        let trace = countersign_trace::fold(&events);
        let mut record = Self { description, events, trace, definition, redactor: Redactor::default(), fetched_at };
        let tokens: Vec<String> = record
            .events
            .iter()
            .filter(|event| is_callback(event))
            .filter_map(|event| record.token(event.id))
            .collect();
        for token in &tokens {
            record.redactor.add(token);
        }
        record
    }

    /// Whether it has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.description.status != Status::Running
    }

    /// Why it failed: the error, and the state where something went wrong first. `None` where it did not.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let error = self.redactor.text(self.description.error.as_deref().filter(|error| !error.is_empty())?);
        let bad = |visit: &&Visit| matches!(visit.status, StateStatus::Failed | StateStatus::TimedOut);
        let state = self.trace.visits.iter().find(bad).map(|visit| &visit.state);
        Some(state.map_or_else(|| error.clone(), |state| format!("{error} in {state}")))
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
        // Each step goes to a smaller id, so this ends.
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

    /// The token of the task that the TaskScheduled event `id` began, at the place where the definition puts it.
    #[must_use]
    pub fn token(&self, id: u64) -> Option<String> {
        let event = self.event(id).filter(|event| is_callback(event))?;
        let places = self.definition.places.get(self.state_of(id)?)?;
        find_token(&self.parameters(event)?, places)
    }

    fn parameters(&self, event: &HistoryEvent) -> Option<Value> {
        serde_json::from_str(event.details.parameters.as_deref()?).ok()
    }

    /// What waits for a person in this execution.
    #[must_use]
    pub fn waiting(&self, workflow: &str) -> Vec<Waiting> {
        let open = self.trace.waits.iter();
        open.map(|wait| {
            let answerable = self.token(wait.scheduled_event).is_some();
            Waiting {
                execution_arn: self.description.arn.clone(),
                execution_name: self.description.name.clone(),
                machine_arn: self.description.machine_arn.clone(),
                workflow: workflow.to_owned(),
                state: wait.state.clone(),
                event: wait.scheduled_event,
                since: wait.since,
                due: wait.timeout_at,
                request: self.request(wait.scheduled_event),
                answerable,
            }
        })
        .collect()
    }

    /// What a scheduled task was asked, without its token.
    #[must_use]
    pub fn request(&self, id: u64) -> String {
        let Some(event) = self.event(id) else { return "null".to_owned() };
        let asked = event.details.parameters.as_deref().or(event.details.input.as_deref()).unwrap_or("null");
        if is_callback(event) && self.token(id).is_none() { WITHHELD.to_owned() } else { self.redactor.text(asked) }
    }
}

/// Whether an event schedules a task that ends by a callback.
#[must_use]
pub fn is_callback(event: &HistoryEvent) -> bool {
    event.kind == EventKind::TaskScheduled
        && event.details.resource.as_deref().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

//! The tokens of an execution: found in the parameters of its tasks, by evaluating these again.
//!
//! If a token is not found, every later payload of the execution may contain it, because the service that received the token
//! may have passed it on. So every later payload is withheld, and so are those of the executions that it started.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_engine::token::{self, Search, Token};
use countersign_engine::{Moment, SharedSandbox, StartParams, items};
use countersign_trace::{AttemptId, EventKind, HistoryEvent, Trace, Visit, VisitId};
use serde_json::{Map, Value};

use super::item::{ItemAt, ItemPath};
use super::record::is_callback;
use super::snapshot::Definition;
use crate::connection::Description;
use crate::redact::WITHHELD;

/// An error's name that is longer, or is no name, is a payload.
const ERROR_NAME: usize = 64;
/// Characters of what an item is called.
const KEY: usize = 60;

/// An execution as it was read, for looking into its past.
pub struct Past<'a> {
    description: &'a Description,
    events: &'a [HistoryEvent],
    trace: &'a Trace,
    definition: &'a Definition,
    sandbox: Option<SharedSandbox>,
    /// By scheduling event: the visit and the attempt.
    attempts: HashMap<u64, (VisitId, AttemptId)>,
    /// The items of Map states, by visit.
    items: HashMap<VisitId, Option<Arc<Vec<Value>>>>,
}

impl<'a> Past<'a> {
    /// The past of an execution.
    #[must_use]
    pub fn new(
        description: &'a Description,
        events: &'a [HistoryEvent],
        trace: &'a Trace,
        definition: &'a Definition,
        sandbox: Option<SharedSandbox>,
    ) -> Self {
        let attempts = trace.numbered_visits().flat_map(|(number, visit)| {
            visit
                .attempts
                .iter()
                .enumerate()
                .filter_map(move |(index, attempt)| Some((attempt.scheduled_event?, (number, AttemptId(index)))))
        });
        Self { description, events, trace, definition, sandbox, attempts: attempts.collect(), items: HashMap::new() }
    }

    /// Looks for the token of every task that has one; `known` is what was found before.
    pub fn tokens(&mut self, known: &BTreeMap<u64, Search>) -> BTreeMap<u64, Search> {
        let events: Vec<&HistoryEvent> = self.events.iter().filter(|event| has_token(event)).collect();
        let mut found = BTreeMap::new();
        for event in events {
            let search = match known.get(&event.id) {
                Some(known) => known.clone(),
                None => self.search(event),
            };
            // A job or an activity whose parameters nobody makes depend on the token is nothing to look at.
            if is_callback(event) || search.depends {
                found.insert(event.id, search);
            }
        }
        found
    }

    fn search(&mut self, event: &HistoryEvent) -> Search {
        let unreadable =
            || Search { token: Token::Unreadable, depends: is_callback(event), veiled: Default::default() };
        let recorded = event.details.parameters.as_deref().or(event.details.input.as_deref());
        let Some(recorded) = recorded.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return unreadable();
        };
        match (self.definition.machine.as_ref(), self.moment(event.id)) {
            (Some(machine), Some(moment)) => token::find(&machine.source, &moment, &recorded),
            _ => unreadable(),
        }
    }

    /// The moment at which the task of the scheduling event `id` began.
    pub fn moment(&mut self, id: u64) -> Option<Moment> {
        let (number, attempt) = *self.attempts.get(&id)?;
        let at = self.trace.visit(number)?.attempt(attempt)?.scheduled_at;
        let mut moment = self.moment_of(number)?;
        moment.at = at;
        moment.retry_count = u32::try_from(attempt.0).unwrap_or(u32::MAX);
        moment.item = self.item(number);
        Some(moment)
    }

    /// Which items of which Maps a visit is about, the outermost first; `None` outside of every Map.
    pub fn items_of(&mut self, number: VisitId) -> Option<ItemPath> {
        let mut items = Vec::new();
        let mut at = Some(number);
        while let Some(visit) = at {
            let parent = self.trace.visit(visit)?.parent;
            if parent.is_some_and(|parent| self.trace.visits[parent].state_type == "Map")
                && let Some((map, index)) = self.trace.visits[visit].iteration.clone()
            {
                let key = self.item(visit).and_then(|(_, item)| key_of(&item));
                let of = parent.and_then(|parent| self.items.get(&parent)?.as_ref().map(|items| items.len()));
                items.push(ItemAt { map, index, of, key });
            }
            at = parent;
        }
        items.reverse();
        (!items.is_empty()).then_some(ItemPath(items))
    }

    /// The item of the Map iteration that a visit is in, where it is in one.
    pub fn item(&mut self, number: VisitId) -> Option<(usize, Value)> {
        let (_, index) = self.trace.visit(number)?.iteration.clone()?;
        let index = usize::try_from(index).ok()?;
        let mut map = self.trace.visits[number].parent?;
        while self.trace.visits[map].state_type != "Map" {
            map = self.trace.visits[map].parent?;
        }
        let items = match self.items.get(&map) {
            Some(items) => items.clone(),
            None => {
                let made = self.moment_of(map).and_then(|mut moment| {
                    moment.item = self.item(map);
                    items(&self.definition.machine.as_ref()?.source, &moment)
                });
                self.items.entry(map).or_insert(made.map(Arc::new)).clone()
            }
        };
        Some((index, items?.get(index)?.clone()))
    }

    /// What happened.
    pub(super) const fn trace(&self) -> &'a Trace {
        self.trace
    }

    /// The definition, where it can be understood.
    pub(super) fn machine(&self) -> Option<&'a countersign_asl::Machine> {
        self.definition.machine.as_ref()
    }

    /// The moment at which a visit ended, as far as its last attempt says, or began.
    pub(super) fn moment_of_visit(&mut self, number: VisitId) -> Option<Moment> {
        let visit = self.trace.visit(number)?;
        let mut moment = self.moment_of(number)?;
        if let Some(attempt) = visit.attempts.last() {
            moment.at = attempt.scheduled_at;
        }
        moment.retry_count = u32::try_from(visit.attempts.len().saturating_sub(1)).unwrap_or(u32::MAX);
        moment.item = self.item(number);
        Some(moment)
    }

    /// The variables that a visit assigned when it ended, as the JSON text of an object.
    pub(super) fn assigned(&self, visit: &Visit) -> Option<String> {
        let entered = self.event(visit.entered_event)?;
        let is_exit = |event: &&HistoryEvent| {
            event.kind.is_state_exited()
                && event.details.name.as_deref() == Some(&visit.state)
                && Some(event.timestamp) == visit.exited_at
                && self.leads_back(event, entered)
        };
        let exit = self.events[index_of(entered)..].iter().find(is_exit)?;
        let assigned = exit.details.assigned_variables.as_ref()?;
        let pairs = assigned.iter().map(|(name, text)| format!("{}:{text}", countersign_json::quoted(name)));
        Some(format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")))
    }

    /// Whether the events before `event` lead back to `to`.
    fn leads_back(&self, event: &HistoryEvent, to: &HistoryEvent) -> bool {
        let mut at = event;
        while let Some(before) =
            self.event(at.previous_event_id).filter(|before| before.id < at.id && before.id >= to.id)
        {
            if before.id == to.id {
                return true;
            }
            at = before;
        }
        false
    }

    fn moment_of(&self, number: VisitId) -> Option<Moment> {
        let visit = self.trace.visit(number)?;
        let about = self.description;
        let entered = self.event(visit.entered_event)?;
        let mut redriven =
            self.events[..index_of(entered)].iter().filter(|event| event.kind == EventKind::ExecutionRedriven);
        let begun = self.events.first().map(|event| &event.details);
        Some(Moment {
            state: visit.state.clone(),
            input: visit.input.clone()?,
            variables: self.variables(entered),
            entered_at: visit.entered_at,
            at: visit.entered_at,
            retry_count: 0,
            item: None,
            redrives: redriven.clone().count() as u64,
            redriven_at: redriven.next_back().map(|event| event.timestamp),
            params: StartParams {
                execution_arn: about.arn.clone(),
                name: about.name.clone(),
                state_machine_arn: about.machine_arn.clone(),
                state_machine_name: about.machine_arn.rsplit(':').next().unwrap_or_default().to_owned(),
                role_arn: begun.and_then(|details| details.role_arn.clone()).unwrap_or_default(),
                input: begun.and_then(|details| details.input.clone()).or_else(|| about.input.clone())?,
                start_at: about.started_at,
                ..StartParams::default()
            },
            sandbox: self.sandbox.clone(),
        })
    }

    /// The variables in scope where a state was entered: the last assignments on the way to it. What was assigned within
    /// a Map or Parallel that has ended belonged to it.
    fn variables(&self, entered: &HistoryEvent) -> Map<String, Value> {
        let mut variables = Map::new();
        let mut inside: Option<&str> = None;
        let mut at = entered;
        // Each step goes to a smaller id, so this ends.
        while let Some(event) = self.event(at.previous_event_id).filter(|event| event.id < at.id) {
            let name = event.details.name.as_deref();
            if inside.is_some() {
                if event.kind.is_state_entered() && name == inside {
                    inside = None;
                }
            } else if event.kind.is_state_exited() {
                for (variable, text) in event.details.assigned_variables.iter().flatten() {
                    if !variables.contains_key(variable)
                        && let Ok(value) = serde_json::from_str(text)
                    {
                        variables.insert(variable.clone(), value);
                    }
                }
                if matches!(event.kind, EventKind::MapStateExited | EventKind::ParallelStateExited) {
                    inside = name;
                }
            }
            at = event;
        }
        variables
    }

    fn event(&self, id: u64) -> Option<&'a HistoryEvent> {
        let index = usize::try_from(id.checked_sub(1)?).ok()?;
        self.events.get(index).filter(|event| event.id == id)
    }
}

/// What an item is called: itself, or what its fields call it.
fn key_of(item: &Value) -> Option<String> {
    let scalar = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.chars().take(KEY).collect::<String>()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let Value::Object(fields) = item else { return scalar(item) };
    let named = ["Key", "key", "id", "name", "title"].into_iter().find_map(|key| fields.get(key).and_then(scalar));
    let like = |key: &str| key.ends_with("Id") || key.ends_with("ID") || key.ends_with("_id") || key == "sku";
    named.or_else(|| fields.iter().filter(|(key, _)| like(key)).find_map(|(_, value)| scalar(value)))
}

fn index_of(event: &HistoryEvent) -> usize {
    usize::try_from(event.id.saturating_sub(1)).unwrap_or_default()
}

/// Whether an event schedules a task that has a token: what waits for an answer, a job that is waited for, an activity.
fn has_token(event: &HistoryEvent) -> bool {
    let resource = event.details.resource.as_deref().unwrap_or_default();
    is_callback(event)
        || event.kind == EventKind::TaskScheduled && resource.contains(".sync")
        || event.kind == EventKind::ActivityScheduled
}

/// The events with every payload withheld from the event `from` on.
pub fn withheld(events: &[HistoryEvent], from: u64) -> Vec<HistoryEvent> {
    events.iter().map(|event| if event.id < from { event.clone() } else { without_payloads(event) }).collect()
}

fn without_payloads(event: &HistoryEvent) -> HistoryEvent {
    let mut event = event.clone();
    let details = &mut event.details;
    for payload in [&mut details.input, &mut details.output, &mut details.parameters].into_iter().flatten() {
        WITHHELD.clone_into(payload);
    }
    details.cause = withheld_cause(details.cause.as_deref());
    details.error = withheld_error(details.error.take());
    for (_, value) in details.assigned_variables.iter_mut().flatten() {
        WITHHELD.clone_into(value);
    }
    event
}

/// A cause that may hold a token.
pub fn withheld_cause(cause: Option<&str>) -> Option<String> {
    cause.map(|_| WITHHELD.trim_matches('"').to_owned())
}

/// The name of an error, which is short and of letters; anything else may hold a token.
pub fn withheld_error(error: Option<String>) -> Option<String> {
    let is_name = |error: &String| {
        error.len() <= ERROR_NAME
            && error.chars().all(|letter| letter.is_ascii_alphanumeric() || "._- ".contains(letter))
    };
    error.map(|error| if is_name(&error) { error } else { WITHHELD.trim_matches('"').to_owned() })
}

/// The executions that the events from `from` on speak of: those that were started from here may hold the token too.
pub fn executions_named(events: &[HistoryEvent], from: u64) -> Vec<String> {
    let mut found = Vec::new();
    for event in events.iter().filter(|event| event.id >= from) {
        let details = &event.details;
        for text in [&details.output, &details.input, &details.parameters, &details.cause].into_iter().flatten() {
            found.extend(execution_arns(text).map(str::to_owned));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The ARNs of executions in a text.
pub fn execution_arns(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("arn:").filter_map(|(at, _)| {
        let arn = &text[at..];
        let end = arn.find(|letter: char| letter.is_whitespace() || "\"\\',;()[]{}<>".contains(letter));
        let arn = &arn[..end.unwrap_or(arn.len())];
        let mut parts = arn.split(':');
        (parts.nth(2) == Some("states") && parts.nth(2) == Some("execution")).then_some(arn)
    })
}

//! Map: the same processor for every item, inline or as child executions.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::expr::path::Root;
use countersign_asl::read_json;
use countersign_trace::{Details, EventKind};
use serde_json::Value;

use crate::context::{Item, Situation};
use crate::execution::Execution;
use crate::failure::{Failure, PAYLOAD, REFERENCE_PATH};
use crate::ids::{ChildIndex, ScopeId, ThreadId};
use crate::program::{CompileError, Compiler, Fields, State};
use crate::states::{Amount, Tag, distributed, select};
use crate::template::{Reference, Template};
use crate::thread::{Children, Data, Parent, Ran, Run};

#[derive(Debug)]
pub(crate) struct Map {
    scope: ScopeId,
    items: Items,
    /// `ItemSelector`, or the older `Parameters`.
    pub selector: Option<Template>,
    max_concurrency: Option<Amount>,
    pub distributed: Option<distributed::Distributed>,
    tolerated_count: Option<Amount>,
    tolerated_percentage: Option<Amount>,
}

#[derive(Debug)]
enum Items {
    /// The whole effective input.
    Input,
    Path(Reference),
    Template(Template),
}

/// The iterations of a running Map state.
#[derive(Debug, Clone)]
pub(crate) struct Iterations {
    pub items: Vec<Arc<Value>>,
    /// The input of the state, for `ItemSelector`.
    pub input: Data,
    pub next: usize,
    /// Threads by index.
    pub running: BTreeMap<ChildIndex, ThreadId>,
    pub results: Vec<Option<Arc<Value>>>,
    pub limit: usize,
    /// The event that the first iterations follow.
    pub started: u64,
    pub scope: ScopeId,
    /// Only of a distributed map.
    pub progress: Option<Box<distributed::Progress>>,
}

impl Map {
    pub fn compile(compiler: &mut Compiler, fields: &Fields<'_>) -> Result<Map, CompileError> {
        let (name, processor) = ["ItemProcessor", "Iterator"]
            .into_iter()
            .find_map(|name| Some((name, fields.get(name)?)))
            .ok_or_else(|| CompileError::new(fields.at, "a Map state needs an ItemProcessor"))?;
        let items = match (fields.reference("ItemsPath")?, fields.template("Items")?) {
            (Some(reference), _) => Items::Path(reference),
            (None, Some(template)) => Items::Template(template),
            (None, None) => Items::Input,
        };
        let config = processor.get("ProcessorConfig").filter(|config| config["Mode"] == "DISTRIBUTED");
        let selector = match fields.template("ItemSelector")? {
            None if !fields.jsonata => fields.template("Parameters")?,
            given => given,
        };
        Ok(Map {
            scope: compiler.scope(processor, &fields.place(name))?,
            items,
            selector,
            max_concurrency: Amount::compile(fields, "MaxConcurrency")?,
            distributed: config.map(|config| distributed::Distributed::compile(fields, config)).transpose()?,
            tolerated_count: Amount::compile(fields, "ToleratedFailureCount")?,
            tolerated_percentage: Amount::compile(fields, "ToleratedFailurePercentage")?,
        })
    }
}

impl Map {
    /// What `TestState` shows of a map's settings.
    pub fn inspect(&self, view: &crate::context::View<'_>, inspection: &mut serde_json::Map<String, Value>) {
        let amount = |amount: &Option<Amount>| amount.as_ref().and_then(|a| a.value(view).ok());
        inspection.insert("maxConcurrency".into(), amount(&self.max_concurrency).unwrap_or(0).into());
        if let Some(count) = amount(&self.tolerated_count) {
            inspection.insert("toleratedFailureCount".into(), count.into());
        }
        if let Some(Ok(percentage)) = self.tolerated_percentage.as_ref().map(|a| a.share(view)) {
            inspection.insert("toleratedFailurePercentage".into(), percentage.into());
        }
    }

    /// The items of the state, of which `input` is the effective input; `None` if they are unknown.
    pub fn items_of(&self, view: &crate::context::View<'_>, state: &State, input: &Data) -> Option<Vec<Value>> {
        let is_read = self.distributed.as_ref().is_some_and(|distributed| distributed.reader.is_some());
        if is_read { None } else { items(self, view, state, input).ok() }
    }

    /// What `ItemsPath` selects, as `TestState` shows it; `None` where there is no such path.
    pub fn selected(&self, view: &crate::context::View<'_>) -> Option<Result<Value, Failure>> {
        let Items::Path(reference) = &self.items else { return None };
        Some(select(reference, view).and_then(|value| {
            if value.is_array() || self.distributed.is_some() && value.is_object() {
                return Ok(value);
            }
            // The text without the root's second `$`, and without the data.
            let text = reference.text().to_string();
            let path = text.strip_prefix('$').filter(|rest| rest.starts_with('$')).unwrap_or(&text);
            Err(Failure::runtime(format!("Reference path \"{path}\" must point to array.")))
        }))
    }

    /// How many iterations may fail, for as many items as a mocked result holds. `None` if the definition does not say:
    /// `TestState` then allows any number.
    pub fn tolerated_by(
        &self,
        view: &crate::context::View<'_>,
        answer: Option<&crate::test_state::MockedAnswer>,
    ) -> Option<usize> {
        let items = match answer {
            Some(Ok(text)) => read_json(text).ok().and_then(|items| Some(items.as_array()?.len())).unwrap_or(0),
            _ => 0,
        };
        let count = self.tolerated_count.as_ref().and_then(|a| a.value(view).ok());
        let percentage = self.tolerated_percentage.as_ref().and_then(|a| a.share(view).ok());
        count.map(|n| usize::try_from(n).unwrap_or(0)).max(percentage.map(|p| share_of(items, p)))
    }
}

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, map: &Map) -> Ran {
    let input = execution.effective_input(thread, state)?;
    let at = &execution.threads[thread];
    let view = execution.view(at, &input.value);
    let limit = map.max_concurrency.as_ref().map(|a| a.count(&view)).transpose()?.unwrap_or(0);
    let reader = map.distributed.as_ref().and_then(|d| d.reader.as_ref());
    let items = if reader.is_some() { Vec::new() } else { items(map, &view, state, &input)? };
    drop(view);
    let details = Details { length: Some(items.len() as u64), ..Details::default() };
    let started = execution.event(thread, EventKind::MapStateStarted, details);
    let tolerance = tolerance(execution, thread, map, &input)?;
    let iterations = Iterations {
        results: vec![None; items.len()],
        items: items.into_iter().map(Arc::new).collect(),
        input,
        next: 0,
        running: BTreeMap::new(),
        limit: if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) },
        started,
        scope: map.scope,
        progress: None,
    };
    execution.threads[thread].children = Children::Map(Box::new(iterations));
    if let Some(distributed) = &map.distributed {
        return distributed::begin(execution, thread, state, distributed, limit, tolerance);
    }
    begin(execution, thread, state, map)
}

/// When the inputs of the running iterations exceed so many bytes, the others begin only as these end: AWS promises no
/// more than 40 at once.
const HELD: usize = 16 * 1024 * 1024;

fn begin(execution: &mut Execution, thread: ThreadId, state: &State, map: &Map) -> Ran {
    let Children::Map(iterations) = &execution.threads[thread].children else {
        return Ok(Run::Wait);
    };
    let (first, started) = (iterations.items.len().min(iterations.limit), iterations.started);
    if first == 0 {
        return Ok(Run::Result(finish(execution, thread)));
    }
    let log = execution.threads[thread].log;
    let mut held = 0;
    for _ in 0..first {
        held += next(execution, thread, state, map, started)?;
        if held > HELD || execution.is_overflown(log) {
            break;
        }
    }
    Ok(Run::Wait)
}

/// Starts the next iteration of an inline map, following `previous`; returns the length of its input.
fn next(
    execution: &mut Execution,
    thread: ThreadId,
    state: &State,
    map: &Map,
    previous: u64,
) -> Result<usize, Failure> {
    let Children::Map(iterations) = &execution.threads[thread].children else {
        return Ok(0);
    };
    let index = ChildIndex(iterations.next);
    let Some(item) = iterations.items.get(index.0).cloned() else {
        return Ok(0);
    };
    let scope = iterations.scope;
    let log = execution.threads[thread].log;
    let details = Details { name: Some(state.name.to_string()), index: Some(index.number()), ..Details::default() };
    let started = execution.push(log, previous, EventKind::MapIterationStarted, details);
    let input = item_input(execution, thread, map, index, &item)?;
    if input.text.len() > PAYLOAD {
        return Err(Failure::data_limit(&state.name));
    }
    let length = input.text.len();
    let child = execution.spawn(Some(Parent { thread, index }), log, scope, input, started);
    execution.threads[child].situation.item = Some(Item { index, value: item, source: None });
    execution.ready.push_back(child);
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        // An iteration whose input could not be made has not begun: a redrive of the rest begins it.
        iterations.next += 1;
        iterations.running.insert(index, child);
    }
    Ok(length)
}

/// The input of an iteration: the item, or the value of `ItemSelector`.
pub(crate) fn item_input(
    execution: &Execution,
    thread: ThreadId,
    map: &Map,
    index: ChildIndex,
    item: &Arc<Value>,
) -> Result<Data, Failure> {
    let at = &execution.threads[thread];
    let (Some(selector), Children::Map(iterations)) = (&map.selector, &at.children) else {
        let text = Arc::from(item.to_string());
        let value = Arc::clone(item);
        return Ok(Data { value, text });
    };
    let source = iterations.progress.as_ref().and_then(|progress| progress.source(index));
    let item = Item { index, value: Arc::clone(item), source };
    let situation = Situation { item: Some(item), ..at.situation.clone() };
    let mut view = execution.view(at, &iterations.input.value);
    view.situation = &situation;
    Ok(Data::new(selector.value(&view)?))
}

/// An iteration has come to its end.
pub(crate) fn iteration_done(execution: &mut Execution, parent: ThreadId, index: ChildIndex, child: ThreadId) {
    let (output, previous, log) = {
        let at = &execution.threads[child];
        (Arc::clone(&at.input.value), at.previous, execution.threads[parent].log)
    };
    let Children::Map(iterations) = &mut execution.threads[parent].children else {
        return;
    };
    iterations.running.remove(&index);
    iterations.results[index] = Some(output);
    if iterations.progress.is_some() {
        distributed::child_done(execution, parent, index, child);
        return;
    }
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[parent];
    let state = &program.scopes[at.scope].states[at.state];
    let details = Details { name: Some(state.name.to_string()), index: Some(index.number()), ..Details::default() };
    let succeeded = execution.push(log, previous, EventKind::MapIterationSucceeded, details);
    execution.release(child);
    let crate::states::Body::Map(map) = &state.body else {
        return;
    };
    if let Err(failure) = next(execution, parent, state, map, previous) {
        execution.threads[parent].previous = previous;
        execution.fail_here(parent, failure);
        return;
    }
    let Children::Map(iterations) = &execution.threads[parent].children else {
        return;
    };
    if iterations.running.is_empty() && iterations.next == iterations.items.len() {
        execution.threads[parent].previous = succeeded;
        let result = finish(execution, parent);
        execution.complete(parent, result);
        execution.ready.push_back(parent);
    }
}

/// `MapStateSucceeded`, and the list of the results. The event is not part of the chain.
pub(crate) fn finish(execution: &mut Execution, thread: ThreadId) -> Data {
    let (log, previous) = (execution.threads[thread].log, execution.threads[thread].previous);
    execution.push(log, previous, EventKind::MapStateSucceeded, Details::default());
    let Children::Map(iterations) = std::mem::take(&mut execution.threads[thread].children) else {
        return Data::new(Value::Array(Vec::new()));
    };
    let results = iterations.results.into_iter().flatten();
    Data::new(Value::Array(results.map(Arc::unwrap_or_clone).collect()))
}

/// An iteration has failed: the others are aborted, and the state fails.
pub(crate) fn iteration_failed(
    execution: &mut Execution,
    parent: ThreadId,
    index: ChildIndex,
    child: ThreadId,
    failure: Failure,
) {
    let is_run = matches!(&execution.threads[parent].children, Children::Map(m) if m.progress.is_some());
    if is_run {
        distributed::child_failed(execution, parent, index, child, failure);
        return;
    }
    let (previous, log) = (execution.threads[child].previous, execution.threads[parent].log);
    let Children::Map(iterations) = &execution.threads[parent].children else {
        return;
    };
    let running: Vec<(ChildIndex, ThreadId)> = iterations.running.iter().map(|(i, t)| (*i, *t)).collect();
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[parent];
    let name = program.scopes[at.scope].states[at.state].name.to_string();
    for (i, thread) in running {
        let kind = if i == index { EventKind::MapIterationFailed } else { EventKind::MapIterationAborted };
        let details = Details { name: Some(name.clone()), index: Some(i.number()), ..Details::default() };
        execution.push(log, previous, kind, details);
        execution.abort(thread, previous);
    }
    execution.threads[parent].previous = previous;
    execution.handle(parent, failure);
}

fn items(map: &Map, view: &crate::context::View<'_>, state: &State, input: &Data) -> Result<Vec<Value>, Failure> {
    debug_assert!(state.tag == Tag::Map);
    let value = match &map.items {
        Items::Input => input.value.as_ref().clone(),
        Items::Path(Reference::Path(path)) if path.root == Root::Input && path.is_reference() => {
            let found = path.get(&input.value).cloned();
            found.map_err(|error| Failure::new(REFERENCE_PATH, error.to_string()))?
        }
        Items::Path(reference) => select(reference, view)?,
        Items::Template(template) => {
            let fits =
                if map.distributed.is_some() { |v: &Value| v.is_array() || v.is_object() } else { Value::is_array };
            template.typed(view, "array", fits)?
        }
    };
    match (value, &map.items) {
        (Value::Array(items), _) => Ok(items),
        // A distributed map takes the fields of an object, too.
        (fields @ Value::Object(_), _) if map.distributed.is_some() => {
            Ok(distributed::entries(fields).unwrap_or_default())
        }
        (other, Items::Path(reference)) => Err(Failure::runtime(format!(
            "Reference path \"{}\" must point to array, but it points to: {other}",
            reference.text()
        ))),
        (other, _) if state.jsonata => {
            Err(Failure::query(format!("Map state input must be an array but was: {other}"), None))
        }
        (other, _) => Err(Failure::runtime(format!("Map state input must be an array but was: {other}"))),
    }
}

/// How many iterations may fail.
fn tolerance(
    execution: &Execution,
    thread: ThreadId,
    map: &Map,
    input: &Data,
) -> Result<distributed::Tolerance, Failure> {
    let view = execution.view(&execution.threads[thread], &input.value);
    let count = map.tolerated_count.as_ref().map(|a| a.count(&view)).transpose()?;
    let percentage = map.tolerated_percentage.as_ref().map(|a| a.percentage(&view)).transpose()?;
    Ok((count, percentage))
}

/// The whole part of a percentage of the items.
fn share_of(items: usize, percentage: f64) -> usize {
    (items as f64 * percentage / 100.0) as usize
}

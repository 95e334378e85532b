//! One state at one moment of a run that happened elsewhere, read from its history: enough to evaluate the state's
//! expressions and to continue from it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::context::Item;
use crate::execution::Execution;
use crate::ids::{ChildIndex, StateId, ThreadId};
use crate::meter::SharedSandbox;
use crate::program::{CompileError, Program};
use crate::states::Body;
use crate::thread::{Data, Step};
use crate::{StartParams, test_state};

/// A state after it was entered.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// The name of the state.
    pub state: String,
    /// The input of the state, as JSON text.
    pub input: String,
    /// The variables in scope.
    pub variables: Map<String, Value>,
    /// Milliseconds since the epoch.
    pub entered_at: i64,
    /// When the state did what is asked about (called its task, for example), in milliseconds since the epoch.
    pub at: i64,
    /// How many attempts came before this one.
    pub retry_count: u32,
    /// The innermost Map iteration: its index, and its item if that is known.
    pub item: Option<(usize, Value)>,
    pub redrives: u64,
    /// Milliseconds since the epoch.
    pub redriven_at: Option<i64>,
    /// The execution.
    pub params: StartParams,
    /// The sandbox for expressions that may not end.
    pub sandbox: Option<SharedSandbox>,
}

impl Moment {
    /// An execution of `program` that is in this state, which has to be in the outermost scope; `None` if it is not.
    pub(crate) fn stand(&self, program: Arc<Program>, token: Option<&str>) -> Option<Execution> {
        let scope = program.scopes.first()?;
        let state = scope.states.iter().position(|state| *state.name == *self.state)?;
        let mut execution =
            Execution::new(Arc::clone(&program), self.params.clone()).with_sandbox(self.sandbox.clone());
        execution.open();
        execution.now = self.entered_at;
        let at = &mut execution.threads[ThreadId::FIRST];
        at.state = StateId(state);
        at.input = Data::read(&self.input).ok()?;
        let shared = self.variables.iter().map(|(name, value)| (name.clone(), Arc::new(value.clone())));
        at.variables = Arc::new(shared.collect());
        execution.enter(ThreadId::FIRST);
        execution.now = self.at;
        let at = &mut execution.threads[ThreadId::FIRST];
        at.step = Step::Wait;
        at.situation.retry_count = self.retry_count;
        at.situation.token = token.map(str::to_owned);
        at.situation.item = self.item.clone().map(|(index, value)| Item {
            index: ChildIndex(index),
            value: Arc::new(value),
            source: None,
        });
        at.situation.redrives = self.redrives;
        at.situation.redriven_at = self.redriven_at;
        Some(execution)
    }
}

/// The items of the Map state of `moment`; `None` if they are unknown, as when a distributed Map reads them from
/// objects.
#[must_use]
pub fn items(definition: &Value, moment: &Moment) -> Option<Vec<Value>> {
    let program = Arc::new(scope_of(definition, &moment.state).ok()?);
    let execution = moment.stand(Arc::clone(&program), None)?;
    let at = execution.threads.first()?;
    let state = &program.scopes.first()?.states[at.state];
    let Body::Map(map) = &state.body else { return None };
    let input = execution.effective_input(ThreadId::FIRST, state).ok()?;
    map.items_of(&execution.view(at, &input.value), state, &input)
}

/// The fields of a Task that determine its parameters.
const FIELDS: [&str; 6] = ["Type", "QueryLanguage", "Resource", "InputPath", "Parameters", "Arguments"];

/// The program of one Task alone, with only the fields that determine its parameters: a fault elsewhere in the
/// definition does not matter then.
///
/// # Errors
/// The definition has no such state, or its parameters cannot be compiled.
pub(crate) fn task_alone(definition: &Value, name: &str) -> Result<Program, CompileError> {
    let (state, language) = test_state::find(definition, name, None)
        .ok_or_else(|| CompileError::new("", "the definition has no such state"))?;
    let mut fields: Map<String, Value> =
        FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), state.get(field)?.clone()))).collect();
    fields.insert("End".to_owned(), true.into());
    let mut alone = json!({ "StartAt": name, "States": { name: fields } });
    // A nested state has the query language of the whole definition.
    if let Some(language) = definition.get("QueryLanguage").cloned().or(language.map(Value::from)) {
        alone["QueryLanguage"] = language;
    }
    Program::compile(&alone)
}

/// The program of the scope that a state belongs to: the whole, a branch of a Parallel, or the processor of a Map.
///
/// # Errors
/// The definition has no such state, or the scope cannot be compiled.
pub(crate) fn scope_of(definition: &Value, name: &str) -> Result<Program, CompileError> {
    let scope =
        scope_with(definition, name).ok_or_else(|| CompileError::new("", "the definition has no such state"))?;
    let mut whole = json!({ "StartAt": scope["StartAt"], "States": scope["States"] });
    if let Some(language) = definition.get("QueryLanguage") {
        whole["QueryLanguage"] = language.clone();
    }
    Program::compile(&whole)
}

fn scope_with<'a>(scope: &'a Value, name: &str) -> Option<&'a Value> {
    let states = scope.get("States")?.as_object()?;
    if states.contains_key(name) {
        return Some(scope);
    }
    states.values().find_map(|state| {
        let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
        let mut inner = branches.chain(state.get("ItemProcessor")).chain(state.get("Iterator"));
        inner.find_map(|inner| scope_with(inner, name))
    })
}

//! One state by itself, for the API's `TestState`.
//!
//! The function is pure: if the state requests a task and the test has no answer, it returns the request, and the host
//! calls it again with the answer.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::execution::{Execution, Purpose};
use crate::failure::Failure;
use crate::ids::ThreadId;
use crate::meter::SharedSandbox;
use crate::program::{Program, State};
use crate::run::combine;
use crate::states::{Body, Tag};
use crate::thread::Data;
use crate::{Action, CompileError, Input, OutcomeStatus, StartParams, TaskRequest};

/// The name of a state that is tested outside a definition.
const NAME: &str = "StateName";

/// What to test.
#[derive(Debug, Clone, Default)]
pub struct StateTest {
    /// A single state, or a whole definition with [`StateTest::state_name`].
    pub definition: Value,
    pub state_name: Option<String>,
    /// Input, role and names; `start_at` is the time of the test.
    pub params: StartParams,
    /// Variables by name.
    pub variables: Map<String, Value>,
    /// What the task answers, or how it fails (error and cause).
    pub answer: Option<MockedAnswer>,
    /// `stateConfiguration.retrierRetryCount`.
    pub retries: u32,
    /// `context`: stands for the whole context object.
    pub context: Option<Value>,
    /// `stateConfiguration.mapIterationFailureCount`.
    pub iteration_failures: usize,
    /// The sandbox for expressions that may not end.
    pub sandbox: Option<SharedSandbox>,
}

/// JSON text, or error and cause.
pub type MockedAnswer = Result<String, (String, String)>;

/// The outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum StateReport {
    /// The state requests a task: test again with its answer.
    Asks(Box<TaskRequest>),
    Done(StateResult),
}

/// The answer of `TestState`.
#[derive(Debug, Clone, PartialEq)]
pub struct StateResult {
    pub status: StateTestStatus,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub next_state: Option<String>,
    /// `inspectionData`; texts of JSON, except for `errorDetails`.
    pub inspection: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateTestStatus {
    Succeeded,
    Failed,
    Retriable,
    CaughtError,
}

impl StateTestStatus {
    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            StateTestStatus::Succeeded => "SUCCEEDED",
            StateTestStatus::Failed => "FAILED",
            StateTestStatus::Retriable => "RETRIABLE",
            StateTestStatus::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// Why there is no state to test.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StateTestError {
    #[error("State not found in definition")]
    NotFound,
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// What stands for the items of a Map state is not in the format that its reader reads.
    #[error("{0}")]
    Items(String),
}

/// Runs one state with a mock or a host's answer.
///
/// # Errors
/// The state is not there, or cannot be compiled.
pub fn test_state(test: &StateTest) -> Result<StateReport, StateTestError> {
    let (name, definition) = alone(test)?;
    let program = Arc::new(Program::compile(&definition)?);
    let mut execution = Execution::new(Arc::clone(&program), test.params.clone()).with_sandbox(test.sandbox.clone());
    execution.context = Some(test.context.clone().map(Arc::new));
    execution.open_at_first(&test.variables, test.retries);
    let scope = &program.scopes[0];
    let state = &scope.states[scope.start];
    let mut inspection = Map::new();
    inspection.insert("input".into(), text(&execution.input));
    if !test.variables.is_empty() {
        inspection.insert("variables".into(), Value::String(json!(test.variables).to_string()));
    }
    inspect_input(&execution, state, &mut inspection);
    let unselected = inspect_items(&execution, state, &mut inspection);
    let answered = match (&test.answer, state.tag) {
        (Some(answer), Tag::Map | Tag::Parallel) => {
            let answer = unselected.or_else(|| exceeded(&execution, state, test)).unwrap_or_else(|| answer.clone());
            answer_whole(&mut execution, &answer);
            Some(answer)
        }
        (None, Tag::Map | Tag::Parallel) => None,
        (answer, _) => {
            execution.run();
            match first_task(&mut execution) {
                Some(request) => match answer {
                    None => return Ok(StateReport::Asks(Box::new(request))),
                    Some(answer) => {
                        give(&mut execution, &request, answer);
                        Some(answer.clone())
                    }
                },
                None => None,
            }
        }
    };
    execution.wake_all();
    if let Some(Ok(answer)) = &answered {
        inspect_result(&execution, state, answer, &mut inspection);
    } else if answered.is_none() && matches!(state.tag, Tag::Pass) {
        inspect_pass(&execution, state, &mut inspection);
    }
    Ok(StateReport::Done(report(&execution, &name, state, answered.as_ref(), inspection)))
}

/// How many items the reader of the tested Map state finds in `data`, which stands for what it reads. `None` for a state
/// without a reader.
///
/// # Errors
/// The state does not exist or cannot be compiled, or the data is in another format.
pub fn items_in(test: &StateTest, data: &str) -> Result<Option<usize>, StateTestError> {
    let program = Program::compile(&alone(test)?.1)?;
    let scope = &program.scopes[0];
    let Body::Map(map) = &scope.states[scope.start].body else { return Ok(None) };
    let reader = map.distributed.as_ref().and_then(|distributed| distributed.reader.as_ref());
    let counted = reader.map(|reader| reader.count(data)).transpose();
    counted.map_err(|failure| StateTestError::Items(failure.cause.unwrap_or_default()))
}

/// The state in a definition of its own, with a next state, and its name.
///
/// # Errors
/// The definition has no such state.
pub fn alone(test: &StateTest) -> Result<(String, Value), StateTestError> {
    let (name, state, language) = match &test.state_name {
        Some(name) => {
            let (state, language) = find(&test.definition, name, None).ok_or(StateTestError::NotFound)?;
            (name.clone(), state.clone(), language)
        }
        None => (NAME.to_owned(), test.definition.clone(), None),
    };
    let mut states = Map::new();
    for target in targets(&state) {
        states.insert(target, json!({ "Type": "Succeed" }));
    }
    states.insert(name.clone(), state);
    let mut definition = json!({ "StartAt": name, "States": states });
    if let Some(language) = language {
        definition["QueryLanguage"] = language.into();
    }
    Ok((name, definition))
}

/// The state of this name in a definition, at any depth, and the query language written nearest to it.
pub fn find<'a>(value: &'a Value, name: &str, language: Option<String>) -> Option<(&'a Value, Option<String>)> {
    let own = value.get("QueryLanguage").and_then(Value::as_str).map(str::to_owned).or(language);
    let states = value.get("States").and_then(Value::as_object);
    if let Some(state) = states.and_then(|s| s.get(name)) {
        return Some((state, own));
    }
    let states = states.into_iter().flat_map(|s| s.values());
    let inner = states.flat_map(|s| {
        let branches = s.get("Branches").and_then(Value::as_array).into_iter().flatten();
        branches.chain(s.get("ItemProcessor")).chain(s.get("Iterator"))
    });
    inner.into_iter().find_map(|scope| find(scope, name, own.clone()))
}

fn targets(state: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |value: Option<&Value>| found.extend(value.and_then(Value::as_str).map(str::to_owned));
    add(state.get("Next"));
    add(state.get("Default"));
    for list in ["Choices", "Catch"] {
        state.get(list).and_then(Value::as_array).into_iter().flatten().for_each(|entry| add(entry.get("Next")));
    }
    found
}

fn text(data: &Data) -> Value {
    Value::String(data.text.to_string())
}

fn first_task(execution: &mut Execution) -> Option<TaskRequest> {
    execution.tasks.values().next().map(|open| open.request.clone())
}

fn give(execution: &mut Execution, request: &TaskRequest, answer: &MockedAnswer) {
    let task = request.task;
    let input = match answer.clone() {
        Ok(output) => Input::TaskSucceeded { task, output },
        Err((error, cause)) => Input::TaskFailed { task, error, cause },
    };
    let at = execution.now;
    execution.step(at, input);
}

/// Map and Parallel states: the mock stands for all of their children.
fn answer_whole(execution: &mut Execution, answer: &MockedAnswer) {
    match answer {
        Ok(output) => {
            execution.complete(ThreadId::FIRST, Data::read(output).unwrap_or_else(|_| Data::new(Value::Null)))
        }
        Err((error, cause)) => execution.handle(ThreadId::FIRST, Failure::new(error.clone(), cause.clone())),
    }
    execution.ready.push_back(ThreadId::FIRST);
    execution.run();
}

/// The failure of a map whose iterations fail more often than is tolerated.
fn exceeded(execution: &Execution, state: &State, test: &StateTest) -> Option<MockedAnswer> {
    let Body::Map(map) = &state.body else {
        return None;
    };
    let at = &execution.threads[0];
    let tolerated = map.tolerated_by(&execution.view(at, &at.input.value), test.answer.as_ref())?;
    let exceeded = matches!(test.answer, Some(Ok(_))) && test.iteration_failures > tolerated;
    exceeded.then(|| {
        let text = "The specified tolerated failure threshold was exceeded";
        Err(("States.ExceedToleratedFailureThreshold".to_owned(), text.to_owned()))
    })
}

/// What a map's `ItemsPath` selects; the failure if that cannot be iterated over.
fn inspect_items(execution: &Execution, state: &State, inspection: &mut Map<String, Value>) -> Option<MockedAnswer> {
    let Body::Map(map) = &state.body else { return None };
    let at = &execution.threads[0];
    let input = execution.selected(&state.input_path, at, &at.input).ok()?;
    match map.selected(&execution.view(at, &input.value))? {
        Ok(items) => {
            inspection.insert("afterItemsPath".into(), Value::String(items.to_string()));
            None
        }
        Err(failure) => Some(Err((failure.error.unwrap_or_default(), failure.cause.unwrap_or_default()))),
    }
}

fn inspect_input(execution: &Execution, state: &State, inspection: &mut Map<String, Value>) {
    let at = &execution.threads[0];
    if let Body::Map(map) = &state.body {
        map.inspect(&execution.view(at, &at.input.value), inspection);
    }
    if state.jsonata {
        if let Some(template) = &state.parameters
            && let Ok(value) = template.value(&execution.view(at, &at.input.value))
        {
            inspection.insert("afterArguments".into(), Value::String(value.to_string()));
        }
        return;
    }
    // AWS shows nothing of the input of a Parallel state's branches.
    if matches!(&state.body, Body::Pass { result: Some(_) }) || state.tag == Tag::Parallel {
        return;
    }
    if let Ok(input) = execution.selected(&state.input_path, at, &at.input) {
        inspection.insert("afterInputPath".into(), text(&input));
    }
    if matches!(state.tag, Tag::Task | Tag::Pass)
        && let Ok(input) = execution.effective_input(ThreadId::FIRST, state)
    {
        inspection.insert("afterParameters".into(), text(&input));
    }
}

fn inspect_result(execution: &Execution, state: &State, answer: &str, inspection: &mut Map<String, Value>) {
    match state.tag {
        Tag::Map => return,
        Tag::Parallel => {}
        _ => {
            inspection.insert("result".into(), answer.into());
        }
    }
    let Some(result) = Data::read(answer).ok().filter(|_| !state.jsonata) else {
        return;
    };
    let at = execution.entered_thread();
    let selected = match &state.result_selector {
        Some(template) => template.value(&execution.view(&at, &result.value)).ok().map(Data::new),
        None => Some(result),
    };
    let Some(selected) = selected else {
        return;
    };
    inspection.insert("afterResultSelector".into(), text(&selected));
    if let Ok(combined) = combine(&at, state.result_path.as_ref(), state.result_discarded, &selected) {
        inspection.insert("afterResultPath".into(), text(&combined));
    }
}

fn inspect_pass(execution: &Execution, state: &State, inspection: &mut Map<String, Value>) {
    let result = inspection.get("afterParameters").and_then(Value::as_str).map(str::to_owned);
    let fixed = match &state.body {
        Body::Pass { result: Some(value) } => Some(value.to_string()),
        _ => None,
    };
    let had_result = fixed.is_some();
    if let Some(result) = fixed.or(result).filter(|_| !state.jsonata) {
        inspect_result(execution, state, &result, inspection);
        if !had_result {
            inspection.remove("result");
        }
    }
}

fn report(
    execution: &Execution,
    name: &str,
    state: &State,
    answered: Option<&MockedAnswer>,
    mut inspection: Map<String, Value>,
) -> StateResult {
    let exited =
        execution.history().iter().position(|e| e.kind.is_state_exited() && e.details.name.as_deref() == Some(name));
    let failure = execution
        .history()
        .iter()
        .take(exited.unwrap_or(usize::MAX))
        .rev()
        .find(|e| e.details.error.is_some() || e.details.cause.is_some());
    let (mut error, mut cause) = failure.map_or((None, None), |e| (e.details.error.clone(), e.details.cause.clone()));
    if let (Some(Err((e, c))), true) = (answered, failure.is_none()) {
        (error, cause) = (Some(e.clone()), Some(c.clone()));
    }
    let failed = Failure::new(error.clone().unwrap_or_default(), cause.clone().unwrap_or_default());
    let details = |fields: Value| json!({ "errorDetails": fields });
    let retry = execution.timers.values().find(|t| t.purpose == Purpose::Retry).map(|t| t.at - execution.now);
    let status = match (exited, &error, retry) {
        (_, _, Some(delay)) => {
            let index = state.retry.iter().position(|r| r.matches(&failed)).unwrap_or(0);
            let fields = json!({"retryIndex": index, "retryBackoffIntervalSeconds": delay / 1000});
            inspection.extend(details(fields).as_object().cloned().unwrap_or_default());
            StateTestStatus::Retriable
        }
        (Some(_), Some(_), None) => {
            let index = state.catch.iter().position(|c| c.matches(&failed)).unwrap_or(0);
            inspection.extend(details(json!({ "catchIndex": index })).as_object().cloned().unwrap_or_default());
            StateTestStatus::CaughtError
        }
        (None, Some(_), None) => {
            if let Some(index) = state.retry.iter().position(|r| r.matches(&failed)) {
                inspection.extend(details(json!({ "retryIndex": index })).as_object().cloned().unwrap_or_default());
            }
            StateTestStatus::Failed
        }
        (Some(_), None, None) => StateTestStatus::Succeeded,
        _ if execution.outcome().is_some_and(|o| o.status == OutcomeStatus::Succeeded) => StateTestStatus::Succeeded,
        _ => StateTestStatus::Failed,
    };
    let output = exited.and_then(|i| execution.history()[i].details.output.clone());
    let next = exited.and_then(|i| execution.history().get(i + 1)).filter(|e| e.kind.is_state_entered());
    StateResult { status, output, error, cause, next_state: next.and_then(|e| e.details.name.clone()), inspection }
}

impl Execution {
    /// Starts with variables, just inside the first state.
    fn open_at_first(&mut self, variables: &Map<String, Value>, retries: u32) {
        self.open();
        let shared = variables.iter().map(|(k, v)| (k.clone(), Arc::new(v.clone())));
        self.threads[0].variables = Arc::new(shared.collect());
        self.enter(ThreadId::FIRST);
        let at = &mut self.threads[0];
        at.step = crate::thread::Step::Attempt;
        at.retries.iter_mut().for_each(|made| *made = retries);
        at.situation.retry_count = retries;
    }

    /// The first thread as it was when it entered the tested state.
    fn entered_thread(&self) -> crate::thread::Thread {
        let mut thread = self.threads[0].clone();
        thread.input = self.input.clone();
        thread
    }

    /// Ends the time of every Wait state.
    fn wake_all(&mut self) {
        let due: Vec<_> = self.timers.iter().filter(|(_, t)| t.purpose == Purpose::Wake).map(|(id, _)| *id).collect();
        for timer in due {
            let at = self.now;
            let _: Vec<Action> = self.step(at, Input::TimerFired { timer });
        }
    }
}

//! `TestState`: one state by itself, with a mock or with what the engine can call.

use std::sync::Arc;

use countersign_asl::{Diagnostic, MachineType, invalid_definition_message, json_error, parse_created, read_json};
use countersign_engine::test_state::{
    StateReport, StateResult, StateTest, StateTestError, alone, items_in, test_state,
};
use countersign_engine::{ExecutionKind, Integration, Pattern, StartParams, TaskRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::OperationResult;
use super::arn::check_role;
use super::error::ApiError;
use super::executions::check_input;
use super::mock_shapes::{self, Mode};
use crate::host::{AccountRegion, Host, in_place};
use crate::integrations::{self, HttpExchange, TaskOutcome, trace_http};
use crate::random;

/// AWS's `TestState` request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    definition: String,
    role_arn: Option<String>,
    input: Option<String>,
    inspection_level: Option<String>,
    #[serde(default)]
    reveal_secrets: bool,
    variables: Option<String>,
    state_name: Option<String>,
    mock: Option<Mock>,
    context: Option<String>,
    #[serde(default)]
    state_configuration: Configuration,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mock {
    result: Option<String>,
    error_output: Option<ErrorOutput>,
    field_validation_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorOutput {
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    retrier_retry_count: Option<u32>,
    map_iteration_failure_count: Option<usize>,
    map_item_reader_data: Option<String>,
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// `TestState`.
pub async fn test(host: &Arc<Host>, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let level = ask.inspection_level.clone().unwrap_or_else(|| "INFO".to_owned());
    match &ask.mock {
        Some(mock) => check_mock(mock, ask.reveal_secrets)?,
        None if ask.state_configuration.map_iteration_failure_count.is_some() => {
            return Err(refused("TestState does not support MapIterationFailureCount when a mock is not specified."));
        }
        None => {}
    }
    ask.role_arn.as_deref().map(check_role).transpose()?;
    let mut test = prepared(host, caller, &ask)?;
    let state = checked(&test)?;
    check_kind(&state, &ask)?;
    check_task(&state, &ask, test.context.as_ref())?;
    let items = items_given(&test, &ask)?;
    if let Some(Ok(result)) = &test.answer {
        check_result(&state, &ask, result, items)?;
    }
    let report = match run(&test)? {
        StateReport::Done(report) => report,
        StateReport::Asks(request) => {
            let mut exchange = HttpExchange::default();
            test.answer = Some(match &request.integration {
                Integration::Service { service, .. } if service == "http" && level == "TRACE" => {
                    let (came, traced) =
                        trace_http(host, &caller.region, &request.parameters, ask.reveal_secrets).await;
                    exchange = traced;
                    taken(came)
                }
                _ => call(host, &test.params.execution_arn, *request).await?,
            });
            match run(&test)? {
                StateReport::Done(mut report) => {
                    let traced = [("request", exchange.request), ("response", exchange.response)];
                    report
                        .inspection
                        .extend(traced.into_iter().filter_map(|(name, one)| Some((name.to_owned(), one?))));
                    report
                }
                // The state's first task has its answer, and a second one has none.
                StateReport::Asks(_) => return Err(refused("The state asks for more than one task.")),
            }
        }
    };
    Ok(answered(report, &level))
}

fn run(test: &StateTest) -> Result<StateReport, ApiError> {
    in_place(|| test_state(test)).map_err(untested)
}

/// The answer to a state that cannot be tested.
fn untested(error: StateTestError) -> ApiError {
    match error {
        StateTestError::NotFound => refused(error.to_string()),
        StateTestError::Items(why) => refused(format!("MapItemReaderData cannot be read: {why}")),
        StateTestError::Compile(error) => ApiError::new(
            "InvalidDefinition",
            format!("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {} at {}'", error.reason, error.at),
        ),
    }
}

/// How many items stand for those that the state's reader reads, if the request gives any.
fn items_given(test: &StateTest, ask: &Ask) -> Result<Option<usize>, ApiError> {
    let Some(data) = &ask.state_configuration.map_item_reader_data else { return Ok(None) };
    items_in(test, data).map_err(untested)
}

fn answered(report: StateResult, level: &str) -> Value {
    let mut answer = Map::new();
    answer.insert("status".to_owned(), json!(report.status.name()));
    let texts =
        [("output", report.output), ("error", report.error), ("cause", report.cause), ("nextState", report.next_state)];
    answer.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))));
    if level != "INFO" {
        answer.insert("inspectionData".to_owned(), Value::Object(report.inspection));
    }
    Value::Object(answer)
}

fn check_mock(mock: &Mock, reveal_secrets: bool) -> Result<(), ApiError> {
    if reveal_secrets {
        return Err(refused("TestState does not support RevealSecrets when a mock is specified."));
    }
    match (&mock.result, &mock.error_output) {
        (Some(_), Some(_)) => {
            Err(refused("A test mock should have only one of the following fields: [result, errorOutput]."))
        }
        (None, None) => Err(refused("A test mock should have one of the following fields: [result, errorOutput].")),
        (Some(result), None) if json_error(result).is_some() => Err(refused("Mocked result must be valid JSON")),
        _ => Ok(()),
    }
}

/// The test in the engine's form.
fn prepared(host: &Host, caller: &AccountRegion, ask: &Ask) -> Result<StateTest, ApiError> {
    let definition = read_json(&ask.definition).map_err(|_| {
        let (_, diagnostics) = parse_created(&ask.definition, MachineType::Standard);
        ApiError::new("InvalidDefinition", invalid_definition_message(&diagnostics))
    })?;
    let input = ask.input.clone().unwrap_or_else(|| "{}".to_owned());
    check_input(&input)?;
    let variables = match &ask.variables {
        None => Map::new(),
        Some(text) => match read_json(text) {
            Ok(Value::Object(variables)) => variables,
            Ok(_) => return Err(refused("Variables must be a JSON object.")),
            Err(why) => return Err(refused(format!("Variables must be a JSON object: {why}"))),
        },
    };
    let context: Option<Value> = ask
        .context
        .as_ref()
        .map(|text| read_json(text))
        .transpose()
        .map_err(|why| refused(format!("Invalid Context object provided: {why}")))?;
    context.as_ref().map(check_context).transpose()?;
    // The machine and the execution of a test have names that nobody gave.
    let (machine, name) = (random::uuid().to_string(), random::uuid().to_string());
    let seed = random::uuid().as_u64_pair().0;
    let answer = ask.mock.as_ref().and_then(|mock| match (&mock.result, &mock.error_output) {
        (Some(result), _) => Some(Ok(result.clone())),
        (None, Some(failure)) => Some(Err((failure.error.clone(), failure.cause.clone()))),
        (None, None) => None,
    });
    Ok(StateTest {
        definition,
        state_name: ask.state_name.clone(),
        params: StartParams {
            execution_arn: caller.arn("states", &format!("express:{machine}:{name}")),
            name,
            state_machine_arn: caller.arn("states", &format!("stateMachine:{machine}")),
            state_machine_name: machine,
            role_arn: ask.role_arn.clone().unwrap_or_default(),
            input,
            kind: ExecutionKind::Standard,
            start_at: host.clock.now(),
            seed,
            region: caller.region.clone(),
            ..StartParams::default()
        },
        variables,
        answer,
        retries: ask.state_configuration.retrier_retry_count.unwrap_or(0),
        context,
        iteration_failures: ask.state_configuration.map_iteration_failure_count.unwrap_or(0),
        sandbox: host.sandbox.clone(),
    })
}

/// The parts of a context object that a test may give, with their fields and types.
const CONTEXT: [(&str, &[(&str, ContextFieldKind)]); 4] = [
    (
        "Execution",
        &[
            ("Id", ContextFieldKind::Text),
            ("Input", ContextFieldKind::Any),
            ("Name", ContextFieldKind::Text),
            ("RedriveCount", ContextFieldKind::Number),
            ("RedriveTime", ContextFieldKind::Text),
            ("RoleArn", ContextFieldKind::Text),
            ("StartTime", ContextFieldKind::Text),
        ],
    ),
    (
        "State",
        &[
            ("EnteredTime", ContextFieldKind::Text),
            ("Name", ContextFieldKind::Text),
            ("RetryCount", ContextFieldKind::Number),
        ],
    ),
    ("StateMachine", &[("Id", ContextFieldKind::Text), ("Name", ContextFieldKind::Text)]),
    ("Task", &[("Token", ContextFieldKind::Text)]),
];

#[derive(Clone, Copy)]
enum ContextFieldKind {
    Text,
    Number,
    Any,
}

fn check_context(context: &Value) -> Result<(), ApiError> {
    let wrong = |why: String| Err(refused(format!("Invalid Context object provided: {why}")));
    let Some(parts) = context.as_object() else { return wrong("it must be a JSON object".to_owned()) };
    if parts.contains_key("Map") {
        return wrong("'Map' field is not supported when mocking a Context object".to_owned());
    }
    for (part, value) in parts {
        let Some((_, known)) = CONTEXT.iter().find(|(name, _)| name == part) else {
            return wrong(format!("Field '{part}' is not allowed"));
        };
        let Some(fields) = value.as_object() else { return wrong(format!("{part} must be an object")) };
        for (field, value) in fields {
            let fits = match known.iter().find(|(name, _)| name == field) {
                None => return wrong(format!("Field '{field}' is not allowed")),
                Some((_, ContextFieldKind::Text)) => (value.is_string(), "string"),
                Some((_, ContextFieldKind::Number)) => (value.is_number(), "number"),
                Some((_, ContextFieldKind::Any)) => (true, ""),
            };
            if let (false, kind) = fits {
                return wrong(format!("{part}.{field} must be a {kind}"));
            }
        }
    }
    Ok(())
}

/// What a test of a Task state requires: a role, unless it is mocked; and a token only if it waits for one, or for a
/// job.
fn check_task(state: &Value, ask: &Ask, context: Option<&Value>) -> Result<(), ApiError> {
    let is_task = state["Type"] == "Task";
    if is_task && ask.mock.is_none() && ask.role_arn.is_none() {
        return Err(refused("RoleArn must be specified when testing a Task state"));
    }
    let resource = state["Resource"].as_str().unwrap_or_default();
    let waits = is_task && (resource.contains(".sync") || resource.ends_with(".waitForTaskToken"));
    if !waits && context.is_some_and(|context| context.get("Task").is_some()) {
        return Err(refused(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service \
             integration pattern",
        ));
    }
    Ok(())
}

/// The tested state, of a definition without errors.
fn checked(test: &StateTest) -> Result<Value, ApiError> {
    let (name, definition) = alone(test).map_err(untested)?;
    let (_, diagnostics) = parse_created(&definition.to_string(), MachineType::Standard);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(ApiError::new("InvalidDefinition", invalid_definition_message(&diagnostics)));
    }
    Ok(definition["States"][&name].clone())
}

/// Whether a state of this type is tested with a mock, or without one.
fn check_kind(state: &Value, ask: &Ask) -> Result<(), ApiError> {
    let kind = state["Type"].as_str().unwrap_or_default();
    match (kind, &ask.mock) {
        ("Map" | "Parallel", None) => Err(ApiError::new(
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
        )),
        ("Task" | "Map" | "Parallel", _) | (_, None) => Ok(()),
        (_, Some(_)) => Err(refused(format!("State type '{kind}' is not supported when a mock is specified"))),
    }
}

/// Checks that the state could get the mocked result.
fn check_result(state: &Value, ask: &Ask, result: &str, given: Option<usize>) -> Result<(), ApiError> {
    let value = read_json(result).map_err(|_| refused("Mocked result must be valid JSON"))?;
    match state["Type"].as_str() {
        Some("Parallel") => {
            let items = value.as_array().ok_or_else(|| refused("Mocked result must be an array."))?;
            if state["Branches"].as_array().is_some_and(|branches| branches.len() != items.len()) {
                return Err(refused(
                    "Mocked result must contain the same number of items as number of Parallel branches.",
                ));
            }
        }
        Some("Map") if state.get("ResultWriter").is_some() => {
            if !value.is_object() {
                return Err(refused("Mocked result must be a JSON object."));
            }
        }
        Some("Map") => {
            let items = value.as_array().ok_or_else(|| refused("Mocked result must be an array."))?;
            check_failures(&ask.state_configuration, given.unwrap_or(items.len()))?;
        }
        _ => {
            let mode = match ask.mock.as_ref().and_then(|mock| mock.field_validation_mode.as_deref()) {
                Some("NONE") => return Ok(()),
                Some("PRESENT") => Mode::Present,
                _ => Mode::Strict,
            };
            return check_shape(state, mode, &value);
        }
    }
    Ok(())
}

/// As many iterations can fail as there are results, or items that stand for what the reader reads.
fn check_failures(configuration: &Configuration, iterations: usize) -> Result<(), ApiError> {
    if configuration.map_iteration_failure_count.is_some_and(|failures| failures > iterations) {
        return Err(refused("Map iteration failure count must be less than or equal to the number of Map iterations"));
    }
    Ok(())
}

fn check_shape(state: &Value, mode: Mode, result: &Value) -> Result<(), ApiError> {
    match integration(state["Resource"].as_str().unwrap_or_default()) {
        // With the other patterns the result is not the service's own response.
        Some((service, action)) if !action.contains('.') => mock_shapes::check(service, action, mode, result),
        _ => Ok(()),
    }
}

/// Service and action of a task's resource.
fn integration(resource: &str) -> Option<(&str, &str)> {
    let rest = resource.split_once(":states:::").map(|(_, rest)| rest)?;
    rest.rsplit_once(':')
}

/// Runs the task for real, as AWS does where there is no mock.
async fn call(
    host: &Arc<Host>,
    execution: &str,
    request: TaskRequest,
) -> Result<Result<String, (String, String)>, ApiError> {
    let waits = match &request.integration {
        Integration::Activity { .. } => Some("An activity"),
        Integration::Service { pattern: Pattern::WaitForTaskToken, .. } => Some("A task with .waitForTaskToken"),
        Integration::Service { pattern: Pattern::Sync | Pattern::Sync2, .. } => Some("A task with .sync"),
        _ => None,
    };
    if let Some(what) = waits {
        return Err(refused(format!("{what} can be tested only with a mock: give mock.result or mock.errorOutput.")));
    }
    // No execution has the ARN of a test: its progress goes nowhere.
    Ok(taken(integrations::run(Arc::clone(host), execution.to_owned(), request).await))
}

/// A mocked answer in the engine's form.
fn taken(came: TaskOutcome) -> Result<String, (String, String)> {
    match came {
        TaskOutcome::Done(output) | TaskOutcome::Submitted(output) => Ok(output),
        TaskOutcome::Failed { error, cause } => Err((error, cause)),
        TaskOutcome::Nothing => Err(("States.Runtime".to_owned(), "The task has no answer.".to_owned())),
    }
}

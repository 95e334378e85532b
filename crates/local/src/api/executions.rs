//! Executions: start, stop, redrive, describe, list, history.

use std::sync::Arc;
use std::time::Duration;

use countersign_asl::json_error;
use countersign_engine::{ExecutionKind, Input, StartParams};
use countersign_trace::HistoryEvent;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::arn::{EXECUTION, MACHINE, check_arn, check_name, check_no_map, page_of_growing};
use super::error::ApiError;
use super::wire::seconds;
use super::{OperationResult, PAYLOAD, machines, map_runs};
use crate::host::{Host, Machine, Start, lock};
use crate::random;
use crate::store::{ExecutionRow, RunStatus};

/// A synchronous execution ends within five minutes.
const SYNC: Duration = Duration::from_secs(305);

/// An execution can be redriven for 14 days after its end, in milliseconds.
const REDRIVE_WINDOW: i64 = 14 * 24 * 3_600 * 1_000;

/// The parameters of `StartExecution`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begin {
    /// A machine, a version or an alias.
    #[serde(rename = "stateMachineArn")]
    pub machine_arn: String,
    pub name: Option<String>,
    pub input: Option<String>,
    pub trace_header: Option<String>,
}

/// The machine that an ARN names, and the version and alias on the way to it.
struct Lead {
    machine: Machine,
    version_arn: Option<String>,
    alias_arn: Option<String>,
}

fn lead(host: &Host, arn: &str) -> Result<Lead, ApiError> {
    check_arn(arn, &[MACHINE])?;
    check_no_map(arn)?;
    let registry = lock(&host.registry);
    if let Some(machine) = registry.machines.get(arn) {
        return Ok(Lead { machine: machine.clone(), version_arn: None, alias_arn: None });
    }
    if let Some(version) = registry.versions.get(arn) {
        return Ok(Lead { machine: version.machine.clone(), version_arn: Some(arn.to_owned()), alias_arn: None });
    }
    let gone = || machines::gone(arn);
    let alias = registry.aliases.get(arn).ok_or_else(gone)?;
    // A random number below 100, against the weights.
    let draw = i64::try_from(random::uuid().as_u128() % 100).unwrap_or_default();
    let mut sum = 0;
    let route = alias.routes.iter().find(|route| {
        sum += route.weight;
        draw < sum
    });
    let version = route.and_then(|route| registry.versions.get(&route.state_machine_version_arn)).ok_or_else(gone)?;
    Ok(Lead {
        machine: version.machine.clone(),
        version_arn: Some(version.arn.clone()),
        alias_arn: Some(arn.to_owned()),
    })
}

/// Starts an execution; the answer is its ARN and its start.
///
/// # Errors
/// AWS's, in AWS's words.
pub async fn begin(host: &Arc<Host>, ask: Begin) -> Result<(String, i64), ApiError> {
    // `#` and the name of a test case, in the notation of Step Functions Local.
    let (machine_arn, mock) = match ask.machine_arn.split_once('#') {
        Some((arn, case)) => (arn, Some(case.to_owned())),
        None => (ask.machine_arn.as_str(), None),
    };
    let lead = lead(host, machine_arn)?;
    // A version keeps the machine as it was; only the machine itself knows whether it is being deleted.
    lock(&host.registry).machines.get(&lead.machine.arn).map_or(Ok(()), machines::check_not_deleting)?;
    if let Some(case) = mock.as_ref().filter(|case| !host.mocks.has(&lead.machine.name, case)) {
        let name = &lead.machine.name;
        let message = format!("The mock file has no test case '{case}' of '{name}' (SFN_MOCK_CONFIG names the file).");
        return Err(ApiError::new("ValidationException", message));
    }
    let input = ask.input.unwrap_or_else(|| "{}".to_owned());
    check_input(&input)?;
    let name = ask.name.unwrap_or_else(|| random::uuid().to_string());
    check_name(&name)?;
    let express = lead.machine.kind == "EXPRESS";
    let place = host.place.around(&lead.machine.arn);
    let arn = if express {
        place.arn("states", &format!("express:{}:{name}:{}", lead.machine.name, random::uuid()))
    } else {
        place.arn("states", &format!("execution:{}:{name}", lead.machine.name))
    };
    let start_at = host.clock.now();
    let seed = random::uuid().as_u128().to_le_bytes();
    let params = StartParams {
        execution_arn: arn.clone(),
        name,
        state_machine_arn: lead.machine.arn.clone(),
        state_machine_name: lead.machine.name.clone(),
        role_arn: lead.machine.role_arn.clone(),
        input,
        kind: if express { ExecutionKind::Express } else { ExecutionKind::Standard },
        start_at,
        seed: u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[8], seed[9]]),
        region: place.region,
        state_machine_version_arn: lead.version_arn,
        state_machine_alias_arn: lead.alias_arn,
    };
    let machine = lead.machine;
    let start = Start {
        params,
        definition: machine.definition,
        revision_id: machine.revision_id,
        trace_header: ask.trace_header,
        mock,
    };
    let asked = start.params.input.clone();
    match host.start(start).await? {
        None => Ok((arn, start_at)),
        // A repeated call returns what the first one did.
        Some(known) if known.status == RunStatus::Running && known.params.input == asked => {
            Ok((arn, known.params.start_at))
        }
        Some(_) => Err(ApiError::new("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"))),
    }
}

/// The execution of this name, with its start.
pub fn named(host: &Host, machine_arn: &str, name: &str) -> Option<(String, i64)> {
    let machine = lead(host, machine_arn).ok()?.machine;
    let arn = host.place.around(&machine.arn).arn("states", &format!("execution:{}:{name}", machine.name));
    let start_at = lock(&host.registry).execution(&arn)?.params.start_at;
    Some((arn, start_at))
}

/// The errors of an input.
pub fn check_input(input: &str) -> Result<(), ApiError> {
    let refused =
        |why: &str| ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"));
    if input.len() > PAYLOAD {
        return Err(ApiError::constraint("input", &format!("have length less than or equal to {PAYLOAD}")));
    }
    if input.trim().is_empty() {
        return Err(refused("Invalid execution input."));
    }
    json_error(input).map_or(Ok(()), |why| Err(refused(&why)))
}

/// `StartExecution`.
pub async fn start(host: &Arc<Host>, ask: Begin) -> OperationResult {
    let (arn, at) = begin(host, ask).await?;
    Ok(json!({ "executionArn": arn, "startDate": seconds(at) }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BeginSync {
    #[serde(flatten)]
    begin: Begin,
    included_data: Option<String>,
}

/// `StartSyncExecution`.
pub async fn start_sync(host: &Arc<Host>, ask: BeginSync) -> OperationResult {
    let BeginSync { begin: ask, included_data } = ask;
    let machine_arn = ask.machine_arn.split('#').next().unwrap_or_default();
    if lead(host, machine_arn)?.machine.kind != "EXPRESS" {
        return Err(ApiError::new(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        ));
    }
    let (arn, _) = begin(host, ask).await?;
    let ended = tokio::time::timeout(SYNC, host.wait_for_end(&arn)).await.ok().flatten();
    let row = ended.ok_or_else(|| ApiError::new("InternalServerException", "The execution did not end."))?;
    let mut answer = described(&row, host.clock.now());
    let took = row.stopped_at.unwrap_or(row.params.start_at) - row.params.start_at;
    let status = answer.get("status").cloned().unwrap_or_default();
    for field in
        ["redriveCount", "redriveStatus", "redriveStatusReason", "stateMachineVersionArn", "stateMachineAliasArn"]
    {
        answer.shift_remove(field);
    }
    answer.insert("status".to_owned(), if status == "ABORTED" { json!("FAILED") } else { status });
    // The details are present with or without an output.
    answer.entry("outputDetails").or_insert_with(|| json!({ "included": true }));
    let billed = (took.max(1) + 99) / 100 * 100;
    answer.insert(
        "billingDetails".to_owned(),
        json!({ "billedDurationInMilliseconds": billed, "billedMemoryUsedInMB": 64 }),
    );
    Ok(Value::Object(included(answer, included_data.as_deref())))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

/// The row of an execution. The API shows no Express executions: their results are in their logs.
pub fn find(host: &Host, arn: &str) -> Result<ExecutionRow, ApiError> {
    check_arn(arn, &[EXECUTION])?;
    lock(&host.registry)
        .execution(arn)
        .cloned()
        .ok_or_else(|| ApiError::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'")))
}

/// `StopExecution`.
pub async fn stop(host: &Arc<Host>, ask: Stop) -> OperationResult {
    let (arn, error, cause) = (ask.execution_arn, ask.error, ask.cause);
    if let Some(stopped) = map_runs::stop_child(host, &arn, error.clone(), cause.clone()).await? {
        return Ok(json!({ "stopDate": seconds(stopped) }));
    }
    find(host, &arn)?;
    host.feed(&arn, Input::Stop { error, cause }).await?;
    let stopped = find(host, &arn)?.stopped_at.unwrap_or_else(|| host.clock.now());
    Ok(json!({ "stopDate": seconds(stopped) }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    execution_arn: String,
    client_token: Option<String>,
}

/// `RedriveExecution`. A repeated call, recognised by its client token, returns what the first one did.
pub async fn redrive(host: &Arc<Host>, ask: Redrive) -> OperationResult {
    let now = host.clock.now();
    let refused =
        |why: &str| Err(ApiError::new("ExecutionNotRedrivable", format!("The execution is not redrivable: {why}.")));
    if host.child(&ask.execution_arn, |_| ()).await?.is_some_and(|(_, run, ..)| !run.express) {
        return refused("A child execution of a Map Run is redriven with its parent");
    }
    let row = find(host, &ask.execution_arn)?;
    if let Some(why) = why_not(&row, now)
        && row.redriven_with(ask.client_token.as_deref(), now).is_none()
    {
        return refused(why);
    }
    match host.redrive(&ask.execution_arn, ask.client_token).await? {
        Some(at) => Ok(json!({ "redriveDate": seconds(at) })),
        None => refused(RUNNING),
    }
}

/// Why an execution that runs cannot be redriven.
const RUNNING: &str = "Execution is RUNNING and cannot be redriven";

/// Why an execution cannot be redriven, in the words of AWS's reference; `None` if it can.
pub fn not_redrivable(status: RunStatus, stopped_at: Option<i64>, events: u64, now: i64) -> Option<&'static str> {
    match status {
        RunStatus::Running => Some(RUNNING),
        RunStatus::Succeeded => Some("Execution is SUCCEEDED and cannot be redriven"),
        _ if stopped_at.is_some_and(|stopped| now - stopped > REDRIVE_WINDOW) => {
            Some("Execution redrivable period exceeded")
        }
        _ if events >= 24_999 => Some("Execution history event limit exceeded"),
        _ => None,
    }
}

fn why_not(row: &ExecutionRow, now: i64) -> Option<&'static str> {
    not_redrivable(row.status, row.stopped_at, row.events, now)
}

fn described(row: &ExecutionRow, now: i64) -> Map<String, Value> {
    let params = &row.params;
    let reason = why_not(row, now);
    let redrive_status = if reason.is_some() { "NOT_REDRIVABLE" } else { "REDRIVABLE" };
    let all = [
        ("executionArn", Some(json!(params.execution_arn))),
        ("stateMachineArn", Some(json!(params.state_machine_arn))),
        ("name", Some(json!(params.name))),
        ("status", serde_json::to_value(row.status).ok()),
        ("startDate", Some(seconds(params.start_at))),
        ("stopDate", row.stopped_at.map(seconds)),
        ("input", Some(json!(params.input))),
        ("inputDetails", Some(json!({ "included": true }))),
        ("output", row.output.as_ref().map(|output| json!(output))),
        ("outputDetails", row.output.as_ref().map(|_| json!({ "included": true }))),
        ("traceHeader", row.trace_header.as_ref().map(|header| json!(header))),
        ("stateMachineVersionArn", params.state_machine_version_arn.as_ref().map(|arn| json!(arn))),
        ("stateMachineAliasArn", params.state_machine_alias_arn.as_ref().map(|arn| json!(arn))),
        ("error", row.error.as_ref().map(|error| json!(error))),
        ("cause", row.cause.as_ref().map(|cause| json!(cause))),
        ("redriveCount", Some(json!(row.redrives))),
        ("redriveDate", row.redriven_at.map(seconds)),
        ("redriveStatus", Some(json!(redrive_status))),
        ("redriveStatusReason", reason.map(|reason| json!(reason))),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Describe {
    execution_arn: String,
    included_data: Option<String>,
}

/// `DescribeExecution`.
pub async fn describe(host: &Arc<Host>, ask: Describe) -> OperationResult {
    let all = match map_runs::describe_child(host, &ask.execution_arn).await? {
        Some(child) => child,
        None => described(&find(host, &ask.execution_arn)?, host.clock.now()),
    };
    Ok(Value::Object(included(all, ask.included_data.as_deref())))
}

/// Applies `includedData`: a caller who asks for the metadata alone gets no data of the execution.
fn included(mut all: Map<String, Value>, included: Option<&str>) -> Map<String, Value> {
    if included == Some("METADATA_ONLY") {
        all.retain(|field, _| {
            !["input", "inputDetails", "output", "outputDetails", "error", "cause"].contains(&field.as_str())
        });
    }
    all
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<String>,
    redrive_filter: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `ListExecutions`, of a machine, a version, an alias or a run of a distributed map.
pub async fn list(host: &Arc<Host>, ask: List) -> OperationResult {
    let redriven = ask.redrive_filter.as_deref().map(|filter| filter == "REDRIVEN");
    if let Some(run) = &ask.map_run_arn {
        if ask.state_machine_arn.is_some() {
            let message = "Must provide either a StateMachine ARN or a MapRun ARN, not both";
            return Err(ApiError::new("ValidationException", message));
        }
        let (filter, token) = (ask.status_filter.as_deref(), ask.next_token.as_deref());
        return map_runs::children(host, run, (filter, redriven), ask.max_results, token).await;
    }
    of_machine(host, &ask, redriven)
}

fn of_machine(host: &Host, ask: &List, redriven: Option<bool>) -> OperationResult {
    let arn = ask
        .state_machine_arn
        .as_deref()
        .ok_or_else(|| ApiError::new("ValidationException", "Must provide a StateMachine ARN or MapRun ARN"))?;
    if ask.status_filter.as_deref() == Some("PENDING_REDRIVE") {
        let message = "The PENDING_REDRIVE status filter must be used with a MapRun ARN";
        return Err(ApiError::new("ValidationException", message));
    }
    lead(host, arn)?;
    let registry = lock(&host.registry);
    let machine_arn = registry.versions.get(arn).map_or(arn, |version| version.machine.arn.as_str());
    let machine_arn = registry.aliases.get(arn).map_or(machine_arn, |alias| alias.machine_arn.as_str());
    if registry.machines.get(machine_arn).is_some_and(|machine| machine.kind == "EXPRESS") {
        return Err(ApiError::new(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        ));
    }
    let wanted = |row: &ExecutionRow| {
        let params = &row.params;
        let here = arn == machine_arn
            || params.state_machine_version_arn.as_deref() == Some(arn)
            || params.state_machine_alias_arn.as_deref() == Some(arn);
        here && ask.status_filter.as_ref().is_none_or(|filter| row.status.name() == filter)
            && redriven.is_none_or(|redriven| (row.redrives > 0) == redriven)
    };
    let arns = registry.executions_of(machine_arn);
    let row = |place: usize| registry.execution(&arns[place]);
    let is_wanted = |place| row(place).is_some_and(wanted);
    let question = format!("{arn} {:?} {redriven:?}", ask.status_filter);
    let (places, next) =
        page_of_growing(arns.len(), true, is_wanted, ask.max_results, ask.next_token.as_deref(), &question)?;
    let rows: Vec<Value> = places.into_iter().filter_map(row).map(listed).collect();
    let mut answer = json!({ "executions": rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

fn listed(row: &ExecutionRow) -> Value {
    // A list does not show the redrive's window.
    let mut all = described(row, 0);
    let kept = [
        "executionArn",
        "stateMachineArn",
        "name",
        "status",
        "startDate",
        "stopDate",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "redriveCount",
        "redriveDate",
    ];
    all.retain(|key, _| kept.contains(&key.as_str()));
    Value::Object(all)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    execution_arn: String,
    max_results: Option<i64>,
    #[serde(default)]
    reverse_order: bool,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

/// `GetExecutionHistory`.
pub async fn history(host: &Host, ask: History) -> OperationResult {
    // An Express child of a map has no history in the API, like other Express executions.
    if let Some((_, run, _, events)) = host.child(&ask.execution_arn, |events| picked(events, &ask)).await?
        && !run.express
    {
        return events;
    }
    find(host, &ask.execution_arn)?;
    host.history(&ask.execution_arn, |events| picked(events, &ask)).await?
}

/// The parameters of `GetExecutionHistory`.
fn picked(events: &[HistoryEvent], ask: &History) -> OperationResult {
    let token = ask.next_token.as_deref();
    let question = format!("{} {}", ask.execution_arn, ask.reverse_order);
    let (places, next) = page_of_growing(events.len(), ask.reverse_order, |_| true, ask.max_results, token, &question)?;
    let events: Result<Vec<Value>, _> = places.into_iter().map(|place| serde_json::to_value(&events[place])).collect();
    let mut events = events.map_err(|error| ApiError::new("InternalServerException", error.to_string()))?;
    if ask.include_execution_data == Some(false) {
        events.iter_mut().for_each(without_data);
    }
    let mut answer = json!({ "events": events });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

fn without_data(event: &mut Value) {
    for details in event.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        for field in ["input", "output", "inputDetails", "outputDetails", "parameters"] {
            details.shift_remove(field);
        }
    }
}

//! Nested executions: `states:startExecution`, with `.sync`, `.sync:2` and `.waitForTaskToken`.

use countersign_engine::{Input, Pattern};
use serde_json::{Map, Value, json};

use super::Call;
use super::answer::{TaskOutcome, usual_headers};
use crate::api::arn::fingerprint;
use crate::api::error::ApiError;
use crate::api::executions::{Begin, begin, named};
use crate::api::wire::{http_date, iso};
use crate::random;
use crate::store::{ExecutionRow, RunStatus};

/// Starts an execution, and waits for its end if the pattern requires it. An execution that was started before a
/// restart is waited for, not started again.
pub async fn start(call: Call<'_>, service: &str) -> TaskOutcome {
    if let Some(arn) = call.submitted.and_then(started_before) {
        return wait(call, &arn).await;
    }
    let Some(machine_arn) = call.parameters.get("StateMachineArn").and_then(Value::as_str) else {
        return TaskOutcome::failed("States.Runtime", "The task's parameters have no StateMachineArn.");
    };
    let input = match call.parameters.get("Input") {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => "{}".to_owned(),
        Some(value) => value.to_string(),
    };
    let given = call.parameters.get("Name").and_then(Value::as_str).map(str::to_owned);
    // The same request after a restart, which finds the execution of that name.
    let name = given.clone().unwrap_or_else(|| own_name(call.execution, call.task.0));
    let known = || named(call.host, machine_arn, &name).filter(|_| given.is_none());
    let ask =
        Begin { machine_arn: machine_arn.to_owned(), name: Some(name.clone()), input: Some(input), trace_header: None };
    let (arn, started_at) = match Box::pin(begin(call.host, ask)).await {
        Ok(begun) => begun,
        Err(error) => match known() {
            Some(begun) => begun,
            None => return refused(service, &error),
        },
    };
    let mut result = Map::new();
    result.insert("ExecutionArn".to_owned(), json!(arn));
    if service != "states" {
        result.insert("StartDate".to_owned(), json!(iso(started_at)));
        return TaskOutcome::Done(Value::Object(result).to_string());
    }
    result.insert("StartDate".to_owned(), json!(started_at));
    let length = arn.len() + 60;
    let headers = usual_headers(&http_date(call.host.clock.now()), "application/x-amz-json-1.0", length);
    let TaskOutcome::Done(submitted) = TaskOutcome::with_metadata(result, &headers, &random::uuid().to_string()) else {
        return TaskOutcome::Nothing;
    };
    match call.pattern {
        Pattern::RequestResponse | Pattern::WaitForTaskToken => TaskOutcome::Done(submitted),
        Pattern::Sync | Pattern::Sync2 => {
            // Recorded before anything else is waited for: a cancelled task must not leave it running.
            call.host.note_child(call.execution, call.task, &arn);
            // The event comes before the wait, which may last a year.
            call.host.notify(call.execution, Input::TaskSubmitted { task: call.task, output: submitted }).await;
            wait(call, &arn).await
        }
    }
}

/// The execution that the service's answer names.
fn started_before(submitted: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(submitted).ok()?;
    answer.get("ExecutionArn")?.as_str().map(str::to_owned)
}

async fn wait(call: Call<'_>, arn: &str) -> TaskOutcome {
    call.host.note_child(call.execution, call.task, arn);
    match call.host.wait_for_end(arn).await {
        Some(row) => ended(&row, call.pattern),
        None => TaskOutcome::Nothing,
    }
}

/// The name of an execution that a task starts without one: the task's own id, in AWS's form.
fn own_name(execution: &str, task: u64) -> String {
    let mark = u128::from_str_radix(&fingerprint(&format!("{execution}/{task}")), 16).unwrap_or_default();
    uuid::Builder::from_random_bytes(mark.to_be_bytes()).into_uuid().to_string()
}

/// The failure of a refused call.
pub fn refused(service: &str, error: &ApiError) -> TaskOutcome {
    // An SDK's exceptions end so; some codes do already.
    let exception = format!("{}Exception", error.code.trim_end_matches("Exception"));
    if service == "states" {
        let kind = format!("StepFunctions.{exception}");
        return TaskOutcome::service_failed(&kind, &error.message, "AWSStepFunctions", 400, error.code);
    }
    let id = random::uuid();
    let cause = format!("{} (Service: Sfn, Status Code: 400, Request ID: {id}) (SDK Attempt Count: 1)", error.message);
    TaskOutcome::failed(&format!("Sfn.{exception}"), cause)
}

/// The child's description as the task's result.
fn ended(row: &ExecutionRow, pattern: Pattern) -> TaskOutcome {
    let payload = |text: &str| match pattern {
        Pattern::Sync2 => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    };
    let params = &row.params;
    let status = serde_json::to_value(row.status).unwrap_or_default();
    let mut described = Map::new();
    let mut put = |key: &str, value: Value| described.insert(key.to_owned(), value);
    if row.status != RunStatus::Succeeded {
        row.cause.as_ref().map(|cause| put("Cause", json!(cause)));
        row.error.as_ref().map(|error| put("Error", json!(error)));
    }
    put("ExecutionArn", json!(params.execution_arn));
    put("Input", if row.status == RunStatus::Succeeded { payload(&params.input) } else { json!(params.input) });
    put("InputDetails", json!({ "Included": true }));
    put("Name", json!(params.name));
    if let Some(output) = &row.output {
        put("Output", payload(output));
        put("OutputDetails", json!({ "Included": true }));
    }
    put("StartDate", json!(params.start_at));
    put("StateMachineArn", json!(params.state_machine_arn));
    put("Status", status);
    put("StopDate", json!(row.stopped_at));
    let text = Value::Object(described).to_string();
    if row.status == RunStatus::Succeeded {
        TaskOutcome::Done(text)
    } else {
        TaskOutcome::failed("States.TaskFailed", text)
    }
}

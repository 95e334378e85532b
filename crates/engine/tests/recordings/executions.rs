//! Executions, event for event.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::{Comparison, decode, unordered_parallel, up_to_date};
use crate::{host, recordings};
use countersign_engine::{Input, Integration, Program, StartParams, TaskRequest};
use serde_json::{Value, json};

/// Cases that must agree, by kind and group: raised as the engine learns.
const FLOORS: [(&str, &str, usize); 3] =
    [("execution", "none", 268), ("execution_output", "none", 281), ("execution", "lambda-only", 59)];

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn histories_agree_with_the_service() {
    let mut table: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for kind in ["execution", "execution_output"] {
        for case in recordings(kind) {
            let group = case["group"].as_str().unwrap_or_default().to_owned();
            if !["none", "lambda-only", "activity"].contains(&group.as_str()) {
                continue;
            }
            let result = play(&case);
            let row = table.entry((kind.to_owned(), group)).or_default();
            row.1 += 1;
            match result {
                None => row.0 += 1,
                Some(difference) => eprintln!("{}\n    {difference}", case["id"].as_str().unwrap_or_default()),
            }
        }
    }
    for ((kind, group), (agree, of)) in &table {
        println!("{kind:18} {group:14} {agree:4} of {of:4}");
    }
    for (kind, group, floor) in FLOORS {
        let agree = table.get(&(kind.to_owned(), group.to_owned())).map_or(0, |row| row.0);
        assert!(agree >= floor, "{kind} {group}: {agree} agree, {floor} did before");
    }
}

fn play(case: &Value) -> Option<String> {
    let definition: Value = match &case["definition"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        other => other.clone(),
    };
    let program = match Program::compile(&definition) {
        Ok(program) => Arc::new(program),
        Err(error) => return Some(format!("not compiled: {error}")),
    };
    let input = case["input"].as_str().map_or_else(|| case["input"].to_string(), str::to_owned);
    let params = StartParams {
        execution_arn: "arn:aws:states:us-east-1:111111111111:execution:machine:run".into(),
        name: "run".into(),
        state_machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".into(),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::111111111111:role/recordings".into(),
        input: if case["input"].is_null() { "{}".into() } else { input },
        start_at: 1_700_000_000_000,
        seed: 7,
        ..StartParams::default()
    };
    let behaviours: BTreeMap<&str, &str> = case["lambdas"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|f| Some((f["name"].as_str()?, f["behaviour"].as_str()?)))
        .collect();
    let (execution, _) = host::play(&program, params, &mut |request| answer(request, &behaviours));
    let comparison = Comparison::new(case);
    let Some(recorded) = case["expected"]["history"].as_array() else {
        let expected = &case["expected"]["outcome"];
        let outcome = execution.outcome()?;
        let status = serde_json::to_value(outcome.status).unwrap();
        let upper = expected["status"].as_str().map(|s| s.replace('_', "").to_lowercase());
        if upper.is_some_and(|s| s != status.as_str().unwrap_or_default().to_lowercase()) {
            return Some(format!("status {status}, recorded {expected}"));
        }
        let output = decode(outcome.output.clone().map_or(Value::Null, Value::String));
        return expected.get("output").and_then(|e| comparison.difference(e, &output, "$"));
    };
    let events = execution.history().iter().map(|e| decode(serde_json::to_value(e).unwrap()));
    let mut events: Vec<Value> = events.collect();
    if case["history_params"]["reverseOrder"] == Value::Bool(true) {
        events.reverse();
    }
    let mut recorded = up_to_date(case, recorded);
    if case["parallel_events_unordered"] == Value::Bool(true) {
        (recorded, events) = (unordered_parallel(&recorded), unordered_parallel(&events));
    }
    events.truncate(100);
    comparison.difference(&Value::Array(recorded), &Value::Array(events), "$")
}

/// What the Lambda functions of the recordings do.
fn answer(request: &TaskRequest, behaviours: &BTreeMap<&str, &str>) -> Option<Vec<Input>> {
    let task = request.task;
    let (name, payload, optimised) = match &request.integration {
        Integration::Lambda { function_arn } => (function_arn.as_str(), request.parameters.clone(), false),
        Integration::Service { service, .. } if service == "lambda" => {
            // A text is the payload itself; nothing is an empty object.
            let payload = match &request.parameters["Payload"] {
                Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
                Value::Null => json!({}),
                other => other.clone(),
            };
            (request.parameters["FunctionName"].as_str()?, payload, true)
        }
        Integration::Activity { .. } => return None,
        _ => return None,
    };
    let name = name.split(":function:").last()?.split(':').next()?;
    let started = Input::TaskStarted { task };
    let failed = |error: &str, cause: Value| {
        let (error, cause) = (error.to_owned(), cause.as_str().map_or_else(|| cause.to_string(), str::to_owned));
        Some(vec![started.clone(), Input::TaskFailed { task, error, cause }])
    };
    let Some(behaviour) = behaviours.get(name) else {
        return failed(
            "Lambda.ResourceNotFoundException",
            json!(format!(
                "Function not found: arn:aws:lambda:us-east-1:111111111111:function:{name}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: x; Proxy: null)"
            )),
        );
    };
    let output = match *behaviour {
        "identity" => payload,
        "return_bytes" => json!("HelloWorld!"),
        "constant" => json!({ "Return": "HelloWorld" }),
        "large_output" => json!("a".repeat(257 * 1024)),
        "sleep_60" => return Some(vec![started]),
        "raise_exception" => {
            return failed(
                "Exception",
                json!({"errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "x",
                "stackTrace": ["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"]}),
            );
        }
        _ => {
            return failed(
                "CustomException",
                json!({"errorMessage": "", "errorType": "CustomException", "requestId": "x",
                "stackTrace": ["  File \"/var/task/handler.py\", line 8, in handler\n    raise CustomException()\n"]}),
            );
        }
    };
    let output = if optimised { invocation(output) } else { output };
    Some(vec![started, Input::TaskSucceeded { task, output: output.to_string() }])
}

/// What the service makes of a function's answer.
fn invocation(payload: Value) -> Value {
    let length = payload.to_string().len().to_string();
    json!({
        "ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200,
        "SdkHttpMetadata": {"HttpStatusCode": 200, "AllHttpHeaders": {
            "X-Amz-Executed-Version": ["$LATEST"], "x-amzn-Remapped-Content-Length": ["0"], "Connection": ["keep-alive"],
            "x-amzn-RequestId": ["id"], "Content-Length": [length], "Date": ["today"], "X-Amzn-Trace-Id": ["id"],
            "Content-Type": ["application/json"]},
            "HttpHeaders": {"Connection": "keep-alive", "Content-Length": length, "Content-Type": "application/json",
            "Date": "today", "X-Amz-Executed-Version": "$LATEST", "x-amzn-Remapped-Content-Length": "0",
            "x-amzn-RequestId": "id", "X-Amzn-Trace-Id": "id"}},
        "SdkResponseMetadata": {"RequestId": "id"}
    })
}

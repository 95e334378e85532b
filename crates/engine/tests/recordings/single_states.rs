//! `TestState`.

use std::collections::BTreeMap;

use crate::compare::{Comparison, decode};
use crate::recordings;
use countersign_engine::StartParams;
use countersign_engine::test_state::{StateReport, StateTest, test_state};
use serde_json::{Map, Value, json};

/// Cases that agree; refusals of requests are the API's and not played here.
const FLOOR: usize = 70;

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn single_states_answer_as_the_service_does() {
    let mut table: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in recordings("test_state") {
        let expected = &case["expected"]["test_state"];
        if expected.get("status").is_none() || case["group"] == "lambda-only" || case["group"] == "other-services" {
            continue;
        }
        let row = table.entry(case["group"].as_str().unwrap_or_default().to_owned()).or_default();
        row.1 += 1;
        match play(&case, expected) {
            None => row.0 += 1,
            Some(difference) => eprintln!("{}\n    {difference}", case["id"].as_str().unwrap_or_default()),
        }
    }
    for (group, (agree, of)) in &table {
        println!("test_state {group:14} {agree:4} of {of:4}");
    }
    let agree: usize = table.values().map(|row| row.0).sum();
    assert!(agree >= FLOOR, "{agree} agree, {FLOOR} did before");
}

fn play(case: &Value, expected: &Value) -> Option<String> {
    let request = &case["request"];
    let json_text =
        |value: &Value| -> Value { serde_json::from_str(value.as_str().unwrap_or("null")).unwrap_or(Value::Null) };
    let mock = &request["mock"];
    let error = &mock["errorOutput"];
    let field = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let test = StateTest {
        definition: json_text(&request["definition"]),
        state_name: request["stateName"].as_str().map(str::to_owned),
        params: StartParams {
            execution_arn: "arn:aws:states:us-east-1:111111111111:express:machine:run".into(),
            name: "run".into(),
            role_arn: "arn:aws:iam::111111111111:role/recordings".into(),
            state_machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".into(),
            state_machine_name: "machine".into(),
            input: request["input"].as_str().unwrap_or("{}").to_owned(),
            ..StartParams::default()
        },
        variables: json_text(&request["variables"]).as_object().cloned().unwrap_or_default(),
        answer: match (mock["result"].as_str(), error.is_object()) {
            (Some(result), _) => Some(Ok(result.to_owned())),
            (None, true) => Some(Err((field("error"), field("cause")))),
            _ => None,
        },
        context: request["context"].as_str().and_then(|text| serde_json::from_str(text).ok()),
        iteration_failures: request["stateConfiguration"]["mapIterationFailureCount"].as_u64().unwrap_or(0) as usize,
        sandbox: None,
        retries: request["stateConfiguration"]["retrierRetryCount"].as_u64().unwrap_or(0) as u32,
    };
    let report = match test_state(&test) {
        Ok(StateReport::Done(report)) => report,
        Ok(StateReport::Asks(request)) => return Some(format!("asks for {:?}", request.integration)),
        Err(error) => return Some(error.to_string()),
    };
    let mut answer = Map::new();
    answer.insert("status".into(), report.status.name().into());
    let texts =
        [("output", report.output), ("error", report.error), ("cause", report.cause), ("nextState", report.next_state)];
    answer.extend(texts.into_iter().filter_map(|(k, v)| Some((k.to_owned(), json!(v?)))));
    if request["inspectionLevel"].as_str().is_some_and(|level| level != "INFO") {
        answer.insert("inspectionData".into(), Value::Object(report.inspection));
    }
    Comparison::new(case).difference(expected, &decode(Value::Object(answer)), "$")
}

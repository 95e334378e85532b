#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::path::Path;

use countersign_engine::ExecutionKind;
use serde_json::json;

use super::*;
use crate::cases::run;

const ARN: &str = "arn:aws:states:eu-west-1:111122223333:execution:Bookshop:one";

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trace/tests/histories");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut found: Vec<(String, Value)> = files
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn recorded(recording: &Value) -> (Recorded, Definition, ExecutionKind) {
    let events: Vec<HistoryEvent> = serde_json::from_value(recording["events"].clone()).unwrap();
    let kind = if recording["type"] == "EXPRESS" { ExecutionKind::Express } else { ExecutionKind::Standard };
    let definition = Definition::read(&recording["definition"].to_string()).unwrap();
    let history = History { execution_arn: ARN, kind, events: &events, marks: &[] };
    (record("As it was", history, &definition).unwrap(), definition, kind)
}

#[test]
fn the_case_of_every_recording_passes() {
    for (name, recording) in recordings() {
        let (recorded, definition, kind) = recorded(&recording);
        let file =
            CaseFile::read(&recorded.text).unwrap_or_else(|problems| panic!("{name}: {problems:?}\n{}", recorded.text));
        assert_eq!(file.misfits(&definition), [], "{name}: {}", recorded.text);
        if name.starts_with("map_run") {
            assert!(
                recorded.notes.iter().any(|note| note.contains("no answer for Count stock")),
                "{name}: {:?}",
                recorded.notes
            );
            continue;
        }
        let setting = Setting { kind, ..setting_of(History { execution_arn: ARN, kind, events: &[], marks: &[] }) };
        let result = run(&file, &file.cases[0], &definition, &setting);
        assert!(result.has_passed(), "{name}: {:?}\n{}", result.failures, recorded.text);
        // What a person stops, and what a redrive does, is in no case.
        let odd = ["aborted", "redrive"].contains(&name.as_str());
        assert_eq!(recorded.notes.is_empty(), !odd, "{name}: {:?}", recorded.notes);
        let tokens: Vec<&str> = recording["events"].as_array().unwrap().iter().filter_map(token_of).collect();
        assert!(tokens.iter().all(|token| !recorded.text.contains(token)), "{name}: {}", recorded.text);
    }
}

/// The longest text of a scheduled task's parameters, if it is as long as a token.
fn token_of(event: &Value) -> Option<&str> {
    let parameters = event["taskScheduledEventDetails"]["parameters"].as_str()?;
    parameters.split('"').max_by_key(|text| text.len()).filter(|text| text.len() > 40)
}

#[test]
fn neither_tokens_nor_secrets_are_written() {
    let definition = json!({"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "f", "Payload": {"link.$": "States.Format('https://x/?t={}', $$.Task.Token)"}}}}});
    let event = |id: u64, kind: &str, key: &str, details: Value| json!({"id": id, "previousEventId": id - 1, "timestamp": 1_772_442_000 + id, "type": kind, key: details});
    let parameters = json!({"FunctionName": "f", "Payload": {"link": "https://x/?t=short-token"}}).to_string();
    let output = json!({"answered": "with short-token", "api_key": "k-123", "pins": {"Password": 4711}}).to_string();
    let input = json!({"Authorization": ["Bearer abc"], "amount": 12.50}).to_string();
    let recording = json!({"definition": definition, "events": [
        event(1, "ExecutionStarted", "executionStartedEventDetails", json!({"input": input, "roleArn": "r"})),
        event(2, "TaskStateEntered", "stateEnteredEventDetails", json!({"name": "Ask", "input": input})),
        event(3, "TaskScheduled", "taskScheduledEventDetails", json!({"resourceType": "lambda",
            "resource": "invoke.waitForTaskToken", "region": "eu-west-1", "parameters": parameters})),
        event(4, "TaskSucceeded", "taskSucceededEventDetails", json!({"resourceType": "lambda",
            "resource": "invoke.waitForTaskToken", "output": output})),
        event(5, "TaskStateExited", "stateExitedEventDetails", json!({"name": "Ask", "output": output})),
        event(6, "ExecutionSucceeded", "executionSucceededEventDetails", json!({"output": output})),
    ]});
    let (recorded, ..) = recorded(&recording);
    assert_eq!(
        recorded.text,
        r#"# Values that looked like secrets were replaced by "[removed]".
[[case]]
name = "As it was"
now = "2026-03-02T09:00:01.000Z"
execution_name = "one"
input = '{"Authorization":["[removed]"],"amount":12.5}'

[case.mocks.Ask]
returns = '''
{
  "answered": "with [task token]",
  "api_key": "[removed]",
  "pins": {
    "Password": "[removed]"
  }
}
'''
after = "1s"

[case.expect]
status = "SUCCEEDED"
path = ["Ask"]
output = '''
{
  "answered": "with [task token]",
  "api_key": "[removed]",
  "pins": {
    "Password": "[removed]"
  }
}
'''
"#
    );
}

#[test]
fn a_history_without_data_is_refused() {
    let definition = Definition::read(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#).unwrap();
    let of = |events: Value| {
        let events: Vec<HistoryEvent> = serde_json::from_value(events).unwrap();
        let history = History { execution_arn: ARN, kind: ExecutionKind::Standard, events: &events, marks: &[] };
        record("x", history, &definition).unwrap_err()
    };
    let started = |id: u64| json!({"id": id, "previousEventId": 0, "timestamp": 1, "type": "ExecutionStarted"});
    assert_eq!(of(json!([])), RecordError::Empty);
    assert_eq!(of(json!([started(2)])), RecordError::Incomplete);
    assert_eq!(of(json!([started(1)])), RecordError::NoInput);
}

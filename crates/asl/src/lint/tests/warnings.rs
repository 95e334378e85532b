//! Warnings.

use serde_json::{Value, json};

use crate::{Rule, parse};

#[test]
fn a_callback_without_a_timeout_is_warned_about() {
    let text = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"q","MessageBody":"m"},"End":true}}}"#;
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_some());
    assert_eq!(diagnostics.iter().map(|found| found.rule).collect::<Vec<_>>(), [Rule::NoTimeout]);
}

#[test]
fn a_heartbeat_limits_the_wait_too() {
    let task = |field: &str, value: Value| {
        let parameters = json!({"QueueUrl": "q", "MessageBody": "m"});
        let resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
        let state = json!({"Type": "Task", "Resource": resource, "Parameters": parameters, field: value, "End": true});
        parse(&json!({"StartAt": "A", "States": {"A": state}}).to_string()).1
    };
    assert_eq!(task("HeartbeatSeconds", json!(60)), []);
    assert_eq!(task("HeartbeatSecondsPath", json!("$.every")), []);
}

#[test]
fn the_timeout_of_the_whole_limits_the_wait_too() {
    let state = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": "m"}, "End": true});
    assert_eq!(parse(&json!({"StartAt": "A", "TimeoutSeconds": 60, "States": {"A": state}}).to_string()).1, []);
}

#[test]
fn what_is_probably_meant_otherwise_is_warned_about() {
    let rules = |state: Value| {
        let definition = json!({"StartAt": "A", "States": {"A": state}}).to_string();
        let (machine, found) = parse(&definition);
        assert!(machine.is_some(), "{found:?}");
        found.into_iter().map(|one| (one.rule, one.path)).collect::<Vec<_>>()
    };
    let path = |below: &str| format!("/States/A{below}");
    let pass = |field: &str, value: Value| json!({"Type": "Pass", field: value, "End": true});
    assert_eq!(
        rules(pass("Parameters", json!({"a": "$.b", "c": "$9 each"}))),
        [(Rule::NoDollar, path("/Parameters/a"))]
    );
    assert_eq!(rules(pass("Result", json!({"a.$": "$.b"}))), [(Rule::PassResultIsStatic, path("/Result"))]);
    assert_eq!(rules(json!({"Type": "Fail", "Cause": "$.cause"})), [(Rule::NoPath, path("/Cause"))]);
    // The language allows it, and AWS refuses it.
    assert_eq!(
        rules(json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true})),
        [(Rule::MissingParameter, path("/Resource"))]
    );
}

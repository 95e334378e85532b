//! What the API answers to definitions and inputs that it cannot accept.

use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

fn pass() -> Value {
    only(json!({ "Type": "Pass" }))
}

#[tokio::test]
async fn an_input_that_cannot_be_read_starts_nothing() {
    let engine = Engine::new("unreadable").await;
    let machine = engine.machine("M", pass()).await;
    let nested = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    let refused = |why: &str| format!("Invalid State Machine Execution Input: '{why}'");
    let deep = "Values nest deeper than 127 levels";
    let mark = "Unexpected character ('\u{feff}' (code 65279 / 0xfeff)): JSON has no byte order mark, expected a valid value \
                (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
    for (input, why) in [
        (r#"{"a":"\ud83d"}"#, "Unpaired surrogate in a character escape"),
        (r#"{"a":1e400}"#, "Numeric value (1e400) out of range of double"),
        (&nested(128), deep),
        (&format!("{{\"a\":{}}}", nested(127)), deep),
        ("\u{feff}{}", mark),
    ] {
        for operation in ["StartExecution", "TestState"] {
            let ask = match operation {
                "TestState" => {
                    json!({ "definition": json!({ "Type": "Pass", "End": true }).to_string(), "input": input,
                    "roleArn": "arn:aws:iam::000000000001:role/a" })
                }
                _ => json!({ "stateMachineArn": machine, "input": input }),
            };
            let (code, message) = engine.refused(operation, ask).await;
            assert_eq!((code.as_str(), message), ("InvalidExecutionInput", refused(why)), "{operation} {input:.40}");
        }
    }
    let listed = engine.call("ListExecutions", json!({ "stateMachineArn": machine })).await;
    assert_eq!(listed["executions"], json!([]));
    // An accepted input comes out as it went in.
    for input in [nested(127), r#"{"a":"\ud83d\ude00"}"#.to_owned(), "-1.5e-300".to_owned()] {
        let ask = json!({ "stateMachineArn": machine, "input": input });
        let execution = text(&engine.call("StartExecution", ask).await["executionArn"]);
        assert_eq!(engine.ended(&execution).await.output, Some(input));
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_task_s_answer_that_cannot_be_read_is_refused() {
    let engine = Engine::new("unreadable-answer").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", only(json!({ "Type": "Task", "Resource": activity }))).await;
    let execution = engine.start(&machine, "one").await;
    let task = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    for output in [r#""\ud83d""#, "1e400", &"[".repeat(128), "\u{feff}1"] {
        let ask = json!({ "taskToken": task["taskToken"], "output": output });
        assert_eq!(engine.refused("SendTaskSuccess", ask).await.0, "InvalidOutput", "{output:.20}");
    }
    engine.call("SendTaskSuccess", json!({ "taskToken": task["taskToken"], "output": "1" })).await;
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("1"));
    engine.remove().await;
}

#[tokio::test]
async fn a_definition_that_cannot_be_read_makes_no_machine() {
    let engine = Engine::new("unreadable-definition").await;
    let definition = pass().to_string();
    for (definition, why) in [
        (format!("\u{feff}{definition}"), "JSON has no byte order mark"),
        (definition.replace("\"Pass\"", "${Type}"), "Unrecognized token '$'"),
        (definition.replace("\"Pass\"", "1e400"), "Numeric value (1e400) out of range of double"),
    ] {
        let ask = json!({ "name": "M", "definition": definition, "roleArn": "arn:aws:iam::000000000001:role/a" });
        let (code, message) = engine.refused("CreateStateMachine", ask).await;
        assert_eq!(code, "InvalidDefinition");
        assert!(message.starts_with("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: "), "{message}");
        assert!(message.contains(why), "{message}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_resource_that_is_not_there_makes_no_machine() {
    let engine = Engine::new("unknown-resource").await;
    for call in ["dynamodb:query", "foo:bar", "states:startExecution.sync:3", "aws-sdk:nosuch:op"] {
        let task = only(json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{call}"), "Parameters": {} }));
        let ask = json!({ "name": "M", "definition": task.to_string(), "roleArn": "arn:aws:iam::000000000001:role/a" });
        let (code, message) = engine.refused("CreateStateMachine", ask).await;
        assert_eq!(code, "InvalidDefinition");
        let shown = format!("The resource provided arn:aws:states:::{call} is not recognized.");
        assert!(message.contains(&shown), "{message}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn an_express_execution_that_fails_has_details_of_its_output() {
    let engine = Engine::new("failed-express").await;
    let fails = json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E" } } });
    let ask = json!({ "name": "X", "definition": fails.to_string(), "roleArn": "arn:aws:iam::000000000001:role/a", "type": "EXPRESS" });
    let express = engine.call("CreateStateMachine", ask).await;
    let answer = engine.call("StartSyncExecution", json!({ "stateMachineArn": express["stateMachineArn"] })).await;
    assert_eq!((&answer["status"], answer.get("output")), (&json!("FAILED"), None));
    assert_eq!(answer["outputDetails"], json!({ "included": true }));
    engine.remove().await;
}

#[tokio::test]
async fn the_results_of_a_run_without_a_writer_are_those_of_the_children_that_succeeded() {
    let engine = Engine::new("results-written").await;
    let map = json!({ "Type": "Map", "ToleratedFailureCount": 1, "ItemProcessor": {
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "C", "States": {
            "C": { "Type": "Choice", "Choices": [{ "Variable": "$", "NumericEquals": 2, "Next": "F" }], "Default": "S" },
            "F": { "Type": "Fail" }, "S": { "Type": "Succeed" } } } });
    let machine = engine.machine("M", only(map)).await;
    let ask = json!({ "stateMachineArn": machine, "input": "[1,2,3]" });
    let execution = text(&engine.call("StartExecution", ask).await["executionArn"]);
    assert_eq!(engine.ended(&execution).await.status.name(), "SUCCEEDED");
    let runs = engine.call("ListMapRuns", json!({ "executionArn": execution })).await;
    let run = engine.call("DescribeMapRun", json!({ "mapRunArn": runs["mapRuns"][0]["mapRunArn"] })).await;
    for counts in ["itemCounts", "executionCounts"] {
        let counts = &run[counts];
        let shown = (&counts["succeeded"], &counts["failed"], &counts["resultsWritten"]);
        assert_eq!(shown, (&json!(2), &json!(1), &json!(2)));
    }
    engine.remove().await;
}

//! An execution that starts another and waits for it.

use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

/// A parent that waits for a child that waits an hour: the parent's ARN and the child machine's.
async fn parent(engine: &Engine) -> (String, String) {
    let child = engine.machine("Child", only(json!({ "Type": "Wait", "Seconds": 3_600 }))).await;
    let resource = "arn:aws:states:::states:startExecution.sync:2";
    let state = json!({ "Type": "Task", "Resource": resource, "Parameters": { "StateMachineArn": child } });
    let machine = engine.machine("Parent", only(state)).await;
    (engine.start(&machine, "one").await, child)
}

/// The child's executions, once there is one.
async fn children(engine: &Engine, machine: &str) -> Vec<Value> {
    loop {
        let listed = engine.call("ListExecutions", json!({ "stateMachineArn": machine })).await;
        let children = listed["executions"].as_array().unwrap().clone();
        if !children.is_empty() {
            return children;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until the parent's task was submitted.
async fn submitted(engine: &Engine, parent: &str) {
    while !engine.events(parent).await.contains(&"TaskSubmitted".to_owned()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_child_is_waited_for_after_a_restart_and_not_started_twice() {
    let engine = Engine::new("nested-restart").await;
    let (parent, machine) = parent(&engine).await;
    submitted(&engine, &parent).await;
    let engine = engine.restart_after(1_000).await;
    assert_eq!(children(&engine, &machine).await.len(), 1);
    let engine = engine.restart_after(3_600_000).await;
    let row = engine.ended(&parent).await;
    assert_eq!(row.status.name(), "SUCCEEDED", "{row:?}");
    let output: Value = serde_json::from_str(&row.output.unwrap()).unwrap();
    assert_eq!((output["Status"].as_str(), &output["Output"]), (Some("SUCCEEDED"), &json!({})));
    assert_eq!(children(&engine, &machine).await.len(), 1);
    let events = engine.events(&parent).await;
    assert_eq!(events.iter().filter(|kind| *kind == "TaskSubmitted").count(), 1, "{events:?}");
    engine.remove().await;
}

#[tokio::test]
async fn a_child_that_was_started_but_not_told_of_is_found_again() {
    let engine = Engine::new("nested-early").await;
    let (parent, machine) = parent(&engine).await;
    // Whatever the first engine had reached, there is one child in the end.
    let engine = engine.restart_after(1_000).await;
    submitted(&engine, &parent).await;
    assert_eq!(children(&engine, &machine).await.len(), 1);
    engine.remove().await;
}

#[tokio::test]
async fn stopping_a_parent_stops_its_child() {
    let engine = Engine::new("nested-stop").await;
    let (parent, machine) = parent(&engine).await;
    submitted(&engine, &parent).await;
    let child = text(&children(&engine, &machine).await[0]["executionArn"]);
    engine.call("StopExecution", json!({ "executionArn": parent, "error": "Enough" })).await;
    assert_eq!(engine.ended(&parent).await.error.as_deref(), Some("Enough"));
    assert_eq!(engine.ended(&child).await.status.name(), "ABORTED");
    engine.remove().await;
}

#[tokio::test]
async fn a_job_that_is_waited_for_may_be_answered_by_its_token() {
    let engine = Engine::new("nested-token").await;
    let child = engine.machine("Child", only(json!({ "Type": "Wait", "Seconds": 3_600 }))).await;
    let parameters = json!({ "StateMachineArn": child, "Input": { "token.$": "$$.Task.Token" } });
    let resource = "arn:aws:states:::states:startExecution.sync";
    let state = json!({ "Type": "Task", "Resource": resource, "Parameters": parameters });
    let parent = engine.start(&engine.machine("Parent", only(state)).await, "one").await;
    submitted(&engine, &parent).await;
    let child = text(&children(&engine, &child).await[0]["executionArn"]);
    let described = engine.call("DescribeExecution", json!({ "executionArn": child })).await;
    let input: Value = serde_json::from_str(described["input"].as_str().unwrap()).unwrap();
    engine.call("SendTaskSuccess", json!({ "taskToken": input["token"], "output": "\"early\"" })).await;
    assert_eq!(engine.ended(&parent).await.output.as_deref(), Some("\"early\""));
    let described = engine.call("DescribeExecution", json!({ "executionArn": child })).await;
    assert_eq!(described["status"], "RUNNING", "the job itself goes on");
    engine.remove().await;
}

#[tokio::test]
async fn the_own_api_takes_values_and_tells_times_as_a_task() {
    let engine = Engine::new("nested-api").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let waiting = engine.machine("Waiting", only(json!({ "Type": "Task", "Resource": activity }))).await;
    let waiting = engine.start(&waiting, "one").await;
    let token = engine.call("GetActivityTask", json!({ "activityArn": activity })).await["taskToken"].clone();
    let call = async |name: &str, action: &str, parameters: Value| {
        let resource = format!("arn:aws:states:::aws-sdk:sfn:{action}");
        let state = json!({ "Type": "Task", "Resource": resource, "Parameters": parameters });
        let row = engine.ended(&engine.start(&engine.machine(name, only(state)).await, "one").await).await;
        serde_json::from_str::<Value>(&row.output.unwrap_or_else(|| panic!("{:?}", row.cause))).unwrap()
    };
    call("Answer", "sendTaskSuccess", json!({ "TaskToken": token, "Output": { "Total": [1] } })).await;
    assert_eq!(engine.ended(&waiting).await.output.as_deref(), Some(r#"{"Total":[1]}"#));
    let described = call("Describe", "describeExecution", json!({ "ExecutionArn": waiting })).await;
    let day = |name: &str| described[name].as_str().map(|time| time[..10].to_owned());
    assert_eq!((day("StartDate"), day("StopDate")), (Some("2023-11-14".to_owned()), Some("2023-11-14".to_owned())));
    engine.remove().await;
}

#[tokio::test]
async fn an_execution_that_is_given_a_token_is_waited_for() {
    let engine = Engine::new("nested-sdk-token").await;
    let child = engine.machine("Child", only(json!({ "Type": "Pass" }))).await;
    for service in ["states", "aws-sdk:sfn"] {
        let parameters = json!({ "StateMachineArn": child, "Name": service.replace(':', "-"),
                                 "Input": { "token.$": "$$.Task.Token" } });
        let resource = format!("arn:aws:states:::{service}:startExecution.waitForTaskToken");
        let state = json!({ "Type": "Task", "Resource": resource, "Parameters": parameters });
        let name = format!("Parent-{}", service.replace(':', "-"));
        let parent = engine.start(&engine.machine(&name, only(state)).await, "one").await;
        let started = child.replace(":stateMachine:", ":execution:") + ":" + &service.replace(':', "-");
        while !engine.events(&parent).await.iter().any(|kind| kind == "TaskSubmitted" || kind == "TaskSucceeded") {
            tokio::task::yield_now().await;
        }
        let described = engine.call("DescribeExecution", json!({ "executionArn": started })).await;
        let input: Value = serde_json::from_str(described["input"].as_str().unwrap()).unwrap();
        engine.call("SendTaskSuccess", json!({ "taskToken": input["token"], "output": "7" })).await;
        assert_eq!(engine.ended(&parent).await.output.as_deref(), Some("7"), "{service}");
    }
    engine.remove().await;
}

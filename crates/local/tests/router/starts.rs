//! Starting: one name, one execution.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

fn waits() -> Value {
    only(json!({ "Type": "Wait", "Seconds": 3_600 }))
}

#[tokio::test]
async fn the_same_start_again_is_answered_as_the_first_and_another_is_refused() {
    let engine = Engine::new("again").await;
    let machine = engine.machine("M", waits()).await;
    let ask = |input: &str| json!({ "stateMachineArn": machine, "name": "one", "input": input });
    let first = engine.call("StartExecution", ask(r#"{"a":1}"#)).await;
    assert_eq!(engine.call("StartExecution", ask(r#"{"a":1}"#)).await, first);
    let (code, message) = engine.refused("StartExecution", ask("{}")).await;
    assert_eq!(code, "ExecutionAlreadyExists");
    assert_eq!(message, format!("Execution Already Exists: '{}'", text(&first["executionArn"])));
    engine.call("StopExecution", json!({ "executionArn": first["executionArn"] })).await;
    let (code, _) = engine.refused("StartExecution", ask(r#"{"a":1}"#)).await;
    assert_eq!(code, "ExecutionAlreadyExists", "the name of an ended execution is not used again");
    engine.remove().await;
}

#[tokio::test]
async fn of_two_starts_of_one_name_at_once_one_starts_it() {
    let engine = Engine::new("at-once").await;
    let machine = engine.machine("M", waits()).await;
    for round in 0..8 {
        let ask = |input: &str| json!({ "stateMachineArn": machine, "name": format!("n{round}"), "input": input });
        let target = "AWSStepFunctions.StartExecution";
        let (same, again) = (ask("1"), ask("1"));
        let ((one, _), (two, _)) = tokio::join!(engine.ask(target, &same), engine.ask(target, &again));
        assert_eq!((one, two), (StatusCode::OK, StatusCode::OK), "the same start is idempotent");
        let other = ask("2");
        assert_eq!(engine.ask(target, &other).await.0, StatusCode::BAD_REQUEST);
    }
    let listed = engine.call("ListExecutions", json!({ "stateMachineArn": machine })).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 8);
    for execution in listed["executions"].as_array().unwrap() {
        let events = engine.events(&text(&execution["executionArn"])).await;
        assert_eq!(events, ["ExecutionStarted", "WaitStateEntered"]);
    }
    engine.remove().await;
}

//! Answering a task that waits: once, and not too late.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

const SUCCESS: &str = "AWSStepFunctions.SendTaskSuccess";

/// An execution whose only task is an activity's, taken by a worker: its ARN and the task's token.
pub async fn taken(engine: &Engine) -> (String, String) {
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", only(json!({ "Type": "Task", "Resource": activity }))).await;
    let execution = engine.start(&machine, "one").await;
    let task = engine.call("GetActivityTask", json!({ "activityArn": activity, "workerName": "me" })).await;
    assert_eq!(task["input"], "{}");
    (execution, text(&task["taskToken"]))
}

#[tokio::test]
async fn of_two_answers_at_once_one_takes_effect() {
    let engine = Engine::new("two-answers").await;
    let (execution, token) = taken(&engine).await;
    let answer = |output: &str| json!({ "taskToken": token, "output": output });
    let (yes, no) = (answer(r#""yes""#), answer(r#""no""#));
    let (first, second) = tokio::join!(engine.ask(SUCCESS, &yes), engine.ask(SUCCESS, &no));
    let (won, lost) = if first.0 == StatusCode::OK { (r#""yes""#, second) } else { (r#""no""#, first) };
    assert_eq!(lost.0, StatusCode::BAD_REQUEST);
    assert_eq!(lost.1["__type"], "TaskTimedOut");
    assert_eq!(engine.ended(&execution).await.output.unwrap(), won);
    let events = engine.events(&execution).await;
    assert_eq!(events.iter().filter(|kind| *kind == "ActivitySucceeded").count(), 1, "{events:?}");
    engine.remove().await;
}

#[tokio::test]
async fn an_answer_to_a_closed_task_comes_too_late() {
    let engine = Engine::new("late").await;
    let (execution, token) = taken(&engine).await;
    engine.call("SendTaskHeartbeat", json!({ "taskToken": token })).await;
    engine.call("StopExecution", json!({ "executionArn": execution })).await;
    for (operation, ask) in [
        ("SendTaskSuccess", json!({ "taskToken": token, "output": "{}" })),
        ("SendTaskFailure", json!({ "taskToken": token })),
        ("SendTaskHeartbeat", json!({ "taskToken": token })),
    ] {
        let (code, message) = engine.refused(operation, ask).await;
        assert_eq!(code, "TaskTimedOut", "{operation}");
        assert_eq!(message, "Task Timed Out: 'Provided task does not exist anymore'");
    }
    let (code, _) = engine.refused("SendTaskSuccess", json!({ "taskToken": "no token", "output": "{}" })).await;
    assert_eq!(code, "InvalidToken");
    engine.remove().await;
}

#[tokio::test]
async fn a_callback_goes_on_with_what_it_is_sent_or_fails_with_it() {
    let engine = Engine::new("callback").await;
    engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q" })).await;
    let resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let parameters =
        json!({ "QueueUrl": "http://localhost/000000000000/q", "MessageBody": { "token.$": "$$.Task.Token" } });
    let state = json!({ "Type": "Task", "Resource": resource, "Parameters": parameters });
    let machine = engine.machine("M", only(state)).await;
    for (name, operation, answer, status) in [
        ("good", "SendTaskSuccess", json!({ "output": "42" }), "SUCCEEDED"),
        ("bad", "SendTaskFailure", json!({ "error": "Refused", "cause": "too dear" }), "FAILED"),
    ] {
        let execution = engine.start(&machine, name).await;
        let mut ask = answer;
        ask["taskToken"] = json!(message(&engine).await["token"]);
        engine.call(operation, ask).await;
        let row = engine.ended(&execution).await;
        assert_eq!(row.status.name(), status);
        assert_eq!(
            (row.output.as_deref(), row.error.as_deref()),
            if name == "good" { (Some("42"), None) } else { (None, Some("Refused")) }
        );
    }
    engine.remove().await;
}

/// The next message of the queue.
async fn message(engine: &Engine) -> Value {
    loop {
        let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": "http://localhost/0/q" })).await;
        if let Some(body) = got["Messages"][0]["Body"].as_str() {
            return serde_json::from_str(body).unwrap();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_activity_that_is_gone_fails_the_execution_that_comes_to_it() {
    let engine = Engine::new("activity-gone").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", only(json!({ "Type": "Task", "Resource": activity }))).await;
    engine.call("DeleteActivity", json!({ "activityArn": activity })).await;
    let execution = engine.start(&machine, "one").await;
    let row = engine.ended(&execution).await;
    assert!(row.cause.unwrap().ends_with(&format!("The activity {activity} does not exist.")));
    assert_eq!(engine.events(&execution).await, ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]);
    // It learns that the activity exists again, after a restart too.
    let engine = engine.restart_after(1_000).await;
    engine.call("CreateActivity", json!({ "name": "desk" })).await;
    engine.call("RedriveExecution", json!({ "executionArn": execution })).await;
    let task = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    engine.call("SendTaskSuccess", json!({ "taskToken": task["taskToken"], "output": "1" })).await;
    assert_eq!(engine.ended(&execution).await.status.name(), "SUCCEEDED");
    engine.remove().await;
}

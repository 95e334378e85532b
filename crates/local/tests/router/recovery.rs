//! Running executions continue after a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::answers::taken;
use crate::engine::{Engine, only, text};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_task_that_waits_is_answered_after_a_restart() {
    let engine = Engine::new("restart-answer").await;
    let (execution, token) = taken(&engine).await;
    let engine = engine.restart_after(HOUR).await;
    engine.call("SendTaskSuccess", json!({ "taskToken": token, "output": "1" })).await;
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("1"));
    let expected = "ExecutionStarted TaskStateEntered ActivityScheduled ActivityStarted ActivitySucceeded TaskStateExited ExecutionSucceeded";
    assert_eq!(engine.events(&execution).await.join(" "), expected);
    // It has ended, and is known to have ended, after one more restart.
    let engine = engine.restart_after(HOUR).await;
    assert_eq!(engine.refused("SendTaskSuccess", json!({ "taskToken": token, "output": "2" })).await.0, "TaskTimedOut");
    assert_eq!(engine.events(&execution).await.join(" "), expected);
    engine.remove().await;
}

#[tokio::test]
async fn a_task_that_no_worker_took_is_offered_after_a_restart() {
    let engine = Engine::new("restart-offer").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", only(json!({ "Type": "Task", "Resource": activity }))).await;
    let execution = engine.start(&machine, "one").await;
    let engine = engine.restart_after(HOUR).await;
    let task = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    engine.call("SendTaskSuccess", json!({ "taskToken": task["taskToken"], "output": "1" })).await;
    assert_eq!(engine.ended(&execution).await.status.name(), "SUCCEEDED");
    engine.remove().await;
}

#[tokio::test]
async fn a_timer_that_came_due_meanwhile_fires_after_a_restart() {
    let engine = Engine::new("restart-timer").await;
    let machine = engine.machine("M", only(json!({ "Type": "Wait", "Seconds": 3_600 }))).await;
    let execution = engine.start(&machine, "one").await;
    let engine = engine.restart_after(HOUR / 2).await;
    assert_eq!(engine.events(&execution).await, ["ExecutionStarted", "WaitStateEntered"], "half of it has passed");
    let engine = engine.restart_after(HOUR / 2).await;
    let row = engine.ended(&execution).await;
    assert_eq!(row.stopped_at.unwrap() - row.params.start_at, HOUR);
    engine.remove().await;
}

#[tokio::test]
async fn a_timeout_that_came_due_meanwhile_fails_the_task() {
    let engine = Engine::new("restart-timeout").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let state = json!({ "Type": "Task", "Resource": activity, "TimeoutSeconds": 60 });
    let machine = engine.machine("M", only(state)).await;
    let execution = engine.start(&machine, "one").await;
    let engine = engine.restart_after(HOUR).await;
    let row = engine.ended(&execution).await;
    assert_eq!((row.status.name(), row.error.as_deref()), ("FAILED", Some("States.Timeout")));
    engine.remove().await;
}

#[tokio::test]
async fn a_redriven_execution_goes_on_from_the_state_that_failed() {
    let engine = Engine::new("redrive").await;
    let (execution, token) = taken(&engine).await;
    let by_arn = json!({ "executionArn": execution });
    assert_eq!(engine.refused("RedriveExecution", by_arn.clone()).await.0, "ExecutionNotRedrivable");
    engine.call("SendTaskFailure", json!({ "taskToken": token, "error": "Refused" })).await;
    assert_eq!(engine.ended(&execution).await.error.as_deref(), Some("Refused"));
    // A restart in between: the engine is built again from its journal either way.
    let engine = engine.restart_after(HOUR).await;
    engine.call("RedriveExecution", by_arn.clone()).await;
    let described = engine.call("DescribeExecution", by_arn.clone()).await;
    assert_eq!((described["status"].as_str(), described["redriveCount"].as_u64()), (Some("RUNNING"), Some(1)));
    let ask = json!({ "activityArn": "arn:aws:states:us-east-1:000000000000:activity:desk" });
    let again = text(&engine.call("GetActivityTask", ask).await["taskToken"]);
    assert_ne!(again, token, "each attempt has a token of its own");
    assert_eq!(engine.refused("SendTaskSuccess", json!({ "taskToken": token, "output": "0" })).await.0, "TaskTimedOut");
    engine.call("SendTaskSuccess", json!({ "taskToken": again, "output": "1" })).await;
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("1"));
    let events = engine.events(&execution).await.join(" ");
    assert!(
        events.contains("ActivityFailed ExecutionFailed ExecutionRedriven ActivityScheduled ActivityStarted"),
        "{events}"
    );
    assert_eq!(engine.refused("RedriveExecution", by_arn).await.0, "ExecutionNotRedrivable");
    engine.remove().await;
}

/// Takes its time.
#[derive(Debug)]
struct Slow;

impl Sandbox for Slow {
    fn evaluate(&self, _: &Request) -> Result<Value, JsonataError> {
        std::thread::sleep(Duration::from_secs(3));
        Ok(json!(1))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_does_not_wait_for_the_long_step_of_another_execution() {
    let engine = Engine::with_sandbox("slow-timer", Arc::new(Slow)).await;
    let wild = json!({ "QueryLanguage": "JSONata", "StartAt": "Wait", "States": {
        "Wait": { "Type": "Wait", "Seconds": 1, "Next": "Wild" },
        "Wild": { "Type": "Pass", "Output": "{% ($f := function($x) { $f($x + 1) }; $f(0)) %}", "End": true } } });
    let slow = engine.start(&engine.machine("Slow", wild).await, "one").await;
    let quick = engine.machine("Quick", only(json!({ "Type": "Wait", "Seconds": 2 }))).await;
    let quick = engine.start(&quick, "one").await;
    let engine = engine.restart_after(HOUR).await;
    let begun = Instant::now();
    engine.ended(&quick).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(engine.ended(&slow).await.output.as_deref(), Some("1"));
    engine.remove().await;
}

#[tokio::test]
async fn tasks_that_no_worker_took_are_offered_in_their_order_after_a_restart() {
    let mut engine = Engine::new("restart-order").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", only(json!({ "Type": "Task", "Resource": activity }))).await;
    for n in 0..8 {
        let ask = json!({ "stateMachineArn": machine, "name": format!("e{n}"), "input": n.to_string() });
        engine.call("StartExecution", ask).await;
        engine = engine.restart_after(1).await;
    }
    for n in 0..8 {
        let taken = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
        assert_eq!(taken["input"], json!(n.to_string()));
    }
    engine.remove().await;
}

/// An engine that is ahead of its journal would keep a history that no replay makes again.
#[tokio::test]
async fn an_execution_whose_step_was_not_kept_stands_still_until_a_restart() {
    let engine = Engine::new("not-kept").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Task", "Resource": activity, "End": true } } });
    let both = only(json!({ "Type": "Parallel", "Branches": [branch("A"), branch("B")] }));
    let machine = engine.machine("M", both).await;
    let execution = engine.start(&machine, "one").await;
    let mut answers = Vec::new();
    for output in ["1111", "2222"] {
        let taken = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
        answers.push(json!({ "taskToken": taken["taskToken"], "output": output }));
    }
    let file = SqliteConnectOptions::new().filename(engine.host.store.folder().join("engine.db"));
    let database = SqlitePool::connect_with(file).await.unwrap();
    let trigger = "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.input LIKE '%1111%' \
                   BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    sqlx::query(trigger).execute(&database).await.unwrap();
    let before = engine.events(&execution).await;
    let send = |answer: usize| engine.ask("AWSStepFunctions.SendTaskSuccess", &answers[answer]);
    let (first, second) = tokio::join!(send(0), send(1));
    assert_eq!((first.0, second.0), (StatusCode::INTERNAL_SERVER_ERROR, StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(send(1).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(engine.events(&execution).await, before);
    sqlx::query("DROP TRIGGER full").execute(&database).await.unwrap();
    database.close().await;

    let engine = engine.restart_after(1).await;
    for answer in answers {
        engine.call("SendTaskSuccess", answer).await;
    }
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("[1111,2222]"));
    engine.remove().await;
}

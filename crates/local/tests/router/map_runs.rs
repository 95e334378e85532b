//! Distributed maps: their runs and their child executions.

use serde_json::{Value, json};

use crate::engine::{Engine, text};

fn distributed(activity: &str) -> Value {
    json!({
        "StartAt": "All",
        "States": { "All": {
            "Type": "Map", "Label": "Each", "ItemsPath": "$.items", "MaxConcurrency": 1, "ToleratedFailureCount": 1, "End": true,
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": "One", "States": { "One": { "Type": "Task", "Resource": activity, "End": true } },
            },
        } },
    })
}

#[tokio::test]
async fn a_run_and_its_children_are_described_while_it_runs_and_after_a_restart() {
    let engine = Engine::new("map-run").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", distributed(&activity)).await;
    let ask = json!({ "stateMachineArn": machine, "name": "one", "input": r#"{"items":[1,2,3]}"# });
    let execution = text(&engine.call("StartExecution", ask).await["executionArn"]);
    let runs = engine.call("ListMapRuns", json!({ "executionArn": execution })).await;
    let run = text(&runs["mapRuns"][0]["mapRunArn"]);
    assert!(run.contains(":mapRun:M/Each:"), "{run}");
    assert_eq!(runs["mapRuns"][0]["stateMachineArn"], json!(format!("{machine}/Each")));
    let by_arn = json!({ "mapRunArn": run });
    let described = engine.call("DescribeMapRun", by_arn.clone()).await;
    assert_eq!((&described["status"], &described["maxConcurrency"]), (&json!("RUNNING"), &json!(1)));
    assert_eq!((&described["itemCounts"]["running"], &described["itemCounts"]["pending"]), (&json!(1), &json!(2)));

    let update = json!({ "mapRunArn": run, "maxConcurrency": 3 });
    engine.call("UpdateMapRun", update).await;
    assert_eq!(engine.call("DescribeMapRun", by_arn.clone()).await["executionCounts"]["running"], json!(3));
    let engine = engine.restart_after(1_000).await;
    for n in 0..3 {
        let task = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
        let answer = json!({ "taskToken": task["taskToken"] });
        if n == 0 {
            engine.call("SendTaskFailure", answer).await;
        } else {
            engine.call("SendTaskSuccess", json!({ "taskToken": task["taskToken"], "output": task["input"] })).await;
        }
    }
    assert_eq!(engine.ended(&execution).await.status.name(), "SUCCEEDED");
    let engine = engine.restart_after(1_000).await;
    let described = engine.call("DescribeMapRun", by_arn.clone()).await;
    let counts = &described["executionCounts"];
    assert_eq!(
        (&described["status"], &counts["succeeded"], &counts["failed"]),
        (&json!("SUCCEEDED"), &json!(2), &json!(1))
    );

    let failed = engine.call("ListExecutions", json!({ "mapRunArn": run, "statusFilter": "FAILED" })).await;
    let child = text(&failed["executions"][0]["executionArn"]);
    assert_eq!(failed["executions"].as_array().unwrap().len(), 1);
    let described = engine.call("DescribeExecution", json!({ "executionArn": child })).await;
    assert_eq!((&described["status"], &described["mapRunArn"]), (&json!("FAILED"), &json!(run)));
    let events = engine.events(&child).await;
    assert_eq!(
        (events.first().unwrap().as_str(), events.last().unwrap().as_str()),
        ("ExecutionStarted", "ExecutionFailed")
    );
    let gone = json!({ "mapRunArn": format!("{run}0") });
    assert_eq!(engine.refused("DescribeMapRun", gone).await.0, "ResourceNotFound");
    engine.remove().await;
}

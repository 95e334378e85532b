//! Distributed maps: their runs and their child executions.

use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

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

/// Starts a map of this type over one item, whose task is an activity's; the execution, its run and its child.
async fn one_child(engine: &Engine, kind: &str, task: Value) -> (String, String, String) {
    let machine = engine
        .machine(
            kind,
            json!({ "StartAt": "All", "States": { "All": {
                "Type": "Map", "Label": "Each", "End": true,
                "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": kind },
                                   "StartAt": "One", "States": { "One": task } },
            } } }),
        )
        .await;
    let ask = json!({ "stateMachineArn": machine, "name": "one", "input": "[1]" });
    let execution = text(&engine.call("StartExecution", ask).await["executionArn"]);
    let runs = engine.call("ListMapRuns", json!({ "executionArn": execution })).await;
    let run = text(&runs["mapRuns"][0]["mapRunArn"]);
    let children = engine.call("ListExecutions", json!({ "mapRunArn": run })).await;
    let child = text(&children["executions"][0]["executionArn"]);
    (execution, run, child)
}

#[tokio::test]
async fn a_run_is_redriven_with_its_execution() {
    let engine = Engine::new("map-redrive").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let task = json!({ "Type": "Task", "Resource": activity, "End": true });
    let (execution, run, child) = one_child(&engine, "STANDARD", task).await;
    let taken = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    engine.call("SendTaskFailure", json!({ "taskToken": taken["taskToken"], "error": "Busy" })).await;
    assert_eq!(engine.ended(&execution).await.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    let by_child = json!({ "executionArn": child });
    let described = engine.call("DescribeExecution", by_child.clone()).await;
    assert_eq!((&described["redriveStatus"], &described["redriveCount"]), (&json!("REDRIVABLE_BY_MAP_RUN"), &json!(0)));

    assert_eq!(engine.refused("RedriveExecution", by_child.clone()).await.0, "ExecutionNotRedrivable");

    let machine = engine.call("DescribeStateMachineForExecution", by_child.clone()).await;
    assert_eq!((&machine["label"], &machine["mapRunArn"]), (&json!("Each"), &json!(run)));
    let definition: Value = serde_json::from_str(machine["definition"].as_str().unwrap()).unwrap();
    assert_eq!((&machine["name"], &definition["StartAt"]), (&json!("STANDARD/Each"), &json!("One")));

    let engine = engine.restart_after(1_000).await;
    engine.call("RedriveExecution", json!({ "executionArn": execution })).await;
    let described = engine.call("DescribeMapRun", json!({ "mapRunArn": run })).await;
    assert_eq!((&described["status"], &described["redriveCount"]), (&json!("RUNNING"), &json!(1)));
    for (filter, count) in [("REDRIVEN", 1), ("NOT_REDRIVEN", 0)] {
        let listed = engine.call("ListExecutions", json!({ "mapRunArn": run, "redriveFilter": filter })).await;
        assert_eq!(listed["executions"].as_array().unwrap().len(), count, "{filter}");
    }
    assert_eq!(
        (&described["executionCounts"]["running"], &described["redriveDate"]),
        (&json!(1), &json!(1_700_000_001.0))
    );
    let engine = engine.restart_after(1_000).await;
    let taken = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    engine.call("SendTaskSuccess", json!({ "taskToken": taken["taskToken"], "output": "2" })).await;
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("[2]"));
    assert!(engine.events(&execution).await.join(" ").contains("ExecutionRedriven MapRunRedriven MapRunSucceeded"));
    let events = engine.events(&child).await.join(" ");
    assert!(events.contains("ActivityFailed ExecutionFailed ExecutionRedriven ActivityScheduled"), "{events}");
    let described = engine.call("DescribeExecution", by_child).await;
    assert_eq!((&described["status"], &described["redriveCount"]), (&json!("SUCCEEDED"), &json!(1)));
    engine.remove().await;
}

#[tokio::test]
async fn an_express_child_is_described_and_has_no_history() {
    let engine = Engine::new("map-express").await;
    let (execution, _, child) = one_child(&engine, "EXPRESS", json!({ "Type": "Pass", "End": true })).await;
    assert_eq!(engine.ended(&execution).await.output.as_deref(), Some("[1]"));
    let by_arn = json!({ "executionArn": child });
    assert_eq!(engine.call("DescribeExecution", by_arn.clone()).await["output"], json!("1"));
    assert_eq!(engine.refused("GetExecutionHistory", by_arn).await.0, "InvalidArn");
    engine.remove().await;
}

#[tokio::test]
async fn what_ended_too_long_ago_is_not_redrivable() {
    let engine = Engine::new("map-late").await;
    let task = json!({ "Type": "Fail", "Error": "Bad" });
    let (execution, _, standard) = one_child(&engine, "STANDARD", task.clone()).await;
    let (_, _, express) = one_child(&engine, "EXPRESS", task).await;
    let engine = engine.restart_after(14 * 24 * 3_600_000 + 1).await;
    for arn in [execution, standard] {
        let described = engine.call("DescribeExecution", json!({ "executionArn": arn })).await;
        assert_eq!(
            (&described["redriveStatus"], &described["redriveStatusReason"]),
            (&json!("NOT_REDRIVABLE"), &json!("Execution redrivable period exceeded"))
        );
    }
    let described = engine.call("DescribeExecution", json!({ "executionArn": express })).await;
    assert_eq!(described["redriveStatus"], "REDRIVABLE_BY_MAP_RUN");
    engine.remove().await;
}

#[tokio::test]
async fn a_child_is_stopped_by_itself() {
    let engine = Engine::new("map-stop").await;
    let activity = text(&engine.call("CreateActivity", json!({ "name": "desk" })).await["activityArn"]);
    let machine = engine.machine("M", distributed(&activity)).await;
    let ask = json!({ "stateMachineArn": machine, "name": "one", "input": r#"{"items":[1,2]}"# });
    let execution = text(&engine.call("StartExecution", ask).await["executionArn"]);
    let runs = engine.call("ListMapRuns", json!({ "executionArn": execution })).await;
    let by_run = json!({ "mapRunArn": runs["mapRuns"][0]["mapRunArn"] });
    let first = engine.call("ListExecutions", by_run.clone()).await["executions"][0]["executionArn"].clone();
    let taken = engine.call("GetActivityTask", json!({ "activityArn": activity })).await;
    let stop = json!({ "executionArn": first, "error": "Mistake", "cause": "not this one" });
    assert_eq!(engine.call("StopExecution", stop).await, json!({ "stopDate": 1_700_000_000.0 }));
    let late = json!({ "taskToken": taken["taskToken"], "output": "1" });
    assert_eq!(engine.refused("SendTaskSuccess", late).await.0, "TaskTimedOut");
    // One failure is tolerated, and the stopped child made room for the next one.
    let engine = engine.restart_after(1_000).await;
    let described = engine.call("DescribeExecution", json!({ "executionArn": first })).await;
    assert_eq!(
        (&described["status"], &described["error"], &described["cause"]),
        (&json!("ABORTED"), &json!("Mistake"), &json!("not this one"))
    );
    assert_eq!(engine.events(&text(&first)).await.last().unwrap(), "ExecutionAborted");
    let counts = engine.call("DescribeMapRun", by_run.clone()).await["executionCounts"].clone();
    assert_eq!((&counts["aborted"], &counts["running"]), (&json!(1), &json!(1)));
    let second = engine.call("ListExecutions", by_run).await["executions"][0]["executionArn"].clone();
    engine.call("StopExecution", json!({ "executionArn": second })).await;
    assert_eq!(engine.ended(&execution).await.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    // One that has ended stays as it is.
    engine.call("StopExecution", json!({ "executionArn": first, "error": "Again" })).await;
    assert_eq!(engine.call("DescribeExecution", json!({ "executionArn": first })).await["error"], "Mistake");
    engine.remove().await;
}

#[tokio::test]
async fn a_run_within_a_child_is_the_child_s() {
    let engine = Engine::new("map-nested").await;
    let each = |label: &str, state: Value| {
        json!({ "StartAt": label, "States": { label: {
            "Type": "Map", "Label": label, "End": true,
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": state["StartAt"], "States": state["States"],
            },
        } } })
    };
    let inner = each("Inner", only(json!({ "Type": "Pass" })));
    let machine = engine.machine("M", each("Outer", inner)).await;
    let ask = json!({ "stateMachineArn": machine, "name": "one", "input": "[[1, 2]]" });
    let execution = engine.call("StartExecution", ask).await["executionArn"].clone();
    let of = |execution: &Value| engine.call("ListMapRuns", json!({ "executionArn": execution }));
    let outer = of(&execution).await["mapRuns"].clone();
    assert_eq!(outer.as_array().unwrap().len(), 1, "{outer}");
    let children = engine.call("ListExecutions", json!({ "mapRunArn": outer[0]["mapRunArn"] })).await;
    let child = &children["executions"][0]["executionArn"];
    let within = of(child).await["mapRuns"].clone();
    assert_eq!(within.as_array().unwrap().len(), 1, "{within}");
    assert_eq!(&within[0]["executionArn"], child);
    let described = engine.call("DescribeMapRun", json!({ "mapRunArn": within[0]["mapRunArn"] })).await;
    assert_eq!(&described["executionArn"], child);
    let leaves = engine.call("ListExecutions", json!({ "mapRunArn": within[0]["mapRunArn"] })).await;
    assert_eq!(leaves["executions"].as_array().unwrap().len(), 2);
    engine.remove().await;
}

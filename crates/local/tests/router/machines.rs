//! Machines: creation, description, revisions, publication and deletion.

use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

const ROLE: &str = "arn:aws:iam::000000000000:role/r";

fn pass() -> Value {
    only(json!({ "Type": "Pass" }))
}

fn create(more: Value) -> Value {
    let mut ask = json!({ "name": "M", "definition": pass().to_string(), "roleArn": ROLE });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}

#[tokio::test]
async fn what_was_not_asked_for_is_described_as_aws_s_default() {
    let engine = Engine::new("defaults").await;
    let machine = text(
        &engine.call("CreateStateMachine", create(json!({ "tracingConfiguration": {} }))).await["stateMachineArn"],
    );
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(described["encryptionConfiguration"], json!({ "type": "AWS_OWNED_KEY" }));
    assert_eq!(described["tracingConfiguration"], json!({ "enabled": false }));
    assert_eq!(described["loggingConfiguration"], json!({ "level": "OFF", "includeExecutionData": false }));
    let execution = engine.start(&machine, "e").await;
    let of = engine.call("DescribeStateMachineForExecution", json!({ "executionArn": execution })).await;
    assert_eq!(of.get("encryptionConfiguration"), None);
    let key = json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" });
    let update = json!({ "stateMachineArn": machine, "encryptionConfiguration": key });
    engine.call("UpdateStateMachine", update).await;
    let of = engine.call("DescribeStateMachineForExecution", json!({ "executionArn": execution })).await;
    assert_eq!(of["encryptionConfiguration"], key);
    engine.remove().await;
}

#[tokio::test]
async fn without_room_for_another_version_nothing_is_updated() {
    let engine = Engine::new("most-versions").await;
    let machine = text(&engine.call("CreateStateMachine", create(json!({ "publish": true }))).await["stateMachineArn"]);
    let publish = |number: usize| json!({ "stateMachineArn": machine, "description": number.to_string() });
    for number in 2..=1_000 {
        engine.call("PublishStateMachineVersion", publish(number)).await;
    }
    let (error, _) = engine.refused("PublishStateMachineVersion", publish(1_001)).await;
    assert_eq!(error, "ServiceQuotaExceededException");
    let again = engine.call("PublishStateMachineVersion", publish(1_000)).await;
    assert_eq!(again["stateMachineVersionArn"], format!("{machine}:1000"), "the latest one is there already");
    let other = only(json!({ "Type": "Pass", "Result": 1 })).to_string();
    let update = json!({ "stateMachineArn": machine, "definition": other, "publish": true });
    assert_eq!(engine.refused("UpdateStateMachine", update.clone()).await.0, "ServiceQuotaExceededException");
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(described["definition"], pass().to_string());
    engine.call("DeleteStateMachineVersion", json!({ "stateMachineVersionArn": format!("{machine}:1") })).await;
    let updated = engine.call("UpdateStateMachine", update).await;
    assert_eq!(updated["stateMachineVersionArn"], format!("{machine}:1001"));
    engine.remove().await;
}

#[tokio::test]
async fn another_tracing_or_logging_is_another_revision() {
    let engine = Engine::new("revisions").await;
    let made = engine.call("CreateStateMachine", create(json!({ "publish": true }))).await;
    let machine = text(&made["stateMachineArn"]);
    assert_eq!(made["stateMachineVersionArn"], format!("{machine}:1"));
    let group =
        json!({ "cloudWatchLogsLogGroup": { "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g:*" } });
    let mut revisions = Vec::new();
    for (change, version) in [
        (json!({ "tracingConfiguration": { "enabled": true } }), 2),
        (json!({ "tracingConfiguration": { "enabled": true } }), 2),
        (json!({ "loggingConfiguration": { "level": "ALL", "destinations": [group] } }), 3),
        (
            json!({ "loggingConfiguration": { "level": "ALL", "destinations": [group], "includeExecutionData": false } }),
            3,
        ),
        (json!({ "definition": pass().to_string() }), 3),
        (json!({ "tracingConfiguration": { "enabled": false } }), 4),
    ] {
        let mut ask = json!({ "stateMachineArn": machine, "publish": true });
        ask.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let updated = engine.call("UpdateStateMachine", ask).await;
        assert_eq!(updated["stateMachineVersionArn"], format!("{machine}:{version}"), "{change}");
        revisions.push(text(&updated["revisionId"]));
    }
    revisions.dedup();
    assert_eq!(revisions.len(), 3);
    let version = engine.call("DescribeStateMachine", json!({ "stateMachineArn": format!("{machine}:2") })).await;
    assert_eq!(version["loggingConfiguration"]["level"], "OFF");
    assert_eq!(version["tracingConfiguration"], json!({ "enabled": true }));
    let old = json!({ "stateMachineArn": machine, "revisionId": revisions[0] });
    let refused = engine.refused("PublishStateMachineVersion", old).await;
    let why = format!(
        "Failed to publish the State Machine version for revision {}. The current State Machine revision is {}.",
        revisions[0], revisions[2]
    );
    assert_eq!(refused, ("ConflictException".to_owned(), why));
    engine.remove().await;
}

#[tokio::test]
async fn a_call_that_publishes_is_another_than_one_that_does_not() {
    let engine = Engine::new("published").await;
    let first = engine.call("CreateStateMachine", create(json!({}))).await;
    let machine = text(&first["stateMachineArn"]);
    assert_eq!(engine.call("CreateStateMachine", create(json!({ "tracingConfiguration": {} }))).await, first);
    for more in [json!({ "publish": true }), json!({ "publish": true, "versionDescription": "d" })] {
        let refused = engine.refused("CreateStateMachine", create(more)).await;
        assert_eq!(refused.0, "StateMachineAlreadyExists");
    }
    let publish = async |description: Value| {
        let ask = json!({ "stateMachineArn": machine, "description": description });
        text(&engine.call("PublishStateMachineVersion", ask).await["stateMachineVersionArn"])
    };
    assert_eq!(publish(json!("first")).await, format!("{machine}:1"));
    assert_eq!(publish(json!("first")).await, format!("{machine}:1"));
    assert_eq!(publish(Value::Null).await, format!("{machine}:1"));
    assert_eq!(publish(json!("second")).await, format!("{machine}:2"));
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": format!("{machine}:2") })).await;
    assert_eq!(described["description"], "second");
    engine.remove().await;
}

#[tokio::test]
async fn a_role_is_a_role_of_iam() {
    let engine = Engine::new("roles").await;
    let machine = engine.machine("N", pass()).await;
    let state = pass()["States"]["Only"].to_string();
    for role in ["nonsense", "arn:aws:lambda:us-east-1:000000000000:function:f", "arn:aws:iam::000000000000:user/u"] {
        let expected = ("InvalidArn".to_owned(), format!("Invalid Role Arn: '{role}'"));
        for (operation, ask) in [
            ("CreateStateMachine", create(json!({ "roleArn": role }))),
            ("UpdateStateMachine", json!({ "stateMachineArn": machine, "roleArn": role })),
            ("TestState", json!({ "definition": state, "roleArn": role })),
        ] {
            assert_eq!(engine.refused(operation, ask).await, expected, "{operation}");
        }
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_machine_that_runs_is_there_until_its_executions_have_ended() {
    let engine = Engine::new("deleting").await;
    let waits = json!({ "StartAt": "W", "States": {
        "W": { "Type": "Wait", "Seconds": 60, "Next": "P" }, "P": { "Type": "Pass", "End": true },
    } });
    let machine = engine.machine("M", waits).await;
    let version = engine.call("PublishStateMachineVersion", json!({ "stateMachineArn": machine })).await;
    let execution = engine.start(&machine, "e").await;
    engine.call("DeleteStateMachine", json!({ "stateMachineArn": machine })).await;
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(described["status"], "DELETING");
    let expected = ("StateMachineDeleting".to_owned(), format!("State Machine is being deleted: '{machine}'"));
    let version = text(&version["stateMachineVersionArn"]);
    for (operation, ask) in [
        ("CreateStateMachine", create(json!({}))),
        ("UpdateStateMachine", json!({ "stateMachineArn": machine, "definition": pass().to_string() })),
        ("PublishStateMachineVersion", json!({ "stateMachineArn": machine })),
        ("StartExecution", json!({ "stateMachineArn": machine })),
        ("StartExecution", json!({ "stateMachineArn": version })),
        (
            "CreateStateMachineAlias",
            json!({ "name": "a", "routingConfiguration": [{ "stateMachineVersionArn": version, "weight": 100 }] }),
        ),
    ] {
        assert_eq!(engine.refused(operation, ask).await, expected, "{operation}");
    }
    let running = engine.call("DescribeExecution", json!({ "executionArn": execution })).await;
    assert_eq!(running["status"], "RUNNING");
    // A restart changes nothing of that.
    let engine = engine.restart_after(60_000).await;
    assert_eq!(engine.ended(&execution).await.status.name(), "ABORTED");
    assert_eq!(engine.events(&execution).await, ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]);
    let gone = async || {
        let request = engine.ask("AWSStepFunctions.DescribeStateMachine", &json!({ "stateMachineArn": machine })).await;
        request.1["__type"] == "StateMachineDoesNotExist"
    };
    for _ in 0..500 {
        if gone().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(gone().await);
    let listed = engine.call("ListStateMachineVersions", json!({ "stateMachineArn": machine })).await;
    assert_eq!(listed, json!({ "stateMachineVersions": [] }));
    engine.machine("M", pass()).await;
    engine.remove().await;
}

#[tokio::test]
async fn an_alias_is_deleted_though_it_is_not_there() {
    let engine = Engine::new("no-alias").await;
    let machine = engine.machine("M", pass()).await;
    let ask = json!({ "stateMachineAliasArn": format!("{machine}:none") });
    assert_eq!(engine.call("DeleteStateMachineAlias", ask).await, json!({}));
    // Nor does that operation delete a machine.
    engine.call("DeleteStateMachineAlias", json!({ "stateMachineAliasArn": machine })).await;
    engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    engine.remove().await;
}

#[tokio::test]
async fn an_arn_of_another_kind_is_refused_where_one_is_expected() {
    let engine = Engine::new("kinds").await;
    let place = "arn:aws:states:us-east-1:000000000000";
    let arn = |kind: &str| match kind {
        "execution" | "mapRun" => format!("{place}:{kind}:m:e"),
        kind => format!("{place}:{kind}:m"),
    };
    let field = |operation: &str| match operation {
        "DescribeStateMachine"
        | "UpdateStateMachine"
        | "DeleteStateMachine"
        | "StartExecution"
        | "StartSyncExecution"
        | "ListStateMachineVersions"
        | "ListStateMachineAliases"
        | "PublishStateMachineVersion"
        | "ListExecutions" => ("stateMachineArn", "stateMachine"),
        "DescribeStateMachineAlias" | "UpdateStateMachineAlias" | "DeleteStateMachineAlias" => {
            ("stateMachineAliasArn", "stateMachine")
        }
        "DeleteStateMachineVersion" => ("stateMachineVersionArn", "stateMachine"),
        "DescribeActivity" | "DeleteActivity" | "GetActivityTask" => ("activityArn", "activity"),
        "DescribeMapRun" | "UpdateMapRun" => ("mapRunArn", "mapRun"),
        _ => ("executionArn", "execution"),
    };
    for operation in [
        "DescribeStateMachine",
        "UpdateStateMachine",
        "DeleteStateMachine",
        "StartExecution",
        "StartSyncExecution",
        "ListStateMachineVersions",
        "ListStateMachineAliases",
        "PublishStateMachineVersion",
        "ListExecutions",
        "DescribeStateMachineAlias",
        "UpdateStateMachineAlias",
        "DeleteStateMachineAlias",
        "DeleteStateMachineVersion",
        "DescribeActivity",
        "DeleteActivity",
        "GetActivityTask",
        "DescribeMapRun",
        "UpdateMapRun",
        "DescribeExecution",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "StopExecution",
        "RedriveExecution",
        "ListMapRuns",
    ] {
        let (field, own) = field(operation);
        for kind in ["stateMachine", "activity", "mapRun", "execution"].into_iter().filter(|kind| *kind != own) {
            let refused = engine.refused(operation, json!({ field: arn(kind) })).await;
            let why = format!("Invalid Arn: 'Resource type not valid in this context: {kind}'");
            assert_eq!(refused, ("InvalidArn".to_owned(), why), "{operation}");
        }
        let refused = engine.refused(operation, json!({ field: "nonsense" })).await;
        assert_eq!(refused.1, "Invalid Arn: 'Invalid ARN prefix: nonsense'", "{operation}");
    }
    for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
        for kind in ["mapRun", "execution"] {
            let ask = json!({ "resourceArn": arn(kind), "tags": [], "tagKeys": [] });
            let why = format!("Invalid Arn: 'Resource type not valid in this context: {kind}'");
            assert_eq!(engine.refused(operation, ask).await, ("InvalidArn".to_owned(), why), "{operation}");
        }
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_token_goes_on_with_the_list_that_it_came_with() {
    let engine = Engine::new("tokens").await;
    let machine = engine.machine("M", pass()).await;
    for name in ["a", "b"] {
        engine.start(&machine, name).await;
    }
    let ask = |more: Value| {
        let mut ask = json!({ "stateMachineArn": machine, "maxResults": 1 });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let token = text(&engine.call("ListExecutions", ask(json!({}))).await["nextToken"]);
    engine.call("ListExecutions", ask(json!({ "nextToken": token }))).await;
    let refused = engine.refused("ListExecutions", ask(json!({ "nextToken": token, "statusFilter": "FAILED" }))).await;
    assert_eq!(refused.0, "InvalidToken");
    assert!(refused.1.contains("Input inconsistent with page token"), "{}", refused.1);
    engine.remove().await;
}

#[tokio::test]
async fn machines_are_listed_in_the_order_they_were_made() {
    let engine = Engine::new("order").await;
    for name in ["b", "a", "c"] {
        engine.machine(name, pass()).await;
        engine.pass(1);
    }
    let listed = engine.call("ListStateMachines", json!({})).await;
    let names: Vec<&str> =
        listed["stateMachines"].as_array().unwrap().iter().filter_map(|machine| machine["name"].as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    engine.remove().await;
}

#[tokio::test]
async fn a_failed_synchronous_execution_tells_of_its_output() {
    let engine = Engine::new("sync-failed").await;
    let fails = json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E" } } });
    let ask = create(json!({ "definition": fails.to_string(), "type": "EXPRESS" }));
    let machine = engine.call("CreateStateMachine", ask).await;
    let came = engine.call("StartSyncExecution", json!({ "stateMachineArn": machine["stateMachineArn"] })).await;
    assert_eq!((&came["status"], &came["error"]), (&json!("FAILED"), &json!("E")));
    assert_eq!(came["outputDetails"], json!({ "included": true }));
    assert_eq!(came.get("output"), None);
    engine.remove().await;
}

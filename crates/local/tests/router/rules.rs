//! Rules of single operations, according to AWS's reference.

use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

fn pass() -> Value {
    only(json!({ "Type": "Pass" }))
}

#[tokio::test]
async fn the_same_machine_again_is_one_whatever_its_role_and_tags() {
    let engine = Engine::new("same-machine").await;
    let ask = |role: &str, kind: &str, tags: Value| json!({ "name": "M", "definition": pass().to_string(), "roleArn": role, "type": kind, "tags": tags });
    let first = engine.call("CreateStateMachine", ask("arn:aws:iam::000000000001:role/a", "STANDARD", json!([]))).await;
    let tags = json!([{ "key": "k", "value": "v" }]);
    assert_eq!(
        engine.call("CreateStateMachine", ask("arn:aws:iam::000000000001:role/b", "STANDARD", tags)).await,
        first
    );
    let arn = &first["stateMachineArn"];
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": arn })).await;
    assert_eq!(described["roleArn"], "arn:aws:iam::000000000001:role/a");
    assert_eq!(engine.call("ListTagsForResource", json!({ "resourceArn": arn })).await, json!({ "tags": [] }));
    let (code, _) =
        engine.refused("CreateStateMachine", ask("arn:aws:iam::000000000001:role/a", "EXPRESS", json!([]))).await;
    assert_eq!(code, "StateMachineAlreadyExists");
    engine.remove().await;
}

#[tokio::test]
async fn definitions_are_refused_as_aws_refuses_them() {
    let engine = Engine::new("refused").await;
    let bare = only(json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke" }));
    let ask = json!({ "name": "M", "definition": bare.to_string(), "roleArn": "arn:aws:iam::000000000001:role/a" });
    let (code, message) = engine.refused("CreateStateMachine", ask).await;
    assert_eq!(code, "InvalidDefinition");
    assert_eq!(
        message,
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Parameters field is required for resource ARN: arn:aws:states:::lambda:invoke at /States/Only/Resource'"
    );
    let loops = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Next": "A" } } }).to_string();
    let found = engine.call("ValidateStateMachineDefinition", json!({ "definition": loops })).await;
    let diagnostic =
        json!({ "severity": "ERROR", "code": "MISSING_END_STATE", "message": "Workflow has no terminal state" });
    assert_eq!(found, json!({ "result": "FAIL", "diagnostics": [diagnostic], "truncated": false }));
    let warned = only(json!({ "Type": "Pass", "Parameters": { "a": "$.b", "c": "$.d" } })).to_string();
    for (severity, most, shown, truncated) in
        [("ERROR", 0, 0, false), ("WARNING", 0, 2, false), ("WARNING", 1, 1, true)]
    {
        let ask = json!({ "definition": warned, "severity": severity, "maxResults": most });
        let found = engine.call("ValidateStateMachineDefinition", ask).await;
        assert_eq!(found["result"], "OK");
        assert_eq!(found["diagnostics"].as_array().unwrap().len(), shown, "{severity} {most}");
        assert_eq!(found["truncated"], truncated);
    }
    engine.remove().await;
}

#[tokio::test]
async fn metadata_alone_is_told_without_data() {
    let engine = Engine::new("metadata").await;
    let machine = engine.machine("M", pass()).await;
    let execution = engine.start(&machine, "e").await;
    engine.ended(&execution).await;
    let only = "METADATA_ONLY";
    let ask = json!({ "executionArn": execution, "includedData": only });
    let described = engine.call("DescribeExecution", ask.clone()).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert!(["input", "output", "inputDetails"].iter().all(|field| described.get(field).is_none()), "{described}");
    assert_eq!(engine.call("DescribeStateMachineForExecution", ask).await["definition"], "{}");
    let ask = json!({ "stateMachineArn": machine, "includedData": only });
    assert_eq!(engine.call("DescribeStateMachine", ask).await["definition"], "{}");
    let ask = json!({ "name": "X", "definition": pass().to_string(), "roleArn": "arn:aws:iam::000000000001:role/a", "type": "EXPRESS" });
    let express = text(&engine.call("CreateStateMachine", ask).await["stateMachineArn"]);
    for (included, there) in [("ALL_DATA", true), (only, false)] {
        let ask = json!({ "stateMachineArn": express, "input": "1", "includedData": included });
        let answer = engine.call("StartSyncExecution", ask).await;
        assert_eq!(answer["status"], "SUCCEEDED");
        assert_eq!((answer.get("input").is_some(), answer.get("output").is_some()), (there, there), "{answer}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn executions_are_listed_by_their_redrives() {
    let engine = Engine::new("redrives").await;
    let fails = json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E" } } });
    let machine = engine.machine("M", fails).await;
    for name in ["one", "two"] {
        let execution = engine.start(&machine, name).await;
        engine.ended(&execution).await;
        if name == "two" {
            engine.call("RedriveExecution", json!({ "executionArn": execution })).await;
        }
    }
    for (filter, expected) in [("REDRIVEN", "two"), ("NOT_REDRIVEN", "one")] {
        let listed =
            engine.call("ListExecutions", json!({ "stateMachineArn": machine, "redriveFilter": filter })).await;
        let names: Vec<String> =
            listed["executions"].as_array().unwrap().iter().map(|execution| text(&execution["name"])).collect();
        assert_eq!(names, [expected], "{filter}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn aliases_and_tags_of_what_is_not_there_are_refused() {
    let engine = Engine::new("absent").await;
    let machine = engine.machine("M", pass()).await;
    let missing = |arn: &str| format!("Request references a resource that does not exist. Resource: '{arn}'");
    let (alias, version) = (format!("{machine}:live"), format!("{machine}:7"));
    let other = machine.replace(":M", ":N");
    for (operation, ask, code, message) in [
        (
            "UpdateStateMachineAlias",
            json!({ "stateMachineAliasArn": alias, "description": "d" }),
            "ResourceNotFound",
            "Request references a resource that does not exist.".to_owned(),
        ),
        (
            "DescribeStateMachineAlias",
            json!({ "stateMachineAliasArn": alias }),
            "ResourceNotFound",
            "Request references a resource that does not exist.".to_owned(),
        ),
        (
            "TagResource",
            json!({ "resourceArn": version, "tags": [] }),
            "ResourceNotFound",
            format!("Resource not found: '{version}'"),
        ),
        (
            "UntagResource",
            json!({ "resourceArn": alias, "tagKeys": ["k"] }),
            "ResourceNotFound",
            format!("Resource not found: '{alias}'"),
        ),
        ("ListStateMachineAliases", json!({ "stateMachineArn": version }), "ResourceNotFound", missing(&version)),
        (
            "ListStateMachineAliases",
            json!({ "stateMachineArn": other }),
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{other}'"),
        ),
        (
            "PublishStateMachineVersion",
            json!({ "stateMachineArn": machine, "revisionId": "r" }),
            "ConflictException",
            "Failed to publish the State Machine version for revision r. The current State Machine revision is INITIAL."
                .to_owned(),
        ),
        (
            "DescribeActivity",
            json!({ "activityArn": machine }),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'".to_owned(),
        ),
    ] {
        assert_eq!(engine.refused(operation, ask).await, (code.to_owned(), message), "{operation}");
    }
    assert_eq!(
        engine.call("ListStateMachineVersions", json!({ "stateMachineArn": other })).await,
        json!({ "stateMachineVersions": [] })
    );
    let tags: Vec<Value> = (0..51).map(|n| json!({ "key": format!("k{n}"), "value": "" })).collect();
    let (code, _) = engine.refused("TagResource", json!({ "resourceArn": machine, "tags": tags })).await;
    assert_eq!(code, "TooManyTags");
    engine.remove().await;
}

#[tokio::test]
async fn an_alias_stays_with_its_machine() {
    let engine = Engine::new("alias").await;
    let mut versions = Vec::new();
    for name in ["M", "N"] {
        let machine = engine.machine(name, pass()).await;
        let made = engine.call("PublishStateMachineVersion", json!({ "stateMachineArn": machine })).await;
        versions.push(text(&made["stateMachineVersionArn"]));
    }
    let route = |version: &str, weight: u64| json!({ "stateMachineVersionArn": version, "weight": weight });
    let ask = json!({ "name": "live", "routingConfiguration": [route(&versions[0], 100)] });
    let alias = text(&engine.call("CreateStateMachineAlias", ask).await["stateMachineAliasArn"]);
    for routes in [json!([route(&versions[1], 100)]), json!([route(&versions[0], 50), route(&versions[1], 50)])] {
        let ask = json!({ "stateMachineAliasArn": alias, "routingConfiguration": routes });
        assert_eq!(engine.refused("UpdateStateMachineAlias", ask).await.0, "ValidationException");
    }
    assert_eq!(
        engine.refused("UpdateStateMachineAlias", json!({ "stateMachineAliasArn": alias })).await.0,
        "ValidationException"
    );
    let (code, message) =
        engine.refused("DeleteStateMachineVersion", json!({ "stateMachineVersionArn": versions[0] })).await;
    assert_eq!(code, "ConflictException");
    assert_eq!(
        message,
        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]"
    );
    engine.remove().await;
}

#[tokio::test]
async fn changes_at_once_are_both_kept() {
    let engine = Engine::new("changes").await;
    let machine = engine.machine("M", pass()).await;
    let update = json!({ "stateMachineArn": machine, "roleArn": "arn:aws:iam::000000000000:role/other" });
    let tag = json!({ "resourceArn": machine, "tags": [{ "key": "k", "value": "v" }] });
    tokio::join!(engine.call("UpdateStateMachine", update), engine.call("TagResource", tag));
    let engine = engine.restart_after(1).await;
    let tags = engine.call("ListTagsForResource", json!({ "resourceArn": machine })).await;
    assert_eq!(tags["tags"], json!([{ "key": "k", "value": "v" }]));
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(described["roleArn"], "arn:aws:iam::000000000000:role/other");
    engine.remove().await;
}

#[tokio::test]
async fn pages_go_on_though_executions_start_between_them() {
    let engine = Engine::new("pages").await;
    let machine = engine.machine("M", pass()).await;
    for name in ["a", "b", "c"] {
        engine.start(&machine, name).await;
    }
    let mut ask = json!({ "stateMachineArn": machine, "maxResults": 2 });
    let names = |page: &Value| -> Vec<String> {
        page["executions"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect()
    };
    let first = engine.call("ListExecutions", ask.clone()).await;
    engine.start(&machine, "d").await;
    ask["nextToken"] = first["nextToken"].clone();
    let second = engine.call("ListExecutions", ask).await;
    assert_eq!((names(&first), names(&second)), (vec!["c".to_owned(), "b".to_owned()], vec!["a".to_owned()]));
    assert_eq!(second.get("nextToken"), None);
    engine.remove().await;
}

#[tokio::test]
async fn a_history_read_backwards_goes_on_though_events_come_between_its_pages() {
    let engine = Engine::new("backwards").await;
    let machine = engine.machine("M", only(json!({ "Type": "Wait", "Seconds": 600 }))).await;
    let execution = engine.start(&machine, "one").await;
    let mut ask = json!({ "executionArn": execution, "maxResults": 1, "reverseOrder": true });
    let first = engine.call("GetExecutionHistory", ask.clone()).await;
    engine.call("StopExecution", json!({ "executionArn": execution })).await;
    ask["nextToken"] = first["nextToken"].clone();
    let second = engine.call("GetExecutionHistory", ask).await;
    assert_eq!((&first["events"][0]["id"], &second["events"][0]["id"]), (&json!(2), &json!(1)));
    engine.remove().await;
}

#[tokio::test]
async fn only_children_of_a_run_are_listed_by_their_pending_redrive() {
    let engine = Engine::new("pending-redrive").await;
    let machine = engine.machine("M", pass()).await;
    let ask = json!({ "stateMachineArn": machine, "statusFilter": "PENDING_REDRIVE" });
    assert_eq!(engine.refused("ListExecutions", ask).await.0, "ValidationException");
    engine.remove().await;
}

#[tokio::test]
async fn a_parameter_that_is_null_is_not_given() {
    let engine = Engine::new("nulls").await;
    let ask = json!({
        "name": "M", "definition": pass().to_string(), "roleArn": "arn:aws:iam::000000000000:role/r",
        "tags": [{ "key": "k", "value": null }], "publish": null, "type": null, "loggingConfiguration": null,
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY", "kmsKeyId": null }, "tracingConfiguration": { "enabled": null },
    });
    let machine = text(&engine.call("CreateStateMachine", ask).await["stateMachineArn"]);
    let described = engine.call("DescribeStateMachine", json!({ "stateMachineArn": machine })).await;
    assert_eq!(described["encryptionConfiguration"], json!({ "type": "AWS_OWNED_KEY" }));
    let tags = engine.call("ListTagsForResource", json!({ "resourceArn": machine })).await;
    assert_eq!(tags, json!({ "tags": [{ "key": "k", "value": "" }] }));
    let unnamed = json!({ "resourceArn": machine, "tags": [{ "key": null, "value": "v" }] });
    let why = "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null";
    assert_eq!(engine.refused("TagResource", unnamed).await, ("ValidationException".to_owned(), why.to_owned()));
    let execution = engine.start(&machine, "one").await;
    engine.call("GetExecutionHistory", json!({ "executionArn": execution, "reverseOrder": null })).await;
    engine
        .call("TestState", json!({ "definition": pass()["States"]["Only"].to_string(), "stateConfiguration": null }))
        .await;
    engine.remove().await;
}

#[tokio::test]
async fn a_redrive_is_made_once_for_its_client_token() {
    let engine = Engine::new("client-token").await;
    let machine = engine.machine("M", only(json!({ "Type": "Wait", "Seconds": 600 }))).await;
    let execution = engine.start(&machine, "one").await;
    let by_arn = json!({ "executionArn": execution });
    engine.call("StopExecution", by_arn.clone()).await;
    let redrive = |token: &str| json!({ "executionArn": execution, "clientToken": token });
    let first = engine.call("RedriveExecution", redrive("a")).await;
    let engine = engine.restart_after(60_000).await;
    assert_eq!(engine.call("RedriveExecution", redrive("a")).await, first);
    assert_eq!(engine.refused("RedriveExecution", redrive("b")).await.0, "ExecutionNotRedrivable");
    // An earlier request does not redrive again what was stopped meanwhile, until its token is too old.
    engine.call("StopExecution", by_arn.clone()).await;
    assert_eq!(engine.call("RedriveExecution", redrive("a")).await, first);
    let engine = engine.restart_after(15 * 60_000).await;
    assert_ne!(engine.call("RedriveExecution", redrive("a")).await, first);
    assert_eq!(engine.call("DescribeExecution", by_arn).await["redriveCount"], 2);
    engine.remove().await;
}

#[tokio::test]
async fn a_map_within_a_machine_is_not_started_changed_or_deleted() {
    let engine = Engine::new("labelled").await;
    let machine = engine.machine("M", pass()).await;
    let by_map = json!({ "stateMachineArn": format!("{machine}/Each"), "roleArn": "arn:aws:iam::000000000001:role/a" });
    for operation in [
        "StartExecution",
        "StartSyncExecution",
        "UpdateStateMachine",
        "DeleteStateMachine",
        "PublishStateMachineVersion",
    ] {
        assert_eq!(engine.refused(operation, by_map.clone()).await.0, "ValidationException", "{operation}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_machine_is_deleted_with_its_versions_and_aliases_alone() {
    let engine = Engine::new("deleted").await;
    let mut all = Vec::new();
    for name in ["M", "N"] {
        let machine = engine.machine(name, pass()).await;
        let by_machine = json!({ "stateMachineArn": machine });
        let version =
            engine.call("PublishStateMachineVersion", by_machine.clone()).await["stateMachineVersionArn"].clone();
        let routes = json!([{ "stateMachineVersionArn": version, "weight": 100 }]);
        let ask = json!({ "name": "live", "routingConfiguration": routes });
        let alias = engine.call("CreateStateMachineAlias", ask).await["stateMachineAliasArn"].clone();
        all.push([json!(machine), version, alias]);
    }
    // A version is not deleted as a machine.
    engine.call("DeleteStateMachine", json!({ "stateMachineArn": all[1][1] })).await;
    engine.call("DeleteStateMachine", json!({ "stateMachineArn": all[0][0] })).await;
    let mut engine = engine;
    for _ in 0..2 {
        for arn in &all[0] {
            let (code, _) = engine.refused("DescribeStateMachine", json!({ "stateMachineArn": arn })).await;
            assert_eq!(code, "StateMachineDoesNotExist");
        }
        for arn in &all[1] {
            engine.call("DescribeStateMachine", json!({ "stateMachineArn": arn })).await;
        }
        engine = engine.restart_after(1).await;
    }
    engine.remove().await;
}

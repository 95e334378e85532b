//! Services' answers to tasks: refusals, and answers with additional fields.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

fn task(resource: &str, parameters: Value) -> Value {
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }]);
    json!({ "StartAt": "Only", "States": {
        "Only": {
            "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters, "Catch": catch,
            "End": true,
        },
        "Caught": { "Type": "Pass", "End": true },
    } })
}

/// The output of a task, or its failure as a catcher gets it.
async fn run(engine: &Engine, name: &str, definition: Value) -> Value {
    let machine = engine.machine(name, definition).await;
    let row = engine.ended(&engine.start(&machine, "one").await).await;
    serde_json::from_str(&row.output.unwrap_or_else(|| panic!("{name}: {:?} {:?}", row.error, row.cause))).unwrap()
}

#[tokio::test]
async fn what_sqs_cannot_take_fails_the_task() {
    let engine = Engine::new("sqs-refuses").await;
    engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q" })).await;
    let url = "http://sqs.us-east-1.localhost/000000000000/q";
    let missing = "The request must contain the parameter MessageBody. (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; Request ID: ";
    let failed = run(&engine, "Null", task("sqs:sendMessage", json!({ "QueueUrl": url, "MessageBody": null }))).await;
    assert_eq!(failed["Error"], "SQS.AmazonSQSException");
    assert!(text(&failed["Cause"]).starts_with(missing), "{failed}");
    let nowhere = json!({ "QueueUrl": "http://no-such-queue-1", "MessageBody": "m" });
    let failed = run(&engine, "Nowhere", task("sqs:sendMessage", nowhere)).await;
    assert_eq!(failed["Error"], "SQS.SdkClientException");
    assert_eq!(failed["Cause"], "Unable to execute HTTP request: no-such-queue-1: Name or service not known");
    for (name, here) in [
        ("Aws", "https://sqs.us-east-1.amazonaws.com/000000000000/q"),
        ("Old", "https://queue.amazonaws.com/000000000000/q"),
        ("Emulator", "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q"),
        ("Port", "http://127.0.0.1:8083/000000000000/q"),
        ("Local", url),
        ("Name", "q"),
    ] {
        let sent = run(&engine, name, task("sqs:sendMessage", json!({ "QueueUrl": here, "MessageBody": "m" }))).await;
        assert_eq!(sent["MD5OfMessageBody"], "6f8f57715090da2632453988d9a1501b", "{sent}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn a_fifo_topic_asks_for_a_group() {
    let engine = Engine::new("sns-fifo").await;
    let arn = "arn:aws:sns:us-east-1:000000000000:t.fifo";
    let topic = countersign_local::integrations::Topic::new(arn.to_owned(), "t.fifo", true, true).unwrap();
    engine.host.topics.create(&engine.host.store, topic).await.unwrap();
    let queue = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    let attributes = json!({ "FifoQueue": "true" });
    engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q.fifo", "Attributes": attributes })).await;
    engine.host.topics.subscribe(&engine.host.store, arn, queue).await.unwrap();
    let failed = run(&engine, "None", task("sns:publish", json!({ "TopicArn": arn, "Message": "m" }))).await;
    assert_eq!(failed["Error"], "SNS.InvalidParameterException");
    let why = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics (Service: AmazonSNS; Status Code: 400; Error Code: InvalidParameter; Request ID: ";
    assert!(text(&failed["Cause"]).starts_with(why), "{failed}");
    let sent = json!({ "TopicArn": arn, "Message": "m", "MessageGroupId": "g" });
    let sent = run(&engine, "Group", task("sns:publish", sent)).await;
    assert_eq!(sent["SequenceNumber"], "10000000000000000000");
    let receive = json!({ "QueueUrl": "http://localhost/000000000000/q.fifo", "AttributeNames": ["All"] });
    let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &receive).await;
    assert_eq!(got["Messages"][0]["Attributes"]["MessageGroupId"], "g", "{got}");
    engine.remove().await;
}

#[tokio::test]
async fn a_function_gets_an_event_and_gives_the_end_of_its_log() {
    let folder = std::env::temp_dir().join(format!("countersign-router-log-code-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let code = "import sys\n\n\ndef handler(event, context):\n    print('to one')\n    print('to two', file=sys.stderr)\n    return event\n";
    std::fs::write(folder.join("f.py"), code).unwrap();
    let declarations = format!(
        "[functions.f]\nruntime = \"python3\"\nhandler = \"f.handler\"\ncode = {:?}\n",
        folder.display().to_string()
    );
    let engine = Engine::with_functions("log-result", &declarations).await;
    let parameters = |more: Value| {
        let mut all = json!({ "FunctionName": "f", "Payload": {} });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        task("lambda:invoke", all)
    };
    let came = run(&engine, "Tail", parameters(json!({ "LogType": "Tail" }))).await;
    let log = String::from_utf8(BASE64_STANDARD.decode(text(&came["LogResult"])).unwrap()).unwrap();
    assert!(log.starts_with("START RequestId: ") && log.contains("\nREPORT RequestId: "), "{log}");
    assert!(log.contains("to one\n") && log.contains("to two\n"), "{log}");
    for (name, more) in [("None", json!({ "LogType": "None" })), ("Unsaid", json!({}))] {
        assert_eq!(run(&engine, name, parameters(more)).await.get("LogResult"), None);
    }
    // A text is the event's own JSON.
    let event = json!({ "FunctionName": "f", "Payload": "[1]" });
    assert_eq!(run(&engine, "Text", task("lambda:invoke", event)).await["Payload"], json!([1]));
    for (name, payload) in [("Word", "x"), ("Open", "[1"), ("Large", "1e400"), ("Surrogate", r#""\ud83d""#)] {
        let event = json!({ "FunctionName": "f", "Payload": payload });
        let failed = run(&engine, name, task("lambda:invoke", event)).await;
        assert_eq!(failed["Error"], "Lambda.InvalidRequestContentException", "{failed}");
        let why = "Could not parse request body into json: Could not parse payload into json: ";
        assert!(text(&failed["Cause"]).starts_with(why), "{failed}");
    }
    engine.remove().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_test_is_refused_as_aws_refuses_it() {
    let engine = Engine::new("test-refused").await;
    let role = "arn:aws:iam::000000000000:role/r";
    let state = |resource: &str| {
        only(json!({ "Type": "Task", "Resource": resource, "Parameters": { "FunctionName": "f" } }))["States"]["Only"]
            .clone()
    };
    let invoke = state("arn:aws:states:::lambda:invoke").to_string();
    let mock = json!({ "result": "{}" });
    let context =
        |context: Value| json!({ "definition": invoke, "roleArn": role, "mock": mock, "context": context.to_string() });
    let invalid = |why: &str| format!("Invalid Context object provided: {why}");
    let pattern = "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern";
    for (ask, why) in [
        (context(json!({ "Colour": 1 })), invalid("Field 'Colour' is not allowed")),
        (context(json!({ "Execution": { "Colour": 1 } })), invalid("Field 'Colour' is not allowed")),
        (context(json!({ "State": { "Colour": 1 } })), invalid("Field 'Colour' is not allowed")),
        (context(json!({ "StateMachine": { "Id": 1 } })), invalid("StateMachine.Id must be a string")),
        (context(json!({ "Task": { "Token": "t" } })), pattern.to_owned()),
        (json!({ "definition": invoke }), "RoleArn must be specified when testing a Task state".to_owned()),
        (
            json!({ "definition": "no JSON", "stateConfiguration": { "mapIterationFailureCount": 0 } }),
            "TestState does not support MapIterationFailureCount when a mock is not specified.".to_owned(),
        ),
        (
            json!({ "definition": invoke, "mock": { "result": "no JSON" } }),
            "Mocked result must be valid JSON".to_owned(),
        ),
        (context(json!({ "Execution": 1 })), invalid("Execution must be an object")),
        (
            json!({ "definition": invoke, "mock": mock, "context": r#"{"State":{"Name":"\ud83d"}}"# }),
            invalid("Unpaired surrogate in a character escape"),
        ),
        (
            json!({ "definition": invoke, "mock": mock, "variables": r#"{"a":1e400}"# }),
            "Variables must be a JSON object: Numeric value (1e400) out of range of double".to_owned(),
        ),
        (
            json!({ "definition": invoke, "mock": mock, "variables": "[]" }),
            "Variables must be a JSON object.".to_owned(),
        ),
        (
            json!({
                "definition": state("arn:aws:states:::aws-sdk:s3:getObject").to_string(),
                "mock": { "result": "{\"StorageClass\": \"PAPER\"}" },
            }),
            "Mock result schema validation error: Field 'StorageClass' is not an expected value".to_owned(),
        ),
    ] {
        assert_eq!(engine.refused("TestState", ask).await, ("ValidationException".to_owned(), why));
    }
    engine.remove().await;
}

#[tokio::test]
async fn each_test_starts_an_execution_of_its_own() {
    let engine = Engine::new("test-starts").await;
    let machine = engine.machine("M", only(json!({ "Type": "Pass" }))).await;
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": { "StateMachineArn": machine }, "End": true });
    let ask = json!({ "definition": state.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r" });
    let mut started = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let tested = engine.call("TestState", ask.clone()).await;
        let output: Value = serde_json::from_str(&text(&tested["output"])).unwrap();
        started.insert(text(&output["ExecutionArn"]));
    }
    assert_eq!(started.len(), 2, "{started:?}");
    engine.remove().await;
}

#[tokio::test]
async fn the_items_of_a_tested_map_are_those_that_its_reader_finds() {
    let engine = Engine::new("test-items").await;
    let ask = |config: Value, data: &str, failures: u64| {
        let mut scope = only(json!({ "Type": "Pass" }));
        scope["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
        let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
            "Parameters": { "Bucket": "b", "Key": "k" } });
        let map = json!({ "Type": "Map", "ItemReader": reader, "ItemProcessor": scope, "ToleratedFailureCount": 9, "End": true });
        json!({ "definition": map.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r", "mock": { "result": "[1]" },
            "stateConfiguration": { "mapItemReaderData": data, "mapIterationFailureCount": failures } })
    };
    let csv = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
    for (config, data) in [
        (json!({ "InputType": "JSON" }), "[1, 2]"),
        (json!({ "InputType": "JSONL" }), "1\n2\n"),
        (csv, "a,b\n1,2\n3,4"),
    ] {
        assert_eq!(engine.call("TestState", ask(config.clone(), data, 2)).await["status"], "SUCCEEDED", "{config}");
        let why = "Map iteration failure count must be less than or equal to the number of Map iterations";
        let refused = engine.refused("TestState", ask(config, data, 3)).await;
        assert_eq!(refused, ("ValidationException".to_owned(), why.to_owned()));
    }
    let (_, why) = engine.refused("TestState", ask(json!({ "InputType": "JSON" }), "a,b", 0)).await;
    assert!(why.starts_with("MapItemReaderData cannot be read: The file is not valid JSON: "), "{why}");
    engine.remove().await;
}

#[tokio::test]
async fn what_services_lack_is_named() {
    let engine = Engine::new("lacking").await;
    let key = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    let definitions = json!([{ "AttributeName": "id", "AttributeType": "S" }]);
    let create = json!({ "TableName": "t", "KeySchema": key, "AttributeDefinitions": definitions });
    engine.ask("DynamoDB_20120810.CreateTable", &create).await;
    let of =
        |service: &str, code: &str| format!(" (Service: {service}; Status Code: 400; Error Code: {code}; Request ID: ");
    let null = |field: &str| {
        format!(
            "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
        )
    };
    let item = |value: Value| json!({ "TableName": "t", "Item": { "id": value } });
    for (place, (resource, parameters, error, cause)) in [
        (
            "sqs:sendMessage",
            json!({ "QueueUrl": "", "MessageBody": "m" }),
            "SQS.AmazonSQSException",
            "The request must contain the parameter QueueUrl.".to_owned() + &of("AmazonSQS", "MissingParameter"),
        ),
        (
            "sns:publish",
            json!({ "Message": "m" }),
            "SNS.InvalidParameterException",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter".to_owned()
                + &of("AmazonSNS", "InvalidParameter"),
        ),
        (
            "sns:publish",
            json!({ "TopicArn": "a topic", "Message": "m" }),
            "SNS.InvalidParameterException",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1".to_owned()
                + &of("AmazonSNS", "InvalidParameter"),
        ),
        (
            "dynamodb:getItem",
            json!({ "TableName": null, "Key": {} }),
            "DynamoDB.AmazonDynamoDBException",
            null("tableName") + &of("AmazonDynamoDBv2", "ValidationException"),
        ),
        (
            "dynamodb:getItem",
            json!({ "TableName": "t", "Key": { "id": { "N": "1" } } }),
            "DynamoDB.AmazonDynamoDBException",
            "The provided key element does not match the schema".to_owned()
                + &of("AmazonDynamoDBv2", "ValidationException"),
        ),
        (
            "dynamodb:putItem",
            item(json!({ "N": "1" })),
            "DynamoDB.AmazonDynamoDBException",
            "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N".to_owned()
                + &of("AmazonDynamoDBv2", "ValidationException"),
        ),
        (
            "aws-sdk:dynamodb:query",
            json!({}),
            "DynamoDb.DynamoDbException",
            null("tableName") + " (Service: DynamoDb, Status Code: 400, Request ID: ",
        ),
        (
            "aws-sdk:sqs:receiveMessage",
            json!({}),
            "Sqs.SqsException",
            "The request must contain the parameter QueueUrl. (Service: Sqs, Status Code: 400, Request ID: ".to_owned(),
        ),
        (
            "events:putEvents",
            json!({ "Entries": [] }),
            "EventBridge.AmazonEventBridgeException",
            "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1"
                .to_owned()
                + &of("AmazonEventBridge", "ValidationException"),
        ),
        (
            "aws-sdk:sfn:describeExecution",
            json!({}),
            "Sfn.ValidationException",
            null("executionArn") + " (Service: Sfn, Status Code: 400, Request ID: ",
        ),
        (
            "states:startExecution",
            json!({ "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m/l" }),
            "StepFunctions.ValidationException",
            "A state machine ARN that refers to a Distributed Map state is not allowed here: 'arn:aws:states:us-east-1:000000000000:stateMachine:m/l'"
                .to_owned()
                + &of("AWSStepFunctions", "ValidationException"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let failed = run(&engine, &format!("M{place}"), task(resource, parameters)).await;
        assert_eq!(failed["Error"], error, "{failed}");
        assert!(text(&failed["Cause"]).starts_with(&cause), "{failed}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn what_a_test_looks_into_is_told() {
    let engine = Engine::new("test-inspected").await;
    let scope = only(json!({ "Type": "Pass" }));
    let inspected = async |state: Value, result: &str, more: Value| {
        let mut ask = json!({
            "definition": only(state)["States"]["Only"].to_string(), "inspectionLevel": "DEBUG", "input": "{\"a\":1}",
            "mock": { "result": result },
        });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        engine.call("TestState", ask).await
    };
    let parallel = json!({ "Type": "Parallel", "Branches": [scope], "ResultPath": "$.r" });
    let shown = inspected(parallel, "[7]", json!({})).await;
    let expected =
        json!({ "input": "{\"a\":1}", "afterResultSelector": "[7]", "afterResultPath": "{\"a\":1,\"r\":[7]}" });
    assert_eq!(shown["inspectionData"], expected);
    let parallel = json!({ "Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [scope] });
    assert_eq!(inspected(parallel, "[7]", json!({})).await["inspectionData"], json!({ "input": "{\"a\":1}" }));
    let map = |path: &str| json!({ "Type": "Map", "ItemsPath": path, "ItemProcessor": scope });
    let context = json!({ "context": json!({ "Execution": { "Input": { "values": [1, 2] } } }).to_string() });
    let shown = inspected(map("$$.Execution.Input.values"), "[1,2]", context.clone()).await;
    assert_eq!((&shown["status"], &shown["inspectionData"]["afterItemsPath"]), (&json!("SUCCEEDED"), &json!("[1,2]")));
    let shown = inspected(map("$$.Execution.Input"), "[1,2]", context).await;
    assert_eq!((&shown["status"], &shown["error"]), (&json!("FAILED"), &json!("States.Runtime")));
    assert_eq!(shown["cause"], "Reference path \"$.Execution.Input\" must point to array.");
    engine.remove().await;
}

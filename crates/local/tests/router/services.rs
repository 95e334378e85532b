//! Services with a local form, as workflows call them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::engine::{Engine, only, text};

/// Runs a definition to its end; returns its output, or its error.
async fn run(engine: &Engine, name: &str, definition: Value) -> Result<Value, String> {
    let machine = engine.machine(name, definition).await;
    let execution = engine.start(&machine, "one").await;
    let row = engine.ended(&execution).await;
    match row.output {
        Some(output) => Ok(serde_json::from_str(&output).unwrap()),
        None => Err(format!("{}: {}", row.error.unwrap_or_default(), row.cause.unwrap_or_default())),
    }
}

fn task(resource: &str, parameters: Value) -> Value {
    only(json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters }))
}

#[tokio::test]
async fn items_are_kept_and_changed_under_their_condition() {
    let engine = Engine::new("items").await;
    let put = json!({ "TableName": "t", "Item": { "id": { "S": "1" } } });
    let error = run(&engine, "Early", task("dynamodb:putItem", put.clone())).await.unwrap_err();
    assert!(
        error.starts_with(
            "DynamoDB.ResourceNotFoundException: Requested resource not found (Service: AmazonDynamoDBv2;"
        ),
        "{error}"
    );

    let create = json!({ "TableName": "t", "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] });
    assert_eq!(engine.ask("DynamoDB_20120810.CreateTable", &create).await.0, StatusCode::OK);
    run(&engine, "Put", task("dynamodb:putItem", put.clone())).await.unwrap();
    let mut again = put;
    again["ConditionExpression"] = json!("attribute_not_exists(id)");
    let error = run(&engine, "Again", task("dynamodb:putItem", again)).await.unwrap_err();
    assert!(error.starts_with("DynamoDB.ConditionalCheckFailedException"), "{error}");

    let key = json!({ "id": { "S": "1" } });
    let update = json!({ "TableName": "t", "Key": key, "UpdateExpression": "ADD n :n", "ReturnValues": "UPDATED_NEW",
                         "ExpressionAttributeValues": { ":n": { "N": "2" } } });
    for n in ["2", "4"] {
        let updated =
            run(&engine, &format!("Add{n}"), task("aws-sdk:dynamodb:updateItem", update.clone())).await.unwrap();
        assert_eq!(updated, json!({ "Attributes": { "n": { "N": n } } }));
    }
    let engine = engine.restart_after(1_000).await;
    let got = engine.ask("DynamoDB_20120810.GetItem", &json!({ "TableName": "t", "Key": key })).await.1;
    assert_eq!(got, json!({ "Item": { "id": { "S": "1" }, "n": { "N": "4" } } }));
    engine.remove().await;
}

/// An engine with a table whose key is the text `id`.
async fn with_table(test: &str) -> Engine {
    let engine = Engine::new(test).await;
    let create = json!({ "TableName": "t", "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }] });
    assert_eq!(engine.ask("DynamoDB_20120810.CreateTable", &create).await.0, StatusCode::OK);
    engine
}

/// One operation on the table `t`: its answer, or the message of its refusal.
async fn on_table(engine: &Engine, operation: &str, mut more: Value) -> Result<Value, String> {
    more["TableName"] = json!("t");
    let (status, answer) = engine.ask(&format!("DynamoDB_20120810.{operation}"), &more).await;
    if status == StatusCode::OK { Ok(answer) } else { Err(text(&answer["message"])) }
}

#[tokio::test]
async fn an_update_returns_what_it_names() {
    let engine = with_table("updated").await;
    let update = |expression: &str, returned: &str| {
        let mut ask =
            json!({ "Key": { "id": { "S": "1" } }, "UpdateExpression": expression, "ReturnValues": returned });
        if expression.contains(":n") {
            ask["ExpressionAttributeValues"] = json!({ ":n": { "N": "2.0" } });
        }
        ask
    };
    let returned = async |expression: &str, returned: &str| {
        on_table(&engine, "UpdateItem", update(expression, returned)).await.unwrap()
    };
    let n = json!({ "Attributes": { "n": { "N": "2" } } });
    assert_eq!(returned("SET n = :n", "UPDATED_OLD").await, json!({}), "there was nothing");
    assert_eq!(returned("SET n = :n", "UPDATED_NEW").await, n, "also where nothing is new");
    assert_eq!(returned("REMOVE n", "UPDATED_NEW").await, json!({}));
    assert_eq!(returned("SET n = :n", "ALL_NEW").await["Attributes"]["id"], json!({ "S": "1" }));
    let fresh = json!({ "Key": { "id": { "S": "2" } }, "UpdateExpression": "SET n = :n", "ReturnValues": "UPDATED_NEW",
                        "ExpressionAttributeValues": { ":n": { "N": "2" } } });
    assert_eq!(on_table(&engine, "UpdateItem", fresh).await.unwrap(), n, "the key is not updated");
    engine.remove().await;
}

#[tokio::test]
async fn what_dynamodb_does_not_take_is_refused() {
    let engine = with_table("refusals").await;
    let key = json!({ "id": { "S": "1" } });
    let update = |expression: &str| {
        json!({ "Key": key, "UpdateExpression": expression, "ExpressionAttributeValues": {
        ":s": { "S": "2" }, ":l": { "L": [{ "S": "x".repeat(250_000) }] } } })
    };
    on_table(&engine, "UpdateItem", update("SET l = :l, s = :s")).await.unwrap();
    for (operation, parameters, why) in [
        ("UpdateItem", update("SET id = :s"), "Cannot update attribute id. This attribute is part of the key"),
        ("UpdateItem", update("REMOVE id"), "Cannot update attribute id. This attribute is part of the key"),
        ("UpdateItem", update("SET status = :s, l = :l"), "reserved keyword: status"),
        ("UpdateItem", update("SET l = :l"), "unused in expressions: keys: {:s}"),
        ("UpdateItem", update("SET s = :s, l = list_append(l, :l)"), "Item size to update has exceeded"),
        ("PutItem", json!({ "Item": { "x": { "S": "1" } } }), "Missing the key id in the item"),
        ("PutItem", json!({ "Item": { "id": { "S": "" } } }), "cannot contain an empty string value. Key: id"),
        (
            "PutItem",
            json!({ "Item": { "id": { "S": "1" }, "n": { "N": "one" } } }),
            "converted to a numeric value: one",
        ),
        ("PutItem", json!({ "Item": key, "ReturnValues": "ALL_NEW" }), "ReturnValues can only be ALL_OLD or NONE"),
        ("GetItem", json!({ "Key": { "other": { "S": "1" } } }), "key element does not match the schema"),
        ("PutItem", json!({ "Item": key, "Expected": { "id": { "Exists": false } } }), "the legacy parameter Expected"),
    ] {
        let refusal = on_table(&engine, operation, parameters).await.unwrap_err();
        assert!(refusal.contains(why), "{operation}: {refusal}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn one_number_is_one_key_however_it_is_written() {
    let engine = with_table("numbers").await;
    on_table(&engine, "PutItem", json!({ "Item": { "id": { "N": "1.0" } } })).await.unwrap();
    let got = on_table(&engine, "GetItem", json!({ "Key": { "id": { "N": "1" } } })).await.unwrap();
    assert_eq!(got, json!({ "Item": { "id": { "N": "1" } } }));
    engine.remove().await;
}

#[tokio::test]
async fn a_search_goes_on_after_a_key_that_is_gone() {
    let engine = with_table("gone").await;
    for id in ["a", "b", "c", "d"] {
        on_table(&engine, "PutItem", json!({ "Item": { "id": { "S": id } } })).await.unwrap();
    }
    let mut scan = json!({ "Limit": 2 });
    let first = on_table(&engine, "Scan", scan.clone()).await.unwrap();
    scan["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    on_table(&engine, "DeleteItem", json!({ "Key": scan["ExclusiveStartKey"] })).await.unwrap();
    let second = on_table(&engine, "Scan", scan.clone()).await.unwrap();
    assert_eq!(second["Items"], json!([{ "id": { "S": "c" } }, { "id": { "S": "d" } }]));
    scan["ExclusiveStartKey"] = second["LastEvaluatedKey"].clone();
    let last = on_table(&engine, "Scan", scan).await.unwrap();
    assert_eq!((&last["Count"], last.get("LastEvaluatedKey")), (&json!(0), None));

    let mut found = Vec::new();
    for segment in 0..2 {
        let scan = json!({ "Segment": segment, "TotalSegments": 2 });
        let items = on_table(&engine, "Scan", scan).await.unwrap()["Items"].take();
        found.extend(items.as_array().unwrap().iter().map(|item| text(&item["id"]["S"])));
    }
    found.sort();
    assert_eq!(found, ["a", "c", "d"], "each segment has its own");
    let refused = on_table(&engine, "Scan", json!({ "Limit": 0 })).await.unwrap_err();
    assert!(refused.contains("Limit"), "{refused}");
    engine.remove().await;
}

#[tokio::test]
async fn items_are_found_by_their_keys_and_filtered() {
    let engine = Engine::new("queries").await;
    for table in ["t", "t-2"] {
        let key = json!([{ "AttributeName": "p", "KeyType": "HASH" }, { "AttributeName": "s", "KeyType": "RANGE" }]);
        let create = json!({ "TableName": table, "KeySchema": key });
        assert_eq!(engine.ask("DynamoDB_20120810.CreateTable", &create).await.0, StatusCode::OK);
        for (p, s) in [("a", 10), ("a", 9), ("a", 1), ("b", 1)] {
            let item = json!({ "p": { "S": p }, "s": { "N": s.to_string() }, "even": { "BOOL": s % 2 == 0 } });
            engine.ask("DynamoDB_20120810.PutItem", &json!({ "TableName": table, "Item": item })).await;
        }
    }
    let values = json!({ ":p": { "S": "a" }, ":one": { "N": "1" }, ":no": { "BOOL": false } });
    let query = json!({
        "TableName": "t", "KeyConditionExpression": "p = :p AND s > :one", "FilterExpression": "even = :no",
        "ProjectionExpression": "s", "ExpressionAttributeValues": values,
    });
    let found = run(&engine, "Query", task("aws-sdk:dynamodb:query", query)).await.unwrap();
    assert_eq!(found, json!({ "Count": 1, "ScannedCount": 2, "Items": [{ "s": { "N": "9" } }] }));
    let missed = json!({ "TableName": "t", "KeyConditionExpression": "s > :one",
                         "ExpressionAttributeValues": { ":one": { "N": "1" } } });
    let error = run(&engine, "Missed", task("aws-sdk:dynamodb:query", missed.clone())).await.unwrap_err();
    assert!(error.contains("Query condition missed key schema element: p"), "{error}");
    let mut indexed = missed;
    indexed["IndexName"] = json!("by-s");
    assert_eq!(run(&engine, "Index", task("aws-sdk:dynamodb:query", indexed)).await.unwrap()["Count"], json!(2));
    let mut page = json!({
        "TableName": "t", "KeyConditionExpression": "p = :p", "Limit": 2, "ScanIndexForward": false,
        "ExpressionAttributeValues": { ":p": { "S": "a" } },
    });
    let first = run(&engine, "First", task("aws-sdk:dynamodb:query", page.clone())).await.unwrap();
    assert_eq!((&first["Items"][0]["s"], &first["Items"][1]["s"]), (&json!({ "N": "10" }), &json!({ "N": "9" })));
    page["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    let second = run(&engine, "Second", task("aws-sdk:dynamodb:query", page)).await.unwrap();
    assert_eq!((&second["Count"], second.get("LastEvaluatedKey")), (&json!(1), None));
    let one = json!({ "TableName": "t", "Limit": "1" });
    assert_eq!(run(&engine, "Text", task("aws-sdk:dynamodb:scan", one)).await.unwrap()["Count"], json!(1));
    let scan =
        run(&engine, "Scan", task("aws-sdk:dynamodb:scan", json!({ "TableName": "t", "Select": "COUNT" }))).await;
    assert_eq!(scan.unwrap(), json!({ "Count": 4, "ScannedCount": 4 }));
    let error = run(&engine, "None", task("aws-sdk:dynamodb:query", json!({ "TableName": "t" }))).await.unwrap_err();
    assert!(error.starts_with("DynamoDb.DynamoDbException: Either the KeyConditions"), "{error}");
    engine.remove().await;
}

#[tokio::test]
async fn a_distributed_map_reads_an_object_and_writes_its_results() {
    let engine = Engine::new("objects").await;
    let definition = json!({ "StartAt": "All", "States": { "All": {
        "Type": "Map", "End": true,
        "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "bucket", "Key": "in.csv" },
                        "ReaderConfig": { "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" } },
        "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "bucket", "Prefix": "out" } },
        "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                           "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } },
    } } });
    let error = run(&engine, "Early", definition.clone()).await.unwrap_err();
    assert!(error.starts_with("States.ItemReaderFailed: The specified bucket does not exist"), "{error}");

    run(&engine, "Bucket", task("aws-sdk:s3:createBucket", json!({ "Bucket": "bucket" }))).await.unwrap();
    let put = json!({ "Bucket": "bucket", "Key": "in.csv", "Body": "id\n1\n2\n" });
    run(&engine, "Put", task("aws-sdk:s3:putObject", put)).await.unwrap();
    let written = run(&engine, "All", definition).await.unwrap();
    let get = |key: &Value| task("aws-sdk:s3:getObject", json!({ "Bucket": "bucket", "Key": key }));
    let body = |object: Value| -> Value { serde_json::from_str(object["Body"].as_str().unwrap()).unwrap() };
    let manifest = body(run(&engine, "Manifest", get(&written["ResultWriterDetails"]["Key"])).await.unwrap());
    assert_eq!(manifest["MapRunArn"], written["MapRunArn"]);
    let results = body(run(&engine, "Results", get(&manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])).await.unwrap());
    let outputs: Vec<String> = results.as_array().unwrap().iter().map(|one| text(&one["Output"])).collect();
    assert_eq!(outputs, [r#"{"id":"1"}"#, r#"{"id":"2"}"#]);
    engine.remove().await;
}

/// `[1,2]` as gzip writes it.
const COMPRESSED: [u8; 25] =
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x8b, 0x36, 0xd4, 0x31, 0x8a, 5, 0, 0xbf, 0x50, 0x8b, 8, 5, 0, 0, 0];

#[tokio::test]
async fn a_distributed_map_reads_every_listed_object() {
    let engine = Engine::new("listed").await;
    run(&engine, "Bucket", task("aws-sdk:s3:createBucket", json!({ "Bucket": "bucket" }))).await.unwrap();
    for (name, key, body) in [("Put", "in/b.json", "[3]"), ("Other", "out.json", "[4]")] {
        let put = json!({ "Bucket": "bucket", "Key": key, "Body": body });
        run(&engine, name, task("aws-sdk:s3:putObject", put)).await.unwrap();
    }
    let folder = engine.host.store.folder().join("s3/bucket/in");
    std::fs::write(folder.join("a.json.gz"), COMPRESSED).unwrap();
    let definition = json!({ "StartAt": "All", "States": { "All": {
        "Type": "Map", "End": true,
        "ItemReader": { "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": { "Bucket": "bucket", "Prefix": "in/" },
                        "ReaderConfig": { "InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN" } },
        "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                           "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } },
    } } });
    assert_eq!(run(&engine, "All", definition.clone()).await.unwrap(), json!([1, 2, 3]));
    std::fs::write(folder.join("c.json"), b"[\"\xfc\"]").unwrap();
    let error = run(&engine, "Latin", definition).await.unwrap_err();
    let why = "States.ItemReaderFailed: The object 'in/c.json' cannot be read as a text: byte 2 is not UTF-8";
    assert!(error.starts_with(why), "{error}");
    engine.remove().await;
}

#[tokio::test]
async fn a_service_that_is_not_here_fails_with_the_ways_out() {
    let engine = Engine::new("nowhere").await;
    let error = run(&engine, "M", task("glue:startJobRun", json!({ "JobName": "j" }))).await.unwrap_err();
    assert!(error.starts_with("States.Runtime: glue:startJobRun has no local form"), "{error}");
    assert!(error.contains("SFN_MOCK_CONFIG") && error.contains("--aws"), "{error}");
    engine.remove().await;
}

#[tokio::test]
async fn messages_are_sent_in_batches_and_received_with_their_attributes() {
    let engine = Engine::new("messages").await;
    let (_, made) = engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q" })).await;
    let url = made["QueueUrl"].clone();
    let color = json!({ "DataType": "String", "StringValue": "red" });
    let entries = json!([
        { "Id": "a", "MessageBody": { "n": 1 }, "MessageAttributes": { "color": color } },
        { "Id": "b", "MessageBody": "" },
        { "Id": "c", "MessageBody": "later", "DelaySeconds": 60 },
    ]);
    let send = task("aws-sdk:sqs:sendMessageBatch", json!({ "QueueUrl": url, "Entries": entries }));
    let sent = run(&engine, "Send", send).await.unwrap();
    assert_eq!((&sent["Successful"][0]["Id"], &sent["Successful"][1]["Id"]), (&json!("a"), &json!("c")));
    assert!(sent["Successful"][0]["Md5OfMessageAttributes"].is_string(), "{sent}");
    assert_eq!((&sent["Failed"][0]["Id"], &sent["Failed"][0]["Code"]), (&json!("b"), &json!("MissingParameter")));

    let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"],
                          "MessageSystemAttributeNames": ["ApproximateReceiveCount"], "VisibilityTimeout": 0 });
    run(&engine, "Once", task("aws-sdk:sqs:receiveMessage", receive.clone())).await.unwrap();
    let got = run(&engine, "Twice", task("aws-sdk:sqs:receiveMessage", receive)).await.unwrap();
    let messages = got["Messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["Body"]), (1, &json!("{\"n\":1}")), "one is delayed");
    assert_eq!(messages[0]["Attributes"], json!({ "ApproximateReceiveCount": "2" }));
    assert_eq!(messages[0]["MessageAttributes"]["color"], color);
    let delete = json!({ "QueueUrl": url, "ReceiptHandle": messages[0]["ReceiptHandle"] });
    run(&engine, "Delete", task("aws-sdk:sqs:deleteMessage", delete)).await.unwrap();
    let receive = json!({ "QueueUrl": url });
    assert_eq!(run(&engine, "None", task("aws-sdk:sqs:receiveMessage", receive)).await.unwrap(), json!({}));
    let (_, counts) =
        engine.ask("AmazonSQS.GetQueueAttributes", &json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
    let counts = &counts["Attributes"];
    assert_eq!(
        (&counts["ApproximateNumberOfMessages"], &counts["ApproximateNumberOfMessagesNotVisible"]),
        (&json!("0"), &json!("1"))
    );

    let gone = json!({ "QueueUrl": "http://localhost/0/none", "MessageBody": "x" });
    let error = run(&engine, "Gone", task("aws-sdk:sqs:sendMessage", gone)).await.unwrap_err();
    assert!(
        error.starts_with("Sqs.QueueDoesNotExistException: The specified queue does not exist. (Service: Sqs,"),
        "{error}"
    );
    engine.remove().await;
}

#[tokio::test]
async fn a_call_that_names_no_message_touches_none() {
    let engine = Engine::new("receipts").await;
    let (_, made) = engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q" })).await;
    let send = json!({ "QueueUrl": made["QueueUrl"], "MessageBody": "kept" });
    engine.ask("AmazonSQS.SendMessage", &send).await;
    let entries = json!([{ "Id": "a" }]);
    for (operation, more, why) in [
        ("DeleteMessage", json!({}), "must contain the parameter ReceiptHandle"),
        ("ChangeMessageVisibility", json!({ "VisibilityTimeout": 60 }), "must contain the parameter ReceiptHandle"),
        ("ChangeMessageVisibility", json!({ "ReceiptHandle": "r" }), "must contain the parameter VisibilityTimeout"),
        ("DeleteMessageBatch", json!({ "Entries": entries }), "must contain the parameter ReceiptHandle"),
        (
            "SendMessage",
            json!({ "MessageBody": "x", "DelaySeconds": i64::MAX }),
            "for parameter DelaySeconds is invalid",
        ),
        ("ReceiveMessage", json!({ "VisibilityTimeout": i64::MAX }), "for parameter VisibilityTimeout is invalid"),
        ("ReceiveMessage", json!({ "VisibilityTimeout": -1 }), "for parameter VisibilityTimeout is invalid"),
        ("ReceiveMessage", json!({ "MaxNumberOfMessages": 11 }), "Must be between 1 and 10"),
    ] {
        let mut ask = more;
        ask["QueueUrl"] = made["QueueUrl"].clone();
        let (_, answer) = engine.ask(&format!("AmazonSQS.{operation}"), &ask).await;
        assert!(answer.to_string().contains(why), "{operation}: {answer}");
    }
    let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": made["QueueUrl"] })).await;
    assert_eq!(got["Messages"][0]["Body"], json!("kept"));
    engine.remove().await;
}

#[tokio::test]
async fn a_queue_keeps_what_it_was_made_with() {
    let engine = Engine::new("settings").await;
    let create =
        |hidden: &str| json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": hidden, "DelaySeconds": "1" } });
    let (status, answer) = engine.ask("AmazonSQS.CreateQueue", &create("43201")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (_, made) = engine.ask("AmazonSQS.CreateQueue", &create("120")).await;
    let engine = engine.restart_after(0).await;
    let queue = json!({ "QueueUrl": made["QueueUrl"] });
    let send = json!({ "QueueUrl": made["QueueUrl"], "MessageBody": "x" });
    engine.ask("AmazonSQS.SendMessage", &send).await;
    let received = async || engine.ask("AmazonSQS.ReceiveMessage", &queue).await.1.get("Messages").is_some();
    let mut seen = vec![received().await];
    for milliseconds in [1_000, 119_000, 1_000] {
        engine.pass(milliseconds);
        seen.push(received().await);
    }
    assert_eq!(seen, [false, true, false, true]);
    engine.remove().await;
}

#[tokio::test]
async fn a_fifo_queue_takes_each_message_once() {
    let engine = Engine::new("fifo").await;
    let create = json!({ "QueueName": "q.fifo", "Attributes": { "FifoQueue": "true" } });
    let (_, made) = engine.ask("AmazonSQS.CreateQueue", &create).await;
    let mut send = json!({ "QueueUrl": made["QueueUrl"], "MessageBody": "x" });
    let error = run(&engine, "Loose", task("sqs:sendMessage", send.clone())).await.unwrap_err();
    assert!(error.contains("must contain the parameter MessageGroupId"), "{error}");
    send["MessageGroupId"] = json!("g");
    let error = run(&engine, "Unknown", task("sqs:sendMessage", send.clone())).await.unwrap_err();
    assert!(error.contains("either have ContentBasedDeduplication enabled"), "{error}");
    send["MessageDeduplicationId"] = json!("one");
    let sent = run(&engine, "Sent", task("sqs:sendMessage", send.clone())).await.unwrap();
    assert_eq!(sent["SequenceNumber"].as_str().unwrap().len(), 20);
    let again = run(&engine, "Again", task("sqs:sendMessage", send)).await.unwrap();
    assert_eq!(again["MessageId"], sent["MessageId"]);
    let ask = json!({ "QueueUrl": made["QueueUrl"], "MaxNumberOfMessages": 10, "AttributeNames": ["All"] });
    let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &ask).await;
    let messages = got["Messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["Attributes"]["MessageGroupId"]), (1, &json!("g")));
    let (status, answer) = engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "p.fifo" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    engine.remove().await;
}

#[tokio::test]
async fn what_is_published_reaches_the_queues_in_their_form() {
    let engine = Engine::new("notices").await;
    let topic = "arn:aws:sns:us-east-1:000000000000:t";
    engine
        .host
        .topics
        .create(
            &engine.host.store,
            countersign_local::integrations::Topic::new(topic.to_owned(), "t", false, false).unwrap(),
        )
        .await
        .unwrap();
    engine.ask("AmazonSQS.CreateQueue", &json!({ "QueueName": "q" })).await;
    engine.host.topics.subscribe(&engine.host.store, topic, "arn:aws:sqs:us-east-1:000000000000:q").await.unwrap();
    let attributes = json!({ "color": { "DataType": "String", "StringValue": "red" } });
    let entries = json!([
        { "Id": "a", "Message": "{\"default\":\"d\",\"sqs\":\"for queues\"}", "MessageStructure": "json" },
        { "Id": "b", "Message": "plain", "Subject": "s", "MessageAttributes": attributes },
        { "Id": "c", "Message": "{\"sqs\":\"x\"}", "MessageStructure": "json" },
        { "Id": "d", "Message": "no JSON", "MessageStructure": "json" },
    ]);
    let publish = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
    let came = run(&engine, "Publish", task("aws-sdk:sns:publishBatch", publish)).await.unwrap();
    assert_eq!(came["Successful"].as_array().unwrap().len(), 2);
    assert_eq!((&came["Failed"][0]["Id"], &came["Failed"][0]["Code"]), (&json!("c"), &json!("InvalidParameter")));
    assert!(came["Failed"][1]["Message"].as_str().unwrap().ends_with("JSON message body failed to parse"), "{came}");
    let take = json!({ "QueueUrl": "http://localhost/0/q", "MaxNumberOfMessages": 10 });
    let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &take).await;
    let bodies: Vec<Value> = got["Messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| serde_json::from_str(m["Body"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!((&bodies[0]["Message"], &bodies[1]["Message"]), (&json!("for queues"), &json!("plain")));
    assert_eq!((bodies[0].get("Subject"), &bodies[1]["Subject"]), (None, &json!("s")));
    assert_eq!(bodies[1]["MessageAttributes"], json!({ "color": { "Type": "String", "Value": "red" } }));
    let error = run(
        &engine,
        "Gone",
        task("aws-sdk:sns:publish", json!({ "TopicArn": "arn:aws:sns:us-east-1:000000000000:none", "Message": "x" })),
    )
    .await
    .unwrap_err();
    assert!(
        error.starts_with("Sns.NotFoundException: Topic does not exist (Service: Sns, Status Code: 404"),
        "{error}"
    );
    engine.remove().await;
}

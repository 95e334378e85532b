//! What the clients of other services request, in their own protocols.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::engine::{Engine, only, text};

/// One request that is signed for a service, in a region.
pub struct Ask<'a> {
    pub service: &'a str,
    pub region: &'a str,
    pub method: Method,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self { service: "s3", region: "us-east-1", method: Method::GET, path: "/", headers: &[], body: "" }
    }
}

pub async fn ask(engine: &Engine, ask: Ask<'_>) -> (StatusCode, HeaderMap, String) {
    let scope = format!("test/20260101/{}/{}/aws4_request", ask.region, ask.service);
    let mut request = Request::builder()
        .method(ask.method)
        .uri(ask.path)
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"));
    if !ask.headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8083");
    }
    for (name, value) in ask.headers {
        request = request.header(*name, *value);
    }
    let response = engine.router.clone().oneshot(request.body(Body::from(ask.body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

/// One call of the query protocol.
pub async fn query(engine: &Engine, service: &str, region: &str, form: &str) -> (StatusCode, String) {
    let (status, _, body) =
        ask(engine, Ask { service, region, method: Method::POST, body: form, ..Ask::default() }).await;
    (status, body)
}

/// One call of the JSON protocol, and its answer.
async fn call(engine: &Engine, region: &str, target: &str, body: Value) -> (StatusCode, Value) {
    let (status, _, text) = ask(
        engine,
        Ask {
            service: "states",
            region,
            method: Method::POST,
            headers: &[("x-amz-target", target)],
            body: &body.to_string(),
            ..Ask::default()
        },
    )
    .await;
    (status, serde_json::from_str(&text).unwrap())
}

/// The text of an element.
#[track_caller]
pub fn within<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[tokio::test]
async fn the_region_and_the_partition_are_the_signature_s() {
    let engine = Engine::new("regions").await;
    let pass =
        only(json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.context.Execution.Id %}" }));
    for (region, partition) in [
        ("us-west-2", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-isob-east-1", "aws-iso-b"),
    ] {
        let place = format!("arn:{partition}:states:{region}:000000000000");
        let create = json!({ "name": "M", "definition": pass.to_string(), "roleArn": format!("arn:{partition}:iam::000000000000:role/r") });
        let (_, made) = call(&engine, region, "AWSStepFunctions.CreateStateMachine", create).await;
        assert_eq!(made["stateMachineArn"], format!("{place}:stateMachine:M"), "{made}");
        let start = json!({ "stateMachineArn": made["stateMachineArn"], "name": "e" });
        // Wherever the call comes from: the ARN names the region.
        let (_, started) = call(&engine, "eu-west-1", "AWSStepFunctions.StartExecution", start).await;
        assert_eq!(started["executionArn"], format!("{place}:execution:M:e"));
        let output = engine.ended(&text(&started["executionArn"])).await.output.unwrap();
        assert_eq!(output, format!("\"{place}:execution:M:e\""));
        let (_, listed) = call(&engine, region, "AWSStepFunctions.ListStateMachines", json!({})).await;
        assert_eq!(listed["stateMachines"].as_array().unwrap().len(), 1);
        let (_, activity) = call(&engine, region, "AWSStepFunctions.CreateActivity", json!({ "name": "a" })).await;
        assert_eq!(activity["activityArn"], format!("{place}:activity:a"));
    }
    let (_, listed) = call(&engine, "eu-west-1", "AWSStepFunctions.ListStateMachines", json!({})).await;
    assert_eq!(listed["stateMachines"], json!([]));
    // A state that is tested is in its caller's region, too.
    let task = json!({ "Type": "Task", "Resource": "arn:aws-cn:states:::lambda:invoke", "Parameters": { "FunctionName": "f" }, "End": true });
    let test = json!({ "definition": task.to_string(), "roleArn": "arn:aws-cn:iam::000000000000:role/r" });
    let (_, tested) = call(&engine, "cn-north-1", "AWSStepFunctions.TestState", test).await;
    let missing =
        "Function not found: arn:aws-cn:lambda:cn-north-1:000000000000:function:f:$LATEST (Service: AWSLambda; ";
    assert!(text(&tested["cause"]).starts_with(missing), "{tested}");
    engine.remove().await;
}

#[tokio::test]
async fn who_calls_is_told_by_sts() {
    let engine = Engine::new("sts").await;
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let (status, body) = query(&engine, "sts", "us-gov-west-1", form).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (within(&body, "Account"), within(&body, "Arn")),
        ("000000000000", "arn:aws-us-gov:iam::000000000000:root")
    );
    let role = "arn:aws:iam::222222222222:role/team/deploy";
    let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=ci&DurationSeconds=900");
    let (status, body) = query(&engine, "sts", "us-east-1", &form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(within(&body, "Arn"), "arn:aws:sts::222222222222:assumed-role/deploy/ci");
    // The engine's clock, plus fifteen minutes.
    assert_eq!(within(&body, "Expiration"), "2023-11-14T22:28:20Z");
    assert_eq!(within(&body, "AccessKeyId"), "222222222222", "who has assumed a role is in its account");
    for (form, code) in [
        ("Action=AssumeRole&Version=2011-06-15&RoleSessionName=ci", "ValidationError"),
        ("Action=AssumeRole&Version=2011-06-15&RoleArn=nonsense&RoleSessionName=ci", "ValidationError"),
        (
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::222222222222:role/r&RoleSessionName=x",
            "ValidationError",
        ),
        ("Action=GetSessionToken&Version=2011-06-15", "InvalidAction"),
    ] {
        let (status, body) = query(&engine, "sts", "us-east-1", form).await;
        assert_eq!((status, within(&body, "Code")), (StatusCode::BAD_REQUEST, code), "{form}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn what_is_not_served_is_named_with_its_service() {
    let engine = Engine::new("unserved").await;
    for (service, form, name) in [
        ("sns", "Action=TagResource&Version=2010-03-31", "SNS TagResource"),
        ("sts", "Action=GetSessionToken&Version=2011-06-15", "STS GetSessionToken"),
        ("iam", "Action=CreateUser&Version=2010-05-08", "IAM CreateUser"),
        ("cloudformation", "Action=CreateStackSet&Version=2010-05-15", "CloudFormation CreateStackSet"),
    ] {
        let (_, body) = query(&engine, service, "us-east-1", form).await;
        let message = format!("The embedded engine does not serve {name}. Connect to AWS for it.");
        assert_eq!(within(&body, "Message"), message);
    }
    for (target, name) in [
        ("AmazonSQS.TagQueue", "SQS TagQueue"),
        ("DynamoDB_20120810.UpdateTable", "DynamoDB UpdateTable"),
        ("AmazonSSM.SendCommand", "SSM SendCommand"),
        ("Logs_20140328.PutLogEvents", "CloudWatch Logs PutLogEvents"),
    ] {
        let (status, answer) = call(&engine, "us-east-1", target, json!({})).await;
        assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!("UnknownOperationException")));
        assert_eq!(answer["message"], format!("The embedded engine does not serve {name}. Connect to AWS for it."));
    }
    for (method, path, name) in [
        (Method::PUT, "/bucket?acl", "S3 PutBucketAcl"),
        (Method::GET, "/bucket/key?tagging", "S3 GetObjectTagging"),
        (Method::GET, "/bucket/key?uploads", "S3 ListMultipartUploads"),
        (Method::PUT, "/bucket?versioning", "S3 PutBucketVersioning"),
    ] {
        let (status, _, body) = ask(&engine, Ask { method, path, ..Ask::default() }).await;
        assert_eq!((status, within(&body, "Code")), (StatusCode::NOT_IMPLEMENTED, "NotImplemented"));
        assert!(within(&body, "Message").contains(name), "{body}");
    }
    let lambda = Ask { service: "lambda", path: "/2015-03-31/event-source-mappings", ..Ask::default() };
    let (status, _, body) = ask(&engine, lambda).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("does not serve Lambda GET /2015-03-31/event-source-mappings"), "{body}");
    engine.remove().await;
}

#[tokio::test]
async fn an_event_that_is_no_json_reaches_no_function() {
    let engine = Engine::new("invoked").await;
    for (body, code) in [
        ("x", "InvalidRequestContentException"),
        ("{}", "ResourceNotFoundException"),
        ("", "ResourceNotFoundException"),
    ] {
        let path = "/2015-03-31/functions/f/invocations";
        let (_, headers, _) =
            ask(&engine, Ask { service: "lambda", method: Method::POST, path, body, ..Ask::default() }).await;
        assert_eq!(headers["x-amzn-errortype"], code, "{body}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn objects_are_kept_over_http() {
    let engine = Engine::new("s3-http").await;
    let request = async |method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
        ask(&engine, Ask { method, path, headers, body, ..Ask::default() }).await
    };
    assert_eq!(request(Method::PUT, "/bucket/a.txt", &[], "x").await.0, StatusCode::NOT_FOUND);
    assert_eq!(request(Method::PUT, "/bucket", &[], "").await.0, StatusCode::OK);
    assert_eq!(request(Method::HEAD, "/bucket", &[], "").await.0, StatusCode::OK);
    let (_, _, location) = request(Method::GET, "/bucket?location", &[], "").await;
    assert!(
        location
            .contains("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></LocationConstraint>")
    );
    let (_, headers, _) = request(Method::PUT, "/bucket/in/a%20b%2Bc.txt?x-id=PutObject", &[], "hello").await;
    assert_eq!(headers["etag"], "\"5d41402abc4b2a76b9719d911017c592\"");
    let chunked = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("content-encoding", "aws-chunked")];
    request(Method::PUT, "/bucket/chunked", &chunked, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n").await;
    for (path, range, status, expected) in [
        ("/bucket/in/a%20b%2Bc.txt", None, StatusCode::OK, "hello"),
        ("/bucket/in/a%20b+c.txt", None, StatusCode::OK, "hello"),
        ("/bucket/chunked", None, StatusCode::OK, "hello"),
        ("/bucket/chunked", Some("bytes=1-2"), StatusCode::PARTIAL_CONTENT, "el"),
    ] {
        let headers: Vec<(&str, &str)> = range.map(|range| ("range", range)).into_iter().collect();
        let (found, _, body) = request(Method::GET, path, &headers, "").await;
        assert_eq!((found, body.as_str()), (status, expected), "{path}");
    }
    let (status, headers, _) = request(Method::HEAD, "/bucket/chunked", &[], "").await;
    assert_eq!((status, headers["content-length"].to_str().unwrap()), (StatusCode::OK, "5"));
    assert!(headers["last-modified"].to_str().unwrap().ends_with("GMT"));
    let (_, _, listed) = request(Method::GET, "/bucket?list-type=2&prefix=in%2F&encoding-type=url", &[], "").await;
    assert_eq!((within(&listed, "Key"), within(&listed, "KeyCount")), ("in/a%20b%2Bc.txt", "1"));
    let (_, _, listed) = request(Method::GET, "/bucket?list-type=2&delimiter=%2F", &[], "").await;
    assert_eq!((within(&listed, "Key"), within(&listed, "KeyCount")), ("chunked", "2"));
    assert!(listed.contains("<CommonPrefixes><Prefix>in/</Prefix></CommonPrefixes>"), "{listed}");
    for most in ["many", "-1", "2147483648"] {
        let (status, _, body) = request(Method::GET, &format!("/bucket?list-type=2&max-keys={most}"), &[], "").await;
        assert_eq!((status, within(&body, "Code")), (StatusCode::BAD_REQUEST, "InvalidArgument"), "{most}");
    }
    let (status, _, body) = request(Method::GET, "/bucket/none", &[], "").await;
    assert_eq!((status, within(&body, "Code")), (StatusCode::NOT_FOUND, "NoSuchKey"));
    let virtual_host = [("host", "bucket.s3.localhost:8083")];
    assert_eq!(request(Method::GET, "/chunked", &virtual_host, "").await.2, "hello");
    assert_eq!(request(Method::DELETE, "/bucket/chunked", &[], "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(request(Method::HEAD, "/bucket/chunked", &[], "").await.0, StatusCode::NOT_FOUND);
    engine.remove().await;
}

#[tokio::test]
async fn queues_are_changed_and_deleted() {
    let engine = Engine::new("queues-http").await;
    let sqs =
        async |operation: &str, body: Value| call(&engine, "eu-west-1", &format!("AmazonSQS.{operation}"), body).await;
    let (_, made) = sqs("CreateQueue", json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "5" } })).await;
    assert_eq!(made["QueueUrl"], "http://localhost:8083/000000000000/q", "where the caller came to");
    let url = &made["QueueUrl"];
    let set = json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": "7", "Policy": "{}" } });
    assert_eq!(sqs("SetQueueAttributes", set).await.0, StatusCode::OK);
    let (_, shown) = sqs("GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
    let shown = &shown["Attributes"];
    assert_eq!(shown["QueueArn"], "arn:aws:sqs:eu-west-1:000000000000:q");
    assert_eq!(
        (&shown["VisibilityTimeout"], &shown["DelaySeconds"], &shown["Policy"]),
        (&json!("5"), &json!("7"), &json!("{}"))
    );
    let (_, shown) = sqs("GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": ["DelaySeconds"] })).await;
    assert_eq!(shown, json!({ "Attributes": { "DelaySeconds": "7" } }));
    for (attributes, code) in [
        (json!({ "Colour": "red" }), "InvalidAttributeName"),
        (json!({ "DelaySeconds": "901" }), "InvalidParameterValue"),
        (json!({}), "MissingParameter"),
    ] {
        let (status, answer) = sqs("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": attributes })).await;
        assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
    assert_eq!(sqs("DeleteQueue", json!({ "QueueUrl": url })).await.0, StatusCode::OK);
    for operation in ["DeleteQueue", "ReceiveMessage", "GetQueueAttributes"] {
        let (_, answer) = sqs(operation, json!({ "QueueUrl": url })).await;
        assert_eq!(answer["__type"], "com.amazonaws.sqs#QueueDoesNotExist", "{operation}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn topics_are_made_and_deleted() {
    let engine = Engine::new("topics-http").await;
    let sns = async |form: &str| query(&engine, "sns", "us-east-1", &format!("{form}&Version=2010-03-31")).await;
    let (_, body) = sns("Action=CreateTopic&Name=t").await;
    let arn = within(&body, "TopicArn").to_owned();
    assert_eq!(arn, "arn:aws:sns:us-east-1:000000000000:t");
    let fifo = "Action=CreateTopic&Name=t.fifo&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true";
    let (_, body) = sns(fifo).await;
    let fifo = within(&body, "TopicArn").to_owned();
    for (form, why) in [
        (
            format!("Action=Publish&TopicArn={fifo}&Message=m"),
            "The MessageGroupId parameter is required for FIFO topics",
        ),
        (
            format!("Action=Publish&TopicArn={fifo}&Message=m&MessageGroupId=g"),
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ),
        ("Action=CreateTopic&Name=t.fifo".to_owned(), "Topic Name"),
        (format!("Action=Publish&TopicArn={arn}&Message="), "Empty message"),
        ("Action=Publish&Message=m".to_owned(), "TopicArn or TargetArn Reason: no value for required parameter"),
        (
            "Action=Publish&TopicArn=t&Message=m".to_owned(),
            "TopicArn Reason: An ARN must have at least 6 elements, not 1",
        ),
    ] {
        let (status, body) = sns(&form).await;
        assert_eq!((status, within(&body, "Code")), (StatusCode::BAD_REQUEST, "InvalidParameter"), "{form}");
        assert_eq!(within(&body, "Message"), format!("Invalid parameter: {why}"));
    }
    let publish = format!("Action=Publish&TopicArn={fifo}&Message=m&MessageGroupId=g&MessageDeduplicationId=d");
    let (first, second) = (sns(&publish).await.1, sns(&publish).await.1);
    assert_eq!(within(&first, "MessageId"), within(&second, "MessageId"), "it is the same message");
    assert_eq!(within(&first, "SequenceNumber"), "10000000000000000000");
    for _ in 0..2 {
        assert_eq!(sns(&format!("Action=DeleteTopic&TopicArn={arn}")).await.0, StatusCode::OK);
    }
    let (status, body) = sns(&format!("Action=Publish&TopicArn={arn}&Message=m")).await;
    assert_eq!((status, within(&body, "Code")), (StatusCode::NOT_FOUND, "NotFound"));
    engine.remove().await;
}

#[tokio::test]
async fn tables_are_described_listed_and_deleted() {
    let engine = Engine::new("tables-http").await;
    let dynamodb = async |operation: &str, body: Value| {
        call(&engine, "us-east-1", &format!("DynamoDB_20120810.{operation}"), body).await
    };
    let key = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    let definitions = json!([{ "AttributeName": "id", "AttributeType": "S" }]);
    for name in ["b", "a"] {
        let create = json!({ "TableName": name, "KeySchema": key, "AttributeDefinitions": definitions });
        assert_eq!(dynamodb("CreateTable", create).await.0, StatusCode::OK);
    }
    dynamodb("PutItem", json!({ "TableName": "a", "Item": { "id": { "S": "1" } } })).await;
    let (_, shown) = dynamodb("DescribeTable", json!({ "TableName": "a" })).await;
    let table = &shown["Table"];
    assert_eq!((&table["TableStatus"], &table["ItemCount"]), (&json!("ACTIVE"), &json!(1)));
    assert_eq!((&table["KeySchema"], &table["AttributeDefinitions"]), (&key, &definitions));
    assert_eq!(table["TableArn"], "arn:aws:dynamodb:us-east-1:000000000000:table/a");
    let (_, first) = dynamodb("ListTables", json!({ "Limit": 1 })).await;
    assert_eq!(first, json!({ "TableNames": ["a"], "LastEvaluatedTableName": "a" }));
    let (_, rest) = dynamodb("ListTables", json!({ "ExclusiveStartTableName": "a" })).await;
    assert_eq!(rest, json!({ "TableNames": ["b"] }));
    let (_, shown) = dynamodb("DeleteTable", json!({ "TableName": "a" })).await;
    assert_eq!(shown["TableDescription"]["TableStatus"], "DELETING");
    for operation in ["DescribeTable", "DeleteTable"] {
        let (_, answer) = dynamodb(operation, json!({ "TableName": "a" })).await;
        assert_eq!(answer["__type"], "ResourceNotFoundException");
        assert_eq!(answer["message"], "Requested resource not found: Table: a not found");
    }
    dynamodb("CreateTable", json!({ "TableName": "a", "KeySchema": key })).await;
    let (_, found) = dynamodb("GetItem", json!({ "TableName": "a", "Key": { "id": { "S": "1" } } })).await;
    assert_eq!(found, json!({}), "its items are gone with it");
    engine.remove().await;
}

//! Lambda's API: functions that clients make while the engine runs.

use std::io::{Cursor, Write};

use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::clients::{Ask, ask};
use crate::engine::{Engine, only, text};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:made";
const AT: &str = "/2015-03-31/functions";

/// A package with one file, in Base64.
fn package(name: &str, code: &str) -> String {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(code.as_bytes()).unwrap();
    BASE64_STANDARD.encode(writer.finish().unwrap().into_inner())
}

fn python(answer: &str) -> String {
    package("index.py", &format!("def handler(event, context):\n    return {answer}\n"))
}

async fn send(engine: &Engine, method: Method, path: &str, body: Value) -> (StatusCode, HeaderMap, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Ask { service: "lambda", method, path, body: &body, ..Ask::default() };
    let (status, headers, text) = ask(engine, request).await;
    (status, headers, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

async fn refused(engine: &Engine, method: Method, path: &str, body: Value) -> (u16, String, String) {
    let (status, headers, answer) = send(engine, method, path, body).await;
    let code = headers.get("x-amzn-errortype").map(|code| code.to_str().unwrap().to_owned());
    (status.as_u16(), code.unwrap_or_default(), text(&answer["Message"]))
}

fn create(name: &str, zip: &str) -> Value {
    json!({ "FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Timeout": 10,
            "Role": "arn:aws:iam::000000000000:role/r", "Code": { "ZipFile": zip } })
}

async fn made(engine: &Engine, ask: Value) -> Value {
    let (status, _, answer) = send(engine, Method::POST, AT, ask).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer
}

async fn called(engine: &Engine, name: &str) -> Value {
    send(engine, Method::POST, &format!("{AT}/{name}/invocations"), json!({ "n": 1 })).await.2
}

#[tokio::test]
async fn a_function_is_made_called_changed_and_deleted_while_the_engine_runs() {
    let engine = Engine::new("function").await;
    let mut ask = create("made", &python("['one', context.function_version, context.memory_limit_in_mb]"));
    ask["Tags"] = json!({ "of": "tests" });
    let answer = made(&engine, ask).await;
    assert_eq!((&answer["FunctionArn"], &answer["State"]), (&json!(ARN), &json!("Active")));
    assert_eq!(called(&engine, "made").await, json!(["one", "$LATEST", "128"]));
    // A workflow calls it as any other.
    let task = |arn: &str| only(json!({ "Type": "Task", "Resource": arn }));
    let machine = engine.machine("Calls", task(ARN)).await;
    let execution = engine.start(&machine, "one").await;
    assert_eq!(engine.ended(&execution).await.output.unwrap(), "[\"one\",\"$LATEST\",\"128\"]");

    let (_, _, published) = send(&engine, Method::POST, &format!("{AT}/made/versions"), json!({})).await;
    assert_eq!(published["FunctionArn"], format!("{ARN}:1"));
    let changed = send(&engine, Method::PUT, &format!("{AT}/made/code"), json!({ "ZipFile": python("'two'") })).await;
    assert_ne!(changed.2["CodeSha256"], answer["CodeSha256"]);
    let update = json!({ "MemorySize": 256, "Environment": { "Variables": { "GREETING": "hello" } } });
    let (_, _, updated) = send(&engine, Method::PUT, &format!("{AT}/made/configuration"), update).await;
    assert_eq!((&updated["MemorySize"], &updated["Timeout"]), (&json!(256), &json!(10)));

    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    let (_, _, pointed) = send(&engine, Method::POST, &format!("{AT}/made/aliases"), alias).await;
    assert_eq!(pointed["AliasArn"], format!("{ARN}:live"));

    let engine = engine.restart_after(1_000).await;
    assert_eq!(called(&engine, "made:live").await, json!(["one", "1", "128"]));
    let used = refused(&engine, Method::DELETE, &format!("{AT}/made?Qualifier=1"), Value::Null).await;
    assert_eq!((used.0, used.1.as_str()), (409, "ResourceConflictException"));
    let latest = json!({ "FunctionVersion": "$LATEST" });
    send(&engine, Method::PUT, &format!("{AT}/made/aliases/live"), latest).await;
    assert_eq!(called(&engine, &format!("{ARN}:live")).await, json!("two"));
    assert_eq!(called(&engine, "made").await, json!("two"), "it survives a restart");
    assert_eq!(called(&engine, &format!("{ARN}:1")).await, json!(["one", "1", "128"]), "a version keeps its code");
    let (_, _, got) = send(&engine, Method::GET, &format!("{AT}/made"), Value::Null).await;
    assert_eq!(got["Configuration"]["Environment"]["Variables"]["GREETING"], "hello");
    assert_eq!(got["Tags"], json!({ "of": "tests" }));
    let (_, _, listed) = send(&engine, Method::GET, &format!("{AT}/made/versions"), Value::Null).await;
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 2);

    let (status, ..) = send(&engine, Method::DELETE, &format!("{AT}/made"), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let gone = refused(&engine, Method::POST, &format!("{AT}/made/invocations"), Value::Null).await;
    assert_eq!(gone, (404, "ResourceNotFoundException".to_owned(), format!("Function not found: {ARN}")));
    let folders = std::fs::read_dir(engine.host.store.folder().join("functions")).unwrap();
    assert_eq!(folders.count(), 0, "nothing of its code is left");
    engine.remove().await;
}

#[tokio::test]
async fn a_function_in_javascript_runs_as_on_lambda() {
    let engine = Engine::new("function-node").await;
    let code = "exports.handler = async (event) => ({ twice: event.n * 2 });\n\
                exports.fails = async () => { class NoPaper extends Error {}; const e = new NoPaper('empty'); \
                e.name = 'NoPaper'; throw e; };\n\
                exports.calls = (event, context, callback) => setTimeout(() => callback(null, context.functionName), 1);\n\
                exports.silent = () => {};\n";
    for (name, expected) in [("handler", json!({ "twice": 2 })), ("calls", json!("calls")), ("silent", Value::Null)] {
        let mut ask = create(name, &package("index.js", code));
        ask["Runtime"] = json!("nodejs22.x");
        ask["Handler"] = json!(format!("index.{name}"));
        made(&engine, ask).await;
        assert_eq!(called(&engine, name).await, expected, "{name}");
        assert_eq!(called(&engine, name).await, expected, "{name}, in the same process");
    }
    for (name, file, code, handler, error) in [
        ("fails", "index.js", code, "index.fails", "NoPaper"),
        ("module", "index.mjs", "export const handler = 1;", "index.handler", "Runtime.HandlerNotFound"),
        ("absent", "index.mjs", "export const handler = 1;", "other.handler", "Runtime.ImportModuleError"),
        ("broken", "index.mjs", "export const = ;", "index.handler", "Runtime.UserCodeSyntaxError"),
    ] {
        let mut ask = create(name, &package(file, code));
        ask["Runtime"] = json!("nodejs22.x");
        ask["Handler"] = json!(handler);
        made(&engine, ask).await;
        let failed = called(&engine, name).await;
        assert_eq!(failed["errorType"], error, "{name}: {failed}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn the_functions_of_the_file_stay_and_are_not_overwritten() {
    let declared = "[functions.declared]\nruntime = \"python3.11\"\nhandler = \"declared.handler\"\n";
    // The module has to be there before the engine reads the file.
    let folder = std::env::temp_dir().join(format!("countersign-declared-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("declared.py"), "def handler(event, context):\n    return 'of the file'\n").unwrap();
    let declared = format!("{declared}code = {:?}\n", folder.display().to_string());
    let engine = Engine::with_functions("function-file", &declared).await;
    assert_eq!(called(&engine, "declared").await, json!("of the file"));
    let (_, _, listed) = send(&engine, Method::GET, AT, Value::Null).await;
    assert_eq!(listed["Functions"][0]["FunctionName"], "declared");
    let zip = python("1");
    for (method, path, body) in [
        (Method::POST, AT.to_owned(), create("declared", &zip)),
        (Method::PUT, format!("{AT}/declared/code"), json!({ "ZipFile": zip })),
        (Method::PUT, format!("{AT}/declared/configuration"), json!({ "Timeout": 5 })),
        (Method::DELETE, format!("{AT}/declared"), Value::Null),
    ] {
        let (status, code, why) = refused(&engine, method, &path, body).await;
        assert_eq!((status, code.as_str()), (409, "ResourceConflictException"), "{path}: {why}");
        assert!(why.contains("functions file"), "{why}");
    }
    assert_eq!(called(&engine, "declared").await, json!("of the file"));
    made(&engine, create("made", &zip)).await;
    let again = refused(&engine, Method::POST, AT, create("made", &zip)).await;
    assert_eq!(again, (409, "ResourceConflictException".to_owned(), "Function already exist: made".to_owned()));
    engine.remove().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_a_function_prints_is_in_its_log_group() {
    let engine = Engine::new("function-logs").await;
    let logs = async |operation: &str, body: Value| engine.ask(&format!("Logs_20140328.{operation}"), &body).await.1;
    let group = json!({ "logGroupName": "/aws/lambda/made" });
    assert_eq!(logs("FilterLogEvents", group.clone()).await["__type"], "ResourceNotFoundException");
    let code = "def handler(event, context):\n    for n in range(3):\n        print('line', n, 'of', event)\n";
    made(&engine, create("made", &package("index.py", code))).await;
    assert_eq!(logs("FilterLogEvents", group.clone()).await, json!({ "events": [] }), "it has printed nothing");
    let key = engine.host.functions.key(&engine.host.place, "made").unwrap();
    for event in ["1", "2"] {
        engine.host.functions.invoke(&key, event).await.unwrap();
    }
    // The answer may be there before the output is read.
    while logs("FilterLogEvents", group.clone()).await["events"].as_array().unwrap().len() < 6 {
        tokio::task::yield_now().await;
    }
    let groups = logs("DescribeLogGroups", json!({ "logGroupNamePrefix": "/aws/lambda/" })).await;
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/aws/lambda/made");
    let streams =
        logs("DescribeLogStreams", json!({ "logGroupName": "/aws/lambda/made", "orderBy": "LastEventTime" })).await;
    let names: Vec<String> =
        streams["logStreams"].as_array().unwrap().iter().map(|one| text(&one["logStreamName"])).collect();
    assert!(names.len() == 2 && names[0].contains("/[$LATEST]"), "{names:?}");

    let mut all = Vec::new();
    let mut ask = json!({ "logGroupName": "/aws/lambda/made", "limit": 2, "filterPattern": "line -\"1 of\"" });
    loop {
        let page = logs("FilterLogEvents", ask.clone()).await;
        all.extend(page["events"].as_array().unwrap().iter().map(|event| text(&event["message"])));
        let Some(next) = page.get("nextToken") else { break };
        ask["nextToken"] = next.clone();
    }
    assert_eq!(all, ["line 0 of 1\n", "line 2 of 1\n", "line 0 of 2\n", "line 2 of 2\n"]);

    let mut ask = json!({ "logGroupName": "/aws/lambda/made", "logStreamName": names[0], "limit": 2 });
    let messages = |page: &Value| -> Vec<String> {
        page["events"].as_array().unwrap().iter().map(|event| text(&event["message"])).collect()
    };
    let last = logs("GetLogEvents", ask.clone()).await;
    assert_eq!(messages(&last), ["line 1 of 1\n", "line 2 of 1\n"]);
    ask["nextToken"] = last["nextBackwardToken"].clone();
    assert_eq!(messages(&logs("GetLogEvents", ask.clone()).await), ["line 0 of 1\n"]);
    ask["nextToken"] = last["nextForwardToken"].clone();
    let end = logs("GetLogEvents", ask.clone()).await;
    assert_eq!((messages(&end), &end["nextForwardToken"]), (Vec::new(), &last["nextForwardToken"]));

    for (operation, ask, code) in [
        ("FilterLogEvents", json!({ "limit": 0 }), "InvalidParameterException"),
        ("FilterLogEvents", json!({ "nextToken": "mine" }), "InvalidParameterException"),
        ("FilterLogEvents", json!({ "filterPattern": "{ $.level = 1 }" }), "InvalidParameterException"),
        ("FilterLogEvents", json!({ "logStreamNames": ["none"] }), "ResourceNotFoundException"),
        ("GetLogEvents", json!({ "logStreamName": "none" }), "ResourceNotFoundException"),
        ("GetLogEvents", json!({ "logStreamName": names[0], "nextToken": "f/mine" }), "InvalidParameterException"),
        ("DescribeLogStreams", json!({ "orderBy": "Size" }), "InvalidParameterException"),
    ] {
        let mut ask = ask;
        ask["logGroupName"] = json!("/aws/lambda/made");
        assert_eq!(logs(operation, ask.clone()).await["__type"], code, "{operation} {ask}");
    }
    logs("DeleteLogGroup", group.clone()).await;
    assert_eq!(logs("FilterLogEvents", group).await, json!({ "events": [] }), "its output goes with the group");
    engine.remove().await;
}

#[tokio::test]
async fn a_list_takes_its_own_page_sizes_and_markers_only() {
    let engine = Engine::new("function-pages").await;
    for name in ["a", "b"] {
        made(&engine, create(name, &python("1"))).await;
    }
    let (_, _, first) = send(&engine, Method::GET, &format!("{AT}?MaxItems=1"), Value::Null).await;
    assert_eq!(first["Functions"][0]["FunctionName"], "a");
    let marker = text(&first["NextMarker"]);
    let (_, _, rest) = send(&engine, Method::GET, &format!("{AT}?Marker={marker}"), Value::Null).await;
    assert_eq!((&rest["Functions"][0]["FunctionName"], rest.get("NextMarker")), (&json!("b"), None));
    for (path, code) in [
        ("?MaxItems=one".to_owned(), "ValidationException"),
        ("?MaxItems=0".to_owned(), "ValidationException"),
        ("?FunctionVersion=1".to_owned(), "ValidationException"),
        ("/a/versions?MaxItems=10001".to_owned(), "ValidationException"),
        ("?Marker=mine".to_owned(), "InvalidParameterValueException"),
        (format!("/a/versions?Marker={marker}"), "InvalidParameterValueException"),
        (format!("/a/aliases?Marker={marker}"), "InvalidParameterValueException"),
    ] {
        let (status, found, why) = refused(&engine, Method::GET, &format!("{AT}{path}"), Value::Null).await;
        assert_eq!((status, found.as_str()), (400, code), "{path}: {why}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn what_lambda_does_not_take_is_refused_before_anything_is_made() {
    let engine = Engine::new("function-refusals").await;
    let zip = python("1");
    let with = |name: &str, value: Value| {
        let mut ask = create("made", &zip);
        ask[name] = value;
        ask
    };
    for (ask, why) in [
        (with("Runtime", json!("java21")), "java21 does not run"),
        (with("Runtime", Value::Null), "mandatory"),
        (with("Handler", json!("handler")), "module.function"),
        (with("FunctionName", json!("a b")), "functionName"),
        (with("PackageType", json!("Image")), "container images"),
        (with("Code", json!({ "ZipFile": "AAAA" })), "Could not unzip"),
        (with("Code", json!({})), "provide a source"),
        (with("Code", json!({ "S3Bucket": "none", "S3Key": "k" })), "S3 Error Code: NoSuchBucket"),
        (with("Layers", json!(["arn:aws:lambda:us-east-1:1:layer:l:1"])), "no layers"),
    ] {
        let (status, _, message) = refused(&engine, Method::POST, AT, ask).await;
        assert!(status == 400 && message.contains(why), "{why}: {message}");
    }
    let (_, _, listed) = send(&engine, Method::GET, AT, Value::Null).await;
    assert_eq!(listed["Functions"], json!([]));
    engine.remove().await;
}

#[tokio::test]
async fn who_may_call_a_function_is_stored() {
    let engine = Engine::new("function-policy").await;
    made(&engine, create("made", &python("1"))).await;
    let policy = format!("{AT}/made/policy");
    assert_eq!(refused(&engine, Method::GET, &policy, Value::Null).await.0, 404);
    let add = json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "states.amazonaws.com",
                      "SourceArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m" });
    assert_eq!(send(&engine, Method::POST, &policy, add.clone()).await.0, StatusCode::CREATED);
    assert_eq!(refused(&engine, Method::POST, &policy, add).await.0, 409);
    let (_, _, got) = send(&engine, Method::GET, &policy, Value::Null).await;
    let got: Value = serde_json::from_str(got["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(got["Statement"][0]["Principal"], json!({ "Service": "states.amazonaws.com" }));
    assert_eq!(send(&engine, Method::DELETE, &format!("{policy}/s"), Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(refused(&engine, Method::DELETE, &format!("{policy}/s"), Value::Null).await.0, 404);
    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    send(&engine, Method::POST, &tags, json!({ "Tags": { "a": "1", "b": "2" } })).await;
    send(&engine, Method::DELETE, &format!("{tags}?tagKeys=a"), Value::Null).await;
    assert_eq!(send(&engine, Method::GET, &tags, Value::Null).await.2, json!({ "Tags": { "b": "2" } }));
    engine.remove().await;
}

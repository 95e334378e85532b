//! HTTP tasks, against a small server on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::any;
use serde_json::{Value, json};

use crate::engine::{Engine, only};

const CONNECTIONS: &str = r#"
[connections.key]
authorization = "api-key"
name = "x-api-key"
value = "open sesame"
query = { tenant = "t 1" }

[connections.basic]
authorization = "basic"
username = "ada"
password = "hidden"
body = { by = "ada" }
"#;

/// The requests that a server received, in order.
type Seen = Arc<Mutex<Vec<Value>>>;

/// A server that returns what it received.
async fn serve() -> SocketAddr {
    serve_and_note(Seen::default()).await
}

async fn serve_and_note(seen: Seen) -> SocketAddr {
    async fn echo(State(noted): State<Seen>, headers: HeaderMap, request: Request) -> Response<Body> {
        let uri = request.uri().to_string();
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let names = ["x-api-key", "authorization", "content-type", "user-agent", "range", "x-own"];
        let seen: serde_json::Map<String, Value> =
            names.iter().filter_map(|name| Some(((*name).to_owned(), json!(header(name)?)))).collect();
        let shown = json!({ "uri": uri, "body": String::from_utf8_lossy(&body), "headers": seen });
        noted.lock().unwrap().push(shown.clone());
        Response::builder().header("content-type", "application/json").body(Body::from(shown.to_string())).unwrap()
    }
    let answer = |status: u16, media: &'static str, body: String| async move {
        Response::builder()
            .status(status)
            .header("content-type", media)
            .header("location", "/")
            .body(Body::from(body))
            .unwrap()
    };
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/gone", any(move || answer(404, "text/plain", "no such order".to_owned())))
        .route("/moved", any(move || answer(302, "text/plain", String::new())))
        .route("/text", any(move || answer(200, "text/plain", "{}".to_owned())))
        .route("/latin", any(|| async { ([("content-type", "text/plain")], vec![0xfc]) }))
        .route("/picture", any(move || answer(200, "image/png", "x".to_owned())))
        .route("/large", any(move || answer(200, "text/plain", "x".repeat(262_145))))
        .route("/token", any(move || answer(200, "application/json", r#"{"access_token":"t0ken"}"#.to_owned())))
        .route("/refuses", any(|headers: HeaderMap| async move { (StatusCode::FORBIDDEN, format!("no {headers:?}")) }))
        .with_state(seen);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// The state of a call with this connection.
fn call(connection: &str, url: &str, more: Value) -> Value {
    let arn = format!("arn:aws:events:us-east-1:000000000000:connection/{connection}/0");
    let mut parameters = json!({ "ApiEndpoint": url, "Method": "POST", "Authentication": { "ConnectionArn": arn } });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters })
}

/// Runs a call to its end: its output, or its error and cause.
async fn run(engine: &Engine, state: Value) -> Result<Value, (String, String)> {
    let machine = engine.machine(&uuid::Uuid::new_v4().to_string(), only(state)).await;
    let execution = engine.start(&machine, "one").await;
    let row = engine.ended(&execution).await;
    match row.output {
        Some(output) => Ok(serde_json::from_str(&output).unwrap()),
        None => Err((row.error.unwrap_or_default(), row.cause.unwrap_or_default())),
    }
}

#[tokio::test]
async fn a_call_is_made_as_the_task_and_its_connection_say() {
    let seen = Seen::default();
    let (engine, server) = (Engine::with_functions("http", CONNECTIONS).await, serve_and_note(Arc::clone(&seen)).await);
    let last = || seen.lock().unwrap().last().cloned().unwrap();
    let url = format!("http://{server}/echo");
    let more =
        json!({ "QueryParameters": { "q": ["a&b", 2] }, "Headers": { "X-Own": "1" }, "RequestBody": { "a": [1] } });
    let answer = run(&engine, call("key", &url, more)).await.unwrap();
    assert_eq!((&answer["StatusCode"], &answer["StatusText"]), (&json!(200), &json!("OK")));
    assert_eq!(answer["Headers"]["content-type"], json!(["application/json"]));
    let shown = &answer["ResponseBody"];
    assert_eq!(
        (&shown["uri"], &shown["headers"]["x-api-key"]),
        (&json!("/echo?q=a%26b&q=2&tenant=****"), &json!("****")),
        "the history does not get what the server sent back"
    );
    let seen = last();
    assert_eq!((&seen["uri"], &seen["body"]), (&json!("/echo?q=a%26b&q=2&tenant=t+1"), &json!(r#"{"a":[1]}"#)));
    let headers = json!({
        "x-api-key": "open sesame", "content-type": "application/json; charset=UTF-8", "range": "bytes=0-262144",
        "user-agent": "Amazon|StepFunctions|HttpInvoke|us-east-1", "x-own": "1",
    });
    assert_eq!(seen["headers"], headers);

    let form = json!({
        "RequestBody": { "a": [1, 2] }, "Headers": { "Content-Type": "application/x-www-form-urlencoded" },
        "Transform": { "RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": { "ArrayFormat": "REPEAT" } },
    });
    let shown = run(&engine, call("basic", &url, form)).await.unwrap()["ResponseBody"].take();
    assert_eq!((&shown["body"], &shown["headers"]["authorization"]), (&json!("a=1&a=2&by=****"), &json!("Basic ****")));
    let seen = last();
    assert_eq!(
        (&seen["body"], &seen["headers"]["authorization"]),
        (&json!("a=1&a=2&by=ada"), &json!("Basic YWRhOmhpZGRlbg=="))
    );
    let wrong = json!({ "RequestBody": "whole", "Headers": { "Content-Length": "2" } });
    let seen = run(&engine, call("key", &url, wrong)).await.unwrap()["ResponseBody"].take();
    assert_eq!(seen["body"], json!("whole"));
    let text = run(&engine, call("basic", &format!("http://{server}/text"), json!({}))).await.unwrap();
    assert_eq!(text["ResponseBody"], json!("{}"));
    engine.remove().await;
}

#[tokio::test]
async fn a_call_that_fails_says_how() {
    let (engine, server) = (Engine::with_functions("http-fails", CONNECTIONS).await, serve().await);
    for (path, error, cause) in [
        ("gone", "States.Http.StatusCode.404", "no such order"),
        ("moved", "States.Http.StatusCode.302", "Found"),
        ("latin", "States.Runtime", "The response cannot be read as a text: it is not UTF-8."),
        ("picture", "States.Runtime", "The response has the content type image/png, which an HTTP task cannot take."),
        (
            "large",
            "States.DataLimitExceeded",
            "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit.",
        ),
    ] {
        let failed = run(&engine, call("key", &format!("http://{server}/{path}"), json!({}))).await.unwrap_err();
        assert_eq!(failed, (error.to_owned(), cause.to_owned()), "{path}");
    }
    // Nobody listens where a listener was just closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (error, cause) = run(&engine, call("key", &format!("http://{closed}/"), json!({}))).await.unwrap_err();
    assert_eq!(error, "States.Http.Socket");
    assert!(!cause.contains("tenant"), "a secret parameter is not shown: {cause}");
    let (error, cause) = run(&engine, call("other", &format!("http://{server}/"), json!({}))).await.unwrap_err();
    assert_eq!(error, "Events.ConnectionResource.ResourceNotFound");
    assert!(cause.contains("[connections.other]"), "{cause}");
    let (error, cause) = run(&engine, call("key", "http://api.example.com/", json!({}))).await.unwrap_err();
    assert!(error == "States.Runtime" && cause.contains("must begin with https://"), "{error}: {cause}");
    let refused = json!({ "Headers": { "Host": "x", "X-Amzn-Id": "y" }, "Method": "TRACE" });
    let (error, cause) = run(&engine, call("key", &format!("http://{server}/echo"), refused)).await.unwrap_err();
    assert_eq!(error, "States.Runtime");
    for fault in ["The header 'Host'", "The header 'X-Amzn-Id'", "'Method' must be one of"] {
        assert!(cause.contains(fault), "{cause}");
    }
    engine.remove().await;
}

#[tokio::test]
async fn an_api_on_this_machine_is_called_by_its_stage_and_path() {
    let (engine, server) = (Engine::new("gateway").await, serve().await);
    let state = |endpoint: String, path: &str| {
        let parameters = json!({
            "ApiEndpoint": endpoint, "Method": "POST", "Stage": "echo", "Path": path, "RequestBody": "hello",
            "QueryParameters": { "q": ["1", "2"] }, "Headers": { "X-Own": ["a", "b"] },
        });
        json!({ "Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": parameters })
    };
    let seen = run(&engine, state(server.to_string(), "/")).await.unwrap()["ResponseBody"].take();
    assert_eq!((&seen["uri"], &seen["body"]), (&json!("/echo?q=1&q=2"), &json!("\"hello\"")));
    assert_eq!(seen["headers"]["x-own"], json!("a,b"));
    let (error, _) = run(&engine, state(format!("http://{server}"), "none")).await.unwrap_err();
    assert_eq!(error, "ApiGateway.404");
    let mut large = state(server.to_string(), "/");
    large["Parameters"]["Stage"] = json!("large");
    let (error, cause) = run(&engine, large).await.unwrap_err();
    assert_eq!(error, "States.DataLimitExceeded");
    assert!(cause.starts_with("The state/task 'apigateway' returned"), "{cause}");
    let (_, cause) = run(&engine, state("x.execute-api.us-east-1.amazonaws.com".to_owned(), "/")).await.unwrap_err();
    assert!(cause.contains("has no local form"), "{cause}");
    engine.remove().await;
}

#[tokio::test]
async fn an_oauth_connection_asks_for_its_token() {
    let seen = Seen::default();
    let server = serve_and_note(Arc::clone(&seen)).await;
    let connections = format!(
        "[connections.oauth]\nauthorization = \"oauth\"\ntoken_url = \"http://{server}/token\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
         [connections.wrong]\nauthorization = \"oauth\"\ntoken_url = \"http://{server}/gone\"\nclient_id = \"c\"\nclient_secret = \"s\"\n"
    );
    let engine = Engine::with_functions("http-oauth", &connections).await;
    let url = format!("http://{server}/echo");
    let answer = run(&engine, call("oauth", &url, json!({}))).await.unwrap();
    assert_eq!(answer["ResponseBody"]["headers"]["authorization"], json!("Bearer ****"));
    assert_eq!(seen.lock().unwrap().last().unwrap()["headers"]["authorization"], json!("Bearer t0ken"));
    let (error, cause) = run(&engine, call("wrong", &url, json!({}))).await.unwrap_err();
    assert_eq!(error, "Events.ConnectionResource.InvalidConnectionState");
    assert!(cause.ends_with("answered 404 Not Found without a token."), "{cause}");
    engine.remove().await;
}

#[tokio::test]
async fn a_test_of_the_state_shows_what_went_over_the_wire() {
    let (engine, server) = (Engine::with_functions("http-trace", CONNECTIONS).await, serve().await);
    let mut state = call("key", &format!("http://{server}/gone"), json!({ "RequestBody": "hello" }));
    state["End"] = json!(true);
    let ask = |reveal: bool| {
        json!({ "definition": state.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r", "inspectionLevel": "TRACE",
                "revealSecrets": reveal })
    };
    let tested = engine.call("TestState", ask(false)).await;
    let (request, response) = (&tested["inspectionData"]["request"], &tested["inspectionData"]["response"]);
    assert_eq!((&tested["status"], &tested["error"]), (&json!("FAILED"), &json!("States.Http.StatusCode.404")));
    assert_eq!(
        (&request["method"], &request["protocol"], &request["body"]),
        (&json!("POST"), &json!("http"), &json!("hello"))
    );
    assert_eq!(request["url"], json!(format!("http://{server}/gone?tenant=****")));
    assert_eq!((&response["statusCode"], &response["body"]), (&json!("404"), &json!("no such order")));
    let shown = tested.to_string();
    assert!(shown.contains("x-api-key: ****") && !shown.contains("open sesame"), "{shown}");
    let shown = engine.call("TestState", ask(true)).await.to_string();
    assert!(shown.contains("x-api-key: open sesame"), "{shown}");
    engine.remove().await;
}

#[tokio::test]
async fn a_workflow_gets_no_secret_out_of_its_connection() {
    let (engine, server) = (Engine::with_functions("http-secrets", CONNECTIONS).await, serve().await);
    let (error, cause) = run(&engine, call("key", &format!("http://{server}/refuses"), json!({}))).await.unwrap_err();
    assert_eq!(error, "States.Http.StatusCode.403");
    assert!(cause.contains(r#""x-api-key": "****""#) && !cause.contains("sesame"), "{cause}");
    let mut state = call("key", &format!("http://{server}/echo"), json!({}));
    state["End"] = json!(true);
    for (name, asks) in
        [("RevealSecrets", json!(true)), ("revealSecrets", json!(true)), ("RevealSecrets", json!("true"))]
    {
        let mut parameters =
            json!({ "Definition": state, "RoleArn": "arn:aws:iam::000000000000:role/r", "InspectionLevel": "TRACE" });
        parameters[name] = asks;
        let task = json!({
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:testState", "Parameters": parameters,
        });
        let (error, cause) = run(&engine, task.clone()).await.unwrap_err();
        assert_eq!(error, "Sfn.AccessDeniedException");
        assert!(cause.contains("states:RevealSecrets"), "{cause}");
        // A test within a test asks no better.
        let mut inner = task;
        inner["End"] = json!(true);
        let outer = json!({ "Definition": inner, "RoleArn": "arn:aws:iam::000000000000:role/r" });
        let outer =
            json!({ "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:testState", "Parameters": outer });
        let shown = run(&engine, outer).await.unwrap();
        assert_eq!(shown["Error"], json!("Sfn.AccessDeniedException"), "{shown}");
    }
    let parameters = json!({
        "Definition": state, "RoleArn": "arn:aws:iam::000000000000:role/r", "InspectionLevel": "TRACE", "RevealSecrets": false,
    });
    let task =
        json!({ "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:testState", "Parameters": parameters });
    let shown = run(&engine, task).await.unwrap().to_string();
    assert!(
        shown.contains("x-api-key") && !shown.contains("sesame"),
        "what went over the wire, without the secret: {shown}"
    );
    engine.remove().await;
}

#[tokio::test]
async fn who_holds_a_token_cannot_put_a_secret_into_a_history() {
    let engine = Engine::with_functions("http-tokens", CONNECTIONS).await;
    for (name, operation, said) in [
        ("M1", "SendTaskSuccess", json!({ "output": r#"{"key": "b3BlbiBzZXNhbWU=", "k": "open sesame"}"# })),
        ("M2", "SendTaskFailure", json!({ "error": "hidden", "cause": "it is open+sesame" })),
    ] {
        let parameters = json!({ "QueueUrl": "q", "MessageBody": { "t.$": "$$.Task.Token" } });
        let queue = json!({ "QueueName": "q" });
        let (status, _) = engine.ask("AmazonSQS.CreateQueue", &queue).await;
        assert_eq!(status, StatusCode::OK);
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": parameters,
        });
        let machine = engine.machine(name, only(state)).await;
        let execution = engine.start(&machine, "one").await;
        let token = loop {
            let (_, got) = engine.ask("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": "q" })).await;
            if let Some(body) = got["Messages"][0]["Body"].as_str() {
                break serde_json::from_str::<Value>(body).unwrap()["t"].take();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let mut ask = json!({ "taskToken": token });
        ask.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        engine.call(operation, ask).await;
        let row = engine.ended(&execution).await;
        match row.output {
            Some(output) => assert_eq!(output, r#"{"key":"****","k":"****"}"#),
            None => assert_eq!((row.error.as_deref(), row.cause.as_deref()), (Some("****"), Some("it is ****"))),
        }
    }
    engine.remove().await;
}

#[tokio::test]
async fn the_programs_own_addresses_are_out_of_reach_of_a_workflow() {
    let seen = Seen::default();
    let dashboard = serve_and_note(Arc::clone(&seen)).await;
    let connections = format!(
        "{CONNECTIONS}\n[connections.oauth]\nauthorization = \"oauth\"\ntoken_url = \"http://{dashboard}/token\"\nclient_id = \"c\"\nclient_secret = \"secret\"\n"
    );
    let engine = Engine::with_functions("http-own", &connections).await;
    engine.host.http.close_to(dashboard);
    let runtime = engine.host.functions.address();
    for port in [dashboard.port(), runtime.port()] {
        for host in ["127.0.0.1", "localhost", "127.9.9.9", "[::1]"] {
            let gateway = json!({ "Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": {
                "ApiEndpoint": format!("{host}:{port}"), "Method": "POST", "Stage": "echo", "RequestBody": "decision=approve",
            }});
            for state in [gateway, call("key", &format!("http://{host}:{port}/echo"), json!({}))] {
                let (error, cause) = run(&engine, state).await.unwrap_err();
                assert_eq!(error, "States.Runtime", "{host}: {cause}");
                assert!(cause.contains("where Countersign itself listens"), "{host}: {cause}");
            }
        }
        // An address that is not plainly this machine's is reached by https alone, and refused there.
        for host in ["0.0.0.0", "2130706433", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "[::]"] {
            let (_, cause) =
                run(&engine, call("key", &format!("https://{host}:{port}/echo"), json!({}))).await.unwrap_err();
            let refusals = ["where Countersign itself listens", "invalid dns name"];
            assert!(refusals.iter().any(|refusal| cause.contains(refusal)), "{host}: {cause}");
        }
    }
    let (error, cause) = run(&engine, call("oauth", "https://api.example.com/", json!({}))).await.unwrap_err();
    assert_eq!(error, "Events.ConnectionResource.InvalidConnectionState");
    assert!(cause.contains("where Countersign itself listens"), "{cause}");
    assert_eq!(seen.lock().unwrap().len(), 0, "nothing arrived");
    engine.remove().await;
}

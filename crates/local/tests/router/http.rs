//! HTTP tasks, against a small server on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
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

/// A server that answers with what it was asked.
async fn serve() -> SocketAddr {
    async fn echo(headers: HeaderMap, request: Request) -> Response<Body> {
        let uri = request.uri().to_string();
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let names = ["x-api-key", "authorization", "content-type", "user-agent", "range", "x-own"];
        let seen: serde_json::Map<String, Value> =
            names.iter().filter_map(|name| Some(((*name).to_owned(), json!(header(name)?)))).collect();
        let told = json!({ "uri": uri, "body": String::from_utf8_lossy(&body), "headers": seen });
        Response::builder().header("content-type", "application/json").body(Body::from(told.to_string())).unwrap()
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
        .route("/picture", any(move || answer(200, "image/png", "x".to_owned())))
        .route("/large", any(move || answer(200, "text/plain", "x".repeat(262_145))))
        .route("/token", any(move || answer(200, "application/json", r#"{"access_token":"t0ken"}"#.to_owned())));
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
    let (engine, server) = (Engine::with_functions("http", CONNECTIONS).await, serve().await);
    let url = format!("http://{server}/echo");
    let more =
        json!({ "QueryParameters": { "q": ["a&b", 2] }, "Headers": { "X-Own": "1" }, "RequestBody": { "a": [1] } });
    let answer = run(&engine, call("key", &url, more)).await.unwrap();
    assert_eq!((&answer["StatusCode"], &answer["StatusText"]), (&json!(200), &json!("OK")));
    assert_eq!(answer["Headers"]["content-type"], json!(["application/json"]));
    let seen = &answer["ResponseBody"];
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
    let seen = run(&engine, call("basic", &url, form)).await.unwrap()["ResponseBody"].take();
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
    assert!(!cause.contains("tenant"), "a secret parameter is not told: {cause}");
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
    let server = serve().await;
    let connections = format!(
        "[connections.oauth]\nauthorization = \"oauth\"\ntoken_url = \"http://{server}/token\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
         [connections.wrong]\nauthorization = \"oauth\"\ntoken_url = \"http://{server}/gone\"\nclient_id = \"c\"\nclient_secret = \"s\"\n"
    );
    let engine = Engine::with_functions("http-oauth", &connections).await;
    let url = format!("http://{server}/echo");
    let answer = run(&engine, call("oauth", &url, json!({}))).await.unwrap();
    assert_eq!(answer["ResponseBody"]["headers"]["authorization"], json!("Bearer t0ken"));
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
    let told = tested.to_string();
    assert!(told.contains("x-api-key: ****") && !told.contains("open sesame"), "{told}");
    let told = engine.call("TestState", ask(true)).await.to_string();
    assert!(told.contains("x-api-key: open sesame"), "{told}");
    engine.remove().await;
}

//! One engine under test, and how a test calls it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use countersign_engine::SharedSandbox;
use countersign_local::api;
use countersign_local::clock::Clock;
use countersign_local::host::{AccountRegion, Host};
use countersign_local::integrations::Mocks;
use countersign_local::lambda::Functions;
use countersign_local::store::{ExecutionRow, Store, StoreError};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// An engine whose folder goes away with it.
pub struct Engine {
    pub host: Arc<Host>,
    pub router: Router,
    now: Arc<AtomicI64>,
    end: CancellationToken,
    folder: PathBuf,
    sandbox: Option<SharedSandbox>,
}

impl Engine {
    /// A fresh engine; `test` names its folder.
    pub async fn new(test: &str) -> Self {
        Self::fresh(test, "", None).await
    }

    /// The same with a functions' file of this text.
    pub async fn with_functions(test: &str, declarations: &str) -> Self {
        Self::fresh(test, declarations, None).await
    }

    /// A fresh engine with a sandbox.
    pub async fn with_sandbox(test: &str, sandbox: SharedSandbox) -> Self {
        Self::fresh(test, "", Some(sandbox)).await
    }

    async fn fresh(test: &str, declarations: &str, sandbox: Option<SharedSandbox>) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-router-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("functions.toml"), declarations).unwrap();
        Self::open(folder, Arc::new(AtomicI64::new(1_700_000_000_000)), sandbox).await
    }

    async fn open(folder: PathBuf, now: Arc<AtomicI64>, sandbox: Option<SharedSandbox>) -> Self {
        // The engine before this one may hold the folder until it has been dropped.
        let store = loop {
            match Store::open(&folder).await {
                Err(StoreError::InUse { .. }) => tokio::task::yield_now().await,
                store => break store.unwrap(),
            }
        };
        let functions = Functions::load(Some(&folder.join("functions.toml")), REGION, ACCOUNT).await.unwrap();
        let shown = Arc::clone(&now);
        let clock = Clock::new(move || shown.load(Ordering::Relaxed));
        let place = AccountRegion { region: REGION.to_owned(), account: ACCOUNT.to_owned() };
        let host = Host::open(store, functions, Mocks::default(), clock, place, sandbox.clone()).await.unwrap();
        host.recover().await.unwrap();
        let end = CancellationToken::new();
        tokio::spawn(Arc::clone(&host).run_timers(end.clone()));
        Self { router: api::router(Arc::clone(&host)), host, now, end, folder, sandbox }
    }

    /// Ends the engine, lets time pass, and starts another on the same folder.
    pub async fn restart_after(self, milliseconds: i64) -> Self {
        let Self { host, router, now, end, folder, sandbox } = self;
        end.cancel();
        host.shutdown().await;
        drop((host, router));
        now.fetch_add(milliseconds, Ordering::Relaxed);
        Self::open(folder, now, sandbox).await
    }

    /// The engine's folder, with its functions.toml.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Lets time pass.
    pub fn pass(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Ends the engine and removes its folder.
    pub async fn remove(self) {
        self.end.cancel();
        self.host.shutdown().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// One request of Step Functions' protocol.
    pub async fn ask(&self, target: &str, body: &Value) -> (StatusCode, Value) {
        send(self.router.clone(), target, body).await
    }

    /// An operation that is answered.
    #[track_caller]
    pub fn call(&self, operation: &str, body: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let target = format!("AWSStepFunctions.{operation}");
        async move {
            let (status, answer) = self.ask(&target, &body).await;
            assert_eq!(status, StatusCode::OK, "{target} of {caller}: {answer}");
            answer
        }
    }

    /// An operation that is refused: its error's code and message.
    pub async fn refused(&self, operation: &str, body: Value) -> (String, String) {
        let (status, answer) = self.ask(&format!("AWSStepFunctions.{operation}"), &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{operation}: {answer}");
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        (text("__type"), text("message"))
    }

    /// A machine of this name; its ARN.
    pub async fn machine(&self, name: &str, definition: Value) -> String {
        let ask = json!({ "name": name, "definition": definition.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r" });
        text(&self.call("CreateStateMachine", ask).await["stateMachineArn"])
    }

    /// An execution of this name; its ARN.
    pub async fn start(&self, machine: &str, name: &str) -> String {
        text(&self.call("StartExecution", json!({ "stateMachineArn": machine, "name": name })).await["executionArn"])
    }

    /// Starts an execution in a task of its own.
    pub fn start_later(&self, machine: &str, name: &str) -> tokio::task::JoinHandle<String> {
        let (router, ask) = (self.router.clone(), json!({ "stateMachineArn": machine, "name": name }));
        tokio::spawn(async move {
            let (status, answer) = send(router, "AWSStepFunctions.StartExecution", &ask).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            text(&answer["executionArn"])
        })
    }

    /// The kinds of an execution's events.
    pub async fn events(&self, execution: &str) -> Vec<String> {
        let history = self.call("GetExecutionHistory", json!({ "executionArn": execution })).await;
        history["events"].as_array().unwrap().iter().map(|event| text(&event["type"])).collect()
    }

    /// Waits for an execution's end.
    pub async fn ended(&self, execution: &str) -> ExecutionRow {
        self.host.wait_for_end(execution).await.unwrap()
    }
}

async fn send(router: Router, target: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post("/")
        .header("host", "127.0.0.1:8083")
        .header("x-amz-target", target)
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The text of a value that is one.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A machine of one state.
pub fn only(mut state: Value) -> Value {
    state["End"] = json!(true);
    json!({ "StartAt": "Only", "States": { "Only": state } })
}

//! Requests of the API, a line each: a byte that chooses the operation, and the body.
#![no_main]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countersign_engine::SharedSandbox;
use countersign_fuzz::{PATIENCE, Refuse, mutate};
use countersign_local::api;
use countersign_local::clock::Clock;
use countersign_local::host::{AccountRegion, Host};
use countersign_local::integrations::Mocks;
use countersign_local::lambda::Functions;
use countersign_local::store::Store;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tower::ServiceExt;

/// Each by the byte from `!` on.
const TARGETS: &[&str] = &[
    "AWSStepFunctions.CreateStateMachine",
    "AWSStepFunctions.UpdateStateMachine",
    "AWSStepFunctions.DeleteStateMachine",
    "AWSStepFunctions.DescribeStateMachine",
    "AWSStepFunctions.DescribeStateMachineForExecution",
    "AWSStepFunctions.ListStateMachines",
    "AWSStepFunctions.ValidateStateMachineDefinition",
    "AWSStepFunctions.PublishStateMachineVersion",
    "AWSStepFunctions.ListStateMachineVersions",
    "AWSStepFunctions.DeleteStateMachineVersion",
    "AWSStepFunctions.CreateStateMachineAlias",
    "AWSStepFunctions.UpdateStateMachineAlias",
    "AWSStepFunctions.DescribeStateMachineAlias",
    "AWSStepFunctions.ListStateMachineAliases",
    "AWSStepFunctions.DeleteStateMachineAlias",
    "AWSStepFunctions.StartExecution",
    "AWSStepFunctions.StartSyncExecution",
    "AWSStepFunctions.StopExecution",
    "AWSStepFunctions.RedriveExecution",
    "AWSStepFunctions.DescribeExecution",
    "AWSStepFunctions.ListExecutions",
    "AWSStepFunctions.GetExecutionHistory",
    "AWSStepFunctions.ListMapRuns",
    "AWSStepFunctions.DescribeMapRun",
    "AWSStepFunctions.UpdateMapRun",
    "AWSStepFunctions.SendTaskSuccess",
    "AWSStepFunctions.SendTaskFailure",
    "AWSStepFunctions.SendTaskHeartbeat",
    "AWSStepFunctions.CreateActivity",
    "AWSStepFunctions.DeleteActivity",
    "AWSStepFunctions.DescribeActivity",
    "AWSStepFunctions.ListActivities",
    "AWSStepFunctions.GetActivityTask",
    "AWSStepFunctions.TestState",
    "AWSStepFunctions.TagResource",
    "AWSStepFunctions.UntagResource",
    "AWSStepFunctions.ListTagsForResource",
    "AmazonSQS.CreateQueue",
    "AmazonSQS.GetQueueUrl",
    "AmazonSQS.SendMessage",
    "AmazonSQS.ReceiveMessage",
    "AmazonSQS.DeleteMessage",
    "DynamoDB_20120810.PutItem",
    "DynamoDB_20120810.GetItem",
    "DynamoDB_20120810.UpdateItem",
    "DynamoDB_20120810.DeleteItem",
    // What SNS gets has no target, and is a form.
    "",
];

/// Those that wait for something may wait.
fn waits(target: &str) -> bool {
    ["GetActivityTask", "StartSyncExecution", "ReceiveMessage"].iter().any(|name| target.ends_with(name))
}

fuzz_target!(|data: &[u8]| {
    static RUNTIME: std::sync::LazyLock<tokio::runtime::Runtime> = std::sync::LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("there are threads")
    });
    RUNTIME.block_on(talk(data));
});

/// One engine, from its start to its end.
async fn talk(data: &[u8]) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder: PathBuf = std::env::temp_dir().join(format!("countersign-fuzz-{}-{count}", std::process::id()));
    let now = Arc::new(AtomicI64::new(1_700_000_000_000));
    let told = Arc::clone(&now);
    let place = AccountRegion { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
    let store = Store::open(&folder).await.expect("a new folder is a store");
    let functions = Functions::load(None, &place.region, &place.account).await.expect("no functions are no mistake");
    let clock = Clock::new(move || told.load(Ordering::Relaxed));
    let sandbox: Option<SharedSandbox> = Some(Arc::new(Refuse));
    let host = Host::open(store, functions, Mocks::default(), clock, place, sandbox).await.expect("a new store opens");
    let router = api::router(Arc::clone(&host));
    for line in data.split(|byte| *byte == b'\n').take(12) {
        let Some((first, body)) = line.split_first() else { continue };
        let target = TARGETS[usize::from(first.wrapping_sub(b'!')) % TARGETS.len()];
        now.fetch_add(1_000, Ordering::Relaxed);
        ask(router.clone(), target, body.to_vec()).await;
    }
    host.shutdown().await;
    drop((host, router));
    // A step under way may still hold it.
    let _ = std::fs::remove_dir_all(&folder);
}

async fn ask(router: axum::Router, target: &'static str, body: Vec<u8>) {
    let mut request = Request::post("/").header("host", "127.0.0.1");
    if !target.is_empty() {
        request = request.header("x-amz-target", target);
    }
    let request = request.body(Body::from(body)).expect("it is a request");
    let patience = if waits(target) { Duration::from_millis(20) } else { PATIENCE };
    // In a task of its own, as on the server: a panic of it is seen all the same, by the hook of the fuzzer.
    let answer = tokio::spawn(router.oneshot(request));
    match tokio::time::timeout(patience, answer).await {
        Err(_) => assert!(waits(target), "{target} does not answer"),
        Ok(answer) => {
            let status = answer.expect("it does not panic").expect("a router answers").status();
            assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{target} fails");
        }
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let words = mutate::words(include_str!("../dictionaries/api.dict"));
    mutate::lines(data, size, max_size, seed, &words, fuzzer_mutate)
});

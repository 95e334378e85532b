//! A connection that takes its time: decisions wait neither for it nor for each other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign::error::ErrorKind;
use countersign::wire::audit::Delivery;
use countersign::wire::inbox::ApprovalState;
use countersign_desk::Clock;
use countersign_desk::approvals::Decided;
use countersign_desk::connection::{ConnectionId, Target};
use countersign_desk::people;
use countersign_desk::store::DeliveryRecord;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::board::Board;

const MACHINE: &str = "arn:aws:states:us-east-1:1:stateMachine:ask";
const EVENT: u64 = 3;

/// An endpoint of the JSON 1.0 API with one machine, whose executions wait for an answer each.
#[derive(Default)]
struct Endpoint {
    executions: usize,
    delay: Duration,
    /// Executions whose answer never comes back.
    hanging: BTreeSet<usize>,
    calls: Mutex<BTreeMap<String, usize>>,
    answered: Mutex<BTreeMap<usize, String>>,
}

fn arn(number: usize) -> String {
    format!("arn:aws:states:us-east-1:1:execution:ask:n{number}")
}

fn token(number: usize) -> String {
    format!("AQCkAAAAKgAAAAMAAAAAslowEndpointToken{number:04}==")
}

fn definition() -> String {
    let parameters = json!({ "MessageBody": { "taskToken.$": "$$.Task.Token", "n.$": "$.n" }, "QueueUrl": "q" });
    json!({ "StartAt": "Ask", "States": { "Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": parameters, "End": true,
    } } })
    .to_string()
}

impl Endpoint {
    fn answer(&self, operation: &str, body: &Value) -> Result<Value, &'static str> {
        let number = |arn: &str| arn.rsplit(":n").next().and_then(|n| n.parse::<usize>().ok()).unwrap();
        let running =
            |number: usize| if self.answered.lock().unwrap().contains_key(&number) { "SUCCEEDED" } else { "RUNNING" };
        let machine = json!({ "stateMachineArn": MACHINE, "name": "ask", "type": "STANDARD", "creationDate": 1.0 });
        Ok(match operation {
            "ListStateMachines" => json!({ "stateMachines": [machine] }),
            "DescribeStateMachine" => {
                json!({ "stateMachineArn": MACHINE, "name": "ask", "type": "STANDARD", "creationDate": 1.0,
                "definition": definition(), "roleArn": "arn:r", "status": "ACTIVE" })
            }
            "DescribeStateMachineForExecution" => {
                json!({ "stateMachineArn": MACHINE, "name": "ask", "definition": definition(),
                "roleArn": "arn:r", "updateDate": 1.0 })
            }
            "ListExecutions" => {
                let one = |n| json!({ "executionArn": arn(n), "stateMachineArn": MACHINE, "name": format!("n{n}"), "status": running(n), "startDate": 1.0 });
                json!({ "executions": (0..self.executions).map(one).collect::<Vec<_>>() })
            }
            "DescribeExecution" => {
                let n = number(body["executionArn"].as_str().unwrap());
                json!({ "executionArn": arn(n), "stateMachineArn": MACHINE, "name": format!("n{n}"), "status": running(n), "startDate": 1.0,
                    "input": json!({ "n": n }).to_string() })
            }
            "GetExecutionHistory" => {
                let mut events = self.history(number(body["executionArn"].as_str().unwrap()));
                events.reverse();
                json!({ "events": events })
            }
            "SendTaskSuccess" => {
                let n = (0..self.executions).find(|n| token(*n) == body["taskToken"]).ok_or("InvalidToken")?;
                let mut answered = self.answered.lock().unwrap();
                if answered.contains_key(&n) {
                    return Err("TaskTimedOut");
                }
                answered.insert(n, body["output"].as_str().unwrap().to_owned());
                json!({})
            }
            other => panic!("{other} is not asked for"),
        })
    }

    fn history(&self, n: usize) -> Vec<Value> {
        let input = json!({ "n": n }).to_string();
        let parameters = json!({ "MessageBody": { "taskToken": token(n), "n": n }, "QueueUrl": "q" }).to_string();
        let about = |more: Value| {
            let mut about = json!({ "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken" });
            about.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            about
        };
        let event = |id: u64, kind: &str, key: &str, details: Value| json!({ "id": id, "previousEventId": id - 1, "timestamp": 1.0, "type": kind, key: details });
        let mut events = vec![
            event(1, "ExecutionStarted", "executionStartedEventDetails", json!({ "input": input, "roleArn": "arn:r" })),
            event(2, "TaskStateEntered", "stateEnteredEventDetails", json!({ "name": "Ask", "input": input })),
            event(
                3,
                "TaskScheduled",
                "taskScheduledEventDetails",
                about(json!({ "region": "us-east-1", "parameters": parameters })),
            ),
            event(4, "TaskStarted", "taskStartedEventDetails", about(json!({}))),
            event(5, "TaskSubmitted", "taskSubmittedEventDetails", about(json!({ "output": "{}" }))),
        ];
        if let Some(output) = self.answered.lock().unwrap().get(&n) {
            events.push(event(6, "TaskSucceeded", "taskSucceededEventDetails", about(json!({ "output": output }))));
        }
        events
    }
}

async fn serve(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap, body: String) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    *endpoint.calls.lock().unwrap().entry(target.clone()).or_default() += 1;
    let body: Value = serde_json::from_str(&body).unwrap();
    tokio::time::sleep(endpoint.delay).await;
    let answer = endpoint.answer(&target, &body);
    if target == "SendTaskSuccess" && endpoint.hanging.iter().any(|n| token(*n) == body["taskToken"]) {
        std::future::pending::<()>().await;
    }
    let (status, text) = match answer {
        Ok(value) => (StatusCode::OK, value),
        Err(code) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": "no" })),
    };
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], text.to_string()).into_response()
}

struct Slow {
    endpoint: Arc<Endpoint>,
    desk: Board,
    data: PathBuf,
    /// The endpoint's own, so that its connections end with it.
    server: Option<tokio::runtime::Runtime>,
}

impl Slow {
    /// A dashboard that has seen every request, and looks no more by itself: what is called is called for decisions.
    async fn new(test: &str, endpoint: Endpoint) -> Self {
        let endpoint = Arc::new(endpoint);
        let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&endpoint));
        let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = listener.into_std().unwrap();
        server.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        let data = std::env::temp_dir().join(format!("countersign-slow-{test}-{}", std::process::id()));
        let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
        let end = CancellationToken::new();
        let desk = Board::open(Target::Endpoint(url), &data, definitions, Clock::system()).await;
        let looking = desk.run(&end);
        for _ in 0..400 {
            if desk.waiting().await.len() == endpoint.executions {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(desk.waiting().await.len(), endpoint.executions);
        assert!(desk.waiting().await.iter().all(|wait| wait.obstacle.is_none()));
        end.cancel();
        looking.await.unwrap();
        endpoint.calls.lock().unwrap().clear();
        Self { endpoint, desk, data, server: Some(server) }
    }

    /// Approves; says how long the answer took.
    async fn approve(&self, n: usize) -> (Result<Decided, countersign::error::AppError>, Duration) {
        let person = people::all().remove(0);
        let begun = Instant::now();
        let answer = self.desk.decide(&person, &arn(n), EVENT, "approve", "yes").await;
        (answer, begun.elapsed())
    }

    async fn delivered(&self) -> usize {
        let decisions = self.desk.store.latest(&ConnectionId::default_one(), 99).await.unwrap();
        decisions.iter().filter(|one| matches!(one.delivery, DeliveryRecord::Delivered { .. })).count()
    }

    async fn until_delivered(&self, expect: usize) {
        for _ in 0..100 {
            if self.delivered().await == expect {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} of {expect} were delivered", self.delivered().await);
    }

    fn go_away(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }

    async fn close(mut self) {
        self.go_away();
        self.desk.store.close().await;
        std::fs::remove_dir_all(&self.data).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nineteen_decisions_at_once_do_not_wait_for_each_other() {
    let endpoint = Endpoint { executions: 19, delay: Duration::from_millis(200), ..Endpoint::default() };
    let site = Slow::new("many", endpoint).await;
    let begun = Instant::now();
    let answers = futures::future::join_all((0..19).map(|n| site.approve(n))).await;
    for (answer, took) in &answers {
        assert!(answer.as_ref().unwrap().was_in_time());
        // One after the other they would take eleven seconds.
        assert!(*took < Duration::from_secs(5), "an answer took {took:?}");
    }
    site.until_delivered(19).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "all took {:?}", begun.elapsed());
    let calls = site.endpoint.calls.lock().unwrap().clone();
    assert_eq!(calls["SendTaskSuccess"], 19, "{calls:?}");
    assert!(calls.values().sum::<usize>() <= 3 * 19, "{calls:?}");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_call_delays_nobody() {
    let endpoint = Endpoint { executions: 11, hanging: BTreeSet::from([0]), ..Endpoint::default() };
    let site = Slow::new("hanging", endpoint).await;
    let (answer, took) = site.approve(0).await;
    assert!(answer.unwrap().was_in_time() && took < Duration::from_millis(1_500), "{took:?}");
    let page = site.desk.approval(&arn(0), EVENT).await.unwrap();
    let ApprovalState::Decided(decision) = page.state else { panic!("{:?}", page.state) };
    assert_eq!(decision.delivery, Delivery::Pending, "it is on record, and being sent");
    let begun = Instant::now();
    for (answer, _) in futures::future::join_all((1..11).map(|n| site.approve(n))).await {
        assert!(answer.unwrap().was_in_time());
    }
    site.until_delivered(10).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // What hung had arrived. When it is sent again, the history says so.
    let pending = site.desk.store.pending(&ConnectionId::default_one()).await.unwrap();
    assert!(pending.len() == 1 && pending[0].was_tried());
    let again = site.desk.again(PathBuf::from("statemachine"));
    again.deliver(&pending[0]).await;
    assert_eq!(site.delivered().await, 11);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_where_the_connection_is_away() {
    let mut site = Slow::new("away", Endpoint { executions: 2, ..Endpoint::default() }).await;
    site.go_away();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (answer, took) = site.approve(0).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.problem.what.starts_with("Nothing was recorded."), "{error}");
    assert!(site.desk.store.latest(&ConnectionId::default_one(), 9).await.unwrap().is_empty());
    assert!(took < Duration::from_secs(1), "{took:?}");
    let page = site.desk.approval(&arn(0), EVENT).await.unwrap();
    assert_eq!(page.state, ApprovalState::Waiting, "the form stays");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_answer_is_told_as_theirs() {
    let site = Slow::new("theirs", Endpoint { executions: 1, ..Endpoint::default() }).await;
    site.endpoint.answered.lock().unwrap().insert(0, "{\"by\":\"another\"}".to_owned());
    let begun = Instant::now();
    let (answer, _) = site.approve(0).await;
    let Decided::Closed(closed) = answer.unwrap() else { panic!("it was late") };
    assert!(begun.elapsed() < Duration::from_secs(1), "a late answer takes no longer than another");
    let page = site.desk.approval(&arn(0), EVENT).await.unwrap();
    let ApprovalState::Closed { how, .. } = page.state else { panic!("{:?}", page.state) };
    assert!(how.starts_with("Somebody else answered it with success"), "{how}");
    assert_eq!(countersign::server::words::closed_by(&closed.by), how, "the answer to the click says the same");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_click_twice_is_one_decision() {
    let site = Slow::new("twice", Endpoint { executions: 1, ..Endpoint::default() }).await;
    let (one, other) = tokio::join!(site.approve(0), site.approve(0));
    assert!(one.0.unwrap().was_in_time() && other.0.unwrap().was_in_time(), "nobody decided before this person");
    let person = people::all().remove(1);
    let late = site.desk.decide(&person, &arn(0), EVENT, "approve", "").await.unwrap();
    assert!(matches!(late, Decided::Earlier { own: false, .. }), "{late:?}");
    site.until_delivered(1).await;
    site.close().await;
}

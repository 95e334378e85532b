//! The site over an embedded engine, request by request: what a browser gets, and what it is refused.

#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use clap::Parser;
use countersign::routes;
use countersign::server::approvals::Courier;
use countersign::server::clock::Clock;
use countersign::server::config::Cli;
use countersign::server::connection::{Clients, Target};
use countersign::server::store::Store;
use countersign::server::watch::Watch;
use countersign::server::{Desk, http};
use countersign_local as local;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The dashboard and its engine on a folder of their own; both end with the test.
struct Site {
    router: Router,
    desk: Arc<Desk>,
    engine: Option<local::Running>,
    end: CancellationToken,
    data: PathBuf,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    /// A site with the shipped workflows deployed, and nothing started.
    async fn new(test: &str) -> Self {
        let data = std::env::temp_dir().join(format!("countersign-site-{test}-{}", std::process::id()));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let engine = local::start(local::Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: data.clone(),
            functions: Some(root.join("lambdas/functions.toml")),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            sandbox: None,
        })
        .await
        .unwrap();
        let args = Cli::parse_from(["countersign"]).serve;
        let clients = Clients::connect(Target::Embedded(format!("http://{}", engine.addr)), &args).await;
        let watch = Arc::new(Watch::new(clients, Clock::system()));
        let store = Store::open(&data).await.unwrap();
        let courier = Courier::new(Arc::clone(&watch), store.clone());
        let definitions = root.join("statemachine");
        let desk = Arc::new(Desk { watch: Arc::clone(&watch), store, courier, definitions });
        let end = CancellationToken::new();
        tokio::spawn(watch.run(end.clone()));
        desk.deploy(None).await.unwrap();
        Self { router: http::router(Arc::clone(&desk)), desk, engine: Some(engine), end, data }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:3000");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 8 * 1024 * 1024).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    async fn page(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Sends a form as a browser without scripts does.
    async fn form(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("origin", "http://127.0.0.1:3000"),
            ("referer", "http://127.0.0.1:3000/"),
        ];
        self.send(Method::POST, action, &headers, pairs.join("&")).await
    }

    /// Starts a request of the workflow `approval`; its ARN and the event that waits.
    async fn ask(&self, name: &str) -> (String, u64) {
        let request = r#"{"title": "A test", "amount": 1, "currency": "EUR"}"#;
        let fields = [("workflow", "approval"), ("name", name), ("input", request)];
        let started = self.form("/api/start", &fields).await;
        assert_eq!(started.status, StatusCode::FOUND, "{}", started.text);
        let arn = started.header(header::LOCATION).strip_prefix("/executions/").unwrap().to_owned();
        for _ in 0..200 {
            let inbox = self.desk.inbox(None).await.unwrap();
            if let Some(row) = inbox.waiting.iter().find(|row| row.execution_arn == arn) {
                return (arn, row.event);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{arn} never came to the inbox");
    }

    async fn close(mut self) {
        self.end.cancel();
        if let Some(engine) = self.engine.take() {
            engine.shutdown().await;
        }
        self.desk.store.close().await;
        std::fs::remove_dir_all(&self.data).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_complete_and_kept_to_this_site() {
    let site = Site::new("pages").await;
    for path in ["/", "/workflows", "/workflows/order", "/executions", "/inbox", "/deploy", "/audit"] {
        let page = site.page(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("<main") && page.text.contains("</html>"), "{path}");
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        assert!(page.text.contains(&format!("nonce=\"{nonce}\"")), "{path}: {policy}");
        assert_eq!(page.header(header::X_FRAME_OPTIONS), "DENY");
    }
    let drawing = site.page("/workflows/order").await.text;
    for state in ["ValidateOrder", "ProcessPayment", "NotifyFailure"] {
        assert!(drawing.contains(state), "{state}");
    }
    for path in
        ["/nowhere", "/workflows/nobody", "/executions/arn:aws:states:us-east-1:000000000000:execution:order:no"]
    {
        assert_eq!(site.page(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_and_other_names_are_refused() {
    let site = Site::new("refused").await;
    let foreign = site.send(Method::GET, "/", &[("host", "evil.example")], String::new()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for header in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let form = [("content-type", "application/x-www-form-urlencoded"), header];
        let answer = site.send(Method::POST, "/api/start", &form, "workflow=order&name=&input=".to_owned()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    assert!(site.desk.executions(None, None).await.unwrap().rows.is_empty());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_decisions_one_takes_effect_and_no_page_holds_the_token() {
    let site = Site::new("decisions").await;
    let (arn, event) = site.ask("twice").await;
    let event = event.to_string();
    let decide = |decision: &'static str, comment: &'static str| {
        let fields = [("arn", arn.clone()), ("event", event.clone())];
        let site = &site;
        async move {
            let [(_, arn), (_, event)] = &fields;
            let fields = [("arn", arn.as_str()), ("event", event), ("decision", decision), ("comment", comment)];
            site.form("/api/decide", &fields).await
        }
    };
    let (one, other) = tokio::join!(decide("approve", "I say <yes>."), decide("reject", "I say no."));
    let places = [one.header(header::LOCATION), other.header(header::LOCATION)];
    assert_eq!(places.iter().filter(|place| place.contains("?late=")).count(), 1, "{places:?}");

    let late = decide("reject", "Once more.").await;
    let told = site.page(late.header(header::LOCATION)).await.text;
    assert!(told.contains("Dana Whitfield") && !told.contains("Once more."), "who decided is told");
    assert!(!told.contains("<yes>"), "a comment is text");

    let client = &site.desk.watch.clients.sfn;
    let history = client.get_execution_history().execution_arn(&arn).send().await.unwrap();
    let ends = history.events.iter().filter(|event| {
        let kind = event.r#type.as_str();
        kind == "TaskSucceeded" || kind == "TaskFailed"
    });
    assert_eq!(ends.count(), 1);
    let request = history.events.iter().find_map(|event| event.task_scheduled_event_details()).unwrap();
    let request: serde_json::Value = serde_json::from_str(request.parameters()).unwrap();
    let token = request["Payload"]["taskToken"].as_str().unwrap();
    assert!(token.len() > 24);
    for path in ["/", "/inbox", "/audit", &routes::execution(&arn), &format!("/inbox/{arn}/{event}")] {
        assert!(!site.page(path).await.text.contains(token), "{path} shows the token");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_in_words_and_kept() {
    let site = Site::new("input").await;
    let refused = site.form("/api/start", &[("workflow", "order"), ("name", "x"), ("input", "{\"orderId\": ")]).await;
    let page = site.page(refused.header(header::LOCATION)).await.text;
    assert!(page.contains("Nothing was started") && page.contains("{\"orderId\": "), "the input is kept");
    let (arn, event) = site.ask("bad").await;
    let event = event.to_string();
    let long = "x".repeat(2_001);
    for (decision, comment, told) in [("maybe", "", "is no decision"), ("approve", long.as_str(), "2000")] {
        let fields = [("arn", arn.as_str()), ("event", &event), ("decision", decision), ("comment", comment)];
        let answer = site.form("/api/decide", &fields).await;
        assert!(answer.text.contains(told), "{}", answer.text);
    }
    assert_eq!(site.desk.inbox(None).await.unwrap().waiting.len(), 1, "nothing was decided");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_stays_in_the_inbox_while_a_page_reads_it() {
    let site = Site::new("reading").await;
    let (arn, _) = site.ask("read").await;
    let watch = Arc::clone(&site.desk.watch);
    let reader = tokio::spawn(async move {
        loop {
            watch.record_now(&arn).await.unwrap();
        }
    });
    for round in 0..20 {
        site.desk.watch.look_again().await;
        assert_eq!(site.desk.watch.snapshot().waiting.len(), 1, "round {round}");
    }
    reader.abort();
    site.close().await;
}

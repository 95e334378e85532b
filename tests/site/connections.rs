//! Several connections: their pages, their forms, and what addresses without one lead to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use countersign::routes;
use countersign::server::http;
use countersign_desk::connection::{Connection, ConnectionId, SdkOptions, Target};
use countersign_desk::index::SqliteIndex;
use countersign_desk::policy::Authority;
use countersign_desk::redact::RedactionKey;
use countersign_desk::{Actor, Clock, Desk, Desks, Parts};
use countersign_local as local;

use crate::support::{Site, engine, here};

/// A site with a second connection, `other`, over an engine of its own.
struct Pair {
    site: Site,
    other: Arc<Desk>,
    engine: local::Running,
    data: PathBuf,
}

impl Pair {
    async fn new(test: &str) -> Self {
        let mut site = Site::new(test).await;
        let data = std::env::temp_dir().join(format!("countersign-site-{test}-other-{}", std::process::id()));
        let engine = engine(&data).await;
        let options = SdkOptions::of(Target::Endpoint(format!("http://{}", engine.addr)));
        let connection = Connection::open(ConnectionId::parse("other").unwrap(), options).await;
        let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine").into();
        let store = Arc::clone(&site.desk.store);
        let (clock, redaction_key) = (Clock::system(), RedactionKey::new([0; 16]));
        let (index, authority) = (Arc::new(SqliteIndex::in_memory()), Arc::new(Authority::shipped()));
        let parts =
            Parts { connection, store, index, definitions, clock, sandbox: None, redaction_key, authority, undo_ms: 0 };
        let desks = Desks::of(Arc::clone(&site.desk.desk)).and(parts).unwrap();
        let other = Arc::clone(desks.get("other").unwrap());
        site.router = http::router(Arc::new(desks));
        tokio::spawn(Arc::clone(&other).run(site.end.clone()));
        other.deploy_everything(&Actor::Program).await.unwrap();
        Self { site, other, engine, data }
    }

    async fn close(self) {
        self.site.close().await;
        self.engine.shutdown().await;
        std::fs::remove_dir_all(&self.data).unwrap();
    }

    /// The proof of the forms on the pages of a connection.
    async fn proof(&self, connection: &str) -> String {
        let page = self.site.page(&routes::of(connection).audit()).await.text;
        let rest = page.split("name=\"proof\" value=\"").nth(1).expect("a form with a proof");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Posts fields as they are, as a page's form does.
    async fn post(&self, action: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        let answer = self.site.browse(Method::POST, action, &headers, body.join("&")).await;
        (answer.status, answer.header(header::LOCATION).to_owned(), answer.text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_has_its_own_pages_and_forms() {
    let pair = Pair::new("pair").await;
    let (arn, event) = pair.site.ask("only-here").await;
    let own = pair.site.page(&here().inbox()).await.text;
    assert!(own.contains(&here().approval(&arn, event)), "the request is in the inbox of its connection");
    let others = pair.site.page("/other/inbox").await;
    assert_eq!(others.status, StatusCode::OK);
    assert!(!others.text.contains("only-here"), "and not in that of the other");
    assert!(others.text.contains("href=\"/other/workflows\"") && !others.text.contains("href=\"/default/workflows\""));
    // What is started on the other connection runs there, and the form leads to its page.
    let proof = pair.proof("other").await;
    let started = [
        ("connection", "other"),
        ("proof", proof.as_str()),
        ("workflow", "approval"),
        ("name", "only-there"),
        ("input", "{\"title\":\"x\"}"),
    ];
    let (status, to, text) = pair.post("/api/start", &started).await;
    assert_eq!(status, StatusCode::FOUND, "{text}");
    assert!(to.starts_with("/other/executions/arn:"), "{to}");
    assert_eq!(pair.site.page(&to).await.status, StatusCode::OK);
    pair.site.desk.look_again().await;
    assert!(!pair.site.page("/default/executions").await.text.contains("only-there"));
    // The record of one connection is not that of the other.
    assert!(pair.site.page("/other/audit").await.text.contains("only-there"));
    assert!(!pair.site.page("/default/audit").await.text.contains("only-there"));
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_acts_on_the_connection_of_its_page_alone() {
    let pair = Pair::new("pair-forms").await;
    let own = pair.proof("default").await;
    let start = [("workflow", "approval"), ("name", "stray"), ("input", "{}")];
    for (names, expected) in [
        (vec!["other"], StatusCode::FORBIDDEN),
        (vec![], StatusCode::FORBIDDEN),
        (vec!["nowhere"], StatusCode::NOT_FOUND),
        (vec!["../default"], StatusCode::NOT_FOUND),
    ] {
        let named: Vec<_> = names.iter().map(|name| ("connection", *name)).collect();
        let fields = [&named[..], &start, &[("proof", own.as_str())]].concat();
        let (status, _, text) = pair.post("/api/start", &fields).await;
        assert_eq!(status, expected, "{names:?}: {text}");
    }
    // Whichever of two names is read, the form acts on no connection that it has no proof for.
    let fields =
        [&[("connection", "default"), ("connection", "other")][..], &start, &[("proof", own.as_str())]].concat();
    pair.post("/api/start", &fields).await;
    pair.other.look_again().await;
    let tallies = pair.other.tallies(&Actor::Program).await.unwrap();
    assert!(!tallies.is_empty() && tallies.iter().all(|tally| tally.of_filter(None) == 0), "nothing was started there");
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_without_a_connection_lead_to_the_default_one() {
    let pair = Pair::new("pair-links").await;
    let arn = "arn:aws:states:us-east-1:000000000000:execution:order:a1";
    for (from, to) in [
        ("/".to_owned(), "/default".to_owned()),
        ("/?a=b".to_owned(), "/default?a=b".to_owned()),
        ("/inbox".to_owned(), "/default/inbox".to_owned()),
        (
            format!("/executions/{arn}?tab=events&state=Ask%2C%20then"),
            format!("/default/executions/{arn}?tab=events&state=Ask%2C%20then"),
        ),
        ("/workflows/%2F%2Fevil.example".to_owned(), "/default/workflows/%2F%2Fevil.example".to_owned()),
        ("/deploy//evil.example/..".to_owned(), "/default/deploy//evil.example/..".to_owned()),
        ("/audit?before=3".to_owned(), "/default/audit?before=3".to_owned()),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = pair.site.browse(method, &from, &[("accept", "text/html")], String::new()).await;
            assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{from}");
            assert_eq!(answer.header(header::LOCATION), to);
            assert_eq!(
                answer.header(header::CACHE_CONTROL),
                "no-store",
                "another connection may be the default one later"
            );
        }
        let answer = pair.site.browse(Method::POST, &from, &[], String::new()).await;
        assert!(
            answer.status.is_client_error() && answer.header(header::LOCATION).is_empty(),
            "{from}: {}",
            answer.status
        );
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connection_is_a_page_that_lists_those_there_are() {
    let pair = Pair::new("pair-unknown").await;
    for path in [
        "/nowhere",
        "/nowhere/inbox",
        "/Default",
        "/%64efault",
        "/default%2Finbox",
        "/..%2Fdefault",
        "//default",
        "/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/%E2%80%AEdefault",
        "/default:/inbox",
        &format!("/{}", "a".repeat(5_000)),
    ] {
        let answer = pair.site.page(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text.contains("There is no connection named") && answer.text.len() < 4_000, "{path}");
        assert!(answer.text.contains("href=\"/default\"") && answer.text.contains("href=\"/other\""), "{path}");
        assert!(!answer.text.contains("<script>alert"), "{path}");
    }
    let json = pair.site.browse(Method::GET, "/nowhere", &[("accept", "application/json")], String::new()).await;
    assert_eq!(json.status, StatusCode::NOT_FOUND);
    assert!(json.text.contains("default, other"), "{}", json.text);
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_names_the_connection_of_each_change() {
    let pair = Pair::new("pair-stream").await;
    let before = *pair.site.desk.changes().subscribe().borrow();
    let (arn, _) = pair.site.ask("streamed").await;
    let mut text = String::new();
    for _ in 0..200 {
        let heard = pair.site.desk.changes().since(before).1;
        text = heard.iter().map(|(connection, topic)| format!("{connection}/{topic:?} ")).collect();
        if text.contains("default/Inbox") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(text.contains("default/Inbox"), "{text}");
    assert!(!text.contains("other/Inbox") && !text.contains("other/Executions"), "{text}");
    // An execution is watched on its own connection, whatever else the stream is asked for.
    for (desk, expected) in [(&pair.site.desk.desk, 1), (&pair.other, 0)] {
        assert_eq!(desk.look_at(&Actor::Program, &[arn.clone()].into()).await.unwrap().len(), expected);
    }
    pair.close().await;
}

//! A site with its engine, and what a browser sends it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use countersign::routes::{self, Routes};
use countersign::server::http;
use countersign_desk::connection::Target;
use countersign_desk::{Actor, Clock, Desks};
use countersign_local as local;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::board::Board;

/// The dashboard and its engine on a folder of their own; both end with the test.
pub struct Site {
    pub router: Router,
    pub desk: Board,
    engine: Option<local::Running>,
    pub end: CancellationToken,
    data: PathBuf,
    /// The cookies of the one browser that looks at it.
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An engine with its data in this folder.
pub async fn engine(data: &Path) -> local::Running {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("lambdas/functions.toml");
    local::start(local::Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data: data.to_owned(),
        functions: Some(functions),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        sandbox: None,
        own_listeners: Vec::new(),
        keeper: None,
    })
    .await
    .unwrap()
}

/// The pages of the site's connection.
pub fn here() -> Routes {
    routes::of("default")
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request to a router; the headers have its host.
pub async fn send(router: &Router, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 8 * 1024 * 1024).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

impl Site {
    /// A site with the shipped workflows deployed, and nothing started.
    pub async fn new(test: &str) -> Self {
        Self::of(test, &Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine")).await
    }

    /// A site over a folder of definitions, which are deployed.
    pub async fn of(test: &str, definitions: &Path) -> Self {
        Self::at(test, definitions, Clock::system()).await
    }

    /// The same with a clock of the test's own for the dashboard; the engine keeps the system's.
    pub async fn at(test: &str, definitions: &Path, clock: Clock) -> Self {
        let data = std::env::temp_dir().join(format!("countersign-site-{test}-{}", std::process::id()));
        let engine = engine(&data).await;
        let target = Target::Embedded(format!("http://{}", engine.addr));
        let desk = Board::open(target, &data, definitions.to_owned(), clock).await;
        let end = CancellationToken::new();
        desk.run(&end);
        desk.deploy_everything(&Actor::Program).await.unwrap();
        Self {
            router: http::router(Arc::new(Desks::of(Arc::clone(&desk.desk)))),
            desk,
            engine: Some(engine),
            end,
            data,
            cookies: Mutex::default(),
        }
    }

    /// Where its engine answers, for a command of the terminal.
    pub fn engine_url(&self) -> String {
        format!("http://localhost:{}", self.engine.as_ref().unwrap().addr.port())
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let named = headers.iter().any(|(name, _)| *name == "host");
        let host = (!named).then_some(("host", "127.0.0.1:3000"));
        let headers: Vec<(&str, &str)> = host.into_iter().chain(headers.iter().copied()).collect();
        send(&self.router, method, path, &headers, body).await
    }

    /// Opens a page in the browser, which keeps its cookies.
    pub async fn page(&self, path: &str) -> Answer {
        self.browse(Method::GET, path, &[("accept", "text/html")], String::new()).await
    }

    /// Sends with the browser's cookies, and keeps those that come back.
    pub async fn browse(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let jar = self.jar();
        let mut headers = headers.to_vec();
        if !jar.is_empty() {
            headers.push(("cookie", &jar));
        }
        let answer = self.send(method, path, &headers, body).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The browser acts as this persona from now on.
    pub fn becomes(&self, person: &str) {
        self.cookies.lock().unwrap().insert("countersign_person".to_owned(), person.to_owned());
    }

    /// What the browser sends as its cookies.
    pub fn jar(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The proof that the forms of this browser's pages carry.
    pub async fn proof(&self) -> String {
        let page = self.page("/default/audit").await.text;
        let rest = page.split("name=\"proof\" value=\"").nth(1).expect("a form with a proof");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page as a browser without scripts does.
    pub async fn form(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        self.post(action, "text/html", fields).await
    }

    /// Sends a form of a page for an answer of the kind `accept`.
    pub async fn post(&self, action: &str, accept: &str, fields: &[(&str, &str)]) -> Answer {
        let proof = self.proof().await;
        let named = fields.iter().any(|(name, _)| *name == "connection");
        let connection = (!named).then_some(("connection", "default"));
        let fields = fields.iter().copied().chain(connection).chain([("proof", proof.as_str())]);
        let pairs: Vec<String> = fields.map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", accept),
            ("origin", "http://127.0.0.1:3000"),
            ("referer", "http://127.0.0.1:3000/"),
        ];
        self.browse(Method::POST, action, &headers, pairs.join("&")).await
    }

    /// Starts a request of the workflow `approval`; its ARN and the event that waits.
    pub async fn ask(&self, name: &str) -> (String, u64) {
        self.ask_with(name, r#"{"title": "A test", "amount": 1, "currency": "EUR"}"#).await
    }

    /// Starts a request of the workflow `approval` with this input.
    pub async fn ask_with(&self, name: &str, request: &str) -> (String, u64) {
        let fields = [("workflow", "approval"), ("name", name), ("input", request)];
        let started = self.form("/api/start", &fields).await;
        assert_eq!(started.status, StatusCode::FOUND, "{}", started.text);
        let to = started.header(header::LOCATION);
        let arn = to.strip_prefix("/default/executions/").unwrap_or_else(|| panic!("{to}")).to_owned();
        for _ in 0..200 {
            let inbox = self.desk.inbox(None).await.unwrap();
            if let Some(row) = inbox.waiting.iter().find(|row| row.execution_arn == arn) {
                return (arn, row.event);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{arn} never came to the inbox");
    }

    /// Waits until what was started has ended or waits for a person, as far as the pages know.
    pub async fn settled(&self) {
        for _ in 0..200 {
            self.desk.look_again().await;
            let rows = self.desk.executions(None, None).await.unwrap().rows;
            let goes_on =
                |status| matches!(status, countersign::wire::Status::Running | countersign::wire::Status::Waiting);
            if !rows.iter().any(|row| goes_on(row.status)) {
                return;
            }
        }
        panic!("an execution never settled");
    }

    pub async fn close(mut self) {
        self.end.cancel();
        if let Some(engine) = self.engine.take() {
            engine.shutdown().await;
        }
        self.desk.store.close().await;
        std::fs::remove_dir_all(&self.data).unwrap();
    }
}

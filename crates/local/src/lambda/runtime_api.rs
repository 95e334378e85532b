//! AWS's Lambda Runtime API, for the child processes of this host. A secret in the path identifies each child.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::FunctionsError;
use crate::clock::Clock;
use crate::host::lock;

/// Lambda's limit of an answer, in bytes; the worker refuses longer ones.
pub const LARGEST: usize = 6 * 1024 * 1024;

/// One event for a handler.
#[derive(Debug)]
pub struct Invocation {
    pub id: String,
    pub payload: String,
    /// How long the handler may take, from the moment at which it takes the event.
    pub limit: Duration,
    pub function_arn: String,
    /// Notified when the event is taken.
    pub taken: oneshot::Sender<()>,
}

impl Invocation {
    /// The handler's deadline, in milliseconds since the epoch.
    fn deadline(&self) -> i64 {
        // The process compares it with its own clock, which is always the system's.
        Clock::system().now().saturating_add(i64::try_from(self.limit.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A child's reply to an invocation.
#[derive(Debug)]
pub enum Reply {
    Answer(String),
    /// The error in the child's words: a JSON object.
    Error(String),
    TooLarge(usize),
    /// The reply is not text.
    Unreadable,
}

/// The connection to one child.
#[derive(Debug)]
pub struct Line {
    pub events: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    /// The caller that waits for the reply to the current event.
    pub waiting: Mutex<Option<Waiting>>,
}

/// A caller that waits for a reply.
#[derive(Debug)]
pub struct Waiting {
    /// The id of its event: replies to other events are not for this caller.
    pub id: String,
    /// The child has asked for the event: its handler is loaded.
    pub taken: bool,
    pub reply: oneshot::Sender<Reply>,
}

/// What a reply answers.
enum To {
    Event(String),
    /// No event: the handler could not be loaded.
    Loading,
}

impl Line {
    /// Records that the child has asked for the event.
    fn take(&self, id: &str) {
        if let Some(waiting) = lock(&self.waiting).as_mut().filter(|waiting| waiting.id == id) {
            waiting.taken = true;
        }
    }

    /// Whether a caller waits for such a reply.
    fn expects(&self, to: &To) -> bool {
        lock(&self.waiting).as_ref().is_some_and(|waiting| waiting.expects(to))
    }
}

impl Waiting {
    fn expects(&self, to: &To) -> bool {
        match to {
            To::Event(id) => self.taken && self.id == *id,
            To::Loading => !self.taken,
        }
    }
}

/// The connections to all children, by their secrets.
pub type Lines = Arc<Mutex<HashMap<String, Arc<Line>>>>;

/// Serves the API on loopback.
///
/// # Errors
/// No port is available.
pub async fn serve(lines: Lines) -> Result<(SocketAddr, tokio::task::JoinHandle<()>), FunctionsError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(FunctionsError::Listen)?;
    let address = listener.local_addr().map_err(FunctionsError::Listen)?;
    let runtime = "/{secret}/2018-06-01/runtime";
    let router = Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{id}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{id}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        .with_state(lines);
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the Lambda Runtime API ended");
        }
    });
    Ok((address, server))
}

async fn next(State(lines): State<Lines>, Path(secret): Path<String>) -> Response {
    let Some(line) = lock(&lines).get(&secret).cloned() else { return StatusCode::FORBIDDEN.into_response() };
    let Some(event) = line.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let deadline = event.deadline().to_string();
    line.take(&event.id);
    // The caller may have gone.
    let _ = event.taken.send(());
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", event.id),
        ("Lambda-Runtime-Deadline-Ms", deadline),
        ("Lambda-Runtime-Invoked-Function-Arn", event.function_arn),
        ("Content-Type", "application/json".to_owned()),
    ];
    (headers, event.payload).into_response()
}

async fn response(State(lines): State<Lines>, Path((secret, id)): Path<(String, String)>, body: Body) -> Response {
    said(&lines, &secret, To::Event(id), body, Reply::Answer).await
}

async fn error(State(lines): State<Lines>, Path((secret, id)): Path<(String, String)>, body: Body) -> Response {
    said(&lines, &secret, To::Event(id), body, Reply::Error).await
}

async fn init_error(State(lines): State<Lines>, Path(secret): Path<String>, body: Body) -> Response {
    said(&lines, &secret, To::Loading, body, Reply::Error).await
}

/// The refusal of a reply that nobody waits for: to an earlier event, to one that has its reply, or to another child's.
fn unexpected() -> Response {
    let refused = json!({ "errorMessage": "Invalid request ID", "errorType": "InvalidRequestID" });
    (StatusCode::BAD_REQUEST, Json(refused)).into_response()
}

/// Passes a child's reply on. One that is too long, or that nobody waits for, is read to its end, so that the child
/// continues, and dropped.
async fn said(lines: &Lines, secret: &str, to: To, mut body: Body, as_reply: fn(String) -> Reply) -> Response {
    let Some(line) = lock(lines).get(secret).cloned() else { return StatusCode::FORBIDDEN.into_response() };
    let is_expected = line.expects(&to);
    let (mut kept, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        // A child that ended during its reply has not replied.
        let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if is_expected && size <= LARGEST {
            kept.extend_from_slice(&data);
        }
    }
    let said = match String::from_utf8(kept) {
        _ if size > LARGEST => Reply::TooLarge(size),
        Ok(text) => as_reply(text),
        Err(_) => Reply::Unreadable,
    };
    reply(&line, &to, said)
}

fn reply(line: &Line, to: &To, reply: Reply) -> Response {
    let mut waiting = lock(&line.waiting);
    // During this reply, another one may have arrived.
    match waiting.take_if(|waiting| waiting.expects(to)) {
        Some(waiting) => {
            // The caller may have gone.
            let _ = waiting.reply.send(reply);
            StatusCode::ACCEPTED.into_response()
        }
        None => unexpected(),
    }
}

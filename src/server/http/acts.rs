//! Calls of server functions: their arguments, the proof that an action must carry, and the responses to forms.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_desk::connection::MachineKind;
use countersign_desk::store::Scope;
use leptos::prelude::{provide_context, use_context};
use leptos::server_fn::ServerFn as _;
use leptos::server_fn::axum::get_server_fn_service;
use leptos::server_fn::error::FromServerFnError as _;
use leptos_axum::handle_server_fns_with_context;
use serde_json::json;

use super::place::{Place, host_of};
use super::refusal::{self, Wants, refuse};
use super::session::Sessions;
use super::{BODY, By, Site, Who, caller, limits};
use crate::app::absolute;
use crate::app::arrival::{Answer, COMPACT, CONNECTION, Done, Outcome, PROOF, Told};
use crate::app::server_fns::{
    Decide, Deploy, FinishRollout, Hand, PrepareDecisions, Propose, Read, RollBack, Vote, Withdraw,
};
use crate::error::{AppError, ErrorKind};
use crate::server::{is_own_path, words};
use crate::wire::deploy::DiffLine;
use crate::wire::inbox::{EarlierEnd, Preview};

/// What a server function that acts leaves for its response.
#[derive(Clone, Default)]
struct Conclusion(Arc<Mutex<Done>>);

impl Conclusion {
    fn with<R>(&self, change: impl FnOnce(&mut Done) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Names the page that shows the outcome of the action, or why it was refused.
pub fn leads_to(page: &str) {
    if let Some(conclusion) = use_context::<Conclusion>() {
        conclusion.with(|done| done.to = Some(page.to_owned()));
    }
}

/// Leaves an outcome for that page that it would not show by itself.
pub fn tells(told: Told) {
    if let Some(conclusion) = use_context::<Conclusion>() {
        conclusion.with(|done| done.told = Some(told));
    }
}

/// What the proofs of the current request's session are made with.
#[derive(Clone)]
pub struct Prover {
    sessions: Arc<Sessions>,
    session: Option<String>,
}

impl Prover {
    /// For a session.
    pub fn of(sessions: &Arc<Sessions>, session: &str) -> Self {
        Self { sessions: Arc::clone(sessions), session: Some(session.to_owned()) }
    }
}

/// The connection that the proof of the current form holds for.
#[derive(Clone)]
struct ProvenFor(String);

/// The fields of the current form, but for its proof.
#[derive(Clone)]
struct Fields(Arc<Vec<(String, String)>>);

/// The fields of the current form, but for its proof: those that a server function does not name itself.
#[must_use]
pub fn fields() -> Vec<(String, String)> {
    use_context::<Fields>().map(|fields| fields.0.to_vec()).unwrap_or_default()
}

/// Whether the current request may act on this connection: a form may act on the one that its proof holds for.
#[must_use]
pub fn is_proven_for(connection: &str) -> bool {
    use_context::<ProvenFor>().is_none_or(|proven| proven.0 == connection)
}

/// The proof that the forms of this session carry on the pages of a connection; empty if the browser has no session.
#[must_use]
pub fn proof(connection: &str) -> String {
    let prover = use_context::<Prover>();
    prover.and_then(|prover| Some(prover.sessions.proof(&prover.session?, connection))).unwrap_or_default()
}

/// One call of a server function. An action needs the proof of the session for the connection that the form names, whatever
/// else the request contains.
pub async fn server_function(State(site): State<Site>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let wants = Wants::of(&parts.headers, &path);
    if get_server_fn_service(&path, Method::POST).is_none() {
        return refuse(wants, StatusCode::NOT_FOUND, "There is nothing at this address.", "Open the overview.");
    }
    if parts.method != Method::POST {
        let what = "This address takes forms only.";
        return refuse(wants, StatusCode::METHOD_NOT_ALLOWED, what, "Open the page that has the form.");
    }
    let body = match to_bytes(body, BODY).await {
        Ok(body) => body,
        Err(_) => return limits::too_large(wants),
    };
    let Some(who) = parts.extensions.get::<Who>().cloned() else { return unproven(wants) };
    let session = who.session.clone();
    let prover = Prover { sessions: Arc::clone(&site.sessions), session: session.clone() };
    if path == Read::PATH {
        let request = Request::from_parts(parts, Body::from(body));
        return call(&site, prover, None, (Conclusion::default(), Fields(Arc::default())), request).await;
    }
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value);
    let (proof, connection) = (field(PROOF), field(CONNECTION));
    if !connection.is_empty() && site.desks.get(connection).is_none() {
        let problem = words::no_connection(&site.desks, connection).problem;
        return refuse(wants, StatusCode::NOT_FOUND, &problem.what, &problem.remedy);
    }
    // No page of another site makes a browser send a token: it needs no proof. What came of it is for a program.
    let (session, wants) = match who.by {
        By::Token(Scope::Act) => (None, Wants::Json),
        By::Token(Scope::Read) => {
            let what = "This API token may only read.";
            return refuse(wants, StatusCode::FORBIDDEN, what, "Nothing was changed. Make one that may act.");
        }
        By::Persona | By::Session(_) => {
            let proven = session.filter(|session| site.sessions.holds(session, connection, proof));
            let Some(session) = proven else { return unproven(wants) };
            (Some(session), wants)
        }
    };
    let (overview, proven) = (crate::routes::of(connection).overview(), ProvenFor(connection.to_owned()));
    if caller::is_own(&parts.extensions).await {
        let remedy = "Nothing was changed. Only people act in the dashboard.";
        return refuse(wants, StatusCode::FORBIDDEN, caller::OWN, remedy);
    }
    let referrer = own_page(&site.place, &parts.headers);
    // The response is made below; leptos would put errors into the address.
    parts.headers.remove(header::ACCEPT);
    parts.headers.remove(header::REFERER);
    let conclusion = Conclusion::default();
    let request = Request::from_parts(parts, Body::from(body));
    let typed: Vec<_> = fields.iter().filter(|(name, _)| name != PROOF).cloned().collect();
    let given = (conclusion.clone(), Fields(Arc::new(typed.clone())));
    let answer = call(&site, prover, Some(proven), given, request).await;
    let (answer, body) = answer.into_parts();
    let done = conclusion.with(std::mem::take);
    let result = if answer.status.is_success() {
        Ok(done.told)
    } else {
        let bytes = to_bytes(body, BODY).await.unwrap_or_default();
        Err(AppError::de(bytes))
    };
    let to = done.to.or(referrer).unwrap_or(overview);
    let mut response = match wants {
        Wants::Page => {
            let told = result.unwrap_or_else(|error| Some(Told::Refused { problem: error.problem, typed }));
            if let (Some(told), Some(session)) = (told, session) {
                let action = told_with(&path).to_owned();
                site.sessions.leave(&session, &to, Outcome { action, told });
            }
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
        Wants::Compact => compact(&result.map(|told| Done { to: Some(to), told })),
        Wants::Json | Wants::Problem | Wants::Text => for_a_program(result, &to),
    };
    keep_cookies(&answer.headers, &mut response);
    response
}

/// The form beside which a page tells what came of a form of this path. Those that the server draws have no place of their own.
fn told_with(path: &str) -> &str {
    match path {
        Hand::PATH => Decide::PATH,
        Propose::PATH | RollBack::PATH | FinishRollout::PATH => Deploy::PATH,
        Vote::PATH | Withdraw::PATH => PrepareDecisions::PATH,
        own => own,
    }
}

async fn call(
    site: &Site,
    prover: Prover,
    proven: Option<ProvenFor>,
    (conclusion, fields): (Conclusion, Fields),
    request: Request,
) -> Response {
    let (desks, guests) = (Arc::clone(&site.desks), site.guests.clone());
    let context = move || {
        provide_context(Arc::clone(&desks));
        guests.iter().cloned().for_each(provide_context);
        provide_context(prover.clone());
        if let Some(proven) = &proven {
            provide_context(proven.clone());
        }
        provide_context(conclusion.clone());
        provide_context(fields.clone());
    };
    handle_server_fns_with_context(context, request).await.into_response()
}

fn unproven(wants: Wants) -> Response {
    let what = "This form does not come from a page of this session and connection.";
    let remedy = "Nothing was changed. Go back, reload the page, and send the form again.";
    match wants {
        // After a restart of the server the script requests another proof and sends the form again.
        Wants::Compact => compact(&Err(AppError::new(ErrorKind::Forbidden, what, remedy))),
        _ => refuse(wants, StatusCode::FORBIDDEN, what, remedy),
    }
}

/// The page of this site that the form stood on.
pub fn own_page(place: &Place, headers: &HeaderMap) -> Option<String> {
    let referrer = headers.get(header::REFERER)?.to_str().ok()?;
    let path = referrer.strip_prefix(&place.origin(host_of(headers)))?;
    is_own_path(path).then(|| path.to_owned())
}

fn status_of(error: &AppError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn compact(answer: &Answer) -> Response {
    // Proof: text and numbers always fit into a vector.
    let body = postcard::to_allocvec(answer).unwrap_or_default();
    (StatusCode::OK, [(header::CONTENT_TYPE, COMPACT)], body).into_response()
}

/// The outcome as JSON, with the page that shows it as `location`.
fn for_a_program(result: Result<Option<Told>, AppError>, to: &str) -> Response {
    let (status, mut body) = match result {
        Ok(None) => (StatusCode::OK, json!({"outcome": "done"})),
        Ok(Some(Told::Deployed { names })) => (StatusCode::OK, json!({"outcome": "deployed", "workflows": names})),
        Ok(Some(Told::StartedExpress { name })) => {
            (StatusCode::OK, json!({"outcome": "started", "type": MachineKind::Express.as_str(), "name": name}))
        }
        Ok(Some(Told::Late { late, by, .. })) => (StatusCode::CONFLICT, too_late(&late, &by)),
        Ok(Some(Told::Ahead { preview, .. })) => ahead(&preview),
        Ok(Some(Told::Sample { index, .. })) => (StatusCode::OK, json!({"outcome": "sample", "sample": index})),
        Ok(Some(Told::Unnamed { name })) => (StatusCode::OK, json!({"outcome": "removed", "name": name})),
        Ok(Some(Told::Compared { lines, .. })) => {
            let line = |line: &DiffLine| format!("{}{}", line.sign, line.text);
            let lines: Vec<String> = lines.iter().map(line).collect();
            (StatusCode::OK, json!({"outcome": "compared", "difference": lines}))
        }
        Ok(Some(Told::Refused { problem, .. })) => {
            let error = AppError { kind: ErrorKind::Invalid, problem };
            (StatusCode::BAD_REQUEST, refusal::json(&error))
        }
        Err(error) => (status_of(&error), refusal::json(&error)),
    };
    body["location"] = json!(to);
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.to_string()).into_response()
}

/// Where a form would lead, or what is wrong with it.
fn ahead(preview: &Preview) -> (StatusCode, serde_json::Value) {
    let faults: serde_json::Map<_, _> =
        preview.faults.iter().map(|(name, fault)| (name.clone(), json!(fault))).collect();
    if faults.is_empty() {
        let body = json!({"outcome": "checked", "decision": preview.outcome, "then": preview.then, "warnings": preview.warnings});
        return (StatusCode::OK, body);
    }
    let body = json!({
        "outcome": "refused", "kind": "invalid", "what": "The form was not accepted, so nothing was recorded.",
        "remedy": "Correct the fields and send it again.", "fields": faults,
    });
    (StatusCode::BAD_REQUEST, body)
}

/// A decision that came too late: the page's sentences, and the data behind them.
fn too_late(late: &str, by: &EarlierEnd) -> serde_json::Value {
    let mut body = json!({
        "outcome": "late", "kind": "conflict",
        "what": format!("{} at {}. {}", by.lead(late), absolute(by.at()), by.more()),
        "remedy": "Nothing is left to decide: the page of the request shows how it ended.",
    });
    match by {
        EarlierEnd::Decided { outcome, person, own, at, .. } => {
            body["earlier"] = json!({"decision": outcome, "person": person, "own": own, "at": at});
        }
        EarlierEnd::Closed { how, at } => body["earlier"] = json!({"closed": how, "at": at}),
        EarlierEnd::Held { person, at, .. } => body["earlier"] = json!({"held": true, "person": person, "at": at}),
    }
    body
}

fn keep_cookies(from: &HeaderMap, to: &mut Response) {
    for cookie in from.get_all(header::SET_COOKIE) {
        to.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
}

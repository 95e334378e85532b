//! What a guest's phone reaches: the page of a code, the request that was handed over, its decision, and the files that these
//! pages need. Nothing else is there.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use countersign_desk::approvals::Choice;
use countersign_desk::people::Secret;
use countersign_desk::{Actor, Desk, RequestState};
use serde::Deserialize;

use super::guests::{Code, Guests, NotLetIn, Phone, STAY_MS};
use super::offer::of_code;
use super::page;
use crate::app::arrival::{CONNECTION, Handed, Outcome, PROOF, Told};
use crate::error::{AppError, ErrorKind};
use crate::routes;
use crate::server::acting::{Answered, answer, typed};
use crate::server::http::place::Place;
use crate::server::http::refusal::Wants;
use crate::server::http::session::Sessions;
use crate::server::http::sign_in::Fields;
use crate::server::http::who::see;
use crate::server::http::{assets, caller, guard, limits};
use crate::server::{pages, words};
use crate::wire::inbox::SHOWN;

/// The cookie of a phone that was let in.
const COOKIE: &str = "countersign_guest";
/// The files that the pages need.
const FILES: [&str; 5] = [
    "/pkg/countersign.css",
    "/favicon.svg",
    "/apple-touch-icon.png",
    "/fonts/inter.woff2",
    "/fonts/jetbrains-mono.woff2",
];

/// What the handlers share.
#[derive(Clone)]
struct House {
    desk: Arc<Desk>,
    guests: Arc<Guests>,
    sessions: Arc<Sessions>,
}

/// The paths that a phone reaches, but for files: a test goes through them.
#[must_use]
pub fn paths() -> [String; 3] {
    [routes::guest::OPEN.to_owned(), routes::guest::REQUEST.to_owned(), request_path()]
}

fn request_path() -> String {
    format!("{}/{{arn}}/{{event}}", routes::guest::REQUEST)
}

/// Everything that a phone reaches, under the names of `place` alone.
pub fn router(desk: Arc<Desk>, guests: Arc<Guests>, place: Place) -> Router {
    let house = House { desk, guests, sessions: Arc::default() };
    let pages = Router::new()
        .route(routes::guest::OPEN, get(code_page).post(open))
        .route(routes::guest::REQUEST, post(decide))
        .route(&request_path(), get(request_page))
        .fallback(nothing);
    let files = FILES.iter().fold(pages, |router, path| router.route(path, get(file)));
    files
        .layer(middleware::from_fn(limits::whole))
        .layer(middleware::from_fn(limits::bodies))
        .layer(middleware::from_fn_with_state(place.clone(), guard::same_site))
        .layer(middleware::from_fn_with_state(place, guard::headers))
        .with_state(house)
}

async fn nothing() -> Response {
    page::refused(StatusCode::NOT_FOUND, "There is nothing at this address.", "Scan the code on the big screen.", None)
}

async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let found = assets::file(uri.path().trim_start_matches('/'), &headers);
    found.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// The code of an address.
#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    code: String,
}

impl House {
    /// The phone that sends a request, where it was let in.
    fn phone(&self, headers: &HeaderMap) -> Option<Phone> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut secrets = pairs.filter(|(name, _)| *name == COOKIE).filter_map(|(_, value)| Secret::of(value));
        secrets.find_map(|secret| self.guests.phone(&secret))
    }

    /// Why a code lets nobody in. A phone that was let in before finds its way back.
    fn not_let_in(&self, why: NotLetIn, headers: &HeaderMap) -> Response {
        let own = self.phone(headers).map(|phone| routes::guest::request(phone.request().0, phone.request().1));
        let (status, what, remedy) = match why {
            NotLetIn::Code => (
                StatusCode::NOT_FOUND,
                "This code opens nothing any more.",
                "A code lasts ten minutes, and lets one phone in. Ask for a new one on the big screen.",
            ),
            NotLetIn::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many codes from this phone were wrong.",
                "Wait a minute, and scan the code on the big screen.",
            ),
        };
        page::refused(status, what, remedy, own.as_deref())
    }
}

fn failed(error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page::refused(status, &error.problem.what, &error.problem.remedy, None)
}

fn stranger() -> Response {
    let what = "This phone has not opened a code, or its ten minutes are over.";
    page::refused(StatusCode::FORBIDDEN, what, "Ask for a new code on the big screen, and scan it.", None)
}

/// The refusal of a request that acts, where this program or what it started sends it.
async fn of_a_function(request: &Extensions) -> Option<Response> {
    let remedy = "Nothing was changed. Only people act here.";
    let is_own = caller::is_own(request).await;
    is_own.then(|| page::refused(StatusCode::FORBIDDEN, caller::OWN, remedy, None))
}

/// From where a request comes.
fn peer(request: &Extensions) -> Option<IpAddr> {
    request.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// The page of a code. It does not use the code up: whatever previews links opens it too.
async fn code_page(State(house): State<House>, Query(Shown { code }): Query<Shown>, request: Request) -> Response {
    if code.is_empty() {
        return nothing().await;
    }
    match house.guests.shown(&code, peer(request.extensions())) {
        Ok(code) => page::code(&code, house.guests.now()),
        Err(why) => house.not_let_in(why, request.headers()),
    }
}

/// Uses a code up: the phone is let in, for one request.
async fn open(State(house): State<House>, request: Request) -> Response {
    if let Some(refusal) = of_a_function(request.extensions()).await {
        return refusal;
    }
    let (headers, from) = (request.headers().clone(), peer(request.extensions()));
    let fields = match Fields::of(request, Wants::Page).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let code = match house.guests.shown(fields.get("code"), from) {
        Ok(code) => code,
        Err(why) => return house.not_let_in(why, &headers),
    };
    let (arn, event) = match of_code(&house.desk, &house.guests, code.request.as_ref()).await {
        Ok(Some(offer)) => offer.key,
        Ok(None) => return nothing_waits(&code),
        Err(error) => return failed(&words::error(house.desk.about(), &error)),
    };
    let secret = match house.guests.let_in(&code, (&arn, event)) {
        Ok(secret) => secret,
        Err(why) => return house.not_let_in(why, &headers),
    };
    tracing::info!(execution = %arn, event, "a request was handed over to a guest");
    let mut response = see(&routes::guest::request(&arn, event));
    let seconds = STAY_MS / 1_000;
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict", secret.reveal());
    // A secret is of hexadecimal digits, so a header takes it.
    response.headers_mut().extend(HeaderValue::from_str(&cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// The code is not used up: it holds on for what waits next.
fn nothing_waits(code: &Code) -> Response {
    let (what, remedy) = if code.request.is_some() {
        ("The request of this code no longer waits for a guest.", "Ask for a code of another one on the big screen.")
    } else {
        (
            "Nothing waits that a guest may decide.",
            "Start the workflow approval on the big screen, and open this again.",
        )
    };
    page::refused(StatusCode::CONFLICT, what, remedy, None)
}

/// The request that was handed over, with its forms, or how it ended.
async fn request_page(
    State(house): State<House>,
    Path((arn, event)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(phone) = house.phone(&headers) else { return stranger() };
    let (desk, arn) = (&house.desk, routes::name_of(&arn));
    // No request has the number 0.
    let event = event.parse().unwrap_or(0);
    let actor = Actor::Guest(phone.guest.clone());
    let request = match pages::inbox::opened(desk, &actor, arn, event).await {
        Ok(request) => request,
        Err(error) => return failed(&error),
    };
    let chosen = match &request.state {
        RequestState::Decided(decision) => Some(decision.decision.outcome.id.clone()),
        RequestState::Waiting | RequestState::Closed(_) => None,
    };
    let connection = desk.id().as_str();
    let path = routes::guest::request(arn, event);
    let handed = Handed {
        proof: house.sessions.proof(&phone.key, connection),
        outcome: house.sessions.take(&phone.key, &path),
        ..Handed::default()
    };
    page::request(&pages::inbox::page(desk, &actor, request), chosen.as_deref(), connection, handed)
}

/// Decides the request that was handed over, and leads back to it.
async fn decide(State(house): State<House>, request: Request) -> Response {
    if let Some(refusal) = of_a_function(request.extensions()).await {
        return refusal;
    }
    let Some(phone) = house.phone(request.headers()) else { return stranger() };
    let fields = match Fields::of(request, Wants::Page).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let (desk, connection) = (&house.desk, house.desk.id().as_str());
    let is_proven = house.sessions.holds(&phone.key, connection, fields.get(PROOF));
    if !is_proven || fields.get(CONNECTION) != connection {
        let what = "This form does not come from a page of this phone.";
        let remedy = "Nothing was changed. Go back, reload the page, and send the form again.";
        return page::refused(StatusCode::FORBIDDEN, what, remedy, None);
    }
    // No request has the number 0: what is no number is refused as another request is.
    let (arn, event) = (fields.get("arn"), fields.get("event").parse().unwrap_or(0));
    let choice = Choice {
        outcome: fields.get("decision").to_owned(),
        comment: fields.get("comment").to_owned(),
        typed: typed(fields.all()),
        shown: Some(fields.get(SHOWN).to_owned()),
    };
    let (actor, only_looks) = (Actor::Guest(phone.guest.clone()), !fields.get("check").is_empty());
    let own = (arn.to_owned(), event);
    let kept: Vec<_> = fields.all().iter().filter(|(name, _)| name != PROOF).cloned().collect();
    let told = match answer(desk, &actor, (arn, event), &choice, only_looks).await {
        Ok(Answered::Decided(decided)) => pages::inbox::earlier_end(&decided).map(|by| Told::Late {
            late: words::late(&choice.outcome),
            request: own,
            by,
        }),
        Ok(Answered::Preview(preview)) => Some(Told::Ahead { preview, request: own, typed: kept }),
        // It is about another request, or about none.
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound) => return failed(&error),
        Err(error) => Some(Told::Refused { problem: error.problem, typed: kept }),
    };
    let to = routes::guest::request(arn, event);
    if let Some(told) = told {
        let action = routes::guest::REQUEST.to_owned();
        house.sessions.leave(&phone.key, &to, Outcome { action, told });
    }
    see(&to)
}

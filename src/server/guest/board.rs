//! The dashboard's page that shows a code for guests: `/NAME/guest`. It is drawn by the server alone.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use countersign_desk::watch::RequestKey;
use countersign_desk::{Actor, Desk};
use leptos::prelude::*;
use serde::Deserialize;

use super::guests::{Code, Guests, Phone};
use super::offer::{Offer, offer, offers};
use super::qr::Drawing;
use crate::app::arrival::PROOF;
use crate::app::{absolute, duration, instant, shown};
use crate::error::AppError;
use crate::routes;
use crate::server::http::refusal::{Wants, refuse};
use crate::server::http::sign_in::{Fields, POLICY, piece};
use crate::server::http::who::see;
use crate::server::http::{Site, Who, caller, session};
use crate::server::words;

/// The path of this page.
#[must_use]
pub fn path() -> String {
    format!("/{{connection}}/{}", routes::guest::GUEST)
}

/// The request that an address names, for which a code is wanted.
#[derive(Deserialize)]
pub struct Wanted {
    arn: Option<String>,
    event: Option<u64>,
}

impl Wanted {
    fn key(self) -> Option<RequestKey> {
        self.arn.zip(self.event)
    }
}

/// What both methods ask first: the connection, who it is, and whether guests may come at all.
struct Board {
    desk: Arc<Desk>,
    guests: Arc<Guests>,
    actor: Actor,
}

impl Board {
    async fn open(site: &Site, who: &Who, connection: &str, wants: Wants) -> Result<Self, Response> {
        let nowhere = || failed(wants, &words::no_connection(&site.desks, connection));
        let (desk, actor) = (site.desks.get(connection).ok_or_else(nowhere)?, who.actor());
        // Whoever may see nothing of the connection learns nothing about guests either.
        desk.snapshot(&actor).await.map_err(|error| failed(wants, &words::error(desk.about(), &error)))?;
        let guests = site.guests.clone().ok_or_else(|| {
            let remedy = "Start the demonstration with --guest to hand a request over to somebody's phone.";
            refuse(wants, StatusCode::NOT_FOUND, "No guests come here.", remedy)
        })?;
        Ok(Self { desk: Arc::clone(desk), guests, actor })
    }

    /// The code that holds now, with what it opens, where this actor could hand that over.
    async fn code(&self, offers: &[Offer]) -> Option<(Code, Offer)> {
        let code = self.guests.code()?;
        let opens = match &code.request {
            // One that waits no more is as good as lapsed.
            Some((arn, event)) => offer(&self.desk, &self.actor, (arn, *event)).await.ok().flatten()?,
            None => offers.first()?.clone(),
        };
        Some((code, opens))
    }
}

fn failed(wants: Wants, error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    refuse(wants, status, &error.problem.what, &error.problem.remedy)
}

/// The page. Opening it makes no code.
pub async fn page(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(connection): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let wants = Wants::of(&headers, routes::ROOT);
    let board = match Board::open(&site, &who, &connection, wants).await {
        Ok(board) => board,
        Err(refusal) => return refusal,
    };
    let offers = match offers(&board.desk, &board.actor).await {
        Ok(offers) => offers,
        Err(error) => return failed(wants, &words::error(board.desk.about(), &error)),
    };
    let (key, cookie) = session::of_page(who.session.clone(), &headers, site.place.is_secure());
    let shows = Shows {
        code: board.code(&offers).await,
        phones: board.guests.phones(),
        offers,
        wanted: wanted.key(),
        proof: site.sessions.proof(&key, &connection),
        now: board.guests.now(),
        connection,
    };
    let html = piece::document("Hand over the phone", shows.view(&board.guests));
    let mut response = piece::response(StatusCode::OK, html, POLICY);
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// Makes a code, of the request that the form names or of the oldest one, and leads back to the page.
pub async fn draw(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    let wants = Wants::of(request.headers(), routes::ROOT);
    let board = match Board::open(&site, &who, &connection, wants).await {
        Ok(board) => board,
        Err(refusal) => return refusal,
    };
    if caller::is_own(request.extensions()).await {
        return refuse(wants, StatusCode::FORBIDDEN, caller::OWN, "Nothing was changed. Only people make codes.");
    }
    let fields = match Fields::of(request, wants).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    if !who.session.as_deref().is_some_and(|session| site.sessions.holds(session, &connection, fields.get(PROOF))) {
        let what = "This form does not come from a page of this session and connection.";
        return refuse(
            wants,
            StatusCode::FORBIDDEN,
            what,
            "Nothing was changed. Reload the page, and send the form again.",
        );
    }
    let named = Some(fields.get("request")).filter(|named| !named.is_empty());
    let key = match named.map(|named| named.rsplit_once(' ').unwrap_or((named, ""))) {
        None => None,
        // No request has the number 0.
        // No request has the number 0.
        Some((arn, event)) => match offer(&board.desk, &board.actor, (arn, event.parse().unwrap_or(0))).await {
            Ok(Some(offer)) => Some(offer.key),
            Ok(None) => {
                let what =
                    "This request cannot be handed over: it no longer waits, or you or a guest may not decide it.";
                return refuse(wants, StatusCode::CONFLICT, what, "Choose another one.");
            }
            Err(error) => return failed(wants, &words::error(board.desk.about(), &error)),
        },
    };
    board.guests.draw(key);
    see(&routes::of(&connection).guest(None))
}

/// What the page shows.
struct Shows {
    /// The code that holds, and what it opens.
    code: Option<(Code, Offer)>,
    phones: Vec<Phone>,
    offers: Vec<Offer>,
    /// The request from whose page somebody came.
    wanted: Option<RequestKey>,
    proof: String,
    now: i64,
    connection: String,
}

impl Shows {
    fn view(&self, guests: &Guests) -> AnyView {
        let code = match &self.code {
            Some((code, opens)) => self.code_view(&guests.link(code), code, opens),
            None => {
                view! { <p>"No code is open now: make one, and let a phone on this network scan it."</p> }.into_any()
            }
        };
        let back = routes::of(&self.connection).inbox();
        view! {
            <div class="page account-page">
                <p><a href=back>"← Inbox"</a></p>
                <h1>"Hand over the phone"</h1>
                <p class="quiet">"A guest scans the code, opens one request on their own phone, and decides it; the graph here goes on. It works on this network, without encryption, with the data of the demonstration alone."</p>
                {code}
                {self.phones_view()}
                {self.form()}
            </div>
        }
        .into_any()
    }

    fn code_view(&self, link: &str, code: &Code, opens: &Offer) -> AnyView {
        let drawing = Drawing::of(link).map(|drawing| {
            let (size, path) = (drawing.size(), drawing.path());
            view! {
                <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=format!("QR code of {link}") shape-rendering="crispEdges">
                    <rect width=size.to_string() height=size.to_string() fill="#fff"/>
                    <path d=path fill="#000"/>
                </svg>
            }
        });
        let until = absolute(code.until);
        let left = duration(code.until - self.now, false);
        let which = if code.request.is_some() { "Opens" } else { "Opens what waits longest" };
        let (arn, event) = &opens.key;
        let request = routes::of(&self.connection).approval(arn, *event);
        view! {
            <figure class="code">
                {drawing}
                <figcaption>
                    <p><code class="secret">{link.to_owned()}</code></p>
                    <dl class="fields">
                        <dt>{which}</dt><dd><a href=request>{shown(&opens.title)}</a></dd>
                        <dt>"Holds"</dt><dd>"for one phone, "{left}" more, until "<time class="time" datetime=instant(code.until)>{until}</time></dd>
                    </dl>
                </figcaption>
            </figure>
        }
        .into_any()
    }

    /// The phones that were let in, and for which requests.
    fn phones_view(&self) -> AnyView {
        let one = |phone: &Phone| {
            let (arn, event) = phone.request();
            let title = self.offers.iter().find(|offer| (offer.key.0.as_str(), offer.key.1) == (arn, event));
            let title = title.map_or_else(|| "a request".to_owned(), |offer| offer.title.clone());
            let href = routes::of(&self.connection).approval(arn, event);
            let ago = duration(self.now - phone.since, false);
            view! { <li>"A phone opened "<a href=href>{shown(title)}</a>" "{ago}" ago."</li> }
        };
        view! { <ul class="phones">{self.phones.iter().map(one).collect_view()}</ul> }.into_any()
    }

    fn form(&self) -> AnyView {
        if self.offers.is_empty() {
            let href = routes::of(&self.connection).workflow("approval");
            return view! {
                <p>"Nothing waits that you could hand over to a guest. "<a href=href>"Start the workflow approval"</a>", and come back."</p>
            }
            .into_any();
        }
        let option = |offer: &Offer| {
            let selected = self.wanted.as_ref() == Some(&offer.key);
            let value = format!("{} {}", offer.key.0, offer.key.1);
            view! { <option value=value selected=selected>{shown_text(&offer.title)}" · "{shown_text(&offer.workflow)}</option> }
        };
        let action = routes::of(&self.connection).guest(None);
        view! {
            <form class="plain-form" method="post" action=action>
                <input type="hidden" name=PROOF value=self.proof.clone()/>
                <label class="field">
                    <span>"Request"</span>
                    <select name="request">
                        <option value="">"What waits longest when the code is opened"</option>
                        {self.offers.iter().map(option).collect_view()}
                    </select>
                </label>
                <button class="button button-main" type="submit">"Make a new code"</button>
                <p class="quiet">"The code before ends with it. Ten requests are listed at the most, of those that are most urgent; any other is handed over from its own page."</p>
            </form>
        }
        .into_any()
    }
}

/// A text in an option, which holds no elements.
fn shown_text(text: &str) -> String {
    crate::visible::visible(text).into_owned()
}

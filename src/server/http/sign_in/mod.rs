//! The pages with which people sign in and look after themselves and others. They are drawn by the server alone: plain forms,
//! which are answered with a page.
//!
//! **Adding a page**: its path in `routes.rs` and in [`PATHS`], and a file here with a function for each method. [`Visit`]
//! says who comes; [`Visit::form`] reads a form and checks that it comes from a page of the same session.

mod account;
mod entry;
pub mod piece;
mod provider;
mod users;
mod welcome;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use countersign_desk::people::{From, People};
use leptos::prelude::AnyView;

use super::place::host_of;
use super::refusal::{Wants, refuse};
use super::{BODY, Gate, Site, Who, limits, session};
use crate::app::arrival::{CONNECTION, PROOF};
use crate::routes;

/// The paths of these pages.
pub const PATHS: [&str; 7] = [
    routes::SIGN_IN,
    routes::SIGN_IN_WITH,
    routes::SIGN_IN_BACK,
    routes::SIGN_OUT,
    routes::WELCOME,
    routes::ACCOUNT,
    routes::USERS,
];

/// What the proofs of these pages' forms hold for: no connection has this name.
const FORMS: &str = "sign-in";

/// The policy of these pages: nothing runs in them but the site's own script for the theme.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; manifest-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds these pages to the site's.
pub fn routes(router: Router<Site>) -> Router<Site> {
    let [sign_in, with, back, sign_out, welcome, account, users] = PATHS;
    router
        .route(sign_in, get(entry::page).post(entry::sign_in))
        .route(with, get(provider::begin))
        .route(back, get(provider::finish))
        .route(sign_out, post(entry::sign_out))
        .route(welcome, get(welcome::page).post(welcome::accept))
        .route(account, get(account::page).post(account::change))
        .route(users, get(users::page).post(users::change))
}

/// Somebody who comes to one of these pages.
pub struct Visit {
    site: Site,
    people: Arc<People>,
    /// Whoever signed in.
    who: Option<Who>,
    /// What the proofs of forms are bound to, and the cookie of a session that begins here.
    key: String,
    cookie: Option<HeaderValue>,
    from: From,
    headers: HeaderMap,
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let headers = parts.headers.clone();
        let Gate::SignIn(people) = &site.gate else {
            let wants = Wants::of(&headers, parts.uri.path());
            let remedy = "Start countersign with --sign-in to have everybody sign in.";
            return Err(refuse(wants, StatusCode::NOT_FOUND, "Nobody signs in here.", remedy));
        };
        let who = parts.extensions.get::<Who>().cloned();
        let secure = site.place.is_secure();
        let known = who.as_ref().and_then(|who| who.session.clone());
        let (key, cookie) = session::of_page(known, &headers, secure);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let from = From { address: site.place.client(peer, &headers), agent: agent.to_owned() };
        Ok(Self { site: site.clone(), people: Arc::clone(people), who, key, cookie, from, headers })
    }
}

/// The fields of a form.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of a request.
    ///
    /// # Errors
    /// The form is larger than any may be.
    pub async fn of(request: Request, wants: Wants) -> Result<Self, Response> {
        let body = to_bytes(request.into_body(), BODY).await.map_err(|_| limits::too_large(wants))?;
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }

    /// All of them, in their order.
    pub fn all(&self) -> &[(String, String)] {
        &self.0
    }

    /// The text of a field; empty where it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

impl Visit {
    /// The proof of this page's forms.
    fn proof(&self) -> String {
        self.site.sessions.proof(&self.key, FORMS)
    }

    /// Reads a form, which must come from a page of this session: one of these, or one of the connection that it names.
    async fn form(&self, request: Request) -> Result<Fields, Response> {
        let wants = Wants::of(&self.headers, request.uri().path());
        let fields = Fields::of(request, wants).await?;
        let of = Some(fields.get(CONNECTION)).filter(|connection| !connection.is_empty()).unwrap_or(FORMS);
        if self.cookie.is_none() && self.site.sessions.holds(&self.key, of, fields.get(PROOF)) {
            return Ok(fields);
        }
        let what = "This form does not come from a page of this session.";
        let remedy = "Nothing was changed. Go back, reload the page, and send the form again.";
        Err(refuse(wants, StatusCode::FORBIDDEN, what, remedy))
    }

    /// A page with this title and content.
    fn show(self, status: StatusCode, title: &str, content: AnyView) -> Response {
        let html = piece::document(title, content);
        let mut response = piece::response(status, html, POLICY);
        let headers = response.headers_mut();
        if title == welcome::TITLE {
            // The address of a one-time link is for nobody else. With no referrer at all a browser would not say of which
            // origin its form is, and the form would be refused.
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
        }
        if let Some(cookie) = self.cookie {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// A link of this site that somebody is to open elsewhere.
    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.site.place.origin(host_of(&self.headers)))
    }
}

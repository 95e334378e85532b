//! Signing in and out.

use axum::extract::{Query, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use countersign_desk::people::{Refused, SignedIn};
use leptos::prelude::*;
use serde::Deserialize;

use super::super::who::see;
use super::super::{By, Who, session};
use super::{Visit, piece};
use crate::app::shown as text;
use crate::routes;
use crate::server::{is_own_path, words};
use crate::wire::Problem;

const TITLE: &str = "Sign in";

/// Where somebody wanted to go.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    pub to: String,
}

/// Where to go after signing in: a page of this site, and not another one that somebody put into the link.
pub fn destination(to: &str) -> String {
    if is_own_path(to) { to.to_owned() } else { routes::at(routes::ROOT) }
}

/// The page where people sign in.
pub async fn page(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    if visit.who.is_some() {
        return see(&destination(&wanted.to));
    }
    shown(visit, StatusCode::OK, "", &wanted.to, None)
}

/// Signs somebody in. Whatever session the browser had, it gets another one.
pub async fn sign_in(visit: Visit, request: Request) -> Response {
    let fields = match visit.form(request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    let (name, to) = (fields.get("name"), fields.get("to"));
    let before = match &visit.who {
        Some(Who { by: By::Session(session), .. }) => Some(session.hash),
        _ => None,
    };
    let signed_in = visit.people.sign_in(name, fields.get("password"), &visit.from, before.as_ref()).await;
    match signed_in {
        Ok(SignedIn { secret, .. }) => {
            let mut response = see(&destination(to));
            let cookie = session::signed_in(&secret, visit.site.place.is_secure());
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Err(refused) => {
            let (status, problem) = worded(&refused);
            let mut response = shown(visit, status, name, to, Some(&problem));
            if status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            response
        }
    }
}

/// Why somebody was not let in, in words.
pub fn worded(refused: &Refused) -> (StatusCode, Problem) {
    let problem = |what: &str, remedy: &str| Problem { what: what.to_owned(), remedy: remedy.to_owned() };
    match refused {
        Refused::Wrong => {
            let remedy = "Try again, or ask an administrator for a link with which you set a password.";
            (StatusCode::FORBIDDEN, problem("The user name or the password is wrong.", remedy))
        }
        Refused::TooMany => {
            (StatusCode::TOO_MANY_REQUESTS, problem("Too many passwords were tried.", "Wait a minute, then try again."))
        }
        Refused::Disabled => {
            let remedy = "Ask an administrator, who can let you sign in again.";
            (StatusCode::FORBIDDEN, problem("Your user is disabled here.", remedy))
        }
        Refused::People(error) => (StatusCode::SERVICE_UNAVAILABLE, words::people(error)),
    }
}

fn shown(visit: Visit, status: StatusCode, name: &str, to: &str, problem: Option<&Problem>) -> Response {
    let to = destination(to).to_owned();
    let provider = visit.site.oidc.as_ref().map(|oidc| with(oidc.name(), &to));
    let fields = view! {
        <input type="hidden" name="to" value=to/>
        {piece::line("User name", "name", name, "username")}
        {piece::password("Password", "password", "current-password")}
        <button class="button button-main" type="submit">"Sign in"</button>
    };
    let content = view! {
        <div class="page sign-in">
            <h1>"Sign in"</h1>
            {problem.map(piece::problem)}
            {provider}
            {piece::form(routes::SIGN_IN, "sign-in", &visit.proof(), fields.into_any())}
        </div>
    };
    visit.show(status, TITLE, content.into_any())
}

/// The way to the provider, before the fields of those who have a password here.
fn with(name: &str, to: &str) -> AnyView {
    let label = text(format!("Sign in with {name}"));
    view! {
        <p><a class="button button-main" href=routes::sign_in_with(to)>{label}</a></p>
        <p class="sign-in-or">"or with a password of Countersign"</p>
    }
    .into_any()
}

/// Ends the session, or, with the field `everywhere`, all of the same person.
pub async fn sign_out(visit: Visit, request: Request) -> Response {
    let fields = match visit.form(request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    if let Some(Who { person, by: By::Session(session), .. }) = &visit.who {
        let ended = match fields.get("everywhere") {
            "" => visit.people.sign_out(session).await,
            _ => visit.people.sign_out_everywhere(person).await,
        };
        if let Err(error) = ended {
            return visit.show(StatusCode::SERVICE_UNAVAILABLE, TITLE, piece::problem(&words::people(&error)));
        }
    }
    let mut response = see(&routes::at(routes::SIGN_IN));
    let cookie = session::ended(visit.site.place.is_secure());
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

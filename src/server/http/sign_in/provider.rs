//! Signing in with a provider of OpenID Connect: the way there and the way back. Neither decides anything here: who came back is
//! signed in, as with a password.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::Response;
use countersign_desk::people::{PeopleError, Refused, SignedIn};
use leptos::prelude::*;
use serde::Deserialize;

use super::super::place::host_of;
use super::super::refusal::{Wants, refuse};
use super::super::who::see;
use super::super::{By, Who, session};
use super::entry::{Wanted, destination};
use super::{Visit, piece};
use crate::routes;
use crate::server::oidc::{Fault, LONGEST, Oidc};
use crate::server::words;
use crate::wire::Problem;

const TITLE: &str = "Sign in";
/// The most characters of what a provider says that a page shows.
const SHOWN: usize = 300;

/// What a provider sends back with a browser (RFC 6749, 4.1.2; RFC 9207).
#[derive(Deserialize)]
pub struct Back {
    code: Option<String>,
    #[serde(default)]
    state: String,
    error: Option<String>,
    iss: Option<String>,
}

/// Leads to the provider.
pub async fn begin(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    let Some(oidc) = provider(&visit) else { return none(&visit) };
    if visit.who.is_some() {
        return see(&destination(&wanted.to));
    }
    match oidc.begin(&destination(&wanted.to), &back(&visit)).await {
        Ok((there, kept)) => {
            let mut response = see(&there);
            let cookie = session::trip(&kept, LONGEST / 1_000, visit.site.place.is_secure());
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Err(fault) => failed(visit, &worded(&fault, &oidc)),
    }
}

/// Signs in who comes back.
pub async fn finish(visit: Visit, Query(Back { code, state, error, iss }): Query<Back>) -> Response {
    let Some(oidc) = provider(&visit) else { return none(&visit) };
    let secure = visit.site.place.is_secure();
    let Some(trip) = session::trips(&visit.headers, secure).find_map(|kept| oidc.trip(kept, &state)) else {
        let what = "This browser did not begin to sign in, or it took more than ten minutes.".to_owned();
        return failed(visit, &Problem { what, remedy: "Sign in again, from this page.".to_owned() });
    };
    if iss.is_some_and(|iss| iss != oidc.issuer()) {
        let fault = Fault::Token("it comes from another provider".to_owned());
        return failed(visit, &worded(&fault, &oidc));
    }
    let Some(code) = code.filter(|_| error.is_none()) else {
        return failed(visit, &declined(error.as_deref().unwrap_or("no code"), oidc.name()));
    };
    let proven = match oidc.finish(&trip, code, &back(&visit)).await {
        Ok(proven) => proven,
        Err(fault) => {
            tracing::warn!(%fault, provider = oidc.issuer(), "somebody could not be signed in");
            return failed(visit, &worded(&fault, &oidc));
        }
    };
    let before = match &visit.who {
        Some(Who { by: By::Session(session), .. }) => Some(session.hash),
        _ => None,
    };
    match visit.people.sign_in_proven(&proven, &visit.from, before.as_ref()).await {
        Ok(SignedIn { secret, .. }) => {
            let mut response = see(&destination(&trip.to));
            let cookies = [session::signed_in(&secret, secure), session::trip("", 0, secure)];
            for cookie in cookies.into_iter().flatten() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(Refused::People(PeopleError::Taken(id))) => {
            let problem = taken(&id, &proven.identity.subject, oidc.name());
            failed(visit, &problem)
        }
        Err(refused) => failed(visit, &super::entry::worded(&refused).1),
    }
}

fn provider(visit: &Visit) -> Option<Arc<Oidc>> {
    visit.site.oidc.clone()
}

fn none(visit: &Visit) -> Response {
    let remedy = "Sign in with a password; or name a provider in countersign.toml of the data folder.";
    refuse(
        Wants::of(&visit.headers, routes::SIGN_IN),
        StatusCode::NOT_FOUND,
        "There is no provider to sign in with.",
        remedy,
    )
}

/// Where the provider sends browsers back to.
fn back(visit: &Visit) -> String {
    format!("{}{}", visit.site.place.origin(host_of(&visit.headers)), routes::at(routes::SIGN_IN_BACK))
}

fn failed(visit: Visit, problem: &Problem) -> Response {
    let content = view! {
        <div class="page sign-in">
            <h1>"You are not signed in"</h1>
            {piece::problem(problem)}
            <p><a href=routes::at(routes::SIGN_IN)>"Sign in"</a></p>
        </div>
    };
    visit.show(StatusCode::FORBIDDEN, TITLE, content.into_any())
}

/// The beginning of what a provider says.
fn beginning(text: &str) -> String {
    let mut letters = text.chars().filter(|letter| !letter.is_control());
    let beginning: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() { beginning + "…" } else { beginning }
}

/// The provider sent somebody back without a code.
fn declined(error: &str, name: &str) -> Problem {
    Problem {
        what: format!("{name} did not sign you in: {}.", beginning(error)),
        remedy: "Try again, or ask who administers it whether you may use Countersign.".to_owned(),
    }
}

/// A user of this name is there who is not linked.
fn taken(id: &str, subject: &str, name: &str) -> Problem {
    let words = words::people(&PeopleError::Taken(id.to_owned()));
    let remedy = format!(
        "Somebody else may have it. If it is you, ask an administrator for: countersign user link {id} {}. ({name} calls you so.)",
        beginning(subject)
    );
    Problem { remedy, ..words }
}

fn worded(fault: &Fault, oidc: &Oidc) -> Problem {
    let name = oidc.name();
    let (what, remedy) = match fault {
        Fault::Provider(why) => (
            format!("{name} cannot be asked who you are: {}.", beginning(why)),
            "Try again later. If it goes on, ask who administers Countersign to check [oidc] in countersign.toml.",
        ),
        Fault::Code(why) => (
            format!("{name} did not confirm that you signed in: {}.", beginning(why)),
            "Sign in again. If it goes on, the client's id or secret may be wrong.",
        ),
        Fault::Token(why) => (
            format!("What {name} says of you does not hold: {}.", beginning(why)),
            "Sign in again. If it goes on, ask who administers Countersign to compare [oidc] with the provider's client.",
        ),
    };
    Problem { what, remedy: remedy.to_owned() }
}

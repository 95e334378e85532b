//! What every address of the API asks first: who it is, about which connection, and whether they may act from where they come.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use countersign_desk::store::Scope;
use countersign_desk::{Actor, Desk};

use super::problem::Problem;
use super::query::Query;
use crate::server::http::{By, Site, Who, caller};
use crate::server::words;

/// The header in which a page's script shows the proof of its session.
pub const PROOF: &str = "countersign-proof";

/// Who asks what of which connection.
pub struct Asked {
    pub desk: Arc<Desk>,
    pub actor: Actor,
    pub query: Query,
}

impl Asked {
    /// Reads a request whose address may have these parameters, and `connection`.
    pub fn read(site: &Site, parts: &Parts, names: &[&str]) -> Result<Self, Problem> {
        let names: Vec<&str> = names.iter().copied().chain(["connection"]).collect();
        let query = Query::read(parts.uri.query(), &names)?;
        let name = query.get("connection").unwrap_or("default");
        let desk = site.desks.get(name).ok_or_else(|| {
            let problem = Problem::from(words::no_connection(&site.desks, name));
            Problem { parameter: Some("connection".to_owned()), ..problem }
        })?;
        // The gate let the request in, and said who sends it.
        let actor = who(parts)?.actor();
        if !site.pace.admits(actor.id(), desk.now()) {
            let detail = "You asked too often: 20 requests a second are answered.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail, "Wait a second, then ask again."));
        }
        Ok(Self { desk: Arc::clone(desk), actor, query })
    }

    /// The same for a request that acts.
    pub async fn acting(site: &Site, parts: &Parts) -> Result<Self, Problem> {
        let asked = Self::read(site, parts, &[])?;
        may_act(site, parts, asked.desk.id().as_str())?;
        if caller::is_own(&parts.extensions).await {
            return Err(forbidden(caller::OWN, "Nothing was changed. Only people act here."));
        }
        Ok(asked)
    }
}

fn who(parts: &Parts) -> Result<&Who, Problem> {
    parts.extensions.get::<Who>().ok_or_else(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "You are not signed in.",
            "Send an API token: Authorization: Bearer TOKEN.",
        )
    })
}

fn forbidden(detail: &str, remedy: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail, remedy)
}

/// A token shows by itself that its holder means it: no browser sends it by itself. A browser has to show the proof of its
/// session, since it sends cookies whoever wrote the page. Without sign-in a program needs nothing: the guard refuses other
/// sites and other names, and the key that a decision needs is a header that no form has, so a page of another site cannot send
/// it without being asked first.
fn may_act(site: &Site, parts: &Parts, connection: &str) -> Result<(), Problem> {
    let who = who(parts)?;
    let is_proven = || {
        let proof = parts.headers.get(PROOF).and_then(|value| value.to_str().ok());
        who.session
            .as_deref()
            .zip(proof)
            .is_some_and(|(session, proof)| site.sessions.holds(session, connection, proof))
    };
    match who.by {
        // The policy says it, too; here nothing is read for it.
        By::Token(Scope::Read) => Err(forbidden(
            "This API token may only read.",
            "Nothing was changed. Make one that may act, on the page Account.",
        )),
        By::Token(Scope::Act) => Ok(()),
        By::Persona if !is_browser(&parts.headers) => Ok(()),
        By::Persona | By::Session(_) if is_proven() => Ok(()),
        By::Persona | By::Session(_) => Err(forbidden(
            "A browser acts with the proof of its session, and this request has none that holds.",
            "Nothing was changed. Decide on the page of the request, or send an API token instead of cookies.",
        )),
    }
}

/// Whether a browser sends it: browsers say where a request comes from, in headers that pages cannot change.
fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("origin") || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"))
}

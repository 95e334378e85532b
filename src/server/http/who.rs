//! Who sends a request, and the one gate that everything passes: where people sign in, nothing but the pages with which they
//! do is there for anybody else.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use countersign_desk::people::{People, Session, has_token};
use countersign_desk::store::Scope;
use countersign_desk::{Actor, Person};

use super::refusal::{Wants, refuse};
use super::{Site, acts, assets, session};
use crate::routes;
use crate::server::{is_own_path, personas, words};

/// How the site knows people.
#[derive(Clone)]
pub enum Gate {
    /// Nobody signs in: a cookie chooses a persona of the demonstration.
    Personas,
    /// Everybody signs in.
    SignIn(Arc<People>),
}

/// What shows who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Persona,
    Session(Session),
    /// An API token with this scope.
    Token(Scope),
}

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub person: Person,
    pub by: By,
    /// What the proofs of forms are bound to; a token has none, and a persona's browser perhaps none yet.
    pub session: Option<String>,
}

impl Who {
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.by {
            By::Token(scope) => Actor::Bearer(self.person.clone(), scope),
            By::Persona | By::Session(_) => Actor::Person(self.person.clone()),
        }
    }

    /// Whether they signed in, as opposed to personas.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.by != By::Persona
    }
}

/// Lets a request through with who sends it, or leads to the page where people sign in.
pub async fn gate(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let who = match &site.gate {
        Gate::Personas => {
            let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
            Some(Who {
                person: personas::from_cookies(cookies),
                by: By::Persona,
                session: session::anonymous(headers, false),
            })
        }
        Gate::SignIn(_) if request.uri().path_and_query().is_some_and(|address| has_token(address.as_str())) => {
            let remedy = "Remove that token on the page Account: addresses are kept in logs and histories. \
                          A program sends its token in the header Authorization.";
            let wants = Wants::of(headers, request.uri().path());
            return unauthorised(wants, "This address has an API token in it.", remedy);
        }
        Gate::SignIn(people) => match who(people, &site, request.uri().path(), headers).await {
            Ok(who) => who,
            Err(response) => return response,
        },
    };
    match who {
        Some(who) => {
            let signed_in = who.is_signed_in();
            request.extensions_mut().insert(who);
            personas::answering(signed_in, next.run(request)).await
        }
        None if is_open(request.method(), request.uri().path()) => next.run(request).await,
        None => turned_away(&site, &request),
    }
}

/// What is there for everybody: the pages with which somebody signs in, the site's files, and whether the server is up.
fn is_open(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    matches!(path, routes::SIGN_IN | routes::WELCOME)
        || reads && matches!(path, routes::SIGN_IN_WITH | routes::SIGN_IN_BACK)
        // A message of SNS is believed for its signature.
        || *method == Method::POST && path == routes::HOOK_SNS
        || reads && (path == routes::HEALTHZ || assets::is_file(path.trim_start_matches('/')))
}

/// Whether programs come here with a token: not to pages, which are for people.
fn is_for_programs(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    path.starts_with(routes::API) || path == routes::LIVE || matches!(last, routes::HISTORY | routes::VALUE)
}

async fn who(people: &People, site: &Site, path: &str, headers: &HeaderMap) -> Result<Option<Who>, Response> {
    let wants = Wants::of(headers, path);
    let failed = |error| {
        let problem = words::people(&error);
        refuse(wants, StatusCode::SERVICE_UNAVAILABLE, &problem.what, &problem.remedy)
    };
    if let Some(text) = bearer(headers) {
        if !is_for_programs(path) {
            let what = "API tokens are for programs; this address is for people.";
            return Err(unauthorised(wants, what, "Sign in, or call what is below /api/."));
        }
        let token = people.token(text).await.map_err(failed)?;
        let token = token.ok_or_else(|| {
            unauthorised(wants, "The API token does not hold.", "Make another one on the page Account.")
        })?;
        return Ok(Some(Who { person: token.person, by: By::Token(token.scope), session: None }));
    }
    let Some(secret) = session::secret(headers, site.place.is_secure()) else { return Ok(None) };
    let session = people.session(&secret).await.map_err(failed)?;
    Ok(session.map(|session| {
        let key = session::key(&session.hash);
        Who { person: session.person.clone(), by: By::Session(session), session: Some(key) }
    }))
}

/// What stands behind `Authorization: Bearer`. A token is read nowhere else: addresses are kept in logs and histories.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorised(wants: Wants, what: &str, remedy: &str) -> Response {
    let mut response = refuse(wants, StatusCode::UNAUTHORIZED, what, remedy);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Leads a browser to the page where people sign in, and back from there; refuses others.
fn turned_away(site: &Site, request: &Request) -> Response {
    let (uri, headers) = (request.uri(), request.headers());
    let wants = Wants::of(headers, uri.path());
    if wants != Wants::Page {
        return unauthorised(wants, "You are not signed in.", "Reload the page to sign in, or send an API token.");
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let here = uri
        .path_and_query()
        .map(|path| routes::at(path.as_str()))
        .filter(|_| reads && !uri.path().starts_with(routes::API));
    // A form was posted from a page, which is where they want to be.
    let from = here.or_else(|| acts::own_page(&site.place, headers)).filter(|path| is_own_path(path));
    see(&routes::sign_in(from.as_deref()))
}

/// Leads to a path of this site.
pub fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_its_header_alone() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer cst_1").as_deref(), Some("cst_1"));
        assert_eq!(read("bearer  cst_1 ").as_deref(), Some("cst_1"));
        for other in ["Basic cst_1", "cst_1", "Bearer", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn an_address_with_a_token_is_known() {
        let token = format!("cst_{}", "0a".repeat(32));
        assert!(has_token(&format!("/live?token={token}&x=1")) && has_token(&format!("/{token}/cst_")));
        for address in ["/default/inbox?q=cst_", "/default/inbox?q=cst_0a", "/welcome?code=0a", ""] {
            assert!(!has_token(address), "{address}");
        }
    }

    #[test]
    fn programs_come_to_what_is_no_page() {
        for (path, expected) in [
            ("/api/start", true),
            ("/live", true),
            ("/default/executions/arn:1/history.json", true),
            ("/default/executions/arn:1/value", true),
            ("/default", false),
            ("/account", false),
            ("/sign-in", false),
        ] {
            assert_eq!(is_for_programs(path), expected, "{path}");
        }
    }

    #[test]
    fn little_is_open_to_everybody() {
        for (method, path, expected) in [
            (Method::GET, "/sign-in", true),
            (Method::POST, "/sign-in", true),
            (Method::POST, "/welcome", true),
            (Method::GET, "/sign-in/with", true),
            (Method::GET, "/sign-in/back", true),
            (Method::POST, "/sign-in/back", false),
            (Method::GET, "/healthz", true),
            (Method::POST, "/healthz", false),
            (Method::GET, "/", false),
            (Method::GET, "/sign-in/x", false),
            (Method::GET, "/sign-in/../default", false),
            (Method::GET, "/%73ign-in", false),
            (Method::POST, "/sign-out", false),
            (Method::GET, "/account", false),
        ] {
            assert_eq!(is_open(&method, path), expected, "{method} {path}");
        }
    }
}

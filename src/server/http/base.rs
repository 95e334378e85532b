//! A site below a path, such as `https://tools.example.com/approvals`: the proxy passes the whole path on. Everything within
//! knows paths without it, but for the pages, whose links and routes are those of a browser.

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;

use super::refusal::{Wants, refuse};
use crate::routes;

/// The address of a request as the browser sent it.
#[derive(Clone)]
struct Whole(Uri);

/// The site below the path that it is at.
pub fn below(site: Router) -> Router {
    if routes::base().is_empty() {
        return site;
    }
    Router::new().fallback(move |request: Request| {
        let site = site.clone();
        async move {
            match inner(request) {
                // Proof: a router answers every request.
                Ok(request) => site.oneshot(request).await.unwrap_or_else(|never| match never {}),
                Err(answer) => *answer,
            }
        }
    })
}

/// The request with its address from the site's root on, or what is said to one for another place.
fn inner(mut request: Request) -> Result<Request, Box<Response>> {
    let address = request.uri().clone();
    let path = address.path_and_query().map_or("/", PathAndQuery::as_str);
    // Whoever runs the program asks without knowing of the path.
    if address.path() == routes::HEALTHZ {
        return Ok(request);
    }
    let elsewhere = |address: &Uri| Box::new(outside(address, &request));
    let Some(rest) = path.strip_prefix(routes::base()) else { return Err(elsewhere(&address)) };
    let within = match rest.as_bytes().first() {
        None | Some(b'?') => format!("/{rest}"),
        Some(b'/') => rest.to_owned(),
        Some(_) => return Err(elsewhere(&address)),
    };
    let Ok(within) = within.parse::<PathAndQuery>() else { return Err(elsewhere(&address)) };
    let mut parts = address.clone().into_parts();
    parts.path_and_query = Some(within);
    let Ok(uri) = Uri::from_parts(parts) else { return Err(elsewhere(&address)) };
    *request.uri_mut() = uri;
    request.extensions_mut().insert(Whole(address));
    Ok(request)
}

/// The root of the host leads to the site.
fn outside(address: &Uri, request: &Request) -> Response {
    if address.path() == "/" {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, routes::at(routes::ROOT))]).into_response();
    }
    let remedy = format!("Everything is below {}/.", routes::base());
    let wants = Wants::of(request.headers(), address.path());
    refuse(wants, StatusCode::NOT_FOUND, "There is nothing at this address.", &remedy)
}

/// The request with the address that the browser sent.
pub fn whole(mut request: Request) -> Request {
    if let Some(Whole(address)) = request.extensions_mut().remove() {
        *request.uri_mut() = address;
    }
    request
}

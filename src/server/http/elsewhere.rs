//! Which page, file or other place an address leads to: its first segment says which connection it is of.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use countersign_desk::Desks;

use super::refusal::{Wants, refuse_with_links};
use super::{Site, assets};
use crate::routes;
use crate::server::words;

/// A page of a connection; where its first segment is none, whatever else the address leads to.
pub async fn page(State(site): State<Site>, request: Request) -> Response {
    if site.desks.get(routes::connection_of(request.uri().path())).is_some() {
        return site.page()(request).await;
    }
    without_connection(&site, &request)
}

/// What no page's path leads to: a file of the site, an old link, or the page "not found".
pub async fn anything(State(site): State<Site>, request: Request) -> Response {
    if site.desks.get(routes::connection_of(request.uri().path())).is_none() {
        return without_connection(&site, &request);
    }
    let mut response = site.page()(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn without_connection(site: &Site, request: &Request) -> Response {
    let path = request.uri().path();
    if let Some(response) = assets::file(path.trim_start_matches('/'), request.headers()) {
        return response;
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(response) = reads.then(|| to_the_default(&site.desks, request.uri())).flatten() {
        return response;
    }
    let problem = words::no_connection(&site.desks, routes::connection_of(path)).problem;
    let links = site.desks.iter().map(|desk| (routes::of(desk.id().as_str()).overview(), desk.about().label.clone()));
    let wants = Wants::of(request.headers(), path);
    refuse_with_links(wants, StatusCode::NOT_FOUND, &problem.what, &problem.remedy, &links.collect::<Vec<_>>())
}

/// Leads the root, and links from before there were connections, to the default one.
fn to_the_default(desks: &Desks, uri: &Uri) -> Option<Response> {
    let path = uri.path();
    let overview = routes::of(desks.default_one().id().as_str()).overview();
    let to = match routes::connection_of(path) {
        _ if path == routes::ROOT => overview,
        first if routes::WITHOUT_CONNECTION.contains(&first) => format!("{overview}{path}"),
        _ => return None,
    };
    let to = uri.query().map_or(to.clone(), |query| format!("{to}?{query}"));
    // Another connection may be the default one after the next start.
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store".to_owned())];
    let headers = headers.map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)));
    let [Some(location), Some(cache)] = headers else { return None };
    Some((StatusCode::PERMANENT_REDIRECT, [location, cache]).into_response())
}

//! Checks before every handler: requests must come from this site and this machine. The headers of each response restrict
//! the browser to this site.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::api::problem::MEDIA;
use super::place::Place;
use super::refusal::{Wants, refuse};

/// Refuses requests that a page of another site makes a browser send.
///
/// The `Host` must name this site, so that no foreign name that resolves to it gets an answer (DNS rebinding). A
/// request that changes something must come from this site: a browser says so in `Sec-Fetch-Site` or `Origin`; a client
/// that sends neither is not a browser.
pub async fn same_site(State(place): State<Place>, request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let asks_for_health = request.method() == Method::GET && request.uri().path() == crate::routes::HEALTHZ;
    if asks_for_health {
        // Whoever balances the load knows no name, and learns nothing.
        return next.run(request).await;
    }
    if !place.admits(peer) {
        let wants = Wants::of(request.headers(), request.uri().path());
        let remedy = "Open its public address. Proxies are named with --trusted-proxy.";
        return refuse(wants, StatusCode::FORBIDDEN, "This dashboard is reached through its proxy alone.", remedy);
    }
    match check(&place, request.method(), request.uri().path(), request.headers(), authority) {
        Ok(()) => next.run(request).await,
        Err((what, remedy)) => {
            let wants = Wants::of(request.headers(), request.uri().path());
            refuse(wants, StatusCode::FORBIDDEN, &what, remedy)
        }
    }
}

/// What happened, and what to do.
type GuardRefusal = (String, &'static str);

fn check(
    place: &Place,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    authority: Option<&str>,
) -> Result<(), GuardRefusal> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).or(authority).unwrap_or_default();
    if !place.is_here(host) {
        let what = format!("This dashboard answers only under {}.", place.names());
        return Err((what, "Open it under one of these names."));
    }
    // A link from anywhere may open a page. Only this site's pages may open the stream or act.
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if reads && path != crate::routes::LIVE {
        return Ok(());
    }
    let foreign_site = headers.get("sec-fetch-site").is_some_and(|value| value != "same-origin" && value != "none");
    let foreign_origin = text(header::ORIGIN).is_some_and(|origin| origin != place.origin(host));
    if foreign_site || foreign_origin {
        return Err(("This came from another site.".to_owned(), "Open the dashboard itself and try again."));
    }
    Ok(())
}

/// Sets the headers that restrict the browser to this site. A page's own scripts carry a nonce, which the page sets.
pub async fn headers(State(place): State<Place>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if place.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    // Pages and data contain payloads, which are not cached; files set their own caching.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let shown = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
        ["text/html", "text/plain", "application/json", MEDIA, "image/svg"].iter().any(|shown| kind.starts_with(shown))
    });
    if shown {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PLAIN_POLICY));
    }
    response
}

/// The policy of a response that is not a page of the app.
const PLAIN_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                            form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page: it may load this site's own files, and scripts with the page's nonce.
#[must_use]
pub fn content_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Sets the policy of the page that is being rendered.
pub fn set_content_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&content_policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;
    use crate::server::http::place::Public;

    #[track_caller]
    fn check_headers(method: Method, headers: &[(&'static str, &str)], allowed: bool) {
        check_at("/", method, headers, allowed);
    }

    #[track_caller]
    fn check_at(path: &str, method: Method, headers: &[(&'static str, &str)], allowed: bool) {
        let map = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        assert_eq!(check(&Place::ThisMachine, &method, path, &map, None).is_ok(), allowed, "{method} {headers:?}");
    }

    #[test]
    fn only_this_machines_names_are_answered() {
        for (host, allowed) in [
            ("127.0.0.1:3000", true),
            ("localhost", true),
            ("[::1]:80", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            check_headers(Method::GET, &[("host", host)], allowed);
        }
    }

    #[test]
    fn under_a_public_url_the_origin_is_that_of_the_url() {
        let place = Place::Public(Public::at("https://a.example").unwrap());
        let check = |method: Method, headers: &[(&'static str, &str)]| {
            let map =
                headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
            check(&place, &method, "/", &map.collect(), None).is_ok()
        };
        let host = ("host", "a.example");
        assert!(check(Method::GET, &[host]) && !check(Method::GET, &[("host", "127.0.0.1:3000")]));
        assert!(check(Method::POST, &[host, ("origin", "https://a.example"), ("sec-fetch-site", "same-origin")]));
        for origin in ["http://a.example", "https://b.example", "https://a.example:8443", "null"] {
            assert!(!check(Method::POST, &[host, ("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn what_changes_something_comes_from_this_site() {
        let host = ("host", "127.0.0.1:3000");
        check_headers(Method::POST, &[host], true);
        check_headers(
            Method::POST,
            &[host, ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")],
            true,
        );
        check_headers(Method::POST, &[host, ("origin", "http://127.0.0.1:4000")], false);
        check_headers(Method::POST, &[host, ("origin", "null")], false);
        check_headers(Method::POST, &[host, ("sec-fetch-site", "cross-site")], false);
        check_headers(Method::GET, &[host, ("sec-fetch-site", "cross-site")], true);
    }

    #[test]
    fn the_live_stream_is_for_this_site_s_pages() {
        let host = ("host", "127.0.0.1:3000");
        check_at("/live", Method::GET, &[host], true);
        check_at("/live", Method::GET, &[host, ("sec-fetch-site", "same-origin")], true);
        check_at("/live", Method::GET, &[host, ("sec-fetch-site", "cross-site")], false);
        check_at("/live", Method::GET, &[host, ("sec-fetch-site", "same-site")], false);
        check_at("/live", Method::GET, &[host, ("origin", "http://evil.example")], false);
    }
}

//! Error responses, in the form that the client reads.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::server_fn::error::FromServerFnError as _;

use super::api;
use super::api::problem::Problem as ApiProblem;
use crate::app::arrival::COMPACT;
use crate::error::{AppError, ErrorKind};
use crate::routes::{ROOT, at, base};
use crate::visible::visible;
use crate::wire::Problem;

/// The form in which a client reads responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A browser that shows the response.
    Page,
    /// A page's own script.
    Compact,
    /// A program.
    Json,
    /// A program that calls the API.
    Problem,
    /// A client that does not say.
    Text,
}

impl Wants {
    /// The form that the client's `Accept` names. Without one, paths below `/api/` respond with JSON.
    pub fn of(headers: &HeaderMap, path: &str) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match accept {
            _ if api::is_api(path) => Self::Problem,
            accept if accept.contains("text/html") => Self::Page,
            accept if accept.contains(COMPACT) => Self::Compact,
            accept if accept.contains("json") || path.starts_with("/api/") => Self::Json,
            _ => Self::Text,
        }
    }
}

/// Refuses an HTTP request: what happened, and what to do.
pub fn refuse(wants: Wants, status: StatusCode, what: &str, remedy: &str) -> Response {
    refuse_with_links(wants, status, what, remedy, &[(at(ROOT), "Overview".to_owned())])
}

/// The same with the places, each a path and a name, that a page offers instead.
pub fn refuse_with_links(
    wants: Wants,
    status: StatusCode,
    what: &str,
    remedy: &str,
    links: &[(String, String)],
) -> Response {
    let kind = match status {
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        status if status.is_client_error() => ErrorKind::Invalid,
        StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    let error = AppError { kind, problem: Problem { what: what.to_owned(), remedy: remedy.to_owned() } };
    let (kind, body) = match wants {
        Wants::Problem => return ApiProblem::new(status, what, remedy).into_response(),
        Wants::Page => ("text/html; charset=utf-8", Body::from(page(&error.problem, links))),
        Wants::Compact => (COMPACT, Body::from(error.ser())),
        Wants::Json => ("application/json", Body::from(json(&error).to_string())),
        Wants::Text => ("text/plain; charset=utf-8", Body::from(format!("{error}\n"))),
    };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

/// An error for a program.
pub fn json(error: &AppError) -> serde_json::Value {
    let kind = match error.kind {
        ErrorKind::NotFound => "not_found",
        ErrorKind::Invalid => "invalid",
        ErrorKind::Forbidden => "forbidden",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Internal => "internal",
    };
    serde_json::json!({
        "outcome": "refused", "kind": kind, "what": error.problem.what, "remedy": error.problem.remedy,
    })
}

/// A page that depends on nothing that may have failed.
fn page(problem: &Problem, links: &[(String, String)]) -> String {
    let text = |text: &str| {
        visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let (what, remedy) = (text(&problem.what), text(&problem.remedy));
    let link = |(to, name): &(String, String)| format!("<li><a href=\"{}\">{}</a></li>", text(to), text(name));
    let links: String = links.iter().map(link).collect();
    let base = base();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{what} · Countersign</title>\
         <script src=\"{base}/theme.js\"></script><link rel=\"icon\" href=\"{base}/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"{base}/pkg/countersign.css\"></head>\
         <body><main id=\"main\"><div class=\"page\"><h1>{what}</h1><p>{remedy}</p>\
         <ul>{links}</ul></div></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_answer_is_the_client_s() {
        for (accept, path, expected) in [
            ("text/html,application/xhtml+xml", "/api/decide", Wants::Page),
            ("application/x-postcard", "/api/decide", Wants::Compact),
            ("application/json", "/inbox", Wants::Json),
            ("*/*", "/api/decide", Wants::Json),
            ("", "/inbox", Wants::Text),
            ("text/html", "/api/approvals", Wants::Problem),
            ("", "/api/approvals/apr_x/decision", Wants::Problem),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Wants::of(&headers, path), expected, "{accept} {path}");
        }
    }
}

//! The API for programs: JSON over the desk's own methods, described by `openapi.json`. The desk decides who may do what;
//! nothing here does more than read a request and write an answer.
//!
//! It stands below `/api/` beside the server functions, which are the pages' own forms and change with them. What is here has
//! shapes of its own (`shapes`), which pages do not use, and stays as it is.
//!
//! # Adding an address
//! 1. Write its handler in a file of its subject, with `#[utoipa::path]`, and its types in `shapes`.
//! 2. Name it in [`PATHS`], in [`routes`] and in `document`.
//! 3. Say in `tests/site/roles.rs` who may call it.
#![allow(clippy::result_large_err, reason = "a refusal is made once a request, and is its answer")]

mod approvals;
mod asked;
mod decide;
mod document;
mod executions;
mod id;
mod keys;
mod pace;
pub mod problem;
mod proposals;
pub mod proposed;
mod query;
pub mod shapes;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, post};

pub use self::document::document;
pub use self::id::RequestId;
pub use self::pace::Pace;
use self::problem::Problem;
use super::Site;

/// Where the document is.
pub const DOCUMENT: &str = "/api/openapi.json";
/// The addresses of the API.
pub const PATHS: [&str; 8] = [
    "/api/approvals",
    "/api/approvals/{id}",
    "/api/approvals/{id}/decision",
    "/api/executions",
    "/api/deployments/proposals",
    "/api/deployments/proposals/{id}",
    "/api/deployments/proposals/{id}/vote",
    DOCUMENT,
];

/// Whether an address is one of the API, or would be below one of it: refusals are problems there.
pub fn is_api(path: &str) -> bool {
    let is_below = |of: &str| path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ["/api/approvals", "/api/executions", "/api/deployments", DOCUMENT].into_iter().any(is_below)
}

/// Adds the API to a router.
pub fn routes(router: Router<Site>) -> Router<Site> {
    let [list, show, decision, executions, proposals, proposal, vote, document] = PATHS;
    router
        .route(list, only(get(approvals::list)))
        .route(show, only(get(approvals::show)))
        .route(decision, only(post(decide::decide)))
        .route(executions, only(get(executions::list)))
        .route(proposals, only(get(proposals::list).post(proposals::propose)))
        .route(proposal, only(get(proposals::show)))
        .route(vote, only(post(proposals::vote)))
        .route(document, only(get(document::show)))
}

/// Refuses other methods, and says so as the API does.
fn only(route: MethodRouter<Site>) -> MethodRouter<Site> {
    route.fallback(|| async {
        let remedy = "See /api/openapi.json for the methods of each address.";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This address does not take this method.", remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_apart_from_the_functions_of_pages() {
        for path in PATHS {
            assert!(is_api(path), "{path}");
        }
        for (path, expected) in [
            ("/api/approvals/x/y/z", true),
            ("/api/approvalsx", false),
            ("/api/deployments/x", true),
            ("/api/deploy", false),
            ("/api/decide", false),
            ("/api/read", false),
            ("/api/", false),
            ("/default/inbox", false),
        ] {
            assert_eq!(is_api(path), expected, "{path}");
        }
    }
}

//! `GET /api/openapi.json`: the description of the API, made of the handlers and of their types.

use axum::Json;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{approvals, decide, executions, proposals};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "What waits for people in AWS Step Functions, and how it is decided. See docs/api.md.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        approvals::list, approvals::show, decide::decide, executions::list,
        proposals::list, proposals::propose, proposals::show, proposals::vote,
    ),
    modifiers(&Tokens),
    tags(
        (name = "approvals", description = "Requests that wait for a person"),
        (name = "executions", description = "Executions of workflows"),
        (name = "deployments", description = "Proposed deployments that people have to approve"),
    ),
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some("An API token of the page Account, of the scope read or act".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Serves it.
pub async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

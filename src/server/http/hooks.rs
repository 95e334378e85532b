//! `POST /hooks/sns`: what SNS pushes in. Nobody signs in here: a message is believed for its signature.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Site;
use crate::server::hooks::{Refused, Untrusted};
use crate::server::terminal;

/// Bytes of a message: SNS's limit, which JSON within JSON may double.
const BODY: usize = 640 * 1024;

/// Takes a message of SNS.
pub async fn sns(State(site): State<Site>, request: Request) -> Response {
    // Without a list of topics there is nothing here.
    let Some(hooks) = site.hooks.as_ref().map(Arc::clone) else {
        return answer(StatusCode::NOT_FOUND, "Nothing is pushed in here: countersign.toml names no topics.");
    };
    let Ok(body) = to_bytes(request.into_body(), BODY).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, "The message is larger than any of SNS.");
    };
    match hooks.take(&body, &site.desks).await {
        Ok(_) => answer(StatusCode::OK, "Taken."),
        Err(refused) => {
            tracing::warn!("a message of SNS was refused: {}", terminal::line(&refused.to_string()));
            answer(status(&refused), "Refused.")
        }
    }
}

/// SNS tries again where the server failed, and no more where the message is at fault.
fn status(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Malformed(_) => StatusCode::BAD_REQUEST,
        Refused::Confirmation(_) | Refused::Signature(Untrusted::Unreachable(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Topic | Refused::Time | Refused::Signature(_) => StatusCode::FORBIDDEN,
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, format!("{text}\n")).into_response()
}

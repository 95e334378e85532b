//! Refusals of the API: RFC 9457's `application/problem+json`, each with what happened, where, and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_desk::approvals::DecideError;
use countersign_desk::approvals::who::NotAllowed;
use countersign_desk::connection::{CallError, Fault};
use countersign_desk::deploy::ProposalError;
use countersign_desk::{Desk, Error, ReadError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shapes::{Closed, Decision};
use crate::error::{AppError, ErrorKind};
use crate::server::words;

/// The media type of a problem.
pub const MEDIA: &str = "application/problem+json";

/// Why a request was not answered as it was meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A word for programs, such as `not_found`.
    pub code: String,
    /// The words of the status.
    pub title: String,
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// The parameter, header or part of the body that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong with fields of the form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// The decision that was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Box<Decision>>,
    /// What else ended the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
    /// Seconds until it may be tried again.
    #[serde(skip)]
    pub retry_after: Option<u16>,
}

/// What is wrong with a field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    pub name: String,
    pub detail: String,
}

impl Problem {
    /// A problem with this status: what happened, and what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::BAD_REQUEST => "bad_request",
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            StatusCode::CONFLICT => "conflict",
            StatusCode::GONE => "gone",
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            StatusCode::UNPROCESSABLE_ENTITY => "unprocessable",
            StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => "unavailable",
            _ => "internal",
        };
        let retry_after = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(1),
            StatusCode::SERVICE_UNAVAILABLE => Some(5),
            _ => None,
        };
        Self {
            code: code.to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            remedy: remedy.into(),
            parameter: None,
            fields: Vec::new(),
            earlier: None,
            closed: None,
            retry_after,
        }
    }

    /// A parameter, header or part of the body that cannot be, and why.
    pub fn parameter(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::new(StatusCode::BAD_REQUEST, detail, remedy) }
    }

    /// An error of the desk.
    pub fn of(desk: &Desk, error: &Error) -> Self {
        let worded = words::error(desk.about(), error);
        let fields = words::faults(error).unwrap_or_default();
        let fields = fields.into_iter().map(|(name, detail)| FieldProblem { name, detail }).collect();
        let status = status_of(error).unwrap_or_else(|| status_of_kind(worded.kind));
        Self { fields, ..Self::new(status, worded.problem.what, worded.problem.remedy) }
    }

    /// Its status.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        Self::new(status_of_kind(error.kind), error.problem.what, error.problem.remedy)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Proof: texts and numbers are always JSON.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA))];
        let mut response = (self.status_code(), kind, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn status_of_kind(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of errors for which pages have no kind of their own.
fn status_of(error: &Error) -> Option<StatusCode> {
    match error {
        Error::Decide(error) => match error {
            DecideError::NoOutcome { .. }
            | DecideError::NoComment(_)
            | DecideError::CommentTooLong { .. }
            | DecideError::Form { .. }
            | DecideError::Schema { .. }
            | DecideError::Obstructed(_)
            | DecideError::NotShown(_)
            | DecideError::Answer { .. } => Some(StatusCode::UNPROCESSABLE_ENTITY),
            DecideError::NotAllowed(NotAllowed::Voted { .. }) | DecideError::Changed | DecideError::Held => {
                Some(StatusCode::CONFLICT)
            }
            DecideError::Read(ReadError::Call(error)) => of_call(error),
            _ => None,
        },
        Error::Proposal(ProposalError::NotAllowed(NotAllowed::Voted { .. })) => Some(StatusCode::CONFLICT),
        Error::Read(ReadError::Call(error)) => of_call(error),
        _ => None,
    }
}

/// What the connection refuses to this program is no fault of whoever asks.
fn of_call(error: &CallError) -> Option<StatusCode> {
    match &error.fault {
        Fault::Denied { .. } | Fault::Credentials { .. } => Some(StatusCode::SERVICE_UNAVAILABLE),
        // An id names an execution: one that cannot be is one that is not there.
        Fault::Refused { .. } => Some(StatusCode::NOT_FOUND),
        _ => None,
    }
}

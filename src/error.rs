//! The only error that crosses the wire. Each area has its own typed errors; the edge turns them into this one.

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::codec::PostcardEncoding;
use serde::{Deserialize, Serialize};

use crate::wire::Problem;

/// The kind of an error. It decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// 404: the resource does not exist.
    NotFound,
    /// 400: the request is at fault.
    Invalid,
    /// 403: the person is not permitted to.
    Forbidden,
    /// 409: somebody or something else came first.
    Conflict,
    /// 503: the connection does not answer.
    Unavailable,
    /// 500: a defect of the program.
    Internal,
}

/// What happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{} {}", problem.what, problem.remedy)]
pub struct AppError {
    pub kind: ErrorKind,
    pub problem: Problem,
}

impl AppError {
    /// An error of `kind` that says what happened and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, problem: Problem { what: what.into(), remedy: remedy.into() } }
    }

    /// The HTTP status that the edge answers with.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self.kind {
            ErrorKind::NotFound => 404,
            ErrorKind::Invalid => 400,
            ErrorKind::Forbidden => 403,
            ErrorKind::Conflict => 409,
            ErrorKind::Unavailable => 503,
            ErrorKind::Internal => 500,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = PostcardEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match &error {
            ServerFnErrorErr::Request(_) => Self::new(
                ErrorKind::Unavailable,
                "The dashboard's server did not answer.",
                "Check that countersign is still running, then try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::new(
                    ErrorKind::Invalid,
                    format!("The request is not complete: {error}."),
                    "Reload the page and try again.",
                )
            }
            other => Self::new(
                ErrorKind::Internal,
                format!("The request could not be carried out: {other}."),
                "Reload the page and try again.",
            ),
        }
    }
}

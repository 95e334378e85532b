//! AWS's errors: a code and a message, answered with status 400.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::store::StoreError;

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Such as `StateMachineDoesNotExist`.
    pub code: &'static str,
    pub message: String,
}

impl ApiError {
    /// An error with AWS's code and message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The message of one failed constraint; `shown` is the value with a space after it, or nothing.
    pub fn failure(shown: &str, parameter: &str, must: &str) -> String {
        format!("Value {shown}at '{parameter}' failed to satisfy constraint: Member must {must}")
    }

    /// One failed constraint of a parameter whose value is not repeated.
    pub fn constraint(parameter: &str, must: &str) -> Self {
        let failure = Self::failure("", parameter, must);
        Self::new("ValidationException", format!("1 validation error detected: {failure}"))
    }

    /// A required parameter is missing.
    pub fn missing(parameter: &str) -> Self {
        let failure = Self::failure("null ", parameter, "not be null");
        Self::new("ValidationException", format!("1 validation error detected: {failure}"))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new("InternalServerException", error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = if self.code == "InternalServerException" {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        };
        let body = json!({ "__type": self.code, "message": self.message }).to_string();
        let mut response = (status, [("content-type", "application/x-amz-json-1.0")], body).into_response();
        if let Ok(code) = self.code.parse() {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        response
    }
}

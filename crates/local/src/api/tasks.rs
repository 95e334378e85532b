//! Answers to task tokens.

use std::sync::Arc;

use countersign_asl::json_error;
use countersign_engine::Input;
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::{OperationResult, PAYLOAD};
use crate::host::Host;
use crate::store::StoreError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Success {
    task_token: String,
    output: String,
}

/// Whether a text could be a token of this engine. No other text was ever issued.
fn check_token(token: &str) -> Result<(), ApiError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    if token.len() < 32 || token.len() > 2_048 || !token.bytes().all(legal) {
        return Err(ApiError::new("InvalidToken", "Invalid Token: 'Invalid token'"));
    }
    Ok(())
}

fn taken(answered: Result<bool, StoreError>) -> OperationResult {
    if answered? {
        return Ok(json!({}));
    }
    Err(ApiError::new("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"))
}

/// `SendTaskSuccess`.
pub async fn success(host: &Arc<Host>, ask: Success) -> OperationResult {
    check_token(&ask.task_token)?;
    if ask.output.len() > PAYLOAD {
        return Err(ApiError::constraint("output", &format!("have length less than or equal to {PAYLOAD}")));
    }
    if let Some(why) = json_error(&ask.output) {
        return Err(ApiError::new("InvalidOutput", format!("Invalid Output: '{why}'")));
    }
    taken(host.answer(&ask.task_token, |task| Input::TaskSucceeded { task, output: ask.output }).await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    task_token: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

/// `SendTaskFailure`.
pub async fn failure(host: &Arc<Host>, ask: Failure) -> OperationResult {
    check_token(&ask.task_token)?;
    taken(host.answer(&ask.task_token, |task| Input::TaskFailed { task, error: ask.error, cause: ask.cause }).await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    task_token: String,
}

/// `SendTaskHeartbeat`.
pub async fn heartbeat(host: &Arc<Host>, ask: Heartbeat) -> OperationResult {
    check_token(&ask.task_token)?;
    taken(host.answer(&ask.task_token, |task| Input::Heartbeat { task }).await)
}

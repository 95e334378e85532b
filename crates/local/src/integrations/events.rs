//! EventBridge: `events:putEvents` on a bus that nobody listens to.

use serde_json::{Value, json};

use super::answer::TaskOutcome;
use crate::api::error::ApiError;
use crate::random;

/// The most events of one call.
const MOST: usize = 10;

/// Accepts events; one whose detail is not a JSON object fails the call, as on AWS.
pub fn put(parameters: &Value) -> TaskOutcome {
    let entries = parameters.get("Entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let failure = match entries.len() {
        0 => ApiError::failure("'[]' ", "entries", "have length greater than or equal to 1"),
        1..=MOST => String::new(),
        _ => ApiError::failure("", "entries", &format!("have length less than or equal to {MOST}")),
    };
    if !failure.is_empty() {
        let message = format!("1 validation error detected: {failure}");
        let error = "EventBridge.AmazonEventBridgeException";
        return TaskOutcome::service_failed(error, &message, "AmazonEventBridge", 400, "ValidationException");
    }
    let answers: Vec<Value> = entries
        .iter()
        .map(|entry| {
            // In AWS's order: first the required fields, then the detail.
            for field in ["Source", "DetailType", "Detail"] {
                if entry.get(field).is_none_or(|value| value.is_null() || value == "") {
                    let why = format!("Parameter {field} is not valid. Reason: {field} is a required argument.");
                    return json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": why });
                }
            }
            let detail = match entry.get("Detail") {
                Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
                Some(detail) => detail.clone(),
                None => Value::Null,
            };
            if detail.is_object() {
                json!({ "EventId": random::uuid().to_string() })
            } else {
                json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." })
            }
        })
        .collect();
    let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
    let result = json!({ "Entries": answers, "FailedEntryCount": failed }).to_string();
    if failed == 0 { TaskOutcome::Done(result) } else { TaskOutcome::failed("EventBridge.FailedEntry", result) }
}

//! A history as a file: what `aws stepfunctions get-execution-history` writes.

use countersign_engine::timestamp;
use countersign_trace::HistoryEvent;
use serde_json::Value;

/// Why a file is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryFileError {
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it has no list of events: write it with aws stepfunctions get-execution-history")]
    NoEvents,
    #[error("event {number} of the list cannot be read: {why}")]
    Event { number: usize, why: serde_json::Error },
}

/// Reads a history: an object with `events`, or the list alone. Times may be numbers of seconds, or texts as the AWS CLI
/// writes them.
///
/// # Errors
/// The text is no history.
pub fn read_history(text: &str) -> Result<Vec<HistoryEvent>, HistoryFileError> {
    let mut value: Value = serde_json::from_str(text)?;
    let events = match value.get_mut("events") {
        Some(events) => events.take(),
        None => value,
    };
    let Value::Array(events) = events else { return Err(HistoryFileError::NoEvents) };
    let read = |(number, mut event): (usize, Value)| {
        if let Some(at) = event["timestamp"].as_str().and_then(timestamp::parse) {
            // Milliseconds since the epoch stay below 2^53.
            event["timestamp"] = (at.millis() as f64 / 1_000.0).into();
        }
        serde_json::from_value(event).map_err(|why| HistoryFileError::Event { number: number + 1, why })
    };
    events.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn a_history_is_read_as_the_aws_cli_writes_it() {
        let event =
            |at: &str| format!(r#"{{"timestamp": {at}, "type": "ExecutionStarted", "id": 1, "previousEventId": 0}}"#);
        let texts = [
            format!(r#"{{"events": [{}]}}"#, event("1772442000.25")),
            format!("[{}]", event("\"2026-03-02T09:00:00.250000+00:00\"")),
            format!("[{}]", event("\"2026-03-02T10:00:00.250000+01:00\"")),
        ];
        for text in texts {
            assert_eq!(read_history(&text).unwrap()[0].timestamp, 1_772_442_000_250, "{text}");
        }
        for (text, why) in [("{", "no JSON"), ("{}", "no list"), ("[{}]", "event 1 of the list")] {
            let error = read_history(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

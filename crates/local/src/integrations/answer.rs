//! Answers in the form in which AWS's services return them to Step Functions.

use serde_json::{Map, Value, json};

use crate::random;

/// The longest name of an error and the longest cause, in characters.
const ERROR: usize = 256;
const CAUSE: usize = 32_768;

/// The outcome of a task's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskOutcome {
    /// The result, as JSON text.
    Done(String),
    /// The service accepted the request, and the holder of the token answers.
    Submitted(String),
    Failed {
        error: String,
        cause: String,
    },
    /// Something else answers.
    Nothing,
}

impl TaskOutcome {
    /// A failure.
    pub fn failed(error: &str, cause: impl Into<String>) -> Self {
        Self::Failed { error: error.to_owned(), cause: cause.into() }
    }

    /// The failure of an AWS service, in the words of its Java SDK, which Step Functions passes on.
    pub fn service_failed(error: &str, message: &str, service: &str, status: u16, code: &str) -> Self {
        let id = random::uuid();
        Self::failed(
            error,
            format!(
                "{message} (Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)"
            ),
        )
    }

    /// The failure of an AWS service in the words of its newer SDK, which AWS SDK integrations pass on.
    pub fn sdk_failed(error: &str, message: &str, service: &str, status: u16) -> Self {
        let id = random::uuid();
        Self::failed(error, format!("{message} (Service: {service}, Status Code: {status}, Request ID: {id})"))
    }

    /// Cuts an error's name and cause to Step Functions' limits.
    #[must_use]
    pub fn within_limits(mut self) -> Self {
        if let Self::Failed { error, cause } = &mut self {
            for (text, most) in [(error, ERROR), (cause, CAUSE)] {
                if let Some((end, _)) = text.char_indices().nth(most) {
                    text.truncate(end);
                }
            }
        }
        self
    }

    /// A result with the HTTP metadata that optimised integrations add. `headers` come before the request's id.
    pub fn with_metadata(result: Map<String, Value>, headers: &[(&str, String)], request_id: &str) -> Self {
        let mut plain: Map<String, Value> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        plain.insert("x-amzn-RequestId".to_owned(), json!(request_id));
        let all: Map<String, Value> = plain.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        let mut output = result;
        output.insert(
            "SdkHttpMetadata".to_owned(),
            json!({ "AllHttpHeaders": all, "HttpHeaders": plain, "HttpStatusCode": 200 }),
        );
        output.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": request_id }));
        Self::Done(Value::Object(output).to_string())
    }
}

/// The usual headers of a service's answer of `length` bytes.
pub fn usual_headers(date: &str, content_type: &str, length: usize) -> [(&'static str, String); 4] {
    [
        ("Content-Length", length.to_string()),
        ("Content-Type", content_type.to_owned()),
        ("Date", date.to_owned()),
        ("connection", "keep-alive".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_within_the_limits() {
        let failed = |error: usize, cause: usize| TaskOutcome::failed(&"e".repeat(error), "ü".repeat(cause));
        assert_eq!(failed(300, 40_000).within_limits(), failed(ERROR, CAUSE));
        assert_eq!(failed(1, CAUSE).within_limits(), failed(1, CAUSE));
    }
}

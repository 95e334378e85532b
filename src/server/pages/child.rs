//! The failure of an execution that a task started: its cause is the description of that execution, as JSON.

use countersign_json::{Json, Value};

use crate::wire::state::{Child, Failure};

/// How deep causes within causes are read.
const DEEPEST: usize = 8;

/// An error and its cause; where the cause describes an execution, that execution. Both are redacted.
#[must_use]
pub fn failure(error: Option<String>, cause: Option<String>) -> Failure {
    failure_at(error, cause, DEEPEST)
}

fn failure_at(error: Option<String>, cause: Option<String>, levels: usize) -> Failure {
    let child = cause.as_deref().filter(|_| levels > 0).and_then(|cause| child(cause, levels)).map(Box::new);
    // What describes the child is shown as the child.
    let cause = cause.filter(|_| child.is_none()).map(sentence);
    Failure { error, cause, child }
}

fn child(cause: &str, levels: usize) -> Option<Child> {
    let json = Json::read(cause).ok()?;
    let text = |key: &str| json.root().get(key).and_then(Value::text).map(std::borrow::Cow::into_owned);
    let arn = text("ExecutionArn").filter(|arn| is_execution(arn))?;
    let name = text("Name").unwrap_or_else(|| arn.rsplit(':').next().unwrap_or_default().to_owned());
    let (error, cause) = (text("Error"), text("Cause"));
    let failed = error.is_some() || cause.is_some();
    Some(Child { failure: failed.then(|| failure_at(error, cause, levels - 1)), arn, name })
}

/// The execution that a task started, by what the service answered: as an object, or with texts for input and output.
#[must_use]
pub fn started(answer: &str) -> Option<String> {
    let json = Json::read(answer).ok()?;
    let arn = json.root().get("ExecutionArn")?.text()?.into_owned();
    is_execution(&arn).then_some(arn)
}

fn is_execution(arn: &str) -> bool {
    let mut parts = arn.split(':');
    parts.next() == Some("arn") && parts.nth(1) == Some("states") && parts.nth(2) == Some("execution")
}

/// The sentence of a cause: a function's own message, where a function wrote it.
#[must_use]
pub fn sentence(cause: String) -> String {
    let message = Json::read(&*cause)
        .ok()
        .and_then(|thrown| thrown.root().get("errorMessage")?.text().map(std::borrow::Cow::into_owned));
    message.unwrap_or(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_failure_is_the_child_and_not_its_json() {
        let grandchild =
            r#"{"ExecutionArn":"arn:aws:states:us-east-1:1:execution:g:x","Error":"Deep","Cause":"No bolts."}"#;
        let cause = format!(
            r#"{{"ExecutionArn":"arn:aws:states:us-east-1:1:execution:child:c1","Name":"c1","Status":"FAILED","Error":"States.TaskFailed","Cause":{}}}"#,
            countersign_json::quoted(grandchild)
        );
        let read = failure(Some("States.TaskFailed".to_owned()), Some(cause));
        assert_eq!(read.cause, None);
        let child = read.child.as_deref();
        assert_eq!(child.map(|child| child.name.as_str()), Some("c1"));
        let inner = child.and_then(|child| child.failure.as_ref());
        let deepest = inner.and_then(|failure| failure.child.as_deref()).and_then(|child| child.failure.as_ref());
        assert_eq!(deepest.and_then(|failure| failure.cause.as_deref()), Some("No bolts."));
    }

    #[test]
    fn any_other_cause_stays_as_it_is() {
        for cause in ["plain", r#"{"ExecutionArn":"javascript:alert(1)"}"#, r#"{"ExecutionArn":7}"#, "[1]"] {
            let read = failure(None, Some(cause.to_owned()));
            assert_eq!((read.cause.as_deref(), read.child), (Some(cause), None));
        }
        let thrown = failure(None, Some(r#"{"errorMessage":"It broke.","errorType":"X"}"#.to_owned()));
        assert_eq!(thrown.cause.as_deref(), Some("It broke."));
    }

    #[test]
    fn causes_within_causes_end() {
        let mut cause = "the end".to_owned();
        for level in 0..12 {
            cause = format!(
                r#"{{"ExecutionArn":"arn:aws:states:us-east-1:1:execution:m:{level}","Error":"E","Cause":{}}}"#,
                countersign_json::quoted(&cause)
            );
        }
        let mut read = failure(None, Some(cause));
        let mut levels = 0;
        while let Some(inner) = read.child.and_then(|child| child.failure) {
            (read, levels) = (inner, levels + 1);
        }
        assert_eq!(levels, DEEPEST);
    }
}

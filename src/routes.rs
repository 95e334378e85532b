//! Typed paths for every link: the one place that knows how a URL is built.
//!
//! ```
//! use countersign::routes;
//! assert_eq!(routes::workflow("order"), "/workflows/order");
//! ```

/// The overview.
pub const OVERVIEW: &str = "/";
/// All workflows.
pub const WORKFLOWS: &str = "/workflows";
/// All executions.
pub const EXECUTIONS: &str = "/executions";
/// Everything that waits for a person.
pub const INBOX: &str = "/inbox";
/// The plan of `statemachine/` against the connection.
pub const DEPLOY: &str = "/deploy";
/// Every decision that was taken.
pub const AUDIT: &str = "/audit";
/// The server-sent event stream that wakes pages up.
pub const LIVE: &str = "/live";

/// The page of one workflow.
#[must_use]
pub fn workflow(name: &str) -> String {
    format!("{WORKFLOWS}/{}", encode(name))
}

/// The page of a workflow, with the input of an execution in its form.
#[must_use]
pub fn start_again(workflow_name: &str, execution_arn: &str) -> String {
    format!("{}?again={}#start", workflow(workflow_name), encode(execution_arn))
}

/// The page of one execution.
#[must_use]
pub fn execution(arn: &str) -> String {
    format!("{EXECUTIONS}/{}", encode(arn))
}

/// The page of one execution with a state chosen.
#[must_use]
pub fn execution_state(arn: &str, state: &str) -> String {
    format!("{}?state={}", execution(arn), encode(state))
}

/// The executions of one workflow, or those with one status, or both.
#[must_use]
pub fn executions_of(workflow: Option<&str>, status: Option<&str>) -> String {
    let parts: Vec<String> = [("workflow", workflow), ("status", status)]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| format!("{key}={}", encode(value))))
        .collect();
    if parts.is_empty() { EXECUTIONS.to_owned() } else { format!("{EXECUTIONS}?{}", parts.join("&")) }
}

/// The page of one approval: the execution, and the id of its TaskScheduled event.
#[must_use]
pub fn approval(execution_arn: &str, event: u64) -> String {
    format!("{INBOX}/{}/{event}", encode(execution_arn))
}

/// The live stream, which watches one execution closely where `execution_arn` is given.
#[must_use]
pub fn live(execution_arn: Option<&str>) -> String {
    execution_arn.map_or_else(|| LIVE.to_owned(), |arn| format!("{LIVE}?execution={}", encode(arn)))
}

/// Percent-encodes everything but RFC 3986's unreserved characters and `:`, which a path may hold and ARNs are full of.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_stay_legible_and_the_rest_is_escaped() {
        assert_eq!(
            execution_state("arn:aws:states:us-east-1:000000000000:execution:order:1", "Grüße & co"),
            "/executions/arn:aws:states:us-east-1:000000000000:execution:order:1?state=Gr%C3%BC%C3%9Fe%20%26%20co"
        );
        assert_eq!(executions_of(Some("a/b"), None), "/executions?workflow=a%2Fb");
        assert_eq!(executions_of(None, None), "/executions");
    }
}

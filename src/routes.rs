//! Typed paths for every link: the one place that knows how a URL is built.
//!
//! ```
//! use countersign::routes;
//! assert_eq!(routes::workflow("order"), "/workflows/order");
//! ```

use crate::wire::executions::StatusFilter;

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
/// The server-sent event stream that wakes pages up. `public/live.js` opens it.
pub const LIVE: &str = "/live";

/// The entries of the audit before one of them, by its number.
#[must_use]
pub fn audit_before(entry: i64) -> String {
    format!("{AUDIT}?before={entry}")
}

/// The page of one workflow.
#[must_use]
pub fn workflow(name: &str) -> String {
    format!("{WORKFLOWS}/{}", segment(name))
}

/// The page of a workflow, with the input of an execution in its form.
#[must_use]
pub fn start_again(workflow_name: &str, execution_arn: &str) -> String {
    format!("{}?again={}#start", workflow(workflow_name), encode(execution_arn))
}

/// The page of one execution.
#[must_use]
pub fn execution(arn: &str) -> String {
    format!("{EXECUTIONS}/{}", segment(arn))
}

/// The form of a workflow with one of its samples.
#[must_use]
pub fn workflow_sample(name: &str, index: usize) -> String {
    format!("{}?sample={index}#start", workflow(name))
}

/// The page of one execution with a state chosen.
#[must_use]
pub fn execution_state(arn: &str, state: &str) -> String {
    execution_view(arn, None, Some(state))
}

/// The executions of one workflow, or those with one status, or both.
#[must_use]
pub fn executions_of(workflow: Option<&str>, status: Option<StatusFilter>) -> String {
    with_query(EXECUTIONS.to_owned(), [("workflow", workflow), ("status", status.map(StatusFilter::word))])
}

/// The page of one workflow with a tab of its lower half open, and a state of its definition chosen.
#[must_use]
pub fn workflow_view(name: &str, tab: Option<&str>, state: Option<&str>) -> String {
    with_query(workflow(name), [("tab", tab), ("state", state)])
}

/// The page of one execution with a tab of its lower half open, and a state chosen.
#[must_use]
pub fn execution_view(arn: &str, tab: Option<&str>, state: Option<&str>) -> String {
    with_query(execution(arn), [("tab", tab), ("state", state)])
}

/// `path` with those of two parameters that have a value.
fn with_query(mut path: String, parameters: [(&str, Option<&str>); 2]) -> String {
    let mut mark = '?';
    for (key, value) in parameters {
        if let Some(value) = value {
            path.extend([mark]);
            path.extend([key, "=", &encode(value)]);
            mark = '&';
        }
    }
    path
}

/// The page of one approval: the execution, and the id of its TaskScheduled event.
#[must_use]
pub fn approval(execution_arn: &str, event: u64) -> String {
    format!("{INBOX}/{}/{event}", segment(execution_arn))
}

/// A name as one segment of a path. Browsers resolve `.` and `..`, however they are encoded, so these get a mark in front,
/// and so do names that begin with the mark.
#[must_use]
pub fn segment(name: &str) -> String {
    let mark = if name.is_empty() || matches!(name, "." | "..") || name.starts_with(MARK) { "~" } else { "" };
    format!("{mark}{}", encode(name))
}

/// The name that [`segment`] wrote, after its percent-encoding was read.
#[must_use]
pub fn name_of(segment: &str) -> &str {
    segment.strip_prefix(MARK).unwrap_or(segment)
}

/// Precedes a name that would otherwise not be a segment.
const MARK: char = '~';

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

    #[test]
    fn every_name_is_one_segment() {
        for (name, expected) in [
            ("..", "/workflows/~.."),
            (".", "/workflows/~."),
            ("", "/workflows/~"),
            ("~..", "/workflows/~~.."),
            ("...", "/workflows/..."),
            ("a/..", "/workflows/a%2F.."),
            ("?#%", "/workflows/%3F%23%25"),
        ] {
            assert_eq!(workflow(name), expected);
            let read = expected.strip_prefix("/workflows/").unwrap_or_default();
            let read = read.replace("%2F", "/").replace("%3F", "?").replace("%23", "#").replace("%25", "%");
            assert_eq!(name_of(&read), name);
        }
        assert_eq!(approval("..", 1), "/inbox/~../1");
        assert_eq!(execution("~"), "/executions/~~");
    }

    /// Every path and query of the site. Links that people kept lead here: what changes below breaks them.
    #[test]
    fn every_path_and_query_is_as_it_was() {
        let arn = "arn:aws:states:eu-central-1:000000000000:execution:order:a1";
        let mut seen: Vec<String> =
            [OVERVIEW, WORKFLOWS, EXECUTIONS, INBOX, DEPLOY, AUDIT, LIVE].map(str::to_owned).to_vec();
        seen.extend([
            workflow("order"),
            workflow_sample("order", 2),
            workflow_view("order", None, Some("Ask, then pay")),
            workflow_view("order", Some("definition"), None),
            workflow_view("order", Some("definition"), Some("Ask, then pay")),
            start_again("order", arn),
            execution(arn),
            execution_state(arn, "Ask, then pay"),
            execution_view(arn, Some("events"), None),
            execution_view(arn, Some("events"), Some("Ask, then pay")),
            approval(arn, 17),
            audit_before(4711),
            executions_of(None, None),
            executions_of(Some("order"), None),
        ]);
        seen.extend(StatusFilter::ALL.map(|filter| executions_of(None, Some(filter))));
        seen.push(executions_of(Some("Grüße"), Some(StatusFilter::TimedOut)));
        assert_eq!(format!("{}\n", seen.join("\n")), include_str!("routes.txt"));
    }
}

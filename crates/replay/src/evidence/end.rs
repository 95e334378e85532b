//! How an execution ends.

use std::fmt;

use countersign_trace::{OutcomeStatus, Trace};
use serde::{Deserialize, Serialize};

/// How an execution ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub status: OutcomeStatus,
    /// JSON text.
    pub output: Option<String>,
    pub error: Option<String>,
    /// It may hold parts of a payload; [`End::brief`] does not, where the cause is the engine's own.
    pub cause: Option<String>,
    /// The state that it failed in.
    pub state: Option<String>,
}

/// The most characters of a cause in [`End::brief`].
const BRIEF: usize = 160;

impl End {
    /// The end of a history. A history without one counts as aborted; there is none among those that are compared.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let state = trace.cause.and_then(|cause| trace.visit(cause)).map(|visit| visit.state.clone());
        match &trace.outcome {
            Some(outcome) => Self {
                status: outcome.status,
                output: outcome.output.clone(),
                error: outcome.error.clone(),
                cause: outcome.cause.clone(),
                state,
            },
            None => Self { status: OutcomeStatus::Aborted, output: None, error: None, cause: None, state },
        }
    }

    /// The cause in few words: `$.total is missing`. `None` if there is no cause.
    #[must_use]
    pub fn brief(&self) -> Option<String> {
        let cause = own_words(self.cause.as_deref().filter(|cause| !cause.is_empty())?);
        if let Some(path) = missing_path(cause) {
            return Some(format!("{path} is missing"));
        }
        let line = cause.lines().next().unwrap_or_default();
        match line.char_indices().nth(BRIEF) {
            Some((end, _)) => Some(format!("{}…", &line[..end])),
            None => Some(line.to_owned()),
        }
    }

    /// Whether the cause has more to say than [`End::brief`].
    pub(crate) fn cause_says_more(&self) -> bool {
        self.cause.as_deref().is_some_and(|cause| self.brief().is_some_and(|brief| brief != own_words(cause)))
    }

    /// Whether it failed because a path leads nowhere: then [`End::brief`] has the path, and nothing of a payload.
    #[must_use]
    pub fn is_missing_path(&self) -> bool {
        self.cause.as_deref().is_some_and(|cause| missing_path(own_words(cause)).is_some())
    }
}

/// A cause without the state and the event that the engine puts before it.
pub(super) fn own_words(cause: &str) -> &str {
    let behind = cause
        .strip_prefix("An error occurred while executing the state '")
        .and_then(|rest| rest.split_once("(entered at the event id #"))
        .and_then(|(_, rest)| rest.split_once("). "));
    behind.map_or(cause, |(_, own)| own)
}

/// The path that leads nowhere, where that is the cause.
fn missing_path(cause: &str) -> Option<&str> {
    let named = |before: &str| cause.strip_prefix(before).and_then(|rest| rest.split_once('\''));
    if let Some((path, rest)) = named("The JSONPath '") {
        return rest.contains("could not be found in the input").then_some(path);
    }
    let (path, rest) = named("Invalid path '")?;
    let is_missing = ["Missing property", "No results", "an invalid value"].iter().any(|what| rest.contains(what));
    is_missing.then_some(path)
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            OutcomeStatus::Succeeded => return formatter.write_str("succeeds"),
            OutcomeStatus::TimedOut => return formatter.write_str("times out"),
            OutcomeStatus::Aborted => return formatter.write_str("is aborted"),
            OutcomeStatus::Failed => {}
        }
        match self.error.as_deref().filter(|error| !error.is_empty()) {
            Some(error) => write!(formatter, "ends with {error}")?,
            None => formatter.write_str("fails without an error name")?,
        }
        if let Some(state) = &self.state {
            write!(formatter, " in {state}")?;
        }
        match self.brief() {
            Some(brief) => write!(formatter, ": {brief}"),
            None => Ok(()),
        }
    }
}

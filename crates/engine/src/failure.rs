//! How a state fails.

/// A failure on its way to a retrier, a catcher or the end of the execution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub error: Option<String>,
    pub cause: Option<String>,
    /// `States.Runtime` failures of the interpreter itself pass every retrier and catcher.
    pub catchable: bool,
    /// JSONata failures make an `EvaluationFailed` event; `Some` holds its location, if it has one.
    pub evaluation: Option<Option<String>>,
    /// A missed heartbeat. AWS reports `States.Timeout` in events, and retriers and catchers may also name it
    /// `States.HeartbeatTimeout`.
    pub heartbeat: bool,
}

pub(crate) const RUNTIME: &str = "States.Runtime";
pub(crate) const QUERY: &str = "States.QueryEvaluationError";
pub(crate) const DATA_LIMIT: &str = "States.DataLimitExceeded";
pub(crate) const TIMEOUT: &str = "States.Timeout";
/// The language calls this `States.ResultPathMatchFailure`; AWS uses this name, for `ItemsPath` as well.
pub(crate) const REFERENCE_PATH: &str = "States.ReferencePathConflict";

/// The most bytes of one payload.
pub(crate) const PAYLOAD: usize = 262_144;

impl Failure {
    /// An error that the workflow or a task defines.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Failure {
        let some = |text: String| Some(text).filter(|t| !t.is_empty());
        Failure {
            error: some(error.into()),
            cause: some(cause.into()),
            catchable: true,
            evaluation: None,
            heartbeat: false,
        }
    }

    /// `States.Runtime`; the interpreter puts the state's name and event before the cause.
    pub fn runtime(cause: impl Into<String>) -> Failure {
        Failure { catchable: false, ..Failure::new(RUNTIME, cause) }
    }

    /// `States.QueryEvaluationError` at a field of the state.
    pub fn query(cause: impl Into<String>, location: Option<String>) -> Failure {
        Failure { evaluation: Some(location), ..Failure::new(QUERY, cause) }
    }

    /// A payload above 256 KiB; `what` is the state, the function's ARN or the service.
    pub fn data_limit(what: &str) -> Failure {
        let cause = format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Failure::new(DATA_LIMIT, cause)
    }

    /// Puts the state before the cause, as AWS does for its own errors.
    pub fn at(mut self, state: &str, entered: u64) -> Failure {
        let own = !self.catchable || self.evaluation.is_some();
        if let (true, Some(cause)) = (own, &self.cause) {
            self.cause = Some(format!(
                "An error occurred while executing the state '{state}' (entered at the event id #{entered}). {cause}"
            ));
        }
        self
    }
}

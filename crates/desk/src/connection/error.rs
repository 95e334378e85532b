//! How a call fails: the operation, its subject and the fault. `src/server/words.rs` turns them into sentences.

use serde::{Deserialize, Serialize};

use super::port::Api;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{api} of {subject:?} failed: {fault}", api = .api.name())]
pub struct CallError {
    /// The operation that was called.
    pub api: Api,
    /// Its subject: an ARN or a name; empty for lists of everything.
    pub subject: String,
    pub fault: Fault,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Fault {
    /// The endpoint does not answer.
    #[error("the endpoint does not answer")]
    Unreachable,
    /// A quota is used up.
    #[error("{code}: {message}")]
    Throttled { code: String, message: String },
    /// IAM denies the action.
    #[error("AccessDeniedException: {message}")]
    Denied { message: String },
    /// The credentials are unknown or have expired.
    #[error("{code}: {message}")]
    Credentials { code: String, message: String },
    /// The state machine, execution or other resource does not exist.
    #[error("{code}: {message}")]
    Missing { code: String, message: String },
    /// The task token was used, has expired, or was never valid: it no longer answers the task.
    #[error("{code}: {message}")]
    TaskClosed { code: String, message: String },
    /// The service refused the call for another reason.
    #[error("{code}: {message}")]
    Refused { code: String, message: String },
    /// The call was never made, or its response could not be read.
    #[error("{0}")]
    Unsent(String),
}

impl Fault {
    /// The fault that an error code of the service stands for.
    #[must_use]
    pub fn of_code(code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        match code.as_str() {
            "Throttling" | "ThrottlingException" | "TooManyRequestsException" => Self::Throttled { code, message },
            "AccessDenied" | "AccessDeniedException" => Self::Denied { message },
            "TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken" => Self::TaskClosed { code, message },
            "ResourceNotFound" | "NoSuchEntity" => Self::Missing { code, message },
            _ if code.ends_with("DoesNotExist") => Self::Missing { code, message },
            _ if ["UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId"]
                .iter()
                .any(|part| code.contains(part)) =>
            {
                Self::Credentials { code, message }
            }
            _ => Self::Refused { code, message },
        }
    }
}

impl CallError {
    /// The same error with `mark` in the place of `secret`: a service may repeat what it refuses.
    #[must_use]
    pub fn without(mut self, secret: &str, mark: &str) -> Self {
        match &mut self.fault {
            Fault::Unreachable => {}
            Fault::Denied { message }
            | Fault::Unsent(message)
            | Fault::Throttled { message, .. }
            | Fault::Credentials { message, .. }
            | Fault::Missing { message, .. }
            | Fault::TaskClosed { message, .. }
            | Fault::Refused { message, .. } => *message = message.replace(secret, mark),
        }
        self
    }

    /// Whether the same call may succeed later: the connection throttled it or did not answer.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self.fault,
            Fault::Unreachable | Fault::Throttled { .. } | Fault::Credentials { .. } | Fault::Unsent(_)
        )
    }

    /// Whether IAM denies the call.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self.fault, Fault::Denied { .. })
    }

    /// Whether the connection throttled the call.
    #[must_use]
    pub const fn is_throttled(&self) -> bool {
        matches!(self.fault, Fault::Throttled { .. })
    }

    /// Whether the connection refused it because of another change: the resource is not in the state that the call is for.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_code("ConflictException")
    }

    /// Whether the service refused it with this code.
    #[must_use]
    pub fn is_code(&self, expected: &str) -> bool {
        matches!(&self.fault, Fault::Refused { code, .. } if code == expected)
    }

    /// Whether the call may have taken effect all the same: its answer did not arrive.
    #[must_use]
    pub const fn is_uncertain(&self) -> bool {
        matches!(self.fault, Fault::Unreachable | Fault::Unsent(_))
    }

    /// Whether the connection answered that the resource does not exist.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.fault, Fault::Missing { .. })
    }
}

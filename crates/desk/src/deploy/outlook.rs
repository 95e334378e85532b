//! What a plan says beside its differences: what runs now, what earlier executions would do, and which permissions are missing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connection::{Api, CallError, Fault};

/// What a deployment means for what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The running executions by the version that they were started with; they keep their definition.
    pub running: Vec<RunningOn>,
    /// Whether there are more than were counted.
    pub more: bool,
    /// Whether callers of the ARN without a version or an alias get the change at once.
    pub unqualified_changes: bool,
    /// Whether callers of the alias get it, at once or step by step.
    pub alias_moves: bool,
    /// The version that the alias leads to again, although it was moved back from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_before: Option<FailedVersion>,
}

/// A version that an alias was moved back from, because executions of it failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedVersion {
    pub version: u64,
    /// So many of those that had ended.
    pub failed: u64,
    pub ended: u64,
    /// The name of the first one that failed.
    pub first: String,
}

/// How many executions run on a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningOn {
    /// The version's number; `None` for those that were started without one.
    pub version: Option<String>,
    pub executions: usize,
}

/// What executions of the past do under the new definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// How many executions were looked at.
    pub executions: usize,
    /// Those that do the same, together, the most frequent first.
    pub groups: Vec<EvidenceGroup>,
    /// Why the executions could not be compared at all; `None` where they could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<NotRead>,
    /// How many of the newest executions were listed, where older ones were not looked at although too few had ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<usize>,
}

/// Executions that do the same under the new definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceGroup {
    pub outcome: Outcome,
    /// Their ARNs.
    pub executions: Vec<String>,
}

/// What becomes of an execution under the new definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It takes the same path and ends the same.
    Same,
    /// It reaches this state, which it did not reach before, or does not reach any more.
    Differs {
        state: String,
        reached: bool,
        /// How it fails, if it did not fail like that before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fails: Option<Failing>,
    },
    /// It takes the same states in another order or number, from the one after `after`.
    AnotherWay {
        after: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fails: Option<Failing>,
    },
    /// It takes the same path as far as it goes, and fails.
    Fails(Failing),
    /// It takes the same path, and succeeds, which it did not before.
    Succeeds,
    /// Nobody knows: the reason, and the state that it is about, if it is about one.
    NotKnown {
        state: String,
        #[serde(default)]
        why: String,
    },
    /// Nobody knows, because its history could not be read.
    NotRead(NotRead),
}

/// How an execution fails: the state, the error and the cause, each empty where nothing is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failing {
    pub state: String,
    pub error: String,
    pub cause: String,
}

/// `with States.Runtime in Price: $.total is missing`.
impl fmt::Display for Failing {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, error, cause } = self;
        if error.is_empty() {
            to.write_str("with a failure without a name")?;
        } else {
            write!(to, "with {error}")?;
        }
        if !state.is_empty() {
            write!(to, " in {state}")?;
        }
        if cause.is_empty() { Ok(()) } else { write!(to, ": {cause}") }
    }
}

/// A call that a plan can be without, and why it failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotRead {
    pub api: Api,
    pub why: WhyNotRead,
}

/// Why a call that a plan can be without failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotRead {
    /// IAM denies it.
    Denied,
    /// Its subject is gone.
    Missing,
    /// The quota stayed used up, however often it was tried.
    Throttled,
    /// The endpoint did not answer, or not so that it could be read.
    Unanswered,
    /// The service refused it with this code.
    Refused { code: String },
}

impl NotRead {
    /// Why a call failed; `None` if the credentials are no longer good, so that no other call succeeds either.
    #[must_use]
    pub fn of(error: &CallError) -> Option<Self> {
        let why = match &error.fault {
            Fault::Credentials { .. } => return None,
            Fault::Denied { .. } => WhyNotRead::Denied,
            Fault::Missing { .. } => WhyNotRead::Missing,
            Fault::Throttled { .. } => WhyNotRead::Throttled,
            Fault::Unreachable | Fault::Unsent(_) => WhyNotRead::Unanswered,
            Fault::Refused { code, .. } | Fault::TaskClosed { code, .. } => WhyNotRead::Refused { code: code.clone() },
        };
        Some(Self { api: error.api, why })
    }

    /// Whether the next call of the same kind would most likely fail in the same way, after as long a wait.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.why, WhyNotRead::Throttled | WhyNotRead::Unanswered)
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api = self.api.name();
        match &self.why {
            WhyNotRead::Denied => write!(to, "IAM denies {}", self.api.iam_action()),
            WhyNotRead::Missing => write!(to, "{api} finds nothing any more"),
            WhyNotRead::Throttled => write!(to, "{api} stays throttled"),
            WhyNotRead::Unanswered => write!(to, "{api} gets no answer"),
            WhyNotRead::Refused { code } => write!(to, "{api} is refused with {code}"),
        }
    }
}

/// A permission that the role of a state machine does not have, or is not known to have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingPermission {
    /// Such as `lambda:InvokeFunction`.
    pub action: String,
    /// The ARNs that it is needed for.
    pub resources: Vec<String>,
    /// The states that need it; empty where the machine itself does, as for logging.
    pub states: Vec<String>,
}

//! Who may do what. This is the only place that decides it.
//!
//! The rules are policies in the language Cedar: those that ship with the program (`default.cedar`) and, beside them, those
//! of the user's file. [`Authority`] has them all and answers. What no policy permits is refused; what one forbids is
//! refused, whatever permits it; and where a policy that forbids cannot be evaluated, nothing is permitted.
//!
//! What policies may speak of is in `countersign.cedarschema`, which `entities` fills. Of a request's content only the
//! values are looked up that policies name (`payload`).

mod authority;
mod entities;
mod file;
mod payload;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::authority::Authority;
pub use self::file::{Mistake, PolicyFault};
use crate::approvals::who::{Approvers, Requester};
use crate::connection::{ConnectionId, Tags};

/// The policies that ship with the program.
pub const DEFAULT: &str = include_str!("default.cedar");
/// What policies may speak of.
pub const SCHEMA: &str = include_str!("countersign.cedarschema");
/// The name of the user's file, in the data folder.
pub const FILE: &str = "policy.cedar";

/// The groups that the policies of the program give something to.
pub const ROLES: [&str; 5] = ["viewers", "approvers", "operators", "deployers", "administrators"];

/// The rules of `default.cedar` whose refusals have words of their own.
pub mod rule {
    /// Nothing is changed on a connection that is only looked at.
    pub const READ_ONLY: &str = "read-only";
    /// An API token that may only read changes nothing.
    pub const READS_ONLY: &str = "token-reads-only";
    /// The requester may not decide.
    pub const FOUR_EYES: &str = "four-eyes";
    /// There is one request for a guest, and nothing else.
    pub const GUEST_ONE_REQUEST: &str = "guest-one-request";
    /// Nobody knows who asked.
    pub const FOUR_EYES_UNKNOWN: &str = "four-eyes-unknown";
}

/// What an actor wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// See lists, drawings, executions and requests.
    View,
    /// See inputs, outputs, the data of events, and the content of requests.
    ViewPayload,
    /// See what people did.
    ViewAudit,
    /// Start an execution.
    Start,
    /// Stop an execution.
    Stop,
    /// Let a failed execution go on.
    Redrive,
    /// Choose an outcome of a request.
    Decide,
    /// Let others decide a request.
    Reassign,
    /// Decide a request past its rule, in an emergency.
    BreakGlass,
    /// Create or update state machines.
    Deploy,
    /// Add users, end their sessions, and make tokens.
    Administer,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::View,
        Self::ViewPayload,
        Self::ViewAudit,
        Self::Start,
        Self::Stop,
        Self::Redrive,
        Self::Decide,
        Self::Reassign,
        Self::BreakGlass,
        Self::Deploy,
        Self::Administer,
    ];

    /// Its name in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::ViewPayload => "viewPayload",
            Self::ViewAudit => "viewAudit",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Redrive => "redrive",
            Self::Decide => "decide",
            Self::Reassign => "reassign",
            Self::BreakGlass => "breakGlass",
            Self::Deploy => "deploy",
            Self::Administer => "administer",
        }
    }
}

/// The object of an action.
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    pub connection: &'a ConnectionId,
    /// Whether the connection is configured to be looked at only.
    pub read_only: bool,
    /// The tags of the workflow that it is, or is of; `None` where they are not known. Only policies that speak of tags ask
    /// for them.
    pub tags: Option<Arc<Tags>>,
    pub object: Object<'a>,
}

/// What of a connection it is.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// The whole of it.
    Connection,
    /// A state machine and its executions, by the machine's name.
    Workflow(&'a str),
    /// A task that waits for a person.
    Request(RequestFacts<'a>),
}

impl Object<'_> {
    /// The name of the workflow that it is, or is of.
    #[must_use]
    pub const fn workflow(&self) -> Option<&str> {
        match self {
            Self::Connection => None,
            Self::Workflow(name) => Some(name),
            Self::Request(facts) => Some(facts.workflow),
        }
    }
}

/// What is known of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    pub execution_arn: &'a str,
    pub event: u64,
    pub workflow: &'a str,
    pub state: &'a str,
    /// Who may decide it by the manifest, now.
    pub approvers: &'a Approvers,
    /// Whether the requester may not.
    pub four_eyes: bool,
    pub requester: &'a Requester,
    /// Its redacted content, as JSON.
    pub content: &'a str,
}

/// A refusal: the actor, the action and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{actor} may not {}: {reason}", .action.name())]
pub struct Denied {
    pub actor: String,
    pub action: Action,
    /// The workflow that it was about, if it was about one.
    pub workflow: Option<String>,
    pub reason: Box<DenialReason>,
    /// The groups of which each would let the actor do it.
    pub groups: Vec<String>,
}

/// Why the policy refuses an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum DenialReason {
    /// The connection is configured to be looked at only.
    #[error("the connection {0} is read-only")]
    ReadOnly(ConnectionId),
    /// A policy forbids it: its `@id` and its `@reason`.
    #[error("the policy {rule} forbids it")]
    Forbidden { rule: String, why: Option<String> },
    /// No policy permits it.
    #[error("no policy permits it")]
    NotPermitted,
    /// A policy speaks of the workflow's tags, which have not been read.
    #[error("the policy {rule} speaks of tags that have not been read")]
    TagsUnknown { rule: String },
    /// A policy could not be evaluated, and it may be one that forbids.
    #[error("the policy {rule} could not be evaluated: {why}")]
    Failed { rule: String, why: String },
}

impl Denied {
    /// Whether the connection is read-only: nobody may change anything then.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(*self.reason, DenialReason::ReadOnly(_))
    }

    /// Whether the policy of this `@id` refuses it.
    #[must_use]
    pub fn is_by(&self, id: &str) -> bool {
        matches!(&*self.reason, DenialReason::Forbidden { rule, .. } if rule == id)
    }
}

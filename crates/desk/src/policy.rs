//! Who may do what. This is the only place that decides it. Nobody may change anything on a connection that is read-only; all
//! else is permitted to everybody.

use crate::actor::Actor;
use crate::connection::ConnectionId;

/// What an actor wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See lists, drawings, executions and requests.
    View,
    /// See what people did.
    ViewAudit,
    /// Start an execution.
    Start,
    /// Stop an execution.
    Stop,
    /// Let a failed execution go on.
    Redrive,
    /// Approve or reject a request.
    Decide,
    /// Create or update state machines.
    Deploy,
}

impl Action {
    /// Whether it changes something on the connection.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::View | Self::ViewAudit => false,
            Self::Start | Self::Stop | Self::Redrive | Self::Decide | Self::Deploy => true,
        }
    }
}

/// The object of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    pub connection: &'a ConnectionId,
    /// Whether the connection is configured to be looked at only.
    pub read_only: bool,
    /// The state machine's name; `None` for all of them.
    pub workflow: Option<&'a str>,
    /// The state, of a request.
    pub state: Option<&'a str>,
}

/// A refusal: the actor, the action and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actor} may not {action:?}: {reason}")]
pub struct Denied {
    pub actor: String,
    pub action: Action,
    pub reason: DenialReason,
}

/// Why the policy refuses an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenialReason {
    /// The connection is configured to be looked at only.
    #[error("the connection {0} is read-only")]
    ReadOnly(ConnectionId),
}

/// Permits an action or refuses it.
///
/// # Errors
/// The actor may not do this. Rules about people come with sign-in.
pub fn permit(actor: &Actor, action: Action, resource: Resource) -> Result<(), Denied> {
    if resource.read_only && action.changes() {
        let reason = DenialReason::ReadOnly(resource.connection.clone());
        return Err(Denied { actor: actor.name().to_owned(), action, reason });
    }
    tracing::trace!(actor = actor.id(), ?action, ?resource, "permitted");
    Ok(())
}

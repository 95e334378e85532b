//! Who may do what. This is the only place that decides it; today it permits everything to everybody.

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
    /// Approve or reject a request.
    Decide,
    /// Create or update state machines.
    Deploy,
}

/// The object of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    pub connection: &'a ConnectionId,
    /// The state machine's name; `None` for all of them.
    pub workflow: Option<&'a str>,
    /// The state, of a request.
    pub state: Option<&'a str>,
}

/// A refusal: the actor and the action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actor} may not {action:?}")]
pub struct Denied {
    pub actor: String,
    pub action: Action,
}

/// Permits an action or refuses it.
///
/// # Errors
/// The actor may not do this. Nobody is refused anything yet: the rules come with sign-in.
pub fn permit(actor: &Actor, action: Action, resource: Resource) -> Result<(), Denied> {
    tracing::trace!(actor = actor.id(), ?action, ?resource, "permitted");
    Ok(())
}

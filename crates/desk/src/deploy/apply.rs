//! Applying a plan: the state machines are compared once more with the plan, then topics and state machines are deployed.

use super::finding::Change;
use super::plan::Item;
use crate::connection::{CallError, Connection, NewMachine};

/// The role if the manifest names none: emulators accept any.
const ANY_ROLE: &str = "arn:aws:iam::000000000000:role/countersign";

/// Why one definition was not deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The state machine was changed since the plan was made.
    #[error("{0} was changed since the plan was made")]
    Changed(String),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Checks that the machine is still the one that the item was compared with. Step Functions has no conditional update: this
/// is the last moment at which another deployment can be detected.
///
/// # Errors
/// The machine was changed, or the connection does not answer.
pub async fn still_planned(connection: &Connection, item: &Item) -> Result<(), ApplyError> {
    let now = match connection.calls.describe_machine(&item.arn).await {
        Ok(now) => Some(now),
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let same = match (&item.deployed, now) {
        (None, None) => true,
        (Some(planned), Some(now)) => {
            planned.definition.text == now.definition
                && planned.revision_id == now.revision_id
                && planned.kind == now.kind
                && planned.role_arn == now.role_arn
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(ApplyError::Changed(item.name.clone())) }
}

/// Deploys one item that is new or changed. Returns the machine's ARN.
///
/// # Errors
/// A call failed; nothing else was changed.
pub async fn apply(connection: &Connection, item: &Item) -> Result<String, ApplyError> {
    for topic in &item.topics {
        // Creating a topic that exists returns its ARN.
        connection.calls.create_topic(topic).await?;
    }
    match (&item.deployed, item.change) {
        (Some(machine), Change::Changed) => {
            connection.calls.update_machine(&machine.arn, &item.text, item.new_role(machine)).await?;
            Ok(machine.arn.clone())
        }
        _ => {
            let new = NewMachine {
                name: item.name.clone(),
                definition: item.text.clone(),
                role_arn: item.role_arn.clone().unwrap_or_else(|| ANY_ROLE.to_owned()),
                kind: item.machine_kind(),
            };
            Ok(connection.calls.create_machine(new).await?)
        }
    }
}

//! Stacks of CloudFormation: a template's resources, made, changed and deleted together.
//!
//! `countersign-template` reads and resolves templates, and says what one changes in a stack; it does nothing else. This
//! module does what it says, one resource after the other, by the operations that clients call ([`resources`]). A stack
//! is stored after each step, with what the step needs to be undone: an operation that fails is rolled back, and one
//! that the end of the program interrupted is rolled back at the next start; a deletion goes on.
//!
//! | module | subject |
//! |---|---|
//! | [`model`] | stacks, change sets and events, as they are stored |
//! | [`around`] | what a template may ask about: parameters of Parameter Store, exports of other stacks, made resources |
//! | [`prepare`] | a template, its parameters and the stack that it is for: checked before anything is made |
//! | [`run`] | creating and updating |
//! | [`back`] | rolling back, and what is left to delete afterwards |
//! | [`removal`] | deleting a stack |
//! | [`tags`] | the tags that resources get from their stack |
//! | [`resources`] | the types |

pub mod around;
mod back;
pub mod model;
pub mod prepare;
pub mod removal;
pub mod resources;
mod run;
pub mod tags;

use std::sync::Arc;

use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::store::{ResourceKind, StoreError};
use model::{Operation, Stack};

/// The refusal of a request.
fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", why)
}

/// Every stack of an account and region, deleted ones included.
///
/// # Errors
/// The store failed.
pub async fn all(host: &Host, place: &AccountRegion) -> Result<Vec<Stack>, StoreError> {
    let mut all: Vec<Stack> = host.store.resources(ResourceKind::Stack).await?;
    all.retain(|stack| place.has(&stack.arn));
    Ok(all)
}

/// The stack with this name or ARN; a deleted one has only its ARN.
///
/// # Errors
/// There is none.
pub async fn find(host: &Host, place: &AccountRegion, name: &str) -> Result<Stack, ApiError> {
    let found = if name.starts_with("arn:") {
        host.store.resource(ResourceKind::Stack, name).await?
    } else {
        all(host, place).await?.into_iter().find(|stack| stack.name == name && stack.deleted_at.is_none())
    };
    found.ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))
}

/// Begins the operation of a stack, in a task of its own.
pub fn begin(host: &Arc<Host>, stack: Stack) {
    let host = Arc::clone(host);
    tokio::spawn(async move { work(&host, stack).await });
}

async fn work(host: &Arc<Host>, mut stack: Stack) {
    let done = match &stack.operation {
        Some(Operation::Delete { .. }) => removal::delete(host, &mut stack).await,
        Some(Operation::Change(_)) => run::change(host, &mut stack).await,
        None => Ok(()),
    };
    if let Err(error) = done {
        // It is finished at the next start.
        tracing::error!(stack = stack.name, error = error.message, "an operation of a stack stopped");
    }
}

/// Goes on with what the end of the program interrupted.
///
/// # Errors
/// The store cannot be read.
pub async fn recover(host: &Arc<Host>) -> Result<(), StoreError> {
    let all: Vec<Stack> = host.store.resources(ResourceKind::Stack).await?;
    for mut stack in all.into_iter().filter(|stack| stack.operation.is_some()) {
        tracing::info!(stack = stack.name, status = stack.status.name(), "an interrupted operation of a stack goes on");
        stack.interrupt();
        begin(host, stack);
    }
    Ok(())
}

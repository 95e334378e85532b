//! Deleting a stack: its resources, those that depend on others first.

use std::sync::Arc;

use super::model::{ChangeSet, Deployed, Operation, Stack, Status};
use super::resources;
use crate::api::error::ApiError;
use crate::host::Host;
use crate::store::ResourceKind;

/// Deletes a stack, from where it is.
///
/// # Errors
/// The store failed.
pub async fn delete(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    let place = stack.place(host);
    let Some(Operation::Delete { retained }) = stack.operation.clone() else { return Ok(()) };
    let mut failed = Vec::new();
    for logical in order(stack) {
        let Some(deployed) = stack.resources.get(&logical).cloned() else { continue };
        let (physical, kind) = (deployed.physical.clone(), deployed.base.kind.clone());
        if deployed.base.deletion_policy.keeps() || retained.contains(&logical) {
            stack.resources.shift_remove(&logical);
            stack.say(host, &logical, &physical, &kind, "DELETE_SKIPPED", None, None).await?;
            continue;
        }
        stack.say(host, &logical, &physical, &kind, "DELETE_IN_PROGRESS", None, None).await?;
        match resources::delete(host, &place, &kind, &physical, &deployed.properties()).await {
            Ok(()) => {
                stack.resources.shift_remove(&logical);
                stack.say(host, &logical, &physical, &kind, "DELETE_COMPLETE", None, None).await?;
            }
            Err(error) => {
                let why = format!("{} ({})", error.message, error.code);
                if let Some(deployed) = stack.resources.get_mut(&logical) {
                    "DELETE_FAILED".clone_into(&mut deployed.status);
                    deployed.reason = Some(why.clone());
                }
                stack.say(host, &logical, &physical, &kind, "DELETE_FAILED", Some(why), None).await?;
                failed.push(logical);
            }
        }
    }
    stack.operation = None;
    if !failed.is_empty() {
        let why = format!("The following resource(s) failed to delete: [{}].", failed.join(", "));
        return stack.becomes(host, Status::DeleteFailed, Some(why)).await;
    }
    forget_change_sets(host, &stack.arn).await?;
    stack.deleted_at = Some(host.clock.now());
    stack.outputs.clear();
    stack.imports.clear();
    stack.becomes(host, Status::DeleteComplete, None).await
}

/// The resources, each before those that it depends on.
#[must_use]
pub fn order(stack: &Stack) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut left: Vec<(&String, &Deployed)> = stack.resources.iter().rev().collect();
    while !left.is_empty() {
        let needed = |logical: &str| {
            left.iter().any(|(other, one)| *other != logical && one.needs.iter().any(|need| need == logical))
        };
        let free: Vec<String> = left.iter().map(|(logical, _)| (*logical).clone()).filter(|one| !needed(one)).collect();
        // A template has no cycles; what is stored is deleted in any case.
        let next = if free.is_empty() { left.iter().map(|(logical, _)| (*logical).clone()).collect() } else { free };
        left.retain(|(logical, _)| !next.contains(logical));
        order.extend(next);
    }
    order
}

/// Removes the change sets of a stack.
///
/// # Errors
/// The store failed.
pub async fn forget_change_sets(host: &Host, stack: &str) -> Result<(), ApiError> {
    let sets: Vec<ChangeSet> = host.store.resources(ResourceKind::ChangeSet).await?;
    let gone = sets.into_iter().filter(|set| set.stack == stack).map(|set| (ResourceKind::ChangeSet, set.arn));
    Ok(host.store.forget_all(&gone.collect::<Vec<_>>()).await?)
}

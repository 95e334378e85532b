//! The end of a change: rolling back what failed, and deleting what is left over.

use std::sync::Arc;

use super::model::{ChangeSet, Deployed, Operation, Stack, Status, Step};
use super::resources::{self, Changed, Wanted};
use super::run::of;
use super::tags;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::store::ResourceKind;

/// Deletes what was replaced and what the new template no longer has. What cannot be deleted stays, and is said.
///
/// # Errors
/// The store failed.
pub async fn clean_up(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    let place = stack.place(host);
    let Some(change) = of(stack) else { return Ok(()) };
    let (is_update, steps, unwanted) = (change.is_update, change.steps.clone(), change.unwanted.clone());
    if is_update && stack.status != Status::UpdateCompleteCleanupInProgress {
        stack.becomes(host, Status::UpdateCompleteCleanupInProgress, None).await?;
    }
    for step in steps.iter().rev() {
        if let Step::Replaced { logical, before, keeps: false, .. } = step {
            delete_old(host, &place, stack, logical, before).await?;
        }
    }
    for logical in unwanted {
        let Some(deployed) = stack.resources.get(&logical).cloned() else { continue };
        if deployed.base.deletion_policy.keeps() {
            let (physical, kind) = (deployed.physical.clone(), deployed.base.kind.clone());
            stack.resources.shift_remove(&logical);
            stack.say(host, &logical, &physical, &kind, "DELETE_SKIPPED", None, None).await?;
        } else {
            delete_old(host, &place, stack, &logical, &deployed).await?;
            stack.resources.shift_remove(&logical);
        }
    }
    stack.updated_at = is_update.then(|| host.clock.now()).or(stack.updated_at);
    let done = if is_update { Status::UpdateComplete } else { Status::CreateComplete };
    finish(host, stack, done, None, "EXECUTE_COMPLETE").await
}

async fn delete_old(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    logical: &str,
    old: &Deployed,
) -> Result<(), ApiError> {
    let (physical, kind) = (old.physical.as_str(), old.base.kind.as_str());
    stack.say(host, logical, physical, kind, "DELETE_IN_PROGRESS", None, None).await?;
    let came = resources::delete(host, place, kind, physical, &old.properties()).await;
    let (status, why) = match came {
        Ok(()) => ("DELETE_COMPLETE", None),
        Err(error) => ("DELETE_FAILED", Some(format!("{} ({})", error.message, error.code))),
    };
    stack.say(host, logical, physical, kind, status, why, None).await
}

/// Leaves a change that failed as far as it came, as its caller asked for.
///
/// # Errors
/// The store failed.
pub async fn leave(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    let Some(change) = of(stack) else { return Ok(()) };
    let (is_update, why, source) = (change.is_update, change.why.clone(), change.source.clone());
    stack.source = source;
    let status = if is_update { Status::UpdateFailed } else { Status::CreateFailed };
    finish(host, stack, status, why, "EXECUTE_FAILED").await
}

/// Undoes the steps of a change, the last one first.
///
/// # Errors
/// The store failed.
pub async fn roll_back(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    let place = stack.place(host);
    let Some(change) = of(stack) else { return Ok(()) };
    let (is_update, why, deletes) = (change.is_update, change.why.clone(), change.deletes_failure);
    let begun = if is_update { Status::UpdateRollbackInProgress } else { Status::RollbackInProgress };
    if stack.status != begun {
        let asked = why.map(|why| {
            let ends = if is_update { "" } else { " Rollback requested by user." };
            format!("{why}{ends}")
        });
        stack.becomes(host, begun, asked).await?;
    }
    let mut failures = Vec::new();
    while let Some(step) = of(stack).and_then(|change| change.steps.last().cloned()) {
        if let Err(why) = undo(host, &place, stack, &step).await? {
            failures.push(why);
        }
        if let Some(change) = of(stack) {
            change.steps.pop();
        }
        stack.keep(host).await?;
    }
    if let Some(change) = of(stack) {
        let (source, outputs) = (change.before.clone(), change.outputs_before.clone());
        let imports = change.imports_before.clone();
        if is_update {
            stack.source = source;
        }
        (stack.outputs, stack.imports) = (outputs, imports);
    }
    let failed = (!failures.is_empty()).then(|| failures.join("; "));
    let status = match (is_update, failed.is_some()) {
        (true, true) => Status::UpdateRollbackFailed,
        (true, false) => Status::UpdateRollbackComplete,
        (false, true) => Status::RollbackFailed,
        (false, false) => Status::RollbackComplete,
    };
    if is_update {
        stack.updated_at = Some(host.clock.now());
        stack.becomes(host, Status::UpdateRollbackCompleteCleanupInProgress, None).await?;
    }
    finish(host, stack, status, failed, "EXECUTE_FAILED").await?;
    if deletes && !is_update {
        stack.operation = Some(Operation::Delete { retained: Vec::new() });
        stack.becomes(host, Status::DeleteInProgress, None).await?;
        return super::removal::delete(host, stack).await;
    }
    Ok(())
}

/// Undoes one step; the inner error is why it cannot be undone.
async fn undo(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    step: &Step,
) -> Result<Result<(), String>, ApiError> {
    match step {
        Step::Made { logical, named } => {
            let Some(deployed) = stack.resources.get(logical).cloned() else { return Ok(Ok(())) };
            let came = unmake(host, place, stack, logical, &deployed, *named).await?;
            // What was kept or could not be deleted stays in the list, with its status.
            if came.is_ok() {
                stack.resources.shift_remove(logical);
            }
            Ok(came)
        }
        Step::Replaced { logical, before, named, .. } => {
            let made = stack.resources.get(logical).cloned();
            let mut came = Ok(());
            if let Some(made) = made.filter(|made| made.physical != before.physical) {
                came = unmake(host, place, stack, logical, &made, *named).await?;
            }
            stack.resources.insert(logical.clone(), before.clone());
            Ok(came)
        }
        Step::Changed { logical, before } => change_back(host, place, stack, logical, before).await,
        Step::Noted { logical, before } => {
            stack.resources.insert(logical.clone(), before.clone());
            Ok(Ok(()))
        }
    }
}

/// Deletes what a step made. What was being made when the program ended may be somebody else's where the template gave
/// it its name: it stays, and is said.
async fn unmake(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    logical: &str,
    made: &Deployed,
    named: bool,
) -> Result<Result<(), String>, ApiError> {
    let (physical, kind) = (made.physical.clone(), made.base.kind.clone());
    if named && made.status.ends_with("_IN_PROGRESS") {
        let why = format!(
            "The engine ended while {physical} was made: look whether it is there, and delete it if it is not needed."
        );
        stack.say(host, logical, &physical, &kind, "DELETE_SKIPPED", Some(why), None).await?;
        return Ok(Ok(()));
    }
    stack.say(host, logical, &physical, &kind, "DELETE_IN_PROGRESS", None, None).await?;
    let came = resources::delete(host, place, &kind, &physical, &made.properties()).await;
    let why = came.err().map(|error| format!("{} ({})", error.message, error.code));
    let status = if why.is_none() { "DELETE_COMPLETE" } else { "DELETE_FAILED" };
    stack.say(host, logical, &physical, &kind, status, why.clone(), None).await?;
    Ok(why.map_or(Ok(()), |why| Err(format!("{logical}: {why}"))))
}

async fn change_back(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    logical: &str,
    before: &Deployed,
) -> Result<Result<(), String>, ApiError> {
    let (physical, kind) = (before.physical.clone(), before.base.kind.clone());
    let now = stack.resources.get(logical).map_or_else(|| before.properties(), Deployed::properties);
    let old = before.past_stack.clone().unwrap_or_else(|| before.properties());
    let (now, old) = (tags::after(stack, logical, &kind, &now), tags::before(stack, logical, &kind, &old));
    stack.say(host, logical, &physical, &kind, "UPDATE_IN_PROGRESS", None, None).await?;
    let wanted = Wanted { kind: &kind, name: &physical, properties: &old };
    let came = resources::update(host, place, Changed { wanted, physical: &physical, before: &now }).await;
    let why = match came {
        Ok(made) => {
            let attributes = made.attributes;
            stack.resources.insert(logical.to_owned(), Deployed { attributes, ..before.clone() });
            None
        }
        Err(error) => Some(format!("{} ({})", error.message, error.code)),
    };
    let status = if why.is_none() { "UPDATE_COMPLETE" } else { "UPDATE_FAILED" };
    stack.say(host, logical, &physical, &kind, status, why.clone(), None).await?;
    Ok(why.map_or(Ok(()), |why| Err(format!("{logical}: {why}"))))
}

/// The end of a change.
async fn finish(
    host: &Arc<Host>,
    stack: &mut Stack,
    status: Status,
    reason: Option<String>,
    execution: &str,
) -> Result<(), ApiError> {
    stack.operation = None;
    if let Some(arn) = &stack.change_set
        && let Some(mut set) = host.store.resource::<ChangeSet>(ResourceKind::ChangeSet, arn).await?
        && set.execution == "EXECUTE_IN_PROGRESS"
    {
        execution.clone_into(&mut set.execution);
        host.store.keep(ResourceKind::ChangeSet, &set.arn, &set).await?;
    }
    stack.becomes(host, status, reason).await
}

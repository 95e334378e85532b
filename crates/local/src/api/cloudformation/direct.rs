//! `CreateStack` and `UpdateStack`: a change without a change set.

use std::sync::Arc;

use super::change_sets::{check_name, start};
use super::{Came, flag, invalid, needed, on_failure, source};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host};
use crate::stacks::around::{Around, Known};
use crate::stacks::model::Stack;
use crate::stacks::prepare::Prepared;
use crate::stacks::tags::are_same;
use crate::stacks::{self, removal::forget_change_sets};

/// Both operations.
pub async fn deploy(host: &Arc<Host>, place: &AccountRegion, form: &Form, action: &str) -> Came {
    let _alone = host.changes.lock().await;
    let name = needed(form, "StackName")?;
    let failure = on_failure(form, "OnFailure")?;
    let keeps = flag(form, "DisableRollback")? || failure == Some("DO_NOTHING");
    let known = stacks::find(host, place, name).await;
    let stack = match (action, known) {
        ("CreateStack", Ok(stack)) => {
            let why = format!("Stack [{}] already exists", stack.name);
            return Err(ApiError::new("AlreadyExistsException", why));
        }
        ("CreateStack", Err(_)) => {
            check_name("stackName", name)?;
            let mut stack = Stack::new(place, name, host.clock.now());
            stack.is_protected = flag(form, "EnableTerminationProtection")?;
            stack
        }
        (_, known) => known?,
    };
    if action == "UpdateStack" && !stack.status.can_be_updated() {
        let (arn, status) = (&stack.arn, stack.status.name());
        return Err(invalid(format!("Stack:{arn} is in {status} state and can not be updated.")));
    }
    let source = source::read(host, form, Some(&stack)).await?;
    let around = Around::read(host, place, &stack.arn).await?;
    let prepared = Prepared::read(place, &stack, &source, &around)?;
    if action == "UpdateStack" {
        let known = Known(&stack.resources);
        let changes = stack.snapshot().changes(&prepared.template, &prepared.scope, &known, &around);
        let changes = changes.map_err(|error| invalid(format!("Template error: {error}")))?;
        if changes.is_empty() && are_same(&stack.source.tags, &source.tags) {
            return Err(invalid("No updates are to be performed."));
        }
        forget_change_sets(host, &stack.arn).await?;
    }
    let arn = stack.arn.clone();
    start(host, stack, source, None, (keeps, failure == Some("DELETE"))).await?;
    Ok(element("StackId", arn))
}

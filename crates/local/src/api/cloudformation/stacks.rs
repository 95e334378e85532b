//! Stacks: described, listed, protected and deleted.

use std::sync::Arc;

use super::{Came, flag, invalid, list as members, needed, optional, texts};
use crate::api::query::Form;
use crate::api::wire::iso;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host};
use crate::stacks::model::{Operation, Stack, Status};
use crate::stacks::{self, prepare};

/// `DescribeStacks`, of one, or of all that are not deleted.
pub async fn describe(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stacks = match form.given("StackName").filter(|name| !name.is_empty()) {
        Some(name) => vec![stacks::find(host, place, name).await?],
        None => {
            let mut all = stacks::all(host, place).await?;
            all.retain(|stack| stack.deleted_at.is_none());
            all.sort_by_key(|stack| std::cmp::Reverse(stack.created_at));
            all
        }
    };
    members(form, "Stacks", stacks.iter().map(described).collect())
}

fn described(stack: &Stack) -> String {
    let source = &stack.source;
    let tags = source.tags.iter();
    let tags = tags.map(|tag| format!("<member>{}{}</member>", element("Key", &tag.key), element("Value", &tag.value)));
    let outputs = stack.outputs.iter().map(|(name, output)| {
        let inner = [
            element("OutputKey", name),
            element("OutputValue", &output.value),
            optional("Description", output.description.as_ref()),
            optional("ExportName", output.export.as_ref()),
        ];
        format!("<member>{}</member>", inner.concat())
    });
    let inner = [
        element("StackId", &stack.arn),
        element("StackName", &stack.name),
        optional("ChangeSetId", stack.change_set.as_ref()),
        optional("Description", source.description.as_ref()),
        format!("<Parameters>{}</Parameters>", parameters(stack)),
        element("CreationTime", iso(stack.created_at)),
        optional("LastUpdatedTime", stack.updated_at.map(iso).as_ref()),
        optional("DeletionTime", stack.deleted_at.map(iso).as_ref()),
        "<RollbackConfiguration/>".to_owned(),
        element("StackStatus", stack.status.name()),
        optional("StackStatusReason", stack.reason.as_ref()),
        element("DisableRollback", false),
        texts("NotificationARNs", &source.notification_arns),
        texts("Capabilities", &source.capabilities),
        format!("<Outputs>{}</Outputs>", outputs.collect::<String>()),
        optional("RoleARN", source.role_arn.as_ref()),
        format!("<Tags>{}</Tags>", tags.collect::<String>()),
        element("EnableTerminationProtection", stack.is_protected),
        format!("<DriftInformation>{}</DriftInformation>", element("StackDriftStatus", "NOT_CHECKED")),
    ];
    format!("<member>{}</member>", inner.concat())
}

/// The parameters of a stack with their values; one that is not to be shown is not.
fn parameters(stack: &Stack) -> String {
    // The template was read when the stack was made.
    let Ok(template) = prepare::read(&stack.source.template, &stack.source.parameters) else { return String::new() };
    let members = template.parameters.iter().map(|(name, parameter)| {
        let given = stack.source.parameters.get(name).or(parameter.default.as_ref());
        let shown = if parameter.no_echo { "****" } else { given.map_or("", String::as_str) };
        format!("<member>{}{}</member>", element("ParameterKey", name), element("ParameterValue", shown))
    });
    members.collect()
}

/// `ListStacks`, deleted ones included.
pub async fn list(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let wanted = form.list("StackStatusFilter");
    let mut all = stacks::all(host, place).await?;
    all.retain(|stack| wanted.is_empty() || wanted.contains(&stack.status.name()));
    all.sort_by_key(|stack| std::cmp::Reverse(stack.created_at));
    let described = all.iter().map(|stack| {
        let inner = [
            element("StackId", &stack.arn),
            element("StackName", &stack.name),
            optional("TemplateDescription", stack.source.description.as_ref()),
            element("CreationTime", iso(stack.created_at)),
            optional("LastUpdatedTime", stack.updated_at.map(iso).as_ref()),
            optional("DeletionTime", stack.deleted_at.map(iso).as_ref()),
            element("StackStatus", stack.status.name()),
            optional("StackStatusReason", stack.reason.as_ref()),
            format!("<DriftInformation>{}</DriftInformation>", element("StackDriftStatus", "NOT_CHECKED")),
        ];
        format!("<member>{}</member>", inner.concat())
    });
    members(form, "StackSummaries", described.collect())
}

/// `DeleteStack`: begins it. A stack that does not exist is deleted already.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let _alone = host.changes.lock().await;
    let Ok(mut stack) = stacks::find(host, place, needed(form, "StackName")?).await else { return Ok(String::new()) };
    if stack.deleted_at.is_some() || stack.status == Status::DeleteInProgress {
        return Ok(String::new());
    }
    if stack.is_protected {
        return Err(invalid(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if stack.status.is_busy() {
        let (arn, status) = (&stack.arn, stack.status.name());
        return Err(invalid(format!("Stack:{arn} is in {status} state and can not be deleted.")));
    }
    let exports: Vec<&String> = stack.outputs.values().filter_map(|output| output.export.as_ref()).collect();
    let others = stacks::all(host, place).await?;
    for other in others.iter().filter(|other| other.arn != stack.arn && other.deleted_at.is_none()) {
        if let Some(used) = other.imports.iter().find(|import| exports.contains(import)) {
            return Err(invalid(format!("Export {used} cannot be deleted as it is in use by {}", other.name)));
        }
    }
    let retained: Vec<String> = form.list("RetainResources").into_iter().map(str::to_owned).collect();
    if !retained.is_empty() && stack.status != Status::DeleteFailed {
        return Err(invalid("RetainResources can only be specified for stacks in DELETE_FAILED state."));
    }
    stack.operation = Some(Operation::Delete { retained });
    stack.becomes(host, Status::DeleteInProgress, Some("User Initiated".to_owned())).await?;
    stacks::begin(host, stack);
    Ok(String::new())
}

/// `UpdateTerminationProtection`.
pub async fn protect(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let _alone = host.changes.lock().await;
    let mut stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    if stack.status.is_busy() {
        return Err(invalid(format!("Stack [{}] is in {} state.", stack.name, stack.status.name())));
    }
    needed(form, "EnableTerminationProtection")?;
    stack.is_protected = flag(form, "EnableTerminationProtection")?;
    stack.keep(host).await?;
    Ok(element("StackId", &stack.arn))
}

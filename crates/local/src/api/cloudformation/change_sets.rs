//! Change sets: what a template would change, kept until it is executed.

use std::sync::Arc;

use super::changes::{all_described, member};
use super::{Came, flag, invalid, list as members, needed, on_failure, optional, source, texts};
use crate::api::arn::page;
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::wire::iso;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host};
use crate::random;
use crate::stacks::around::{Around, Known};
use crate::stacks::model::{Change, ChangeSet, Operation, Phase, Source, Stack, Status};
use crate::stacks::prepare::Prepared;
use crate::stacks::tags::are_same;
use crate::stacks::{self, removal::forget_change_sets};
use crate::store::ResourceKind;

/// Why a change set without changes fails, in CloudFormation's words.
const NOTHING: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// `CreateChangeSet`. It is ready when the answer is there.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let _alone = host.changes.lock().await;
    let (stack_name, name) = (needed(form, "StackName")?, needed(form, "ChangeSetName")?);
    check_name("changeSetName", name)?;
    let kind = form.given("ChangeSetType").unwrap_or("UPDATE");
    if !["CREATE", "UPDATE"].contains(&kind) {
        return Err(invalid(format!("The embedded engine makes no change sets of the type {kind}.")));
    }
    let known = stacks::find(host, place, stack_name).await;
    let stack = match (kind, known) {
        ("CREATE", Err(_)) => {
            check_name("stackName", stack_name)?;
            Stack::new(place, stack_name, host.clock.now())
        }
        ("CREATE", Ok(stack)) if stack.status == Status::ReviewInProgress => stack,
        ("CREATE", Ok(stack)) => {
            return Err(invalid(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{name}].",
                stack.name
            )));
        }
        (_, Err(error)) => return Err(error),
        (_, Ok(stack)) => stack,
    };
    if stack.status != Status::ReviewInProgress && !stack.status.can_be_updated() {
        let (arn, status) = (&stack.arn, stack.status.name());
        return Err(invalid(format!("Stack:{arn} is in {status} state and can not be updated.")));
    }
    if by_name(host, &stack.arn, name).await?.is_some() {
        let why = format!("ChangeSet {name} already exists for stack {}", stack.arn);
        return Err(ApiError::new("AlreadyExistsException", why));
    }
    let source = source::read(host, form, Some(&stack)).await?;
    let set = compared(host, place, form, &stack, source).await?;
    if stack.events == 0 {
        stack.clone().becomes(host, Status::ReviewInProgress, Some("User Initiated".to_owned())).await?;
    }
    host.store.keep(ResourceKind::ChangeSet, &set.arn, &set).await?;
    Ok(element("Id", &set.arn) + &element("StackId", &stack.arn))
}

/// The change set of a source: the differences from the stack as it is.
async fn compared(
    host: &Arc<Host>,
    place: &AccountRegion,
    form: &Form,
    stack: &Stack,
    source: Source,
) -> Result<ChangeSet, ApiError> {
    let around = Around::read(host, place, &stack.arn).await?;
    let prepared = Prepared::read(place, stack, &source, &around)?;
    let known = Known(&stack.resources);
    let changes = stack
        .snapshot()
        .changes(&prepared.template, &prepared.scope, &known, &around)
        .map_err(|error| invalid(format!("Template error: {error}")))?;
    let same_tags = are_same(&stack.source.tags, &source.tags);
    let is_new = stack.status == Status::ReviewInProgress;
    let nothing = changes.is_empty() && same_tags && !is_new;
    let name = form.field("ChangeSetName");
    Ok(ChangeSet {
        arn: place.arn("cloudformation", &format!("changeSet/{name}/{}", random::uuid())),
        name: name.to_owned(),
        stack: stack.arn.clone(),
        stack_name: stack.name.clone(),
        description: form.given("Description").map(str::to_owned),
        kind: form.given("ChangeSetType").unwrap_or("UPDATE").to_owned(),
        status: if nothing { "FAILED" } else { "CREATE_COMPLETE" }.to_owned(),
        reason: nothing.then(|| NOTHING.to_owned()),
        execution: if nothing { "UNAVAILABLE" } else { "AVAILABLE" }.to_owned(),
        changes: all_described(&changes.resources, stack, !same_tags),
        source,
        created_at: host.clock.now(),
        on_failure: on_failure(form, "OnStackFailure")?.map(str::to_owned),
    })
}

/// Checks the name of a stack or a change set.
pub fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if begins && legal && name.len() <= 128 {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

async fn by_name(host: &Host, stack: &str, name: &str) -> Result<Option<ChangeSet>, ApiError> {
    let all: Vec<ChangeSet> = host.store.resources(ResourceKind::ChangeSet).await?;
    Ok(all.into_iter().find(|set| set.stack == stack && set.name == name))
}

/// The change set that a request names, by its ARN, or by its name and its stack's.
pub async fn find(host: &Host, place: &AccountRegion, form: &Form) -> Result<ChangeSet, ApiError> {
    let name = needed(form, "ChangeSetName")?;
    let gone = || ApiError::new("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"));
    if name.starts_with("arn:") {
        return host.store.resource(ResourceKind::ChangeSet, name).await?.ok_or_else(gone);
    }
    let stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    by_name(host, &stack.arn, name).await?.ok_or_else(gone)
}

/// `DescribeChangeSet`.
pub async fn describe(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let set = find(host, place, form).await?;
    let changes: Vec<String> = set.changes.iter().map(member).collect();
    let (changes, next) = page(changes, Some(100), form.given("NextToken"), &set.arn)
        .map_err(|_| invalid("The NextToken is not valid."))?;
    let parameters = set.source.parameters.iter().map(|(name, value)| {
        format!("<member>{}{}</member>", element("ParameterKey", name), element("ParameterValue", value))
    });
    let tags = set.source.tags.iter();
    let tags = tags.map(|tag| format!("<member>{}{}</member>", element("Key", &tag.key), element("Value", &tag.value)));
    Ok([
        element("ChangeSetName", &set.name),
        element("ChangeSetId", &set.arn),
        element("StackId", &set.stack),
        element("StackName", &set.stack_name),
        optional("Description", set.description.as_ref()),
        format!("<Parameters>{}</Parameters>", parameters.collect::<String>()),
        element("CreationTime", iso(set.created_at)),
        element("ExecutionStatus", &set.execution),
        element("Status", &set.status),
        optional("StatusReason", set.reason.as_ref()),
        texts("NotificationARNs", &set.source.notification_arns),
        texts("Capabilities", &set.source.capabilities),
        format!("<Tags>{}</Tags>", tags.collect::<String>()),
        format!("<Changes>{}</Changes>", changes.concat()),
        optional("NextToken", next.as_ref()),
        element("IncludeNestedStacks", false),
        optional("OnStackFailure", set.on_failure.as_ref()),
    ]
    .concat())
}

/// `ListChangeSets`.
pub async fn list(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    let mut all: Vec<ChangeSet> = host.store.resources(ResourceKind::ChangeSet).await?;
    all.retain(|set| set.stack == stack.arn && set.execution != "EXECUTE_COMPLETE");
    all.sort_by_key(|set| set.created_at);
    let described = all.iter().map(|set| {
        let inner = [
            element("StackId", &set.stack),
            element("StackName", &set.stack_name),
            element("ChangeSetId", &set.arn),
            element("ChangeSetName", &set.name),
            element("ExecutionStatus", &set.execution),
            element("Status", &set.status),
            optional("StatusReason", set.reason.as_ref()),
            element("CreationTime", iso(set.created_at)),
            optional("Description", set.description.as_ref()),
        ];
        format!("<member>{}</member>", inner.concat())
    });
    members(form, "Summaries", described.collect())
}

/// `DeleteChangeSet`. One that does not exist is deleted already.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let _alone = host.changes.lock().await;
    let set = match find(host, place, form).await {
        Err(error) if error.code == "ChangeSetNotFound" => return Ok(String::new()),
        set => set?,
    };
    if set.execution == "EXECUTE_IN_PROGRESS" {
        let why =
            format!("ChangeSet [{}] cannot be deleted in its current execution status of [{}]", set.arn, set.execution);
        return Err(ApiError::new("InvalidChangeSetStatus", why));
    }
    host.store.forget(ResourceKind::ChangeSet, &set.arn).await?;
    Ok(String::new())
}

/// `ExecuteChangeSet`: begins it. The stack's other change sets are no longer about the stack as it is, and go.
pub async fn execute(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let _alone = host.changes.lock().await;
    let mut set = find(host, place, form).await?;
    if set.execution != "AVAILABLE" {
        let why = format!(
            "ChangeSet [{}] cannot be executed in its current status of [{}]",
            set.arn,
            if set.status == "FAILED" { &set.status } else { &set.execution }
        );
        return Err(ApiError::new("InvalidChangeSetStatus", why));
    }
    let stack = stacks::find(host, place, &set.stack).await?;
    if stack.status.is_busy() {
        let (arn, status) = (&stack.arn, stack.status.name());
        return Err(invalid(format!("Stack:{arn} is in {status} state and can not be updated.")));
    }
    let keeps = flag(form, "DisableRollback")? || set.on_failure.as_deref() == Some("DO_NOTHING");
    let deletes = set.on_failure.as_deref() == Some("DELETE");
    forget_change_sets(host, &stack.arn).await?;
    "EXECUTE_IN_PROGRESS".clone_into(&mut set.execution);
    host.store.keep(ResourceKind::ChangeSet, &set.arn, &set).await?;
    start(host, stack, set.source, Some(set.arn), (keeps, deletes)).await?;
    Ok(String::new())
}

/// Begins the change of a stack. `on_failure`: whether what failed stays, and whether a stack that could not be created is
/// deleted.
pub async fn start(
    host: &Arc<Host>,
    mut stack: Stack,
    source: Source,
    change_set: Option<String>,
    (keeps_failures, deletes_failure): (bool, bool),
) -> Result<(), ApiError> {
    let is_update = stack.status != Status::ReviewInProgress;
    let change = Change {
        source: source.clone(),
        before: stack.source.clone(),
        outputs_before: stack.outputs.clone(),
        imports_before: stack.imports.clone(),
        is_update,
        phase: Phase::Forward,
        unwanted: Vec::new(),
        steps: Vec::new(),
        keeps_failures,
        deletes_failure,
        why: None,
    };
    if !is_update {
        // What a stack that fails is described with.
        stack.source = source;
    }
    stack.change_set = change_set;
    stack.operation = Some(Operation::Change(Box::new(change)));
    let status = if is_update { Status::UpdateInProgress } else { Status::CreateInProgress };
    stack.becomes(host, status, Some("User Initiated".to_owned())).await?;
    stacks::begin(host, stack);
    Ok(())
}

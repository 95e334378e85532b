//! The resources and events of stacks, and what stacks export.

use std::sync::Arc;

use super::{Came, invalid, list as members, needed, optional};
use crate::api::query::Form;
use crate::api::wire::iso;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host};
use crate::stacks;
use crate::stacks::model::{Deployed, Event, Stack};
use crate::store::ResourceKind;

/// `DescribeStackEvents`, newest first.
pub async fn events(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    // The character after the slash ends the range.
    let (first, end) = (format!("{}/", stack.arn), format!("{}0", stack.arn));
    let events: Vec<Event> = host.store.resources_between(ResourceKind::StackEvent, &first, &end).await?;
    let described = events.iter().rev().map(|event| {
        let inner = [
            element("StackId", &event.stack),
            element("EventId", &event.id),
            element("StackName", &event.stack_name),
            element("LogicalResourceId", &event.logical),
            element("PhysicalResourceId", &event.physical),
            element("ResourceType", &event.kind),
            element("Timestamp", iso(event.at)),
            element("ResourceStatus", &event.status),
            optional("ResourceStatusReason", event.reason.as_ref()),
            optional("ResourceProperties", event.properties.as_ref()),
        ];
        format!("<member>{}</member>", inner.concat())
    });
    members(form, "StackEvents", described.collect())
}

fn common(logical: &str, deployed: &Deployed, time: &str) -> String {
    [
        element("LogicalResourceId", logical),
        element("PhysicalResourceId", &deployed.physical),
        element("ResourceType", &deployed.base.kind),
        element(time, iso(deployed.at)),
        element("ResourceStatus", &deployed.status),
        optional("ResourceStatusReason", deployed.reason.as_ref()),
        format!("<DriftInformation>{}</DriftInformation>", element("StackResourceDriftStatus", "NOT_CHECKED")),
    ]
    .concat()
}

fn in_full(stack: &Stack, logical: &str, deployed: &Deployed, time: &str) -> String {
    element("StackName", &stack.name) + &element("StackId", &stack.arn) + &common(logical, deployed, time)
}

/// `DescribeStackResources`: of a stack, or of the stack that has a physical resource.
pub async fn describe(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stack = match (form.given("StackName"), form.given("PhysicalResourceId")) {
        (Some(name), _) => stacks::find(host, place, name).await?,
        (None, Some(physical)) => {
            let all = stacks::all(host, place).await?;
            let has = |stack: &Stack| stack.resources.values().any(|one| one.physical == physical);
            let found = all.into_iter().find(|stack| stack.deleted_at.is_none() && has(stack));
            found.ok_or_else(|| invalid(format!("Stack for {physical} does not exist")))?
        }
        (None, None) => return Err(invalid("Stack name or physical ID must be specified.")),
    };
    let wanted = |name: &str| form.given("LogicalResourceId").is_none_or(|logical| logical == name);
    let described = stack.resources.iter().filter(|(name, _)| wanted(name));
    let described =
        described.map(|(name, one)| format!("<member>{}</member>", in_full(&stack, name, one, "Timestamp")));
    Ok(format!("<StackResources>{}</StackResources>", described.collect::<String>()))
}

/// `DescribeStackResource`.
pub async fn describe_one(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    let logical = needed(form, "LogicalResourceId")?;
    let deployed = stack
        .resources
        .get(logical)
        .ok_or_else(|| invalid(format!("Resource {logical} does not exist for stack {}", stack.name)))?;
    let detail = in_full(&stack, logical, deployed, "LastUpdatedTimestamp");
    Ok(format!("<StackResourceDetail>{detail}</StackResourceDetail>"))
}

/// `ListStackResources`.
pub async fn list(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let stack = stacks::find(host, place, needed(form, "StackName")?).await?;
    let described = stack.resources.iter();
    let described =
        described.map(|(name, one)| format!("<member>{}</member>", common(name, one, "LastUpdatedTimestamp")));
    members(form, "StackResourceSummaries", described.collect())
}

/// `ListExports`.
pub async fn exports(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let mut all = Vec::new();
    for stack in stacks::all(host, place).await? {
        for output in stack.outputs.values() {
            if let Some(export) = &output.export {
                let inner =
                    [element("ExportingStackId", &stack.arn), element("Name", export), element("Value", &output.value)];
                all.push((export.clone(), format!("<member>{}</member>", inner.concat())));
            }
        }
    }
    all.sort();
    members(form, "Exports", all.into_iter().map(|(_, member)| member).collect())
}

/// `ListImports`.
pub async fn imports(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let export = needed(form, "ExportName")?;
    let all = stacks::all(host, place).await?;
    let uses = |stack: &&Stack| stack.imports.iter().any(|import| import == export);
    let names: Vec<String> = all.iter().filter(uses).map(|stack| element("member", &stack.name)).collect();
    if names.is_empty() {
        return Err(invalid(format!("Export '{export}' is not imported by any stack.")));
    }
    members(form, "Imports", names)
}

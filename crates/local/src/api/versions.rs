//! Versions and aliases.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::OperationResult;
use super::arn::{MACHINE, check_arn, page};
use super::error::ApiError;
use super::machines;
use super::wire::seconds;
use crate::host::{Alias, Host, Machine, Route, Version, lock};
use crate::store::ResourceKind;

/// The most versions of a state machine, as on AWS.
const MOST: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publish {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

/// `PublishStateMachineVersion`.
pub async fn publish(host: &Arc<Host>, ask: Publish) -> OperationResult {
    let mut machine = machines::get(host, &ask.state_machine_arn)?;
    machines::check_not_deleting(&machine)?;
    if let Some(revision) = ask.revision_id
        && machine.revision_id.as_deref().unwrap_or("INITIAL") != revision
    {
        let message = format!(
            "Failed to publish the State Machine version for revision {revision}. The current State Machine revision is {}.",
            machine.revision_id.as_deref().unwrap_or("INITIAL")
        );
        return Err(ApiError::new("ConflictException", message));
    }
    let version = make(host, &mut machine, ask.description).await?;
    Ok(json!({ "stateMachineVersionArn": version.arn, "creationDate": seconds(version.created_at) }))
}

/// The latest version of the machine, if that is the machine as it is: the same revision, and the same description if one is
/// given.
///
/// # Errors
/// It is another one, and the machine has as many versions as it can have.
pub fn same_or_room(host: &Host, machine: &Machine, description: Option<&String>) -> Result<Option<Version>, ApiError> {
    let registry = lock(&host.registry);
    let versions = registry.versions_of(&machine.arn);
    let is_same = |latest: &&&Version| {
        latest.machine.revision_id == machine.revision_id
            && latest.machine.definition == machine.definition
            && description.is_none_or(|description| latest.description.as_ref() == Some(description))
    };
    let same = versions.first().filter(is_same).map(|version| (*version).clone());
    if same.is_none() && versions.len() >= MOST {
        let why = format!("The maximum number of state machine versions ({MOST}) has been reached for {}", machine.arn);
        return Err(ApiError::new("ServiceQuotaExceededException", why));
    }
    Ok(same)
}

/// Makes a version of the machine as it is. Returns the latest one if it is the same.
pub async fn make(host: &Arc<Host>, machine: &mut Machine, description: Option<String>) -> Result<Version, ApiError> {
    if let Some(latest) = same_or_room(host, machine, description.as_ref())? {
        return Ok(latest);
    }
    machine.last_version += 1;
    let version = Version {
        arn: format!("{}:{}", machine.arn, machine.last_version),
        number: machine.last_version,
        description,
        created_at: host.clock.now(),
        machine: machine.clone(),
    };
    machines::keep(host, machine).await?;
    host.store.keep(ResourceKind::Version, &version.arn, &version).await?;
    lock(&host.registry).versions.insert(version.arn.clone(), version.clone());
    Ok(version)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    state_machine_arn: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `ListStateMachineVersions`, newest first.
pub fn list(host: &Host, ask: &List) -> OperationResult {
    check_arn(&ask.state_machine_arn, &[MACHINE])?;
    let rows: Vec<Value> = lock(&host.registry)
        .versions_of(&ask.state_machine_arn)
        .into_iter()
        .map(|version| json!({ "stateMachineVersionArn": version.arn, "creationDate": seconds(version.created_at) }))
        .collect();
    listed("stateMachineVersions", rows, ask)
}

fn listed(field: &str, rows: Vec<Value>, ask: &List) -> OperationResult {
    let question = format!("{field} {}", ask.state_machine_arn);
    let (rows, next) = page(rows, ask.max_results, ask.next_token.as_deref(), &question)?;
    let mut answer = json!({ field: rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionArn {
    state_machine_version_arn: String,
}

/// `DeleteStateMachineVersion`. A version that an alias uses is refused; deleting one that does not exist succeeds.
pub async fn delete(host: &Arc<Host>, ask: VersionArn) -> OperationResult {
    let arn = ask.state_machine_version_arn;
    check_arn(&arn, &[MACHINE])?;
    {
        let registry = lock(&host.registry);
        let users: Vec<String> = registry
            .aliases
            .values()
            .filter(|alias| alias.routes.iter().any(|route| route.state_machine_version_arn == arn))
            .map(|alias| alias.name.clone())
            .collect();
        if !users.is_empty() {
            let message = format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                users.join(", ")
            );
            return Err(ApiError::new("ConflictException", message));
        }
    }
    host.store.forget(ResourceKind::Version, &arn).await?;
    lock(&host.registry).versions.remove(&arn);
    Ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAlias {
    name: String,
    description: Option<String>,
    routing_configuration: Vec<Route>,
}

/// Checks the routes of an alias. Returns the machine.
fn check_routes(host: &Host, routes: &[Route]) -> Result<Machine, ApiError> {
    let invalid = |message: String| Err(ApiError::new("ValidationException", message));
    let arns = || routes.iter().map(|route| route.state_machine_version_arn.as_str()).collect::<Vec<_>>().join(", ");
    if routes.len() == 2 && routes[0].state_machine_version_arn == routes[1].state_machine_version_arn {
        return invalid(format!(
            "Routing configuration must contain distinct state machine version ARNs. Received: [{}]",
            arns()
        ));
    }
    let number = |route: &Route| {
        route.state_machine_version_arn.rsplit(':').next().is_some_and(|last| last.parse::<u64>().is_ok())
    };
    if !routes.iter().all(number) {
        return invalid(format!(
            "Routing configuration must contain state machine version ARNs. Received: [{}]",
            arns()
        ));
    }
    if routes.iter().map(|route| route.weight).sum::<i64>() != 100 {
        let weights: Vec<String> = routes.iter().map(|route| route.weight.to_string()).collect();
        return invalid(format!(
            "Sum of routing configuration weights must equal 100. Received: [{}]",
            weights.join(", ")
        ));
    }
    let registry = lock(&host.registry);
    let mut machine = None;
    for route in routes {
        let arn = &route.state_machine_version_arn;
        let version = registry.versions.get(arn).ok_or_else(|| missing(arn))?;
        if machine.as_ref().is_some_and(|known: &Machine| known.arn != version.machine.arn) {
            return invalid(format!(
                "Routing configuration must contain versions of the same state machine. Received: [{}]",
                arns()
            ));
        }
        machine = Some(version.machine.clone());
    }
    machine.ok_or_else(|| ApiError::missing("routingConfiguration"))
}

/// Refuses an alias of a machine that is being deleted.
fn check_machine(host: &Host, arn: &str) -> Result<(), ApiError> {
    lock(&host.registry).machines.get(arn).map_or(Ok(()), machines::check_not_deleting)
}

/// `CreateStateMachineAlias`. A repeated call returns what the first one did.
pub async fn create_alias(host: &Arc<Host>, ask: CreateAlias) -> OperationResult {
    let machine = check_routes(host, &ask.routing_configuration)?;
    check_machine(host, &machine.arn)?;
    let arn = format!("{}:{}", machine.arn, ask.name);
    let known = lock(&host.registry).aliases.get(&arn).cloned();
    if let Some(known) = known {
        if known.routes != ask.routing_configuration || known.description != ask.description {
            let message = "Failed to create alias because an alias with the same name and a different routing configuration already exists.";
            return Err(ApiError::new("ConflictException", message));
        }
        return Ok(json!({ "stateMachineAliasArn": arn, "creationDate": seconds(known.created_at) }));
    }
    let now = host.clock.now();
    let alias = Alias {
        arn: arn.clone(),
        machine_arn: machine.arn,
        name: ask.name,
        description: ask.description,
        routes: ask.routing_configuration,
        created_at: now,
        updated_at: now,
    };
    keep_alias(host, alias).await?;
    Ok(json!({ "stateMachineAliasArn": arn, "creationDate": seconds(now) }))
}

async fn keep_alias(host: &Host, alias: Alias) -> Result<(), ApiError> {
    host.store.keep(ResourceKind::Alias, &alias.arn, &alias).await?;
    lock(&host.registry).aliases.insert(alias.arn.clone(), alias);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAlias {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<Route>>,
}

fn alias(host: &Host, arn: &str) -> Result<Alias, ApiError> {
    check_arn(arn, &[MACHINE])?;
    let gone = || ApiError::new("ResourceNotFound", "Request references a resource that does not exist.");
    lock(&host.registry).aliases.get(arn).cloned().ok_or_else(gone)
}

/// The version or run does not exist.
pub fn missing(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Request references a resource that does not exist. Resource: '{arn}'"))
}

/// `UpdateStateMachineAlias`.
pub async fn update_alias(host: &Arc<Host>, ask: UpdateAlias) -> OperationResult {
    let mut alias = alias(host, &ask.state_machine_alias_arn)?;
    check_machine(host, &alias.machine_arn)?;
    if ask.description.is_none() && ask.routing_configuration.is_none() {
        let message = "Either the description or the routing configuration must be specified";
        return Err(ApiError::new("ValidationException", message));
    }
    if let Some(routes) = ask.routing_configuration {
        if check_routes(host, &routes)?.arn != alias.machine_arn {
            let message = "Routing configuration must contain versions of the alias's state machine.";
            return Err(ApiError::new("ValidationException", message));
        }
        alias.routes = routes;
    }
    alias.description = ask.description.or(alias.description);
    alias.updated_at = host.clock.now();
    let at = alias.updated_at;
    keep_alias(host, alias).await?;
    Ok(json!({ "updateDate": seconds(at) }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasArn {
    state_machine_alias_arn: String,
}

/// `DescribeStateMachineAlias`.
pub fn describe_alias(host: &Host, ask: &AliasArn) -> OperationResult {
    let alias = alias(host, &ask.state_machine_alias_arn)?;
    let mut answer = json!({
        "stateMachineAliasArn": alias.arn, "name": alias.name, "routingConfiguration": alias.routes,
        "creationDate": seconds(alias.created_at), "updateDate": seconds(alias.updated_at),
    });
    if let Some(description) = alias.description {
        answer["description"] = json!(description);
    }
    Ok(answer)
}

/// `ListStateMachineAliases`, of a machine or of one of its versions.
pub fn list_aliases(host: &Host, ask: &List) -> OperationResult {
    let arn = &ask.state_machine_arn;
    check_arn(arn, &[MACHINE])?;
    let rows: Vec<Value> = {
        let registry = lock(&host.registry);
        let version = registry.versions.get(arn);
        if version.is_none() && !registry.machines.contains_key(arn) {
            // One part more than a machine's ARN: the version does not exist.
            return Err(if arn.split(':').count() > 7 { missing(arn) } else { machines::gone(arn) });
        }
        let machine_arn = version.map_or(ask.state_machine_arn.as_str(), |version| version.machine.arn.as_str());
        let leads_there = |alias: &&&Alias| {
            version
                .is_none_or(|version| alias.routes.iter().any(|route| route.state_machine_version_arn == version.arn))
        };
        let aliases = registry.aliases_of(machine_arn);
        aliases
            .iter()
            .filter(leads_there)
            .map(|alias| json!({ "stateMachineAliasArn": alias.arn, "creationDate": seconds(alias.created_at) }))
            .collect()
    };
    listed("stateMachineAliases", rows, ask)
}

/// `DeleteStateMachineAlias`. Deleting one that does not exist succeeds.
pub async fn delete_alias(host: &Arc<Host>, ask: AliasArn) -> OperationResult {
    let arn = &ask.state_machine_alias_arn;
    check_arn(arn, &[MACHINE])?;
    // Only aliases are deleted by this operation.
    if lock(&host.registry).aliases.contains_key(arn) {
        host.store.forget(ResourceKind::Alias, arn).await?;
        lock(&host.registry).aliases.remove(arn);
    }
    Ok(json!({}))
}

//! State machines.

use std::sync::Arc;

use countersign_asl::{Diagnostic, MachineType, Severity, invalid_definition_message, parse_created, read_json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::OperationResult;
use super::arn::{MACHINE, check_arn, check_name, check_no_map, check_role, page};
use super::configurations::{check_encryption, check_logging, own_key};
use super::error::ApiError;
use super::executions::find;
use super::wire::seconds;
use super::{map_runs, tags, variables, versions};
use crate::host::{AccountRegion, CreatedWith, Host, Machine, Tag, lock};
use crate::random;
use crate::store::{ExecutionRow, ResourceKind};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    name: String,
    definition: String,
    role_arn: String,
    r#type: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    encryption_configuration: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

/// The diagnostics of a definition for a type of machine.
fn diagnose(definition: &str, kind: &str) -> Vec<Diagnostic> {
    let kind = if kind == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
    parse_created(definition, kind).1
}

fn check_definition(definition: &str, kind: &str) -> Result<(), ApiError> {
    let diagnostics = diagnose(definition, kind);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(ApiError::new("InvalidDefinition", invalid_definition_message(&diagnostics)));
    }
    // The engine's own compiler decides last: what it cannot run is refused.
    let value = read_json(definition).map_err(|why| {
        ApiError::new(
            "InvalidDefinition",
            format!("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {why}'"),
        )
    })?;
    countersign_engine::Program::compile(&value).map(|_| ()).map_err(|error| {
        ApiError::new(
            "InvalidDefinition",
            format!("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {} at {}'", error.reason, error.at),
        )
    })
}

/// `CreateStateMachine`. A repeated call returns what the first one did; a different machine of the same name is
/// refused.
pub async fn create(host: &Arc<Host>, caller: &AccountRegion, ask: Create) -> OperationResult {
    check_name(&ask.name)?;
    check_role(&ask.role_arn)?;
    let kind = ask.r#type.unwrap_or_else(|| "STANDARD".to_owned());
    check_version_description(ask.version_description.as_ref(), ask.publish)?;
    let arn = caller.arn("states", &format!("stateMachine:{}", ask.name));
    check_logging(ask.logging_configuration.as_ref(), &arn)?;
    check_encryption(ask.encryption_configuration.as_ref())?;
    tags::check_count(&arn, ask.tags.iter().map(|tag| tag.key.as_str()))?;
    check_definition(&ask.definition, &kind)?;
    let created_with = CreatedWith { publish: ask.publish, version_description: ask.version_description.clone() };
    let known = lock(&host.registry).machines.get(&arn).cloned();
    let mut machine = match known {
        Some(known) => {
            check_not_deleting(&known)?;
            // A repeated call may have another role or other tags; they are ignored.
            let same = known.definition == ask.definition
                && known.kind == kind
                && encryption(&known.encryption) == encryption(&ask.encryption_configuration)
                && logging(known.logging.as_ref()) == logging(ask.logging_configuration.as_ref())
                && tracing(known.tracing.as_ref()) == tracing(ask.tracing_configuration.as_ref())
                && known.created_with == created_with;
            if !same {
                return Err(ApiError::new(
                    "StateMachineAlreadyExists",
                    format!("State Machine Already Exists: '{arn}'"),
                ));
            }
            known
        }
        None => Machine {
            arn: arn.clone(),
            name: ask.name,
            definition: ask.definition,
            role_arn: ask.role_arn,
            kind,
            created_at: host.clock.now(),
            updated_at: None,
            revision_id: None,
            logging: ask.logging_configuration,
            tracing: ask.tracing_configuration,
            encryption: ask.encryption_configuration,
            tags: ask.tags,
            last_version: 0,
            created_with,
            deleting: false,
        },
    };
    let mut answer = json!({ "stateMachineArn": arn, "creationDate": seconds(machine.created_at) });
    keep(host, &machine).await?;
    if ask.publish {
        let version = versions::make(host, &mut machine, ask.version_description).await?;
        answer["stateMachineVersionArn"] = json!(version.arn);
    }
    Ok(answer)
}

fn check_version_description(description: Option<&String>, publish: bool) -> Result<(), ApiError> {
    if description.is_some() && !publish {
        return Err(ApiError::new("ValidationException", "Version description can only be set when publish is true"));
    }
    Ok(())
}

/// Saves a machine, in the store and in memory.
pub async fn keep(host: &Host, machine: &Machine) -> Result<(), ApiError> {
    host.store.keep(ResourceKind::Machine, &machine.arn, machine).await?;
    lock(&host.registry).machines.insert(machine.arn.clone(), machine.clone());
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    encryption_configuration: Option<Value>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

/// `UpdateStateMachine`. Running executions keep the definition that they were started with.
pub async fn update(host: &Arc<Host>, ask: Update) -> OperationResult {
    let mut machine = get(host, &ask.state_machine_arn)?;
    check_not_deleting(&machine)?;
    // A call that only publishes makes no revision.
    let unchanged = ask.definition.is_none()
        && ask.role_arn.is_none()
        && ask.logging_configuration.is_none()
        && ask.tracing_configuration.is_none()
        && ask.encryption_configuration.is_none();
    if unchanged && !ask.publish {
        return Err(ApiError::new(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
        ));
    }
    check_version_description(ask.version_description.as_ref(), ask.publish)?;
    check_logging(ask.logging_configuration.as_ref(), &machine.arn)?;
    check_encryption(ask.encryption_configuration.as_ref())?;
    ask.role_arn.as_deref().map(check_role).transpose()?;
    if let Some(definition) = &ask.definition {
        check_definition(definition, &machine.kind)?;
    }
    let before = machine.clone();
    machine.definition = ask.definition.unwrap_or(machine.definition);
    machine.role_arn = ask.role_arn.unwrap_or(machine.role_arn);
    machine.logging = ask.logging_configuration.or(machine.logging);
    machine.tracing = ask.tracing_configuration.or(machine.tracing);
    machine.encryption = ask.encryption_configuration.or(machine.encryption);
    // The first update makes a revision in any case, unless it publishes an unchanged machine.
    let changed = machine.definition != before.definition
        || machine.role_arn != before.role_arn
        || logging(machine.logging.as_ref()) != logging(before.logging.as_ref())
        || tracing(machine.tracing.as_ref()) != tracing(before.tracing.as_ref())
        || encryption(&machine.encryption) != encryption(&before.encryption);
    if changed || machine.revision_id.is_none() && !ask.publish {
        machine.revision_id = Some(random::uuid().to_string());
    }
    if ask.publish {
        // Without room for its version nothing is updated.
        versions::same_or_room(host, &machine, ask.version_description.as_ref())?;
    }
    let now = host.clock.now();
    machine.updated_at = Some(now);
    keep(host, &machine).await?;
    let mut answer = json!({ "updateDate": seconds(now) });
    if let Some(revision) = &machine.revision_id {
        answer["revisionId"] = json!(revision);
    }
    if ask.publish {
        let version = versions::make(host, &mut machine, ask.version_description).await?;
        answer["stateMachineVersionArn"] = json!(version.arn);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByArn {
    state_machine_arn: String,
}

/// The machine with this ARN.
pub fn get(host: &Host, arn: &str) -> Result<Machine, ApiError> {
    check_arn(arn, &[MACHINE])?;
    check_no_map(arn)?;
    lock(&host.registry).machines.get(arn).cloned().ok_or_else(|| gone(arn))
}

/// No such machine.
pub fn gone(arn: &str) -> ApiError {
    ApiError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

/// Refuses to change or start a machine that is being deleted.
pub fn check_not_deleting(machine: &Machine) -> Result<(), ApiError> {
    if machine.deleting {
        return Err(ApiError::new(
            "StateMachineDeleting",
            format!("State Machine is being deleted: '{}'", machine.arn),
        ));
    }
    Ok(())
}

/// `DeleteStateMachine`. Deleting one that does not exist succeeds; a machine with running executions exists until they
/// have ended, which they do at their next transition.
pub async fn delete(host: &Arc<Host>, ask: ByArn) -> OperationResult {
    let arn = &ask.state_machine_arn;
    check_arn(arn, &[MACHINE])?;
    check_no_map(arn)?;
    let known = lock(&host.registry).machines.get(arn).cloned();
    if let Some(machine) = known {
        keep(host, &Machine { deleting: true, ..machine }).await?;
    }
    host.finish_deletion(arn).await?;
    Ok(json!({}))
}

/// The logging of a machine, with the defaults of what was not given.
fn logging(given: Option<&Value>) -> Value {
    let mut all = json!({ "level": "OFF", "includeExecutionData": false });
    if let (Some(all), Some(given)) = (all.as_object_mut(), given.and_then(Value::as_object)) {
        all.extend(given.clone().into_iter().filter(|(_, value)| !value.is_null()));
    }
    all
}

/// The tracing of a machine; off by default.
fn tracing(given: Option<&Value>) -> Value {
    let enabled = given.and_then(|given| given.get("enabled")).and_then(Value::as_bool).unwrap_or_default();
    json!({ "enabled": enabled })
}

/// The encryption of a machine; AWS's own key by default.
fn encryption(given: &Option<Value>) -> Value {
    given.clone().unwrap_or_else(own_key)
}

fn described(machine: &Machine) -> Map<String, Value> {
    let all = [
        ("stateMachineArn", Some(json!(machine.arn))),
        ("name", Some(json!(machine.name))),
        ("status", Some(json!(if machine.deleting { "DELETING" } else { "ACTIVE" }))),
        ("definition", Some(json!(machine.definition))),
        ("roleArn", Some(json!(machine.role_arn))),
        ("type", Some(json!(machine.kind))),
        ("creationDate", Some(seconds(machine.created_at))),
        ("loggingConfiguration", Some(logging(machine.logging.as_ref()))),
        ("tracingConfiguration", Some(tracing(machine.tracing.as_ref()))),
        ("revisionId", machine.revision_id.as_ref().map(|id| json!(id))),
        ("encryptionConfiguration", Some(encryption(&machine.encryption))),
    ];
    all.into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .chain(referenced(&machine.definition))
        .collect()
}

/// `variableReferences`, if a state uses a variable.
fn referenced(definition: &str) -> Option<(String, Value)> {
    let references = variables::references(&serde_json::from_str(definition).ok()?);
    (!references.is_empty()).then(|| ("variableReferences".to_owned(), json!(references)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Describe {
    state_machine_arn: String,
    included_data: Option<String>,
}

/// `DescribeStateMachine`, of a machine, a version or an alias.
pub fn describe(host: &Host, ask: &Describe) -> OperationResult {
    let mut all = of_any(host, ask)?;
    without_definition(&mut all, ask.included_data.as_deref());
    Ok(Value::Object(all))
}

/// A caller who asks for the metadata alone gets an empty definition.
fn without_definition(all: &mut Map<String, Value>, included: Option<&str>) {
    if included == Some("METADATA_ONLY") {
        all.insert("definition".to_owned(), json!("{}"));
        all.shift_remove("variableReferences");
    }
}

fn of_any(host: &Host, ask: &Describe) -> Result<Map<String, Value>, ApiError> {
    let arn = &ask.state_machine_arn;
    check_arn(arn, &[MACHINE])?;
    check_no_map(arn)?;
    let registry = lock(&host.registry);
    let version_arn = registry
        .aliases
        .get(arn)
        .and_then(|alias| alias.routes.first())
        .map_or(arn, |route| &route.state_machine_version_arn);
    if let Some(version) = registry.versions.get(version_arn) {
        let mut all = described(&version.machine);
        all.insert("stateMachineArn".to_owned(), json!(arn));
        all.insert("creationDate".to_owned(), seconds(version.created_at));
        if let Some(description) = &version.description {
            all.insert("description".to_owned(), json!(description));
        }
        return Ok(all);
    }
    registry.machines.get(arn).map(described).ok_or_else(|| gone(arn))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForExecution {
    execution_arn: String,
    included_data: Option<String>,
}

/// `DescribeStateMachineForExecution`: the definition that the execution runs.
pub async fn describe_for_execution(host: &Host, ask: ForExecution) -> OperationResult {
    let mut answer = match host.child(&ask.execution_arn, |_| ()).await? {
        Some((row, run, ..)) => {
            let mut answer = for_execution(host, &row).await?;
            map_runs::of_run(&mut answer, &run);
            answer
        }
        None => for_execution(host, &find(host, &ask.execution_arn)?).await?,
    };
    without_definition(&mut answer, ask.included_data.as_deref());
    Ok(Value::Object(answer))
}

async fn for_execution(host: &Host, row: &ExecutionRow) -> Result<Map<String, Value>, ApiError> {
    let definition = host.store.definition(&row.definition).await?.unwrap_or_default();
    let machine = lock(&host.registry).machines.get(&row.params.state_machine_arn).cloned();
    let updated =
        machine.as_ref().map_or(row.params.start_at, |machine| machine.updated_at.unwrap_or(machine.created_at));
    let mut all = machine.as_ref().map(described).unwrap_or_default();
    for field in ["status", "type", "creationDate", "revisionId"] {
        all.shift_remove(field);
    }
    all.insert("stateMachineArn".to_owned(), json!(row.params.state_machine_arn));
    all.insert("name".to_owned(), json!(row.params.state_machine_name));
    all.insert("definition".to_owned(), json!(definition));
    all.insert("roleArn".to_owned(), json!(row.params.role_arn));
    all.insert("updateDate".to_owned(), seconds(updated));
    all.shift_remove("variableReferences");
    all.extend(referenced(&definition));
    // AWS's own key is not shown here.
    if all.get("encryptionConfiguration") == Some(&own_key()) {
        all.shift_remove("encryptionConfiguration");
    }
    if let Some(revision) = &row.revision_id {
        all.insert("revisionId".to_owned(), json!(revision));
    }
    Ok(all)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `ListStateMachines`.
pub fn list(host: &Host, caller: &AccountRegion, ask: &List) -> OperationResult {
    let registry = lock(&host.registry);
    let mut machines: Vec<&Machine> = registry.machines.values().filter(|machine| caller.has(&machine.arn)).collect();
    // A machine that is created between two pages is on the last one.
    machines.sort_by_key(|machine| machine.created_at);
    let (machines, next) = page(machines, ask.max_results, ask.next_token.as_deref(), "ListStateMachines")?;
    let rows: Vec<Value> = machines
        .into_iter()
        .map(|machine| {
            json!({
                "stateMachineArn": machine.arn, "name": machine.name, "type": machine.kind,
                "creationDate": seconds(machine.created_at),
            })
        })
        .collect();
    let mut answer = json!({ "stateMachines": rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validate {
    definition: String,
    r#type: Option<String>,
    severity: Option<String>,
    max_results: Option<i64>,
}

/// `ValidateStateMachineDefinition`.
pub fn validate(ask: &Validate) -> OperationResult {
    let all = diagnose(&ask.definition, ask.r#type.as_deref().unwrap_or("STANDARD"));
    let warnings = ask.severity.as_deref() == Some("WARNING");
    let failed = all.iter().any(Diagnostic::is_error);
    let most = usize::try_from(ask.max_results.filter(|most| *most > 0).unwrap_or(100)).unwrap_or(100);
    let wanted: Vec<Value> = all
        .iter()
        .filter(|one| one.is_error() || warnings)
        .map(|one| {
            let severity = if one.severity == Severity::Error { "ERROR" } else { "WARNING" };
            let mut shown = json!({ "severity": severity, "code": one.rule.code(), "message": one.message });
            if !one.path.is_empty() {
                shown["location"] = json!(one.path);
            }
            shown
        })
        .collect();
    let truncated = wanted.len() > most;
    let shown: Vec<Value> = wanted.into_iter().take(most).collect();
    Ok(json!({ "result": if failed { "FAIL" } else { "OK" }, "diagnostics": shown, "truncated": truncated }))
}

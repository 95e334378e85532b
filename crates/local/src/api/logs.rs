//! CloudWatch Logs: log groups, as they are stored, and what functions printed. Nothing else writes to a group here: an
//! execution's history is in the engine.

mod events;
mod pattern;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::arn::{page, size_within};
use super::error::ApiError;
use super::{OperationResult, parameters};
use crate::host::{AccountRegion, Host, apart};
use crate::store::ResourceKind;

/// A log group.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LogGroup {
    /// Without the `:*` at its end.
    arn: String,
    name: String,
    created_at: i64,
    /// In days; `None`: for ever.
    retention: Option<u32>,
    class: String,
    kms_key: Option<String>,
    tags: BTreeMap<String, String>,
}

/// The days of retention that can be chosen.
const DAYS: [u32; 23] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, 3654];

/// The error of a parameter that is wrong.
const CODE: &str = "InvalidParameterException";
/// The most groups or streams of a page.
const PAGE: i64 = 50;

/// The parameters of every operation here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ask {
    log_group_name: Option<String>,
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    kms_key_id: Option<String>,
    retention_in_days: Option<u32>,
    limit: Option<i64>,
    next_token: Option<String>,
    resource_arn: Option<String>,
    tags: BTreeMap<String, String>,
    tag_keys: Vec<String>,
}

/// One operation; `None` for one without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> Option<OperationResult> {
    let known = [
        "CreateLogGroup",
        "DescribeLogGroups",
        "DeleteLogGroup",
        "PutRetentionPolicy",
        "DeleteRetentionPolicy",
        "ListTagsForResource",
        "ListTagsLogGroup",
        "TagResource",
        "UntagResource",
    ];
    if ["DescribeLogStreams", "GetLogEvents", "FilterLogEvents"].contains(&name) {
        return Some(events::call(host, caller, name, input).await);
    }
    if !known.contains(&name) {
        return None;
    }
    let (host, caller, name) = (Arc::clone(host), caller.clone(), name.to_owned());
    Some(apart(async move { on_groups(&host, &caller, &name, input).await }).await)
}

async fn on_groups(host: &Host, caller: &AccountRegion, name: &str, input: Value) -> OperationResult {
    let _alone = host.changes.lock().await;
    let ask: Ask = parameters(input)?;
    match name {
        "CreateLogGroup" => create(host, caller, ask).await,
        "DescribeLogGroups" => list(host, caller, &ask).await,
        _ => on_one(host, caller, name, ask).await,
    }
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new(CODE, why)
}

fn no_group() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The name in the ARN of a group; a name is its own.
fn name_in(group: &str) -> &str {
    match group.strip_prefix("arn:") {
        Some(_) => group.splitn(7, ':').nth(6).unwrap_or_default().trim_end_matches(":*"),
        None => group,
    }
}

/// The log group of a function that has been called: there is one without anybody having made it.
fn implied(host: &Host, caller: &AccountRegion, name: &str) -> Option<LogGroup> {
    let function = name.strip_prefix(events::OF_FUNCTIONS)?;
    let first = host.functions.records(function).into_iter().find(|record| events::is_seen_by(caller, record))?;
    Some(LogGroup {
        arn: caller.arn("logs", &format!("log-group:{name}")),
        name: name.to_owned(),
        created_at: first.began_at,
        retention: None,
        class: "STANDARD".to_owned(),
        kms_key: None,
        tags: BTreeMap::new(),
    })
}

/// An answer with a list, and the token of the next page.
fn with_next(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = json!({ name: items });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    answer
}

async fn create(host: &Host, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let name = ask.log_group_name.ok_or_else(|| ApiError::missing("logGroupName"))?;
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "._-/#".contains(letter);
    if name.is_empty() || name.len() > 512 || !name.chars().all(legal) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        )));
    }
    let arn = caller.arn("logs", &format!("log-group:{name}"));
    if host.store.resource::<LogGroup>(ResourceKind::LogGroup, &arn).await?.is_some() {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let group = LogGroup {
        arn,
        name,
        created_at: host.clock.now(),
        retention: None,
        class: ask.log_group_class.unwrap_or_else(|| "STANDARD".to_owned()),
        kms_key: ask.kms_key_id,
        tags: ask.tags,
    };
    host.store.keep(ResourceKind::LogGroup, &group.arn, &group).await?;
    Ok(json!({}))
}

/// The ARN of the group that a name or an ARN means, with or without `:*`.
fn arn_of(caller: &AccountRegion, ask: &Ask) -> Result<String, ApiError> {
    match (&ask.log_group_name, &ask.resource_arn) {
        (Some(name), _) => Ok(caller.arn("logs", &format!("log-group:{name}"))),
        (_, Some(arn)) => Ok(arn.trim_end_matches(":*").to_owned()),
        _ => Err(ApiError::missing("logGroupName")),
    }
}

async fn on_one(host: &Host, caller: &AccountRegion, name: &str, ask: Ask) -> OperationResult {
    let arn = arn_of(caller, &ask)?;
    let found: Option<LogGroup> = host.store.resource(ResourceKind::LogGroup, &arn).await?;
    let of_calls = || implied(host, caller, name_in(&arn)).filter(|_| caller.has(&arn));
    let mut group = found.or_else(of_calls).ok_or_else(no_group)?;
    match name {
        "ListTagsForResource" | "ListTagsLogGroup" => return Ok(json!({ "tags": group.tags })),
        "DeleteLogGroup" => {
            host.store.forget(ResourceKind::LogGroup, &arn).await?;
            if let Some(function) = group.name.strip_prefix(events::OF_FUNCTIONS) {
                let place = caller.around(&arn);
                host.functions.forget_records(function, |record| events::is_seen_by(&place, record));
            }
            return Ok(json!({}));
        }
        "PutRetentionPolicy" => {
            let days = ask.retention_in_days.ok_or_else(|| ApiError::missing("retentionInDays"))?;
            if !DAYS.contains(&days) {
                return Err(invalid(format!("Invalid retentionInDays value {days}. Valid values are {DAYS:?}")));
            }
            group.retention = Some(days);
        }
        "DeleteRetentionPolicy" => group.retention = None,
        "TagResource" => group.tags.extend(ask.tags),
        _ => group.tags.retain(|key, _| !ask.tag_keys.contains(key)),
    }
    host.store.keep(ResourceKind::LogGroup, &arn, &group).await?;
    Ok(json!({}))
}

async fn list(host: &Host, caller: &AccountRegion, ask: &Ask) -> OperationResult {
    let mut all: Vec<LogGroup> = host.store.resources(ResourceKind::LogGroup).await?;
    for function in host.functions.recorded() {
        let of_calls = implied(host, caller, &format!("{}{function}", events::OF_FUNCTIONS));
        let unmade = of_calls.filter(|group| all.iter().all(|known| known.arn != group.arn));
        all.extend(unmade);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let prefix = ask.log_group_name_prefix.as_deref().unwrap_or_default();
    let pattern = ask.log_group_name_pattern.as_deref().unwrap_or_default();
    let wanted = |one: &LogGroup| caller.has(&one.arn) && one.name.starts_with(prefix) && one.name.contains(pattern);
    let found: Vec<LogGroup> = all.into_iter().filter(wanted).collect();
    let size = size_within(CODE, "limit", ask.limit, PAGE)?.unwrap_or(PAGE);
    let (found, next) = page(found, Some(size), ask.next_token.as_deref(), &format!("{prefix:?} {pattern:?}"))
        .map_err(|error| invalid(error.message))?;
    let described = found.iter().map(|group| {
        let mut all = json!({
            "logGroupName": group.name, "creationTime": group.created_at, "metricFilterCount": 0, "storedBytes": 0,
            "arn": format!("{}:*", group.arn), "logGroupArn": group.arn, "logGroupClass": group.class,
        });
        if let Some(days) = group.retention {
            all["retentionInDays"] = json!(days);
        }
        if let Some(key) = &group.kms_key {
            all["kmsKeyId"] = json!(key);
        }
        all
    });
    Ok(with_next("logGroups", described.collect(), next))
}

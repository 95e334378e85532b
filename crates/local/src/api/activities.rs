//! Activities, and the workers that ask for their tasks.

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::Input;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arn::{ACTIVITY, check_arn, check_name, page};
use super::configurations::{check_encryption, own_key};
use super::error::ApiError;
use super::wire::seconds;
use super::{OperationResult, tags};
use crate::host::{AccountRegion, Activity, Host, Tag, lock};
use crate::store::ResourceKind;

/// How long a worker's poll is held open: a minute, as on AWS.
const POLL: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    name: String,
    encryption_configuration: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// `CreateActivity`. A repeated call returns what the first one did.
pub async fn create(host: &Arc<Host>, caller: &AccountRegion, ask: Create) -> OperationResult {
    check_name(&ask.name)?;
    check_encryption(ask.encryption_configuration.as_ref())?;
    let arn = caller.arn("states", &format!("activity:{}", ask.name));
    tags::check_count(&arn, ask.tags.iter().map(|tag| tag.key.as_str()))?;
    let known = lock(&host.registry).activities.get(&arn).cloned();
    if known.as_ref().is_some_and(|known| {
        known.encryption.clone().unwrap_or_else(own_key) != ask.encryption_configuration.clone().unwrap_or_else(own_key)
    }) {
        return Err(ApiError::new("ActivityAlreadyExists", format!("Activity Already Exists: '{arn}'")));
    }
    let activity = known.unwrap_or_else(|| Activity {
        arn: arn.clone(),
        name: ask.name,
        created_at: host.clock.now(),
        encryption: ask.encryption_configuration,
        tags: ask.tags,
    });
    let created = activity.created_at;
    keep(host, activity).await?;
    Ok(json!({ "activityArn": arn, "creationDate": seconds(created) }))
}

/// Saves an activity, in the store and in memory.
pub async fn keep(host: &Host, activity: Activity) -> Result<(), ApiError> {
    host.store.keep(ResourceKind::Activity, &activity.arn, &activity).await?;
    lock(&host.registry).activities.insert(activity.arn.clone(), activity);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByArn {
    activity_arn: String,
    worker_name: Option<String>,
}

/// `DeleteActivity`. Deleting one that does not exist succeeds.
pub async fn delete(host: &Arc<Host>, ask: ByArn) -> OperationResult {
    check_arn(&ask.activity_arn, &[ACTIVITY])?;
    host.store.forget(ResourceKind::Activity, &ask.activity_arn).await?;
    lock(&host.registry).activities.remove(&ask.activity_arn);
    Ok(json!({}))
}

fn find(host: &Host, arn: &str) -> Result<Activity, ApiError> {
    check_arn(arn, &[ACTIVITY])?;
    let gone = || ApiError::new("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"));
    lock(&host.registry).activities.get(arn).cloned().ok_or_else(gone)
}

/// `DescribeActivity`.
pub fn describe(host: &Host, ask: &ByArn) -> OperationResult {
    let activity = find(host, &ask.activity_arn)?;
    let encryption = activity.encryption.unwrap_or_else(own_key);
    Ok(json!({
        "activityArn": activity.arn, "name": activity.name, "creationDate": seconds(activity.created_at),
        "encryptionConfiguration": encryption,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `ListActivities`.
pub fn list(host: &Host, caller: &AccountRegion, ask: &List) -> OperationResult {
    let registry = lock(&host.registry);
    let mut activities: Vec<&Activity> =
        registry.activities.values().filter(|activity| caller.has(&activity.arn)).collect();
    activities.sort_by_key(|activity| activity.created_at);
    let (activities, next) = page(activities, ask.max_results, ask.next_token.as_deref(), "ListActivities")?;
    let rows: Vec<Value> = activities
        .into_iter()
        .map(|activity| json!({ "activityArn": activity.arn, "name": activity.name, "creationDate": seconds(activity.created_at) }))
        .collect();
    let mut answer = json!({ "activities": rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

/// `GetActivityTask`: the oldest task, or, after a minute without one, a null token.
pub async fn take(host: &Arc<Host>, ask: ByArn) -> OperationResult {
    find(host, &ask.activity_arn)?;
    let Ok(offer) = tokio::time::timeout(POLL, host.take_offer(&ask.activity_arn)).await else {
        return Ok(json!({ "taskToken": null }));
    };
    host.feed(&offer.execution, Input::ActivityStarted { task: offer.task, worker_name: ask.worker_name }).await?;
    Ok(json!({ "taskToken": offer.token, "input": offer.input }))
}

//! Tags of state machines and activities.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::arn::{ACTIVITY, MACHINE, check_arn};
use super::error::ApiError;
use super::{OperationResult, activities, machines};
use crate::host::{Host, Tag, lock};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    resource_arn: String,
    tags: Vec<Tag>,
}

/// Most tags of one resource.
const MOST: usize = 50;

/// Whether a tag is one that AWS's own services set.
pub fn is_of_aws(key: &str) -> bool {
    key.starts_with("aws:")
}

/// Whether a resource may have the tags with these keys. Those of AWS do not count.
pub fn check_count<'k>(arn: &str, keys: impl IntoIterator<Item = &'k str>) -> Result<(), ApiError> {
    let count = keys.into_iter().filter(|key| !is_of_aws(key)).count();
    if count > MOST { Err(ApiError::new("TooManyTags", format!("Too Many Tags: '{arn}'"))) } else { Ok(()) }
}

/// `TagResource`.
pub async fn tag(host: &Arc<Host>, ask: Add) -> OperationResult {
    let arn = &ask.resource_arn;
    change(host, arn, |known| {
        let new: BTreeSet<&str> = known.iter().chain(&ask.tags).map(|tag| tag.key.as_str()).collect();
        check_count(arn, new)?;
        for tag in ask.tags {
            match known.iter_mut().find(|one| one.key == tag.key) {
                Some(one) => one.value = tag.value,
                None => known.push(tag),
            }
        }
        Ok(())
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// `UntagResource`.
pub async fn untag(host: &Arc<Host>, ask: Remove) -> OperationResult {
    change(host, &ask.resource_arn, |known| {
        known.retain(|tag| !ask.tag_keys.contains(&tag.key));
        Ok(())
    })
    .await
}

fn gone(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

async fn change(
    host: &Arc<Host>,
    arn: &str,
    with: impl FnOnce(&mut Vec<Tag>) -> Result<(), ApiError>,
) -> OperationResult {
    check_arn(arn, &[MACHINE, ACTIVITY])?;
    let (machine, activity) = {
        let registry = lock(&host.registry);
        (registry.machines.get(arn).cloned(), registry.activities.get(arn).cloned())
    };
    if let Some(mut machine) = machine {
        with(&mut machine.tags)?;
        machines::keep(host, &machine).await?;
    } else if let Some(mut activity) = activity {
        with(&mut activity.tags)?;
        activities::keep(host, activity).await?;
    } else {
        return Err(gone(arn));
    }
    Ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    resource_arn: String,
}

/// `ListTagsForResource`.
pub fn list(host: &Host, ask: &List) -> OperationResult {
    check_arn(&ask.resource_arn, &[MACHINE, ACTIVITY])?;
    let registry = lock(&host.registry);
    let machine = registry.machines.get(&ask.resource_arn).map(|machine| &machine.tags);
    let tags = machine.or_else(|| registry.activities.get(&ask.resource_arn).map(|activity| &activity.tags));
    tags.map(|tags| json!({ "tags": tags })).ok_or_else(|| gone(&ask.resource_arn))
}

//! Tags of parameters.

use serde::Deserialize;
use serde_json::{Value, json};

use super::put::WireTag;
use super::{Parameter, find};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::api::tags::is_of_aws;
use crate::host::{AccountRegion, Host, Tag};
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    resource_type: String,
    resource_id: String,
    #[serde(default)]
    tags: Vec<WireTag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

async fn tagged(host: &Host, caller: &AccountRegion, ask: &Resource) -> Result<Parameter, ApiError> {
    if ask.resource_type != "Parameter" {
        let why = format!("The embedded engine has no {} of SSM. Connect to AWS for it.", ask.resource_type);
        return Err(ApiError::new("InvalidResourceType", why));
    }
    let gone = || ApiError::new("InvalidResourceId", format!("The resource ID {} is not valid.", ask.resource_id));
    find(host, caller, &ask.resource_id).await?.ok_or_else(gone)
}

/// `ListTagsForResource`.
pub async fn list(host: &Host, caller: &AccountRegion, ask: Resource) -> OperationResult {
    let parameter = tagged(host, caller, &ask).await?;
    let tags: Vec<Value> = parameter.tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect();
    Ok(json!({ "TagList": tags }))
}

/// `AddTagsToResource`.
pub async fn add(host: &Host, caller: &AccountRegion, ask: Resource) -> OperationResult {
    let mut parameter = tagged(host, caller, &ask).await?;
    for tag in ask.tags.into_iter().map(Tag::from) {
        parameter.tags.retain(|known| known.key != tag.key);
        parameter.tags.push(tag);
    }
    if parameter.tags.iter().filter(|tag| !is_of_aws(&tag.key)).count() > 50 {
        return Err(ApiError::new("TooManyTagsError", "A parameter has at most 50 tags."));
    }
    host.store.keep(ResourceKind::Parameter, &parameter.arn, &parameter).await?;
    Ok(json!({}))
}

/// `RemoveTagsFromResource`.
pub async fn remove(host: &Host, caller: &AccountRegion, ask: Resource) -> OperationResult {
    let mut parameter = tagged(host, caller, &ask).await?;
    parameter.tags.retain(|tag| !ask.tag_keys.contains(&tag.key));
    host.store.keep(ResourceKind::Parameter, &parameter.arn, &parameter).await?;
    Ok(json!({}))
}

//! Log groups.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{given, number, retagged, tag_map};
use super::{Changed, Made, Wanted, gone};
use crate::api::error::ApiError;
use crate::api::{callers, logs};
use crate::host::{AccountRegion, Host};

async fn call(host: &Arc<Host>, place: &AccountRegion, name: &str, input: Value) -> Result<Value, ApiError> {
    let came = logs::call(host, place, name, input).await;
    came.unwrap_or_else(|| Err(callers::not_served("CloudWatch Logs", name)))
}

fn made(place: &AccountRegion, name: &str) -> Made {
    Made::new(name, json!({ "Arn": place.arn("logs", &format!("log-group:{name}:*")) }))
}

/// Makes a log group.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let (name, properties) = (wanted.named("LogGroupName"), wanted.properties);
    let ask = given([
        ("logGroupName", json!(name)),
        ("logGroupClass", properties["LogGroupClass"].clone()),
        ("kmsKeyId", properties["KmsKeyId"].clone()),
        ("tags", Value::Object(tag_map(&properties["Tags"]))),
    ]);
    call(host, place, "CreateLogGroup", ask).await?;
    if let Err(error) = retain(host, place, name, properties).await {
        delete(host, place, name).await?;
        return Err(error);
    }
    Ok(made(place, name))
}

async fn retain(host: &Arc<Host>, place: &AccountRegion, name: &str, properties: &Value) -> Result<(), ApiError> {
    let days = number(&properties["RetentionInDays"]);
    if days.is_null() {
        return call(host, place, "DeleteRetentionPolicy", json!({ "logGroupName": name })).await.map(|_| ());
    }
    let ask = json!({ "logGroupName": name, "retentionInDays": days });
    call(host, place, "PutRetentionPolicy", ask).await.map(|_| ())
}

/// Changes the retention and the tags of a log group.
pub async fn update(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    retain(host, place, physical, wanted.properties).await?;
    let made = made(place, physical);
    if let Some((gone, new)) = retagged(&before["Tags"], &wanted.properties["Tags"]) {
        let arn = &made.attributes["Arn"];
        call(host, place, "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
        call(host, place, "TagResource", json!({ "resourceArn": arn, "tags": new })).await?;
    }
    Ok(made)
}

/// Deletes a log group.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, name: &str) -> Result<(), ApiError> {
    gone(call(host, place, "DeleteLogGroup", json!({ "logGroupName": name })).await)
}

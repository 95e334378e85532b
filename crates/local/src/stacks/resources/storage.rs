//! Tables and buckets, and what is only stored: the policy of a bucket, and the repositories of container images, which
//! the bootstrap stack of the CDK has.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{given, text};
use super::{Made, Wanted, gone};
use crate::api::callers;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host, partition};
use crate::integrations::{Buckets, ObjectRefusal, TableRefusal, on_files, operate_table};

async fn dynamodb(host: &Arc<Host>, place: &AccountRegion, action: &str, input: Value) -> Result<Value, ApiError> {
    let came = operate_table(host, place, action, &input).await;
    let unserved = || Err(callers::not_served("DynamoDB", action));
    came.map_or_else(unserved, |came| came.map_err(|TableRefusal(code, message)| ApiError::new(code, message)))
}

/// Makes a table.
pub async fn create_table(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let name = wanted.named("TableName");
    let same = ["KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let same = same.into_iter().map(|property| (property, wanted.properties[property].clone()));
    let ask = given(same.chain([("TableName", json!(name))]));
    dynamodb(host, place, "createTable", ask).await?;
    Ok(table(place, name))
}

/// A table with its attributes. Nothing of it that can be changed has an effect here: how it is paid for, its indexes,
/// how long items live.
pub fn table(place: &AccountRegion, name: &str) -> Made {
    let arn = place.arn("dynamodb", &format!("table/{name}"));
    Made::new(name, json!({ "Arn": arn }))
}

/// Deletes a table with its items.
pub async fn delete_table(host: &Arc<Host>, place: &AccountRegion, name: &str) -> Result<(), ApiError> {
    gone(dynamodb(host, place, "deleteTable", json!({ "TableName": name })).await)
}

fn refused(ObjectRefusal(code, message, _): ObjectRefusal) -> ApiError {
    ApiError::new(code, message)
}

/// Makes a bucket. Its versioning, encryption and access are stored in the stack, and have no effect.
pub async fn create_bucket(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let name = wanted.named("BucketName").to_owned();
    let (within, bucket_name) = (Arc::clone(host), name.clone());
    on_files(move || {
        let buckets = Buckets::of(&within);
        // The operation finds a bucket that is there; a stack has its own.
        if buckets.keys(&bucket_name, "").is_ok() {
            return Err(ApiError::new("BucketAlreadyOwnedByYou", format!("The bucket {bucket_name} exists already.")));
        }
        buckets.create(&bucket_name).map_err(refused)
    })
    .await?;
    Ok(bucket(place, &name))
}

/// A bucket with its attributes.
pub fn bucket(place: &AccountRegion, name: &str) -> Made {
    let (partition, region) = (partition(&place.region), &place.region);
    Made::new(
        name,
        json!({
            "Arn": format!("arn:{partition}:s3:::{name}"), "DomainName": format!("{name}.s3.amazonaws.com"),
            "RegionalDomainName": format!("{name}.s3.{region}.amazonaws.com"),
            "DualStackDomainName": format!("{name}.s3.dualstack.{region}.amazonaws.com"),
            "WebsiteURL": format!("http://{name}.s3-website-{region}.amazonaws.com"),
        }),
    )
}

/// Deletes a bucket, which must be empty.
pub async fn delete_bucket(host: &Arc<Host>, name: &str) -> Result<(), ApiError> {
    let (host, name) = (Arc::clone(host), name.to_owned());
    gone(on_files(move || Buckets::of(&host).remove(&name).map_err(refused)).await)
}

/// What is stored in the stack alone.
pub fn stored(place: &AccountRegion, wanted: Wanted<'_>) -> Made {
    match wanted.kind {
        "AWS::ECR::Repository" => {
            let name = wanted.named("RepositoryName");
            let uri = format!("{}.dkr.ecr.{}.amazonaws.com/{name}", place.account, place.region);
            let arn = place.arn("ecr", &format!("repository/{name}"));
            Made::new(name, json!({ "Arn": arn, "RepositoryUri": uri }))
        }
        _ => Made::new(text(&wanted.properties["Bucket"]).unwrap_or_default(), json!({})),
    }
}

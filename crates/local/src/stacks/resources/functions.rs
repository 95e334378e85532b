//! Lambda functions, and who may call them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{given, number, retagged, tag_map, text};
use super::{Changed, Made, Wanted, gone};
use crate::api::error::ApiError;
use crate::api::lambda;
use crate::host::{AccountRegion, Host};

/// Properties that are parameters of the API by the same names.
const SAME: [&str; 13] = [
    "Runtime",
    "Handler",
    "Role",
    "Description",
    "Layers",
    "VpcConfig",
    "DeadLetterConfig",
    "TracingConfig",
    "FileSystemConfigs",
    "SnapStart",
    "LoggingConfig",
    "Architectures",
    "PackageType",
];

/// The configuration, which creating and updating share.
fn configuration(name: &str, properties: &Value) -> Value {
    let same = SAME.into_iter().map(|property| (property, properties[property].clone()));
    let variables = properties["Environment"]["Variables"].as_object().into_iter().flatten();
    let variables: Value = variables
        .map(|(name, value)| (name.clone(), text(value).map_or_else(|| value.clone(), Value::String)))
        .collect();
    let others = [
        ("FunctionName", json!(name)),
        ("Timeout", number(&properties["Timeout"])),
        ("MemorySize", number(&properties["MemorySize"])),
        ("KMSKeyArn", properties["KmsKeyArn"].clone()),
        ("EphemeralStorage", properties["EphemeralStorage"].clone()),
        ("Environment", json!({ "Variables": variables })),
    ];
    given(same.chain(others))
}

/// Where the code is: `ZipFile` is the code itself here, and not a package.
fn code(properties: &Value) -> Value {
    let code = &properties["Code"];
    given([
        ("Text", code["ZipFile"].clone()),
        ("S3Bucket", code["S3Bucket"].clone()),
        ("S3Key", code["S3Key"].clone()),
        ("S3ObjectVersion", code["S3ObjectVersion"].clone()),
        ("ImageUri", code["ImageUri"].clone()),
    ])
}

fn made(configuration: &Value) -> Made {
    let name = configuration["FunctionName"].as_str().unwrap_or_default();
    Made::new(name, json!({ "Arn": configuration["FunctionArn"] }))
}

/// Makes a function.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let mut ask = configuration(wanted.named("FunctionName"), wanted.properties);
    ask["Code"] = code(wanted.properties);
    ask["Tags"] = Value::Object(tag_map(&wanted.properties["Tags"]));
    lambda::call(host, place, "CreateFunction", ask).await.map(|answer| made(&answer))
}

/// Changes the code, the configuration and the tags, each where it differs.
pub async fn update(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    let after = wanted.properties;
    if code(before) != code(after) {
        let mut ask = code(after);
        ask["FunctionName"] = json!(physical);
        lambda::call(host, place, "UpdateFunctionCode", ask).await?;
    }
    let (old, mut new) = (configuration(physical, before), configuration(physical, after));
    if old != new {
        // What is no longer given has its default again.
        for (name, default) in [
            ("Description", json!("")),
            ("Timeout", json!(3)),
            ("MemorySize", json!(128)),
            ("VpcConfig", json!({})),
            ("DeadLetterConfig", json!({})),
            ("TracingConfig", json!({})),
            ("LoggingConfig", json!({})),
            ("KMSKeyArn", json!("")),
        ] {
            if new[name].is_null() && !old[name].is_null() {
                new[name] = default;
            }
        }
        lambda::call(host, place, "UpdateFunctionConfiguration", new).await?;
    }
    if let Some((gone, new)) = retagged(&before["Tags"], &after["Tags"]) {
        lambda::call(host, place, "UntagResource", json!({ "Resource": physical, "TagKeys": gone })).await?;
        lambda::call(host, place, "TagResource", json!({ "Resource": physical, "Tags": new })).await?;
    }
    let ask = json!({ "FunctionName": physical });
    lambda::call(host, place, "GetFunctionConfiguration", ask).await.map(|answer| made(&answer))
}

/// Deletes a function.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, name: &str) -> Result<(), ApiError> {
    gone(lambda::call(host, place, "DeleteFunction", json!({ "FunctionName": name })).await)
}

/// Publishes a version of a function.
pub async fn publish(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let names = ["FunctionName", "Description", "CodeSha256"];
    let ask = given(names.into_iter().map(|name| (name, wanted.properties[name].clone())));
    let answer = lambda::call(host, place, "PublishVersion", ask).await?;
    let arn = answer["FunctionArn"].as_str().unwrap_or_default();
    Ok(Made::new(arn, json!({ "Version": answer["Version"], "FunctionArn": arn })))
}

/// Makes an alias, or lets it lead elsewhere.
pub async fn point(
    host: &Arc<Host>,
    place: &AccountRegion,
    wanted: Wanted<'_>,
    operation: &str,
) -> Result<Made, ApiError> {
    let names = ["FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig"];
    let ask = given(names.into_iter().map(|name| (name, wanted.properties[name].clone())));
    let answer = lambda::call(host, place, operation, ask).await?;
    let arn = answer["AliasArn"].as_str().unwrap_or_default();
    Ok(Made::new(arn, json!({ "AliasArn": arn })))
}

/// Removes an alias.
pub async fn unpoint(host: &Arc<Host>, place: &AccountRegion, properties: &Value) -> Result<(), ApiError> {
    let ask = json!({ "FunctionName": properties["FunctionName"], "Name": properties["Name"] });
    gone(lambda::call(host, place, "DeleteAlias", ask).await)
}

/// Adds a statement to a function's policy.
pub async fn permit(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let names =
        ["FunctionName", "Action", "Principal", "SourceArn", "SourceAccount", "EventSourceToken", "PrincipalOrgID"];
    let mut ask = given(names.into_iter().map(|name| (name, wanted.properties[name].clone())));
    ask["StatementId"] = json!(wanted.name);
    lambda::call(host, place, "AddPermission", ask).await?;
    Ok(Made::new(wanted.name, json!({ "Id": wanted.name })))
}

/// Removes a statement.
pub async fn forbid(
    host: &Arc<Host>,
    place: &AccountRegion,
    statement: &str,
    properties: &Value,
) -> Result<(), ApiError> {
    let ask = json!({ "FunctionName": properties["FunctionName"], "StatementId": statement });
    gone(lambda::call(host, place, "RemovePermission", ask).await)
}

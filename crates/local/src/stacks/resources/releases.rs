//! Versions and aliases of state machines.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{given, number};
use super::{Changed, Made, Wanted, gone};
use crate::api;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};

fn made(arn: &Value) -> Made {
    Made::new(arn.as_str().unwrap_or_default(), json!({ "Arn": arn }))
}

/// Publishes a version.
pub async fn publish(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let properties = wanted.properties;
    let ask = given([
        ("stateMachineArn", properties["StateMachineArn"].clone()),
        ("description", properties["Description"].clone()),
        ("revisionId", properties["StateMachineRevisionId"].clone()),
    ]);
    let answer = api::call(host, place, "PublishStateMachineVersion", ask).await?;
    Ok(made(&answer["stateMachineVersionArn"]))
}

/// Deletes a version.
pub async fn delete_version(host: &Arc<Host>, place: &AccountRegion, arn: &str) -> Result<(), ApiError> {
    let ask = json!({ "stateMachineVersionArn": arn });
    gone(api::call(host, place, "DeleteStateMachineVersion", ask).await)
}

/// Where an alias leads: by its routes, or with a deployment at once to one version. Slow deployments, which move the
/// traffic by alarms, move it at once here.
fn routes(properties: &Value) -> Value {
    let deployed = &properties["DeploymentPreference"]["StateMachineVersionArn"];
    if !deployed.is_null() {
        return json!([{ "stateMachineVersionArn": deployed, "weight": 100 }]);
    }
    let routes = properties["RoutingConfiguration"].as_array().into_iter().flatten();
    routes
        .map(|route| {
            json!({ "stateMachineVersionArn": route["StateMachineVersionArn"], "weight": number(&route["Weight"]) })
        })
        .collect()
}

/// Makes an alias.
pub async fn create_alias(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let ask = given([
        ("name", json!(wanted.named("Name"))),
        ("description", wanted.properties["Description"].clone()),
        ("routingConfiguration", routes(wanted.properties)),
    ]);
    let answer = api::call(host, place, "CreateStateMachineAlias", ask).await?;
    Ok(made(&answer["stateMachineAliasArn"]))
}

/// Changes an alias.
pub async fn update_alias(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, .. } = change;
    let description = wanted.properties["Description"].as_str().unwrap_or_default();
    let ask = json!({
        "stateMachineAliasArn": physical, "description": description, "routingConfiguration": routes(wanted.properties),
    });
    api::call(host, place, "UpdateStateMachineAlias", ask).await?;
    Ok(made(&json!(physical)))
}

/// Deletes an alias.
pub async fn delete_alias(host: &Arc<Host>, place: &AccountRegion, arn: &str) -> Result<(), ApiError> {
    gone(api::call(host, place, "DeleteStateMachineAlias", json!({ "stateMachineAliasArn": arn })).await)
}

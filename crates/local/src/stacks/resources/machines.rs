//! State machines and activities.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{flag, given, lowered, retagged, settings, tag_list, tag_map, text};
use super::{Changed, Made, Wanted, gone};
use crate::api;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host, lock};
use crate::integrations::{Buckets, ObjectRefusal, on_files};

/// Step Functions' names for the key and the value of a tag.
const NAMES: [&str; 2] = ["key", "value"];

/// Makes a state machine.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let name = wanted.named("StateMachineName").to_owned();
    // The operation returns an equal one that is there; a stack has its own.
    let arn = place.arn("states", &format!("stateMachine:{name}"));
    if lock(&host.registry).machines.contains_key(&arn) {
        return Err(already(&arn));
    }
    let mut ask = configuration(host, wanted.properties).await?;
    ask["name"] = json!(name);
    if let Some(kind) = wanted.properties["StateMachineType"].as_str() {
        ask["type"] = json!(kind);
    }
    ask["tags"] = tags(&wanted.properties["Tags"]);
    let made = api::call(host, place, "CreateStateMachine", ask).await?;
    described(host, place, made["stateMachineArn"].as_str().unwrap_or_default()).await
}

fn already(arn: &str) -> ApiError {
    ApiError::new("AlreadyExists", format!("Resource of the identifier {arn} already exists."))
}

/// What both creating and updating send.
async fn configuration(host: &Arc<Host>, properties: &Value) -> Result<Value, ApiError> {
    let mut logging = lowered(&properties["LoggingConfiguration"]);
    if !logging["includeExecutionData"].is_null() {
        logging["includeExecutionData"] = flag(&logging["includeExecutionData"]);
    }
    let mut tracing = lowered(&properties["TracingConfiguration"]);
    if !tracing["enabled"].is_null() {
        tracing["enabled"] = flag(&tracing["enabled"]);
    }
    Ok(given([
        ("definition", json!(definition(host, properties).await?)),
        ("roleArn", properties["RoleArn"].clone()),
        ("loggingConfiguration", logging),
        ("tracingConfiguration", tracing),
        ("encryptionConfiguration", lowered(&properties["EncryptionConfiguration"])),
    ]))
}

/// The definition with its substitutions.
async fn definition(host: &Arc<Host>, properties: &Value) -> Result<String, ApiError> {
    let sources = ["DefinitionString", "Definition", "DefinitionS3Location"];
    let named: Vec<&str> = sources.into_iter().filter(|name| !properties[*name].is_null()).collect();
    let text = match named[..] {
        ["DefinitionString"] => properties["DefinitionString"].as_str().unwrap_or_default().to_owned(),
        ["Definition"] => properties["Definition"].to_string(),
        ["DefinitionS3Location"] => stored(host, &properties["DefinitionS3Location"]).await?,
        _ => {
            let why = "A state machine has exactly one of DefinitionString, Definition and DefinitionS3Location.";
            return Err(ApiError::new("ValidationError", why));
        }
    };
    let mut values = BTreeMap::new();
    for (name, value) in properties["DefinitionSubstitutions"].as_object().into_iter().flatten() {
        // Left out, its placeholder would stay in the definition.
        let value = super::values::text(value).ok_or_else(|| {
            let why = format!("The value of {name} in DefinitionSubstitutions is no text: {value}");
            ApiError::new("ValidationError", why)
        })?;
        values.insert(name.as_str(), value);
    }
    Ok(substituted(&text, &values))
}

async fn stored(host: &Arc<Host>, location: &Value) -> Result<String, ApiError> {
    let (bucket, key) = (text(&location["Bucket"]).unwrap_or_default(), text(&location["Key"]).unwrap_or_default());
    let host = Arc::clone(host);
    let shown = format!("s3://{bucket}/{key}");
    let came = on_files(move || Buckets::of(&host).get(&bucket, &key)).await;
    let (bytes, _) = came.map_err(|ObjectRefusal(code, message, _)| {
        ApiError::new("ValidationError", format!("The definition {shown} cannot be read: {code}: {message}"))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| ApiError::new("ValidationError", format!("The definition {shown} is not UTF-8.")))
}

/// A definition with `${NAME}` replaced where a substitution has the name, as CloudFormation does: once, and as it is
/// given. Every other `${...}` stays.
fn substituted(text: &str, values: &BTreeMap<&str, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let named = after[2..].split_once('}').and_then(|(name, rest)| Some((values.get(name)?, rest)));
        match named {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = &after[2..];
            }
        }
    }
    out + rest
}

/// Tags as Step Functions writes them.
fn tags(tags: &Value) -> Value {
    tag_list(&tag_map(tags), NAMES)
}

async fn described(host: &Arc<Host>, place: &AccountRegion, arn: &str) -> Result<Made, ApiError> {
    let machine = api::call(host, place, "DescribeStateMachine", json!({ "stateMachineArn": arn })).await?;
    let revision = machine["revisionId"].as_str().unwrap_or("INITIAL");
    Ok(Made::new(arn, json!({ "Arn": arn, "Name": machine["name"], "StateMachineRevisionId": revision })))
}

/// Changes a state machine. Running executions keep their definition.
pub async fn update(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    // A change of tags alone makes no revision.
    if settings(before) == settings(wanted.properties) {
        retag(host, place, change).await?;
        return described(host, place, physical).await;
    }
    let mut ask = configuration(host, wanted.properties).await?;
    ask["stateMachineArn"] = json!(physical);
    // What is no longer given has its default again.
    for (name, default) in [
        ("loggingConfiguration", json!({ "level": "OFF", "includeExecutionData": false })),
        ("tracingConfiguration", json!({ "enabled": false })),
        ("encryptionConfiguration", json!({ "type": "AWS_OWNED_KEY" })),
    ] {
        if ask[name].is_null() {
            ask[name] = default;
        }
    }
    api::call(host, place, "UpdateStateMachine", ask).await?;
    retag(host, place, change).await?;
    described(host, place, physical).await
}

/// Changes the tags of a state machine or an activity.
async fn retag(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<(), ApiError> {
    let Changed { wanted, physical: arn, before } = change;
    let Some((gone, new)) = retagged(&before["Tags"], &wanted.properties["Tags"]) else { return Ok(()) };
    if !gone.is_empty() {
        api::call(host, place, "UntagResource", json!({ "resourceArn": arn, "tagKeys": gone })).await?;
    }
    if !new.is_empty() {
        let tags = tag_list(&new, NAMES);
        api::call(host, place, "TagResource", json!({ "resourceArn": arn, "tags": tags })).await?;
    }
    Ok(())
}

/// Makes an activity.
pub async fn create_activity(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let properties = wanted.properties;
    let arn = place.arn("states", &format!("activity:{}", wanted.named("Name")));
    if lock(&host.registry).activities.contains_key(&arn) {
        return Err(already(&arn));
    }
    let ask = given([
        ("name", json!(wanted.named("Name"))),
        ("encryptionConfiguration", lowered(&properties["EncryptionConfiguration"])),
        ("tags", tags(&properties["Tags"])),
    ]);
    let made = api::call(host, place, "CreateActivity", ask).await?;
    Ok(activity(made["activityArn"].as_str().unwrap_or_default()))
}

fn activity(arn: &str) -> Made {
    Made::new(arn, json!({ "Arn": arn, "Name": arn.rsplit(':').next() }))
}

/// Changes the tags of an activity, which has nothing else that could change.
pub async fn update_activity(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    retag(host, place, change).await?;
    Ok(activity(change.physical))
}

/// Deletes a state machine or an activity.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, kind: &str, arn: &str) -> Result<(), ApiError> {
    let (operation, ask) = match kind {
        "AWS::StepFunctions::Activity" => ("DeleteActivity", json!({ "activityArn": arn })),
        _ => ("DeleteStateMachine", json!({ "stateMachineArn": arn })),
    };
    gone(api::call(host, place, operation, ask).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_given_are_replaced_once() {
        let values = BTreeMap::from([("a", "${b}".to_owned()), ("b", "2".to_owned())]);
        for (text, expected) in
            [("${a}-${b}", "${b}-2"), ("${c} $${b} ${", "${c} $2 ${"), ("no", "no"), ("${${b}}", "${2}")]
        {
            assert_eq!(substituted(text, &values), expected, "{text}");
        }
    }
}

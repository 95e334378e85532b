//! Parameters of Parameter Store.

use std::sync::Arc;

use serde_json::{Value, json};

use super::values::{given, retagged, settings, tag_list, tag_map, text};
use super::{Changed, Made, Wanted, gone};
use crate::api::error::ApiError;
use crate::api::{callers, ssm};
use crate::host::{AccountRegion, Host};

/// Parameter Store's names for the key and the value of a tag.
const NAMES: [&str; 2] = ["Key", "Value"];

async fn call(host: &Arc<Host>, place: &AccountRegion, name: &str, input: Value) -> Result<Value, ApiError> {
    let came = ssm::call(host, place, name, input).await;
    came.unwrap_or_else(|| Err(callers::not_served("SSM", name)))
}

fn ask(name: &str, properties: &Value) -> Value {
    let same = ["Type", "Description", "AllowedPattern", "Tier", "DataType", "Policies"];
    let same = same.into_iter().map(|property| (property, properties[property].clone()));
    let value = text(&properties["Value"]).map_or(Value::Null, Value::String);
    given(same.chain([("Name", json!(name)), ("Value", value)]))
}

fn made(name: &str, properties: &Value) -> Made {
    Made::new(name, json!({ "Type": properties["Type"], "Value": text(&properties["Value"]) }))
}

fn check_type(properties: &Value) -> Result<(), ApiError> {
    if properties["Type"] == "SecureString" {
        let why = "CloudFormation makes no parameters of the type SecureString: write it with PutParameter.";
        return Err(ApiError::new("ValidationError", why));
    }
    Ok(())
}

/// Makes a parameter. Its tags are an object.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    check_type(wanted.properties)?;
    let name = wanted.named("Name");
    let mut ask = ask(name, wanted.properties);
    ask["Tags"] = tag_list(&tag_map(&wanted.properties["Tags"]), NAMES);
    call(host, place, "PutParameter", ask).await?;
    Ok(made(name, wanted.properties))
}

/// Writes the next version of a parameter, and changes its tags, each where it differs.
pub async fn update(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    check_type(wanted.properties)?;
    let after = wanted.properties;
    let is_made_again = before["Type"] != after["Type"];
    if is_made_again {
        // The type of a parameter cannot be changed, so it is made again under its name.
        delete(host, place, physical).await?;
    }
    if settings(before) != settings(after) {
        let mut ask = ask(physical, after);
        ask["Overwrite"] = json!(true);
        if ask["Description"].is_null() {
            ask["Description"] = json!("");
        }
        call(host, place, "PutParameter", ask).await?;
    }
    let old_tags = if is_made_again { Value::Null } else { before["Tags"].clone() };
    if let Some((gone, new)) = retagged(&old_tags, &after["Tags"]) {
        let ask =
            |name: &str, value: Value| json!({ "ResourceType": "Parameter", "ResourceId": physical, name: value });
        call(host, place, "RemoveTagsFromResource", ask("TagKeys", json!(gone))).await?;
        call(host, place, "AddTagsToResource", ask("Tags", tag_list(&new, NAMES))).await?;
    }
    Ok(made(physical, after))
}

/// Deletes a parameter.
pub async fn delete(host: &Arc<Host>, place: &AccountRegion, name: &str) -> Result<(), ApiError> {
    gone(call(host, place, "DeleteParameter", json!({ "Name": name })).await)
}

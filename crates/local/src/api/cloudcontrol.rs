//! Cloud Control: changing a resource of a stack past the stack, as `cdk deploy --hotswap` does.
//!
//! The properties that a patch begins with are those that the stack gave the resource, or that the last patch did. The
//! stack keeps its own: its next update compares the template with what the stack was made of, as on AWS.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::wire::seconds;
use super::{OperationResult, parameters};
use crate::host::{AccountRegion, Host, apart};
use crate::random;
use crate::stacks;
use crate::stacks::model::Stack;
use crate::stacks::resources::{self, Changed, Wanted, is_supported};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    type_name: String,
    identifier: String,
    patch_document: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    type_name: String,
    identifier: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    request_token: String,
}

/// One operation; `None` for one without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> Option<OperationResult> {
    let (host, caller, name) = (Arc::clone(host), caller.clone(), name.to_owned());
    if !["GetResource", "UpdateResource", "GetResourceRequestStatus"].contains(&name.as_str()) {
        return None;
    }
    Some(apart(async move { operation(&host, &caller, &name, input).await }).await)
}

async fn operation(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> OperationResult {
    match name {
        "GetResource" => get(host, caller, &parameters(input)?).await,
        "UpdateResource" => update(host, caller, &parameters(input)?).await,
        _ => status(&parameters(input)?),
    }
}

/// The stack that has a resource, and its logical ID there.
async fn find(host: &Host, caller: &AccountRegion, kind: &str, identifier: &str) -> Result<(Stack, String), ApiError> {
    if !is_supported(kind) {
        return Err(ApiError::new("TypeNotFoundException", format!("The type '{kind}' cannot be found.")));
    }
    for stack in stacks::all(host, caller).await? {
        let found = stack.resources.iter().find(|(_, one)| one.base.kind == kind && one.physical == identifier);
        if let Some(logical) = found.map(|(logical, _)| logical.clone()).filter(|_| stack.deleted_at.is_none()) {
            return Ok((stack, logical));
        }
    }
    let why = format!(
        "Resource of type '{kind}' with identifier '{identifier}' was not found: the embedded engine knows the resources of \
         its stacks."
    );
    Err(ApiError::new("ResourceNotFoundException", why))
}

/// The properties of a resource, as they are now.
fn properties(stack: &Stack, logical: &str) -> Value {
    let deployed = stack.resources.get(logical);
    deployed.map(|one| one.past_stack.clone().unwrap_or_else(|| one.properties())).unwrap_or_default()
}

async fn get(host: &Arc<Host>, caller: &AccountRegion, ask: &Get) -> OperationResult {
    let (stack, logical) = find(host, caller, &ask.type_name, &ask.identifier).await?;
    let shown = properties(&stack, &logical).to_string();
    let description = json!({ "Identifier": ask.identifier, "Properties": shown });
    Ok(json!({ "TypeName": ask.type_name, "ResourceDescription": description }))
}

/// `UpdateResource`: the resource is changed when the answer is there.
async fn update(host: &Arc<Host>, caller: &AccountRegion, ask: &Update) -> OperationResult {
    let (stack, logical) = find(host, caller, &ask.type_name, &ask.identifier).await?;
    if stack.status.is_busy() {
        let why = format!("The stack {} is in {} state.", stack.name, stack.status.name());
        return Err(ApiError::new("ConcurrentOperationException", why));
    }
    let before = properties(&stack, &logical);
    let after = patched(&before, &ask.patch_document).map_err(|why| ApiError::new("ValidationException", why))?;
    let kind = countersign_template::resource_type(&ask.type_name);
    let mut fixed = kind.into_iter().flat_map(|kind| kind.properties()).filter(|one| one.replaces);
    if let Some(one) = fixed.find(|one| before[one.name] != after[one.name]) {
        let why = format!("Invalid patch update: createOnlyProperties [/properties/{}] cannot be updated", one.name);
        return Err(ApiError::new("NotUpdatableException", why));
    }
    let tagged = |properties: &Value| stacks::tags::after(&stack, &logical, &ask.type_name, properties);
    let (tagged_before, tagged_after) = (tagged(&before), tagged(&after));
    let wanted = Wanted { kind: &ask.type_name, name: &ask.identifier, properties: &tagged_after };
    let change = Changed { wanted, physical: &ask.identifier, before: &tagged_before };
    resources::update(host, caller, change).await?;
    let _alone = host.changes.lock().await;
    let mut stack = stacks::find(host, caller, &stack.arn).await?;
    if let Some(deployed) = stack.resources.get_mut(&logical) {
        deployed.past_stack = Some(after);
    }
    stack.keep(host).await?;
    let token = format!("{}:{}", random::uuid(), host.clock.now());
    Ok(json!({ "ProgressEvent": event(&token, &ask.type_name, &ask.identifier, host.clock.now()) }))
}

fn event(token: &str, kind: &str, identifier: &str, at: i64) -> Value {
    json!({
        "TypeName": kind, "Identifier": identifier, "RequestToken": token, "Operation": "UPDATE",
        "OperationStatus": "SUCCESS", "EventTime": seconds(at),
    })
}

/// `GetResourceRequestStatus`. Only what has succeeded has a token.
fn status(ask: &Status) -> OperationResult {
    let at = ask.request_token.rsplit_once(':').and_then(|(_, at)| at.parse().ok());
    let at = at.ok_or_else(|| {
        ApiError::new(
            "RequestTokenNotFoundException",
            format!("Request with token {} was not found.", ask.request_token),
        )
    })?;
    Ok(json!({ "ProgressEvent": {
        "RequestToken": ask.request_token, "Operation": "UPDATE", "OperationStatus": "SUCCESS", "EventTime": seconds(at),
    } }))
}

/// A document with a JSON Patch (RFC 6902) applied: `add`, `remove`, `replace` and `test`.
fn patched(before: &Value, patch: &str) -> Result<Value, String> {
    let steps: Vec<Value> =
        serde_json::from_str(patch).map_err(|error| format!("The patch is no list of JSON: {error}"))?;
    let mut after = before.clone();
    for step in &steps {
        apply(&mut after, step)?;
    }
    Ok(after)
}

fn apply(document: &mut Value, step: &Value) -> Result<(), String> {
    let operation = step["op"].as_str().unwrap_or_default();
    let path = step["path"].as_str().unwrap_or_default();
    let (above, last) =
        path.rsplit_once('/').ok_or_else(|| format!("The path {path:?} of the patch does not begin with /."))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let nowhere = || format!("The path {path} of the patch leads nowhere.");
    if operation == "test" {
        return match document.pointer(path) {
            Some(found) if *found == step["value"] => Ok(()),
            _ => Err(format!("The test of the patch at {path} failed.")),
        };
    }
    let parent = document.pointer_mut(above).ok_or_else(nowhere)?;
    match (parent, operation) {
        // A property that Cloud Control does not read back may be replaced though it is not there.
        (Value::Object(members), "add" | "replace") => {
            members.insert(last, step["value"].clone());
            Ok(())
        }
        (Value::Object(members), "remove") => members.shift_remove(&last).map(|_| ()).ok_or_else(nowhere),
        (Value::Array(items), "add") if last == "-" => {
            items.push(step["value"].clone());
            Ok(())
        }
        (Value::Array(items), operation) => {
            let at: usize = last.parse().map_err(|_| nowhere())?;
            match operation {
                "add" if at <= items.len() => items.insert(at, step["value"].clone()),
                "replace" if at < items.len() => items[at] = step["value"].clone(),
                "remove" if at < items.len() => drop(items.remove(at)),
                _ => return Err(nowhere()),
            }
            Ok(())
        }
        (_, "add" | "remove" | "replace") => Err(nowhere()),
        (_, other) => Err(format!("The embedded engine does not take the operation {other:?} of a patch.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_change_what_they_name() {
        let before = json!({ "a": 1, "b": { "c/d": [1, 2] } });
        for (patch, expected) in [
            (json!([{ "op": "replace", "path": "/a", "value": 2 }]), Ok(json!({ "a": 2, "b": { "c/d": [1, 2] } }))),
            (
                json!([{ "op": "add", "path": "/b/c~1d/1", "value": 9 }]),
                Ok(json!({ "a": 1, "b": { "c/d": [1, 9, 2] } })),
            ),
            (
                json!([{ "op": "remove", "path": "/b" }, { "op": "add", "path": "/e", "value": [] }]),
                Ok(json!({ "a": 1, "e": [] })),
            ),
            (
                json!([{ "op": "test", "path": "/a", "value": 3 }]),
                Err("The test of the patch at /a failed.".to_owned()),
            ),
            (json!([{ "op": "remove", "path": "/x" }]), Err("The path /x of the patch leads nowhere.".to_owned())),
        ] {
            assert_eq!(patched(&before, &patch.to_string()), expected, "{patch}");
        }
    }
}

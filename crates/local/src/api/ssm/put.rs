//! Writing and deleting parameters.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::{Parameter, Version, find, names, not_found};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host, Tag};
use crate::random;
use crate::store::ResourceKind;

/// The longest value of a standard and of an advanced parameter, in bytes.
const STANDARD: usize = 4_096;
const ADVANCED: usize = 8_192;
/// The most versions that are kept, and names of one call.
const VERSIONS: usize = 100;
const NAMES: usize = 10;
const KINDS: [&str; 3] = ["String", "StringList", "SecureString"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Put {
    name: String,
    value: String,
    r#type: Option<String>,
    description: Option<String>,
    key_id: Option<String>,
    #[serde(default)]
    overwrite: bool,
    allowed_pattern: Option<String>,
    tier: Option<String>,
    data_type: Option<String>,
    policies: Option<String>,
    #[serde(default)]
    tags: Vec<WireTag>,
}

/// A tag as SSM writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WireTag {
    key: String,
    value: String,
}

impl From<WireTag> for Tag {
    fn from(tag: WireTag) -> Self {
        Self { key: tag.key, value: tag.value }
    }
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", why)
}

/// `PutParameter`: a new parameter, or with `Overwrite` a new version.
pub async fn put(host: &Host, caller: &AccountRegion, ask: Put) -> OperationResult {
    let known = find(host, caller, &ask.name).await?;
    if known.is_none() {
        names::check(&ask.name)?;
    }
    if ask.overwrite && !ask.tags.is_empty() {
        return Err(invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    if known.is_some() && !ask.overwrite {
        let why =
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(ApiError::new("ParameterAlreadyExists", why));
    }
    let kind = kind_of(known.as_ref(), ask.r#type.as_deref())?;
    let tier = check_value(&ask, &kind)?;
    let before = known.as_ref().and_then(Parameter::latest).cloned();
    let inherited = |read: fn(&Version) -> &Option<String>| before.as_ref().and_then(|version| read(version).clone());
    let version = Version {
        number: before.as_ref().map_or(1, |version| version.number + 1),
        sealed: (kind == "SecureString").then(seal),
        value: ask.value,
        description: ask.description.or_else(|| inherited(|version| &version.description)),
        allowed_pattern: ask.allowed_pattern.or_else(|| inherited(|version| &version.allowed_pattern)),
        key_id: ask.key_id.or_else(|| (kind == "SecureString").then(|| "alias/aws/ssm".to_owned())),
        tier: tier.to_owned(),
        data_type: ask.data_type.unwrap_or_else(|| "text".to_owned()),
        at: host.clock.now(),
    };
    let answer = json!({ "Version": version.number, "Tier": version.tier });
    let mut parameter = known.unwrap_or_else(|| Parameter {
        arn: names::arn(caller, &ask.name),
        name: ask.name,
        kind: kind.clone(),
        versions: Vec::new(),
        tags: ask.tags.into_iter().map(Tag::from).collect(),
    });
    parameter.kind = kind;
    parameter.versions.push(version);
    let old = parameter.versions.len().saturating_sub(VERSIONS);
    parameter.versions.drain(..old);
    host.store.keep(ResourceKind::Parameter, &parameter.arn, &parameter).await?;
    Ok(answer)
}

/// The type of a parameter: the one that is given, or the one that it has.
fn kind_of(known: Option<&Parameter>, given: Option<&str>) -> Result<String, ApiError> {
    if let Some(given) = given.filter(|given| !KINDS.contains(given)) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{given}' at 'type' failed to satisfy constraint: Member must satisfy enum \
             value set: [SecureString, StringList, String]"
        )));
    }
    match (known, given) {
        (None, None) => Err(invalid("A parameter type is required when you create a parameter.")),
        (None, Some(given)) => Ok(given.to_owned()),
        (Some(known), given) if given.is_none_or(|given| given == known.kind) => Ok(known.kind.clone()),
        (Some(known), _) => Err(ApiError::new(
            "HierarchyTypeMismatchException",
            format!(
                "The parameter type of {} is {}, and the type of a parameter can't be changed. Delete it and create it again.",
                known.name, known.kind
            ),
        )),
    }
}

/// Checks what is written, and returns the parameter's tier.
fn check_value(ask: &Put, kind: &str) -> Result<&'static str, ApiError> {
    let tier = match ask.tier.as_deref() {
        None | Some("Standard") => "Standard",
        Some("Advanced") => "Advanced",
        Some("Intelligent-Tiering") if ask.value.len() > STANDARD => "Advanced",
        Some("Intelligent-Tiering") => "Standard",
        Some(other) => {
            return Err(invalid(format!(
                "1 validation error detected: Value '{other}' at 'tier' failed to satisfy constraint: Member must satisfy \
                 enum value set: [Standard, Advanced, Intelligent-Tiering]"
            )));
        }
    };
    if ask.value.is_empty() {
        return Err(ApiError::constraint("value", "have length greater than or equal to 1"));
    }
    if tier == "Standard" && ask.value.len() > STANDARD {
        return Err(invalid(format!(
            "Standard tier parameters support a maximum parameter value of {STANDARD} characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier."
        )));
    }
    if ask.value.len() > ADVANCED {
        return Err(invalid(format!(
            "Advanced tier parameters support a maximum parameter value of {ADVANCED} characters."
        )));
    }
    if kind == "StringList" && ask.value.split(',').any(str::is_empty) {
        return Err(invalid("Parameter value of type StringList has an empty item. Separate items by single commas."));
    }
    if ask.key_id.is_some() && kind != "SecureString" {
        return Err(ApiError::new("InvalidKeyId", "KeyId is not required for the parameter type String."));
    }
    // Nothing here would keep to them, so they are refused and not stored.
    for (name, given) in [("AllowedPattern", &ask.allowed_pattern), ("Policies", &ask.policies)] {
        if given.as_deref().is_some_and(|text| !text.is_empty()) {
            return Err(invalid(format!(
                "The embedded engine does not check {name} of parameters. Leave it out, or connect to AWS."
            )));
        }
    }
    if let Some(other) = ask.data_type.as_deref().filter(|given| *given != "text") {
        return Err(invalid(format!(
            "The embedded engine stores parameters of the data type text, and checks no {other}. Connect to AWS for it."
        )));
    }
    Ok(tier)
}

/// A text in place of an encrypted value. It is random: nothing about the value can be found in it.
fn seal() -> String {
    let bytes: Vec<u8> = (0..6).flat_map(|_| random::uuid().into_bytes()).collect();
    format!("AQICAH{}", BASE64_STANDARD.encode(bytes))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Delete {
    name: String,
}

/// `DeleteParameter`.
pub async fn delete(host: &Host, caller: &AccountRegion, ask: Delete) -> OperationResult {
    let parameter = find(host, caller, &ask.name).await?.ok_or_else(|| not_found(&ask.name))?;
    host.store.forget(ResourceKind::Parameter, &parameter.arn).await?;
    Ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSeveral {
    names: Vec<String>,
}

/// `DeleteParameters`: those that do not exist are named in the answer.
pub async fn delete_several(host: &Host, caller: &AccountRegion, ask: DeleteSeveral) -> OperationResult {
    if ask.names.is_empty() || ask.names.len() > NAMES {
        return Err(ApiError::constraint("names", "have length between 1 and 10"));
    }
    let (mut deleted, mut unknown, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for name in ask.names {
        match find(host, caller, &name).await? {
            Some(parameter) => {
                gone.push((ResourceKind::Parameter, parameter.arn));
                deleted.push(name);
            }
            None => unknown.push(name),
        }
    }
    host.store.forget_all(&gone).await?;
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": unknown }))
}

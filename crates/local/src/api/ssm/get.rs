//! Reading parameters by their names.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Parameter, Version, find, names, not_found};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::api::wire::seconds;
use crate::host::{AccountRegion, Host};

/// The most names of one `GetParameters`.
const NAMES: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct One {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

/// `GetParameter`, of a name, `NAME:VERSION` or an ARN. No parameter has labels here.
pub async fn one(host: &Host, caller: &AccountRegion, ask: One) -> OperationResult {
    let (parameter, version) = found(host, caller, &ask.name).await?;
    let mut answer = described(&parameter, &version, ask.with_decryption);
    if let (_, Some(selector)) = names::selected(&ask.name) {
        answer["Selector"] = json!(format!(":{selector}"));
    }
    Ok(json!({ "Parameter": answer }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Several {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

/// `GetParameters`: what does not exist is named in the answer.
pub async fn several(host: &Host, caller: &AccountRegion, ask: Several) -> OperationResult {
    if ask.names.is_empty() || ask.names.len() > NAMES {
        return Err(ApiError::constraint("names", "have length between 1 and 10"));
    }
    let (mut all, mut invalid) = (Vec::<Value>::new(), Vec::new());
    for (at, name) in ask.names.iter().enumerate() {
        // A repeated name has one answer.
        if ask.names[..at].contains(name) {
            continue;
        }
        match found(host, caller, name).await {
            Ok((parameter, version)) => {
                let mut shown = described(&parameter, &version, ask.with_decryption);
                if let (_, Some(selector)) = names::selected(name) {
                    shown["Selector"] = json!(format!(":{selector}"));
                }
                all.push(shown);
            }
            Err(error) if error.code.starts_with("Parameter") => invalid.push(name),
            Err(error) => return Err(error),
        }
    }
    Ok(json!({ "Parameters": all, "InvalidParameters": invalid }))
}

/// The parameter and the version that a reference names.
///
/// # Errors
/// There is no such parameter, version or label.
pub async fn found(host: &Host, caller: &AccountRegion, reference: &str) -> Result<(Parameter, Version), ApiError> {
    let (name, selector) = names::selected(reference);
    let parameter = find(host, caller, name).await?.ok_or_else(|| not_found(name))?;
    let version = match selector {
        None => parameter.latest().cloned(),
        Some(selector) => parameter.versions.iter().find(|version| version.number.to_string() == selector).cloned(),
    };
    let version = version.ok_or_else(|| missing(name, selector.unwrap_or_default()))?;
    Ok((parameter, version))
}

fn missing(name: &str, selector: &str) -> ApiError {
    if selector.bytes().all(|byte| byte.is_ascii_digit()) {
        let why =
            format!("Systems Manager could not find version {selector} of {name}. Verify the version and try again.");
        return ApiError::new("ParameterVersionNotFound", why);
    }
    let why = format!("Systems Manager could not find label {selector} for {name}. Verify the label and try again.");
    ApiError::new("ParameterVersionLabelNotFound", why)
}

/// The value that is shown: of a `SecureString` only to those who ask for its decryption.
pub fn shown<'a>(parameter: &Parameter, version: &'a Version, decrypted: bool) -> &'a str {
    match &version.sealed {
        Some(sealed) if !decrypted && parameter.kind == "SecureString" => sealed,
        _ => &version.value,
    }
}

/// A parameter as the reading operations describe it.
pub fn described(parameter: &Parameter, version: &Version, decrypted: bool) -> Value {
    json!({
        "Name": parameter.name, "Type": parameter.kind, "Value": shown(parameter, version, decrypted),
        "Version": version.number, "LastModifiedDate": seconds(version.at), "ARN": parameter.arn,
        "DataType": version.data_type,
    })
}

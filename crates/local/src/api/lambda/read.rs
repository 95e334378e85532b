//! Reading functions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find;
use super::model::{Function, LATEST};
use crate::api::OperationResult;
use crate::api::arn::{page, size_within};
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByName {
    function_name: String,
    qualifier: Option<String>,
}

/// `GetFunction`.
pub async fn get(host: &Host, caller: &AccountRegion, ask: ByName) -> OperationResult {
    let function = find(host, caller, &ask.function_name, ask.qualifier.as_deref()).await?;
    let mut answer = json!({
        "Configuration": function.described(ask.qualifier.is_some()), "Code": { "RepositoryType": "S3" },
    });
    if !function.tags.is_empty() {
        answer["Tags"] = json!(function.tags);
    }
    Ok(answer)
}

/// `GetFunctionConfiguration`.
pub async fn configuration(host: &Host, caller: &AccountRegion, ask: ByName) -> OperationResult {
    let function = find(host, caller, &ask.function_name, ask.qualifier.as_deref()).await?;
    Ok(function.described(ask.qualifier.is_some()))
}

/// `GetFunctionCodeSigningConfig`: no function has one.
pub async fn code_signing(host: &Host, caller: &AccountRegion, ask: ByName) -> OperationResult {
    let function = find(host, caller, &ask.function_name, None).await?;
    Ok(json!({ "FunctionName": function.name }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct List {
    function_version: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// `ListFunctions`: the caller's, and those of the functions' file.
pub async fn list(host: &Host, caller: &AccountRegion, ask: List) -> OperationResult {
    let with_versions = ask.function_version.is_some();
    if let Some(other) = ask.function_version.as_deref().filter(|version| *version != "ALL") {
        let failure = ApiError::failure(&format!("'{other}' "), "functionVersion", "satisfy enum value set: [ALL]");
        return Err(ApiError::new("ValidationException", format!("1 validation error detected: {failure}")));
    }
    let all: Vec<Function> = host.store.resources(ResourceKind::Function).await?;
    let own = all.into_iter().filter(|one| caller.has(&one.arn) && (with_versions || one.version == LATEST));
    let declared = host
        .functions
        .of_file()
        .into_iter()
        .map(|(name, spec)| Function::declared(caller.arn("lambda", &format!("function:{name}")), name, &spec));
    let mut all: Vec<Function> = own.chain(declared).collect();
    all.sort_by(|a, b| (&a.name, a.version != LATEST, &a.version).cmp(&(&b.name, b.version != LATEST, &b.version)));
    let of = ask.function_version.as_deref().unwrap_or_default();
    paged("Functions", of, all.iter().map(|one| one.described(with_versions)).collect(), &ask.page)
}

/// The most members that a request may ask for, and the most that a page has.
const ASKED: i64 = 10_000;
const PAGE: i64 = 50;

/// The page of a list that a request asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Page {
    marker: Option<String>,
    max_items: Option<i64>,
}

/// A page of Lambda's lists. `of` names what the list is of: a marker of another one is refused.
pub fn paged(name: &str, of: &str, all: Vec<Value>, wanted: &Page) -> OperationResult {
    let size = size_within("ValidationException", "maxItems", wanted.max_items, ASKED)?.unwrap_or(PAGE).min(PAGE);
    let (page, next) = page(all, Some(size), wanted.marker.as_deref(), &format!("{name} {of}"))
        .map_err(|_| ApiError::new("InvalidParameterValueException", "Invalid marker"))?;
    let mut answer = json!({ name: page });
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    resource: String,
}

/// `ListTags`.
pub async fn tags(host: &Host, caller: &AccountRegion, ask: Resource) -> OperationResult {
    let function = find(host, caller, &ask.resource, None).await?;
    Ok(json!({ "Tags": function.tags }))
}

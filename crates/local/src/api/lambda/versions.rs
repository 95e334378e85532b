//! Published versions: each keeps the code and the configuration that it was published with.

use std::sync::Arc;

use serde::Deserialize;

use super::model::{Function, LATEST};
use super::{find, find_own, keep, read};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Publish {
    function_name: String,
    description: Option<String>,
    #[serde(rename = "CodeSha256")]
    code_sha256: Option<String>,
}

/// `PublishVersion`. A function that has not changed since its last version gets no other one.
pub async fn publish(host: &Arc<Host>, caller: &AccountRegion, ask: Publish) -> OperationResult {
    let mut function = find_own(host, caller, &ask.function_name).await?;
    if ask.code_sha256.as_ref().is_some_and(|sum| *sum != function.code.sha256) {
        let why = format!(
            "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the CodeSHA256 in \
             $LATEST.",
            ask.code_sha256.unwrap_or_default(),
            function.code.sha256
        );
        return Err(super::invalid(why));
    }
    made(host, &mut function, ask.description).await.map(|version| version.described(false))
}

/// Makes a version of a function.
pub async fn made(host: &Host, function: &mut Function, description: Option<String>) -> Result<Function, ApiError> {
    let known = of(host, &function.arn).await?;
    let last = known.iter().find(|one| one.version == function.last_version.to_string());
    if let Some(last) = last.filter(|last| is_same(last, function)) {
        return Ok(last.clone());
    }
    function.last_version += 1;
    host.store.keep(ResourceKind::Function, &function.arn, function).await?;
    let mut version = Function { version: function.last_version.to_string(), ..function.clone() };
    version.description = description.unwrap_or(version.description);
    // The policy and the tags belong to the function.
    version.policy.clear();
    version.tags.clear();
    keep(host, &version).await?;
    Ok(version)
}

fn is_same(version: &Function, function: &Function) -> bool {
    version.code.sha256 == function.code.sha256
        && version.runtime == function.runtime
        && version.handler == function.handler
        && version.role == function.role
        && version.timeout == function.timeout
        && version.memory == function.memory
        && version.environment == function.environment
        && version.stored == function.stored
}

/// The versions of a function, in the order of their numbers.
pub async fn of(host: &Host, arn: &str) -> Result<Vec<Function>, ApiError> {
    // The character after the colon ends the range.
    let (first, end) = (format!("{arn}:"), format!("{arn};"));
    let mut all: Vec<Function> = host.store.resources_between(ResourceKind::Function, &first, &end).await?;
    all.sort_by_key(|one| one.version.parse::<u64>().unwrap_or_default());
    Ok(all)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct List {
    function_name: String,
    #[serde(flatten)]
    page: read::Page,
}

/// `ListVersionsByFunction`, `$LATEST` first.
pub async fn list(host: &Host, caller: &AccountRegion, ask: List) -> OperationResult {
    let function = find(host, caller, &ask.function_name, Some(LATEST)).await?;
    let mut all = vec![function.described(true)];
    all.extend(of(host, &function.arn).await?.iter().map(|one| one.described(true)));
    read::paged("Versions", &function.arn, all, &ask.page)
}

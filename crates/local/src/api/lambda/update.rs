//! Changing and deleting a function.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::code::{self, Source, unpacked};
use super::configuration::Configuration;
use super::model::{Function, LATEST, folder};
use super::{aliases, find, find_own, keep, versions};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::api::tags::is_of_aws;
use crate::host::{AccountRegion, Host};
use crate::lambda::parts;
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateCode {
    function_name: String,
    #[serde(flatten)]
    source: Source,
    #[serde(default)]
    publish: bool,
    revision_id: Option<String>,
}

/// `UpdateFunctionCode`. Calls that are under way end with the code that they began with.
pub async fn code(host: &Arc<Host>, caller: &AccountRegion, ask: UpdateCode) -> OperationResult {
    let mut function = find_own(host, caller, &ask.function_name).await?;
    check_revision(&function, ask.revision_id.as_deref())?;
    let new = unpacked(host, ask.source, &function.runtime).await?;
    let old = std::mem::replace(&mut function.code, new);
    function.touch(host.clock.now());
    keep(host, &function).await?;
    remove_unused(host, &function, &old.folder).await?;
    if ask.publish {
        return versions::made(host, &mut function, None).await.map(|version| version.described(false));
    }
    Ok(function.described(false))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateConfiguration {
    function_name: String,
    revision_id: Option<String>,
    #[serde(flatten)]
    configuration: Configuration,
}

/// `UpdateFunctionConfiguration`.
pub async fn configuration(host: &Host, caller: &AccountRegion, ask: UpdateConfiguration) -> OperationResult {
    let mut function = find_own(host, caller, &ask.function_name).await?;
    check_revision(&function, ask.revision_id.as_deref())?;
    ask.configuration.check()?;
    ask.configuration.apply(&mut function);
    function.touch(host.clock.now());
    keep(host, &function).await?;
    Ok(function.described(false))
}

/// Refuses a change of another revision than the caller saw.
fn check_revision(function: &Function, revision: Option<&str>) -> Result<(), ApiError> {
    if revision.is_none_or(|revision| revision == function.revision) {
        return Ok(());
    }
    let why = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
               the latest Revision Id";
    Err(ApiError::new("PreconditionFailedException", why))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Delete {
    function_name: String,
    qualifier: Option<String>,
}

/// `DeleteFunction`: the function with its versions, or one version.
pub async fn delete(host: &Arc<Host>, caller: &AccountRegion, ask: Delete) -> OperationResult {
    let (_, _, own) = parts(caller, &ask.function_name);
    let qualifier = ask.qualifier.as_deref().or(own);
    let function = find_own(host, caller, &ask.function_name).await?;
    let gone = match qualifier {
        Some(LATEST) => {
            return Err(super::invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        Some(version) => {
            let used = aliases::of(host, &function.arn).await?.into_iter().find(|alias| alias.version == version);
            if let Some(alias) = used {
                let why = format!(
                    "The following alias point to this version: {}. Delete it, or point it elsewhere.",
                    alias.name
                );
                return Err(ApiError::new("ResourceConflictException", why));
            }
            vec![find(host, caller, &ask.function_name, Some(version)).await?]
        }
        None => {
            for alias in aliases::of(host, &function.arn).await? {
                aliases::remove(host, &alias.arn).await?;
            }
            let mut all = versions::of(host, &function.arn).await?;
            all.push(function.clone());
            all
        }
    };
    let keys: Vec<_> = gone.iter().map(|one| (ResourceKind::Function, one.qualified_arn())).collect();
    host.store.forget_all(&keys).await?;
    for one in &gone {
        host.functions.remove(&one.qualified_arn()).await;
    }
    for one in &gone {
        remove_unused(host, &function, &one.code.folder).await?;
    }
    Ok(json!({}))
}

/// Removes code that neither the function nor a version of it has any more.
async fn remove_unused(host: &Host, function: &Function, name: &str) -> Result<(), ApiError> {
    let now: Option<Function> = host.store.resource(ResourceKind::Function, &function.arn).await?;
    let all = versions::of(host, &function.arn).await?;
    if !name.is_empty() && !now.iter().chain(&all).any(|one| one.code.folder == name) {
        code::remove(&folder(host, name));
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tagged {
    resource: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// `TagResource`.
pub async fn tag(host: &Host, caller: &AccountRegion, ask: Tagged) -> OperationResult {
    let mut function = find_own(host, caller, &ask.resource).await?;
    function.tags.extend(ask.tags);
    if function.tags.keys().filter(|key| !is_of_aws(key)).count() > 50 {
        return Err(super::invalid("A function has at most 50 tags."));
    }
    host.store.keep(ResourceKind::Function, &function.arn, &function).await?;
    Ok(json!({}))
}

/// `UntagResource`.
pub async fn untag(host: &Host, caller: &AccountRegion, ask: Tagged) -> OperationResult {
    let mut function = find_own(host, caller, &ask.resource).await?;
    function.tags.retain(|key, _| !ask.tag_keys.contains(key));
    host.store.keep(ResourceKind::Function, &function.arn, &function).await?;
    Ok(json!({}))
}

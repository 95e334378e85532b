//! Lambda's API: functions that a client makes, changes, lists and calls.
//!
//! A function's code is unpacked into a folder of the data folder, and runs as the functions of `functions.toml` do.
//! What has no effect on this machine, such as a network or a dead-letter queue, is stored and returned. The functions
//! of the file are listed, and changed by nobody: the file declares them.

mod aliases;
mod code;
mod configuration;
mod create;
mod model;
mod policy;
mod read;
mod routes;
mod update;
mod versions;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use aliases::Alias;
use model::LATEST;

pub use model::Function;
pub use routes::routes;

use super::error::ApiError;
use super::{OperationResult, callers, parameters};
use crate::host::{AccountRegion, Host, apart};
use crate::lambda::parts;
use crate::store::{ResourceKind, StoreError};

/// One operation, by its name, with the parameters of the path, the query and the body as one object.
///
/// # Errors
/// AWS's refusal.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> OperationResult {
    match name {
        "GetFunction" => with(input, |ask| read::get(host, caller, ask)).await,
        "GetFunctionConfiguration" => with(input, |ask| read::configuration(host, caller, ask)).await,
        "ListFunctions" => with(input, |ask| read::list(host, caller, ask)).await,
        "ListVersionsByFunction" => with(input, |ask| versions::list(host, caller, ask)).await,
        "GetAlias" => with(input, |ask| aliases::get(host, caller, ask)).await,
        "ListAliases" => with(input, |ask| aliases::list(host, caller, ask)).await,
        "GetPolicy" => with(input, |ask| policy::get(host, caller, ask)).await,
        "ListTags" => with(input, |ask| read::tags(host, caller, ask)).await,
        "GetFunctionCodeSigningConfig" => with(input, |ask| read::code_signing(host, caller, ask)).await,
        other => apart(change(Arc::clone(host), caller.clone(), other.to_owned(), input)).await,
    }
}

/// An operation that changes functions: one at a time, and to its end.
async fn change(host: Arc<Host>, caller: AccountRegion, name: String, input: Value) -> OperationResult {
    let _alone = host.changes.lock().await;
    let (host, caller) = (&host, &caller);
    match name.as_str() {
        "CreateFunction" => with(input, |ask| create::create(host, caller, ask)).await,
        "UpdateFunctionCode" => with(input, |ask| update::code(host, caller, ask)).await,
        "UpdateFunctionConfiguration" => with(input, |ask| update::configuration(host, caller, ask)).await,
        "DeleteFunction" => with(input, |ask| update::delete(host, caller, ask)).await,
        "PublishVersion" => with(input, |ask| versions::publish(host, caller, ask)).await,
        "CreateAlias" => with(input, |ask| aliases::create(host, caller, ask)).await,
        "UpdateAlias" => with(input, |ask| aliases::update(host, caller, ask)).await,
        "DeleteAlias" => with(input, |ask| aliases::delete(host, caller, ask)).await,
        "AddPermission" => with(input, |ask| policy::add(host, caller, ask)).await,
        "RemovePermission" => with(input, |ask| policy::remove(host, caller, ask)).await,
        "TagResource" => with(input, |ask| update::tag(host, caller, ask)).await,
        "UntagResource" => with(input, |ask| update::untag(host, caller, ask)).await,
        other => Err(callers::not_served("Lambda", other)),
    }
}

async fn with<T: DeserializeOwned, F: Future<Output = OperationResult>>(
    input: Value,
    run: impl FnOnce(T) -> F,
) -> OperationResult {
    run(parameters(input)?).await
}

/// Adds the functions that clients made to the running ones, at the start, and removes code that no function has.
///
/// # Errors
/// The store cannot be read.
pub async fn recover(host: &Host) -> Result<(), StoreError> {
    let functions: Vec<Function> = host.store.resources(ResourceKind::Function).await?;
    let folders: Vec<String> = functions.iter().map(|function| function.code.folder.clone()).collect();
    code::remove_all_but(host, &folders);
    for function in functions {
        host.functions.put(function.qualified_arn(), function.spec(host)).await;
    }
    for alias in host.store.resources::<Alias>(ResourceKind::FunctionAlias).await? {
        alias.point(host);
    }
    Ok(())
}

/// The function that a name or an ARN means, with the qualifier of the request or of the ARN.
async fn find(
    host: &Host,
    caller: &AccountRegion,
    function: &str,
    qualifier: Option<&str>,
) -> Result<Function, ApiError> {
    let (place, name, own) = parts(caller, function);
    let arn = place.arn("lambda", &format!("function:{name}"));
    let key = match qualifier.or(own) {
        None | Some(LATEST) => arn.clone(),
        Some(version) => format!("{arn}:{version}"),
    };
    if let Some(function) = host.store.resource(ResourceKind::Function, &key).await? {
        return Ok(function);
    }
    if let Some(alias) = host.store.resource::<Alias>(ResourceKind::FunctionAlias, &key).await? {
        let target = if alias.version == LATEST { arn.clone() } else { format!("{arn}:{}", alias.version) };
        if let Some(function) = host.store.resource(ResourceKind::Function, &target).await? {
            return Ok(function);
        }
    }
    match host.functions.of_file().into_iter().find(|(known, _)| known == name) {
        Some((name, spec)) if key == arn => Ok(Function::declared(arn, name, &spec)),
        _ => Err(ApiError::new("ResourceNotFoundException", format!("Function not found: {key}"))),
    }
}

/// The same, to be changed: a function of the file is not.
async fn find_own(host: &Host, caller: &AccountRegion, function: &str) -> Result<Function, ApiError> {
    let found = find(host, caller, function, Some("$LATEST")).await?;
    if found.is_declared {
        return Err(declared(&found.name));
    }
    Ok(found)
}

/// The refusal to change what the functions' file declares.
fn declared(name: &str) -> ApiError {
    let why = format!(
        "The function {name} is declared in the engine's functions file (--functions), which alone changes it. Choose \
         another name, or change the file."
    );
    ApiError::new("ResourceConflictException", why)
}

fn invalid(why: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", why)
}

/// Stores a function, and puts it in the place of the one that ran.
async fn keep(host: &Host, function: &Function) -> Result<(), ApiError> {
    host.store.keep(ResourceKind::Function, &function.qualified_arn(), function).await?;
    host.functions.put(function.qualified_arn(), function.spec(host)).await;
    Ok(())
}

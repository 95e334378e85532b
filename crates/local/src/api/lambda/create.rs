//! Making a function.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Map;

use super::code::{Source, unpacked};
use super::configuration::Configuration;
use super::model::{Code, Function, LATEST};
use super::{declared, invalid, keep, versions};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::lambda::parts;
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Create {
    function_name: String,
    #[serde(default)]
    code: Source,
    package_type: Option<String>,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(flatten)]
    configuration: Configuration,
}

/// `CreateFunction`.
pub async fn create(host: &Arc<Host>, caller: &AccountRegion, ask: Create) -> OperationResult {
    let (place, name, _) = parts(caller, &ask.function_name);
    check_name(name)?;
    if ask.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
        return Err(invalid("The embedded engine runs no container images. Use a function with a package (Zip)."));
    }
    let (Some(runtime), Some(_), Some(_)) =
        (&ask.configuration.runtime, &ask.configuration.handler, &ask.configuration.role)
    else {
        return Err(invalid(
            "Runtime, Handler and Role are mandatory parameters for functions created with deployment packages.",
        ));
    };
    ask.configuration.check()?;
    let arn = place.arn("lambda", &format!("function:{name}"));
    if host.store.resource::<Function>(ResourceKind::Function, &arn).await?.is_some() {
        return Err(ApiError::new("ResourceConflictException", format!("Function already exist: {name}")));
    }
    if host.functions.of_file().iter().any(|(known, _)| known == name) {
        return Err(declared(name));
    }
    let code = unpacked(host, ask.code, runtime).await?;
    let mut function = fresh(arn, name.to_owned(), code);
    function.tags = ask.tags;
    ask.configuration.apply(&mut function);
    function.touch(host.clock.now());
    keep(host, &function).await?;
    if ask.publish {
        return versions::made(host, &mut function, None).await.map(|version| version.described(false));
    }
    Ok(function.described(false))
}

/// A function with Lambda's defaults.
fn fresh(arn: String, name: String, code: Code) -> Function {
    Function {
        arn,
        name,
        version: LATEST.to_owned(),
        runtime: String::new(),
        handler: String::new(),
        role: String::new(),
        description: String::new(),
        timeout: 3,
        memory: 128,
        environment: BTreeMap::new(),
        code,
        stored: Map::new(),
        tags: BTreeMap::new(),
        policy: Vec::new(),
        revision: String::new(),
        modified_at: 0,
        last_version: 0,
        is_declared: false,
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(legal) {
        return Ok(());
    }
    Err(ApiError::new(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-zA-Z0-9-_]+ and have length less than or equal to 64"
        ),
    ))
}

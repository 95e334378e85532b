//! Aliases: names for versions of a function, by which it is called.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::LATEST;
use super::{find, find_own, invalid, read};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::random;
use crate::store::{ResourceKind, StoreError};

/// An alias.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// The function's ARN with the name of the alias.
    pub arn: String,
    /// The function's.
    pub function: String,
    pub name: String,
    /// A number, or `$LATEST`.
    pub version: String,
    description: String,
    revision: String,
}

impl Alias {
    fn described(&self) -> Value {
        json!({
            "AliasArn": self.arn, "Name": self.name, "FunctionVersion": self.version, "Description": self.description,
            "RevisionId": self.revision,
        })
    }

    /// Lets the host know where the alias leads.
    pub fn point(&self, host: &Host) {
        let version = if self.version == LATEST { None } else { Some(self.version.as_str()) };
        let target = version.map_or(self.function.clone(), |version| format!("{}:{version}", self.function));
        host.functions.point(self.arn.clone(), target);
    }

    async fn keep(&self, host: &Host) -> Result<(), ApiError> {
        host.store.keep(ResourceKind::FunctionAlias, &self.arn, self).await?;
        self.point(host);
        Ok(())
    }
}

/// The aliases of a function, by name.
///
/// # Errors
/// The store failed.
pub async fn of(host: &Host, function: &str) -> Result<Vec<Alias>, StoreError> {
    // The character after the colon ends the range.
    host.store.resources_between(ResourceKind::FunctionAlias, &format!("{function}:"), &format!("{function};")).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ask {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Value>,
}

/// Two versions behind one alias are refused, because calls would have to be spread.
fn check_routing(ask: &Ask) -> Result<(), ApiError> {
    let weights = ask.routing_config.as_ref().and_then(|routing| routing["AdditionalVersionWeights"].as_object());
    if weights.is_some_and(|weights| !weights.is_empty()) {
        return Err(invalid(
            "The embedded engine spreads no calls of a function over two versions: leave RoutingConfig out.",
        ));
    }
    Ok(())
}

async fn alias(host: &Host, function: &str, name: &str) -> Result<Alias, ApiError> {
    let arn = format!("{function}:{name}");
    let found = host.store.resource(ResourceKind::FunctionAlias, &arn).await?;
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", format!("Cannot find alias arn: {arn}")))
}

/// `CreateAlias`.
pub async fn create(host: &Arc<Host>, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let function = find_own(host, caller, &ask.function_name).await?;
    check_routing(&ask)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_number = ask.name.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=128).contains(&ask.name.len()) || is_number || !ask.name.bytes().all(legal) {
        return Err(ApiError::constraint("name", "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
    }
    if alias(host, &function.arn, &ask.name).await.is_ok() {
        let why = format!("Alias already exists: {}:{}", function.arn, ask.name);
        return Err(ApiError::new("ResourceConflictException", why));
    }
    let version = ask.function_version.ok_or_else(|| ApiError::missing("functionVersion"))?;
    find(host, caller, &ask.function_name, Some(&version)).await?;
    let made = Alias {
        arn: format!("{}:{}", function.arn, ask.name),
        function: function.arn,
        name: ask.name,
        version,
        description: ask.description.unwrap_or_default(),
        revision: random::uuid().to_string(),
    };
    made.keep(host).await?;
    Ok(made.described())
}

/// `UpdateAlias`.
pub async fn update(host: &Arc<Host>, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let function = find_own(host, caller, &ask.function_name).await?;
    check_routing(&ask)?;
    let mut known = alias(host, &function.arn, &ask.name).await?;
    if let Some(version) = ask.function_version {
        find(host, caller, &ask.function_name, Some(&version)).await?;
        known.version = version;
    }
    known.description = ask.description.unwrap_or(known.description);
    known.revision = random::uuid().to_string();
    known.keep(host).await?;
    Ok(known.described())
}

/// `GetAlias`.
pub async fn get(host: &Host, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let function = find(host, caller, &ask.function_name, Some(LATEST)).await?;
    alias(host, &function.arn, &ask.name).await.map(|alias| alias.described())
}

/// `DeleteAlias`. Deleting one that does not exist succeeds.
pub async fn delete(host: &Arc<Host>, caller: &AccountRegion, ask: Ask) -> OperationResult {
    let function = find_own(host, caller, &ask.function_name).await?;
    remove(host, &format!("{}:{}", function.arn, ask.name)).await?;
    Ok(json!({}))
}

/// Removes an alias.
///
/// # Errors
/// The store failed.
pub async fn remove(host: &Host, arn: &str) -> Result<(), ApiError> {
    host.store.forget(ResourceKind::FunctionAlias, arn).await?;
    host.functions.unpoint(arn);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct List {
    function_name: String,
    function_version: Option<String>,
    #[serde(flatten)]
    page: read::Page,
}

/// `ListAliases`.
pub async fn list(host: &Host, caller: &AccountRegion, ask: List) -> OperationResult {
    let function = find(host, caller, &ask.function_name, Some(LATEST)).await?;
    let mut all = of(host, &function.arn).await?;
    all.retain(|alias| ask.function_version.as_ref().is_none_or(|version| *version == alias.version));
    let of = format!("{} {:?}", function.arn, ask.function_version);
    read::paged("Aliases", &of, all.iter().map(Alias::described).collect(), &ask.page)
}

//! Parameter Store: the operations of Systems Manager (SSM) that read and write parameters.
//!
//! A parameter is stored under its ARN with its last versions. A `SecureString` is kept as it was given, in a file that
//! only its owner can read; without `WithDecryption` an opaque text is returned in its place.

mod get;
mod list;
mod names;
mod put;
mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ApiError;
use super::{OperationResult, parameters};
use crate::host::{AccountRegion, Host, Tag, apart};
use crate::store::ResourceKind;

/// A parameter with its versions, oldest first; there is always one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    arn: String,
    name: String,
    /// `String`, `StringList` or `SecureString`.
    kind: String,
    versions: Vec<Version>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// One version of a parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Version {
    number: u64,
    value: String,
    /// What is shown of a `SecureString` that is not to be decrypted: a random text.
    sealed: Option<String>,
    description: Option<String>,
    allowed_pattern: Option<String>,
    key_id: Option<String>,
    tier: String,
    data_type: String,
    at: i64,
}

impl Parameter {
    fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }
}

/// One operation of SSM; `None` for one without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> Option<OperationResult> {
    Some(match name {
        "GetParameter" => with(input, |ask| get::one(host, caller, ask)).await,
        "GetParameters" => with(input, |ask| get::several(host, caller, ask)).await,
        "GetParametersByPath" => with(input, |ask| list::by_path(host, caller, ask)).await,
        "GetParameterHistory" => with(input, |ask| list::history(host, caller, ask)).await,
        "DescribeParameters" => with(input, |ask| list::describe(host, caller, ask)).await,
        "ListTagsForResource" => with(input, |ask| tags::list(host, caller, ask)).await,
        "PutParameter" | "DeleteParameter" | "DeleteParameters" | "AddTagsToResource" | "RemoveTagsFromResource" => {
            apart(change(Arc::clone(host), caller.clone(), name.to_owned(), input)).await
        }
        _ => return None,
    })
}

/// An operation that changes parameters: one at a time.
async fn change(host: Arc<Host>, caller: AccountRegion, name: String, input: Value) -> OperationResult {
    let _alone = host.changes.lock().await;
    let (host, caller) = (&host, &caller);
    match name.as_str() {
        "PutParameter" => with(input, |ask| put::put(host, caller, ask)).await,
        "DeleteParameter" => with(input, |ask| put::delete(host, caller, ask)).await,
        "DeleteParameters" => with(input, |ask| put::delete_several(host, caller, ask)).await,
        "AddTagsToResource" => with(input, |ask| tags::add(host, caller, ask)).await,
        _ => with(input, |ask| tags::remove(host, caller, ask)).await,
    }
}

/// Runs an operation with its parameters, or refuses these.
async fn with<T: serde::de::DeserializeOwned, F: Future<Output = OperationResult>>(
    input: Value,
    run: impl FnOnce(T) -> F,
) -> OperationResult {
    run(parameters(input)?).await
}

/// The parameter of a name or an ARN.
async fn find(host: &Host, caller: &AccountRegion, name: &str) -> Result<Option<Parameter>, ApiError> {
    Ok(host.store.resource(ResourceKind::Parameter, &names::arn(caller, name)).await?)
}

fn not_found(name: &str) -> ApiError {
    ApiError::new("ParameterNotFound", format!("Parameter {name} not found."))
}

/// The values that templates may name in an account and region, by `NAME` and by `NAME:VERSION`. Those of a
/// `SecureString` are not among them.
///
/// # Errors
/// The store failed.
pub async fn values(host: &Host, caller: &AccountRegion) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values = BTreeMap::new();
    for parameter in list::all(host, caller, "/").await? {
        if parameter.kind == "SecureString" {
            continue;
        }
        for version in parameter.versions {
            values.insert(format!("{}:{}", parameter.name, version.number), version.value.clone());
            // The last one stays.
            values.insert(parameter.name.clone(), version.value);
        }
    }
    Ok(values)
}

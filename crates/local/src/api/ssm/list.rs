//! Lists of parameters: by path, by filter, and the versions of one.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Parameter, Version, find, get, names, not_found};
use crate::api::OperationResult;
use crate::api::arn::{page, size_within};
use crate::api::error::ApiError;
use crate::api::wire::seconds;
use crate::host::{AccountRegion, Host};
use crate::store::ResourceKind;

/// The most parameters of a page, by path and otherwise.
const PATH_PAGE: i64 = 10;
const PAGE: i64 = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByPath {
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    parameter_filters: Vec<Filter>,
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// One condition of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// `GetParametersByPath`.
pub async fn by_path(host: &Host, caller: &AccountRegion, ask: ByPath) -> OperationResult {
    if !ask.path.starts_with('/') {
        let why = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a \
                   forward slash \"/\".";
        return Err(ApiError::new("ValidationException", why));
    }
    if let Some(wrong) = ask.parameter_filters.iter().find(|filter| !["Type", "KeyId", "Label"].contains(&&*filter.key))
    {
        let why = format!(
            "The following filter key is not valid: {}. Valid filter keys include: [Type, KeyId, Label].",
            wrong.key
        );
        return Err(ApiError::new("InvalidFilterKey", why));
    }
    check_size(ask.max_results, PATH_PAGE)?;
    let below = format!("{}/", ask.path.trim_end_matches('/'));
    let mut found = Vec::new();
    for parameter in all(host, caller, &below).await? {
        let name =
            if parameter.name.starts_with('/') { parameter.name.clone() } else { format!("/{}", parameter.name) };
        let rest = name.strip_prefix(&below).unwrap_or_default();
        let is_there = !rest.is_empty() && (ask.recursive || !rest.contains('/'));
        if is_there && matches_all(&parameter, &ask.parameter_filters)? {
            found.push(parameter);
        }
    }
    let question = format!("{} {} {:?}", ask.path, ask.recursive, ask.parameter_filters);
    let size = ask.max_results.or(Some(PATH_PAGE));
    let (found, next) = paged(found, size, ask.next_token.as_deref(), &question)?;
    let described = found.iter().filter_map(|parameter| {
        parameter.latest().map(|version| get::described(parameter, version, ask.with_decryption))
    });
    Ok(with_next("Parameters", described.collect(), next))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Describe {
    #[serde(default)]
    parameter_filters: Vec<Filter>,
    /// The older form of the filters.
    #[serde(default)]
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `DescribeParameters`: everything but the values.
pub async fn describe(host: &Host, caller: &AccountRegion, ask: Describe) -> OperationResult {
    check_size(ask.max_results, PAGE)?;
    let mut found = Vec::new();
    for parameter in all(host, caller, "/").await? {
        if matches_all(&parameter, &ask.parameter_filters)? && matches_all(&parameter, &ask.filters)? {
            found.push(parameter);
        }
    }
    let question = format!("DescribeParameters {:?} {:?}", ask.parameter_filters, ask.filters);
    let (found, next) = paged(found, ask.max_results.or(Some(PAGE)), ask.next_token.as_deref(), &question)?;
    let described = found.iter().filter_map(|parameter| {
        parameter.latest().map(|version| {
            let mut shown = metadata(parameter, version);
            shown["ARN"] = json!(parameter.arn);
            shown
        })
    });
    Ok(with_next("Parameters", described.collect(), next))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct History {
    name: String,
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `GetParameterHistory`, oldest first.
pub async fn history(host: &Host, caller: &AccountRegion, ask: History) -> OperationResult {
    check_size(ask.max_results, PAGE)?;
    let parameter = find(host, caller, &ask.name).await?.ok_or_else(|| not_found(&ask.name))?;
    let size = ask.max_results.or(Some(PAGE));
    let (versions, next) = paged(parameter.versions.clone(), size, ask.next_token.as_deref(), &parameter.arn)?;
    let described = versions.iter().map(|version| {
        let mut shown = metadata(&parameter, version);
        shown["Value"] = json!(get::shown(&parameter, version, ask.with_decryption));
        shown["Labels"] = json!([]);
        shown
    });
    Ok(with_next("Parameters", described.collect(), next))
}

fn metadata(parameter: &Parameter, version: &Version) -> Value {
    let mut shown = json!({
        "Name": parameter.name, "Type": parameter.kind, "Version": version.number,
        "LastModifiedDate": seconds(version.at), "Tier": version.tier, "DataType": version.data_type, "Policies": [],
    });
    for (name, value) in [
        ("Description", &version.description),
        ("AllowedPattern", &version.allowed_pattern),
        ("KeyId", &version.key_id),
    ] {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    }
    shown
}

/// The caller's parameters whose ARNs begin like those below a path, by name.
pub async fn all(host: &Host, caller: &AccountRegion, below: &str) -> Result<Vec<Parameter>, ApiError> {
    let first = names::arn(caller, below);
    // The character after the slash ends the range.
    let end = format!("{}0", first.trim_end_matches('/'));
    Ok(host.store.resources_between(ResourceKind::Parameter, &first, &end).await?)
}

fn matches_all(parameter: &Parameter, filters: &[Filter]) -> Result<bool, ApiError> {
    for filter in filters {
        if !matches(parameter, filter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matches(parameter: &Parameter, filter: &Filter) -> Result<bool, ApiError> {
    let latest = parameter.latest();
    let text = match filter.key.as_str() {
        "Name" => parameter.name.as_str(),
        "Type" => parameter.kind.as_str(),
        "Tier" => latest.map_or("", |version| version.tier.as_str()),
        "DataType" => latest.map_or("", |version| version.data_type.as_str()),
        "KeyId" => latest.and_then(|version| version.key_id.as_deref()).unwrap_or_default(),
        // No operation here gives a version a label.
        "Label" => return Ok(false),
        "Path" => return Ok(filter.values.iter().any(|path| is_below(parameter, path, filter.option.as_deref()))),
        key if key.starts_with("tag:") => {
            let value = parameter.tags.iter().find(|tag| tag.key == key["tag:".len()..]).map(|tag| &tag.value);
            return Ok(value.is_some_and(|value| filter.values.is_empty() || filter.values.contains(value)));
        }
        other => return Err(ApiError::new("InvalidFilterKey", format!("The specified key is not valid: {other}"))),
    };
    let test: fn(&str, &str) -> bool = match filter.option.as_deref() {
        None | Some("Equals") => |text, value| text == value,
        Some("BeginsWith") => |text, value| text.starts_with(value),
        Some("Contains") => |text, value| text.contains(value),
        Some(other) => {
            let why = format!(
                "The filter option is not valid: {other}. Valid options include: [BeginsWith, Contains, Equals]."
            );
            return Err(ApiError::new("InvalidFilterOption", why));
        }
    };
    Ok(filter.values.iter().any(|value| test(text, value)))
}

fn is_below(parameter: &Parameter, path: &str, option: Option<&str>) -> bool {
    let below = format!("{}/", path.trim_end_matches('/'));
    let rest = parameter.name.strip_prefix(&below);
    rest.is_some_and(|rest| option == Some("Recursive") || !rest.contains('/'))
}

fn check_size(size: Option<i64>, most: i64) -> Result<(), ApiError> {
    size_within("ValidationException", "maxResults", size, most).map(|_| ())
}

/// A page, with SSM's name for a token that it refuses.
fn paged<T>(
    items: Vec<T>,
    size: Option<i64>,
    token: Option<&str>,
    question: &str,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    page(items, size, token, question).map_err(|error| ApiError::new("InvalidNextToken", error.message))
}

fn with_next(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = json!({ name: items });
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    answer
}

//! The policy of a function: who may call it. It is stored and returned; the engine lets every client call every function.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{find, find_own};
use crate::api::OperationResult;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::store::ResourceKind;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Add {
    function_name: String,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    qualifier: Option<String>,
}

/// `AddPermission`.
pub async fn add(host: &Host, caller: &AccountRegion, ask: Add) -> OperationResult {
    let mut function = find_own(host, caller, &ask.function_name).await?;
    if function.policy.iter().any(|known| known["Sid"] == json!(ask.statement_id)) {
        let why = format!(
            "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing \
             statement.",
            ask.statement_id
        );
        return Err(ApiError::new("ResourceConflictException", why));
    }
    let resource = match &ask.qualifier {
        Some(qualifier) => format!("{}:{qualifier}", function.arn),
        None => function.arn.clone(),
    };
    let statement = statement(&ask, &resource);
    function.policy.push(statement.clone());
    host.store.keep(ResourceKind::Function, &function.arn, &function).await?;
    Ok(json!({ "Statement": statement.to_string() }))
}

fn statement(ask: &Add, resource: &str) -> Value {
    let is_account = ask.principal.len() == 12 && ask.principal.bytes().all(|byte| byte.is_ascii_digit());
    let principal = match ask.principal.as_str() {
        "*" => json!("*"),
        account if is_account => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
        arn if arn.starts_with("arn:") => json!({ "AWS": arn }),
        service => json!({ "Service": service }),
    };
    let mut statement = json!({
        "Sid": ask.statement_id, "Effect": "Allow", "Principal": principal, "Action": ask.action, "Resource": resource,
    });
    for (operator, key, value) in [
        ("ArnLike", "AWS:SourceArn", &ask.source_arn),
        ("StringEquals", "AWS:SourceAccount", &ask.source_account),
        ("StringEquals", "lambda:EventSourceToken", &ask.event_source_token),
        ("StringEquals", "aws:PrincipalOrgID", &ask.principal_org_id),
    ] {
        if let Some(value) = value {
            statement["Condition"][operator][key] = json!(value);
        }
    }
    statement
}

fn absent() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The resource you requested does not exist.")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Remove {
    function_name: String,
    statement_id: String,
}

/// `RemovePermission`.
pub async fn remove(host: &Host, caller: &AccountRegion, ask: Remove) -> OperationResult {
    let mut function = find_own(host, caller, &ask.function_name).await?;
    let before = function.policy.len();
    function.policy.retain(|known| known["Sid"] != json!(ask.statement_id));
    if function.policy.len() == before {
        let why = format!("Statement {} is not found in resource policy.", ask.statement_id);
        return Err(ApiError::new("ResourceNotFoundException", why));
    }
    host.store.keep(ResourceKind::Function, &function.arn, &function).await?;
    Ok(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Get {
    function_name: String,
}

/// `GetPolicy`.
pub async fn get(host: &Host, caller: &AccountRegion, ask: Get) -> OperationResult {
    let function = find(host, caller, &ask.function_name, None).await?;
    if function.policy.is_empty() {
        return Err(absent());
    }
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": function.policy });
    Ok(json!({ "Policy": policy.to_string(), "RevisionId": function.revision }))
}

//! The addresses of Lambda's API: a request's path, query and body become the parameters of an operation.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::call;
use crate::api::arn::number_in;
use crate::api::callers;
use crate::api::error::ApiError;
use crate::api::wire::decoded;
use crate::host::{AccountRegion, Host};
use crate::integrations::{checked_payload, not_an_event};
use crate::lambda::{Failure, parts, version_of};

/// The largest event of a function that nobody waits for, and of one that somebody waits for, in bytes.
const EVENT: usize = 1024 * 1024;
const PAYLOAD: usize = 6 * 1024 * 1024;

/// The routes of the API.
pub fn routes() -> Router<Arc<Host>> {
    let at = |rest: &str| format!("/2015-03-31/functions/{{FunctionName}}{rest}");
    let all = get(to("ListFunctions", StatusCode::OK)).post(to("CreateFunction", StatusCode::CREATED));
    let one = get(to("GetFunction", StatusCode::OK)).delete(to("DeleteFunction", StatusCode::NO_CONTENT));
    let configuration = get(to("GetFunctionConfiguration", StatusCode::OK));
    let versions = get(to("ListVersionsByFunction", StatusCode::OK)).post(to("PublishVersion", StatusCode::CREATED));
    let policy = get(to("GetPolicy", StatusCode::OK)).post(to("AddPermission", StatusCode::CREATED));
    let tags = get(to("ListTags", StatusCode::OK)).post(to("TagResource", StatusCode::NO_CONTENT));
    Router::new()
        .route("/2015-03-31/functions", all.clone())
        .route("/2015-03-31/functions/", all)
        .route(&at(""), one)
        .route(&at("/code"), put(to("UpdateFunctionCode", StatusCode::OK)))
        .route(&at("/configuration"), configuration.put(to("UpdateFunctionConfiguration", StatusCode::OK)))
        .route(&at("/versions"), versions)
        .route(&at("/policy"), policy)
        .route(&at("/policy/{StatementId}"), axum::routing::delete(to("RemovePermission", StatusCode::NO_CONTENT)))
        .route(&at("/aliases"), get(to("ListAliases", StatusCode::OK)).post(to("CreateAlias", StatusCode::CREATED)))
        .route(
            &at("/aliases/{Name}"),
            get(to("GetAlias", StatusCode::OK))
                .put(to("UpdateAlias", StatusCode::OK))
                .delete(to("DeleteAlias", StatusCode::NO_CONTENT)),
        )
        .route(&at("/invocations"), post(invoke))
        .route(
            "/2020-06-30/functions/{FunctionName}/code-signing-config",
            get(to("GetFunctionCodeSigningConfig", StatusCode::OK)),
        )
        .route("/2017-03-31/tags/{Resource}", tags.delete(to("UntagResource", StatusCode::NO_CONTENT)))
}

/// The fields of a path.
type Fields = Path<HashMap<String, String>>;
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The handler of one operation, and the status of its answer.
fn to(
    operation: &'static str,
    status: StatusCode,
) -> impl Fn(State<Arc<Host>>, Fields, RawQuery, HeaderMap, Bytes) -> Answer + Clone + Send + Sync + 'static {
    move |State(host), Path(fields), RawQuery(query), headers, body| {
        Box::pin(async move {
            let caller = callers::place(&host.place, &headers);
            let came = match input(fields, query.as_deref().unwrap_or_default(), &body) {
                Ok(input) => call(&host, &caller, operation, input).await,
                Err(error) => Err(error),
            };
            match came {
                Ok(_) if status == StatusCode::NO_CONTENT => status.into_response(),
                Ok(answer) => json_response(status, &answer),
                Err(error) => refused(&error),
            }
        })
    }
}

fn json_response(status: StatusCode, answer: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// The parameters of an operation: those of the body, the query and the path.
fn input(fields: HashMap<String, String>, query: &str, body: &[u8]) -> Result<Value, ApiError> {
    let unreadable = |error: serde_json::Error| {
        let why = format!("Could not parse request body into json: {error}");
        ApiError::new("InvalidRequestContentException", why)
    };
    let mut all: Map<String, Value> = match body {
        [] => Map::new(),
        body => serde_json::from_slice(body).map_err(unreadable)?,
    };
    for (name, value) in pairs(query) {
        match name.as_str() {
            "MaxItems" => {
                let most = number_in("ValidationException", "maxItems", &value)?;
                all.insert(name, json!(most));
            }
            "tagKeys" => {
                if let Some(keys) = all.entry("TagKeys").or_insert_with(|| json!([])).as_array_mut() {
                    keys.push(json!(value));
                }
            }
            _ => {
                all.insert(name, json!(value));
            }
        }
    }
    all.extend(fields.into_iter().map(|(name, value)| (name, json!(value))));
    Ok(Value::Object(all))
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decoded(name), decoded(value)))
}

/// An error as Lambda writes it.
fn refused(error: &ApiError) -> Response {
    let status = match error.code {
        "ResourceNotFoundException" => StatusCode::NOT_FOUND,
        "ResourceConflictException" => StatusCode::CONFLICT,
        "PreconditionFailedException" => StatusCode::PRECONDITION_FAILED,
        "RequestEntityTooLargeException" => StatusCode::PAYLOAD_TOO_LARGE,
        "ServiceException" | "InternalServerException" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = json_response(status, &json!({ "Type": "User", "Message": error.message }));
    if let Ok(code) = HeaderValue::from_str(error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// `Invoke`. A call that nobody waits for (`InvocationType: Event`) is made once: the engine does not repeat it.
async fn invoke(
    State(host): State<Arc<Host>>,
    Path(function): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let payload = match std::str::from_utf8(&body).map_err(|error| error.to_string()).and_then(checked_payload) {
        Ok(payload) => payload,
        Err(why) => return refused(&ApiError::new("InvalidRequestContentException", not_an_event(&why))),
    };
    let caller = callers::place(&host.place, &headers);
    let qualifier = pairs(query.as_deref().unwrap_or_default()).find(|(name, _)| name == "Qualifier");
    let function = qualifier.map_or(function.clone(), |(_, qualifier)| format!("{function}:{qualifier}"));
    let Some(key) = host.functions.key(&caller, &function) else { return refused(&unknown(&caller, &function)) };
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok()).unwrap_or("RequestResponse");
    let most = if kind == "Event" { EVENT } else { PAYLOAD };
    if payload.len() > most {
        let why =
            format!("{} byte payload is too large for the {kind} invocation type (limit {most} bytes)", payload.len());
        return refused(&ApiError::new("RequestEntityTooLargeException", why));
    }
    match kind {
        "DryRun" => StatusCode::NO_CONTENT.into_response(),
        "Event" => {
            let (functions, payload) = (host.functions.clone(), payload.to_owned());
            tokio::spawn(async move {
                if let Err(failure) = functions.invoke(&key, &payload).await {
                    tracing::warn!(function = key, ?failure, "a call that nobody waits for failed");
                }
            });
            StatusCode::ACCEPTED.into_response()
        }
        _ => answered(&host, &key, payload, headers.get("x-amz-log-type").is_some_and(|kind| kind == "Tail")).await,
    }
}

fn unknown(caller: &AccountRegion, function: &str) -> ApiError {
    let (place, name, qualifier) = parts(caller, function);
    let arn = place.arn("lambda", &format!("function:{name}"));
    let arn = qualifier.map_or(arn.clone(), |qualifier| format!("{arn}:{qualifier}"));
    ApiError::new("ResourceNotFoundException", format!("Function not found: {arn}"))
}

/// Calls a function, and waits for its answer.
async fn answered(host: &Host, key: &str, payload: &str, logged: bool) -> Response {
    let came = if logged {
        host.functions.invoke_with_log(key, payload).await
    } else {
        host.functions.invoke(key, payload).await.map(|output| (output, String::new()))
    };
    match came {
        Ok((output, log)) => {
            let mut response = output.into_response();
            let version = HeaderValue::from_str(version_of(key)).ok();
            let log = HeaderValue::from_str(&BASE64_STANDARD.encode(log)).ok().filter(|_| logged);
            let named = [("x-amz-executed-version", version), ("x-amz-log-result", log)];
            let given = named.into_iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), value?)));
            response.headers_mut().extend(given);
            response
        }
        Err(Failure::Function { cause, .. }) => ([("x-amz-function-error", "Unhandled")], cause).into_response(),
        // It was deleted in the meantime.
        Err(Failure::Unknown) => refused(&ApiError::new(
            "ResourceNotFoundException",
            format!("Function not found: {}", host.functions.arn(key)),
        )),
    }
}

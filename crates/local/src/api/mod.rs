//! The HTTP API.
//!
//! # Adding an API operation
//! 1. Write a function in its group's file, with a struct of its parameters; it returns an [`OperationResult`].
//! 2. Add its line to [`call`]. An operation that creates, changes or deletes something with a name goes to [`change`],
//!    which runs one at a time.
//! 3. Add its parameters to `constraints::OPERATIONS`, in the order of AWS's model. Nothing fails without them, but the
//!    limits of the parameters are not checked then.
//! 4. Add a call to `tests/peers/operations.json`, which the SDKs play, and a test to `tests/router`.
//!
//! Clients of other services are answered in `messaging` (SQS, DynamoDB), `ssm`, `logs`, `cloudcontrol`, `lambda`, `s3`, and, by the
//! query protocol (`query`), in `messaging` (SNS), `sts`, `iam` and `cloudformation`.

mod activities;
pub mod arn;
mod beside;
pub(crate) mod callers;
mod cloudcontrol;
mod cloudformation;
mod configurations;
mod constraints;
pub mod error;
pub mod executions;
pub mod iam;
pub mod lambda;
pub mod logs;
mod machines;
mod map_runs;
mod messaging;
mod mock_shapes;
mod query;
mod s3;
pub mod ssm;
mod sts;
mod tags;
mod tasks;
mod test_state;
mod variables;
mod versions;
pub mod wire;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::callers::is_here;
use self::error::ApiError;
use crate::host::{AccountRegion, Host, apart};
use crate::random;

/// A definition of AWS's 1 MB, with every character of its JSON escaped once more.
const BODY: usize = 2 * 1024 * 1024;
/// A package of 50 MB for a function, in Base64.
const PACKAGE: usize = 70 * 1024 * 1024;
/// How long a client may take to send it.
const SENDING: Duration = Duration::from_secs(30);
/// The largest input, output or cause, in bytes.
pub const PAYLOAD: usize = 262_144;

/// An operation's answer.
type OperationResult = Result<Value, ApiError>;

/// The API over one host.
pub fn router(host: Arc<Host>) -> Router {
    Router::new()
        .route("/", post(operation).fallback(s3::object))
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(lambda::routes())
        .route("/_countersign/functions", get(beside::functions))
        .route("/_countersign/output", get(beside::output))
        .fallback(s3::object)
        // The middleware below limits every body.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(own_clients_only))
        .with_state(host)
}

/// Refuses what a browser sends: a page is never a client of this API, and a foreign name that resolves to this machine
/// is never its address.
async fn own_clients_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here = is_here(name);
    // A browser says where a request comes from in one of two ways.
    let other_site = headers.get("sec-fetch-site").is_some_and(|value| value != "same-origin" && value != "none");
    if headers.contains_key(header::ORIGIN) || other_site || !is_here {
        return (
            StatusCode::FORBIDDEN,
            "This API is for programs of this machine: call it as localhost, and not from a web page.\n",
        )
            .into_response();
    }
    let (parts, body) = request.into_parts();
    let most = largest(&parts);
    let body = match tokio::time::timeout(SENDING, to_bytes(body, most)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let what = format!("The request is larger than {} MB, the most that this API takes.\n", most / 1024 / 1024);
            return (StatusCode::PAYLOAD_TOO_LARGE, what).into_response();
        }
        Err(_) => {
            let what = format!("The request did not arrive within {} seconds. Send it again.\n", SENDING.as_secs());
            return (StatusCode::REQUEST_TIMEOUT, what).into_response();
        }
    };
    let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if let Ok(id) = HeaderValue::from_str(&random::uuid().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// The largest body of a request, in bytes.
fn largest(parts: &Parts) -> usize {
    let query = parts.uri.query().unwrap_or_default();
    if callers::service(&parts.headers) == "s3" || query.contains("X-Amz-Credential=") {
        return s3::BODY;
    }
    if parts.uri.path().starts_with("/2015-03-31/functions") { PACKAGE } else { BODY }
}

async fn operation(State(host): State<Arc<Host>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let caller = callers::place(&host.place, &headers);
    let (service, name) = target.split_once('.').unwrap_or((target, ""));
    match service {
        "" => return query::operation(&host, &caller, &headers, &body).await,
        "AmazonSQS" => return messaging::sqs(&host, &caller, callers::origin(&headers).as_deref(), name, &body).await,
        "DynamoDB_20120810" => return messaging::dynamodb(&host, &caller, name, &body).await,
        "AmazonSSM" | "Logs_20140328" => {
            let came = match messaging::input(&body) {
                Err(error) => Some(Err(error)),
                Ok(input) if service == "AmazonSSM" => ssm::call(&host, &caller, name, input).await,
                Ok(input) => logs::call(&host, &caller, name, input).await,
            };
            return json_1_1(came, callers::titled(service), name);
        }
        "CloudApiService" => {
            let came = match messaging::input(&body) {
                Ok(input) => cloudcontrol::call(&host, &caller, name, input).await,
                Err(error) => Some(Err(error)),
            };
            return json_1_1(came, callers::titled(service), name);
        }
        "AWSStepFunctions" => {}
        other => return callers::not_served(callers::titled(other), name).into_response(),
    }
    let input = match serde_json::from_slice(if body.is_empty() { b"{}" } else { &body }) {
        Ok(input) => input,
        Err(error) => {
            return ApiError::new("SerializationException", format!("The body is not JSON: {error}")).into_response();
        }
    };
    match call(&host, &caller, name, input).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The answer of a service that speaks JSON 1.1.
fn json_1_1(came: Option<OperationResult>, service: &str, name: &str) -> Response {
    match came.unwrap_or_else(|| Err(callers::not_served(service, name))) {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response(),
        Err(error) => error.into_response(),
    }
}

/// A structure without the members that are null: they count as not given, at any depth.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let given = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Reads an operation's parameters.
fn parameters<T: DeserializeOwned>(input: Value) -> Result<T, ApiError> {
    serde_json::from_value(without_nulls(input)).map_err(|error| {
        let message = error.to_string();
        match message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(field) => ApiError::missing(field),
            None => ApiError::new("SerializationException", message),
        }
    })
}

/// One operation of Step Functions, by AWS's name. What has an ARN is found in whatever account it is.
pub(crate) async fn call(host: &Arc<Host>, caller: &AccountRegion, name: &str, input: Value) -> OperationResult {
    constraints::check(name, &input)?;
    match name {
        "DescribeStateMachine" => machines::describe(host, &parameters(input)?),
        "DescribeStateMachineForExecution" => machines::describe_for_execution(host, parameters(input)?).await,
        "ListStateMachines" => machines::list(host, caller, &parameters(input)?),
        "ValidateStateMachineDefinition" => machines::validate(&parameters(input)?),
        "ListStateMachineVersions" => versions::list(host, &parameters(input)?),
        "DescribeStateMachineAlias" => versions::describe_alias(host, &parameters(input)?),
        "ListStateMachineAliases" => versions::list_aliases(host, &parameters(input)?),
        "StartExecution" => executions::start(host, parameters(input)?).await,
        "StartSyncExecution" => executions::start_sync(host, parameters(input)?).await,
        "StopExecution" => executions::stop(host, parameters(input)?).await,
        "RedriveExecution" => executions::redrive(host, parameters(input)?).await,
        "DescribeExecution" => executions::describe(host, parameters(input)?).await,
        "ListExecutions" => executions::list(host, parameters(input)?).await,
        "GetExecutionHistory" => executions::history(host, parameters(input)?).await,
        "ListMapRuns" => map_runs::list(host, parameters(input)?).await,
        "DescribeMapRun" => map_runs::describe(host, parameters(input)?).await,
        "UpdateMapRun" => map_runs::update(host, parameters(input)?).await,
        "SendTaskSuccess" => tasks::success(host, parameters(input)?).await,
        "SendTaskFailure" => tasks::failure(host, parameters(input)?).await,
        "SendTaskHeartbeat" => tasks::heartbeat(host, parameters(input)?).await,
        "DescribeActivity" => activities::describe(host, &parameters(input)?),
        "ListActivities" => activities::list(host, caller, &parameters(input)?),
        "GetActivityTask" => activities::take(host, parameters(input)?).await,
        "TestState" => test_state::test(host, caller, parameters(input)?).await,
        "ListTagsForResource" => tags::list(host, &parameters(input)?),
        other => apart(change(Arc::clone(host), caller.clone(), other.to_owned(), input)).await,
    }
}

/// An operation that changes what has a name: one at a time, so that none undoes what another one does, and to its end,
/// though its caller goes away.
async fn change(host: Arc<Host>, caller: AccountRegion, name: String, input: Value) -> OperationResult {
    let _alone = host.changes.lock().await;
    let host = &host;
    match name.as_str() {
        "CreateStateMachine" => machines::create(host, &caller, parameters(input)?).await,
        "UpdateStateMachine" => machines::update(host, parameters(input)?).await,
        "DeleteStateMachine" => machines::delete(host, parameters(input)?).await,
        "PublishStateMachineVersion" => versions::publish(host, parameters(input)?).await,
        "DeleteStateMachineVersion" => versions::delete(host, parameters(input)?).await,
        "CreateStateMachineAlias" => versions::create_alias(host, parameters(input)?).await,
        "UpdateStateMachineAlias" => versions::update_alias(host, parameters(input)?).await,
        "DeleteStateMachineAlias" => versions::delete_alias(host, parameters(input)?).await,
        "CreateActivity" => activities::create(host, &caller, parameters(input)?).await,
        "DeleteActivity" => activities::delete(host, parameters(input)?).await,
        "TagResource" => tags::tag(host, parameters(input)?).await,
        "UntagResource" => tags::untag(host, parameters(input)?).await,
        other => Err(callers::not_served("Step Functions", other)),
    }
}

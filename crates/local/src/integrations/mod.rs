//! The services that tasks call.
//!
//! # Adding a service
//! 1. Write a file here with a function that returns a [`TaskOutcome`], and add its line to [`service_call`].
//! 2. An optimised integration has to be in the list of `countersign_asl::lint` (`lint/services.rs`): a definition that
//!    names another one is refused. The actions of the AWS SDK are in the list already (`tools/sdk_actions.py`).
//! 3. The parameters without which AWS does not begin the task go to `REQUIRED` of the engine's `states/arguments.rs`.
//! 4. Where a service accepts a request and the answer comes later, a mock needs its first answer: `mocks::accepted`.

mod answer;
mod events;
mod executions;
mod expressions;
mod functions;
mod http;
mod mocks;
mod objects;
mod parameters;
mod queries;
mod queues;
mod tables;
mod topics;

use std::pin::Pin;
use std::sync::Arc;

use countersign_engine::{Input, Integration, Pattern, TaskRequest};
use serde_json::Value;
use tokio::task::JoinError;

pub use answer::TaskOutcome;
pub use functions::{checked_payload, not_an_event};
pub use http::{Exchange as HttpExchange, HttpClient, traced as trace_http};
pub use mocks::{Mocks, MocksError};
pub use objects::{Buckets, ObjectRefusal, Uploads, etag, operate as operate_objects};
pub use queues::{Message, QueueRefusal, Queues, operate as operate_queue};
pub use tables::{TableRefusal, Tables, operate as operate_table};
pub use topics::{Notice, Published, Topic, TopicRefusal, Topics, deliver as publish_to_topic};

use crate::api;
use crate::api::error::ApiError;
use crate::host::Host;
use crate::lambda::Origin;

/// Runs one task to its outcome. Boxed, because a task may call a function that runs tasks.
pub fn run(
    host: Arc<Host>,
    execution: String,
    request: TaskRequest,
) -> Pin<Box<dyn Future<Output = TaskOutcome> + Send>> {
    Box::pin(async move {
        let answer = run_one(Arc::clone(&host), execution, request).await;
        host.masks.answer(answer).within_limits()
    })
}

async fn run_one(host: Arc<Host>, execution: String, request: TaskRequest) -> TaskOutcome {
    if let Some(answer) = mocks::answer(&host, &execution, &request).await {
        return answer;
    }
    let TaskRequest { task, integration, parameters, submitted, event, child, .. } = request;
    let origin = Origin { execution: child.unwrap_or_else(|| execution.clone()), event };
    let started = |host: Arc<Host>, execution: String| async move {
        host.notify(&execution, Input::TaskStarted { task }).await;
    };
    match integration {
        Integration::Lambda { function_arn } => {
            started(Arc::clone(&host), execution).await;
            functions::by_arn(&host, &function_arn, &parameters, origin).await
        }
        Integration::Service { service, action, pattern, resource } => {
            started(Arc::clone(&host), execution.clone()).await;
            let call = Call {
                host: &host,
                execution: &execution,
                task,
                origin: &origin,
                parameters: &parameters,
                pattern,
                submitted: submitted.as_deref(),
            };
            service_call(call, &service, &action, &resource).await
        }
        Integration::ItemReader { resource } => on_files(move || objects::read(&host, &resource, &parameters)).await,
        Integration::ItemObjects => on_files(move || objects::read_each(&host, &parameters)).await,
        Integration::ResultWriter { .. } => on_files(move || objects::write(&host, &parameters)).await,
        // The host offers these to workers.
        Integration::Activity { .. } => TaskOutcome::Nothing,
    }
}

/// Runs work that may read and write large files where it blocks nothing else.
pub(crate) async fn on_files<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        // The panic goes on as it would without a thread of its own.
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The program ends, and nobody waits any more.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// One call of a service.
#[derive(Clone, Copy)]
struct Call<'a> {
    host: &'a Arc<Host>,
    execution: &'a str,
    task: countersign_engine::TaskId,
    /// The execution and the event that functions are called for.
    origin: &'a Origin,
    parameters: &'a Value,
    pattern: Pattern,
    /// The service's answer, if it accepted the request before a restart.
    submitted: Option<&'a str>,
}

async fn service_call(call: Call<'_>, service: &str, action: &str, resource: &str) -> TaskOutcome {
    let caller = call.host.place.around(call.execution);
    let answer = match (service, action) {
        ("lambda", "invoke") => functions::invoke(call.host, &caller, call.parameters, call.origin.clone()).await,
        ("sns", "publish") => topics::publish(call.host, call.parameters).await,
        ("sqs", "sendMessage") => queues::send(call.host, &caller, call.parameters),
        ("aws-sdk:sns", action) => {
            topics::call(call.host, action, call.parameters).await.unwrap_or_else(|| nowhere(service, resource))
        }
        ("aws-sdk:sqs", action) => {
            let operation = with_first(action, char::to_ascii_uppercase);
            queues::call(call.host, &caller, &operation, call.parameters)
                .await
                .unwrap_or_else(|| nowhere(service, resource))
        }
        ("events", "putEvents") => events::put(call.parameters),
        ("apigateway", "invoke") => {
            http::invoke_gateway(call.host, call.parameters).await.unwrap_or_else(|| nowhere(service, resource))
        }
        ("http", "invoke") if call.pattern == Pattern::RequestResponse => {
            http::invoke(call.host, &caller.region, call.parameters).await
        }
        ("states" | "aws-sdk:sfn", "startExecution") => executions::start(call, service).await,
        ("aws-sdk:sfn", action) => own_api(call, action).await,
        ("dynamodb" | "aws-sdk:dynamodb", action) => tables::call(call.host, &caller, service, action, call.parameters)
            .await
            .unwrap_or_else(|| nowhere(service, resource)),
        ("aws-sdk:ssm", action) => parameters::call(call.host, &caller, action, call.parameters)
            .await
            .unwrap_or_else(|| nowhere(service, resource)),
        ("aws-sdk:s3", action) => {
            let (host, action, parameters) = (Arc::clone(call.host), action.to_owned(), call.parameters.clone());
            on_files(move || objects::call(&host, &action, &parameters))
                .await
                .unwrap_or_else(|| nowhere(service, resource))
        }
        _ => return nowhere(service, resource),
    };
    match (call.pattern, answer) {
        (Pattern::WaitForTaskToken, TaskOutcome::Done(output)) => TaskOutcome::Submitted(output),
        (_, answer) => answer,
    }
}

/// The failure of a service that does not exist on this machine, with the remedies.
fn nowhere(service: &str, resource: &str) -> TaskOutcome {
    TaskOutcome::failed(
        "States.Runtime",
        format!(
            "{service}:{resource} has no local form in the embedded engine. Mock it with a file in the format of Step \
             Functions Local (SFN_MOCK_CONFIG), or connect countersign to AWS (--aws), where the service is."
        ),
    )
}

/// The fields that Step Functions' own API takes as JSON texts; a task may give the value itself.
const TEXTS: [&str; 3] = ["definition", "input", "output"];

/// Whether a task asks for secrets, in any spelling.
fn reveals(action: &str, parameters: &Value) -> bool {
    let asks = |(name, value): (&String, &Value)| {
        name.eq_ignore_ascii_case("revealSecrets") && !matches!(value, Value::Null | Value::Bool(false))
    };
    action.eq_ignore_ascii_case("testState") && parameters.as_object().is_some_and(|fields| fields.iter().any(asks))
}

/// Step Functions' own API as a task: field names begin with a capital letter, and times are texts.
async fn own_api(call: Call<'_>, action: &str) -> TaskOutcome {
    let operation = with_first(action, char::to_ascii_uppercase);
    let given = call.parameters.as_object().into_iter().flatten().map(|(name, value)| {
        let name = with_first(name, char::to_ascii_lowercase);
        let value = match value {
            Value::Object(_) | Value::Array(_) if TEXTS.contains(&name.as_str()) => Value::String(value.to_string()),
            value => renamed(value, char::to_ascii_lowercase),
        };
        (name, value)
    });
    if reveals(action, call.parameters) {
        let why = "User is not authorized to perform: states:RevealSecrets. A workflow may not ask for secrets: call \
                   TestState with --reveal-secrets from the AWS CLI or an SDK.";
        return executions::refused("aws-sdk:sfn", &ApiError::new("AccessDenied", why));
    }
    let caller = call.host.place.around(call.execution);
    match api::call(call.host, &caller, &operation, Value::Object(given.collect())).await {
        Ok(answer) => TaskOutcome::Done(renamed(&with_times(answer), char::to_ascii_uppercase).to_string()),
        Err(error) => executions::refused("aws-sdk:sfn", &error),
    }
}

/// An answer of the API with its times (seconds since the epoch) as texts.
fn with_times(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let time = value.as_f64().filter(|_| name == "timestamp" || name.ends_with("Date"));
                // Milliseconds since the epoch stay below 2^53.
                let text = time.map(|seconds| Value::String(api::wire::iso((seconds * 1_000.0).round() as i64)));
                (name, text.unwrap_or_else(|| with_times(value)))
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.into_iter().map(with_times).collect(),
        other => other,
    }
}

fn with_first(name: &str, change: fn(&char) -> char) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| change(&first)).into_iter().chain(letters).collect()
}

/// A value with the first letter of every field's name changed.
fn renamed(value: &Value, change: fn(&char) -> char) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (with_first(name, change), renamed(value, change))).collect()
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, change)).collect(),
        other => other.clone(),
    }
}

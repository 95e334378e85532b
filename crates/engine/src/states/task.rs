//! Task: asks the host for work and takes its answers.

use std::sync::Arc;

use countersign_trace::{Details, EventKind};
use serde_json::Value;

use crate::execution::{Execution, Purpose};
use crate::failure::{Failure, PAYLOAD, TIMEOUT};
use crate::ids::ThreadId;
use crate::program::{CompileError, Fields, State};
use crate::states::{Amount, arguments, distributed};
use crate::template::Template;
use crate::thread::{Data, Ran, Run};
use crate::{Action, Input, Integration, Pattern, TaskId, TaskRequest, TimerId};

#[derive(Debug)]
pub(crate) struct Task {
    /// Why the resource is invalid, if it is: the state fails with this reason when it runs.
    integration: Result<Integration, String>,
    /// The partition of the resource's ARN.
    partition: String,
    timeout: Option<Amount>,
    heartbeat: Option<Amount>,
    credentials: Option<Template>,
}

impl Task {
    /// The activity that the state asks, by its ARN.
    pub fn activity(&self) -> Option<&str> {
        match &self.integration {
            Ok(Integration::Activity { arn }) => Some(arn),
            _ => None,
        }
    }
}

/// A task without an answer.
#[derive(Debug, Clone)]
pub(crate) struct OpenTask {
    pub thread: ThreadId,
    pub request: TaskRequest,
    pub timers: Vec<TimerId>,
}

impl Task {
    pub fn compile(fields: &Fields<'_>) -> Result<Task, CompileError> {
        let resource = fields.text("Resource").unwrap_or_default().to_owned();
        Ok(Task {
            integration: integration(&resource),
            partition: partition(&resource).to_owned(),
            timeout: Amount::compile(fields, "TimeoutSeconds")?,
            heartbeat: Amount::compile(fields, "HeartbeatSeconds")?,
            credentials: fields.template("Credentials")?,
        })
    }
}

/// `aws`, `aws-cn`, ... of an ARN; `None` for a text that is no ARN.
fn partition(arn: &str) -> &str {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, _, _, _, _] => partition,
        _ => "",
    }
}

/// A task cannot leave the partition of its execution.
fn check_partition(execution: &Execution, resource: &str) -> Result<(), Failure> {
    let own = partition(&execution.params.execution_arn);
    if own.is_empty() || resource.is_empty() || own == resource {
        return Ok(());
    }
    Err(Failure::runtime(format!(
        "The resource belongs to a different partition from the running execution. Expected '{own}', was '{resource}'."
    )))
}

/// What a `Resource` names.
pub(crate) fn integration(resource: &str) -> Result<Integration, String> {
    let parts: Vec<&str> = resource.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", _, "lambda", ..] => Ok(Integration::Lambda { function_arn: resource.to_owned() }),
        ["arn", _, "states", _, _, "activity", _] => Ok(Integration::Activity { arn: resource.to_owned() }),
        ["arn", _, "states", _, _, service, action] => {
            // `aws-sdk:service:action` has one more part.
            let (service, action) = match action.split_once(':').filter(|_| *service == "aws-sdk") {
                Some((inner, action)) => (format!("{service}:{inner}"), action),
                None => ((*service).to_owned(), *action),
            };
            let (name, pattern) = match action.split_once('.') {
                None => (action, Pattern::RequestResponse),
                Some((name, "sync")) => (name, Pattern::Sync),
                Some((name, "sync:2")) => (name, Pattern::Sync2),
                Some((name, "waitForTaskToken")) => (name, Pattern::WaitForTaskToken),
                Some((_, other)) => return Err(format!("the integration pattern '.{other}' does not exist")),
            };
            Ok(Integration::Service { service, action: name.to_owned(), pattern, resource: action.to_owned() })
        }
        _ => Err(format!("'{resource}' is not the ARN of a function, an activity or an integration")),
    }
}

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, task: &Task) -> Ran {
    check_partition(execution, &task.partition)?;
    let integration = task.integration.as_ref().map_err(|reason| Failure::runtime(reason.clone()))?;
    if let Integration::Activity { arn } = integration
        && execution.absent.contains(arn)
    {
        return Err(Failure::runtime(format!("The activity {arn} does not exist.")));
    }
    let token = match integration {
        Integration::Activity { .. } => Some(token(execution)),
        // A token may also answer a job that is waited for, before the job ends.
        Integration::Service { pattern, .. } if *pattern != Pattern::RequestResponse => Some(token(execution)),
        _ => None,
    };
    execution.threads[thread].situation.token = token.clone();
    let parameters = execution.arguments(thread, state)?;
    arguments::check(integration, &parameters, state.jsonata)?;
    let at = &execution.threads[thread];
    let view = execution.view(at, &at.input.value);
    let amount = |amount: &Option<Amount>| amount.as_ref().map(|a| a.seconds(&view)).transpose();
    let (timeout, heartbeat) = (amount(&task.timeout)?, amount(&task.heartbeat)?);
    let credentials = task.credentials.as_ref().map(|t| t.value(&view)).transpose()?;
    drop(view);
    let role = credentials.as_ref().and_then(|c| c.get("RoleArn")).and_then(Value::as_str).map(str::to_owned);
    let child = execution.threads[thread].situation.child.as_ref().map(|child| child.arn.clone());
    let mut request = TaskRequest {
        task: TaskId(execution.fresh_id()),
        state: state.name.to_string(),
        integration: integration.clone(),
        parameters: parameters.value.as_ref().clone(),
        token,
        timeout_seconds: timeout,
        heartbeat_seconds: heartbeat,
        role_arn: role,
        started: false,
        submitted: None,
        event: 0,
        child,
    };
    let (kind, details) = scheduled(execution, &request, &parameters);
    request.event = execution.event(thread, kind, details);
    open(execution, thread, request);
    Ok(Run::Wait)
}

/// Sends a request without events: a distributed map's reader and writer.
pub(crate) fn ask(
    execution: &mut Execution,
    thread: ThreadId,
    state: &State,
    integration: Integration,
    parameters: Value,
) {
    let request = TaskRequest {
        task: TaskId(execution.fresh_id()),
        state: state.name.to_string(),
        integration,
        parameters,
        token: None,
        timeout_seconds: None,
        heartbeat_seconds: None,
        role_arn: None,
        started: false,
        submitted: None,
        event: 0,
        child: None,
    };
    open(execution, thread, request);
}

fn open(execution: &mut Execution, thread: ThreadId, request: TaskRequest) {
    let task = request.task;
    let after = |seconds: i64| execution.now.saturating_add(seconds.max(0).saturating_mul(1000));
    let timeout = request.timeout_seconds.map(after);
    let heartbeat = request.heartbeat_seconds.map(after);
    execution.act(Action::StartTask(Box::new(request.clone())));
    let mut timers = Vec::new();
    timers.extend(timeout.map(|at| execution.add_timer(thread, at, Purpose::TaskTimeout(task))));
    timers.extend(heartbeat.map(|at| execution.add_timer(thread, at, Purpose::Heartbeat(task))));
    execution.threads[thread].task = Some(task);
    execution.tasks.insert(task, OpenTask { thread, request, timers });
}

/// A new token for each attempt: opaque, and safe within a URL.
fn token(execution: &Execution) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut token = String::from("AQCEAAAAKgAAAAMAAAAA");
    for _ in 0..8 {
        let mut bits = execution.random();
        for _ in 0..10 {
            token.push(LETTERS[(bits & 63) as usize] as char);
            bits >>= 6;
        }
    }
    token
}

fn scheduled(execution: &Execution, request: &TaskRequest, parameters: &Data) -> (EventKind, Details) {
    let base = Details {
        timeout_in_seconds: request.timeout_seconds,
        heartbeat_in_seconds: request.heartbeat_seconds,
        task_credentials: request.role_arn.clone(),
        ..Details::default()
    };
    let input = Some(parameters.text.to_string());
    match &request.integration {
        Integration::Lambda { function_arn } => (
            EventKind::LambdaFunctionScheduled,
            Details { resource: Some(function_arn.clone()), input, heartbeat_in_seconds: None, ..base },
        ),
        Integration::Activity { arn } => {
            (EventKind::ActivityScheduled, Details { resource: Some(arn.clone()), input, ..base })
        }
        Integration::Service { service, resource, .. } => {
            let region = match execution.params.region.as_str() {
                "" => "us-east-1".to_owned(),
                region => region.to_owned(),
            };
            let details = Details {
                resource_type: Some(service.clone()),
                resource: Some(resource.clone()),
                region: Some(region),
                parameters: input,
                ..base
            };
            (EventKind::TaskScheduled, details)
        }
        Integration::ItemReader { .. } | Integration::ItemObjects | Integration::ResultWriter { .. } => {
            (EventKind::MapRunStarted, base)
        }
    }
}

/// What happened to a task.
#[derive(Clone, Copy)]
enum Mark {
    Started,
    StartFailed,
    Submitted,
    SubmitFailed,
    Succeeded,
    Failed,
    TimedOut,
}

/// The event for each family of tasks; `None` where the family has no such event.
fn kind(integration: &Integration, mark: Mark) -> Option<EventKind> {
    use EventKind as K;
    Some(match (integration, mark) {
        (Integration::Lambda { .. }, Mark::Started) => K::LambdaFunctionStarted,
        (Integration::Lambda { .. }, Mark::StartFailed) => K::LambdaFunctionStartFailed,
        (Integration::Lambda { .. }, Mark::Succeeded) => K::LambdaFunctionSucceeded,
        (Integration::Lambda { .. }, Mark::Failed | Mark::SubmitFailed) => K::LambdaFunctionFailed,
        (Integration::Lambda { .. }, Mark::TimedOut) => K::LambdaFunctionTimedOut,
        (Integration::Activity { .. }, Mark::Started) => K::ActivityStarted,
        (Integration::Activity { .. }, Mark::Succeeded) => K::ActivitySucceeded,
        (Integration::Activity { .. }, Mark::StartFailed) => K::ActivityScheduleFailed,
        (Integration::Activity { .. }, Mark::Failed | Mark::SubmitFailed) => K::ActivityFailed,
        (Integration::Activity { .. }, Mark::TimedOut) => K::ActivityTimedOut,
        (Integration::Service { .. }, Mark::Started) => K::TaskStarted,
        (Integration::Service { .. }, Mark::StartFailed) => K::TaskStartFailed,
        (Integration::Service { .. }, Mark::Submitted) => K::TaskSubmitted,
        (Integration::Service { .. }, Mark::SubmitFailed) => K::TaskSubmitFailed,
        (Integration::Service { .. }, Mark::Succeeded) => K::TaskSucceeded,
        (Integration::Service { .. }, Mark::Failed) => K::TaskFailed,
        (Integration::Service { .. }, Mark::TimedOut) => K::TaskTimedOut,
        _ => return None,
    })
}

/// `resource` and `resourceType`, which the events of services carry.
fn named(integration: &Integration) -> Details {
    match integration {
        Integration::Service { service, resource, .. } => {
            Details { resource_type: Some(service.clone()), resource: Some(resource.clone()), ..Details::default() }
        }
        _ => Details::default(),
    }
}

fn mark(execution: &mut Execution, task: &OpenTask, mark: Mark, details: Details) {
    if let Some(kind) = kind(&task.request.integration, mark) {
        execution.event(task.thread, kind, details);
    }
}

/// Takes an answer from the host.
pub(crate) fn answer(execution: &mut Execution, input: Input) {
    let (Input::TaskStarted { task }
    | Input::TaskStartFailed { task, .. }
    | Input::TaskSubmitted { task, .. }
    | Input::TaskSubmitFailed { task, .. }
    | Input::TaskSucceeded { task, .. }
    | Input::TaskFailed { task, .. }
    | Input::ActivityStarted { task, .. }
    | Input::Heartbeat { task }) = &input
    else {
        return;
    };
    let Some(open) = execution.tasks.get(task).cloned() else {
        return;
    };
    let named = named(&open.request.integration);
    // A host that repeats a task after a crash reports again that it has begun: one event is enough.
    let again = match &input {
        Input::TaskStarted { .. } | Input::ActivityStarted { .. } => open.request.started,
        Input::TaskSubmitted { .. } => open.request.submitted.is_some(),
        _ => false,
    };
    if again {
        return;
    }
    if let Some(kept) = execution.tasks.get_mut(task) {
        kept.request.started |= matches!(input, Input::TaskStarted { .. } | Input::ActivityStarted { .. });
        if let Input::TaskSubmitted { output, .. } = &input {
            kept.request.submitted = Some(output.clone());
        }
    }
    match input {
        Input::TaskStarted { .. } => mark(execution, &open, Mark::Started, named),
        Input::ActivityStarted { worker_name, .. } => {
            mark(execution, &open, Mark::Started, Details { worker_name, ..named });
        }
        Input::TaskSubmitted { output, .. } => {
            mark(execution, &open, Mark::Submitted, Details { output: Some(output), ..named });
        }
        Input::Heartbeat { task } => beat(execution, task),
        Input::TaskSucceeded { output, .. } => succeeded(execution, &open, output, named),
        Input::TaskFailed { error, cause, .. } => failed(execution, &open, Mark::Failed, error, cause),
        Input::TaskStartFailed { error, cause, .. } => failed(execution, &open, Mark::StartFailed, error, cause),
        Input::TaskSubmitFailed { error, cause, .. } => failed(execution, &open, Mark::SubmitFailed, error, cause),
        _ => {}
    }
}

fn beat(execution: &mut Execution, task: TaskId) {
    let Some(open) = execution.tasks.get(&task) else {
        return;
    };
    let Some(seconds) = open.request.heartbeat_seconds else {
        return;
    };
    let thread = open.thread;
    let is_heartbeat = |t: &TimerId| execution.timers.get(t).is_some_and(|t| t.purpose == Purpose::Heartbeat(task));
    let old: Vec<TimerId> = open.timers.iter().copied().filter(is_heartbeat).collect();
    old.iter().for_each(|t| execution.cancel_timer(*t));
    let at = execution.now.saturating_add(seconds.saturating_mul(1000));
    let timer = execution.add_timer(thread, at, Purpose::Heartbeat(task));
    if let Some(open) = execution.tasks.get_mut(&task) {
        open.timers.retain(|t| !old.contains(t));
        open.timers.push(timer);
    }
}

fn succeeded(execution: &mut Execution, open: &OpenTask, output: String, named: Details) {
    let thread = open.thread;
    execution.close_task(open.request.task);
    match &open.request.integration {
        Integration::ItemReader { .. } | Integration::ItemObjects => {
            return distributed::items_read(execution, thread, &open.request, Ok(output));
        }
        Integration::ResultWriter { .. } => {
            return distributed::results_written(execution, thread, &open.request, Ok(output));
        }
        _ => {}
    }
    if output.len() > PAYLOAD {
        let failure = Failure::data_limit(&what(&open.request.integration));
        fail_with(execution, open, Mark::Failed, failure);
    } else {
        match Data::read(&output) {
            Ok(data) => {
                mark(execution, open, Mark::Succeeded, Details { output: Some(output), ..named });
                let data = Data { text: Arc::from(data.value.to_string()), ..data };
                execution.complete(thread, data);
            }
            Err(why) => {
                let cause = format!("The task's output is not valid JSON: {why}: {output:.200}");
                fail_with(execution, open, Mark::Failed, Failure::new("States.Runtime", cause));
            }
        }
    }
    execution.ready.push_back(thread);
}

/// The name of what returned too much.
fn what(integration: &Integration) -> String {
    match integration {
        Integration::Lambda { function_arn: name } | Integration::Activity { arn: name } => name.clone(),
        Integration::Service { service, .. } => service.clone(),
        Integration::ItemReader { resource } | Integration::ResultWriter { resource } => resource.clone(),
        Integration::ItemObjects => "s3".to_owned(),
    }
}

fn failed(execution: &mut Execution, open: &OpenTask, mark: Mark, error: String, cause: String) {
    execution.close_task(open.request.task);
    let failure = Failure::new(error, cause);
    match &open.request.integration {
        Integration::ItemReader { .. } | Integration::ItemObjects => {
            distributed::items_read(execution, open.thread, &open.request, Err(failure));
        }
        Integration::ResultWriter { .. } => {
            distributed::results_written(execution, open.thread, &open.request, Err(failure));
        }
        _ => fail_with(execution, open, mark, failure),
    }
    execution.ready.push_back(open.thread);
}

fn fail_with(execution: &mut Execution, open: &OpenTask, state: Mark, failure: Failure) {
    let details =
        Details { error: failure.error.clone(), cause: failure.cause.clone(), ..named(&open.request.integration) };
    mark(execution, open, state, details);
    execution.handle(open.thread, failure);
}

/// `TimeoutSeconds` or `HeartbeatSeconds` have run out.
pub(crate) fn timed_out(execution: &mut Execution, task: TaskId, heartbeat: bool) {
    let Some(open) = execution.tasks.get(&task).cloned() else {
        return;
    };
    execution.forget_task(task);
    fail_with(execution, &open, Mark::TimedOut, Failure { heartbeat, ..Failure::new(TIMEOUT, "") });
    execution.ready.push_back(open.thread);
}

//! The inputs that an execution takes ([`Input`]) and the actions that it requests ([`Action`]).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One attempt of one task, unique within an execution (children of a distributed map included).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// One timer, unique within an execution (children of a distributed map included).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// Something that happened outside. The host journals each one, with its time, before it hands it to
/// [`crate::Execution::step`]; replaying the journal gives the same execution, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The first input of every execution.
    Start,
    /// The host has begun the call: `TaskStarted` or `LambdaFunctionStarted`.
    TaskStarted { task: TaskId },
    /// The call could not begin: `TaskStartFailed` or `LambdaFunctionStartFailed`.
    TaskStartFailed { task: TaskId, error: String, cause: String },
    /// Callback and `.sync` patterns: the service accepted the request; `output` is its answer (JSON).
    TaskSubmitted { task: TaskId, output: String },
    /// Callback and `.sync` patterns: the service refused the request.
    TaskSubmitFailed { task: TaskId, error: String, cause: String },
    /// The answer (JSON). For [`Integration::ItemReader`] with `getObject` it is the object's text, unchanged.
    TaskSucceeded { task: TaskId, output: String },
    /// The failure. An empty `error` or `cause` is left out of the event, as AWS does.
    TaskFailed { task: TaskId, error: String, cause: String },
    /// A worker took the activity's task.
    ActivityStarted { task: TaskId, worker_name: Option<String> },
    /// `SendTaskHeartbeat`: restarts the heartbeat timer; makes no event.
    Heartbeat { task: TaskId },
    /// A timer of [`Action::SetTimer`] is due.
    TimerFired { timer: TimerId },
    /// `StopExecution`.
    Stop { error: Option<String>, cause: Option<String> },
    /// `StopExecution` of a child of a distributed map, by its ARN.
    StopChild { child: String, error: Option<String>, cause: Option<String> },
    /// `UpdateMapRun`: the given values apply to the children that have not begun or not failed yet.
    UpdateMapRun {
        run: String,
        max_concurrency: Option<i64>,
        tolerated_failure_count: Option<i64>,
        tolerated_failure_percentage: Option<f64>,
    },
    /// An activity that the definition names was deleted, was never created, or exists (again). The engine assumes that
    /// it exists until this input says otherwise; a state that reaches a missing one fails on entering.
    ActivityKnown { arn: String, exists: bool },
    /// `RedriveExecution`: continues from the states that failed.
    Redrive,
}

/// Something that the host has to do. Actions are data: after a crash one may be performed twice, so that must be
/// harmless, or at-least-once by the nature of the task, as on AWS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Begin a task: answer with `TaskStarted`, and then as the integration requires.
    StartTask(Box<TaskRequest>),
    /// The result is no longer needed: the task timed out, was stopped, or a sibling failed.
    CancelTask { task: TaskId },
    /// Call [`Input::TimerFired`] at `at` (milliseconds since the epoch) or as soon after as possible.
    SetTimer { timer: TimerId, at: i64 },
    /// The timer is no longer needed. If it fires all the same, the engine ignores it.
    CancelTimer { timer: TimerId },
}

/// A task for the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The attempt; every answer names it.
    pub task: TaskId,
    /// The state that asks.
    pub state: String,
    /// What to call.
    pub integration: Integration,
    /// The resolved parameters (the whole state input for Lambda by ARN and activities).
    pub parameters: Value,
    /// The task token: always there for `.waitForTaskToken` and activities.
    pub token: Option<String>,
    /// The task's deadline in seconds, if the definition sets one. The engine keeps the timer itself.
    pub timeout_seconds: Option<i64>,
    /// The heartbeat's deadline in seconds, if the definition sets one. The engine keeps the timer itself.
    pub heartbeat_seconds: Option<i64>,
    /// The role of `Credentials`, if given.
    pub role_arn: Option<String>,
    /// Its history has a started event: after a restart, an activity's worker already has the token.
    #[serde(default)]
    pub started: bool,
    /// The service's first answer, when it accepted the request (JSON): after a restart, a callback is not requested
    /// again, and the job that the answer names is waited for.
    #[serde(default)]
    pub submitted: Option<String>,
    /// The event that scheduled it; 0 for what has no events, such as a distributed map's reader.
    #[serde(default)]
    pub event: u64,
    /// The execution whose history has that event, where it is a child of a distributed map.
    #[serde(default)]
    pub child: Option<String>,
}

/// What a task calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Integration {
    /// A Lambda function by its ARN in `Resource`. The answer is the function's own payload.
    Lambda { function_arn: String },
    /// An activity: workers poll for it.
    Activity { arn: String },
    /// An optimised or AWS SDK integration.
    Service {
        /// `lambda`, `sns`, `states`, `sqs`, `dynamodb`, `events`, `http`, `aws-sdk:s3`, ... : `resourceType` in events.
        service: String,
        /// `invoke`, `publish`, `startExecution`, ... without the pattern.
        action: String,
        /// How the task ends.
        pattern: Pattern,
        /// `resource` in events: the action with its pattern, such as `invoke.waitForTaskToken`.
        resource: String,
    },
    /// A distributed map's reader. Parameters are those of `ItemReader`; answer with the object's text, decompressed
    /// (`getObject`) or a JSON array of the listed objects (`listObjectsV2`, all pages).
    /// No events are made for it.
    ItemReader { resource: String },
    /// A second request of the same reader: read each of the parameters' `Objects`, which a list or a manifest named by
    /// `Bucket` and `Key`. Answer with a JSON array of their texts.
    ItemObjects,
    /// A distributed map's writer: put each of the `Objects` of the parameters, with `Key` and `Body`, into `Bucket`.
    /// Answer with any JSON.
    ResultWriter { resource: String },
}

/// How a service integration ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// The service's answer is the result.
    RequestResponse,
    /// `.sync`: the job's end is the result.
    Sync,
    /// `.sync:2`: like `.sync`, with the output parsed.
    Sync2,
    /// `.waitForTaskToken`: whoever holds the token answers.
    WaitForTaskToken,
}

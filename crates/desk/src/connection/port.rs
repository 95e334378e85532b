//! The port: the calls to Step Functions, in the desk's own types. Times are milliseconds since the Unix epoch.

use std::pin::Pin;

use countersign_trace::HistoryEvent;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::lookups::Lookups;
use super::releases::{Releases, Tags};
use super::roles::Roles;
use crate::deploy::desired::{Encryption, Logging};

/// The future response to a call.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + Send + 'a>>;

/// An operation. Each has its own quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Api {
    ListStateMachines,
    DescribeStateMachine,
    DescribeStateMachineForExecution,
    ListStateMachineVersions,
    ListStateMachineAliases,
    ListExecutions,
    DescribeExecution,
    GetExecutionHistory,
    DescribeMapRun,
    StartExecution,
    StopExecution,
    RedriveExecution,
    SendTaskSuccess,
    SendTaskFailure,
    SendTaskHeartbeat,
    CreateStateMachine,
    UpdateStateMachine,
    PublishStateMachineVersion,
    DeleteStateMachineVersion,
    CreateStateMachineAlias,
    UpdateStateMachineAlias,
    DescribeStateMachineAlias,
    DeleteStateMachineAlias,
    DeleteStateMachine,
    ListTagsForResource,
    TagResource,
    UntagResource,
    ValidateStateMachineDefinition,
    GetParameters,
    PutParameter,
    CreateTopic,
    GetCallerIdentity,
    ListRolePolicies,
    GetRolePolicy,
    ListAttachedRolePolicies,
    GetPolicy,
    GetPolicyVersion,
}

impl Api {
    /// AWS's name of the operation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListStateMachines => "ListStateMachines",
            Self::DescribeStateMachine => "DescribeStateMachine",
            Self::DescribeStateMachineForExecution => "DescribeStateMachineForExecution",
            Self::ListStateMachineVersions => "ListStateMachineVersions",
            Self::ListStateMachineAliases => "ListStateMachineAliases",
            Self::ListExecutions => "ListExecutions",
            Self::DescribeExecution => "DescribeExecution",
            Self::GetExecutionHistory => "GetExecutionHistory",
            Self::DescribeMapRun => "DescribeMapRun",
            Self::StartExecution => "StartExecution",
            Self::StopExecution => "StopExecution",
            Self::RedriveExecution => "RedriveExecution",
            Self::SendTaskSuccess => "SendTaskSuccess",
            Self::SendTaskFailure => "SendTaskFailure",
            Self::SendTaskHeartbeat => "SendTaskHeartbeat",
            Self::CreateStateMachine => "CreateStateMachine",
            Self::UpdateStateMachine => "UpdateStateMachine",
            Self::PublishStateMachineVersion => "PublishStateMachineVersion",
            Self::DeleteStateMachineVersion => "DeleteStateMachineVersion",
            Self::CreateStateMachineAlias => "CreateStateMachineAlias",
            Self::UpdateStateMachineAlias => "UpdateStateMachineAlias",
            Self::DescribeStateMachineAlias => "DescribeStateMachineAlias",
            Self::DeleteStateMachineAlias => "DeleteStateMachineAlias",
            Self::DeleteStateMachine => "DeleteStateMachine",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
            Self::ValidateStateMachineDefinition => "ValidateStateMachineDefinition",
            Self::GetParameters => "GetParameters",
            Self::PutParameter => "PutParameter",
            Self::CreateTopic => "CreateTopic",
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::ListRolePolicies => "ListRolePolicies",
            Self::GetRolePolicy => "GetRolePolicy",
            Self::ListAttachedRolePolicies => "ListAttachedRolePolicies",
            Self::GetPolicy => "GetPolicy",
            Self::GetPolicyVersion => "GetPolicyVersion",
        }
    }

    /// The action that an IAM policy has to allow, such as `states:ListExecutions`.
    #[must_use]
    pub fn iam_action(self) -> String {
        let service = match self {
            Self::CreateTopic => "sns",
            Self::GetCallerIdentity => "sts",
            Self::ListRolePolicies
            | Self::GetRolePolicy
            | Self::ListAttachedRolePolicies
            | Self::GetPolicy
            | Self::GetPolicyVersion => "iam",
            Self::GetParameters | Self::PutParameter => "ssm",
            _ => "states",
        };
        format!("{service}:{}", self.name())
    }
}

/// A page of a list, and the token of the next one; the last page has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MachineKind {
    Standard,
    Express,
}

impl MachineKind {
    /// AWS's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        }
    }
}

/// A state machine as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMachine {
    pub arn: String,
    pub name: String,
    pub kind: MachineKind,
    pub created_at: i64,
}

/// A state machine, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineDescription {
    pub arn: String,
    pub name: String,
    pub kind: MachineKind,
    /// The definition's text.
    pub definition: String,
    pub revision_id: Option<String>,
    /// `None` where the endpoint keeps none.
    pub role_arn: Option<String>,
    pub logging: Logging,
    /// Whether X-Ray traces are written.
    pub tracing: bool,
    pub encryption: Encryption,
    /// The description of a version.
    pub description: Option<String>,
    pub created_at: i64,
}

/// The definition that an execution runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionText(pub String);

/// An execution's status. A pending redrive counts as running: it starts without anybody's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// The owner of the listed executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of a state machine, by its ARN.
    Machine(String),
    /// The children of a Map Run, by its ARN.
    MapRun(String),
}

impl Of {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        let (Self::Machine(arn) | Self::MapRun(arn)) = self;
        arn
    }
}

/// One page of a list of executions, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub of: Of,
    /// Only those with this status.
    pub status: Option<ExecutionStatus>,
    /// At most this many on the page, at most 1,000.
    pub size: i32,
    pub next: Option<String>,
}

/// An execution as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    pub status: ExecutionStatus,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// How often it was redriven.
    pub redrives: u64,
    /// The number of the machine's version that it was started with, and the name of the alias, where it was with either.
    pub version: Option<String>,
    pub alias: Option<String>,
}

/// Whether an execution can be redriven, as DescribeExecution says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Redrivable {
    /// The endpoint does not say.
    #[default]
    Unsaid,
    Yes,
    /// The endpoint's own reason, if it gives one.
    No {
        reason: Option<String>,
    },
    /// A child of a Map Run, which is redriven with its parent.
    ByMapRun,
}

/// The response of DescribeExecution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub arn: String,
    pub name: String,
    pub machine_arn: String,
    pub status: ExecutionStatus,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    /// How often it was redriven; 0 where the description was taken from the history.
    pub redrives: u64,
    pub redrivable: Redrivable,
}

/// A state machine to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMachine {
    pub name: String,
    pub definition: String,
    pub role_arn: String,
    pub kind: MachineKind,
    pub settings: MachineSettings,
    pub tags: Tags,
    /// Published as a version in the same call, with this description. An endpoint without versions ignores it.
    pub publish: Option<String>,
}

/// Settings of a state machine besides its definition and role. One that is `None` stays as it is, or as AWS has it by
/// default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineSettings {
    pub logging: Option<Logging>,
    pub tracing: Option<bool>,
    pub encryption: Option<Encryption>,
}

/// What an update changes; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineUpdate {
    pub definition: Option<String>,
    pub role_arn: Option<String>,
    pub settings: MachineSettings,
    /// As [`NewMachine::publish`].
    pub publish: Option<String>,
}

impl MachineUpdate {
    /// Whether it changes nothing: such a call is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The caller's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub account: Option<String>,
    pub arn: Option<String>,
}

/// Step Functions, and the other calls that a deployment needs. Every call may fail with a [`CallError`].
pub trait StepFunctions: Releases + Lookups + Roles {
    /// State machines, at most 1,000 a page.
    fn list_machines(&self, next: Option<String>) -> Call<'_, Page<ListedMachine>>;
    /// One state machine, or one of its versions.
    fn describe_machine(&self, arn: &str) -> Call<'_, MachineDescription>;
    /// The versions of a state machine by their numbers, newest first, at most 100.
    fn list_versions(&self, machine_arn: &str) -> Call<'_, Vec<String>>;
    /// The aliases of a state machine by their names, at most 100.
    fn list_aliases(&self, machine_arn: &str) -> Call<'_, Vec<String>>;
    /// Executions, newest first.
    fn list_executions(&self, listing: Listing) -> Call<'_, Page<Summary>>;
    /// One execution.
    fn describe_execution(&self, arn: &str) -> Call<'_, Description>;
    /// The definition that an execution runs, which may be older than its machine's.
    fn definition_of_execution(&self, arn: &str) -> Call<'_, DefinitionText>;
    /// Events of an execution, newest first, at most `size` (at most 1,000) a page.
    fn newest_events(&self, arn: &str, size: i32, next: Option<String>) -> Call<'_, Page<HistoryEvent>>;
    /// The ARN of the execution that started a Map Run.
    fn parent_of_map_run(&self, arn: &str) -> Call<'_, String>;
    /// Starts an execution of a state machine, or of a version or alias of one; returns its ARN.
    fn start_execution(&self, machine_arn: &str, name: &str, input: &str) -> Call<'_, String>;
    /// Stops an execution.
    fn stop_execution(&self, arn: &str, error: &str, cause: &str) -> Call<'_, ()>;
    /// Lets an execution that ended without success go on from the states that failed. A call that is repeated with the
    /// same client token within 15 minutes has the effect of one.
    fn redrive_execution(&self, arn: &str, client_token: &str) -> Call<'_, ()>;
    /// Answers a task with a result. No error contains the token.
    fn send_task_success(&self, token: &str, output: &str) -> Call<'_, ()>;
    /// Answers a task with an error. No error contains the token.
    fn send_task_failure(&self, token: &str, error: &str, cause: &str) -> Call<'_, ()>;
    /// Says that a task is still worked on. No error contains the token.
    fn send_task_heartbeat(&self, token: &str) -> Call<'_, ()>;
    /// Creates a state machine; returns its ARN.
    fn create_machine(&self, new: NewMachine) -> Call<'_, String>;
    /// Updates a state machine; returns the id of the new revision, where the endpoint keeps any.
    fn update_machine(&self, arn: &str, update: MachineUpdate) -> Call<'_, Option<String>>;
    /// Creates an SNS topic; succeeds if it exists already.
    fn create_topic(&self, name: &str) -> Call<'_, ()>;
    /// The caller's identity.
    fn caller(&self) -> Call<'_, Caller>;
}

//! What the API speaks of: its JSON, which `openapi.json` describes. Times are RFC 3339 in UTC.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of what waits for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Approvals {
    /// In the order of the inbox: the soonest due first, then the oldest.
    pub approvals: Vec<Summary>,
    /// How many there are in all.
    pub total: u64,
    /// The `cursor` of the next page; absent where these are the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A request in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// Names it in addresses; it stays the same.
    pub id: String,
    pub connection: String,
    /// What is asked, such as "Refund 1,250.00 EUR, order 4711".
    pub title: String,
    pub workflow: String,
    pub state: String,
    /// The ARN of the execution.
    pub execution: String,
    pub execution_name: String,
    /// Which item of a Map it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    pub asked_at: String,
    /// When the wait ends; absent where nothing ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// What ends it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_by: Option<DueBy>,
    /// How far the outcome is that is nearest to being decided, where one person is not enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Who looks after it; others who may decide it still may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Claim>,
    /// Why it cannot be answered from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Why>,
    /// The path of its page.
    pub page: String,
}

/// Somebody looks after a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    pub person_id: String,
    pub person: String,
    pub at: String,
}

/// A choice that can still be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// The outcome's id.
    pub outcome: String,
    pub person_id: String,
    pub person: String,
    /// When it was chosen.
    pub at: String,
    /// When it goes on record.
    pub until: String,
}

/// A request was given to others: they decide it instead of those whom its rule names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reassigned {
    /// The ids of people.
    pub people: Vec<String>,
    pub groups: Vec<String>,
    pub reason: String,
    /// Who gave it to them.
    pub person_id: String,
    pub person: String,
    pub at: String,
}

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueBy {
    /// The task's `TimeoutSeconds`.
    Task,
    /// The task's `HeartbeatSeconds`.
    Heartbeat,
    /// The `TimeoutSeconds` of the definition.
    Workflow,
    /// The rule in `countersign.toml`.
    Rule,
}

/// How many people chose, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    pub people: u64,
    pub needed: u64,
}

/// A reason, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    pub detail: String,
    pub remedy: String,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Waiting,
    /// Decided here.
    Decided,
    /// Something else ended it.
    Closed,
}

/// A request whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    #[serde(flatten)]
    pub summary: Summary,
    pub status: Status,
    /// In Markdown, in which all of the request is escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The key facts.
    pub facts: Vec<Fact>,
    /// The name of whoever asked; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    pub links: Vec<Link>,
    pub changes: Vec<Change>,
    /// The request as JSON in a text, with the digits and the order that it has; task tokens and what is hidden from you
    /// are replaced.
    pub request: String,
    /// Names what is shown here; sent with a decision, it is refused where this has changed meanwhile.
    pub shown: String,
    /// What may be chosen.
    pub outcomes: Vec<Outcome>,
    pub rule: Rule,
    /// What was chosen so far, oldest first.
    pub votes: Vec<Vote>,
    /// The choices that can still be taken back, oldest first.
    #[serde(default)]
    pub held: Vec<Held>,
    /// Where it was given to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reassigned: Option<Reassigned>,
    /// Why you may not decide it; absent where you may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Why>,
    /// Where it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Where something else ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

/// A label and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

/// A label and an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    pub label: String,
    pub url: String,
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// How an outcome looks: granted, refused, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Good,
    Bad,
    Neutral,
}

/// Something that may be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    pub id: String,
    pub label: String,
    pub tone: Tone,
    pub comment_required: bool,
    pub form: Vec<Field>,
    /// Where it leads, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    pub warnings: Vec<String>,
    /// Why it cannot be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
}

/// What a field of a form takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Email,
    Uri,
    Date,
    Number,
    Integer,
    Boolean,
    /// One of the options.
    One,
    /// Some of the options, as an array.
    Many,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    pub name: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub required: bool,
    pub kind: FieldKind,
    /// The least number, number of characters or number of options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What it holds at first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default: Vec<String>,
}

/// What the rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Who may decide, now; with neither, every approver.
    pub people: Vec<String>,
    pub groups: Vec<String>,
    /// Whether whoever asked may not.
    pub four_eyes: bool,
    /// The outcomes for which one person is not enough.
    pub needs: Vec<Need>,
    /// What the rule chooses once the request is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_due: Option<String>,
}

/// What an outcome needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// The outcome's id.
    pub outcome: String,
    pub people: u64,
    pub needed: u64,
    /// The groups of which somebody is missing.
    pub missing_groups: Vec<String>,
}

/// What a person chose for a request that needs several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vote {
    /// The outcome's id.
    pub outcome: String,
    pub person_id: String,
    pub person: String,
    pub comment: String,
    pub at: String,
}

/// A decision on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// The outcome's id.
    pub outcome: String,
    /// What it is called, such as "Approved".
    pub label: String,
    pub person_id: String,
    pub person: String,
    pub comment: String,
    pub at: String,
    pub delivery: Delivery,
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// On record, and sent until Step Functions answers.
    Pending,
    /// Step Functions took it.
    Delivered,
    /// The task was closed before it came.
    Late,
}

/// What ended a request without a decision from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closed {
    /// A sentence.
    pub how: String,
    pub at: String,
}

/// What is chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The id of an outcome.
    pub outcome: String,
    /// The `shown` of the request that was read: the decision is refused where the request or its rule has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// At most 2,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// What is filled into the outcome's form, by the names of its fields: texts, numbers, booleans, and arrays of texts.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub form: serde_json::Map<String, serde_json::Value>,
}

/// What came of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionResult {
    /// The request is decided.
    Decided,
    /// The choice is on record, and the request needs more people.
    Counted,
}

/// The answer to a choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionAnswer {
    pub result: DecisionResult,
    /// Where it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What was chosen so far, where it needs more people.
    pub votes: Vec<Vote>,
}

/// A page of executions, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Executions {
    pub executions: Vec<Execution>,
    /// False while the list of a `parent` is read for the first time: it may have more executions than these.
    pub complete: bool,
    /// The `cursor` of the next page; absent where these are the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How an execution fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    Running,
    /// Running, and a request waits for a person.
    Waiting,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// An execution in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    pub status: ExecutionStatus,
    pub started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The number of the version that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The name of the error that it failed with, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many requests wait for people in it.
    pub waiting: u64,
    /// The execution whose Map Run started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The path of its page.
    pub page: String,
}

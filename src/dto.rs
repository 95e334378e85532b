//! The types that cross the wire between the server and the browser.
//!
//! Times are milliseconds since the Unix epoch. Texts that came from an execution are redacted before they get here: no
//! task token is ever part of a value of this module.

use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// What a state, an attempt or an execution is doing, in the vocabulary that every screen shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    NotReached,
    Running,
    WaitingApproval,
    Waiting,
    Succeeded,
    Caught,
    Failed,
    TimedOut,
    Aborted,
}

/// An error as a person reads it: what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What happened, in one sentence.
    pub what: String,
    /// The remedy, in one sentence.
    pub remedy: String,
}

/// What the frame around every page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub connection: Connection,
    /// The acting person.
    pub person: Person,
    /// Who may be chosen: the personas of the demonstration.
    pub people: Vec<Person>,
    /// How many tasks wait for a person.
    pub waiting: usize,
    /// When the server last heard from the connection.
    pub data_at: Option<i64>,
    /// Why the connection does not answer, if it does not.
    pub problem: Option<Problem>,
    /// Why `countersign.toml` cannot be used, and what is in force instead.
    pub manifest: Option<Problem>,
    pub now: i64,
}

/// The Step Functions endpoint that the dashboard shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// "Embedded engine", "AWS" or "Endpoint".
    pub label: String,
    /// The endpoint's URL, or the account and region.
    pub detail: String,
    pub region: String,
    pub kind: ConnectionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionKind {
    Embedded,
    Endpoint,
    Aws,
}

/// A persona of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable id, such as `dana`.
    pub id: String,
    pub name: String,
    /// What they do, such as "Finance lead".
    pub role: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub running: usize,
    pub waiting: usize,
    /// Failed or timed out in the last 24 hours.
    pub failed_today: usize,
    /// Of the executions that ended in the last 24 hours, 0.0 to 1.0; `None` where none ended.
    pub success_rate: Option<f32>,
    /// What needs a person: approvals due first, then failures, then waits without a timeout.
    pub needs: Vec<Need>,
    pub workflows: Vec<WorkflowRow>,
    pub now: i64,
}

/// One row of "Needs you".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    pub status: Status,
    pub title: String,
    pub detail: String,
    /// Where it is dealt with.
    pub link: String,
    pub since: i64,
    /// When it times out.
    pub due: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowRow {
    pub name: String,
    pub arn: String,
    /// "STANDARD" or "EXPRESS".
    pub kind: String,
    pub comment: Option<String>,
    /// A small drawing; `None` where the definition could not be read.
    pub graph: Option<Graph>,
    /// The last executions, oldest first, at most 30.
    pub outcomes: Vec<Outcome>,
    pub running: usize,
    pub waiting: usize,
    /// Median duration of the ended executions shown, in milliseconds.
    pub median_ms: Option<i64>,
    pub updated_at: Option<i64>,
}

/// One cell of an outcome strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub execution_arn: String,
    pub name: String,
    pub status: Status,
    pub started_at: i64,
    pub duration_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowPage {
    pub row: WorkflowRow,
    /// The definition as it is deployed, pretty-printed where it was one line.
    pub definition: String,
    pub revision_id: Option<String>,
    pub role_arn: Option<String>,
    pub executions: Vec<ExecutionRow>,
    /// Inputs to start with.
    pub samples: Vec<Sample>,
    /// The execution that is to be started again, or why it cannot be.
    pub again: Option<Result<Again, Problem>>,
    pub now: i64,
}

/// The input of an execution that is started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    pub arn: String,
    /// The execution's name.
    pub name: String,
    /// Its length as it was stored.
    pub bytes: usize,
    /// As the form holds it, with marks for what is hidden; nothing where it cannot be shown.
    pub input: Option<String>,
    /// How many texts have a mark in their place.
    pub hidden: usize,
}

/// A ready-made input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub label: String,
    /// Pretty-printed JSON.
    pub input: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    pub arn: String,
    pub name: String,
    pub workflow: String,
    pub status: Status,
    pub started_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionsPage {
    pub rows: Vec<ExecutionRow>,
    /// All workflows, for the filter.
    pub workflows: Vec<String>,
    pub workflow: Option<String>,
    pub status: Option<Status>,
    /// Whether older executions exist than the rows shown.
    pub more: bool,
    /// Whether the workflow is an Express one, of which no executions are kept.
    pub express: bool,
    pub now: i64,
}

/// Everything the page of an execution shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionPage {
    pub row: ExecutionRow,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    /// As a sentence: a function's own message, where a function wrote it.
    pub cause: Option<String>,
    /// Why it ended badly, and where.
    pub trouble: Option<Trouble>,
    pub graph: Option<Graph>,
    /// By node id; nodes not named were not reached.
    pub states: Vec<StateView>,
    /// Edges taken, as pairs of node ids.
    pub taken: Vec<(String, String)>,
    /// The state that the page opens on: the chosen one, else the one that failed, waits or ran last.
    pub chosen: Option<String>,
    /// Timeline: one span for each attempt or visit, in order of their start.
    pub spans: Vec<Span>,
    pub events: Vec<EventRow>,
    /// Events so far; `events` may hold fewer.
    pub event_count: usize,
    pub definition: Option<String>,
    /// What waits for a person in this execution.
    pub approvals: Vec<ApprovalRow>,
    pub data_at: i64,
    pub now: i64,
}

/// Why an execution ended badly, beside its error and cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A sentence, where the error alone does not tell.
    pub why: Option<String>,
    /// What is said before the places, such as "It went wrong first in ".
    pub lead: String,
    pub places: Vec<TroublePlace>,
    /// How many places more there are.
    pub more: usize,
    /// Where the execution ended, where that is another place than the one in which it went wrong first.
    pub ended: Option<TroublePlace>,
}

/// A state, and the iterations that it ran in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroublePlace {
    pub state: String,
    pub place: Option<String>,
}

/// One state of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateView {
    pub name: String,
    pub status: Status,
    pub visits: Vec<VisitView>,
    /// Which of `visits` the execution failed in, if one of them it was.
    pub failed: Option<usize>,
    /// How often it was entered; `visits` holds at most the last 20, of the chosen state alone, in order.
    pub visit_count: usize,
}

/// One pass through a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitView {
    pub status: Status,
    /// Which iteration of which Map, or which branch of which Parallel.
    pub place: Option<String>,
    pub entered_at: i64,
    pub exited_at: Option<i64>,
    pub input: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub attempts: Vec<AttemptView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    pub number: usize,
    pub status: Status,
    pub resource: String,
    pub parameters: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub scheduled_at: i64,
    pub ended_at: Option<i64>,
}

/// A bar of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub state: String,
    /// The attempts of one visit of the state have the same number.
    pub visit: usize,
    /// The whole visit, with the time between its attempts.
    pub entered: i64,
    pub exited: Option<i64>,
    pub status: Status,
    pub from: i64,
    pub to: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub id: u64,
    pub previous: u64,
    pub at: i64,
    /// AWS's event type, such as `TaskStateEntered`.
    pub kind: String,
    pub state: Option<String>,
    /// The most telling detail: an error, a resource, a name.
    pub summary: String,
    /// The event's details as pretty-printed JSON.
    pub details: String,
    pub tone: Status,
}

/// One row of the inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRow {
    pub execution_arn: String,
    pub execution_name: String,
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub workflow: String,
    pub state: String,
    /// What is asked, such as "Refund 1,250.00 EUR, order 4711".
    pub title: String,
    pub asked_at: i64,
    pub due: Option<i64>,
    /// What ends the wait then.
    pub due_by: Option<DueBy>,
    /// Which items of which Maps it is about, such as "item 3 of 12 (A-1)".
    pub item: Option<String>,
    /// Whether it can be answered here, and if not, why.
    pub blocked: Option<Problem>,
}

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DueBy {
    /// The task's `TimeoutSeconds`.
    Task,
    /// The task's `HeartbeatSeconds`.
    Heartbeat,
    /// The `TimeoutSeconds` of the whole definition.
    Workflow,
}

impl DueBy {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "the task's timeout",
            Self::Heartbeat => "the task's heartbeat",
            Self::Workflow => "the workflow's timeout",
        }
    }
}

/// A request: the execution's ARN, and the id of its TaskScheduled event.
pub type RequestKey = (String, u64);

/// What waits, what was decided lately, and the request that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboxPage {
    pub waiting: Vec<ApprovalRow>,
    /// The latest decisions, newest first.
    pub decided: Vec<DecisionRow>,
    /// The request that is open, or why it cannot be opened.
    pub open: Option<Result<ApprovalPage, AppError>>,
    pub now: i64,
}

/// One approval: what is asked, and what happens then; or how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalPage {
    pub row: ApprovalRow,
    /// Label and value, as the policy orders them.
    pub fields: Vec<(String, String)>,
    /// The whole request, pretty-printed.
    pub request: String,
    /// Where the execution goes after an approval, and after a rejection.
    pub if_approved: Option<String>,
    pub if_rejected: Option<String>,
    /// What to know before answering: nothing of the request can be shown, or what follows cannot read the answer.
    pub warnings: Vec<String>,
    pub state: ApprovalState,
    /// Its neighbours among what waits, for going through them one by one.
    pub position: Option<Position>,
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    pub index: usize,
    pub of: usize,
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ApprovalState {
    /// It waits for a decision.
    Waiting,
    /// It was decided here.
    Decided(DecisionRow),
    /// Something else closed it; the sentence says what.
    Closed { status: Status, how: String, at: i64 },
}

/// What ended a request before a decision that came too late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EarlierEnd {
    /// A decision that is on record: somebody else's or, where it is `own`, the same person's other choice.
    Decided { approved: bool, person: String, own: bool, at: i64 },
    /// Something else; `how` is a sentence.
    Closed { how: String, at: i64 },
}

impl EarlierEnd {
    /// When it was.
    #[must_use]
    pub const fn at(&self) -> i64 {
        match self {
            Self::Decided { at, .. } | Self::Closed { at, .. } => *at,
        }
    }

    /// What became of the late decision and why, up to the time: "Your rejection was not sent: you approved this request
    /// yourself".
    #[must_use]
    pub fn lead(&self, late_approval: bool) -> String {
        let late = if late_approval { "approval" } else { "rejection" };
        let word = |approved: bool| if approved { "approved" } else { "rejected" };
        let why = match self {
            Self::Decided { approved, own: true, .. } => format!("you {} this request yourself", word(*approved)),
            Self::Decided { approved, person, .. } => format!("{person} {} this request", word(*approved)),
            Self::Closed { .. } => "this request was closed".to_owned(),
        };
        format!("Your {late} was not sent: {why}")
    }

    /// What else there is to know, as a sentence.
    #[must_use]
    pub fn more(&self) -> &str {
        match self {
            Self::Decided { .. } => "The first decision counts, and cannot be changed.",
            Self::Closed { how, .. } => how,
        }
    }
}

/// A decision as it is on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    pub execution_arn: String,
    pub event: u64,
    pub workflow: String,
    pub state: String,
    pub title: String,
    pub approved: bool,
    pub person: String,
    pub comment: String,
    pub decided_at: i64,
    pub delivery: Delivery,
}

/// The record of what people did, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AuditRow {
    Decision(DecisionRow),
    Act(ActRow),
}

/// Something that a person did besides deciding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRow {
    /// Such as "Started".
    pub what: String,
    pub workflow: Option<String>,
    pub execution_arn: Option<String>,
    pub detail: String,
    pub person: String,
    pub at: i64,
}

/// What became of a decision after it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// It is on record and being sent.
    Pending,
    /// Step Functions took it.
    Delivered { at: i64 },
    /// It came too late; the sentence says who or what closed the task.
    Late { how: String },
    /// It could not be sent yet; it is tried again.
    Retrying { problem: Problem },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployPage {
    /// The folder that the definitions come from.
    pub folder: String,
    pub items: Vec<DeployItem>,
    /// Whether at least one item can be deployed.
    pub ready: bool,
    /// The hash of everything that would be deployed: the form carries it back.
    pub hash: String,
    /// What belongs to no single workflow: files that are left out, functions that nobody declares.
    pub problems: Vec<FileProblem>,
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployItem {
    pub name: String,
    pub file: String,
    pub change: Change,
    /// The hash of what would be deployed and of what it would replace.
    pub hash: String,
    /// Unified diff of the deployed definition against the new one.
    pub diff: Vec<DiffLine>,
    pub problems: Vec<FileProblem>,
    /// Placeholder and the value it gets.
    pub substitutions: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    New,
    Changed,
    Unchanged,
    /// Refused: see the problems.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// '+', '-' or ' '.
    pub sign: char,
    pub text: String,
}

/// A problem with its place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub error: bool,
    pub message: String,
    pub remedy: String,
}

/// A definition drawn: sizes and places in CSS pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub width: f32,
    pub height: f32,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The state's name, or `__start` / `__end`.
    pub id: String,
    /// The name, and the same in lines that fit the box.
    pub label: String,
    pub label_lines: Vec<String>,
    pub kind: NodeKind,
    /// Such as `lambda:invoke` or `waits 60 s`, and the same in lines that fit the box.
    pub detail: String,
    pub detail_lines: Vec<String>,
    /// Whether the detail of a box stands beside its name.
    pub beside: bool,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    /// Whether it is a box around a Parallel's branches or a Map's body.
    pub container: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeKind {
    Start,
    End,
    Task,
    Pass,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Node ids.
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
    /// The whole condition, or the errors that are caught; and the same in lines.
    pub label: Option<String>,
    pub label_lines: Vec<String>,
    pub points: Vec<(f32, f32)>,
    pub label_at: Option<(f32, f32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EdgeKind {
    Next,
    Choice,
    Default,
    Catch,
}

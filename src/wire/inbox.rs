//! The inbox: the requests that wait for a person, and one of them whole.

use serde::{Deserialize, Serialize};

use super::audit::DecisionRow;
use super::{Problem, Status};
use crate::error::AppError;

/// One row of the inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRow {
    pub execution_arn: String,
    pub execution_name: String,
    /// The execution whose distributed Map this one is a child of, by its ARN.
    pub parent_arn: Option<String>,
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
pub struct Inbox {
    /// One page of what waits.
    pub waiting: Vec<ApprovalRow>,
    /// How many wait in all.
    pub total: u64,
    /// The cursor of the next page, where there is one.
    pub more: Option<String>,
    /// The latest decisions, newest first.
    pub decided: Vec<DecisionRow>,
    /// The request that is open, or why it cannot be opened.
    pub open: Option<Result<Approval, AppError>>,
    pub now: i64,
}

/// One approval: what is asked, and what happens then; or how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
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

/// The place of a request among those that wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    pub index: u64,
    pub of: u64,
    pub next: Option<String>,
}

/// What became of a request.
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
            Self::Decided { .. } => "The first decision counts and cannot be changed.",
            Self::Closed { how, .. } => how,
        }
    }
}

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
    /// How many people chose, and how many have to, where one is not enough.
    pub votes: Option<(u64, u64)>,
    /// The name of whoever looks after it.
    pub claimed: Option<String>,
    /// Whether it can be answered here, and if not, why.
    pub blocked: Option<Problem>,
}

/// The parts of the inbox: the word in the address, and what it is called.
pub const PARTS: [(&str, &str); 7] = [
    ("", "All"),
    ("mine", "Mine"),
    ("groups", "My groups'"),
    ("unclaimed", "Unclaimed"),
    ("soon", "Due in 4 h"),
    ("overdue", "Overdue"),
    ("forgotten", "No deadline"),
];

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DueBy {
    /// The task's `TimeoutSeconds`.
    Task,
    /// The task's `HeartbeatSeconds`.
    Heartbeat,
    /// The `TimeoutSeconds` of the whole definition.
    Workflow,
    /// The rule of the approval.
    Rule,
}

impl DueBy {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "the task's timeout",
            Self::Heartbeat => "the task's heartbeat",
            Self::Workflow => "the workflow's timeout",
            Self::Rule => "the rule",
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
    /// What may be chosen for several of them at once.
    pub offered: Vec<Offer>,
    /// The latest decisions, newest first.
    pub decided: Vec<DecisionRow>,
    /// HTML: the deployments that people have to approve; empty where there are none.
    pub proposals: String,
    /// The request that is open, or why it cannot be opened.
    pub open: Option<Result<Approval, AppError>>,
    pub now: i64,
}

/// An outcome that may be chosen for several requests at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: String,
    pub label: String,
}

/// What a request is called in a form with several: its event, a space, and the ARN of its execution.
#[must_use]
pub fn picked(execution_arn: &str, event: u64) -> String {
    format!("{event} {execution_arn}")
}

/// The request that a form calls so.
#[cfg(feature = "ssr")]
#[must_use]
pub fn of_picked(picked: &str) -> Option<RequestKey> {
    let (event, arn) = picked.split_once(' ')?;
    Some((arn.to_owned(), event.parse().ok()?))
}

/// One approval: what is asked, and what happens then; or how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub row: ApprovalRow,
    /// Its id, as the API and the command line take it.
    pub id: String,
    /// Label and value, as the policy orders them.
    pub fields: Vec<(String, String)>,
    /// HTML that the server made of the policy's Markdown.
    pub message: Option<String>,
    /// Labels and addresses.
    pub links: Vec<(String, String)>,
    pub changes: Vec<ChangeRow>,
    /// How many fields the table of changes leaves out.
    pub changes_left_out: u64,
    /// The whole request, pretty-printed.
    pub request: String,
    /// What may be chosen, in the order of the buttons.
    pub outcomes: Vec<OutcomeChoice>,
    /// Who may decide and how many have to: label and words.
    pub rule: Vec<(String, String)>,
    /// What its rule does at which time, the next first.
    pub times: Vec<(String, i64)>,
    /// What was chosen so far, oldest first.
    pub votes: Vec<VoteRow>,
    /// Why whoever looks may not decide.
    pub refused: Option<Problem>,
    /// What to know before answering, whatever is chosen.
    pub warnings: Vec<String>,
    pub state: ApprovalState,
    /// Who looks after it, and what may be done about it besides deciding: HTML that the server made.
    pub in_hand: String,
    /// The hash of what is shown, which a decision carries.
    pub shown: String,
    /// Its neighbours among what waits, for going through them one by one.
    pub position: Option<Position>,
    pub now: i64,
}

/// A field before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a person chose for a request that needs several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteRow {
    pub done: String,
    pub tone: Tone,
    pub person: String,
    pub comment: String,
    pub at: i64,
}

/// Something that a person may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeChoice {
    pub id: String,
    pub label: String,
    pub tone: Tone,
    /// Such as "If approved".
    pub condition: String,
    /// Where it leads, where that is known.
    pub then: Option<String>,
    pub comment_required: bool,
    pub fields: Vec<FormField>,
    /// Why it cannot be chosen.
    pub refused: Option<String>,
}

impl OutcomeChoice {
    /// Whether its button is all there is to it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.comment_required && self.fields.is_empty()
    }
}

/// How an outcome looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    Good,
    Bad,
    Neutral,
}

/// A field of an outcome's form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormField {
    pub name: String,
    pub title: String,
    pub description: String,
    pub required: bool,
    pub kind: FieldKind,
    /// What it holds at first; several where several can be chosen.
    pub value: Vec<String>,
}

/// What a field takes, as the browser's own inputs have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FieldKind {
    /// `input` is its type; a long text has room for several lines.
    Text {
        input: String,
        long: bool,
        min: u32,
        max: u32,
        pattern: Option<String>,
    },
    /// `step` is `1` or `any`.
    Number {
        step: String,
        min: Option<String>,
        max: Option<String>,
    },
    Flag,
    One(Vec<String>),
    Many(Vec<String>),
}

/// What comes before a field's name in a form.
pub const FIELD: &str = "field.";

/// What comes behind the name of a field that may stand several times: forms are read so.
pub const SEVERAL: &str = "[]";

/// What a form would come to, before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The outcome's id.
    pub outcome: String,
    pub then: Option<String>,
    pub warnings: Vec<String>,
    /// What is wrong with fields, by their names. Where there is anything, nothing was looked at.
    pub faults: Vec<(String, String)>,
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
    Decided(Box<DecisionRow>),
    /// Something else closed it; the sentence says what.
    Closed { status: Status, how: String, at: i64 },
    /// Somebody decided it, and can take that back until a time, in milliseconds since the epoch.
    Held { done: String, tone: Tone, person: String, own: bool, until: i64 },
}

/// The hidden field of a decision's form that has the hash of what was shown.
pub const SHOWN: &str = "shown";

/// What ended a request before a decision that came too late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EarlierEnd {
    /// A decision that is on record: somebody else's or, where it is `own`, the same person's other choice. `did` says what
    /// was decided, such as "approved this request".
    Decided { outcome: String, did: String, person: String, own: bool, at: i64 },
    /// Something else; `how` is a sentence.
    Closed { how: String, at: i64 },
    /// Somebody else's choice, which they can still take back.
    Held { did: String, person: String, at: i64 },
}

impl EarlierEnd {
    /// When it was.
    #[must_use]
    pub const fn at(&self) -> i64 {
        match self {
            Self::Decided { at, .. } | Self::Closed { at, .. } | Self::Held { at, .. } => *at,
        }
    }

    /// What became of the late decision and why, up to the time: "Your rejection was not sent: you approved this request
    /// yourself". `late` is what was late, such as "rejection".
    #[must_use]
    pub fn lead(&self, late: &str) -> String {
        let why = match self {
            Self::Decided { did, own: true, .. } => format!("you {did} yourself"),
            Self::Decided { did, person, .. } | Self::Held { did, person, .. } => format!("{person} {did}"),
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
            Self::Held { .. } => "For a few seconds they can take it back; then you may decide.",
        }
    }
}

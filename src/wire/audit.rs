//! The record of what people did.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::inbox::Tone;

/// A decision as it is on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    pub execution_arn: String,
    pub event: u64,
    pub workflow: String,
    pub state: String,
    pub title: String,
    /// What was decided, such as "Approved".
    pub done: String,
    pub tone: Tone,
    pub person: String,
    pub comment: String,
    pub decided_at: i64,
    pub delivery: Delivery,
}

/// A page of the record of what people did, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    pub rows: Vec<AuditRow>,
    /// Where the older entries begin, for its cursor; `None` where these are the oldest.
    pub older: Option<i64>,
    pub now: i64,
}

/// One entry of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AuditRow {
    Decision(DecisionRow),
    Act(ActRow),
}

/// Something that a person did besides deciding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRow {
    /// Its number in the record.
    pub entry: i64,
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

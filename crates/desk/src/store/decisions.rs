//! What was decided. Rows are added and never changed.

use super::{DeliveryRecord, Kept, Trouble};
use crate::approvals::outcomes::Chosen;
use crate::connection::ConnectionId;

/// A decision to put on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    pub execution_arn: String,
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub workflow: String,
    pub state: String,
    pub title: String,
    pub outcome: Chosen,
    /// What was filled in, as a JSON object.
    pub form: String,
    pub person_id: String,
    pub person_name: String,
    pub comment: String,
    /// Milliseconds since the epoch.
    pub decided_at: i64,
    pub bound: Bound,
}

/// What a choice binds besides itself. Choices of before this was kept have none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// SHA-256 of what was shown to the person, in hexadecimal digits; see `approvals::shown`.
    pub shown: Option<String>,
    /// SHA-256 of the rule that was in force, in hexadecimal digits; `None` where there was none.
    pub rule: Option<String>,
    /// When the person first saw the request, in milliseconds since the epoch.
    pub seen_at: Option<i64>,
    /// In whose place they chose: the id and the name.
    pub stands_for: Option<(String, String)>,
    /// Whether they chose by breaking the glass: as an administrator, past the rule.
    pub broke_glass: bool,
}

/// A decision on record, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub id: i64,
    pub decision: NewDecision,
    /// What it answers, where the manifest words that, as JSON; see `approvals::answer`.
    pub answer: Option<String>,
    pub delivery: DeliveryRecord,
    /// Attempts to send it that were begun.
    pub attempts: u32,
    /// Why the last attempt to send it failed, as long as it is pending.
    pub trouble: Option<Trouble>,
}

impl Decision {
    /// Whether the decision may have arrived: an attempt to send it was begun.
    #[must_use]
    pub const fn was_tried(&self) -> bool {
        self.attempts > 0
    }
}

/// The decisions of all connections. A task has at most one: it is unique by connection, execution and event.
pub trait Decisions: Send + Sync + 'static {
    /// Puts a decision on record, with its act and its pending delivery, all or nothing; `None` where this task has a
    /// decision already. A decision with an answer that names its number comes with that number; `None` then also where
    /// another decision has the number.
    fn record<'a>(
        &'a self,
        connection: &'a ConnectionId,
        new: &'a NewDecision,
        worded: Option<Worded<'a>>,
    ) -> Kept<'a, Option<Decision>>;

    /// The number that the next decision gets, where no other takes it before.
    fn next_id(&self) -> Kept<'_, i64>;

    /// The decision on one task.
    fn of_task<'a>(
        &'a self,
        connection: &'a ConnectionId,
        execution_arn: &'a str,
        event: u64,
    ) -> Kept<'a, Option<Decision>>;

    /// The newest decisions, at most `limit`.
    fn latest<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Kept<'a, Vec<Decision>>;
}

/// What the manifest words for a decision, and the number that it was worded for.
#[derive(Clone, Copy, Debug)]
pub struct Worded<'a> {
    pub id: i64,
    /// JSON; see `approvals::answer`.
    pub answer: Option<&'a str>,
}

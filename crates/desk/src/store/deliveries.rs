//! What became of the decisions. A delivery begins pending, with its decision, and is changed until it has ended.

use serde::{Deserialize, Serialize};

use super::{Decision, Kept};
use crate::approvals::ClosedBy;
use crate::connection::{CallError, ConnectionId};

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRecord {
    Pending,
    Delivered {
        at: i64,
    },
    /// The task was closed before; by what.
    Late {
        by: ClosedBy,
    },
}

/// Why a decision could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A call failed.
    Call(CallError),
    /// What an earlier version of the program kept, or a fault of this one: a sentence.
    Sentence(String),
}

/// The deliveries, each by the number of its decision. Ended ones do not change any more.
pub trait Deliveries: Send + Sync + 'static {
    /// Decisions that are on record and not known to have arrived, oldest first.
    fn pending<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Decision>>;

    /// An attempt to send a decision begins.
    fn trying(&self, id: i64) -> Kept<'_, ()>;

    /// Step Functions took the decision at `at`.
    fn delivered(&self, id: i64, at: i64) -> Kept<'_, ()>;

    /// The task was closed before the decision came; `by` says by what.
    fn late<'a>(&'a self, id: i64, by: &'a ClosedBy) -> Kept<'a, ()>;

    /// The decision could not be sent, and is tried again.
    fn trouble<'a>(&'a self, id: i64, why: &'a Trouble) -> Kept<'a, ()>;
}

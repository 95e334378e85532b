//! Acting on many executions at once, and deciding many requests: the exact list, and what came of each.

use serde::{Deserialize, Serialize};

use super::refused::Refused;

/// A list that is acted on at once. The server words all of it, so one page shows lists of every kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    pub id: String,
    /// Such as "Stop: 3 executions".
    pub title: String,
    /// What the list is of: the heading of its first column.
    pub subject: String,
    /// How far it is.
    pub said: String,
    /// What the person wrote, with what it is called.
    pub reason: Option<String>,
    /// The hash of the list, which the form carries.
    pub hash: String,
    pub person: String,
    pub made_at: i64,
    /// How many are done of how many, once it was confirmed.
    pub progress: Option<(u64, u64)>,
    /// The button that confirms it or goes on with it, and whether it undoes something.
    pub button: Option<(String, bool)>,
    /// When it begins, where it was confirmed and can be taken back.
    pub until: Option<i64>,
    /// Its forms for that: HTML that the server made.
    pub in_hand: String,
    /// The page that it was chosen on.
    pub back: String,
    pub rows: Vec<BulkRow>,
    /// What whoever looks may not do here.
    pub refused: Refused,
    pub now: i64,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    /// Names the row, and changes with it.
    pub key: String,
    /// Its cells: HTML that the server made.
    pub html: String,
}

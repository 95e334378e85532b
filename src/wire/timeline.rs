//! The timeline of an execution, in windows that the server cuts.

use serde::{Deserialize, Serialize};

use super::Status;

/// A window of the timeline's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    pub rows: Vec<Lane>,
    /// The place of the first of `rows` among all rows that are there as things are folded.
    pub from: u64,
    pub row_count: u64,
    /// How many rows there are with every group unfolded.
    pub all: u64,
    /// When the execution started and ended.
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// The stretch that is shown; its end is `None` where it goes on.
    pub begin: i64,
    pub end: Option<i64>,
    /// The same in milliseconds after the start, where it was chosen.
    pub span: Option<(i64, i64)>,
    /// The iteration that the timeline is restricted to, such as `Each 2 › 0`.
    pub iteration: Option<String>,
    pub now: i64,
}

/// A row: a state, or a branch or an iteration around states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// What it is called among the groups that are folded and unfolded.
    pub key: String,
    /// How many rows it is inside of.
    pub depth: u32,
    pub name: String,
    /// The state that its bars are of; `None` for a branch or an iteration.
    pub state: Option<String>,
    /// The iteration that it is in, by the event with which it began.
    pub iteration: Option<u64>,
    pub status: Status,
    /// What its name does not say: how many iterations or visits, and how many of them failed.
    pub note: String,
    /// Whether what is inside is shown; `None` where nothing is inside.
    pub open: Option<bool>,
    /// How long all of it took, without what goes on since `open_since`.
    pub took: i64,
    pub open_since: Option<i64>,
    pub bars: Vec<Bar>,
}

/// A bar of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub kind: BarKind,
    /// The visit that it is of, counted from 1 among those of its state in its iteration: of several the worst.
    pub visit: Option<u64>,
    pub status: Status,
    pub from: i64,
    /// `None` where it goes on.
    pub to: Option<i64>,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BarKind {
    /// A visit, a branch or an iteration.
    Whole,
    /// One attempt of a visit that had several.
    Attempt(u32),
    /// The time between two attempts.
    BackOff,
    /// So many visits or attempts that stand too close to be told apart.
    Many(u32),
}

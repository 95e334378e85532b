//! What goes wrong, as a person reads it.

use serde::{Deserialize, Serialize};

/// An error as a person reads it: what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What happened, in one sentence.
    pub what: String,
    /// The remedy, in one sentence.
    pub remedy: String,
}

//! What the policy refuses whoever looks at a page.

use serde::{Deserialize, Serialize};

/// What a page's controls do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Start,
    Stop,
    Redrive,
    Deploy,
}

/// The acts that are refused, and why in one text: which policy says so, and whom to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub acts: Vec<Act>,
    pub why: String,
}

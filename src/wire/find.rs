//! What was found by a few letters: for the palette, and for the page that does without it.

use serde::{Deserialize, Serialize};

use super::Status;

/// What was found, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    pub hits: Vec<Hit>,
    /// What there is besides, in words: "12 workflows more".
    pub more: Vec<String>,
}

/// One place to go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub kind: HitKind,
    /// A text from outside, or an action in words.
    pub title: String,
    /// What tells it from others of the same title: a workflow, an ARN.
    pub detail: String,
    pub href: String,
    pub status: Option<Status>,
}

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HitKind {
    Page,
    Action,
    Workflow,
    Execution,
    Request,
}

impl HitKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Page => "Page",
            Self::Action => "Action",
            Self::Workflow => "Workflow",
            Self::Execution => "Execution",
            Self::Request => "Request",
        }
    }
}

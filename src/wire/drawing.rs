//! The drawing of a definition. It is a question of its own: an execution changes often, its drawing does not.

use serde::{Deserialize, Serialize};

use super::graph::Graph;

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// The definition of an execution, by its ARN.
    Execution(String),
    /// The definition of a workflow, by its name.
    Workflow(String),
}

/// How much of a drawing is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What a page opens with: all where that is little, else the part around the state of this name, or around the one
    /// that matters most.
    Around(Option<String>),
}

/// A drawing, or the part of it that a page opens with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    /// `None` where the definition could not be read.
    pub graph: Option<Graph>,
    /// Names the definition, so that a course is drawn on no other.
    pub definition: u64,
    /// How many nodes the whole drawing has; `graph` may have fewer.
    pub count: u32,
    /// The state that the page opens on.
    pub around: Option<String>,
}

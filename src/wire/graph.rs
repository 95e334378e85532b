//! A definition drawn.

use serde::{Deserialize, Serialize};

/// A definition drawn: sizes and places in CSS pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub width: f32,
    pub height: f32,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A state, or where the course begins or ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The state's name, or `__start` / `__end`.
    pub id: String,
    /// The name, and the same in lines that fit the box.
    pub label: String,
    pub label_lines: Vec<String>,
    pub kind: NodeKind,
    /// Such as `lambda:invoke` or `waits 60 s`, and the same in lines that fit the box.
    pub detail: String,
    pub detail_lines: Vec<String>,
    /// Whether the detail of a box stands beside its name.
    pub beside: bool,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    /// Whether it is a box around a Parallel's branches or a Map's body.
    pub container: bool,
    /// Whether it is one whose inside is not drawn.
    pub folded: bool,
    /// What a Task calls.
    pub service: Option<Service>,
    pub badges: Vec<Badge>,
}

/// The kinds of services that Task states call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    Function,
    Activity,
    Workflow,
    Database,
    Storage,
    Queue,
    Message,
    Event,
    Machine,
    Analytics,
    Model,
    Web,
    Other,
}

/// How a state retries, or a limit of its time: `up to 3 retries on any error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    pub kind: BadgeKind,
    pub text: String,
}

/// What a badge speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BadgeKind {
    Retry,
    Timeout,
    Heartbeat,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeKind {
    Start,
    End,
    Task,
    Pass,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// A transition between two states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Node ids.
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
    /// The whole condition, or the errors that are caught; and the same in lines.
    pub label: Option<String>,
    pub label_lines: Vec<String>,
    pub points: Vec<(f32, f32)>,
    /// The middle of the label, with its width and height.
    pub label_at: Option<(f32, f32)>,
    pub label_size: (f32, f32),
}

/// Why a transition is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EdgeKind {
    Next,
    Choice,
    Default,
    Catch,
}

//! A definition drawn, and what an execution adds to the drawing.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::map::{Area, Size};

/// A definition drawn: sizes and places in CSS pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    pub width: i32,
    pub height: i32,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A state, or where the course begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// Its place among all nodes of the definition, folded ones included: edges and a [`Course`] name it by this.
    pub number: u32,
    /// The Parallel or Map that it is drawn in.
    pub parent: Option<u32>,
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
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    /// Whether it is a box around a Parallel's branches or a Map's body.
    pub container: bool,
    /// Whether it is one whose inside is not drawn.
    pub folded: bool,
    /// What a Task calls.
    pub service: Option<Service>,
    pub badges: Vec<Badge>,
}

/// The kinds of services that Task states call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Badge {
    pub kind: BadgeKind,
    pub text: String,
}

/// What a badge speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BadgeKind {
    Retry,
    Timeout,
    Heartbeat,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A transition between two states, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    pub from: u32,
    pub to: u32,
    pub kind: EdgeKind,
    /// The whole condition, or the errors that are caught; and the same in lines.
    pub label: Option<String>,
    pub label_lines: Vec<String>,
    pub points: Vec<(i32, i32)>,
    /// The middle of the label, and its width and height.
    pub label_at: Option<(i32, i32)>,
    pub label_size: (i32, i32),
}

/// Why a transition is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EdgeKind {
    Next,
    Choice,
    Default,
    Catch,
}

/// What an execution, or one iteration of it, adds to the drawing of its definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The definition whose numbers these are: see [`super::drawing::Drawing`].
    pub definition: u64,
    /// The states that were reached.
    pub states: Vec<StateCourse>,
    /// The transitions that were taken, once each.
    pub taken: Vec<(u32, u32)>,
    /// Whether it has ended: what was not reached was passed over.
    pub over: bool,
}

/// How one state fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCourse {
    /// Its number.
    pub state: u32,
    pub status: Status,
    /// What there is to say besides, the most telling first.
    pub notes: Vec<Note>,
}

/// What a state shows besides its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// It waits, for a person, a worker or a moment.
    Waits {
        /// Whom for, such as `finance`; nothing where that is not known.
        whom: Option<String>,
        since: i64,
        until: Option<i64>,
        /// How many wait in this state.
        count: u32,
    },
    /// It tries again: the number of this attempt, and of the last one that its definition allows.
    Attempt { number: u32, of: Option<u32> },
    /// A Map: how many iterations there are, and how many of them have which status.
    Iterations { total: Option<u64>, counts: Vec<(Status, u64)> },
}

/// What the definition says of one state, in sentences where the drawing has lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutState {
    pub name: String,
    pub kind: NodeKind,
    pub detail: String,
    /// How it retries, and the limits of its time.
    pub limits: Vec<String>,
    /// Under what condition, or for which error, it leads to which state.
    pub leads: Vec<(String, String)>,
}

/// A drawing without words, for rows: each is the data of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    pub width: i32,
    pub height: i32,
    pub boxes: String,
    pub containers: String,
    pub lines: String,
}

impl Graph {
    /// Its size.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { width: self.width as f32, height: self.height as f32 }
    }

    /// The node of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == name)
    }
}

impl Node {
    /// Where it is.
    #[must_use]
    pub fn area(&self) -> Area {
        Area { x: self.x as f32, y: self.y as f32, width: self.width as f32, height: self.height as f32 }
    }

    /// Whether it is a state, and not where the course begins or ends.
    #[must_use]
    pub fn is_state(&self) -> bool {
        !matches!(self.kind, NodeKind::Start | NodeKind::End)
    }
}

impl Edge {
    /// The corners of its line.
    #[must_use]
    pub fn line(&self) -> Vec<(f32, f32)> {
        self.points.iter().map(|&(x, y)| (x as f32, y as f32)).collect()
    }

    /// What its line and its label cover.
    #[must_use]
    pub fn reach(&self) -> Area {
        let mut corners = self.line();
        if let Some((x, y)) = self.label_at {
            let (x, y, width, height) = (x as f32, y as f32, self.label_size.0 as f32, self.label_size.1 as f32);
            corners.extend([(x - width / 2.0, y - height / 2.0), (x + width / 2.0, y + height / 2.0)]);
        }
        Area::around(&corners)
    }
}

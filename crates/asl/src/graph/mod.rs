//! The drawing of a definition: nodes and edges with their positions, in pixels.
//!
//! Pure and deterministic: the same definition gives the same drawing. Text is measured by the widths of the site's own
//! typeface and broken into lines that fit: no name, condition or error is cut.

mod advance;
mod badge;
mod describe;
pub mod layered;
mod merged;
mod scope;
pub mod score;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Machine;

pub use badge::{Badge, BadgeKind, Service};
use merged::Drawn;
pub use merged::{Mark, Marks, layout_merged};

/// A drawing. Units are pixels, the origin is the top left corner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub width: f32,
    pub height: f32,
    /// Containers stand before what they hold.
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// What a node stands for: a type of state, or the begin and end of the top scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A state on the drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The state's name; `__start` and `__end` for the begin and end of the execution.
    pub id: String,
    pub label: String,
    /// The label in lines that fit the node.
    pub label_lines: Vec<String>,
    pub kind: NodeKind,
    /// What the state does: `lambda:invoke`, `waits 60 s`. May be empty.
    pub detail: String,
    /// The detail in lines that fit the node.
    pub detail_lines: Vec<String>,
    /// For a container: whether the detail is beside the label rather than below it.
    pub beside: bool,
    /// Index of the container in `nodes`.
    pub parent: Option<usize>,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    /// True for Parallel and Map states, which hold other nodes below a header strip.
    pub container: bool,
    /// A Parallel or Map state whose inside is not drawn.
    pub folded: bool,
    /// What a Task state calls.
    pub service: Option<Service>,
    /// How the state retries and times out.
    pub badges: Vec<Badge>,
}

/// Why an edge is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EdgeKind {
    Next,
    /// A rule of a Choice.
    Choice,
    /// The default of a Choice.
    Default,
    /// An error that was caught.
    Catch,
}

/// A transition from one state to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Index in `nodes`.
    pub from: usize,
    /// Index in `nodes`.
    pub to: usize,
    pub kind: EdgeKind,
    /// The condition or the error, as a whole.
    pub label: Option<String>,
    /// The label in lines.
    pub label_lines: Vec<String>,
    /// Corners of the line, from the border of `from` to the border of `to`.
    pub points: Vec<(f32, f32)>,
    /// Centre of the label.
    pub label_at: Option<(f32, f32)>,
    /// Width and height of the label's text.
    pub label_size: (f32, f32),
}

/// Free space around the drawing.
const MARGIN: f32 = 16.0;

/// Draws a definition. Transitions to missing states are left out.
pub fn layout(machine: &Machine) -> Graph {
    layout_with(machine, &mut layered::lay_out)
}

/// Draws a definition without the insides of some of its Parallel and Map states, by their names.
pub fn layout_folded(machine: &Machine, folded: &BTreeSet<String>) -> Graph {
    draw(machine, folded, &mut layered::lay_out)
}

/// Draws a definition with another layout of each scope, which gets the sizes of the boxes and their connections.
pub fn layout_with(machine: &Machine, engine: &mut Engine<'_>) -> Graph {
    draw(machine, &BTreeSet::new(), engine)
}

fn draw(machine: &Machine, folded: &BTreeSet<String>, engine: &mut Engine<'_>) -> Graph {
    let states = scope::States { start_at: &machine.start_at, states: &machine.states, before: None };
    let sketch = scope::Sketch::new(states, true, &Drawn { folded, changed: &BTreeSet::new() }, engine);
    let (width, height) = sketch.size();
    let mut graph = Graph { width: width + 2.0 * MARGIN, height: height + 2.0 * MARGIN, ..Graph::default() };
    sketch.place(&mut graph, &mut Marks::default(), None, (MARGIN, MARGIN));
    graph
}

/// What lays out a scope: boxes of these sizes, the first of which is the start, and the links between them.
pub type Engine<'a> = dyn FnMut(&[(f32, f32)], &[layered::Link]) -> layered::Layout + 'a;

#[cfg(test)]
mod tests;

//! One scope after the other, the innermost first: each is laid out alone and placed in its container as a box.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::model::{Catcher, ChoiceRule, State, StateKind, Transition};

use super::describe::{catchers_label, detail, kind, rules_labels};
use super::layered::{self, Layout, Link};
use super::{Edge, EdgeKind, Graph, Node, NodeKind, text};

const NODE_WIDTH: f32 = 176.0;
const WIDEST_NODE: f32 = 280.0;
const NODE_HEIGHT: f32 = 44.0;
/// Room beside the name for the icon and the lamp.
const NODE_MARGIN: f32 = 56.0;
const TERMINAL: (f32, f32) = (64.0, 28.0);
const HEADER: f32 = 28.0;
const PADDING: f32 = 16.0;
/// Space between the branches of a Parallel.
const BRANCH_GAP: f32 = 28.0;
const NAME_SIZE: f32 = 13.0;
const LABEL_SIZE: f32 = 11.0;
const LABEL_HEIGHT: f32 = 18.0;

/// A scope that has been laid out, not yet placed.
pub(super) struct Sketch {
    items: Vec<Item>,
    edges: Vec<(EdgeKind, Option<String>, usize, usize)>,
    layout: Layout,
}

/// A box of a scope, with the scopes inside it and where they stand in it.
struct Item {
    node: Node,
    inside: Vec<(Sketch, f32, f32)>,
}

impl Sketch {
    /// Lays out the states; `whole` adds the begin and the end of the execution.
    pub fn new(start_at: &str, states: &IndexMap<String, State>, whole: bool) -> Sketch {
        let mut items = Vec::with_capacity(states.len() + 2);
        if whole {
            items.push(terminal("__start", "Start", NodeKind::Start));
        }
        // The layout begins with the first box: the state to start with goes before the others.
        let first = states.get(start_at);
        let others = states.values().filter(|state| state.name != start_at);
        let ordered: Vec<&State> = first.into_iter().chain(others).collect();
        let index: BTreeMap<&str, usize> =
            ordered.iter().enumerate().map(|(at, state)| (state.name.as_str(), at + items.len())).collect();
        let end = whole.then_some(items.len() + ordered.len());
        items.extend(ordered.iter().map(|state| item(state)));
        let mut edges = Vec::new();
        if let (true, Some(&first)) = (whole, index.get(start_at)) {
            edges.push((EdgeKind::Next, None, 0, first));
        }
        for state in &ordered {
            edges.extend(edges_of(state, &index, end));
        }
        if end.is_some() {
            items.push(terminal("__end", "End", NodeKind::End));
        }
        let sizes: Vec<(f32, f32)> = items.iter().map(|item| (item.node.width, item.node.height)).collect();
        let links: Vec<Link> = edges.iter().map(link).collect();
        Sketch { layout: layered::lay_out(&sizes, &links), items, edges }
    }

    /// Adds the nodes and edges to the graph, moved by an offset.
    pub fn place(self, graph: &mut Graph, parent: Option<usize>, offset: (f32, f32)) {
        let mut indices = Vec::with_capacity(self.items.len());
        for (item, corner) in self.items.into_iter().zip(&self.layout.corners) {
            let (x, y) = (corner.0 + offset.0, corner.1 + offset.1);
            let index = graph.nodes.len();
            indices.push(index);
            graph.nodes.push(Node { parent, x, y, ..item.node });
            for (sketch, inner_x, inner_y) in item.inside {
                sketch.place(graph, Some(index), (x + inner_x, y + inner_y));
            }
        }
        for ((kind, label, from, to), route) in self.edges.into_iter().zip(self.layout.routes) {
            let moved = |point: (f32, f32)| (point.0 + offset.0, point.1 + offset.1);
            graph.edges.push(Edge {
                from: indices[from],
                to: indices[to],
                kind,
                label,
                points: route.points.into_iter().map(moved).collect(),
                label_at: route.label_at.map(moved),
            });
        }
    }

    pub fn size(&self) -> (f32, f32) {
        (self.layout.width, self.layout.height)
    }
}

fn terminal(id: &str, label: &str, kind: NodeKind) -> Item {
    Item { node: node(id, label, kind, String::new(), TERMINAL), inside: Vec::new() }
}

fn node(id: &str, label: &str, kind: NodeKind, detail: String, size: (f32, f32)) -> Node {
    let (width, height) = size;
    let container = matches!(kind, NodeKind::Parallel | NodeKind::Map);
    Node {
        id: id.to_owned(),
        label: label.to_owned(),
        kind,
        detail,
        parent: None,
        x: 0.0,
        y: 0.0,
        width,
        height,
        container,
    }
}

fn item(state: &State) -> Item {
    let (kind, detail) = (kind(state), detail(state));
    let wanted = text::width(&state.name, NAME_SIZE).max(text::width(&detail, LABEL_SIZE)) + NODE_MARGIN;
    let width = wanted.clamp(NODE_WIDTH, WIDEST_NODE).ceil();
    let mut inside = Vec::new();
    let (mut right, mut bottom) = (PADDING, 0.0_f32);
    for scope in state.scopes() {
        let sketch = Sketch::new(&scope.start_at, &scope.states, false);
        let (inner_width, inner_height) = sketch.size();
        inside.push((sketch, right, HEADER + PADDING));
        right += inner_width + BRANCH_GAP;
        bottom = bottom.max(inner_height);
    }
    let size = match state.kind {
        StateKind::Parallel(_) | StateKind::Map(_) => {
            let content = if inside.is_empty() { 0.0 } else { right - BRANCH_GAP + PADDING };
            // A header wider than the content: the content stands in the middle.
            let shift = ((width - content) / 2.0).max(0.0);
            inside.iter_mut().for_each(|(_, x, _)| *x += shift);
            (width.max(content), HEADER + bottom + 2.0 * PADDING)
        }
        _ => (width, NODE_HEIGHT),
    };
    Item { node: node(&state.name, &state.name, kind, detail, size), inside }
}

fn link((kind, label, from, to): &(EdgeKind, Option<String>, usize, usize)) -> Link {
    Link {
        from: *from,
        to: *to,
        label: label.as_ref().map(|label| (text::width(label, LABEL_SIZE).ceil() + 12.0, LABEL_HEIGHT)),
        class: u8::from(*kind == EdgeKind::Catch),
        aside: *kind == EdgeKind::Catch,
    }
}

/// The edges that leave a state. Those for the same reason to the same state are one.
fn edges_of(
    state: &State,
    index: &BTreeMap<&str, usize>,
    end: Option<usize>,
) -> Vec<(EdgeKind, Option<String>, usize, usize)> {
    let from = index[state.name.as_str()];
    let mut edges = Vec::new();
    match (&state.kind, &state.transition) {
        (StateKind::Choice(choice), _) => {
            let mut targets: IndexMap<&str, Vec<&ChoiceRule>> = IndexMap::new();
            choice.rules.iter().for_each(|rule| targets.entry(&rule.next).or_default().push(rule));
            let (targets, rules): (Vec<&str>, Vec<_>) = targets.into_iter().unzip();
            for (next, label) in targets.into_iter().zip(rules_labels(&rules)) {
                edges.extend(index.get(next).map(|&to| (EdgeKind::Choice, Some(label), from, to)));
            }
            let default = choice.default.as_deref().and_then(|default| index.get(default));
            edges.extend(default.map(|&to| (EdgeKind::Default, Some("otherwise".to_owned()), from, to)));
        }
        (StateKind::Succeed | StateKind::Fail(_), _) | (_, Some(Transition::End)) => {
            edges.extend(end.map(|to| (EdgeKind::Next, None, from, to)));
        }
        (_, Some(Transition::Next(next))) => {
            edges.extend(index.get(next.as_str()).map(|&to| (EdgeKind::Next, None, from, to)));
        }
        (_, None) => {}
    }
    let mut handlers: IndexMap<&str, Vec<&Catcher>> = IndexMap::new();
    state.catch.iter().for_each(|catcher| handlers.entry(&catcher.next).or_default().push(catcher));
    for (next, catchers) in handlers {
        edges.extend(index.get(next).map(|&to| (EdgeKind::Catch, Some(catchers_label(&catchers)), from, to)));
    }
    edges
}

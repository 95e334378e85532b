//! Lays out scope by scope, the innermost first: each alone, then placed in its container as a box.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexmap::IndexMap;

use crate::model::{Catcher, ChoiceRule, Scope, State, StateKind, Transition};

use super::badge::{badges, service};
use super::describe::{catchers_label, detail, kind, rules_label};
use super::layered::{Layout, Link};
use super::merged::{Drawn, Mark, Marks};
use super::{Edge, EdgeKind, Engine, Graph, Node, NodeKind, text};

const NODE_WIDTH: f32 = 176.0;
const WIDEST_NODE: f32 = 280.0;
const NODE_HEIGHT: f32 = 44.0;
/// Room before the texts for the picture of the state, and space after the detail.
const PICTURE: f32 = 32.0;
const END: f32 = 12.0;
/// Room after the name for the mark of an execution; that for the link that folds; that for each badge after the detail.
const MARK: f32 = 28.0;
const FOLD: f32 = 20.0;
const BADGE: f32 = 16.0;
/// The height that each further line of a name or a detail adds to a box.
const NAME_LINE: f32 = 15.0;
const DETAIL_LINE: f32 = 14.0;
/// The most lines of a name and of a detail. A name that AWS accepts needs fewer.
const MOST_LINES: usize = 6;
const TERMINAL: (f32, f32) = (64.0, 28.0);
const HEADER: f32 = 28.0;
const PADDING: f32 = 16.0;
/// Space between the branches of a Parallel, and how wide they may be together in one row.
const BRANCH_GAP: f32 = 28.0;
const WIDEST_ROW: f32 = 3_200.0;
/// Space between a container's name and the detail beside it.
const BESIDE_GAP: f32 = 16.0;
/// Widest line and most lines of an edge's label.
const LABEL_WIDTH: f32 = 210.0;
const LABEL_LINES: usize = 9;
const LABEL_LINE: f32 = 14.0;
const LABEL_MARGIN: (f32, f32) = (12.0, 4.0);

/// The states of a scope, and those that an earlier definition had there, where two are drawn as one.
#[derive(Clone, Copy)]
pub(super) struct States<'a> {
    pub start_at: &'a str,
    pub states: &'a IndexMap<String, State>,
    /// Where the earlier definition began, and its states.
    pub before: Option<(&'a str, &'a IndexMap<String, State>)>,
}

impl<'a> States<'a> {
    fn before(&self, name: &str) -> Option<&'a State> {
        self.before?.1.get(name)
    }

    /// The states of both, without those of the earlier definition that are still there. The layout begins with the first
    /// box, so the start state comes first.
    fn ordered(&self) -> Vec<&'a State> {
        let first = self.states.get(self.start_at);
        let others = self.states.values().filter(|state| state.name != self.start_at);
        let gone = self.before.into_iter().flat_map(|(_, before)| before.values());
        let gone = gone.filter(|state| !self.states.contains_key(&state.name));
        first.into_iter().chain(others).chain(gone).collect()
    }
}

/// A scope that is laid out but not yet placed.
pub(super) struct Sketch {
    items: Vec<Item>,
    edges: Vec<Arc>,
    layout: Layout,
}

/// An edge of a scope, between two of its boxes.
#[derive(PartialEq)]
struct Arc {
    mark: Mark,
    kind: EdgeKind,
    label: Option<String>,
    label_lines: Vec<String>,
    from: usize,
    to: usize,
}

impl Arc {
    fn new(kind: EdgeKind, label: Option<String>, from: usize, to: usize) -> Arc {
        let lines = label.as_deref().map(|label| text::wrapped(label, text::DETAIL, LABEL_WIDTH, LABEL_LINES));
        Arc { mark: Mark::Same, kind, label, label_lines: lines.unwrap_or_default(), from, to }
    }

    fn text_size(&self) -> (f32, f32) {
        let widest = self.label_lines.iter().map(|line| text::width(line.trim_end(), text::DETAIL)).fold(0.0, f32::max);
        (widest.ceil(), LABEL_LINE * self.label_lines.len() as f32)
    }
}

/// A box of a scope, with the scopes inside it and their positions.
struct Item {
    node: Node,
    mark: Mark,
    inside: Vec<(Sketch, f32, f32)>,
}

impl Sketch {
    /// Lays out the states; `whole` adds the begin and the end of the execution.
    pub fn new(states: States<'_>, whole: bool, drawn: &Drawn<'_>, engine: &mut Engine<'_>) -> Sketch {
        let ordered = states.ordered();
        let mut items = Vec::with_capacity(ordered.len() + 2);
        if whole {
            items.push(terminal("__start", "Start", NodeKind::Start));
        }
        let index: BTreeMap<&str, usize> =
            ordered.iter().enumerate().map(|(at, state)| (state.name.as_str(), at + items.len())).collect();
        let end = whole.then_some(items.len() + ordered.len());
        for state in &ordered {
            let now = states.states.get(&state.name);
            let mark = match (now, states.before(&state.name), states.before) {
                (_, _, None) => Mark::Same,
                (Some(_), None, _) => Mark::Added,
                (None, ..) => Mark::Removed,
                (Some(_), Some(_), _) if drawn.changed.contains(&state.name) => Mark::Changed,
                _ => Mark::Same,
            };
            let before = now.and(states.before(&state.name));
            items.push(Item { mark, ..item(state, before, drawn, engine) });
        }
        let mut edges = Vec::new();
        let begin = |start_at: &str| whole.then(|| index.get(start_at)).flatten();
        let begins = |start_at: &str| begin(start_at).map(|&first| Arc::new(EdgeKind::Next, None, 0, first));
        let earlier = states.before.map(|(start_at, _)| begins(start_at).into_iter().collect());
        merge(&mut edges, begins(states.start_at).into_iter().collect(), earlier);
        for state in &ordered {
            let now = states.states.get(&state.name).map(|state| edges_of(state, &index, end)).unwrap_or_default();
            let before = states.before(&state.name).map(|state| edges_of(state, &index, end)).unwrap_or_default();
            merge(&mut edges, now, states.before.map(|_| before));
        }
        if end.is_some() {
            items.push(terminal("__end", "End", NodeKind::End));
        }
        let sizes: Vec<(f32, f32)> = items.iter().map(|item| (item.node.width, item.node.height)).collect();
        let links: Vec<Link> = edges.iter().map(link).collect();
        Sketch { layout: engine(&sizes, &links), items, edges }
    }

    /// Adds the nodes and edges to the graph, moved by an offset.
    pub fn place(self, graph: &mut Graph, marks: &mut Marks, parent: Option<usize>, offset: (f32, f32)) {
        let mut indices = Vec::with_capacity(self.items.len());
        for (item, corner) in self.items.into_iter().zip(&self.layout.corners) {
            let (x, y) = (corner.0 + offset.0, corner.1 + offset.1);
            let index = graph.nodes.len();
            indices.push(index);
            graph.nodes.push(Node { parent, x, y, ..item.node });
            marks.nodes.push(item.mark);
            for (sketch, inner_x, inner_y) in item.inside {
                sketch.place(graph, marks, Some(index), (x + inner_x, y + inner_y));
            }
        }
        for (arc, route) in self.edges.into_iter().zip(self.layout.routes) {
            let moved = |point: (f32, f32)| (point.0 + offset.0, point.1 + offset.1);
            let label_size = arc.text_size();
            marks.edges.push(arc.mark);
            graph.edges.push(Edge {
                from: indices[arc.from],
                to: indices[arc.to],
                kind: arc.kind,
                label: arc.label,
                label_lines: arc.label_lines,
                points: route.points.into_iter().map(moved).collect(),
                label_at: route.label_at.map(moved),
                label_size,
            });
        }
    }

    pub fn size(&self) -> (f32, f32) {
        (self.layout.width, self.layout.height)
    }
}

fn terminal(id: &str, label: &str, kind: NodeKind) -> Item {
    let node = Node { label_lines: vec![label.to_owned()], ..node(id, label, kind, String::new()) };
    Item { node: Node { width: TERMINAL.0, height: TERMINAL.1, ..node }, mark: Mark::Same, inside: Vec::new() }
}

/// A node that has no size and no lines yet.
fn node(id: &str, label: &str, kind: NodeKind, detail: String) -> Node {
    Node {
        id: id.to_owned(),
        label: label.to_owned(),
        label_lines: Vec::new(),
        kind,
        detail,
        detail_lines: Vec::new(),
        beside: false,
        parent: None,
        x: 0.0,
        y: 0.0,
        width: 0.0,
        height: 0.0,
        container: matches!(kind, NodeKind::Parallel | NodeKind::Map),
        folded: false,
        service: None,
        badges: Vec::new(),
    }
}

fn item(state: &State, before: Option<&State>, drawn: &Drawn<'_>, engine: &mut Engine<'_>) -> Item {
    let mut node = node(&state.name, &state.name, kind(state), detail(state));
    (node.service, node.badges) = (service(state), badges(state));
    node.folded = node.container && drawn.folded.contains(&state.name);
    node.container &= !node.folded;
    let beside = Beside::of(&node);
    let name = text::width(&node.label, text::NAME) + beside.name;
    let width = name.max(text::width(&node.detail, text::DETAIL) + beside.detail);
    let width = width.clamp(NODE_WIDTH, WIDEST_NODE).ceil();
    let scopes = inside_of(state, before).into_iter().filter(|_| node.container);
    let sketches: Vec<Sketch> = scopes.map(|scope| Sketch::new(scope, false, drawn, engine)).collect();
    let (corners, (right, bottom)) = in_rows(&sketches.iter().map(Sketch::size).collect::<Vec<_>>());
    let mut inside: Vec<_> =
        sketches.into_iter().zip(corners).map(|(sketch, (x, y))| (sketch, x + PADDING, y)).collect();
    if node.container {
        let content = if inside.is_empty() { 0.0 } else { right + 2.0 * PADDING };
        let header = set_text(&mut node, width.max(content));
        // Under a header that is wider than the content, the content is centred.
        let shift = ((width - content) / 2.0).max(0.0);
        inside.iter_mut().for_each(|(_, x, y)| (*x, *y) = (*x + shift, *y + header + PADDING));
        node.height = header + bottom + 2.0 * PADDING;
    } else {
        node.height = set_text(&mut node, width);
    }
    Item { node, mark: Mark::Same, inside }
}

/// Where scopes stand side by side: in one row, or in several where that one would be too wide. Their corners, and the size
/// of all together.
fn in_rows(sizes: &[(f32, f32)]) -> (Vec<(f32, f32)>, (f32, f32)) {
    let whole: f32 = sizes.iter().map(|(width, _)| width + BRANCH_GAP).sum();
    let tallest = sizes.iter().map(|(_, height)| *height).fold(0.0, f32::max) + BRANCH_GAP;
    // About twice as wide as high.
    let most = if whole > WIDEST_ROW { (2.0 * whole * tallest).sqrt().max(WIDEST_ROW / 2.0) } else { whole };
    let (mut corners, mut right, mut bottom) = (Vec::with_capacity(sizes.len()), 0.0_f32, 0.0_f32);
    let (mut x, mut y) = (0.0, 0.0);
    for &(width, height) in sizes {
        if x > 0.0 && x + width > most {
            (x, y) = (0.0, bottom + BRANCH_GAP);
        }
        corners.push((x, y));
        (right, bottom) = (right.max(x + width), bottom.max(y + height));
        x += width + BRANCH_GAP;
    }
    (corners, (right, bottom))
}

/// The scopes inside a state: each beside the one that stood in its place before.
fn inside_of<'a>(state: &'a State, before: Option<&'a State>) -> Vec<States<'a>> {
    let (now, past) = (state.scopes(), before.map(State::scopes));
    let empty = empty_scope();
    let most = now.len().max(past.map_or(0, <[Scope]>::len));
    let scope = |index: usize| {
        let scope = now.get(index).unwrap_or(empty);
        let before = past.map(|past| past.get(index).unwrap_or(empty));
        States {
            start_at: &scope.start_at,
            states: &scope.states,
            before: before.map(|scope| (scope.start_at.as_str(), &scope.states)),
        }
    };
    (0..most).map(scope).collect()
}

/// The place of a scope that one of two definitions does not have.
fn empty_scope() -> &'static Scope {
    static EMPTY: LazyLock<Scope> = LazyLock::new(|| Scope { start_at: String::new(), states: IndexMap::new() });
    &EMPTY
}

/// Adds the edges of two definitions: those that both have once. Without an earlier definition nothing is marked.
fn merge(edges: &mut Vec<Arc>, now: Vec<Arc>, before: Option<Vec<Arc>>) {
    let Some(mut before) = before else {
        edges.extend(now);
        return;
    };
    for arc in now {
        let known = before.iter().position(|one| *one == arc);
        let mark = if known.map(|at| before.remove(at)).is_some() { Mark::Same } else { Mark::Added };
        edges.push(Arc { mark, ..arc });
    }
    edges.extend(before.into_iter().map(|arc| Arc { mark: Mark::Removed, ..arc }));
}

/// The room that a node's line with the name and its line with the detail have no text in.
struct Beside {
    name: f32,
    detail: f32,
}

impl Beside {
    fn of(node: &Node) -> Beside {
        let fold = if node.container || node.folded { FOLD } else { 0.0 };
        let badges = BADGE * node.badges.len() as f32;
        let (first, second) = if node.container { (badges, 0.0) } else { (0.0, badges) };
        Beside { name: PICTURE + MARK + fold + first, detail: PICTURE + END + second }
    }
}

/// Breaks a node's texts into lines for its width. Returns the height that they take: of the node, or of its header.
fn set_text(node: &mut Node, width: f32) -> f32 {
    node.width = width;
    let beside = Beside::of(node);
    let room = width - beside.name;
    node.label_lines = text::wrapped(&node.label, text::NAME, room, MOST_LINES);
    node.detail_lines = text::wrapped(&node.detail, text::DETAIL, width - beside.detail, MOST_LINES);
    let names = NAME_LINE * node.label_lines.len().saturating_sub(1) as f32;
    let details = node.detail_lines.len() as f32;
    if !node.container {
        return NODE_HEIGHT + names + DETAIL_LINE * (details - 1.0).max(0.0);
    }
    let both = text::width(&node.label, text::NAME) + BESIDE_GAP + text::width(&node.detail, text::DETAIL);
    node.beside = node.label_lines.len() == 1 && both <= room;
    HEADER + names + if node.beside { 0.0 } else { DETAIL_LINE * details }
}

fn link(arc: &Arc) -> Link {
    let (width, height) = arc.text_size();
    let size = (width + LABEL_MARGIN.0, height + LABEL_MARGIN.1);
    let aside = arc.kind == EdgeKind::Catch;
    Link {
        from: arc.from,
        to: arc.to,
        label: (!arc.label_lines.is_empty()).then_some(size),
        class: u8::from(aside),
        aside,
    }
}

/// The edges that leave a state. Transitions of the same kind to the same state are one edge.
fn edges_of(state: &State, index: &BTreeMap<&str, usize>, end: Option<usize>) -> Vec<Arc> {
    let from = index[state.name.as_str()];
    let mut edges = Vec::new();
    match (&state.kind, &state.transition) {
        (StateKind::Choice(choice), _) => {
            let mut targets: IndexMap<&str, Vec<&ChoiceRule>> = IndexMap::new();
            choice.rules.iter().for_each(|rule| targets.entry(&rule.next).or_default().push(rule));
            for (next, rules) in targets {
                let label = Some(rules_label(&rules));
                edges.extend(index.get(next).map(|&to| Arc::new(EdgeKind::Choice, label, from, to)));
            }
            let default = choice.default.as_deref().and_then(|default| index.get(default));
            edges.extend(default.map(|&to| Arc::new(EdgeKind::Default, Some("otherwise".to_owned()), from, to)));
        }
        (StateKind::Succeed | StateKind::Fail(_), _) | (_, Some(Transition::End)) => {
            edges.extend(end.map(|to| Arc::new(EdgeKind::Next, None, from, to)));
        }
        (_, Some(Transition::Next(next))) => {
            edges.extend(index.get(next.as_str()).map(|&to| Arc::new(EdgeKind::Next, None, from, to)));
        }
        (_, None) => {}
    }
    let mut handlers: IndexMap<&str, Vec<&Catcher>> = IndexMap::new();
    state.catch.iter().for_each(|catcher| handlers.entry(&catcher.next).or_default().push(catcher));
    for (next, catchers) in handlers {
        edges.extend(index.get(next).map(|&to| Arc::new(EdgeKind::Catch, Some(catchers_label(&catchers)), from, to)));
    }
    edges
}

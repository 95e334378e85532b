//! The language's drawing as it crosses the wire.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use countersign_asl::graph as asl;
use countersign_desk::watch::Definition;

use crate::visible::visible;
use crate::wire::graph::{AboutState, Badge, BadgeKind, Edge, EdgeKind, Graph, Node, NodeKind, Service, Sketch};

/// The numbers of a definition's states: their places in the drawing where nothing is folded.
pub struct Numbers<'a>(HashMap<&'a str, u32>);

impl<'a> Numbers<'a> {
    /// Those of a drawing.
    #[must_use]
    pub fn of(graph: &'a asl::Graph) -> Self {
        Self(graph.nodes.iter().zip(0..).map(|(node, number)| (node.id.as_str(), number)).collect())
    }

    /// The number of a state.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.0.get(name).copied()
    }
}

/// The drawing of a definition without the insides of the states that `folded` names, one a line.
#[must_use]
pub fn drawn(definition: &Definition, folded: Option<&str>) -> Option<Graph> {
    let whole = definition.graph.as_ref()?;
    let numbers = Numbers::of(whole);
    let (Some(machine), Some(folded)) = (&definition.machine, folded) else {
        return Some(drawing(whole, &numbers));
    };
    let folded: BTreeSet<String> = folded.lines().map(str::to_owned).collect();
    Some(drawing(&asl::layout_folded(machine, &folded), &numbers))
}

/// A drawing that belongs to no definition of the connection.
#[must_use]
pub fn whole(graph: &asl::Graph) -> Graph {
    drawing(graph, &Numbers::of(graph))
}

/// To the pixel.
fn px(length: f32) -> i32 {
    length.round() as i32
}

fn drawing(from: &asl::Graph, numbers: &Numbers<'_>) -> Graph {
    // Proof of the default: whatever is folded, the drawing has no node that the whole one does not have.
    let number = |index: usize| from.nodes.get(index).and_then(|node| numbers.get(&node.id)).unwrap_or_default();
    let seen = |line: &String| visible(line).into_owned();
    let point = |&(x, y): &(f32, f32)| (px(x), px(y));
    Graph {
        width: px(from.width),
        height: px(from.height),
        nodes: from
            .nodes
            .iter()
            .enumerate()
            .map(|(index, node)| Node {
                number: number(index),
                parent: node.parent.map(number),
                id: node.id.clone(),
                label: visible(&node.label).into_owned(),
                label_lines: node.label_lines.iter().map(seen).collect(),
                kind: node_kind(node.kind),
                detail: visible(&node.detail).into_owned(),
                detail_lines: node.detail_lines.iter().map(seen).collect(),
                beside: node.beside,
                x: px(node.x),
                y: px(node.y),
                width: px(node.width),
                height: px(node.height),
                container: node.container,
                folded: node.folded,
                service: node.service.map(service),
                badges: node.badges.iter().map(badge).collect(),
            })
            .collect(),
        edges: from
            .edges
            .iter()
            .map(|edge| Edge {
                from: number(edge.from),
                to: number(edge.to),
                kind: edge_kind(edge.kind),
                label: edge.label.as_deref().map(|label| visible(label).into_owned()),
                label_lines: edge.label_lines.iter().map(seen).collect(),
                points: edge.points.iter().map(point).collect(),
                label_at: edge.label_at.as_ref().map(point),
                label_size: point(&edge.label_size),
            })
            .collect(),
    }
}

/// What a definition says of one of its states, whether it is drawn or inside of one that is folded.
#[must_use]
pub fn about(definition: &Definition, name: &str) -> Option<AboutState> {
    let graph = definition.graph.as_ref()?;
    let index = graph.nodes.iter().position(|node| node.id == name)?;
    let node = &graph.nodes[index];
    let leads = graph.edges.iter().filter(|edge| edge.from == index).filter_map(|edge| {
        let label = edge.label.as_deref().map_or_else(String::new, |label| visible(label).into_owned());
        let why = match edge.kind {
            asl::EdgeKind::Next => "Next".to_owned(),
            asl::EdgeKind::Choice => format!("If {label}"),
            asl::EdgeKind::Default => "Otherwise".to_owned(),
            asl::EdgeKind::Catch => format!("On {label}"),
        };
        let to = graph.nodes.get(edge.to)?;
        Some((why, if to.kind == asl::NodeKind::End { "the end".to_owned() } else { to.id.clone() }))
    });
    Some(AboutState {
        name: name.to_owned(),
        kind: node_kind(node.kind),
        detail: visible(&node.detail).into_owned(),
        limits: node.badges.iter().map(|badge| visible(&badge.text).into_owned()).collect(),
        leads: leads.collect(),
    })
}

/// The drawing without words. Lines that nobody could tell apart are left out.
#[must_use]
pub fn sketch(from: &asl::Graph) -> Sketch {
    const LINES: usize = 300;
    let (mut boxes, mut containers, mut lines) = (String::new(), String::new(), String::new());
    for node in &from.nodes {
        let to = if node.container { &mut containers } else { &mut boxes };
        let (x, y, width, height) = (px(node.x), px(node.y), px(node.width), px(node.height));
        // Proof: writing to a string does not fail.
        _ = write!(to, "M{x} {y}h{width}v{height}h-{width}z");
    }
    for edge in from.edges.iter().take(LINES) {
        for (index, &(x, y)) in edge.points.iter().enumerate() {
            _ = write!(lines, "{}{} {}", if index == 0 { "M" } else { "L" }, px(x), px(y));
        }
    }
    Sketch { width: px(from.width), height: px(from.height), boxes, containers, lines }
}
const fn node_kind(kind: asl::NodeKind) -> NodeKind {
    match kind {
        asl::NodeKind::Start => NodeKind::Start,
        asl::NodeKind::End => NodeKind::End,
        asl::NodeKind::Task => NodeKind::Task,
        asl::NodeKind::Pass => NodeKind::Pass,
        asl::NodeKind::Choice => NodeKind::Choice,
        asl::NodeKind::Wait => NodeKind::Wait,
        asl::NodeKind::Succeed => NodeKind::Succeed,
        asl::NodeKind::Fail => NodeKind::Fail,
        asl::NodeKind::Parallel => NodeKind::Parallel,
        asl::NodeKind::Map => NodeKind::Map,
    }
}

fn badge(badge: &asl::Badge) -> Badge {
    let kind = match badge.kind {
        asl::BadgeKind::Retry => BadgeKind::Retry,
        asl::BadgeKind::Timeout => BadgeKind::Timeout,
        asl::BadgeKind::Heartbeat => BadgeKind::Heartbeat,
    };
    Badge { kind, text: visible(&badge.text).into_owned() }
}

const fn service(service: asl::Service) -> Service {
    match service {
        asl::Service::Function => Service::Function,
        asl::Service::Activity => Service::Activity,
        asl::Service::Workflow => Service::Workflow,
        asl::Service::Database => Service::Database,
        asl::Service::Storage => Service::Storage,
        asl::Service::Queue => Service::Queue,
        asl::Service::Message => Service::Message,
        asl::Service::Event => Service::Event,
        asl::Service::Machine => Service::Machine,
        asl::Service::Analytics => Service::Analytics,
        asl::Service::Model => Service::Model,
        asl::Service::Web => Service::Web,
        asl::Service::Other => Service::Other,
    }
}

const fn edge_kind(kind: asl::EdgeKind) -> EdgeKind {
    match kind {
        asl::EdgeKind::Next => EdgeKind::Next,
        asl::EdgeKind::Choice => EdgeKind::Choice,
        asl::EdgeKind::Default => EdgeKind::Default,
        asl::EdgeKind::Catch => EdgeKind::Catch,
    }
}

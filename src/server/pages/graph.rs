//! The language's drawing as it crosses the wire.

use countersign_asl::graph as asl;

use crate::visible::visible;
use crate::wire::graph::{Edge, EdgeKind, Graph, Node, NodeKind};

/// The drawing, with nodes named instead of numbered.
#[must_use]
pub fn drawing(from: &asl::Graph) -> Graph {
    let id = |index: usize| from.nodes.get(index).map_or_else(String::new, |node| node.id.clone());
    let seen = |line: &String| visible(line).into_owned();
    Graph {
        width: from.width,
        height: from.height,
        nodes: from
            .nodes
            .iter()
            .map(|node| Node {
                id: node.id.clone(),
                label: visible(&node.label).into_owned(),
                label_lines: node.label_lines.iter().map(seen).collect(),
                kind: node_kind(node.kind),
                detail: visible(&node.detail).into_owned(),
                detail_lines: node.detail_lines.iter().map(seen).collect(),
                beside: node.beside,
                x: node.x,
                y: node.y,
                width: node.width,
                height: node.height,
                container: node.container,
            })
            .collect(),
        edges: from
            .edges
            .iter()
            .map(|edge| Edge {
                from: id(edge.from),
                to: id(edge.to),
                kind: edge_kind(edge.kind),
                label: edge.label.as_deref().map(|label| visible(label).into_owned()),
                label_lines: edge.label_lines.iter().map(seen).collect(),
                points: edge.points.clone(),
                label_at: edge.label_at,
            })
            .collect(),
    }
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

const fn edge_kind(kind: asl::EdgeKind) -> EdgeKind {
    match kind {
        asl::EdgeKind::Next => EdgeKind::Next,
        asl::EdgeKind::Choice => EdgeKind::Choice,
        asl::EdgeKind::Default => EdgeKind::Default,
        asl::EdgeKind::Catch => EdgeKind::Catch,
    }
}

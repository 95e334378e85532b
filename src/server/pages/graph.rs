//! The language's drawing as it crosses the wire.

use std::collections::BTreeSet;

use countersign_asl::graph as asl;
use countersign_desk::watch::Definition;

use crate::visible::visible;
use crate::wire::graph::{Badge, BadgeKind, Edge, EdgeKind, Graph, Node, NodeKind, Service};

/// The drawing of a definition without the insides of the states that `folded` names, one a line.
#[must_use]
pub fn drawn(definition: &Definition, folded: Option<&str>) -> Option<Graph> {
    let (Some(machine), Some(folded)) = (&definition.machine, folded) else {
        return definition.graph.as_ref().map(drawing);
    };
    let folded: BTreeSet<String> = folded.lines().map(str::to_owned).collect();
    Some(drawing(&asl::layout_folded(machine, &folded)))
}

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
                folded: node.folded,
                service: node.service.map(service),
                badges: node.badges.iter().map(badge).collect(),
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
                label_size: edge.label_size,
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

//! A drawing made ready for the page: what each of its parts is called, and where it is.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use crate::map::{Area, Size};
use crate::wire::drawing::Drawing;
use crate::wire::graph::{Edge, Graph, Node};

/// A node or a transition, with the key of its row: the same as long as it looks the same and is at the same place.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T> {
    pub key: String,
    pub is: Arc<T>,
}

impl<T: Clone + Hash> Part<T> {
    fn of(is: &T) -> Self {
        let mut hasher = DefaultHasher::new();
        is.hash(&mut hasher);
        Self { key: hasher.finish().to_string(), is: Arc::new(is.clone()) }
    }
}

/// A drawing, or the part of it that has arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub graph: Graph,
    /// How many nodes the whole drawing has.
    pub count: usize,
    nodes: Vec<Part<Node>>,
    edges: Vec<(Part<Edge>, Area)>,
    /// The place of a node in `graph` by its number.
    places: HashMap<u32, usize>,
}

impl Scene {
    /// The scene of a drawing; an empty one where the definition could not be read.
    pub fn of(drawing: &Drawing) -> Self {
        let Some(graph) = drawing.graph.clone() else { return Self::default() };
        Self {
            count: usize::try_from(drawing.count).unwrap_or(usize::MAX),
            nodes: graph.nodes.iter().map(Part::of).collect(),
            edges: graph.edges.iter().map(|edge| (Part::of(edge), edge.reach())).collect(),
            places: graph.nodes.iter().enumerate().map(|(place, node)| (node.number, place)).collect(),
            graph,
        }
    }

    /// Whether all of the drawing is here.
    pub fn is_whole(&self) -> bool {
        self.graph.nodes.len() == self.count
    }

    /// The drawing's size.
    pub fn size(&self) -> Size {
        self.graph.size()
    }

    /// The node of a number.
    pub fn node(&self, number: u32) -> Option<&Node> {
        self.graph.nodes.get(*self.places.get(&number)?)
    }

    /// The nodes that the page holds while `page` is the part of the drawing in it, and `kept` wherever it is; `boxes`
    /// are those around others.
    pub fn nodes(&self, page: Area, boxes: bool, kept: Option<u32>) -> impl Iterator<Item = &Part<Node>> {
        let is_in = move |node: &Node| page.meets(&node.area()) || kept == Some(node.number);
        self.nodes.iter().filter(move |part| part.is.container == boxes && is_in(&part.is))
    }

    /// The transitions likewise.
    pub fn edges(&self, page: Area) -> impl Iterator<Item = &Part<Edge>> {
        self.edges.iter().filter(move |(_, reach)| page.meets(reach)).map(|(part, _)| part)
    }

    /// The innermost state at a point; else the nearest one that is at most `reach` away.
    pub fn at(&self, point: (f32, f32), reach: f32) -> Option<&Node> {
        let distance = |node: &Node| {
            let area = node.area();
            let beside = |at: f32, from: f32, size: f32| (from - at).max(at - from - size).max(0.0);
            beside(point.0, area.x, area.width).hypot(beside(point.1, area.y, area.height))
        };
        let states = self.graph.nodes.iter().rev().filter(|node| node.is_state());
        states
            .map(|node| (distance(node), node))
            .filter(|(away, _)| *away <= reach)
            .min_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, node)| node)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::wire::graph::{EdgeKind, NodeKind};

    /// A node at a place, in a box of the number `parent`.
    pub fn node(number: u32, parent: Option<u32>, x: i32, y: i32) -> Node {
        Node {
            number,
            parent,
            id: format!("S{number}"),
            label: format!("S{number}"),
            label_lines: vec![format!("S{number}")],
            kind: NodeKind::Pass,
            detail: String::new(),
            detail_lines: Vec::new(),
            beside: false,
            x,
            y,
            width: 150,
            height: 50,
            container: false,
            folded: false,
            service: None,
            badges: Vec::new(),
        }
    }

    /// A straight transition between two of the nodes.
    pub fn edge(nodes: &[Node], from: u32, to: u32) -> Edge {
        let find = |number| nodes.iter().find(|node| node.number == number).expect("a node of the test");
        let (above, below) = (find(from), find(to));
        Edge {
            from,
            to,
            kind: EdgeKind::Next,
            label: None,
            label_lines: Vec::new(),
            points: vec![(above.x + 75, above.y + 50), (below.x + 75, below.y)],
            label_at: None,
            label_size: (0, 0),
        }
    }

    /// The scene of nodes and of the transitions between them.
    pub fn scene(nodes: Vec<Node>, edges: &[(u32, u32)]) -> Scene {
        let edges = edges.iter().map(|&(from, to)| edge(&nodes, from, to)).collect();
        let size = |end: fn(&Node) -> i32| nodes.iter().map(end).max().unwrap_or_default() + 16;
        let count = u32::try_from(nodes.len()).unwrap_or_default();
        let (width, height) = (size(|node| node.x + node.width), size(|node| node.y + node.height));
        let graph = Graph { width, height, nodes, edges };
        let drawing = Drawing { graph: Some(graph), definition: 1, count, around: None };
        Scene::of(&drawing)
    }

    #[test]
    fn only_what_is_near_the_view_is_in_the_page() {
        // A thousand states in a row of forty columns.
        let nodes: Vec<Node> = (0..1_000)
            .map(|n| node(n, None, 200 * i32::try_from(n % 40).unwrap_or(0), 80 * i32::try_from(n / 40).unwrap_or(0)))
            .collect();
        let edges: Vec<(u32, u32)> = (0..960).map(|n| (n, n + 40)).collect();
        let scene = scene(nodes, &edges);
        let seen = Area { x: 2_000.0, y: 500.0, width: 1_200.0, height: 600.0 };
        let inside: Vec<u32> = scene.nodes(seen.in_page(), false, None).map(|part| part.is.number).collect();
        for part in scene.nodes(seen, false, None) {
            assert!(inside.contains(&part.is.number));
        }
        assert!(inside.len() < 160, "{}", inside.len());
        assert!(scene.edges(seen.in_page()).count() < 200);
        // A line that only passes through is in the page too.
        let long = scene.edges(Area { x: 70.0, y: 60.0, width: 10.0, height: 10.0 }).count();
        assert_eq!(long, 1);
    }

    #[test]
    fn a_point_is_in_the_innermost_state() {
        let mut outer = node(1, None, 0, 0);
        (outer.width, outer.height, outer.container) = (400, 300, true);
        let scene = scene(vec![outer, node(2, Some(1), 50, 50)], &[]);
        assert_eq!(scene.at((60.0, 60.0), 0.0).map(|node| node.number), Some(2));
        assert_eq!(scene.at((10.0, 290.0), 0.0).map(|node| node.number), Some(1));
        assert_eq!(scene.at((404.0, 290.0), 5.0).map(|node| node.number), Some(1));
        assert_eq!(scene.at((900.0, 290.0), 5.0), None);
    }
}

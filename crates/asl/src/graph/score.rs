//! How legible a drawing is: crossings, lines through boxes, labels that overlap something, labels that were cut, area.
//!
//! A line counts as its corners joined by straight legs. Two lines into one box, or out of one, may share a piece; any
//! other two lines that share a piece cross.

use std::collections::{BTreeSet, HashMap};
use std::ops::AddAssign;

use super::{Edge, Graph, Node};

/// The faults of a drawing, and its size.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// Places at which lines cross. Lines that share a piece cross a third line there once.
    pub crossings: usize,
    /// Pairs of lines that cross.
    pub crossing_pairs: usize,
    /// Pairs of a line and a box that it runs through.
    pub through_boxes: usize,
    /// Pairs of a label and a box, another label or another line that it overlaps.
    pub label_overlaps: usize,
    /// Labels that do not touch their lines.
    pub loose_labels: usize,
    /// Texts of nodes and edges that are not shown as a whole.
    pub cut_labels: usize,
    /// Square pixels.
    pub area: f64,
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Score) {
        self.crossings += other.crossings;
        self.crossing_pairs += other.crossing_pairs;
        self.through_boxes += other.through_boxes;
        self.label_overlaps += other.label_overlaps;
        self.loose_labels += other.loose_labels;
        self.cut_labels += other.cut_labels;
        self.area += other.area;
    }
}

/// Two borders nearer than this do not overlap.
const TOUCH: f32 = 1.0;
/// How far a line's end may enter the box that it joins.
const ENTRY: f32 = 3.0;
/// A label this near to its line sits on it: Graphviz sets labels beside their lines.
const BESIDE: f32 = 8.0;

/// Measures a drawing.
pub fn score(graph: &Graph) -> Score {
    let scopes = Scopes::new(graph);
    let (crossings, crossing_pairs) = crossings(graph);
    let mut score = Score {
        crossings,
        crossing_pairs,
        area: f64::from(graph.width) * f64::from(graph.height),
        cut_labels: cut_labels(graph),
        ..Score::default()
    };
    for (index, edge) in graph.edges.iter().enumerate() {
        let scope = graph.nodes[edge.from].parent;
        let (nodes, edges) = (&scopes.nodes[&scope], &scopes.edges[&scope]);
        score.through_boxes += nodes.iter().filter(|&&node| runs_through(graph, edge, node)).count();
        let Some(label) = label_area(edge) else { continue };
        score.label_overlaps += nodes.iter().filter(|&&node| label.overlaps(&Area::of(&graph.nodes[node]))).count();
        for &other in edges.iter().filter(|&&other| other != index) {
            let other_edge = &graph.edges[other];
            let labels = other > index && label_area(other_edge).is_some_and(|other| label.overlaps(&other));
            score.label_overlaps += usize::from(labels);
            score.label_overlaps += usize::from(label.grown(-TOUCH).is_met_by(other_edge));
        }
        score.loose_labels += usize::from(!label.grown(BESIDE).is_met_by(edge));
    }
    score
}

/// Nodes and edges by the box that holds them.
struct Scopes {
    nodes: HashMap<Option<usize>, Vec<usize>>,
    edges: HashMap<Option<usize>, Vec<usize>>,
}

impl Scopes {
    fn new(graph: &Graph) -> Scopes {
        let mut scopes = Scopes { nodes: HashMap::new(), edges: HashMap::new() };
        for (index, node) in graph.nodes.iter().enumerate() {
            scopes.nodes.entry(node.parent).or_default().push(index);
        }
        for (index, edge) in graph.edges.iter().enumerate() {
            scopes.edges.entry(graph.nodes[edge.from].parent).or_default().push(index);
        }
        scopes
    }
}

fn cut_labels(graph: &Graph) -> usize {
    let nodes =
        graph.nodes.iter().flat_map(|node| [(&node.label_lines, &node.label), (&node.detail_lines, &node.detail)]);
    let edges = graph.edges.iter().filter_map(|edge| Some((&edge.label_lines, edge.label.as_ref()?)));
    nodes.chain(edges).filter(|(lines, whole)| lines.concat() != **whole).count()
}

/// Whether a line runs through a box. It may end on the border of those that it joins.
fn runs_through(graph: &Graph, edge: &Edge, node: usize) -> bool {
    let depth = if node == edge.from || node == edge.to { ENTRY } else { TOUCH };
    Area::of(&graph.nodes[node]).grown(-depth).is_met_by(edge)
}

/// A rectangle by its borders.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Area {
    fn of(node: &Node) -> Area {
        Area { left: node.x, top: node.y, right: node.x + node.width, bottom: node.y + node.height }
    }

    fn of_leg(a: (f32, f32), b: (f32, f32)) -> Area {
        Area { left: a.0.min(b.0), top: a.1.min(b.1), right: a.0.max(b.0), bottom: a.1.max(b.1) }
    }

    fn grown(self, by: f32) -> Area {
        Area { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    fn overlaps(&self, other: &Area) -> bool {
        self.right > other.left + TOUCH
            && other.right > self.left + TOUCH
            && self.bottom > other.top + TOUCH
            && other.bottom > self.top + TOUCH
    }

    fn meets(&self, other: &Area) -> bool {
        self.right >= other.left && other.right >= self.left && self.bottom >= other.top && other.bottom >= self.top
    }

    fn is_met_by(&self, edge: &Edge) -> bool {
        edge.points.windows(2).any(|leg| self.is_met_by_leg(leg[0], leg[1]))
    }

    /// Whether a leg passes the rectangle: it is cut to the rectangle's columns, then to its rows.
    fn is_met_by_leg(&self, a: (f32, f32), b: (f32, f32)) -> bool {
        let (mut from, mut to) = (0.0_f32, 1.0_f32);
        for (start, step, low, high) in
            [(a.0, b.0 - a.0, self.left, self.right), (a.1, b.1 - a.1, self.top, self.bottom)]
        {
            if step.abs() < 1e-4 {
                if start < low || start > high {
                    return false;
                }
                continue;
            }
            let (one, other) = ((low - start) / step, (high - start) / step);
            (from, to) = (from.max(one.min(other)), to.min(one.max(other)));
        }
        from <= to
    }
}

/// Where the text of a label stands.
fn label_area(edge: &Edge) -> Option<Area> {
    let ((x, y), (width, height)) = (edge.label_at?, edge.label_size);
    let (half, tall) = (width / 2.0, height / 2.0);
    Some(Area { left: x - half, top: y - tall, right: x + half, bottom: y + tall })
}

/// A leg of an edge's line.
struct Leg {
    edge: usize,
    from: (f32, f32),
    to: (f32, f32),
    area: Area,
}

/// The places where lines cross, and the pairs of lines that do.
fn crossings(graph: &Graph) -> (usize, usize) {
    let mut legs: Vec<Leg> = Vec::new();
    for (edge, line) in graph.edges.iter().enumerate() {
        legs.extend(line.points.windows(2).map(|leg| Leg {
            edge,
            from: leg[0],
            to: leg[1],
            area: Area::of_leg(leg[0], leg[1]),
        }));
    }
    legs.sort_by(|a, b| a.area.top.total_cmp(&b.area.top));
    let (mut places, mut pairs) = (BTreeSet::new(), BTreeSet::new());
    for (index, leg) in legs.iter().enumerate() {
        let later = legs[index + 1..].iter().take_while(|other| other.area.top <= leg.area.bottom);
        for other in later.filter(|other| other.edge != leg.edge && other.area.meets(&leg.area)) {
            let (one, two) = (&graph.edges[leg.edge], &graph.edges[other.edge]);
            let fork = one.from == two.from || one.to == two.to;
            let joined = fork || one.from == two.to || one.to == two.from;
            if let Some((x, y)) = meeting(leg, other, joined, fork) {
                pairs.insert((leg.edge.min(other.edge), leg.edge.max(other.edge)));
                places.insert(((x / 3.0).round() as i64, (y / 3.0).round() as i64));
            }
        }
    }
    (places.len(), pairs.len())
}

/// Where two legs cross. Those of lines that are `joined` by a box may touch; those of a `fork` may run on each other.
fn meeting(one: &Leg, two: &Leg, joined: bool, fork: bool) -> Option<(f32, f32)> {
    let (a, b) = ((one.to.0 - one.from.0, one.to.1 - one.from.1), (two.to.0 - two.from.0, two.to.1 - two.from.1));
    let between = (two.from.0 - one.from.0, two.from.1 - one.from.1);
    let cross = a.0 * b.1 - a.1 * b.0;
    let (long_a, long_b) = (a.0.hypot(a.1), b.0.hypot(b.1));
    if cross.abs() <= 1e-3 * long_a * long_b {
        // Side by side: they cross where one runs on the other.
        let apart = (between.0 * a.1 - between.1 * a.0).abs() / long_a.max(1e-3);
        let shared = f32::max(
            one.area.right.min(two.area.right) - one.area.left.max(two.area.left),
            one.area.bottom.min(two.area.bottom) - one.area.top.max(two.area.top),
        );
        return (!fork && apart < TOUCH && shared > 2.0 * TOUCH).then_some(two.from);
    }
    let (along_a, along_b) = ((between.0 * b.1 - between.1 * b.0) / cross, (between.0 * a.1 - between.1 * a.0) / cross);
    let slack = |length: f32| if joined { 1.5 / length.max(1.5) } else { 0.0 };
    let within = |along: f32, length: f32| along >= slack(length) && along <= 1.0 - slack(length);
    let at = (one.from.0 + a.0 * along_a, one.from.1 + a.1 * along_a);
    (within(along_a, long_a) && within(along_b, long_b)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::super::{EdgeKind, NodeKind};
    use super::*;

    fn node(x: f32, y: f32) -> Node {
        Node {
            id: String::new(),
            label: String::new(),
            label_lines: Vec::new(),
            kind: NodeKind::Pass,
            detail: String::new(),
            detail_lines: Vec::new(),
            beside: false,
            parent: None,
            x,
            y,
            width: 20.0,
            height: 20.0,
            container: false,
            folded: false,
            service: None,
            badges: Vec::new(),
        }
    }

    fn edge(from: usize, to: usize, points: &[(f32, f32)]) -> Edge {
        Edge {
            from,
            to,
            kind: EdgeKind::Next,
            label: None,
            label_lines: Vec::new(),
            points: points.to_vec(),
            label_at: None,
            label_size: (0.0, 0.0),
        }
    }

    fn labelled(edge: Edge, at: (f32, f32)) -> Edge {
        Edge {
            label: Some("x".into()),
            label_lines: vec!["x".into()],
            label_at: Some(at),
            label_size: (10.0, 10.0),
            ..edge
        }
    }

    /// Four boxes at the corners of a square of 100 pixels.
    fn square(edges: Vec<Edge>) -> Score {
        let nodes = vec![node(0.0, 0.0), node(100.0, 0.0), node(0.0, 100.0), node(100.0, 100.0)];
        score(&Graph { width: 120.0, height: 120.0, nodes, edges })
    }

    #[test]
    fn lines_that_cross_count_once() {
        let across = [edge(0, 3, &[(10.0, 20.0), (110.0, 100.0)]), edge(1, 2, &[(110.0, 20.0), (10.0, 100.0)])];
        let found = square(across.to_vec());
        assert_eq!((found.crossings, found.crossing_pairs, found.through_boxes), (1, 1, 0));
        let beside = [edge(0, 2, &[(10.0, 20.0), (10.0, 100.0)]), edge(1, 3, &[(110.0, 20.0), (110.0, 100.0)])];
        assert_eq!(square(beside.to_vec()), Score { area: 14_400.0, ..Score::default() });
    }

    #[test]
    fn lines_may_run_together_only_into_one_box() {
        let trunk = [(60.0, 50.0), (60.0, 90.0)];
        let with = |start: (f32, f32), end: (f32, f32)| [&[start][..], &trunk, &[end]].concat();
        let one = edge(0, 2, &with((10.0, 20.0), (10.0, 100.0)));
        assert_eq!(square(vec![one.clone(), edge(1, 2, &with((110.0, 20.0), (10.0, 100.0)))]).crossings, 0);
        assert!(square(vec![one, edge(1, 3, &with((110.0, 20.0), (110.0, 100.0)))]).crossing_pairs == 1);
    }

    #[test]
    fn a_line_through_a_box_counts_the_box() {
        let through = edge(0, 2, &[(10.0, 20.0), (110.0, 10.0), (10.0, 100.0)]);
        assert_eq!(square(vec![through]).through_boxes, 1);
        // Into the box that it joins, and out of it again.
        let own = edge(0, 2, &[(10.0, 20.0), (10.0, 130.0), (10.0, 110.0)]);
        assert_eq!(square(vec![own]).through_boxes, 1);
    }

    #[test]
    fn labels_keep_to_their_lines_and_off_everything_else() {
        let line = |from, to, x| edge(from, to, &[(x, 20.0), (x, 100.0)]);
        let (left, right) = (line(0, 2, 10.0), line(1, 3, 110.0));
        let overlaps = |at| square(vec![labelled(left.clone(), at), right.clone()]);
        assert_eq!(overlaps((10.0, 60.0)), Score { area: 14_400.0, ..Score::default() });
        assert_eq!((overlaps((110.0, 60.0)).label_overlaps, overlaps((110.0, 60.0)).loose_labels), (1, 1));
        assert_eq!(overlaps((10.0, 20.0)).label_overlaps, 1);
        let both = square(vec![labelled(left, (60.0, 60.0)), labelled(right, (62.0, 60.0))]);
        assert_eq!((both.label_overlaps, both.loose_labels), (1, 2));
    }

    #[test]
    fn a_label_that_is_not_whole_is_cut() {
        let whole = labelled(edge(0, 2, &[(10.0, 20.0), (10.0, 100.0)]), (10.0, 60.0));
        let cut = Edge { label: Some("x and y".into()), ..whole.clone() };
        assert_eq!((square(vec![whole]).cut_labels, square(vec![cut]).cut_labels), (0, 1));
    }
}

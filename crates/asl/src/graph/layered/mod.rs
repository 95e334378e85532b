//! A layered layout of boxes and links, top to bottom, after Sugiyama: rank, order, place, route.
//!
//! Four things differ from the textbook. A label is a vertex of its own, so it never lies on a box. Links into the same
//! box share one trunk of bends, as tracks join before a station: thirty states that catch into one handler draw one line.
//! A backward link runs in a lane beside its boxes, left or right of them. And a box that leads to a hundred others has them
//! in several rows ([`rows`]).

mod coordinate;
mod order;
mod ports;
mod rank;
mod route;
mod rows;
mod tracks;

use rank::Labels;

/// Space between boxes of one rank.
pub const BOX_GAP: f32 = 32.0;
/// Space beside a bend, and between a box and its lanes.
pub const LANE_GAP: f32 = 16.0;
/// Space between two ranks of boxes.
pub const RANK_GAP: f32 = 24.0;

/// Up to so many boxes are laid out in several styles: the drawing with the fewest crossings, then the smallest is kept.
const MOST_ATTEMPTED: usize = 300;

/// The most vertices of a drawing, and the most steps of its links from rank to rank. Beyond them long links run straight,
/// which bounds time and memory: ten thousand states that catch into one handler share their bends, but each link is
/// followed through all of them.
const MOST_VERTICES: usize = 60_000;
const MOST_STEPS: usize = 2_000_000;

/// A connection between two boxes.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub from: usize,
    pub to: usize,
    /// Width and height of the label.
    pub label: Option<(f32, f32)>,
    /// Links of the same class into the same box share a trunk.
    pub class: u8,
    /// The link leaves at the side of the box's lower border, apart from the others.
    pub aside: bool,
}

/// The result: top left corners of the boxes, and a route for each link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub corners: Vec<(f32, f32)>,
    pub routes: Vec<Route>,
    pub width: f32,
    pub height: f32,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Route {
    pub points: Vec<(f32, f32)>,
    pub label_at: Option<(f32, f32)>,
}

/// Lays out boxes of these sizes. The first box is the start.
pub fn lay_out(sizes: &[(f32, f32)], links: &[Link]) -> Layout {
    if sizes.is_empty() {
        return Layout::default();
    }
    let rows = rows::rows(sizes.len(), links);
    let mut best = attempt(sizes, links, &rows, Style { labels: Labels::Between, shared: true });
    if sizes.len() > MOST_ATTEMPTED {
        return best.1;
    }
    for (labels, shared) in [(Labels::Beside, true), (Labels::Between, false), (Labels::Beside, false)] {
        // Lines of their own need more room: only where shared ones cross.
        if (shared || best.0 > 0) && (labels == Labels::Between || links.iter().any(|link| link.label.is_some())) {
            let next = attempt(sizes, links, &rows, Style { labels, shared });
            let area = |layout: &Layout| f64::from(layout.width) * f64::from(layout.height);
            if (next.0, area(&next.1)) < (best.0, area(&best.1)) {
                best = next;
            }
        }
    }
    best.1
}

/// One of the ways to lay out the same boxes.
#[derive(Clone, Copy)]
struct Style {
    labels: Labels,
    /// Whether links of one class into one box share their bends.
    shared: bool,
}

/// Lays out in one style. Returns the crossings, too.
fn attempt(sizes: &[(f32, f32)], links: &[Link], rows: &[Option<usize>], style: Style) -> (usize, Layout) {
    let ranks = rank::ranks(sizes.len(), links, rows, style.labels);
    let mut drawing = Drawing::new(sizes, links, &ranks, rows, style.shared);
    let crossings = order::order(&mut drawing);
    let centres = coordinate::centres(&drawing);
    (crossings, route::route(&drawing, links, sizes, &centres))
}

/// A vertex of the proper graph, in which every arc joins neighbouring ranks.
#[derive(Debug, Clone, PartialEq)]
struct Vertex {
    rank: usize,
    width: f32,
    height: f32,
    kind: VertexKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VertexKind {
    Box,
    Label,
    /// Where a trunk passes a rank.
    Bend,
    /// Where a backward link passes the box that it leaves or enters: directly beside that box.
    Lane {
        owner: usize,
    },
}

/// How a link runs through the vertices.
#[derive(Debug, Clone, PartialEq)]
enum Chain {
    /// From the upper box to the lower one.
    Down(Vec<usize>),
    /// From the lane beside the upper box to the lane beside the lower one, for a link that runs upwards.
    Up(Vec<usize>),
    /// From a box to itself.
    Loop,
    /// Straight, across everything between: the drawing has too many bends already.
    Direct,
}

struct Drawing {
    /// The boxes come first, with the same indices.
    vertices: Vec<Vertex>,
    /// Vertices of each rank, from left to right.
    layers: Vec<Vec<usize>>,
    /// Neighbours one rank below and one rank above.
    below: Vec<Vec<usize>>,
    above: Vec<Vec<usize>>,
    /// Arcs that bend rather than a main line, by their upper and lower end.
    side_arcs: std::collections::HashSet<(usize, usize)>,
    chains: Vec<Chain>,
    /// Number of links that leave each box upwards.
    leaving: Vec<usize>,
}

impl Drawing {
    fn new(sizes: &[(f32, f32)], links: &[Link], ranks: &[usize], rows: &[Option<usize>], shared: bool) -> Drawing {
        let vertices = sizes
            .iter()
            .zip(ranks)
            .map(|(&(width, height), &rank)| Vertex { rank, width, height, kind: VertexKind::Box })
            .collect();
        let mut drawing = Drawing {
            vertices,
            layers: Vec::new(),
            below: vec![Vec::new(); sizes.len()],
            above: vec![Vec::new(); sizes.len()],
            side_arcs: std::collections::HashSet::new(),
            chains: Vec::new(),
            leaving: vec![0; sizes.len()],
        };
        for link in links.iter().filter(|link| ranks[link.from] >= ranks[link.to]) {
            drawing.leaving[link.from] += 1;
        }
        let mut trunks = Trunks::new();
        let mut steps = 0;
        for (index, link) in links.iter().enumerate() {
            // Backward trunks have classes of their own, and so have the links that share none.
            let class = match (shared, ranks[link.from] < ranks[link.to]) {
                (true, true) => usize::from(link.class),
                (true, false) => usize::from(link.class) + 256,
                (false, _) => index + 512,
            };
            let span = ranks[link.from].abs_diff(ranks[link.to]);
            let is_full = drawing.vertices.len() > MOST_VERTICES || steps > MOST_STEPS;
            let chain = if link.from == link.to {
                Chain::Loop
            } else if is_full && span > 2 {
                Chain::Direct
            } else if ranks[link.from] < ranks[link.to] && rows[index].is_some() {
                Chain::Down(drawing.run_to_row(link, &mut trunks))
            } else if ranks[link.from] < ranks[link.to] {
                Chain::Down(drawing.run_down(link, class, &mut trunks))
            } else {
                Chain::Up(drawing.run_up(link, class, &mut trunks))
            };
            if let Chain::Down(vertices) | Chain::Up(vertices) = &chain {
                steps += vertices.len();
            }
            drawing.chains.push(chain);
        }
        let height = drawing.vertices.iter().map(|vertex| vertex.rank).max().unwrap_or(0) + 1;
        drawing.layers = vec![Vec::new(); height];
        drawing
    }

    fn run_down(&mut self, link: &Link, class: usize, trunks: &mut Trunks) -> Vec<usize> {
        let mut chain = vec![link.from];
        let (mut rank, last) = (self.vertices[link.from].rank + 1, self.vertices[link.to].rank);
        if let Some((width, height)) = link.label {
            chain.push(self.add(Vertex { rank, width, height, kind: VertexKind::Label }));
            rank += 1;
        }
        for rank in rank..last {
            chain.push(self.trunk((link.to, class, rank), trunks));
        }
        chain.push(link.to);
        self.join(&chain);
        if link.aside {
            self.side_arcs.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
        }
        chain
    }

    /// A link to a box of a row: down the trunk that all rows of the upper box share, and to the label above the box.
    fn run_to_row(&mut self, link: &Link, trunks: &mut Trunks) -> Vec<usize> {
        let (first, last) = (self.vertices[link.from].rank + 1, self.vertices[link.to].rank);
        let above = last - usize::from(link.label.is_some());
        let mut chain = vec![link.from];
        for rank in first..above {
            chain.push(self.trunk((link.from, ROWS, rank), trunks));
        }
        if let Some((width, height)) = link.label {
            chain.push(self.add(Vertex { rank: above, width, height, kind: VertexKind::Label }));
        }
        chain.push(link.to);
        self.join(&chain);
        chain
    }

    /// A link upwards, as the chain of vertices from its upper end (its target) down.
    fn run_up(&mut self, link: &Link, class: usize, trunks: &mut Trunks) -> Vec<usize> {
        let (first, last) = (self.vertices[link.to].rank, self.vertices[link.from].rank);
        let lane = |owner| Vertex { rank: first, width: 0.0, height: 0.0, kind: VertexKind::Lane { owner } };
        let enter = match trunks.get(&(link.to, class, first)) {
            Some(&found) => found,
            None => self.add(lane(link.to)),
        };
        trunks.insert((link.to, class, first), enter);
        let mut chain = vec![enter];
        for rank in first + 1..last {
            chain.push(self.trunk((link.to, class, rank), trunks));
        }
        // The label of a backward link is above the place where the link turns upwards: it needs room in the upper half of
        // the rank, also above the lines that leave the same box further down.
        let (width, height) = link.label.unwrap_or_default();
        let height = 2.0 * (height + route::ABOVE_LINE + route::SIDE_OFFSET * self.leaving[link.from] as f32);
        let height = if link.label.is_some() { height } else { 0.0 };
        let leave = Vertex { rank: last, width, height, ..lane(link.from) };
        chain.push(self.add(leave));
        self.join(&chain);
        chain
    }

    fn trunk(&mut self, key: (usize, usize, usize), trunks: &mut Trunks) -> usize {
        if let Some(&found) = trunks.get(&key) {
            return found;
        }
        let added = self.add(Vertex { rank: key.2, width: 0.0, height: 0.0, kind: VertexKind::Bend });
        trunks.insert(key, added);
        added
    }

    fn add(&mut self, vertex: Vertex) -> usize {
        self.vertices.push(vertex);
        self.below.push(Vec::new());
        self.above.push(Vec::new());
        self.vertices.len() - 1
    }

    fn join(&mut self, chain: &[usize]) {
        for pair in chain.windows(2) {
            if !self.below[pair[0]].contains(&pair[1]) {
                self.below[pair[0]].push(pair[1]);
                self.above[pair[1]].push(pair[0]);
            }
        }
    }

    /// Whether the vertex is one that only a line passes.
    fn is_bend(&self, vertex: usize) -> bool {
        matches!(self.vertices[vertex].kind, VertexKind::Bend | VertexKind::Lane { .. })
    }

    /// The weight of an arc's straightness: zero for one that leaves a box beside its middle.
    fn straightness(&self, upper: usize, lower: usize) -> u8 {
        if self.is_bend(upper) && self.is_bend(lower) {
            return 3;
        }
        match (self.side_arcs.contains(&(upper, lower)), self.vertices[upper].kind) {
            (false, _) => 2,
            (true, VertexKind::Box) => 0,
            (true, _) => 1,
        }
    }

    /// Distance between the centres of two neighbours in a rank.
    fn separation(&self, left: usize, right: usize) -> f32 {
        let is_box = |vertex: usize| self.vertices[vertex].kind == VertexKind::Box;
        let gap = match (is_box(left), is_box(right)) {
            (true, true) => BOX_GAP,
            _ if self.is_bend(left) || self.is_bend(right) => LANE_GAP,
            (false, false) => LANE_GAP,
            // A label beside a box.
            _ => f32::midpoint(BOX_GAP, LANE_GAP),
        };
        self.vertices[left].width / 2.0 + gap + self.vertices[right].width / 2.0
    }
}

/// The class of the trunk that runs down from a box to its rows; those of other trunks are about the boxes that they lead to.
const ROWS: usize = usize::MAX;

/// The vertex of the trunk of a box and class at a rank.
type Trunks = std::collections::HashMap<(usize, usize, usize), usize>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes in a row, each with a link to the next and one to the last.
    #[test]
    fn a_handler_that_all_share_costs_no_more_than_the_links_may() {
        let (boxes, label) = (5_000, Some((40.0, 18.0)));
        let next = (0..boxes - 2).map(|from| Link { from, to: from + 1, label: None, class: 0, aside: false });
        let fails = (0..boxes - 2).map(|from| Link { from, to: boxes - 1, label, class: 1, aside: true });
        let links: Vec<Link> = next.chain(fails).collect();
        let sizes = vec![(100.0, 40.0); boxes];
        let rows = rows::rows(boxes, &links);
        let ranks = rank::ranks(boxes, &links, &rows, Labels::Beside);
        let drawing = Drawing::new(&sizes, &links, &ranks, &rows, true);
        let steps = drawing.chains.iter().map(|chain| match chain {
            Chain::Down(vertices) | Chain::Up(vertices) => vertices.len(),
            Chain::Loop | Chain::Direct => 0,
        });
        assert!(steps.sum::<usize>() < MOST_STEPS + 4 * boxes);
    }
}

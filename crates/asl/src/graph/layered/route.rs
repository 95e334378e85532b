//! Vertical positions and the lines: straight down, across in a track between two ranks, straight down again.

use super::ports::{Port, Ports};
use super::tracks::{NEAR, TRACK_GAP, Tracks};
use super::{Chain, Drawing, Layout, Link, RANK_GAP, Route, VertexKind};

/// Space beside a rank that only labels and lines pass.
const THIN_GAP: f32 = 12.0;
/// Space above the first track of a gap, and below the last one: more where the head of an arrow points at a box.
const ABOVE_TRACKS: f32 = 8.0;
const ABOVE_BOXES: f32 = 13.0;
/// A backward line leaves and enters a box this far from the middle of its side.
pub(super) const SIDE_OFFSET: f32 = 6.0;
/// Space between a backward line's beginning and the label above it.
pub(super) const ABOVE_LINE: f32 = 2.0;
/// How far a link from a box to itself extends beside the box.
const LOOP_REACH: f32 = 14.0;

/// Draws every link, and moves the drawing to the origin.
pub(super) fn route(drawing: &Drawing, links: &[Link], sizes: &[(f32, f32)], centres: &[f32]) -> Layout {
    let ports = Ports::new(drawing, links, centres);
    let tracks = Tracks::new(drawing, &ports);
    let ranks = rank_places(drawing, &tracks);
    let mut layout = Layout { corners: Vec::with_capacity(sizes.len()), ..Layout::default() };
    for (vertex, &(width, height)) in sizes.iter().enumerate() {
        let (top, rank_height) = ranks[drawing.vertices[vertex].rank];
        layout.corners.push((centres[vertex] - width / 2.0, top + (rank_height - height) / 2.0));
    }
    let pen = Pen { drawing, ports: &ports, tracks: &tracks, ranks: &ranks, centres, corners: &layout.corners, sizes };
    let routes = links.iter().enumerate().map(|(index, link)| pen.draw(index, link)).collect();
    layout.routes = routes;
    normalise(&mut layout, sizes, drawing, centres);
    layout
}

/// Top and height of each rank.
fn rank_places(drawing: &Drawing, tracks: &Tracks) -> Vec<(f32, f32)> {
    let height = |layer: &Vec<usize>| layer.iter().map(|&vertex| drawing.vertices[vertex].height).fold(0.0, f32::max);
    let thin: Vec<bool> = drawing
        .layers
        .iter()
        .map(|layer| !layer.iter().any(|&vertex| drawing.vertices[vertex].kind == VertexKind::Box))
        .collect();
    let (mut places, mut top) = (Vec::with_capacity(drawing.layers.len()), 0.0);
    for (rank, layer) in drawing.layers.iter().enumerate() {
        let own = height(layer);
        places.push((top, own));
        let least = if thin[rank] || thin.get(rank + 1).copied().unwrap_or(false) { THIN_GAP } else { RANK_GAP };
        let last = if thin.get(rank + 1).copied().unwrap_or(true) { ABOVE_TRACKS } else { ABOVE_BOXES };
        let across = match tracks.counts[rank] {
            0 => 0.0,
            count => ABOVE_TRACKS + TRACK_GAP * (count - 1) as f32 + last,
        };
        top += own + f32::max(least, across);
    }
    places
}

struct Pen<'a> {
    drawing: &'a Drawing,
    ports: &'a Ports<'a>,
    tracks: &'a Tracks,
    ranks: &'a [(f32, f32)],
    centres: &'a [f32],
    corners: &'a [(f32, f32)],
    sizes: &'a [(f32, f32)],
}

impl Pen<'_> {
    fn draw(&self, index: usize, link: &Link) -> Route {
        match &self.drawing.chains[index] {
            Chain::Down(chain) => self.down(index, link, chain),
            Chain::Up(chain) => self.up(link, chain),
            Chain::Loop => self.around(link),
            Chain::Direct => self.direct(link),
        }
    }

    fn down(&self, index: usize, link: &Link, chain: &[usize]) -> Route {
        let port = self.ports.of_link[index];
        let mut points = vec![(self.ports.x(port), self.bottom(link.from))];
        self.across(chain, port, &mut points);
        points.push((self.centres[link.to], self.corners[link.to].1));
        let label = chain.iter().find(|&&vertex| self.drawing.vertices[vertex].kind == VertexKind::Label);
        Route { points: straightened(points), label_at: label.map(|&vertex| self.middle(vertex)) }
    }

    fn up(&self, link: &Link, chain: &[usize]) -> Route {
        let (enter, leave) = (chain[0], chain[chain.len() - 1]);
        let into = (self.border(link.to, enter), self.side(link.to) + SIDE_OFFSET);
        let beyond = self.lanes_beyond(link.from, leave) as f32 * SIDE_OFFSET;
        // The nearest lane leaves highest, so that the lines to the others pass below its beginning.
        let leave_at = f32::max(self.side(link.from) - SIDE_OFFSET - beyond, self.corners[link.from].1 + 4.0);
        let out = (self.border(link.from, leave), leave_at);
        let mut points = vec![into, (self.centres[enter], into.1)];
        self.across(chain, (enter, 0), &mut points);
        points.extend([(self.centres[leave], out.1), out]);
        points.reverse();
        let label_at = link.label.map(|(_, height)| (self.centres[leave], leave_at - ABOVE_LINE - height / 2.0));
        Route { points: straightened(points), label_at }
    }

    /// The side of a box that a lane beside it is on.
    fn border(&self, owner: usize, lane: usize) -> f32 {
        let left = self.corners[owner].0;
        if self.centres[lane] < self.centres[owner] { left } else { left + self.sizes[owner].0 }
    }

    fn direct(&self, link: &Link) -> Route {
        let from = (self.corners[link.from].0 + self.sizes[link.from].0, self.side(link.from));
        let to = (self.corners[link.to].0 + self.sizes[link.to].0, self.side(link.to));
        let middle = (f32::midpoint(from.0, to.0), f32::midpoint(from.1, to.1));
        Route { points: vec![from, to], label_at: link.label.map(|_| middle) }
    }

    /// Number of lanes further out, on the same side, by which links leave the box.
    fn lanes_beyond(&self, owner: usize, lane: usize) -> usize {
        let reach = |lane: usize| self.centres[lane] - self.centres[owner];
        let leaves = |other: &usize| {
            let vertex = &self.drawing.vertices[*other];
            let is_further = reach(*other) * reach(lane).signum() > reach(lane).abs();
            let is_own = vertex.kind == VertexKind::Lane { owner } && is_further;
            is_own && !self.drawing.above[*other].is_empty()
        };
        self.drawing.layers[self.drawing.vertices[lane].rank].iter().copied().filter(leaves).count()
    }

    fn around(&self, link: &Link) -> Route {
        let (right, middle) = (self.corners[link.from].0 + self.sizes[link.from].0, self.side(link.from));
        let (out, low, high) = (right + LOOP_REACH, middle + SIDE_OFFSET, middle - SIDE_OFFSET);
        let points = vec![(right, low), (out, low), (out, high), (right, high)];
        Route { points, label_at: None }
    }

    /// Adds the corners of the lines that run across between the chain's vertices.
    fn across(&self, chain: &[usize], port: Port, points: &mut Vec<(f32, f32)>) {
        let mut from = port;
        for pair in chain.windows(2) {
            let is_straight = (self.ports.x(from) - self.centres[pair[1]]).abs() < NEAR;
            if let Some(track) = (!is_straight).then(|| self.tracks.of_arc.get(&(from, pair[1]))).flatten() {
                let rank = self.drawing.vertices[pair[0]].rank;
                let (top, height) = self.ranks[rank];
                let y = top + height + ABOVE_TRACKS + TRACK_GAP * *track as f32;
                points.extend([(self.ports.x(from), y), (self.centres[pair[1]], y)]);
            }
            from = (pair[1], 0);
        }
    }

    fn bottom(&self, vertex: usize) -> f32 {
        self.corners[vertex].1 + self.sizes[vertex].1
    }

    fn side(&self, vertex: usize) -> f32 {
        self.corners[vertex].1 + self.sizes[vertex].1 / 2.0
    }

    fn middle(&self, vertex: usize) -> (f32, f32) {
        let (top, height) = self.ranks[self.drawing.vertices[vertex].rank];
        (self.centres[vertex], top + height / 2.0)
    }
}

/// Removes the points that lie on the line between their neighbours.
fn straightened(points: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    let mut result: Vec<(f32, f32)> = Vec::with_capacity(points.len());
    for point in points {
        while let [.., a, b] = result[..] {
            let same_column = (a.0 - b.0).abs() < NEAR && (b.0 - point.0).abs() < NEAR;
            let same_row = (a.1 - b.1).abs() < 0.1 && (b.1 - point.1).abs() < 0.1;
            if !(same_column || same_row) {
                break;
            }
            result.pop();
        }
        result.push(point);
    }
    result
}

/// Moves the drawing to the origin, and measures it.
fn normalise(layout: &mut Layout, sizes: &[(f32, f32)], drawing: &Drawing, centres: &[f32]) {
    let (mut low, mut high, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY, 0.0_f32);
    for (vertex, &centre) in drawing.vertices.iter().zip(centres) {
        low = low.min(centre - vertex.width / 2.0);
        high = high.max(centre + vertex.width / 2.0);
    }
    for (&(_, y), size) in layout.corners.iter().zip(sizes) {
        bottom = bottom.max(y + size.1);
    }
    for &(x, y) in layout.routes.iter().flat_map(|route| &route.points) {
        low = low.min(x);
        high = high.max(x);
        bottom = bottom.max(y);
    }
    layout.corners.iter_mut().for_each(|corner| corner.0 -= low);
    for route in &mut layout.routes {
        route.points.iter_mut().chain(&mut route.label_at).for_each(|point| point.0 -= low);
    }
    (layout.width, layout.height) = (high - low, bottom);
}

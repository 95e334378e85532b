//! The order within each rank: few crossings, by sweeps that move each vertex to the mean position of its neighbours, and
//! by exchanges of vertices that stand side by side. A lane stays beside its box, on the side where it crosses less.
//!
//! A sweep ends in a local optimum. Further attempts begin at the best order so far, with some lanes on the other side and
//! some vertices exchanged by lot. The seed is fixed, so the same definition gives the same order.

use super::{Drawing, VertexKind};

/// Sweeps of one attempt, up and down in turn.
const SWEEPS: usize = 12;
/// An attempt ends after so many sweeps without progress.
const PATIENCE: usize = 4;
/// All attempts together visit about so many vertices, which bounds the time.
const EFFORT: usize = 400_000;
const MOST_ATTEMPTS: usize = 60;
/// Exchanges are not tried where more pairs of arcs would have to be compared.
const MOST_PAIRS: usize = 2_048;

/// Fills `layers` with the best order found. Returns its crossings.
pub(super) fn order(drawing: &mut Drawing) -> usize {
    start_order(drawing);
    let mut search = Search::new(drawing);
    for attempt in 0..MOST_ATTEMPTS {
        if search.is_over() {
            break;
        }
        search.attempt(attempt);
    }
    let fewest = search.fewest;
    drawing.layers = search.best;
    fewest
}

/// The order of a depth-first walk, so that related vertices begin side by side. Lanes begin to the right of their boxes.
fn start_order(drawing: &mut Drawing) {
    let mut seen = vec![false; drawing.vertices.len()];
    let roots: Vec<usize> = (0..drawing.vertices.len()).filter(|&vertex| drawing.above[vertex].is_empty()).collect();
    for root in roots {
        let mut stack = vec![root];
        while let Some(vertex) = stack.pop() {
            if std::mem::replace(&mut seen[vertex], true) {
                continue;
            }
            drawing.layers[drawing.vertices[vertex].rank].push(vertex);
            stack.extend(drawing.below[vertex].iter().rev().filter(|&&below| !seen[below]));
        }
    }
    for rank in 0..drawing.layers.len() {
        let layer = std::mem::take(&mut drawing.layers[rank]);
        let keyed = layer.into_iter().enumerate().map(|(index, vertex)| (index as f32, vertex)).collect();
        drawing.layers[rank] = units(drawing, keyed, |_| true);
    }
}

/// The vertices of a rank by their keys, with each lane beside its box: to the right where `right` says so.
fn units(drawing: &Drawing, keyed: Vec<(f32, usize)>, right: impl Fn((f32, usize)) -> bool) -> Vec<usize> {
    let is_lane = |vertex: usize| matches!(drawing.vertices[vertex].kind, VertexKind::Lane { .. });
    if !keyed.iter().any(|&(_, vertex)| is_lane(vertex)) {
        return keyed.into_iter().map(|(_, vertex)| vertex).collect();
    }
    let (lanes, others): (Vec<_>, Vec<_>) = keyed.into_iter().partition(|&(_, vertex)| is_lane(vertex));
    let mut sides: std::collections::BTreeMap<usize, (Vec<usize>, Vec<usize>)> = std::collections::BTreeMap::new();
    for lane in lanes {
        let VertexKind::Lane { owner } = drawing.vertices[lane.1].kind else { continue };
        let (left_side, right_side) = sides.entry(owner).or_default();
        if right(lane) { right_side.push(lane.1) } else { left_side.push(lane.1) }
    }
    let mut row = Vec::new();
    for (_, vertex) in others {
        let (left_side, right_side) = sides.remove(&vertex).unwrap_or_default();
        row.extend(left_side);
        row.push(vertex);
        row.extend(right_side);
    }
    row
}

/// The search for the best order.
struct Search<'a> {
    drawing: &'a Drawing,
    layers: Vec<Vec<usize>>,
    /// The index of each vertex in its layer.
    place: Vec<usize>,
    /// The mean position of each vertex's neighbours in the rank that a sweep comes from.
    keys: Vec<f32>,
    best: Vec<Vec<usize>>,
    fewest: usize,
    visits: usize,
    lot: u64,
}

impl<'a> Search<'a> {
    fn new(drawing: &'a Drawing) -> Search<'a> {
        let layers = drawing.layers.clone();
        let (place, keys) = (vec![0; drawing.vertices.len()], vec![f32::NAN; drawing.vertices.len()]);
        let lot = 0x9e37_79b9_7f4a_7c15;
        let mut search = Search { drawing, best: layers.clone(), layers, place, keys, fewest: 0, visits: 0, lot };
        search.note_all();
        search.fewest = search.crossings();
        search
    }

    /// Sweeps from the best order, which every attempt but the first disturbs.
    fn attempt(&mut self, attempt: usize) {
        self.layers.clone_from(&self.best);
        self.note_all();
        if attempt > 0 {
            self.disturb();
        }
        let (mut since, mut last) = (0, usize::MAX);
        for sweep in attempt..attempt + SWEEPS {
            let ranks = self.layers.len();
            let mirrored = sweep % 4 > 1;
            if sweep % 2 == 0 {
                (1..ranks).for_each(|rank| self.sort_by_neighbours(rank, true, mirrored));
            } else {
                (0..ranks.saturating_sub(1)).rev().for_each(|rank| self.sort_by_neighbours(rank, false, mirrored));
            }
            while self.exchange() && self.visits < EFFORT {}
            let count = self.crossings();
            if count < self.fewest {
                self.fewest = count;
                self.best.clone_from(&self.layers);
            }
            since = if count < last { 0 } else { since + 1 };
            last = last.min(count);
            if since >= PATIENCE || self.is_over() {
                break;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.fewest == 0 || self.visits >= EFFORT
    }

    /// A number below `most`, by xorshift.
    fn below(&mut self, most: usize) -> usize {
        self.lot ^= self.lot << 13;
        self.lot ^= self.lot >> 7;
        self.lot ^= self.lot << 17;
        usize::try_from(self.lot % most.max(1) as u64).unwrap_or(0)
    }

    /// Moves some lanes to the other side of their boxes, and turns some pieces of ranks round.
    fn disturb(&mut self) {
        for rank in 0..self.layers.len() {
            let mut row = std::mem::take(&mut self.layers[rank]);
            if row.len() > 2 && self.below(4) == 0 {
                let from = self.below(row.len());
                let to = (from + 2 + self.below(4)).min(row.len());
                row[from..to].reverse();
            }
            let keyed = row.into_iter().enumerate().map(|(index, vertex)| (index as f32, vertex)).collect();
            let flips = self.below(usize::MAX);
            let owner_place = |vertex: usize| match self.drawing.vertices[vertex].kind {
                VertexKind::Lane { owner } => self.place[owner],
                _ => 0,
            };
            let right = |(_, lane): (f32, usize)| {
                let flip = (flips >> (lane % 60)) & 3 == 0;
                (self.place[lane] > owner_place(lane)) != flip
            };
            self.layers[rank] = units(self.drawing, keyed, right);
            self.note(rank);
        }
    }

    fn note(&mut self, rank: usize) {
        for (index, &vertex) in self.layers[rank].iter().enumerate() {
            self.place[vertex] = index;
        }
    }

    fn note_all(&mut self) {
        (0..self.layers.len()).for_each(|rank| self.note(rank));
    }

    fn sort_by_neighbours(&mut self, rank: usize, downwards: bool, mirrored: bool) {
        let drawing = self.drawing;
        let layer = std::mem::take(&mut self.layers[rank]);
        self.visits += layer.len();
        let mut keyed: Vec<(f32, usize)> = Vec::with_capacity(layer.len());
        let mut previous = 0.0;
        for &vertex in &layer {
            let neighbours = if downwards { &drawing.above[vertex] } else { &drawing.below[vertex] };
            if neighbours.is_empty() {
                // A vertex without neighbours stays beside the one before it.
                self.keys[vertex] = f32::NAN;
                keyed.push((previous, vertex));
            } else {
                let sum: usize = neighbours.iter().map(|&neighbour| self.place[neighbour]).sum();
                let mean = sum as f32 / neighbours.len() as f32;
                if !matches!(drawing.vertices[vertex].kind, VertexKind::Lane { .. }) {
                    previous = mean;
                }
                self.keys[vertex] = mean;
                keyed.push((mean, vertex));
            }
        }
        if mirrored {
            keyed.reverse();
        }
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let right = |(key, lane): (f32, usize)| {
            let VertexKind::Lane { owner } = drawing.vertices[lane].kind else { return true };
            let stays = self.place[lane] > self.place[owner];
            // Not a number: one of the two has no neighbours there.
            match self.keys[lane].partial_cmp(&self.keys[owner]) {
                None | Some(std::cmp::Ordering::Equal) => stays,
                Some(_) => key > self.keys[owner],
            }
        };
        self.layers[rank] = units(drawing, keyed, right);
        self.note(rank);
    }

    /// Exchanges neighbours in all ranks where that leaves fewer crossings. Returns whether it did.
    fn exchange(&mut self) -> bool {
        let mut progress = false;
        for rank in 0..self.layers.len() {
            self.visits += self.layers[rank].len();
            let mut at = 0;
            while at + 1 < self.layers[rank].len() {
                let (left, right) = self.pair_at(rank, at);
                let middle = left.end;
                if self.saves(rank, left.clone(), right.clone()) {
                    self.layers[rank][left.start..right.end].rotate_left(left.len());
                    self.note(rank);
                    progress = true;
                }
                at = middle.max(at + 1);
            }
        }
        progress
    }

    /// The two pieces of a rank that may change places around `at`: two vertices of one box with its lanes, or two such
    /// boxes.
    fn pair_at(&self, rank: usize, at: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let row = &self.layers[rank];
        let owner = |index: usize| match self.drawing.vertices[row[index]].kind {
            VertexKind::Lane { owner } => owner,
            _ => row[index],
        };
        if owner(at) == owner(at + 1) {
            return (at..at + 1, at + 1..at + 2);
        }
        let (mut start, mut end) = (at, at + 2);
        while start > 0 && owner(start - 1) == owner(at) {
            start -= 1;
        }
        while end < row.len() && owner(end) == owner(at + 1) {
            end += 1;
        }
        (start..at + 1, at + 1..end)
    }

    /// Whether two pieces of a rank cross less when they change places.
    fn saves(&self, rank: usize, left: std::ops::Range<usize>, right: std::ops::Range<usize>) -> bool {
        let row = &self.layers[rank];
        let (mut now, mut then) = (0_usize, 0_usize);
        for neighbours in [&self.drawing.above, &self.drawing.below] {
            for &one in &row[left.clone()] {
                for &other in &row[right.clone()] {
                    if neighbours[one].len() * neighbours[other].len() > MOST_PAIRS {
                        return false;
                    }
                    for &a in &neighbours[one] {
                        for &b in &neighbours[other] {
                            now += usize::from(self.place[a] > self.place[b]);
                            then += usize::from(self.place[a] < self.place[b]);
                        }
                    }
                }
            }
        }
        then < now
    }

    /// Crossings of arcs between all neighbouring ranks.
    fn crossings(&self) -> usize {
        self.layers.iter().map(|layer| crossings_below(self.drawing, layer, &self.place)).sum()
    }
}

/// Counts inversions among the lower ends, in the order of the upper ends, with a tree of partial sums.
fn crossings_below(drawing: &Drawing, layer: &[usize], place: &[usize]) -> usize {
    let mut ends = Vec::new();
    for &upper in layer {
        let first = ends.len();
        ends.extend(drawing.below[upper].iter().map(|&lower| place[lower]));
        ends[first..].sort_unstable();
    }
    let size = ends.iter().max().map_or(0, |last| last + 1);
    let (mut tree, mut count) = (vec![0_usize; size + 1], 0);
    for (before, &end) in ends.iter().enumerate() {
        let (mut at, mut not_greater) = (end + 1, 0);
        while at > 0 {
            not_greater += tree[at];
            at &= at - 1;
        }
        count += before - not_greater;
        let mut at = end + 1;
        while at <= size {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}

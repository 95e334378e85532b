//! The order within each rank: few crossings, by sweeps that move each vertex to the mean position of its neighbours.

use std::collections::BTreeMap;

use super::{Drawing, VertexKind};

/// Sweeps up and down. More do not improve real definitions.
const SWEEPS: usize = 16;

/// Fills `layers` with the best order found.
pub(super) fn order(drawing: &mut Drawing) {
    start_order(drawing);
    let mut best = drawing.layers.clone();
    let mut fewest = crossings(drawing);
    // Written rank by rank; only the indices of the neighbouring rank are read.
    let mut place = vec![0.0_f32; drawing.vertices.len()];
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let ranks = drawing.layers.len();
        if sweep % 2 == 0 {
            (1..ranks).for_each(|rank| sort_by_neighbours(drawing, rank, true, &mut place));
        } else {
            (0..ranks.saturating_sub(1)).rev().for_each(|rank| sort_by_neighbours(drawing, rank, false, &mut place));
        }
        let count = crossings(drawing);
        if count < fewest {
            fewest = count;
            best.clone_from(&drawing.layers);
        }
    }
    drawing.layers = best;
}

/// The order of a depth-first walk, so that related vertices begin side by side. Lanes follow their boxes.
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
        drawing.layers[rank] = lanes_beside_their_boxes(drawing, layer);
    }
}

fn sort_by_neighbours(drawing: &mut Drawing, rank: usize, downwards: bool, place: &mut [f32]) {
    let neighbour_rank = if downwards { rank - 1 } else { rank + 1 };
    for (index, &vertex) in drawing.layers[neighbour_rank].iter().enumerate() {
        place[vertex] = index as f32;
    }
    let layer = std::mem::take(&mut drawing.layers[rank]);
    let mut keyed: Vec<(f32, usize)> = Vec::with_capacity(layer.len());
    let mut previous = 0.0;
    for &vertex in &layer {
        let neighbours = if downwards { &drawing.above[vertex] } else { &drawing.below[vertex] };
        if !neighbours.is_empty() {
            let sum: f32 = neighbours.iter().map(|&neighbour| place[neighbour]).sum();
            previous = sum / neighbours.len() as f32;
        }
        // A vertex without neighbours stays beside the one before it.
        keyed.push((previous, vertex));
    }
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sorted = keyed.into_iter().map(|(_, vertex)| vertex).collect();
    drawing.layers[rank] = lanes_beside_their_boxes(drawing, sorted);
}

fn lanes_beside_their_boxes(drawing: &Drawing, layer: Vec<usize>) -> Vec<usize> {
    let (mut lanes, mut others): (BTreeMap<usize, Vec<usize>>, Vec<usize>) = (BTreeMap::new(), Vec::new());
    for vertex in layer {
        match drawing.vertices[vertex].kind {
            VertexKind::Lane { owner } => lanes.entry(owner).or_default().push(vertex),
            _ => others.push(vertex),
        }
    }
    if lanes.is_empty() {
        return others;
    }
    others
        .into_iter()
        .flat_map(|vertex| std::iter::once(vertex).chain(lanes.remove(&vertex).unwrap_or_default()))
        .collect()
}

/// Crossings of arcs between all neighbouring ranks.
fn crossings(drawing: &Drawing) -> usize {
    let mut place = vec![0; drawing.vertices.len()];
    for layer in &drawing.layers {
        for (index, &vertex) in layer.iter().enumerate() {
            place[vertex] = index;
        }
    }
    drawing.layers.iter().map(|layer| crossings_below(drawing, layer, &place)).sum()
}

/// Counts inversions among the lower ends, in the order of the upper ends, with a tree of partial sums.
fn crossings_below(drawing: &Drawing, layer: &[usize], place: &[usize]) -> usize {
    let mut ends = Vec::new();
    for &upper in layer {
        let mut own: Vec<usize> = drawing.below[upper].iter().map(|&lower| place[lower]).collect();
        own.sort_unstable();
        ends.extend(own);
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

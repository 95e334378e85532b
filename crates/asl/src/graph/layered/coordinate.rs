//! Horizontal positions, after Brandes and Köpf: chains become straight blocks in four ways, and the results are balanced.

use std::collections::HashSet;

use super::Drawing;

/// The horizontal centre of each vertex, before the drawing is moved to the origin.
pub(super) fn centres(drawing: &Drawing) -> Vec<f32> {
    let conflicts = conflicts(drawing);
    let mut results = Vec::with_capacity(4);
    for upwards in [false, true] {
        for mirrored in [false, true] {
            results.push(one_way(drawing, &conflicts, upwards, mirrored));
        }
    }
    balance(drawing, results)
}

/// Arcs that cross a line which should be straight (an arc between two bends).
fn conflicts(drawing: &Drawing) -> HashSet<(usize, usize)> {
    let (mut found, mut place) = (HashSet::new(), vec![0; drawing.vertices.len()]);
    for rank in 1..drawing.layers.len() {
        note_places(&drawing.layers[rank - 1], &mut place);
        let straight = |lower: usize| {
            let upper = drawing.above[lower].iter().find(|&&upper| drawing.is_bend(upper));
            upper.filter(|_| drawing.is_bend(lower)).map(|&upper| place[upper])
        };
        let (layer, last_place) = (&drawing.layers[rank], drawing.layers[rank - 1].len());
        let (mut from, mut left) = (0, 0);
        for (index, &lower) in layer.iter().enumerate() {
            let straight_end = straight(lower);
            if straight_end.is_none() && index + 1 < layer.len() {
                continue;
            }
            let right = straight_end.unwrap_or(last_place);
            for &between in &layer[from..=index] {
                for &upper in &drawing.above[between] {
                    let both = drawing.is_bend(upper) && drawing.is_bend(between);
                    if (place[upper] < left || place[upper] > right) && !both {
                        found.insert((upper, between));
                    }
                }
            }
            (from, left) = (index + 1, right);
        }
    }
    found
}

/// Writes the indices of a rank's vertices. Only those of the neighbouring rank are read, so one list serves all ranks.
fn note_places(layer: &[usize], place: &mut [usize]) {
    for (index, &vertex) in layer.iter().enumerate() {
        place[vertex] = index;
    }
}

/// One of the four alignments: against the rank above or below, leaning left or right.
fn one_way(drawing: &Drawing, conflicts: &HashSet<(usize, usize)>, upwards: bool, mirrored: bool) -> Vec<f32> {
    let mut layers = drawing.layers.clone();
    if upwards {
        layers.reverse();
    }
    if mirrored {
        layers.iter_mut().for_each(|layer| layer.reverse());
    }
    let neighbours = if upwards { &drawing.below } else { &drawing.above };
    let is_conflict = |neighbour: usize, vertex: usize| {
        let arc = if upwards { (vertex, neighbour) } else { (neighbour, vertex) };
        conflicts.contains(&arc)
    };
    let straightness = |neighbour: usize, vertex: usize| match upwards {
        true => drawing.straightness(vertex, neighbour),
        false => drawing.straightness(neighbour, vertex),
    };
    let roots = align(&layers, neighbours, is_conflict, straightness);
    let mut result = compact(drawing, &layers, &roots, mirrored);
    if mirrored {
        result.iter_mut().for_each(|x| *x = -*x);
    }
    result
}

/// Joins vertices into vertical blocks. Returns the first vertex of each one's block.
fn align(
    layers: &[Vec<usize>],
    neighbours: &[Vec<usize>],
    is_conflict: impl Fn(usize, usize) -> bool,
    straightness: impl Fn(usize, usize) -> u8,
) -> Vec<usize> {
    let count = neighbours.len();
    let mut roots: Vec<usize> = (0..count).collect();
    let (mut taken, mut place) = (vec![false; count], vec![0; count]);
    for pair in layers.windows(2) {
        note_places(&pair[0], &mut place);
        let mut reached: Option<usize> = None;
        for &vertex in &pair[1] {
            let rated: Vec<(u8, usize)> =
                neighbours[vertex].iter().map(|&other| (straightness(other, vertex), other)).collect();
            let straightest = rated.iter().map(|&(rating, _)| rating).max().unwrap_or(0);
            let is_candidate = |&&(rating, _): &&(u8, usize)| straightest > 0 && rating == straightest;
            let mut candidates: Vec<usize> = rated.iter().filter(is_candidate).map(|&(_, other)| other).collect();
            candidates.sort_by_key(|&neighbour| place[neighbour]);
            if candidates.is_empty() {
                continue;
            }
            let middle = (candidates.len() - 1) / 2..=candidates.len() / 2;
            let free = middle.map(|index| candidates[index]).find(|&candidate| {
                !taken[candidate]
                    && !is_conflict(candidate, vertex)
                    && reached.is_none_or(|reached| reached < place[candidate])
            });
            if let Some(neighbour) = free {
                taken[neighbour] = true;
                roots[vertex] = roots[neighbour];
                reached = Some(place[neighbour]);
            }
        }
    }
    roots
}

/// Places blocks as far left as possible, then moves each towards its right neighbours where there is room.
fn compact(drawing: &Drawing, layers: &[Vec<usize>], roots: &[usize], mirrored: bool) -> Vec<f32> {
    let count = roots.len();
    let (mut left, mut right) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for pair in layers.iter().flat_map(|layer| layer.windows(2)) {
        let (a, b) = (pair[0], pair[1]);
        let apart = if mirrored { drawing.separation(b, a) } else { drawing.separation(a, b) };
        left[roots[b]].push((roots[a], apart));
        right[roots[a]].push((roots[b], apart));
    }
    let order = topological(&left, &right);
    let mut x = vec![0.0_f32; count];
    for &block in &order {
        x[block] = left[block].iter().map(|&(other, apart)| x[other] + apart).fold(0.0, f32::max);
    }
    for &block in order.iter().rev() {
        let room = right[block].iter().map(|&(other, apart)| x[other] - apart).fold(f32::INFINITY, f32::min);
        if room.is_finite() {
            x[block] = x[block].max(room);
        }
    }
    (0..count).map(|vertex| x[roots[vertex]]).collect()
}

fn topological(left: &[Vec<(usize, f32)>], right: &[Vec<(usize, f32)>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = left.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..left.len()).filter(|&block| waiting[block] == 0).collect();
    let mut at = 0;
    while at < ready.len() {
        for &(other, _) in &right[ready[at]] {
            waiting[other] -= 1;
            if waiting[other] == 0 {
                ready.push(other);
            }
        }
        at += 1;
    }
    ready
}

/// The mean of the two middle positions, after moving all four results onto the narrowest.
fn balance(drawing: &Drawing, mut results: Vec<Vec<f32>>) -> Vec<f32> {
    let extent = |xs: &[f32]| {
        let low = xs.iter().zip(&drawing.vertices).map(|(x, v)| x - v.width / 2.0).fold(f32::INFINITY, f32::min);
        let high = xs.iter().zip(&drawing.vertices).map(|(x, v)| x + v.width / 2.0).fold(f32::NEG_INFINITY, f32::max);
        (low, high)
    };
    let extents: Vec<(f32, f32)> = results.iter().map(|xs| extent(xs)).collect();
    let narrowest = extents.iter().copied().min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))).unwrap_or((0.0, 0.0));
    for (index, xs) in results.iter_mut().enumerate() {
        // Results that lean left meet at the left border, those that lean right at the right one.
        let shift = if index % 2 == 0 { narrowest.0 - extents[index].0 } else { narrowest.1 - extents[index].1 };
        xs.iter_mut().for_each(|x| *x += shift);
    }
    (0..drawing.vertices.len())
        .map(|vertex| {
            let mut four: Vec<f32> = results.iter().map(|xs| xs[vertex]).collect();
            four.sort_by(f32::total_cmp);
            f32::midpoint(four[1], four[2])
        })
        .collect()
}

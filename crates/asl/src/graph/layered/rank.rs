//! Ranks: the longest path from the start, without the links that close a cycle.

use super::Link;

/// Where labels stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// In ranks that hold nothing but labels and bends: boxes that follow one box stand side by side.
    Between,
    /// In any rank, also beside boxes: a box that is reached by a label stands a rank lower than one that is not.
    Beside,
}

/// The rank of each box. A link goes down at least one rank (two with a label), unless it closes a cycle; one to a row goes
/// down as often as there are rows up to that one.
pub(super) fn ranks(boxes: usize, links: &[Link], rows: &[Option<usize>], labels: Labels) -> Vec<usize> {
    let mut outgoing = vec![Vec::new(); boxes];
    for (link, row) in links.iter().zip(rows).filter(|(link, _)| link.from != link.to) {
        let length = if link.label.is_some() && labels == Labels::Beside { 2 } else { 1 };
        outgoing[link.from].push((link.to, length * (1 + row.unwrap_or(0))));
    }
    let finished = finishing_order(&outgoing);
    let mut position = vec![0; boxes];
    for (index, &vertex) in finished.iter().rev().enumerate() {
        position[vertex] = index;
    }
    let mut ranks = vec![0; boxes];
    for &from in finished.iter().rev() {
        for &(to, length) in &outgoing[from] {
            if position[to] > position[from] {
                ranks[to] = ranks[to].max(ranks[from] + length);
            }
        }
    }
    if labels == Labels::Between { with_room_for_labels(&ranks, links, rows) } else { ranks }
}

/// The ranks with one more below each that links with labels leave downwards, and above each row.
fn with_room_for_labels(ranks: &[usize], links: &[Link], rows: &[Option<usize>]) -> Vec<usize> {
    let mut room = vec![0; ranks.iter().max().map_or(0, |last| last + 1)];
    for (link, row) in links.iter().zip(rows) {
        if link.label.is_none() || ranks[link.from] >= ranks[link.to] {
            continue;
        }
        room[if row.is_some() { ranks[link.to] - 1 } else { ranks[link.from] }] = 1;
    }
    let mut before = 0;
    for room in &mut room {
        before += std::mem::replace(room, before);
    }
    ranks.iter().map(|&rank| rank + room[rank]).collect()
}

/// Boxes in the order in which a depth-first search leaves them. A link to a box that is left later closes a cycle.
///
/// Without recursion: a definition may hold thousands of states in a row.
fn finishing_order(outgoing: &[Vec<(usize, usize)>]) -> Vec<usize> {
    let (mut seen, mut finished) = (vec![false; outgoing.len()], Vec::with_capacity(outgoing.len()));
    for root in 0..outgoing.len() {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        let mut stack = vec![(root, 0)];
        while let Some((vertex, next)) = stack.pop() {
            match outgoing[vertex].get(next) {
                Some(&(to, _)) => {
                    stack.push((vertex, next + 1));
                    if !seen[to] {
                        seen[to] = true;
                        stack.push((to, 0));
                    }
                }
                None => finished.push(vertex),
            }
        }
    }
    finished
}

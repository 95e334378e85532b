//! Ranks: the longest path from the start, without the links that close a cycle.

use super::Link;

/// The rank of each box. A link goes down at least one rank (two with a label), unless it closes a cycle.
pub(super) fn ranks(boxes: usize, links: &[Link]) -> Vec<usize> {
    let mut outgoing = vec![Vec::new(); boxes];
    for link in links.iter().filter(|link| link.from != link.to) {
        outgoing[link.from].push((link.to, if link.label.is_some() { 2 } else { 1 }));
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
    ranks
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

//! Finds a state by a few letters.

use super::scene::Scene;
use crate::wire::graph::Node;

/// Matches that are listed; the rest is counted.
pub const LISTED: usize = 8;

/// The states whose names have the letters, those that begin with them first, and how many there are in all.
pub fn matches<'a>(scene: &'a Scene, letters: &str) -> (Vec<&'a Node>, usize) {
    let wanted = letters.trim().to_lowercase();
    let found: Vec<(usize, &Node)> = scene
        .graph
        .nodes
        .iter()
        .filter(|node| node.is_state())
        .filter_map(|node| Some((rank(&node.label.to_lowercase(), &wanted)?, node)))
        .collect();
    // Letters that are only scattered over a name are a guess for where no name has them together.
    let is_guess = found.iter().all(|(rank, _)| *rank == SCATTERED);
    let ranks = if is_guess { SCATTERED..SCATTERED + 1 } else { 0..SCATTERED };
    let count = found.iter().filter(|(rank, _)| ranks.contains(rank)).count();
    let in_order = ranks.flat_map(|rank| found.iter().filter(move |(one, _)| *one == rank));
    (in_order.take(LISTED).map(|(_, node)| *node).collect(), count)
}

/// The rank of a name that has the letters one after the other, but not together.
const SCATTERED: usize = 2;

/// How well a name has the letters: at its beginning, together, or one after the other.
fn rank(name: &str, wanted: &str) -> Option<usize> {
    if let Some(at) = name.find(wanted) {
        return Some(usize::from(at > 0));
    }
    let mut letters = name.chars();
    wanted.chars().all(|letter| letters.any(|other| other == letter)).then_some(SCATTERED)
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::{node, scene};
    use super::*;

    #[test]
    fn a_few_letters_find_a_state() {
        let names = ["Charge card", "Ask finance", "Refund the card", "Ship", "Archive"];
        let nodes =
            names.iter().zip(0..).map(|(name, number)| Node { label: (*name).to_owned(), ..node(number, None, 0, 0) });
        let scene = scene(nodes.collect(), &[]);
        let names = |letters| matches(&scene, letters).0.iter().map(|node| node.label.clone()).collect::<Vec<_>>();
        assert_eq!(names("card"), ["Charge card", "Refund the card"]);
        assert_eq!(names("AR"), ["Archive", "Charge card", "Refund the card"]);
        assert_eq!(names("rfnd"), ["Refund the card"]);
        assert_eq!(names("xyz"), Vec::<String>::new());
        assert_eq!(matches(&scene, "").1, 5);
    }
}

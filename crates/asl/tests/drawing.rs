//! What every drawing keeps to, over generated definitions. `graph::score` says how each fault is counted.
#![allow(clippy::unwrap_used)]

#[path = "../benches/drawing/generated.rs"]
mod generated;

use countersign_asl::Machine;
use countersign_asl::graph::score::{Score, score};
use countersign_asl::graph::{Graph, layout};

fn drawn(size: usize, seed: u64) -> Graph {
    layout(&Machine::read(&generated::definition(size, seed)).unwrap())
}

/// No line runs through a box, no label lies on a box, a label or another line, every label is whole and on its line.
#[test]
fn nothing_covers_anything_else() {
    for seed in 100..220 {
        for size in [5, 15, 40] {
            let found = score(&drawn(size, seed));
            let faults = Score { crossings: 0, crossing_pairs: 0, area: 0.0, ..found };
            assert_eq!(faults, Score::default(), "{size} states, seed {seed}");
        }
    }
}

/// Real definitions hardly ever need a crossing; these, which are wilder, need few.
#[test]
fn lines_hardly_ever_cross() {
    let crossings: usize = (300..400).map(|seed| score(&drawn(30, seed)).crossings).sum();
    assert!(crossings <= 10, "{crossings} crossings in 100 drawings");
}

/// A line upwards leaves and enters its boxes at their sides, and stays between boxes that hold both of its ends.
#[test]
fn backward_lines_pass_outside_of_boxes() {
    let mut found = 0;
    for seed in 0..60 {
        let graph = drawn(30, seed);
        for edge in &graph.edges {
            let (first, last) = (edge.points[0], edge.points[edge.points.len() - 1]);
            if first.1 <= last.1 || edge.from == edge.to {
                continue;
            }
            found += 1;
            for (index, (x, y)) in [(edge.from, first), (edge.to, last)] {
                let node = &graph.nodes[index];
                let at_side = (x - node.x).abs() < 0.5 || (x - node.x - node.width).abs() < 0.5;
                assert!(at_side && y > node.y && y < node.y + node.height, "{}: {:?}", node.id, edge.points);
            }
        }
    }
    assert!(found > 50, "only {found} lines upwards");
}

/// The same definition gives the same drawing: pages of one definition look alike, and tests can rely on it.
#[test]
fn drawings_do_not_vary() {
    assert_eq!(drawn(60, 7), drawn(60, 7));
}

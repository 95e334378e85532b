//! What every drawing keeps to, over generated definitions. `graph::score` says how each fault is counted.
#![allow(clippy::unwrap_used)]

#[path = "../benches/drawing/generated.rs"]
mod generated;

use countersign_asl::Machine;
use countersign_asl::graph::score::{Score, score};
use countersign_asl::graph::{Graph, layout};
use serde_json::{Value, json};

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

/// A Choice with so many targets besides its default, each of which ends.
fn fan(targets: usize) -> Graph {
    let name = |index: usize| format!("Case {index}");
    let rule = |index: usize| json!({"Variable": "$.kind", "NumericEquals": index, "Next": name(index)});
    let rules: Vec<Value> = (0..targets).map(rule).collect();
    let mut states = json!({"Other": {"Type": "Fail"}});
    states["Which"] = json!({"Type": "Choice", "Choices": rules, "Default": "Other"});
    for index in 0..targets {
        states[name(index)] = json!({"Type": "Pass", "End": true});
    }
    layout(&Machine::read(&json!({"StartAt": "Which", "States": states}).to_string()).unwrap())
}

/// A wide Choice is no ribbon: its targets stand in rows, and no line crosses another for it.
#[test]
fn the_targets_of_a_wide_choice_stand_in_rows() {
    for (targets, rows) in [(5, 1), (11, 1), (12, 2), (40, 6), (100, 10)] {
        let graph = fan(targets);
        let found = score(&graph);
        assert_eq!(found, Score { area: found.area, ..Score::default() }, "{targets} targets");
        let cases = graph.nodes.iter().filter(|node| node.id.starts_with("Case"));
        let tops: std::collections::BTreeSet<i64> = cases.map(|node| node.y.round() as i64).collect();
        assert_eq!(tops.len(), rows, "{targets} targets");
    }
    let wide = fan(100);
    assert!(wide.width < 3.0 * wide.height, "{} by {}", wide.width, wide.height);
}

/// The same definition gives the same drawing: pages of one definition look alike, and tests can rely on it.
#[test]
fn drawings_do_not_vary() {
    assert_eq!(drawn(60, 7), drawn(60, 7));
}

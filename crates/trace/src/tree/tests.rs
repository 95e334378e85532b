#![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
use serde_json::{Value, json};

use super::*;
use crate::{HistoryEvent, fold};

/// A history of which every event names its predecessor: id, predecessor, type, details.
fn history(events: &[(u64, u64, &str, Value)]) -> Vec<HistoryEvent> {
    let event = |(id, previous, kind, details): &(u64, u64, &str, Value)| {
        let kind = crate::EventKind::from_name(kind).unwrap();
        let mut wire = json!({"id": id, "previousEventId": previous, "timestamp": id, "type": kind.name()});
        if let Some(key) = kind.details_key() {
            wire[key] = details.clone();
        }
        serde_json::from_value(wire).unwrap()
    };
    events.iter().map(event).collect()
}

/// A Map of two iterations; each has a Map of two iterations of one Pass state.
fn nested() -> Vec<HistoryEvent> {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({})),
        (2, 1, "MapStateEntered", json!({"name": "Outer"})),
        (3, 2, "MapStateStarted", json!({"length": 2})),
    ];
    let mut id = 3;
    for outer in 0..2 {
        let mut next = |previous: u64, kind: &'static str, details: Value| {
            id += 1;
            events.push((id, previous, kind, details));
            id
        };
        let begun = next(3, "MapIterationStarted", json!({"name": "Outer", "index": outer}));
        let entered = next(begun, "MapStateEntered", json!({"name": "Inner"}));
        let started = next(entered, "MapStateStarted", json!({"length": 2}));
        let mut last = started;
        for inner in 0..2 {
            let begun = next(started, "MapIterationStarted", json!({"name": "Inner", "index": inner}));
            let entered = next(begun, "PassStateEntered", json!({"name": "Pass"}));
            let left = next(entered, "PassStateExited", json!({"name": "Pass"}));
            last = next(left, "MapIterationSucceeded", json!({"name": "Inner", "index": inner}));
        }
        if outer == 0 {
            let done = next(last, "MapStateSucceeded", json!({}));
            let left = next(done, "MapStateExited", json!({"name": "Inner"}));
            next(left, "MapIterationSucceeded", json!({"name": "Outer", "index": outer}));
        }
    }
    history(&events)
}

fn shown(tree: &Tree) -> Vec<String> {
    let row = |row: &Row| {
        let what = match &row.kind {
            RowKind::State(name) => name.clone(),
            RowKind::Iteration(index) => format!("#{index}"),
            RowKind::Branch(number) => format!("branch {number}"),
        };
        format!("{}{what} {:?} {}", "  ".repeat(row.depth), row.status, row.size)
    };
    tree.rows.iter().map(row).collect()
}

#[test]
fn states_stand_under_the_iterations_around_them() {
    let trace = fold(&nested());
    let inner = |at: &str| {
        vec![
            format!("    Inner {at} 4"),
            "      #0 Succeeded 1".to_owned(),
            "        Pass Succeeded 0".to_owned(),
            "      #1 Succeeded 1".to_owned(),
            "        Pass Succeeded 0".to_owned(),
        ]
    };
    let mut expected = vec!["Outer Running 12".to_owned(), "  #0 Succeeded 5".to_owned()];
    expected.extend(inner("Succeeded"));
    expected.push("  #1 Running 5".to_owned());
    expected.extend(inner("Running"));
    assert_eq!(shown(&Tree::of(&trace)), expected);
}

#[test]
fn an_event_belongs_to_its_iteration_and_those_around_it() {
    let events = nested();
    let trace = fold(&events);
    let path = |id: u64| {
        let around = trace.iterations_around(trace.owner(id).iteration);
        let mut path: Vec<u64> = around.map(|id| trace.iteration(id).unwrap().index).collect();
        path.reverse();
        path
    };
    assert!(path(1).is_empty());
    assert!(path(3).is_empty(), "the Map's own events are in none of its iterations");
    assert_eq!((path(4), path(5), path(7), path(8)), (vec![0], vec![0], vec![0, 0], vec![0, 0]));
    let last = events.last().unwrap().id;
    assert_eq!(path(last), [1, 1]);
    let begun = trace.iteration_begun_by(4).unwrap();
    assert_eq!(trace.iterations[begun.0].ended_at, Some(17_000));
    assert_eq!(trace.iteration_begun_by(5), None);
    let inside = trace.visit_ids().filter(|&visit| trace.runs_in(visit, begun)).count();
    assert_eq!(inside, 3, "Inner, and Pass twice");
}

#[test]
fn branches_have_rows_of_their_own() {
    let events = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 1, "ParallelStateEntered", json!({"name": "Both"})),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "PassStateEntered", json!({"name": "A"})),
        (5, 3, "WaitStateEntered", json!({"name": "B"})),
        (6, 4, "PassStateExited", json!({"name": "A"})),
        (7, 6, "PassStateEntered", json!({"name": "C"})),
        (8, 7, "PassStateExited", json!({"name": "C"})),
    ]);
    assert_eq!(
        shown(&Tree::of(&fold(&events))),
        [
            "Both Running 5",
            "  branch 0 Succeeded 2",
            "    A Succeeded 0",
            "    C Succeeded 0",
            "  branch 1 Waiting 1",
            "    B Waiting 0",
        ]
    );
}

#[test]
fn a_loop_has_one_row_and_every_visit_is_in_exactly_one() {
    let mut events = vec![(1, 0, "ExecutionStarted", json!({}))];
    for turn in 0..500 {
        let id = 2 + turn * 4;
        events.push((id, id - 1, "PassStateEntered", json!({"name": "A"})));
        events.push((id + 1, id, "PassStateExited", json!({"name": "A"})));
        events.push((id + 2, id + 1, "ChoiceStateEntered", json!({"name": "B"})));
        events.push((id + 3, id + 2, "ChoiceStateExited", json!({"name": "B"})));
    }
    let trace = fold(&history(&events));
    let tree = Tree::of(&trace);
    assert_eq!(shown(&tree), ["A Succeeded 0", "B Succeeded 0"]);
    let mut seen: Vec<VisitId> = tree.rows.iter().flat_map(|row| row.visits.clone()).collect();
    seen.sort();
    assert_eq!(seen, trace.visit_ids().collect::<Vec<_>>());
}

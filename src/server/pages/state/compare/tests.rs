#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::sync::Arc;

use countersign_desk::connection::{Description, ExecutionStatus, Redrivable};
use countersign_desk::eyes::{Eyes, Hide};
use countersign_desk::redact::{RedactionKey, Redactor, Tokens};
use countersign_desk::watch::Definition;
use countersign_trace::{Details, EventKind, HistoryEvent};

use super::*;

/// The history of a Map with one Pass state, an iteration for each of these inputs; the output is `{}`.
fn map(inputs: &[&str]) -> Record {
    let mut events: Vec<HistoryEvent> = Vec::new();
    let mut add = |previous_event_id: u64, kind: EventKind, details: Details| {
        let id = u64::try_from(events.len()).unwrap() + 1;
        let timestamp = 1_700_000_000_000 + i64::try_from(id).unwrap();
        events.push(HistoryEvent { id, previous_event_id, timestamp, kind, details });
        id
    };
    let named = |name: &str| Details { name: Some(name.to_owned()), ..Details::default() };
    let length = Some(u64::try_from(inputs.len()).unwrap());
    let start = add(0, EventKind::ExecutionStarted, Details::default());
    let entered = add(start, EventKind::MapStateEntered, named("Each"));
    let begun = add(entered, EventKind::MapStateStarted, Details { length, ..Details::default() });
    for (index, input) in (0..).zip(inputs) {
        let iteration = || Details { index: Some(index), ..named("Each") };
        let one = add(begun, EventKind::MapIterationStarted, iteration());
        let input = Some((*input).to_owned());
        let entered = add(one, EventKind::PassStateEntered, Details { input, ..named("Price") });
        let output = Some("{}".to_owned());
        let left = add(entered, EventKind::PassStateExited, Details { output, ..named("Price") });
        add(left, EventKind::MapIterationSucceeded, iteration());
    }
    let description = Description {
        arn: "arn:aws:states:us-east-1:000000000000:execution:made:up".to_owned(),
        name: "up".to_owned(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:made".to_owned(),
        status: ExecutionStatus::Running,
        started_at: 1_700_000_000_000,
        ended_at: None,
        input: None,
        output: None,
        error: None,
        cause: None,
        redrivable: Redrivable::Unsaid,
        redrives: 0,
    };
    let definition = Arc::new(Definition::read(String::new()));
    Record::new(description, events, definition, 0, None, Redactor::new(&RedactionKey::new([7; 16])), None)
}

fn tokens() -> Arc<Tokens> {
    Arc::new(Tokens::new(&RedactionKey::new([7; 16])))
}

/// The lines that differ.
fn changes(compared: &Compared) -> Vec<(char, &str)> {
    let changed = compared.lines.iter().filter(|line| line.sign != ' ');
    changed.map(|line| (line.sign, line.text.trim())).collect()
}

#[test]
fn two_iterations_are_compared() {
    let record = map(&[r#"{"sku":"A-1","n":1}"#, r#"{"sku":"B-7","n":1}"#, r#"{"sku":"A-1","n":1}"#]);
    let eyes = Eyes::open(tokens());
    let view = View { record: &record, eyes: &eyes };
    let all = record.visits_of("Price").to_vec();
    let found = comparison(&view, all[1], Some(1));
    assert_eq!(found.with, Some(1));
    let others = [(1, "visit 1 · Each, index 0".to_owned()), (3, "visit 3 · Each, index 2".to_owned())];
    assert_eq!(found.others, others);
    let titles: Vec<&str> = found.values.iter().map(|one| one.title.as_str()).collect();
    let between = "visit 1 · Each, index 0 → visit 2 · Each, index 1";
    assert_eq!(titles, [format!("Input: {between}"), format!("Output: {between}")]);
    assert_eq!(changes(&found.values[0]), [('-', r#""sku": "A-1","#), ('+', r#""sku": "B-7","#)]);
    assert_eq!(found.values[1].note, "The two values are the same.");
    assert_eq!(comparison(&view, all[2], Some(1)).values[0].note, "The two values are the same.");
}

#[test]
fn without_another_visit_the_output_is_compared_with_the_input() {
    let record = map(&[r#"{"n":1}"#, r#"{"n":2}"#]);
    let eyes = Eyes::open(tokens());
    let view = View { record: &record, eyes: &eyes };
    let all = record.visits_of("Price").to_vec();
    for with in [None, Some(0), Some(1), Some(3), Some(u64::MAX)] {
        let found = comparison(&view, all[0], with);
        assert_eq!((found.with, found.values.len()), (None, 1), "{with:?}");
        assert_eq!(found.values[0].title, "From input to output");
        assert!(changes(&found.values[0]).contains(&('-', r#""n": 1"#)));
    }
    assert_eq!(neighbour(&record, all[0]), Some(2));
    assert_eq!(neighbour(&record, all[1]), Some(1));
    let map = record.visits_of("Each").to_vec();
    assert_eq!(neighbour(&record, map[0]), None);
    assert!(comparison(&view, map[0], None).others.is_empty());
    assert_eq!(comparison(&view, map[0], None).values[0].note, "There are not two values to compare.");
}

#[test]
fn what_is_hidden_is_not_compared() {
    let record = map(&[r#"{"pin":"1111"}"#, r#"{"pin":"2222"}"#]);
    let shown = record.visits_of("Price").to_vec()[1];
    for (hide, note) in [
        (vec!["$.pin".to_owned()], "What you may see of the two values is the same."),
        (Vec::new(), "You may not see payloads here."),
    ] {
        let eyes = Eyes::closed(tokens(), Hide::of(&hide));
        let found = comparison(&View { record: &record, eyes: &eyes }, shown, Some(1));
        assert_eq!((found.values[0].note.as_str(), found.values[0].lines.len()), (note, 0));
    }
}

#[test]
fn of_many_visits_those_near_and_those_at_the_ends_are_offered() {
    let inputs = vec!["{}"; 100];
    let record = map(&inputs);
    let eyes = Eyes::open(tokens());
    let view = View { record: &record, eyes: &eyes };
    let all = record.visits_of("Price").to_vec();
    let numbers: Vec<u64> = comparison(&view, all[49], Some(90)).others.into_iter().map(|(number, _)| number).collect();
    let expected: Vec<u64> = [1].into_iter().chain(30..50).chain(51..71).chain([90, 100]).collect();
    assert_eq!(numbers, expected);
}

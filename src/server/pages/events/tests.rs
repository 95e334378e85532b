#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_desk::connection::{Description, ExecutionStatus};
use countersign_desk::redact::{RedactionKey, Redactor, Tokens};
use countersign_desk::watch::Definition;
use countersign_trace::Details;

use super::*;
use crate::wire::events::KINDS;

/// A history as it grows.
#[derive(Default)]
struct History(Vec<HistoryEvent>);

impl History {
    fn add(&mut self, previous: u64, kind: EventKind, details: Details) -> u64 {
        let id = count(self.0.len()) + 1;
        let timestamp = 1_700_000_000_000 + i64::try_from(id).unwrap() * 7;
        self.0.push(HistoryEvent { id, previous_event_id: previous, timestamp, kind, details });
        id
    }

    /// A task that fails once and then succeeds.
    fn task(&mut self, previous: u64, state: &str) -> u64 {
        let call = || Details {
            resource: Some("invoke".to_owned()),
            resource_type: Some("lambda".to_owned()),
            parameters: Some("{\"orderId\": 4711}".to_owned()),
            ..Details::default()
        };
        let entered = self.add(previous, EventKind::TaskStateEntered, named(state));
        let first = self.add(entered, EventKind::TaskScheduled, call());
        let started = self.add(first, EventKind::TaskStarted, call());
        let error = Details { error: Some("Broken".to_owned()), cause: Some("It broke.".to_owned()), ..call() };
        let failed = self.add(started, EventKind::TaskFailed, error);
        let second = self.add(failed, EventKind::TaskScheduled, call());
        let started = self.add(second, EventKind::TaskStarted, call());
        let done = self.add(started, EventKind::TaskSucceeded, call());
        self.add(done, EventKind::TaskStateExited, named(state))
    }
}

fn named(name: &str) -> Details {
    Details { name: Some(name.to_owned()), ..Details::default() }
}

fn iteration(name: &str, index: u64) -> Details {
    Details { index: Some(index), ..named(name) }
}

/// Maps in a Map, with a retried task in each item, until there are `least` events. The iterations of a Map interleave.
fn nested_maps(least: usize) -> Vec<HistoryEvent> {
    let mut history = History::default();
    let start =
        history.add(0, EventKind::ExecutionStarted, Details { input: Some("{}".to_owned()), ..Details::default() });
    let outer = history.add(start, EventKind::MapStateEntered, named("Outer"));
    let begun = history.add(outer, EventKind::MapStateStarted, Details { length: Some(9), ..Details::default() });
    let mut last = begun;
    for index in 0.. {
        if history.0.len() + 40 > least {
            break;
        }
        let one = history.add(begun, EventKind::MapIterationStarted, iteration("Outer", index));
        let inner = history.add(one, EventKind::MapStateEntered, named("Inner"));
        let begun = history.add(inner, EventKind::MapStateStarted, Details { length: Some(2), ..Details::default() });
        let items = [0, 1].map(|item| history.add(begun, EventKind::MapIterationStarted, iteration("Inner", item)));
        let ends = items.map(|item| history.task(item, "Call"));
        for (item, end) in (0..).zip(ends) {
            last = history.add(end, EventKind::MapIterationSucceeded, iteration("Inner", item));
        }
        let done = history.add(last, EventKind::MapStateSucceeded, Details::default());
        let left = history.add(done, EventKind::MapStateExited, named("Inner"));
        last = history.add(left, EventKind::MapIterationSucceeded, iteration("Outer", index));
    }
    let failed = Details { error: Some("States.Timeout".to_owned()), ..Details::default() };
    while history.0.len() < least {
        last = history.task(last, "After");
    }
    history.0.truncate(least - 1);
    history.add(last, EventKind::ExecutionTimedOut, failed);
    history.0
}

fn record(events: Vec<HistoryEvent>) -> (Record, Eyes) {
    let key = RedactionKey::new([7; 16]);
    let description = Description {
        arn: "arn:aws:states:us-east-1:000000000000:execution:made:up".to_owned(),
        name: "up".to_owned(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:made".to_owned(),
        status: ExecutionStatus::TimedOut,
        started_at: events.first().map_or(0, |event| event.timestamp),
        ended_at: events.last().map(|event| event.timestamp),
        input: None,
        output: None,
        error: None,
        cause: None,
        redrivable: countersign_desk::connection::Redrivable::Unsaid,
        redrives: 0,
    };
    let definition = Arc::new(Definition::read(String::new()));
    let record = Record::new(description, events, definition, 0, None, Redactor::new(&key), None);
    (record, Eyes::open(Arc::new(Tokens::new(&key))))
}

/// Reads all windows of a list, and checks that they tile it: each event that is wanted stands in one row of one window.
#[track_caller]
fn check_windows(record: &Record, eyes: &Eyes, wanted: &Wanted, is_wanted: impl Fn(&HistoryEvent) -> bool) -> u64 {
    let expected: Vec<u64> = record.events.iter().filter(|event| is_wanted(event)).map(|event| event.id).collect();
    let (mut from, mut rows) = (0, Vec::new());
    loop {
        let window = window(record, ("here", eyes), wanted, Some(from), None);
        assert_eq!(
            (window.from, window.matched, window.total),
            (from, count(expected.len()), count(record.events.len()))
        );
        from += count(window.rows.len());
        rows.extend(window.rows);
        if from >= window.row_count {
            break;
        }
    }
    let first: Vec<u64> = rows.iter().map(|row| row.id).collect();
    assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "{wanted:?}: in order, none twice");
    if wanted.grouped {
        let of_group = |row: &EventRow| row.group.as_ref().map_or(1, |(words, _)| words.split(", ").count());
        assert_eq!(rows.iter().map(of_group).sum::<usize>(), expected.len(), "{wanted:?}: each event is in a group");
    } else {
        assert_eq!(first, expected, "{wanted:?}");
    }
    count(expected.len())
}

/// Every filter over one history.
fn check_filters(events: Vec<HistoryEvent>) {
    let (record, eyes) = record(events);
    for grouped in [false, true] {
        let all = Wanted { grouped, ..Wanted::default() };
        check_windows(&record, &eyes, &all, |_| true);
        for group in Group::ALL {
            let wanted = Wanted { kind: Some(group.words().0.to_owned()), ..all.clone() };
            check_windows(&record, &eyes, &wanted, |event| has(group, event.kind));
        }
        let kinds: BTreeSet<EventKind> = record.events.iter().map(|event| event.kind).collect();
        for kind in kinds {
            let wanted = Wanted { kind: Some(kind.name().to_owned()), ..all.clone() };
            assert!(check_windows(&record, &eyes, &wanted, |event| event.kind == kind) > 0);
        }
        let states: BTreeSet<&str> = record.trace.states.keys().map(String::as_str).collect();
        for state in states {
            let wanted = Wanted { state: Some(state.to_owned()), ..all.clone() };
            assert!(check_windows(&record, &eyes, &wanted, |event| record.state_of_event(event) == Some(state)) > 0);
        }
        for one in record.trace.iterations.iter().step_by(record.trace.iterations.len() / 5 + 1) {
            let wanted = Wanted { iteration: Some(one.began_event), ..all.clone() };
            let id = iterations::named(&record, one.began_event);
            let around = |event: &HistoryEvent| record.trace.iterations_around(record.trace.owner(event.id).iteration);
            assert!(check_windows(&record, &eyes, &wanted, |event| around(event).any(|one| one == id)) > 0);
        }
        let wanted = Wanted { kind: Some("NoSuchType".to_owned()), ..all.clone() };
        assert_eq!(check_windows(&record, &eyes, &wanted, |_| false), 0);
    }
}

#[test]
fn windows_tile_25_000_events_under_each_filter() {
    check_filters(nested_maps(25_000));
}

#[test]
fn windows_tile_every_written_history() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/trace/tests/histories");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut seen = 0;
    for file in files.filter(|file| file.extension().is_some_and(|ending| ending == "json")) {
        let text = std::fs::read_to_string(file).unwrap();
        let recording: serde_json::Value = serde_json::from_str(&text).unwrap();
        check_filters(serde_json::from_value(recording["events"].clone()).unwrap());
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn windows_tile_every_recorded_history() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings/execution.jsonl");
    let mut seen = 0;
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let recording: serde_json::Value = serde_json::from_str(line).unwrap();
        // The recording hides the ids of some events.
        let Ok(mut events) = serde_json::from_value::<Vec<HistoryEvent>>(recording["expected"]["history"].clone())
        else {
            continue;
        };
        // One was recorded with `reverseOrder`; the watch always asks for the oldest first.
        events.sort_by_key(|event| event.id);
        check_filters(events);
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_window_is_cut_around_the_event_that_is_open() {
    let (record, eyes) = record(nested_maps(25_000));
    let opened = window(&record, ("here", &eyes), &Wanted::default(), None, Some(12_345));
    assert_eq!(opened.open_at, Some(12_344));
    assert!(opened.rows.iter().any(|row| row.id == 12_345));
    assert_eq!(opened.open.as_ref().map(|event| event.id), Some(12_345));
    let hidden = Wanted { kind: Some("failures".to_owned()), ..Wanted::default() };
    let elsewhere = window(&record, ("here", &eyes), &hidden, None, Some(2));
    assert_eq!((elsewhere.open_at, elsewhere.from), (None, 0));
    assert!(elsewhere.open.is_some(), "its details are shown though the filter hides its row");
    let behind = window(&record, ("here", &eyes), &Wanted::default(), Some(u64::MAX), None);
    assert_eq!(behind.rows.last().map(|row| row.id), Some(25_000));
}

#[test]
fn the_events_of_one_attempt_are_one_row() {
    let (record, eyes) = record(nested_maps(500));
    let wanted = Wanted { grouped: true, state: Some("Call".to_owned()), ..Wanted::default() };
    let rows = window(&record, ("here", &eyes), &wanted, None, None).rows;
    let words: Vec<&str> = rows[..4].iter().map(|row| row.group.as_ref().map_or("", |(words, _)| words)).collect();
    assert_eq!(words, ["", "scheduled, started, failed", "scheduled, started, succeeded", ""]);
    assert_eq!(rows[..4].iter().map(|row| row.place.as_deref()).collect::<Vec<_>>(), [Some("0 › 0"); 4]);
    assert_eq!((rows[1].kind.as_str(), rows[1].tone, rows[1].summary.as_str()), ("Task", Status::Failed, "Broken"));
}

#[test]
fn text_is_found_in_the_details() {
    let (record, eyes) = record(nested_maps(1_000));
    let find = |text: &str| {
        let wanted = Wanted { text: Some(text.to_owned()), ..Wanted::default() };
        window(&record, ("here", &eyes), &wanted, None, None).matched
    };
    assert!(find("it BROKE") > 0 && find("\"orderId\":4711") > 0);
    assert_eq!(find("  "), 1_000, "nothing is sought");
    assert_eq!(find("no such thing"), 0);
}

#[test]
fn each_of_the_62_types_has_a_row_and_details() {
    let mut history = History::default();
    let details = || Details { input: Some("{}".to_owned()), error: Some("E".to_owned()), ..iteration("A", 0) };
    for kind in EventKind::ALL {
        let before = count(history.0.len());
        history.add(before, kind, details());
    }
    let (record, eyes) = record(history.0);
    let rows = window(&record, ("here", &eyes), &Wanted::default(), None, None).rows;
    assert_eq!(rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(), KINDS);
    for id in 1..=62 {
        let open = window(&record, ("here", &eyes), &Wanted::default(), None, Some(id)).open.unwrap();
        assert_eq!(open.kind, KINDS[usize::try_from(id).unwrap() - 1]);
        assert!(!open.fields.is_empty(), "{}", open.kind);
    }
}

#[test]
fn a_long_detail_is_cut_and_the_rest_has_an_address() {
    let mut history = History::default();
    let long = format!("[{}]", vec!["\"ö\""; 9_000].join(","));
    history.add(0, EventKind::ExecutionStarted, Details { input: Some(long.clone()), ..Details::default() });
    history.add(1, EventKind::PassStateEntered, Details { input: Some("{}".to_owned()), ..iteration("A", 0) });
    let (record, eyes) = record(history.0);
    let fields = |id| window(&record, ("here", &eyes), &Wanted::default(), None, Some(id)).open.unwrap().fields;
    let cut = fields(1).into_iter().find(|(key, _)| key == "input").unwrap().1;
    let rest = cut.rest.unwrap();
    assert_eq!(rest.bytes, count(long.len()));
    assert!(cut.text.len() <= 16 * 1024 && !cut.text.contains("GetExecutionHistory"), "{}", cut.text.len());
    assert!(rest.href.starts_with("/here/") && rest.href.contains("detail.1.input"), "{}", rest.href);
    assert!(fields(2).iter().all(|(_, value)| value.rest.is_none()));
}

#[test]
fn every_type_of_event_is_in_one_group_beside_the_failures() {
    for kind in EventKind::ALL {
        let groups: Vec<Group> = Group::ALL.into_iter().filter(|group| has(*group, kind)).collect();
        let others = groups.iter().filter(|group| **group != Group::Failures).count();
        assert_eq!(others, 1, "{kind}: {groups:?}");
    }
}

#[test]
fn the_steps_of_a_call_read_like_words() {
    let steps = [
        (EventKind::TaskScheduled, "Task", "scheduled"),
        (EventKind::TaskSubmitFailed, "Task", "submit failed"),
        (EventKind::LambdaFunctionTimedOut, "LambdaFunction", "timed out"),
        (EventKind::ActivityScheduleFailed, "Activity", "schedule failed"),
    ];
    for (kind, about, expected) in steps {
        assert_eq!((service(kind), step(kind).as_str()), (about, expected));
    }
}

//! Folds the recordings that we wrote (`tests/histories`), in every clone. The engine's tests play and draw them.
#![allow(clippy::unwrap_used, reason = "a recording that cannot be read is a failed test")]

#[path = "histories/format.rs"]
mod format;
#[path = "histories/rules.rs"]
mod rules;

use format::{all, shown};

#[test]
fn every_history_folds_to_what_its_recording_says() {
    for (name, recording) in all() {
        let histories = recording.histories();
        assert_eq!(shown(&histories[0]), recording.fold, "{name}: {}", recording.about);
    }
}

#[test]
fn the_rules_of_a_fold_hold_for_each() {
    for (name, recording) in all() {
        for events in recording.histories() {
            rules::check(&name, &events, &recording.definition);
        }
    }
}

/// The API also returns the newest event first.
#[test]
fn a_fold_does_not_depend_on_the_order_of_the_events() {
    for (name, recording) in all() {
        for mut events in recording.histories() {
            let forward = shown(&events);
            events.reverse();
            assert_eq!(shown(&events), forward, "{name}");
        }
    }
}

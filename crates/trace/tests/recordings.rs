//! Folds real histories, which lie beside the checkout where there are any, and checks what must hold for each.
#![allow(clippy::unwrap_used, reason = "a recording that cannot be read is a failed test")]

#[path = "histories/rules.rs"]
mod rules;

use countersign_trace::HistoryEvent;
use serde_json::Value;

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn every_recorded_history_folds() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings/execution.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut count = 0;
    for line in text.lines() {
        let recording: Value = serde_json::from_str(line).unwrap();
        let name = recording["id"].as_str().unwrap_or_default();
        let Some(events) = events(&recording["expected"]["history"]) else { continue };
        let definition: Value =
            serde_json::from_str(recording["definition"].as_str().unwrap_or("null")).unwrap_or_default();
        rules::check(name, &events, &definition);
        count += 1;
    }
    assert!(count > 400, "only {count} histories were folded");
}

/// The events as the API gives them: payloads are texts. `None` where the recording hides the ids of some.
fn events(history: &Value) -> Option<Vec<HistoryEvent>> {
    let as_text = |value: &mut Value| {
        if !value.is_string() && !value.is_null() {
            *value = Value::String(value.to_string());
        }
    };
    let mut events = Vec::new();
    for event in history.as_array()? {
        let mut event = event.clone();
        for details in event.as_object_mut()?.values_mut().filter_map(Value::as_object_mut) {
            for key in ["input", "output", "parameters"] {
                details.get_mut(key).into_iter().for_each(as_text);
            }
            let variables = details.get_mut("assignedVariables").and_then(Value::as_object_mut);
            variables.into_iter().flat_map(|variables| variables.values_mut()).for_each(as_text);
        }
        events.push(serde_json::from_value(event).ok()?);
    }
    Some(events)
}

//! What must hold for the fold of every history.

use std::collections::{BTreeMap, BTreeSet};

use countersign_trace::{AttemptResult, HistoryEvent, OutcomeStatus, StateStatus, Trace, fold};
use serde_json::Value;

/// Folds a history and checks the rules against its events and the definition.
#[track_caller]
pub fn check(name: &str, events: &[HistoryEvent], definition: &Value) {
    let trace = fold(events);
    let mut events = events.to_vec();
    events.sort_by_key(|event| event.id);
    let events = events.as_slice();
    states_are_visited_and_left(name, events, &trace);
    calls_are_attempts(name, events, &trace);
    let allowed = transitions(definition);
    for (from, to) in &trace.edges_taken {
        let known = from == "__start" || to == "__end" || allowed.contains(&(from.clone(), to.clone()));
        assert!(known, "{name}: the definition has no transition from {from} to {to}");
    }
    let Some(last) = events.last().filter(|event| event.kind.is_execution_end()) else { return };
    let outcome = trace.outcome.as_ref().unwrap_or_else(|| panic!("{name}: no outcome"));
    assert_eq!(outcome.error, last.details.error, "{name}");
    assert!(trace.waits.is_empty(), "{name}: something waits after the end");
    for visit in &trace.visits {
        assert!(visit.exited_at.is_some(), "{name}: {} is still open", visit.state);
    }
    let first = trace.edges_taken.first().map(|(from, _)| from.as_str());
    assert_eq!(first, Some("__start"), "{name}");
    if outcome.status == OutcomeStatus::Succeeded {
        assert_eq!(trace.edges_taken.last().map(|(_, to)| to.as_str()), Some("__end"), "{name}");
    } else {
        let bad = |status| matches!(status, StateStatus::Failed | StateStatus::TimedOut | StateStatus::Aborted);
        assert!(trace.states.values().any(|state| bad(state.status)), "{name}: nothing failed: {:?}", trace.states);
    }
}

fn is_failure(event: &HistoryEvent) -> bool {
    let name = event.kind.name();
    name.ends_with("Failed") || name.ends_with("TimedOut")
}

fn states_are_visited_and_left(name: &str, events: &[HistoryEvent], trace: &Trace) {
    let entered: Vec<(u64, &str)> = events
        .iter()
        .filter(|event| event.kind.is_state_entered())
        .map(|event| (event.id, event.details.name.as_deref().unwrap_or_default()))
        .collect();
    let visits: Vec<(u64, &str)> =
        trace.visits.iter().map(|visit| (visit.entered_event, visit.state.as_str())).collect();
    assert_eq!(visits, entered, "{name}");
    let by_id: BTreeMap<u64, &HistoryEvent> = events.iter().map(|event| (event.id, event)).collect();
    let exits: Vec<&HistoryEvent> = events.iter().filter(|event| event.kind.is_state_exited()).collect();
    let caught =
        exits.iter().filter(|event| by_id.get(&event.previous_event_id).is_some_and(|before| is_failure(before)));
    let count = |status| trace.visits.iter().filter(|visit| visit.status == status).count();
    assert_eq!(count(StateStatus::Caught), caught.count(), "{name}: caught");
    assert_eq!(count(StateStatus::Caught) + count(StateStatus::Succeeded), exits.len(), "{name}: left");
    let iterations = events.iter().filter(|event| event.kind.name() == "MapIterationStarted").count();
    let seen: BTreeSet<_> =
        trace.visits.iter().filter_map(|visit| Some((visit.parent?, visit.iteration.clone()?))).collect();
    assert!(seen.len() <= iterations, "{name}: {seen:?}");
    for visit in &trace.visits {
        let parent = visit.parent.map(|parent| &trace.visits[parent]);
        assert!(parent.is_none_or(|parent| matches!(parent.state_type.as_str(), "Map" | "Parallel")), "{name}");
        assert_eq!(
            visit.parent.is_some(),
            visit.iteration.is_some() || visit.branch.is_some(),
            "{name}: {}",
            visit.state
        );
    }
}

fn calls_are_attempts(name: &str, events: &[HistoryEvent], trace: &Trace) {
    let of_kind = |ending: &str| {
        let is_call = |name: &str| ["Task", "Lambda", "Activity"].iter().any(|start| name.starts_with(start));
        events.iter().filter(|event| is_call(event.kind.name()) && event.kind.name().ends_with(ending)).count()
    };
    let attempts: Vec<_> = trace.visits.iter().flat_map(|visit| &visit.attempts).collect();
    let count = |result| attempts.iter().filter(|attempt| attempt.result == result).count();
    assert_eq!(attempts.len(), of_kind("Scheduled"), "{name}: attempts");
    assert_eq!(count(AttemptResult::Succeeded), of_kind("Succeeded"), "{name}: attempts that succeeded");
    assert_eq!(count(AttemptResult::Failed), of_kind("Failed"), "{name}: attempts that failed");
    assert_eq!(count(AttemptResult::TimedOut), of_kind("TimedOut"), "{name}: attempts that timed out");
}

/// Every `(state, next state)` of a definition, at whatever depth.
fn transitions(definition: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut open = vec![definition];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => {
                for (state, body) in object.get("States").and_then(Value::as_object).into_iter().flatten() {
                    let rules = ["Choices", "Catch"].iter().filter_map(|key| body.get(key)?.as_array()).flatten();
                    let nexts = rules.chain([body]).flat_map(|place| [place.get("Next"), place.get("Default")]);
                    found.extend(nexts.flatten().filter_map(|next| Some((state.clone(), next.as_str()?.to_owned()))));
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

//! Transitions: missing targets, unreachable states, scopes without an end, duplicate names.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::Lint;
use super::states::LONGEST_NAME;
use crate::rule::Rule;

/// Checks the transitions within one scope.
pub(super) fn check_scope(
    lint: &mut Lint,
    scope: &Map<String, Value>,
    states: &Map<String, Value>,
    path: &str,
    transitions_known: bool,
) {
    let mut missing = false;
    for (name, state) in states {
        for (place, target) in targets(state) {
            if !states.contains_key(target) && !lint.is_open(target) {
                missing = true;
                let remedy = format!("Write the name of a state of the same scope: {}.", list(states));
                // AWS writes 'Next' for every kind of transition.
                let message = format!("Missing 'Next' target: {target}");
                lint.error(Rule::MissingTarget, &format!("{}{place}", state_place(path, name)), message, remedy);
            }
        }
    }
    if !transitions_known {
        return;
    }
    if !states.values().any(is_terminal) {
        if !missing || path.is_empty() {
            let remedy = "Give a state \"End\": true, or add a Succeed or Fail state.";
            lint.error(Rule::MissingEndState, path, "Workflow has no terminal state", remedy);
        }
        return;
    }
    // A missing StartAt, or one that is not a string, has been reported already.
    let Some(start) = scope.get("StartAt").and_then(Value::as_str).filter(|start| !lint.is_open(start)) else {
        return;
    };
    if !states.contains_key(start) {
        let remedy = format!("Write the name of a state: {}.", list(states));
        // AWS writes 'Next' here too.
        lint.error(Rule::MissingTarget, &format!("{path}/StartAt"), format!("Missing 'Next' target: {start}"), remedy);
    }
    // A transition to a placeholder may lead to any state.
    let open = states.values().flat_map(targets).any(|(_, target)| lint.is_open(target));
    for name in if open { Vec::new() } else { unreachable(start, states) } {
        lint.error(
            Rule::UnreachableState,
            &state_place(path, name),
            format!("State \"{name}\" is not reachable."),
            "Add a transition to it from a state of the same scope, or remove it.",
        );
    }
}

/// The unreachable states: those without a transition from another state, and the first of each remaining cycle. A state
/// that is reachable from one of these is not reported.
fn unreachable<'a>(start: &'a str, states: &'a Map<String, Value>) -> Vec<&'a str> {
    let mut led_to = HashSet::from([start]);
    for (name, state) in states {
        led_to.extend(targets(state).into_iter().map(|(_, target)| target).filter(|target| target != name));
    }
    let mut seen = HashSet::new();
    reach(start, states, &mut seen);
    let mut found = Vec::new();
    for candidates in [true, false] {
        for name in states.keys().map(String::as_str) {
            if (!candidates || !led_to.contains(name)) && !seen.contains(name) {
                found.push(name);
                reach(name, states, &mut seen);
            }
        }
    }
    found
}

pub(super) fn state_place(scope: &str, name: &str) -> String {
    super::below(&format!("{scope}/States"), name)
}

/// The first names, each cut at the longest valid length: the list is repeated for every missing target.
fn list(states: &Map<String, Value>) -> String {
    let mut names: Vec<String> = states.keys().map(|name| name.chars().take(LONGEST_NAME).collect()).take(8).collect();
    if states.len() > names.len() {
        names.push("...".to_owned());
    }
    names.join(", ")
}

fn is_terminal(state: &Value) -> bool {
    let by_type = state.get("Type").and_then(Value::as_str).is_some_and(|kind| matches!(kind, "Succeed" | "Fail"));
    by_type || state.get("End").is_some_and(|end| end == true || end.is_string())
}

/// Every transition of a state: its path below the state, and the name of the target.
fn targets(state: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for field in ["Next", "Default"] {
        found.extend(state.get(field).and_then(Value::as_str).map(|target| (format!("/{field}"), target)));
    }
    for field in ["Choices", "Catch"] {
        for (index, entry) in state.get(field).and_then(Value::as_array).into_iter().flatten().enumerate() {
            let target = entry.get("Next").and_then(Value::as_str);
            found.extend(target.map(|target| (format!("/{field}[{index}]/Next"), target)));
        }
    }
    found
}

/// Adds the states that can be reached from a state.
fn reach<'a>(from: &'a str, states: &'a Map<String, Value>, seen: &mut HashSet<&'a str>) {
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        let Some(state) = states.get(name) else { continue };
        if seen.insert(name) {
            open.extend(targets(state).into_iter().map(|(_, target)| target));
        }
    }
}

/// State names are unique in the whole definition.
pub(super) fn check_names(lint: &mut Lint, definition: &Value) {
    let mut seen = HashMap::new();
    walk_names(lint, definition, "", &mut seen);
}

fn walk_names<'a>(lint: &mut Lint, scope: &'a Value, path: &str, seen: &mut HashMap<&'a str, String>) {
    for (name, state) in scope.get("States").and_then(Value::as_object).into_iter().flatten() {
        let place = state_place(path, name);
        if let Some(first) = seen.get(name.as_str()) {
            let remedy = format!("Rename one of the two states; the other is at {first}.");
            lint.error(Rule::DuplicateStateName, &place, format!("Duplicate State name: {name}"), remedy);
        } else {
            seen.insert(name, place.clone());
        }
        for (inner, place) in inner_scopes(state, &place) {
            walk_names(lint, inner, &place, seen);
        }
    }
}

/// The scopes inside a state, each with its path.
pub(super) fn inner_scopes<'a>(state: &'a Value, place: &str) -> Vec<(&'a Value, String)> {
    let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut found: Vec<_> = branches.map(|(index, branch)| (branch, format!("{place}/Branches[{index}]"))).collect();
    for body in ["ItemProcessor", "Iterator"] {
        found.extend(state.get(body).map(|processor| (processor, format!("{place}/{body}"))));
    }
    found
}

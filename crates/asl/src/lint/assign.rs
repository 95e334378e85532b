//! The names of variables.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::values::{ValueType, check_type};
use super::{Lint, flow};
use crate::rule::Rule;

/// Longest name of a variable, in characters.
const LONGEST_NAME: usize = 80;

/// Checks the names of the variables in `Assign`.
pub(super) fn check(lint: &mut Lint, object: &Map<String, Value>, path: &str) {
    let Some(assign) = object.get("Assign") else { return };
    let place = format!("{path}/Assign");
    check_type(lint, assign, &place, ValueType::Object);
    for key in assign.as_object().into_iter().flat_map(Map::keys) {
        let (name, at) = (key.strip_suffix(".$").unwrap_or(key), super::below(&place, key));
        if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.";
            lint.error(Rule::ReservedVariable, &at, message, "Choose another name: $states holds the state's data.");
        } else if name.chars().count() > LONGEST_NAME {
            let message = format!("Invalid variable name '{name}': the variable name is too long.");
            let remedy = format!("Use at most {LONGEST_NAME} characters.");
            lint.refused_by_aws(Rule::InvalidVariableName, &at, message, remedy);
        } else if !is_name(name) && !lint.is_open(name) {
            let message = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
            let remedy = "Use a letter first, then letters, digits and underscores.";
            lint.refused_by_aws(Rule::InvalidVariableName, &at, message, remedy);
        }
    }
}

/// Whether the text is an identifier: a letter, then letters, digits and underscores, of any script.
pub(super) fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// A variable of an inner scope must not have the name of a variable of an outer scope. The children of a distributed Map
/// are executions of their own and see no variables of their parent.
pub(super) fn check_scopes(lint: &mut Lint, definition: &Value) {
    walk_scopes(lint, definition, "", &mut HashSet::new());
}

fn walk_scopes<'a>(lint: &mut Lint, scope: &'a Value, path: &str, outer: &mut HashSet<&'a str>) {
    let states = || scope.get("States").and_then(Value::as_object).into_iter().flatten();
    let mut own = Vec::new();
    for (name, state) in states() {
        let place = flow::state_place(path, name);
        for (at, assign) in assigned(state) {
            // A catcher assigns after its state has ended, so the scopes inside the state may use the same name.
            let is_catcher = at.starts_with("/Catch");
            for key in assign.keys() {
                let variable = key.strip_suffix(".$").unwrap_or(key);
                if outer.contains(variable) {
                    let message =
                        format!("Invalid variable name '{variable}': a scope around this one has the variable.");
                    let remedy =
                        "Choose another name: an inner scope can read a variable of an outer scope, but not assign it.";
                    let at = super::below(&format!("{place}{at}/Assign"), key);
                    lint.error(Rule::ShadowedVariable, &at, message, remedy);
                } else if !is_catcher {
                    own.push(variable);
                }
            }
        }
    }
    own.retain(|variable| outer.insert(variable));
    for (name, state) in states() {
        for (inner, place) in flow::inner_scopes(state, &flow::state_place(path, name)) {
            let mut none = HashSet::new();
            let is_distributed = inner["ProcessorConfig"]["Mode"] == "DISTRIBUTED";
            walk_scopes(lint, inner, &place, if is_distributed { &mut none } else { &mut *outer });
        }
    }
    for variable in own {
        outer.remove(variable);
    }
}

/// The Assign objects of a state with their paths below it: its own, those of Choice rules, those of catchers.
pub(super) fn assigned(state: &Value) -> Vec<(String, &Map<String, Value>)> {
    let mut found = vec![(String::new(), state)];
    for field in ["Choices", "Catch"] {
        let entries = state.get(field).and_then(Value::as_array).into_iter().flatten().enumerate();
        found.extend(entries.map(|(index, entry)| (format!("/{field}[{index}]"), entry)));
    }
    found.into_iter().filter_map(|(at, holder)| Some((at, holder.get("Assign")?.as_object()?))).collect()
}

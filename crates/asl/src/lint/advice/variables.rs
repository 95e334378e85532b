//! Variables that are assigned and never read.

use std::collections::HashSet;

use serde_json::Value;

use super::super::assign::{assigned, is_name};
use super::super::flow::{inner_scopes, state_place};
use super::Advice;
use crate::rule::Rule;

pub(super) fn check(advice: &mut Advice, definition: &Value) {
    walk(advice, definition, "");
}

/// A variable belongs to the scope that assigns it, and the scopes inside can read it.
fn walk(advice: &mut Advice, scope: &Value, path: &str) {
    let Some(states) = scope.get("States").and_then(Value::as_object) else { return };
    let mut read = HashSet::new();
    names(scope, &mut read);
    let mut reported: Vec<&str> = Vec::new();
    for (name, state) in states {
        let place = state_place(path, name);
        for (at, assign) in assigned(state) {
            for key in assign.keys() {
                let variable = key.strip_suffix(".$").unwrap_or(key);
                if !is_name(variable) || reported.contains(&variable) || read.contains(variable) {
                    continue;
                }
                reported.push(variable);
                let at = super::super::below(&format!("{place}{at}/Assign"), key);
                let message = format!("The variable '{variable}' is assigned and never read");
                advice.warn(Rule::UnusedVariable, &at, message, format!("Remove it, or read it as ${variable}."));
            }
        }
        for (inner, place) in inner_scopes(state, &place) {
            walk(advice, inner, &place);
        }
    }
}

/// Every name after a dollar sign, in whatever may be an expression.
fn names<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::String(text) => found.extend(text.match_indices('$').map(|(at, _)| {
            let rest = &text[at + 1..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            &rest[..end]
        })),
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(object) => {
            object.iter().filter(|(key, _)| *key != "Comment").for_each(|(_, value)| names(value, found));
        }
        _ => {}
    }
}

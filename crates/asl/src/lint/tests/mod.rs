//! Tests of the rules, one subject a file. This file has what they share.
#![allow(clippy::unwrap_used, reason = "a definition that cannot be read is a failed test")]

mod expressions;
mod fields;
mod flow;
mod integrations;
mod maps;
mod names;
mod placeholders;
mod values;
mod warnings;

use serde_json::{Value, json};

use crate::{Diagnostic, MachineType, parse, parse_created};

fn written(found: Vec<Diagnostic>) -> Vec<String> {
    found
        .into_iter()
        .filter(Diagnostic::is_error)
        .inspect(|error| assert!(!error.remedy.is_empty()))
        .map(|error| format!("{}: {} at {}", error.rule.code(), error.message, error.path))
        .collect()
}

/// Checks the errors of a machine with these states, which starts at A, in the words of the service.
#[track_caller]
fn check(states: &str, expected: &[&str]) {
    let definition = format!(r#"{{"StartAt":"A","States":{{{states}}}}}"#);
    assert_eq!(written(parse_created(&definition, MachineType::Standard).1), expected, "{states}");
}

/// Checks the errors of one state, without the code `SCHEMA_VALIDATION_FAILED` and with paths below the state.
#[track_caller]
fn state(state: &Value, expected: &[&str]) {
    judged(state, |definition| parse_created(definition, MachineType::Standard).1, expected);
}

/// The same for what is an error in a file and only a warning when a machine is created.
#[track_caller]
fn state_in_file(one: &Value, expected: &[&str]) {
    judged(one, |definition| parse(definition).1, expected);
    state(one, &[]);
}

#[track_caller]
fn judged(state: &Value, judge: impl Fn(&str) -> Vec<Diagnostic>, expected: &[&str]) {
    let mut state = state.clone();
    if !["Choice", "Succeed", "Fail"].iter().any(|kind| state["Type"] == *kind) && state.get("Next").is_none() {
        state["End"] = json!(true);
    }
    let definition = json!({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}}).to_string();
    let errors: Vec<String> = written(judge(&definition))
        .into_iter()
        .filter(|error| !error.contains("not reachable"))
        .map(|error| error.replace("SCHEMA_VALIDATION_FAILED: ", "").replace("/States/A", ""))
        .collect();
    assert_eq!(errors, expected, "{state}");
}

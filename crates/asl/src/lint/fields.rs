//! Which fields each object of the language may have.

use serde_json::{Map, Value};

use super::{Lint, below};
use crate::model::QueryLanguage;
use crate::rule::Rule;

pub(super) const MACHINE: &[&str] = &["Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"];
// A scope has no query language: its states use the machine's or their own.
pub(super) const BRANCH: &[&str] = &["Comment", "StartAt", "States"];
pub(super) const PROCESSOR: &[&str] = &["Comment", "StartAt", "States", "ProcessorConfig"];
pub(super) const RETRIER: &[&str] =
    &["Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"];

const EVERY_STATE: &[&str] = &["Type", "Comment", "QueryLanguage"];
const GOES_ON: &[&str] = &["Next", "End", "Assign"];
const HANDLES_ERRORS: &[&str] = &["Retry", "Catch"];
const PATHS: &[&str] = &["InputPath", "OutputPath"];

/// The fields of a type of state: those of both languages, those of JSONPath alone, those of JSONata alone.
struct Allowed {
    both: &'static [&'static [&'static str]],
    json_path: &'static [&'static [&'static str]],
    jsonata: &'static [&'static str],
}

fn allowed(state_type: &str) -> Option<Allowed> {
    Some(match state_type {
        "Task" => Allowed {
            both: &[GOES_ON, HANDLES_ERRORS, &["Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"]],
            json_path: &[
                PATHS,
                &["Parameters", "ResultSelector", "ResultPath", "TimeoutSecondsPath", "HeartbeatSecondsPath"],
            ],
            jsonata: &["Arguments", "Output"],
        },
        "Pass" => Allowed {
            both: &[GOES_ON],
            json_path: &[PATHS, &["Parameters", "Result", "ResultPath"]],
            jsonata: &["Output"],
        },
        "Choice" => Allowed { both: &[&["Choices", "Default", "Assign"]], json_path: &[PATHS], jsonata: &["Output"] },
        "Wait" => Allowed {
            both: &[GOES_ON, &["Seconds", "Timestamp"]],
            json_path: &[PATHS, &["SecondsPath", "TimestampPath"]],
            jsonata: &["Output"],
        },
        "Succeed" => Allowed { both: &[], json_path: &[PATHS], jsonata: &["Output"] },
        "Fail" => Allowed { both: &[&["Error", "Cause"]], json_path: &[&["ErrorPath", "CausePath"]], jsonata: &[] },
        "Parallel" => Allowed {
            both: &[GOES_ON, HANDLES_ERRORS, &["Branches"]],
            json_path: &[PATHS, &["Parameters", "ResultSelector", "ResultPath"]],
            jsonata: &["Arguments", "Output"],
        },
        "Map" => Allowed {
            both: &[
                GOES_ON,
                HANDLES_ERRORS,
                &["ItemProcessor", "Iterator", "ItemReader", "ItemBatcher", "ItemSelector", "ResultWriter", "Label"],
                &["MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount"],
            ],
            json_path: &[
                PATHS,
                &["ItemsPath", "Parameters", "ResultSelector", "ResultPath", "MaxConcurrencyPath"],
                &["ToleratedFailurePercentagePath", "ToleratedFailureCountPath"],
            ],
            jsonata: &["Items", "Output"],
        },
        _ => return None,
    })
}

/// Reports the fields that the type of state does not have, or not in its language. `None`: the language has been refused
/// already, so fields of the other language are not reported.
pub(super) fn check_state_fields(
    lint: &mut Lint,
    state: &Map<String, Value>,
    path: &str,
    state_type: &str,
    language: Option<QueryLanguage>,
) {
    let Some(allowed) = allowed(state_type) else { return };
    let within = |lists: &[&[&str]], field: &str| lists.iter().any(|list| list.contains(&field));
    for field in state.keys().map(String::as_str) {
        if EVERY_STATE.contains(&field) || within(allowed.both, field) {
            continue;
        }
        match (within(allowed.json_path, field), allowed.jsonata.contains(&field), language) {
            (true, _, Some(own @ QueryLanguage::Jsonata)) | (_, true, Some(own @ QueryLanguage::JsonPath)) => {
                wrong_language(lint, field, path, own);
            }
            (false, false, _) => {
                let remedy = format!("A {state_type} state has no field '{field}': remove it or correct its spelling.");
                let message = format!("Field '{field}' is not supported");
                lint.error_within(Rule::UnknownField, path, &below(path, field), message, remedy);
            }
            _ => {}
        }
    }
}

/// Reports a field that only the other query language has.
pub(super) fn wrong_language(lint: &mut Lint, field: &str, path: &str, own: QueryLanguage) {
    let (own, other) = match own {
        QueryLanguage::JsonPath => ("JSONPath", "JSONata"),
        QueryLanguage::Jsonata => ("JSONata", "JSONPath"),
    };
    let message = format!(
        "The QueryLanguage is set to '{own}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    );
    let remedy = format!("'{field}' belongs to {other}, and this state uses {own}: {}.", instead(field));
    lint.error_within(Rule::OtherQueryLanguage, path, &below(path, field), message, remedy);
}

/// What to write instead of a field of the other language.
fn instead(field: &str) -> &'static str {
    match field {
        "Parameters" => "write Arguments",
        "Arguments" => "write Parameters, or set \"QueryLanguage\": \"JSONata\"",
        "Output" => "write OutputPath or ResultSelector, or set \"QueryLanguage\": \"JSONata\"",
        "Items" => "write ItemsPath, or set \"QueryLanguage\": \"JSONata\"",
        "ItemsPath" => "write Items",
        "Result" | "ResultPath" | "ResultSelector" | "OutputPath" => "write Output",
        "InputPath" => "read $states.input in the expressions",
        "Condition" => "write Variable and an operator, or set \"QueryLanguage\": \"JSONata\"",
        "Variable" | "And" | "Or" | "Not" => "write Condition",
        _ => "write an expression in the field without 'Path'",
    }
}

/// Reports unknown fields of an object inside the definition: a scope, a retrier, a reader.
pub(super) fn check_scope_fields(lint: &mut Lint, object: &Map<String, Value>, path: &str, known: &[&str]) {
    for field in object.keys().filter(|field| !known.contains(&field.as_str())) {
        let place = if path.is_empty() { "/" } else { path };
        let remedy = format!("Remove '{field}', or correct its spelling. Known here: {}.", known.join(", "));
        let message = format!("Field '{field}' is not supported");
        lint.error_within(Rule::UnknownField, place, &below(path, field), message, remedy);
    }
}

/// The fields of a catcher, in both languages.
pub(super) const CATCHER: &[&str] = &["Comment", "ErrorEquals", "Next", "ResultPath", "Output", "Assign"];

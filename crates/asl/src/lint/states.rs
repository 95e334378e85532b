//! The rules of single states.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_jsonata_value, check_path, check_template, is_jsonata};
use super::values::{check_error_equals, check_exclusive, check_number, check_positive, check_query_language};
use super::{Lint, check_scope, choices, fields, has_placeholder};
use crate::model::QueryLanguage;

/// Longest name of a state, in characters.
const LONGEST_NAME: usize = 80;
const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

/// Checks one state and what is inside it.
pub(super) fn check(lint: &mut Lint, name: &str, state: &Value, path: &str, machine: QueryLanguage) {
    let length = name.chars().count();
    if length > LONGEST_NAME {
        let message = format!("State name exceeds the limit of {LONGEST_NAME} characters: {name}");
        lint.schema(path, message, format!("Shorten the name by {} characters.", length - LONGEST_NAME));
    }
    let Some(object) = state.as_object() else {
        lint.schema(path, "A state must be an object", "Write { \"Type\": ..., ... }.");
        return;
    };
    lint.require(object, path, &["Type"]);
    let Some(state_type) = object.get("Type") else { return };
    let Some(state_type) = state_type.as_str().filter(|name| TYPES.contains(name)) else {
        let list = TYPES.join(", ");
        let message = format!("The field 'Type' should have one of these values: [{list}]");
        lint.schema(&format!("{path}/Type"), message, format!("Write one of {list}."));
        return;
    };
    check_query_language(lint, object, path);
    let language = match (object.get("QueryLanguage").and_then(Value::as_str), machine) {
        (Some("JSONata"), _) => QueryLanguage::Jsonata,
        (Some("JSONPath"), QueryLanguage::Jsonata) => {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            lint.schema(path, message, "Remove QueryLanguage here, or set it state by state.");
            QueryLanguage::JsonPath
        }
        (Some("JSONPath"), _) => QueryLanguage::JsonPath,
        _ => machine,
    };
    fields::check_state_fields(lint, object, path, state_type, language);
    if !matches!(state_type, "Choice" | "Succeed" | "Fail") {
        check_exclusive(lint, object, path, &["Next", "End"], true);
    }
    match state_type {
        "Task" => check_task(lint, object, path, language),
        "Wait" => check_wait(lint, object, path, language),
        "Choice" => {
            lint.require(object, path, &["Choices"]);
            choices::check(lint, object, path, language);
        }
        "Fail" => check_fail(lint, object, path, language),
        "Parallel" => check_parallel(lint, object, path, machine),
        "Map" => check_map(lint, object, path, language, machine),
        _ => {}
    }
    check_data_flow(lint, object, path, language);
    check_handlers(lint, object, path, language);
}

/// The fields that select, shape and keep data, whatever the type.
fn check_data_flow(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    if language == QueryLanguage::JsonPath {
        for field in ["InputPath", "OutputPath"] {
            check_path(lint, state, path, field, PathRule::PathOrNull);
        }
        check_path(lint, state, path, "ResultPath", PathRule::ResultPath);
        check_path(lint, state, path, "ItemsPath", PathRule::Path);
    }
    let templates = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Arguments", "Output", "Items"];
    for field in templates {
        if let Some(template) = state.get(field) {
            check_template(lint, template, &format!("{path}/{field}"), language);
        }
    }
    for (field, inner) in [("ItemBatcher", "BatchInput"), ("ItemReader", "Parameters"), ("ItemReader", "Arguments")] {
        if let Some(template) = state.get(field).and_then(|value| value.get(inner)) {
            check_template(lint, template, &format!("{path}/{field}/{inner}"), language);
        }
    }
}

fn check_handlers(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    for field in ["Retry", "Catch"] {
        let entries = state.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("{path}/{field}[{index}]");
            let Some(object) = entry.as_object() else {
                lint.schema(&place, "An entry must be an object", "Write { \"ErrorEquals\": [...], ... }.");
                continue;
            };
            check_error_equals(lint, object, &place, index + 1 == entries.len());
            if field == "Retry" {
                check_retrier(lint, object, &place, language);
            } else {
                fields::check_scope_fields(lint, object, &place, fields::catcher(language));
                lint.require(object, &place, &["ErrorEquals", "Next"]);
                check_path(lint, object, &place, "ResultPath", PathRule::ResultPath);
                for template in ["Assign", "Output"] {
                    if let Some(value) = object.get(template) {
                        check_template(lint, value, &format!("{place}/{template}"), language);
                    }
                }
            }
        }
    }
}

fn check_retrier(lint: &mut Lint, retrier: &Map<String, Value>, place: &str, language: QueryLanguage) {
    fields::check_scope_fields(lint, retrier, place, fields::RETRIER);
    lint.require(retrier, place, &["ErrorEquals"]);
    check_positive(lint, retrier, place, "IntervalSeconds", language);
    check_positive(lint, retrier, place, "MaxDelaySeconds", language);
    check_number(lint, retrier, place, "MaxAttempts", (0.0, 99_999_999.0), true, language);
    check_number(lint, retrier, place, "BackoffRate", (1.0, f64::INFINITY), false, language);
    let jitter = retrier.get("JitterStrategy");
    if jitter.is_some_and(|value| {
        !value.as_str().is_some_and(|text| matches!(text, "FULL" | "NONE") || has_placeholder(text))
    }) {
        let message = "The field 'JitterStrategy' should have one of these values: [FULL, NONE]";
        lint.schema(&format!("{place}/JitterStrategy"), message, "Write \"FULL\" or \"NONE\".");
    }
}

fn check_task(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    lint.require(state, path, &["Resource"]);
    check_resource(lint, state, path);
    for (field, by_path) in [("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_positive(lint, state, path, field, language);
        check_path(lint, state, path, by_path, PathRule::Path);
    }
    if let Some(credentials) = state.get("Credentials") {
        let place = format!("{path}/Credentials");
        if !credentials.is_object() && !is_jsonata(credentials) {
            let remedy = "Write { \"RoleArn\": \"arn:aws:iam::...\" }.";
            lint.schema(&place, "The value for the field 'Credentials' must be an object", remedy);
        }
        check_template(lint, credentials, &place, language);
    }
    let waits = state.get("Resource").and_then(Value::as_str).is_some_and(|text| text.ends_with(".waitForTaskToken"));
    if waits && !["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds"].iter().any(|key| state.contains_key(*key))
    {
        lint.warning(
            "NO_TIMEOUT",
            path,
            "This state waits for an answer without a timeout: it can wait for a year unnoticed",
            "Add TimeoutSeconds, and a Catch for States.Timeout.",
        );
    }
}

/// The language's specification wants a URI; AWS wants an ARN.
fn check_resource(lint: &mut Lint, state: &Map<String, Value>, path: &str) {
    let Some(resource) = state.get("Resource") else { return };
    let (place, message) = (format!("{path}/Resource"), "Value is not a valid resource ARN");
    let remedy = "Write an ARN, such as arn:aws:states:::lambda:invoke, or a ${Placeholder} for one.";
    match resource.as_str() {
        Some(text) if text.starts_with("arn:") || has_placeholder(text) => {}
        Some(text) if text.contains(':') => lint.warning(super::SCHEMA, &place, message, remedy),
        _ => lint.schema(&place, message, remedy),
    }
}

fn check_wait(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let names: &[&str] = match language {
        QueryLanguage::JsonPath => &["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
        QueryLanguage::Jsonata => &["Seconds", "Timestamp"],
    };
    check_exclusive(lint, state, path, names, true);
    check_number(lint, state, path, "Seconds", (0.0, 99_999_999.0), true, language);
    for field in ["SecondsPath", "TimestampPath"] {
        check_path(lint, state, path, field, PathRule::Path);
    }
    if let Some(timestamp) = state.get("Timestamp") {
        let place = format!("{path}/Timestamp");
        if !timestamp.is_string() {
            let remedy = "Write a moment, such as \"2030-01-31T09:00:00Z\".";
            lint.schema(&place, "The value for the field 'Timestamp' must be a timestamp", remedy);
        } else if language == QueryLanguage::Jsonata {
            check_jsonata_value(lint, timestamp, &place);
        }
    }
}

fn check_fail(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    for (field, by_path) in [("Error", "ErrorPath"), ("Cause", "CausePath")] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_path(lint, state, path, by_path, PathRule::PathOrCall);
        if let Some(value) = state.get(field) {
            let place = format!("{path}/{field}");
            if !value.is_string() {
                lint.schema(&place, format!("The value for the field '{field}' must be a string"), "Write a text.");
            } else if language == QueryLanguage::Jsonata {
                check_jsonata_value(lint, value, &place);
            }
        }
    }
}

fn check_parallel(lint: &mut Lint, state: &Map<String, Value>, path: &str, machine: QueryLanguage) {
    lint.require(state, path, &["Branches"]);
    let Some(branches) = state.get("Branches") else { return };
    let place = format!("{path}/Branches");
    match branches.as_array() {
        Some(branches) if branches.is_empty() => {
            lint.schema(&place, "Value cannot be empty", "Add at least one branch.")
        }
        Some(branches) => {
            for (index, branch) in branches.iter().enumerate() {
                check_body(lint, branch, &format!("{place}[{index}]"), fields::BRANCH, machine);
            }
        }
        None => lint.schema(&place, "The value for the field 'Branches' must be an array", "Write [{ ... }]."),
    }
}

fn check_body(lint: &mut Lint, body: &Value, place: &str, known: &[&str], machine: QueryLanguage) {
    match body.as_object() {
        Some(scope) => {
            fields::check_scope_fields(lint, scope, place, known);
            check_scope(lint, scope, place, machine);
        }
        None => lint.schema(
            place,
            "States inside a state must be an object",
            "Write { \"StartAt\": ..., \"States\": ... }.",
        ),
    }
}

fn check_map(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage, machine: QueryLanguage) {
    check_exclusive(lint, state, path, &["ItemProcessor", "Iterator"], true);
    check_exclusive(lint, state, path, &["ItemSelector", "Parameters"], false);
    for (field, by_path, limit) in [
        ("MaxConcurrency", "MaxConcurrencyPath", f64::INFINITY),
        ("ToleratedFailureCount", "ToleratedFailureCountPath", f64::INFINITY),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath", 100.0),
    ] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_number(lint, state, path, field, (0.0, limit), field != "ToleratedFailurePercentage", language);
        check_path(lint, state, path, by_path, PathRule::Path);
    }
    for field in ["ItemProcessor", "Iterator"] {
        if let Some(body) = state.get(field) {
            check_body(lint, body, &format!("{path}/{field}"), fields::PROCESSOR, machine);
        }
    }
}

//! The rules of single states.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_jsonata_value, check_path, check_template, is_jsonata, looks_dynamic};
use super::values::{
    self, ValueType, check_exclusive, check_number, check_query_language, check_timestamp, check_type, check_types,
};
use super::{Lint, assign, below, check_scope, choices, fields, handlers, integrations, maps};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// Longest name of a state, in characters.
pub(super) const LONGEST_NAME: usize = 80;
const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

/// Checks one state and the states inside it.
pub(super) fn check(lint: &mut Lint, name: &str, state: &Value, path: &str, machine: QueryLanguage) {
    let length = name.chars().count();
    if length > LONGEST_NAME {
        let message =
            format!("Invalid State name: {name} exceeds the {LONGEST_NAME}-character limit allowed by the service");
        let remedy = format!("Shorten the name by {} characters.", length - LONGEST_NAME);
        lint.error(Rule::InvalidStateName, path, message, remedy);
    }
    check_type(lint, state, path, ValueType::Object);
    let Some(object) = state.as_object() else { return };
    lint.require(object, path, &["Type"]);
    let Some(state_type) = object.get("Type") else { return };
    let Some(state_type) = state_type.as_str().filter(|name| TYPES.contains(name)) else {
        let list = TYPES.join(", ");
        let message = format!("The field 'Type' should have one of these values: [{list}]");
        lint.error(Rule::UnknownStateType, &format!("{path}/Type"), message, format!("Write one of {list}."));
        return;
    };
    check_query_language(lint, object, path);
    let language = lint.language_of(object).unwrap_or(machine);
    let refused = machine == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath;
    if refused {
        let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        lint.error_within(
            Rule::QueryLanguageConflict,
            path,
            &below(path, "QueryLanguage"),
            message,
            "Remove QueryLanguage here, or set it state by state.",
        );
    }
    fields::check_state_fields(lint, object, path, state_type, (!refused).then_some(language));
    check_types(lint, object, path, &["Comment", "Next", "Default"], ValueType::String);
    check_types(lint, object, path, &["End"], ValueType::Boolean);
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
        "Map" => maps::check(lint, object, path, language, machine),
        "Pass" => warn_of_static_result(lint, object, path),
        _ => {}
    }
    let has_result = matches!(state_type, "Task" | "Map" | "Parallel");
    check_data_flow(lint, object, path, language, has_result);
    handlers::check(lint, object, path, language);
    assign::check(lint, object, path);
}

/// Checks the fields that select, transform and keep data, for every type of state.
fn check_data_flow(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage, has_result: bool) {
    if language == QueryLanguage::JsonPath {
        for field in ["InputPath", "OutputPath"] {
            check_path(lint, state, path, field, PathRule::PathOrNull);
        }
        check_path(lint, state, path, "ResultPath", PathRule::ResultPath);
        check_path(lint, state, path, "ItemsPath", PathRule::Reference);
    }
    let templates = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Arguments", "Output", "Items"];
    for field in templates {
        if let Some(template) = state.get(field) {
            lint.after_result = has_result && matches!(field, "Assign" | "Output");
            check_template(lint, template, &format!("{path}/{field}"), language);
        }
    }
    lint.after_result = false;
}

fn check_task(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    lint.require(state, path, &["Resource"]);
    check_resource(lint, state, path);
    integrations::check(lint, state, path, language);
    for (field, by_path) in [("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_number(lint, state, path, field, (1.0, values::MOST), true, language);
        check_path(lint, state, path, by_path, PathRule::Path);
    }
    check_heartbeat(lint, state, path);
    check_credentials(lint, state, path, language);
    let waits = state.get("Resource").and_then(Value::as_str).is_some_and(|text| text.ends_with(".waitForTaskToken"));
    let limits = ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];
    if waits && !lint.times_out && !limits.iter().any(|key| state.contains_key(*key)) {
        lint.warning(
            Rule::NoTimeout,
            path,
            "This state waits for an answer without a timeout: it can wait for a year unnoticed",
            "Add TimeoutSeconds, and a Catch for States.Timeout.",
        );
    }
}

/// Reports a heartbeat interval that is not shorter than the timeout: the task would time out first.
fn check_heartbeat(lint: &mut Lint, state: &Map<String, Value>, path: &str) {
    let seconds = |field: &str| state.get(field).and_then(Value::as_f64);
    let (Some(timeout), Some(heartbeat)) = (seconds("TimeoutSeconds"), seconds("HeartbeatSeconds")) else { return };
    if heartbeat >= timeout {
        let message = "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'";
        let remedy = format!("Write a number smaller than the timeout, {timeout}; it is {heartbeat}.");
        lint.refused_by_language(Rule::HeartbeatExceedsTimeout, &format!("{path}/HeartbeatSeconds"), message, remedy);
    }
}

/// Warns of paths in the Result of a Pass state, which is never evaluated.
fn warn_of_static_result(lint: &mut Lint, state: &Map<String, Value>, path: &str) {
    let Some(result) = state.get("Result") else { return };
    let dynamic = |key: &str, value: &Value| key.ends_with(".$") || value.as_str().is_some_and(looks_dynamic);
    let found = match result {
        Value::Object(fields) => fields.iter().any(|(key, value)| dynamic(key, value)),
        other => dynamic("", other),
    };
    if found {
        let message = "Attempt to use a path in the result of a pass state.";
        let remedy = "Write Parameters in place of Result to have paths evaluated.";
        lint.warning(Rule::PassResultIsStatic, &format!("{path}/Result"), message, remedy);
    }
}

fn check_credentials(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(credentials) = state.get("Credentials") else { return };
    let place = format!("{path}/Credentials");
    if state.get("Resource").and_then(Value::as_str).is_some_and(|text| text.contains(":activity:")) {
        let message = "The field 'Credentials' is not supported for activities";
        lint.error(
            Rule::CredentialsOfActivity,
            &place,
            message,
            "Remove Credentials: a worker has credentials of its own.",
        );
    }
    check_template(lint, credentials, &place, language);
    if language == QueryLanguage::Jsonata && is_jsonata(lint, credentials) {
        return;
    }
    check_type(lint, credentials, &place, ValueType::Object);
    let Some(object) = credentials.as_object() else { return };
    if !object.contains_key("RoleArn") && !object.contains_key("RoleArn.$") {
        let remedy = "Write { \"RoleArn\": \"arn:aws:iam::...\" }.";
        lint.refused_by_aws(Rule::MissingField, &place, "The field 'RoleArn' is required but was missing", remedy);
    }
}

/// The language's specification requires a URI; AWS requires an ARN.
fn check_resource(lint: &mut Lint, state: &Map<String, Value>, path: &str) {
    let Some(resource) = state.get("Resource") else { return };
    let (place, message) = (format!("{path}/Resource"), "Value is not a valid resource ARN");
    let remedy = "Write an ARN, such as arn:aws:states:::lambda:invoke, or a ${Placeholder} for one.";
    match resource.as_str() {
        Some(text) if text.starts_with("arn:") || lint.is_open(text) => {}
        Some(text) if text.contains(':') => lint.refused_by_aws(Rule::InvalidResource, &place, message, remedy),
        Some(_) => lint.error(Rule::InvalidResource, &place, message, remedy),
        None => {
            check_type(lint, resource, &place, ValueType::String);
        }
    }
}

fn check_wait(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let names: &[&str] = match language {
        QueryLanguage::JsonPath => &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"],
        QueryLanguage::Jsonata => &["Seconds", "Timestamp"],
    };
    check_exclusive(lint, state, path, names, true);
    check_number(lint, state, path, "Seconds", (0.0, values::MOST), true, language);
    for field in ["SecondsPath", "TimestampPath"] {
        check_path(lint, state, path, field, PathRule::Path);
    }
    if let Some(timestamp) = state.get("Timestamp") {
        let place = format!("{path}/Timestamp");
        if language == QueryLanguage::Jsonata && is_jsonata(lint, timestamp) {
            check_jsonata_value(lint, timestamp, &place);
        } else {
            check_timestamp(lint, timestamp, &place);
        }
    }
}

fn check_fail(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    for (field, by_path) in [("Error", "ErrorPath"), ("Cause", "CausePath")] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_path(lint, state, path, by_path, PathRule::PathOrCall);
        if let Some(value) = state.get(field) {
            let place = format!("{path}/{field}");
            check_type(lint, value, &place, ValueType::String);
            if language == QueryLanguage::Jsonata {
                check_jsonata_value(lint, value, &place);
            } else if value.as_str().is_some_and(looks_dynamic) {
                let message = "Field value looks like a path, but field name does not end with 'Path'.";
                lint.warning(Rule::NoPath, &place, message, format!("Write '{by_path}' to have the path evaluated."));
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
            lint.error(Rule::EmptyValue, &place, "Value cannot be empty", "Add at least one branch.")
        }
        Some(branches) => {
            for (index, branch) in branches.iter().enumerate() {
                check_body(lint, branch, &format!("{place}[{index}]"), fields::BRANCH, machine);
            }
        }
        None => {
            check_type(lint, branches, &place, ValueType::Array);
        }
    }
}

/// Checks the states inside a state.
pub(super) fn check_body(lint: &mut Lint, body: &Value, place: &str, known: &[&str], machine: QueryLanguage) {
    check_type(lint, body, place, ValueType::Object);
    if let Some(scope) = body.as_object() {
        fields::check_scope_fields(lint, scope, place, known);
        check_scope(lint, scope, place, machine);
    }
}

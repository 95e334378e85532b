//! Plain values: numbers, languages, lists of errors.

use serde_json::{Map, Value};

use super::{Lint, expressions, has_placeholder};
use crate::model::QueryLanguage;

/// `QueryLanguage` is one of the two.
pub(super) fn check_query_language(lint: &mut Lint, object: &Map<String, Value>, path: &str) {
    let Some(value) = object.get("QueryLanguage") else { return };
    let known = value.as_str().is_some_and(|text| matches!(text, "JSONPath" | "JSONata") || has_placeholder(text));
    if !known {
        lint.schema(
            &format!("{path}/QueryLanguage"),
            "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]",
            "Write \"JSONPath\" or \"JSONata\".",
        );
    }
}

/// A number of at least one, or an expression that yields it.
pub(super) fn check_positive(
    lint: &mut Lint,
    object: &Map<String, Value>,
    path: &str,
    field: &str,
    language: QueryLanguage,
) {
    check_number(lint, object, path, field, (1.0, f64::INFINITY), true, language);
}

/// A number within the limits, or an expression that yields it.
pub(super) fn check_number(
    lint: &mut Lint,
    object: &Map<String, Value>,
    path: &str,
    field: &str,
    limits: (f64, f64),
    whole: bool,
    language: QueryLanguage,
) {
    let Some(value) = object.get(field) else { return };
    let place = format!("{path}/{field}");
    if let Value::String(text) = value {
        if has_placeholder(text) {
            return;
        }
        if language == QueryLanguage::Jsonata && text.trim_start().starts_with("{%") {
            expressions::check_jsonata_value(lint, value, &place);
            return;
        }
    }
    let right = value
        .as_f64()
        .is_some_and(|number| number >= limits.0 && number <= limits.1 && (!whole || number.fract() == 0.0));
    if !right {
        let kind = if whole { "a whole number" } else { "a number" };
        let bound = if limits.1.is_finite() {
            format!("from {} to {}", limits.0, limits.1)
        } else {
            format!("of at least {}", limits.0)
        };
        lint.schema(
            &place,
            format!("The value for the field '{field}' must be {kind} {bound}"),
            format!("Write {kind} {bound}; it is {value}."),
        );
    }
}

/// `ErrorEquals` of a retrier or catcher. `last` tells whether it is the last of its list.
pub(super) fn check_error_equals(lint: &mut Lint, object: &Map<String, Value>, path: &str, last: bool) {
    let Some(value) = object.get("ErrorEquals") else { return };
    let place = format!("{path}/ErrorEquals");
    if value.as_str().is_some_and(has_placeholder) {
        return;
    }
    let names = value.as_array().filter(|names| names.iter().all(Value::is_string));
    let Some(names) = names else {
        lint.schema(
            &place,
            "The value for the field 'ErrorEquals' must be an array of strings",
            "Write [\"States.ALL\"] or the names of the errors.",
        );
        return;
    };
    if names.is_empty() {
        lint.schema(&place, "Value cannot be empty", "Name at least one error, or \"States.ALL\" for every error.");
    }
    if names.iter().any(|name| name == "States.ALL") && (names.len() > 1 || !last) {
        lint.schema(
            &place,
            "States.ALL must appear alone and in the last entry",
            "Put \"States.ALL\" into an entry of its own, after all others.",
        );
    }
}

/// Of these fields at most one may be there; with `required`, exactly one.
pub(super) fn check_exclusive(
    lint: &mut Lint,
    object: &Map<String, Value>,
    path: &str,
    names: &[&str],
    required: bool,
) {
    let there: Vec<&str> = names.iter().copied().filter(|name| object.contains_key(*name)).collect();
    let list = names.join(", ");
    if there.is_empty() && required {
        let message = format!("Exactly one of these fields is required: [{list}]");
        lint.schema(path, message, format!("Add one of {list}."));
    } else if there.len() > 1 {
        let found = there.join(", ");
        let message = format!("Only one of these fields is allowed: [{found}]");
        lint.schema(path, message, format!("Keep one of {found} and remove the others."));
    }
}

//! Plain values: numbers, languages, lists of errors.

use serde_json::{Map, Value};

use super::{Lint, below, expressions};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// `QueryLanguage` is one of the two.
pub(super) fn check_query_language(lint: &mut Lint, object: &Map<String, Value>, path: &str) {
    let Some(value) = object.get("QueryLanguage") else { return };
    check_one_of(lint, value, &format!("{path}/QueryLanguage"), &["JSONPath", "JSONata"]);
}

/// A text out of a few.
pub(super) fn check_one_of(lint: &mut Lint, value: &Value, place: &str, known: &[&str]) {
    let list = known.join(", ");
    match value.as_str() {
        Some(text) if known.contains(&text) || lint.is_open(text) => {}
        Some(_) => {
            let message = format!("Value should be one of the following: [{list}]");
            lint.error(Rule::UnknownValue, place, message, format!("Write one of {list}; it is {value}."));
        }
        None => drop(check_type(lint, value, place, Kind::String)),
    }
}

/// What a plain value is, with AWS's name for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Boolean,
    Object,
    Array,
}

/// Whether a value is of its kind; a placeholder may become anything.
pub(super) fn check_type(lint: &mut Lint, value: &Value, place: &str, kind: Kind) -> bool {
    let (right, name, what) = match kind {
        Kind::String => (value.is_string(), "STRING", "a text"),
        Kind::Boolean => (value.is_boolean(), "BOOLEAN", "true or false"),
        Kind::Object => (value.is_object(), "OBJECT", "an object: { ... }"),
        Kind::Array => (value.is_array(), "ARRAY", "an array: [ ... ]"),
    };
    let right = right || value.as_str().is_some_and(|text| lint.is_open(text));
    if !right {
        lint.error(Rule::WrongType, place, format!("Expected value of type [{name}]"), format!("Write {what}."));
    }
    right
}

/// Checks the kind of each of these fields that is there.
pub(super) fn check_types(lint: &mut Lint, object: &Map<String, Value>, path: &str, fields: &[&str], kind: Kind) {
    for field in fields {
        if let Some(value) = object.get(*field) {
            check_type(lint, value, &format!("{path}/{field}"), kind);
        }
    }
}

/// Most seconds that AWS takes anywhere.
pub(super) const MOST: f64 = 99_999_999.0;

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
        if lint.is_open(text) {
            return;
        }
        if language == QueryLanguage::Jsonata && expressions::is_marked(text) {
            expressions::check_jsonata_value(lint, value, &place);
            return;
        }
    }
    let name = if whole { "Integer" } else { "Number" };
    let remedy = |what: String| format!("Write {what}; it is {value}.");
    match value.as_f64() {
        Some(number) if whole && number.fract() != 0.0 => {
            lint.error(
                Rule::WrongType,
                &place,
                format!("Expected value of type {name}"),
                remedy("a whole number".to_owned()),
            );
        }
        Some(number) if number < limits.0 => {
            let message = format!("Minimum value is {}", limits.0);
            lint.error(Rule::NumberOutOfRange, &place, message, remedy(format!("a number of at least {}", limits.0)));
        }
        Some(number) if number > limits.1 => {
            let message = format!("Maximum value is {}", limits.1);
            lint.error(Rule::NumberOutOfRange, &place, message, remedy(format!("a number of at most {}", limits.1)));
        }
        Some(_) => {}
        None => {
            lint.error(Rule::WrongType, &place, format!("Expected value of type {name}"), remedy("a number".to_owned()))
        }
    }
}

/// A moment of the RFC 3339 profile that the language wants: an upper-case `T`, and `Z` or an offset.
pub(super) fn check_timestamp(lint: &mut Lint, value: &Value, place: &str) {
    if !check_type(lint, value, place, Kind::String) {
        return;
    }
    if !value.as_str().is_some_and(|text| is_timestamp(text) || lint.is_open(text)) {
        let remedy = format!("Write a moment, such as \"2030-01-31T09:00:00Z\"; it is {value}.");
        lint.error(Rule::InvalidTimestamp, place, "String does not match RFC3339 timestamp", remedy);
    }
}

fn is_timestamp(text: &str) -> bool {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(u32::MAX);
    // A second of 60 is a leap second.
    let in_range = (1..=days_of_month(part(0..4), part(5..7))).contains(&part(8..10))
        && part(11..13) < 24
        && part(14..16) < 60
        && part(17..19) <= 60;
    let offset = text.len() - rest.len();
    let has_zone = match rest {
        "Z" => true,
        // The shape has as many bytes as the text.
        "+00:00" | "-00:00" => part(offset + 1..offset + 3) < 24 && part(offset + 4..offset + 6) < 60,
        _ => false,
    };
    in_range && has_zone
}

/// Of no month there are no days.
fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// `ErrorEquals` of a retrier or catcher. `last` tells whether it is the last of its list.
pub(super) fn check_error_equals(lint: &mut Lint, object: &Map<String, Value>, path: &str, last: bool) {
    let Some(value) = object.get("ErrorEquals") else { return };
    let place = format!("{path}/ErrorEquals");
    if !check_type(lint, value, &place, Kind::Array) {
        return;
    }
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        check_type(lint, name, &format!("{place}[{index}]"), Kind::String);
    }
    if names.is_empty() && value.is_array() {
        lint.error(
            Rule::EmptyValue,
            &place,
            "Value cannot be empty",
            "Name at least one error, or \"States.ALL\" for every error.",
        );
    }
    let all = names.iter().position(|name| name == "States.ALL");
    if let Some(index) = all.filter(|_| names.len() > 1 || !last) {
        lint.error(
            Rule::MisplacedStatesAll,
            &format!("{place}[{index}]"),
            "States.ALL must appear alone and at end of list",
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
    let there: Vec<&str> = names.iter().copied().filter(|name| is_there(object, name)).collect();
    let list = names.join(", ");
    if there.is_empty() && required {
        let message = format!("This object should have only one of the following fields: [{list}]");
        lint.error(Rule::MissingField, path, message, format!("Add one of {list}."));
    } else if there.len() > 1 {
        let found = there.join(", ");
        let message = format!("There should only be one of the following fields: [{list}]");
        lint.error_within(
            Rule::ConflictingFields,
            path,
            &below(path, there[1]),
            message,
            format!("Keep one of {found} and remove the others."),
        );
    }
}

/// `"End": false` says no more than no `End`.
fn is_there(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(|value| name != "End" || *value != Value::Bool(false))
}

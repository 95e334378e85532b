//! Plain values: numbers, languages, lists of errors.

use serde_json::{Map, Value};

use super::{Lint, below, expressions};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// Checks that `QueryLanguage` is one of the two languages.
pub(super) fn check_query_language(lint: &mut Lint, object: &Map<String, Value>, path: &str) {
    let Some(value) = object.get("QueryLanguage") else { return };
    check_one_of(lint, value, &format!("{path}/QueryLanguage"), &["JSONPath", "JSONata"]);
}

/// A field with a fixed choice of strings.
pub(super) fn check_one_of(lint: &mut Lint, value: &Value, place: &str, known: &[&str]) {
    let list = known.join(", ");
    match value.as_str() {
        Some(text) if known.contains(&text) || lint.is_open(text) => {}
        Some(_) => {
            let message = format!("Value should be one of the following: [{list}]");
            lint.error(Rule::UnknownValue, place, message, format!("Write one of {list}; it is {value}."));
        }
        None => drop(check_type(lint, value, place, ValueType::String)),
    }
}

/// The types of plain values that fields have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueType {
    String,
    Boolean,
    Object,
    Array,
}

/// Reports a value of another type and returns whether the type is right. A placeholder may become any type.
pub(super) fn check_type(lint: &mut Lint, value: &Value, place: &str, expected: ValueType) -> bool {
    let (right, name, what) = match expected {
        ValueType::String => (value.is_string(), "STRING", "a string in quotes"),
        ValueType::Boolean => (value.is_boolean(), "BOOLEAN", "true or false"),
        ValueType::Object => (value.is_object(), "OBJECT", "an object: { ... }"),
        ValueType::Array => (value.is_array(), "ARRAY", "an array: [ ... ]"),
    };
    let right = right || value.as_str().is_some_and(|text| lint.is_open(text));
    if !right {
        lint.error(Rule::WrongType, place, format!("Expected value of type [{name}]"), format!("Write {what}."));
    }
    right
}

/// Checks the type of each of these fields that is present.
pub(super) fn check_types(
    lint: &mut Lint,
    object: &Map<String, Value>,
    path: &str,
    fields: &[&str],
    expected: ValueType,
) {
    for field in fields {
        if let Some(value) = object.get(*field) {
            check_type(lint, value, &format!("{path}/{field}"), expected);
        }
    }
}

/// The largest number of seconds that AWS accepts anywhere.
pub(super) const MOST: f64 = 99_999_999.0;

/// Checks a number and its limits, or the expression that yields the number.
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

/// Checks a timestamp of the language's RFC 3339 profile: an upper-case `T`, and `Z` or an offset.
pub(super) fn check_timestamp(lint: &mut Lint, value: &Value, place: &str) {
    if !check_type(lint, value, place, ValueType::String) {
        return;
    }
    if !value.as_str().is_some_and(|text| is_timestamp(text) || lint.is_open(text)) {
        let remedy = format!("Write a timestamp, such as \"2030-01-31T09:00:00Z\"; it is {value}.");
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
    // Second 60 is a leap second.
    let in_range = (1..=days_of_month(part(0..4), part(5..7))).contains(&part(8..10))
        && part(11..13) < 24
        && part(14..16) < 60
        && part(17..19) <= 60;
    let offset = text.len() - rest.len();
    let has_zone = match rest {
        "Z" => true,
        // A text of this shape is ASCII, so the shape's offsets are those of the text.
        "+00:00" | "-00:00" => part(offset + 1..offset + 3) < 24 && part(offset + 4..offset + 6) < 60,
        _ => false,
    };
    in_range && has_zone
}

/// How many days a month has; a number that is no month has none.
fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// `ErrorEquals` of a retrier or catcher. `last`: it is the last entry of its list.
pub(super) fn check_error_equals(lint: &mut Lint, object: &Map<String, Value>, path: &str, last: bool) {
    let Some(value) = object.get("ErrorEquals") else { return };
    let place = format!("{path}/ErrorEquals");
    if !check_type(lint, value, &place, ValueType::Array) {
        return;
    }
    let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        check_type(lint, name, &format!("{place}[{index}]"), ValueType::String);
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

/// Checks that at most one of these fields is present; with `required`, exactly one.
pub(super) fn check_exclusive(
    lint: &mut Lint,
    object: &Map<String, Value>,
    path: &str,
    names: &[&str],
    required: bool,
) {
    let present: Vec<&str> = names.iter().copied().filter(|name| is_present(object, name)).collect();
    let list = names.join(", ");
    if present.is_empty() && required {
        let message = format!("This object should have only one of the following fields: [{list}]");
        lint.error(Rule::MissingField, path, message, format!("Add one of {list}."));
    } else if present.len() > 1 {
        let found = present.join(", ");
        let message = format!("There should only be one of the following fields: [{list}]");
        lint.error_within(
            Rule::ConflictingFields,
            path,
            &below(path, present[1]),
            message,
            format!("Keep one of {found} and remove the others."),
        );
    }
}

/// Whether a field is present. `"End": false` means the same as no `End`.
fn is_present(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(|value| name != "End" || *value != Value::Bool(false))
}

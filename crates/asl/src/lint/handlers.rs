//! Retriers and catchers.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_path, check_template};
use super::values::{self, ValueType, check_error_equals, check_number, check_one_of, check_type};
use super::{Lint, assign, fields};
use crate::model::QueryLanguage;

/// Longest delay between two attempts, in seconds: a year and a day.
const LONGEST_DELAY: f64 = 31_622_400.0;

/// Checks `Retry` and `Catch`.
pub(super) fn check(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    for field in ["Retry", "Catch"] {
        let Some(entries) = state.get(field) else { continue };
        let list = format!("{path}/{field}");
        if !check_type(lint, entries, &list, ValueType::Array) {
            continue;
        }
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("{list}[{index}]");
            check_type(lint, entry, &place, ValueType::Object);
            let Some(object) = entry.as_object() else { continue };
            check_error_equals(lint, object, &place, index + 1 == entries.len());
            values::check_types(lint, object, &place, &["Comment"], ValueType::String);
            if field == "Retry" {
                check_retrier(lint, object, &place);
            } else {
                check_catcher(lint, object, &place, language);
            }
        }
    }
}

fn check_retrier(lint: &mut Lint, retrier: &Map<String, Value>, place: &str) {
    // In both query languages these are plain numbers: no expression is evaluated between two attempts.
    let language = QueryLanguage::JsonPath;
    fields::check_scope_fields(lint, retrier, place, fields::RETRIER);
    lint.require(retrier, place, &["ErrorEquals"]);
    check_number(lint, retrier, place, "IntervalSeconds", (0.0, values::MOST), true, language);
    check_number(lint, retrier, place, "MaxDelaySeconds", (1.0, LONGEST_DELAY), true, language);
    check_number(lint, retrier, place, "MaxAttempts", (0.0, values::MOST), true, language);
    check_number(lint, retrier, place, "BackoffRate", (1.0, f64::INFINITY), false, language);
    if let Some(jitter) = retrier.get("JitterStrategy") {
        check_one_of(lint, jitter, &format!("{place}/JitterStrategy"), &["NONE", "FULL"]);
    }
}

fn check_catcher(lint: &mut Lint, catcher: &Map<String, Value>, place: &str, language: QueryLanguage) {
    fields::check_scope_fields(lint, catcher, place, fields::CATCHER);
    let other = if language == QueryLanguage::JsonPath { "Output" } else { "ResultPath" };
    if catcher.contains_key(other) {
        fields::wrong_language(lint, other, place, language);
    }
    lint.require(catcher, place, &["ErrorEquals", "Next"]);
    values::check_types(lint, catcher, place, &["Next"], ValueType::String);
    if language == QueryLanguage::JsonPath {
        check_path(lint, catcher, place, "ResultPath", PathRule::ResultPath);
    }
    lint.in_catcher = true;
    for template in ["Assign", "Output"] {
        if let Some(value) = catcher.get(template) {
            check_template(lint, value, &format!("{place}/{template}"), language);
        }
    }
    lint.in_catcher = false;
    assign::check(lint, catcher, place);
}

//! The rules of Choice states.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_jsonata_value, check_path, check_template};
use super::{Lint, has_placeholder};
use crate::model::QueryLanguage;

/// What a comparison compares with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    Text,
    Number,
    Boolean,
    Timestamp,
    Path,
}

fn operand(operator: &str) -> Option<Operand> {
    if let Some(kind) = operator.strip_prefix("Is") {
        let known = ["Present", "Null", "String", "Numeric", "Boolean", "Timestamp"].contains(&kind);
        return known.then_some(Operand::Boolean);
    }
    let comparisons = ["Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];
    for (prefix, kind) in [
        ("String", Operand::Text),
        ("Numeric", Operand::Number),
        ("Timestamp", Operand::Timestamp),
        ("Boolean", Operand::Boolean),
    ] {
        let Some(rest) = operator.strip_prefix(prefix) else { continue };
        let comparison = rest.strip_suffix("Path").unwrap_or(rest);
        let known = match prefix {
            "Boolean" => comparison == "Equals",
            "String" => comparisons.contains(&comparison) || rest == "Matches",
            _ => comparisons.contains(&comparison),
        };
        return known.then_some(if rest.ends_with("Path") { Operand::Path } else { kind });
    }
    None
}

/// Checks `Choices`.
pub(super) fn check(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(choices) = state.get("Choices") else { return };
    let place = format!("{path}/Choices");
    match choices.as_array() {
        Some(rules) if rules.is_empty() => lint.schema(&place, "Value cannot be empty", "Add at least one rule."),
        Some(rules) => {
            for (index, rule) in rules.iter().enumerate() {
                check_rule(lint, rule, &format!("{place}[{index}]"), language);
            }
        }
        None => lint.schema(&place, "The value for the field 'Choices' must be an array", "Write [{ ... }]."),
    }
}

fn check_rule(lint: &mut Lint, rule: &Value, place: &str, language: QueryLanguage) {
    let Some(object) = rule.as_object() else {
        lint.schema(place, "A choice rule must be an object", "Write { ..., \"Next\": \"State\" }.");
        return;
    };
    match language {
        QueryLanguage::Jsonata => {
            lint.require(object, place, &["Condition", "Next"]);
            super::fields::check_scope_fields(
                lint,
                object,
                place,
                &["Condition", "Next", "Comment", "Assign", "Output"],
            );
            if let Some(condition) = object.get("Condition") {
                check_jsonata_value(lint, condition, &format!("{place}/Condition"));
            }
        }
        QueryLanguage::JsonPath => {
            lint.require(object, place, &["Next"]);
            check_comparison(lint, object, place, true);
        }
    }
    for field in ["Assign", "Output"] {
        if let Some(template) = object.get(field) {
            check_template(lint, template, &format!("{place}/{field}"), language);
        }
    }
}

fn check_comparison(lint: &mut Lint, rule: &Map<String, Value>, place: &str, top: bool) {
    let plain: &[&str] = if top { &["Next", "Comment", "Assign", "Output"] } else { &["Comment"] };
    let mut operators = Vec::new();
    for field in rule.keys().map(String::as_str).filter(|field| !plain.contains(field)) {
        match field {
            "Variable" => check_path(lint, rule, place, field, PathRule::Path),
            "And" | "Or" | "Not" => operators.push(field),
            _ if operand(field).is_some() => operators.push(field),
            _ => {
                let remedy = format!("Remove '{field}', or correct the operator's spelling.");
                lint.schema(place, format!("Field '{field}' is not supported"), remedy);
            }
        }
    }
    let [operator] = operators[..] else {
        let message = "A choice rule must have exactly one comparison operator";
        let remedy = format!("Keep one operator; here are {}. Join several by And or Or.", operators.len());
        lint.schema(place, message, remedy);
        return;
    };
    match operator {
        "And" | "Or" => match rule[operator].as_array().filter(|rules| !rules.is_empty()) {
            Some(rules) => {
                for (index, inner) in rules.iter().enumerate() {
                    check_inner(lint, inner, &format!("{place}/{operator}[{index}]"));
                }
            }
            None => lint.schema(&format!("{place}/{operator}"), "Value cannot be empty", "Add at least one rule."),
        },
        "Not" => check_inner(lint, &rule["Not"], &format!("{place}/Not")),
        _ => {
            lint.require(rule, place, &["Variable"]);
            check_operand(lint, rule, place, operator);
        }
    }
}

fn check_inner(lint: &mut Lint, rule: &Value, place: &str) {
    match rule.as_object() {
        Some(object) => check_comparison(lint, object, place, false),
        None => lint.schema(place, "A choice rule must be an object", "Write { \"Variable\": ..., ... }."),
    }
}

fn check_operand(lint: &mut Lint, rule: &Map<String, Value>, place: &str, operator: &str) {
    let (Some(kind), value) = (operand(operator), &rule[operator]) else { return };
    if kind == Operand::Path {
        check_path(lint, rule, place, operator, PathRule::Path);
        return;
    }
    let (right, what) = match kind {
        Operand::Number => (value.is_number(), "a number"),
        Operand::Boolean => (value.is_boolean(), "a boolean"),
        Operand::Timestamp => (value.is_string(), "a timestamp"),
        Operand::Text | Operand::Path => (value.is_string(), "a string"),
    };
    if !right && !value.as_str().is_some_and(has_placeholder) {
        let message = format!("The value for the field '{operator}' must be {what}");
        lint.schema(&format!("{place}/{operator}"), message, format!("Write {what}; it is {value}."));
    }
}

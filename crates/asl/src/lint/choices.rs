//! The rules of Choice states.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_jsonata_value, check_path, check_template, is_jsonata};
use super::values::{ValueType, check_timestamp, check_type, check_types};
use super::{Lint, assign, below, fields};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// The type of the value on the right of a comparison.
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
        Some(rules) if rules.is_empty() => {
            lint.error(Rule::EmptyValue, &place, "Value cannot be empty", "Add at least one rule.")
        }
        Some(rules) => {
            for (index, rule) in rules.iter().enumerate() {
                check_rule(lint, rule, &format!("{place}[{index}]"), language);
            }
        }
        None => {
            check_type(lint, choices, &place, ValueType::Array);
        }
    }
}

/// The fields that select what a rule does. A rule has exactly one.
const SELECTORS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

fn check_rule(lint: &mut Lint, rule: &Value, place: &str, language: QueryLanguage) {
    check_type(lint, rule, place, ValueType::Object);
    let Some(object) = rule.as_object() else { return };
    match language {
        QueryLanguage::Jsonata => {
            lint.require(object, place, &["Condition", "Next"]);
            for field in object.keys().map(String::as_str) {
                match field {
                    "Condition" | "Next" | "Comment" | "Assign" | "Output" => {}
                    _ if SELECTORS.contains(&field) || operand(field).is_some() => {
                        fields::wrong_language(lint, field, place, language);
                    }
                    _ => unsupported(lint, field, place),
                }
            }
            if let Some(condition) = object.get("Condition") {
                check_condition(lint, condition, &format!("{place}/Condition"));
            }
        }
        QueryLanguage::JsonPath => {
            lint.require(object, place, &["Next"]);
            for field in ["Condition", "Output"].iter().filter(|field| object.contains_key(**field)) {
                fields::wrong_language(lint, field, place, language);
            }
            check_comparison(lint, object, place, &["Next", "Comment", "Assign", "Condition", "Output"]);
        }
    }
    check_types(lint, object, place, &["Next", "Comment"], ValueType::String);
    assign::check(lint, object, place);
    for field in ["Assign", "Output"] {
        if let Some(template) = object.get(field) {
            check_template(lint, template, &format!("{place}/{field}"), language);
        }
    }
}

/// Checks that a condition is a boolean or an expression.
fn check_condition(lint: &mut Lint, condition: &Value, place: &str) {
    if is_jsonata(lint, condition) {
        check_jsonata_value(lint, condition, place);
    } else if !condition.is_boolean() {
        let remedy = format!("Write an expression between {{% and %}}, or true or false; it is {condition}.");
        lint.error(Rule::WrongType, place, "Expected value of type [BOOLEAN] or a JSONata expression", remedy);
    }
}

fn unsupported(lint: &mut Lint, field: &str, place: &str) {
    let remedy = format!("Remove '{field}', or correct the operator's spelling.");
    lint.error_within(
        Rule::UnknownField,
        place,
        &below(place, field),
        format!("Field '{field}' is not supported"),
        remedy,
    );
}

/// Checks a rule, or a rule inside And, Or or Not. `plain` are the fields beside the comparison.
fn check_comparison(lint: &mut Lint, rule: &Map<String, Value>, place: &str, plain: &[&str]) {
    let mut operators = Vec::new();
    for field in rule.keys().map(String::as_str).filter(|field| !plain.contains(field)) {
        match field {
            "Variable" => check_path(lint, rule, place, field, PathRule::Reference),
            "And" | "Or" | "Not" => {}
            _ if operand(field).is_some() => operators.push(field),
            _ => unsupported(lint, field, place),
        }
    }
    let selectors: Vec<&str> = SELECTORS.into_iter().filter(|field| rule.contains_key(*field)).collect();
    let [selector] = selectors[..] else {
        let list = SELECTORS.join(", ");
        let message = format!("The object must have only one of the following fields, [{list}]");
        let (at, remedy) = match selectors.get(1) {
            Some(second) => {
                let remedy = format!("Keep one of {}, or join several comparisons by And or Or.", selectors.join(", "));
                (below(place, second), remedy)
            }
            None => (place.to_owned(), "Add a Variable with an operator, or And, Or or Not.".to_owned()),
        };
        lint.error_within(Rule::InvalidChoiceRule, place, &at, message, remedy);
        return;
    };
    match selector {
        "And" | "Or" => check_list(lint, &rule[selector], &format!("{place}/{selector}")),
        "Not" => check_inner(lint, &rule["Not"], &format!("{place}/Not")),
        "Variable" => check_operator(lint, rule, place, &operators),
        _ => {}
    }
}

fn check_operator(lint: &mut Lint, rule: &Map<String, Value>, place: &str, operators: &[&str]) {
    match operators {
        [operator] => check_operand(lint, rule, place, operator),
        [] => {
            let message =
                "This object should have only one of the following fields: [StringEquals, NumericEquals, ...]";
            lint.error(Rule::InvalidChoiceRule, place, message, "Add an operator, such as StringEquals.");
        }
        _ => {
            let message = format!("There should only be one of the following fields: [{}]", operators.join(", "));
            let remedy = format!("Keep one of {}, or join several by And or Or.", operators.join(", "));
            lint.error_within(Rule::InvalidChoiceRule, place, &below(place, operators[1]), message, remedy);
        }
    }
}

fn check_list(lint: &mut Lint, rules: &Value, place: &str) {
    check_type(lint, rules, place, ValueType::Array);
    let Some(rules) = rules.as_array() else { return };
    if rules.is_empty() {
        lint.error(Rule::EmptyValue, place, "Value cannot be empty", "Add at least one rule.");
    }
    for (index, inner) in rules.iter().enumerate() {
        check_inner(lint, inner, &format!("{place}[{index}]"));
    }
}

fn check_inner(lint: &mut Lint, rule: &Value, place: &str) {
    check_type(lint, rule, place, ValueType::Object);
    if let Some(object) = rule.as_object() {
        check_comparison(lint, object, place, &["Comment"]);
    }
}

fn check_operand(lint: &mut Lint, rule: &Map<String, Value>, place: &str, operator: &str) {
    let (Some(kind), value) = (operand(operator), &rule[operator]) else { return };
    let at = format!("{place}/{operator}");
    match kind {
        Operand::Path => check_path(lint, rule, place, operator, PathRule::Reference),
        Operand::Timestamp => check_timestamp(lint, value, &at),
        Operand::Boolean => drop(check_type(lint, value, &at, ValueType::Boolean)),
        Operand::Text => drop(check_type(lint, value, &at, ValueType::String)),
        Operand::Number if value.is_number() || value.as_str().is_some_and(|text| lint.is_open(text)) => {}
        Operand::Number => {
            lint.error(
                Rule::WrongType,
                &at,
                "Expected value of type Number",
                format!("Write a number; it is {value}."),
            );
        }
    }
}

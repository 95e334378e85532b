//! Paths, intrinsic functions and JSONata expressions, and the templates that hold them.

use serde_json::{Map, Value};

use super::{Lint, below, element, has_placeholder};
use crate::expr::{intrinsics, path};
use crate::model::QueryLanguage;
use crate::token::call;

/// What a field with a path may hold beside a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathRule {
    /// A path, nothing else.
    Path,
    /// A path or `null`.
    PathOrNull,
    /// A path or a call of an intrinsic function.
    PathOrCall,
    /// A reference path into the state's data, or `null`.
    ResultPath,
}

/// Checks a field that holds a path.
pub(super) fn check_path(lint: &mut Lint, object: &Map<String, Value>, at: &str, field: &str, rule: PathRule) {
    let Some(value) = object.get(field) else { return };
    let place = format!("{at}/{field}");
    let text = match value {
        Value::Null if matches!(rule, PathRule::PathOrNull | PathRule::ResultPath) => return,
        Value::String(text) if has_placeholder(text) => return,
        Value::String(text) => text,
        _ => {
            lint.schema(
                &place,
                format!("The value for the field '{field}' must be a valid JSONPath"),
                "Write a path as text, such as \"$.order\".",
            );
            return;
        }
    };
    let result = match rule {
        PathRule::ResultPath if text.starts_with("$$") => Err("the context object cannot be written".to_owned()),
        PathRule::ResultPath => path::check_reference(text),
        PathRule::PathOrCall if intrinsics::is_call(text) => check_call(text),
        _ => path::check(text),
    };
    if let Err(reason) = result {
        let message = match rule {
            PathRule::ResultPath => format!("The value for the field '{field}' must be a valid Reference Path"),
            _ => format!("The value for the field '{field}' must be a valid JSONPath"),
        };
        lint.schema(&place, message, format!("Correct the path '{text}': {reason}."));
    }
}

/// Checks a call, with the kinds of its literal arguments where a number is needed.
fn check_call(text: &str) -> Result<(), String> {
    intrinsics::check(text)?;
    let Some((name, arguments)) = call(text) else { return Ok(()) };
    let numbers: &[usize] = match name {
        "States.MathAdd" | "States.MathRandom" | "States.ArrayRange" => &[0, 1, 2],
        "States.ArrayGetItem" | "States.ArrayPartition" => &[1],
        _ => &[],
    };
    let is_text = |index: &&usize| arguments.get(**index).is_some_and(|argument| argument.starts_with('\''));
    match numbers.iter().find(is_text) {
        Some(index) => Err(format!("argument {} of {name} must be a number or a path to one", index + 1)),
        None => Ok(()),
    }
}

/// Checks a template: of JSONPath, or of JSONata.
pub(super) fn check_template(lint: &mut Lint, value: &Value, place: &str, language: QueryLanguage) {
    match language {
        QueryLanguage::JsonPath => check_payload_template(lint, value, place),
        QueryLanguage::Jsonata => check_jsonata_value(lint, value, place),
    }
}

fn check_payload_template(lint: &mut Lint, value: &Value, place: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let inner = below(place, key);
                let Some(plain) = key.strip_suffix(".$") else {
                    check_payload_template(lint, value, &inner);
                    continue;
                };
                if object.contains_key(plain) {
                    let message = format!("The field '{plain}' is there twice: as '{plain}' and as '{key}'");
                    lint.schema(&inner, message, format!("Keep one of '{plain}' and '{key}'."));
                }
                check_dynamic(lint, key, value, &inner);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_payload_template(lint, item, &element(place, index));
            }
        }
        _ => {}
    }
}

fn check_dynamic(lint: &mut Lint, key: &str, value: &Value, place: &str) {
    let result = match value.as_str() {
        None => Err("it is no text".to_owned()),
        Some(text) if has_placeholder(text) => Ok(()),
        Some(text) if intrinsics::is_call(text) => check_call(text),
        Some(text) => path::check(text),
    };
    if let Err(reason) = result {
        let message =
            format!("The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call");
        lint.schema(
            place,
            message,
            format!("Correct it, or write '{}' for a literal: {reason}.", &key[..key.len() - 2]),
        );
    }
}

/// Checks every expression within a value of JSONata.
pub(super) fn check_jsonata_value(lint: &mut Lint, value: &Value, place: &str) {
    match value {
        Value::String(text) if !has_placeholder(text) => check_jsonata_text(lint, text, place),
        Value::Object(object) => {
            for (key, value) in object {
                check_jsonata_value(lint, value, &below(place, key));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_jsonata_value(lint, item, &element(place, index));
            }
        }
        _ => {}
    }
}

fn check_jsonata_text(lint: &mut Lint, text: &str, place: &str) {
    let Some(expression) = crate::model::template(text) else { return };
    if expression.is_empty() {
        lint.schema(place, "A JSONata expression cannot be empty", "Write an expression between {% and %}.");
    } else if let Err(reason) = parses(expression) {
        let field = place.rsplit('/').next().unwrap_or_default();
        let message = format!("The value for the field '{field}' must be a valid JSONata expression");
        lint.schema(place, message, format!("Correct the expression: {reason}."));
    }
}

#[cfg(feature = "jsonata")]
fn parses(expression: &str) -> Result<(), String> {
    crate::expr::jsonata::check(expression)
}

/// Without the evaluator nothing can be said about an expression.
#[cfg(not(feature = "jsonata"))]
fn parses(_expression: &str) -> Result<(), String> {
    Ok(())
}

/// In JSONata a field that must be an expression or one of the plain values.
pub(super) fn is_jsonata(value: &Value) -> bool {
    value.as_str().is_some_and(|text| crate::model::template(text).is_some() || has_placeholder(text))
}

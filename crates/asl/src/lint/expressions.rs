//! Paths, intrinsic functions and JSONata expressions, and the templates that hold them.

use serde_json::{Map, Value};

use super::values::{ValueType, check_type};
use super::{Lint, below, element, syntax};
use crate::expr::references::Reference;
use crate::expr::{intrinsics, path};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// What a path field may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathRule {
    /// A path and nothing else.
    Path,
    /// A path or `null`.
    PathOrNull,
    /// A path or a call of an intrinsic function.
    PathOrCall,
    /// A reference path, which names a single place.
    Reference,
    /// A reference path into the state's data, or `null`.
    ResultPath,
}

/// Checks a field that holds a path.
pub(super) fn check_path(lint: &mut Lint, object: &Map<String, Value>, at: &str, field: &str, rule: PathRule) {
    let Some(value) = object.get(field) else { return };
    let place = format!("{at}/{field}");
    if value.is_null() && matches!(rule, PathRule::PathOrNull | PathRule::ResultPath) {
        return;
    }
    check_type(lint, value, &place, ValueType::String);
    let Some(text) = value.as_str().filter(|text| !lint.is_open(text)) else { return };
    let result = match rule {
        PathRule::ResultPath if text.starts_with("$$") => Err("the context object cannot be written".to_owned()),
        PathRule::ResultPath if is_variable(text) => Err("a variable is written by Assign".to_owned()),
        PathRule::ResultPath | PathRule::Reference => path::check_reference(text),
        PathRule::PathOrCall if intrinsics::is_call(text) => check_call(text),
        _ => path::check(text),
    };
    if let Err(reason) = result {
        let message = match rule {
            PathRule::ResultPath | PathRule::Reference if text.starts_with('$') => "Value is not a Reference Path",
            PathRule::ResultPath | PathRule::Reference => {
                "Value is not a Reference Path: Reference path didn't start with '$'"
            }
            _ => "Value must be a valid JSONPath.",
        };
        let rule = match rule {
            PathRule::ResultPath | PathRule::Reference => Rule::InvalidReferencePath,
            _ => Rule::InvalidPath,
        };
        lint.error(rule, &place, message, format!("Correct the path '{text}': {reason}."));
    }
}

/// Whether a path begins at a variable: `$name`, not `$.name`.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').and_then(|rest| rest.chars().next()).is_some_and(|first| !".[".contains(first))
}

/// Checks a call, and that no string literal stands where a number is needed.
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
        QueryLanguage::JsonPath => check_payload_template(lint, value, place, place),
        QueryLanguage::Jsonata => check_jsonata_value(lint, value, place),
    }
}

/// Checks a template. AWS reports the template's path for a wrong field; `place` is the path of the field.
fn check_payload_template(lint: &mut Lint, value: &Value, template: &str, place: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let inner = below(place, key);
                let Some(plain) = key.strip_suffix(".$") else {
                    warn_of_missing_dollar(lint, key, value, &inner);
                    check_payload_template(lint, value, template, &inner);
                    continue;
                };
                if object.contains_key(plain) {
                    let message = format!("The field '{plain}' is given twice: as '{plain}' and as '{key}'");
                    lint.error_within(
                        Rule::ConflictingFields,
                        template,
                        &inner,
                        message,
                        format!("Keep one of '{plain}' and '{key}'."),
                    );
                }
                check_dynamic(lint, key, value, template, &inner);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_payload_template(lint, item, template, &element(place, index));
            }
        }
        _ => {}
    }
}

fn check_dynamic(lint: &mut Lint, key: &str, value: &Value, template: &str, place: &str) {
    let result = match value.as_str() {
        None => Err("it is not a string".to_owned()),
        Some(text) if lint.is_open(text) => Ok(()),
        Some(text) if intrinsics::is_call(text) => check_call(text),
        Some(text) => path::check(text),
    };
    if let Err(reason) = result {
        let message =
            format!("The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call");
        let remedy = format!("Correct it, or write '{}' for a literal: {reason}.", &key[..key.len() - 2]);
        lint.error_within(Rule::InvalidTemplateField, template, place, message, remedy);
    }
}

/// Checks every expression in a value of a JSONata state.
pub(super) fn check_jsonata_value(lint: &mut Lint, value: &Value, place: &str) {
    match value {
        Value::String(text) if !lint.is_open(text) => check_jsonata_text(lint, text, place),
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

/// Warns of a path or a call in a field whose name does not end in `.$`.
fn warn_of_missing_dollar(lint: &mut Lint, key: &str, value: &Value, place: &str) {
    if let Some(text) = value.as_str().filter(|text| looks_dynamic(text)) {
        let message = "No .$ on a field that appears to be a JSONPath or Intrinsic Function.";
        lint.warning(Rule::NoDollar, place, message, format!("Write '{key}.$' to have '{text}' evaluated."));
    }
}

/// Whether a text is a path or a call, rather than a text that happens to begin with a dollar sign.
pub(super) fn looks_dynamic(text: &str) -> bool {
    let path = ["$.", "$$.", "$["].iter().any(|start| text.starts_with(start)) && path::check(text).is_ok();
    path || intrinsics::is_call(text) && intrinsics::check(text).is_ok()
}

fn check_jsonata_text(lint: &mut Lint, text: &str, place: &str) {
    if !is_marked(text) {
        return;
    }
    let Some(expression) = text.strip_prefix("{%").and_then(|opened| opened.strip_suffix("%}")) else {
        let message = "JSONata string must start with {% and end with %}";
        lint.error(
            Rule::IncompleteJsonataMarks,
            place,
            message,
            "Begin the string with {% and end it with %}, without spaces around them.",
        );
        return;
    };
    match references(expression.trim()) {
        Ok(found) => {
            for reference in found {
                check_reference(lint, &reference, place);
            }
        }
        Err(reason) => {
            let remedy = "Correct the expression between {% and %}.";
            lint.error(Rule::InvalidJsonata, place, syntax::message(&reason), remedy);
        }
    }
}

/// Reports what an expression cannot read: it has no input of its own, only `$states` and the variables.
fn check_reference(lint: &mut Lint, reference: &Reference, place: &str) {
    let message = match reference {
        Reference::Name(name) => format!("Reference to '{name}' at the top level is not supported."),
        Reference::Root => "Reference to '$$' is not supported.".to_owned(),
        Reference::ErrorOutput if lint.in_catcher => return,
        Reference::ErrorOutput => "Field '$states.errorOutput' does not exist.".to_owned(),
        Reference::Result if lint.after_result => return,
        Reference::Result => "Field '$states.result' does not exist.".to_owned(),
    };
    let remedy = match reference {
        Reference::ErrorOutput => "Only the Output and Assign of a catcher see $states.errorOutput.",
        Reference::Result => "Only the Output and Assign of a Task, Map or Parallel state see $states.result.",
        _ => "Begin with $states.input, $states.context or a variable.",
    };
    let rule = Rule::UnsupportedJsonataReference;
    match reference {
        // AWS may accept it and evaluate it to undefined when the state runs.
        Reference::Result => lint.refused_by_language(rule, place, message, remedy),
        _ => lint.error(rule, place, message, remedy),
    }
}

#[cfg(feature = "jsonata")]
fn references(expression: &str) -> Result<Vec<Reference>, String> {
    crate::expr::jsonata::references(expression)
}

/// Without the evaluator, expressions are not checked.
#[cfg(not(feature = "jsonata"))]
fn references(_expression: &str) -> Result<Vec<Reference>, String> {
    Ok(Vec::new())
}

/// Whether a text begins with `{%` or ends with `%}`. With spaces around the marks it does not, and is plain text.
pub(super) fn is_marked(text: &str) -> bool {
    text.starts_with("{%") || text.ends_with("%}")
}

/// Whether a value of a JSONata state is an expression, or a placeholder that may become one.
pub(super) fn is_jsonata(lint: &Lint, value: &Value) -> bool {
    value.as_str().is_some_and(|text| is_marked(text) || lint.is_open(text))
}

/// Name and arguments of `Name(argument, ...)`.
fn call(expression: &str) -> Option<(&str, Vec<String>)> {
    let (name, rest) = expression.trim().split_once('(')?;
    let inner = rest.trim_end().strip_suffix(')')?;
    Some((name.trim(), split(inner)))
}

fn split(inner: &str) -> Vec<String> {
    let (mut arguments, mut current) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
    for character in inner.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                arguments.push(std::mem::take(&mut current).trim().to_owned());
                continue;
            }
            _ => {}
        }
        current.push(character);
    }
    arguments.push(current.trim().to_owned());
    arguments
}

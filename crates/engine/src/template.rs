//! Payload templates (`Parameters`, `Arguments`, `Output`, `Assign`, ...) and single fields, compiled and evaluated.

use std::borrow::Cow;

use countersign_asl::expr::Environment;
use countersign_asl::expr::intrinsics::{self, Call};
use countersign_asl::expr::jsonata;
use countersign_asl::expr::path::{Path, PathError};
use countersign_asl::expr::weight;
use serde_json::{Map, Value};

use crate::context::View;
use crate::failure::Failure;
use crate::program::CompileError;
use crate::states::check_input;

/// A path or an intrinsic function, for the fields of JSONPath states that take one.
#[derive(Debug)]
pub(crate) enum Reference {
    Path(Path),
    Call(Call),
}

impl Reference {
    pub fn compile(text: &str, at: &str) -> Result<Reference, CompileError> {
        let parsed = if intrinsics::is_call(text) {
            Call::parse(text).map(Reference::Call)
        } else {
            Path::parse(text).map(Reference::Path)
        };
        parsed.map_err(|reason| CompileError::new(at, reason))
    }

    pub fn text(&self) -> &str {
        match self {
            Reference::Path(path) => path.text(),
            Reference::Call(call) => call.text(),
        }
    }

    /// The value. `field` names the field if a path leads nowhere.
    pub fn value<'a>(&self, field: &str, view: &'a View<'_>) -> Result<Cow<'a, Value>, Failure> {
        match self {
            Reference::Path(path) => {
                check_input(path, view)?;
                match path.evaluate(view) {
                    Err(PathError::OutOfRange(_)) => Ok(Cow::Owned(Value::Null)),
                    found => found.map_err(|error| missing(path.text(), field, &error, view)),
                }
            }
            // The language has `States.IntrinsicFailure` for this; AWS does not use it.
            Reference::Call(call) => {
                call.evaluate(view).map(Cow::Owned).map_err(|error| Failure::runtime(error.to_string()))
            }
        }
    }
}

fn missing(path: &str, field: &str, error: &PathError, view: &View<'_>) -> Failure {
    match error {
        PathError::UnknownVariable(_) => Failure::runtime(format!(
            "The JSONPath '{path}' specified for the field '{field}' refers to a variable that has not been assigned. {error}"
        )),
        _ => Failure::runtime(format!(
            "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{}'",
            view.input()
        )),
    }
}

/// A JSON value with expressions in it.
#[derive(Debug)]
pub(crate) enum Template {
    Literal(Value),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
    /// `"key.$": "$.path"`; `field` is the key as written.
    Reference {
        field: String,
        reference: Reference,
    },
    /// `"{% ... %}"`; `field` is the place within the state, such as `Output/total`.
    Jsonata {
        field: String,
        expression: String,
    },
}

impl Template {
    /// Compiles a template; `field` is the name of the state's field.
    pub fn compile(value: &Value, jsonata: bool, field: &str) -> Result<Template, CompileError> {
        match value {
            Value::Object(object) => {
                let mut entries = Vec::with_capacity(object.len());
                for (key, inner) in object {
                    entries.push(Self::entry(key, inner, jsonata, field)?);
                }
                if entries.iter().all(|(_, t)| matches!(t, Template::Literal(_))) {
                    return Ok(Template::Literal(value.clone()));
                }
                Ok(Template::Object(entries))
            }
            Value::Array(items) => {
                let compiled = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| Template::compile(item, jsonata, &format!("{field}[{i}]")))
                    .collect::<Result<Vec<_>, _>>()?;
                if compiled.iter().all(|t| matches!(t, Template::Literal(_))) {
                    return Ok(Template::Literal(value.clone()));
                }
                Ok(Template::Array(compiled))
            }
            Value::String(text) if jsonata => Self::text(text, field),
            other => Ok(Template::Literal(other.clone())),
        }
    }

    fn entry(key: &str, value: &Value, jsonata: bool, field: &str) -> Result<(String, Template), CompileError> {
        if let (false, Some(name), Value::String(text)) = (jsonata, key.strip_suffix(".$"), value) {
            let reference = Reference::compile(text, &format!("{field}/{key}"))?;
            let field = key.to_owned();
            return Ok((name.to_owned(), Template::Reference { field, reference }));
        }
        Ok((key.to_owned(), Template::compile(value, jsonata, &format!("{field}/{key}"))?))
    }

    fn text(text: &str, field: &str) -> Result<Template, CompileError> {
        let Some(expression) = jsonata::template(text) else {
            return Ok(Template::Literal(Value::String(text.to_owned())));
        };
        jsonata::check(expression).map_err(|reason| CompileError::new(field, reason))?;
        Ok(Template::Jsonata { field: field.to_owned(), expression: expression.to_owned() })
    }

    /// The value with every expression evaluated.
    pub fn value(&self, view: &View<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Template::Literal(value) => value.clone(),
            Template::Object(entries) => {
                let mut object = Map::with_capacity(entries.len());
                for (key, inner) in entries {
                    object.insert(key.clone(), inner.value(view)?);
                }
                Value::Object(object)
            }
            Template::Array(items) => Value::Array(items.iter().map(|t| t.value(view)).collect::<Result<_, _>>()?),
            Template::Reference { field, reference } => {
                let value = reference.value(field, view)?;
                // The size of an intrinsic function's result has been counted already.
                view.pay(if matches!(value, Cow::Borrowed(_)) { weight(&value) } else { 0 })?;
                value.into_owned()
            }
            Template::Jsonata { field, expression } => {
                let value = evaluate(expression, field, view)?;
                view.pay(weight(&value))?;
                value
            }
        })
    }

    /// The value with every expression evaluated that can be. The others are null, and counted in `failed`.
    pub fn as_far_as_known(&self, view: &View<'_>, failed: &mut usize) -> Value {
        match self {
            Template::Object(entries) => {
                entries.iter().map(|(key, inner)| (key.clone(), inner.as_far_as_known(view, failed))).collect()
            }
            Template::Array(items) => items.iter().map(|item| item.as_far_as_known(view, failed)).collect(),
            one => one.value(view).unwrap_or_else(|_| {
                *failed += 1;
                Value::Null
            }),
        }
    }

    /// A failure of a field with this template: of the evaluation where it is an expression.
    pub fn failure(&self, cause: String, field: &str) -> Failure {
        match self {
            Template::Jsonata { .. } => Failure::query(cause, Some(field.to_owned())),
            _ => Failure::runtime(cause),
        }
    }

    /// The value of a field that must have one type; another type fails in AWS's words.
    pub fn typed(&self, view: &View<'_>, expected: &str, fits: fn(&Value) -> bool) -> Result<Value, Failure> {
        let value = self.value(view)?;
        match self {
            Template::Jsonata { field, expression } if !fits(&value) => Err(Failure::query(
                format!(
                    "The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected \
                     result type. Expected '{expected}', but was '{}' for value: {value}",
                    type_name(&value)
                ),
                Some(field.clone()),
            )),
            _ => Ok(value),
        }
    }
}

pub(crate) fn evaluate(expression: &str, field: &str, view: &View<'_>) -> Result<Value, Failure> {
    let mut variables = view.variables();
    jsonata::evaluate(expression, &view.states(), &mut variables, view).map_err(|error| {
        let cause = format!("The JSONata expression '{expression}' specified for the field '{field}' {error}");
        Failure::query(cause, Some(field.to_owned()))
    })
}

pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

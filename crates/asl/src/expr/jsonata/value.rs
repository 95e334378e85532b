//! Values on their way into the evaluator and out of it.

use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

use super::JsonataError;

/// Largest result, roughly in bytes: far above what a state may hold, so that the state's own limit is what is met.
const RESULT: usize = 16 * 1024 * 1024;
/// Deepest result that is taken: deeper ones would not survive JSON parsers either.
const DEPTH: usize = 120;

/// A JSON value as the evaluator has it.
pub(super) fn from_json(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(b) => JValue::Bool(*b),
        Value::Number(n) => JValue::Number(n.as_f64().unwrap_or(0.0)),
        Value::String(s) => JValue::string(s.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(from_json).collect()),
        Value::Object(object) => JValue::object(object.iter().map(|(k, v)| (k.clone(), from_json(v))).collect()),
    }
}

/// The result as JSON.
///
/// # Errors
/// It is a value that JSON does not have, or larger or deeper than a result may be.
pub(super) fn to_json(value: &JValue) -> Result<Value, JsonataError> {
    converted(value, 0, &mut RESULT.clone())
}

/// Values that share their memory in the evaluator do not share it in JSON: `room` bounds the whole.
fn converted(value: &JValue, depth: usize, room: &mut usize) -> Result<Value, JsonataError> {
    if depth > DEPTH {
        return Err(JsonataError::Failed(format!("The result nests deeper than {DEPTH} levels.")));
    }
    take(room, size_of::<Value>())?;
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .filter(|item| !item.is_undefined())
            .map(|item| converted(item, depth + 1, room))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array);
    }
    if let Some(fields) = value.as_object() {
        let mut object = Map::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_undefined()) {
            take(room, name.len())?;
            object.insert(name.clone(), converted(value, depth + 1, room)?);
        }
        return Ok(Value::Object(object));
    }
    match value {
        JValue::Null => Ok(Value::Null),
        JValue::Bool(b) => Ok(Value::Bool(*b)),
        JValue::Number(n) => Ok(number(*n)),
        JValue::String(s) => {
            take(room, s.len())?;
            Ok(Value::String(s.to_string()))
        }
        _ => Err(JsonataError::NotJson),
    }
}

fn take(room: &mut usize, bytes: usize) -> Result<(), JsonataError> {
    *room = room
        .checked_sub(bytes)
        .ok_or_else(|| JsonataError::Failed(format!("The result is larger than {RESULT} bytes.")))?;
    Ok(())
}

fn number(n: f64) -> Value {
    // Whole numbers print without a fraction as long as they are exact.
    if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 {
        return Value::from(n as i64);
    }
    // JSON has no other numbers: the service writes their names.
    Number::from_f64(n).map_or_else(|| Value::from(unbounded(n)), Value::Number)
}

fn unbounded(n: f64) -> &'static str {
    match n {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

//! The shape of a mocked result: `TestState` compares it with the service's response.
//!
//! `mock_shapes.json` holds the known responses, one line an action; `tools/mock_shapes.py` writes it from the
//! services' models. `service:action` has its fields in Step Functions' spelling: `!` marks a required field, `[shape]`
//! a list, `{"*": shape}` a map; a text is a type with its least and greatest value (for a text: its length), or `one
//! of` an enumeration, `A|B`. Actions that are not listed are not compared.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::error::ApiError;

/// The modes of `fieldValidationMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Required fields must be present, and present fields must fit.
    Strict,
    /// Present fields must fit.
    Present,
}

/// The prefix of an enumeration's shape.
const ONE_OF: &str = "one of ";

static SHAPES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("mock_shapes.json")).unwrap_or_default());

/// Compares a mocked result with the response of `service:action`.
///
/// # Errors
/// AWS's `ValidationException`, of the first field that does not fit.
pub fn check(service: &str, action: &str, mode: Mode, result: &Value) -> Result<(), ApiError> {
    let service = match service.strip_prefix("aws-sdk:").unwrap_or(service) {
        "sfn" => "states",
        "eventbridge" => "events",
        other => other,
    };
    let Some(shape) = SHAPES.get(&format!("{service}:{action}")) else { return Ok(()) };
    fits("", shape, mode, result)
        .map_err(|why| ApiError::new("ValidationException", format!("Mock result schema validation error: {why}")))
}

/// Whether a value has a shape; `field` is the last name on the way to it.
fn fits(field: &str, shape: &Value, mode: Mode, value: &Value) -> Result<(), String> {
    let must = |what: &str| Err(format!("Field '{field}' must be {what}"));
    match (shape, value) {
        (Value::String(text), _) => scalar(field, text, value),
        (Value::Array(items), Value::Array(values)) => {
            let Some(item) = items.first() else { return Ok(()) };
            values.iter().try_for_each(|value| fits(field, item, mode, value))
        }
        (Value::Array(_), _) => must("an array"),
        (Value::Object(fields), Value::Object(values)) => structure(fields, mode, values),
        (Value::Object(_), _) => must("an object"),
        _ => Ok(()),
    }
}

fn structure(fields: &Map<String, Value>, mode: Mode, values: &Map<String, Value>) -> Result<(), String> {
    if let Some(shape) = fields.get("*") {
        return values.iter().try_for_each(|(name, value)| fits(name, shape, mode, value));
    }
    for (field, shape) in fields {
        let name = field.trim_end_matches('!');
        match values.get(name) {
            Some(value) => fits(name, shape, mode, value)?,
            None if mode == Mode::Strict && name != field => return Err(format!("Required field '{name}' is missing")),
            None => {}
        }
    }
    Ok(())
}

fn scalar(field: &str, shape: &str, value: &Value) -> Result<(), String> {
    if let Some(known) = shape.strip_prefix(ONE_OF) {
        let text = value.as_str().ok_or_else(|| format!("Field '{field}' must be a string"))?;
        let known = known.split('|').any(|one| one == text);
        return if known { Ok(()) } else { Err(format!("Field '{field}' is not an expected value")) };
    }
    let mut words = shape.split(' ');
    let kind = words.next().unwrap_or_default();
    let mut bound = || words.next().and_then(|word| word.parse::<f64>().ok());
    let (least, most) = (bound(), bound());
    let (size, small, large) = match (kind, value) {
        ("string", Value::String(text)) => {
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            (f64::from(length), "is smaller than the minimum length", "exceeds the maximum length")
        }
        ("number", Value::Number(number)) => {
            (number.as_f64().unwrap_or_default(), "is less than the minimum value", "exceeds the maximum value")
        }
        ("boolean", Value::Bool(_)) => return Ok(()),
        _ => return Err(format!("Field '{field}' must be a {kind}")),
    };
    if least.is_some_and(|least| size < least) {
        return Err(format!("Field '{field}' {small}"));
    }
    if most.is_some_and(|most| size > most) {
        return Err(format!("Field '{field}' {large}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn expect(call: (&str, &str), mode: Mode, result: &Value, why: Option<&str>) {
        let found = check(call.0, call.1, mode, result).err().map(|error| error.message);
        let expected = why.map(|why| format!("Mock result schema validation error: {why}"));
        assert_eq!(found, expected, "{call:?} {result}");
    }

    #[test]
    fn every_shape_is_one() {
        let shapes: Result<Map<String, Value>, _> = serde_json::from_str(include_str!("mock_shapes.json"));
        assert!(shapes.is_ok_and(|shapes| shapes.keys().all(|name| name.contains(':'))));
    }

    #[test]
    fn results_are_compared_as_far_as_the_mode_asks() {
        use Mode::{Present, Strict};
        let start = ("states", "startExecution");
        expect(start, Strict, &json!({}), Some("Required field 'ExecutionArn' is missing"));
        expect(start, Present, &json!({}), None);
        expect(
            ("aws-sdk:sfn", "startExecution"),
            Present,
            &json!({"StartDate": 1}),
            Some("Field 'StartDate' must be a string"),
        );
        expect(
            ("events", "putEvents"),
            Strict,
            &json!({"Entries": [{"EventId": "a"}, {"EventId": []}]}),
            Some("Field 'EventId' must be a string"),
        );
        expect(("events", "putEvents"), Strict, &json!({"Entries": {}}), Some("Field 'Entries' must be an array"));
        expect(
            ("kms", "encrypt"),
            Strict,
            &json!({"CiphertextBlob": ""}),
            Some("Field 'CiphertextBlob' is smaller than the minimum length"),
        );
        expect(
            ("aws-sdk:lambda", "getFunction"),
            Strict,
            &json!({"Configuration": {"MemorySize": 10241}}),
            Some("Field 'MemorySize' exceeds the maximum value"),
        );
        expect(("aws-sdk:s3", "getObject"), Strict, &json!({"Metadata": {"a": 1}}), Some("Field 'a' must be a string"));
        for mode in [Strict, Present] {
            let of_class = |class: &str| json!({"StorageClass": class});
            expect(("aws-sdk:s3", "getObject"), mode, &of_class("GLACIER"), None);
            let unknown = "Field 'StorageClass' is not an expected value";
            expect(("aws-sdk:s3", "getObject"), mode, &of_class("PAPER"), Some(unknown));
        }
        expect(
            ("aws-sdk:s3", "getObject"),
            Strict,
            &json!({"StorageClass": 1}),
            Some("Field 'StorageClass' must be a string"),
        );
        expect(("lambda", "invoke"), Strict, &json!({"StatusCode": 200, "Payload": {"any": []}}), None);
        expect(("athena", "anything"), Strict, &json!({"a": 1}), None);
    }
}

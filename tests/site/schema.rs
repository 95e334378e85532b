//! A reader of the schemas that the API's description has: whether an answer is what it says.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is wrong with a value, by a schema of the document; a keyword that this reader does not know is wrong, too.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(document, schema, value, "$", &mut faults);
    if let Some(object) = value.as_object() {
        let known = names(document, schema);
        let unknown = object.keys().filter(|name| !known.contains(*name));
        faults.extend(unknown.map(|name| format!("$.{name} is not described")));
    }
    faults
}

fn target<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} is not there")),
        None => schema,
    }
}

/// The names of an object's members, of all parts of its schema.
fn names(document: &Value, schema: &Value) -> BTreeSet<String> {
    let schema = target(document, schema);
    let own = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
    let parts = ["allOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    own.chain(parts.flat_map(|part| names(document, part))).collect()
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = target(document, schema);
    for (keyword, means) in schema.as_object().unwrap_or_else(|| panic!("{at}: {schema} is no schema")) {
        match keyword.as_str() {
            "type" => {
                let is = |name: &str| match name {
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("{at}: the type {other}"),
                };
                let fits = match means {
                    Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
                    name => is(name.as_str().unwrap()),
                };
                if !fits {
                    faults.push(format!("{at} is no {means}: {value}"));
                }
            }
            "enum" => {
                if !means.as_array().unwrap().contains(value) {
                    faults.push(format!("{at} is none of {means}: {value}"));
                }
            }
            "required" => {
                let missing =
                    means.as_array().unwrap().iter().filter_map(Value::as_str).filter(|name| value.get(name).is_none());
                faults.extend(missing.map(|name| format!("{at}.{name} is missing")));
            }
            "properties" => {
                for (name, part) in means.as_object().unwrap() {
                    let Some(value) = value.get(name) else { continue };
                    let at = format!("{at}.{name}");
                    check(document, part, value, &at, faults);
                    let is_object = value.is_object() && !names(document, part).is_empty();
                    let unknown = value.as_object().filter(|_| is_object).into_iter().flatten();
                    let known = names(document, part);
                    faults.extend(
                        unknown
                            .filter(|(name, _)| !known.contains(*name))
                            .map(|(name, _)| format!("{at}.{name} is not described")),
                    );
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    let at = format!("{at}[{index}]");
                    check(document, means, item, &at, faults);
                    let known = names(document, means);
                    let unknown = item.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(*name));
                    faults.extend(unknown.map(|(name, _)| format!("{at}.{name} is not described")));
                }
            }
            "allOf" => means.as_array().unwrap().iter().for_each(|part| check(document, part, value, at, faults)),
            "oneOf" => {
                let fits = |part: &&Value| {
                    let mut faults = Vec::new();
                    check(document, part, value, at, &mut faults);
                    faults.is_empty()
                };
                if means.as_array().unwrap().iter().filter(fits).count() != 1 {
                    faults.push(format!("{at} is not one of {means}: {value}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < means.as_f64().unwrap()) {
                    faults.push(format!("{at} is below {means}: {value}"));
                }
            }
            "description" | "format" | "additionalProperties" => {}
            other => panic!("{at}: the keyword {other}"),
        }
    }
}

#[test]
fn a_value_that_is_not_described_is_found() {
    let document = serde_json::json!({"components": {"schemas": {
        "A": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 0}, "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/B"}]}}},
        "B": {"type": "object", "properties": {"w": {"type": "string", "enum": ["x"]}}},
    }}});
    let schema = serde_json::json!({"$ref": "#/components/schemas/A"});
    let count = |value: Value| faults(&document, &schema, &value).len();
    assert_eq!(count(serde_json::json!({"n": 1, "b": {"w": "x"}})), 0);
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({"n": -1}),
        serde_json::json!({"n": "1"}),
        serde_json::json!({"n": 1, "m": 1}),
        serde_json::json!({"n": 1, "b": {"w": "y"}}),
        serde_json::json!({"n": 1, "b": {"v": "x"}}),
    ] {
        assert_ne!(count(wrong.clone()), 0, "{wrong}");
    }
}

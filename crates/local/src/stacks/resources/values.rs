//! Values of properties, as services want them.

use serde_json::{Map, Value, json};

/// An object with only the members that are given.
pub fn given(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// CloudFormation's list of tags as an object.
pub fn tag_map(tags: &Value) -> Map<String, Value> {
    let pairs = tags.as_array().into_iter().flatten();
    pairs.filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].clone()))).collect()
}

/// A number, which a template may write as a text.
pub fn number(value: &Value) -> Value {
    match value {
        Value::String(text) => text.parse::<i64>().map_or_else(|_| value.clone(), |number| json!(number)),
        other => other.clone(),
    }
}

/// A boolean, which a template may write as a text.
pub fn flag(value: &Value) -> Value {
    match value.as_str() {
        Some("true") => json!(true),
        Some("false") => json!(false),
        _ => value.clone(),
    }
}

/// A document as its text; a text is one already.
pub fn document(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A scalar as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Names and values with the first letter of every name in lower case, at any depth.
pub fn lowered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let lower = |name: &str| {
                let mut letters = name.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect::<String>()
            };
            Value::Object(members.iter().map(|(name, value)| (lower(name), lowered(value))).collect())
        }
        Value::Array(items) => items.iter().map(lowered).collect(),
        other => other.clone(),
    }
}

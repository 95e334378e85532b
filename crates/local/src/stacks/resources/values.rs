//! Values of properties, as services want them.

use serde_json::{Map, Value, json};

/// An object with only the members that are given.
pub fn given(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Tags as an object: CloudFormation writes those of a parameter so, and all others as a list of keys and values. A
/// template may write a value as a number.
pub fn tag_map(tags: &Value) -> Map<String, Value> {
    let value = |value: &Value| match value {
        Value::Null => json!(""),
        value => text(value).map_or_else(|| value.clone(), Value::String),
    };
    match tags {
        Value::Object(tags) => tags.iter().map(|(key, one)| (key.clone(), value(one))).collect(),
        tags => {
            let pairs = tags.as_array().into_iter().flatten();
            pairs.filter_map(|tag| Some((text(&tag["Key"])?, value(&tag["Value"])))).collect()
        }
    }
}

/// Tags as a list, with a service's names for keys and values.
pub fn tag_list(tags: &Map<String, Value>, [key, value]: [&str; 2]) -> Value {
    tags.iter().map(|(name, text)| json!({ key: name, value: text })).collect()
}

/// What a change of tags takes away, and all tags after it; `None` where they stay as they are.
pub fn retagged(before: &Value, after: &Value) -> Option<(Vec<String>, Map<String, Value>)> {
    let (old, new) = (tag_map(before), tag_map(after));
    if old == new {
        return None;
    }
    let gone = old.into_iter().map(|(key, _)| key).filter(|key| !new.contains_key(key)).collect();
    Some((gone, new))
}

/// The properties without the tags: where they are the same, only tags change.
pub fn settings(properties: &Value) -> Map<String, Value> {
    let members = properties.as_object().into_iter().flatten();
    members.filter(|(name, _)| *name != "Tags").map(|(name, value)| (name.clone(), value.clone())).collect()
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

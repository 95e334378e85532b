//! Attribute values: which ones DynamoDB accepts, in which form it stores them, and their size.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Item, number};
use crate::integrations::tables::{TableRefusal, invalid};

/// The most levels of lists and maps within each other.
const LEVELS: usize = 32;

/// An item in its stored form.
///
/// # Errors
/// One of its values is invalid.
pub fn taken_item(item: &Item) -> Result<Item, TableRefusal> {
    fields(item, LEVELS)
}

/// A value in its stored form: its numbers have one notation.
///
/// # Errors
/// It is invalid.
pub(super) fn taken(value: &Value) -> Result<Value, TableRefusal> {
    within(value, LEVELS)
}

fn within(value: &Value, levels: usize) -> Result<Value, TableRefusal> {
    let must = "must contain exactly one of the supported datatypes";
    let empty = || invalid(format!("Supplied AttributeValue is empty, {must}"));
    let mut kinds = value.as_object().ok_or_else(empty)?.iter();
    let (kind, inner) = kinds.next().ok_or_else(empty)?;
    if kinds.next().is_some() {
        return Err(invalid(format!("Supplied AttributeValue has more than one datatypes set, {must}")));
    }
    let deeper = || {
        let too_deep = || invalid("Nesting Levels have exceeded supported limits");
        levels.checked_sub(1).ok_or_else(too_deep)
    };
    let inner = match (kind.as_str(), inner) {
        ("N", Value::String(text)) => number::normal(text)?.into(),
        ("S" | "B", Value::String(_)) | ("BOOL" | "NULL", Value::Bool(_)) => inner.clone(),
        ("SS" | "NS" | "BS", Value::Array(members)) => members_of(kind, members)?,
        ("M", Value::Object(inner)) => fields(inner, deeper()?)?.into(),
        ("L", Value::Array(items)) => {
            let levels = deeper()?;
            items.iter().map(|item| within(item, levels)).collect::<Result<Vec<Value>, TableRefusal>>()?.into()
        }
        _ => return Err(empty()),
    };
    Ok(Value::Object(Map::from_iter([(kind.clone(), inner)])))
}

fn fields(fields: &Map<String, Value>, levels: usize) -> Result<Map<String, Value>, TableRefusal> {
    fields.iter().map(|(name, value)| Ok((name.clone(), within(value, levels)?))).collect()
}

/// The members of a set: at least one, and each once.
fn members_of(kind: &str, members: &[Value]) -> Result<Value, TableRefusal> {
    let wrong = |why: String| invalid(format!("One or more parameter values were invalid: {why}"));
    let mut seen = BTreeSet::new();
    for member in members {
        let text = member.as_str().ok_or_else(|| wrong(format!("A member of the set {kind} is no text")))?;
        let text = if kind == "NS" { number::normal(text)? } else { text.to_owned() };
        if !seen.insert(text) {
            return Err(wrong("Input collection contains duplicates.".to_owned()));
        }
    }
    if seen.is_empty() {
        return Err(wrong("A set may not be empty".to_owned()));
    }
    Ok(seen.into_iter().collect::<Vec<String>>().into())
}

/// The size of an item in bytes, by DynamoDB's rules: the names and the values.
pub fn weight(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + weight_of(value)).sum()
}

fn weight_of(value: &Value) -> usize {
    /// The size of a list or a map without its contents.
    const HOLDER: usize = 3;
    let Some((kind, inner)) = value.as_object().and_then(|kinds| kinds.iter().next()) else { return 0 };
    match (kind.as_str(), inner) {
        // Two digits take a byte, and the exponent another.
        ("N", Value::String(text)) => text.len().div_ceil(2) + 1,
        ("B", Value::String(text)) => text.len() / 4 * 3,
        (_, Value::String(text)) => text.len(),
        ("L", Value::Array(items)) => HOLDER + items.iter().map(|item| 1 + weight_of(item)).sum::<usize>(),
        (_, Value::Array(members)) => members.iter().filter_map(Value::as_str).map(str::len).sum(),
        (_, Value::Object(fields)) => HOLDER + fields.len() + weight(fields),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn refused(value: Value, why: &str) {
        let refusal = taken(&value).unwrap_err().1;
        assert!(refusal.contains(why), "{value}: {refusal}");
    }

    #[test]
    fn values_are_taken_in_one_form() {
        let value = json!({ "M": { "n": { "N": "1.0" }, "l": { "L": [{ "NS": ["2e1", "3"] }, { "NULL": true }] } } });
        let expect = json!({ "M": { "n": { "N": "1" }, "l": { "L": [{ "NS": ["20", "3"] }, { "NULL": true }] } } });
        assert_eq!(taken(&value).unwrap(), expect);
        assert_eq!(weight_of(&json!({ "M": { "ab": { "S": "cde" } } })), 3 + 1 + 2 + 3);
    }

    #[test]
    fn what_is_no_value_is_refused() {
        refused(json!({}), "AttributeValue is empty");
        refused(json!("1"), "AttributeValue is empty");
        refused(json!({ "X": "1" }), "AttributeValue is empty");
        refused(json!({ "N": 1 }), "AttributeValue is empty");
        refused(json!({ "S": "1", "N": "1" }), "more than one datatypes");
        refused(json!({ "L": [{ "N": "one" }] }), "cannot be converted to a numeric value: one");
        refused(json!({ "NS": ["1", "1.0"] }), "contains duplicates");
        refused(json!({ "SS": [] }), "may not be empty");
        let deep = (0..40).fold(json!({ "S": "x" }), |inner, _| json!({ "L": [inner] }));
        refused(deep, "Nesting Levels");
    }
}

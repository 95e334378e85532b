//! Conditions: comparisons and functions, joined by AND, OR and NOT.

use std::cmp::Ordering;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Item, Names, Reader, find, number};
use crate::integrations::tables::TableRefusal;

const FUNCTIONS: [&str; 5] = ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"];
const COMPARATORS: [&str; 6] = ["<>", "<=", ">=", "=", "<", ">"];

/// Whether a condition holds for an item. `kind` is `ConditionExpression`, `FilterExpression` or
/// `KeyConditionExpression`.
///
/// # Errors
/// The condition is invalid, or uses a name or value that is not defined.
pub fn holds(condition: &str, kind: &'static str, names: &Names<'_>, item: &Item) -> Result<bool, TableRefusal> {
    let mut reader = Reader::new(condition, names, kind)?;
    let holds = any(&mut reader, item)?;
    reader.end()?;
    Ok(holds)
}

/// Whether a key condition requires one value of an attribute.
///
/// # Errors
/// The condition contains characters that no expression has.
pub fn equates(condition: &str, names: &Names<'_>, attribute: &str) -> Result<bool, TableRefusal> {
    let reader = Reader::new(condition, names, "KeyConditionExpression")?;
    let is_it = |token: &str| token == attribute || names.name(token).is_ok_and(|name| name == attribute);
    let mut pairs = reader.tokens.windows(2);
    Ok(pairs.any(|pair| (pair[1] == "=" && is_it(pair[0])) || (pair[0] == "=" && is_it(pair[1]))))
}

fn any(reader: &mut Reader<'_>, item: &Item) -> Result<bool, TableRefusal> {
    let mut holds = all(reader, item)?;
    while reader.take("OR") {
        holds |= all(reader, item)?;
    }
    Ok(holds)
}

fn all(reader: &mut Reader<'_>, item: &Item) -> Result<bool, TableRefusal> {
    let mut holds = one(reader, item)?;
    while reader.take("AND") {
        holds &= one(reader, item)?;
    }
    Ok(holds)
}

fn one(reader: &mut Reader<'_>, item: &Item) -> Result<bool, TableRefusal> {
    reader.count()?;
    if reader.take("NOT") {
        return one(reader, item).map(|holds| !holds);
    }
    if reader.take("(") {
        let holds = any(reader, item)?;
        reader.expect(")")?;
        return Ok(holds);
    }
    match reader.function(&FUNCTIONS) {
        Some(function) => {
            let holds = call(reader, item, function)?;
            reader.expect(")")?;
            Ok(holds)
        }
        None => comparison(reader, item),
    }
}

fn call(reader: &mut Reader<'_>, item: &Item, function: &str) -> Result<bool, TableRefusal> {
    let path = reader.path()?;
    let found = find(item, &path);
    if let "attribute_exists" | "attribute_not_exists" = function {
        return Ok(found.is_some() == (function == "attribute_exists"));
    }
    reader.expect(",")?;
    let other = operand(reader, item)?;
    let (Some(found), Some(other)) = (found, other) else { return Ok(false) };
    Ok(match function {
        "attribute_type" => other.get("S").and_then(Value::as_str).is_some_and(|kind| found.get(kind).is_some()),
        "begins_with" => bytes(found).zip(bytes(&other)).is_some_and(|(all, start)| all.starts_with(&start)),
        _ => contains(found, &other),
    })
}

fn contains(found: &Value, other: &Value) -> bool {
    let text = |value: &Value| value.get("S").and_then(Value::as_str).map(str::to_owned);
    if let (Some(found), Some(part)) = (text(found), text(other)) {
        return found.contains(&part);
    }
    if let Some(items) = found.get("L").and_then(Value::as_array) {
        return items.iter().any(|item| equal(item, other));
    }
    // A set of texts contains a text, and so on.
    ["S", "N", "B"].iter().any(|kind| {
        let members = found.get(format!("{kind}S")).and_then(Value::as_array).into_iter().flatten();
        other.get(kind).is_some() && members.into_iter().any(|member| equal(&json!({ *kind: member }), other))
    })
}

fn comparison(reader: &mut Reader<'_>, item: &Item) -> Result<bool, TableRefusal> {
    let left = operand(reader, item)?;
    if reader.take("BETWEEN") {
        let low = operand(reader, item)?;
        reader.expect("AND")?;
        let high = operand(reader, item)?;
        return Ok(compare(left.as_ref(), ">=", low.as_ref()) && compare(left.as_ref(), "<=", high.as_ref()));
    }
    if reader.take("IN") {
        reader.expect("(")?;
        let mut found = false;
        loop {
            found |= compare(left.as_ref(), "=", operand(reader, item)?.as_ref());
            if !reader.take(",") {
                break;
            }
        }
        reader.expect(")")?;
        return Ok(found);
    }
    let operator = COMPARATORS.into_iter().find(|operator| reader.take(operator)).ok_or_else(|| reader.wrong())?;
    let right = operand(reader, item)?;
    Ok(compare(left.as_ref(), operator, right.as_ref()))
}

/// A value, the value at a path, or its size; `None` if there is none.
fn operand(reader: &mut Reader<'_>, item: &Item) -> Result<Option<Value>, TableRefusal> {
    if let Some(given) = reader.given() {
        return given.map(Some);
    }
    if reader.function(&["size"]).is_some() {
        let path = reader.path()?;
        reader.expect(")")?;
        return Ok(find(item, &path).and_then(size).map(|size| json!({ "N": size.to_string() })));
    }
    let path = reader.path()?;
    Ok(find(item, &path).cloned())
}

fn size(value: &Value) -> Option<usize> {
    let (kind, inner) = value.as_object()?.iter().next()?;
    match (kind.as_str(), inner) {
        ("S", Value::String(text)) => Some(text.encode_utf16().count()),
        ("B", _) => bytes(value).map(|bytes| bytes.len()),
        (_, Value::Array(items)) => Some(items.len()),
        (_, Value::Object(fields)) => Some(fields.len()),
        _ => None,
    }
}

/// The bytes of a text or of binary data.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    let text = |kind: &str| value.get(kind).and_then(Value::as_str);
    text("S").map(|text| text.as_bytes().to_vec()).or_else(|| BASE64_STANDARD.decode(text("B")?).ok())
}

/// The order of two numbers, texts or binary values; `None` if their types differ.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let alike = ["S", "B"].iter().any(|kind| left.get(kind).is_some() && right.get(kind).is_some());
    number::order(left, right).or_else(|| Some(bytes(left)?.cmp(&bytes(right)?)).filter(|_| alike))
}

fn equal(left: &Value, right: &Value) -> bool {
    left == right || order(left, right) == Some(Ordering::Equal)
}

/// A missing attribute differs from everything.
fn compare(left: Option<&Value>, operator: &str, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return operator == "<>" };
    match operator {
        "=" => equal(left, right),
        "<>" => !equal(left, right),
        "<" => order(left, right).is_some_and(Ordering::is_lt),
        ">" => order(left, right).is_some_and(Ordering::is_gt),
        "<=" => order(left, right).is_some_and(Ordering::is_le),
        _ => order(left, right).is_some_and(Ordering::is_ge),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn item() -> Item {
        let item = json!({
            "status": { "S": "open" }, "n": { "N": "3" }, "tags": { "SS": ["a", "b"] },
            "parts": { "L": [{ "M": { "sku": { "S": "x-1" } } }] }, "far": { "N": "1e100" },
        });
        item.as_object().cloned().unwrap()
    }

    fn request() -> Value {
        json!({ "ExpressionAttributeNames": { "#s": "status" }, "ExpressionAttributeValues": {
            ":open": { "S": "open" }, ":o": { "S": "o" }, ":a": { "S": "a" }, ":two": { "N": "2" }, ":four": { "N": "4.0" },
            ":x": { "S": "x-" }, ":type": { "S": "SS" }, ":tags": { "SS": ["b", "a"] },
        } })
    }

    fn judged(condition: &str) -> Result<bool, TableRefusal> {
        holds(condition, "ConditionExpression", &Names::of(&request()), &item())
    }

    #[test]
    fn conditions_hold_as_their_words_say() {
        for (condition, expected) in [
            ("attribute_not_exists(id)", true),
            ("attribute_exists(#s) AND n > :two", true),
            ("#s <> :open OR n <= :two", false),
            ("absent = :open", false),
            ("absent <> :open", true),
            ("NOT (#s = :a or n = :two) and begins_with(#s, :o)", true),
            ("#s = :a AND n = :two OR n = :two", false),
            ("#s = :open OR n = :two AND #s = :a", true),
            ("n BETWEEN :two AND :four", true),
            ("#s IN (:a, :open)", true),
            ("contains(tags, :a) AND NOT contains(tags, :o)", true),
            ("contains(#s, :o)", true),
            ("begins_with(parts[0].sku, :x) and attribute_not_exists(parts[1])", true),
            ("far > n AND NOT far <= :four", true),
            ("tags = :tags", true),
            ("size(tags) = :two AND attribute_type(tags, :type)", true),
        ] {
            assert_eq!(judged(condition).unwrap(), expected, "{condition}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for (condition, expected) in [
            (" ", "Invalid ConditionExpression: The expression can not be empty;"),
            ("#s = ", "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"=\""),
            ("#s = :open )", "Invalid ConditionExpression: Syntax error; token: \")\", near: \":open )\""),
            (
                "status = :open",
                "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: status",
            ),
            ("#s ? :open", "Invalid ConditionExpression: Syntax error; token: \"?\", near: \"? :open\""),
            ("#t = :a", "An expression attribute name used in the document path is not defined; attribute name: #t"),
        ] {
            assert_eq!(judged(condition).unwrap_err().1, expected, "{condition}");
        }
        assert!(judged(&"(".repeat(4_000)).unwrap_err().1.ends_with("more than 300 operators"));
        assert!(judged(&"(".repeat(4_097)).unwrap_err().1.ends_with("expression size: 4097"));
    }
}

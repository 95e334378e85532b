//! DynamoDB's expressions, as far as workflows use them on one item: SET, REMOVE and ADD of attributes, and conditions
//! of comparisons and `attribute_exists` joined by AND or OR. What is more than that is refused, and named.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::tables::{Refusal, invalid};

type Item = Map<String, Value>;

/// What `#name` and `:value` stand for.
pub struct Names<'a> {
    names: Option<&'a Value>,
    values: Option<&'a Value>,
}

impl<'a> Names<'a> {
    /// Those of a request.
    pub fn of(parameters: &'a Value) -> Self {
        Self { names: parameters.get("ExpressionAttributeNames"), values: parameters.get("ExpressionAttributeValues") }
    }

    fn name(&self, text: &str) -> Result<String, Refusal> {
        let text = text.trim();
        if text.starts_with('#') {
            let name = self.names.and_then(|names| names.get(text)).and_then(Value::as_str);
            return name.map(str::to_owned).ok_or_else(|| {
                invalid(format!(
                    "An expression attribute name used in the document path is not defined; attribute name: {text}"
                ))
            });
        }
        let legal = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if text.is_empty() || !text.chars().all(legal) {
            return Err(invalid(format!(
                "The embedded DynamoDB knows attributes of the first level only, and not '{text}'"
            )));
        }
        Ok(text.to_owned())
    }

    /// A value: `:value`, an attribute, `if_not_exists(a, :v)`, or the sum or difference of two.
    fn value(&self, text: &str, item: &Item) -> Result<Value, Refusal> {
        let text = text.trim();
        if let Some((left, sign, right)) = sum(text) {
            return add(&self.value(left, item)?, &self.value(right, item)?, sign);
        }
        if let Some(inside) = call(text, "if_not_exists") {
            let (name, other) = inside.split_once(',').ok_or_else(|| invalid(format!("Invalid operand: {text}")))?;
            return match item.get(&self.name(name)?) {
                Some(value) => Ok(value.clone()),
                None => self.value(other, item),
            };
        }
        if text.starts_with(':') {
            return self.values.and_then(|values| values.get(text)).cloned().ok_or_else(|| {
                invalid(format!(
                    "An expression attribute value used in expression is not defined; attribute value: {text}"
                ))
            });
        }
        let missing = "The provided expression refers to an attribute that does not exist in the item";
        item.get(&self.name(text)?).cloned().ok_or_else(|| invalid(missing))
    }
}

/// The inside of `name(...)`.
fn call<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.trim().strip_prefix(name)?.trim_start().strip_prefix('(')?.trim_end().strip_suffix(')')
}

/// Left and right of a sign that no brackets enclose.
fn sum(text: &str) -> Option<(&str, char, &str)> {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '+' | '-' if depth == 0 => return Some((&text[..at], letter, &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn number(value: &Value) -> Option<f64> {
    value.get("N")?.as_str()?.parse().ok()
}

fn add(left: &Value, right: &Value, sign: char) -> Result<Value, Refusal> {
    let wrong = || invalid("An operand in the update expression has an incorrect data type");
    let (left, right) = (number(left).ok_or_else(wrong)?, number(right).ok_or_else(wrong)?);
    Ok(json!({ "N": (if sign == '-' { left - right } else { left + right }).to_string() }))
}

/// The parts of a list that no brackets enclose.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

/// The clauses of an update, each with its word.
fn clauses(expression: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for word in expression.split_whitespace() {
        let keyword = word.to_ascii_uppercase();
        if ["SET", "REMOVE", "ADD", "DELETE"].contains(&keyword.as_str()) {
            found.push((keyword, String::new()));
        } else if let Some((_, text)) = found.last_mut() {
            text.push_str(word);
            text.push(' ');
        } else {
            found.push((word.to_owned(), String::new()));
        }
    }
    found
}

/// Performs an update; the values are those of the item before it.
///
/// # Errors
/// The expression is none, or holds more than is known here.
pub fn update(expression: &str, names: &Names<'_>, item: &mut Item) -> Result<(), Refusal> {
    let before = item.clone();
    for (word, text) in clauses(expression) {
        for part in parts(&text) {
            match word.as_str() {
                "SET" => {
                    let (name, value) =
                        part.split_once('=').ok_or_else(|| invalid(format!("Invalid UpdateExpression: {part}")))?;
                    item.insert(names.name(name)?, names.value(value, &before)?);
                }
                "REMOVE" => drop(item.shift_remove(&names.name(part)?)),
                "ADD" => {
                    let (name, value) = part
                        .trim()
                        .split_once(' ')
                        .ok_or_else(|| invalid(format!("Invalid UpdateExpression: {part}")))?;
                    let (name, value) = (names.name(name)?, names.value(value, &before)?);
                    let sum = before.get(&name).map_or(Ok(value.clone()), |old| add(old, &value, '+'))?;
                    item.insert(name, sum);
                }
                other => {
                    return Err(invalid(format!("The embedded DynamoDB does not know {other} in an UpdateExpression")));
                }
            }
        }
    }
    Ok(())
}

/// Whether a condition holds of an item.
///
/// # Errors
/// The condition is none, or holds more than is known here.
pub fn holds(condition: &str, names: &Names<'_>, item: &Item) -> Result<bool, Refusal> {
    // OR binds less than AND.
    for (word, all) in [(" OR ", false), (" AND ", true)] {
        // The same length as the text: only ASCII letters change.
        if let Some(at) = condition.to_ascii_uppercase().find(word) {
            let left = holds(&condition[..at], names, item)?;
            let right = holds(&condition[at + word.len()..], names, item)?;
            return Ok(if all { left && right } else { left || right });
        }
    }
    let text = condition.trim();
    if let Some(name) = call(text, "attribute_not_exists") {
        return Ok(!item.contains_key(&names.name(name)?));
    }
    if let Some(name) = call(text, "attribute_exists") {
        return Ok(item.contains_key(&names.name(name)?));
    }
    for operator in ["<>", "<=", ">=", "=", "<", ">"] {
        if let Some((left, right)) = text.split_once(operator) {
            let right = names.value(right, item)?;
            // An attribute that is not there is unlike everything.
            let Ok(left) = names.value(left, item) else { return Ok(operator == "<>") };
            return Ok(compare(&left, operator, &right));
        }
    }
    Err(invalid(format!("The embedded DynamoDB does not know the condition '{text}'")))
}

fn compare(left: &Value, operator: &str, right: &Value) -> bool {
    let order = match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => left.get("S").and_then(Value::as_str).zip(right.get("S").and_then(Value::as_str)).map(|(l, r)| l.cmp(r)),
    };
    match operator {
        "=" => left == right || order == Some(Ordering::Equal),
        "<>" => left != right && order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn request() -> Value {
        json!({ "ExpressionAttributeNames": { "#s": "status" },
                "ExpressionAttributeValues": { ":a": { "S": "open" }, ":n": { "N": "2" } } })
    }

    #[track_caller]
    fn changed(expression: &str, expected: &Value) {
        let mut item = json!({ "id": { "S": "1" }, "n": { "N": "40" } }).as_object().cloned().unwrap();
        update(expression, &Names::of(&request()), &mut item).unwrap();
        item.shift_remove("id");
        assert_eq!(&Value::Object(item), expected, "{expression}");
    }

    #[test]
    fn updates_set_remove_and_add() {
        changed("set S=:a", &json!({ "n": { "N": "40" }, "S": { "S": "open" } }));
        changed("SET #s = :a, n = n + :n", &json!({ "n": { "N": "42" }, "status": { "S": "open" } }));
        changed("ADD n :n REMOVE #s", &json!({ "n": { "N": "42" } }));
        changed("SET m = if_not_exists(m, :n), n = n - :n", &json!({ "n": { "N": "38" }, "m": { "N": "2" } }));
        let error = update("SET a.b = :a", &Names::of(&request()), &mut Map::new()).unwrap_err();
        assert!(error.1.contains("first level"), "{error:?}");
    }

    #[test]
    fn conditions_compare_and_look_for_attributes() {
        let item = json!({ "status": { "S": "open" }, "n": { "N": "3" } }).as_object().cloned().unwrap();
        let request = request();
        let names = Names::of(&request);
        for (condition, expected) in [
            ("attribute_not_exists(id)", true),
            ("attribute_exists(#s) AND n > :n", true),
            ("#s <> :a OR n <= :n", false),
            ("missing = :a", false),
            ("missing <> :a", true),
        ] {
            assert_eq!(holds(condition, &names, &item).unwrap(), expected, "{condition}");
        }
        assert!(holds("begins_with(#s, :a)", &names, &item).is_err());
    }
}

//! Projections: the parts of an item that are asked for.

use serde_json::{Value, json};

use super::{Item, Names, Reader, Step, find};
use crate::integrations::tables::Refusal;

/// The parts of an item that `expression` names, where they are.
///
/// # Errors
/// The expression is none.
pub fn project(expression: &str, names: &Names<'_>, item: &Item) -> Result<Item, Refusal> {
    let mut reader = Reader::new(expression, names, "ProjectionExpression")?;
    let mut projected = Item::new();
    loop {
        let path = reader.path()?;
        if let (Some(value), Some((Step::Field(first), rest))) = (find(item, &path), path.split_first()) {
            let place = projected.entry(first.clone()).or_insert(Value::Null);
            place_in(place, rest, value);
        }
        if !reader.take(",") {
            break;
        }
    }
    reader.end()?;
    Ok(projected)
}

/// Puts a value under the steps that lead to it. Elements of lists move together.
fn place_in(place: &mut Value, steps: &[Step], value: &Value) {
    match steps.split_first() {
        None => *place = value.clone(),
        Some((Step::Field(name), rest)) => {
            if place.get("M").is_none() {
                *place = json!({ "M": {} });
            }
            place_in(&mut place["M"][name.as_str()], rest, value);
        }
        Some((Step::Index(_), rest)) => {
            if place.get("L").is_none() {
                *place = json!({ "L": [] });
            }
            let mut element = Value::Null;
            place_in(&mut element, rest, value);
            place["L"].as_array_mut().into_iter().for_each(|items| items.push(element.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn parts_keep_their_places() {
        let item = json!({ "a": { "S": "1" }, "b": { "M": { "c": { "N": "2" }, "d": { "N": "3" } } }, "l": { "L": [{ "S": "x" }, { "S": "y" }] } });
        let request = json!({ "ExpressionAttributeNames": { "#c": "c" } });
        let projected = project("a, b.#c, l[1], none", &Names::of(&request), item.as_object().unwrap()).unwrap();
        let expect = json!({ "a": { "S": "1" }, "b": { "M": { "c": { "N": "2" } } }, "l": { "L": [{ "S": "y" }] } });
        assert_eq!(Value::Object(projected), expect);
    }
}

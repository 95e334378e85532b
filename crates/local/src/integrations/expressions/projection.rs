//! Projections: selected parts of an item.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Item, Names, Path, Reader, Step, check_apart};
use crate::integrations::tables::TableRefusal;

/// The parts of an item that `expression` names, as far as they exist.
///
/// # Errors
/// The expression is invalid.
pub fn project(expression: &str, names: &Names<'_>, item: &Item) -> Result<Item, TableRefusal> {
    let kind = "ProjectionExpression";
    let mut reader = Reader::new(expression, names, kind)?;
    let mut paths = vec![reader.path()?];
    while reader.take(",") {
        paths.push(reader.path()?);
    }
    reader.end()?;
    let paths: Vec<&Path> = paths.iter().collect();
    check_apart(&paths, kind)?;
    Ok(parts(item, &paths))
}

/// The parts of an item at these paths, as far as they exist.
pub fn parts(item: &Item, paths: &[&Path]) -> Item {
    fields(item, &by_first(paths.iter().map(|path| path.as_slice())))
}

/// The paths, grouped by their first step.
type Rests<'a> = BTreeMap<&'a Step, Vec<&'a [Step]>>;

fn by_first<'a>(paths: impl Iterator<Item = &'a [Step]>) -> Rests<'a> {
    let mut rests = Rests::new();
    for (first, rest) in paths.filter_map(<[Step]>::split_first) {
        rests.entry(first).or_default().push(rest);
    }
    rests
}

fn fields(fields: &Map<String, Value>, rests: &Rests<'_>) -> Map<String, Value> {
    let parts = rests.iter().filter_map(|(step, rests)| match step {
        Step::Field(name) => Some((name.clone(), part(fields.get(name)?, rests)?)),
        Step::Index(_) => None,
    });
    parts.collect()
}

/// The selected parts of a value; `None` if there are none. Elements of lists move together.
fn part(value: &Value, paths: &[&[Step]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    let rests = by_first(paths.iter().copied());
    if let Some(inner) = value.get("M").and_then(Value::as_object) {
        let parts = fields(inner, &rests);
        return (!parts.is_empty()).then(|| json!({ "M": parts }));
    }
    let items = value.get("L")?;
    let elements = rests.iter().filter_map(|(step, rests)| match step {
        Step::Index(index) => part(items.get(index)?, rests),
        Step::Field(_) => None,
    });
    let elements: Vec<Value> = elements.collect();
    (!elements.is_empty()).then(|| json!({ "L": elements }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn parts_keep_their_places() {
        let item = json!({ "a": { "S": "1" }, "b": { "M": { "c": { "N": "2" }, "d": { "N": "3" } } }, "l": { "L": [{ "S": "x" }, { "S": "y" }] } });
        let request = json!({ "ExpressionAttributeNames": { "#c": "c" } });
        let run = |expression: &str| project(expression, &Names::of(&request), item.as_object().unwrap());
        let expect = json!({ "a": { "S": "1" }, "b": { "M": { "c": { "N": "2" } } }, "l": { "L": [{ "S": "y" }] } });
        assert_eq!(Value::Object(run("a, b.#c, l[1], o").unwrap()), expect);
        let expect = json!({ "l": item["l"] });
        assert_eq!(Value::Object(run("l[1], l[0], l[7], a.b").unwrap()), expect, "in the order of the list");
        let apart = run("b.d, a, b").unwrap_err().1;
        assert!(apart.ends_with("path one: [b], path two: [b, d]"), "{apart}");
    }
}

//! Updates: SET, REMOVE, ADD and DELETE.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Item, Names, Path, Reader, Step, check_apart, find, number};
use crate::integrations::tables::{TableRefusal, invalid};

fn wrong_type() -> TableRefusal {
    invalid("An operand in the update expression has an incorrect data type")
}

/// One change of an item: the new value at a path, or `None` if it is removed.
#[derive(Debug)]
pub struct Change {
    pub path: Path,
    pub value: Option<Value>,
}

/// Performs an update; values and positions refer to the item before it. Returns the changes.
///
/// # Errors
/// The expression is invalid, or its operands do not fit.
pub fn update(expression: &str, names: &Names<'_>, item: &mut Item) -> Result<Vec<Change>, TableRefusal> {
    let kind = "UpdateExpression";
    let mut changes = read(Reader::new(expression, names, kind)?, item)?;
    check_apart(&changes.iter().map(|change| &change.path).collect::<Vec<_>>(), kind)?;
    // Removing an element moves those after it: removals come last, from the end of the list.
    changes.sort_by_cached_key(|change| change.value.is_none().then(|| Reverse(change.path.clone())));
    for change in &changes {
        match &change.value {
            Some(value) => put(item, &change.path, value.clone())?,
            None => remove(item, &change.path)?,
        }
    }
    Ok(changes)
}

/// The changes that an expression makes to an item.
fn read(mut reader: Reader<'_>, item: &Item) -> Result<Vec<Change>, TableRefusal> {
    let (mut changes, mut clauses) = (Vec::new(), vec!["SET", "REMOVE", "ADD", "DELETE"]);
    while reader.peek().is_some() {
        // Each clause may appear once.
        let at = clauses.iter().position(|clause| reader.take(clause)).ok_or_else(|| reader.wrong())?;
        let clause = clauses.remove(at);
        loop {
            let path = reader.path()?;
            let value = match clause {
                "SET" => {
                    reader.expect("=")?;
                    Some(sum(&mut reader, item)?)
                }
                "REMOVE" => None,
                _ => {
                    let value = reader.given().ok_or_else(|| reader.wrong())??;
                    combined(find(item, &path), &value, clause == "ADD")?
                }
            };
            changes.push(Change { path, value });
            if !reader.take(",") {
                break;
            }
        }
    }
    Ok(changes)
}

/// A value of SET: an operand, or the sum or difference of two.
fn sum(reader: &mut Reader<'_>, before: &Item) -> Result<Value, TableRefusal> {
    let left = operand(reader, before)?;
    let minus = reader.take("-");
    if !minus && !reader.take("+") {
        return Ok(left);
    }
    let right = operand(reader, before)?;
    number::sum(&left, minus, &right).ok_or_else(wrong_type)?
}

fn operand(reader: &mut Reader<'_>, before: &Item) -> Result<Value, TableRefusal> {
    if let Some(given) = reader.given() {
        return given;
    }
    match reader.function(&["if_not_exists", "list_append"]) {
        Some("if_not_exists") => {
            reader.count()?;
            let path = reader.path()?;
            reader.expect(",")?;
            let other = sum(reader, before)?;
            reader.expect(")")?;
            Ok(find(before, &path).cloned().unwrap_or(other))
        }
        Some(_) => {
            reader.count()?;
            let mut items = list(operand(reader, before)?)?;
            reader.expect(",")?;
            items.extend(list(operand(reader, before)?)?);
            reader.expect(")")?;
            Ok(json!({ "L": items }))
        }
        None => {
            let path = reader.path()?;
            let missing = "The provided expression refers to an attribute that does not exist in the item";
            find(before, &path).cloned().ok_or_else(|| invalid(missing))
        }
    }
}

fn list(value: Value) -> Result<Vec<Value>, TableRefusal> {
    value.get("L").and_then(Value::as_array).cloned().ok_or_else(wrong_type)
}

/// ADD of a number or a set, or DELETE of members from a set; `None` if nothing is left.
fn combined(old: Option<&Value>, value: &Value, add: bool) -> Result<Option<Value>, TableRefusal> {
    if add && value.get("N").is_some() {
        let zero = json!({ "N": "0" });
        return number::sum(old.unwrap_or(&zero), false, value).ok_or_else(wrong_type)?.map(Some);
    }
    let kind = ["SS", "NS", "BS"].into_iter().find(|kind| value.get(kind).is_some()).ok_or_else(wrong_type)?;
    let members = |value: &Value| -> Result<BTreeSet<String>, TableRefusal> {
        let members = value.get(kind).and_then(Value::as_array).ok_or_else(wrong_type)?;
        Ok(members.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let given = members(value)?;
    let old = old.map_or_else(|| Ok(BTreeSet::new()), members)?;
    let all: BTreeSet<&String> = if add { old.union(&given).collect() } else { old.difference(&given).collect() };
    Ok((!all.is_empty()).then(|| json!({ kind: all })))
}

fn invalid_path() -> TableRefusal {
    invalid("The document path provided in the update expression is invalid for update")
}

/// Sets a value at a path. Only the path's last step may be new.
fn put(item: &mut Item, path: &[Step], value: Value) -> Result<(), TableRefusal> {
    let Some((last, before)) = path.split_last() else { return Ok(()) };
    match (last, inside(item, before).ok_or_else(invalid_path)?) {
        (Step::Field(name), Inside::Fields(fields)) => drop(fields.insert(name.clone(), value)),
        (Step::Index(index), Inside::Items(items)) => match items.get_mut(*index) {
            Some(place) => *place = value,
            None => items.push(value),
        },
        _ => return Err(invalid_path()),
    }
    Ok(())
}

/// Removes the value at a path, if there is one.
fn remove(item: &mut Item, path: &[Step]) -> Result<(), TableRefusal> {
    let Some((last, before)) = path.split_last() else { return Ok(()) };
    match (last, inside(item, before).ok_or_else(invalid_path)?) {
        (Step::Field(name), Inside::Fields(fields)) => drop(fields.shift_remove(name)),
        (Step::Index(index), Inside::Items(items)) if *index < items.len() => drop(items.remove(*index)),
        (Step::Index(_), Inside::Items(_)) => {}
        _ => return Err(invalid_path()),
    }
    Ok(())
}

/// A container: the item, a map or a list.
enum Inside<'a> {
    Fields(&'a mut Map<String, Value>),
    Items(&'a mut Vec<Value>),
}

fn inside<'a>(item: &'a mut Item, path: &[Step]) -> Option<Inside<'a>> {
    path.iter().try_fold(Inside::Fields(item), |inside, step| {
        let value = match (inside, step) {
            (Inside::Fields(fields), Step::Field(name)) => fields.get_mut(name)?,
            (Inside::Items(items), Step::Index(index)) => items.get_mut(*index)?,
            _ => return None,
        };
        match value.as_object_mut()?.iter_mut().next()? {
            (kind, Value::Object(fields)) if kind == "M" => Some(Inside::Fields(fields)),
            (kind, Value::Array(items)) if kind == "L" => Some(Inside::Items(items)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn run(expression: &str) -> Result<Value, TableRefusal> {
        let request = json!({ "ExpressionAttributeNames": { "#s": "status" }, "ExpressionAttributeValues": {
            ":a": { "S": "open" }, ":n": { "N": "2" }, ":l": { "L": [{ "S": "z" }] }, ":t": { "SS": ["b", "c"] }, ":far": { "N": "1e100" },
        } });
        let item = json!({ "n": { "N": "40" }, "m": { "M": { "x": { "N": "1" } } }, "l": { "L": [{ "S": "y" }] }, "t": { "SS": ["a", "b"] },
                           "many": { "L": [{ "S": "a" }, { "S": "b" }, { "S": "c" }, { "S": "d" }] } });
        let mut item = item.as_object().cloned().unwrap();
        let before = item.clone();
        update(expression, &Names::of(&request), &mut item)?;
        // The changed parts; a removed one is null.
        let mut changed: Map<String, Value> = item
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        changed.extend(before.keys().filter(|name| !item.contains_key(*name)).map(|name| (name.clone(), Value::Null)));
        Ok(Value::Object(changed))
    }

    #[track_caller]
    fn check(expression: &str, expected: Value) {
        assert_eq!(run(expression).unwrap(), expected, "{expression}");
    }

    #[test]
    fn updates_set_remove_add_and_delete() {
        check("set S=:a", json!({ "S": { "S": "open" } }));
        check("SET #s = :a, n = n + :n", json!({ "n": { "N": "42" }, "status": { "S": "open" } }));
        check("ADD n :n REMOVE t", json!({ "n": { "N": "42" }, "t": null }));
        check("SET o = if_not_exists(o, :n), n = n - :n", json!({ "n": { "N": "38" }, "o": { "N": "2" } }));
        check("SET m.x = m.x + :n, m.y = :a", json!({ "m": { "M": { "x": { "N": "3" }, "y": { "S": "open" } } } }));
        check("SET l = list_append(l, :l)", json!({ "l": { "L": [{ "S": "y" }, { "S": "z" }] } }));
        check("SET l[0] = :a, l[9] = :n", json!({ "l": { "L": [{ "S": "open" }, { "N": "2" }] } }));
        check("ADD t :t", json!({ "t": { "SS": ["a", "b", "c"] } }));
        check("ADD l2 :t", json!({ "l2": { "SS": ["b", "c"] } }));
        check("DELETE t :t REMOVE l[0]", json!({ "t": { "SS": ["a"] }, "l": { "L": [] } }));
    }

    #[test]
    fn what_is_removed_from_a_list_moves_nothing_that_changes_too() {
        let expect = |items: &[&str]| {
            let items: Vec<Value> = items.iter().map(|item| json!({ "S": item })).collect();
            json!({ "many": { "L": items } })
        };
        check("REMOVE many[0], many[1]", expect(&["c", "d"]));
        check("REMOVE many[0] SET many[1] = :a", expect(&["open", "c", "d"]));
        check("REMOVE many[3], many[9]", expect(&["a", "b", "c"]));
    }

    #[test]
    fn what_cannot_be_updated_is_refused() {
        let refused = |expression: &str| run(expression).unwrap_err().1;
        assert_eq!(
            refused("SET a.b = :a"),
            "The document path provided in the update expression is invalid for update"
        );
        assert_eq!(refused("SET n = n + :a"), "An operand in the update expression has an incorrect data type");
        assert_eq!(
            refused("SET n = o"),
            "The provided expression refers to an attribute that does not exist in the item"
        );
        assert!(refused("SET n = :n REMOVE m, m.x").ends_with("path one: [m], path two: [m, x]"));
        assert!(refused("SET n = :n SET o = :n").starts_with("Invalid UpdateExpression: Syntax error; token: \"SET\""));
        assert!(refused("REMOVE o.x").starts_with("The document path"));
        assert!(refused("SET n = n + :far").contains("more than 38 significant digits"));
        assert!(refused("PUT n = :n").starts_with("Invalid UpdateExpression: Syntax error; token: \"PUT\""));
    }
}

//! DynamoDB's `query` and `scan`: every item of a table is looked at, which is enough for tables of one machine. An index
//! is not kept: its name is taken, and the conditions find the items.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::expressions::{Item, Names, holds, order, project};
use super::tables::{Refusal, Table, invalid};
use crate::host::Host;

/// One search of a table.
///
/// # Errors
/// An expression is none, or the store failed.
pub async fn search(host: &Host, table: &Table, action: &str, parameters: &Value) -> Result<Value, Refusal> {
    let names = Names::of(parameters);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let mut items = table.items(host).await?;
    if action == "query" {
        let condition = text("KeyConditionExpression").ok_or_else(|| {
            invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
        })?;
        keep(&mut items, condition, "KeyConditionExpression", &names)?;
        items.sort_by(|one, other| by_sort_key(table, one, other));
        if parameters.get("ScanIndexForward").and_then(Value::as_bool) == Some(false) {
            items.reverse();
        }
    }
    let start = parameters.get("ExclusiveStartKey").and_then(Value::as_object);
    if let Some(at) = start.and_then(|start| items.iter().position(|item| table.key_of(item) == *start)) {
        items.drain(..=at);
    }
    let limit = parameters.get("Limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let more = limit.is_some_and(|limit| limit < items.len());
    items.truncate(limit.unwrap_or(usize::MAX));
    let (scanned, last) = (items.len(), items.last().map(|item| table.key_of(item)).filter(|_| more));
    if let Some(filter) = text("FilterExpression") {
        keep(&mut items, filter, "FilterExpression", &names)?;
    }
    let mut answer = json!({ "Count": items.len(), "ScannedCount": scanned });
    if text("Select") != Some("COUNT") {
        let shown = |item: Item| match text("ProjectionExpression") {
            Some(expression) => project(expression, &names, &item),
            None => Ok(item),
        };
        let shown: Result<Vec<Item>, Refusal> = items.into_iter().map(shown).collect();
        answer["Items"] = json!(shown?);
    }
    if let Some(last) = last {
        answer["LastEvaluatedKey"] = Value::Object(last);
    }
    Ok(answer)
}

/// Keeps the items of which a condition holds.
fn keep(items: &mut Vec<Item>, condition: &str, kind: &'static str, names: &Names<'_>) -> Result<(), Refusal> {
    // Without an item it is judged as well: a wrong condition is refused also where there is none.
    holds(condition, kind, names, &Map::new())?;
    items.retain(|item| holds(condition, kind, names, item).unwrap_or_default());
    Ok(())
}

fn by_sort_key(table: &Table, one: &Item, other: &Item) -> Ordering {
    let key = |item: &Item| table.key.get(1).and_then(|name| item.get(name)).cloned().unwrap_or_default();
    order(&key(one), &key(other)).unwrap_or(Ordering::Equal)
}

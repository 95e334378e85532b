//! DynamoDB's `query` and `scan`: they look at every item of a table, which is enough on one machine. Indexes are not
//! kept: their names are accepted, and the conditions find the items.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::expressions::{Item, Names, equates, holds, order, project, taken_item};
use super::tables::{Table, TableRefusal, invalid, place};
use crate::host::Host;

/// Searches a table once.
///
/// # Errors
/// An expression is invalid, or the store failed.
pub async fn search(host: &Host, table: &Table, action: &str, parameters: &Value) -> Result<Value, TableRefusal> {
    let names = Names::of(parameters);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let mut items = table.items(host).await?;
    let backwards = parameters.get("ScanIndexForward").and_then(Value::as_bool) == Some(false);
    let order = |one: &Item, other: &Item| match action {
        "query" if backwards => in_order(table, one, other).reverse(),
        "query" => in_order(table, one, other),
        _ => place(table, one).cmp(&place(table, other)),
    };
    if action == "query" {
        let condition = text("KeyConditionExpression").ok_or_else(|| {
            invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
        })?;
        keep(&mut items, condition, "KeyConditionExpression", &names)?;
        // The key attributes of an index are not known.
        let partition = table.key.first().filter(|_| text("IndexName").is_none());
        if let Some(partition) = partition
            && !equates(condition, &names, partition)?
        {
            return Err(invalid(format!("Query condition missed key schema element: {partition}")));
        }
        items.sort_by(order);
    } else {
        segment(&mut items, table, parameters)?;
    }
    if let Some(start) = parameters.get("ExclusiveStartKey").and_then(Value::as_object) {
        // The items after this key, which may have been deleted by now.
        let start = taken_item(start)?;
        items.retain(|item| order(item, &start).is_gt());
    }
    let more = limited(&mut items, parameters)?;
    let (scanned, last) = (items.len(), items.last().map(|item| table.key_of(item)).filter(|_| more));
    if let Some(filter) = text("FilterExpression") {
        keep(&mut items, filter, "FilterExpression", &names)?;
    }
    let projection = text("ProjectionExpression");
    if let Some(expression) = projection {
        project(expression, &names, &Map::new())?;
    }
    names.check_used()?;
    let mut answer = json!({ "Count": items.len(), "ScannedCount": scanned });
    if text("Select") != Some("COUNT") {
        let shown = |item: Item| match projection {
            Some(expression) => project(expression, &names, &item),
            None => Ok(item),
        };
        let shown: Result<Vec<Item>, TableRefusal> = items.into_iter().map(shown).collect();
        answer["Items"] = json!(shown?);
    }
    if let Some(last) = last {
        answer["LastEvaluatedKey"] = Value::Object(last);
    }
    Ok(answer)
}

/// Keeps at most `Limit` items. Returns whether there are as many, so that more may follow.
fn limited(items: &mut Vec<Item>, parameters: &Value) -> Result<bool, TableRefusal> {
    let Some(limit) = parameters.get("Limit").filter(|limit| !limit.is_null()) else { return Ok(false) };
    // A path may lead to a number in a text.
    let number = limit.as_i64().or_else(|| limit.as_str()?.parse().ok());
    let limit = number.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| invalid("Limit must be greater than or equal to 1"))?;
    let more = limit <= items.len();
    items.truncate(limit);
    Ok(more)
}

/// Keeps the items that meet a condition.
fn keep(items: &mut Vec<Item>, condition: &str, kind: &'static str, names: &Names<'_>) -> Result<(), TableRefusal> {
    // It is also evaluated without an item: an invalid condition is refused even if there is none.
    holds(condition, kind, names, &Map::new())?;
    items.retain(|item| holds(condition, kind, names, item).unwrap_or_default());
    Ok(())
}

/// Keeps the items of one segment of a parallel scan.
fn segment(items: &mut Vec<Item>, table: &Table, parameters: &Value) -> Result<(), TableRefusal> {
    let number = |name: &str| parameters.get(name).and_then(Value::as_u64);
    let (Some(segment), Some(all)) = (number("Segment"), number("TotalSegments")) else { return Ok(()) };
    if segment >= all {
        return Err(invalid(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not \
             less than TotalSegments: {all}"
        )));
    }
    // Any function will do that always puts an item into the same segment.
    items.retain(|item| {
        let place = place(table, item).unwrap_or_default();
        place.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % all == segment
    });
    Ok(())
}

/// Sorts by the sort key; items of several partitions, which an index may hold, by their whole keys then.
fn in_order(table: &Table, one: &Item, other: &Item) -> Ordering {
    let key = |item: &Item| table.key.get(1).and_then(|name| item.get(name)).cloned().unwrap_or_default();
    let by_key = order(&key(one), &key(other)).unwrap_or(Ordering::Equal);
    by_key.then_with(|| place(table, one).cmp(&place(table, other)))
}

//! DynamoDB over the store: tables with a key, the four operations on one item that have optimised integrations, and
//! searches.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::answer::TaskOutcome;
use super::expressions::{Change, Item, Names, Path, holds, parts, project, taken_item, update, weight};
use super::queries::search;
use crate::api::wire::{http_date, iso, seconds};
use crate::host::{AccountRegion, Host};
use crate::random;
use crate::store::{ResourceKind, StoreError};

/// The largest item, in bytes.
const ITEM: usize = 409_600;

/// One change at a time: an update reads what it writes.
#[derive(Debug, Default)]
pub struct Tables(Mutex<()>);

/// A table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// The names of the key's attributes.
    pub key: Vec<String>,
    /// `AttributeDefinitions`, as given.
    #[serde(default)]
    pub definitions: Vec<Value>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub created_at: i64,
}

impl Table {
    /// Every item, by its key.
    ///
    /// # Errors
    /// The store failed.
    pub async fn items(&self, host: &Host) -> Result<Vec<Item>, TableRefusal> {
        // The character after the slash ends the items of this table: see [`place`].
        let (first, end) = (format!("{}/", self.name), format!("{}0", self.name));
        Ok(host.store.resources_between(ResourceKind::Item, &first, &end).await?)
    }

    /// The table as `DescribeTable` describes it; `items` is their number.
    fn described(&self, caller: &AccountRegion, status: &str, items: usize) -> Value {
        let kinds = ["HASH", "RANGE"];
        let schema: Vec<Value> =
            self.key.iter().zip(kinds).map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect();
        json!({
            "AttributeDefinitions": self.definitions, "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
            "CreationDateTime": seconds(self.created_at), "DeletionProtectionEnabled": false, "ItemCount": items,
            "KeySchema": schema, "TableArn": caller.arn("dynamodb", &format!("table/{}", self.name)),
            "TableName": self.name, "TableStatus": status,
        })
    }

    /// The key of an item.
    #[must_use]
    pub fn key_of(&self, item: &Item) -> Item {
        self.key.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
    }
}

/// Why DynamoDB refuses: the error's code and message.
#[derive(Debug, PartialEq, Eq)]
pub struct TableRefusal(pub &'static str, pub String);

impl From<StoreError> for TableRefusal {
    fn from(error: StoreError) -> Self {
        Self("InternalServerError", error.to_string())
    }
}

/// A `ValidationException`.
pub fn invalid(message: impl Into<String>) -> TableRefusal {
    TableRefusal("ValidationException", message.into())
}

fn constraint(value: &str, field: &str, must: &str) -> TableRefusal {
    invalid(format!(
        "1 validation error detected: Value {value} at '{field}' failed to satisfy constraint: Member must {must}"
    ))
}

/// The name of the requested table.
fn name(parameters: &Value) -> Result<&str, TableRefusal> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    match parameters.get("TableName") {
        Some(Value::String(name)) if !name.is_empty() && name.bytes().all(legal) => Ok(name),
        None | Some(Value::Null) => Err(constraint("null", "tableName", "not be null")),
        Some(other) => {
            let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            let must = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
            Err(constraint(&format!("'{shown}'"), "tableName", must))
        }
    }
}

/// The error for a missing table, in the words of operations on the table itself.
fn not_found(name: &str) -> TableRefusal {
    TableRefusal("ResourceNotFoundException", format!("Requested resource not found: Table: {name} not found"))
}

async fn table(host: &Host, name: &str) -> Result<Table, TableRefusal> {
    let gone = || TableRefusal("ResourceNotFoundException", "Requested resource not found".to_owned());
    host.store.resource(ResourceKind::Table, name).await?.ok_or_else(gone)
}

/// The key of an item in the store: the table, and the values of its key in the key's order. The error is the name of a
/// part of the key that the item lacks.
pub fn place<'a>(table: &'a Table, item: &Item) -> Result<String, &'a str> {
    let values: Result<Vec<&Value>, &str> = table.key.iter().map(|name| item.get(name).ok_or(name.as_str())).collect();
    Ok(format!("{}/{}", table.name, json!(values?)))
}

/// The type of a table's attribute, if the table defines it.
fn type_of<'a>(table: &'a Table, attribute: &str) -> Option<&'a str> {
    let definition = table.definitions.iter().find(|definition| definition["AttributeName"] == attribute)?;
    definition["AttributeType"].as_str()
}

/// Refuses a key with an empty part, or one of another type than the table's.
fn check_key(table: &Table, item: &Item, action: &str) -> Result<(), TableRefusal> {
    for (name, value) in table.key.iter().filter_map(|name| Some((name, item.get(name)?))) {
        let given = value.as_object().and_then(|value| value.iter().next()).map_or("NULL", |(kind, _)| kind);
        let wanted = type_of(table, name).or_else(|| ["S", "N", "B"].into_iter().find(|kind| *kind == given));
        let text = wanted.filter(|wanted| *wanted == given).and_then(|kind| value.get(kind)?.as_str());
        let text = text.ok_or_else(|| match wanted {
            _ if action != "putItem" => invalid("The provided key element does not match the schema"),
            Some(wanted) => invalid(format!(
                "One or more parameter values were invalid: Type mismatch for key {name} expected: {wanted} actual: \
                 {given}"
            )),
            None => invalid(format!("One or more parameter values were invalid: Type mismatch for key {name}")),
        })?;
        if text.is_empty() {
            return Err(invalid(format!(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                 empty string value. Key: {name}"
            )));
        }
    }
    Ok(())
}

/// A field that holds attributes.
fn attributes(parameters: &Value, field: &str) -> Result<Item, TableRefusal> {
    let name = field.to_ascii_lowercase();
    match parameters.get(field) {
        Some(Value::Object(item)) => taken_item(item),
        None | Some(Value::Null) => Err(constraint("null", &name, "not be null")),
        Some(_) => Err(invalid(format!("{field} must be a map of attributes"))),
    }
}

/// Makes a table, with the parameters of `CreateTable`.
///
/// # Errors
/// The table exists, or its name or key is invalid.
pub async fn create(host: &Host, caller: &AccountRegion, parameters: &Value) -> Result<Value, TableRefusal> {
    let name = name(parameters)?.to_owned();
    let schema = parameters["KeySchema"].as_array().cloned().unwrap_or_default();
    let key: Vec<String> = schema.iter().filter_map(|part| part["AttributeName"].as_str().map(str::to_owned)).collect();
    if key.is_empty() || key.len() > 2 {
        return Err(invalid("KeySchema must have one or two attributes"));
    }
    let _alone = host.tables.0.lock().await;
    if host.store.resource::<Table>(ResourceKind::Table, &name).await?.is_some() {
        return Err(TableRefusal("ResourceInUseException", format!("Table already exists: {name}")));
    }
    let definitions = parameters["AttributeDefinitions"].as_array().cloned().unwrap_or_default();
    let table = Table { name, key, definitions, created_at: host.clock.now() };
    host.store.keep(ResourceKind::Table, &table.name, &table).await?;
    Ok(json!({ "TableDescription": table.described(caller, "ACTIVE", 0) }))
}

/// `DescribeTable`.
async fn describe(host: &Host, caller: &AccountRegion, parameters: &Value) -> Result<Value, TableRefusal> {
    let name = name(parameters)?;
    let table: Option<Table> = host.store.resource(ResourceKind::Table, name).await?;
    let table = table.ok_or_else(|| not_found(name))?;
    let items = table.items(host).await?.len();
    Ok(json!({ "Table": table.described(caller, "ACTIVE", items) }))
}

/// `DeleteTable`, with every item.
async fn remove(host: &Host, caller: &AccountRegion, parameters: &Value) -> Result<Value, TableRefusal> {
    let name = name(parameters)?;
    let _alone = host.tables.0.lock().await;
    let table: Option<Table> = host.store.resource(ResourceKind::Table, name).await?;
    let table = table.ok_or_else(|| not_found(name))?;
    let items = table.items(host).await?;
    let mut gone: Vec<(ResourceKind, String)> =
        items.iter().filter_map(|item| place(&table, item).ok()).map(|place| (ResourceKind::Item, place)).collect();
    gone.push((ResourceKind::Table, name.to_owned()));
    host.store.forget_all(&gone).await?;
    Ok(json!({ "TableDescription": table.described(caller, "DELETING", items.len()) }))
}

/// The most names of one page of a list.
const PAGE: i64 = 100;

/// `ListTables`, by name.
async fn list(host: &Host, parameters: &Value) -> Result<Value, TableRefusal> {
    let limit = match parameters.get("Limit").filter(|limit| !limit.is_null()) {
        None => PAGE,
        Some(limit) => limit
            .as_i64()
            .filter(|limit| (1..=PAGE).contains(limit))
            .ok_or_else(|| constraint(&format!("'{limit}'"), "limit", &format!("have value between 1 and {PAGE}")))?,
    };
    let after = parameters.get("ExclusiveStartTableName").and_then(Value::as_str).unwrap_or_default();
    let mut names: Vec<String> =
        host.store.resources::<Table>(ResourceKind::Table).await?.into_iter().map(|table| table.name).collect();
    names.sort();
    names.retain(|name| name.as_str() > after);
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = names.len() > limit;
    names.truncate(limit);
    let mut answer = json!({ "TableNames": names });
    if let Some(last) = names.last().filter(|_| more) {
        answer["LastEvaluatedTableName"] = json!(last);
    }
    Ok(answer)
}

/// Parameters that expressions have replaced. Ignoring one would answer another request than the caller's.
const LEGACY: [&str; 7] = [
    "AttributeUpdates",
    "AttributesToGet",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
];

/// One operation; `None` for one without a local form.
pub async fn operate(
    host: &Host,
    caller: &AccountRegion,
    action: &str,
    parameters: &Value,
) -> Option<Result<Value, TableRefusal>> {
    if let Some(name) = LEGACY.iter().find(|name| parameters.get(**name).is_some_and(|value| !value.is_null())) {
        return Some(Err(invalid(format!(
            "The embedded DynamoDB does not take the legacy parameter {name}. Write it as an expression."
        ))));
    }
    Some(match action {
        "createTable" => create(host, caller, parameters).await,
        "describeTable" => describe(host, caller, parameters).await,
        "deleteTable" => remove(host, caller, parameters).await,
        "listTables" => list(host, parameters).await,
        "putItem" | "getItem" | "updateItem" | "deleteItem" => on_item(host, action, parameters).await,
        "query" | "scan" => on_items(host, action, parameters).await,
        _ => return None,
    })
}

async fn on_items(host: &Host, action: &str, parameters: &Value) -> Result<Value, TableRefusal> {
    search(host, &table(host, name(parameters)?).await?, action, parameters).await
}

async fn on_item(host: &Host, action: &str, parameters: &Value) -> Result<Value, TableRefusal> {
    let name = name(parameters)?;
    let given = attributes(parameters, if action == "putItem" { "Item" } else { "Key" })?;
    let table = table(host, name).await?;
    let place = match place(&table, &given) {
        Ok(place) if action == "putItem" || given.len() == table.key.len() => place,
        Err(missing) if action == "putItem" => {
            return Err(invalid(format!(
                "One or more parameter values were invalid: Missing the key {missing} in the item"
            )));
        }
        _ => return Err(invalid("The provided key element does not match the schema")),
    };
    check_key(&table, &given, action)?;
    check_return_values(action, parameters)?;
    let _alone = host.tables.0.lock().await;
    let before: Option<Item> = host.store.resource(ResourceKind::Item, &place).await?;
    let names = Names::of(parameters);
    if action == "getItem" {
        let found = before.is_some();
        let item = before.unwrap_or_default();
        let projected = parameters.get("ProjectionExpression").and_then(Value::as_str);
        let item = projected.map_or(Ok(item.clone()), |expression| project(expression, &names, &item))?;
        names.check_used()?;
        return Ok(if found { json!({ "Item": item }) } else { json!({}) });
    }
    let condition = parameters.get("ConditionExpression").and_then(Value::as_str);
    let empty = Map::new();
    let holds = condition.map(|text| holds(text, "ConditionExpression", &names, before.as_ref().unwrap_or(&empty)));
    if holds.transpose()? == Some(false) {
        return Err(TableRefusal("ConditionalCheckFailedException", "The conditional request failed".to_owned()));
    }
    let (after, changes) = match action {
        "deleteItem" => (None, Vec::new()),
        "updateItem" => {
            let (item, changes) = updated(&table, &given, before.as_ref(), parameters, &names)?;
            (Some(item), changes)
        }
        _ => (Some(given), Vec::new()),
    };
    names.check_used()?;
    match &after {
        Some(item) if weight(item) > ITEM => {
            let of = if action == "updateItem" { " to update" } else { "" };
            return Err(invalid(format!("Item size{of} has exceeded the maximum allowed size")));
        }
        Some(item) => host.store.keep(ResourceKind::Item, &place, item).await?,
        None => host.store.forget(ResourceKind::Item, &place).await?,
    }
    Ok(returned(parameters, before, after, &changes))
}

/// The item after an update, and the changes.
fn updated(
    table: &Table,
    key: &Item,
    before: Option<&Item>,
    parameters: &Value,
    names: &Names<'_>,
) -> Result<(Item, Vec<Change>), TableRefusal> {
    let mut item = before.unwrap_or(key).clone();
    let changes = match parameters.get("UpdateExpression").and_then(Value::as_str) {
        Some(expression) => update(expression, names, &mut item)?,
        None => Vec::new(),
    };
    if let Some(part) = table.key.iter().find(|part| item.get(*part) != key.get(*part)) {
        return Err(invalid(format!(
            "One or more parameter values were invalid: Cannot update attribute {part}. This attribute is part of the key"
        )));
    }
    Ok((item, changes))
}

/// Only an update returns anything but the item before it.
fn check_return_values(action: &str, parameters: &Value) -> Result<(), TableRefusal> {
    match parameters.get("ReturnValues").and_then(Value::as_str) {
        None | Some("NONE" | "ALL_OLD") => Ok(()),
        Some("ALL_NEW" | "UPDATED_OLD" | "UPDATED_NEW") if action == "updateItem" => Ok(()),
        Some(_) => Err(invalid("ReturnValues can only be ALL_OLD or NONE")),
    }
}

/// `Attributes`, if `ReturnValues` asks for them and there are any.
fn returned(parameters: &Value, before: Option<Item>, after: Option<Item>, changes: &[Change]) -> Value {
    let of = |item: Option<Item>, paths: Vec<&Path>| item.map(|item| parts(&item, &paths));
    let attributes = match parameters.get("ReturnValues").and_then(Value::as_str) {
        Some("ALL_OLD") => before,
        Some("ALL_NEW") => after,
        Some("UPDATED_OLD") => of(before, changes.iter().map(|change| &change.path).collect()),
        Some("UPDATED_NEW") => {
            let kept = changes.iter().filter(|change| change.value.is_some());
            of(after, kept.map(|change| &change.path).collect())
        }
        _ => None,
    };
    let attributes = attributes.filter(|attributes| !attributes.is_empty());
    attributes.map_or_else(|| json!({}), |attributes| json!({ "Attributes": attributes }))
}

/// A task on a table; `None` for an operation without a local form. `service` is `dynamodb` or `aws-sdk:dynamodb`.
pub async fn call(
    host: &Host,
    caller: &AccountRegion,
    service: &str,
    action: &str,
    parameters: &Value,
) -> Option<TaskOutcome> {
    let came = operate(host, caller, action, parameters).await?;
    let plain = service.starts_with("aws-sdk:");
    Some(match came {
        Ok(result) if plain => TaskOutcome::Done(with_times(result).to_string()),
        Ok(result) => {
            let headers = [
                ("Connection", "keep-alive".to_owned()),
                ("Content-Length", result.to_string().len().to_string()),
                ("Content-Type", "application/x-amz-json-1.0".to_owned()),
                ("Date", http_date(host.clock.now())),
                ("Server", "Server".to_owned()),
            ];
            let result = result.as_object().cloned().unwrap_or_default();
            TaskOutcome::with_metadata(result, &headers, &random::uuid().to_string())
        }
        Err(TableRefusal(code, message)) if plain => {
            let kind = if code == "ValidationException" { "DynamoDbException" } else { code };
            TaskOutcome::sdk_failed(&format!("DynamoDb.{kind}"), &message, "DynamoDb", 400)
        }
        Err(TableRefusal(code, message)) => {
            let kind = if code == "ValidationException" { "AmazonDynamoDBException" } else { code };
            TaskOutcome::service_failed(&format!("DynamoDB.{kind}"), &message, "AmazonDynamoDBv2", 400, code)
        }
    })
}

/// A table's description for a task: its time is a text there.
fn with_times(mut result: Value) -> Value {
    for description in ["Table", "TableDescription"] {
        let time = result.get_mut(description).and_then(|table| table.get_mut("CreationDateTime"));
        if let Some(time) = time {
            // Milliseconds since the epoch stay below 2^53.
            let millis = (time.as_f64().unwrap_or_default() * 1_000.0).round() as i64;
            *time = json!(iso(millis));
        }
    }
    result
}

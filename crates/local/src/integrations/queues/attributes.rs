//! Creating, changing, describing and deleting queues.

use serde_json::{Map, Value, json};

use super::Settings;
use super::operations::{
    Came, FIFO, HIDDEN, LONGEST_DELAY, LONGEST_HIDDEN, QueueRefusal, done, gone, missing, seconds,
};
use crate::host::Host;

/// Makes a queue, or finds it; returns its ARN.
///
/// # Errors
/// Its name or an attribute is invalid, or the store failed.
pub async fn create(host: &Host, arn: &str, attributes: &Value) -> Result<String, QueueRefusal> {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let fifo = attributes["FifoQueue"] == "true";
    let plain = if fifo { name.strip_suffix(FIFO).unwrap_or_default() } else { name };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if plain.is_empty() || name.len() > 80 || !plain.bytes().all(legal) {
        let why = if fifo {
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
             .fifo suffix and be 1 to 80 in length."
        } else {
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        };
        return Err(QueueRefusal("InvalidParameterValue", why.to_owned()));
    }
    let settings = with_attributes(Settings::default(), attributes)?;
    host.queues.create(&host.store, arn, settings).await?;
    Ok(arn.to_owned())
}

/// Deletes a queue with its messages.
///
/// # Errors
/// There is no such queue, or the store failed.
pub async fn remove(host: &Host, arn: &str) -> Came {
    done(host.queues.remove(&host.store, arn).await?)
}

/// `SetQueueAttributes`.
///
/// # Errors
/// There is no such queue or attribute, or the store failed.
pub async fn set_attributes(host: &Host, arn: &str, attributes: &Value) -> Came {
    if attributes.as_object().is_none_or(Map::is_empty) {
        return Err(missing("Attribute.Name"));
    }
    if let Some(fixed) = attributes.get("FifoQueue") {
        let why = format!("Unknown Attribute FifoQueue: {fixed} cannot be set on a queue that is there.");
        return Err(QueueRefusal("InvalidAttributeName", why));
    }
    let settings = with_attributes(host.queues.settings(arn).ok_or_else(gone)?, attributes)?;
    done(host.queues.set(&host.store, arn, settings).await?)
}

/// Attributes that a queue accepts, and that have no effect here.
const OTHERS: [&str; 11] = [
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
];

/// The settings with these attributes.
fn with_attributes(mut settings: Settings, attributes: &Value) -> Result<Settings, QueueRefusal> {
    let numbers = numbers(attributes);
    for (name, value) in attributes.as_object().into_iter().flatten() {
        match name.as_str() {
            "FifoQueue" => {}
            "ContentBasedDeduplication" => settings.by_content = value == "true",
            "VisibilityTimeout" => settings.hidden = seconds(&numbers, name, LONGEST_HIDDEN)?,
            "DelaySeconds" => settings.delay = seconds(&numbers, name, LONGEST_DELAY)?,
            other if OTHERS.contains(&other) => {
                settings.others.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
            other => return Err(unknown_attribute(other)),
        }
    }
    Ok(settings)
}

fn unknown_attribute(name: &str) -> QueueRefusal {
    QueueRefusal("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// A queue's attributes, which are texts; those that are numbers are checked.
fn numbers(attributes: &Value) -> Value {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<i64>().ok()).map(Value::from);
    let fields = attributes.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), number(value).unwrap_or_else(|| value.clone()))).collect()
}

/// A queue's URL: below the address that the caller used, or one that names the queue's region.
pub fn url(arn: &str, origin: Option<&str>) -> String {
    let mut parts = arn.rsplit(':');
    let (name, account, region) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match origin {
        Some(origin) => format!("{origin}/{account}/{name}"),
        None => format!("http://sqs.{region}.localhost/{account}/{name}"),
    }
}

/// The attributes that `AttributeNames` selects.
///
/// # Errors
/// There is no such queue or attribute.
pub fn attributes(host: &Host, arn: &str, input: &Value) -> Came {
    let settings = host.queues.settings(arn).ok_or_else(gone)?;
    let (visible, hidden) = host.queues.counts(arn, host.clock.now()).ok_or_else(gone)?;
    let seconds = |millis: Option<i64>, usual: i64| (millis.unwrap_or(usual) / 1_000).to_string();
    let mut all = vec![
        ("QueueArn".to_owned(), arn.to_owned()),
        ("ApproximateNumberOfMessages".to_owned(), visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible".to_owned(), hidden.to_string()),
        ("VisibilityTimeout".to_owned(), seconds(settings.hidden, HIDDEN)),
        ("DelaySeconds".to_owned(), seconds(settings.delay, 0)),
    ];
    if arn.ends_with(FIFO) {
        all.push(("FifoQueue".to_owned(), "true".to_owned()));
        all.push(("ContentBasedDeduplication".to_owned(), settings.by_content.to_string()));
    }
    all.extend(settings.others);
    let asked: Vec<&str> = input["AttributeNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let known = |name: &str| name == "All" || OTHERS.contains(&name) || ATTRIBUTES.contains(&name);
    if let Some(unknown) = asked.iter().find(|name| !known(name)) {
        return Err(unknown_attribute(unknown));
    }
    let wanted = |name: &str| asked.contains(&"All") || asked.contains(&name);
    let selected: Map<String, Value> =
        all.into_iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name, json!(value))).collect();
    Ok(if selected.is_empty() { json!({}) } else { json!({ "Attributes": selected }) })
}

/// The other attributes that can be requested.
const ATTRIBUTES: [&str; 10] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DelaySeconds",
    "FifoQueue",
    "LastModifiedTimestamp",
    "QueueArn",
    "VisibilityTimeout",
];

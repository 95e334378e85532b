//! Topics and queues.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::values::text;
use super::{Changed, Made, Wanted, gone};
use crate::api::callers;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::integrations::{QueueRefusal, Topic, TopicRefusal, operate_queue};

fn refused(TopicRefusal(_, code, message, _): TopicRefusal) -> ApiError {
    ApiError::new(code, message)
}

/// Makes a topic, and subscribes the queues in it.
pub async fn create_topic(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let properties = wanted.properties;
    let is = |name: &str| text(&properties[name]).as_deref() == Some("true");
    let fifo = is("FifoTopic");
    let name = wanted.named("TopicName").to_owned();
    let arn = place.arn("sns", &name);
    if host.topics.arns().contains(&arn) {
        return Err(ApiError::new("AlreadyExists", format!("The topic {arn} exists already.")));
    }
    check_protocols(properties)?;
    let topic = Topic::new(arn.clone(), &name, fifo, is("ContentBasedDeduplication")).map_err(refused)?;
    host.topics.create(&host.store, topic).await?;
    subscribe_all(host, &arn, properties).await?;
    Ok(topic_made(&arn))
}

fn topic_made(arn: &str) -> Made {
    Made::new(arn, json!({ "TopicArn": arn, "TopicName": arn.rsplit(':').next() }))
}

/// Refuses a subscriber that messages cannot reach here.
fn check_protocols(properties: &Value) -> Result<(), ApiError> {
    properties["Subscription"].as_array().into_iter().flatten().try_for_each(|one| queue_of(one).map(|_| ()))
}

/// The queue that a subscription sends messages to.
fn queue_of(subscription: &Value) -> Result<&str, ApiError> {
    if subscription["Protocol"] != "sqs" {
        return Err(unreachable(&subscription["Protocol"]));
    }
    let queue = subscription["Endpoint"].as_str().filter(|queue| !queue.is_empty());
    queue.ok_or_else(|| ApiError::new("ValidationError", "The Endpoint of a subscription is the ARN of a queue."))
}

fn unreachable(protocol: &Value) -> ApiError {
    let shown = protocol.as_str().unwrap_or_default();
    let why = format!("The embedded engine delivers messages of topics to queues (sqs) alone, and not by {shown}.");
    ApiError::new("ValidationError", why)
}

async fn subscribe_all(host: &Arc<Host>, arn: &str, properties: &Value) -> Result<(), ApiError> {
    for one in properties["Subscription"].as_array().into_iter().flatten() {
        host.topics.subscribe(&host.store, arn, queue_of(one)?).await?;
    }
    Ok(())
}

/// Changes the subscriptions of a topic.
pub async fn update_topic(host: &Arc<Host>, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, before } = change;
    let after = wanted.properties;
    check_protocols(after)?;
    let kept = after["Subscription"].as_array().cloned().unwrap_or_default();
    for one in before["Subscription"].as_array().into_iter().flatten().filter(|one| !kept.contains(one)) {
        host.topics.unsubscribe(&host.store, physical, one["Endpoint"].as_str().unwrap_or_default()).await?;
    }
    subscribe_all(host, physical, after).await?;
    Ok(topic_made(physical))
}

/// Deletes a topic.
pub async fn delete_topic(host: &Arc<Host>, arn: &str) -> Result<(), ApiError> {
    Ok(host.topics.delete(&host.store, arn).await?)
}

/// Subscribes a queue.
pub async fn subscribe(host: &Arc<Host>, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let properties = wanted.properties;
    let queue = queue_of(properties)?;
    let topic = properties["TopicArn"].as_str().unwrap_or_default();
    if !host.topics.subscribe(&host.store, topic, queue).await? {
        return Err(refused(TopicRefusal::not_found()));
    }
    let arn = format!("{topic}:{}", crate::random::uuid());
    Ok(Made::new(arn.clone(), json!({ "Arn": arn })))
}

/// Takes a subscription back.
pub async fn unsubscribe(host: &Arc<Host>, properties: &Value) -> Result<(), ApiError> {
    let topic = properties["TopicArn"].as_str().unwrap_or_default();
    Ok(host.topics.unsubscribe(&host.store, topic, properties["Endpoint"].as_str().unwrap_or_default()).await?)
}

async fn sqs(host: &Arc<Host>, place: &AccountRegion, operation: &str, input: Value) -> Result<Value, ApiError> {
    let came = operate_queue(host, place, None, operation, &input).await;
    let came =
        came.unwrap_or_else(|| Err(QueueRefusal("UnsupportedOperation", callers::why_not_served("SQS", operation))));
    came.map_err(|QueueRefusal(code, message)| ApiError::new(code, message))
}

/// The attributes of a queue, which are texts.
fn attributes(properties: &Value) -> Map<String, Value> {
    let others = ["QueueName", "Tags"];
    let properties = properties.as_object().into_iter().flatten().filter(|(name, _)| !others.contains(&name.as_str()));
    properties
        .map(|(name, value)| (name.clone(), Value::String(text(value).unwrap_or_else(|| value.to_string()))))
        .filter(|(name, value)| !(name == "FifoQueue" && value == "false"))
        .collect()
}

/// Makes a queue.
pub async fn create_queue(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    let attributes = attributes(wanted.properties);
    let name = wanted.named("QueueName").to_owned();
    let arn = place.arn("sqs", &name);
    if host.queues.arns().contains(&arn) {
        return Err(ApiError::new("QueueAlreadyExists", format!("The queue {arn} exists already.")));
    }
    let ask = json!({ "QueueName": name, "Attributes": attributes });
    let answer = sqs(host, place, "CreateQueue", ask).await?;
    Ok(queue_made(place, answer["QueueUrl"].as_str().unwrap_or_default()))
}

fn queue_made(place: &AccountRegion, url: &str) -> Made {
    let name = url.rsplit('/').next().unwrap_or_default();
    Made::new(url, json!({ "Arn": place.arn("sqs", name), "QueueName": name, "QueueUrl": url }))
}

/// Changes the attributes of a queue; those that are no longer given have their defaults again.
pub async fn update_queue(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    const DEFAULTS: [(&str, &str); 6] = [
        ("ContentBasedDeduplication", "false"),
        ("DelaySeconds", "0"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("VisibilityTimeout", "30"),
    ];
    let Changed { wanted, physical, before } = change;
    let mut after = attributes(wanted.properties);
    after.shift_remove("FifoQueue");
    for name in attributes(before).keys().filter(|name| *name != "FifoQueue") {
        let default = DEFAULTS.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        after.entry(name.clone()).or_insert_with(|| json!(default));
    }
    if !after.is_empty() {
        sqs(host, place, "SetQueueAttributes", json!({ "QueueUrl": physical, "Attributes": after })).await?;
    }
    Ok(queue_made(place, physical))
}

/// Deletes a queue with its messages.
pub async fn delete_queue(host: &Arc<Host>, place: &AccountRegion, url: &str) -> Result<(), ApiError> {
    gone(sqs(host, place, "DeleteQueue", json!({ "QueueUrl": url })).await)
}

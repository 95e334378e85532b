//! SNS topics: kept by name; what is published goes to the log, and to the queues that subscribed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{Answer, usual_headers};
use crate::api::wire::http_date;
use crate::host::{Host, lock};
use crate::store::{Kind, Store, StoreError};

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    pub arn: String,
    /// The ARNs of subscribed queues.
    #[serde(default)]
    pub queues: Vec<String>,
}

/// Every topic, by ARN.
#[derive(Debug, Default)]
pub struct Topics(Mutex<BTreeMap<String, Topic>>);

impl Topics {
    /// Reads the topics.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let topics = store.things::<Topic>(Kind::Topic).await?;
        Ok(Self(Mutex::new(topics.into_iter().map(|topic| (topic.arn.clone(), topic)).collect())))
    }

    /// The topics' ARNs.
    #[must_use]
    pub fn arns(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    /// Makes a topic, or finds the one that is there.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create(&self, store: &Store, arn: &str) -> Result<(), StoreError> {
        let topic = lock(&self.0)
            .entry(arn.to_owned())
            .or_insert_with(|| Topic { arn: arn.to_owned(), queues: Vec::new() })
            .clone();
        store.keep(Kind::Topic, arn, &topic).await
    }

    /// Subscribes a queue; false where there is no such topic.
    ///
    /// # Errors
    /// The store failed.
    pub async fn subscribe(&self, store: &Store, arn: &str, queue: &str) -> Result<bool, StoreError> {
        let topic = {
            let mut topics = lock(&self.0);
            let Some(topic) = topics.get_mut(arn) else { return Ok(false) };
            if !topic.queues.iter().any(|known| known == queue) {
                topic.queues.push(queue.to_owned());
            }
            topic.clone()
        };
        store.keep(Kind::Topic, arn, &topic).await?;
        Ok(true)
    }

    fn get(&self, arn: &str) -> Option<Topic> {
        lock(&self.0).get(arn).cloned()
    }
}

/// Publishes; the answer is the message's id, `None` where there is no such topic.
///
/// # Errors
/// The store failed.
pub async fn deliver(
    host: &Host,
    arn: &str,
    subject: Option<&str>,
    message: &str,
) -> Result<Option<String>, StoreError> {
    let Some(topic) = host.topics.get(arn) else { return Ok(None) };
    let id = Uuid::new_v4().to_string();
    tracing::info!(target: "countersign::topic", topic = %arn, subject = subject.unwrap_or_default(), "a message was published");
    for queue in &topic.queues {
        let body =
            json!({ "Type": "Notification", "MessageId": id, "TopicArn": arn, "Subject": subject, "Message": message });
        host.queues.send(queue, &body.to_string(), host.clock.now());
    }
    Ok(Some(id))
}

/// `sns:publish`.
pub async fn publish(host: &Host, parameters: &Value) -> Answer {
    let arn =
        parameters.get("TopicArn").or_else(|| parameters.get("TargetArn")).and_then(Value::as_str).unwrap_or_default();
    let message = match parameters.get("Message") {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => {
            return Answer::service_failed(
                "SNS.InvalidParameterException",
                "Invalid parameter: Empty message",
                "AmazonSNS",
                400,
                "InvalidParameter",
            );
        }
    };
    let subject = parameters.get("Subject").and_then(Value::as_str);
    match deliver(host, arn, subject, &message).await {
        Ok(Some(id)) => {
            let mut result = Map::new();
            result.insert("MessageId".to_owned(), json!(id));
            let headers = usual_headers(&http_date(host.clock.now()), "text/xml", 294);
            Answer::with_metadata(result, &headers, &Uuid::new_v4().to_string())
        }
        Ok(None) => {
            Answer::service_failed("SNS.NotFoundException", "Topic does not exist", "AmazonSNS", 404, "NotFound")
        }
        Err(error) => Answer::failed("SNS.InternalErrorException", error.to_string()),
    }
}

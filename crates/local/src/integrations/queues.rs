//! SQS queues: kept by name, their messages in memory until somebody takes them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{Answer, usual_headers};
use crate::api::wire::{http_date, md5};
use crate::host::{Host, lock};
use crate::store::{Kind, Store, StoreError};

/// How long a received message is hidden, in milliseconds: SQS's default.
const HIDDEN_MS: i64 = 30_000;

/// A message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub body: String,
    /// Given anew by each receive; deletes the message.
    pub receipt: String,
    visible_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    arn: String,
    #[serde(skip)]
    messages: Vec<Message>,
}

/// Every queue, by ARN.
#[derive(Debug, Default)]
pub struct Queues(Mutex<BTreeMap<String, Queue>>);

impl Queues {
    /// Reads the queues.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let queues = store.things::<Queue>(Kind::Queue).await?;
        Ok(Self(Mutex::new(queues.into_iter().map(|queue| (queue.arn.clone(), queue)).collect())))
    }

    /// Makes a queue, or finds the one that is there.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create(&self, store: &Store, arn: &str) -> Result<(), StoreError> {
        let queue = lock(&self.0)
            .entry(arn.to_owned())
            .or_insert_with(|| Queue { arn: arn.to_owned(), messages: Vec::new() })
            .clone();
        store.keep(Kind::Queue, arn, &queue).await
    }

    /// The queues' ARNs.
    #[must_use]
    pub fn arns(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    /// Puts a message into a queue; `None` where there is no such queue.
    pub fn send(&self, arn: &str, body: &str, now: i64) -> Option<String> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        let id = Uuid::new_v4().to_string();
        queue.messages.push(Message { id: id.clone(), body: body.to_owned(), receipt: String::new(), visible_at: now });
        Some(id)
    }

    /// Takes up to `most` messages, which are hidden from others for half a minute.
    pub fn receive(&self, arn: &str, most: usize, now: i64) -> Option<Vec<Message>> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        let visible = queue.messages.iter_mut().filter(|message| message.visible_at <= now).take(most);
        Some(
            visible
                .map(|message| {
                    message.visible_at = now + HIDDEN_MS;
                    message.receipt = Uuid::new_v4().to_string();
                    message.clone()
                })
                .collect(),
        )
    }

    /// Deletes a message by its receipt; false where there is no such queue.
    pub fn delete(&self, arn: &str, receipt: &str) -> bool {
        lock(&self.0).get_mut(arn).map(|queue| queue.messages.retain(|message| message.receipt != receipt)).is_some()
    }
}

/// `sqs:sendMessage`.
pub async fn send(host: &Host, parameters: &Value) -> Answer {
    let url = parameters.get("QueueUrl").and_then(Value::as_str).unwrap_or_default();
    let arn = host.place.arn("sqs", url.rsplit('/').next().unwrap_or_default());
    let body = match parameters.get("MessageBody") {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let Some(id) = host.queues.send(&arn, &body, host.clock.now()) else {
        return Answer::service_failed(
            "SQS.QueueDoesNotExistException",
            "The specified queue does not exist.",
            "AmazonSQS",
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
        );
    };
    let mut result = Map::new();
    if let Some(attributes) = parameters.get("MessageAttributes").and_then(Value::as_object).filter(|a| !a.is_empty()) {
        result.insert("MD5OfMessageAttributes".to_owned(), json!(md5(packed(attributes))));
    }
    result.insert("MD5OfMessageBody".to_owned(), json!(md5(&body)));
    result.insert("MessageId".to_owned(), json!(id));
    let length = Value::Object(result.clone()).to_string().len();
    let headers = usual_headers(&http_date(host.clock.now()), "application/x-amz-json-1.0", length);
    Answer::with_metadata(result, &headers, &Uuid::new_v4().to_string())
}

/// Attributes in the form whose MD5 SQS answers with: by name; each text with its length before it.
fn packed(attributes: &Map<String, Value>) -> Vec<u8> {
    /// What marks a value that is text.
    const TEXT: u8 = 1;
    let mut bytes = Vec::new();
    let put = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    let sorted: BTreeMap<&String, &Value> = attributes.iter().collect();
    for (name, attribute) in sorted {
        let text = |field: &str| attribute.get(field).and_then(Value::as_str).unwrap_or_default();
        put(&mut bytes, name);
        put(&mut bytes, text("DataType"));
        bytes.push(TEXT);
        put(&mut bytes, text("StringValue"));
    }
    bytes
}

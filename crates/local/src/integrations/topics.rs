//! SNS topics: kept by name; what is published goes to the log, and to the queues that subscribed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{Answer, usual_headers};
use crate::api::wire::{http_date, iso};
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

/// What is published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    pub subject: Option<String>,
    pub message: String,
    /// `MessageStructure` is `json`: the message holds one for each protocol.
    pub structured: bool,
    /// `MessageAttributes` as they were given.
    pub attributes: Map<String, Value>,
}

impl Notice {
    /// The notice of a task's parameters, or of an entry of a batch.
    ///
    /// # Errors
    /// Why SNS refuses it.
    fn of(parameters: &Value) -> Result<Self, &'static str> {
        let message = match parameters.get("Message") {
            Some(Value::String(text)) if text.is_empty() => return Err("Invalid parameter: Empty message"),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => return Err("Invalid parameter: Empty message"),
        };
        let structured = parameters.get("MessageStructure").and_then(Value::as_str) == Some("json");
        if structured {
            let all: Value = serde_json::from_str(&message)
                .map_err(|_| "Invalid parameter: Message Structure - JSON message body failed to parse")?;
            if all.get("default").is_none() {
                return Err("Invalid parameter: Message Structure - No default entry in JSON message body");
            }
        }
        Ok(Self {
            subject: parameters.get("Subject").and_then(Value::as_str).map(str::to_owned),
            message,
            structured,
            attributes: parameters.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default(),
        })
    }

    /// What queues get of it.
    fn for_queues(&self) -> String {
        let all: Value = serde_json::from_str(&self.message).unwrap_or_default();
        let chosen = ["sqs", "default"].iter().find_map(|protocol| all.get(*protocol)?.as_str());
        chosen.filter(|_| self.structured).unwrap_or(&self.message).to_owned()
    }
}

/// Publishes; the answer is the message's id, `None` where there is no such topic.
///
/// # Errors
/// The store failed.
pub async fn deliver(host: &Host, arn: &str, notice: &Notice) -> Result<Option<String>, StoreError> {
    let Some(topic) = host.topics.get(arn) else { return Ok(None) };
    let id = Uuid::new_v4().to_string();
    let subject = notice.subject.as_deref();
    tracing::info!(target: "countersign::topic", topic = %arn, subject = subject.unwrap_or_default(), "a message was published");
    for queue in &topic.queues {
        let mut body = json!({
            "Type": "Notification", "MessageId": id, "TopicArn": arn, "Message": notice.for_queues(),
            "Timestamp": iso(host.clock.now()),
        });
        if let Some(subject) = subject {
            body["Subject"] = json!(subject);
        }
        if !notice.attributes.is_empty() {
            body["MessageAttributes"] = notice.attributes.iter().map(told).collect();
        }
        host.queues.send(queue, &body.to_string(), &Map::new(), None, host.clock.now(), 0);
    }
    Ok(Some(id))
}

/// An attribute in the words of a notification.
fn told((name, attribute): (&String, &Value)) -> (String, Value) {
    let value = attribute.get("StringValue").or_else(|| attribute.get("BinaryValue")).unwrap_or(&Value::Null);
    (name.clone(), json!({ "Type": attribute["DataType"], "Value": value }))
}

/// Why a task's message was not published: the error's name, code and message, and HTTP's status.
struct Refusal(&'static str, &'static str, String, u16);

/// The id of a published message. One to a phone is as good as sent.
async fn one(host: &Host, arn: &str, parameters: &Value) -> Result<String, Refusal> {
    let notice = Notice::of(parameters)
        .map_err(|why| Refusal("InvalidParameterException", "InvalidParameter", why.to_owned(), 400))?;
    if arn.is_empty() && parameters.get("PhoneNumber").is_some() {
        return Ok(Uuid::new_v4().to_string());
    }
    match deliver(host, arn, &notice).await {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(Refusal("NotFoundException", "NotFound", "Topic does not exist".to_owned(), 404)),
        Err(error) => Err(Refusal("InternalErrorException", "InternalError", error.to_string(), 500)),
    }
}

fn topic(parameters: &Value) -> &str {
    let arn = parameters.get("TopicArn").or_else(|| parameters.get("TargetArn"));
    arn.and_then(Value::as_str).unwrap_or_default()
}

/// `sns:publish`.
pub async fn publish(host: &Host, parameters: &Value) -> Answer {
    match one(host, topic(parameters), parameters).await {
        Ok(id) => {
            let mut result = Map::new();
            result.insert("MessageId".to_owned(), json!(id));
            let headers = usual_headers(&http_date(host.clock.now()), "text/xml", 294);
            Answer::with_metadata(result, &headers, &Uuid::new_v4().to_string())
        }
        Err(Refusal(name, code, message, status)) => {
            Answer::service_failed(&format!("SNS.{name}"), &message, "AmazonSNS", status, code)
        }
    }
}

/// `aws-sdk:sns`; `None` for an operation that has no local form.
pub async fn call(host: &Host, action: &str, parameters: &Value) -> Option<Answer> {
    let came = match action {
        "publish" => one(host, topic(parameters), parameters).await.map(|id| json!({ "MessageId": id })),
        "publishBatch" => batch(host, parameters).await,
        _ => return None,
    };
    Some(came.map_or_else(
        |Refusal(name, _, message, status)| Answer::sdk_failed(&format!("Sns.{name}"), &message, "Sns", status),
        |value| Answer::Done(value.to_string()),
    ))
}

/// Publishes each entry alone: some may be refused while others are published.
async fn batch(host: &Host, parameters: &Value) -> Result<Value, Refusal> {
    let entries = parameters.get("PublishBatchRequestEntries").and_then(Value::as_array);
    let entries = entries.map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        let why = "The batch request doesn't contain any entries.";
        return Err(Refusal("EmptyBatchRequestException", "EmptyBatchRequest", why.to_owned(), 400));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match one(host, topic(parameters), entry).await {
            Ok(id) => successful.push(json!({ "Id": entry["Id"], "MessageId": id })),
            // Without its topic no entry can be published.
            Err(refusal @ Refusal("NotFoundException", ..)) => return Err(refusal),
            Err(Refusal(_, code, message, _)) => {
                failed.push(json!({ "Code": code, "Id": entry["Id"], "Message": message, "SenderFault": true }));
            }
        }
    }
    Ok(json!({ "Failed": failed, "Successful": successful }))
}

//! SNS topics, by name. What is published goes to the log, and to the subscribed queues.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{TaskOutcome, usual_headers};
use super::queues::Turn;
use crate::api::wire::{http_date, iso, md5};
use crate::host::{Host, lock};
use crate::random;
use crate::store::{ResourceKind, Store, StoreError};

/// The suffix of FIFO topics' names.
const FIFO: &str = ".fifo";
/// For how long a FIFO topic recognises a message, in milliseconds.
const KNOWN: i64 = 5 * 60 * 1_000;

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    pub arn: String,
    /// The ARNs of subscribed queues.
    #[serde(default)]
    pub queues: Vec<String>,
    /// `ContentBasedDeduplication` of a FIFO topic.
    #[serde(default)]
    pub by_content: bool,
    /// When each message of the last five minutes was published, how it is recognised, and the outcome.
    #[serde(skip)]
    known: VecDeque<(i64, String, Published)>,
    /// How many messages a FIFO topic has accepted.
    #[serde(skip)]
    sequence: u64,
}

impl Topic {
    /// A topic without subscribers.
    ///
    /// # Errors
    /// The name is not valid for a topic, or for a FIFO topic.
    pub fn new(arn: String, name: &str, fifo: bool, by_content: bool) -> Result<Self, TopicRefusal> {
        let plain = if fifo { name.strip_suffix(FIFO).unwrap_or_default() } else { name };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if plain.is_empty() || name.len() > 256 || !plain.bytes().all(legal) {
            let why = if fifo {
                "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of only uppercase and \
                 lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
            } else {
                "Invalid parameter: Topic Name"
            };
            return Err(TopicRefusal::invalid(why));
        }
        Ok(Self { arn, queues: Vec::new(), by_content, known: VecDeque::new(), sequence: 0 })
    }

    /// Accepts a message of a FIFO topic: the outcome, and whether it is new.
    fn take(&mut self, deduplication: String, now: i64) -> (Published, bool) {
        let forgotten = self.known.iter().take_while(|(at, ..)| at + KNOWN <= now).count();
        self.known.drain(..forgotten);
        if let Some((.., published)) = self.known.iter().find(|(_, known, _)| *known == deduplication) {
            return (published.clone(), false);
        }
        let published = Published { id: random::uuid().to_string(), sequence: Some(format!("1{:019}", self.sequence)) };
        self.sequence += 1;
        self.known.push_back((now, deduplication, published.clone()));
        (published, true)
    }
}

/// The outcome of publishing a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub id: String,
    /// Of a FIFO topic.
    pub sequence: Option<String>,
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
        let topics = store.resources::<Topic>(ResourceKind::Topic).await?;
        Ok(Self(Mutex::new(topics.into_iter().map(|topic| (topic.arn.clone(), topic)).collect())))
    }

    /// The topics' ARNs.
    #[must_use]
    pub fn arns(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    /// Makes a topic, or finds an existing one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create(&self, store: &Store, topic: Topic) -> Result<(), StoreError> {
        let topic = lock(&self.0).entry(topic.arn.clone()).or_insert(topic).clone();
        store.keep(ResourceKind::Topic, &topic.arn, &topic).await
    }

    /// Deletes a topic. Deleting one that does not exist succeeds.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, store: &Store, arn: &str) -> Result<(), StoreError> {
        store.forget(ResourceKind::Topic, arn).await?;
        lock(&self.0).remove(arn);
        Ok(())
    }

    /// Subscribes a queue; false if there is no such topic.
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
        store.keep(ResourceKind::Topic, arn, &topic).await?;
        Ok(true)
    }

    /// Takes a queue's subscription back. Nothing happens where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unsubscribe(&self, store: &Store, arn: &str, queue: &str) -> Result<(), StoreError> {
        let topic = {
            let mut topics = lock(&self.0);
            let Some(topic) = topics.get_mut(arn) else { return Ok(()) };
            topic.queues.retain(|known| known != queue);
            topic.clone()
        };
        store.keep(ResourceKind::Topic, arn, &topic).await
    }
}

/// What is published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    pub subject: Option<String>,
    pub message: String,
    /// `MessageStructure` is `json`: the message holds one for each protocol.
    pub structured: bool,
    /// `MessageAttributes`, as given.
    pub attributes: Map<String, Value>,
    /// `MessageGroupId`.
    pub group: Option<String>,
    /// `MessageDeduplicationId`.
    pub deduplication: Option<String>,
}

impl Notice {
    /// The notice for a task's parameters, or for an entry of a batch.
    ///
    /// # Errors
    /// Why SNS refuses it.
    pub fn of(parameters: &Value) -> Result<Self, &'static str> {
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
            group: parameters.get("MessageGroupId").and_then(Value::as_str).map(str::to_owned),
            deduplication: parameters.get("MessageDeduplicationId").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The text that queues receive.
    fn for_queues(&self) -> String {
        let all: Value = serde_json::from_str(&self.message).unwrap_or_default();
        let chosen = ["sqs", "default"].iter().find_map(|protocol| all.get(*protocol)?.as_str());
        chosen.filter(|_| self.structured).unwrap_or(&self.message).to_owned()
    }
}

/// Publishes.
///
/// # Errors
/// There is no such topic, it is a FIFO topic and the message has no group, or the store failed.
pub async fn deliver(host: &Host, arn: &str, notice: &Notice) -> Result<Published, TopicRefusal> {
    check_arn(arn)?;
    let now = host.clock.now();
    let (published, turn, queues) = {
        let mut topics = lock(&host.topics.0);
        let topic = topics.get_mut(arn).ok_or_else(TopicRefusal::not_found)?;
        let turn = if arn.ends_with(FIFO) { Some(turn(topic, notice)?) } else { None };
        let (published, new) = match &turn {
            Some(turn) => topic.take(turn.deduplication.clone(), now),
            None => (Published { id: random::uuid().to_string(), sequence: None }, true),
        };
        if !new {
            return Ok(published);
        }
        (published, turn, topic.queues.clone())
    };
    let subject = notice.subject.as_deref();
    tracing::info!(target: "countersign::topic", topic = %arn, subject = subject.unwrap_or_default(), "a message was published");
    for queue in &queues {
        let mut body = json!({
            "Type": "Notification", "MessageId": published.id, "TopicArn": arn, "Message": notice.for_queues(),
            "Timestamp": iso(now),
        });
        if let Some(sequence) = &published.sequence {
            body["SequenceNumber"] = json!(sequence);
        }
        if let Some(subject) = subject {
            body["Subject"] = json!(subject);
        }
        if !notice.attributes.is_empty() {
            body["MessageAttributes"] = notice.attributes.iter().map(notified).collect();
        }
        let turn = turn.clone().filter(|_| queue.ends_with(FIFO));
        host.queues.send(queue, &body.to_string(), &Map::new(), turn, now, 0);
    }
    Ok(published)
}

/// The position in a FIFO topic that a message asks for.
fn turn(topic: &Topic, notice: &Notice) -> Result<Turn, TopicRefusal> {
    let group = notice.group.clone().filter(|group| !group.is_empty()).ok_or_else(|| {
        TopicRefusal::invalid("Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
    })?;
    let deduplication = match &notice.deduplication {
        Some(given) if !given.is_empty() => given.clone(),
        _ if topic.by_content => md5(&notice.message),
        _ => {
            return Err(TopicRefusal::invalid(
                "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly",
            ));
        }
    };
    Ok(Turn { group, deduplication, sequence: 0 })
}

/// An attribute in the form of a notification.
fn notified((name, attribute): (&String, &Value)) -> (String, Value) {
    let value = attribute.get("StringValue").or_else(|| attribute.get("BinaryValue")).unwrap_or(&Value::Null);
    (name.clone(), json!({ "Type": attribute["DataType"], "Value": value }))
}

/// Refuses what is not the ARN of a topic.
fn check_arn(arn: &str) -> Result<(), TopicRefusal> {
    let elements = arn.split(':').count();
    if arn.is_empty() {
        let why = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter";
        return Err(TopicRefusal::invalid(why));
    }
    if elements < 6 {
        let why = format!("Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {elements}");
        return Err(TopicRefusal::invalid(&why));
    }
    Ok(())
}

/// Why SNS refuses: the error's name, code and message, and HTTP's status.
#[derive(Debug, PartialEq, Eq)]
pub struct TopicRefusal(pub &'static str, pub &'static str, pub String, pub u16);

impl TopicRefusal {
    /// There is no such topic.
    #[must_use]
    pub fn not_found() -> Self {
        Self("NotFoundException", "NotFound", "Topic does not exist".to_owned(), 404)
    }

    /// A parameter is wrong.
    #[must_use]
    pub fn invalid(why: &str) -> Self {
        Self("InvalidParameterException", "InvalidParameter", why.to_owned(), 400)
    }
}

impl From<StoreError> for TopicRefusal {
    fn from(error: StoreError) -> Self {
        Self("InternalErrorException", "InternalError", error.to_string(), 500)
    }
}

/// The result for a published message. A message to a phone counts as sent.
async fn one(host: &Host, arn: &str, parameters: &Value) -> Result<Map<String, Value>, TopicRefusal> {
    let notice = Notice::of(parameters).map_err(TopicRefusal::invalid)?;
    let published = if arn.is_empty() && parameters.get("PhoneNumber").is_some() {
        Published { id: random::uuid().to_string(), sequence: None }
    } else {
        deliver(host, arn, &notice).await?
    };
    let sequence = published.sequence.map(|sequence| ("SequenceNumber".to_owned(), json!(sequence)));
    Ok([("MessageId".to_owned(), json!(published.id))].into_iter().chain(sequence).collect())
}

fn topic(parameters: &Value) -> &str {
    let given = |field: &str| parameters.get(field).and_then(Value::as_str);
    given("TopicArn").or_else(|| given("TargetArn")).unwrap_or_default()
}

/// `sns:publish`.
pub async fn publish(host: &Host, parameters: &Value) -> TaskOutcome {
    match one(host, topic(parameters), parameters).await {
        Ok(result) => {
            let headers = usual_headers(&http_date(host.clock.now()), "text/xml", 294);
            TaskOutcome::with_metadata(result, &headers, &random::uuid().to_string())
        }
        Err(TopicRefusal(name, code, message, status)) => {
            TaskOutcome::service_failed(&format!("SNS.{name}"), &message, "AmazonSNS", status, code)
        }
    }
}

/// `aws-sdk:sns`; `None` for an operation without a local form.
pub async fn call(host: &Host, action: &str, parameters: &Value) -> Option<TaskOutcome> {
    let came = match action {
        "publish" => one(host, topic(parameters), parameters).await.map(Value::Object),
        "publishBatch" => batch(host, parameters).await,
        _ => return None,
    };
    Some(came.map_or_else(
        |TopicRefusal(name, _, message, status)| {
            TaskOutcome::sdk_failed(&format!("Sns.{name}"), &message, "Sns", status)
        },
        |value| TaskOutcome::Done(value.to_string()),
    ))
}

/// Publishes each entry by itself: some may be refused while others are published.
async fn batch(host: &Host, parameters: &Value) -> Result<Value, TopicRefusal> {
    let entries = parameters.get("PublishBatchRequestEntries").and_then(Value::as_array);
    let entries = entries.map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        let why = "The batch request doesn't contain any entries.";
        return Err(TopicRefusal("EmptyBatchRequestException", "EmptyBatchRequest", why.to_owned(), 400));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match one(host, topic(parameters), entry).await {
            Ok(result) => {
                let id = [("Id".to_owned(), entry["Id"].clone())];
                successful.push(Value::Object(id.into_iter().chain(result).collect()));
            }
            // Without its topic no entry can be published.
            Err(refusal @ TopicRefusal("NotFoundException", ..)) => return Err(refusal),
            Err(TopicRefusal(_, code, message, _)) => {
                failed.push(json!({ "Code": code, "Id": entry["Id"], "Message": message, "SenderFault": true }));
            }
        }
    }
    Ok(json!({ "Failed": failed, "Successful": successful }))
}

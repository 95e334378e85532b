//! The operations of SQS, for its own protocol and for tasks.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::attributes::{attributes, create, remove, set_attributes, url};
use super::{Message, Settings, Turn};
use crate::api::is_here;
use crate::api::wire::{http_date, md5};
use crate::host::{AccountRegion, Host};
use crate::integrations::answer::{TaskOutcome, usual_headers};
use crate::random;
use crate::store::StoreError;

/// How long a received message is hidden, in milliseconds: SQS's default.
pub(super) const HIDDEN: i64 = 30 * 1_000;
/// The longest time for which a message may be hidden or delayed, in seconds.
pub(super) const LONGEST_HIDDEN: i64 = 43_200;
pub(super) const LONGEST_DELAY: i64 = 900;
/// The suffix of FIFO queues' names.
pub(super) const FIFO: &str = ".fifo";
/// The most entries of a batch.
const BATCH: usize = 10;
/// The largest message, in bytes.
const MESSAGE: usize = 1_048_576;

/// Why SQS refuses: the error's code and message.
#[derive(Debug, PartialEq, Eq)]
pub struct QueueRefusal(pub &'static str, pub String);

impl From<StoreError> for QueueRefusal {
    fn from(error: StoreError) -> Self {
        Self("InternalError", error.to_string())
    }
}

pub(super) type Came = Result<Value, QueueRefusal>;

pub(super) fn gone() -> QueueRefusal {
    QueueRefusal("QueueDoesNotExist", "The specified queue does not exist.".to_owned())
}

pub(super) fn missing(field: &str) -> QueueRefusal {
    QueueRefusal("MissingParameter", format!("The request must contain the parameter {field}."))
}

fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The ARN of the queue that `QueueUrl` names. Region and account come from the URL, or else from the caller.
fn queue(caller: &AccountRegion, input: &Value) -> String {
    let url = text(input, "QueueUrl");
    let region = authority(url).and_then(|host| host.strip_prefix("sqs.")?.split('.').next());
    let mut path = url.rsplit('/');
    let name = path.next().unwrap_or_default();
    let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let place = AccountRegion {
        region: region.unwrap_or(&caller.region).to_owned(),
        account: path.next().filter(is_account).unwrap_or(&caller.account).to_owned(),
    };
    place.arn("sqs", name)
}

/// The host of a URL, without its port.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', ':']).next()
}

/// The host of a queue's URL that leads nowhere: neither to this machine nor to SQS, AWS's or an emulator's.
fn unknown_host(parameters: &Value) -> Option<&str> {
    let host = authority(text(parameters, "QueueUrl"))?;
    let ends = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu", "localhost.localstack.cloud"];
    let known = is_here(host) || host.starts_with("sqs.") || ends.iter().any(|end| host.ends_with(end));
    Some(host).filter(|_| !known)
}

/// Operations on a queue, which `QueueUrl` names.
const ON_A_QUEUE: [&str; 10] = [
    "DeleteQueue",
    "GetQueueAttributes",
    "SetQueueAttributes",
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "PurgeQueue",
];

/// Refuses a request that names no queue.
fn check_named(operation: &str, input: &Value) -> Result<(), QueueRefusal> {
    let field = match operation {
        "CreateQueue" | "GetQueueUrl" => "QueueName",
        _ if ON_A_QUEUE.contains(&operation) => "QueueUrl",
        _ => return Ok(()),
    };
    if text(input, field).is_empty() { Err(missing(field)) } else { Ok(()) }
}

/// One operation; `None` for one without a local form. `origin` is the address at which the caller reaches the queues.
pub async fn operate(
    host: &Host,
    caller: &AccountRegion,
    origin: Option<&str>,
    operation: &str,
    input: &Value,
) -> Option<Came> {
    if let Err(refusal) = check_named(operation, input) {
        return Some(Err(refusal));
    }
    let arn = queue(caller, input);
    Some(match operation {
        "CreateQueue" => create(host, &caller.arn("sqs", text(input, "QueueName")), &input["Attributes"])
            .await
            .map(|arn| json!({ "QueueUrl": url(&arn, origin) })),
        "DeleteQueue" => remove(host, &arn).await,
        "GetQueueUrl" => {
            let arn = caller.arn("sqs", text(input, "QueueName"));
            host.queues.arns().contains(&arn).then(|| json!({ "QueueUrl": url(&arn, origin) })).ok_or_else(gone)
        }
        "ListQueues" => Ok(list(host, caller, origin, text(input, "QueueNamePrefix"))),
        "GetQueueAttributes" => attributes(host, &arn, input),
        "SetQueueAttributes" => set_attributes(host, &arn, &input["Attributes"]).await,
        "SendMessage" => send_one(host, &arn, input),
        "SendMessageBatch" => batch(input, |entry| send_one(host, &arn, entry)),
        "ReceiveMessage" => receive(host, &arn, input),
        "DeleteMessage" => delete(host, &arn, input),
        "DeleteMessageBatch" => batch(input, |entry| delete(host, &arn, entry)),
        "ChangeMessageVisibility" => hide(host, &arn, input),
        "PurgeQueue" => done(host.queues.delete(&arn, |_| true)),
        _ => return None,
    })
}

fn list(host: &Host, caller: &AccountRegion, origin: Option<&str>, prefix: &str) -> Value {
    let arns = host.queues.arns();
    let wanted =
        arns.iter().filter(|arn| caller.has(arn) && arn.rsplit(':').next().unwrap_or_default().starts_with(prefix));
    let urls: Vec<String> = wanted.map(|arn| url(arn, origin)).collect();
    json!({ "QueueUrls": urls })
}

pub(super) fn done(there: bool) -> Came {
    there.then(|| json!({})).ok_or_else(gone)
}

/// The receipt of a message. An empty one would match every message that nobody has received.
fn receipt(input: &Value) -> Result<&str, QueueRefusal> {
    Some(text(input, "ReceiptHandle")).filter(|receipt| !receipt.is_empty()).ok_or_else(|| missing("ReceiptHandle"))
}

fn delete(host: &Host, arn: &str, input: &Value) -> Came {
    let receipt = receipt(input)?;
    done(host.queues.delete(arn, |message| message.receipt == receipt))
}

fn hide(host: &Host, arn: &str, input: &Value) -> Came {
    let hidden = seconds(input, "VisibilityTimeout", LONGEST_HIDDEN)?.ok_or_else(|| missing("VisibilityTimeout"))?;
    done(host.queues.hide(arn, receipt(input)?, host.clock.now() + hidden))
}

/// A number of seconds from 0 to `most`, in milliseconds.
pub(super) fn seconds(input: &Value, field: &str, most: i64) -> Result<Option<i64>, QueueRefusal> {
    let Some(value) = input.get(field).filter(|value| !value.is_null()) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=most).contains(seconds)).ok_or_else(|| {
        let why = format!("Value {value} for parameter {field} is invalid. Reason: Must be >= 0 and <= {most}.");
        QueueRefusal("InvalidParameterValue", why)
    })?;
    Ok(Some(seconds * 1_000))
}

fn send_one(host: &Host, arn: &str, input: &Value) -> Came {
    let body = match input.get("MessageBody") {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    };
    if body.is_empty() {
        return Err(missing("MessageBody"));
    }
    if body.len() > MESSAGE {
        let why = format!("One or more parameters are invalid. Reason: Message must be shorter than {MESSAGE} bytes.");
        return Err(QueueRefusal("InvalidParameterValue", why));
    }
    let none = Map::new();
    let attributes = input.get("MessageAttributes").and_then(Value::as_object).unwrap_or(&none);
    let settings = host.queues.settings(arn).ok_or_else(gone)?;
    let delay = seconds(input, "DelaySeconds", LONGEST_DELAY)?;
    let turn = if arn.ends_with(FIFO) { Some(turn(&settings, &body, input)?) } else { None };
    if turn.is_some() && delay.is_some_and(|delay| delay > 0) {
        let why = format!(
            "Value {} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for \
             this queue type.",
            input["DelaySeconds"]
        );
        return Err(QueueRefusal("InvalidParameterValue", why));
    }
    let delay = delay.or(settings.delay).unwrap_or(0);
    let sent = host.queues.send(arn, &body, attributes, turn, host.clock.now(), delay).ok_or_else(gone)?;
    let mut answer = Map::new();
    if !attributes.is_empty() {
        answer.insert("MD5OfMessageAttributes".to_owned(), json!(md5(packed(attributes))));
    }
    answer.insert("MD5OfMessageBody".to_owned(), json!(md5(&body)));
    answer.insert("MessageId".to_owned(), json!(sent.id));
    if let Some(sequence) = sent.sequence {
        answer.insert("SequenceNumber".to_owned(), json!(written(sequence)));
    }
    Ok(Value::Object(answer))
}

/// A sequence number in SQS's twenty digits.
fn written(sequence: u64) -> String {
    format!("{sequence:020}")
}

/// The position in a FIFO queue that a message asks for.
fn turn(settings: &Settings, body: &str, input: &Value) -> Result<Turn, QueueRefusal> {
    let group = text(input, "MessageGroupId").to_owned();
    if group.is_empty() {
        return Err(missing("MessageGroupId"));
    }
    let deduplication = match text(input, "MessageDeduplicationId") {
        "" if settings.by_content => md5(body),
        "" => {
            let why = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                       explicitly";
            return Err(QueueRefusal("InvalidParameterValue", why.to_owned()));
        }
        given => given.to_owned(),
    };
    Ok(Turn { group, deduplication, sequence: 0 })
}

fn receive(host: &Host, arn: &str, input: &Value) -> Came {
    let most = match input.get("MaxNumberOfMessages").filter(|most| !most.is_null()) {
        None => 1,
        Some(most) => {
            let number = most.as_u64().and_then(|most| usize::try_from(most).ok());
            number.filter(|most| (1..=BATCH).contains(most)).ok_or_else(|| {
                let why = format!(
                    "Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and {BATCH}, if \
                     provided."
                );
                QueueRefusal("InvalidParameterValue", why)
            })?
        }
    };
    let settings = host.queues.settings(arn).ok_or_else(gone)?;
    let hidden = seconds(input, "VisibilityTimeout", LONGEST_HIDDEN)?.or(settings.hidden).unwrap_or(HIDDEN);
    let taken = host.queues.receive(arn, most, host.clock.now(), hidden);
    let messages: Vec<Value> = taken.ok_or_else(gone)?.iter().map(|message| received(message, input)).collect();
    // Workflows check whether the field exists.
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

/// A message with the requested attributes.
fn received(message: &Message, input: &Value) -> Value {
    let asked = |fields: &[&str]| -> Vec<String> {
        let names = fields.iter().filter_map(|field| input.get(field)?.as_array()).flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let wanted = |asked: &[String], name: &str| {
        asked.iter().any(|one| {
            one == "All" || one == ".*" || one == name || {
                one.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
            }
        })
    };
    let mut all = json!({
        "MessageId": message.id, "ReceiptHandle": message.receipt, "MD5OfBody": md5(&message.body), "Body": message.body,
    });
    let of_system = asked(&["AttributeNames", "MessageSystemAttributeNames"]);
    let mut known =
        vec![("SentTimestamp", message.sent_at.to_string()), ("ApproximateReceiveCount", message.received.to_string())];
    if let Some(turn) = &message.turn {
        known.push(("MessageGroupId", turn.group.clone()));
        known.push(("MessageDeduplicationId", turn.deduplication.clone()));
        known.push(("SequenceNumber", written(turn.sequence)));
    }
    let selected: Map<String, Value> = known
        .into_iter()
        .filter(|(name, _)| wanted(&of_system, name))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    if !selected.is_empty() {
        all["Attributes"] = Value::Object(selected);
    }
    let names = asked(&["MessageAttributeNames"]);
    let own = message.attributes.iter().filter(|(name, _)| wanted(&names, name));
    let own: Map<String, Value> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !own.is_empty() {
        all["MD5OfMessageAttributes"] = json!(md5(packed(&own)));
        all["MessageAttributes"] = Value::Object(own);
    }
    all
}

/// Runs each entry of a batch by itself: some may fail while others succeed.
fn batch(input: &Value, run: impl Fn(&Value) -> Came) -> Came {
    let entries = input.get("Entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let refused = |code, why: &str| Err(QueueRefusal(code, why.to_owned()));
    if entries.is_empty() {
        return refused(
            "EmptyBatchRequest",
            "There should be at least one SendMessageBatchRequestEntry in the request.",
        );
    }
    if entries.len() > BATCH {
        let why = format!("Maximum number of entries per request are {BATCH}. You have sent {}.", entries.len());
        return refused("TooManyEntriesInBatchRequest", &why);
    }
    let ids: BTreeSet<&str> = entries.iter().map(|entry| text(entry, "Id")).collect();
    if ids.len() < entries.len() {
        return refused("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = text(entry, "Id");
        match run(entry) {
            Ok(Value::Object(answer)) => {
                let mut one = Map::from_iter([("Id".to_owned(), json!(id))]);
                one.extend(answer);
                successful.push(Value::Object(one));
            }
            Ok(_) => {}
            // Without its queue no entry can be tried.
            Err(refusal @ QueueRefusal("QueueDoesNotExist", _)) => return Err(refusal),
            Err(QueueRefusal(code, message)) => {
                failed.push(json!({ "Id": id, "Code": code, "Message": message, "SenderFault": true }));
            }
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

/// `sqs:sendMessage`.
pub fn send(host: &Host, caller: &AccountRegion, parameters: &Value) -> TaskOutcome {
    if let Some(failed) = nowhere("SQS", parameters) {
        return failed;
    }
    let named = check_named("SendMessage", parameters);
    match named.and_then(|()| send_one(host, &queue(caller, parameters), parameters)) {
        Ok(answer) => {
            let length = answer.to_string().len();
            let headers = usual_headers(&http_date(host.clock.now()), "application/x-amz-json-1.0", length);
            TaskOutcome::with_metadata(
                answer.as_object().cloned().unwrap_or_default(),
                &headers,
                &random::uuid().to_string(),
            )
        }
        Err(QueueRefusal("QueueDoesNotExist", message)) => TaskOutcome::service_failed(
            "SQS.QueueDoesNotExistException",
            &message,
            "AmazonSQS",
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        Err(QueueRefusal(code, message)) => {
            TaskOutcome::service_failed("SQS.AmazonSQSException", &message, "AmazonSQS", 400, code)
        }
    }
}

/// The failure of a call whose queue is on an unknown host.
fn nowhere(service: &str, parameters: &Value) -> Option<TaskOutcome> {
    let host = unknown_host(parameters)?;
    let cause = format!("Unable to execute HTTP request: {host}: Name or service not known");
    Some(TaskOutcome::failed(&format!("{service}.SdkClientException"), cause))
}

/// `aws-sdk:sqs`; `None` for an operation without a local form.
pub async fn call(host: &Host, caller: &AccountRegion, operation: &str, parameters: &Value) -> Option<TaskOutcome> {
    if let Some(failed) = nowhere("Sqs", parameters) {
        return Some(failed);
    }
    Some(match operate(host, caller, None, operation, parameters).await? {
        Ok(answer) => TaskOutcome::Done(spelt(&answer).to_string()),
        Err(QueueRefusal(code, message)) => {
            let known =
                ["QueueDoesNotExist", "EmptyBatchRequest", "TooManyEntriesInBatchRequest", "BatchEntryIdsNotDistinct"];
            let kind = if known.contains(&code) { code } else { "Sqs" };
            TaskOutcome::sdk_failed(&format!("Sqs.{kind}Exception"), &message, "Sqs", 400)
        }
    })
}

/// The names of AWS's Java SDK, which Step Functions uses: `Md5OfBody`.
fn spelt(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replacen("MD5", "Md5", 1), spelt(value))).collect()
        }
        Value::Array(items) => items.iter().map(spelt).collect(),
        other => other.clone(),
    }
}

/// Attributes in the form whose MD5 SQS returns: by name; each text with its length before it.
fn packed(attributes: &Map<String, Value>) -> Vec<u8> {
    /// The byte that marks a text value, and the one that marks a binary value.
    const TEXT: u8 = 1;
    const BYTES: u8 = 2;
    let mut bytes = Vec::new();
    let put = |bytes: &mut Vec<u8>, part: &[u8]| {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(part);
    };
    let sorted: BTreeMap<&String, &Value> = attributes.iter().collect();
    for (name, attribute) in sorted {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, text(attribute, "DataType").as_bytes());
        if text(attribute, "DataType").starts_with("Binary") {
            bytes.push(BYTES);
            put(&mut bytes, &BASE64_STANDARD.decode(text(attribute, "BinaryValue")).unwrap_or_default());
        } else {
            bytes.push(TEXT);
            put(&mut bytes, text(attribute, "StringValue").as_bytes());
        }
    }
    bytes
}

//! The small parts of SNS (query protocol, XML), SQS and DynamoDB (JSON protocol) that workflows and their tests need.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::callers::not_served;
use super::error::ApiError;
use super::query::Form;
use super::xml::{self, element};
use crate::host::{AccountRegion, Host};
use crate::integrations::{
    Notice, Published, QueueRefusal, TableRefusal, Topic, TopicRefusal, operate_queue, operate_table, publish_to_topic,
};
use crate::random;

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// The input of an operation of the JSON protocol.
pub fn input(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
        .map_err(|error| ApiError::new("SerializationException", format!("The body is not JSON: {error}")))
}

fn json_answer(answer: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response()
}

/// One call of DynamoDB.
pub async fn dynamodb(host: &Arc<Host>, caller: &AccountRegion, operation: &str, body: &[u8]) -> Response {
    let input = match input(body) {
        Ok(input) => input,
        Err(error) => return error.into_response(),
    };
    // The action of a task begins with a lower-case letter.
    let mut letters = operation.chars();
    let action: String = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
    match operate_table(host, caller, &action, &input).await {
        Some(Ok(answer)) => json_answer(&answer),
        Some(Err(TableRefusal(code, message))) => ApiError::new(code, message).into_response(),
        None => not_served("DynamoDB", operation).into_response(),
    }
}

/// One call of SQS. `origin` is the address that the request reached, below which the queues are.
pub async fn sqs(
    host: &Arc<Host>,
    caller: &AccountRegion,
    origin: Option<&str>,
    operation: &str,
    body: &[u8],
) -> Response {
    let input = match input(body) {
        Ok(input) => input,
        Err(error) => return error.into_response(),
    };
    match operate_queue(host, caller, origin, operation, &input).await {
        Some(Ok(answer)) => json_answer(&answer),
        Some(Err(QueueRefusal("QueueDoesNotExist", message))) => {
            ApiError::new("com.amazonaws.sqs#QueueDoesNotExist", message).into_response()
        }
        Some(Err(QueueRefusal(code, message))) => ApiError::new(code, message).into_response(),
        None => not_served("SQS", operation).into_response(),
    }
}

/// One call of SNS; `None` for an operation without a local form.
pub async fn sns(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Response> {
    let came = match action {
        "CreateTopic" => create_topic(host, caller, form).await,
        "DeleteTopic" => host
            .topics
            .delete(&host.store, form.field("TopicArn"))
            .await
            .map(|()| String::new())
            .map_err(TopicRefusal::from),
        "ListTopics" => Ok(topics(host, caller)),
        "Subscribe" => subscribe(host, form).await,
        "Publish" => publish(host, form).await,
        _ => return None,
    };
    Some(match came {
        Ok(result) => xml::answer(NAMESPACE, action, &result),
        Err(TopicRefusal(_, code, message, status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            xml::error(NAMESPACE, status, code, &message)
        }
    })
}

async fn create_topic(host: &Host, caller: &AccountRegion, form: &Form) -> Result<String, TopicRefusal> {
    let (name, attributes) = (form.field("Name"), form.attributes());
    let set = |attribute: &str| attributes.get(attribute) == Some(&"true");
    let topic = Topic::new(caller.arn("sns", name), name, set("FifoTopic"), set("ContentBasedDeduplication"))?;
    let arn = topic.arn.clone();
    host.topics.create(&host.store, topic).await?;
    Ok(element("TopicArn", arn))
}

fn topics(host: &Host, caller: &AccountRegion) -> String {
    let arns = host.topics.arns();
    let members = arns.iter().filter(|arn| caller.has(arn));
    let members: String = members.map(|arn| format!("<member>{}</member>", element("TopicArn", arn))).collect();
    format!("<Topics>{members}</Topics>")
}

async fn subscribe(host: &Host, form: &Form) -> Result<String, TopicRefusal> {
    let topic = form.field("TopicArn");
    if host.topics.subscribe(&host.store, topic, form.field("Endpoint")).await? {
        Ok(element("SubscriptionArn", format!("{topic}:{}", random::uuid())))
    } else {
        Err(TopicRefusal::not_found())
    }
}

async fn publish(host: &Host, form: &Form) -> Result<String, TopicRefusal> {
    let fields = ["Subject", "Message", "MessageStructure", "MessageGroupId", "MessageDeduplicationId"];
    let given = fields.into_iter().filter_map(|field| Some((field.to_owned(), json!(form.given(field)?))));
    let attributes = ("MessageAttributes".to_owned(), Value::Object(form.message_attributes()));
    let notice = Notice::of(&Value::Object(given.chain([attributes]).collect())).map_err(TopicRefusal::invalid)?;
    let topic = form.given("TopicArn").or_else(|| form.given("TargetArn")).unwrap_or_default();
    let Published { id, sequence } = publish_to_topic(host, topic, &notice).await?;
    let sequence = sequence.map(|sequence| element("SequenceNumber", sequence)).unwrap_or_default();
    Ok(element("MessageId", id) + &sequence)
}

//! The small parts of SNS (query protocol, XML), SQS and DynamoDB (JSON protocol) that workflows and their tests need.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::wire::decoded;
use crate::host::Host;
use crate::integrations::{Notice, QueueRefusal, TableRefusal, operate_queue, operate_table, publish_to_topic};

/// What a service is asked; nothing is an empty object.
fn read(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
        .map_err(|error| ApiError::new("SerializationException", format!("The body is not JSON: {error}")))
}

/// One call of DynamoDB.
pub async fn dynamodb(host: &Arc<Host>, operation: &str, body: &[u8]) -> Response {
    let input = match read(body) {
        Ok(input) => input,
        Err(refused) => return refused.into_response(),
    };
    // A task's action begins with a small letter.
    let mut letters = operation.chars();
    let action: String = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
    match operate_table(host, &action, &input).await {
        Some(Ok(answer)) => {
            ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response()
        }
        Some(Err(TableRefusal(code, message))) => ApiError::new(code, message).into_response(),
        None => {
            ApiError::new("UnknownOperationException", format!("The embedded DynamoDB has no operation {operation}."))
                .into_response()
        }
    }
}

/// One call of SQS.
pub async fn sqs(host: &Arc<Host>, operation: &str, body: &[u8]) -> Response {
    let input = match read(body) {
        Ok(input) => input,
        Err(refused) => return refused.into_response(),
    };
    match operate_queue(host, operation, &input).await {
        Some(Ok(answer)) => {
            ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response()
        }
        Some(Err(QueueRefusal("QueueDoesNotExist", message))) => {
            ApiError::new("com.amazonaws.sqs#QueueDoesNotExist", message).into_response()
        }
        Some(Err(QueueRefusal(code, message))) => ApiError::new(code, message).into_response(),
        None => ApiError::new("InvalidAction", format!("The embedded queues have no operation {operation}."))
            .into_response(),
    }
}

/// One call of SNS.
pub async fn sns(host: &Arc<Host>, body: &[u8]) -> Response {
    let fields = form(&String::from_utf8_lossy(body));
    let field = |key: &str| fields.get(key).map_or("", String::as_str);
    let action = field("Action");
    let answer = match action {
        "CreateTopic" => {
            let arn = host.place.arn("sns", field("Name"));
            if super::arn::check_name(field("Name")).is_err() {
                return sns_error(StatusCode::BAD_REQUEST, "InvalidParameter", "Invalid parameter: Topic Name");
            }
            host.topics.create(&host.store, &arn).await.map(|()| format!("<TopicArn>{}</TopicArn>", escaped(&arn)))
        }
        "ListTopics" => {
            let topics = host
                .topics
                .arns()
                .iter()
                .map(|arn| format!("<member><TopicArn>{}</TopicArn></member>", escaped(arn)))
                .collect::<String>();
            Ok(format!("<Topics>{topics}</Topics>"))
        }
        "Subscribe" => match host.topics.subscribe(&host.store, field("TopicArn"), field("Endpoint")).await {
            Ok(true) => {
                Ok(format!("<SubscriptionArn>{}:{}</SubscriptionArn>", escaped(field("TopicArn")), Uuid::new_v4()))
            }
            Ok(false) => return sns_error(StatusCode::NOT_FOUND, "NotFound", "Topic does not exist"),
            Err(error) => Err(error),
        },
        "Publish" => {
            let notice = Notice {
                subject: fields.get("Subject").cloned(),
                message: field("Message").to_owned(),
                structured: field("MessageStructure") == "json",
                attributes: attributes(&fields),
            };
            let topic = fields.get("TopicArn").or_else(|| fields.get("TargetArn")).map_or("", String::as_str);
            match publish_to_topic(host, topic, &notice).await {
                Ok(Some(id)) => Ok(format!("<MessageId>{id}</MessageId>")),
                Ok(None) => return sns_error(StatusCode::NOT_FOUND, "NotFound", "Topic does not exist"),
                Err(error) => Err(error),
            }
        }
        other => {
            let message = format!("The embedded topics have no operation {other}.");
            return sns_error(StatusCode::BAD_REQUEST, "InvalidAction", &message);
        }
    };
    match answer {
        Ok(result) => {
            let id = Uuid::new_v4();
            let body = format!(
                "<{action}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><{action}Result>{result}</{action}Result>\
                 <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
            );
            ([(header::CONTENT_TYPE, "text/xml")], body).into_response()
        }
        Err(error) => sns_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &error.to_string()),
    }
}

/// The attributes of a message: `MessageAttributes.entry.1.Name`, `.Value.DataType`, `.Value.StringValue`.
fn attributes(fields: &BTreeMap<String, String>) -> Map<String, Value> {
    let names = fields.iter().filter_map(|(key, name)| {
        let entry = key.strip_prefix("MessageAttributes.entry.")?.strip_suffix(".Name")?;
        let values = ["DataType", "StringValue", "BinaryValue"].into_iter().filter_map(|part| {
            let value = fields.get(&format!("MessageAttributes.entry.{entry}.Value.{part}"))?;
            Some((part.to_owned(), json!(value)))
        });
        Some((name.clone(), Value::Object(values.collect())))
    });
    names.collect()
}

fn sns_error(status: StatusCode, code: &str, message: &str) -> Response {
    let message = escaped(message);
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
        Uuid::new_v4()
    );
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The fields of a form.
fn form(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::{attributes, form};
    use serde_json::{Value, json};

    #[test]
    fn a_form_is_decoded() {
        let fields = form("Action=Publish&Message=a%20b%2Bc+d%C3%BC&Bad=%zz");
        assert_eq!(fields["Message"], "a b+c dü");
        assert_eq!(fields["Bad"], "?");
    }

    #[test]
    fn attributes_are_gathered_from_their_parts() {
        let text = "MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String\
                    &MessageAttributes.entry.1.Value.StringValue=x";
        let expect = json!({ "a": { "DataType": "String", "StringValue": "x" } });
        assert_eq!(Value::Object(attributes(&form(text))), expect);
    }
}

//! The small parts of SNS (query protocol, XML), SQS and DynamoDB (JSON protocol) that workflows and their tests need.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
use super::wire::md5;
use crate::host::Host;
use crate::integrations::{TableRefusal, operate_table, publish_to_topic};

/// One call of DynamoDB.
pub async fn dynamodb(host: &Arc<Host>, operation: &str, body: &[u8]) -> Response {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
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
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    match sqs_call(host, operation, &input).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn sqs_call(host: &Arc<Host>, operation: &str, input: &Value) -> Result<Value, ApiError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    let by_name = |name: &str| host.place.arn("sqs", name);
    let arn = by_name(text("QueueUrl").rsplit('/').next().unwrap_or_default());
    let url = |arn: &str| {
        format!(
            "http://sqs.{}.localhost/{}/{}",
            host.place.region,
            host.place.account,
            arn.rsplit(':').next().unwrap_or_default()
        )
    };
    let gone = || ApiError::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.");
    match operation {
        "CreateQueue" => {
            super::arn::check_name(text("QueueName"))?;
            let arn = by_name(text("QueueName"));
            host.queues.create(&host.store, &arn).await?;
            Ok(json!({ "QueueUrl": url(&arn) }))
        }
        "GetQueueUrl" => {
            let arn = by_name(text("QueueName"));
            host.queues.arns().contains(&arn).then(|| json!({ "QueueUrl": url(&arn) })).ok_or_else(gone)
        }
        "ListQueues" => Ok(json!({ "QueueUrls": host.queues.arns().iter().map(|arn| url(arn)).collect::<Vec<_>>() })),
        "GetQueueAttributes" => {
            host.queues.arns().contains(&arn).then(|| json!({ "Attributes": { "QueueArn": arn } })).ok_or_else(gone)
        }
        "SendMessage" => {
            let body = text("MessageBody");
            let id = host.queues.send(&arn, body, host.clock.now()).ok_or_else(gone)?;
            Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5(body) }))
        }
        "ReceiveMessage" => {
            let most = input.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1).clamp(1, 10);
            let taken =
                host.queues.receive(&arn, usize::try_from(most).unwrap_or(1), host.clock.now()).ok_or_else(gone)?;
            let messages = taken.into_iter().map(|message| {
                json!({ "MessageId": message.id, "ReceiptHandle": message.receipt, "MD5OfBody": md5(&message.body), "Body": message.body })
            });
            Ok(json!({ "Messages": messages.collect::<Vec<_>>() }))
        }
        "DeleteMessage" => host.queues.delete(&arn, text("ReceiptHandle")).then(|| json!({})).ok_or_else(gone),
        other => Err(ApiError::new("InvalidAction", format!("The embedded queues have no operation {other}."))),
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
            let subject = fields.get("Subject").map(String::as_str);
            match publish_to_topic(host, field("TopicArn"), subject, field("Message")).await {
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

fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                out.push(value.unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn a_form_is_decoded() {
        let fields = form("Action=Publish&Message=a%20b%2Bc+d%C3%BC&Bad=%zz");
        assert_eq!(fields["Message"], "a b+c dü");
        assert_eq!(fields["Bad"], "?");
    }
}

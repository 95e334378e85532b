//! A message of SNS as it is pushed over HTTP.

use countersign_desk::connection::TopicArn;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How deep an execution's ARN is looked for, and how long it may be.
const DEPTH: usize = 8;
const ARN: usize = 400;

/// The fields that are signed, and those that say how. A field that stands twice is an error.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
}

/// What a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Notification,
    /// Somebody has subscribed this hook to the topic.
    Confirmation {
        token: String,
    },
    /// Somebody has ended the subscription.
    Farewell,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    pub id: String,
    pub topic: TopicArn,
    /// When it was sent, in milliseconds since the epoch.
    pub at: i64,
    pub version: String,
    /// In base64.
    pub signature: String,
    pub certificate_url: String,
    /// What is signed.
    pub signed: String,
    content: String,
}

impl Message {
    /// Reads a message; nothing of it is checked yet.
    ///
    /// # Errors
    /// It is none.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let envelope: Envelope = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let (kind, signed) = match (envelope.kind.as_str(), &envelope.token, &envelope.subscribe_url) {
            ("Notification", ..) => (Kind::Notification, envelope.signed(None)),
            ("SubscriptionConfirmation", Some(token), Some(url)) => {
                (Kind::Confirmation { token: token.clone() }, envelope.signed(Some((token, url))))
            }
            ("UnsubscribeConfirmation", Some(token), Some(url)) => {
                (Kind::Farewell, envelope.signed(Some((token, url))))
            }
            (kind, ..) => return Err(format!("its type {kind:.40?} is unknown, or it has no token")),
        };
        let at = OffsetDateTime::parse(&envelope.timestamp, &Rfc3339).map_err(|error| error.to_string())?;
        let at = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|error| error.to_string())?;
        Ok(Self {
            kind,
            topic: envelope.topic_arn.parse().map_err(|_| "its topic is none".to_owned())?,
            id: envelope.message_id,
            at,
            version: envelope.signature_version,
            signature: envelope.signature,
            certificate_url: envelope.signing_cert_url,
            signed,
            content: envelope.message,
        })
    }

    /// The ARN of the execution that the content names: EventBridge's `detail.executionArn`, or any text that is one.
    pub fn execution(&self) -> Option<String> {
        let content: Value = serde_json::from_str(&self.content).ok()?;
        let of_event = content["detail"]["executionArn"].as_str().filter(|text| is_execution(text));
        of_event.map(str::to_owned).or_else(|| find(&content, DEPTH))
    }
}

impl Envelope {
    /// The signed text: names and values in the order of the alphabet, each with a line's end.
    fn signed(&self, subscription: Option<(&str, &str)>) -> String {
        let mut fields = vec![("Message", self.message.as_str()), ("MessageId", &self.message_id)];
        match subscription {
            None => fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject))),
            Some((_, url)) => fields.push(("SubscribeURL", url)),
        }
        fields.push(("Timestamp", &self.timestamp));
        fields.extend(subscription.map(|(token, _)| ("Token", token)));
        fields.extend([("TopicArn", self.topic_arn.as_str()), ("Type", &self.kind)]);
        fields.into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }
}

/// Whether a text is the ARN of an execution: `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`.
fn is_execution(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    text.len() <= ARN
        && matches!(parts[..], ["arn", _, "states", _, _, "execution", machine, name] if !machine.is_empty() && !name.is_empty())
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

fn find(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) if is_execution(text) => Some(text.clone()),
        _ if depth == 0 => None,
        Value::Array(items) => items.iter().find_map(|item| find(item, depth - 1)),
        Value::Object(fields) => fields.values().find_map(|item| find(item, depth - 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use serde_json::json;

    fn envelope() -> Value {
        json!({
            "Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:a",
            "Subject": "s", "Message": "{}", "Timestamp": "2023-11-14T22:13:20.500Z", "SignatureVersion": "2",
            "Signature": "AA==", "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem", "UnsubscribeURL": "x",
        })
    }

    #[test]
    fn what_is_signed_depends_on_the_type() {
        let message = Message::read(envelope().to_string().as_bytes()).unwrap();
        assert_eq!(message.at, 1_700_000_000_500);
        assert_eq!(
            message.signed,
            "Message\n{}\nMessageId\nm-1\nSubject\ns\nTimestamp\n2023-11-14T22:13:20.500Z\nTopicArn\n\
             arn:aws:sns:eu-west-1:123456789012:a\nType\nNotification\n"
        );
        let mut confirmation = envelope();
        confirmation["Type"] = "SubscriptionConfirmation".into();
        confirmation["Token"] = "t".into();
        assert!(Message::read(confirmation.to_string().as_bytes()).is_err(), "it has no URL, which is signed");
        confirmation["SubscribeURL"] = "https://u".into();
        let message = Message::read(confirmation.to_string().as_bytes()).unwrap();
        assert_eq!(message.kind, Kind::Confirmation { token: "t".into() });
        assert!(message.signed.contains("MessageId\nm-1\nSubscribeURL\nhttps://u\nTimestamp\n"), "{}", message.signed);
        assert!(message.signed.contains("Token\nt\nTopicArn\n") && !message.signed.contains("Subject"));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for body in ["", "[]", "{}", "\"x\"", "{\"Type\":\"Notification\"}"] {
            assert!(Message::read(body.as_bytes()).is_err(), "{body}");
        }
        let twice = envelope().to_string().replacen('{', "{\"Message\":\"other\",", 1);
        assert!(Message::read(twice.as_bytes()).unwrap_err().contains("duplicate"), "{twice}");
        for (field, value) in [("Timestamp", "yesterday"), ("TopicArn", "arn:x"), ("Type", "Other")] {
            let mut wrong = envelope();
            wrong[field] = value.into();
            assert!(Message::read(wrong.to_string().as_bytes()).is_err(), "{field}");
        }
    }

    #[test]
    fn an_execution_is_found_in_what_eventbridge_and_others_send() {
        let arn = "arn:aws:states:eu-west-1:123456789012:execution:order:a1";
        let of = |content: Value| {
            let mut envelope = envelope();
            envelope["Message"] = content.to_string().into();
            Message::read(envelope.to_string().as_bytes()).unwrap().execution()
        };
        let event = json!({ "source": "aws.states", "resources": ["arn:x"], "detail": { "executionArn": arn, "status": "FAILED" } });
        assert_eq!(of(event).as_deref(), Some(arn));
        assert_eq!(of(json!({ "a": [1, { "execution": arn }] })).as_deref(), Some(arn));
        for other in
            [json!({ "a": "arn:aws:states:r:1:stateMachine:order" }), json!("text"), json!({ "a": format!("{arn} x") })]
        {
            assert_eq!(of(other.clone()), None, "{other}");
        }
        let deep = (0..200).fold(json!(arn), |inner, _| json!([inner]));
        assert_eq!(of(deep), None);
    }
}

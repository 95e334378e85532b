//! SNS topics that messages and anchors are published to, and whose subscriptions are confirmed.

use std::fmt;
use std::str::FromStr;

use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::sdk::{SdkOptions, shared_config};

/// The most bytes of a message that SNS takes, and the most characters of a subject.
const MESSAGE: usize = 262_144;
const SUBJECT: usize = 100;

/// The ARN of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicArn(String);

/// A text is not the ARN of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:approvals")]
pub struct NoTopic;

impl FromStr for TopicArn {
    type Err = NoTopic;

    fn from_str(text: &str) -> Result<Self, NoTopic> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return Err(NoTopic) };
        let is_lower = |text: &str| {
            !text.is_empty() && text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-')
        };
        let plain = name.strip_suffix(".fifo").unwrap_or(name);
        let is_name = !plain.is_empty()
            && name.len() <= 256
            && plain.bytes().all(|one| one.is_ascii_alphanumeric() || b"-_".contains(&one));
        let is_account = account.len() == 12 && account.bytes().all(|one| one.is_ascii_digit());
        let is_right = partition.starts_with("aws") && is_lower(partition) && is_lower(region) && is_account && is_name;
        is_right.then(|| Self(text.to_owned())).ok_or(NoTopic)
    }
}

impl fmt::Display for TopicArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TopicArn {
    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic's region.
    #[must_use]
    pub fn region(&self) -> &str {
        // Proof: six parts were read.
        self.0.split(':').nth(3).unwrap_or_default()
    }

    fn is_fifo(&self) -> bool {
        self.0.ends_with(".fifo")
    }
}

/// What is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// What e-mails that the topic sends have as their subject; letters beyond ASCII are replaced.
    pub subject: String,
    pub text: String,
    /// Attributes that subscriptions filter by.
    pub attributes: Vec<(&'static str, String)>,
    /// The same for each attempt: a FIFO topic takes it once within five minutes.
    pub key: String,
}

/// Why SNS did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct TopicError {
    pub why: String,
    /// Whether SNS refused what was sent, so that another attempt would end the same way.
    pub refused: bool,
}

/// A client of SNS.
#[derive(Clone, Debug)]
pub struct Topics(aws_sdk_sns::Client);

impl Topics {
    /// Makes the client; no call is made yet.
    pub async fn connect(options: SdkOptions) -> Self {
        let (shared, ..) = shared_config(&options).await;
        Self(aws_sdk_sns::Client::new(&shared))
    }

    /// Publishes to a topic.
    ///
    /// # Errors
    /// SNS was not reached, or refused it.
    pub async fn publish(&self, topic: &TopicArn, publication: &Publication) -> Result<(), TopicError> {
        if publication.text.len() > MESSAGE {
            let why = format!("the message has {} bytes; the limit is {MESSAGE}", publication.text.len());
            return Err(TopicError { why, refused: true });
        }
        let mut call = self.0.publish().topic_arn(topic.as_str()).message(&publication.text);
        let subject = subject(&publication.subject);
        if !subject.is_empty() {
            call = call.subject(subject);
        }
        for (name, value) in publication.attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let value = aws_sdk_sns::types::MessageAttributeValue::builder().data_type("String").string_value(value);
            call = call.message_attributes(*name, value.build().map_err(|error| unsent(&error))?);
        }
        if topic.is_fifo() {
            call = call.message_group_id("countersign").message_deduplication_id(short(&publication.key));
        }
        call.send().await.map(drop).map_err(|error| failed(&error))
    }

    /// Confirms a subscription of this topic.
    ///
    /// # Errors
    /// SNS was not reached, or refused it.
    pub async fn confirm(&self, topic: &TopicArn, token: &str) -> Result<(), TopicError> {
        let call = self.0.confirm_subscription().topic_arn(topic.as_str()).token(token);
        call.send().await.map(drop).map_err(|error| failed(&error))
    }
}

/// A subject as SNS takes it: ASCII that is shown, and no line's end.
fn subject(text: &str) -> String {
    let shown = text.chars().map(|letter| match letter {
        ' '..='~' => letter,
        '…' => '.',
        _ if letter.is_whitespace() || letter.is_control() => ' ',
        _ => '?',
    });
    let line = shown.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SUBJECT).collect()
}

/// A key as a deduplication id, which has 128 characters at most.
fn short(key: &str) -> String {
    use sha2::{Digest as _, Sha256};
    crate::store::anchors::hexadecimal(&Sha256::digest(key.as_bytes()))
}

fn unsent(error: &dyn fmt::Display) -> TopicError {
    TopicError { why: error.to_string(), refused: true }
}

fn failed<E>(error: &SdkError<E>) -> TopicError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Some(refusal) = error.as_service_error() else {
        return TopicError { why: format!("SNS was not reached: {}", DisplayErrorContext(error)), refused: false };
    };
    let code = refusal.code().unwrap_or("an error without a code");
    // What may be mended meanwhile, such as a missing permission or topic, is tried again.
    let refused = matches!(code, "InvalidParameter" | "ParameterValueInvalid" | "InvalidParameterValue");
    let why = match refusal.message() {
        Some(message) => format!("SNS refused it with {code}: {message}"),
        None => format!("SNS refused it with {code}"),
    };
    TopicError { why, refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_topic_is_told_from_others() {
        for (text, region) in [
            ("arn:aws:sns:eu-west-1:123456789012:approvals", Some("eu-west-1")),
            ("arn:aws-cn:sns:cn-north-1:123456789012:a_b-C.fifo", Some("cn-north-1")),
            ("arn:aws:sqs:eu-west-1:123456789012:approvals", None),
            ("arn:aws:sns:eu-west-1:123456789012:approvals:8c1a", None),
            ("arn:aws:sns:eu/west:123456789012:approvals", None),
            ("arn:aws:sns:eu-west-1:1234:approvals", None),
            ("arn:aws:sns:eu-west-1:123456789012:", None),
            ("arn:aws:sns:eu-west-1:123456789012:a b", None),
            ("", None),
        ] {
            let topic = text.parse::<TopicArn>();
            assert_eq!(topic.as_ref().ok().map(TopicArn::region), region, "{text}");
        }
    }

    #[test]
    fn a_subject_is_one_line_of_ascii() {
        assert_eq!(subject("Refund 40 € for\r\nBcc: x@y\u{7}?"), "Refund 40 ? for Bcc: x@y ?");
        assert_eq!(subject(&"é".repeat(300)).len(), SUBJECT);
        assert_eq!(subject("\n \t"), "");
        assert_eq!(short("k").len(), 64);
    }
}

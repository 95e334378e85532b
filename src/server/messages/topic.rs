//! SNS topics.

use countersign_desk::connection::{Publication, TopicArn, Topics};
use countersign_desk::notify::{Carrier, Carrying, NotCarried, Parcel};

use super::words::worded;

/// The carrier to a topic.
pub struct Topic {
    topics: Topics,
    arn: TopicArn,
    origin: String,
}

impl Topic {
    /// A carrier to the topic with this ARN.
    pub fn new(topics: Topics, arn: TopicArn, origin: &str) -> Self {
        Self { topics, arn, origin: origin.to_owned() }
    }
}

impl Carrier for Topic {
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a> {
        Box::pin(async move {
            let publication = publication(parcel, &self.origin);
            self.topics
                .publish(&self.arn, &publication)
                .await
                .map_err(|error| NotCarried { why: super::super::terminal::line(&error.why), for_good: error.refused })
        })
    }
}

/// A message as a topic gets it: a text that people read, and what subscriptions filter by.
fn publication(parcel: &Parcel, origin: &str) -> Publication {
    let worded = worded(&parcel.message, origin);
    let facts: String = worded.facts.iter().map(|(label, value)| format!("{label}: {value}\n")).collect();
    let message = &parcel.message;
    Publication {
        text: format!("{}\n\n{}\n\n{facts}\n{}\n", worded.subject, worded.sentence, worded.link),
        subject: worded.subject,
        attributes: vec![
            ("event", message.occasion.word().to_owned()),
            ("connection", message.connection.clone()),
            ("workflow", message.workflow.clone()),
        ],
        key: parcel.key.clone(),
    }
}

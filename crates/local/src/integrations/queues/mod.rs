//! SQS queues: kept by name, their messages in memory until somebody takes them.

mod operations;

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::host::lock;
use crate::store::{Kind, Store, StoreError};

pub use operations::{Refusal, call, operate, send};

/// How long a message is kept, in milliseconds: SQS's default of four days.
const KEPT: i64 = 4 * 24 * 60 * 60 * 1_000;

/// A message of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: String,
    pub body: String,
    /// `MessageAttributes` as they were sent.
    pub attributes: Map<String, Value>,
    /// Milliseconds since the epoch.
    pub sent_at: i64,
    /// How often it was received.
    pub received: u64,
    /// Given anew by each receive; deletes the message.
    pub receipt: String,
    visible_at: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Queue {
    arn: String,
    #[serde(skip)]
    messages: Vec<Message>,
}

impl Queue {
    /// Drops the messages that nobody took in time; the oldest come first.
    fn drop_old(&mut self, now: i64) {
        let old = self.messages.iter().take_while(|message| message.sent_at + KEPT <= now).count();
        self.messages.drain(..old);
    }
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

    /// Puts a message into a queue, where it is seen after `delay` milliseconds; its id, `None` where there is no such
    /// queue.
    pub fn send(&self, arn: &str, body: &str, attributes: &Map<String, Value>, now: i64, delay: i64) -> Option<String> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        queue.drop_old(now);
        let id = Uuid::new_v4().to_string();
        queue.messages.push(Message {
            id: id.clone(),
            body: body.to_owned(),
            attributes: attributes.clone(),
            sent_at: now,
            received: 0,
            receipt: String::new(),
            visible_at: now + delay,
        });
        Some(id)
    }

    /// Takes up to `most` messages, which are hidden from others for `hidden` milliseconds.
    pub fn receive(&self, arn: &str, most: usize, now: i64, hidden: i64) -> Option<Vec<Message>> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        queue.drop_old(now);
        let visible = queue.messages.iter_mut().filter(|message| message.visible_at <= now).take(most);
        Some(
            visible
                .map(|message| {
                    message.visible_at = now + hidden;
                    message.received += 1;
                    message.receipt = Uuid::new_v4().to_string();
                    message.clone()
                })
                .collect(),
        )
    }

    /// Hides a received message until another time; false where there is no such queue.
    pub fn hide(&self, arn: &str, receipt: &str, until: i64) -> bool {
        let mut queues = lock(&self.0);
        let Some(queue) = queues.get_mut(arn) else { return false };
        queue.messages.iter_mut().filter(|m| m.receipt == receipt).for_each(|m| m.visible_at = until);
        true
    }

    /// Deletes the messages that `unwanted` says; false where there is no such queue.
    pub fn delete(&self, arn: &str, unwanted: impl Fn(&Message) -> bool) -> bool {
        lock(&self.0).get_mut(arn).map(|queue| queue.messages.retain(|message| !unwanted(message))).is_some()
    }

    /// How many messages can be received, and how many are hidden; `None` where there is no such queue.
    pub fn counts(&self, arn: &str, now: i64) -> Option<(usize, usize)> {
        let queues = lock(&self.0);
        let messages = &queues.get(arn)?.messages;
        let visible = messages.iter().filter(|message| message.visible_at <= now).count();
        Some((visible, messages.len() - visible))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn a_message_that_nobody_takes_is_dropped_after_four_days() {
        let queue = Queue { arn: "q".to_owned(), messages: Vec::new() };
        let queues = Queues(Mutex::new(BTreeMap::from([("q".to_owned(), queue)])));
        for sent_at in [0, 1] {
            queues.send("q", "x", &Map::new(), sent_at, 0).unwrap();
        }
        let received = queues.receive("q", 10, KEPT, 0).unwrap();
        assert_eq!(received.iter().map(|message| message.sent_at).collect::<Vec<_>>(), [1]);
        assert_eq!(queues.counts("q", KEPT), Some((1, 0)));
    }
}

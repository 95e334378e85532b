//! SQS queues, by name. Their messages are in memory until somebody deletes them.

mod attributes;
mod operations;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::host::lock;
use crate::random;
use crate::store::{ResourceKind, Store, StoreError};

pub use operations::{QueueRefusal, call, operate, send};

/// How long a message is kept, in milliseconds: SQS's default of four days.
const KEPT: i64 = 4 * 24 * 60 * 60 * 1_000;
/// For how long a FIFO queue recognises a message, in milliseconds.
const KNOWN: i64 = 5 * 60 * 1_000;

/// The position of a message in a FIFO queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// `MessageGroupId`: the messages of a group are received one after the other.
    pub group: String,
    /// `MessageDeduplicationId`: a message with the same id within five minutes is the same message.
    pub deduplication: String,
    /// How many messages came before it.
    pub sequence: u64,
}

/// The outcome of sending a message.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: String,
    /// In a FIFO queue.
    pub sequence: Option<u64>,
}

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
    /// New with each receive; deletes the message.
    pub receipt: String,
    /// In a FIFO queue.
    pub turn: Option<Turn>,
    visible_at: i64,
}

/// The settings of a queue that differ from SQS's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `ContentBasedDeduplication`: a FIFO queue recognises messages without a deduplication id by their bodies.
    pub by_content: bool,
    /// `VisibilityTimeout`, in milliseconds.
    pub hidden: Option<i64>,
    /// `DelaySeconds`, in milliseconds.
    pub delay: Option<i64>,
    /// Other attributes, which are returned and have no effect.
    pub others: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Queue {
    arn: String,
    #[serde(flatten)]
    settings: Settings,
    #[serde(skip)]
    messages: Vec<Message>,
    /// When each message of the last five minutes was sent, how it is recognised, and the outcome.
    #[serde(skip)]
    known: VecDeque<(i64, String, Sent)>,
    /// How many messages a FIFO queue has accepted.
    #[serde(skip)]
    sequence: u64,
}

impl Queue {
    /// Drops the messages that nobody received in time; the oldest come first.
    fn drop_old(&mut self, now: i64) {
        let old = self.messages.iter().take_while(|message| message.sent_at + KEPT <= now).count();
        self.messages.drain(..old);
        let forgotten = self.known.iter().take_while(|(sent_at, ..)| sent_at + KNOWN <= now).count();
        self.known.drain(..forgotten);
    }

    /// The stored form of the queue.
    fn without_messages(&self) -> Self {
        Self { arn: self.arn.clone(), settings: self.settings.clone(), ..Self::default() }
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
        let queues = store.resources::<Queue>(ResourceKind::Queue).await?;
        Ok(Self(Mutex::new(queues.into_iter().map(|queue| (queue.arn.clone(), queue)).collect())))
    }

    /// Makes a queue, or finds an existing one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create(&self, store: &Store, arn: &str, settings: Settings) -> Result<(), StoreError> {
        let kept = Queue { arn: arn.to_owned(), settings, ..Queue::default() };
        let queue = lock(&self.0).entry(arn.to_owned()).or_insert(kept).without_messages();
        store.keep(ResourceKind::Queue, arn, &queue).await
    }

    /// Changes a queue's settings; false if there is no such queue.
    ///
    /// # Errors
    /// The store failed.
    pub async fn set(&self, store: &Store, arn: &str, settings: Settings) -> Result<bool, StoreError> {
        let queue = {
            let mut queues = lock(&self.0);
            let Some(queue) = queues.get_mut(arn) else { return Ok(false) };
            queue.settings = settings;
            queue.without_messages()
        };
        store.keep(ResourceKind::Queue, arn, &queue).await?;
        Ok(true)
    }

    /// Deletes a queue with its messages; false if there is no such queue.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove(&self, store: &Store, arn: &str) -> Result<bool, StoreError> {
        store.forget(ResourceKind::Queue, arn).await?;
        Ok(lock(&self.0).remove(arn).is_some())
    }

    /// A queue's settings; `None` if there is no such queue.
    pub fn settings(&self, arn: &str) -> Option<Settings> {
        lock(&self.0).get(arn).map(|queue| queue.settings.clone())
    }

    /// The queues' ARNs.
    #[must_use]
    pub fn arns(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    /// Sends a message to a queue, where it is visible after `delay` milliseconds; `None` if there is no such queue.
    pub fn send(
        &self,
        arn: &str,
        body: &str,
        attributes: &Map<String, Value>,
        turn: Option<Turn>,
        now: i64,
        delay: i64,
    ) -> Option<Sent> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        queue.drop_old(now);
        let turn = turn.map(|turn| Turn { sequence: queue.sequence, ..turn });
        let sent = Sent { id: random::uuid().to_string(), sequence: turn.as_ref().map(|turn| turn.sequence) };
        if let Some(turn) = &turn {
            if let Some((.., sent)) = queue.known.iter().find(|(_, known, _)| *known == turn.deduplication) {
                return Some(sent.clone());
            }
            queue.known.push_back((now, turn.deduplication.clone(), sent.clone()));
            queue.sequence += 1;
        }
        queue.messages.push(Message {
            id: sent.id.clone(),
            body: body.to_owned(),
            attributes: attributes.clone(),
            sent_at: now,
            received: 0,
            receipt: String::new(),
            turn,
            visible_at: now + delay,
        });
        Some(sent)
    }

    /// Receives up to `most` messages, which are hidden from others for `hidden` milliseconds. While a message of a
    /// group is hidden, no later one of that group is received.
    pub fn receive(&self, arn: &str, most: usize, now: i64, hidden: i64) -> Option<Vec<Message>> {
        let mut queues = lock(&self.0);
        let queue = queues.get_mut(arn)?;
        queue.drop_old(now);
        let mut waiting = BTreeSet::new();
        let visible = queue.messages.iter_mut().filter(|message| {
            let group = message.turn.as_ref().map(|turn| turn.group.clone());
            let visible = message.visible_at <= now && group.as_ref().is_none_or(|group| !waiting.contains(group));
            waiting.extend(group.filter(|_| !visible));
            visible
        });
        let taken = visible.take(most).map(|message| {
            message.visible_at = now + hidden;
            message.received += 1;
            message.receipt = random::uuid().to_string();
            message.clone()
        });
        Some(taken.collect())
    }

    /// Hides a received message until another time; false if there is no such queue.
    pub fn hide(&self, arn: &str, receipt: &str, until: i64) -> bool {
        let mut queues = lock(&self.0);
        let Some(queue) = queues.get_mut(arn) else { return false };
        queue.messages.iter_mut().filter(|m| m.receipt == receipt).for_each(|m| m.visible_at = until);
        true
    }

    /// Deletes the messages for which `unwanted` is true; false if there is no such queue.
    pub fn delete(&self, arn: &str, unwanted: impl Fn(&Message) -> bool) -> bool {
        lock(&self.0).get_mut(arn).map(|queue| queue.messages.retain(|message| !unwanted(message))).is_some()
    }

    /// How many messages are visible, and how many are hidden; `None` if there is no such queue.
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

    fn queues() -> Queues {
        let queue = Queue { arn: "q".to_owned(), ..Queue::default() };
        Queues(Mutex::new(BTreeMap::from([("q".to_owned(), queue)])))
    }

    #[test]
    fn of_a_group_one_message_follows_the_other() {
        let queues = queues();
        let send = |body: &str, group: &str, now: i64| {
            let turn = Turn { group: group.to_owned(), deduplication: body.to_owned(), sequence: 0 };
            queues.send("q", body, &Map::new(), Some(turn), now, 0).unwrap()
        };
        let bodies = |most: usize, now: i64| -> Vec<String> {
            queues.receive("q", most, now, 1_000).unwrap().into_iter().map(|message| message.body).collect()
        };
        let first = send("a1", "a", 0);
        assert_eq!(
            (first.sequence, send("a2", "a", 0).sequence, send("b1", "b", 0).sequence),
            (Some(0), Some(1), Some(2))
        );
        assert_eq!(send("a1", "a", KNOWN - 1).id, first.id, "it is known for five minutes");
        assert_eq!(bodies(1, 0), ["a1"]);
        assert_eq!(bodies(10, 0), ["b1"], "a2 waits for a1");
        assert_eq!(bodies(10, 1_000), ["a1", "a2", "b1"], "what was not deleted comes again, in its order");
        assert_ne!(send("a1", "a", KNOWN).id, first.id);
    }

    #[test]
    fn a_message_that_nobody_takes_is_dropped_after_four_days() {
        let queues = queues();
        for sent_at in [0, 1] {
            queues.send("q", "x", &Map::new(), None, sent_at, 0).unwrap();
        }
        let received = queues.receive("q", 10, KEPT, 0).unwrap();
        assert_eq!(received.iter().map(|message| message.sent_at).collect::<Vec<_>>(), [1]);
        assert_eq!(queues.counts("q", KEPT), Some((1, 0)));
    }
}

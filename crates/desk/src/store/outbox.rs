//! Messages until their channels have taken them. They are made with what has made them, and change until they have ended.

use std::collections::BTreeMap;

use super::Kept;
use crate::connection::ConnectionId;

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub id: i64,
    pub connection: ConnectionId,
    /// What made it, in a text that no other event has.
    pub event: String,
    /// Empty where the channel itself says where it goes.
    pub recipient: String,
    /// JSON.
    pub content: String,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    /// Attempts that were begun.
    pub attempts: u32,
}

/// The messages of a channel that nobody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub channel: String,
    pub count: u64,
    /// Why, and when the last one was given up.
    pub why: String,
    pub at: i64,
}

/// How many messages of a channel are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    pub pending: u64,
    pub sent: u64,
    pub failed: u64,
    /// Not sent, because what they ask for had ended.
    pub dropped: u64,
}

/// The outbox of all connections.
pub trait Outbox: Send + Sync + 'static {
    /// These channels are there, and no others: returns since when each is. What waits in the channels that are gone is
    /// given up.
    fn open_channels<'a>(&'a self, names: &'a [String], now: i64) -> Kept<'a, BTreeMap<String, i64>>;

    /// Puts the messages of an event into a channel: recipients and contents. Returns `false`, and puts nothing, where the
    /// event has made its messages already.
    fn put_messages<'a>(
        &'a self,
        connection: &'a ConnectionId,
        channel: &'a str,
        event: &'a str,
        now: i64,
        messages: &'a [(String, String)],
    ) -> Kept<'a, bool>;

    /// The messages of a channel whose next attempt may begin at `now`, oldest first, at most `limit`.
    fn due_messages<'a>(&'a self, channel: &'a str, now: i64, limit: u32) -> Kept<'a, Vec<Outgoing>>;

    /// When the next attempt of a channel may begin; `None` where nothing waits.
    fn next_message<'a>(&'a self, channel: &'a str) -> Kept<'a, Option<i64>>;

    /// An attempt begins. Unless it is known to have succeeded, the next one may begin at `again_at`.
    fn trying_message(&self, id: i64, again_at: i64) -> Kept<'_, ()>;

    /// The channel has taken a message.
    fn message_sent(&self, id: i64, at: i64) -> Kept<'_, ()>;

    /// An attempt failed; the message is tried again.
    fn message_trouble<'a>(&'a self, id: i64, why: &'a str) -> Kept<'a, ()>;

    /// A message is given up.
    fn message_failed<'a>(&'a self, id: i64, why: &'a str, at: i64) -> Kept<'a, ()>;

    /// A message is not sent, because what it asks for has ended.
    fn message_dropped<'a>(&'a self, id: i64, why: &'a str, at: i64) -> Kept<'a, ()>;

    /// The messages of a connection that were given up after `since`, by channel.
    fn undelivered<'a>(&'a self, connection: &'a ConnectionId, since: i64) -> Kept<'a, Vec<Undelivered>>;

    /// How many messages of a channel are in which state.
    fn stock<'a>(&'a self, channel: &'a str) -> Kept<'a, Stock>;

    /// Forgets messages that ended before `ended`, and events from before `events`.
    fn forget_messages(&self, ended: i64, events: i64) -> Kept<'_, ()>;
}

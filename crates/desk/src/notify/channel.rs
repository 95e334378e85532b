//! Channels: what goes into them, to whom, and who carries it.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::message::{Message, Occasion};

/// Names of which a channel takes some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Only {
    #[default]
    All,
    These(BTreeSet<String>),
}

impl Only {
    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }
}

/// Whom a channel sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Those who may decide the request, at their own addresses.
    Approvers,
    /// One address; empty where the channel itself says where it goes.
    Fixed(String),
}

/// A way for messages.
#[derive(Clone)]
pub struct Channel {
    pub name: String,
    pub occasions: BTreeSet<Occasion>,
    /// The connections and workflows that it is for.
    pub connections: Only,
    pub workflows: Only,
    /// The workflows whose failed executions are told: they may be many.
    pub failures: Only,
    pub to: Vec<Recipient>,
    /// Whether messages hold what requests ask, as whoever may view payloads sees it.
    pub content: bool,
    /// The most messages that it is sent in any minute, at least one. The others follow later, in their order.
    pub per_minute: u32,
    pub carrier: Arc<dyn Carrier>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The carrier holds secrets.
        out.debug_struct("Channel").field("name", &self.name).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Channel {
    /// Whether it takes what happened in a workflow of a connection.
    #[must_use]
    pub fn takes(&self, occasion: Occasion, connection: &str, workflow: &str) -> bool {
        self.occasions.contains(&occasion)
            && self.connections.has(connection)
            && self.workflows.has(workflow)
            && (occasion != Occasion::Failed || self.failures.has(workflow))
    }
}

/// A message on its way to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The same for each attempt, and no other message's: whoever gets it twice can tell.
    pub key: String,
    /// An address; empty where the channel itself says where it goes.
    pub recipient: String,
    pub message: Message,
    /// When the message was made, in milliseconds since the epoch.
    pub made_at: i64,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotCarried {
    /// A sentence without its full stop. It holds no secret: people read it.
    pub why: String,
    /// Whether another attempt would end the same way.
    pub for_good: bool,
}

/// How an attempt ends.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Result<(), NotCarried>> + Send + 'a>>;

/// Takes messages to where they are read.
pub trait Carrier: Send + Sync + 'static {
    /// Sends a message. It may be called again with one that was sent, where nobody knows that it was.
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a>;
}

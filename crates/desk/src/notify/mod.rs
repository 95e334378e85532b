//! Messages: what makes one, for whom, and the outbox that they wait in until a channel has taken them.
//!
//! An [`Occasion`] is something that people want to hear of. [`occasions`] says which ones a waiting request has, from its
//! rule and the time alone; failed executions come from the index, proposed deployments from the store, and
//! [`crate::Desk::broke_the_glass`] is called. Each has a
//! name that no other one has, and with the name of the channel it is taken into the outbox once, whatever crashes: the
//! messages of all recipients are made in one transaction with it. What happened before a channel was first configured makes
//! no message in it.
//!
//! A message is written as data ([`Message`]): its words are made when it is sent, behind the port [`Carrier`]. It holds what
//! somebody sees who may not view payloads, unless the channel has `content`. An attempt is counted before it begins: a
//! message is sent at least once, and a carrier that ends the process is not tried again at once. A channel takes at most so
//! many messages a minute ([`Channel::per_minute`]): a thousand requests at once are no thousand posts at once. A message
//! whose turn comes late is dropped where what it asks for has ended meanwhile.
//!
//! This module knows no SMTP, no HTTP and no words.
//!
//! # Adding a channel
//! 1. Implement [`Carrier`] in `src/server/messages`.
//! 2. Add its kind to `src/server/messages/config.rs`.

mod backoff;
mod channel;
mod message;
mod occasions;
mod open;
mod outbox;
mod pace;
mod proposals;
mod sources;
#[cfg(test)]
mod tests;

pub use self::backoff::{MOST_ATTEMPTS, delay};
pub use self::channel::{Carrier, Carrying, Channel, NotCarried, Only, Parcel, Recipient};
pub use self::message::{About, Message, Occasion};
pub use self::occasions::{Happened, occasions};
pub use self::outbox::{Chance, Notices};
pub(crate) use self::sources::Telling;

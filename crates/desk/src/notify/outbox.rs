//! The outbox at work: what was put into it goes to its channels.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::backoff::{MOST_ATTEMPTS, delay};
use super::channel::{Channel, NotCarried, Parcel};
use super::message::Message;
use super::pace::Pace;
use crate::clock::Clock;
use crate::connection::ConnectionId;
use crate::desk::Desk;
use crate::store::{Outgoing, Store, StoreError};

/// How long an attempt may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Messages that are read at a time.
const TOGETHER: u32 = 20;
/// The longest pause between two looks into the outbox.
const PAUSE: Duration = Duration::from_secs(30);
/// How long messages and events are kept, in milliseconds: a task may wait for a year.
const KEPT_MESSAGES: i64 = 90 * 24 * 3_600_000;
const KEPT_EVENTS: i64 = 400 * 24 * 3_600_000;

/// Why a message is dropped.
const ENDED: &str = "what it asks for has ended";

/// Draws a number from 0 to 1: tests give one.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The channels, and the outbox before them.
pub struct Notices {
    channels: Vec<Channel>,
    /// Since when each channel is there.
    since: BTreeMap<String, i64>,
    /// How fast each channel is sent to. After a restart a channel may be sent a minute's messages once more.
    paces: BTreeMap<String, Mutex<Pace>>,
    store: Arc<dyn Store>,
    clock: Clock,
    chance: Chance,
    /// The desks that know whether what a message asks for is still open.
    desks: Mutex<BTreeMap<ConnectionId, Weak<Desk>>>,
    /// How often something was put into the outbox.
    news: watch::Sender<u64>,
}

impl Notices {
    /// The outbox before these channels. A channel that is new begins now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(
        channels: Vec<Channel>,
        store: Arc<dyn Store>,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, StoreError> {
        let names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
        let now = clock.now();
        let since = store.open_channels(&names, now).await?;
        store.forget_messages(now - KEPT_MESSAGES, now - KEPT_EVENTS).await?;
        let pace = |channel: &Channel| (channel.name.clone(), Mutex::new(Pace::new(channel.per_minute)));
        let paces = channels.iter().map(pace).collect();
        let desks = Mutex::default();
        Ok(Self { channels, since, paces, store, clock, chance, desks, news: watch::Sender::new(0) })
    }

    /// Asks a desk from now on whether what the messages of its connection ask for is still open.
    pub(super) fn ask(&self, desk: &Arc<Desk>) {
        // An entry is added as a whole.
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        desks.insert(desk.id().clone(), Arc::downgrade(desk));
    }

    /// Whether what a message of a connection asks for is still open. Where nobody can say, it is.
    async fn is_asked(&self, connection: &ConnectionId, message: &Message) -> bool {
        let desk = {
            let desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
            desks.get(connection).and_then(Weak::upgrade)
        };
        match desk {
            Some(desk) => desk.still_asks(message).await,
            None => true,
        }
    }

    /// The channels that have been there at `at`.
    pub(super) fn channels_since(&self, at: i64) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(move |one| self.since.get(&one.name).is_some_and(|since| *since <= at))
    }

    /// Puts the messages of an event into a channel: recipients and messages. Returns whether the event is new to it.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn put(
        &self,
        connection: &ConnectionId,
        channel: &Channel,
        event: &str,
        messages: &[(String, Message)],
    ) -> Result<bool, StoreError> {
        let unstorable =
            |error: serde_json::Error| StoreError::Unstorable { what: "a message", why: error.to_string() };
        let content = |(recipient, message): &(String, Message)| {
            serde_json::to_string(message).map(|content| (recipient.clone(), content)).map_err(unstorable)
        };
        let messages = messages.iter().map(content).collect::<Result<Vec<_>, _>>()?;
        let is_new = self.store.put_messages(connection, &channel.name, event, self.clock.now(), &messages).await?;
        if is_new {
            self.news.send_modify(|count| *count += 1);
        }
        Ok(is_new)
    }

    /// Sends what is in the outbox until `end`, each channel by itself: one that does not answer delays no other.
    pub async fn run(self: Arc<Self>, end: CancellationToken) {
        let mut running = JoinSet::new();
        for index in 0..self.channels.len() {
            let (notices, end) = (Arc::clone(&self), end.clone());
            running.spawn(async move { notices.serve(&notices.channels[index], &end).await });
        }
        while running.join_next().await.is_some() {}
    }

    #[expect(clippy::disallowed_methods, reason = "the timer of the outbox; a test sends without the loop")]
    async fn serve(&self, channel: &Channel, end: &CancellationToken) {
        let mut news = self.news.subscribe();
        while !end.is_cancelled() {
            news.borrow_and_update();
            let sending = async {
                self.send_due(channel).await?;
                self.store.next_message(&channel.name).await
            };
            let next = tokio::select! {
                // What is being sent is sent again after the start: nobody knows whether it arrived.
                () = end.cancelled() => return,
                next = sending => next,
            };
            let pause = match next {
                Ok(next) => next.map_or(PAUSE, |at| {
                    let now = self.clock.now();
                    let at = at.max(self.with_pace(channel, |pace| pace.free_at(now)));
                    Duration::from_millis(u64::try_from(at - now).unwrap_or(0)).min(PAUSE)
                }),
                Err(error) => {
                    tracing::error!(%error, channel = %channel.name, "the outbox cannot be read");
                    PAUSE
                }
            };
            tokio::select! {
                () = end.cancelled() => return,
                _ = news.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends the messages of a channel whose time has come, as many as it takes now; returns how many it has taken.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn send_due(&self, channel: &Channel) -> Result<usize, StoreError> {
        let mut taken = 0;
        loop {
            let now = self.clock.now();
            let free = self.with_pace(channel, |pace| pace.free(now));
            let limit = u32::try_from(free).unwrap_or(TOGETHER).min(TOGETHER);
            if limit == 0 {
                return Ok(taken);
            }
            let due = self.store.due_messages(&channel.name, now, limit).await?;
            if due.is_empty() {
                return Ok(taken);
            }
            for outgoing in due {
                taken += usize::from(self.send(channel, outgoing).await?);
            }
        }
    }

    fn with_pace<T>(&self, channel: &Channel, look: impl FnOnce(&mut Pace) -> T) -> T {
        match self.paces.get(&channel.name) {
            // An attempt is noted as a whole.
            Some(pace) => look(&mut pace.lock().unwrap_or_else(PoisonError::into_inner)),
            // Proof: every channel has one since the outbox was opened.
            None => look(&mut Pace::new(channel.per_minute)),
        }
    }

    /// Sends every message whose time has come, in all channels, as many as they take now.
    #[cfg(test)]
    pub(super) async fn send_all_due(&self) -> usize {
        let mut taken = 0;
        for channel in &self.channels {
            // A test's store does not fail.
            taken += self.send_due(channel).await.unwrap_or_default();
        }
        taken
    }

    /// One attempt; returns whether the channel has taken the message. One that asks for what has ended is dropped: whoever
    /// read it would find nothing to do.
    async fn send(&self, channel: &Channel, outgoing: Outgoing) -> Result<bool, StoreError> {
        let made = parcel(&outgoing);
        if let Ok(parcel) = &made
            && !self.is_asked(&outgoing.connection, &parcel.message).await
        {
            tracing::info!(channel = %channel.name, event = %outgoing.event, "a message is dropped: {ENDED}");
            self.store.message_dropped(outgoing.id, ENDED, self.clock.now()).await?;
            return Ok(false);
        }
        let (attempt, begins) = (outgoing.attempts.saturating_add(1), self.clock.now());
        let again_at = begins.saturating_add(delay(attempt, (self.chance)()));
        self.with_pace(channel, |pace| pace.begin(begins));
        self.store.trying_message(outgoing.id, again_at).await?;
        let carried = match made {
            Ok(parcel) => match tokio::time::timeout(PATIENCE, channel.carrier.carry(&parcel)).await {
                Ok(carried) => carried,
                Err(_) => Err(NotCarried { why: "it took too long".to_owned(), for_good: false }),
            },
            Err(error) => Err(NotCarried { why: format!("it cannot be read: {error}"), for_good: true }),
        };
        let (id, name, now) = (outgoing.id, channel.name.as_str(), self.clock.now());
        match carried {
            Ok(()) => self.store.message_sent(id, now).await?,
            Err(NotCarried { why, for_good }) if for_good || attempt >= MOST_ATTEMPTS => {
                tracing::error!(channel = name, attempt, event = %outgoing.event, "a message is given up: {why}");
                self.store.message_failed(id, &why, now).await?;
                return Ok(false);
            }
            Err(NotCarried { why, .. }) => {
                tracing::warn!(channel = name, attempt, event = %outgoing.event, "a message was not taken: {why}");
                self.store.message_trouble(id, &why).await?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn parcel(outgoing: &Outgoing) -> Result<Parcel, serde_json::Error> {
    Ok(Parcel {
        key: format!("{}:{}:{}", outgoing.connection, outgoing.id, outgoing.event),
        recipient: outgoing.recipient.clone(),
        message: serde_json::from_str(&outgoing.content)?,
        made_at: outgoing.made_at,
    })
}

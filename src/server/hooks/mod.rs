//! What other programs push in: `POST /hooks/sns`.
//!
//! A message of SNS is taken from the topics that `countersign.toml` names, and only with a signature of SNS that is not
//! older than an hour. Of its content nothing is believed but which execution it may be about: the watch looks at that one
//! now, instead of when its turn comes.

mod certificate;
mod chain;
pub mod config;
mod message;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_desk::connection::{SdkOptions, Target, TopicArn, TopicError, Topics};
use countersign_desk::{Actor, Clock, Desks};

pub use self::certificate::{Certificates, Untrusted};
use self::config::Configured;
use self::message::{Kind, Message};
use super::trust::{NoTrust, roots_of_this_machine, tls_trusting};

/// How old a message may be, and how far ahead its clock, in milliseconds. SNS tries for an hour.
const OLDEST: i64 = 3_600_000;
const AHEAD: i64 = 5 * 60_000;
/// The most messages that are remembered. An hour's worth of more is not recognised: then the watch looks once more.
const REMEMBERED: usize = 20_000;

/// Confirms subscriptions.
pub trait Confirm: Send + Sync + 'static {
    /// Confirms the subscription of a topic with the token that SNS sent.
    fn confirm<'a>(
        &'a self,
        topic: &'a TopicArn,
        token: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), TopicError>> + Send + 'a>>;
}

/// The hook of SNS.
pub struct Hooks {
    topics: BTreeSet<TopicArn>,
    certificates: Certificates,
    confirm: Arc<dyn Confirm>,
    clock: Clock,
    /// When each message was sent that was taken, by its id.
    taken: Mutex<BTreeMap<String, i64>>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The watch looks at this execution, or at everything.
    Looked(Option<String>),
    /// The topic's messages come here from now on.
    Confirmed(TopicArn),
    /// It was taken before, or is about the end of a subscription.
    Nothing,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is no message of SNS: {0}")]
    Malformed(String),
    #[error("its topic is none of those that are named")]
    Topic,
    #[error("it was sent too long ago, or at a time that is still to come")]
    Time,
    #[error("{0}")]
    Signature(#[from] Untrusted),
    #[error("the subscription cannot be confirmed: {0}")]
    Confirmation(TopicError),
}

impl Hooks {
    /// A hook for these topics.
    #[must_use]
    pub fn new(
        topics: BTreeSet<TopicArn>,
        certificates: Certificates,
        confirm: Arc<dyn Confirm>,
        clock: Clock,
    ) -> Self {
        Self { topics, certificates, confirm, clock, taken: Mutex::default() }
    }

    /// The hook as it is configured.
    ///
    /// # Errors
    /// This machine trusts nobody.
    pub fn of(configured: &Configured) -> Result<Self, NoTrust> {
        let roots = roots_of_this_machine()?;
        let certificates = Certificates::new(tls_trusting(Arc::clone(&roots))?, roots);
        let confirm = Sdk { profile: configured.profile.clone(), endpoint: configured.endpoint.clone() };
        Ok(Self::new(configured.topics.clone(), certificates, Arc::new(confirm), Clock::system()))
    }

    /// Takes a message.
    ///
    /// # Errors
    /// It is not one that may come here.
    pub async fn take(&self, body: &[u8], desks: &Desks) -> Result<Taken, Refused> {
        let message = Message::read(body).map_err(Refused::Malformed)?;
        // First, so that nobody else has the program fetch anything.
        let topic = self.topics.get(&message.topic).ok_or(Refused::Topic)?;
        let now = self.clock.now();
        if message.at < now - OLDEST || message.at > now + AHEAD {
            return Err(Refused::Time);
        }
        self.certificates.check(&message, now).await?;
        if !self.is_new(&message, now) {
            return Ok(Taken::Nothing);
        }
        match &message.kind {
            Kind::Notification => {
                let execution = message.execution();
                self.look(desks, execution.as_deref()).await;
                Ok(Taken::Looked(execution))
            }
            Kind::Confirmation { token } => {
                if let Err(error) = self.confirm.confirm(topic, token).await {
                    // SNS sends it again.
                    self.taken().remove(&message.id);
                    return Err(Refused::Confirmation(error));
                }
                tracing::info!(%topic, "messages of the topic come in from now on");
                Ok(Taken::Confirmed(topic.clone()))
            }
            Kind::Farewell => Ok(Taken::Nothing),
        }
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, i64>> {
        // An entry is added or removed as a whole.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message; returns whether it was not taken before.
    fn is_new(&self, message: &Message, now: i64) -> bool {
        let mut taken = self.taken();
        // What is too old is refused by its time.
        taken.retain(|_, at| *at >= now - OLDEST);
        if taken.len() >= REMEMBERED
            && let Some(oldest) = taken.iter().min_by_key(|(_, at)| **at).map(|(id, _)| id.clone())
        {
            taken.remove(&oldest);
        }
        taken.insert(message.id.clone(), message.at).is_none()
    }

    async fn look(&self, desks: &Desks, execution: Option<&str>) {
        for desk in desks.iter() {
            if let Err(error) = desk.hear_of(&Actor::Program, execution).await {
                tracing::warn!(%error, connection = %desk.id(), "what a topic told of cannot be looked at");
            }
        }
    }
}

/// Confirms with the AWS SDK.
struct Sdk {
    profile: Option<String>,
    endpoint: Option<String>,
}

impl Confirm for Sdk {
    fn confirm<'a>(
        &'a self,
        topic: &'a TopicArn,
        token: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), TopicError>> + Send + 'a>> {
        Box::pin(async move {
            let target = self.endpoint.clone().map_or(Target::Aws, Target::Endpoint);
            let region = Some(topic.region().to_owned());
            let options = SdkOptions { profile: self.profile.clone(), region, ..SdkOptions::of(target) };
            Topics::connect(options).await.confirm(topic, token).await
        })
    }
}

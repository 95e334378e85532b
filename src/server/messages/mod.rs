//! Messages: the channels of `countersign.toml`, their words, and who carries them.
//!
//! What makes a message, and the outbox, are in `countersign_desk::notify`. Here is what the desk does not know: the
//! configuration ([`config`]), the words ([`words`]), and the carriers over SMTP, HTTP and SNS.

pub mod command;
pub mod config;
mod email;
mod smtp;
mod template;
#[cfg(test)]
pub(super) mod tests;
mod topic;
mod webhook;
pub mod words;

use std::path::Path;
use std::sync::Arc;

use countersign_desk::connection::{SdkOptions, Target, Topics};
use countersign_desk::notify::{Carrier, Chance, Channel};

use self::config::{Configured, Kind};
use self::email::Email;
use self::template::Template;
use self::topic::Topic;
use self::webhook::Webhook;
use super::trust::tls_of_this_machine;

/// Draws the part of a pause that is chance.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a pause is random, so that messages are not all tried again at once")]
pub fn chance() -> Chance {
    Arc::new(|| f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX))
}

/// Why a channel cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("The channel {channel} cannot be used: {why}.\n{remedy}")]
pub struct ChannelError {
    pub channel: String,
    pub why: String,
    pub remedy: String,
}

/// The channel as it is configured. Its links begin with `origin`.
///
/// # Errors
/// A secret or a template cannot be read, or the machine trusts nobody.
pub async fn open(one: &Configured, data: &Path, origin: &str) -> Result<Channel, ChannelError> {
    let failed = |why: String, remedy: &str| ChannelError { channel: one.name.clone(), why, remedy: remedy.to_owned() };
    let carrier: Arc<dyn Carrier> = match &one.kind {
        Kind::Email { server, user, password, from } => {
            let password = match password {
                Some(source) => Some(source.read(data).map_err(|why| failed(why, SECRET))?),
                None => None,
            };
            let tls = tls_of_this_machine().map_err(|why| failed(why.to_string(), TRUST))?;
            Arc::new(Email::new(server.clone(), tls, user.clone().zip(password), from.clone(), origin))
        }
        Kind::Webhook { url, template } => {
            let url = url.read(data).map_err(|why| failed(why, SECRET))?;
            if !webhook::may_be_posted_to(&url) {
                let why = "its url is neither https:// nor http:// on this machine".to_owned();
                return Err(failed(why, "Messages say who waits for what: give an https:// URL."));
            }
            let template = Template::read(template, data);
            let template = template.map_err(|why| failed(why, "Correct the template, or use slack, teams or json."))?;
            Arc::new(Webhook::new(url, template, origin))
        }
        Kind::Sns { topic, profile, endpoint } => {
            let target = endpoint.clone().map_or(Target::Aws, Target::Endpoint);
            let region = Some(topic.region().to_owned());
            let options = SdkOptions { profile: profile.clone(), region, ..SdkOptions::of(target) };
            Arc::new(Topic::new(Topics::connect(options).await, topic.clone(), origin))
        }
    };
    Ok(Channel {
        name: one.name.clone(),
        occasions: one.occasions.clone(),
        connections: one.connections.clone(),
        workflows: one.workflows.clone(),
        failures: one.failures.clone(),
        to: one.to.clone(),
        content: one.content,
        per_minute: one.per_minute,
        carrier,
    })
}

const TRUST: &str = "Install the certificates of the usual authorities (ca-certificates).";
const SECRET: &str = "Check the file or the environment variable that holds it.";

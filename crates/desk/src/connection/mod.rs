//! The connection: the one way to reach Step Functions.
//!
//! The desk knows only the port [`StepFunctions`]. Behind it is the AWS SDK ([`Sdk`]); in tests and benchmarks it is
//! `Fake`, Step Functions in memory with AWS's quotas and a set clock.

mod colour;
mod convert;
mod error;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod functions;
mod lookups;
mod port;
pub mod quota;
mod releases;
mod roles;
mod sdk;
mod tally;
mod topics;

use std::fmt;
use std::sync::Arc;

pub use self::colour::{Colour, UnknownColour};
pub use self::error::{CallError, Fault};
pub use self::functions::{FunctionCall, FunctionHost, KnownFunctions, NotTold, Told};
pub use self::lookups::{Lookups, MOST_PARAMETERS, Parameter, ParameterKind, Verdict};
pub use self::port::{
    Api, Call, Caller, DefinitionText, Description, ExecutionStatus, ListedMachine, Listing, MachineDescription,
    MachineKind, MachineSettings, MachineUpdate, NewMachine, Of, Page, Redrivable, StepFunctions, Summary,
};
pub use self::releases::{
    ALL_WEIGHT, AliasDescription, DESCRIPTION, ListedVersion, MOST_ROUTES, MOST_VERSIONS, Releases, Route, Tags,
    number_of, same_routes,
};
pub use self::roles::{RolePolicy, Roles, role_name};
pub use self::sdk::{Role, Sdk, SdkOptions, Target, by_name};
pub use self::tally::{CallTally, Calls, Counted};
pub use self::topics::{NoTopic, Publication, TopicArn, TopicError, Topics};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The name of a connection. Its rows, keys and addresses carry it.
///
/// Lower-case letters, digits and hyphens, at most 40 characters, so that an address needs no escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ConnectionId(Arc<str>);

/// Why a text is not a valid name of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a connection's name has 1 to 40 lower-case letters, digits and hyphens, and begins with a letter")]
pub struct InvalidConnectionId;

impl ConnectionId {
    /// The name of the only connection, where none is configured.
    #[must_use]
    pub fn default_one() -> Self {
        Self("default".into())
    }

    /// Reads a name.
    ///
    /// # Errors
    /// It is empty, too long, or contains characters that an address would have to escape.
    pub fn parse(text: &str) -> Result<Self, InvalidConnectionId> {
        let is_part = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        let begins = text.bytes().next().is_some_and(|letter| letter.is_ascii_lowercase());
        if !begins || text.len() > 40 || !text.bytes().all(is_part) {
            return Err(InvalidConnectionId);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidConnectionId;

    fn try_from(text: String) -> Result<Self, InvalidConnectionId> {
        Self::parse(&text)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kind of endpoint that a connection reaches. It decides how often the watch may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionKind {
    /// The engine of this process.
    Embedded,
    /// Another endpoint: an emulator, or an engine of another process.
    Endpoint,
    /// AWS itself.
    Aws,
}

/// A connection as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// "Embedded engine", "Endpoint" or "AWS".
    pub label: String,
    /// The endpoint's URL, or the profile and region.
    pub detail: String,
    /// Such as `eu-west-1`.
    pub region: String,
    pub kind: ConnectionKind,
    /// The profile of the AWS configuration, and the role that is assumed.
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub colour: Colour,
    /// Whether nothing may be changed: it is only looked at.
    pub read_only: bool,
}

impl About {
    /// What tells this place from another under the same name: not the port of this process's own engine.
    #[must_use]
    pub fn place(&self) -> String {
        let detail = if self.kind == ConnectionKind::Embedded { "" } else { self.detail.as_str() };
        format!("{:?} {} {detail}", self.kind, self.region)
    }
}

/// A connection: its name, its description for people, and its two sets of clients.
#[derive(Clone)]
pub struct Connection {
    pub id: ConnectionId,
    pub about: About,
    /// Calls that are retried after a network fault or a throttled call.
    pub calls: Arc<dyn StepFunctions>,
    /// The same without retries, for calls whose answer is only useful immediately.
    pub once: Arc<dyn StepFunctions>,
    /// Who runs its functions, where the connection tells about them.
    pub functions: Option<Arc<dyn FunctionHost>>,
    /// How many steps its executions have made, where it is an engine of this process that tells.
    pub steps: Option<tokio::sync::watch::Receiver<u64>>,
}

impl Connection {
    /// Makes the clients of the AWS SDK; no call is made yet.
    pub async fn open(id: ConnectionId, options: SdkOptions) -> Self {
        let (calls, about) = Sdk::connect(options).await;
        let once = Arc::new(calls.without_retries());
        Self { id, about, calls: Arc::new(calls), once, functions: None, steps: None }
    }

    /// The same, with who runs its functions.
    #[must_use]
    pub fn with_functions(self, host: Arc<dyn FunctionHost>) -> Self {
        Self { functions: Some(host), ..self }
    }

    /// The same, with how many steps its executions have made.
    #[must_use]
    pub fn with_steps(self, steps: tokio::sync::watch::Receiver<u64>) -> Self {
        Self { steps: Some(steps), ..self }
    }

    /// The same, with every call counted.
    #[must_use]
    pub fn counted(self, tally: &Arc<CallTally>, clock: &Clock) -> Self {
        let counted = |calls| Arc::new(Counted::new(calls, tally, clock)) as Arc<dyn StepFunctions>;
        Self { calls: counted(self.calls), once: counted(self.once), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionId;

    #[test]
    fn a_connection_has_a_name_that_an_address_can_hold() {
        for (text, right) in [
            ("default", true),
            ("prod-eu-1", true),
            ("", false),
            ("Prod", false),
            ("1a", false),
            ("a/b", false),
            ("..", false),
            ("a\u{202e}", false),
            (&"a".repeat(41), false),
        ] {
            assert_eq!(ConnectionId::parse(text).is_ok(), right, "{text:?}");
        }
    }
}

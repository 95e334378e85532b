//! The state machines of a fake connection, with their versions and aliases.

use std::collections::BTreeMap;

use crate::connection::{Fault, MOST_VERSIONS, MachineKind, Route, Tags};
use crate::deploy::desired::{Encryption, Logging};

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    pub arn: String,
    pub name: String,
    pub kind: MachineKind,
    pub definition: String,
    pub revision: u64,
    /// Its versions by their numbers; the numbers of deleted ones are not given again.
    pub versions: BTreeMap<u64, Version>,
    pub last_version: u64,
    /// By their names.
    pub aliases: BTreeMap<String, Alias>,
    pub role_arn: String,
    pub logging: Logging,
    pub tracing: bool,
    pub encryption: Encryption,
    pub tags: Tags,
    pub created_at: i64,
}

impl Machine {
    /// A machine as it is created, with everything else by default.
    #[must_use]
    pub fn new(arn: &str, name: &str, definition: &str, now: i64) -> Self {
        Self {
            arn: arn.to_owned(),
            name: name.to_owned(),
            kind: MachineKind::Standard,
            definition: definition.to_owned(),
            revision: 1,
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: BTreeMap::new(),
            role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
            logging: Logging::OFF,
            tracing: false,
            encryption: Encryption::AwsOwnedKey,
            tags: Tags::new(),
            created_at: now,
        }
    }

    /// The id of its revision, as AWS gives it: a machine that was never updated has none.
    #[must_use]
    pub fn revision_id(&self) -> Option<String> {
        (self.revision > 1).then(|| self.revision.to_string())
    }

    /// Publishes it as it is; returns the version's number. Where the newest version is the same, it is that one.
    ///
    /// # Errors
    /// It has as many versions as it can have.
    pub fn publish(&mut self, description: Option<String>, now: i64) -> Result<u64, Fault> {
        if let Some((number, newest)) = self.versions.last_key_value()
            && newest.revision == self.revision
            && description.as_ref().is_none_or(|description| newest.description.as_ref() == Some(description))
        {
            return Ok(*number);
        }
        if self.versions.len() >= MOST_VERSIONS {
            let message = "The maximum number of state machine versions has been reached.";
            return Err(Fault::of_code("ServiceQuotaExceededException", message));
        }
        self.last_version += 1;
        let version = Version {
            description,
            revision: self.revision,
            definition: self.definition.clone(),
            role_arn: self.role_arn.clone(),
            created_at: now,
        };
        self.versions.insert(self.last_version, version);
        Ok(self.last_version)
    }
}

/// A version of a state machine.
#[derive(Clone, Debug)]
pub struct Version {
    pub description: Option<String>,
    pub revision: u64,
    pub definition: String,
    pub role_arn: String,
    pub created_at: i64,
}

/// An alias of a state machine.
#[derive(Clone, Debug)]
pub struct Alias {
    pub name: String,
    pub description: Option<String>,
    pub routes: Vec<Route>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

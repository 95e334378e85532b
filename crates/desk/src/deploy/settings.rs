//! The settings of a state machine as a manifest writes them: at its top, for a workflow, for an environment, and for a workflow
//! in an environment. The innermost one counts; logging is joined part by part.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};

use super::desired::LogLevel;

/// How executions are logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggingEntry {
    pub level: Option<LogLevel>,
    /// The log group's ARN, or its name in the connection's region and account.
    pub destination: Option<String>,
    pub execution_data: Option<bool>,
}

/// The key that encrypts a state machine: `"aws-owned"`, or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncryptionEntry {
    AwsOwned,
    Key(KeyEntry),
}

/// A key of KMS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// An ARN, an id or an alias.
    pub key: String,
    /// How long a data key is used.
    pub reuse_seconds: Option<u32>,
}

/// The word for AWS's own key.
const AWS_OWNED: &str = "aws-owned";

impl<'de> Deserialize<'de> for EncryptionEntry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = EncryptionEntry;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                write!(to, "\"{AWS_OWNED}\" or {{ key = \"...\" }}")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<EncryptionEntry, E> {
                if word == AWS_OWNED {
                    Ok(EncryptionEntry::AwsOwned)
                } else {
                    Err(E::unknown_variant(word, &[AWS_OWNED]))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EncryptionEntry, A::Error> {
                KeyEntry::deserialize(MapAccessDeserializer::new(map)).map(EncryptionEntry::Key)
            }
        }
        from.deserialize_any(Entry)
    }
}

/// How the alias moves to a new version. With neither of the two it moves at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutEntry {
    pub canary: Option<StepsEntry>,
    pub linear: Option<StepsEntry>,
    pub roll_back: Option<RollBackEntry>,
}

/// The part of the executions, and the time until the next step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsEntry {
    pub percent: u32,
    pub minutes: u32,
}

/// When a rollout is rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollBackEntry {
    /// More than so many percent of the executions failed.
    pub percent: u32,
    /// Once so many have ended.
    pub executions: Option<u32>,
}

/// A role: both keys exist, `role_arn` and `role`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleEntry {
    Arn(String),
    /// Its name in the connection's account, with its path: `service/countersign`.
    Name(String),
}

/// The settings of one level of a manifest, or of all levels joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub role: Option<RoleEntry>,
    pub logging: Option<LoggingEntry>,
    pub tracing: Option<bool>,
    pub encryption: Option<EncryptionEntry>,
    pub tags: BTreeMap<String, String>,
    pub alias: Option<String>,
    pub rollout: Option<RolloutEntry>,
}

impl Settings {
    /// These settings under those of an inner level.
    #[must_use]
    pub fn under(self, inner: Self) -> Self {
        let logging = match (self.logging, inner.logging) {
            (Some(outer), Some(inner)) => Some(LoggingEntry {
                level: inner.level.or(outer.level),
                destination: inner.destination.or(outer.destination),
                execution_data: inner.execution_data.or(outer.execution_data),
            }),
            (outer, inner) => inner.or(outer),
        };
        let mut tags = self.tags;
        tags.extend(inner.tags);
        Self {
            role: inner.role.or(self.role),
            logging,
            tracing: inner.tracing.or(self.tracing),
            encryption: inner.encryption.or(self.encryption),
            tags,
            alias: inner.alias.or(self.alias),
            rollout: inner.rollout.or(self.rollout),
        }
    }
}

/// Declares a table of the manifest that has the settings of a state machine beside its own keys. (`serde(flatten)` would lose
/// the places of unknown keys.)
macro_rules! table_with_settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$about:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$about])* pub $field: $kind,)*
            /// The ARN of the role that state machines run as.
            #[serde(default)]
            pub role_arn: Option<String>,
            /// The role's name, in place of its ARN.
            #[serde(default)]
            pub role: Option<String>,
            #[serde(default)]
            pub logging: Option<$crate::deploy::settings::LoggingEntry>,
            /// Whether X-Ray traces are written.
            #[serde(default)]
            pub tracing: Option<bool>,
            #[serde(default)]
            pub encryption: Option<$crate::deploy::settings::EncryptionEntry>,
            #[serde(default)]
            pub tags: std::collections::BTreeMap<String, String>,
            /// The alias that points at the version that a deployment publishes.
            #[serde(default)]
            pub alias: Option<String>,
            #[serde(default)]
            pub rollout: Option<$crate::deploy::settings::RolloutEntry>,
        }

        impl $name {
            /// The settings of this level alone.
            #[must_use]
            pub fn settings(&self) -> $crate::deploy::settings::Settings {
                use $crate::deploy::settings::{RoleEntry, Settings};
                let arn = self.role_arn.clone().map(RoleEntry::Arn);
                Settings {
                    role: arn.or_else(|| self.role.clone().map(RoleEntry::Name)),
                    logging: self.logging.clone(),
                    tracing: self.tracing,
                    encryption: self.encryption.clone(),
                    tags: self.tags.clone(),
                    alias: self.alias.clone(),
                    rollout: self.rollout.clone(),
                }
            }
        }
    };
}
pub(super) use table_with_settings;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    table_with_settings! {
        pub struct Level {
        }
    }

    fn read(text: &str) -> Settings {
        toml::from_str::<Level>(text).unwrap().settings()
    }

    #[test]
    fn the_inner_setting_counts_and_logging_is_joined_by_its_parts() {
        let outer = read(
            "role_arn = \"arn:a\"\nlogging = { level = \"ERROR\", destination = \"/orders\" }\ntags = { team = \"a\", cost = \"b\" }",
        );
        let inner = read("role = \"b\"\nlogging = { level = \"ALL\" }\ntags = { team = \"c\" }\ntracing = false");
        let both = outer.under(inner);
        assert_eq!(both.role, Some(RoleEntry::Name("b".to_owned())));
        let logging = both.logging.unwrap();
        assert_eq!((logging.level, logging.destination.as_deref()), (Some(LogLevel::All), Some("/orders")));
        assert_eq!(both.tags, BTreeMap::from([("team".into(), "c".into()), ("cost".into(), "b".into())]));
        assert_eq!(both.tracing, Some(false));
    }

    #[test]
    fn an_encryption_is_a_word_or_a_key() {
        assert_eq!(read("encryption = \"aws-owned\"").encryption, Some(EncryptionEntry::AwsOwned));
        let key = KeyEntry { key: "alias/orders".to_owned(), reuse_seconds: Some(120) };
        let text = "encryption = { key = \"alias/orders\", reuse_seconds = 120 }";
        assert_eq!(read(text).encryption, Some(EncryptionEntry::Key(key)));
        for (text, expected) in [
            ("encryption = \"aws\"", "unknown variant `aws`, expected `aws-owned`"),
            ("encryption = { kye = \"a\" }", "unknown field `kye`"),
            ("logging = { level = \"DEBUG\" }", "unknown variant `DEBUG`"),
            ("rollout = { canary = { percent = 10 } }", "missing field `minutes`"),
        ] {
            let error = toml::from_str::<Level>(text).unwrap_err();
            assert!(error.message().contains(expected), "{text}: {}", error.message());
        }
    }
}

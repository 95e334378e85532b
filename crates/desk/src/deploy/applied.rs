//! What was applied, as fingerprints in a tag of the state machine.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use countersign_json::Json;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::desired::{APPLIED_TAG, Deployed, Desired, LogLevel, Logging, Setting};

/// How many hexadecimal digits of a SHA-256 are kept. A tag's value has at most 256 characters.
const DIGITS: usize = 16;

/// The fingerprints of the settings that were managed when a definition was applied. As text, the value of
/// [`APPLIED_TAG`]: `definition=0123456789abcdef role=...`. Settings that were not managed are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied(BTreeMap<Setting, String>);

impl Applied {
    /// What applying `desired` leaves behind.
    #[must_use]
    pub fn of(desired: &Desired) -> Self {
        let mut of = Self::default();
        of.put(Setting::Definition, Some(canonical(&desired.definition)));
        of.put(Setting::Role, desired.role_arn.clone());
        of.put(Setting::Logging, desired.logging.as_ref().map(logging));
        of.put(Setting::Tracing, desired.tracing.map(|on| on.to_string()));
        of.put(Setting::Encryption, desired.encryption.as_ref().map(written));
        of
    }

    /// What a state machine is now, as if all of its settings had been applied.
    #[must_use]
    pub fn now(deployed: &Deployed) -> Self {
        let mut of = Self::default();
        of.put(Setting::Definition, Some(canonical(&deployed.definition)));
        of.put(Setting::Role, deployed.role_arn.clone());
        of.put(Setting::Logging, Some(logging(&deployed.logging)));
        of.put(Setting::Tracing, Some(deployed.tracing.to_string()));
        of.put(Setting::Encryption, Some(written(&deployed.encryption)));
        of
    }

    /// What the tag of a state machine says; `None` without one, or where it is none of ours.
    #[must_use]
    pub fn tagged(deployed: &Deployed) -> Option<Self> {
        deployed.tags.get(APPLIED_TAG)?.parse().ok()
    }

    /// The settings that are not as they were applied.
    #[must_use]
    pub fn drifted(deployed: &Deployed) -> Vec<Setting> {
        let Some(applied) = Self::tagged(deployed) else { return Vec::new() };
        let now = Self::now(deployed);
        let differs = |setting: &Setting| applied.0.get(setting) != now.0.get(setting);
        applied.0.keys().copied().filter(differs).collect()
    }

    /// Whether a state machine is now as this says: everything that is managed has been applied.
    #[must_use]
    pub fn holds(&self, deployed: &Deployed) -> bool {
        let now = Self::now(deployed);
        self.0.iter().all(|(setting, fingerprint)| now.0.get(setting) == Some(fingerprint))
    }

    fn put(&mut self, setting: Setting, value: Option<String>) {
        if let Some(value) = value {
            self.0.insert(setting, fingerprint(&value));
        }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        for (index, (setting, fingerprint)) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { " " };
            write!(to, "{between}{}={fingerprint}", setting.as_str())?;
        }
        Ok(())
    }
}

/// The value of a tag that this program did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a list of fingerprints")]
pub struct NotFingerprints;

impl FromStr for Applied {
    type Err = NotFingerprints;

    fn from_str(text: &str) -> Result<Self, NotFingerprints> {
        let mut of = Self::default();
        for one in text.split(' ') {
            let (name, fingerprint) = one.split_once('=').ok_or(NotFingerprints)?;
            let known = fingerprint.len() == DIGITS && fingerprint.bytes().all(|digit| digit.is_ascii_hexdigit());
            // A later version of the program may know more settings; they are none of this one's business.
            let Some(setting) = Setting::ALL.into_iter().find(|setting| setting.as_str() == name) else { continue };
            if !known {
                return Err(NotFingerprints);
            }
            of.0.insert(setting, fingerprint.to_owned());
        }
        Ok(of)
    }
}

fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text);
    let mut digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(DIGITS);
    digits
}

/// `OFF` is one configuration, whatever else is set beside it.
fn logging(logging: &Logging) -> String {
    if logging.level == LogLevel::Off { written(&Logging::OFF) } else { written(logging) }
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A definition without white space and with its keys in order: two that say the same have the same text. One that is not
/// JSON stays as it is.
#[must_use]
pub fn canonical(definition: &str) -> String {
    Json::read(definition).map_or_else(|_| definition.to_owned(), |json| json.root().sorted())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn fingerprints_can_be_read_from_their_tag() {
        let mut applied = Applied::default();
        applied.put(Setting::Definition, Some(canonical("{ \"b\": 1.50, \"a\": [] }")));
        applied.put(Setting::Tracing, Some("true".to_owned()));
        let text = applied.to_string();
        assert!(text.starts_with("definition=") && text.len() < 256, "{text}");
        assert_eq!(text.parse(), Ok(applied.clone()));
        let mut same = Applied::default();
        same.put(Setting::Definition, Some(canonical("{\"a\":[],\"b\":1.50}")));
        assert_eq!(same.0.get(&Setting::Definition), applied.0.get(&Setting::Definition));
        let later = format!("{text} colour=x");
        assert_eq!(later.parse(), Ok(applied), "a setting of a later version is left out");
        for text in ["", "definition", "definition=", "definition=zz", "role=0123456789abcde\u{e9}"] {
            assert_eq!(text.parse::<Applied>(), Err(NotFingerprints), "{text}");
        }
    }

    #[test]
    fn all_settings_have_room_in_a_tag() {
        let of = |setting: &Setting| setting.as_str().len() + 2 + DIGITS;
        assert!(Setting::ALL.iter().map(of).sum::<usize>() <= 256);
    }
}

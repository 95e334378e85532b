//! What was applied, as fingerprints in tags of the state machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use countersign_json::Json;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::desired::{APPLIED_TAG, Deployed, Desired, LogLevel, Logging, Setting, TAG_PREFIX, TAGS_TAG};
use crate::connection::Tags;

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

    /// Whether this setting was managed.
    #[must_use]
    pub fn has(&self, setting: Setting) -> bool {
        self.0.contains_key(&setting)
    }

    /// What the tag of a state machine says; `None` without one, or where it is none of ours.
    #[must_use]
    pub fn tagged(deployed: &Deployed) -> Option<Self> {
        deployed.tags.get(APPLIED_TAG)?.parse().ok()
    }

    /// Whether the tag of a state machine says something that this program did not write.
    #[must_use]
    pub fn is_unreadable(deployed: &Deployed) -> bool {
        deployed.tags.get(APPLIED_TAG).is_some_and(|text| text.parse::<Self>().is_err())
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

/// The most characters of a digest, and what the value of a tag has room for beside its first ones.
const LONGEST_DIGEST: usize = 16;
const ROOM: usize = 256 - "16:".len();
/// The characters of a digest. AWS takes all of them in the value of a tag.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The manifest's tags that an apply put on a state machine: a digest of each key with its value. As text, the value of
/// [`TAGS_TAG`]: the length of a digest and all digests, `16:wE3...`. The keys themselves have no room there. A tag whose value
/// somebody else changed is another pair, and so none of ours any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutTags {
    length: usize,
    digests: BTreeSet<String>,
}

impl PutTags {
    /// These tags.
    #[must_use]
    pub fn of(tags: &Tags) -> Self {
        let length = LONGEST_DIGEST.min(ROOM / tags.len().max(1));
        Self { length, digests: tags.iter().map(|(key, value)| digest(key, value, length)).collect() }
    }

    /// What the tag of a state machine says; nothing without one. One that is none of ours names no tag that could be removed.
    #[must_use]
    pub fn tagged(deployed: &Deployed) -> Self {
        deployed.tags.get(TAGS_TAG).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// Whether the tag of a state machine says something that this program did not write.
    #[must_use]
    pub fn is_unreadable(deployed: &Deployed) -> bool {
        deployed.tags.get(TAGS_TAG).is_some_and(|text| text.parse::<Self>().is_err())
    }

    /// The value of the tag; `None` where no tag was put.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let digests: String = self.digests.iter().map(String::as_str).collect();
        (!digests.is_empty()).then(|| format!("{}:{digests}", self.length))
    }

    /// Whether this tag was put with this value. Countersign's own tags and those of AWS never were.
    #[must_use]
    pub fn has(&self, key: &str, value: &str) -> bool {
        let is_reserved = key.starts_with(TAG_PREFIX) || key.to_ascii_lowercase().starts_with("aws:");
        !is_reserved && self.digests.contains(&digest(key, value, self.length))
    }
}

impl FromStr for PutTags {
    type Err = NotFingerprints;

    fn from_str(text: &str) -> Result<Self, NotFingerprints> {
        let (length, digests) = text.split_once(':').ok_or(NotFingerprints)?;
        let length: usize = length.parse().map_err(|_| NotFingerprints)?;
        let is_whole = (1..=LONGEST_DIGEST).contains(&length) && digests.len().is_multiple_of(length);
        if !is_whole || !digests.bytes().all(|one| ALPHABET.contains(&one)) {
            return Err(NotFingerprints);
        }
        let digests = digests.as_bytes().chunks(length).map(|one| String::from_utf8_lossy(one).into_owned());
        Ok(Self { length, digests: digests.collect() })
    }
}

/// So many characters of six bits each.
fn digest(key: &str, value: &str, length: usize) -> String {
    let mut hasher = Sha256::new();
    // The length separates the two.
    hasher.update((key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(value);
    let digest = hasher.finalize();
    digest.iter().take(length).map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
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

    fn tags(number: usize) -> Tags {
        (0..number).map(|number| (format!("key {number}"), format!("value {number}"))).collect()
    }

    #[test]
    fn the_tags_that_were_put_can_be_read_from_their_tag() {
        for number in [0, 1, 3, 15, 16, 46, 50] {
            let put = PutTags::of(&tags(number));
            let Some(text) = put.text() else {
                assert_eq!(number, 0);
                continue;
            };
            assert!(text.len() <= 256, "{number}: {text}");
            assert_eq!(text.parse(), Ok(put.clone()), "{number}");
            assert!(tags(number).iter().all(|(key, value)| put.has(key, value)), "{number}");
            assert!(!put.has("key 0", "another value") && !put.has("another key", "value 0"), "{number}");
        }
    }

    #[test]
    fn tags_of_aws_and_of_countersign_are_never_ours_to_remove() {
        let reserved = ["aws:cloudformation:stack-name", "AWS:x", "countersign:folder"];
        let put = PutTags::of(&reserved.map(|key| (key.to_owned(), "a".to_owned())).into_iter().collect());
        assert!(reserved.iter().all(|key| !put.has(key, "a")));
    }

    #[test]
    fn what_others_wrote_names_no_tags() {
        for text in ["", "team", "4:abc", "0:", "17:", "x:abcd", "4:ab d", "-4:abcd", "4:\u{e9}\u{e9}"] {
            assert_eq!(text.parse::<PutTags>(), Err(NotFingerprints), "{text}");
        }
    }

    #[test]
    fn all_settings_have_room_in_a_tag() {
        let of = |setting: &Setting| setting.as_str().len() + 2 + DIGITS;
        assert!(Setting::ALL.iter().map(of).sum::<usize>() <= 256);
    }
}

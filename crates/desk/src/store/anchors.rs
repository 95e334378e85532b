//! Anchors: signed statements about the last link of the record's chain, for a place that the owner of the store's file
//! cannot write to. With them, the record up to there cannot be made anew without being noticed.
//!
//! An anchor is one line of JSON. What is signed (Ed25519) is its text of [`Anchor::statement`]; the key in the line says
//! which key it was, and whoever keeps the anchors says whether that is the right one.

use std::fmt::Write as _;

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Chain, Link, Store, StoreError};

/// What an anchor states: this store had this link at this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The random name of the store's chain.
    pub store: String,
    /// The number of the act, and its hash in hexadecimal digits.
    pub entry: i64,
    pub hash: String,
    /// Milliseconds since the epoch.
    pub at: i64,
}

impl Anchor {
    /// The statement about this link.
    #[must_use]
    pub fn new(store: String, link: Link, at: i64) -> Self {
        Self { store, entry: link.entry, hash: hexadecimal(&link.hash), at }
    }

    /// The text that is signed.
    fn statement(&self) -> String {
        format!("countersign audit anchor 1\n{}\n{}\n{}\n{}\n", self.store, self.entry, self.hash, self.at)
    }
}

/// An anchor with its signature, as a line has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    #[serde(flatten)]
    pub anchor: Anchor,
    /// The public key, and the signature; both in base64.
    pub key: String,
    pub signature: String,
}

/// Why a line is no anchor.
#[derive(Debug, thiserror::Error)]
pub enum BadAnchor {
    #[error("it is no anchor: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("its signature does not fit: somebody has changed it")]
    Forged,
}

impl Signed {
    /// Reads a line, and checks its signature.
    ///
    /// # Errors
    /// It is no anchor, or was not signed by the key that it names.
    pub fn read(line: &str) -> Result<Self, BadAnchor> {
        let signed: Self = serde_json::from_str(line)?;
        let bytes = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| BadAnchor::Forged);
        let key = UnparsedPublicKey::new(&ED25519, bytes(&signed.key)?);
        let fits = key.verify(signed.anchor.statement().as_bytes(), &bytes(&signed.signature)?);
        fits.map_err(|Unspecified| BadAnchor::Forged)?;
        Ok(signed)
    }
}

/// How deep anchors are looked for in what was received.
const DEPTH: usize = 6;

/// The anchors of a text, each with the number of its line: one a line, as a file has them, or within the messages that a
/// topic sent: as SNS posts them, as a queue holds them, or as a function gets them, one a line or as one JSON document.
/// A line without an anchor is returned as it is: whoever reads it says what is wrong with it.
#[must_use]
pub fn in_text(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    match serde_json::from_str::<Value>(text) {
        Ok(whole) => unwrap(&whole, text, DEPTH, &mut |anchor| found.push((1, anchor))),
        Err(_) => {
            for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let mut add = |anchor| found.push((index + 1, anchor));
                match serde_json::from_str::<Value>(line) {
                    Ok(value) => unwrap(&value, line, DEPTH, &mut add),
                    Err(_) => add(line.to_owned()),
                }
            }
        }
    }
    found
}

/// Adds what is within a message, or what it is itself.
fn unwrap(value: &Value, text: &str, depth: usize, add: &mut dyn FnMut(String)) {
    let inner = |name: &str| value.get(name).filter(|_| depth > 0);
    for name in ["Message", "Body", "body"] {
        // A message within a message is a text.
        if let Some(Value::String(message)) = inner(name)
            && let Ok(within) = serde_json::from_str::<Value>(message)
        {
            return unwrap(&within, message, depth - 1, add);
        }
    }
    for list in [inner("Messages"), inner("Records"), Some(value)].into_iter().flatten() {
        if let Value::Array(items) = list {
            return items.iter().for_each(|item| unwrap(item, &item.to_string(), depth.saturating_sub(1), add));
        }
    }
    match inner("Sns") {
        Some(within) => unwrap(within, &within.to_string(), depth - 1, add),
        None => add(text.to_owned()),
    }
}

/// The key that signs anchors.
pub struct AnchorKey(Ed25519KeyPair);

impl AnchorKey {
    /// A new key, as PKCS #8.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn draw() -> Result<Vec<u8>, Unspecified> {
        Ok(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?.as_ref().to_vec())
    }

    /// The key in PKCS #8.
    ///
    /// # Errors
    /// It is none of this kind.
    pub fn read(pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        Ed25519KeyPair::from_pkcs8(pkcs8).map(Self)
    }

    /// The public key in base64.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key().as_ref())
    }

    /// Signs a statement.
    #[must_use]
    pub fn sign(&self, anchor: Anchor) -> Signed {
        let signature = BASE64_STANDARD.encode(self.0.sign(anchor.statement().as_bytes()).as_ref());
        Signed { anchor, key: self.public(), signature }
    }
}

/// What anchors say of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchored {
    /// The newest anchor that fits: up to its entry, the record is what it was then.
    pub newest: Option<Signed>,
    /// Those that do not fit: the record was made anew, or its end was cut off.
    pub broken: Vec<Signed>,
    /// How many are of other stores.
    pub foreign: usize,
}

/// Compares a chain that is whole, or whole up to its head, with anchors whose signatures fit.
///
/// # Errors
/// The store cannot be read.
pub async fn compare(store: &dyn Store, chain: &Chain, anchors: &[Signed]) -> Result<Anchored, StoreError> {
    let mut anchored = Anchored::default();
    let head = chain.head.map_or(0, |head| head.entry);
    for signed in anchors {
        if signed.anchor.store != chain.store {
            anchored.foreign += 1;
            continue;
        }
        let link = store.link(signed.anchor.entry).await?;
        let fits = link.is_some_and(|link| hexadecimal(&link.hash) == signed.anchor.hash);
        if !fits {
            anchored.broken.push(signed.clone());
        } else if signed.anchor.entry <= head
            && anchored.newest.as_ref().is_none_or(|newest| newest.anchor.entry <= signed.anchor.entry)
        {
            anchored.newest = Some(signed.clone());
        }
    }
    Ok(anchored)
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Proof: writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;
    use crate::store::sqlite::tests::Folder;
    use crate::store::suite::{act, here};
    use crate::store::{Acts as _, Chains as _, Deed, Sqlite};

    fn key() -> AnchorKey {
        AnchorKey::read(&AnchorKey::draw().unwrap()).unwrap()
    }

    async fn anchor(store: &Sqlite, key: &AnchorKey, at: i64) -> Signed {
        let (name, head) = (store.name().await.unwrap(), store.head().await.unwrap().unwrap());
        key.sign(Anchor::new(name, head, at))
    }

    #[tokio::test]
    async fn anchors_show_what_was_made_anew_and_what_was_cut_off() {
        let (folder, key) = (Folder::new("anchors"), key());
        let store = Sqlite::open(&folder.file()).await.unwrap();
        let mut anchors = Vec::new();
        for at in 1..=3 {
            store.act(&here(), &act(Deed::Started, at)).await.unwrap();
            anchors.push(anchor(&store, &key, at).await);
        }
        store.act(&here(), &act(Deed::Stopped, 4)).await.unwrap();
        let chain = store.verify().await.unwrap();
        let anchored = compare(&store, &chain, &anchors).await.unwrap();
        assert_eq!(anchored, Anchored { newest: Some(anchors[2].clone()), ..Anchored::default() });
        store.close().await;

        // Another record of the same name, as somebody who owns the file could make it: shorter, and with another act.
        let again = Folder::new("anchors-again");
        let other = Sqlite::open(&again.file()).await.unwrap();
        other.act(&here(), &act(Deed::Started, 1)).await.unwrap();
        other.act(&here(), &act(Deed::Redriven, 2)).await.unwrap();
        let chain = Chain { store: chain.store, ..other.verify().await.unwrap() };
        let anchored = compare(&other, &chain, &anchors).await.unwrap();
        assert_eq!((anchored.newest, anchored.broken), (None, anchors.clone()));
        let foreign = other.verify().await.unwrap();
        assert_eq!(compare(&other, &foreign, &anchors).await.unwrap().foreign, 3);
        other.close().await;
    }

    #[test]
    fn anchors_are_found_in_what_a_topic_sent() {
        let link = Link { entry: 7, hash: [9; 32] };
        let line = serde_json::to_string(&key().sign(Anchor::new("store".to_owned(), link, 5))).unwrap();
        let envelope = serde_json::json!({ "Type": "Notification", "MessageId": "m", "Message": line }).to_string();
        let queued = serde_json::json!({ "Messages": [{ "Body": envelope }, { "Body": line }] });
        let function = serde_json::json!({ "Records": [{ "Sns": { "Message": line } }] });
        for (text, count) in [
            (format!("{line}\n\n{line}\n"), 2),
            (format!("{envelope}\n{line}\n"), 2),
            (serde_json::to_string_pretty(&queued).unwrap(), 2),
            (format!("{queued}\n{function}\n"), 3),
            (String::new(), 0),
        ] {
            let found = in_text(&text);
            assert_eq!(found.len(), count, "{text}");
            assert!(found.iter().all(|(_, line)| Signed::read(line).is_ok_and(|one| one.anchor.entry == 7)), "{text}");
        }
        for text in ["nothing", "{\"Message\": \"hello\"}", "[[[[[[[[1]]]]]]]]"] {
            let found = in_text(&format!("{line}\n{text}\n"));
            assert_eq!((found.len(), found[1].0), (2, 2), "{text}");
            assert!(Signed::read(&found[1].1).is_err(), "{text}: it is not passed over");
        }
    }

    #[test]
    fn an_anchor_that_was_changed_is_refused() {
        let link = Link { entry: 7, hash: [9; 32] };
        let line = serde_json::to_string(&key().sign(Anchor::new("store".to_owned(), link, 5))).unwrap();
        assert_eq!(Signed::read(&line).unwrap().anchor.entry, 7);
        let other = serde_json::to_value(key().sign(Anchor::new("store".to_owned(), link, 5))).unwrap();
        for (what, from, to) in [
            ("entry", "\"entry\":7".to_owned(), "\"entry\":8".to_owned()),
            ("hash", "0909".to_owned(), "0908".to_owned()),
            ("time", "\"at\":5".to_owned(), "\"at\":6".to_owned()),
            ("store", "\"store\":\"store\"".to_owned(), "\"store\":\"other\"".to_owned()),
            ("key", Signed::read(&line).unwrap().key, other["key"].as_str().unwrap().to_owned()),
        ] {
            let changed = line.replacen(&from, &to, 1);
            assert_ne!(changed, line, "{what}");
            assert!(matches!(Signed::read(&changed), Err(BadAnchor::Forged)), "{what}: {changed}");
        }
        assert!(matches!(Signed::read("{}"), Err(BadAnchor::Unreadable(_))));
    }
}

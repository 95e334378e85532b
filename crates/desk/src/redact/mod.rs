//! Takes task tokens out of everything that is shown or logged.
//!
//! Anybody who has a token can answer its task, and histories contain tokens in plain text. There are three defences, each
//! of which is enough in the usual case:
//! - the tokens found in the parameters of tasks, and the texts derived from them, are removed wherever they occur;
//! - values under a key that is named like a token are removed;
//! - when a task's token could not be found, every later payload is withheld (see `watch::tokens`).
//!
//! A text is rewritten string by string: digits, escapes, the order of keys and duplicate keys stay as they are.
//!
//! # Fingerprints
//! No token is kept here. Of every spelling of a token the fingerprints are kept: short ones of its end and of the whole,
//! and half of its SHA-256, all of them keyed. A search moves a window along the text. Where the window's fingerprint is
//! that of a known end, the short fingerprint of each possible length says whether a spelling may stand there, and the
//! hash decides. So the time of a search hardly depends on the number of tokens.
//!
//! A [`Redactor`] has the fingerprints of one execution and can be stored as bytes. [`Tokens`] has those of all executions.
//! Whoever has the key and the bytes can check whether a text is a token that they know of, but cannot read a token.

mod bytes;
mod fingerprints;
mod key;
mod scan;
mod spellings;
#[cfg(test)]
mod tests;
mod tokens;

use countersign_json::{Json, Place};

pub use self::bytes::RedactorBytesError;
use self::fingerprints::Fingerprints;
pub use self::key::RedactionKey;
pub use self::spellings::spellings;
pub use self::tokens::Tokens;

/// The replacement of a token.
pub const MARK: &str = "[task token]";
/// The replacement of a payload that may contain a token that could not be found.
pub const WITHHELD: &str = "\"[withheld: holds a task token]\"";
/// Shorter values under a token's key are placeholders or ids, not tokens.
const SHORTEST: usize = 24;
/// A shorter text is not a token, and a shorter derived text may be any word.
const SHORTEST_TOKEN: usize = 8;
const SHORTEST_TEXT: usize = 16;
/// Levels of JSON within a string; deeper ones are not parsed.
const LAYERS: usize = 6;

/// Removes the tokens of one execution.
#[derive(Clone, Debug)]
pub struct Redactor {
    key: RedactionKey,
    known: Fingerprints,
}

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.known.iter().eq(other.known.iter())
    }
}

impl Redactor {
    /// One that knows no token.
    #[must_use]
    pub fn new(key: &RedactionKey) -> Self {
        Self { key: key.clone(), known: Fingerprints::default() }
    }

    /// Adds a token.
    pub fn add(&mut self, token: &str) {
        if token.len() >= SHORTEST_TOKEN {
            spellings(token).iter().for_each(|spelling| self.add_spelling(spelling));
        }
    }

    /// Adds a text derived from a token: it is removed as a whole.
    pub fn add_text(&mut self, text: &str) {
        if text.len() >= SHORTEST_TEXT {
            self.add_spelling(text);
        }
    }

    fn add_spelling(&mut self, text: &str) {
        if let Some(fingerprint) = self.key.fingerprint(text).filter(|one| !self.known.contains(one)) {
            self.known.add(fingerprint);
        }
    }

    /// Whether it knows no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns `text` without any known token, and without values under a key that is named like a token.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        Eraser { key: &self.key, known: &self.known }.text(text)
    }

    /// The same for a text that may be absent.
    #[must_use]
    pub fn option(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }
}

/// Rewrites texts without what is known.
struct Eraser<'a> {
    key: &'a RedactionKey,
    known: &'a Fingerprints,
}

impl Eraser<'_> {
    fn text(&self, text: &str) -> String {
        match Json::read(text) {
            Ok(json) => json.replace_strings(|place, text| self.string(place, text, LAYERS)),
            Err(_) => self.plain(text),
        }
        .unwrap_or_else(|| text.to_owned())
    }

    /// A string of a JSON text without its tokens; `None` if it has none. Strings that contain JSON are parsed.
    fn string(&self, place: Place, text: &str, layers: usize) -> Option<String> {
        if let Place::Under(key) = place
            && text.len() >= SHORTEST
            && named_like_a_token(key)
        {
            return Some(MARK.to_owned());
        }
        let within = (layers > 0 && text.trim_start().starts_with(['{', '[', '"'])).then(|| Json::read(text));
        match within {
            Some(Ok(json)) => {
                let within = json.replace_strings(|place, text| self.string(place, text, layers - 1));
                // The whole string may be derived from a token.
                self.plain(within.as_deref().unwrap_or(text)).or(within)
            }
            _ => self.plain(text),
        }
    }

    /// A text that is not JSON, without its tokens; `None` if it has none.
    fn plain(&self, text: &str) -> Option<String> {
        let found = scan::occurrences(self.key, self.known, text);
        if found.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for place in found {
            out.push_str(&text[copied..place.start]);
            out.push_str(MARK);
            copied = place.end;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}

fn named_like_a_token(key: &str) -> bool {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    key.ends_with("tasktoken") || key == "token" || key == "callbacktoken"
}

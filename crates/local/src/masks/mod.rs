//! Hides the secrets of connections in every answer: a server may return the headers of a request, and a function may
//! read and return what it should not know. An answer passes here before it becomes an event.

mod needle;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde::de::IgnoredAny;

use crate::connections::{Authorization, Connection, Secret};
use crate::integrations::TaskOutcome;
use needle::Needle;

/// What replaces a secret.
pub const HIDDEN: &str = "****";
/// A shorter secret occurs in too many texts by chance: it is hidden only in the answers to its own connection, and
/// only where it stands alone.
const SHORT: usize = 4;
/// The fewest characters of base64 that distinguish a secret from chance.
const TELLING: usize = 5;
/// How many OAuth tokens are remembered.
const TOKENS: usize = 64;

/// The secrets, in the forms in which they may come back.
#[derive(Debug, Default)]
pub struct Masks {
    declared: RwLock<Vec<Needle>>,
    /// Each token's needles, the oldest first.
    tokens: RwLock<Vec<Vec<Needle>>>,
}

impl Masks {
    /// Hides the secrets of these connections, except those too short to be distinguished from other text.
    pub fn of<'a>(connections: impl Iterator<Item = &'a Connection>) -> Self {
        let masks = Self::default();
        masks.also(connections);
        masks
    }

    /// Hides the secrets of these connections as well, from now on.
    pub fn also<'a>(&self, connections: impl Iterator<Item = &'a Connection>) {
        let secrets: Vec<String> = connections.flat_map(secrets).collect();
        let long = secrets.iter().filter(|secret| secret.chars().count() >= SHORT);
        let mut declared = self.declared.write().unwrap_or_else(PoisonError::into_inner);
        let known = std::mem::take(&mut *declared);
        *declared = sorted(known.into_iter().chain(long.flat_map(|secret| needles(secret))).collect());
    }

    /// Hides every secret of one connection, and the token that it received.
    pub fn of_call(connection: &Connection, token: Option<&Secret>) -> Self {
        let secrets = secrets(connection).into_iter().chain(token.map(|token| token.reveal().to_owned()));
        let declared = sorted(secrets.flat_map(|secret| needles(&secret)).collect());
        Self { declared: RwLock::new(declared), tokens: RwLock::default() }
    }

    /// Hides a token from now on.
    pub fn remember(&self, token: &Secret) {
        let added = sorted(needles(token.reveal()));
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if token.reveal().chars().count() < SHORT || tokens.contains(&added) {
            return;
        }
        if tokens.len() >= TOKENS {
            tokens.remove(0);
        }
        tokens.push(added);
    }

    /// An answer without the secrets.
    #[must_use]
    pub fn answer(&self, answer: TaskOutcome) -> TaskOutcome {
        match answer {
            TaskOutcome::Done(output) => TaskOutcome::Done(self.json(output)),
            TaskOutcome::Submitted(output) => TaskOutcome::Submitted(self.json(output)),
            TaskOutcome::Failed { error, cause } => {
                TaskOutcome::Failed { error: self.json(error), cause: self.json(cause) }
            }
            TaskOutcome::Nothing => TaskOutcome::Nothing,
        }
    }

    /// A JSON text without the secrets; a text that is not JSON is handled as text. Every digit of the rest stays.
    #[must_use]
    pub fn json(&self, text: String) -> String {
        self.searched(text, |search, text| {
            if serde_json::from_str::<IgnoredAny>(text).is_err() {
                return search.hide(text, false).into_owned();
            }
            let hidden = search.literals(text);
            // A secret that begins or ends inside an escape could leave half of the escape behind.
            let is_whole = hidden == text || serde_json::from_str::<IgnoredAny>(&hidden).is_ok();
            if is_whole { hidden } else { format!("\"{HIDDEN}\"") }
        })
    }

    /// A text that is no JSON, without the secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.searched(text.to_owned(), |search, text| search.hide(text, false).into_owned())
    }

    fn searched(&self, text: String, work: impl FnOnce(&Search<'_>, &str) -> String) -> String {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let declared = self.declared.read().unwrap_or_else(PoisonError::into_inner);
        let needles: Vec<&Needle> = declared.iter().chain(tokens.iter().flatten()).collect();
        if needles.is_empty() || text.is_empty() {
            return text;
        }
        work(&Search::of(&needles), &text)
    }
}

/// What is searched for, by its possible first bytes: most bytes of most texts begin nothing.
struct Search<'a> {
    by_first: Vec<Vec<&'a Needle>>,
}

impl<'a> Search<'a> {
    fn of(needles: &[&'a Needle]) -> Self {
        let begins = |byte: u8| needles.iter().copied().filter(move |needle| needle.may_begin_with(byte)).collect();
        Self { by_first: (0..=u8::MAX).map(begins).collect() }
    }

    /// JSON with the secrets hidden in its strings and names, and among its numbers.
    fn literals(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('"') {
            let after = &rest[start + 1..];
            self.values(&rest[..start], &mut out);
            let end = string_end(after);
            out.push('"');
            out.push_str(&self.hide(&after[..end], true));
            out.push('"');
            rest = after.get(end + 1..).unwrap_or_default();
        }
        self.values(rest, &mut out);
        out
    }

    /// The part between two strings: a number that is a secret is hidden as a string.
    fn values(&self, between: &str, out: &mut String) {
        const AROUND: [char; 10] = [',', ':', '[', ']', '{', '}', ' ', '\n', '\t', '\r'];
        for part in between.split_inclusive(AROUND) {
            let value = part.trim_end_matches(AROUND);
            if self.is_secret(value) {
                out.push('"');
                out.push_str(HIDDEN);
                out.push('"');
                out.push_str(&part[value.len()..]);
            } else {
                out.push_str(part);
            }
        }
    }

    fn is_secret(&self, value: &str) -> bool {
        let first = value.bytes().next().filter(|_| value.len() >= SHORT);
        first.is_some_and(|first| self.by_first[usize::from(first)].iter().any(|needle| needle.is(value)))
    }

    /// A text with every secret hidden. `escaped` says that the text is inside quotes: a secret cannot begin inside an
    /// escape.
    fn hide<'t>(&self, text: &'t str, escaped: bool) -> Cow<'t, str> {
        let (mut out, mut kept, mut at) = (String::new(), 0, 0);
        while let Some(byte) = text.as_bytes().get(at) {
            let found = self.by_first[usize::from(*byte)].iter().find_map(|needle| needle.end_at(text, at, escaped));
            if let Some(end) = found {
                out.push_str(&text[kept..at]);
                out.push_str(HIDDEN);
                (kept, at) = (end, end);
            } else {
                at += if escaped { needle::unit(text, at) } else { needle::letter(text, at) };
            }
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[kept..]);
        Cow::Owned(out)
    }
}

/// The length of the string content that begins here.
fn string_end(text: &str) -> usize {
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Every secret of a connection, in the form in which it is sent.
fn secrets(connection: &Connection) -> Vec<String> {
    let signs = match &connection.authorization {
        Authorization::ApiKey { value, .. } => vec![value.reveal().to_owned()],
        Authorization::Basic { username, password } => {
            vec![password.reveal().to_owned(), BASE64_STANDARD.encode(format!("{username}:{}", password.reveal()))]
        }
        Authorization::OAuth { client_id, client_secret, .. } => vec![
            client_secret.reveal().to_owned(),
            BASE64_STANDARD.encode(format!("{client_id}:{}", client_secret.reveal())),
        ],
    };
    let added = connection.headers.iter().chain(&connection.query).chain(&connection.body);
    let added = added.filter(|(_, value)| !value.is_public()).map(|(_, value)| value.reveal().to_owned());
    signs.into_iter().chain(added).filter(|secret| !secret.is_empty()).collect()
}

/// The forms of a secret: plain, in base64 at any offset, and in hexadecimal digits.
fn needles(secret: &str) -> Vec<Needle> {
    let alone = secret.chars().count() < SHORT;
    let mut all = vec![Needle::new(secret, alone)];
    if alone {
        return all;
    }
    let padded = [BASE64_STANDARD.encode(secret)];
    all.extend(padded.iter().map(|text| Needle::new(text, false)));
    for offset in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(0, offset).chain(secret.bytes()).collect();
        // The characters that hold only bits of the secret.
        let (first, end) = ((8 * offset).div_ceil(6), 8 * bytes.len() / 6);
        for text in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
            let own = text.get(first..end).unwrap_or_default();
            if own.len() >= TELLING {
                all.push(Needle::new(own, false));
            }
        }
    }
    let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.extend([Needle::new(&digits.to_ascii_uppercase(), false), Needle::new(&digits, false)]);
    all
}

/// The longest first: a secret may be part of another one.
fn sorted(mut needles: Vec<Needle>) -> Vec<Needle> {
    needles.sort_by_key(|needle| std::cmp::Reverse(needle.length()));
    needles.dedup();
    needles
}

#[cfg(test)]
mod tests;

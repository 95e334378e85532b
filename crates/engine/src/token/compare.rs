//! Compares parameters that were made with a mark in the token's place with those of the history.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::Token;
use super::text::{Written, decoded_percent};

/// JSON in a text, in base 64, in a text: deeper layers are not opened.
const LAYERS: usize = 6;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub token: Token,
    /// Whether the parameters depend on the token, as far as is known.
    pub depends: bool,
    /// Texts of the history that depend on the token and do not show it plainly.
    pub veiled: BTreeSet<String>,
}

/// The parameters made three times: with the long mark, with the short one, and with the long one at another time and
/// another seed.
pub(super) struct Made {
    pub long: String,
    pub short: String,
    pub first: Value,
    pub second: Value,
    pub third: Value,
}

impl Search {
    /// Any text of these parameters may hold the token.
    pub(super) fn unreadable(recorded: &Value, depends: bool) -> Search {
        let mut veiled = BTreeSet::new();
        texts(recorded, &mut veiled);
        Search { token: Token::Unreadable, depends, veiled }
    }
}

/// Compares them. `is_whole` says whether every expression was evaluated.
pub(super) fn search(recorded: &Value, made: &Made, is_whole: bool) -> Search {
    let mut comparison = Comparison { made, tokens: BTreeSet::new(), veiled: BTreeSet::new(), depends: false };
    comparison.values(recorded, [&made.first, &made.second, &made.third], LAYERS);
    let Comparison { mut tokens, veiled, depends, .. } = comparison;
    let token = match (tokens.pop_first(), tokens.is_empty()) {
        (Some(token), true) => Token::Found(token),
        // Another definition may have made them: nothing is known here then.
        (None, _) if !depends && is_whole && agrees(recorded, &made.first, &made.third) => Token::NotPassed,
        _ => return Search::unreadable(recorded, depends),
    };
    Search { token, depends, veiled }
}

struct Comparison<'a> {
    made: &'a Made,
    tokens: BTreeSet<String>,
    veiled: BTreeSet<String>,
    depends: bool,
}

impl Comparison<'_> {
    fn values(&mut self, recorded: &Value, [first, second, third]: [&Value; 3], layers: usize) {
        if first == second {
            return;
        }
        self.depends = true;
        match (recorded, first, second, third) {
            (Value::String(recorded), Value::String(a), Value::String(b), Value::String(c)) => {
                if !self.text(recorded, [a, b, c], layers) {
                    self.veiled.insert(recorded.clone());
                }
            }
            (Value::Array(recorded), Value::Array(a), Value::Array(b), Value::Array(c))
                if [a.len(), b.len(), c.len()] == [recorded.len(); 3] =>
            {
                for (index, recorded) in recorded.iter().enumerate() {
                    self.values(recorded, [&a[index], &b[index], &c[index]], layers);
                }
            }
            (Value::Object(fields), Value::Object(a), Value::Object(b), Value::Object(c)) => {
                for (key, recorded) in fields {
                    match (a.get(key), b.get(key), c.get(key)) {
                        (Some(a), Some(b), Some(c)) => self.values(recorded, [a, b, c], layers),
                        _ => self.field(key, recorded, [a, b, c], layers),
                    }
                }
            }
            _ => texts(recorded, &mut self.veiled),
        }
    }

    /// A field that has no counterpart among those made: the token may be in its name.
    fn field(&mut self, key: &str, recorded: &Value, made: [&serde_json::Map<String, Value>; 3], layers: usize) {
        let own = |fields: &serde_json::Map<String, Value>, others: &serde_json::Map<String, Value>| {
            fields.iter().filter(|(key, _)| !others.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let a: Vec<(String, Value)> = own(made[0], made[1]);
        let b: Vec<(String, Value)> = own(made[1], made[0]);
        let mut is_read = false;
        for ((a, of_a), (b, of_b)) in a.iter().zip(&b) {
            is_read |= self.text(key, [a, b, a], layers);
            self.values(recorded, [of_a, of_b, made[2].get(a).unwrap_or(of_a)], layers);
        }
        if !is_read {
            self.veiled.insert(key.to_owned());
            texts(recorded, &mut self.veiled);
        }
    }

    /// Looks for the token in a text that depends on it. Returns whether the text, or JSON inside it, shows the token.
    fn text(&mut self, recorded: &str, made: [&str; 3], layers: usize) -> bool {
        let Some(layers) = layers.checked_sub(1) else { return false };
        let json = |text: &str| serde_json::from_str(text).ok().filter(|value: &Value| !value.is_number());
        if let (Some(recorded), [Some(a), Some(b), Some(c)]) = (json(recorded), made.map(json)) {
            let before = self.tokens.len();
            self.values(&recorded, [&a, &b, &c], layers);
            if self.tokens.len() > before || !self.tokens.is_empty() {
                return true;
            }
        }
        let marks = [self.made.long.as_str(), &self.made.short, &self.made.long];
        if let Some(token) = Written::of(made, marks).and_then(|written| written.token(recorded)) {
            self.tokens.insert(token);
            return true;
        }
        if made[0].contains('%')
            && let (Some(recorded), [Some(a), Some(b), Some(c)]) =
                (decoded_percent(recorded), made.map(decoded_percent))
            && (a != made[0] || b != made[1])
        {
            return self.text(&recorded, [&a, &b, &c], layers);
        }
        if let (Some(decoded), [Some(a), Some(b), Some(c)]) = (decoded_base64(recorded), made.map(decoded_base64)) {
            self.text(&decoded, [&a, &b, &c], layers);
            // Anybody who sees the text can decode it.
            self.veiled.insert(recorded.to_owned());
            return true;
        }
        false
    }
}

/// Whether the recorded and the made parameters agree wherever they depend on neither time nor chance.
fn agrees(recorded: &Value, first: &Value, third: &Value) -> bool {
    match (recorded, first, third) {
        (Value::Object(recorded), Value::Object(first), Value::Object(third)) => {
            recorded.len() == first.len()
                && recorded.iter().all(|(key, recorded)| match (first.get(key), third.get(key)) {
                    (Some(first), Some(third)) => agrees(recorded, first, third),
                    _ => false,
                })
        }
        (Value::Array(recorded), Value::Array(first), Value::Array(third)) if first.len() == third.len() => {
            recorded.len() == first.len()
                && recorded.iter().zip(first.iter().zip(third)).all(|(r, (first, third))| agrees(r, first, third))
        }
        (Value::Number(recorded), Value::Number(first), _) => {
            first != third.as_number().unwrap_or(first) || recorded.as_f64() == first.as_f64()
        }
        _ => first != third || recorded == first,
    }
}

/// Every text within a value that may be a token.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            if key.len() >= LONG_KEY {
                found.insert(key.clone());
            }
            texts(value, found);
        }),
        _ => {}
    }
}

/// A name shorter than this cannot hold a token.
const LONG_KEY: usize = 32;

/// Decodes base 64, of either alphabet, with or without padding.
fn decoded_base64(text: &str) -> Option<String> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engines = [
        GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT),
        GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT),
    ];
    engines.iter().find_map(|engine| String::from_utf8(engine.decode(text).ok()?).ok()).filter(|text| !text.is_empty())
}

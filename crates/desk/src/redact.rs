//! Takes task tokens out of everything that is shown or logged.
//!
//! Anybody who has a token can answer its task, and histories contain tokens in plain text. There are three defences, each
//! of which is enough in the usual case:
//! - the tokens found in the parameters of tasks, and the texts derived from them, are removed wherever they occur;
//! - values under a key that is named like a token are removed;
//! - when a task's token could not be found, every later payload is withheld (see `watch::tokens`).
//!
//! A text is rewritten string by string: digits, escapes, the order of keys and duplicate keys stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use countersign_json::{Json, Place};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
/// Length of a token's end, which the search looks for first: the tokens of one account begin alike.
const TAIL: usize = 24;

/// The tokens to remove.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    tokens: BTreeSet<String>,
    /// Texts derived from a token.
    texts: BTreeSet<String>,
    search: OnceLock<Search>,
}

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        self.tokens == other.tokens && self.texts == other.texts
    }
}

/// The texts to look for, by their ends.
#[derive(Clone, Debug)]
struct Search {
    tails: Option<AhoCorasick>,
    /// By the tail's number, the longest first.
    needles: Vec<Vec<String>>,
}

impl Redactor {
    /// Adds a token.
    pub fn add(&mut self, token: &str) {
        if token.len() >= SHORTEST_TOKEN && self.tokens.insert(token.to_owned()) {
            self.search = OnceLock::new();
        }
    }

    /// Adds a text derived from a token: it is removed as a whole.
    pub fn add_text(&mut self, text: &str) {
        if text.len() >= SHORTEST_TEXT && self.texts.insert(text.to_owned()) {
            self.search = OnceLock::new();
        }
    }

    /// Adds every token of another redactor.
    pub fn extend(&mut self, other: &Self) {
        if !other.is_empty() {
            self.tokens.extend(other.tokens.iter().cloned());
            self.texts.extend(other.texts.iter().cloned());
            self.search = OnceLock::new();
        }
    }

    /// Whether it knows no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.texts.is_empty()
    }

    /// Returns `text` without any known token, and without values under a key that is named like a token.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        match Json::read(text) {
            Ok(json) => json.replace_strings(|place, text| self.string(place, text, LAYERS)),
            Err(_) => self.plain(text),
        }
        .unwrap_or_else(|| text.to_owned())
    }

    /// The same for a text that may be absent.
    #[must_use]
    pub fn option(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
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
        let search = self.search.get_or_init(|| self.build());
        let found: BTreeSet<usize> =
            search.tails.as_ref()?.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
        let mut needles: Vec<&String> = found.into_iter().flat_map(|tail| &search.needles[tail]).collect();
        needles.sort_unstable_by_key(|needle| std::cmp::Reverse(needle.len()));
        let mut out = None::<String>;
        for needle in needles {
            let now = out.as_deref().unwrap_or(text);
            if now.contains(needle.as_str()) {
                out = Some(now.replace(needle.as_str(), MARK));
            }
        }
        out
    }

    fn build(&self) -> Search {
        let mut by_tail: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let all = self.tokens.iter().flat_map(|token| spellings(token)).chain(self.texts.iter().cloned());
        for needle in all {
            let mut start = needle.len().saturating_sub(TAIL);
            while !needle.is_char_boundary(start) {
                start -= 1;
            }
            by_tail.entry(needle[start..].to_owned()).or_default().insert(needle);
        }
        // Too many patterns for a search is the only error, and no execution has so many tokens.
        let tails = AhoCorasick::new(by_tail.keys())
            .inspect_err(|error| tracing::error!(%error, "the search for task tokens could not be built"))
            .ok();
        Search { tails, needles: by_tail.into_values().map(|needles| needles.into_iter().collect()).collect() }
    }
}

/// The characters that a URL does not escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The forms in which a token may occur: plain, in a URL, in JSON with unnecessary escapes, and in base64 at any of the three
/// offsets.
fn spellings(token: &str) -> BTreeSet<String> {
    let once = encoded(token);
    let mut all = BTreeSet::from([
        token.to_owned(),
        once.clone(),
        lower_hex(&once),
        encoded(&once),
        token.replace('/', "\\/"),
        token.replace('=', "\\u003d").replace('+', "\\u002b"),
        token.replace('=', "&#61;").replace('+', "&#43;"),
    ]);
    for before in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(token.bytes()).collect();
        for mut coded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // The first and the last letter contain bits of the neighbouring text.
            if !bytes.len().is_multiple_of(3) {
                coded.pop();
            }
            all.insert(coded.split_off(before.min(coded.len()) + usize::from(before > 0)));
        }
    }
    all.retain(|spelling| spelling.len() >= SHORTEST_TOKEN);
    all
}

/// `%2F` as `%2f`: both forms occur.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0;
    let lower = |letter: char| match letter {
        '%' => {
            digits = 2;
            letter
        }
        _ if digits > 0 => {
            digits -= 1;
            letter.to_ascii_lowercase()
        }
        _ => letter,
    };
    encoded.chars().map(lower).collect()
}

fn named_like_a_token(key: &str) -> bool {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    key.ends_with("tasktoken") || key == "token" || key == "callbacktoken"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AQCkAAAAKgAAAAMAAAAA/secret+token==";

    #[track_caller]
    fn check(input: &str, expect: &str) {
        let mut redactor = Redactor::default();
        redactor.add(TOKEN);
        redactor.add_text("AQCKAAAAKGAAAAMAAAAA/SECRET");
        assert_eq!(redactor.text(input), expect);
    }

    #[test]
    fn a_known_token_goes_wherever_it_stands() {
        check(&format!("at {TOKEN}."), "at [task token].");
        check(&format!("https://x/?t={}&a=1", encoded(TOKEN)), "https://x/?t=[task token]&a=1");
        check(r#"{"plain":1}"#, r#"{"plain":1}"#);
        check(&format!(r#"{{"{TOKEN}":["{TOKEN}"]}}"#), r#"{"[task token]":["[task token]"]}"#);
        check(r#"["AQCkAAAAKgAAAAMAAAAA\/secret\u002btoken=\u003d"]"#, r#"["[task token]"]"#);
        check(r#"cause: {"t":"AQCkAAAAKgAAAAMAAAAA\/secret+token=="}"#, r#"cause: {"t":"[task token]"}"#);
        check(r#""x AQCKAAAAKGAAAAMAAAAA/SECRET y""#, r#""x [task token] y""#);
        let lower = encoded(TOKEN).replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d");
        check(&lower, "[task token]");
    }

    #[test]
    fn a_token_in_base_64_goes_too() {
        let mut redactor = Redactor::default();
        redactor.add(TOKEN);
        for before in ["", "a", "ab", "abc"] {
            let coded = base64::engine::general_purpose::STANDARD.encode(format!("{before}{TOKEN}xyz"));
            let shown = redactor.text(&coded);
            assert!(shown.contains(MARK) && shown.len() < MARK.len() + 16, "{coded}: {shown}");
        }
    }

    #[test]
    fn an_unknown_one_goes_by_the_name_of_its_key() {
        let other = "B".repeat(40);
        check(
            &format!(r#"{{"Input":{{"Task-Token":"{other}","b":2}}}}"#),
            r#"{"Input":{"Task-Token":"[task token]","b":2}}"#,
        );
        check(r#"{"token":"short","tokens":[1]}"#, r#"{"token":"short","tokens":[1]}"#);
        let body = serde_json::json!({ "MessageBody": format!(r#"{{"taskToken":"{other}"}}"#), "taskToken": other })
            .to_string();
        check(&body, r#"{"MessageBody":"{\"taskToken\":\"[task token]\"}","taskToken":"[task token]"}"#);
    }

    #[test]
    fn all_else_stays_as_it_was_written() {
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        for rest in [
            r#""n": 98765432109876543210987, "m":386.40,"x":1e999999"#,
            r#""k":1,"k":2 , "é":"\u00e9\/""#,
            &format!("\"deep\":{deep}"),
        ] {
            check(
                &format!(r#"{{"t":"{TOKEN}", {rest}, "in":"{{\"a\": 1.50,\"t\":\"{TOKEN}\"}}"}}"#),
                &format!(r#"{{"t":"[task token]", {rest}, "in":"{{\"a\": 1.50,\"t\":\"[task token]\"}}"}}"#),
            );
        }
    }
}

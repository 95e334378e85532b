//! Takes task tokens out of everything that is shown or logged.
//!
//! Whoever holds a token can answer its task, and the history holds tokens in plain text. Three nets, each on its own
//! enough for the usual case: the tokens that the definition's own places lead to, wherever they turn up again; values
//! under a key that is named like a token; and, where a task has a token that could not be located, its parameters as a
//! whole are withheld.

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands where a token stood.
pub const MARK: &str = "[task token]";
/// What stands where the parameters of a task stood whose token could not be located.
pub const WITHHELD: &str = "\"[withheld: holds a task token]\"";
/// Shorter values under a token's key are placeholders or ids, not tokens.
const SHORTEST: usize = 24;

/// The tokens to take out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redactor {
    needles: BTreeSet<String>,
}

impl Redactor {
    /// Adds a token, and the ways it may be written inside a URL.
    pub fn add(&mut self, token: &str) {
        if token.len() >= 8 {
            self.needles.insert(token.to_owned());
            self.needles.insert(crate::routes::encode(token));
        }
    }

    /// Adds every token of another redactor.
    pub fn extend(&mut self, other: &Self) {
        self.needles.extend(other.needles.iter().cloned());
    }

    /// `text` without any known token, and without values under a key that is named like a token.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for needle in &self.needles {
            if out.contains(needle.as_str()) {
                out = out.replace(needle.as_str(), MARK);
            }
        }
        if mentions_token(&out)
            && let Ok(mut value) = serde_json::from_str::<Value>(&out)
            && by_key(&mut value)
        {
            out = value.to_string();
        }
        out
    }

    /// The same for a text that may be absent.
    #[must_use]
    pub fn option(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.text(text))
    }
}

fn mentions_token(text: &str) -> bool {
    text.as_bytes().windows(5).any(|window| window.eq_ignore_ascii_case(b"token"))
}

fn named_like_a_token(key: &str) -> bool {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    key.ends_with("tasktoken") || key == "token" || key == "callbacktoken"
}

/// Replaces token-like values; says whether it did. Strings that hold JSON (a message body) are looked into.
fn by_key(value: &mut Value) -> bool {
    match value {
        Value::Object(map) => map.iter_mut().fold(false, |changed, (key, value)| match value {
            Value::String(text) if named_like_a_token(key) && text.len() >= SHORTEST => {
                MARK.clone_into(text);
                true
            }
            other => by_key(other) || changed,
        }),
        Value::Array(items) => {
            let mut changed = false;
            for item in items {
                changed |= by_key(item);
            }
            changed
        }
        Value::String(text) if text.starts_with(['{', '[']) && mentions_token(text) => {
            let Ok(mut inner) = serde_json::from_str::<Value>(text) else { return false };
            let changed = by_key(&mut inner);
            if changed {
                *text = inner.to_string();
            }
            changed
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AQCkAAAAKgAAAAMAAAAA/secret+token==";

    #[track_caller]
    fn check(input: &str, expect: &str) {
        let mut redactor = Redactor::default();
        redactor.add(TOKEN);
        assert_eq!(redactor.text(input), expect);
    }

    #[test]
    fn a_known_token_goes_wherever_it_stands() {
        check(&format!("at {TOKEN}."), "at [task token].");
        check(&format!("https://x/?t={}&a=1", crate::routes::encode(TOKEN)), "https://x/?t=[task token]&a=1");
        check(r#"{"plain":1}"#, r#"{"plain":1}"#);
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
}

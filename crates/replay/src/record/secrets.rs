//! What must not get into a case: task tokens, and what looks like a secret by its name.

use std::cell::Cell;
use std::collections::BTreeSet;

use countersign_trace::Trace;
use serde_json::Value;

use crate::definition::Definition;
use crate::drive::{Bounds, Call, Outside, Reply, drive};
use crate::evidence::{Answers, History, params_of};

/// What stands in place of a task token.
const TOKEN: &str = "[task token]";
/// What stands in place of another secret.
const REMOVED: &str = "[removed]";
/// Parts of the names of fields whose values are taken out, in small letters.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "secret",
    "tasktoken",
    "accesstoken",
    "apikey",
    "authorization",
    "credential",
    "privatekey",
    "sessiontoken",
    "bearer",
];
/// The fewest letters of a text that may be a task token wherever it stands. AWS's have hundreds.
const SHORTEST: usize = 80;

/// The secrets of a history.
pub(super) struct Secrets {
    texts: BTreeSet<String>,
    removed: Cell<bool>,
}

impl Secrets {
    /// Finds the tokens: the execution is run again, and where its parameters have the new token, the recorded ones have
    /// the old one.
    pub fn of(history: History<'_>, trace: &Trace, definition: &Definition) -> Self {
        let mut finder = Finder { answers: Answers::of(trace, history.marks), found: BTreeSet::new() };
        let params = params_of(history, &crate::evidence::first_run(history.events));
        drive(&definition.program, params, &Bounds::default(), &mut finder);
        Self { texts: finder.found, removed: Cell::new(false) }
    }

    /// Whether something but tokens was taken out.
    pub fn removed(&self) -> bool {
        self.removed.get()
    }

    /// A text without the tokens.
    pub fn clean_text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        // A long one first: another may be a part of it.
        let mut texts: Vec<&String> = self.texts.iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        for secret in texts {
            clean = clean.replace(secret.as_str(), TOKEN);
        }
        without_token_like(&clean)
    }

    /// A JSON text without tokens and secrets. If it has none, it stays as it is, digit for digit.
    pub fn clean(&self, json: &str) -> String {
        let Ok(mut value) = serde_json::from_str::<Value>(json) else { return TOKEN.to_owned() };
        // Of a key that stands twice the value has the last member alone; the text has both.
        let changed = self.clean_value(&mut value, false) || self.clean_text(json) != json;
        if changed { value.to_string() } else { json.to_owned() }
    }

    /// Returns whether something was changed.
    fn clean_value(&self, value: &mut Value, is_secret: bool) -> bool {
        match value {
            Value::Object(fields) => {
                let mut changed = false;
                for (name, value) in fields.iter_mut() {
                    changed |= self.clean_value(value, is_secret || is_secret_name(name));
                }
                // A token may be a name, too.
                if fields.keys().any(|name| self.clean_text(name) != *name) {
                    let all = std::mem::take(fields).into_iter();
                    *fields = all.map(|(name, value)| (self.clean_text(&name), value)).collect();
                    changed = true;
                }
                changed
            }
            Value::Array(items) => {
                let mut changed = false;
                for item in items {
                    changed |= self.clean_value(item, is_secret);
                }
                changed
            }
            Value::String(_) | Value::Number(_) if is_secret => {
                self.removed.set(true);
                *value = REMOVED.into();
                true
            }
            Value::String(text) => {
                let clean = self.clean_text(text);
                let changed = clean != *text;
                *text = clean;
                changed
            }
            _ => false,
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    plain == "token" || NAMES.iter().any(|part| plain.contains(part))
}

/// A text in which long runs of the letters of a token, with capitals, small letters and digits, are replaced.
fn without_token_like(text: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=' | '-' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_letter) {
        out.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|letter| !is_letter(letter)).unwrap_or(run.len());
        let (run, behind) = run.split_at(end);
        let has = |test: fn(&char) -> bool| run.chars().any(|letter| test(&letter));
        let is_token = run.len() >= SHORTEST
            && has(char::is_ascii_uppercase)
            && has(char::is_ascii_lowercase)
            && has(char::is_ascii_digit);
        out.push_str(if is_token { TOKEN } else { run });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Answers as the history does, and compares what is asked.
struct Finder<'a> {
    answers: Answers<'a>,
    found: BTreeSet<String>,
}

impl Outside for Finder<'_> {
    fn answer(&mut self, call: &Call<'_>) -> Reply {
        let recorded = self.answers.recorded(call).and_then(|attempt| attempt.parameters.as_deref());
        if let (Some(token), Some(Ok(recorded))) = (&call.request.token, recorded.map(serde_json::from_str::<Value>)) {
            find(&recorded, &call.request.parameters, token, &mut self.found);
        }
        self.answers.answer(call)
    }
}

/// Where `now` has the token, `then` has the old one. A text that differs in another way may hold it, too.
fn find(then: &Value, now: &Value, token: &str, found: &mut BTreeSet<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            now.iter()
                .for_each(|(name, now)| then.get(name).into_iter().for_each(|then| find(then, now, token, found)));
        }
        (Value::Array(then), Value::Array(now)) => {
            then.iter().zip(now).for_each(|(then, now)| find(then, now, token, found));
        }
        (Value::String(then), Value::String(now)) if then != now => {
            let old = now.split_once(token).and_then(|(before, after)| then.strip_prefix(before)?.strip_suffix(after));
            found.extend(Some(old.unwrap_or(then)).filter(|old| !old.is_empty()).map(str::to_owned));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_wherever_it_stands() {
        let secrets = Secrets { texts: BTreeSet::from(["tok-1".to_owned()]), removed: Cell::new(false) };
        for (json, clean) in [
            (r#"{"a": 1.50}"#, r#"{"a": 1.50}"#),
            (r#"{"a": "of tok-1"}"#, r#"{"a":"of [task token]"}"#),
            (r#"{"tok-1": {"b": 1}}"#, r#"{"[task token]":{"b":1}}"#),
            // Of the two members, the second one counts.
            (r#"{"a": "tok-1", "a": 2}"#, r#"{"a":2}"#),
            ("no JSON", TOKEN),
        ] {
            assert_eq!(secrets.clean(json), clean, "{json}");
        }
    }
}

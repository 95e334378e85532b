//! The stored input of an execution, as a form shows it and takes it back.
//!
//! A page never shows a task token, yet the execution that starts again gets the stored input. So each hidden text has a mark
//! of its own, made of its hash. The form returns an edit of the stored text; its marks are replaced by the hidden texts.

use std::collections::BTreeMap;

use countersign_json::{Json, pretty};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::redact::Tokens;
use crate::starting::INPUT;

/// Bytes that a form may send: an HTTP request is limited to 1 MiB, and a character takes up to six bytes in it.
const SENT: usize = 900_000;

/// Why the text of a form cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StoredError {
    #[error("the input is not JSON: {0}")]
    NotJson(String),
    /// This mark does not stand for a text of the stored input.
    #[error("{0:?} stands for nothing in the stored input")]
    UnknownMark(String),
}

/// A stored input, and the text that a form shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// As it was stored.
    pub text: String,
    /// With marks for hidden texts; `None` if it cannot be shown at all.
    pub shown: Option<String>,
    /// The hidden texts, by their marks.
    marks: BTreeMap<String, String>,
}

impl Stored {
    /// A stored input. If `withheld`, nothing of it is shown.
    #[must_use]
    pub fn new(text: String, withheld: bool, tokens: &Tokens) -> Self {
        let mut marks = BTreeMap::new();
        let shown = if withheld { None } else { shown(&text, tokens, &mut marks) };
        if shown.is_none() {
            marks.clear();
        }
        Self { text, shown, marks }
    }

    /// How many different texts are hidden.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.marks.len()
    }

    /// The input to start with, from the form's text. It is the stored text, byte for byte, unless somebody edited it.
    ///
    /// # Errors
    /// The text is not JSON, or contains an unknown mark.
    pub fn restored(&self, sent: &str) -> Result<String, StoredError> {
        if self.shown.is_none() && sent.trim().is_empty() {
            return Ok(self.text.clone());
        }
        let json = Json::read(sent).map_err(|error| StoredError::NotJson(error.to_string()))?;
        let every = self.every_mark();
        let mut unknown = None;
        let restored = json.replace_strings(|_, text| {
            let hidden = every.get(text).cloned();
            // The stored text itself may contain a text that looks like a mark.
            if hidden.is_none() && is_mark(text) && !self.text.contains(text) {
                unknown = Some(text.to_owned());
            }
            hidden
        });
        if let Some(mark) = unknown {
            return Err(StoredError::UnknownMark(mark));
        }
        let restored = restored.unwrap_or_else(|| sent.to_owned());
        Ok(if pretty(&restored) == pretty(&self.text) { self.text.clone() } else { restored })
    }

    /// A mark for every text: the set of hidden texts may have changed since the form was rendered.
    fn every_mark(&self) -> BTreeMap<String, String> {
        let mut every = BTreeMap::new();
        if let Ok(json) = Json::read(self.text.as_str()) {
            json.replace_strings(|_, text| {
                every.insert(mark(text), text.to_owned());
                None
            });
        }
        every
    }
}

/// The text with marks, indented if that is short enough for an input, as an edit of it has to be one; `None` if a form could
/// not send it back.
fn shown(text: &str, tokens: &Tokens, marks: &mut BTreeMap<String, String>) -> Option<String> {
    let json = Json::read(text).ok()?;
    let redacted = tokens.text(text);
    let mut without = Vec::new();
    Json::read(redacted.as_str()).ok()?.replace_strings(|_, text| {
        without.push(text.to_owned());
        None
    });
    let mut without = without.into_iter();
    let marked = json.replace_strings(|_, text| {
        // The redactor replaces strings in place, so both texts have them in the same order.
        if without.next().is_some_and(|redacted| redacted == text) {
            return None;
        }
        let mark = mark(text);
        marks.insert(mark.clone(), text.to_owned());
        Some(mark)
    });
    if without.next().is_some() {
        return None;
    }
    let marked = marked.unwrap_or_else(|| text.to_owned());
    let laid_out = Some(pretty(&marked)).filter(|text| text.len() <= INPUT);
    laid_out.into_iter().chain([marked]).find(|text| sent_length(text) <= SENT)
}

fn mark(text: &str) -> String {
    let hash: String = Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("[task token {hash}]")
}

fn is_mark(text: &str) -> bool {
    text.strip_prefix("[task token ")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The length of a text in the body of a form, where a line ends with two characters.
fn sent_length(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b' ' | b'-' | b'.' | b'_' | b'*' => 1,
        b'\n' => 6,
        byte if byte.is_ascii_alphanumeric() => 1,
        _ => 3,
    };
    text.bytes().map(length).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::redact::RedactionKey;

    const CARD: &str = "tok_1234567890abcdefghijklmn";

    fn stored(text: &str) -> Stored {
        Stored::new(text.to_owned(), false, &Tokens::new(&RedactionKey::new([0; 16])))
    }

    #[test]
    fn an_unedited_input_starts_as_it_was_stored() {
        let text = r#"{"token":"tok_1234567890abcdefghijklmn", "n":386.40,"n":1,"s":"\u00e9\/"}"#;
        let stored = stored(text);
        let shown = stored.shown.clone().unwrap();
        assert!(!shown.contains(CARD) && shown.contains("386.40") && stored.hidden() == 1, "{shown}");
        assert_eq!(stored.restored(&shown).unwrap(), text);
        assert_eq!(stored.restored(&shown.replace('\n', "\r\n")).unwrap(), text, "as a browser sends it");
    }

    #[test]
    fn an_edit_is_an_edit_of_the_stored_text() {
        let stored = stored(&format!(r#"{{"token":"{CARD}","amount":1.0}}"#));
        let edited = stored.shown.clone().unwrap().replace("1.0", "2.50");
        assert_eq!(stored.restored(&edited).unwrap(), format!("{{\n  \"token\": \"{CARD}\",\n  \"amount\": 2.50\n}}"));
        let moved = format!(r#"{{"card":{:?}}}"#, mark(CARD));
        assert_eq!(stored.restored(&moved).unwrap(), format!(r#"{{"card":"{CARD}"}}"#));
        assert!(
            stored.restored(r#"["[task token 00000000]"]"#).unwrap_err().to_string().contains("stands for nothing")
        );
        assert!(stored.restored("{").unwrap_err().to_string().contains("is not JSON"));
        assert!(stored.restored("").is_err(), "an emptied form does not mean {{}}");
    }

    #[test]
    fn an_input_that_cannot_be_shown_can_be_started() {
        let text = format!("{{\"a\":\"{}\"}}", "ä".repeat(130_000));
        let long = Stored::new(text.clone(), false, &Tokens::new(&RedactionKey::new([0; 16])));
        assert_eq!(long.shown, Some(pretty(&text)), "each byte takes three");
        let newlines = format!("[{}1]", "1,\n".repeat(87_000));
        assert_eq!(stored(&newlines).shown, Some(newlines), "indented it would be too long for an input");
        let withheld = Stored::new(text.clone(), true, &Tokens::new(&RedactionKey::new([0; 16])));
        assert_eq!((withheld.shown.as_deref(), withheld.hidden()), (None, 0));
        assert_eq!(withheld.restored("").unwrap(), text);
        let quotes = format!("[{}\"\"]", "\"\",".repeat(87_000));
        assert!(stored(&quotes).shown.is_some_and(|shown| sent_length(&shown) <= SENT));
    }
}

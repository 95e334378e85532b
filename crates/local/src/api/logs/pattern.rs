//! The pattern by which log events are filtered: words that a message has, or has not.

use crate::api::error::ApiError;

/// The longest pattern, in characters.
const LONGEST: usize = 1_024;

/// A pattern of words. Every word of `all` is in a message that matches, one of `any` if there are some, and none of
/// `none`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern: words, or phrases in quotation marks, each after `?` where one of several is enough, or after `-`
    /// where it must not be there.
    ///
    /// # Errors
    /// It is one of the forms for JSON, for columns or for regular expressions, which are not served; or a quotation mark is
    /// not closed.
    pub fn read(text: &str) -> Result<Self, ApiError> {
        let invalid = |why: String| Err(ApiError::new("InvalidParameterException", why));
        if text.chars().count() > LONGEST {
            return invalid(format!("The filterPattern has more than {LONGEST} characters."));
        }
        let mut rest = text.trim();
        if rest.starts_with(['{', '[', '%']) {
            return invalid(format!(
                "The embedded engine takes a filterPattern of words and of phrases in quotation marks: {text:?} is none."
            ));
        }
        let mut pattern = Self::default();
        while !rest.is_empty() {
            let (list, after) = match (rest.strip_prefix('?'), rest.strip_prefix('-')) {
                (Some(after), _) => (&mut pattern.any, after),
                (_, Some(after)) => (&mut pattern.none, after),
                _ => (&mut pattern.all, rest),
            };
            let (word, after) = match after.strip_prefix('"') {
                Some(quoted) => match quoted.split_once('"') {
                    Some(parts) => parts,
                    None => return invalid(format!("A quotation mark in the filterPattern {text:?} is not closed.")),
                },
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            if !word.is_empty() {
                list.push(word.to_owned());
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a message matches.
    #[must_use]
    pub fn matches(&self, message: &str) -> bool {
        let has = |word: &String| message.contains(word.as_str());
        self.all.iter().all(has) && !self.none.iter().any(has) && (self.any.is_empty() || self.any.iter().any(has))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn words_are_in_a_message_or_not() {
        for (pattern, matching, other) in [
            ("", "anything", None),
            ("ERROR", "an ERROR here", Some("an error here")),
            ("ERROR order", "order 4: ERROR", Some("ERROR")),
            ("\"not found\"", "it was not found", Some("found, not lost")),
            ("?ERROR ?WARN", "WARN: late", Some("INFO")),
            ("order -test", "order 4", Some("a test of order 4")),
        ] {
            let read = Pattern::read(pattern).unwrap();
            assert!(read.matches(matching), "{pattern}");
            assert!(!other.is_some_and(|other| read.matches(other)), "{pattern}");
        }
        for pattern in ["{ $.level = \"ERROR\" }", "[ip, user]", "%ERR.*%", "\"open"] {
            assert_eq!(Pattern::read(pattern).unwrap_err().code, "InvalidParameterException", "{pattern}");
        }
    }
}

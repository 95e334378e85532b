//! `${Placeholders}` of a definition: values that a deployment puts in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parse::Place;

/// A `${Name}` in a definition's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    pub name: String,
    /// Line in the text, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// Byte offset of the `$`.
    pub offset: usize,
}

/// Every placeholder of a text, in order. A name holds letters, digits, `_`, `.`, `:` and `-`; `${!Literal}` is none.
pub fn placeholders(text: &str) -> Vec<Placeholder> {
    let (mut found, mut at, mut place) = (Vec::new(), 0, Place::begin());
    while let Some((offset, name)) = next(text, at) {
        at = offset + "${}".len() + name.len();
        place = place.further(text, offset);
        found.push(Placeholder { name: name.to_owned(), line: place.line, column: place.column, offset });
    }
    found
}

/// Whether a deployment has yet to put a value in.
pub(crate) fn has_placeholder(text: &str) -> bool {
    next(text, 0).is_some()
}

/// The first placeholder from a byte on: where it stands, and its name.
fn next(text: &str, mut from: usize) -> Option<(usize, &str)> {
    loop {
        let offset = from + text[from..].find("${")?;
        from = offset + "${".len();
        let name = text[from..].split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'))).next()?;
        if !name.is_empty() && text[from + name.len()..].starts_with('}') {
            return Some((offset, name));
        }
    }
}

/// Puts the values in, escaped as JSON texts need it.
///
/// # Errors
/// The placeholders that have no value, each with its place.
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, Vec<Placeholder>> {
    let (mut result, mut missing, mut from) = (String::with_capacity(text.len()), Vec::new(), 0);
    for placeholder in placeholders(text) {
        let Some(value) = values.get(&placeholder.name) else {
            missing.push(placeholder);
            continue;
        };
        result.push_str(&text[from..placeholder.offset]);
        // A JSON text without its quotation marks is the value with quotation marks and line ends escaped.
        let escaped = serde_json::Value::from(value.as_str()).to_string();
        result.push_str(&escaped[1..escaped.len() - 1]);
        from = placeholder.offset + "${}".len() + placeholder.name.len();
    }
    result.push_str(&text[from..]);
    if missing.is_empty() { Ok(result) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_and_the_rest_is_named() {
        let text = "{\"a\": \"${A}\",\n \"b\": ${N}, \"c\": \"${!not} ${ }\"}";
        let mut values = BTreeMap::from([("A".to_owned(), "x\"y".to_owned())]);
        let missing = Placeholder { name: "N".to_owned(), line: 2, column: 7, offset: 20 };
        assert_eq!(substitute(text, &values), Err(vec![missing]));
        values.insert("N".to_owned(), "3".to_owned());
        let expected = "{\"a\": \"x\\\"y\",\n \"b\": 3, \"c\": \"${!not} ${ }\"}";
        assert_eq!(substitute(text, &values), Ok(expected.to_owned()));
    }
    #[test]
    fn a_text_of_nothing_but_placeholders_is_read_once() {
        assert!(placeholders(&format!("{}}}", "${".repeat(500_000))).is_empty());
        let found = placeholders(&"é${a}\n".repeat(100_000));
        assert_eq!(found.len(), 100_000);
        assert!(found.iter().all(|placeholder| placeholder.column == 2));
        assert_eq!(found.last().map(|placeholder| placeholder.line), Some(100_000));
    }
}

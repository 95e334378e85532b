//! `${Placeholders}` of a definition, which a deployment replaces by values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnostic::SourceSpan;
use crate::parse::SourceLocation;

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

impl Placeholder {
    /// The whole of it, from `$` to `}`.
    pub fn span(&self) -> SourceSpan {
        SourceSpan::of_line(self.line, self.column, count(self.name.chars().count() + "${}".len()))
    }
}

/// Every placeholder of a text, in order. A name holds letters, digits, `_`, `.`, `:` and `-`; `${!Literal}` is not a placeholder.
pub fn placeholders(text: &str) -> Vec<Placeholder> {
    let (mut found, mut at, mut place) = (Vec::new(), 0, SourceLocation::begin());
    while let Some((offset, name)) = next(text, at) {
        at = offset + "${}".len() + name.len();
        place = place.further(text, offset);
        found.push(Placeholder { name: name.to_owned(), line: place.line, column: place.column, offset });
    }
    found
}

/// Whether a text has a placeholder.
pub(crate) fn has_placeholder(text: &str) -> bool {
    next(text, 0).is_some()
}

/// The first placeholder at or after a byte: its offset and its name.
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

/// Replaces the placeholders by their values, escaped for JSON.
///
/// # Errors
/// The placeholders that have no value.
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, Vec<Placeholder>> {
    let (mut result, mut missing, mut from) = (String::with_capacity(text.len()), Vec::new(), 0);
    for placeholder in placeholders(text) {
        let Some(value) = values.get(&placeholder.name) else {
            missing.push(placeholder);
            continue;
        };
        result.push_str(&text[from..placeholder.offset]);
        result.push_str(&escaped(value));
        from = placeholder.offset + "${}".len() + placeholder.name.len();
    }
    result.push_str(&text[from..]);
    if missing.is_empty() { Ok(result) } else { Err(missing) }
}

/// The span in a text with its placeholders, of a span in the text that [`substitute`] made of it.
///
/// Values have no line ends, so lines stay the same. A span within a value becomes that of its placeholder.
pub fn span_before_substitution(text: &str, values: &BTreeMap<String, String>, span: SourceSpan) -> SourceSpan {
    let placeholders: Vec<(Placeholder, u32)> = placeholders(text)
        .into_iter()
        .filter(|placeholder| [span.line, span.end_line].contains(&placeholder.line))
        .filter_map(|placeholder| {
            let length = count(escaped(values.get(&placeholder.name)?).chars().count());
            Some((placeholder, length))
        })
        .collect();
    let column = |line: u32, column: u32, is_end: bool| {
        // By how many columns the placeholders so far are shorter and longer than their values.
        let (mut shorter, mut longer) = (0_u32, 0_u32);
        for &(ref placeholder, length) in placeholders.iter().filter(|(placeholder, _)| placeholder.line == line) {
            let written = placeholder.span().end_column - placeholder.column;
            let begin = (placeholder.column + shorter).saturating_sub(longer);
            if column < begin + u32::from(is_end) {
                break;
            }
            if column < begin + length + u32::from(is_end) {
                return if is_end { placeholder.column + written } else { placeholder.column };
            }
            shorter += length.saturating_sub(written);
            longer += written.saturating_sub(length);
        }
        (column + longer).saturating_sub(shorter)
    };
    SourceSpan {
        column: column(span.line, span.column, false),
        end_column: column(span.end_line, span.end_column, true),
        ..span
    }
}

fn count(characters: usize) -> u32 {
    u32::try_from(characters).unwrap_or(u32::MAX)
}

/// A value as it stands within the quotation marks of a JSON text.
fn escaped(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
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
    fn a_span_is_found_again_in_the_text_before_its_values() {
        let text = "{\n\"é\": \"${Long}-${S}\", \"b\": [1,\n2]}";
        let values = BTreeMap::from([("Long".to_owned(), "x".to_owned()), ("S".to_owned(), "12345\"".to_owned())]);
        let made = substitute(text, &values).unwrap_or_default();
        assert_eq!(made, "{\n\"é\": \"x-12345\\\"\", \"b\": [1,\n2]}");
        let check = |made: (u32, u32), before: (u32, u32)| {
            let span = |(from, to)| SourceSpan::of_line(2, from, to - from);
            assert_eq!(span_before_substitution(text, &values, span(made)), span(before), "{made:?}");
        };
        check((1, 4), (1, 4));
        check((6, 17), (6, 20));
        check((7, 8), (7, 14));
        check((8, 9), (14, 15));
        check((9, 16), (15, 19));
        check((11, 12), (15, 19));
        check((19, 22), (22, 25));
        let third = SourceSpan::of_line(3, 1, 1);
        assert_eq!(span_before_substitution(text, &values, third), third);
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

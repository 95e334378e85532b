//! `${Placeholders}` of a definition, which a deployment replaces by values.

use std::collections::BTreeMap;
use std::ops::Range;

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

/// What a placeholder becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceholderValue {
    /// A text, put in as it is within a string.
    Text(String),
    /// JSON that is no text, such as `30`, `true` or `{"a": 1}`. A placeholder that is the whole of a string becomes this
    /// value itself, without quotation marks; within a longer string it is put in as text.
    Json(String),
    /// Not known yet: the placeholder stays.
    Unknown,
}

/// Why a placeholder cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceholderProblem {
    /// Nothing gives it a value.
    NoValue,
    /// It stands outside of a string, and its text is not JSON.
    NotJson,
    /// It stands within a longer string or is the name of a field, and its value is a list or an object.
    NotText,
}

/// A definition with the values of its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substituted {
    pub text: String,
    /// What was replaced, in order: the bytes before, and the bytes that it became.
    replaced: Vec<(Range<usize>, Range<usize>)>,
}

/// Replaces the placeholders of a JSON text by their values. A value has no line ends, so lines stay the same.
///
/// ```
/// use std::collections::BTreeMap;
/// use countersign_asl::{PlaceholderValue, substitute};
/// let values = BTreeMap::from([("Seconds".to_owned(), PlaceholderValue::Json("30".to_owned()))]);
/// let made = substitute(r#"{"Seconds": "${Seconds}", "Comment": "at most ${Seconds} s"}"#, &values).unwrap();
/// assert_eq!(made.text, r#"{"Seconds": 30, "Comment": "at most 30 s"}"#);
/// ```
///
/// # Errors
/// The placeholders that cannot be replaced.
pub fn substitute(
    text: &str,
    values: &BTreeMap<String, PlaceholderValue>,
) -> Result<Substituted, Vec<(Placeholder, PlaceholderProblem)>> {
    let mut made = Substituted { text: String::with_capacity(text.len()), replaced: Vec::new() };
    let (mut problems, mut from, mut quotes) = (Vec::new(), 0, Quotes::of(text));
    for placeholder in placeholders(text) {
        let whole = placeholder.offset..placeholder.offset + "${}".len() + placeholder.name.len();
        let place = quotes.place(&whole);
        let value = match values.get(&placeholder.name) {
            None => Err(PlaceholderProblem::NoValue),
            Some(value) => written(value, &place),
        };
        match value {
            Ok(None) => {}
            Ok(Some(value)) => {
                let taken = if matches!(value, Written::Value(_)) && place == Place::Whole {
                    whole.start - 1..whole.end + 1
                } else {
                    whole
                };
                made.text.push_str(&text[from..taken.start]);
                let start = made.text.len();
                let (Written::Value(value) | Written::Inside(value)) = value;
                made.text.push_str(&value);
                from = taken.end;
                made.replaced.push((taken, start..made.text.len()));
            }
            Err(problem) => problems.push((placeholder, problem)),
        }
    }
    made.text.push_str(&text[from..]);
    if problems.is_empty() { Ok(made) } else { Err(problems) }
}

/// A value as it is written.
enum Written {
    /// A JSON value: the quotation marks around the placeholder go.
    Value(String),
    /// A part of a string.
    Inside(String),
}

/// `None` leaves the placeholder.
fn written(value: &PlaceholderValue, place: &Place) -> Result<Option<Written>, PlaceholderProblem> {
    Ok(Some(match (value, place) {
        (PlaceholderValue::Unknown, _) => return Ok(None),
        (PlaceholderValue::Text(text), Place::Bare) => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) if !text.contains(['\n', '\r']) => Written::Value(text.clone()),
            _ => return Err(PlaceholderProblem::NotJson),
        },
        (PlaceholderValue::Text(text), _) => Written::Inside(escaped(text)),
        (PlaceholderValue::Json(json), Place::Bare | Place::Whole) => Written::Value(json.clone()),
        (PlaceholderValue::Json(json), Place::Inside) if !json.starts_with(['[', '{']) => Written::Inside(json.clone()),
        (PlaceholderValue::Json(_), Place::Inside) => return Err(PlaceholderProblem::NotText),
    }))
}

/// Where a placeholder stands in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of any string.
    Bare,
    /// It is the whole of a string that is a value.
    Whole,
    /// Within a string, or the name of a field.
    Inside,
}

/// The quotation marks of a text, read as far as a placeholder.
struct Quotes<'t> {
    text: &'t str,
    at: usize,
    /// Where the string that is open began: the byte behind its quotation mark.
    open: Option<usize>,
}

impl<'t> Quotes<'t> {
    const fn of(text: &'t str) -> Self {
        Quotes { text, at: 0, open: None }
    }

    /// Placeholders have to come in their order.
    fn place(&mut self, placeholder: &Range<usize>) -> Place {
        let bytes = self.text.as_bytes();
        while self.at < placeholder.start {
            match (bytes[self.at], self.open) {
                (b'\\', Some(_)) => self.at += 1,
                (b'"', Some(_)) => self.open = None,
                (b'"', None) => self.open = Some(self.at + 1),
                _ => {}
            }
            self.at += 1;
        }
        let Some(open) = self.open else { return Place::Bare };
        let rest = self.text[placeholder.end..].strip_prefix('"');
        let is_value = rest.is_some_and(|rest| !rest.trim_start().starts_with(':'));
        if open == placeholder.start && is_value { Place::Whole } else { Place::Inside }
    }
}

impl Substituted {
    /// The span in `source`, the text with its placeholders, of a span in the text that was made of it. A span within a
    /// value becomes that of its placeholder.
    pub fn span_before(&self, source: &str, span: SourceSpan) -> SourceSpan {
        let start = self.byte_before(offset_of(&self.text, span.line, span.column), false);
        let end = self.byte_before(offset_of(&self.text, span.end_line, span.end_column), true).max(start);
        let begin = SourceLocation::of(source, start);
        let end = begin.further(source, end);
        SourceSpan { line: begin.line, column: begin.column, end_line: end.line, end_column: end.column }
    }

    /// The byte of the source that a byte of the made text comes from.
    fn byte_before(&self, byte: usize, is_end: bool) -> usize {
        // The last replacement that begins at or before it; an end right before a value is not in the value.
        let after = self.replaced.partition_point(|(_, to)| if is_end { to.start < byte } else { to.start <= byte });
        let Some((from, to)) = after.checked_sub(1).and_then(|index| self.replaced.get(index)) else { return byte };
        let within = if is_end { byte <= to.end } else { byte < to.end };
        match (within, is_end) {
            (true, true) => from.end,
            (true, false) => from.start,
            (false, _) => from.end + (byte - to.end),
        }
    }
}

/// The byte at a line and column, both from 1; columns are characters.
fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let of_line = text[start..].split('\n').next().unwrap_or_default();
    let characters = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    start + of_line.char_indices().nth(characters).map_or(of_line.len(), |(offset, _)| offset)
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
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn text(value: &str) -> PlaceholderValue {
        PlaceholderValue::Text(value.to_owned())
    }

    fn json(value: &str) -> PlaceholderValue {
        PlaceholderValue::Json(value.to_owned())
    }

    #[track_caller]
    fn check(source: &str, value: PlaceholderValue, expected: Result<&str, PlaceholderProblem>) {
        let made = substitute(source, &BTreeMap::from([("A".to_owned(), value)]));
        let made = made.map(|made| made.text).map_err(|problems| problems[0].1.clone());
        assert_eq!(made.as_deref(), expected.as_ref().copied(), "{source}");
    }

    #[test]
    fn values_are_put_in_and_the_rest_is_named() {
        let source = "{\"a\": \"${A}\",\n \"b\": ${N}, \"c\": \"${!not} ${ }\"}";
        let mut values = BTreeMap::from([("A".to_owned(), text("x\"y"))]);
        let missing = Placeholder { name: "N".to_owned(), line: 2, column: 7, offset: 20 };
        assert_eq!(substitute(source, &values), Err(vec![(missing, PlaceholderProblem::NoValue)]));
        values.insert("N".to_owned(), text("3"));
        let expected = "{\"a\": \"x\\\"y\",\n \"b\": 3, \"c\": \"${!not} ${ }\"}";
        assert_eq!(substitute(source, &values).unwrap().text, expected);
    }

    #[test]
    fn a_value_keeps_its_type_where_it_is_the_whole_of_a_string() {
        let whole = r#"{"a": "${A}"}"#;
        check(whole, text("30"), Ok(r#"{"a": "30"}"#));
        check(whole, json("30"), Ok(r#"{"a": 30}"#));
        check(whole, json("true"), Ok(r#"{"a": true}"#));
        check(whole, json(r#"{"b":[1]}"#), Ok(r#"{"a": {"b":[1]}}"#));
        check(r#"["${A}"]"#, json("1.50"), Ok("[1.50]"));
        check(r#"{"a": "${A} s"}"#, json("30"), Ok(r#"{"a": "30 s"}"#));
        check(r#"{"a": "\\\"${A}"}"#, json("30"), Ok(r#"{"a": "\\\"30"}"#));
        check(r#"{"${A}": 1}"#, json("30"), Ok(r#"{"30": 1}"#));
        check(r#"{"${A}" : 1}"#, json("[]"), Err(PlaceholderProblem::NotText));
        check(r#"{"a": "x${A}"}"#, json("{}"), Err(PlaceholderProblem::NotText));
        check(r#"{"a": ${A}}"#, json("[1]"), Ok(r#"{"a": [1]}"#));
        check(r#"{"a": ${A}}"#, text("30"), Ok(r#"{"a": 30}"#));
        check(r#"{"a": ${A}}"#, text("thirty"), Err(PlaceholderProblem::NotJson));
        check(r#"{"a": ${A}}"#, text("{\n}"), Err(PlaceholderProblem::NotJson));
        check(r#"{"a": ${A}, "b": "${A}"}"#, PlaceholderValue::Unknown, Ok(r#"{"a": ${A}, "b": "${A}"}"#));
    }

    #[test]
    fn a_span_is_found_again_in_the_text_before_its_values() {
        let source = "{\n\"é\": \"${Long}-${S}\", \"b\": [1,\n2]}";
        let values = BTreeMap::from([("Long".to_owned(), text("x")), ("S".to_owned(), text("12345\""))]);
        let made = substitute(source, &values).unwrap();
        assert_eq!(made.text, "{\n\"é\": \"x-12345\\\"\", \"b\": [1,\n2]}");
        let check = |at: (u32, u32), before: (u32, u32)| {
            let span = |(from, to)| SourceSpan::of_line(2, from, to - from);
            assert_eq!(made.span_before(source, span(at)), span(before), "{at:?}");
        };
        check((1, 4), (1, 4));
        check((6, 17), (6, 20));
        check((7, 8), (7, 14));
        check((8, 9), (14, 15));
        check((9, 16), (15, 19));
        check((11, 12), (15, 19));
        check((19, 22), (22, 25));
        let third = SourceSpan::of_line(3, 1, 1);
        assert_eq!(made.span_before(source, third), third);
        let whole = substitute("{\"a\": \"${A}\", \"b\": 1}", &BTreeMap::from([("A".to_owned(), json("7"))])).unwrap();
        let found = whole.span_before("{\"a\": \"${A}\", \"b\": 1}", SourceSpan::of_line(1, 7, 1));
        assert_eq!(found, SourceSpan::of_line(1, 7, 6), "the quotation marks belong to what was replaced");
    }

    #[test]
    fn a_text_of_nothing_but_placeholders_is_read_once() {
        assert!(placeholders(&format!("{}}}", "${".repeat(500_000))).is_empty());
        let source = "é${a}\n".repeat(100_000);
        let found = placeholders(&source);
        assert_eq!(found.len(), 100_000);
        assert!(found.iter().all(|placeholder| placeholder.column == 2));
        assert_eq!(found.last().map(|placeholder| placeholder.line), Some(100_000));
        let values = BTreeMap::from([("a".to_owned(), text("1"))]);
        assert_eq!(substitute(&source, &values).unwrap().text.len(), "é1\n".len() * 100_000);
    }
}

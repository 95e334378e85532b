//! From a place in the JSON to the place in the source.

use crate::Document;
use crate::tree::Style;

/// A part of a text. Lines and columns count from 1, and columns count characters. The end is the place right after the
/// last character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Span {
    /// So many characters of one line.
    #[must_use]
    pub const fn of_line(line: u32, column: u32, characters: u32) -> Self {
        Self { line, column, end_line: line, end_column: column.saturating_add(characters) }
    }
}

/// A key or value of the JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Where it begins in the JSON, and how many characters of that line it takes: an opening bracket takes one.
    pub line: u32,
    pub column: u32,
    pub width: u32,
    /// The byte of the JSON at which it begins.
    pub offset: usize,
    /// Where it stands in the source, and how.
    pub span: Span,
    pub style: Style,
    /// Whether it is a string of the JSON, in quotes.
    pub quoted: bool,
}

impl Document {
    /// The place in the source of a place in [`Document::json`]; lines and columns count from 1.
    #[must_use]
    pub fn source_place(&self, line: u32, column: u32) -> (u32, u32) {
        let span = self.source_span(Span { line, column, end_line: line, end_column: column });
        (span.line, span.column)
    }

    /// The part of the source that a part of [`Document::json`] comes from. Where the letters of the two do not
    /// correspond, it is the whole key or value. An opening bracket stands for the key of its value.
    #[must_use]
    pub fn source_span(&self, json: Span) -> Span {
        let Some(written) = &self.written else { return json };
        let Some(token) = around(written, json.line, json.column) else { return json };
        let whole = token.span;
        let Some((line, column)) = self.letter(token, json.column) else { return whole };
        let inside = json.end_line == json.line && json.end_column <= token.column + token.width;
        let end = if inside { self.letter(token, json.end_column) } else { None };
        let (end_line, end_column) = end.unwrap_or((whole.end_line, whole.end_column)).max((line, column));
        Span { line, column, end_line, end_column }
    }

    /// The place in the source of the character at this column of a token.
    fn letter(&self, token: &Written, column: u32) -> Option<(u32, u32)> {
        let within = column.checked_sub(token.column).filter(|within| *within <= token.width)?;
        match token.style {
            Style::Literal => self.in_block(token, within),
            Style::Spread => None,
            Style::Inline => self.in_line(token, within),
        }
    }

    fn in_line(&self, token: &Written, within: u32) -> Option<(u32, u32)> {
        let Span { line, column, end_line, end_column } = token.span;
        let taken = end_column.checked_sub(column).filter(|_| line == end_line)?;
        // Without escapes, letters correspond; the quotes of a plain scalar are JSON's alone.
        let plain = token.quoted && taken + 2 == token.width;
        let escaped = self.json[token.offset..].chars().take(token.width as usize).any(|letter| letter == '\\');
        if escaped || !(plain || taken == token.width) {
            return None;
        }
        let at = if plain { within.saturating_sub(1).min(taken) } else { within };
        Some((line, column + at))
    }

    /// A character of a literal block: the lines of its text are lines of the source, each behind its indentation.
    fn in_block(&self, token: &Written, within: u32) -> Option<(u32, u32)> {
        let raw: String = self.json[token.offset..].chars().take(token.width as usize).collect();
        let inner = raw.get(1..raw.len().checked_sub(1)?)?;
        let (line, column) = decoded(inner, within.saturating_sub(1));
        let text = countersign_json::Json::read(raw.as_str()).ok()?;
        let text = text.root().text()?;
        let content = text.split('\n').nth(line as usize)?;
        // The span begins at the first line that is not empty.
        let empty = text.bytes().take_while(|byte| *byte == b'\n').count();
        let at = (token.span.line + line).checked_sub(u32::try_from(empty).ok()?)?;
        let source = self.source.split('\n').nth(at.checked_sub(1)? as usize)?.trim_end_matches('\r');
        let indent = source.strip_suffix(content)?.chars().count();
        Some((at, u32::try_from(indent).ok()? + 1 + column))
    }
}

/// The token at a place, or the last one before it.
fn around(written: &[Written], line: u32, column: u32) -> Option<&Written> {
    let after = written.partition_point(|token| (token.line, token.column) <= (line, column));
    written.get(after.saturating_sub(1))
}

/// The line and the column, from 0, that the characters before this one of a string's inside make.
fn decoded(inner: &str, letters: u32) -> (u32, u32) {
    let (mut line, mut column, mut passed) = (0, 0, 0);
    let mut rest = inner.chars();
    while passed < letters {
        let Some(letter) = rest.next() else { break };
        passed += 1;
        if letter != '\\' {
            column += 1;
            continue;
        }
        let escape = rest.next();
        passed += 1;
        match escape {
            Some('n') => (line, column) = (line + 1, 0),
            Some('u') => {
                rest.by_ref().take(4).for_each(drop);
                (passed, column) = (passed + 4, column + 1);
            }
            _ => column += 1,
        }
    }
    (line, column)
}

//! The JSON of a tree: a member a line, two spaces a level.

use countersign_json::quoted;

use crate::error::{ReadError, What};
use crate::places::Written;
use crate::tree::{Held, Item, Style};
use crate::{DEEPEST, LARGEST_JSON, MOST_VALUES, Span};

struct Writer<'i> {
    items: &'i [Item],
    out: String,
    line: u32,
    /// The byte at which the line begins.
    line_start: usize,
    written: Vec<Written>,
    values: usize,
}

/// The JSON of a document, and where its keys and values stand in it.
pub(crate) fn document(items: &[Item], root: u32) -> Result<(String, Vec<Written>), ReadError> {
    let mut writer = Writer { items, out: String::new(), line: 1, line_start: 0, written: Vec::new(), values: 0 };
    writer.value(root, 0, None)?;
    Ok((writer.out, writer.written))
}

/// The JSON of a value within a document, which has been written before: it is within the limits.
pub(crate) fn json(items: &[Item], at: u32) -> String {
    let mut writer = Writer { items, out: String::new(), line: 1, line_start: 0, written: Vec::new(), values: 0 };
    // The whole was within the limits, so this part is.
    let _ = writer.value(at, 0, None);
    writer.out
}

impl Writer<'_> {
    fn value(&mut self, at: u32, depth: usize, key: Option<Span>) -> Result<(), ReadError> {
        let items = self.items;
        let item = &items[at as usize];
        self.values += 1;
        if self.values > MOST_VALUES || self.out.len() > LARGEST_JSON {
            return Err(refused(item.span, What::TooMany));
        }
        match &item.held {
            Held::Text(text) => self.token(&quoted(text), item.span, item.style, true),
            Held::Raw(raw) => self.token(raw, item.span, item.style, false),
            Held::List(_) | Held::Map(_) if depth >= DEEPEST => return Err(refused(item.span, What::TooDeep)),
            Held::List(list) => {
                self.token("[", key.unwrap_or(item.span), Style::Spread, false);
                for (index, value) in list.iter().enumerate() {
                    self.break_line(index > 0, depth + 1);
                    self.value(*value, depth + 1, None)?;
                }
                self.close(list.is_empty(), depth, ']');
            }
            Held::Map(members) => {
                self.token("{", key.unwrap_or(item.span), Style::Spread, false);
                for (index, member) in members.iter().enumerate() {
                    self.break_line(index > 0, depth + 1);
                    self.token(&quoted(&member.key), member.span, Style::Inline, true);
                    self.out.push_str(": ");
                    self.value(member.value, depth + 1, Some(member.span))?;
                }
                self.close(members.is_empty(), depth, '}');
            }
        }
        Ok(())
    }

    fn token(&mut self, text: &str, span: Span, style: Style, quoted: bool) {
        let column = self.out[self.line_start..].chars().count() + 1;
        self.written.push(Written {
            line: self.line,
            column: count(column),
            width: count(text.chars().count()),
            offset: self.out.len(),
            span,
            style,
            quoted,
        });
        self.out.push_str(text);
    }

    fn break_line(&mut self, comma: bool, depth: usize) {
        self.out.push_str(if comma { ",\n" } else { "\n" });
        self.line += 1;
        self.line_start = self.out.len();
        (0..depth).for_each(|_| self.out.push_str("  "));
    }

    fn close(&mut self, empty: bool, depth: usize, bracket: char) {
        if !empty {
            self.break_line(false, depth);
        }
        self.out.push(bracket);
    }
}

fn refused(span: Span, what: What) -> ReadError {
    ReadError { line: span.line, column: span.column, what }
}

/// A count of characters of a text that is smaller than [`LARGEST_JSON`] and one scalar.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

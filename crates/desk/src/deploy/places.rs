//! The spans of a manifest's entries, so that a finding about one names its line.

use std::collections::BTreeMap;
use std::ops::Range;

use countersign_asl::SourceSpan;
use toml::de::{DeTable, DeValue, Error};

/// The spans of a manifest's keys and values, by their paths: `["workflows", "order", "samples", "0", "input"]`.
#[derive(Clone, Debug, Default)]
pub struct Places {
    entries: BTreeMap<Vec<String>, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: SourceSpan,
    value: SourceSpan,
    /// The start of a string's contents: after its quotes, and after a line break that TOML drops.
    contents: (u32, u32),
}

impl Places {
    /// Reads the span of every entry of a manifest.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn of(text: &str) -> Result<Self, Error> {
        let table = DeTable::parse(text)?;
        let mut places = Self::default();
        places.table(&Lines::of(text), table.get_ref(), &mut Vec::new());
        Ok(places)
    }

    /// The span of an entry's key; if the entry does not exist, that of the innermost entry around it.
    #[must_use]
    pub fn key(&self, way: &[&str]) -> SourceSpan {
        self.entry(way).map_or(SourceSpan::WHOLE_FILE, |entry| entry.key)
    }

    /// Whether there is an entry.
    #[must_use]
    pub fn has(&self, way: &[&str]) -> bool {
        let way: Vec<String> = way.iter().map(|step| (*step).to_owned()).collect();
        self.entries.contains_key(&way)
    }

    /// The span of an entry's value.
    #[must_use]
    pub fn value(&self, way: &[&str]) -> SourceSpan {
        self.entry(way).map_or(SourceSpan::WHOLE_FILE, |entry| entry.value)
    }

    /// The span of the character at a line and column within the contents of a string.
    #[must_use]
    pub fn within(&self, way: &[&str], line: u32, column: u32) -> SourceSpan {
        let (first, start) = self.entry(way).map_or((1, 1), |entry| entry.contents);
        let (line, column) =
            if line <= 1 { (first, start + column.saturating_sub(1)) } else { (first + line - 1, column) };
        SourceSpan::of_line(line, column, 1)
    }

    fn entry(&self, way: &[&str]) -> Option<&Entry> {
        let way: Vec<String> = way.iter().map(|step| (*step).to_owned()).collect();
        (1..=way.len()).rev().find_map(|length| self.entries.get(&way[..length]))
    }

    fn table(&mut self, text: &Lines, table: &DeTable, way: &mut Vec<String>) {
        for (key, value) in table {
            way.push(key.get_ref().to_string());
            self.add(text, way, key.span(), value.span());
            self.inside(text, value.get_ref(), way);
            way.pop();
        }
    }

    fn inside(&mut self, text: &Lines, value: &DeValue, way: &mut Vec<String>) {
        match value {
            DeValue::Table(table) => self.table(text, table, way),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    way.push(index.to_string());
                    self.add(text, way, item.span(), item.span());
                    self.inside(text, item.get_ref(), way);
                    way.pop();
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, lines: &Lines, way: &[String], key: Range<usize>, value: Range<usize>) {
        let raw = lines.text.get(value.clone()).unwrap_or_default();
        let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        let behind = raw.get(quotes..).unwrap_or_default();
        let dropped = [("\r\n", 2), ("\n", 1)].into_iter().find(|(end, _)| quotes == 3 && behind.starts_with(end));
        let contents = value.start + quotes + dropped.map_or(0, |(_, length)| length);
        let entry = Entry { key: lines.span(key), value: lines.span(value), contents: lines.place(contents) };
        self.entries.insert(way.to_vec(), entry);
    }
}

/// A text with the starts of its lines, so that a place in it is found without counting from its beginning.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// Line and column of a byte, both from 1; columns are characters.
    fn place(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).map_or(0, |line| self.starts[line]);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    /// The span of a range of bytes.
    fn span(&self, bytes: Range<usize>) -> SourceSpan {
        let ((line, column), (end_line, end_column)) = (self.place(bytes.start), self.place(bytes.end));
        SourceSpan { line, column, end_line, end_column }
    }
}

/// Line and column of a byte, both from 1; columns are characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    Lines::of(text).place(offset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn entries_have_their_spans() {
        let text = "role_arn = \"r\"\n[workflows.order]\ntype = \"X\"\n[[workflows.order.samples]]\nlabel = \"a\"\ninput = '''\n{\n  \"a\": }'''\n[workflows.order.approvals.\"Ask me\"]\ntitle = '{{ x'\n";
        let places = Places::of(text).unwrap();
        assert_eq!(places.key(&["role_arn"]), SourceSpan::of_line(1, 1, 8));
        assert_eq!(places.value(&["workflows", "order", "type"]), SourceSpan::of_line(3, 8, 3));
        assert_eq!(places.within(&["workflows", "order", "samples", "0", "input"], 2, 8), SourceSpan::of_line(8, 8, 1));
        assert_eq!(places.key(&["workflows", "order", "approvals", "Ask me"]), SourceSpan::of_line(9, 28, 8));
        assert_eq!(
            places.within(&["workflows", "order", "approvals", "Ask me", "title"], 1, 4),
            SourceSpan::of_line(10, 13, 1)
        );
        assert_eq!(
            places.key(&["workflows", "order", "nothing"]),
            SourceSpan::of_line(2, 12, 5),
            "the innermost around it"
        );
    }
}

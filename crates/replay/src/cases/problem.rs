//! What is wrong with a file of cases, and where.

use std::fmt;
use std::ops::Range;

/// A value and where it stands: line and column from 1, columns are characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub line: u32,
    pub column: u32,
}

/// Something in a file of cases that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    pub message: String,
    /// What to do about it, in a sentence.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message, remedy } = self;
        write!(formatter, "{line}:{column}: error: {message}\n  = help: {remedy}")
    }
}

/// A text with the starts of its lines.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    pub text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// Line and column of a byte.
    pub fn place(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).map_or(0, |line| self.starts[line]);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    /// Where the character at a line and column of a string's contents stands, for the string at `span`. Where the string
    /// has escapes, that is the string itself.
    pub fn within(&self, span: &Range<usize>, line: u32, column: u32) -> (u32, u32) {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        if !raw.starts_with('\'') && raw.contains('\\') {
            return self.place(span.start);
        }
        let behind = raw.get(quotes..).unwrap_or_default();
        let dropped = [("\r\n", 2), ("\n", 1)].into_iter().find(|(end, _)| quotes == 3 && behind.starts_with(end));
        let (first, start) = self.place(span.start + quotes + dropped.map_or(0, |(_, length)| length));
        if line <= 1 { (first, start + column.saturating_sub(1)) } else { (first + line - 1, column) }
    }
}

/// The word among `known` that `word` was probably meant to be.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed = word.replace('-', "_").to_lowercase();
    let near = known.into_iter().map(|one| (distance(&typed, &one.to_lowercase()), one)).min()?;
    // Further away it is another word.
    (near.0 <= 3 && near.0 < near.1.chars().count()).then_some(near.1)
}

/// How many letters have to be added, removed, replaced or swapped with the next one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(80).collect(), to.chars().take(80).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, one) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(one != other)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && to[j - 1] == *one {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
        let known = ["returns", "fails", "times_out", "waits"];
        for (word, meant) in
            [("return", Some("returns")), ("times-out", Some("times_out")), ("wiats", Some("waits")), ("colour", None)]
        {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(nearest("x", ["y"]), None, "a letter is not a misspelling of another");
    }

    #[test]
    fn a_place_in_a_string_is_one_of_the_file() {
        let text = "a = 1\ninput = '''\n{\n  \"é\": }'''\nb = '{x}'\n";
        let lines = Lines::of(text);
        assert_eq!(lines.within(&(14..29), 2, 8), (4, 8));
        let at = text.find("'{x}'").unwrap_or_default();
        assert_eq!(lines.within(&(at..at + 5), 1, 2), (5, 7));
        assert_eq!(lines.place(text.len() + 9), (6, 1));
    }
}

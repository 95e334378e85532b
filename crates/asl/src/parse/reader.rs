//! A JSON reader that remembers where each value stands and goes on after a duplicate key.
//!
//! A bare `${Placeholder}` where a value belongs is read as the text `"${Placeholder}"`: a deployment puts the value there.
//! Errors have the words of AWS's own reader.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// How deep values may nest. AWS refuses deeper ones, and the reader is recursive.
const MAX_DEPTH: usize = 200;

/// Values below longer paths are told by the place around them: a long key over many values would take all memory.
const LONGEST_PATH: usize = 2_000;

/// So many bytes of paths are kept, a hundred for each value of a large definition. Past them, values are told by the
/// place around them: each of half a million small values in a long key would keep that key.
const MOST_PATHS: usize = 16_000_000;

/// What a value may be, in the words of AWS's reader.
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// A JSON text that was read.
#[derive(Debug)]
pub(crate) struct Document {
    pub value: Value,
    /// Byte offset of each value, by its path.
    pub offsets: HashMap<String, usize>,
    pub duplicates: Vec<Duplicate>,
}

/// A key that its object already had.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub key: String,
    /// The path of the object.
    pub object: String,
    pub offset: usize,
}

/// Why a text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub message: String,
    pub offset: usize,
}

/// Reads a whole definition.
pub(crate) fn read(text: &str) -> Result<Document, SyntaxError> {
    read_as(text, true)
}

/// What is wrong with a text that is to be JSON, in the words of AWS's reader.
#[must_use]
pub fn json_error(text: &str) -> Option<String> {
    // Most texts are JSON, and this one keeps nothing of them.
    serde_json::from_str::<IgnoredAny>(text).err()?;
    Some(read_as(text, false).map_or_else(|error| error.message, |_| "Values nest too deep".to_owned()))
}

fn read_as(text: &str, placeholders: bool) -> Result<Document, SyntaxError> {
    let (offsets, duplicates) = (HashMap::new(), Vec::new());
    let mut reader = Reader { text, placeholders, at: 0, path: String::new(), offsets, kept: 0, duplicates };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected("was expecting the end of the text", "the text"));
    }
    Ok(Document { value, offsets: reader.offsets, duplicates: reader.duplicates })
}

/// A place in a text: line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub line: u32,
    pub column: u32,
    offset: usize,
}

impl Place {
    pub fn begin() -> Place {
        Place { line: 1, column: 1, offset: 0 }
    }

    pub fn of(text: &str, offset: usize) -> Place {
        Place::begin().further(text, offset)
    }

    /// A place further on; what lies before this one is not read again.
    pub fn further(self, text: &str, offset: usize) -> Place {
        let between = text.get(self.offset..offset).unwrap_or_default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lines = number(between.matches('\n').count());
        let (from, tail) = match between.rfind('\n') {
            Some(newline) => (1, &between[newline + 1..]),
            None => (self.column, between),
        };
        let column = from.saturating_add(number(tail.chars().count()));
        Place { line: self.line.saturating_add(lines), column, offset }
    }
}

struct Reader<'a> {
    text: &'a str,
    placeholders: bool,
    at: usize,
    path: String,
    offsets: HashMap<String, usize>,
    /// Bytes of the paths among the offsets.
    kept: usize,
    duplicates: Vec<Duplicate>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The path, or that of the nearest value around it whose path is not too long.
    fn place(&self) -> &str {
        match self.path.as_bytes().get(..LONGEST_PATH) {
            Some(start) => &self.path[..start.iter().rposition(|byte| *byte == b'/').unwrap_or_default()],
            None => &self.path,
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Another character than `why` tells, or the end of the text within `around`.
    fn unexpected(&self, why: &str, around: &str) -> SyntaxError {
        let message = match self.text[self.at..].chars().next() {
            Some(found) => format!("Unexpected character ('{found}' (code {})): {why}", u32::from(found)),
            None => format!("Unexpected end-of-input: expected close marker for {around}"),
        };
        SyntaxError { message, offset: self.at }
    }

    /// A word that is no value.
    fn unrecognized(&self) -> SyntaxError {
        let is_part = |letter: &char| letter.is_alphanumeric() || "_$".contains(*letter);
        let word: String = self.text[self.at..].chars().take_while(is_part).collect();
        SyntaxError { message: format!("Unrecognized token '{word}': was expecting {VALUES}"), offset: self.at }
    }

    /// No value begins here.
    fn no_value(&self) -> SyntaxError {
        match self.text[self.at..].chars().next() {
            Some(letter) if letter.is_alphabetic() || "_$".contains(letter) => self.unrecognized(),
            Some('}' | ']') => self.unexpected("expected a value", "a value"),
            _ => self.unexpected(&format!("expected a valid value {VALUES}"), "a value"),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.skip_space();
        if self.path.len() <= LONGEST_PATH && self.kept <= MOST_PATHS {
            self.kept += self.path.len();
            self.offsets.insert(self.path.clone(), self.at);
        }
        if depth > MAX_DEPTH {
            return Err(SyntaxError { message: format!("Values nest deeper than {MAX_DEPTH}"), offset: self.at });
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'$') if self.placeholders => self.placeholder(),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.scalar(),
            _ => Err(self.no_value()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut object = Map::new();
        let parent = self.path.len();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(object));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("was expecting double-quote to start field name", "Object"));
            }
            let offset = self.at;
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("was expecting a colon to separate field name and value", "Object"));
            }
            self.at += 1;
            self.path.push('/');
            self.path.push_str(&key);
            let value = self.value(depth + 1)?;
            self.path.truncate(parent);
            if object.contains_key(&key) {
                self.duplicates.push(Duplicate { key: key.clone(), object: self.place().to_owned(), offset });
            }
            object.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("was expecting comma to separate Object entries", "Object")),
            }
        }
        self.at += 1;
        Ok(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut array = Vec::new();
        let parent = self.path.len();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(array));
        }
        loop {
            self.path.push_str(&format!("[{}]", array.len()));
            array.push(self.value(depth + 1)?);
            self.path.truncate(parent);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("was expecting comma to separate Array entries", "Array")),
            }
        }
        self.at += 1;
        Ok(Value::Array(array))
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => {
                    let message = "Unexpected end-of-input: was expecting closing quote for a string value".to_owned();
                    return Err(SyntaxError { message, offset: start });
                }
            }
        }
        self.at += 1;
        // serde_json decodes the escapes and refuses what JSON does not allow in a text.
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|_| {
            let message = match text.chars().find(|letter| u32::from(*letter) < 0x20) {
                Some(control) => format!(
                    "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be \
                     included in string value",
                    u32::from(control)
                ),
                None => "Unrecognized character escape".to_owned(),
            };
            SyntaxError { message, offset: start }
        })
    }

    fn placeholder(&mut self) -> Result<Value, SyntaxError> {
        let rest = &self.text[self.at..];
        match rest.find('}').filter(|_| rest.starts_with("${")) {
            Some(end) => {
                let value = Value::String(rest[..=end].to_owned());
                self.at += end + 1;
                Ok(value)
            }
            None => Err(self.no_value()),
        }
    }

    fn scalar(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        let found = &self.text[start..self.at];
        serde_json::from_str(found).map_err(|_| SyntaxError {
            message: format!("Unrecognized token '{found}': was expecting {VALUES}"),
            offset: start,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn position(text: &str, offset: usize) -> (u32, u32) {
        let Place { line, column, .. } = Place::of(text, offset);
        (line, column)
    }

    #[test]
    fn values_places_and_duplicates() {
        let text = "{\n  \"a\": [1, {\"b\": \"x\\n\u{e9}\"}],\n  \"a\": ${N}\n}";
        let document = read(text).unwrap();
        assert_eq!(document.value, json!({ "a": "${N}" }));
        assert_eq!(position(text, document.offsets["/a[1]/b"]), (2, 18));
        assert_eq!(document.duplicates.len(), 1);
        assert_eq!(position(text, document.duplicates[0].offset), (3, 3));
    }

    #[track_caller]
    fn check(text: &str, message: &str, at: (u32, u32)) {
        let error = read(text).unwrap_err();
        assert_eq!((error.message.as_str(), position(text, error.offset)), (message, at));
    }

    #[test]
    fn broken_texts_say_where() {
        check("{\"a\": }", "Unexpected character ('}' (code 125)): expected a value", (1, 7));
        check("{'a'", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", (1, 2));
        check(
            "{\"a\" 1}",
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
            (1, 6),
        );
        check("{\"a\": 1", "Unexpected end-of-input: expected close marker for Object", (1, 8));
        check("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", (1, 4));
        check("{}\n{}", "Unexpected character ('{' (code 123)): was expecting the end of the text", (2, 1));
        check("{\"a", "Unexpected end-of-input: was expecting closing quote for a string value", (1, 2));
        check("[nul]", &format!("Unrecognized token 'nul': was expecting {VALUES}"), (1, 2));
        check("not json", &format!("Unrecognized token 'not': was expecting {VALUES}"), (1, 1));
        check("[,]", &format!("Unexpected character (',' (code 44)): expected a valid value {VALUES}"), (1, 2));
        check("\"\\", "Unexpected end-of-input: was expecting closing quote for a string value", (1, 1));
        check(
            "\"a\nb\"",
            "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value",
            (1, 1),
        );
        assert_eq!(json_error("[${P}]"), Some(format!("Unrecognized token '$': was expecting {VALUES}")));
        assert_eq!(json_error("[1, \"${P}\"]"), None);
        let long = format!("{{\"{}\": [1, 2]}}", "k".repeat(3_000));
        assert_eq!(read(&long).unwrap().offsets.len(), 1);
        check(&"[".repeat(1000), "Values nest deeper than 200", (1, 202));
    }

    #[test]
    fn a_long_key_over_many_values_does_not_take_all_memory() {
        let document = read(&format!("{{\"{}\": [0{}]}}", "k".repeat(1_900), ",0".repeat(100_000))).unwrap();
        let kept: usize = document.offsets.keys().map(String::len).sum();
        assert!(kept < MOST_PATHS + LONGEST_PATH + 100, "{kept} bytes");
    }
}

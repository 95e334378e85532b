//! A JSON reader that keeps the span of each value and continues after a duplicate key.
//!
//! In a file, a bare `${Placeholder}` where a value belongs is read as the text `"${Placeholder}"`: a deployment puts the
//! value there. A file may begin with a byte order mark, too. Errors have the words of AWS's own reader.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::Digits;

/// How deep objects and arrays may nest: as deep as for every other JSON reader of the program.
pub const MAX_DEPTH: usize = 127;

/// The longest path that is kept. A value with a longer path has the span of a value around it: a long key over many values
/// would take all memory.
const LONGEST_PATH: usize = 2_000;

/// How many bytes of paths are kept, about a hundred for each value of a large definition. Further values have the span of
/// a value around them: otherwise each of half a million small values below a long key would keep a copy of that key.
const MOST_PATHS: usize = 16_000_000;

/// The possible values, in the words of AWS's reader.
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// The byte order mark, which some editors put before a text.
const MARK: char = '\u{feff}';

/// Reads a JSON text other than a definition: an input, an output, a file of items. Every part of the program accepts what
/// this accepts, so no text is checked by one reader and read by another.
///
/// # Errors
/// What is wrong with it, in the words of AWS's reader.
pub fn read_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| read(text, false).map_or_else(|own| own.message, |_| error.to_string()))
}

/// Why [`read_json`] refuses a text; `None` where it does not.
#[must_use]
pub fn json_error(text: &str) -> Option<String> {
    read_json(text).err()
}

/// A JSON text that was read.
#[derive(Debug)]
pub(crate) struct Document {
    pub value: Value,
    /// The numbers as they are written.
    pub digits: Digits,
    /// Where each value is, by its path.
    pub members: HashMap<String, Member>,
    pub duplicates: Vec<Duplicate>,
}

/// Where a value of the text is.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The bytes of its key with the quotes; empty where it has none.
    pub key: Range<usize>,
    /// The bytes of the value.
    pub value: Range<usize>,
}

/// A key that its object already had.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub key: String,
    /// The path of the object.
    pub object: String,
    /// The bytes of the key with the quotes.
    pub bytes: Range<usize>,
}

/// Why a text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub message: String,
    /// The bytes that are wrong; none where the text ends too soon.
    pub bytes: Range<usize>,
}

/// Reads a whole definition: that of a file, or one that came in a request.
pub(crate) fn read(text: &str, in_file: bool) -> Result<Document, SyntaxError> {
    let (members, duplicates) = (HashMap::new(), Vec::new());
    let mut reader = Reader { text, in_file, at: 0, path: String::new(), members, kept: 0, duplicates };
    if in_file && text.starts_with(MARK) {
        reader.at = MARK.len_utf8();
    }
    let (value, digits) = reader.value(0, 0..0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected("was expecting the end of the text", "the text"));
    }
    Ok(Document { value, digits, members: reader.members, duplicates: reader.duplicates })
}

/// A location in a text: line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceLocation {
    pub line: u32,
    pub column: u32,
    offset: usize,
}

impl SourceLocation {
    pub fn begin() -> SourceLocation {
        SourceLocation { line: 1, column: 1, offset: 0 }
    }

    pub fn of(text: &str, offset: usize) -> SourceLocation {
        SourceLocation::begin().further(text, offset)
    }

    /// A later location; the text before this one is not read again.
    pub fn further(self, text: &str, offset: usize) -> SourceLocation {
        let between = text.get(self.offset..offset).unwrap_or_default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lines = number(between.matches('\n').count());
        let (from, tail) = match between.rfind('\n') {
            Some(newline) => (1, &between[newline + 1..]),
            None => (self.column, between),
        };
        let column = from.saturating_add(number(tail.chars().count()));
        SourceLocation { line: self.line.saturating_add(lines), column, offset }
    }
}

/// A character in the notation of AWS's reader.
fn shown(letter: char) -> String {
    match u32::from(letter) {
        code if letter.is_control() => format!("(CTRL-CHAR, code {code})"),
        code if code > 0xff => format!("'{letter}' (code {code} / 0x{code:x})"),
        code => format!("'{letter}' (code {code})"),
    }
}

struct Reader<'a> {
    text: &'a str,
    in_file: bool,
    at: usize,
    path: String,
    members: HashMap<String, Member>,
    /// Bytes of the paths among the members.
    kept: usize,
    duplicates: Vec<Duplicate>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The bytes of the character at hand; none at the end of the text.
    fn letter(&self) -> Range<usize> {
        self.at..self.at + self.text[self.at..].chars().next().map_or(0, char::len_utf8)
    }

    /// Where the line ends that a byte is in.
    fn line_end(&self, from: usize) -> usize {
        self.text[from..].find(['\r', '\n']).map_or(self.text.len(), |length| from + length)
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

    /// The error for a character that `why` does not allow, or for the end of the text within `around`.
    fn unexpected(&self, why: &str, around: &str) -> SyntaxError {
        let message = match self.text[self.at..].chars().next() {
            Some(MARK) => format!("Unexpected character ({}): JSON has no byte order mark, {why}", shown(MARK)),
            Some(found) => format!("Unexpected character ({}): {why}", shown(found)),
            None => format!("Unexpected end-of-input: expected close marker for {around}"),
        };
        SyntaxError { message, bytes: self.letter() }
    }

    /// The error for a word that is not a value.
    fn unrecognized(&self) -> SyntaxError {
        let is_part = |letter: &char| letter.is_alphanumeric() || "_$".contains(*letter);
        let word: String = self.text[self.at..].chars().take_while(is_part).collect();
        let bytes = self.at..self.at + word.len();
        SyntaxError { message: format!("Unrecognized token '{word}': was expecting {VALUES}"), bytes }
    }

    /// The error where a value should begin.
    fn no_value(&self) -> SyntaxError {
        match self.text[self.at..].chars().next() {
            Some(letter) if letter.is_alphabetic() || "_$".contains(letter) => self.unrecognized(),
            Some('}' | ']') => self.unexpected("expected a value", "a value"),
            _ => self.unexpected(&format!("expected a valid value {VALUES}"), "a value"),
        }
    }

    /// Reads a value; `key` are the bytes of its key, none where it has none.
    fn value(&mut self, depth: usize, key: Range<usize>) -> Result<(Value, Digits), SyntaxError> {
        self.skip_space();
        if self.path.len() <= LONGEST_PATH && self.kept <= MOST_PATHS {
            self.kept += self.path.len();
            self.members.insert(self.path.clone(), Member { key, value: self.at..self.at });
        }
        if depth >= MAX_DEPTH && matches!(self.peek(), Some(b'{' | b'[')) {
            return Err(SyntaxError {
                message: format!("Values nest deeper than {MAX_DEPTH} levels"),
                bytes: self.letter(),
            });
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|text| (Value::String(text), Digits::AsShown)),
            Some(b'$') if self.in_file => self.placeholder().map(|text| (text, Digits::AsShown)),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.scalar(),
            _ => Err(self.no_value()),
        }?;
        if let Some(member) = self.members.get_mut(&self.path) {
            member.value.end = self.at;
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<(Value, Digits), SyntaxError> {
        let (mut object, mut digits) = (Map::new(), Digits::AsShown);
        let parent = self.path.len();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok((Value::Object(object), digits));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("was expecting double-quote to start field name", "Object"));
            }
            let start = self.at;
            let key = self.string()?;
            let bytes = start..self.at;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("was expecting a colon to separate field name and value", "Object"));
            }
            self.at += 1;
            self.path.push('/');
            self.path.push_str(&key);
            let (value, written) = self.value(depth + 1, bytes.clone())?;
            self.path.truncate(parent);
            digits.put_member(&key, written);
            if object.contains_key(&key) {
                self.duplicates.push(Duplicate { key: key.clone(), object: self.place().to_owned(), bytes });
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
        Ok((Value::Object(object), digits))
    }

    fn array(&mut self, depth: usize) -> Result<(Value, Digits), SyntaxError> {
        let (mut array, mut digits) = (Vec::new(), Digits::AsShown);
        let parent = self.path.len();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok((Value::Array(array), digits));
        }
        loop {
            self.path.push_str(&format!("[{}]", array.len()));
            let (value, written) = self.value(depth + 1, 0..0)?;
            digits.put_item(array.len(), written);
            array.push(value);
            self.path.truncate(parent);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("was expecting comma to separate Array entries", "Array")),
            }
        }
        self.at += 1;
        Ok((Value::Array(array), digits))
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
                    return Err(SyntaxError { message, bytes: start..self.line_end(start) });
                }
            }
        }
        self.at += 1;
        // serde_json decodes the escapes and refuses what JSON does not allow in a text.
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|error| {
            let message = match text.chars().find(|letter| u32::from(*letter) < 0x20) {
                Some(control) => format!(
                    "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be \
                     included in string value",
                    u32::from(control)
                ),
                // Half a surrogate pair is not a character.
                None if is_half(&error) => "Unpaired surrogate in a character escape".to_owned(),
                None => "Unrecognized character escape".to_owned(),
            };
            SyntaxError { message, bytes: start..self.at }
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

    fn scalar(&mut self) -> Result<(Value, Digits), SyntaxError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        let found = &self.text[start..self.at];
        let value: Result<Value, _> = serde_json::from_str(found);
        value
            .map(|value| {
                let digits = Digits::of(&value, found);
                (value, digits)
            })
            .map_err(|error| {
                let message = if error.to_string().starts_with("number out of range") {
                    format!("Numeric value ({found:.40}) out of range of double")
                } else {
                    format!("Unrecognized token '{found}': was expecting {VALUES}")
                };
                SyntaxError { message, bytes: start..self.at }
            })
    }
}

/// Whether an escape is half a surrogate pair.
fn is_half(error: &serde_json::Error) -> bool {
    let message = error.to_string();
    message.contains("surrogate") || message.contains("unexpected end of hex escape")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn position(text: &str, offset: usize) -> (u32, u32) {
        let SourceLocation { line, column, .. } = SourceLocation::of(text, offset);
        (line, column)
    }

    #[test]
    fn values_places_and_duplicates() {
        let text = "{\n  \"a\": [1, {\"b\": \"x\\n\u{e9}\"}],\n  \"a\": ${N}\n}";
        let document = read(text, true).unwrap();
        assert_eq!(document.value, json!({ "a": "${N}" }));
        assert_eq!(position(text, document.members["/a[1]/b"].value.start), (2, 18));
        assert_eq!(document.duplicates.len(), 1);
        assert_eq!(position(text, document.duplicates[0].bytes.start), (3, 3));
    }

    #[track_caller]
    fn check(text: &str, message: &str, at: (u32, u32)) {
        let error = read(text, true).unwrap_err();
        assert_eq!((error.message.as_str(), position(text, error.bytes.start)), (message, at));
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
        assert_eq!(read(&long, true).unwrap().members.len(), 1);
        check(&"[".repeat(1000), "Values nest deeper than 127 levels", (1, 128));
    }

    #[test]
    fn what_is_judged_is_what_is_read() {
        let nested = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
        for taken in ["{\"a\":\"\\ud83d\\ude00\"}", "1e300", "12345678901234567890123", &nested(127)] {
            assert_eq!(json_error(taken), None, "{taken}");
        }
        let refused = |text: &str, why: &str| assert_eq!(read_json(text), Err(why.to_owned()), "{text}");
        for half in ["{\"a\":\"\\ud83d\"}", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\""] {
            refused(half, "Unpaired surrogate in a character escape");
        }
        refused("{\"a\":1e400}", "Numeric value (1e400) out of range of double");
        let long = "9".repeat(400);
        refused(&long, &format!("Numeric value ({}) out of range of double", &long[..40]));
        refused(&nested(128), "Values nest deeper than 127 levels");
        refused(&format!("{{\"a\":{}}}", nested(127)), "Values nest deeper than 127 levels");
        assert_eq!(read(&nested(127), true).map(|document| document.value), Ok(read_json(&nested(127)).unwrap()));
        assert!(read(&nested(128), true).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_for_files() {
        assert_eq!(read("\u{feff}{}", true).map(|document| document.value), Ok(json!({})));
        let message = format!(
            "Unexpected character ('\u{feff}' (code 65279 / 0xfeff)): JSON has no byte order mark, expected a valid value {VALUES}"
        );
        assert_eq!(read_json("\u{feff}{}"), Err(message.clone()));
        assert_eq!(read("\u{feff}{}", false).map_err(|error| error.message).unwrap_err(), message);
        assert!(read("${N}", false).is_err());
    }

    #[test]
    fn a_long_key_over_many_values_does_not_take_all_memory() {
        let text = format!("{{\"{}\": [0{}]}}", "k".repeat(1_900), ",0".repeat(100_000));
        let document = read(&text, true).unwrap();
        let kept: usize = document.members.keys().map(String::len).sum();
        assert!(kept < MOST_PATHS + LONGEST_PATH + 100, "{kept} bytes");
    }
}

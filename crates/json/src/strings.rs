//! Strings: what they say, how they are written, and a text with some of them replaced.

use std::borrow::Cow;

use super::{Json, Kind, Mark};

/// Where a string stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'k> {
    /// It is a key.
    Key,
    /// It is the value under this key.
    Under(&'k str),
    /// It is an item of an array, or the whole text.
    Alone,
}

impl Json<'_> {
    /// The text with every string replaced for which `replace` has another one; keys are asked about too. All else stays
    /// as it was written. `None` where nothing is replaced.
    pub fn replace_strings(&self, mut replace: impl FnMut(Place<'_>, &str) -> Option<String>) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut key: Option<Cow<str>> = None;
        for token in &self.tokens {
            let raw = self.raw(*token);
            let new = match token.mark {
                Mark::Key => {
                    let text = unquoted(raw);
                    let new = replace(Place::Key, &text);
                    key = Some(text);
                    new
                }
                Mark::Scalar(Kind::String) => {
                    let key = key.take();
                    let place = key.as_deref().map_or(Place::Alone, Place::Under);
                    replace(place, &unquoted(raw))
                }
                Mark::Scalar(_) | Mark::Open(_) | Mark::Close => {
                    key = None;
                    None
                }
            };
            if let Some(new) = new {
                out.push_str(&self.source[copied..token.start]);
                out.push_str(&quoted(&new));
                copied = token.end;
            }
        }
        (copied > 0).then(|| out + &self.source[copied..])
    }
}

/// A text as a JSON string, with its quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                let code = letter as usize;
                out.push(char::from(HEX[code >> 4]));
                out.push(char::from(HEX[code & 15]));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// What a string that is written with its quotes says. Half of a surrogate pair is no character: U+FFFD stands for it.
#[must_use]
pub fn unquoted(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (letter, taken) = escaped(&rest[at..]);
        out.push(letter);
        rest = &rest[at + taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The byte of a string at which half of a surrogate pair is escaped.
pub(super) fn half(raw: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let escape = &raw[at..];
        let (letter, taken) = escaped(escape);
        // The character that stands for a half may be written itself.
        let is_written = escape.get(2..6).is_some_and(|digits| digits.eq_ignore_ascii_case("fffd"));
        if letter == char::REPLACEMENT_CHARACTER && !is_written {
            return Some(at);
        }
        at += taken;
    }
    None
}

/// The character that an escape stands for, and the escape's length.
fn escaped(text: &str) -> (char, usize) {
    let simple = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return surrogates(text),
        Some(&byte) => char::from(byte),
        None => return (char::REPLACEMENT_CHARACTER, text.len()),
    };
    (simple, 2)
}

fn surrogates(text: &str) -> (char, usize) {
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, text.len()) };
    if let (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) = (first, unit(6)) {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

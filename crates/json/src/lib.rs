//! JSON as it was written: digits, escapes, the order of keys and keys that stand twice are kept.
//!
//! What is shown, and what a person starts again, is what was stored. A tree of Rust values cannot promise that: it
//! rounds numbers and drops keys. This one is a list of tokens over the text. Nothing here recurses, so that no depth of
//! a text costs more than its length; what is nested deeper than [`DEEPEST`] is refused.
//!
//! ```
//! use countersign_json::Json;
//! let json = Json::read(r#"{"amount":386.40,"id":98765432109876543210987,"id":1}"#).unwrap();
//! assert_eq!(json.root().get("amount").unwrap().raw(), "386.40");
//! assert_eq!(json.root().members().count(), 3);
//! assert_eq!(json.root().get("id").unwrap().raw(), "1", "of keys that stand twice the last counts");
//! ```

mod held;
mod layout;
mod scan;
mod strings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub use layout::{Tone, pretty};
pub use strings::{Place, quoted, unquoted};

/// Levels of a text that can be read: whoever goes through a tree may recurse this far.
pub const DEEPEST: usize = 1_000;

/// A JSON text and where its tokens are.
#[derive(Clone, Debug)]
pub struct Json<'a> {
    source: Cow<'a, str>,
    tokens: Vec<Token>,
}

/// What a value is, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    mark: Mark,
    /// Where it stands in the source.
    start: usize,
    end: usize,
    /// The index of the token behind the whole value: for a bracket, behind its closing one.
    next: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Open(Kind),
    Close,
    Key,
    Scalar(Kind),
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Both count from 1; columns are characters.
    pub line: usize,
    pub column: usize,
    /// What is wrong, such as "a value is expected".
    pub what: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} at line {} column {}", self.what, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

impl<'a> Json<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// It is not JSON, or nested too deep.
    pub fn read(text: impl Into<Cow<'a, str>>) -> Result<Self, JsonError> {
        let source = text.into();
        let tokens = scan::scan(&source)?;
        Ok(Self { source, tokens })
    }

    /// The text as it was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source
    }

    /// The whole value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value { json: self, at: 0 }
    }

    /// Whether two texts say the same: white space and the order of keys do not count, digits do.
    #[must_use]
    pub fn says_the_same(&self, other: &Json) -> bool {
        self.root().sorted() == other.root().sorted()
    }

    fn raw(&self, token: Token) -> &str {
        &self.source[token.start..token.end]
    }
}

/// A value within a [`Json`].
#[derive(Clone, Copy, Debug)]
pub struct Value<'j> {
    json: &'j Json<'j>,
    at: usize,
}

impl<'j> Value<'j> {
    fn token(self) -> Token {
        self.json.tokens[self.at]
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.token().mark {
            Mark::Open(kind) | Mark::Scalar(kind) => kind,
            // A value never begins at a key or a closing bracket.
            Mark::Key | Mark::Close => Kind::Null,
        }
    }

    /// Line and column of its beginning, both from 1; columns are characters.
    #[must_use]
    pub fn place(self) -> (usize, usize) {
        scan::line_and_column(&self.json.source, self.token().start)
    }

    /// The byte of the text at which it begins.
    #[must_use]
    pub fn offset(self) -> usize {
        self.token().start
    }

    /// Its text as it was written: the digits of a number, a string with its quotes, an object with its brackets.
    #[must_use]
    pub fn raw(self) -> &'j str {
        let last = self.json.tokens[self.token().next - 1];
        &self.json.source[self.token().start..last.end]
    }

    /// What a string says.
    #[must_use]
    pub fn text(self) -> Option<Cow<'j, str>> {
        (self.kind() == Kind::String).then(|| strings::unquoted(self.raw()))
    }

    /// Whether it is `true`.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// The items of an array; none of any other value.
    pub fn items(self) -> impl Iterator<Item = Value<'j>> {
        let whole = self.token();
        let mut at = self.at + 1;
        let end = if whole.mark == Mark::Open(Kind::Array) { whole.next - 1 } else { at };
        std::iter::from_fn(move || {
            let item = (at < end).then_some(Value { json: self.json, at })?;
            at = item.token().next;
            Some(item)
        })
    }

    /// The members of an object in their order, keys that stand twice included; none of any other value.
    pub fn members(self) -> impl Iterator<Item = (Cow<'j, str>, Value<'j>)> {
        let whole = self.token();
        let mut at = self.at + 1;
        let end = if whole.mark == Mark::Open(Kind::Object) { whole.next - 1 } else { at };
        std::iter::from_fn(move || {
            let key = (at < end).then(|| self.json.raw(self.json.tokens[at]))?;
            let value = Value { json: self.json, at: at + 1 };
            at = value.token().next;
            Some((strings::unquoted(key), value))
        })
    }

    /// As [`Value::members`], each key as it was written, with its quotes, and the byte of the text at which it begins.
    pub fn places(self) -> impl Iterator<Item = (usize, &'j str, Value<'j>)> {
        self.members().map(move |(_, value)| {
            let key = self.json.tokens[value.at - 1];
            (key.start, self.json.raw(key), value)
        })
    }

    /// The member with this key. Where it stands twice, the last one counts, as in Step Functions.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'j>> {
        self.members().filter(|(name, _)| name == key).last().map(|(_, value)| value)
    }

    /// The value in one line: keys sorted, strings in one way of writing, digits as they were written. Values that say the
    /// same have the same text.
    #[must_use]
    pub fn sorted(self) -> String {
        let mut text = String::new();
        self.write_sorted(&mut text);
        text
    }

    /// The value in one line, keys sorted, strings in one way of writing. Recurses no deeper than [`DEEPEST`].
    fn write_sorted(self, out: &mut String) {
        match self.kind() {
            Kind::Object => {
                let mut members: Vec<_> = self.members().collect();
                // A stable sort: keys that stand twice keep their order, since the last one counts.
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
                out.push('{');
                for (key, value) in members {
                    out.push_str(&quoted(&key));
                    out.push(':');
                    value.write_sorted(out);
                    out.push(',');
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for item in self.items() {
                    item.write_sorted(out);
                    out.push(',');
                }
                out.push(']');
            }
            Kind::String => out.push_str(&quoted(&strings::unquoted(self.raw()))),
            Kind::Number | Kind::Bool | Kind::Null => out.push_str(self.raw()),
        }
    }
}

//! From a text to its tokens, by JSON's grammar (RFC 8259) and nothing more.

use super::{DEEPEST, JsonError, Kind, Mark, Token};

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value, or the end of an array that has none yet.
    FirstItem,
    /// A key, or the end of an object that has none yet.
    FirstKey,
    Key,
    /// A comma or the end of the container.
    More,
    /// The end of the text.
    End,
}

impl Expect {
    const fn words(self) -> &'static str {
        match self {
            Self::Value => "a value is expected",
            Self::FirstItem => "a value or ] is expected",
            Self::FirstKey => "a key in quotes or } is expected",
            Self::Key => "a key in quotes is expected",
            Self::More => "a comma or the closing bracket is expected",
            Self::End => "the text goes on behind its value",
        }
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// The containers that are open, as indices of their tokens.
    open: Vec<usize>,
}

pub(super) fn scan(text: &str) -> Result<Vec<Token>, JsonError> {
    let mut scanner = Scanner { text, at: 0, tokens: Vec::new(), open: Vec::new() };
    match scanner.all() {
        Ok(()) => Ok(scanner.tokens),
        Err(what) => Err(scanner.error(what)),
    }
}

impl Scanner<'_> {
    fn all(&mut self) -> Result<(), &'static str> {
        let mut expect = Expect::Value;
        loop {
            self.skip_white();
            let Some(byte) = self.peek() else {
                return if expect == Expect::End { Ok(()) } else { Err("the text ends too early") };
            };
            expect = match (expect, byte) {
                (Expect::FirstItem, b']') | (Expect::FirstKey, b'}') => self.close(),
                (Expect::More, b']') if !self.in_object() => self.close(),
                (Expect::More, b'}') if self.in_object() => self.close(),
                (Expect::More, b',') => {
                    self.at += 1;
                    if self.in_object() { Expect::Key } else { Expect::Value }
                }
                (Expect::FirstKey | Expect::Key, b'"') => self.key()?,
                (Expect::Value | Expect::FirstItem, _) => self.value(byte, expect)?,
                (expect, _) => return Err(expect.words()),
            };
        }
    }

    fn value(&mut self, byte: u8, expect: Expect) -> Result<Expect, &'static str> {
        let start = self.at;
        let kind = match byte {
            b'{' => return self.enter(Kind::Object, Expect::FirstKey),
            b'[' => return self.enter(Kind::Array, Expect::FirstItem),
            b'"' => {
                self.string()?;
                Kind::String
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Kind::Number
            }
            _ => self.word().ok_or(expect.words())?,
        };
        self.push(Mark::Scalar(kind), start);
        Ok(self.after_value())
    }

    fn enter(&mut self, kind: Kind, expect: Expect) -> Result<Expect, &'static str> {
        if self.open.len() == DEEPEST {
            return Err("the text is nested deeper than 1,000 levels");
        }
        self.open.push(self.tokens.len());
        self.at += 1;
        self.push(Mark::Open(kind), self.at - 1);
        Ok(expect)
    }

    fn close(&mut self) -> Expect {
        self.at += 1;
        self.push(Mark::Close, self.at - 1);
        if let Some(opened) = self.open.pop() {
            self.tokens[opened].next = self.tokens.len();
        }
        self.after_value()
    }

    fn key(&mut self) -> Result<Expect, &'static str> {
        let start = self.at;
        self.string()?;
        self.push(Mark::Key, start);
        self.skip_white();
        if self.peek() != Some(b':') {
            return Err("a colon is expected");
        }
        self.at += 1;
        Ok(Expect::Value)
    }

    fn push(&mut self, mark: Mark, start: usize) {
        let next = self.tokens.len() + 1;
        self.tokens.push(Token { mark, start, end: self.at, next });
    }

    fn in_object(&self) -> bool {
        self.open.last().is_some_and(|&opened| self.tokens[opened].mark == Mark::Open(Kind::Object))
    }

    fn after_value(&self) -> Expect {
        if self.open.is_empty() { Expect::End } else { Expect::More }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), &'static str> {
        self.at += 1;
        loop {
            match self.peek().ok_or("a string has no closing quote")? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                0..=0x1f => return Err("a control character stands in a string unescaped"),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let wrong = "there is no such escape in JSON";
        match self.peek().ok_or("a string has no closing quote")? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(wrong);
                    }
                }
                self.at += 1;
            }
            _ => return Err(wrong),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), &'static str> {
        self.take(b"-");
        if self.take(b"0") {
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err("a number begins with a zero too many");
            }
        } else {
            self.digits()?;
        }
        if self.take(b".") {
            self.digits()?;
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn take(&mut self, one_of: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| one_of.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), &'static str> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err("a digit is expected");
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self) -> Option<Kind> {
        let words = [("true", Kind::Bool), ("false", Kind::Bool), ("null", Kind::Null)];
        let rest = &self.text.as_bytes()[self.at..];
        let (word, kind) = words.into_iter().find(|(word, _)| rest.starts_with(word.as_bytes()))?;
        self.at += word.len();
        Some(kind)
    }

    fn error(&self, what: &'static str) -> JsonError {
        let (line, column) = line_and_column(self.text, self.at);
        JsonError { line, column, what }
    }
}

/// The place of a byte that begins a character, or of the text's end.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    (line, column)
}

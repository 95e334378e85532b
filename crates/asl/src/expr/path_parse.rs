//! The grammar of paths.

use super::filter::{Filter, Operand, Operator, Pattern};
use super::path::{Root, Segment};
use serde_json::Value;

/// Deepest nesting of filters, parentheses and lists, so that no text can exhaust the stack.
const DEPTH: usize = 32;
/// The most regular expressions of a path: each is compiled when the path is parsed.
const PATTERNS: usize = 16;
/// The most segments of a path: each may take a stack frame when the path is evaluated.
const SEGMENTS: usize = 500;

/// The operators of filters, each before those that begin like it. A space ends a word.
const OPERATORS: [(&str, Operator); 16] = [
    ("==", Operator::Equal),
    ("=~", Operator::Matches),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("in ", Operator::In),
    ("nin ", Operator::NotIn),
    ("contains ", Operator::Contains),
    ("all ", Operator::All),
    ("subsetof ", Operator::SubsetOf),
    ("anyof ", Operator::AnyOf),
    ("noneof ", Operator::NoneOf),
    ("size ", Operator::Size),
    ("empty ", Operator::Empty),
];

pub(super) fn parse(text: &str) -> Result<(Root, Vec<Segment>), String> {
    let mut parser = Parser { text: text.trim(), at: 0, depth: 0, patterns: 0 };
    let found = parser.path()?;
    parser.end()?;
    Ok(found)
}

/// Parses the path at the beginning of `text`, for intrinsic functions: the path and how many bytes it took.
pub(super) fn parse_prefix(text: &str) -> Result<(Root, Vec<Segment>, usize), String> {
    let mut parser = Parser { text, at: 0, depth: 0, patterns: 0 };
    let (root, segments) = parser.path()?;
    Ok((root, segments, parser.at))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    patterns: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes a token in capitals, too.
    fn take_any_case(&mut self, token: &str) -> bool {
        let found = self.rest().get(..token.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(token));
        if found {
            self.at += token.len();
        }
        found
    }

    fn spaces(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += c.len_utf8();
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        self.spaces();
        if self.take(token) { Ok(()) } else { Err(self.wrong(&format!("'{token}'"))) }
    }

    fn wrong(&self, expected: &str) -> String {
        match self.peek() {
            Some(c) => format!("expected {expected} at character {}, found '{c}'", self.column()),
            None => format!("expected {expected} at character {}, found the end", self.column()),
        }
    }

    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn end(&self) -> Result<(), String> {
        if self.at == self.text.len() { Ok(()) } else { Err(self.wrong("the end of the path")) }
    }

    fn path(&mut self) -> Result<(Root, Vec<Segment>), String> {
        if !self.take("$") {
            return Err(self.wrong("'$'"));
        }
        let root = if self.take("$") {
            Root::Context
        } else {
            match self.name() {
                name if name.is_empty() => Root::Input,
                name => Root::Variable(name),
            }
        };
        Ok((root, self.segments()?))
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while let Some(c) = self.peek() {
            if !(c.is_alphanumeric() || c == '_' || c == '-' || (c as u32) > 0x7f) {
                break;
            }
            self.at += c.len_utf8();
        }
        self.text[start..self.at].to_owned()
    }

    fn segments(&mut self) -> Result<Vec<Segment>, String> {
        let mut segments = Vec::new();
        loop {
            if segments.len() > SEGMENTS {
                return Err(format!("a path has at most {SEGMENTS} segments"));
            }
            if self.take("..") {
                segments.push(Segment::Descend);
                if self.peek() != Some('[') {
                    segments.push(self.dotted()?);
                }
            } else if self.take(".") {
                // `$.['name']` is written as often as `$['name']`.
                segments.push(if self.take("[") { self.bracketed()? } else { self.dotted()? });
            } else if self.take("[") {
                segments.push(self.bracketed()?);
            } else {
                return Ok(segments);
            }
        }
    }

    fn dotted(&mut self) -> Result<Segment, String> {
        if self.take("*") {
            return Ok(Segment::Wildcard);
        }
        match self.name() {
            name if name.is_empty() => Err(self.wrong("a property name")),
            // The service has no functions: `length()` is a property that is never there.
            name if self.take("()") => Ok(Segment::Key(name + "()")),
            name => Ok(Segment::Key(name)),
        }
    }

    fn bracketed(&mut self) -> Result<Segment, String> {
        self.spaces();
        let segment = match self.peek() {
            Some('*') => {
                self.at += 1;
                Segment::Wildcard
            }
            Some('?') => {
                self.at += 1;
                self.expect("(")?;
                let filter = self.any_of()?;
                self.expect(")")?;
                Segment::Filter(filter)
            }
            Some('\'' | '"') => {
                let mut keys = vec![self.quoted()?];
                while self.comma() {
                    keys.push(self.quoted()?);
                }
                if keys.len() == 1 { Segment::Key(keys.remove(0)) } else { Segment::Keys(keys) }
            }
            _ => self.numbers()?,
        };
        self.expect("]")?;
        Ok(segment)
    }

    fn comma(&mut self) -> bool {
        self.spaces();
        let found = self.take(",");
        self.spaces();
        found
    }

    fn numbers(&mut self) -> Result<Segment, String> {
        let first = self.integer()?;
        self.spaces();
        if self.take(":") {
            let end = self.integer()?;
            if first.is_none() && end.is_none() {
                return Err(self.wrong("the first or the last index of a slice"));
            }
            // The service accepts a step and ignores it.
            if self.take(":") {
                self.integer()?;
            }
            return Ok(Segment::Slice(first, end));
        }
        let mut indices = vec![first.ok_or_else(|| self.wrong("an index, a name in quotes, '*' or '?'"))?];
        while self.comma() {
            indices.push(self.integer()?.ok_or_else(|| self.wrong("an index"))?);
        }
        Ok(if indices.len() == 1 { Segment::Index(indices[0]) } else { Segment::Indices(indices) })
    }

    fn integer(&mut self) -> Result<Option<i64>, String> {
        self.spaces();
        let start = self.at;
        self.take("-");
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            "" => Ok(None),
            digits => {
                digits.parse().map(Some).map_err(|_| format!("'{digits}' is not an index (character {})", start + 1))
            }
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.wrong("a name in quotes"));
        };
        self.at += 1;
        let mut name = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                _ if c == quote => return Ok(name),
                // A backslash before the other kind of quote is an ordinary character.
                '\\' if self.peek().is_some_and(|next| next != quote && matches!(next, '\'' | '"')) => name.push('\\'),
                '\\' => match self.escaped() {
                    Some(escaped) => name.push(escaped),
                    None => break,
                },
                _ => name.push(c),
            }
        }
        Err(self.wrong("a closing quote"))
    }

    /// The character that an escape stands for. An unknown escape stands for its own character.
    fn escaped(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(match c {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                self.at += 4;
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?
            }
            _ => c,
        })
    }

    /// Enters a level; the caller leaves it again.
    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH { Err(format!("filters nest deeper than {DEPTH} levels")) } else { Ok(()) }
    }

    fn any_of(&mut self) -> Result<Filter, String> {
        self.deeper()?;
        let mut terms = vec![self.all_of()?];
        while self.operator("||") {
            terms.push(self.all_of()?);
        }
        self.depth -= 1;
        Ok(if terms.len() == 1 { terms.remove(0) } else { Filter::Or(terms) })
    }

    fn all_of(&mut self) -> Result<Filter, String> {
        let mut terms = vec![self.term()?];
        while self.operator("&&") {
            terms.push(self.term()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Filter::And(terms) })
    }

    fn operator(&mut self, token: &str) -> bool {
        self.spaces();
        self.take(token)
    }

    fn term(&mut self) -> Result<Filter, String> {
        self.spaces();
        if self.take("!") {
            self.deeper()?;
            let inner = self.term()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.take("(") {
            let inner = self.any_of()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.operand(false)?;
        self.spaces();
        for (token, operator) in OPERATORS {
            if self.take_any_case(token) {
                self.spaces();
                let right = self.operand(operator == Operator::Matches)?;
                return Ok(Filter::Compare(left, operator, right));
            }
        }
        match left {
            Operand::Literal(_) | Operand::Pattern(_) => Err(self.wrong("a comparison")),
            path => Ok(Filter::Exists(path)),
        }
    }

    /// A value of a comparison. `pattern`: a slash begins a regular expression, not a bare word.
    fn operand(&mut self, pattern: bool) -> Result<Operand, String> {
        match self.peek() {
            Some('@') => {
                self.at += 1;
                Ok(Operand::Item(self.segments()?))
            }
            Some('$') => {
                self.at += 1;
                Ok(Operand::Root(self.segments()?))
            }
            Some('\'' | '"') => Ok(Operand::Literal(Value::String(self.quoted()?))),
            Some('[') => self.list(),
            Some('/') if pattern => self.pattern(),
            _ => self.literal(),
        }
    }

    /// `['a', 2]`: unlike in JSON, texts may be in single quotes.
    fn list(&mut self) -> Result<Operand, String> {
        self.expect("[")?;
        self.deeper()?;
        let mut items = Vec::new();
        self.spaces();
        while !self.take("]") {
            match self.operand(false)? {
                Operand::Literal(value) => items.push(value),
                _ => return Err(self.wrong("a value")),
            }
            if !self.comma() && self.peek() != Some(']') {
                return Err(self.wrong("',' or ']'"));
            }
        }
        self.depth -= 1;
        Ok(Operand::Literal(Value::Array(items)))
    }

    /// `/expression/flags`
    fn pattern(&mut self) -> Result<Operand, String> {
        self.patterns += 1;
        if self.patterns > PATTERNS {
            return Err(format!("a path has at most {PATTERNS} regular expressions"));
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        while let Some(c) = self.peek().filter(|c| escaped || *c != '/') {
            escaped = c == '\\' && !escaped;
            self.at += c.len_utf8();
        }
        let text = self.text[start..self.at].to_owned();
        self.expect("/")?;
        let flags = self.name();
        Pattern::new(&text, &flags).map(Operand::Pattern)
    }

    /// A number, `true`, `false`, `null` or an object as JSON has them. Every other bare word is taken for a text, as in
    /// `@.status == in_progress` or `@.path == /a/b`.
    fn literal(&mut self) -> Result<Operand, String> {
        if self.peek() == Some('{') {
            let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
            let Some(Ok(value)) = values.next() else { return Err(self.wrong("an object")) };
            let taken = values.byte_offset();
            self.at += taken;
            return Ok(Operand::Literal(value));
        }
        let ends = |c: char| c.is_whitespace() || "()[]{}<>=!&|,'\"@$".contains(c);
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        let text =
            || word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '/')).then(|| Value::from(word));
        let value = serde_json::from_str(word).ok().or_else(text).ok_or_else(|| self.wrong("a value, '@' or '$'"))?;
        self.at += length;
        Ok(Operand::Literal(value))
    }
}

//! Reading a search.

use super::fault::{Fault, SearchError};
use super::{Bound, Bounds, Field, LONGEST, Part, Pattern, Search, TERMS, Term, values};

/// A sign between a key and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Is,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Sign {
    const fn word(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    /// The numbers on this side of `at`.
    pub const fn bounds<T: Copy>(self, at: T) -> Bounds<T> {
        let (from, to) = (Bound { at, within: true }, Bound { at, within: true });
        match self {
            Self::Is => Bounds { from: Some(from), to: Some(to) },
            Self::Less => Bounds { from: None, to: Some(Bound { at, within: false }) },
            Self::AtMost => Bounds { from: None, to: Some(to) },
            Self::More => Bounds { from: Some(Bound { at, within: false }), to: None },
            Self::AtLeast => Bounds { from: Some(from), to: None },
        }
    }
}

/// A word as it stands there.
struct Word {
    /// The character that it begins at, from 1.
    at: usize,
    text: String,
    quoted: bool,
}

impl Word {
    fn fault(&self, fault: Fault) -> SearchError {
        SearchError { at: self.at, fault }
    }

    /// The text, or its beginning where a star stands at its end.
    fn pattern(&self) -> Result<Pattern, SearchError> {
        let begun = if self.quoted { None } else { self.text.strip_suffix('*') };
        let (text, open) = begun.map_or((self.text.as_str(), false), |begun| (begun, true));
        if text.chars().any(char::is_alphanumeric) {
            Ok(Pattern { text: text.to_owned(), open })
        } else {
            Err(self.fault(Fault::Nothing(self.text.clone())))
        }
    }
}

struct Reader {
    text: Vec<char>,
    next: usize,
    now: i64,
}

pub fn read(text: &str, now: i64) -> Result<Search, SearchError> {
    let typed = text.trim().to_owned();
    let text: Vec<char> = text.chars().collect();
    if text.len() > LONGEST {
        return Err(SearchError { at: LONGEST + 1, fault: Fault::TooLong { limit: LONGEST } });
    }
    let mut reader = Reader { text, next: 0, now };
    let mut terms = Vec::new();
    while reader.skip_spaces() {
        let at = reader.next + 1;
        let term = reader.term()?;
        if terms.len() == TERMS {
            return Err(SearchError { at, fault: Fault::TooMany { limit: TERMS } });
        }
        terms.push(term);
    }
    Ok(Search { text: typed, terms })
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.next).copied()
    }

    /// Whether there is anything behind the spaces.
    fn skip_spaces(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
        self.next < self.text.len()
    }

    fn term(&mut self) -> Result<Term, SearchError> {
        let word = match self.peek() {
            Some('"') => self.quoted()?,
            _ => self.bare(true),
        };
        let sign_at = self.next + 1;
        let Some(sign) = self.sign() else { return words(&word) };
        if word.text.is_empty() {
            return Err(SearchError { at: sign_at, fault: Fault::NoKey { sign: sign.word() } });
        }
        let value = match self.peek() {
            Some('"') => self.quoted()?,
            _ => self.bare(false),
        };
        if value.text.is_empty() {
            let key = word.text;
            return Err(value.fault(Fault::NoValue { key, sign: sign.word() }));
        }
        match Field::named(&word.text).filter(|_| !word.quoted) {
            Some(field) => self.field(field, sign, &value),
            None => content(&word, sign, &value),
        }
    }

    /// A text between quotes; `\"` and `\\` are a quote and a backslash in it.
    fn quoted(&mut self) -> Result<Word, SearchError> {
        let at = self.next + 1;
        self.next += 1;
        let mut text = String::new();
        loop {
            match (self.peek(), self.text.get(self.next + 1).copied()) {
                (None, _) => return Err(SearchError { at, fault: Fault::OpenQuote }),
                (Some('\\'), Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.next += 2;
                }
                (Some('"'), _) => {
                    self.next += 1;
                    return Ok(Word { at, text, quoted: true });
                }
                (Some(other), _) => {
                    text.push(other);
                    self.next += 1;
                }
            }
        }
    }

    /// A text up to a space, or to a sign behind what may be a key.
    fn bare(&mut self, key: bool) -> Word {
        let at = self.next + 1;
        let rest = &self.text[self.next..];
        let whole = rest.iter().position(|one| one.is_whitespace()).unwrap_or(rest.len());
        let is_arn = rest.starts_with(&['a', 'r', 'n', ':']);
        let may_be_key = key && !is_arn && (begins_key(rest[0]) || is_sign(rest[0]));
        let length =
            if may_be_key { rest[..whole].iter().position(|one| is_sign(*one)).unwrap_or(whole) } else { whole };
        let text = rest[..length].iter().collect();
        self.next += length;
        Word { at, text, quoted: false }
    }

    fn sign(&mut self) -> Option<Sign> {
        let (sign, length) = match (self.peek()?, self.text.get(self.next + 1)) {
            ('>', Some('=')) => (Sign::AtLeast, 2),
            ('<', Some('=')) => (Sign::AtMost, 2),
            ('>', _) => (Sign::More, 1),
            ('<', _) => (Sign::Less, 1),
            (':' | '=', _) => (Sign::Is, 1),
            _ => return None,
        };
        self.next += length;
        Some(sign)
    }

    fn field(&self, field: Field, sign: Sign, value: &Word) -> Result<Term, SearchError> {
        let equal = |name| if sign == Sign::Is { Ok(()) } else { Err(value.fault(Fault::NoOrder(name))) };
        let term = match field {
            Field::Duration => {
                let length = |text: &str| values::duration(text).ok_or_else(|| Fault::NotADuration(text.to_owned()));
                return range(value, sign, length).map(Term::Duration);
            }
            Field::Started | Field::Ended => {
                let bounds = values::started(&value.text, sign, self.now).map_err(|fault| value.fault(fault))?;
                if field == Field::Started { Term::Started(bounds) } else { Term::Ended(bounds) }
            }
            Field::Status => {
                equal("status")?;
                let status = values::status(&value.text).ok_or_else(|| Fault::NotAStatus(value.text.clone()));
                Term::Status(status.map_err(|fault| value.fault(fault))?)
            }
            Field::Workflow => equal("workflow").and_then(|()| value.pattern()).map(Term::Workflow)?,
            Field::Name => equal("name").and_then(|()| value.pattern()).map(Term::Name)?,
            Field::Error => equal("error").and_then(|()| value.pattern()).map(Term::Error)?,
            Field::Version => equal("version").map(|()| Term::Version(value.text.clone()))?,
            Field::Alias => equal("alias").map(|()| Term::Alias(value.text.clone()))?,
            Field::Input => {
                equal("input").and_then(|()| value.pattern()).map(|words| Term::Words { part: Part::Input, words })?
            }
            Field::Output => {
                equal("output").and_then(|()| value.pattern()).map(|words| Term::Words { part: Part::Output, words })?
            }
        };
        Ok(term)
    }
}

const fn is_sign(letter: char) -> bool {
    matches!(letter, ':' | '=' | '<' | '>')
}

fn begins_key(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '_' | '$' | '@')
}

/// Words without a key.
fn words(word: &Word) -> Result<Term, SearchError> {
    // Elsewhere a minus leaves out what has the word; here it would be passed over, and find just that.
    let excludes = word.text.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    if !word.quoted && (excludes || matches!(word.text.as_str(), "AND" | "OR" | "NOT")) {
        return Err(word.fault(Fault::Operator(word.text.clone())));
    }
    Ok(Term::Words { part: Part::Any, words: word.pattern()? })
}

/// A value or a number under a key of the contents.
fn content(key: &Word, sign: Sign, value: &Word) -> Result<Term, SearchError> {
    let path = path(key)?;
    if sign == Sign::Is && (value.quoted || !value.text.contains("..")) {
        let text = value.text.as_str();
        // `true`, `null`, and values of signs alone are values, too.
        let begun = if value.quoted { None } else { text.strip_suffix('*') };
        let (text, open) = begun.map_or((text, false), |begun| (begun, true));
        return Ok(Term::Value { path, value: Pattern { text: text.to_owned(), open } });
    }
    let number = |text: &str| values::number(text).ok_or_else(|| Fault::NotANumber(text.to_owned()));
    match range(value, sign, number) {
        // Two full stops are in many texts; a range of numbers that runs backwards is a mistake.
        Err(SearchError { fault: Fault::NotANumber(_), .. }) if sign == Sign::Is => {
            Ok(Term::Value { path, value: value.pattern()? })
        }
        bounds => Ok(Term::Number { path, bounds: bounds? }),
    }
}

/// The keys of a path: without `$` and the places in arrays.
fn path(key: &Word) -> Result<Vec<String>, SearchError> {
    if key.quoted {
        return if key.text.is_empty() {
            Err(key.fault(Fault::NotAKey(String::new())))
        } else {
            Ok(vec![key.text.clone()])
        };
    }
    let fits = |letter: char| {
        letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$' | '@' | '/' | '.' | '[' | ']' | '*')
    };
    let whole = key.text.strip_prefix("$.").unwrap_or(&key.text);
    let without_places = |part: &str| part.split('[').next().unwrap_or(part).to_owned();
    let parts: Vec<String> = whole.split('.').map(without_places).collect();
    if key.text.chars().all(fits) && parts.iter().all(|part| !part.is_empty()) {
        Ok(parts)
    } else {
        Err(key.fault(Fault::NotAKey(key.text.clone())))
    }
}

/// `a..b` behind `:`, or what a sign and one value mean.
fn range<T: Copy + PartialOrd>(
    value: &Word,
    sign: Sign,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Bounds<T>, SearchError> {
    let failed = |fault| value.fault(fault);
    if sign == Sign::Is
        && let Some((from, to)) = values::ends(&value.text).map_err(failed)?
    {
        let bound = |text: Option<&str>| {
            text.map(|text| read(text).map(|at| Bound { at, within: true })).transpose().map_err(failed)
        };
        let bounds = Bounds { from: bound(from)?, to: bound(to)? };
        let is_backwards = bounds.from.zip(bounds.to).is_some_and(|(from, to)| from.at > to.at);
        return if is_backwards { Err(failed(values::backwards(from, to))) } else { Ok(bounds) };
    }
    read(&value.text).map(|at| sign.bounds(at)).map_err(failed)
}

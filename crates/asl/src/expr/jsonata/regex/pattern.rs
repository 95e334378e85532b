//! Translates JavaScript's regular expressions for the two engines.
//!
//! Patterns with lookaround or backreferences are for the backtracking engine, all others for the one that runs in linear
//! time.

use std::fmt::Write as _;

/// A translated regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub text: String,
    /// It has lookaround or backreferences.
    pub looks: bool,
}

/// Patterns that match nothing, and every character.
const NOTHING: &str = r"[^\s\S]";
const ANYTHING: &str = r"[\s\S]";
const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// Translates a pattern.
///
/// # Errors
/// What is wrong with it, in JavaScript's words.
pub(super) fn translated(pattern: &str) -> Result<Pattern, &'static str> {
    let groups = groups(pattern);
    let looks = looks(pattern, groups.0);
    let mut writer = Writer {
        letters: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        groups,
        looks,
        before: Before::Nothing,
    };
    writer.all()?;
    Ok(Pattern { text: writer.out, looks })
}

/// How many groups a pattern has, and whether they have names.
fn groups(pattern: &str) -> (u32, bool) {
    let (mut count, mut named, mut is_class) = (0, false, false);
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' => is_class = true,
            ']' => is_class = false,
            '(' if !is_class => {
                let mut ahead = letters.clone();
                let starts: [Option<char>; 3] = [ahead.next(), ahead.next(), ahead.next()];
                let is_named = matches!(starts, [Some('?'), Some('<'), Some(third)] if !"=!".contains(third));
                named |= is_named;
                count += u32::from(starts[0] != Some('?') || is_named);
            }
            _ => {}
        }
    }
    (count, named)
}

/// Whether a pattern has lookaround or backreferences.
fn looks(pattern: &str, groups: u32) -> bool {
    let around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|start| pattern.contains(start));
    let mut letters = pattern.chars();
    let mut back = false;
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            let next = letters.next().unwrap_or_default();
            back |= matches!(next, 'k' | 'B') || next.to_digit(10).is_some_and(|number| (1..=groups).contains(&number));
        }
    }
    around || back
}

/// What a quantifier after it would repeat.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Atom,
    Quantifier,
}

struct Writer {
    letters: Vec<char>,
    at: usize,
    out: String,
    groups: (u32, bool),
    looks: bool,
    before: Before,
}

/// A part of a class.
enum Member {
    Letter(char),
    /// `\d` and its like, as it is written within brackets.
    Set(String),
}

impl Writer {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn starts_with(&self, start: &str) -> bool {
        self.letters[self.at..].iter().copied().take(start.chars().count()).eq(start.chars())
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.before = Before::Atom;
    }

    fn letter(&mut self, letter: char) {
        push_letter(&mut self.out, letter);
        self.before = Before::Atom;
    }

    fn all(&mut self) -> Result<(), &'static str> {
        let mut open = 0_usize;
        while let Some(letter) = self.take() {
            match letter {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '.' => self.atom(r"[^\n\r\u{2028}\u{2029}]"),
                '(' => {
                    open += 1;
                    self.group()?;
                }
                ')' => {
                    open = open.checked_sub(1).ok_or("Unmatched ')'")?;
                    self.atom(")");
                }
                '|' | '^' => {
                    self.out.push(letter);
                    self.before = Before::Nothing;
                }
                '$' => {
                    self.out.push('$');
                    self.before = Before::Nothing;
                }
                '*' | '+' | '?' => self.quantifier(&letter.to_string())?,
                '{' => match self.counts() {
                    Some((counts, length)) => {
                        self.at += length;
                        self.quantifier(&counts?)?;
                    }
                    None => self.letter('{'),
                },
                other => self.letter(other),
            }
        }
        if open == 0 { Ok(()) } else { Err("Unterminated group") }
    }

    fn group(&mut self) -> Result<(), &'static str> {
        let start = ["?:", "?=", "?!", "?<=", "?<!", "?<"].into_iter().find(|start| self.starts_with(start));
        if start.is_none() && self.peek() == Some('?') {
            return Err("Invalid group");
        }
        self.out.push('(');
        let start = start.unwrap_or_default();
        self.out.push_str(if start == "?<" && !self.looks { "?P<" } else { start });
        self.at += start.len();
        self.before = Before::Nothing;
        if start == "?<" {
            let length = self.letters[self.at..].iter().position(|letter| *letter == '>');
            let length = length.filter(|length| *length > 0).ok_or("Invalid capture group name")?;
            self.out.extend(&self.letters[self.at..=self.at + length]);
            self.at += length + 1;
        }
        Ok(())
    }

    fn quantifier(&mut self, text: &str) -> Result<(), &'static str> {
        if self.before != Before::Atom {
            return Err("Nothing to repeat");
        }
        self.out.push_str(text);
        if self.peek() == Some('?') {
            self.at += 1;
            self.out.push('?');
        }
        self.before = Before::Quantifier;
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,5}` after the brace, with its length; other braces stand for themselves.
    fn counts(&self) -> Option<(Result<String, &'static str>, usize)> {
        let rest = &self.letters[self.at..];
        let length = rest.iter().position(|letter| *letter == '}')?;
        let inner: String = rest[..length].iter().collect();
        let (least, most) = inner.split_once(',').map_or((inner.as_str(), None), |(least, most)| (least, Some(most)));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(least) || most.is_some_and(|most| !most.is_empty() && !is_number(most)) {
            return None;
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let is_turned = most.is_some_and(|most| !most.is_empty() && number(most) < number(least));
        let counts = if is_turned { Err("numbers out of order in {} quantifier") } else { Ok(format!("{{{inner}}}")) };
        Some((counts, length + 1))
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let letter = self.take().ok_or("\\ at end of pattern")?;
        let (groups, named) = self.groups;
        match letter {
            'b' if self.looks => self.assertion(&format!("(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))")),
            'b' => self.assertion(r"(?-u:\b)"),
            'B' => self.assertion(&format!("(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))")),
            'k' if named => {
                let length = self.letters[self.at..].iter().position(|letter| *letter == '>');
                let length = length.filter(|_| self.peek() == Some('<')).ok_or("Invalid named reference")?;
                let name: String = self.letters[self.at + 1..self.at + length].iter().collect();
                self.at += length + 1;
                self.atom(&format!("(?:\\k<{name}>)"));
            }
            '1'..='9' => {
                let number = self.number(letter);
                if number > groups {
                    // A character by its octal code, or the digit itself.
                    self.letter(char::from_u32(number % 8).filter(|_| number < 8).unwrap_or(letter));
                } else {
                    // A group without a match is an empty text.
                    self.atom(&format!("(?({number})\\{number}|)"));
                }
            }
            _ => match self.member(letter) {
                Member::Letter(letter) => self.letter(letter),
                Member::Set(set) => self.atom(&format!("[{set}]")),
            },
        }
        Ok(())
    }

    fn assertion(&mut self, text: &str) {
        self.out.push_str(text);
        self.before = Before::Nothing;
    }

    /// The number of a group: the longest run of digits that is the number of an existing group.
    fn number(&mut self, first: char) -> u32 {
        let mut number = first.to_digit(10).unwrap_or_default();
        while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(10)) {
            let longer = number.saturating_mul(10).saturating_add(digit);
            if longer > self.groups.0 {
                break;
            }
            number = longer;
            self.at += 1;
        }
        number
    }

    /// The meaning of an escape that is the same inside and outside a class.
    fn member(&mut self, letter: char) -> Member {
        let not = |set: &str| Member::Set(format!("[^{set}]"));
        let set = |set: &str| Member::Set(set.to_owned());
        match letter {
            'd' => set(DIGIT),
            'D' => not(DIGIT),
            'w' => set(WORD),
            'W' => not(WORD),
            's' => set(SPACE),
            'S' => not(SPACE),
            'n' => Member::Letter('\n'),
            'r' => Member::Letter('\r'),
            't' => Member::Letter('\t'),
            'v' => Member::Letter('\u{b}'),
            'f' => Member::Letter('\u{c}'),
            '0' => Member::Letter('\0'),
            'c' => match self.peek().filter(char::is_ascii_alphabetic) {
                Some(control) => {
                    self.at += 1;
                    Member::Letter(char::from(control as u8 & 31))
                }
                None => Member::Letter('c'),
            },
            'x' => self.hexadecimal(2).and_then(char::from_u32).map_or(Member::Letter('x'), Member::Letter),
            'u' => self.unicode(),
            other => Member::Letter(other),
        }
    }

    /// Reads so many hexadecimal digits; nothing is read where there are fewer.
    fn hexadecimal(&mut self, count: usize) -> Option<u32> {
        let digits: String = self.letters.get(self.at..self.at + count)?.iter().collect();
        let number = u32::from_str_radix(&digits, 16).ok()?;
        self.at += count;
        Some(number)
    }

    /// A UTF-16 unit, or a surrogate pair. Half a pair matches nothing.
    fn unicode(&mut self) -> Member {
        let Some(first) = self.hexadecimal(4) else { return Member::Letter('u') };
        if let Some(letter) = char::from_u32(first) {
            return Member::Letter(letter);
        }
        let back = self.at;
        if self.starts_with("\\u") {
            self.at += 2;
            let second = self.hexadecimal(4).and_then(|second| u16::try_from(second).ok());
            let units = [u16::try_from(first).unwrap_or_default(), second.unwrap_or_default()];
            if let Some(Ok(letter)) = char::decode_utf16(units).next() {
                return Member::Letter(letter);
            }
            self.at = back;
        }
        Member::Set(NOTHING.to_owned())
    }

    fn class(&mut self) -> Result<(), &'static str> {
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        if self.peek() == Some(']') {
            self.at += 1;
            self.atom(if negated { ANYTHING } else { NOTHING });
            return Ok(());
        }
        let mut class = String::from(if negated { "[^" } else { "[" });
        loop {
            let first = match self.take().ok_or("Unterminated character class")? {
                ']' => break,
                letter => self.in_class(letter)?,
            };
            let is_range = self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|next| *next != ']');
            if !is_range {
                push_member(&mut class, &first);
                continue;
            }
            self.at += 1;
            let letter = self.take().ok_or("Unterminated character class")?;
            let last = self.in_class(letter)?;
            match (&first, &last) {
                (Member::Letter(from), Member::Letter(to)) if from > to => {
                    return Err("Range out of order in character class");
                }
                (Member::Letter(from), Member::Letter(to)) => {
                    push_code(&mut class, *from);
                    class.push('-');
                    push_code(&mut class, *to);
                }
                // A hyphen beside a set is an ordinary character.
                _ => {
                    push_member(&mut class, &first);
                    push_code(&mut class, '-');
                    push_member(&mut class, &last);
                }
            }
        }
        class.push(']');
        self.atom(&class);
        Ok(())
    }

    fn in_class(&mut self, letter: char) -> Result<Member, &'static str> {
        if letter != '\\' {
            return Ok(Member::Letter(letter));
        }
        Ok(match self.take().ok_or("\\ at end of pattern")? {
            'b' => Member::Letter('\u{8}'),
            digit @ '1'..='7' => Member::Letter(char::from_u32(digit.to_digit(8).unwrap_or_default()).unwrap_or(digit)),
            escaped => self.member(escaped),
        })
    }
}

fn push_member(class: &mut String, member: &Member) {
    match member {
        Member::Letter(letter) => push_code(class, *letter),
        Member::Set(set) => class.push_str(set),
    }
}

/// A character of a class, by its number unless it is a letter or a digit.
fn push_code(class: &mut String, letter: char) {
    if letter.is_ascii_alphanumeric() {
        class.push(letter);
    } else {
        // Writing to a text never fails.
        let _ = write!(class, "\\x{{{:x}}}", u32::from(letter));
    }
}

fn push_letter(out: &mut String, letter: char) {
    if letter.is_alphanumeric() || letter == ' ' { out.push(letter) } else { push_code(out, letter) }
}

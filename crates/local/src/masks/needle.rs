//! Finds one secret in a text, however the text is encoded: percent-encoded, escaped as in JSON (also in JSON inside a
//! string), or with HTML's entities.

/// A secret that is looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Needle {
    letters: Vec<char>,
    text: String,
    /// It counts only if no letter or digit is before or after it.
    alone: bool,
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Needle {
    pub fn new(text: &str, alone: bool) -> Self {
        Self { letters: text.chars().collect(), text: text.to_owned(), alone }
    }

    pub fn length(&self) -> usize {
        self.letters.len()
    }

    /// Whether one of its spellings begins with this byte.
    pub fn may_begin_with(&self, byte: u8) -> bool {
        matches!(byte, b'%' | b'&' | b'\\')
            || byte == b'+' && self.letters.first() == Some(&' ')
            || self.text.as_bytes().first() == Some(&byte)
    }

    /// Whether a text is this secret and nothing else.
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// The end of the secret that begins at `start`, in any mixture of spellings.
    pub fn end_at(&self, text: &str, start: usize, escaped: bool) -> Option<usize> {
        let (first, others) = self.letters.split_first()?;
        let mut places = Vec::new();
        spellings(text, start, *first, escaped, &mut places);
        if places.is_empty() {
            return None;
        }
        for letter in others {
            let mut next = Vec::new();
            places.iter().for_each(|at| spellings(text, *at, *letter, escaped, &mut next));
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return None;
            }
            places = next;
        }
        let free = |end: &usize| !self.alone || stands_alone(text, start, *end);
        places.into_iter().rev().find(free)
    }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    !joins(text[..start].chars().next_back()) && !joins(text[end..].chars().next())
}

/// The length of the letter at a position.
pub fn letter(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at) {
        Some(0..0x80) | None => 1,
        Some(0x80..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..) => 4,
    }
}

/// The length of the letter or the JSON escape at a position.
pub fn unit(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    if !rest.starts_with('\\') {
        return letter(text, at);
    }
    let whole = if rest[1..].starts_with('u') { 6 } else { 1 + letter(text, at + 1) };
    // Half an escape at the end, or an invalid one, is no reason to fail.
    if rest.is_char_boundary(whole.min(rest.len())) { whole.min(rest.len()) } else { 1 }
}

/// Every position at which a letter that begins here may end.
fn spellings(text: &str, at: usize, letter: char, escaped: bool, ends: &mut Vec<usize>) {
    let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else { return };
    let in_quotes = escaped && matches!(letter, '\\' | '"');
    if rest.starts_with(letter) && !in_quotes {
        ends.push(at + letter.len_utf8());
    }
    match rest.as_bytes()[0] {
        b'+' if letter == ' ' => ends.push(at + 1),
        b'%' => ends.extend(percent(rest, letter).map(|length| at + length)),
        b'&' => ends.extend(entity(rest, letter).map(|length| at + length)),
        b'\\' => backslashes(rest, at, letter, ends),
        _ => {}
    }
}

/// `%C3%BC`, or `%25C3%25BC`.
fn percent(rest: &str, letter: char) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut length = 0;
    for byte in letter.encode_utf8(&mut buffer).bytes() {
        let mut digits = rest.get(length..)?.strip_prefix('%')?;
        let wanted = format!("{byte:02x}");
        while !digits.get(..2)?.eq_ignore_ascii_case(&wanted) {
            digits = digits.strip_prefix("25")?;
        }
        length = rest.len() - digits.len() + 2;
    }
    Some(length)
}

/// `&amp;`, `&#38;` and `&#x26;`.
fn entity(rest: &str, letter: char) -> Option<usize> {
    let name = rest.get(1..)?.split(';').next().filter(|name| name.len() <= 8)?;
    let is_it = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code == Ok(u32::from(letter))
        }
        None => matches!(
            (name, letter),
            ("amp", '&') | ("lt", '<') | ("gt", '>') | ("quot", '"') | ("apos", '\'') | ("nbsp", ' ')
        ),
    };
    (is_it && rest.as_bytes().get(name.len() + 1) == Some(&b';')).then_some(name.len() + 2)
}

/// The part after backslashes; the deeper JSON is nested in JSON, the more backslashes there are.
fn backslashes(rest: &str, at: usize, letter: char, ends: &mut Vec<usize>) {
    let run = rest.bytes().take_while(|byte| *byte == b'\\').count();
    if letter == '\\' {
        ends.extend([2, 4, 8, 16].into_iter().filter(|length| *length <= run).map(|length| at + length));
    }
    let after = &rest[run..];
    let short = match letter {
        '\n' => Some('n'),
        '\t' => Some('t'),
        '\r' => Some('r'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '"' | '\'' | '/' | '`' => Some(letter),
        _ => None,
    };
    if short.is_some_and(|short| after.starts_with(short)) {
        ends.push(at + run + 1);
    }
    if let Some(length) = unicode(&rest[..run], rest, letter) {
        ends.push(at + length);
    }
    let byte = u32::from(letter);
    if byte < 256 && after.get(..3).is_some_and(|code| code.eq_ignore_ascii_case(&format!("x{byte:02x}"))) {
        ends.push(at + run + 3);
    }
}

/// `\u00fc`, with as many backslashes before each half of a pair.
fn unicode(run: &str, rest: &str, letter: char) -> Option<usize> {
    let mut buffer = [0; 2];
    let mut length = 0;
    for half in letter.encode_utf16(&mut buffer) {
        let code = rest.get(length..)?.strip_prefix(run)?.get(..5)?;
        if !code.eq_ignore_ascii_case(&format!("u{half:04x}")) {
            return None;
        }
        length += run.len() + 5;
    }
    Some(length)
}

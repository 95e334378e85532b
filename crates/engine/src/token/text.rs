//! A text around a token: what stands before and after it, as far as that is known.

/// If one text has more possible beginnings than this, the token's beginning is not looked for.
const MOST_STARTS: usize = 64;

/// The text around the tokens.
#[derive(Debug)]
pub(super) struct Written {
    /// The texts around the tokens, where none of them depends on time or chance.
    pieces: Option<Vec<String>>,
    /// What stands directly before the first token, and whether the text begins with it.
    before: String,
    from_start: bool,
    /// What stands directly after the first token, and whether the text ends with it.
    after: String,
    to_end: bool,
    /// Another token follows the first one immediately.
    adjoins: bool,
}

impl Written {
    /// The text around the marks; `None` if one of the texts does not contain its mark plainly.
    pub fn of(texts: [&str; 3], marks: [&str; 3]) -> Option<Written> {
        let split = |at: usize| texts[at].split(marks[at]).collect::<Vec<_>>();
        let split = [split(0), split(1), split(2)];
        let [first, second, third] = &split;
        // If the text around the token depends on the token, as padding does, the token's end is unknown.
        if first != second || split.iter().any(|pieces| pieces.len() < 2) {
            return None;
        }
        let is_known = first == second && first == third;
        let befores = [first[0], second[0], third[0]];
        let afters = [first[1], second[1], third[1]];
        let same = |all: [&str; 3]| all[0] == all[1] && all[0] == all[2];
        let is_last = split.iter().all(|pieces| pieces.len() == 2);
        Some(Written {
            pieces: is_known.then(|| first.iter().map(|piece| (*piece).to_owned()).collect()),
            from_start: same(befores),
            before: common_end(befores),
            to_end: is_last && same(afters),
            after: common_start(afters),
            adjoins: !is_last && afters.iter().any(|after| after.is_empty()),
        })
    }

    /// The token, if the text leaves no doubt about which part it is. A wrong one would be sent in vain, and the right
    /// one would be shown.
    pub fn token(&self, text: &str) -> Option<String> {
        match &self.pieces {
            Some(pieces) => solved(text, pieces),
            None if self.adjoins => None,
            None if self.from_start => self.only_token([text.strip_prefix(self.before.as_str())?]),
            None if self.before.is_empty() => None,
            None => {
                // Whoever writes the text before the token may also write the literal text.
                let starts = text.match_indices(self.before.as_str()).map(|(at, before)| &text[at + before.len()..]);
                if starts.clone().nth(MOST_STARTS).is_some() { None } else { self.only_token(starts) }
            }
        }
        .filter(|token| !token.is_empty())
    }

    /// The one token that any of these texts begins with, if what follows it is expected.
    fn only_token<'a>(&self, starts: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let mut found = None;
        for text in starts {
            let run = text.find(|letter| !is_part_of_token(letter)).unwrap_or(text.len());
            let ends: Vec<usize> = if self.to_end {
                text.strip_suffix(self.after.as_str()).map(str::len).into_iter().collect()
            } else if self.after.is_empty() {
                // What follows is unknown: the token ends with the letters of tokens.
                vec![run]
            } else {
                text.match_indices(self.after.as_str()).map(|(at, _)| at).take_while(|at| *at <= run).collect()
            };
            for token in ends.into_iter().filter(|end| (1..=run).contains(end)).map(|end| &text[..end]) {
                if *found.get_or_insert(token) != token {
                    return None;
                }
            }
        }
        found.map(str::to_owned)
    }
}

/// The token of a text whose other parts are known: its length follows from the text's.
fn solved(text: &str, pieces: &[String]) -> Option<String> {
    let times = pieces.len() - 1;
    let rest = text.len().checked_sub(pieces.iter().map(String::len).sum())?;
    let token = text.get(pieces[0].len()..pieces[0].len() + rest / times)?;
    (rest.is_multiple_of(times) && pieces.join(token) == text).then(|| token.to_owned())
}

/// Tokens are texts in base 64.
fn is_part_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/=_-".contains(letter)
}

fn common_start(texts: [&str; 3]) -> String {
    let [first, others @ ..] = texts;
    let end = first
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8())
        .take_while(|end| others.iter().all(|other| other.starts_with(&first[..*end])));
    first[..end.last().unwrap_or(0)].to_owned()
}

fn common_end(texts: [&str; 3]) -> String {
    let [first, others @ ..] = texts;
    let start = first
        .char_indices()
        .rev()
        .map(|(at, _)| at)
        .take_while(|start| others.iter().all(|other| other.ends_with(&first[*start..])));
    first[start.last().unwrap_or(first.len())..].to_owned()
}

/// A text without its percent-encoding; `None` if it has none, or if decoding gives no text.
pub(super) fn decoded_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

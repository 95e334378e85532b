//! Characters that nobody sees, made visible.
//!
//! `1\u{202e}00,5\u{202c} EUR` reads "15,00 EUR" where a browser draws it. Whoever decides must see what stands there, so
//! every text from outside is shown through [`visible`]: a control that reorders, hides or joins becomes its name in
//! brackets. Joiners stay where they make what is seen, in emoji and in scripts that are written with them.
//!
//! ```
//! use countersign::visible::visible;
//! assert_eq!(visible("1\u{202e}00,5\u{202c} EUR"), "1[U+202E]00,5[U+202C] EUR");
//! assert_eq!(visible("Grüße, 日本 👩\u{200d}💻"), "Grüße, 日本 👩\u{200d}💻");
//! ```

use std::borrow::Cow;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What is seen as it is.
    Plain(&'a str),
    /// A character that would not be seen.
    Hidden(char),
}

impl Piece<'_> {
    /// How the piece is shown.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Hidden(letter) => Cow::Owned(format!("[U+{:04X}]", u32::from(*letter))),
        }
    }
}

/// The text with every character that would not be seen as its name in brackets, such as `[U+202E]`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    match pieces(text).as_slice() {
        [] => Cow::Borrowed(""),
        [Piece::Plain(whole)] => Cow::Borrowed(whole),
        several => Cow::Owned(several.iter().map(Piece::shown).collect()),
    }
}

/// The text in pieces, in their order.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    // Most of what pages show.
    if !text.is_empty() && text.bytes().all(|letter| matches!(letter, b' '..=b'~' | b'\n')) {
        return vec![Piece::Plain(text)];
    }
    let mut pieces = Vec::new();
    let mut plain = 0;
    let mut end_of_flag = 0;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        let next = at + letter.len_utf8();
        if at >= end_of_flag && is_hidden(letter) {
            let rest = &text[next..];
            if let Some(flag) = Some(flag(&text[at..])).filter(|length| *length > 0 && before == Some('\u{1f3f4}')) {
                end_of_flag = at + flag;
            } else if !belongs(before, letter, rest.chars().next()) {
                if plain < at {
                    pieces.push(Piece::Plain(&text[plain..at]));
                }
                pieces.push(Piece::Hidden(letter));
                plain = next;
            }
        }
        before = Some(letter);
    }
    if plain < text.len() {
        pieces.push(Piece::Plain(&text[plain..]));
    }
    pieces
}

/// Characters without a shape of their own, or that change how others are placed: controls (but tab and line ends),
/// formats, fillers, selectors of variants, tags, and all others that Unicode lets a program ignore.
const HIDDEN: [(u32, u32); 38] = [
    (0x00, 0x08),
    (0x0b, 0x0c),
    (0x0e, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1343f),
    (0x16fe4, 0x16fe4),
    (0x1bca0, 0x1bca3),
    (0x1d159, 0x1d159),
    (0x1d173, 0x1d17a),
    (0x1fffe, 0x1ffff),
    (0xe0000, 0xe0fff),
    (0xf0000, 0xffffd),
    (0xffffe, 0x10_ffff),
];

fn is_hidden(letter: char) -> bool {
    let code = u32::from(letter);
    // A carriage return alone draws nothing; before a line feed it is white space like any other.
    code == 0x0d || HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Whether a hidden character makes what is seen together with its neighbours.
fn belongs(before: Option<char>, letter: char, after: Option<char>) -> bool {
    match letter {
        '\r' => after == Some('\n'),
        // Emoji that are drawn as one; letters that a virama joins.
        '\u{200d}' => {
            before.is_some_and(|one| is_emoji(one) || one == '\u{fe0f}' || is_skin(one)) && after.is_some_and(is_emoji)
                || before.is_some_and(is_virama)
        }
        // Persian and its neighbours are written with it.
        '\u{200c}' => before.is_some_and(is_arabic) && after.is_some_and(is_arabic) || before.is_some_and(is_virama),
        // As a picture or as text; a digit in a box.
        '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(|one| {
            is_emoji(one) || letter == '\u{fe0f}' && after == Some('\u{20e3}') && "0123456789#*".contains(one)
        }),
        _ => false,
    }
}

fn is_emoji(letter: char) -> bool {
    matches!(u32::from(letter),
        0xa9 | 0xae | 0x203c | 0x2049 | 0x2122 | 0x2139 | 0x2194..=0x21aa | 0x231a..=0x23ff | 0x24c2 | 0x25aa..=0x25fe
        | 0x2600..=0x27bf | 0x2934..=0x2935 | 0x2b05..=0x2b55 | 0x3030 | 0x303d | 0x3297 | 0x3299 | 0x1f000..=0x1faff)
        && !is_skin(letter)
}

fn is_skin(letter: char) -> bool {
    ('\u{1f3fb}'..='\u{1f3ff}').contains(&letter)
}

fn is_arabic(letter: char) -> bool {
    matches!(u32::from(letter), 0x620..=0x64a | 0x66e..=0x6d3 | 0x6d5 | 0x6ee..=0x6ef | 0x6fa..=0x6fc | 0x750..=0x77f)
}

fn is_virama(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x94d | 0x9cd | 0xa4d | 0xacd | 0xb4d | 0xbcd | 0xc4d | 0xccd | 0xd4d | 0xdca | 0x1039 | 0x17d2
    )
}

/// The length of the tags that make a black flag the flag of England, Scotland or Wales; tags say anything otherwise.
fn flag(text: &str) -> usize {
    let tags = |name: &str| -> String {
        name.chars().filter_map(|letter| char::from_u32(0xe0000 + u32::from(letter))).chain(['\u{e007f}']).collect()
    };
    ["gbeng", "gbsct", "gbwls"].map(tags).iter().find(|tags| text.starts_with(*tags)).map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text), expected);
    }

    #[test]
    fn what_nobody_sees_is_named() {
        for code in (0x00..=0x08)
            .chain([
                0x0b, 0x0c, 0x0d, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e,
            ])
            .chain(0x200b..=0x200f)
            .chain(0x2028..=0x202e)
            .chain(0x2060..=0x206f)
            .chain([
                0x2800, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0x1d173, 0xe0001, 0xe0041, 0xe007f, 0xe0100,
            ])
        {
            let letter = char::from_u32(code).expect("a character");
            check(&format!("a{letter}b"), &format!("a[U+{code:04X}]b"));
        }
    }

    #[test]
    fn what_is_seen_stays() {
        for text in [
            "",
            "Refund 12.50 €?",
            "line\nnext\r\n\ttab",
            "שלום עולם",
            "سلام",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}💻 🏳\u{fe0f}\u{200d}🌈 👩🏽\u{200d}🚒 ❤\u{fe0f} 1\u{fe0f}\u{20e3} 🇩🇪",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn joiners_hide_nothing_elsewhere() {
        check("ad\u{200d}min", "ad[U+200D]min");
        check("ad\u{200c}min", "ad[U+200C]min");
        check("1\u{fe0f}", "1[U+FE0F]");
        check("👩\u{200d}", "👩[U+200D]");
        check("🏴\u{e0067}\u{e0062}", "🏴[U+E0067][U+E0062]");
        check("one\rtwo", "one[U+000D]two");
    }
}

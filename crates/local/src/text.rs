//! Texts from outside on a terminal and in a log: output of functions, names.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes control characters and other invisible ones in a text: it stays on its line and moves no cursor. A tab is
/// harmless.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            letter if is_unseen(letter) => {
                // Writing to a string never fails.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal interprets a character, or shows it in another order or not at all.
fn is_unseen(letter: char) -> bool {
    letter.is_control() && letter != '\t'
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_commands_no_terminal() {
        let hostile = "paid\r2026-01-01 INFO all well\n\x1b]0;title\x07\u{9b}2J\u{202e}x\u{2028}y";
        let shown = escaped(hostile);
        assert_eq!(shown, "paid\\r2026-01-01 INFO all well\\n\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{202e}x\\u{2028}y");
        assert!(matches!(escaped("größer\tals 1 €"), Cow::Borrowed(_)));
    }
}

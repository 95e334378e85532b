//! Text from outside on a terminal: it must not move the cursor, forge a line or change the direction of text.
//!
//! Every printed text that this program did not write itself passes through here: names of files and workflows, responses of
//! the connection, the output of functions. [`Fields`] does so for the log.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use crate::visible::{Piece, pieces};

/// A text in one line, with every hidden character written out.
#[must_use]
pub fn line(text: &str) -> String {
    escape(text, false)
}

/// The same for a text of several lines, such as an error with its remedy below it.
#[must_use]
pub fn lines(text: &str) -> String {
    escape(text, true)
}

/// A JSON text of several lines: hidden characters stand only in its strings, and are written as JSON escapes.
#[must_use]
pub fn json(text: &str) -> String {
    let unit = |unit: &u16| format!("\\u{unit:04x}");
    written(text, true, |letter| letter.encode_utf16(&mut [0; 2]).iter().map(unit).collect())
}

fn escape(text: &str, several: bool) -> String {
    written(text, several, |letter| letter.escape_default().collect())
}

/// The text, with `write` for every character that a terminal would obey or not show.
fn written(text: &str, several: bool, write: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Hidden(letter) => out += &write(letter),
            Piece::Plain(text) => text.chars().for_each(|letter| {
                if letter.is_control() && !(several && letter == '\n') {
                    out += &write(letter);
                } else {
                    out.push(letter);
                }
            }),
        }
    }
    out
}

/// Writes the fields of log lines and spans: the message, then `name=value`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Written { writer, first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Written<'w> {
    writer: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl Written<'_> {
    fn put(&mut self, field: &Field, value: &str) {
        if self.result.is_err() {
            return;
        }
        let space = if self.first { "" } else { " " };
        self.first = false;
        self.result = match field.name() {
            "message" => write!(self.writer, "{space}{}", line(value)),
            name => write!(self.writer, "{space}{name}={}", line(value)),
        };
    }
}

impl Visit for Written<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" { self.put(field, value) } else { self.put(field, &format!("{value:?}")) }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a poisoned lock is a failed test")]
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(line("a\u{1b}[2Jb\rc\nd"), "a\\u{1b}[2Jb\\rc\\nd");
        assert_eq!(
            line("1\u{202e}00,5\u{202c}\u{2066}\u{200b}\u{9b}2J"),
            "1\\u{202e}00,5\\u{202c}\\u{2066}\\u{200b}\\u{9b}2J"
        );
        assert_eq!(lines("what\nremedy\r\u{7f}"), "what\nremedy\\r\\u{7f}");
        assert_eq!(json("{\n\"a\u{202e}\u{e0001}\": 1}"), "{\n\"a\\u202e\\udb40\\udc01\": 1}");
        assert_eq!(line("Grüße, 数 😀"), "Grüße, 数 😀");
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_line_stays_one_line() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .fmt_fields(Fields)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .compact()
            .finish();
        tracing::subscriber::with_default(log, || {
            let error = io::Error::other("x\u{1b}[31m");
            tracing::info!(function = %"f\r2026 ERROR forged", name = "n\n", %error, "{}", "out\rERROR forged\u{202e}");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        assert!(!text.trim_end().contains(|letter: char| letter.is_control() || letter == '\u{202e}'), "{text:?}");
        assert!(text.contains("out\\rERROR forged\\u{202e} function=f\\r2026 ERROR forged"), "{text}");
    }
}

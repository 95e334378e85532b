//! The forms in which a task token may occur.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::SHORTEST_TOKEN;

/// The characters that a URL does not escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The forms in which a token may occur: plain, in a URL, in JSON with unnecessary escapes, and in base64 at any of the three
/// offsets.
#[must_use]
pub fn spellings(token: &str) -> BTreeSet<String> {
    let once = encoded(token);
    let mut all = BTreeSet::from([
        token.to_owned(),
        once.clone(),
        lower_hex(&once),
        encoded(&once),
        token.replace('/', "\\/"),
        token.replace('=', "\\u003d").replace('+', "\\u002b"),
        token.replace('=', "&#61;").replace('+', "&#43;"),
    ]);
    for before in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(token.bytes()).collect();
        for mut coded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // The first and the last letter contain bits of the neighbouring text.
            if !bytes.len().is_multiple_of(3) {
                coded.pop();
            }
            all.insert(coded.split_off(before.min(coded.len()) + usize::from(before > 0)));
        }
    }
    all.retain(|spelling| spelling.len() >= SHORTEST_TOKEN);
    all
}

/// `%2F` as `%2f`: both forms occur.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0;
    let lower = |letter: char| match letter {
        '%' => {
            digits = 2;
            letter
        }
        _ if digits > 0 => {
            digits -= 1;
            letter.to_ascii_lowercase()
        }
        _ => letter,
    };
    encoded.chars().map(lower).collect()
}

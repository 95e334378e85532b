//! What the grammar allows and a reader into values refuses, the engine's among them.

use super::{Json, JsonError, Kind, Mark, scan, strings};

/// Levels that readers into values accept.
const LEVELS: usize = 127;
/// The decimal places of the largest double before its point, and its first digits.
const PLACES: i32 = 309;
const LARGEST: &[u8] = b"17976931348623157";

impl Json<'_> {
    /// The first thing that no reader into doubles and characters holds, and where it stands: a number beyond a double,
    /// half of a surrogate pair, or the level that is too deep.
    #[must_use]
    pub fn unheld(&self) -> Option<JsonError> {
        let mut depth = 0_usize;
        for token in &self.tokens {
            let raw = self.raw(*token);
            let fault = match token.mark {
                Mark::Open(_) => {
                    depth += 1;
                    (depth > LEVELS).then_some((0, "the text is nested deeper than 127 levels"))
                }
                Mark::Close => {
                    depth -= 1;
                    None
                }
                Mark::Key | Mark::Scalar(Kind::String) => {
                    strings::half(raw).map(|at| (at, "half of a surrogate pair stands alone"))
                }
                Mark::Scalar(Kind::Number) => {
                    is_beyond_double(raw).then_some((0, "the number is beyond the range of a double"))
                }
                Mark::Scalar(_) => None,
            };
            if let Some((at, what)) = fault {
                let (line, column) = scan::line_and_column(&self.source, token.start + at);
                return Some(JsonError { line, column, what });
            }
        }
        None
    }
}

/// Whether a number's size is beyond the largest double. The standard library's reader would tell, too; the browser's part
/// has no room for it.
fn is_beyond_double(raw: &str) -> bool {
    let (digits, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, ""));
    // Places before the point that the digits take up, from the first one that is not zero.
    let mut places = 0_i32;
    let (mut has_begun, mut is_behind) = (false, false);
    let mut first: Vec<u8> = Vec::new();
    for digit in digits.bytes() {
        match digit {
            b'.' => is_behind = true,
            b'0' if !has_begun => places -= i32::from(is_behind),
            b'0'..=b'9' => {
                has_begun = true;
                places += i32::from(!is_behind);
                if first.len() < LARGEST.len() {
                    first.push(digit);
                }
            }
            _ => {}
        }
    }
    let power = exponent
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i32, |sum, digit| sum.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    let places = places.saturating_add(if exponent.starts_with('-') { -power } else { power });
    has_begun && (places > PLACES || (places == PLACES && first.as_slice() > LARGEST))
}

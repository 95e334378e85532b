//! JSON as a person reads it: a member a line, two spaces a level.

use super::{Json, Kind, Mark};

/// What is nested deeper than this is written in one line.
const LEVELS: usize = 64;
/// White space that a layout may add: as many times the text's length, and some more for a short one.
const ADDED: usize = 6;
const ADDED_ALWAYS: usize = 4_096;

/// What a piece of a layout is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    Key,
    Text,
    Number,
    Word,
    /// Brackets, commas, colons and white space.
    Mark,
}

/// A JSON text with indentation; any other text as it is.
#[must_use]
pub fn pretty(text: &str) -> String {
    Json::read(text).map_or_else(|_| text.to_owned(), |json| json.pretty())
}

impl Json<'_> {
    /// The text with indentation. Numbers and strings stay as they were written.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut out = String::with_capacity(self.source.len() * 2);
        self.lay_out(|_, piece| out.push_str(piece));
        out
    }

    /// Gives the text with indentation, piece by piece.
    pub fn lay_out(&self, mut put: impl FnMut(Tone, &str)) {
        let levels = self.levels();
        let mut depth = 0;
        let mut before: Option<Mark> = None;
        for token in &self.tokens {
            let closes = token.mark == Mark::Close;
            let breaks = match before {
                // The whole text; the value of a key; brackets with nothing between them.
                None | Some(Mark::Key) => false,
                Some(Mark::Open(_)) => !closes,
                Some(_) => true,
            };
            if breaks && !closes && !matches!(before, Some(Mark::Open(_))) {
                put(Tone::Mark, if depth > levels { ", " } else { "," });
            }
            if breaks && depth <= levels {
                put(Tone::Mark, "\n");
                (0..depth - usize::from(closes)).for_each(|_| put(Tone::Mark, "  "));
            }
            let tone = match token.mark {
                Mark::Key => Tone::Key,
                Mark::Scalar(Kind::String) => Tone::Text,
                Mark::Scalar(Kind::Number) => Tone::Number,
                Mark::Scalar(_) => Tone::Word,
                Mark::Open(_) | Mark::Close => Tone::Mark,
            };
            put(tone, self.raw(*token));
            match token.mark {
                Mark::Key => put(Tone::Mark, ": "),
                Mark::Open(_) => depth += 1,
                Mark::Close => depth -= 1,
                Mark::Scalar(_) => {}
            }
            before = Some(token.mark);
        }
    }

    /// How deep a line of its own is given to each member: as deep as the white space stays in proportion to the text.
    fn levels(&self) -> usize {
        let mut lines = [0_usize; LEVELS + 1];
        let mut depth = 0_usize;
        let mut deepest = 0;
        let mut after_key = false;
        for token in &self.tokens {
            depth -= usize::from(token.mark == Mark::Close);
            if let Some(count) = lines.get_mut(depth).filter(|_| !after_key) {
                *count += 1;
            }
            depth += usize::from(matches!(token.mark, Mark::Open(_)));
            deepest = deepest.max(depth);
            after_key = token.mark == Mark::Key;
        }
        let mut left = self.source.len() * ADDED + ADDED_ALWAYS;
        let mut levels = 0;
        for (level, count) in lines.iter().enumerate().take(deepest + 1).skip(1) {
            let Some(rest) = left.checked_sub(count * (2 * level + 1)) else { break };
            (left, levels) = (rest, level);
        }
        levels
    }
}

//! Measured widths of text, and lines that fit.
//!
//! The server cannot draw text, and it does not know the browser's typefaces: both rely on the widths of the site's own
//! typeface.

use super::advance::{Weight, advance};

/// How much a line may differ in the browser: by hinting, and by rounding to whole pixels.
const SLACK: f32 = 1.01;

/// A face of the drawing: its size in pixels and its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    pub size: f32,
    pub weight: Weight,
}

/// The names of states.
pub(super) const NAME: Face = Face { size: 12.5, weight: Weight::Medium };
/// What a state does, and the labels of edges.
pub(super) const DETAIL: Face = Face { size: 11.0, weight: Weight::Regular };

/// Width in pixels of a text.
pub(super) fn width(text: &str, face: Face) -> f32 {
    text.chars().map(|character| advance(character, face.weight)).sum::<f32>() * face.size * SLACK
}

/// The text in lines of at most `room` pixels, broken where a reader would. Joined, the lines are the text again.
///
/// A text that needs more than `most` lines keeps its beginning and its end, with an ellipsis between them.
pub(super) fn wrapped(text: &str, face: Face, room: f32, most: usize) -> Vec<String> {
    let mut lines = all_lines(text, face, room);
    if lines.len() > most {
        let tail = lines.split_off(lines.len() - most / 3);
        lines.truncate(most - most / 3);
        if let Some(last) = lines.last_mut() {
            let mut cut = last.trim_end().to_owned();
            while width(&cut, face) + width("…", face) > room && cut.pop().is_some() {}
            *last = format!("{}…", cut.trim_end());
        }
        lines.extend(tail);
    }
    lines
}

fn all_lines(text: &str, face: Face, room: f32) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let (mut lines, mut start) = (Vec::new(), 0);
    while start < characters.len() {
        let end = line_end(&characters[start..], face, room) + start;
        lines.push(characters[start..end].iter().collect());
        start = end;
    }
    lines
}

/// How many of the characters make the next line: at least one.
fn line_end(rest: &[char], face: Face, room: f32) -> usize {
    let (mut taken, mut fits, mut space, mut joint) = (0.0, 0, 0, 0);
    // A nearly empty line is worse than a break within a name or a word.
    let least = room / 3.0;
    for (index, &character) in rest.iter().enumerate() {
        taken += advance(character, face.weight) * face.size * SLACK;
        // A space at the end of a line may extend beyond it.
        if taken > room && character != ' ' {
            break;
        }
        fits = index + 1;
        match taken >= least {
            true if ends_word(rest, fits) => space = fits,
            true if ends_part(rest, fits) => joint = fits,
            _ => {}
        }
    }
    match (fits == rest.len(), space, joint) {
        (true, ..) => fits,
        (_, 0, 0) => fits.max(1),
        (_, 0, joint) => joint,
        (_, space, _) => space,
    }
}

/// Whether a line may end before the character at `at` because a word does.
fn ends_word(text: &[char], at: usize) -> bool {
    text[at - 1] == ' ' && text.get(at) != Some(&' ')
}

/// Whether a line may end before the character at `at` because a part of a name does: after its joints, and in `aB`.
fn ends_part(text: &[char], at: usize) -> bool {
    let (before, Some(&after)) = (text[at - 1], text.get(at)) else { return true };
    match before {
        '-' | '_' | ':' | '/' | ',' | '|' | '&' => after != ' ',
        '.' => after.is_alphabetic() && at > 1 && text[at - 2].is_alphanumeric(),
        _ => before.is_lowercase() && after.is_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, room: f32, expect: &[&str]) {
        let lines = wrapped(text, DETAIL, room, 6);
        assert_eq!(lines, expect);
        assert!(lines.iter().all(|line| width(line.trim_end(), DETAIL) <= room), "{lines:?}");
    }

    #[test]
    fn lines_break_where_a_reader_would() {
        check("any error", 200.0, &["any error"]);
        check("$.status = \"COMPLETED\" or $.count > 3", 150.0, &["$.status = \"COMPLETED\" or ", "$.count > 3"]);
        check("states:startExecution.sync:2", 115.0, &["states:startExecution.", "sync:2"]);
        check("HandleInsufficientFunds", 100.0, &["HandleInsufficient", "Funds"]);
        check("aaaaaaaaaaaaaaaaaaaa", 60.0, &["aaaaaaaaa", "aaaaaaaaa", "aa"]);
        check("", 60.0, &[]);
    }

    #[test]
    fn a_text_without_end_keeps_its_beginning_and_its_end() {
        let lines = wrapped(&format!("first {} last", "word ".repeat(200)), DETAIL, 100.0, 6);
        assert_eq!(lines.len(), 6);
        assert!(lines[0].starts_with("first") && lines[3].ends_with('…') && lines[5].ends_with("last"), "{lines:?}");
        assert!(lines.iter().all(|line| width(line.trim_end(), DETAIL) <= 100.0), "{lines:?}");
    }

    /// Widths that Chromium measured with the site's own typeface.
    #[test]
    fn widths_are_those_of_the_typeface() {
        let measured = |text: &str, face| width(text, face) / SLACK;
        for (text, expect) in [("iiiiiiiiii", 26.6), ("WWWWWWWWWW", 108.4), ("lambda:invoke", 75.2)] {
            let found = measured(text, DETAIL);
            assert!((found - expect).abs() < 1.0, "{text}: {found}, not {expect}");
        }
    }
}

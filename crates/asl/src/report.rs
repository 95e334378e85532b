//! A finding as a compiler prints it: where, what, the line with the part that is meant, and the remedy.

use std::fmt::Write as _;

use crate::diagnostic::{Diagnostic, SourceSpan};
use crate::rule::Rule;

/// Characters of a line that is shown as it is. Of a longer one, so many are shown before the marked part, of it, and
/// after it.
const LINE: usize = 180;
const BEFORE: usize = 60;
const MARKED: usize = 80;
const AFTER: usize = 40;

/// Prints a finding:
///
/// ```text
/// order.asl.json:4:36: error: Missing 'Next' target: Shp [missing-target]
///    |
///  4 |     "Pay": { "Type": "Pass", "Next": "Shp" },
///    |                                      ^^^^^
///    = at /States/Pay/Next (AWS: MISSING_TRANSITION_TARGET)
///    = help: Write the name of a state of the same scope: Pay, Ship.
/// ```
///
/// `text` is the file's text; without it, for a finding about the whole file, and for a secret, there is no excerpt. Everything that
/// comes from the file passes `escape`: a terminal would obey some characters, and others would not be seen.
pub fn report(file: &str, text: Option<&str>, finding: &Diagnostic, escape: &dyn Fn(&str) -> String) -> String {
    let Diagnostic { severity, rule, message, path, span, remedy } = finding;
    let (file, message) = (escape(file), escape(message));
    let mut out = format!("{file}:{}:{}: {}: {message} [{}]\n", span.line, span.column, severity.word(), rule.id());
    let number = span.line.to_string();
    let margin = " ".repeat(number.len() + 2);
    // A log would keep the secret.
    let text = text.filter(|_| *rule != Rule::SecretInDefinition);
    if let Some(excerpt) = text.and_then(|text| excerpt(text, *span, escape)) {
        let line = format!(" {number} | {}", excerpt.line);
        out += &format!("{margin}|\n{}\n{margin}| {}\n", line.trim_end(), excerpt.carets);
    }
    // Writing to a text does not fail.
    let _ = match (path.as_str(), rule.aws_code()) {
        ("", None) => Ok(()),
        ("", Some(code)) => writeln!(out, "{margin}= AWS: {code}"),
        (path, None) => writeln!(out, "{margin}= at {}", escape(path)),
        (path, Some(code)) => writeln!(out, "{margin}= at {} (AWS: {code})", escape(path)),
    };
    out + &format!("{margin}= help: {}\n", escape(remedy))
}

struct Excerpt {
    line: String,
    carets: String,
}

/// The span's first line, and the carets below it.
fn excerpt(text: &str, span: SourceSpan, escape: &dyn Fn(&str) -> String) -> Option<Excerpt> {
    if span == SourceSpan::WHOLE_FILE {
        return None;
    }
    let line = text.split('\n').nth(span.line as usize - 1)?.trim_end_matches('\r');
    let (before, rest) = split(line, span.column as usize - 1);
    let length = if span.end_line == span.line { (span.end_column - span.column) as usize } else { usize::MAX };
    let (marked, after) = split(rest, length);
    let shown = |part: &str| escape(&part.replace('\t', "    "));
    let (before, marked, after) = if line.chars().nth(LINE).is_none() {
        (shown(before), shown(marked), shown(after))
    } else {
        (shown(&last(before, BEFORE)), shown(&first(marked, MARKED)), shown(&first(after, AFTER)))
    };
    let carets = " ".repeat(columns(&before)) + &"^".repeat(columns(&marked).max(1));
    Some(Excerpt { line: format!("{before}{marked}{after}"), carets })
}

/// The first so many characters of a text, and the others.
fn split(text: &str, characters: usize) -> (&str, &str) {
    text.split_at(text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at))
}

fn first(text: &str, most: usize) -> String {
    let (shown, rest) = split(text, most);
    if rest.is_empty() { shown.to_owned() } else { format!("{shown}…") }
}

fn last(text: &str, most: usize) -> String {
    match text.char_indices().rev().nth(most - 1) {
        Some((at, _)) if at > 0 => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    }
}

/// How many columns a terminal gives a text.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|letter| match u32::from(letter) {
            // Marks that stand on the letter before them.
            0x300..=0x36f | 0x200d | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1f64f
            | 0x1f900..=0x1f9ff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    fn finding(span: SourceSpan) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            rule: Rule::NoTimeout,
            message: "what".to_owned(),
            path: String::new(),
            span,
            remedy: "Do it.".to_owned(),
        }
    }

    #[track_caller]
    fn check(text: &str, span: SourceSpan, line: &str, carets: &str) {
        let escape = |text: &str| text.replace('\u{1b}', "<esc>");
        let report = report("f", Some(text), &finding(span), &escape);
        let lines: Vec<&str> = report.lines().collect();
        let at = format!("f:{}:{}: warning: what [no-timeout]", span.line, span.column);
        let [number, bar] = [format!(" {} | {line}", span.line), format!("   | {carets}")];
        assert_eq!(lines, [&at, "   |", number.trim_end(), &bar, "   = help: Do it."]);
    }

    #[test]
    fn the_carets_stand_below_what_is_meant() {
        check("{\r\n\t\"a\": 1}\r\n", SourceSpan::of_line(2, 2, 3), "    \"a\": 1}", "    ^^^");
        check("数é: e\u{301}x", SourceSpan::of_line(1, 5, 3), "数é: e\u{301}x", "     ^^");
        check("a\u{1b}b\u{1b}", SourceSpan::of_line(1, 3, 2), "a<esc>b<esc>", "      ^^^^^^");
        check("{", SourceSpan::of_line(1, 2, 0), "{", " ^");
        check("{\n", SourceSpan::of_line(2, 1, 0), "", "^");
        check("\"a\nb\"", SourceSpan { line: 1, column: 1, end_line: 2, end_column: 3 }, "\"a", "^^");
    }

    #[test]
    fn of_a_long_line_the_part_around_is_shown() {
        let line = format!("{}{}{}", "b".repeat(1_000), "m".repeat(1_000), "a".repeat(1_000));
        let shown = format!("…{}{}…{}…", "b".repeat(60), "m".repeat(80), "a".repeat(40));
        let carets = format!("{}{}", " ".repeat(61), "^".repeat(81));
        check(&line, SourceSpan::of_line(1, 1_001, 1_000), &shown, &carets);
    }

    #[test]
    fn a_finding_about_the_whole_has_no_excerpt() {
        let escape = &str::to_owned;
        for (text, span) in [(Some("{}"), SourceSpan::WHOLE_FILE), (None, SourceSpan::of_line(1, 2, 1))] {
            assert_eq!(report("f", text, &finding(span), escape).lines().count(), 2);
        }
        // A file may have changed since it was judged.
        assert_eq!(report("f", Some("{}"), &finding(SourceSpan::of_line(9, 9, 9)), escape).lines().count(), 2);
    }
}

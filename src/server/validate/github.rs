//! The findings as workflow commands, which GitHub shows beside the lines of a pull request.

use std::fmt::Write as _;

use countersign_asl::{Diagnostic, Severity};

use super::Checked;
use crate::server::terminal;

/// One command a line: `::error file=order.asl.json,line=4,endLine=4,col=36,endColumn=40,title=missing-target::...`. A
/// file that cannot be read has one, too.
pub(super) fn report(checked: &[Checked]) -> String {
    let mut out = String::new();
    for Checked { file, found, .. } in checked {
        let file = property(file.strip_prefix("./").unwrap_or(file));
        match found {
            Ok(found) => found.iter().for_each(|one| out += &command(&file, one)),
            // Writing to a text does not fail.
            Err(error) => {
                let _ = writeln!(out, "::error file={file}::{}", data(&format!("The file cannot be read: {error}.")));
            }
        }
    }
    out
}

fn command(file: &str, one: &Diagnostic) -> String {
    let Diagnostic { severity, rule, message, path, span, remedy } = one;
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    // GitHub's end is the last column, and only for findings within one line.
    let end = if span.line == span.end_line {
        format!(",endColumn={}", span.end_column.saturating_sub(1).max(span.column))
    } else {
        String::new()
    };
    let at = if path.is_empty() { String::new() } else { format!(" (at {path})") };
    let message = data(&format!("{}{at}. {remedy}", message.trim_end_matches('.')));
    let (line, end_line, column) = (span.line, span.end_line, span.column);
    format!(
        "::{word} file={file},line={line},endLine={end_line},col={column}{end},title={}::{message}\n",
        property(rule.id())
    )
}

/// A command's message: a line end would begin another command.
fn data(text: &str) -> String {
    terminal::lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: a comma or colon would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use countersign_asl::{Rule, SourceSpan};

    use super::*;

    fn checked(file: &str, message: &str, span: SourceSpan, severity: Severity) -> Vec<Checked> {
        let (message, path, remedy) = (message.to_owned(), "/States/A".to_owned(), "Do it.".to_owned());
        let found = Ok(vec![Diagnostic { severity, rule: Rule::NoTimeout, message, path, span, remedy }]);
        vec![Checked { file: file.to_owned(), text: None, found }]
    }

    #[test]
    fn a_finding_is_one_command() {
        let of = |severity| report(&checked("./flows/a.json", "It waits", SourceSpan::of_line(4, 3, 5), severity));
        assert_eq!(
            of(Severity::Error),
            "::error file=flows/a.json,line=4,endLine=4,col=3,endColumn=7,title=no-timeout::It waits (at /States/A). Do it.\n"
        );
        assert!(of(Severity::Warning).starts_with("::warning "), "{}", of(Severity::Warning));
        assert!(of(Severity::Advice).starts_with("::notice "), "{}", of(Severity::Advice));
    }

    #[test]
    fn text_from_a_file_forges_no_command() {
        let span = SourceSpan { line: 1, column: 2, end_line: 3, end_column: 1 };
        let report =
            report(&checked("a,b:c%\n::error::.json", "100%\n::set-output::x\r\u{1b}[2J", span, Severity::Error));
        assert_eq!(
            report,
            "::error file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3A.json,line=1,endLine=3,col=2,title=no-timeout::100%25%0A::set-output::x\\r\\u{1b}[2J (at /States/A). Do it.\n"
        );
        assert_eq!(report.lines().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_command() {
        let error = std::io::Error::other("gone");
        let checked = [Checked { file: "a".to_owned(), text: None, found: Err(error) }];
        assert_eq!(report(&checked), "::error file=a::The file cannot be read: gone.\n");
    }
}

//! What became of the cases, as JUnit's XML, which continuous integration reads.

use std::fmt::Write as _;

use super::{CaseResult, FileResult};

/// The results of files as one document. A file that cannot be used is a suite with an error.
#[must_use]
pub fn junit(files: &[FileResult]) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    let mut suites = String::new();
    for file in files {
        let failed = file.cases.iter().filter(|case| !case.has_passed()).count();
        tests += file.cases.len() + file.problems.len();
        failures += failed;
        errors += file.problems.len();
        suite(&mut suites, file, failed);
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"countersign\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

fn suite(out: &mut String, file: &FileResult, failed: usize) {
    let (name, workflow) = (escaped(&file.file), escaped(&file.workflow));
    let (tests, errors) = (file.cases.len() + file.problems.len(), file.problems.len());
    // Writing to a text does not fail.
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{errors}\" skipped=\"0\">"
    );
    for problem in &file.problems {
        let at = format!("{}:{}:{}", file.file, problem.line, problem.column);
        let _ = writeln!(
            out,
            "    <testcase classname=\"{workflow}\" name=\"{}\" file=\"{name}\" line=\"{}\">\n      \
             <error message=\"{}\">{}</error>\n    </testcase>",
            escaped(&at),
            problem.line,
            escaped(&problem.message),
            escaped(&problem.remedy),
        );
    }
    file.cases.iter().for_each(|case| of_case(out, file, case));
    out.push_str("  </testsuite>\n");
}

fn of_case(out: &mut String, file: &FileResult, case: &CaseResult) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
        escaped(&file.workflow),
        escaped(&case.name),
        escaped(&file.file),
        case.line,
    );
    if case.has_passed() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for failure in &case.failures {
        let first = failure.message.lines().next().unwrap_or_default();
        let text = format!("{}:{}: {}", file.file, failure.line, failure.message);
        let _ = writeln!(out, "      <failure message=\"{}\">{}</failure>", escaped(first), escaped(&text));
    }
    let path: Vec<&str> = case.course.names().collect();
    let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&path.join(" → ")));
    out.push_str("    </testcase>\n");
}

/// A text within XML. Of the control characters XML has but three.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

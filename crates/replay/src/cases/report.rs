//! What became of the cases, as text for people.

use super::reader::duration_text;
use super::{CaseResult, Coverage, Problem};

/// What became of the cases of one file.
#[derive(Debug, Clone)]
pub struct FileResult {
    pub file: String,
    /// The name of the state machine.
    pub workflow: String,
    pub cases: Vec<CaseResult>,
    /// Why cases of it cannot be run.
    pub problems: Vec<Problem>,
    /// What the cases cover of their definition; `None` if it cannot be read.
    pub coverage: Option<Coverage>,
}

/// The results of files, and the totals. Everything passes `escape`, because a terminal would obey some characters.
#[must_use]
pub fn report(files: &[FileResult], escape: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    for file in files {
        out += &format!("{}\n", escape(&file.file));
        for problem in &file.problems {
            let Problem { line, column, message, remedy } = problem;
            out += &format!("  {}:{line}:{column}: error: {}\n", escape(&file.file), escape(message));
            out += &format!("    = help: {}\n", escape(remedy));
        }
        file.cases.iter().for_each(|case| out += &of_case(&file.file, case, escape));
        out.push('\n');
    }
    out + &totals(files)
}

fn of_case(file: &str, case: &CaseResult, escape: &dyn Fn(&str) -> String) -> String {
    let visits = case.course.visits.len();
    let states = if visits == 1 { "1 state".to_owned() } else { format!("{visits} states") };
    let about = format!("{states}, {}", duration_text(case.took_ms));
    if case.has_passed() {
        return format!("  passed  {} ({about})\n", escape(&case.name));
    }
    let mut out = format!("  FAILED  {} ({about})\n", escape(&case.name));
    for failure in &case.failures {
        let mut lines = failure.message.lines();
        let first = lines.next().unwrap_or_default();
        out += &format!("          {}:{}: {}\n", escape(file), failure.line, escape(first));
        lines.for_each(|line| out += &format!("          {}\n", escape(line)));
    }
    out
}

fn totals(files: &[FileResult]) -> String {
    let cases = files.iter().flat_map(|file| &file.cases);
    let (passed, failed): (Vec<&CaseResult>, Vec<&CaseResult>) = cases.partition(|case| case.has_passed());
    let all = passed.len() + failed.len();
    let noun = if all == 1 { "case" } else { "cases" };
    let unread = files.iter().filter(|file| !file.problems.is_empty()).count();
    let unread = match unread {
        0 => String::new(),
        1 => ", 1 file cannot be used".to_owned(),
        number => format!(", {number} files cannot be used"),
    };
    format!("{all} {noun}: {} passed, {} failed{unread}\n", passed.len(), failed.len())
}

/// The coverage of each definition, with what is missing.
#[must_use]
pub fn coverage_text(files: &[FileResult], escape: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    for (workflow, coverage) in files.iter().filter_map(|file| Some((&file.workflow, file.coverage.as_ref()?))) {
        out += &format!("coverage of {}: {coverage}\n", escape(workflow));
        coverage.missing().for_each(|item| out += &format!("  not covered: {}\n", escape(&item.label)));
    }
    out
}

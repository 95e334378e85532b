//! From a definition's text to the model, with everything that is wrong with it.

mod digits;
mod reader;

pub(crate) use digits::{AS_SHOWN, Digits, Written};
pub(crate) use reader::SourceLocation;
pub(crate) use reader::{Document, read};
pub use reader::{MAX_DEPTH, json_error, read_json};

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity, SourceSpan};
use crate::lint::{Finding, MOST, lint};
use crate::model::{Machine, MachineType};
use crate::rule::Rule;

/// Reads a definition and judges it.
///
/// Collects all findings, up to a thousand; of more, errors are kept before warnings. Returns a machine when none of them
/// is an error.
pub fn parse(text: &str) -> (Option<Machine>, Vec<Diagnostic>) {
    judged(text, None)
}

/// As [`parse()`], for a definition that creates a machine: what AWS refuses is an error, even where the language allows
/// it.
pub fn parse_created(text: &str, kind: MachineType) -> (Option<Machine>, Vec<Diagnostic>) {
    judged(text, Some(kind))
}

fn judged(text: &str, created: Option<MachineType>) -> (Option<Machine>, Vec<Diagnostic>) {
    if text.trim().is_empty() {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            rule: Rule::EmptyDefinition,
            message: "Received a null or empty workflow input.".to_owned(),
            path: String::new(),
            span: SourceSpan::WHOLE_FILE,
            remedy: "Begin with { \"StartAt\": ..., \"States\": { ... } }.".to_owned(),
        };
        return (None, vec![diagnostic]);
    }
    let document = match read(text, created.is_none()) {
        Ok(document) => document,
        Err(error) => {
            let diagnostic = Diagnostic {
                severity: Severity::Error,
                rule: Rule::InvalidJson,
                message: error.message,
                path: String::new(),
                span: span(text, error.bytes),
                remedy: "Correct the JSON here.".to_owned(),
            };
            return (None, vec![diagnostic]);
        }
    };
    let diagnostics = judge(text, &document, created);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return (None, diagnostics);
    }
    (Machine::of(document.value, &document.digits), diagnostics)
}

/// The model of a definition that is deployed, without judging it; `None` where it cannot be understood.
pub(crate) fn understood(text: &str) -> Option<Machine> {
    let document = read(text, false).ok()?;
    Machine::of(document.value, &document.digits)
}

fn judge(text: &str, document: &Document, created: Option<MachineType>) -> Vec<Diagnostic> {
    let duplicates = document.duplicates.iter().map(|duplicate| {
        let finding = Finding {
            severity: Severity::Error,
            rule: Rule::DuplicateField,
            message: format!("Duplicate field '{}'", duplicate.key),
            path: format!("{}/{}", duplicate.object, duplicate.key),
            anchor: None,
            remedy: "Keep one of the two and remove the other.".to_owned(),
        };
        (finding, duplicate.bytes.clone())
    });
    let findings = lint(&document.value, created).into_iter().map(|finding| {
        let bytes = marked(text, document, &finding);
        (finding, bytes)
    });
    let mut found: Vec<(Finding, Range<usize>)> = duplicates.chain(findings).collect();
    if found.len() > MOST {
        // Without its errors, the definition would count as valid.
        found.sort_by_key(|(finding, _)| finding.severity);
        found.truncate(MOST);
    }
    found.into_iter().map(|(finding, bytes)| placed(text, finding, bytes)).collect()
}

/// Findings in a text that was read, with their spans.
pub(crate) fn located(text: &str, document: &Document, findings: Vec<Finding>) -> Vec<Diagnostic> {
    let placed = findings.into_iter().map(|finding| {
        let bytes = marked(text, document, &finding);
        placed(text, finding, bytes)
    });
    placed.collect()
}

fn placed(text: &str, finding: Finding, bytes: Range<usize>) -> Diagnostic {
    let Finding { severity, rule, message, path, remedy, .. } = finding;
    Diagnostic { severity, rule, message, path, span: span(text, bytes), remedy }
}

fn span(text: &str, bytes: Range<usize>) -> SourceSpan {
    let begin = SourceLocation::of(text, bytes.start);
    let end = begin.further(text, bytes.end);
    SourceSpan { line: begin.line, column: begin.column, end_line: end.line, end_column: end.column }
}

/// The bytes that a finding marks: a field's name or value, or those of the innermost value around it that there is.
/// An object or array of several lines is marked by its opening bracket.
fn marked(text: &str, document: &Document, finding: &Finding) -> Range<usize> {
    let path = finding.anchor.as_ref().unwrap_or(&finding.path);
    let mut path = if path == "/" { "" } else { path };
    let found = loop {
        match (document.members.get(path), path.rfind('/')) {
            (Some(member), _) => break member,
            (None, Some(parent)) => path = &path[..parent],
            (None, None) => return 0..0,
        }
    };
    if finding.rule.marks_key() && !found.key.is_empty() {
        return found.key.clone();
    }
    match text.get(found.value.clone()) {
        Some(value) if value.contains('\n') => found.value.start..found.value.start + 1,
        _ => found.value.clone(),
    }
}

/// The JSON value of a definition's text, placeholders included, without judging it.
#[cfg(test)]
pub(crate) fn value(text: &str) -> Option<serde_json::Value> {
    read(text, true).ok().map(|document| document.value)
}

#[cfg(test)]
mod tests;

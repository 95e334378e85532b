//! From a definition's text to the model, with everything that is wrong with it.

mod digits;
mod reader;

pub(crate) use digits::{AS_SHOWN, Digits, Written};
pub(crate) use reader::Place;
use reader::{Document, read};
pub use reader::{MAX_DEPTH, json_error, read_json};

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Finding, MOST, lint};
use crate::model::{Machine, MachineType};

/// Reads a definition and judges it.
///
/// All findings are collected, up to a thousand: of more than that, errors before warnings. The machine is there when
/// none of them is an error.
pub fn parse(text: &str) -> (Option<Machine>, Vec<Diagnostic>) {
    judged(text, None)
}

/// As [`parse()`], for a definition of which a machine is made: what AWS refuses is an error, though the language
/// allows it.
pub fn parse_created(text: &str, kind: MachineType) -> (Option<Machine>, Vec<Diagnostic>) {
    judged(text, Some(kind))
}

fn judged(text: &str, created: Option<MachineType>) -> (Option<Machine>, Vec<Diagnostic>) {
    if text.trim().is_empty() {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            code: "MISSING_DESCRIPTION",
            message: "Received a null or empty workflow input.".to_owned(),
            path: String::new(),
            line: 1,
            column: 1,
            remedy: "Begin with { \"StartAt\": ..., \"States\": { ... } }.".to_owned(),
        };
        return (None, vec![diagnostic]);
    }
    let document = match read(text, created.is_none()) {
        Ok(document) => document,
        Err(error) => {
            let Place { line, column, .. } = Place::of(text, error.offset);
            let diagnostic = Diagnostic {
                severity: Severity::Error,
                code: "INVALID_JSON_DESCRIPTION",
                message: error.message,
                path: String::new(),
                line,
                column,
                remedy: "Correct the JSON at this place.".to_owned(),
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
            code: "INVALID_JSON_DESCRIPTION",
            message: format!("Duplicate field '{}'", duplicate.key),
            path: format!("{}/{}", duplicate.object, duplicate.key),
            anchor: None,
            remedy: "Keep one of the two and remove the other.".to_owned(),
        };
        (finding, duplicate.offset)
    });
    let findings = lint(&document.value, created).into_iter().map(|finding| {
        let offset = offset(document, finding.anchor.as_ref().unwrap_or(&finding.path));
        (finding, offset)
    });
    let mut found: Vec<(Finding, usize)> = duplicates.chain(findings).collect();
    if found.len() > MOST {
        // An error that is left out would make the definition valid.
        found.sort_by_key(|(finding, _)| finding.severity);
        found.truncate(MOST);
    }
    found.into_iter().map(|(finding, offset)| placed(text, finding, offset)).collect()
}

fn placed(text: &str, finding: Finding, offset: usize) -> Diagnostic {
    let Finding { severity, code, message, path, remedy, .. } = finding;
    let Place { line, column, .. } = Place::of(text, offset);
    Diagnostic { severity, code, message, path, line, column, remedy }
}

/// Where the value at the path stands, or else the innermost one around it that there is.
fn offset(document: &Document, path: &str) -> usize {
    let mut path = if path == "/" { "" } else { path };
    loop {
        match (document.offsets.get(path), path.rfind('/')) {
            (Some(&offset), _) => return offset,
            (None, Some(parent)) => path = &path[..parent],
            (None, None) => return 0,
        }
    }
}

/// The JSON value of a definition's text, placeholders included, without judging it.
#[cfg(test)]
pub(crate) fn value(text: &str) -> Option<serde_json::Value> {
    read(text, true).ok().map(|document| document.value)
}

#[cfg(test)]
mod tests;

//! From a definition's text to the model, with everything that is wrong with it.

mod reader;

pub(crate) use reader::position;
use reader::{Document, read};

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Machine;

/// Reads a definition and judges it.
///
/// All findings are collected, in the order of the text. The machine is there when none of them is an error.
pub fn parse(text: &str) -> (Option<Machine>, Vec<Diagnostic>) {
    let document = match read(text) {
        Ok(document) => document,
        Err(error) => {
            let (line, column) = position(text, error.offset);
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
    let diagnostics = judge(text, &document);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return (None, diagnostics);
    }
    (Machine::from_value(document.value), diagnostics)
}

fn judge(text: &str, document: &Document) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for duplicate in &document.duplicates {
        let (line, column) = position(text, duplicate.offset);
        diagnostics.push(Diagnostic {
            severity: Severity::Error,
            code: "INVALID_JSON_DESCRIPTION",
            message: format!("Duplicate field '{}'", duplicate.key),
            path: format!("{}/{}", duplicate.object, duplicate.key),
            line,
            column,
            remedy: "Keep one of the two and remove the other.".to_owned(),
        });
    }
    diagnostics
}

/// The JSON value of a definition's text, placeholders included, without judging it.
pub fn value(text: &str) -> Option<serde_json::Value> {
    read(text).ok().map(|document| document.value)
}

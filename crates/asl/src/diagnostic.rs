//! What is wrong with a definition: where, why, and what to do about it.

use serde::{Deserialize, Serialize};

/// Whether a definition may run in spite of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// AWS refuses the definition.
    Error,
    /// It is probably not what was meant, or the language allows it and AWS refuses it.
    Warning,
}

/// One finding in a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// AWS's code where AWS has one: `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`.
    pub code: &'static str,
    pub message: String,
    /// The place as AWS writes it: `/States/Ship/Next`.
    pub path: String,
    /// Line in the text, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// What to do about it, in a sentence.
    pub remedy: String,
}

impl Diagnostic {
    /// True when AWS would refuse the definition for this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The message with which AWS refuses a definition (`InvalidDefinition`), from its error-level diagnostics.
pub fn invalid_definition_message(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| match diagnostic.path.as_str() {
            // AWS's own words for a finding about the whole.
            "" => format!("{}: {} at null", diagnostic.code, diagnostic.message),
            path => format!("{}: {} at {path}", diagnostic.code, diagnostic.message),
        })
        .collect();
    format!("Invalid State Machine Definition: '{}'", errors.join(", "))
}

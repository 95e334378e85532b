//! Advice.

use crate::diagnostic::Diagnostic;
use crate::model::MachineType;

/// Advice.
pub fn advise(_text: &str, _kind: Option<MachineType>) -> Vec<Diagnostic> {
    Vec::new()
}

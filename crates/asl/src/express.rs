//! What Express state machines do not support.

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Machine, StateKind};

/// The errors of a definition that is to run as an Express machine, in AWS's words. Their places are paths alone.
#[must_use]
pub fn express_diagnostics(machine: &Machine) -> Vec<Diagnostic> {
    machine
        .all_states()
        .into_iter()
        .filter_map(|state| {
            let StateKind::Task(task) = &state.kind else { return None };
            let resource = task.resource.as_str();
            let message = if resource.contains(":activity:") {
                "Express state machine does not support Activity ARN"
            } else if resource.ends_with(".waitForTaskToken") {
                // The second space is AWS's own.
                "Express state machine does not support '.waitForTaskToken' service integration "
            } else if resource.ends_with(".sync") || resource.ends_with(".sync:2") {
                "Express state machine does not support '.sync' service integration"
            } else {
                return None;
            };
            Some(Diagnostic {
                severity: Severity::Error,
                code: "SCHEMA_VALIDATION_FAILED",
                message: message.to_owned(),
                path: format!("/States/{}/Resource", state.name),
                line: 1,
                column: 1,
                remedy: "Make it a STANDARD machine, or call the service without waiting for it.".to_owned(),
            })
        })
        .collect()
}

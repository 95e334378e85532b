//! The rules that AWS does not have: what is accepted, and fails, waits or costs more than it has to.
//!
//! The engine's API does not report them, since AWS's does not. A rule is reported only where the definition proves it:
//! a value that is computed, or comes from a placeholder, proves nothing.
//!
//! Adding a rule: find the file of its subject, or add one to `check`. See [`crate::Rule`] for the rest.

mod children;
mod handlers;
mod literals;
mod loops;
mod replaced;
mod sizes;
mod variables;
mod waits;
mod walk;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Finding, MOST};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::MachineType;
use crate::parse::{Document, located, read};
use crate::rule::Rule;
use crate::substitute::{PlaceholderValue, substitute};

/// The longest course of an Express execution, in seconds.
const EXPRESS_SECONDS: f64 = 300.0;

/// The most events of a Standard execution's history.
const MOST_EVENTS: u64 = 25_000;

/// What works in a definition and could be better, with spans in `source`.
///
/// `values` are those of the source's placeholders. Without all of them the source is judged as it is written, and a text
/// with a placeholder counts as unknown. `kind` is the machine's type; where it is not known, nothing is said of it, and
/// the limits of a Standard machine hold. A text that is not JSON has no findings: [`crate::parse()`] says why.
///
/// ```
/// let definition = r#"{"StartAt": "Poll", "States": {"Poll": {"Type": "Task", "End": true,
///   "Resource": "arn:aws:states:::aws-sdk:s3:getBucketLifecycle", "Parameters": {"Bucket": "orders"}}}}"#;
/// let found = countersign_asl::advise(definition, &Default::default(), None);
/// assert_eq!(found[0].rule, countersign_asl::Rule::DeprecatedResource);
/// ```
pub fn advise(source: &str, values: &BTreeMap<String, PlaceholderValue>, kind: Option<MachineType>) -> Vec<Diagnostic> {
    let Ok(written) = read(source, true) else { return Vec::new() };
    let mut found = located(source, &written, literals::findings(&written.value));
    let substituted = substitute(source, values).ok().and_then(|made| Some((read(&made.text, false).ok()?, made)));
    match substituted {
        Some((document, made)) => {
            let judged = located(&made.text, &document, judge(&document, kind)).into_iter();
            found.extend(judged.map(|one| Diagnostic { span: made.span_before(source, one.span), ..one }));
        }
        None => found.extend(located(source, &written, judge(&written, kind))),
    }
    found.sort_by_key(|one| (one.severity, one.span));
    found.truncate(MOST);
    found
}

/// The findings about the whole definition, and about each state.
fn judge(document: &Document, kind: Option<MachineType>) -> Vec<Finding> {
    let mut advice = Advice::default();
    let Some(machine) = document.value.as_object() else { return advice.findings };
    for at in walk::states(&document.value, kind) {
        waits::check(&mut advice, &at, machine);
        handlers::check(&mut advice, &at);
        sizes::check(&mut advice, &at);
        loops::check(&mut advice, &at, machine);
        children::check(&mut advice, &at);
        replaced::check(&mut advice, &at);
    }
    variables::check(&mut advice, &document.value);
    advice.findings
}

/// Collects findings.
#[derive(Default)]
struct Advice {
    findings: Vec<Finding>,
}

impl Advice {
    fn warn(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Warning, rule, path, message.into(), remedy.into());
    }

    fn advise(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Advice, rule, path, message.into(), remedy.into());
    }

    fn report(&mut self, severity: Severity, rule: Rule, path: &str, message: String, remedy: String) {
        self.findings.push(Finding { severity, rule, message, path: path.to_owned(), anchor: None, remedy });
    }
}

/// The number of a field; `None` where it is absent or computed.
fn number(object: &Map<String, Value>, field: &str) -> Option<f64> {
    object.get(field).and_then(Value::as_f64)
}

/// Whether an object has one of the fields.
fn has_any(object: &Map<String, Value>, fields: &[&str]) -> bool {
    fields.iter().any(|field| object.contains_key(*field))
}

/// A span of time for people: `2 hours`.
fn time(seconds: f64) -> String {
    let (number, unit) = match seconds {
        _ if seconds >= 172_800.0 => (seconds / 86_400.0, "days"),
        _ if seconds >= 7_200.0 => (seconds / 3_600.0, "hours"),
        _ if seconds >= 120.0 => (seconds / 60.0, "minutes"),
        _ if (1.0..2.0).contains(&seconds) => (seconds, "second"),
        _ => (seconds, "seconds"),
    };
    format!("{} {unit}", number.floor())
}

#[cfg(test)]
mod tests;

//! The rules that a definition must keep, in AWS's codes and words where AWS has them.
//!
//! Adding a rule: find the file of its subject (fields, values, expressions, choices, flow) and report a [`Finding`]
//! there; the place in the text is looked up afterwards by the finding's path.

mod assign;
mod choices;
mod expressions;
mod fields;
mod flow;
mod handlers;
mod integrations;
mod maps;
mod services;
mod states;
mod syntax;
mod values;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::diagnostic::Severity;
use crate::model::{MachineType, QueryLanguage};
use crate::rule::Rule;
use crate::substitute::has_placeholder;
use values::Kind;

/// The most findings that are told.
pub(crate) const MOST: usize = 1_000;

/// A diagnostic whose place in the text is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub severity: Severity,
    pub rule: Rule,
    pub message: String,
    pub path: String,
    /// Where it is in the text, where that is told more exactly than by the path.
    pub anchor: Option<String>,
    pub remedy: String,
}

/// Where the rules report to.
#[derive(Default)]
struct Lint {
    findings: Vec<Finding>,
    errors: usize,
    warnings: usize,
    /// A machine is made of the definition: what AWS refuses is an error, though the language allows it.
    created: bool,
    /// The states at hand run as Express: the machine, or the children of a distributed map.
    express: bool,
    /// The expressions at hand are those of a catcher, which see `$states.errorOutput`.
    in_catcher: bool,
    /// The expressions at hand are those that see `$states.result`.
    after_result: bool,
    /// The machine itself times out, with whatever waits in it.
    times_out: bool,
    /// Labels of maps, which are unique in a definition.
    labels: HashSet<String>,
}

impl Lint {
    fn error(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Error, rule, path, message.into(), remedy.into());
    }

    /// What is wrong at `place`, where AWS names what is around it.
    fn error_within(
        &mut self,
        rule: Rule,
        path: &str,
        place: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let before = self.findings.len();
        self.error(rule, path, message, remedy);
        if let Some(finding) = self.findings.get_mut(before) {
            finding.anchor = Some(place.to_owned());
        }
    }

    /// What the language's specification allows and AWS refuses.
    fn refused_by_aws(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let severity = if self.created { Severity::Error } else { Severity::Warning };
        self.report(severity, rule, path, message.into(), remedy.into());
    }

    /// What the language's specification forbids and AWS is not known to refuse: a machine can be made of it.
    fn refused_by_language(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let severity = if self.created { Severity::Warning } else { Severity::Error };
        self.report(severity, rule, path, message.into(), remedy.into());
    }

    fn warning(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Warning, rule, path, message.into(), remedy.into());
    }

    /// Keeps a finding, up to the most that are reported of its severity.
    fn report(&mut self, severity: Severity, rule: Rule, path: &str, message: String, remedy: String) {
        let reported = if severity == Severity::Error { &mut self.errors } else { &mut self.warnings };
        if *reported < MOST {
            *reported += 1;
            self.findings.push(Finding { severity, rule, message, path: path.to_owned(), anchor: None, remedy });
        }
    }

    /// Whether a deployment has yet to put a value in. Of what is deployed, every text is what it says.
    fn is_open(&self, text: &str) -> bool {
        !self.created && has_placeholder(text)
    }

    /// The language that an object asks for: AWS takes whatever is not exactly `JSONPath` as JSONata.
    fn language_of(&self, object: &Map<String, Value>) -> Option<QueryLanguage> {
        Some(match object.get("QueryLanguage")?.as_str() {
            Some("JSONPath") => QueryLanguage::JsonPath,
            Some(text) if self.is_open(text) => QueryLanguage::JsonPath,
            _ => QueryLanguage::Jsonata,
        })
    }

    /// Reports the fields of the list that the object lacks, as one finding.
    fn require(&mut self, object: &Map<String, Value>, path: &str, names: &[&str]) {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !object.contains_key(*name)).collect();
        if !missing.is_empty() {
            let list = missing.join(", ");
            let place = if path.is_empty() { "/" } else { path };
            self.error(
                Rule::MissingField,
                place,
                format!("These fields are required: [{list}]"),
                format!("Add {list} here."),
            );
        }
    }
}

/// All findings in a definition, or in one of which a machine is made.
pub(crate) fn lint(definition: &Value, created: Option<MachineType>) -> Vec<Finding> {
    let express = created == Some(MachineType::Express);
    let mut lint = Lint { created: created.is_some(), express, ..Lint::default() };
    let Some(object) = definition.as_object() else {
        let remedy = "Begin with { \"StartAt\": ..., \"States\": { ... } }.";
        lint.error(Rule::WrongType, "/", "A definition is a JSON object", remedy);
        return lint.findings;
    };
    fields::check_scope_fields(&mut lint, object, "", fields::MACHINE);
    values::check_query_language(&mut lint, object, "");
    let language = lint.language_of(object).unwrap_or_default();
    if let Some(version) = object.get("Version") {
        values::check_one_of(&mut lint, version, "/Version", &["1.0"]);
    }
    // Without a state there is nothing that an expression could read.
    let plain = QueryLanguage::JsonPath;
    values::check_number(&mut lint, object, "", "TimeoutSeconds", (0.0, values::MOST), true, plain);
    lint.times_out = object.contains_key("TimeoutSeconds");
    check_scope(&mut lint, object, "", language);
    flow::check_names(&mut lint, definition);
    assign::check_scopes(&mut lint, definition);
    lint.findings
}

/// Checks the states of a scope: of the machine, a branch, or the body of a Map.
fn check_scope(lint: &mut Lint, scope: &Map<String, Value>, path: &str, language: QueryLanguage) {
    lint.require(scope, path, &["StartAt", "States"]);
    values::check_types(lint, scope, path, &["Comment", "StartAt"], Kind::String);
    let Some(states) = scope.get("States") else { return };
    let states_path = format!("{path}/States");
    match states.as_object() {
        Some(states) if states.is_empty() => {
            lint.error(Rule::EmptyValue, &states_path, "Value cannot be empty", "Add at least one state.");
        }
        Some(states) => {
            let before = lint.findings.len();
            for (name, state) in states {
                states::check(lint, name, state, &below(&states_path, name), language);
            }
            let transitions_known = lint.findings[before..].iter().all(|finding| !finding.message.contains("[Type]"));
            flow::check_scope(lint, scope, states, path, transitions_known);
        }
        None => {
            values::check_type(lint, states, &states_path, Kind::Object);
        }
    }
}

/// Places deeper than this are told by what is around them, so that one long key cannot make every place long.
const LONGEST_PLACE: usize = 2_000;

/// The place of a field.
fn below(place: &str, key: &str) -> String {
    if place.len() + key.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}/{key}") }
}

/// The place of an element.
fn element(place: &str, index: usize) -> String {
    if place.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}[{index}]") }
}

#[cfg(test)]
mod tests;

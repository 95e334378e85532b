//! Faults of a manifest's entries that Step Functions would accept, and that fail or mislead later.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_asl::model::Amount;
use countersign_asl::{Diagnostic, Machine, Rule, Severity, SourceSpan, StateKind};

use super::choices::{change_findings, outcome_findings, rule_findings, time_findings, timeout_findings};
use super::folder::{Folder, workflow_of};
use super::manifest::{Substitutions, Workflow};
use super::places::Places;
use super::plan::Found;
use super::substitution::Source;
use super::tasks::list;
use crate::approvals::ahead::{AnswerFinding, Mismatch, check as check_answers};
use crate::approvals::outcomes::{APPROVE, REJECT};
use crate::approvals::template_fault;
use crate::eyes::keys;
use crate::nearest::meant;
use countersign_json::Json;

/// The types of a state machine.
pub const TYPES: [&str; 2] = ["STANDARD", "EXPRESS"];

/// Collects findings with their spans in the manifest.
pub(super) struct Findings<'f> {
    pub places: &'f Places,
    found: Vec<Diagnostic>,
}

impl Findings<'_> {
    pub fn add(
        &mut self,
        severity: Severity,
        rule: Rule,
        way: &[&str],
        span: SourceSpan,
        message: String,
        remedy: String,
    ) {
        self.found.push(Diagnostic { severity, rule, message, path: way.join("."), span, remedy });
    }

    pub fn error(&mut self, rule: Rule, way: &[&str], span: SourceSpan, message: String, remedy: String) {
        self.add(Severity::Error, rule, way, span, message, remedy);
    }
}

/// Findings about one workflow's entry. `machine` is its definition, if it can be read.
#[must_use]
pub fn workflow_findings(
    folder: &Folder,
    name: &str,
    workflow: &Workflow,
    machine: Option<&Machine>,
) -> Vec<Diagnostic> {
    let Some(places) = &folder.places else { return Vec::new() };
    let mut findings = Findings { places, found: Vec::new() };
    machine_type(&mut findings, &["workflows", name, "type"], &workflow.kind);
    samples(&mut findings, name, workflow);
    hidden(&mut findings, name, workflow);
    approvals(&mut findings, name, workflow, machine);
    findings.found
}

fn machine_type(findings: &mut Findings, way: &[&str], kind: &str) {
    if TYPES.contains(&kind) {
        return;
    }
    let message = format!("{kind:?} is not a type of state machine");
    let remedy = "Write STANDARD or EXPRESS.".to_owned();
    findings.error(Rule::UnknownMachineType, way, findings.places.value(way), message, remedy);
}

fn samples(findings: &mut Findings, name: &str, workflow: &Workflow) {
    for (index, sample) in workflow.samples.iter().enumerate() {
        let index = index.to_string();
        let way = ["workflows", name, "samples", &index, "input"];
        if let Err(error) = Json::read(sample.input.as_str()) {
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let at = findings.places.within(&way, number(error.line), number(error.column));
            let message = format!("the sample {:?} is not JSON: {}", sample.label, error.what);
            findings.error(Rule::SampleNotJson, &way, at, message, "Correct the JSON at this place.".to_owned());
        }
    }
}

fn hidden(findings: &mut Findings, name: &str, workflow: &Workflow) {
    for (index, path) in workflow.hide.iter().enumerate() {
        let Err(why) = keys(path) else { continue };
        let index = index.to_string();
        let way = ["workflows", name, "hide", &index];
        let message = format!("{path:?} is no path of a field to hide: {why}");
        let remedy = "Write the path of a field, such as $.customer.iban.".to_owned();
        findings.error(Rule::InvalidApprovalRule, &way, findings.places.value(&way), message, remedy);
    }
}

fn approvals(findings: &mut Findings, name: &str, workflow: &Workflow, machine: Option<&Machine>) {
    let answers = machine.map(|machine| check_answers(machine, &workflow.approvals, None)).unwrap_or_default();
    for finding in answers {
        let way = ["workflows", name, "approvals", &finding.state];
        let named = workflow.approvals.contains_key(&finding.state);
        let at = findings.places.key(if named { &way } else { &way[..2] });
        let (message, remedy) = mismatch(&finding);
        findings.add(Severity::Warning, Rule::AnswerMismatch, &way, at, message, remedy);
    }
    for (state, policy) in &workflow.approvals {
        let way = ["workflows", name, "approvals", state];
        if let Some(machine) = machine {
            approved_state(findings, &way, state, machine);
            if let Some(timeout) = timeout(state, machine) {
                timeout_findings(findings, &way, policy, timeout);
            }
        }
        if let Some(title) = &policy.title {
            template(findings, &[&way[..], &["title"]].concat(), title);
        }
        if let Some(message) = &policy.message {
            template(findings, &[&way[..], &["message"]].concat(), message);
        }
        for (index, link) in policy.links.iter().enumerate() {
            template(findings, &[&way[..], &["links", &index.to_string(), "url"]].concat(), &link.url);
        }
        change_findings(findings, &way, policy);
        outcome_findings(findings, &way, policy);
        rule_findings(findings, &way, policy);
        time_findings(findings, &way, policy);
        for (index, field) in policy.fields.iter().enumerate() {
            template(findings, &[&way[..], &["fields", &index.to_string(), "value"]].concat(), &field.value);
        }
    }
}

/// The message and the remedy for an answer that a later state cannot read.
fn mismatch(finding: &AnswerFinding) -> (String, String) {
    let AnswerFinding { state, outcome, fails, why } = finding;
    let (condition, key) = match outcome.id.as_str() {
        APPROVE => (format!("{state} is approved"), "approve = { ... }".to_owned()),
        REJECT => (format!("{state} is rejected"), "reject = { ... }".to_owned()),
        id => (format!("{:?} is chosen for {state}", outcome.label), format!("outcomes.{id}.success = {{ ... }}")),
    };
    let why = match why {
        Mismatch::Cause(cause) => cause.clone(),
        Mismatch::Unread { path } => format!("it reads {path}, which the answer does not have."),
    };
    let remedy = format!(
        "Set the answer in countersign.toml, such as [workflows.NAME.approvals.{state:?}] {key}, or change {fails} to read fields that the answer has."
    );
    (format!("If {condition}, {fails} fails: {why}"), remedy)
}

/// The state of an approval's entry must exist and must wait for an answer.
fn approved_state(findings: &mut Findings, way: &[&str], state: &str, machine: &Machine) {
    let at = findings.places.key(way);
    match machine.all_states().into_iter().find(|one| one.name == state) {
        None => {
            let waiting: Vec<String> =
                machine.all_states().into_iter().filter(|one| waits(&one.kind)).map(|one| one.name.clone()).collect();
            let remedy = format!("States that wait for a person: {}.", list(&waiting));
            let message = format!("the definition has no state named {state:?}");
            findings.error(Rule::UnknownApprovalState, way, at, message, remedy);
        }
        Some(one) if !waits(&one.kind) => {
            let message = format!("the state {state:?} never waits for a person");
            let remedy = "Name a task whose Resource ends with .waitForTaskToken, or an activity.".to_owned();
            findings.add(Severity::Warning, Rule::ApprovalNeverAsked, way, at, message, remedy);
        }
        Some(_) => {}
    }
}

/// The seconds after which a state stops waiting, as far as the definition says them, and what times out then.
fn timeout(state: &str, machine: &Machine) -> Option<(i64, &'static str)> {
    let one = machine.all_states().into_iter().find(|one| one.name == state)?;
    let own = match &one.kind {
        StateKind::Task(task) if waits(&one.kind) => task.timeout.as_ref().and_then(|timeout| match timeout {
            // One that is no whole number is a fault of the definition, which its own rule reports.
            Amount::Number { text, .. } => text.parse::<i64>().ok(),
            Amount::Expression(_) => None,
        }),
        _ => return None,
    };
    let whole = machine.timeout_seconds.and_then(|seconds| i64::try_from(seconds).ok());
    [own.map(|seconds| (seconds, "task")), whole.map(|seconds| (seconds, "execution"))].into_iter().flatten().min()
}

fn waits(kind: &StateKind) -> bool {
    matches!(kind, StateKind::Task(task)
        if task.resource.ends_with(".waitForTaskToken") || task.resource.contains(":activity:"))
}

fn template(findings: &mut Findings, way: &[&str], text: &str) {
    if let Some(fault) = template_fault(text) {
        let at = findings.places.within(way, fault.line, 1);
        let at = if fault.line == 1 { findings.places.value(way) } else { at };
        let remedy = "A template sees the request as `request`: write {{ request.amount }}, for example.".to_owned();
        findings.error(Rule::InvalidTemplate, way, at, format!("this template fails: {}", fault.what), remedy);
    }
}

/// Findings that belong to no single workflow: files that are not deployed, and undeclared functions.
#[must_use]
pub fn folder_findings(folder: &Folder, functions: Option<&BTreeSet<String>>) -> Vec<Found> {
    let mut found = left_out(folder);
    let Some(places) = &folder.places else { return found };
    let mut findings = Findings { places, found: Vec::new() };
    unknown_workflows(&mut findings, folder);
    for (way, table, functions) in tables(folder).into_iter().filter_map(|(way, table)| Some((way, table, functions?)))
    {
        undeclared(&mut findings, &way, table, functions);
    }
    let file = folder.manifest_file();
    found.extend(findings.found.into_iter().map(|one| (file.clone(), one)));
    found
}

/// Every table of values that the manifest has, with its way.
fn tables(folder: &Folder) -> Vec<(Vec<&str>, &Substitutions)> {
    let manifest = &folder.manifest;
    let mut tables = vec![(vec!["substitutions"], &manifest.substitutions)];
    for (name, workflow) in &manifest.workflows {
        tables.push((vec!["workflows", name, "substitutions"], &workflow.substitutions));
    }
    for (name, environment) in &manifest.environments {
        tables.push((vec!["environments", name, "substitutions"], &environment.substitutions));
        for (workflow, inner) in &environment.workflows {
            tables.push((vec!["environments", name, "workflows", workflow, "substitutions"], &inner.substitutions));
        }
    }
    tables
}

fn undeclared(findings: &mut Findings, way: &[&str], table: &Substitutions, functions: &BTreeSet<String>) {
    for (name, substitution) in table {
        let [Source::Function(function)] = &substitution.sources[..] else { continue };
        if functions.contains(function) {
            continue;
        }
        let way: Vec<&str> = way.iter().copied().chain([name.as_str()]).collect();
        let message = format!("the function {function:?} is not declared in functions.toml");
        let remedy =
            format!("Declare [functions.{function}] there, or correct the name; there are: {}.", list(functions));
        findings.error(Rule::FunctionNotDeclared, &way, findings.places.value(&way), message, remedy);
    }
}

/// The workflows that environments change and that the manifest does not have, and their types.
fn unknown_workflows(findings: &mut Findings, folder: &Folder) {
    let manifest = &folder.manifest;
    let known: Vec<&str> = manifest.workflows.keys().map(String::as_str).collect();
    for (environment, entry) in &manifest.environments {
        for (workflow, within) in &entry.workflows {
            if let Some(kind) = &within.kind {
                machine_type(findings, &["environments", environment, "workflows", workflow, "type"], kind);
            }
        }
        for workflow in entry.workflows.keys().filter(|workflow| !manifest.workflows.contains_key(*workflow)) {
            let way = ["environments", environment, "workflows", workflow];
            let near = meant(workflow, &known).map_or_else(String::new, |near| format!("Did you mean {near:?}? "));
            let message = format!("the manifest has no workflow {workflow:?}");
            let remedy = format!("{near}There are: {}.", known.join(", "));
            findings.error(Rule::InvalidSetting, &way, findings.places.key(&way), message, remedy);
        }
    }
}

/// Files that look like definitions but are not deployed.
fn left_out(folder: &Folder) -> Vec<Found> {
    let mut names: Vec<String> = std::fs::read_dir(&folder.path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let named = |name: &str| folder.manifest.files().any(|file| same_file(file, name));
    let about = |name: &String| {
        let workflow = workflow_of(name).filter(|_| !named(name))?;
        let message = "countersign.toml does not name this file, so it is not deployed".to_owned();
        let remedy = format!("Add [workflows.{workflow}] with file = {name:?}, or remove the file.");
        let rule = Rule::FileNotNamed;
        let severity = Severity::Warning;
        let span = SourceSpan::WHOLE_FILE;
        let diagnostic = Diagnostic { severity, rule, message, path: String::new(), span, remedy };
        Some((folder.path.join(name), diagnostic))
    };
    names.iter().filter_map(about).collect()
}

fn same_file(named: &str, name: &str) -> bool {
    Path::new(named)
        .components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .eq(Path::new(name).components())
}

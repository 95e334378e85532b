//! The state machines of other tools' templates, as a plan compares them: CloudFormation, SAM, the CDK's `cdk.out`, and plans of
//! Terraform. Their own tool deploys them; the plan shows what it is about to do.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, PlaceholderValue, Rule, Severity, SourceSpan, parse_created, substitute,
};
use countersign_template::workflows::{Definition, Encryption as Key, Logging as Logs, Unresolved, WorkflowKind};
use countersign_template::{Files, Nothing, Planning, Span, TemplateError, Workflow, workflows};
use indexmap::IndexMap;

use super::desired::{Desired, Encryption, LogLevel, Logging, Rollout, Stamp};
use super::draft::{Draft, Drafts};
use super::folder::Folder;
use super::manifest::{FILE, Manifest};
use super::plan::Found;
use super::target::PlanTarget;
use crate::connection::MachineKind;

/// Bytes of a template, or of a file that it names.
const LONGEST: u64 = 8 << 20;
/// How long AWS uses a data key where a template does not say, in seconds.
const USUAL_REUSE: u32 = 300;

/// Whether a path leads to a template of another tool: a file, or a folder `cdk.out`.
#[must_use]
pub fn is_template(path: &Path) -> bool {
    if path.is_dir() {
        return path.join("manifest.json").is_file() && !path.join(FILE).exists();
    }
    path.is_file() && path.file_name().is_none_or(|name| name != FILE)
}

/// A template in the place of a folder: its path, and the name of its stack.
#[must_use]
pub fn template_folder(path: &Path) -> Folder {
    let manifest = Manifest { name: Some(stack_of(path)), ..Manifest::default() };
    Folder { path: path.to_owned(), manifest, ..Folder::default() }
}

/// What the stack of a template is called where nobody says: as the folder that it lies in.
fn stack_of(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let named: String =
        folder.unwrap_or_default().chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    let begins = named.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if begins { named } else { "Stack".to_owned() }
}

/// The files of this machine.
struct OnDisk;

impl Files for OnDisk {
    fn read(&self, path: &str) -> Result<String, String> {
        let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let mut text = String::new();
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
        if text.len() as u64 > LONGEST { Err(format!("it has more than {LONGEST} bytes")) } else { Ok(text) }
    }
}

/// What the state machines of a template should be on a destination.
#[must_use]
pub fn draft_template(path: &Path, target: PlanTarget) -> Drafts {
    let stack_name = stack_of(path);
    let planning = Planning {
        files: &OnDisk,
        account: target.account,
        region: target.region,
        stack_name: &stack_name,
        parameters: &IndexMap::new(),
        around: &Nothing,
    };
    match workflows(&path.display().to_string(), &planning) {
        Ok(found) => {
            Drafts { drafts: found.into_iter().map(|one| of_workflow(one, &stack_name)).collect(), found: Vec::new() }
        }
        Err(errors) => {
            Drafts { drafts: Vec::new(), found: errors.into_iter().map(|error| error_finding(path, error)).collect() }
        }
    }
}

fn error_finding(path: &Path, TemplateError { what, place }: TemplateError) -> Found {
    let file = if place.file.is_empty() { path.to_owned() } else { PathBuf::from(&place.file) };
    let remedy = "Correct the template at this place.".to_owned();
    finding(file, Severity::Error, Rule::TemplateNotRead, what.to_string(), (place.path, span_of(place.span)), remedy)
}

fn finding(
    file: PathBuf,
    severity: Severity,
    rule: Rule,
    message: String,
    (path, span): (String, SourceSpan),
    remedy: String,
) -> Found {
    (file, Diagnostic { severity, rule, message, path, span, remedy })
}

/// A span of a template; the whole file where it is not known.
fn span_of(span: Span) -> SourceSpan {
    let Span { line, column, end_line, end_column } = span;
    if line == 0 { SourceSpan::WHOLE_FILE } else { SourceSpan { line, column, end_line, end_column } }
}

fn of_workflow(one: Workflow, stack_name: &str) -> Draft {
    let file = PathBuf::from(&one.file);
    let mut found: Vec<Found> = one.unresolved.iter().map(|unresolved| unresolved_finding(&file, unresolved)).collect();
    let kind = match one.kind {
        WorkflowKind::Standard => MachineKind::Standard,
        WorkflowKind::Express => MachineKind::Express,
    };
    let place = (one.place.path.clone(), span_of(one.place.span));
    if one.name.is_none() {
        let message = format!("the name of {} is generated, so it is compared with no state machine", one.logical_id);
        let remedy = "Give it a name in the template to see what changes.".to_owned();
        found.push(finding(file.clone(), Severity::Warning, Rule::NotCompared, message, place.clone(), remedy));
    }
    match &one.definition {
        // What is not to be shown is not quoted either.
        Some(_) if one.sensitive => {}
        Some(definition) => found.extend(judged(definition, kind)),
        None => {
            let message = format!("the definition of {} is known only once it is applied", one.logical_id);
            let remedy = "Apply what it refers to first, then plan again.".to_owned();
            found.push(finding(file.clone(), Severity::Warning, Rule::NotCompared, message, place, remedy));
        }
    }
    found.extend(left_out(&one, &file));
    let name = one.name.clone().unwrap_or_else(|| one.logical_id.clone());
    let desired = one.definition.map(|definition| Desired {
        name: name.clone(),
        kind,
        definition: definition.text,
        role_arn: one.role_arn,
        logging: one.logging.and_then(logging),
        tracing: Some(one.tracing),
        encryption: one.encryption.map(encryption),
        tags: one.tags.into_iter().collect(),
        stamp: Stamp { folder: stack_name.to_owned(), environment: String::new() },
        alias: one.aliases.into_iter().next(),
        rollout: Rollout::default(),
        topics: Vec::new(),
        needs: Vec::new(),
    });
    let draft = Draft::of_template(&file, one.logical_id, desired, found);
    if one.sensitive { draft.hidden() } else { draft }
}

/// What of a state machine is not compared: its own tool refuses it, or a plan has one place for it.
fn left_out(one: &Workflow, file: &Path) -> Vec<Found> {
    let mut said: Vec<(String, &str)> = Vec::new();
    if let Some(logs) = one.logging.as_ref().filter(|logs| level_of(logs).is_none()) {
        let (level, name) = (&logs.level, &one.logical_id);
        let message = format!("{level:?} is no level of logging, so the logging of {name} is not compared");
        said.push((message, "Write OFF, FATAL, ERROR or ALL."));
    }
    let reuse = one.encryption.as_ref().and_then(|key| key.data_key_reuse);
    if let Some(seconds) = reuse.filter(|seconds| u32::try_from(*seconds).is_err()) {
        let message = format!("a data key of {} is used for {seconds} seconds, which is no such time", one.logical_id);
        said.push((message, "Write 60 to 900 seconds."));
    }
    if let [first, _, ..] = &one.aliases[..] {
        let (count, name) = (one.aliases.len(), &one.logical_id);
        let message = format!("{name} has {count} aliases, and only {first} is compared");
        said.push((message, "Compare the others by hand."));
    }
    let placed = |(message, remedy): (String, &str)| {
        let place = (one.place.path.clone(), span_of(one.place.span));
        finding(file.to_owned(), Severity::Warning, Rule::NotCompared, message, place, remedy.to_owned())
    };
    said.into_iter().map(placed).collect()
}

fn unresolved_finding(file: &Path, one: &Unresolved) -> Found {
    let file = if one.place.file.is_empty() { file.to_owned() } else { PathBuf::from(&one.place.file) };
    let remedy = "A placeholder stands for it here, which may show as a difference.".to_owned();
    let place = (one.place.path.clone(), span_of(one.place.span));
    finding(file, Severity::Advice, Rule::NotCompared, one.waiting.to_string(), place, remedy)
}

/// The diagnostics of a definition, at their places in the file that has it.
fn judged(definition: &Definition, kind: MachineKind) -> Vec<Found> {
    let kind = match kind {
        MachineKind::Express => MachineType::Express,
        MachineKind::Standard => MachineType::Standard,
    };
    let values: BTreeMap<String, PlaceholderValue> = definition
        .substitutions
        .iter()
        .map(|(name, value)| (name.clone(), PlaceholderValue::Text(value.clone())))
        .collect();
    let before = substitute(&definition.written, &values).ok();
    let placed = |one: Diagnostic| {
        let written = before.as_ref().map_or(one.span, |made| made.span_before(&definition.written, one.span));
        let SourceSpan { line, column, end_line, end_column } = written;
        let span = definition.source_span(&one.path, Span { line, column, end_line, end_column });
        (PathBuf::from(&definition.file), Diagnostic { span: span_of(span), ..one })
    };
    parse_created(&definition.text, kind).1.into_iter().map(placed).collect()
}

fn level_of(logs: &Logs) -> Option<LogLevel> {
    LogLevel::ALL.into_iter().find(|level| level.as_str() == logs.level)
}

/// `None` of a level that is none of AWS's, which has its finding.
fn logging(logs: Logs) -> Option<Logging> {
    let level = level_of(&logs)?;
    if level == LogLevel::Off {
        return Some(Logging::OFF);
    }
    let destination = logs.destinations.into_iter().next();
    Some(Logging { level, destination, execution_data: logs.include_execution_data })
}

fn encryption(key: Key) -> Encryption {
    match key.kms_key_id {
        Some(name) if key.kind == "CUSTOMER_MANAGED_KMS_KEY" => Encryption::CustomerManagedKey {
            key: name,
            reuse_seconds: key.data_key_reuse.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(USUAL_REUSE),
        },
        _ => Encryption::AwsOwnedKey,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_template_says_what_its_state_machines_should_be() {
        let path = std::env::temp_dir().join(format!("countersign-template-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let file = path.join("template.yaml");
        let text = "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: order\n      \
                    StateMachineType: EXPRESS\n      RoleArn: arn:aws:iam::123456789012:role/r\n      Definition:\n        StartAt: A\n        \
                    States:\n          A: { Type: Pass, Next: B }\n";
        std::fs::write(&file, text).unwrap();
        assert!(is_template(&file) && !is_template(&path));
        let drafts = draft_template(&file, PlanTarget::unknown(None));
        assert!(drafts.found.is_empty(), "{:?}", drafts.found);
        let draft = &drafts.drafts[0];
        let desired = draft.desired.as_ref().unwrap();
        assert_eq!(
            (draft.workflow.as_str(), desired.name.as_str(), desired.kind),
            ("Order", "order", MachineKind::Express)
        );
        let (place, missing) = draft.found.iter().find(|(_, one)| one.rule == Rule::MissingTarget).unwrap();
        assert_eq!((place, missing.span.line), (&file, 11));
        std::fs::write(&file, "Resources: [\n").unwrap();
        let found = draft_template(&file, PlanTarget::unknown(None)).found;
        assert!(found[0].1.rule == Rule::TemplateNotRead && found[0].1.span.line >= 1, "{found:?}");
        std::fs::remove_dir_all(&path).unwrap();
    }
}

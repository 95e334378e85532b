//! The state machines of other tools' templates, as a plan compares them: CloudFormation, SAM, the CDK's `cdk.out`, and plans of
//! Terraform. Their own tool deploys them; the plan shows what it is about to do.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, PlaceholderValue, Rule, Severity, SourceSpan, parse_created, substitute,
};
use countersign_template::workflows::{
    Definition, Encryption as Key, Leaving as Left, Logging as Logs, Reading, Unresolved, Waiting, WorkflowKind,
    read_source,
};
use countersign_template::{Files, Planning, Span, Surroundings, TemplateError, What, Workflow};
use indexmap::IndexMap;

use super::desired::{Desired, Encryption, LogLevel, Logging, Rollout, Stamp};
use super::draft::{Draft, Drafts};
use super::folder::Folder;
use super::generated::Origin;
use super::leaving::Leaving;
use super::manifest::{FILE, Manifest};
use super::plan::Found;
use super::target::PlanTarget;
use crate::connection::{MachineKind, Parameter, ParameterKind};

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

/// A template of another tool, and what is said beside it.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The file, or the folder `cdk.out`.
    pub path: PathBuf,
    /// The name of its stack, or the one stack of `cdk.out` that is planned; without it, the name of the template's folder.
    pub stack: Option<String>,
    /// The values of its parameters; the others have their defaults.
    pub values: BTreeMap<String, String>,
}

impl Template {
    /// The template as a folder: its path, and the name of its stack.
    #[must_use]
    pub fn folder(&self) -> Folder {
        let manifest = Manifest { name: Some(self.stack_name()), ..Manifest::default() };
        Folder { path: self.path.clone(), manifest, ..Folder::default() }
    }

    fn stack_name(&self) -> String {
        self.stack.clone().unwrap_or_else(|| stack_of(&self.path))
    }

    /// The parameters of the Parameter Store that it asks for on a destination, each with whether a state machine has it, so
    /// that a placeholder stands in its place.
    #[must_use]
    pub fn parameters(&self, target: PlanTarget) -> BTreeMap<String, bool> {
        let around = ParameterStore { read: None, asked: RefCell::default() };
        // What is wrong with it is said when it is drafted.
        let found = self.planned(target, &around).unwrap_or_default().workflows;
        let mut named: BTreeMap<String, bool> = around.asked.take().into_iter().map(|name| (name, false)).collect();
        for unresolved in found.into_iter().flat_map(|one| one.unresolved) {
            if let Waiting::Ssm(name) = unresolved.waiting {
                named.insert(name, true);
            }
        }
        named
    }

    /// What its state machines should be on a destination.
    #[must_use]
    pub fn draft(&self, target: PlanTarget) -> Drafts {
        let stack_name = self.stack_name();
        let around = ParameterStore { read: target.parameters, asked: RefCell::default() };
        let Reading { workflows: found, leaving } = match self.planned(target, &around) {
            Ok(read) => read,
            Err(errors) => {
                let found = errors.into_iter().map(|error| error_finding(&self.path, error)).collect();
                return Drafts { found, of_tool: true, ..Drafts::default() };
            }
        };
        let leaving = self.leaving(&found, leaving);
        if found.is_empty() && self.is_one_of_many() && !leaving.has_stack(&stack_name) {
            let message = format!("it has no stack {stack_name} with a state machine");
            let (rule, remedy) = (Rule::TemplateNotRead, "Leave --stack out to plan all of them.".to_owned());
            let place = (String::new(), SourceSpan::WHOLE_FILE);
            let said = finding(self.path.clone(), Severity::Error, rule, message, place, remedy);
            return Drafts { found: vec![said], of_tool: true, ..Drafts::default() };
        }
        Drafts {
            drafts: found.into_iter().map(|one| of_workflow(one, &stack_name, target)).collect(),
            found: Vec::new(),
            of_tool: true,
            leaving: Some(leaving),
        }
    }

    /// What it says on a destination: of the state machines those that are meant.
    fn planned(&self, target: PlanTarget, around: &ParameterStore) -> Result<Reading, Vec<TemplateError>> {
        let mut read = self.read(target, around)?;
        if self.is_one_of_many() {
            read.workflows.retain(|one| one.stack == self.stack);
        }
        Ok(read)
    }

    /// How the state machines are known that its tool is about to delete; `found` are those that it makes.
    fn leaving(&self, found: &[Workflow], source: Left) -> Leaving {
        let is_meant = |stack: &String| !self.is_one_of_many() || self.stack.as_ref() == Some(stack);
        let stay = |stack: String| {
            let of_stack = found.iter().filter(|one| one.stack.as_ref() == Some(&stack));
            let ids: BTreeSet<String> = of_stack.map(|one| one.logical_id.clone()).collect();
            (stack, ids)
        };
        Leaving::Tool {
            stacks: source.stacks.into_iter().filter(is_meant).map(stay).collect(),
            destroyed: source.destroyed.into_iter().collect(),
        }
    }

    /// Has it read for a destination.
    fn read(&self, target: PlanTarget, around: &ParameterStore) -> Result<Reading, Vec<TemplateError>> {
        let parameters: IndexMap<String, String> =
            self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let planning = Planning {
            files: &OnDisk,
            account: target.account,
            region: target.region,
            stack_name: &self.stack_name(),
            parameters: &parameters,
            complete: true,
            around,
        };
        read_source(&self.path.display().to_string(), &planning)
    }

    /// Whether one stack of an assembly is meant.
    fn is_one_of_many(&self) -> bool {
        self.stack.is_some() && self.path.is_dir()
    }
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

/// The Parameter Store of a destination, as it was read. The names that a template asks for are noted.
struct ParameterStore<'a> {
    read: Option<&'a BTreeMap<String, Parameter>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Surroundings for ParameterStore<'_> {
    fn ssm_parameter(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        let found = self.read?.get(name)?;
        // CloudFormation puts no secret into a template either.
        (found.kind != ParameterKind::Secret).then(|| found.value.clone())
    }

    fn export(&self, _: &str) -> Option<String> {
        None
    }
}

fn error_finding(path: &Path, TemplateError { what, place }: TemplateError) -> Found {
    let file = if place.file.is_empty() { path.to_owned() } else { PathBuf::from(&place.file) };
    let remedy = match &what {
        What::NoValue(name) => format!("Give it with --parameter {name}=VALUE, or write a Default."),
        What::UnknownParameter(name) => format!("Leave --parameter {name}=... out, or correct the name."),
        _ => "Correct the template at this place.".to_owned(),
    };
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

fn of_workflow(one: Workflow, stack_name: &str, target: PlanTarget) -> Draft {
    let file = PathBuf::from(&one.file);
    let (mut found, mut later): (Vec<Found>, Vec<(String, Found)>) = (Vec::new(), Vec::new());
    for unresolved in &one.unresolved {
        let said = unresolved_finding(&file, unresolved, target);
        match &unresolved.waiting {
            Waiting::Resource(resource) if one.stack.is_some() => later.push((resource.logical_id.clone(), said)),
            _ => found.push(said),
        }
    }
    let kind = match one.kind {
        WorkflowKind::Standard => MachineKind::Standard,
        WorkflowKind::Express => MachineKind::Express,
    };
    let place = (one.place.path.clone(), span_of(one.place.span));
    let unfound = one.name.is_none().then(|| {
        let (message, remedy) = unfound(&one);
        finding(file.clone(), Severity::Warning, Rule::NotCompared, message, place.clone(), remedy)
    });
    let origin = one.stack.clone().map(|stack| Origin {
        stack,
        logical_id: one.logical_id.clone(),
        unfound: unfound.clone(),
        later,
    });
    found.extend(unfound.filter(|_| origin.is_none()));
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
    let is_unknown = one.definition.is_none();
    let desired = Desired {
        name,
        kind,
        definition: one.definition.map(|definition| definition.text).unwrap_or_default(),
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
    };
    let draft = Draft::of_template(&file, one.logical_id, desired, found, origin);
    let draft = if is_unknown { draft.unknown() } else { draft };
    if one.sensitive { draft.hidden() } else { draft }
}

/// What is said of a state machine whose name is generated, where none is found, and what to do.
fn unfound(one: &Workflow) -> (String, String) {
    let name = &one.logical_id;
    match &one.stack {
        Some(stack) => (
            format!(
                "no state machine is found that the stack {stack} made of {name}: it is new, or the stack has another name"
            ),
            "Name the stack with --stack NAME, or write the name of the state machine in the template.".to_owned(),
        ),
        None => (
            format!("the name of {name} is generated, so it is compared with no state machine"),
            "Give it a name to see what changes.".to_owned(),
        ),
    }
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

/// What stands for a value that is not known. A parameter that the Parameter Store does not have is an error: the template's
/// own tool refuses it.
fn unresolved_finding(file: &Path, one: &Unresolved, target: PlanTarget) -> Found {
    let file = if one.place.file.is_empty() { file.to_owned() } else { PathBuf::from(&one.place.file) };
    let place = (one.place.path.clone(), span_of(one.place.span));
    let PlanTarget { region, account, .. } = target;
    if let (Waiting::Ssm(name), Some(read), None) = (&one.waiting, target.parameters, target.unread) {
        let (rule, message, remedy) = match read.get(name) {
            Some(_) => (
                Rule::SecretParameter,
                format!("the parameter {name} is a secret (a SecureString), which no template can have as a value"),
                "Read it where it is used, as in the Lambda function, or keep it as a String if it is none.".to_owned(),
            ),
            None => (
                Rule::ValueNotFound,
                format!("the Parameter Store of {region} in {account} has no {name}"),
                format!("Make it, as with `aws ssm put-parameter --name {name} --type String --value ...`."),
            ),
        };
        return finding(file, Severity::Error, rule, message, place, remedy);
    }
    let remedy = "A placeholder stands for it here, which may show as a difference.".to_owned();
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

//! The state machines of other tools' templates, as a plan compares them: CloudFormation, SAM, the CDK's `cdk.out`, and plans of
//! Terraform. Their own tool deploys them; the plan shows what it is about to do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, PlaceholderValue, Rule, Severity, SourceSpan, parse_created, substitute,
};
use countersign_template::workflows::{
    Definition, Encryption as Key, Logging as Logs, Unresolved, Waiting, WorkflowKind,
};
use countersign_template::{Files, Planning, Span, Surroundings, TemplateError, What, Workflow, workflows};
use indexmap::IndexMap;

use super::desired::{Desired, Encryption, LogLevel, Logging, Rollout, Stamp};
use super::draft::{Draft, Drafts};
use super::folder::Folder;
use super::generated::Origin;
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
        let found = self.planned(target, &around).unwrap_or_default();
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
        match self.planned(target, &around) {
            Ok(found) if found.is_empty() && self.is_one_of_many() => {
                let message = format!("it has no stack {stack_name} with a state machine");
                let (rule, remedy) = (Rule::TemplateNotRead, "Leave --stack out to plan all of them.".to_owned());
                let place = (String::new(), SourceSpan::WHOLE_FILE);
                let said = finding(self.path.clone(), Severity::Error, rule, message, place, remedy);
                Drafts { drafts: Vec::new(), found: vec![said], of_tool: true }
            }
            Ok(found) => Drafts {
                drafts: found.into_iter().map(|one| of_workflow(one, &stack_name, target)).collect(),
                found: Vec::new(),
                of_tool: true,
            },
            Err(errors) => Drafts {
                drafts: Vec::new(),
                found: errors.into_iter().map(|error| error_finding(&self.path, error)).collect(),
                of_tool: true,
            },
        }
    }

    /// The state machines on a destination.
    fn planned(&self, target: PlanTarget, around: &ParameterStore) -> Result<Vec<Workflow>, Vec<TemplateError>> {
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
        let mut found = workflows(&self.path.display().to_string(), &planning)?;
        if self.is_one_of_many() {
            found.retain(|one| one.stack == self.stack);
        }
        Ok(found)
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
    let draft = Draft::of_template(&file, one.logical_id, desired, found, origin);
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
        let template = Template { path: file.clone(), ..Template::default() };
        let drafts = template.draft(PlanTarget::unknown(None));
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
        let found = template.draft(PlanTarget::unknown(None)).found;
        assert!(found[0].1.rule == Rule::TemplateNotRead && found[0].1.span.line >= 1, "{found:?}");
        std::fs::remove_dir_all(&path).unwrap();
    }

    const PARAMETERS: &str = "Parameters:
  Price: { Type: String }
  Mode: { Type: String, Default: live, AllowedValues: [live, trial] }
  Endpoint: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/endpoint }
Resources:
  Order:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: order
      RoleArn: arn:aws:iam::123456789012:role/r
      DefinitionString: !Sub '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":\"${Price} ${Mode} ${Endpoint}\",\"End\":true}}}'
";

    /// The template with parameters, on the disk.
    struct OnFile(PathBuf);

    impl OnFile {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("countersign-parameters-{test}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("template.yaml"), PARAMETERS).unwrap();
            Self(path)
        }

        fn drafts(&self, given: &[(&str, &str)], store: &[(&str, ParameterKind, &str)]) -> Drafts {
            let parameters = store
                .iter()
                .map(|(name, kind, value)| ((*name).to_owned(), Parameter { kind: *kind, value: (*value).to_owned() }));
            let parameters: BTreeMap<String, Parameter> = parameters.collect();
            let target = PlanTarget { parameters: Some(&parameters), ..PlanTarget::unknown(None) };
            self.template(given).draft(target)
        }

        fn template(&self, given: &[(&str, &str)]) -> Template {
            let values = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Template { path: self.0.join("template.yaml"), stack: None, values }
        }
    }

    impl Drop for OnFile {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn parameters_have_the_values_that_are_given_their_defaults_and_those_of_the_parameter_store() {
        let file = OnFile::new("values");
        let store = [("/shop/endpoint", ParameterKind::Text, "https://pay")];
        for (given, expected) in [
            (&[("Price", "5")][..], "5 live https://pay"),
            (&[("Price", "5"), ("Mode", "trial")][..], "5 trial https://pay"),
        ] {
            let drafts = file.drafts(given, &store);
            assert!(drafts.found.is_empty() && drafts.drafts[0].found.is_empty(), "{drafts:?}");
            let definition = &drafts.drafts[0].desired.as_ref().unwrap().definition;
            assert!(definition.contains(expected), "{definition}");
        }
        let named = file.template(&[("Price", "5")]).parameters(PlanTarget::unknown(None));
        assert_eq!(named, BTreeMap::from([("/shop/endpoint".to_owned(), true)]));
    }

    #[test]
    fn a_parameter_without_a_value_is_an_error_with_its_place() {
        let file = OnFile::new("missing");
        let check = |given: &[(&str, &str)], line: u32, message: &str, remedy: &str| {
            let found = file.drafts(given, &[]).found;
            let [(path, one)] = &found[..] else { panic!("{found:?}") };
            assert!(path.ends_with("template.yaml") && one.is_error(), "{found:?}");
            assert_eq!((one.span.line, one.message.as_str()), (line, message));
            assert!(one.remedy.starts_with(remedy), "{}", one.remedy);
        };
        check(
            &[],
            2,
            "the parameter `Price` has neither a value nor a default",
            "Give it with --parameter Price=VALUE",
        );
        check(
            &[("Price", "5"), ("Prize", "6")],
            1,
            "the template has no parameter `Prize`",
            "Leave --parameter Prize=... out",
        );
        let refused = file.drafts(&[("Price", "5"), ("Mode", "test")], &[]).found;
        assert!(refused[0].1.message.contains("`Mode` does not fit: one of live, trial is needed"), "{refused:?}");
    }

    #[test]
    fn a_parameter_that_the_parameter_store_does_not_have_is_an_error_where_it_is_used() {
        let file = OnFile::new("store");
        let check = |store: &[(&str, ParameterKind, &str)], rule: Rule| {
            let drafts = file.drafts(&[("Price", "5")], store);
            let found: Vec<_> = drafts.drafts[0].found.iter().map(|(_, one)| (one.rule, one.is_error())).collect();
            assert_eq!(found, [(rule, true)], "{drafts:?}");
            assert!(drafts.drafts[0].found[0].1.span.line >= 10, "{drafts:?}");
        };
        check(&[], Rule::ValueNotFound);
        check(&[("/shop/endpoint", ParameterKind::Secret, "AQ==")], Rule::SecretParameter);
        // Without a look at the Parameter Store it is not known, which is no error.
        let drafts = file.template(&[("Price", "5")]).draft(PlanTarget::unknown(None));
        assert!(drafts.drafts[0].found.iter().all(|(_, one)| one.severity == Severity::Advice), "{drafts:?}");
    }
}

//! The plan: each definition with its placeholders substituted, checked, and compared with the deployed one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, Rule, Severity, SourceSpan, parse_created, placeholders, span_before_substitution,
    substitute,
};
use countersign_json::{Json, pretty};
use sha2::{Digest, Sha256};
use similar::{ChangeTag, TextDiff};

use super::check::{TYPES, YAML_REMEDY, is_yaml, workflow_findings};
use super::finding::{Change, DiffLine, FileProblem};
use super::lint::{advice, switched};
use super::manifest::{Folder, Manifest, Substitution, Workflow};
use super::tasks::task_findings;
use crate::connection::MachineKind;
use crate::watch::{Machine, Snapshot};

/// Lines of unchanged text around a change.
const CONTEXT: usize = 3;

/// A finding and the file that it is about.
pub type Found = (PathBuf, Diagnostic);

fn error(file: &Path, rule: Rule, span: SourceSpan, message: String, remedy: String) -> Found {
    let path = String::new();
    (file.to_owned(), Diagnostic { severity: Severity::Error, rule, message, path, span, remedy })
}

/// One definition that could be deployed.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub file: String,
    pub kind: String,
    /// The definition with its placeholders substituted.
    pub text: String,
    /// The role that the manifest names.
    pub role_arn: Option<String>,
    /// The deployed machine of this name.
    pub deployed: Option<Machine>,
    /// The machine's ARN, now or after it is created.
    pub arn: String,
    pub change: Change,
    pub diff: Vec<DiffLine>,
    /// The findings, each with its file.
    pub found: Vec<Found>,
    pub substitutions: Vec<(String, String)>,
    /// Topics that the definition names; they are created if they do not exist.
    pub topics: Vec<String>,
}

/// The destination of a plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanTarget<'a> {
    /// `aws`, `aws-cn`.
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// Whether it is AWS itself, which requires a role.
    pub aws: bool,
    /// The engine's functions; `None` if they are unknown.
    pub functions: Option<&'a BTreeSet<String>>,
}

/// The partition of a region, as in AWS's SDKs.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.into_iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// Plans every workflow of the folder, by name. A manifest that cannot be used plans nothing.
#[must_use]
pub fn plan(folder: &Folder, snapshot: &Snapshot, target: PlanTarget) -> Vec<Item> {
    if folder.problem.is_some() {
        return Vec::new();
    }
    let workflows = folder.manifest.workflows.iter();
    workflows.map(|(name, workflow)| item(folder, name, workflow, snapshot.machine_named(name), target)).collect()
}

fn item(folder: &Folder, name: &str, workflow: &Workflow, deployed: Option<&Machine>, target: PlanTarget) -> Item {
    let path = folder.path.join(&workflow.file);
    let PlanTarget { partition, region, account, .. } = target;
    let mut item = Item {
        name: name.to_owned(),
        file: path.display().to_string(),
        kind: workflow.kind.clone(),
        text: String::new(),
        role_arn: folder.manifest.role_arn.clone(),
        deployed: deployed.cloned(),
        arn: deployed.map_or_else(
            || format!("arn:{partition}:states:{region}:{account}:stateMachine:{name}"),
            |machine| machine.arn.clone(),
        ),
        change: Change::Refused,
        diff: Vec::new(),
        found: Vec::new(),
        substitutions: Vec::new(),
        topics: Vec::new(),
    };
    let manifest_file = folder.manifest_file();
    match source(folder, name, workflow) {
        Ok(source) => {
            let machine = if put_in_values(&mut item, &source, &path, &folder.manifest, target) {
                check(&mut item, &source, &path, workflow, target)
            } else {
                None
            };
            let found = workflow_findings(folder, name, workflow, machine.as_ref());
            item.found.extend(found.into_iter().map(|one| (manifest_file.clone(), one)));
        }
        Err(found) => item.found.push(*found),
    }
    item.found.extend(settings(&item, folder, target));
    item.found = switched(folder, Some(workflow), item.found);
    if item.found.iter().any(|(_, one)| one.is_error()) {
        return item;
    }
    item.compare();
    item
}

/// The text of a workflow's definition.
///
/// # Errors
/// The file cannot be read, or is YAML.
fn source(folder: &Folder, name: &str, workflow: &Workflow) -> Result<String, Box<Found>> {
    let path = folder.path.join(&workflow.file);
    let at = folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&["workflows", name, "file"]));
    let manifest = folder.manifest_file();
    if is_yaml(&path) {
        let message = format!("{:?} is YAML, which is not read yet", workflow.file);
        return Err(Box::new(error(&manifest, Rule::YamlNotRead, at, message, YAML_REMEDY.to_owned())));
    }
    std::fs::read_to_string(&path).map_err(|why| {
        let message = format!("{} cannot be read: {why}", path.display());
        let remedy = format!("Put the definition there, or correct `file` of [workflows.{name}] in countersign.toml.");
        Box::new(error(&manifest, Rule::FileNotRead, at, message, remedy))
    })
}

/// Substitutes the placeholders; returns false if one has no value.
fn put_in_values(item: &mut Item, source: &str, path: &Path, manifest: &Manifest, target: PlanTarget) -> bool {
    let PlanTarget { partition, region, account, .. } = target;
    let mut values = BTreeMap::new();
    for placeholder in placeholders(source) {
        let Some(substitution) = manifest.substitutions.get(&placeholder.name) else { continue };
        let value = match substitution {
            Substitution::Value(value) => value.clone(),
            Substitution::Function(name) => format!("arn:{partition}:lambda:{region}:{account}:function:{name}"),
            Substitution::Topic(name) => {
                item.topics.push(name.clone());
                format!("arn:{partition}:sns:{region}:{account}:{name}")
            }
        };
        values.insert(placeholder.name, value);
    }
    item.topics.sort();
    item.topics.dedup();
    item.substitutions = values.clone().into_iter().collect();
    match substitute(source, &values) {
        Ok(text) => {
            item.text = text;
            true
        }
        Err(missing) => {
            let found = missing.into_iter().map(|placeholder| {
                error(
                    path,
                    Rule::PlaceholderWithoutValue,
                    placeholder.span(),
                    format!("the placeholder ${{{}}} has no value", placeholder.name),
                    format!("Give it a value under [substitutions] in countersign.toml, such as {} = {{ value = \"...\" }}.", placeholder.name),
                )
            });
            item.found.extend(found);
            false
        }
    }
}

/// The diagnostics of the substituted text, as the service would report them, with spans in the file.
fn check(
    item: &mut Item,
    source: &str,
    path: &Path,
    workflow: &Workflow,
    target: PlanTarget,
) -> Option<countersign_asl::Machine> {
    let kind = match item.machine_kind() {
        MachineKind::Express => MachineType::Express,
        MachineKind::Standard => MachineType::Standard,
    };
    let (machine, mut found) = parse_created(&item.text, kind);
    found.extend(task_findings(&item.text, target.functions));
    let values = item.substitutions.iter().cloned().collect();
    item.found.extend(found.into_iter().map(|one| {
        let span = span_before_substitution(source, &values, one.span);
        (path.to_owned(), Diagnostic { span, ..one })
    }));
    item.found.extend(advice(Some(workflow), source, &values, kind).into_iter().map(|one| (path.to_owned(), one)));
    machine
}

/// A finding as the pages show it.
#[must_use]
pub fn file_problem((path, one): Found) -> FileProblem {
    FileProblem {
        file: path.display().to_string(),
        line: one.span.line,
        column: one.span.column,
        error: one.severity == Severity::Error,
        message: match one.path.as_str() {
            "" => format!("{} ({})", one.message, one.rule.id()),
            path => format!("{} ({} at {path})", one.message, one.rule.id()),
        },
        remedy: one.remedy,
    }
}

/// A setting that the connection would refuse, or accept and ignore.
fn settings(item: &Item, folder: &Folder, target: PlanTarget) -> Option<Found> {
    let file = folder.manifest_file();
    let way = ["workflows", item.name.as_str(), "type"];
    let at = folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&way));
    match &item.deployed {
        Some(machine) if machine.kind.as_str() != item.kind && TYPES.contains(&item.kind.as_str()) => {
            let message = format!(
                "{} is deployed as {}, and the manifest makes it {}: the type of a state machine cannot be changed",
                item.name,
                machine.kind.as_str(),
                item.kind
            );
            let remedy = "Write the type that it has, deploy it under another name, or delete the state machine first.";
            Some(error(&file, Rule::MachineTypeChange, at, message, remedy.to_owned()))
        }
        None if target.aws && item.role_arn.is_none() => {
            let message = format!("{} cannot be created without a role", item.name);
            let remedy = "Write role_arn = \"arn:...:role/NAME\" at the top of countersign.toml.";
            Some(error(&file, Rule::MissingRole, SourceSpan::WHOLE_FILE, message, remedy.to_owned()))
        }
        _ => None,
    }
}

/// Whether two definitions are the same except for white space and the order of keys.
fn same(deployed: &str, new: &str) -> bool {
    match (Json::read(deployed), Json::read(new)) {
        (Ok(deployed), Ok(new)) => deployed.says_the_same(&new),
        _ => deployed == new,
    }
}

/// How `after` differs from `before`, line by line, with a few lines around each difference.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(DiffLine { sign: ' ', text: "…".to_owned() });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(DiffLine { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines
}

impl Item {
    /// The type of its state machine.
    #[must_use]
    pub fn machine_kind(&self) -> MachineKind {
        if self.kind == "EXPRESS" { MachineKind::Express } else { MachineKind::Standard }
    }

    /// Whether it can be deployed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.change, Change::New | Change::Changed)
    }

    /// Compares it with the deployed machine, and sets the change and the difference.
    fn compare(&mut self) {
        let Some(machine) = &self.deployed else {
            self.change = Change::New;
            return;
        };
        let mut lines = Vec::new();
        if let Some(role) = self.new_role(machine) {
            let line = |sign, role: &str| DiffLine { sign, text: format!("role_arn = {role:?}") };
            lines.extend(machine.role_arn.as_deref().map(|role| line('-', role)));
            lines.push(line('+', role));
        }
        if !same(&machine.definition.text, &self.text) {
            lines.extend(diff(&pretty(&machine.definition.text), &pretty(&self.text)));
        }
        let unchanged = lines.is_empty() && same(&machine.definition.text, &self.text);
        self.change = if unchanged { Change::Unchanged } else { Change::Changed };
        self.diff = lines;
    }

    /// The role that an update sets: the manifest's, if the machine has another.
    #[must_use]
    pub fn new_role(&self, machine: &Machine) -> Option<&str> {
        self.role_arn.as_deref().filter(|role| machine.role_arn.as_deref() != Some(role))
    }

    /// A hash of everything that deploying it would send, and of everything that it would replace. A form carries it, so
    /// that only what was shown is deployed.
    #[must_use]
    pub fn hash(&self) -> String {
        let machine = self.deployed.as_ref();
        let parts = [
            Some(self.name.as_str()),
            Some(&self.arn),
            Some(&self.kind),
            Some(&self.text),
            self.role_arn.as_deref(),
            machine.and_then(|machine| machine.revision_id.as_deref()),
            machine.map(|machine| machine.definition.text.as_str()),
            machine.and_then(|machine| machine.role_arn.as_deref()),
            machine.map(|machine| machine.kind.as_str()),
        ];
        let topics = self.topics.iter().map(|topic| Some(topic.as_str()));
        hash(std::iter::once(Some(change_word(self.change))).chain(parts).chain(topics))
    }
}

const fn change_word(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Changed => "changed",
        Change::Unchanged => "unchanged",
        Change::Drifted => "drifted",
        Change::ToBeRemoved => "to be removed",
        Change::Refused => "refused",
    }
}

/// The hash of a whole plan: of every item that would be deployed.
#[must_use]
pub fn hash_of(items: &[Item]) -> String {
    let hashes: Vec<String> = items.iter().filter(|item| item.is_ready()).map(Item::hash).collect();
    hash(hashes.iter().map(|one| Some(one.as_str())))
}

fn hash<'p>(parts: impl Iterator<Item = Option<&'p str>>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length separates neighbours, and distinguishes an absent part from an empty one.
        hasher.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        hasher.update(part.unwrap_or_default());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_key_order_are_no_change() {
        assert!(same(r#"{"a":1,"b":[1,2]}"#, "{\n \"b\": [1, 2], \"a\": 1 }"));
        assert!(!same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
        assert!(!same(r#"{"Result":386.40}"#, r#"{"Result":386.4}"#), "a Pass would return other digits");
    }

    #[test]
    fn arns_have_the_partition_of_their_region() {
        for (region, partition) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition_of(region), partition, "{region}");
        }
        let folder = Folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachine"));
        let account = "123456789012";
        let target = PlanTarget { partition: "aws-cn", region: "cn-north-1", account, aws: true, functions: None };
        for item in plan(&folder, &Snapshot::default(), target) {
            assert_eq!(item.arn, format!("arn:aws-cn:states:cn-north-1:{account}:stateMachine:{}", item.name));
            let arns: Vec<&String> =
                item.substitutions.iter().map(|(_, value)| value).filter(|value| value.starts_with("arn:")).collect();
            assert!(!arns.is_empty() && arns.iter().all(|arn| arn.starts_with("arn:aws-cn:")), "{arns:?}");
        }
    }

    #[test]
    fn an_account_requires_a_role() {
        let shipped = Folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachine"));
        let manifest = Manifest { role_arn: None, ..shipped.manifest.clone() };
        let folder = Folder { manifest, ..shipped };
        for (aws, change) in [(true, Change::Refused), (false, Change::New)] {
            let target = PlanTarget { partition: "aws", region: "us-east-1", account: "1", aws, functions: None };
            assert_eq!(plan(&folder, &Snapshot::default(), target)[0].change, change);
        }
    }

    #[test]
    fn a_diff_shows_the_change_with_its_surroundings() {
        let before: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let lines = diff(&before, &after);
        let signs: String = lines.iter().map(|line| line.sign).collect();
        assert_eq!(signs, "   -+   ");
    }
}

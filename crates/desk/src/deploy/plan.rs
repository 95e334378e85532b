//! The plan: each definition with its placeholders substituted, checked, and compared with the deployed one.
//!
//! Pure: [`draft`] makes of a folder what should be, [`Draft::beside`] compares it with what is. [`super::planning`] reads the
//! connection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, PlaceholderValue, Rule, Severity, SourceSpan, parse_created, placeholders, substitute,
};
use sha2::{Digest, Sha256};

use super::EMULATOR_ACCOUNT;
use super::check::workflow_findings;
use super::compare::compare;
use super::definition::{Definition, LONGEST, TOO_LARGE, Unread, unread_finding};
use super::desired::{Deployed, Desired, ItemPlan, Setting, Stamp};
use super::difference::Difference;
use super::duplicates::duplicates;
use super::environment::Chosen;
use super::finding::{Change, DiffLine, FileProblem};
use super::folder::Folder;
use super::lines::diff;
use super::lint::{advice, switched};
use super::manifest::Workflow;
use super::outlook::{Effect, Evidence, MissingPermission};
use super::settings_check::settings_of;
use super::tasks::task_findings;
use super::values::{problem_finding, unused, values_of};
use crate::connection::{MachineKind, Parameter, Verdict};

/// A finding and the file that it is about.
pub type Found = (PathBuf, Diagnostic);

/// Reads an environment variable.
pub type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The destination of a plan, and what is known there.
#[derive(Clone, Copy)]
pub struct PlanTarget<'a> {
    /// `aws`, `aws-cn`.
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// Whether it is AWS itself, which requires a role.
    pub aws: bool,
    /// The engine's functions; `None` if they are unknown.
    pub functions: Option<&'a BTreeSet<String>>,
    /// The environment variables; `None` if they are not to be read. Placeholders for them stay.
    pub variables: Option<&'a Variables>,
    /// The parameters that the folder names; `None` if they are unknown.
    pub parameters: Option<&'a BTreeMap<String, Parameter>>,
}

impl<'a> PlanTarget<'a> {
    /// A destination of which nothing is known, to check a folder without a connection.
    #[must_use]
    pub const fn unknown(functions: Option<&'a BTreeSet<String>>) -> Self {
        Self {
            partition: "aws",
            region: "us-east-1",
            account: EMULATOR_ACCOUNT,
            aws: false,
            functions,
            variables: None,
            parameters: None,
        }
    }
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

/// One workflow as the folder has it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub workflow: String,
    /// The path of the definition.
    pub file: String,
    /// The name of its state machine.
    pub machine: String,
    /// What should be; `None` if the definition cannot be read or its placeholders have no values.
    pub desired: Option<Desired>,
    /// The findings, each with its file.
    pub found: Vec<Found>,
    /// Each placeholder and its value, as people read it.
    pub substitutions: Vec<(String, String)>,
    /// For the places of what is found later.
    definition: Option<Definition>,
    /// The type as the manifest has it, and where.
    type_span: SourceSpan,
    manifest: PathBuf,
}

/// What a folder says, before it is compared with anything.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    pub drafts: Vec<Draft>,
    /// The findings that belong to no single workflow.
    pub found: Vec<Found>,
}

/// What every workflow of the folder should be in an environment, by name. A manifest that cannot be used has none.
#[must_use]
pub fn draft(folder: &Folder, chosen: &Chosen, target: PlanTarget) -> Drafts {
    if folder.problem.is_some() {
        return Drafts::default();
    }
    let workflows = &folder.manifest.workflows;
    let stamp = Stamp { folder: folder.name(), environment: chosen.name().to_owned() };
    let mut used = BTreeMap::new();
    let mut drafts = Vec::with_capacity(workflows.len());
    for (name, workflow) in workflows {
        let drafting = Drafting { folder, chosen, name, workflow, target };
        let (draft, names) = drafting.draft(&stamp);
        used.insert(name.as_str(), names);
        drafts.push(draft);
    }
    let mut found = unused(folder, &used);
    for (name, twice) in duplicates(folder, chosen) {
        match drafts.iter_mut().find(|draft| draft.workflow == name) {
            Some(draft) => draft.found.push(twice),
            None => found.push(twice),
        }
    }
    Drafts { drafts, found }
}

/// The definition of a workflow with the values of its placeholders.
struct Made {
    text: String,
    substituted: countersign_asl::Substituted,
}

struct Drafting<'a> {
    folder: &'a Folder,
    chosen: &'a Chosen<'a>,
    name: &'a str,
    workflow: &'a Workflow,
    target: PlanTarget<'a>,
}

impl Drafting<'_> {
    fn kind(&self) -> MachineKind {
        if self.workflow.kind == "EXPRESS" { MachineKind::Express } else { MachineKind::Standard }
    }

    fn place(&self, key: &str) -> SourceSpan {
        let way = ["workflows", self.name, key];
        self.folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&way))
    }

    /// The draft, and the placeholders of the definition; `None` if it cannot be read.
    fn draft(&self, stamp: &Stamp) -> (Draft, Option<BTreeSet<String>>) {
        let path = self.folder.path.join(&self.workflow.file);
        let mut draft = Draft {
            workflow: self.name.to_owned(),
            file: path.display().to_string(),
            machine: self.chosen.machine_name(self.name),
            desired: None,
            found: Vec::new(),
            substitutions: Vec::new(),
            definition: None,
            type_span: self.place("type"),
            manifest: self.folder.manifest_file(),
        };
        let (settings, found) = settings_of(self.folder, self.chosen, self.name, self.kind(), self.target);
        draft.found.extend(found);
        let definition = match Definition::read(&path) {
            Ok(definition) => definition,
            Err(why) => {
                draft.found.push(self.unread(&path, &why));
                draft.found.extend(self.entry_findings(None));
                return (draft, None);
            }
        };
        let values = values_of(self.folder, self.chosen, self.name, definition.json(), self.target);
        draft.found.extend(values.found);
        draft.substitutions =
            values.values.iter().filter_map(|(name, value)| Some((name.clone(), words(value)?))).collect();
        let made = self.made(&mut draft, &definition, &values.values);
        let machine = made.as_ref().and_then(|made| self.check(&mut draft, &definition, made));
        draft.found.extend(self.advice(&definition, &values.values));
        draft.found.extend(self.entry_findings(machine.as_ref()));
        draft.found = switched(self.folder, Some(self.workflow), std::mem::take(&mut draft.found));
        draft.desired = made.map(|made| Desired {
            name: draft.machine.clone(),
            kind: self.kind(),
            definition: made.text,
            role_arn: settings.role_arn,
            logging: settings.logging,
            tracing: settings.tracing,
            encryption: settings.encryption,
            tags: settings.tags,
            stamp: stamp.clone(),
            alias: settings.alias,
            rollout: settings.rollout,
            topics: values.topics.into_iter().collect(),
            needs: values.needs.into_iter().collect(),
        });
        let names = placeholders(definition.json()).into_iter().map(|one| one.name).collect();
        draft.definition = Some(definition);
        (draft, Some(names))
    }

    fn unread(&self, path: &Path, why: &Unread) -> Found {
        if let Some(finding) = unread_finding(why) {
            return (path.to_owned(), finding);
        }
        let message = format!("{} cannot be read: {why}", path.display());
        let remedy =
            format!("Put the definition there, or correct `file` of [workflows.{}] in countersign.toml.", self.name);
        error(&self.folder.manifest_file(), Rule::FileNotRead, self.place("file"), message, remedy)
    }

    /// What works and could be better.
    fn advice(&self, definition: &Definition, values: &BTreeMap<String, PlaceholderValue>) -> Vec<Found> {
        let found = advice(Some(self.workflow), definition.json(), values, self.machine_type());
        let placed = |one: Diagnostic| Diagnostic { span: definition.span(one.span), ..one };
        found.into_iter().map(|one| (definition.path.clone(), placed(one))).collect()
    }

    fn machine_type(&self) -> MachineType {
        match self.kind() {
            MachineKind::Express => MachineType::Express,
            MachineKind::Standard => MachineType::Standard,
        }
    }

    fn entry_findings(&self, machine: Option<&countersign_asl::Machine>) -> Vec<Found> {
        let file = self.folder.manifest_file();
        let found = workflow_findings(self.folder, self.name, self.workflow, machine);
        found.into_iter().map(|one| (file.clone(), one)).collect()
    }

    /// The text with its values; `None` if a placeholder cannot be replaced.
    fn made(
        &self,
        draft: &mut Draft,
        definition: &Definition,
        values: &BTreeMap<String, PlaceholderValue>,
    ) -> Option<Made> {
        match substitute(definition.json(), values) {
            Ok(substituted) => {
                let text = substituted.text.clone();
                if text.len() > LONGEST {
                    let message =
                        format!("the definition has {} bytes with its values; AWS takes {LONGEST}", text.len());
                    let at = SourceSpan::WHOLE_FILE;
                    draft.found.push(error(
                        &definition.path,
                        Rule::DefinitionTooLarge,
                        at,
                        message,
                        TOO_LARGE.to_owned(),
                    ));
                }
                Some(Made { text, substituted })
            }
            Err(problems) => {
                let finding = |problem| problem_finding(self.chosen, self.name, definition, problem);
                draft.found.extend(problems.into_iter().map(finding));
                None
            }
        }
    }

    /// The diagnostics of the substituted text, as the service would report them, with spans in the file.
    fn check(&self, draft: &mut Draft, definition: &Definition, made: &Made) -> Option<countersign_asl::Machine> {
        let (machine, mut found) = parse_created(&made.text, self.machine_type());
        found.extend(task_findings(&made.text, self.target.functions));
        draft.found.extend(found.into_iter().map(|one| {
            let span = definition.span(made.substituted.span_before(definition.json(), one.span));
            (definition.path.clone(), Diagnostic { span, ..one })
        }));
        machine
    }
}

/// A value as people read it; `None` of one that is not known.
fn words(value: &PlaceholderValue) -> Option<String> {
    match value {
        PlaceholderValue::Text(text) | PlaceholderValue::Json(text) => Some(text.clone()),
        PlaceholderValue::Unknown => None,
    }
}

fn error(file: &Path, rule: Rule, span: SourceSpan, message: String, remedy: String) -> Found {
    let path = String::new();
    (file.to_owned(), Diagnostic { severity: Severity::Error, rule, message, path, span, remedy })
}

/// One workflow beside the connection, or a state machine that the manifest no longer names.
#[derive(Clone, Debug)]
pub struct Item {
    /// What an apply needs to know of it.
    pub plan: ItemPlan,
    /// The path of the definition; empty of what is to be removed.
    pub file: String,
    /// The findings, each with its file.
    pub found: Vec<Found>,
    /// Each placeholder and its value, as people read it.
    pub substitutions: Vec<(String, String)>,
    /// How the definition differs; `None` where it does not, and of what is refused or to be removed.
    pub difference: Option<Difference>,
    /// The same line by line.
    pub diff: Vec<DiffLine>,
    /// What it means for what runs; `None` where nothing changes or nobody knows.
    pub effect: Option<Effect>,
    /// What past executions do under the new definition; `None` where that was not found out.
    pub evidence: Option<Evidence>,
    /// What the role lacks; empty where that was not found out, too.
    pub permissions: Vec<MissingPermission>,
    definition: Option<Definition>,
}

impl Draft {
    /// Compares it with the state machine of its name, where there is one.
    #[must_use]
    pub fn beside(self, deployed: Option<Deployed>, chosen: &Chosen, target: PlanTarget) -> Item {
        let PlanTarget { partition, region, account, .. } = target;
        let arn = deployed.as_ref().map_or_else(
            || format!("arn:{partition}:states:{region}:{account}:stateMachine:{}", self.machine),
            |machine| machine.arn.clone(),
        );
        let mut found = self.found;
        if let (Some(desired), Some(deployed)) = (&self.desired, &deployed) {
            found.extend(other_type(desired, deployed, &self.manifest, self.type_span));
            found.extend(owner_finding(desired, deployed, chosen, &self.manifest));
        }
        if deployed.is_none() && target.aws && self.desired.as_ref().is_some_and(|desired| desired.role_arn.is_none()) {
            let message = format!("{} cannot be created without a role", self.machine);
            let remedy = "Write role_arn = \"arn:...:role/NAME\" at the top of countersign.toml.";
            found.push(error(&self.manifest, Rule::MissingRole, SourceSpan::WHOLE_FILE, message, remedy.to_owned()));
        }
        let plan = match self.desired {
            Some(desired) if !found.iter().any(|(_, one)| one.is_error()) => {
                compare(&self.workflow, arn, desired, deployed)
            }
            desired => ItemPlan {
                workflow: self.workflow,
                arn,
                change: Change::Refused,
                desired,
                deployed,
                settings: Vec::new(),
                drifted: Vec::new(),
            },
        };
        let (difference, diff) = difference_of(&plan);
        Item {
            plan,
            file: self.file,
            found,
            substitutions: self.substitutions,
            difference,
            diff,
            effect: None,
            evidence: None,
            permissions: Vec::new(),
            definition: self.definition,
        }
    }
}

fn difference_of(plan: &ItemPlan) -> (Option<Difference>, Vec<DiffLine>) {
    let Some(desired) = plan.desired.as_ref().filter(|_| plan.is_ready()) else { return (None, Vec::new()) };
    let pretty = countersign_json::pretty;
    match &plan.deployed {
        None => (Some(Difference::of_new(&desired.definition)), Vec::new()),
        Some(deployed) if plan.changes(Setting::Definition) => (
            Some(Difference::between(&deployed.definition, &desired.definition)),
            diff(&pretty(&deployed.definition), &pretty(&desired.definition)),
        ),
        Some(_) => (None, Vec::new()),
    }
}

fn other_type(desired: &Desired, deployed: &Deployed, manifest: &Path, span: SourceSpan) -> Option<Found> {
    if desired.kind == deployed.kind {
        return None;
    }
    let (old, new, name) = (deployed.kind.as_str(), desired.kind.as_str(), &desired.name);
    let message = format!(
        "{name} is deployed as {old}, and the manifest makes it {new}: the type of a state machine cannot be changed"
    );
    let remedy = "Write the type that it has, deploy it under another name, or delete the state machine first.";
    Some(error(manifest, Rule::MachineTypeChange, span, message, remedy.to_owned()))
}

/// A state machine that another environment of the manifest deployed is refused; one of another folder is taken over, which is
/// said.
fn owner_finding(desired: &Desired, deployed: &Deployed, chosen: &Chosen, manifest: &Path) -> Option<Found> {
    let stamp = deployed.stamp().filter(|stamp| *stamp != desired.stamp)?;
    let name = &desired.name;
    let is_ours = stamp.folder == desired.stamp.folder;
    if is_ours && chosen.manifest.environments.contains_key(&stamp.environment) {
        let message = format!("the state machine {name} belongs to the environment {:?}", stamp.environment);
        let remedy = "Give this environment a suffix, such as suffix = \"-staging\", or another connection.";
        return Some(error(manifest, Rule::OtherOwner, SourceSpan::WHOLE_FILE, message, remedy.to_owned()));
    }
    let owner = if is_ours {
        format!("the environment {:?}, which the manifest does not have any more", stamp.environment)
    } else {
        format!("the folder {:?}", stamp.folder)
    };
    let (file, diagnostic) = error(
        manifest,
        Rule::OtherOwner,
        SourceSpan::WHOLE_FILE,
        format!("the state machine {name} was deployed from {owner}: deploying takes it over"),
        "Write another `name` or `suffix` if that is not what you mean.".to_owned(),
    );
    Some((file, Diagnostic { severity: Severity::Warning, ..diagnostic }))
}

impl Item {
    /// A state machine that the manifest no longer names.
    #[must_use]
    pub fn to_be_removed(deployed: Deployed) -> Self {
        Self {
            plan: ItemPlan {
                workflow: deployed.name.clone(),
                arn: deployed.arn.clone(),
                change: Change::ToBeRemoved,
                desired: None,
                deployed: Some(deployed),
                settings: Vec::new(),
                drifted: Vec::new(),
            },
            file: String::new(),
            found: Vec::new(),
            substitutions: Vec::new(),
            difference: None,
            diff: Vec::new(),
            effect: None,
            evidence: None,
            permissions: Vec::new(),
            definition: None,
        }
    }

    /// The workflow's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.plan.workflow
    }

    /// The name of its state machine, by which policies name it.
    #[must_use]
    pub fn machine(&self) -> &str {
        let ItemPlan { workflow, desired, deployed, .. } = &self.plan;
        let desired = desired.as_ref().map(|desired| &desired.name);
        desired.or_else(|| deployed.as_ref().map(|deployed| &deployed.name)).unwrap_or(workflow)
    }

    /// What deploying it does.
    #[must_use]
    pub const fn change(&self) -> Change {
        self.plan.change
    }

    /// Whether it can be deployed.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.plan.is_ready()
    }

    /// Whether an error was found.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.plan.change == Change::Refused
    }

    /// Refuses it, or takes it back, by its findings.
    fn refuse(&mut self) {
        self.plan.change = Change::Refused;
        self.plan.settings.clear();
        self.plan.drifted.clear();
        (self.difference, self.diff) = (None, Vec::new());
    }

    /// Adds what the service says about the definition: what was found here already is not said again.
    pub fn judged(&mut self, verdicts: Vec<Verdict>) {
        let known = |verdict: &Verdict, (_, one): &Found| {
            // A path of the service begins at the whole.
            one.message == verdict.message || (one.rule.code() == verdict.code && one.path == verdict.path)
        };
        let path = self.definition.as_ref().map_or_else(|| PathBuf::from(&self.file), |one| one.path.clone());
        for verdict in verdicts {
            if self.found.iter().any(|found| known(&verdict, found)) {
                continue;
            }
            let severity = if verdict.is_error { Severity::Error } else { Severity::Warning };
            let (rule, span) = (Rule::RefusedByService, self.place_of(&verdict.path));
            let message = format!("Step Functions says {}: {}", verdict.code, verdict.message);
            let remedy = "Correct the definition at this place.".to_owned();
            self.found.push((path.clone(), Diagnostic { severity, rule, message, path: verdict.path, span, remedy }));
        }
        if self.found.iter().any(|(_, one)| one.is_error()) {
            self.refuse();
        }
    }

    /// Where a path of the definition stands in its file.
    fn place_of(&self, path: &str) -> SourceSpan {
        let Some(definition) = &self.definition else { return SourceSpan::WHOLE_FILE };
        let Ok(document) = countersign_yaml::Document::read_json(definition.json()) else {
            return SourceSpan::WHOLE_FILE;
        };
        let span = document.find(path).map(countersign_yaml::Node::span);
        span.map_or(SourceSpan::WHOLE_FILE, |span| {
            definition.span(SourceSpan {
                line: span.line,
                column: span.column,
                end_line: span.end_line,
                end_column: span.end_column,
            })
        })
    }

    /// A hash of everything that deploying it would send, and of everything that it would replace. A form carries it, so
    /// that only what was shown is deployed.
    #[must_use]
    pub fn hash(&self) -> String {
        item_hash(&self.plan)
    }
}

/// A hash of everything that an item would send, and of the state machine that it would replace.
#[must_use]
pub fn item_hash(plan: &ItemPlan) -> String {
    // Tags that others set, and routes that a rollout moves, are none of what was shown.
    let replaced = plan.deployed.as_ref().map(|deployed| Deployed {
        tags: BTreeMap::new(),
        versions: Vec::new(),
        aliases: Vec::new(),
        ..deployed.clone()
    });
    let shown = ItemPlan { deployed: replaced, ..plan.clone() };
    hash(std::iter::once(serde_json::to_string(&shown).unwrap_or_default()))
}

/// The hash of a whole plan: of every item that is not refused.
#[must_use]
pub fn hash_of<'i>(items: impl IntoIterator<Item = &'i ItemPlan>) -> String {
    hash(items.into_iter().filter(|item| item.change != Change::Refused).map(item_hash))
}

fn hash(parts: impl Iterator<Item = String>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length separates neighbours.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::manifest::Manifest;
    use super::*;

    fn shipped() -> Folder {
        Folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachine"))
    }

    fn items(folder: &Folder, target: PlanTarget) -> Vec<Item> {
        let chosen = Chosen::of(&folder.manifest, None).unwrap();
        let drafts = draft(folder, &chosen, target).drafts;
        drafts.into_iter().map(|draft| draft.beside(None, &chosen, target)).collect()
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
        let account = "123456789012";
        let target = PlanTarget { partition: "aws-cn", region: "cn-north-1", account, ..PlanTarget::unknown(None) };
        for item in items(&shipped(), target) {
            let name = &item.plan.desired.as_ref().unwrap().name;
            assert_eq!(item.plan.arn, format!("arn:aws-cn:states:cn-north-1:{account}:stateMachine:{name}"));
            let arns = item.substitutions.iter().map(|(_, value)| value).filter(|value| value.starts_with("arn:"));
            assert!(arns.into_iter().all(|arn| arn.starts_with("arn:aws-cn:")));
        }
    }

    #[test]
    fn an_account_requires_a_role() {
        let mut folder = shipped();
        let manifest = Manifest { role_arn: None, role: None, ..folder.manifest.clone() };
        folder.manifest = Manifest { environments: indexmap::IndexMap::new(), ..manifest };
        for (aws, change) in [(true, Change::Refused), (false, Change::New)] {
            let target = PlanTarget { aws, ..PlanTarget::unknown(None) };
            assert_eq!(items(&folder, target)[0].change(), change);
        }
    }
}

//! What a folder says: each definition with its placeholders substituted and checked, and the settings beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use countersign_asl::{
    Diagnostic, MachineType, PlaceholderValue, Rule, SourceSpan, parse_created, placeholders, substitute,
};

use super::check::workflow_findings;
use super::definition::{Definition, LONGEST, TOO_LARGE, Unread, unread_finding};
use super::desired::{Desired, Stamp};
use super::duplicates::duplicates;
use super::environment::Chosen;
use super::folder::Folder;
use super::generated::Origin;
use super::leaving::Leaving;
use super::lint::{advice, switched};
use super::manifest::Workflow;
use super::plan::{Found, error};
use super::settings_check::settings_of;
use super::target::PlanTarget;
use super::tasks::{synchronous_calls, task_findings};
use super::values::{problem_finding, unused, values_of};
use crate::connection::MachineKind;

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
    pub(super) definition: Option<Definition>,
    /// Where the manifest has the type.
    pub(super) type_span: SourceSpan,
    pub(super) manifest: PathBuf,
    /// Whether the definition is not to be shown.
    pub(super) is_hidden: bool,
    /// Whether the definition is known only once it is deployed.
    pub(super) is_unknown: bool,
    /// The resource of another tool's template that it comes from.
    pub(super) origin: Option<Origin>,
    /// Whether another tool deploys it.
    pub(super) is_of_tool: bool,
}

/// What a folder says, before it is compared with anything.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    pub drafts: Vec<Draft>,
    /// The findings that belong to no single workflow.
    pub found: Vec<Found>,
    /// Whether they are those of another tool's template: what it no longer names is not for Countersign to remove.
    pub of_tool: bool,
    /// How the state machines are known that the other tool is about to delete; `None` where it is not known, and of a folder.
    pub leaving: Option<Leaving>,
}

/// What every workflow of the folder should be in an environment, by name. A manifest that cannot be used has none.
#[must_use]
pub fn draft(folder: &Folder, chosen: &Chosen, target: PlanTarget) -> Drafts {
    if !folder.problems.is_empty() {
        return Drafts::default();
    }
    let workflows = &folder.manifest.workflows;
    let stamp = Stamp { folder: folder.name(), environment: chosen.name().to_owned() };
    let standard = standard_machines(folder, chosen, target);
    let mut used = BTreeMap::new();
    let mut drafts = Vec::with_capacity(workflows.len());
    for (name, workflow) in workflows {
        let drafting = Drafting { folder, chosen, name, workflow, target, standard: &standard };
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
    Drafts { drafts, found, ..Drafts::default() }
}

/// The workflows that are STANDARD in an environment, by the ARNs of their machines.
fn standard_machines<'f>(folder: &'f Folder, chosen: &Chosen, target: PlanTarget) -> BTreeMap<String, &'f str> {
    let PlanTarget { partition, region, account, .. } = target;
    let names = folder.manifest.workflows.keys().filter(|name| chosen.kind(name) == MachineKind::Standard.as_str());
    let arn = |name: &str| chosen.machine_name(name);
    names
        .map(|name| (format!("arn:{partition}:states:{region}:{account}:stateMachine:{}", arn(name)), name.as_str()))
        .collect()
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
    /// The workflows that are STANDARD, by the ARNs of their machines.
    standard: &'a BTreeMap<String, &'a str>,
}

impl Drafting<'_> {
    fn kind(&self) -> MachineKind {
        if self.chosen.kind(self.name) == "EXPRESS" { MachineKind::Express } else { MachineKind::Standard }
    }

    fn place(&self, way: &[String]) -> SourceSpan {
        let way: Vec<&str> = way.iter().map(String::as_str).collect();
        self.folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&way))
    }

    /// The draft, and the placeholders of the definition; `None` if it cannot be read.
    fn draft(&self, stamp: &Stamp) -> (Draft, Option<BTreeSet<String>>) {
        let path = self.folder.path.join(self.chosen.file(self.name));
        let mut draft = Draft {
            workflow: self.name.to_owned(),
            file: path.display().to_string(),
            machine: self.chosen.machine_name(self.name),
            desired: None,
            found: Vec::new(),
            substitutions: Vec::new(),
            definition: None,
            type_span: self.place(&self.chosen.way_to_type(self.name)),
            manifest: self.folder.manifest_file(),
            is_hidden: false,
            is_unknown: false,
            origin: None,
            is_of_tool: false,
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
        let way = self.chosen.way_to_file(self.name);
        let table = way[..way.len() - 1].join(".");
        let remedy = format!("Put the definition there, or correct `file` of [{table}] in countersign.toml.");
        error(&self.folder.manifest_file(), Rule::FileNotRead, self.place(&way), message, remedy)
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
        found.extend(synchronous_calls(&made.text, self.standard));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    const CALLS: &str = r#"{"StartAt": "Price", "States": {"Price": {
"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution", "End": true,
"Parameters": {"StateMachineArn": "${Price}"}}}}"#;

    #[test]
    fn a_standard_workflow_of_the_folder_is_not_called_synchronously() {
        let path = std::env::temp_dir().join(format!("countersign-draft-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let pass = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
        for (file, text) in [("order.asl.json", CALLS), ("price.asl.json", pass)] {
            std::fs::write(path.join(file), text).unwrap();
        }
        let places = |kind: &str, level: &str| -> Vec<(u32, u32)> {
            let order =
                "[workflows.order]\nfile = \"order.asl.json\"\nsubstitutions.Price = { workflow = \"price\" }\n";
            let price = format!("[workflows.price]\nfile = \"price.asl.json\"\ntype = \"{kind}\"\n");
            let manifest = format!("{order}lint.standard-unfit = \"{level}\"\n{price}");
            let folder = Folder::of(&path, Ok(manifest));
            let chosen = Chosen::of(&folder.manifest, None).unwrap();
            let drafts = draft(&folder, &chosen, PlanTarget::unknown(None)).drafts;
            let found = drafts.iter().find(|draft| draft.workflow == "order").unwrap().found.iter();
            let unfit = found.filter(|(_, one)| one.rule == Rule::StandardUnfit);
            unfit.map(|(_, one)| (one.span.line, one.span.column)).collect()
        };
        assert_eq!(places("STANDARD", "warn"), [(3, 35)]);
        assert_eq!(places("EXPRESS", "warn"), []);
        assert_eq!(places("STANDARD", "off"), []);
        std::fs::remove_dir_all(&path).unwrap();
    }
}

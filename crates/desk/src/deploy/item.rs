//! What should be, beside what is: one workflow of a plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_asl::{Diagnostic, Rule, Severity, SourceSpan};
use sha2::{Digest, Sha256};

use super::applied::{Applied, PutTags};
use super::compare::compare;
use super::definition::Definition;
use super::desired::{APPLIED_TAG, Deployed, Desired, ItemPlan, Setting, TAG_PREFIX, TAGS_TAG};
use super::difference::Difference;
use super::draft::Draft;
use super::environment::Chosen;
use super::finding::{Change, DiffLine};
use super::generated::Origin;
use super::lines::diff;
use super::outlook::{Effect, Evidence, MissingPermission};
use super::plan::{Found, error};
use super::target::PlanTarget;
use crate::connection::Verdict;

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
    /// Whether another tool deploys it, and so removes it.
    pub is_of_tool: bool,
    /// Whether its definition is known only once it is deployed.
    pub(super) is_unknown: bool,
    definition: Option<Definition>,
}

impl Draft {
    /// The state machine of another tool's template: `file` is the template, `found` is what is wrong with it there, and
    /// `origin` is the resource that it is made of, where CloudFormation makes it.
    #[must_use]
    pub(super) fn of_template(
        file: &Path,
        workflow: String,
        desired: Desired,
        found: Vec<Found>,
        origin: Option<Origin>,
    ) -> Self {
        Self {
            machine: desired.name.clone(),
            workflow,
            file: file.display().to_string(),
            desired: Some(desired),
            found,
            substitutions: Vec::new(),
            definition: None,
            type_span: SourceSpan::WHOLE_FILE,
            manifest: file.to_owned(),
            is_hidden: false,
            is_unknown: false,
            origin,
            is_of_tool: true,
        }
    }

    /// The same, its definition never shown.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    /// The same, its definition known only once it is deployed.
    #[must_use]
    pub const fn unknown(mut self) -> Self {
        self.is_unknown = true;
        self
    }

    /// Compares it with the state machine of its name, where there is one.
    #[must_use]
    pub fn beside(self, mut deployed: Option<Deployed>, chosen: &Chosen, target: PlanTarget) -> Item {
        let PlanTarget { partition, region, account, .. } = target;
        let arn = deployed.as_ref().map_or_else(
            || format!("arn:{partition}:states:{region}:{account}:stateMachine:{}", self.machine),
            |machine| machine.arn.clone(),
        );
        let (mut found, mut is_replaced) = (self.found, false);
        if let (Some(desired), Some(deployed)) = (&self.desired, &mut deployed) {
            if self.is_of_tool {
                is_replaced = desired.kind != deployed.kind;
                found.extend(is_replaced.then(|| replaced_finding(desired, deployed, &self.manifest)));
                found.extend(owned_finding(desired, deployed, &self.manifest));
                // The tool neither reads nor writes what Countersign remembers there.
                deployed.tags.retain(|key, _| !key.starts_with(TAG_PREFIX));
            } else {
                found.extend(other_type(desired, deployed, &self.manifest, self.type_span));
                found.extend(owner_finding(desired, deployed, chosen, &self.manifest));
                found.extend(record_findings(deployed, &self.manifest));
            }
        }
        // Another tool may make the role in the same deployment.
        let is_created = deployed.is_none() && !self.is_of_tool;
        if is_created && target.aws && self.desired.as_ref().is_some_and(|desired| desired.role_arn.is_none()) {
            let message = format!("{} cannot be created without a role", self.machine);
            let remedy = "Write role_arn = \"arn:...:role/NAME\" at the top of countersign.toml.";
            found.push(error(&self.manifest, Rule::MissingRole, SourceSpan::WHOLE_FILE, message, remedy.to_owned()));
        }
        let mut desired = self.desired;
        if let (true, Some(desired), Some(deployed)) = (self.is_unknown, &mut desired, &deployed) {
            // The rest is compared.
            desired.definition.clone_from(&deployed.definition);
        }
        let plan = match desired {
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
        let plan = if self.is_unknown || is_replaced { becoming_another(plan) } else { plan };
        let is_shown = !self.is_hidden && !self.is_unknown;
        let (difference, diff) = if is_shown { difference_of(&plan) } else { (None, Vec::new()) };
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
            is_of_tool: self.is_of_tool,
            is_unknown: self.is_unknown,
            definition: self.definition,
        }
    }
}

/// A state machine whose new definition is not known yet, or that is replaced, is changed, whatever else of it is.
fn becoming_another(plan: ItemPlan) -> ItemPlan {
    let change = if plan.change == Change::Unchanged { Change::Changed } else { plan.change };
    ItemPlan { change, ..plan }
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

/// Another tool gives a state machine another type by deleting it and making one of its own.
fn replaced_finding(desired: &Desired, deployed: &Deployed, template: &Path) -> Found {
    let (old, new, name) = (deployed.kind.as_str(), desired.kind.as_str(), &desired.name);
    let message =
        format!("{name} is {old}, and becomes {new}: its tool deletes it, with its executions, and makes it again");
    let remedy =
        "Give it another name, or another logical ID: CloudFormation replaces none whose name the template has.";
    let (file, diagnostic) =
        error(template, Rule::MachineTypeChange, SourceSpan::WHOLE_FILE, message, remedy.to_owned());
    (file, Diagnostic { severity: Severity::Warning, ..diagnostic })
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

/// A state machine of another tool's template that Countersign deployed: two would deploy it by turns.
fn owned_finding(desired: &Desired, deployed: &Deployed, template: &Path) -> Option<Found> {
    let (name, folder) = (&desired.name, deployed.stamp()?.folder);
    let message =
        format!("Countersign deployed the state machine {name}, from the folder {folder:?}, and now another tool does");
    let remedy =
        "Have one of the two deploy it: take it out of the folder's manifest, or out of the template.".to_owned();
    let (file, diagnostic) = error(template, Rule::OtherOwner, SourceSpan::WHOLE_FILE, message, remedy);
    Some((file, Diagnostic { severity: Severity::Warning, ..diagnostic }))
}

/// A tag in which Countersign remembers what it applied, and that says something else now: what depends on it is not known.
fn record_findings(deployed: &Deployed, manifest: &Path) -> Vec<Found> {
    // Of what Countersign did not deploy nothing is remembered.
    if deployed.stamp().is_none() {
        return Vec::new();
    }
    let applied = (Applied::is_unreadable(deployed), APPLIED_TAG, "what the account changed since then is not known");
    let put = (PutTags::is_unreadable(deployed), TAGS_TAG, "tags that left the manifest stay");
    let unreadable = [applied, put].into_iter().filter(|(is_unreadable, ..)| *is_unreadable);
    unreadable
        .map(|(_, tag, so)| {
            let message = format!("somebody changed the tag {tag} of {}, so {so}", deployed.name);
            let remedy = "Deploying writes the tag again. Compare the state machine by hand first.".to_owned();
            let (file, diagnostic) = error(manifest, Rule::NotCompared, SourceSpan::WHOLE_FILE, message, remedy);
            (file, Diagnostic { severity: Severity::Warning, ..diagnostic })
        })
        .collect()
}

impl Item {
    /// A state machine that the manifest no longer names, or the template of another tool.
    #[must_use]
    pub fn to_be_removed(deployed: Deployed, is_of_tool: bool) -> Self {
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
            is_of_tool,
            is_unknown: false,
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

/// A hash of these parts.
pub(super) fn hash(parts: impl Iterator<Item = String>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length separates neighbours.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

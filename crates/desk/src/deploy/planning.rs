//! Planning against a connection: what is read, in which order, and what becomes of it.
//!
//! [`Planner::plan`] is what the program's command and the desk use alike. It only reads.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_asl::{Rule, Severity};
use tokio_util::sync::CancellationToken;

use super::definition::Definition;
use super::desired::{Deployed, ItemPlan, Setting, Stamp};
use super::environment::{Chosen, NoEnvironment};
use super::finding::{Change, FileProblem};
use super::folder::Folder;
use super::gather::{Gathered, gather, listed, parameters, running, verdicts};
use super::generated;
use super::leaving::Leaving;
use super::lint::switched;
use super::outlook::Effect;
use super::patience::{Failure, Patience, Waiting};
use super::plan::{Drafts, Found, Item, PlanTarget, Variables, draft, file_problem, hash_of, partition_of};
use super::roles::look_at_roles;
use super::timer::Timer;
use super::values::parameters_of;
use super::{EMULATOR_ACCOUNT, folder_findings};
use crate::clock::Clock;
use crate::connection::{Api, CallError, Connection, ConnectionKind, ListedMachine, MachineKind, Parameter};

/// The definitions of a folder compared with the deployed state machines.
#[derive(Clone, Debug)]
pub struct Plan {
    pub folder: Arc<Folder>,
    /// The environment's name; empty without one.
    pub environment: String,
    pub owner: Owner,
    /// By workflow, then what is to be removed.
    pub items: Vec<Item>,
    /// The hash of everything that would be deployed and of what it would replace. The form sends it back.
    pub hash: String,
    /// Findings that belong to no single workflow: files that are not deployed, undeclared functions. An error among them
    /// refuses the whole plan.
    pub problems: Vec<FileProblem>,
    /// What was not compared, and why.
    pub not_compared: Vec<NotCompared>,
}

/// A part of the comparison that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCompared {
    /// Tags cannot be read, so neither drift nor what is to be removed is known.
    Tags(CallError),
    /// So many other state machines were not looked at: their tags would take too many calls.
    Others(usize),
    /// So many aliases cannot be read, the first of them for this reason: whether they move is not known.
    Aliases(usize, CallError),
    /// Running executions cannot be listed, so what goes on with the old definition is not known.
    Running(CallError),
    /// The Parameter Store cannot be read; the manifest's own values, or a template's placeholders, stand in its place.
    Parameters(CallError),
    /// The roles of state machines cannot be read, so what they lack is not known.
    Roles(CallError),
    /// A policy of a role cannot be understood, so what the role lacks is not known.
    Policy { role: String, policy: String, why: String },
    /// There is no role of this ARN.
    NoSuchRole(String),
    /// The service does not say what it makes of the definitions.
    Verdicts(CallError),
}

/// The partition and account of the state machines, and the region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    pub partition: String,
    pub region: String,
    pub account: String,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The manifest cannot be used.
    #[error("the manifest cannot be used: {}", .0.message)]
    Manifest(FileProblem),
    #[error(transparent)]
    Environment(#[from] NoEnvironment),
    #[error(transparent)]
    Call(#[from] CallError),
    /// Somebody stopped it.
    #[error("it was stopped")]
    Stopped,
}

impl From<Failure> for PlanError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Call(error) | Failure::Unknown(error) => Self::Call(error),
            // A plan changes nothing, so nothing moves under it.
            Failure::Stopped | Failure::Moved => Self::Stopped,
        }
    }
}

impl Plan {
    /// What an apply does, item by item.
    #[must_use]
    pub fn item_plans(&self) -> Vec<ItemPlan> {
        self.items.iter().map(|item| item.plan.clone()).collect()
    }

    /// Whether something is refused, so that the plan as a whole cannot be applied.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.folder.problems.is_empty()
            || self.problems.iter().any(|problem| problem.error)
            || self.items.iter().any(Item::is_refused)
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.items.iter().any(|item| item.is_ready() || item.change() == Change::ToBeRemoved)
    }
}

/// Reads a connection and plans.
pub struct Planner<'a> {
    pub connection: &'a Connection,
    pub clock: &'a Clock,
    pub timer: &'a Timer,
    /// Ends the plan before its next call.
    pub stop: &'a CancellationToken,
    /// Hears of each call that waits.
    pub tell: &'a (dyn Fn(Waiting) + Send + Sync),
    /// The engine's functions; `None` if they are unknown.
    pub functions: Option<&'a BTreeSet<String>>,
    pub variables: &'a Variables,
    /// Whether executions that run are counted.
    pub counts_running: bool,
}

impl Planner<'_> {
    /// The plan of a folder in an environment.
    ///
    /// # Errors
    /// The manifest cannot be used, or a call fails without which nothing can be compared.
    pub async fn plan(&self, folder: Arc<Folder>, environment: Option<&str>) -> Result<Plan, PlanError> {
        if let Some(problem) = folder.problems.first() {
            return Err(PlanError::Manifest(problem.clone()));
        }
        let chosen = Chosen::of(&folder.manifest, environment)?;
        self.plan_in(&folder, &chosen).await
    }

    /// The same for an environment that is chosen already.
    ///
    /// # Errors
    /// A call fails without which nothing can be compared.
    pub async fn plan_in(&self, folder: &Arc<Folder>, chosen: &Chosen<'_>) -> Result<Plan, PlanError> {
        let drafts = |target: PlanTarget<'_>| {
            let mut drafts = draft(folder, chosen, target);
            drafts.found.extend(switched(folder, None, folder_findings(folder, target.functions)));
            drafts
        };
        let named = |_: PlanTarget<'_>| named_parameters(folder, chosen);
        self.plan_drafts(folder, chosen, &named, &drafts).await
    }

    /// The plan of what `drafts` makes for a destination: of a folder, or of another tool's template, whose path and name
    /// `folder` has. `named` says which parameters of the Parameter Store it needs there, each with whether something stands in
    /// its place.
    ///
    /// # Errors
    /// A call fails without which nothing can be compared.
    pub async fn plan_drafts(
        &self,
        folder: &Arc<Folder>,
        chosen: &Chosen<'_>,
        named: &(dyn Fn(PlanTarget<'_>) -> BTreeMap<String, bool> + Sync),
        drafts: &(dyn Fn(PlanTarget<'_>) -> Drafts + Sync),
    ) -> Result<Plan, PlanError> {
        let patience = Patience::new(self.connection, self.clock, self.timer, self.stop, self.tell);
        let machines = listed(&patience).await?;
        let owner = self.owner(&patience, &machines).await?;
        let named = named(self.target(&owner, &BTreeMap::new(), None));
        let (parameters, unread) = read_parameters(&patience, &named).await?;
        let target = self.target(&owner, &parameters, unread.as_ref());
        let mut drafts = drafts(target);
        let (unfound, passed_over) = generated::find(&patience, &machines, &mut drafts.drafts).await?;
        let aliases = drafts
            .drafts
            .iter()
            .map(|draft| (draft.machine.clone(), draft.desired.as_ref().and_then(|desired| desired.alias.clone())));
        let leaving = if drafts.of_tool {
            drafts.leaving.take()
        } else {
            Some(Leaving::Folder(Stamp { folder: folder.name(), environment: chosen.name().to_owned() }))
        };
        let wanted: BTreeMap<String, Option<String>> = aliases.collect();
        let Gathered { mut machines, others, untagged, without_tags, unread_aliases, not_looked_at } =
            gather(&patience, self.connection.about.kind, &machines, &wanted, leaving.as_ref()).await?;
        let mut items: Vec<Item> = Vec::with_capacity(drafts.drafts.len() + others.len());
        for draft in drafts.drafts {
            let mut deployed = machines.remove(&draft.machine);
            if let (Some(deployed), Some(desired)) = (&mut deployed, &draft.desired)
                && without_tags.contains(&draft.machine)
            {
                // Tags that were not read are no difference: that they were not compared is said.
                deployed.tags.clone_from(&desired.tags);
            }
            items.push(draft.settled(deployed.as_ref()).beside(deployed, chosen, target));
        }
        let mut not_compared: Vec<NotCompared> = untagged.or(unfound).map(NotCompared::Tags).into_iter().collect();
        // Those that nothing stands in for have their findings.
        let stands_in = named.values().any(|has_value| *has_value);
        not_compared.extend(unread.filter(|_| stands_in).map(NotCompared::Parameters));
        not_compared.extend(unread_aliases.map(|(count, error)| NotCompared::Aliases(count, error)));
        let not_looked_at = not_looked_at + passed_over;
        not_compared.extend((not_looked_at > 0).then_some(NotCompared::Others(not_looked_at)));
        not_compared.extend(self.judge(&patience, &mut items).await?.map(NotCompared::Verdicts));
        not_compared.extend(self.count(&patience, &mut items).await?.map(NotCompared::Running));
        not_compared.extend(look_at_roles(self.connection, &mut items, &owner).await);
        items.extend(others.into_iter().map(|one| Item::to_be_removed(one, drafts.of_tool)));
        let problems = drafts.found.into_iter().map(file_problem).collect();
        let hash = hash_of(items.iter().map(|item| &item.plan));
        let environment = chosen.name().to_owned();
        Ok(Plan { folder: Arc::clone(folder), environment, owner, items, hash, problems, not_compared })
    }

    fn target<'t>(
        &'t self,
        owner: &'t Owner,
        parameters: &'t BTreeMap<String, Parameter>,
        unread: Option<&'t CallError>,
    ) -> PlanTarget<'t> {
        PlanTarget {
            partition: &owner.partition,
            region: &owner.region,
            account: &owner.account,
            aws: self.connection.about.kind == ConnectionKind::Aws,
            functions: self.functions,
            variables: Some(self.variables),
            parameters: Some(parameters),
            unread,
        }
    }

    /// The owner of the state machines: that of the deployed ones, else the caller, else an emulator's account.
    async fn owner(&self, patience: &Patience<'_>, machines: &[ListedMachine]) -> Result<Owner, PlanError> {
        let about = &self.connection.about;
        let region = about.region.clone();
        let emulator = || Owner {
            partition: partition_of(&region).to_owned(),
            region: region.clone(),
            account: EMULATOR_ACCOUNT.to_owned(),
        };
        if let Some(owner) = machines.iter().find_map(|machine| owner_of(&machine.arn)) {
            return Ok(owner);
        }
        if about.kind == ConnectionKind::Embedded {
            return Ok(emulator());
        }
        match patience.read(Api::GetCallerIdentity, |calls| calls.caller()).await {
            Ok(caller) => {
                let partition = caller.arn.as_deref().and_then(owner_of).map(|owner| owner.partition);
                let Owner { partition: usual, region, account } = emulator();
                let account = caller.account.unwrap_or(account);
                Ok(Owner { partition: partition.unwrap_or(usual), region, account })
            }
            Err(error) if about.kind == ConnectionKind::Aws => Err(error.into()),
            Err(_) => Ok(emulator()),
        }
    }

    /// Asks the service about every definition that is new or changed. Returns why it does not answer.
    async fn judge(&self, patience: &Patience<'_>, items: &mut [Item]) -> Result<Option<CallError>, PlanError> {
        let is_asked = |item: &&mut Item| {
            let plan = &item.plan;
            !item.is_unknown && (plan.change == Change::New || plan.is_ready() && plan.changes(Setting::Definition))
        };
        let mut asked: Vec<&mut Item> = items.iter_mut().filter(is_asked).collect();
        let definitions: Vec<_> = asked
            .iter()
            .filter_map(|item| item.plan.desired.as_ref().map(|desired| (desired.definition.clone(), desired.kind)))
            .collect();
        let mut unanswered = None;
        for (item, answer) in asked.iter_mut().zip(verdicts(patience, &definitions).await?) {
            match answer {
                Ok(verdicts) => item.judged(verdicts),
                Err(error) => unanswered = Some(error),
            }
        }
        Ok(unanswered)
    }

    /// Counts the executions that run on what would be changed. Returns why they cannot be listed.
    async fn count(&self, patience: &Patience<'_>, items: &mut [Item]) -> Result<Option<CallError>, PlanError> {
        // Nobody keeps a list of Express executions.
        let is_asked = |item: &&mut Item| {
            let standard = |deployed: &Deployed| deployed.kind == MachineKind::Standard;
            self.counts_running && item.is_ready() && item.plan.deployed.as_ref().is_some_and(standard)
        };
        let mut asked: Vec<&mut Item> = items.iter_mut().filter(is_asked).collect();
        let arns: Vec<String> = asked.iter().map(|item| item.plan.arn.clone()).collect();
        let mut unlisted = None;
        for (item, effect) in asked.iter_mut().zip(running(patience, &arns).await?) {
            let effect = effect.unwrap_or_else(|error| {
                unlisted = Some(error);
                None
            });
            let plan = &item.plan;
            let changes = plan.settings.iter().any(|one| !matches!(one.setting, Setting::Tags | Setting::Alias));
            let alias_moves = plan.changes(Setting::Alias);
            // A definition that is another one deserves another try.
            let again = plan.deployed.as_ref().filter(|_| alias_moves && !changes);
            let failed_before = again.and_then(|there| there.aliases.iter().find_map(|alias| alias.failed.clone()));
            item.effect =
                effect.map(|effect| Effect { unqualified_changes: changes, alias_moves, failed_before, ..effect });
        }
        Ok(unlisted)
    }
}

/// The parameters that the placeholders of a folder name, each with whether every use of it has a value in its place.
fn named_parameters(folder: &Folder, chosen: &Chosen) -> BTreeMap<String, bool> {
    let mut named = BTreeMap::new();
    for name in folder.manifest.workflows.keys() {
        // What cannot be read has its finding later.
        let Ok(definition) = Definition::read(&folder.path.join(chosen.file(name))) else { continue };
        for (parameter, has_value) in parameters_of(chosen, name, definition.json()) {
            *named.entry(parameter).or_insert(true) &= has_value;
        }
    }
    named
}

/// The parameters; and why they were not read, where the Parameter Store cannot be.
async fn read_parameters(
    patience: &Patience<'_>,
    named: &BTreeMap<String, bool>,
) -> Result<(BTreeMap<String, Parameter>, Option<CallError>), PlanError> {
    let names: BTreeSet<String> = named.keys().cloned().collect();
    Ok(match parameters(patience, &names).await? {
        Ok(found) => (found, None),
        Err(error) => (BTreeMap::new(), Some(error)),
    })
}

fn owner_of(arn: &str) -> Option<Owner> {
    let mut parts = arn.split(':').skip(1);
    let partition = parts.next().filter(|part| !part.is_empty())?.to_owned();
    let region = parts.nth(1)?.to_owned();
    let account = parts.next().filter(|part| !part.is_empty())?.to_owned();
    Some(Owner { partition, region, account })
}

/// A plan without anything, for a folder that has no environment for a connection.
pub(super) fn nowhere(folder: Arc<Folder>, connection: &str) -> Plan {
    let names: Vec<&str> = folder.manifest.environments.keys().map(String::as_str).collect();
    let (file, span) = (folder.manifest_file(), folder.places.as_ref().map(|places| places.key(&["environments"])));
    let found: Found = (
        file,
        countersign_asl::Diagnostic {
            severity: Severity::Warning,
            rule: Rule::NotCompared,
            message: format!("no environment of the manifest chooses the connection {connection}"),
            path: String::new(),
            span: span.unwrap_or(countersign_asl::SourceSpan::WHOLE_FILE),
            remedy: format!("Write connection = {connection:?} for one of them: {}.", names.join(", ")),
        },
    );
    let problems = vec![file_problem(found)];
    Plan {
        folder,
        environment: String::new(),
        owner: Owner::default(),
        items: Vec::new(),
        hash: hash_of([]),
        problems,
        not_compared: Vec::new(),
    }
}

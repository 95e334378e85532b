//! Deploying on the desk: the plan for whoever looks, and its execution.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::PlaceholderValue;
use tokio_util::sync::CancellationToken;

use super::apply::{ApplyError, Event, Means, apply};
use super::definitions::Fingerprint;
use super::desired::ItemPlan;
use super::environment::Chosen;
use super::finding::FileProblem;
use super::folder::Folder;
use super::perform::{Labels, label_of};
use super::plan::{Item, file_problem, hash_of};
use super::planning::{Plan, PlanError, Planner, nowhere};
use super::recording::{By, acts};
use super::steps::StepsError;
use super::timer::Timer;
use crate::actor::Actor;
use crate::connection::ConnectionKind;
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::news::Topic;
use crate::policy::Action;

/// How long the plan of an account may be shown again, in milliseconds: each takes several calls a state machine.
const FRESH_MS: i64 = 15_000;

/// Why nothing, or not everything, was deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The manifest cannot be used, or no plan can be made.
    #[error("the manifest cannot be used: {}", .0.message)]
    Manifest(FileProblem),
    /// The definition has this fault.
    #[error("{name} is refused: {}", .problem.message)]
    Refused { name: String, problem: FileProblem },
    /// The plan has changed since it was shown.
    #[error("the plan is not the one that was shown")]
    AnotherPlan,
    /// There is no such environment.
    #[error(transparent)]
    Environment(#[from] super::environment::NoEnvironment),
    /// The plan cannot be carried out as it is.
    #[error(transparent)]
    Steps(#[from] StepsError),
    /// People have to approve it first: it is proposed.
    #[error("it needs an approval")]
    NeedsApproval,
    /// Nothing was deployed: a state machine was changed, or could not be read.
    #[error(transparent)]
    NotBegun(ApplyError),
    /// A call failed after `done` were deployed.
    #[error("{error} (deployed before: {done:?})")]
    Interrupted { error: ApplyError, done: Vec<String> },
}

/// A plan, or one workflow of it, as somebody saw it: nothing else is deployed or proposed.
#[derive(Clone, Copy, Debug)]
pub struct ShownPlan<'a> {
    /// The environment that it is of. Without it, the hash says which one of those that lead to the connection.
    pub environment: Option<&'a str>,
    /// The one workflow that is meant; `None` for all of them.
    pub only: Option<&'a str>,
    pub hash: &'a str,
}

impl<'a> ShownPlan<'a> {
    /// A whole plan, by its hash alone.
    #[must_use]
    pub const fn of(hash: &'a str) -> Self {
        Self { environment: None, only: None, hash }
    }
}

/// The last plan of an account.
#[derive(Debug, Default)]
pub struct Remembered(Option<Planned>);

#[derive(Debug)]
struct Planned {
    at: i64,
    fingerprint: Fingerprint,
    /// The environment that was asked for; `None` for the one that the connection shows.
    environment: Option<String>,
    plan: Arc<Plan>,
}

impl Remembered {
    /// Forgets it: something was deployed.
    pub fn forget(&mut self) {
        self.0 = None;
    }
}

impl Desk {
    /// The plan of the definitions against the connection, in the environment that chooses it: without the workflows that
    /// the actor may not see. The manifest's own problem is in its folder.
    ///
    /// # Errors
    /// The connection does not answer.
    pub async fn plan(&self, actor: &Actor) -> Result<Plan, Error> {
        self.plan_in(actor, None).await
    }

    /// The same in another environment, by its name.
    ///
    /// # Errors
    /// The connection does not answer, or there is no such environment.
    pub async fn plan_in(&self, actor: &Actor, environment: Option<&str>) -> Result<Plan, Error> {
        self.sight(actor)?;
        let mut plan = self.planned_lately(environment).await?;
        plan.items.retain(|item| self.sees(actor, item.machine()));
        Ok(plan)
    }

    async fn planned_lately(&self, environment: Option<&str>) -> Result<Plan, Error> {
        let is_slow = self.about().kind == ConnectionKind::Aws;
        let fingerprint = self.definitions().fingerprint();
        let is_fresh = |planned: &&Planned| {
            let same = planned.environment.as_deref() == environment;
            planned.at > self.now() - FRESH_MS && planned.fingerprint == fingerprint && same
        };
        if is_slow && let Some(planned) = self.planned().0.as_ref().filter(is_fresh) {
            return Ok(planned.plan.as_ref().clone());
        }
        let plan = self.fresh_plan(environment).await?;
        if is_slow {
            let environment = environment.map(str::to_owned);
            self.planned().0 = Some(Planned { at: self.now(), fingerprint, environment, plan: Arc::new(plan.clone()) });
        }
        Ok(plan)
    }

    /// The plan as the connection is now.
    pub(super) async fn fresh_plan(&self, environment: Option<&str>) -> Result<Plan, Error> {
        // An empty connection is not one that was not read yet.
        self.known().await?;
        let folder = self.definitions().read();
        let connection = self.id().as_str().to_owned();
        let empty = |folder: Arc<Folder>| Plan { problems: Vec::new(), ..nowhere(folder, &connection) };
        if !folder.problems.is_empty() {
            return Ok(empty(folder));
        }
        let chosen = match environment {
            Some(name) => Chosen::of(&folder.manifest, Some(name)).map_err(DeployError::from)?,
            None => match Chosen::of_connection(&folder.manifest, &connection) {
                Some(chosen) => chosen,
                None => return Ok(nowhere(Arc::clone(&folder), &connection)),
            },
        };
        let (timer, stop) = (Timer::system(), CancellationToken::new());
        let functions = self.functions_now().await.names;
        let planner = Planner {
            connection: &self.watch().connection,
            clock: self.watch().clock(),
            timer: &timer,
            stop: &stop,
            tell: &|_| {},
            functions: functions.as_deref(),
            variables: &|name| std::env::var(name).ok(),
            counts_running: true,
        };
        planner.plan_in(&folder, &chosen).await.map_err(|error| match error {
            PlanError::Manifest(problem) => DeployError::Manifest(problem).into(),
            PlanError::Environment(error) => DeployError::from(error).into(),
            PlanError::Call(error) => ReadError::from(error).into(),
            PlanError::Stopped => DeployError::AnotherPlan.into(),
        })
    }

    /// The plan that was shown. Several environments may lead to one connection: where only the hash says which of them was
    /// looked at, each is planned until one has it. Where none has it any more, and where nothing was shown, it is the plan of
    /// the one that the connection shows.
    pub(super) async fn plan_seen(&self, shown: Option<ShownPlan<'_>>) -> Result<Plan, Error> {
        if let Some(name) = shown.and_then(|shown| shown.environment) {
            return self.plan_of(name).await;
        }
        let first = self.fresh_plan(None).await?;
        let Some(shown) = shown.filter(|shown| !has_hash(&first, shown)) else { return Ok(first) };
        for name in Chosen::names_on(&first.folder.manifest, self.id().as_str()) {
            if name == first.environment {
                continue;
            }
            let plan = self.fresh_plan(Some(name)).await?;
            if has_hash(&plan, &shown) {
                return Ok(plan);
            }
        }
        Ok(first)
    }

    /// The plan of an environment that leads to this connection.
    async fn plan_of(&self, environment: &str) -> Result<Plan, Error> {
        let folder = self.definitions().read();
        let is_here = Chosen::names_on(&folder.manifest, self.id().as_str()).contains(&environment);
        // One that is gone, or leads elsewhere by now, is not this connection's to deploy. Mistakes of the manifest come first.
        if folder.problems.is_empty() && !is_here {
            return Err(DeployError::AnotherPlan.into());
        }
        self.fresh_plan(Some(environment)).await
    }

    /// Makes the parameters that the manifest names and has a value for, where there are none of their names: so an engine that
    /// is empty has what a demonstration reads. An endpoint without a Parameter Store keeps the manifest's own values.
    pub async fn make_parameters(&self) {
        let folder = self.definitions().read();
        let Some(chosen) = Chosen::of_connection(&folder.manifest, self.id().as_str()) else { return };
        let workflows = folder.manifest.workflows.keys();
        let tables = workflows.flat_map(|workflow| chosen.tables(workflow)).flat_map(|(_, table)| table.values());
        let named = tables.filter_map(|substitution| Some((substitution.parameter()?, substitution.value()?)));
        let named: BTreeMap<&str, &PlaceholderValue> = named.collect();
        for (name, value) in named {
            let (PlaceholderValue::Text(text) | PlaceholderValue::Json(text)) = value else { continue };
            if let Err(error) = self.watch().connection.calls.make_parameter(name, text).await {
                tracing::debug!(%error, parameter = name, "a parameter was not made");
            }
        }
    }

    /// The name of a workflow's state machine on this connection.
    #[must_use]
    pub fn machine_of(&self, workflow: &str) -> String {
        let folder = self.definitions().read();
        let chosen = Chosen::of_connection(&folder.manifest, self.id().as_str());
        chosen.map_or_else(|| workflow.to_owned(), |chosen| chosen.machine_name(workflow))
    }

    /// Deploys every new or changed definition without a review, for the first start. Returns the names.
    ///
    /// # Errors
    /// The manifest cannot be used, or a call fails.
    pub async fn deploy_everything(&self, actor: &Actor) -> Result<Vec<String>, Error> {
        self.deploy_planned(actor, None, "", false).await
    }

    /// Deploys one workflow, or all, according to the plan that was shown; `seen` is its hash. Returns the names.
    ///
    /// # Errors
    /// The plan has changed (then nothing was deployed), a definition is refused, the manifest cannot be used, or a call
    /// fails.
    pub async fn deploy_seen(&self, actor: &Actor, only: Option<&str>, seen: &str) -> Result<Vec<String>, Error> {
        self.deploy_from(actor, ShownPlan { only, ..ShownPlan::of(seen) }, "").await
    }

    /// The same with where the definitions come from, such as a revision of git, for the descriptions of versions.
    ///
    /// # Errors
    /// Those of [`Desk::deploy_seen`].
    pub async fn deploy_from(&self, actor: &Actor, shown: ShownPlan<'_>, source: &str) -> Result<Vec<String>, Error> {
        self.deploy_planned(actor, Some(shown), source, false).await
    }

    /// Deploys exactly a plan that people approved.
    pub(super) async fn deploy_approved(
        &self,
        actor: &Actor,
        shown: ShownPlan<'_>,
        source: &str,
    ) -> Result<Vec<String>, Error> {
        self.deploy_planned(actor, Some(shown), source, true).await
    }

    async fn deploy_planned(
        &self,
        actor: &Actor,
        shown: Option<ShownPlan<'_>>,
        source: &str,
        approved: bool,
    ) -> Result<Vec<String>, Error> {
        let only = shown.and_then(|shown| shown.only);
        self.permit_change(actor, Action::Deploy, only, None).await?;
        let folder = self.definitions().read();
        if let Some(problem) = folder.problems.first() {
            return Err(DeployError::Manifest(problem.clone()).into());
        }
        let plan = self.plan_seen(shown).await?;
        if !approved && self.approval_rule(&plan.environment).is_some() {
            return Err(DeployError::NeedsApproval.into());
        }
        if let Some(problem) = plan.problems.iter().find(|problem| problem.error) {
            return Err(DeployError::Manifest(problem.clone()).into());
        }
        let ready = wanted(&plan.items, only, shown.map(|shown| shown.hash))?;
        for item in &ready {
            self.permit_change(actor, Action::Deploy, Some(item.machine()), None).await?;
        }
        let items: Vec<ItemPlan> = ready.iter().map(|item| item.plan.clone()).collect();
        let done = self.apply_all(actor, &items, &label_of(source, &plan.hash)).await;
        self.planned().forget();
        self.watch().look_again().await;
        Ok(done?)
    }

    async fn apply_all(&self, actor: &Actor, items: &[ItemPlan], label: &str) -> Result<Vec<String>, DeployError> {
        let (timer, stop) = (Timer::system(), CancellationToken::new());
        let entry = self.carrying_out().begin(actor.name());
        let tell = |event: Event| {
            if entry.hears(&event) {
                self.watch().changes.publish([Topic::Workflows]);
            }
        };
        let means = Means {
            connection: &self.watch().connection,
            clock: self.watch().clock(),
            timer: &timer,
            stop: &stop,
            tell: &tell,
        };
        let labels = Labels { version: label.to_owned(), by: actor.id().to_owned() };
        let report = apply(means, items, false, &labels).await;
        drop(entry);
        self.watch().changes.publish([Topic::Workflows]);
        let report = report?;
        for item in items {
            self.watch().definition_changed(&item.arn);
        }
        for (_, alias_arn) in &report.rollouts {
            self.rolling().looks_at(alias_arn);
        }
        // The first deployment into an empty engine is reported on the terminal instead.
        if actor.person().is_some() {
            for act in acts(&report, label, By { actor, at: self.now() }) {
                self.put_on_record(act).await;
            }
        }
        let done = report.deployed();
        match report.failed {
            None => Ok(done),
            Some((None, error)) => Err(DeployError::NotBegun(error)),
            Some((Some(_), error)) => Err(DeployError::Interrupted { error, done }),
        }
    }
}

/// Whether a plan, or one workflow of it, is the one that was shown.
fn has_hash(plan: &Plan, shown: &ShownPlan<'_>) -> bool {
    match shown.only {
        Some(only) => plan.items.iter().any(|item| item.name() == only && item.hash() == shown.hash),
        None => plan.hash == shown.hash,
    }
}

/// The items to deploy, if the plan is the one that was `seen`.
pub(super) fn wanted<'i>(
    items: &'i [Item],
    only: Option<&str>,
    seen: Option<&str>,
) -> Result<Vec<&'i Item>, DeployError> {
    let wanted: Vec<&Item> = items.iter().filter(|item| only.is_none_or(|only| only == item.name())).collect();
    if let Some(seen) = seen {
        let now = match only {
            Some(_) => wanted.first().map(|item| item.hash()),
            None => Some(hash_of(items.iter().map(|item| &item.plan))),
        };
        if now.as_deref() != Some(seen) {
            return Err(DeployError::AnotherPlan);
        }
    }
    if let (Some(_), Some(item)) = (only, wanted.first())
        && item.is_refused()
    {
        let found = item.found.iter().find(|(_, one)| one.is_error()).cloned();
        return Err(found.map_or(DeployError::AnotherPlan, |found| DeployError::Refused {
            name: item.name().to_owned(),
            problem: file_problem(found),
        }));
    }
    Ok(wanted.into_iter().filter(|item| item.is_ready()).collect())
}

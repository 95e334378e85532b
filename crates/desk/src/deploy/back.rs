//! Going back by hand: the alias to the version before, or, where there is no alias, the definition and its settings to those of
//! the version before.
//!
//! The way is looked up first ([`way_back`]), so that it can be shown, and then taken ([`take`]) if everything is still as it
//! was. A definition that goes back is published again, as a version whose description says of which one it is: going back once
//! more goes further back, not forth.

use super::applied::Applied;
use super::apply::{ApplyError, Event, Means, carry_out};
use super::compare::compare;
use super::desired::{Desired, ItemPlan, Rollout, Setting, Stamp};
use super::driving::{machine_of, note_of};
use super::gather::{of_description, tags};
use super::item::{hash, item_hash};
use super::note::{Note, Progress, Why};
use super::patience::{Failure, Patience};
use super::perform::{Labels, describe_alias, found, lead};
use super::steps::{Step, What, has_settings, missing_tags};
use super::versions::all_versions;
use crate::connection::{AliasDescription, Api, ListedVersion, MachineDescription, Route, Tags, number_of};

/// How the description of a version begins that going back published; the number of the version that it repeats is behind it.
const BACK_TO: &str = "back to version ";
/// So many of the newest versions are compared with a machine, to find the one that it is. One that is none of them counts as
/// changed since the newest: the way back is to that one, and what is asked before it is taken names it.
const LOOKED_AT: usize = 5;

/// A way back as it was looked up: what executions would get, and what would be changed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// The version that executions would get.
    pub to: u64,
    /// The one that they get now; `None` where the machine as it is now was not published.
    pub from: Option<u64>,
    /// How many versions were not compared with the machine, where it is none of the newest: one of them may be what it is.
    pub not_compared: usize,
    what: Back,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Back {
    /// The alias as it is now.
    Alias(Box<AliasDescription>),
    /// The machine as it is now, and as it would be.
    Definition(Box<ItemPlan>),
}

impl WayBack {
    /// The alias that would be moved; `None` where the definition goes back.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        match &self.what {
            Back::Alias(there) => Some(&there.name),
            Back::Definition(_) => None,
        }
    }

    /// A hash of everything that it would send, and of everything that it would replace. A form carries it, so that only the
    /// way that was shown is taken.
    #[must_use]
    pub fn hash(&self) -> String {
        match &self.what {
            Back::Definition(plan) => item_hash(plan),
            Back::Alias(there) => {
                let routes = there.routes.iter().map(|route| format!("{}={}", route.version_arn, route.weight));
                hash([there.arn.clone(), self.to.to_string()].into_iter().chain(routes))
            }
        }
    }
}

/// What going back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBack {
    /// The version that executions get now, and the one that they got; the latter is `None` where the machine itself was
    /// no version.
    pub to: u64,
    pub from: Option<u64>,
    /// The alias that was moved; `None` where the definition was updated.
    pub alias: Option<String>,
    /// The number that the definition was published with again; `None` where an alias was moved.
    pub published: Option<u64>,
}

/// A definition that went back, and what comes after it and was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partly {
    pub back: WentBack,
    pub left: Vec<What>,
    pub failure: Failure,
}

/// Why nothing, or not everything, went back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackError {
    /// There is no such state machine.
    #[error("there is no state machine {0}")]
    NoMachine(String),
    /// There is no such alias.
    #[error("there is no alias {0}")]
    NoAlias(String),
    /// There is no version before the one that executions get.
    #[error("{0} has no version before this one")]
    NothingBefore(String),
    /// There are no versions at all, so nothing keeps what it was before.
    #[error("no version of {0} was published")]
    NeverPublished(String),
    /// The way back that was shown is another one.
    #[error("the way back is not the one that was shown")]
    AnotherWay,
    /// The definition went back, and what comes after it was not done.
    #[error("the definition is that of version {}, and then: {}", .0.back.to, .0.failure)]
    Partly(Box<Partly>),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The way back of a machine: of this alias, or of its definition.
///
/// # Errors
/// There is nothing to go back to, or a call failed.
pub async fn way_back(patience: &Patience<'_>, machine_arn: &str, alias: Option<&str>) -> Result<WayBack, BackError> {
    let versions = all_versions(patience, machine_arn).await?;
    let Some(alias) = alias else { return definition_way(patience, machine_arn, &versions).await };
    let arn = format!("{machine_arn}:{alias}");
    let there = describe_alias(patience, &arn).await?.ok_or_else(|| BackError::NoAlias(arn.clone()))?;
    alias_way(&there, &versions).ok_or(BackError::NothingBefore(arn))
}

/// What of going back was done; `None` where nothing was.
#[must_use]
pub fn gone_back(gone: &Result<WentBack, BackError>) -> Option<&WentBack> {
    match gone {
        Ok(back) => Some(back),
        Err(BackError::Partly(partly)) => Some(&partly.back),
        Err(_) => None,
    }
}

/// Takes a way back that was looked up.
///
/// # Errors
/// The machine or its alias was changed since, or a call failed; nothing was changed then. Only after [`BackError::Partly`] the
/// definition went back all the same: see [`gone_back`].
pub async fn take(means: Means<'_>, way: &WayBack, by: &str) -> Result<WentBack, BackError> {
    match &way.what {
        Back::Definition(plan) => definition_back(means, way, plan, by).await,
        Back::Alias(there) => {
            let waits = |waiting| (means.tell)(Event::Waits(waiting));
            let patience = Patience::new(means.connection, means.clock, means.timer, means.stop, &waits);
            alias_back(&patience, way, there, by).await
        }
    }
}

/// The way back of an alias; `None` where there is nothing before.
#[must_use]
pub fn alias_way(there: &AliasDescription, versions: &[ListedVersion]) -> Option<WayBack> {
    let (to, from) = before(there, versions)?;
    Some(WayBack { to, from: Some(from), not_compared: 0, what: Back::Alias(Box::new(there.clone())) })
}

/// The version to go back to from an alias, and the one that it leads to, or is being moved to.
fn before(there: &AliasDescription, versions: &[ListedVersion]) -> Option<(u64, u64)> {
    let exists = |number: &u64| versions.iter().any(|version| version.number() == *number);
    let most = there.routes.iter().max_by_key(|route| route.weight).and_then(|route| number_of(&route.version_arn))?;
    let lower = |than: u64| versions.iter().map(ListedVersion::number).filter(|number| *number < than).max();
    let leads_to = |number: u64| there.routes.iter().any(|route| number_of(&route.version_arn) == Some(number));
    let noted = note_of(there.description.as_deref()).filter(|note| leads_to(note.version));
    match noted {
        // Whoever went back already goes further back, not forth.
        Some(Note { state: Progress::Back { .. }, version, .. }) => Some((lower(version)?, version)),
        Some(Note { version, before: Some(before), .. }) if exists(&before) => Some((before, version)),
        _ if there.routes.len() > 1 => {
            // Somebody else shares the executions between two versions: the newer one is what is being tried.
            let mut numbers = there.routes.iter().filter_map(|route| number_of(&route.version_arn));
            let (one, other) = (numbers.next()?, numbers.next()?);
            Some((one.min(other), one.max(other)))
        }
        _ => Some((lower(most)?, most)),
    }
}

async fn alias_back(
    patience: &Patience<'_>,
    way: &WayBack,
    there: &AliasDescription,
    by: &str,
) -> Result<WentBack, BackError> {
    if describe_alias(patience, &there.arn).await?.as_ref() != Some(there) {
        return Err(Failure::Moved.into());
    }
    let WayBack { to, from, .. } = *way;
    let state = Progress::Back { from: from.unwrap_or_default(), why: Why::ByHand };
    let note = Note { version: to, before: from, state, at: patience.now(), by: by.to_owned() };
    let routes = Route::all_to(&format!("{}:{to}", machine_of(&there.arn)));
    lead(patience, (&there.name, &there.arn), true, &note, &routes).await?;
    Ok(WentBack { to, from, alias: Some(there.name.clone()), published: None })
}

/// The way back of a machine's definition. `versions` are newest first.
async fn definition_way(
    patience: &Patience<'_>,
    machine_arn: &str,
    versions: &[ListedVersion],
) -> Result<WayBack, BackError> {
    if versions.is_empty() {
        return Err(BackError::NeverPublished(machine_arn.to_owned()));
    }
    let now = describe(patience, machine_arn).await?.ok_or_else(|| BackError::NoMachine(machine_arn.to_owned()))?;
    // The version that the machine is, and the one below which it goes back.
    let mut current: Option<(u64, u64)> = None;
    let mut newest: Option<(u64, MachineDescription)> = None;
    for (place, version) in versions.iter().enumerate() {
        let number = version.number();
        if current.is_some_and(|(_, below)| number >= below) {
            continue;
        }
        if current.is_none() && place >= LOOKED_AT {
            break;
        }
        // One may be deleted meanwhile.
        let Some(described) = describe(patience, &version.arn).await? else { continue };
        match (has_settings(&desired_of(&described, Stamp::default()), &now), current) {
            (true, None) => current = Some((number, repeated(&described).unwrap_or(number))),
            (true, Some(_)) => {}
            (false, None) => newest = newest.or(Some((number, described))),
            (false, Some((from, _))) => return way_to(patience, now, (number, described), Some(from)).await,
        }
    }
    match newest {
        // What was made since the newest version was not published.
        Some(newest) if current.is_none() => {
            let way = way_to(patience, now, newest, None).await?;
            Ok(WayBack { not_compared: versions.len().saturating_sub(LOOKED_AT), ..way })
        }
        _ => Err(BackError::NothingBefore(machine_arn.to_owned())),
    }
}

async fn describe(patience: &Patience<'_>, arn: &str) -> Result<Option<MachineDescription>, Failure> {
    found(patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(arn)).await)
}

/// The version that a version repeats, because somebody went back to it. Any other description is somebody's own words.
fn repeated(version: &MachineDescription) -> Option<u64> {
    version.description.as_deref()?.strip_prefix(BACK_TO)?.parse().ok()
}

async fn way_to(
    patience: &Patience<'_>,
    now: MachineDescription,
    (to, version): (u64, MachineDescription),
    from: Option<u64>,
) -> Result<WayBack, BackError> {
    // Without its tags nobody knows whether Countersign deployed it, which is no reason not to go back.
    let tags = tags(patience, &now.arn).await?.unwrap_or_default();
    let (name, arn) = (now.name.clone(), now.arn.clone());
    let deployed = of_description(now, tags);
    let applied = Applied::tagged(&deployed).unwrap_or_default();
    let whole = desired_of(&version, deployed.stamp().unwrap_or_default());
    let mut plan = compare(&name, arn, whole.clone(), Some(deployed));
    // The manifest's tags belong to no version.
    plan.settings.retain(|one| one.setting != Setting::Tags);
    let keeps = |setting| plan.changes(setting) || applied.has(setting);
    let desired = Desired {
        logging: whole.logging.clone().filter(|_| keeps(Setting::Logging)),
        tracing: whole.tracing.filter(|_| keeps(Setting::Tracing)),
        encryption: whole.encryption.clone().filter(|_| keeps(Setting::Encryption)),
        ..whole
    };
    let plan = ItemPlan { desired: Some(desired), ..plan };
    Ok(WayBack { to, from, not_compared: 0, what: Back::Definition(Box::new(plan)) })
}

/// A machine that is what this version keeps: its definition, role, logging, tracing and encryption.
fn desired_of(version: &MachineDescription, stamp: Stamp) -> Desired {
    Desired {
        name: version.name.clone(),
        kind: version.kind,
        definition: version.definition.clone(),
        role_arn: version.role_arn.clone(),
        logging: Some(version.logging.clone()),
        tracing: Some(version.tracing),
        encryption: Some(version.encryption.clone()),
        tags: Tags::new(),
        stamp,
        alias: None,
        rollout: Rollout::default(),
        topics: Vec::new(),
        needs: Vec::new(),
    }
}

/// The steps of going back with a definition. Of a machine that Countersign deployed, the tags say what it is now: the next plan
/// names the folder's difference, and no drift.
fn steps_of(plan: &ItemPlan) -> Vec<Step> {
    let (Some(desired), Some(deployed)) = (&plan.desired, &plan.deployed) else { return Vec::new() };
    let records = deployed.stamp().is_some() && !missing_tags(desired, deployed).is_empty();
    let all = [(What::Update, true), (What::Publish, true), (What::Tag, records)];
    let step = |what| Step { item: 0, workflow: plan.workflow.clone(), what };
    all.into_iter().filter(|(_, is_due)| *is_due).map(|(what, _)| step(what)).collect()
}

async fn definition_back(means: Means<'_>, way: &WayBack, plan: &ItemPlan, by: &str) -> Result<WentBack, BackError> {
    let WayBack { to, from, .. } = *way;
    let labels = Labels { version: format!("{BACK_TO}{to}"), by: by.to_owned() };
    let report = carry_out(means, std::slice::from_ref(plan), steps_of(plan), &labels).await;
    let published = report.versions.values().find_map(|arn| number_of(arn));
    let back = WentBack { to, from, alias: None, published };
    let Some((_, error)) = report.failed else { return Ok(back) };
    let failure = match error {
        ApplyError::Changed(_) => Failure::Moved,
        ApplyError::Call(error) => Failure::Call(error),
        ApplyError::Unknown(error) => Failure::Unknown(error),
        ApplyError::Stopped => Failure::Stopped,
    };
    if report.done.is_empty() {
        return Err(failure.into());
    }
    let left = report.left.into_iter().map(|step| step.what).collect();
    Err(BackError::Partly(Box::new(Partly { back, left, failure })))
}

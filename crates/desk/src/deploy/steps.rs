//! The steps of an apply: what a plan does, one call after another, in the order in which things need each other.
//!
//! Pure: [`steps`] makes a list of a plan's items. Each step can be carried out twice with the effect of once
//! ([`super::perform`]), so an apply that was interrupted is resumed by planning again: what is left is what is applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::applied::{Applied, PutTags, canonical};
use super::desired::{
    APPLIED_TAG, Deployed, Desired, ENVIRONMENT_TAG, FOLDER_TAG, ItemPlan, LogLevel, Logging, Setting, Steps, TAGS_TAG,
};
use super::finding::Change;
use crate::connection::{Api, MachineDescription, MachineKind, MachineSettings, MachineUpdate, Tags};

/// A step. It belongs to one state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the plan's item that it is of.
    pub item: usize,
    pub workflow: String,
    pub what: What,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An SNS topic is made, unless it is there.
    MakeTopic { topic: String },
    /// The state machine is made, with its tags; and published as a version, unless [`Self::Publish`] follows.
    Create,
    /// Its definition, role, logging, tracing or encryption is updated; and it is published as with [`Self::Create`].
    Update,
    /// Tags that an earlier apply put, and that the manifest does not have any more, are removed.
    Untag,
    /// Its tags are set, with those by which Countersign knows what was applied.
    Tag,
    /// It is published as a version that an alias leads to. What was not published when it was made is published now.
    Publish,
    /// The alias leads to that version, for all executions.
    PointAlias { alias: String },
    /// The alias begins to move to that version.
    BeginRollout { alias: String },
    /// The state machine is deleted, with its versions and aliases.
    Remove,
}

impl What {
    /// The call that it makes, without those that read.
    #[must_use]
    pub const fn api(&self) -> Api {
        match self {
            Self::MakeTopic { .. } => Api::CreateTopic,
            Self::Create => Api::CreateStateMachine,
            Self::Update => Api::UpdateStateMachine,
            Self::Untag => Api::UntagResource,
            Self::Tag => Api::TagResource,
            Self::Publish => Api::PublishStateMachineVersion,
            Self::PointAlias { .. } | Self::BeginRollout { .. } => Api::UpdateStateMachineAlias,
            Self::Remove => Api::DeleteStateMachine,
        }
    }

    /// The calls that it makes to read, before and after.
    #[must_use]
    pub const fn reads(&self) -> &'static [Api] {
        match self {
            Self::MakeTopic { .. } | Self::Tag => &[],
            Self::Untag => &[Api::ListTagsForResource],
            Self::Create | Self::Update | Self::Remove => &[Api::DescribeStateMachine],
            Self::Publish => &[Api::ListStateMachineVersions, Api::DescribeStateMachine, Api::DescribeStateMachine],
            Self::PointAlias { .. } | Self::BeginRollout { .. } => &[Api::DescribeStateMachineAlias],
        }
    }
}

/// Why a plan cannot be carried out as it is. Nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepsError {
    /// It rolls back by the executions' outcomes, and nobody keeps those of Express executions.
    #[error("{0} is EXPRESS: the outcomes of its executions are not known, so it cannot roll back by them")]
    UnknownOutcomes(String),
    /// The type of a state machine cannot be changed.
    #[error("{0} is deployed as another type")]
    AnotherType(String),
    /// The alias leads to two versions: an earlier rollout has not ended.
    #[error("the alias {alias} of {workflow} leads to two versions")]
    RolloutUnderWay { workflow: String, alias: String },
}

/// The steps of a plan's items, those first that others need. Items that are unchanged or refused have none; those to be
/// removed only where that is `remove`.
///
/// # Errors
/// An item cannot be carried out.
pub fn steps(items: &[ItemPlan], remove: bool) -> Result<Vec<Step>, StepsError> {
    let mut steps = Vec::new();
    for item in ordered(items) {
        let plan = &items[item];
        let add = |what| Step { item, workflow: plan.workflow.clone(), what };
        steps.extend(of_item(plan)?.into_iter().map(add));
    }
    // What is removed goes last: nothing that was just updated needs it any more.
    let gone = items.iter().enumerate().filter(|(_, plan)| remove && plan.change == Change::ToBeRemoved);
    steps.extend(gone.map(|(item, plan)| Step { item, workflow: plan.workflow.clone(), what: What::Remove }));
    Ok(steps)
}

fn of_item(plan: &ItemPlan) -> Result<Vec<What>, StepsError> {
    let Some(desired) = plan.desired.as_ref().filter(|_| plan.is_ready()) else { return Ok(Vec::new()) };
    let name = || plan.workflow.clone();
    let in_shares = desired.alias.is_some() && desired.rollout.steps != Steps::AtOnce;
    if in_shares && desired.kind == MachineKind::Express && desired.rollout.roll_back.is_some() {
        return Err(StepsError::UnknownOutcomes(name()));
    }
    let mut what: Vec<What> = desired.topics.iter().map(|topic| What::MakeTopic { topic: topic.clone() }).collect();
    match &plan.deployed {
        None => what.push(What::Create),
        Some(deployed) if deployed.kind != desired.kind => return Err(StepsError::AnotherType(name())),
        Some(deployed) => {
            if !update_of(plan, desired).is_empty() {
                what.push(What::Update);
            }
            // Before the record of what was put is written: an apply that is interrupted in between goes on there.
            if !stale_tags(desired, deployed).is_empty() {
                what.push(What::Untag);
            }
            if !missing_tags(desired, deployed).is_empty() {
                what.push(What::Tag);
            }
        }
    }
    let Some(alias) = desired.alias.clone() else { return Ok(what) };
    let there = plan.deployed.as_ref().and_then(|deployed| deployed.aliases.iter().find(|one| one.name == alias));
    if there.is_some_and(|there| there.routes.len() > 1) {
        return Err(StepsError::RolloutUnderWay { workflow: name(), alias });
    }
    what.push(What::Publish);
    // A first version has nothing that executions could be moved away from.
    what.push(if in_shares && there.is_some() { What::BeginRollout { alias } } else { What::PointAlias { alias } });
    Ok(what)
}

/// What an update of the item changes: the settings that the plan lists.
#[must_use]
pub fn update_of(plan: &ItemPlan, desired: &Desired) -> MachineUpdate {
    let changes = |setting| plan.changes(setting);
    MachineUpdate {
        definition: changes(Setting::Definition).then(|| desired.definition.clone()),
        role_arn: desired.role_arn.clone().filter(|_| changes(Setting::Role)),
        settings: MachineSettings {
            logging: desired.logging.clone().filter(|_| changes(Setting::Logging)),
            tracing: desired.tracing.filter(|_| changes(Setting::Tracing)),
            encryption: desired.encryption.clone().filter(|_| changes(Setting::Encryption)),
        },
        publish: None,
    }
}

/// All tags that an item should have: the manifest's and Countersign's own.
#[must_use]
pub fn tags_of(desired: &Desired) -> Tags {
    let own = [
        (FOLDER_TAG, desired.stamp.folder.clone()),
        (ENVIRONMENT_TAG, desired.stamp.environment.clone()),
        (APPLIED_TAG, Applied::of(desired).to_string()),
    ];
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
    let put = PutTags::of(&desired.tags).text().map(|put| (TAGS_TAG.to_owned(), put));
    desired.tags.clone().into_iter().chain(own).chain(put).collect()
}

/// The tags that a machine does not have, or not with these values.
#[must_use]
pub fn missing_tags(desired: &Desired, deployed: &Deployed) -> Tags {
    let mut tags = tags_of(desired);
    tags.retain(|key, value| deployed.tags.get(key) != Some(value));
    tags
}

/// The keys of the tags that an earlier apply of this folder put on a machine, that still are as they were put, and that an item
/// does not have any more. Tags of others are never among them.
#[must_use]
pub fn stale_tags(desired: &Desired, deployed: &Deployed) -> Vec<String> {
    // What another folder put there is none of this one's.
    if deployed.stamp().is_none_or(|stamp| stamp.folder != desired.stamp.folder) {
        return Vec::new();
    }
    let (put, wanted) = (PutTags::tagged(deployed), tags_of(desired));
    let is_stale = |key: &str, value: &str| !wanted.contains_key(key) && (key == TAGS_TAG || put.has(key, value));
    deployed.tags.iter().filter(|(key, value)| is_stale(key, value)).map(|(key, _)| key.clone()).collect()
}

/// Whether a machine has everything that is desired of its own settings, whatever its tags and aliases.
#[must_use]
pub fn has_settings(desired: &Desired, now: &MachineDescription) -> bool {
    let same_logging = |one: &Logging| {
        // What is off is off, whatever stands beside it.
        one == &now.logging || one.level == LogLevel::Off && now.logging.level == LogLevel::Off
    };
    desired.kind == now.kind
        && canonical(&desired.definition) == canonical(&now.definition)
        && desired.role_arn.as_ref().is_none_or(|role| now.role_arn.as_ref() == Some(role))
        && desired.logging.as_ref().is_none_or(same_logging)
        && desired.tracing.is_none_or(|tracing| tracing == now.tracing)
        && desired.encryption.as_ref().is_none_or(|encryption| *encryption == now.encryption)
}

/// Whether a machine is the one that was planned with: its revision, where the endpoint keeps one, and all of its settings.
#[must_use]
pub fn is_as_planned(planned: &Deployed, now: &MachineDescription) -> bool {
    planned.kind == now.kind
        && planned.revision_id == now.revision_id
        && planned.definition == now.definition
        && planned.role_arn == now.role_arn
        && planned.logging == now.logging
        && planned.tracing == now.tracing
        && planned.encryption == now.encryption
}

/// The settings of a machine that is made.
#[must_use]
pub fn settings_of(desired: &Desired) -> MachineSettings {
    MachineSettings {
        logging: desired.logging.clone(),
        tracing: desired.tracing,
        encryption: desired.encryption.clone(),
    }
}

/// The numbers of the items, those first that others need; by name where nothing says otherwise. Machines that need each
/// other are in the order of their names: their ARNs are known before they exist.
#[must_use]
pub fn ordered(items: &[ItemPlan]) -> Vec<usize> {
    let (order, _) = walk(items);
    order
}

/// The workflows that need each other, each circle by the names in it.
#[must_use]
pub fn circles(items: &[ItemPlan]) -> Vec<Vec<String>> {
    walk(items).1
}

fn walk(items: &[ItemPlan]) -> (Vec<usize>, Vec<Vec<String>>) {
    let machine = |plan: &ItemPlan| plan.desired.as_ref().map(|desired| desired.name.clone());
    let by_name: BTreeMap<String, usize> =
        items.iter().enumerate().filter_map(|(at, plan)| Some((machine(plan)?, at))).collect();
    let mut walk = Walk {
        items,
        by_name: &by_name,
        done: BTreeSet::new(),
        on_way: Vec::new(),
        order: Vec::new(),
        circles: BTreeSet::new(),
    };
    for item in by_name.values() {
        walk.visit(*item);
    }
    (walk.order, walk.circles.into_iter().collect())
}

/// A walk through what items need, depth first.
struct Walk<'a> {
    items: &'a [ItemPlan],
    by_name: &'a BTreeMap<String, usize>,
    done: BTreeSet<usize>,
    on_way: Vec<usize>,
    order: Vec<usize>,
    circles: BTreeSet<Vec<String>>,
}

impl Walk<'_> {
    /// Depth is bounded by the number of items.
    fn visit(&mut self, item: usize) {
        if self.done.contains(&item) {
            return;
        }
        if let Some(from) = self.on_way.iter().position(|one| *one == item) {
            let mut names: Vec<String> =
                self.on_way[from..].iter().map(|one| self.items[*one].workflow.clone()).collect();
            // Wherever a walk enters a circle, it is the same one.
            let first = names.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
            names.rotate_left(first);
            if names.len() > 1 {
                self.circles.insert(names);
            }
            return;
        }
        self.on_way.push(item);
        let needs = self.items[item].desired.as_ref().map_or(&[][..], |desired| &desired.needs);
        for needed in needs.iter().filter_map(|name| self.by_name.get(name)) {
            self.visit(*needed);
        }
        self.on_way.pop();
        self.done.insert(item);
        self.order.push(item);
    }
}

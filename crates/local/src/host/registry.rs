//! Named resources: state machines, versions, aliases, activities, executions. In memory, and written to the store.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{ExecutionRow, ResourceKind, RunStatus, Store, StoreError};

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    /// Empty where none was given.
    #[serde(default)]
    pub value: String,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub arn: String,
    pub name: String,
    pub definition: String,
    pub role_arn: String,
    /// `STANDARD` or `EXPRESS`.
    pub kind: String,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    /// `None` until the first update, as on AWS.
    pub revision_id: Option<String>,
    pub logging: Option<Value>,
    pub tracing: Option<Value>,
    pub encryption: Option<Value>,
    pub tags: Vec<Tag>,
    /// The number of the latest version; a number is never used again.
    pub last_version: u64,
    /// The other parameters of `CreateStateMachine`: a repeated call has the same ones.
    #[serde(default)]
    pub created_with: CreatedWith,
    /// It was deleted, and its executions are ending.
    #[serde(default)]
    pub deleting: bool,
}

/// The other parameters with which a machine was created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedWith {
    pub publish: bool,
    pub version_description: Option<String>,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub arn: String,
    pub number: u64,
    pub description: Option<String>,
    pub created_at: i64,
    /// The machine as it was when it was published.
    pub machine: Machine,
}

/// A share of an alias's traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    pub state_machine_version_arn: String,
    /// 0 to 100.
    pub weight: i64,
}

/// An alias of one or two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub arn: String,
    pub machine_arn: String,
    pub name: String,
    pub description: Option<String>,
    pub routes: Vec<Route>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// An activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    pub arn: String,
    pub name: String,
    pub created_at: i64,
    pub encryption: Option<Value>,
    pub tags: Vec<Tag>,
}

/// Every named resource, by its ARN.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub machines: BTreeMap<String, Machine>,
    pub versions: BTreeMap<String, Version>,
    pub aliases: BTreeMap<String, Alias>,
    pub activities: BTreeMap<String, Activity>,
    executions: HashMap<String, ExecutionRow>,
    /// Executions of a machine in the order of their start.
    by_machine: HashMap<String, Vec<String>>,
}

impl Registry {
    /// Reads every resource.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        fn by_arn<T>(things: Vec<T>, arn: impl Fn(&T) -> String) -> BTreeMap<String, T> {
            things.into_iter().map(|thing| (arn(&thing), thing)).collect()
        }
        let mut registry = Self {
            machines: by_arn(store.resources(ResourceKind::Machine).await?, |thing: &Machine| thing.arn.clone()),
            versions: by_arn(store.resources(ResourceKind::Version).await?, |thing: &Version| thing.arn.clone()),
            aliases: by_arn(store.resources(ResourceKind::Alias).await?, |thing: &Alias| thing.arn.clone()),
            activities: by_arn(store.resources(ResourceKind::Activity).await?, |thing: &Activity| thing.arn.clone()),
            ..Self::default()
        };
        let mut rows = store.executions().await?;
        rows.sort_by_key(|row| row.params.start_at);
        rows.into_iter().for_each(|row| registry.put_execution(row));
        Ok(registry)
    }

    /// The execution with this ARN.
    #[must_use]
    pub fn execution(&self, arn: &str) -> Option<&ExecutionRow> {
        self.executions.get(arn)
    }

    /// Every execution, in no particular order.
    pub fn executions(&self) -> impl Iterator<Item = &ExecutionRow> {
        self.executions.values()
    }

    /// The ARNs of a machine's executions, oldest first.
    #[must_use]
    pub fn executions_of(&self, machine_arn: &str) -> &[String] {
        self.by_machine.get(machine_arn).map_or(&[], Vec::as_slice)
    }

    /// Whether a machine has executions that have not ended.
    #[must_use]
    pub fn is_running(&self, machine_arn: &str) -> bool {
        let rows = self.executions_of(machine_arn).iter().rev().filter_map(|arn| self.execution(arn));
        rows.into_iter().any(|row| row.status == RunStatus::Running)
    }

    /// What belongs to a machine: the machine, its versions and its aliases.
    #[must_use]
    pub fn parts_of(&self, machine_arn: &str) -> Vec<(ResourceKind, String)> {
        let versions =
            self.versions_of(machine_arn).into_iter().map(|version| (ResourceKind::Version, version.arn.clone()));
        let aliases = self.aliases_of(machine_arn).into_iter().map(|alias| (ResourceKind::Alias, alias.arn.clone()));
        [(ResourceKind::Machine, machine_arn.to_owned())].into_iter().chain(versions).chain(aliases).collect()
    }

    /// Forgets a machine, its versions and its aliases.
    pub fn forget_machine(&mut self, machine_arn: &str) {
        self.machines.remove(machine_arn);
        self.versions.retain(|_, version| version.machine.arn != machine_arn);
        self.aliases.retain(|_, alias| alias.machine_arn != machine_arn);
    }

    /// Keeps an execution's row in memory; its step writes it to the store.
    pub fn put_execution(&mut self, row: ExecutionRow) {
        let arn = row.params.execution_arn.clone();
        let machine = row.params.state_machine_arn.clone();
        if self.executions.insert(arn.clone(), row).is_none() {
            self.by_machine.entry(machine).or_default().push(arn);
        }
    }

    /// The versions of a machine, newest first.
    #[must_use]
    pub fn versions_of(&self, machine_arn: &str) -> Vec<&Version> {
        let mut versions: Vec<&Version> =
            self.versions.values().filter(|version| version.machine.arn == machine_arn).collect();
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        versions
    }

    /// The aliases of a machine, in the order they were made.
    #[must_use]
    pub fn aliases_of(&self, machine_arn: &str) -> Vec<&Alias> {
        let mut aliases: Vec<&Alias> = self.aliases.values().filter(|alias| alias.machine_arn == machine_arn).collect();
        aliases.sort_by(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)));
        aliases
    }
}

//! The versions of a state machine: which of them aliases lead to, and which may go. A machine has 1,000 at most.

use std::collections::BTreeSet;

use super::driving::note_of;
use super::note::Note;
use super::patience::{Failure, Patience};
use super::perform::{describe_alias, found};
use crate::connection::{AliasDescription, Api, ListedMachine, ListedVersion};

/// A machine's versions and aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Newest first.
    pub versions: Vec<ListedVersion>,
    pub aliases: Vec<AliasDescription>,
}

impl Published {
    /// The notes of its aliases, by their names.
    #[must_use]
    pub fn notes(&self) -> Vec<(&str, Option<Note>)> {
        let note = |one: &AliasDescription| note_of(one.description.as_deref());
        self.aliases.iter().map(|one| (one.name.as_str(), note(one))).collect()
    }

    /// The versions that may go, oldest first: all but the newest `keep`, those that an alias leads to, and those that an
    /// alias led to before, which it would go back to.
    #[must_use]
    pub fn to_prune(&self, keep: usize) -> Vec<ListedVersion> {
        let routed = self.aliases.iter().flat_map(|alias| &alias.routes).map(|route| route.version_arn.as_str());
        let routed: BTreeSet<&str> = routed.collect();
        let before: BTreeSet<u64> = self.notes().into_iter().filter_map(|(_, note)| note?.before).collect();
        let may_go =
            |version: &&ListedVersion| !routed.contains(version.arn.as_str()) && !before.contains(&version.number());
        let mut old: Vec<ListedVersion> = self.versions.iter().skip(keep).filter(may_go).cloned().collect();
        old.reverse();
        old
    }
}

/// All versions of a machine, newest first.
///
/// # Errors
/// A call failed.
pub async fn all_versions(patience: &Patience<'_>, machine_arn: &str) -> Result<Vec<ListedVersion>, Failure> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    // To the end, however small the pages are: what is not listed would count as a version that may go.
    loop {
        let page =
            patience.read(Api::ListStateMachineVersions, |calls| calls.versions(machine_arn, next.clone())).await?;
        all.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    all.sort_by_key(|version: &ListedVersion| std::cmp::Reverse(version.number()));
    Ok(all)
}

/// The machine with this name; `None` if there is none.
///
/// # Errors
/// A call failed.
pub async fn machine_named(patience: &Patience<'_>, name: &str) -> Result<Option<ListedMachine>, Failure> {
    let mut next: Option<String> = None;
    loop {
        let page = patience.read(Api::ListStateMachines, |calls| calls.list_machines(next.clone())).await?;
        if let Some(found) = page.items.into_iter().find(|machine| machine.name == name) {
            return Ok(Some(found));
        }
        next = page.next;
        if next.is_none() {
            return Ok(None);
        }
    }
}

/// The description of a version; `None` where it has none, or is gone.
///
/// # Errors
/// A call failed.
pub async fn version_label(patience: &Patience<'_>, version_arn: &str) -> Result<Option<String>, Failure> {
    let read = patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(version_arn)).await;
    Ok(found(read)?.and_then(|version| version.description))
}

/// The versions and aliases of a machine.
///
/// # Errors
/// A call failed.
pub async fn published(patience: &Patience<'_>, machine_arn: &str) -> Result<Published, Failure> {
    let versions = all_versions(patience, machine_arn).await?;
    let names = patience.read(Api::ListStateMachineAliases, |calls| calls.list_aliases(machine_arn)).await?;
    let mut aliases = Vec::new();
    for name in names {
        // One may go meanwhile.
        aliases.extend(describe_alias(patience, &format!("{machine_arn}:{name}")).await?);
    }
    Ok(Published { versions, aliases })
}

/// What deleting versions came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub deleted: Vec<u64>,
    /// Those that an alias leads to by now.
    pub in_use: Vec<u64>,
    /// Those that were not deleted because of this failure.
    pub left: Vec<u64>,
    pub failed: Option<Failure>,
}

/// Deletes versions one after the other, and tells each. The service refuses one that an alias leads to.
pub async fn prune(patience: &Patience<'_>, versions: &[ListedVersion], tell: &(dyn Fn(u64) + Send + Sync)) -> Pruned {
    let mut pruned = Pruned::default();
    for (place, version) in versions.iter().enumerate() {
        let arn = &version.arn;
        let look = || async {
            let read = patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(arn)).await;
            Ok(found(read)?.is_none().then_some(()))
        };
        match patience.change(Api::DeleteStateMachineVersion, |calls| calls.delete_version(arn), look).await {
            Ok(_) => {
                pruned.deleted.push(version.number());
                tell(version.number());
            }
            Err(Failure::Call(error)) if error.is_conflict() => pruned.in_use.push(version.number()),
            Err(failure) => {
                pruned.left = versions[place..].iter().map(ListedVersion::number).collect();
                pruned.failed = Some(failure);
                break;
            }
        }
    }
    pruned
}

//! Going back by hand: the alias to the version before, or, where there is no alias, the definition to that of the version
//! before.

use super::driving::{machine_of, note_of};
use super::note::{Note, Progress, Why};
use super::patience::{Failure, Patience};
use super::perform::{describe_alias, found, lead};
use super::versions::all_versions;
use crate::connection::{
    AliasDescription, Api, ListedVersion, MachineDescription, MachineSettings, MachineUpdate, Route, number_of,
};

/// What going back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBack {
    /// The version that executions get now, and the one that they got; the latter is `None` where the machine itself was
    /// no version.
    pub to: u64,
    pub from: Option<u64>,
    /// The alias that was moved; `None` where the definition was updated.
    pub alias: Option<String>,
}

/// Why nothing went back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackError {
    /// There is no such state machine.
    #[error("there is no state machine {0}")]
    NoMachine(String),
    /// There is no version before the one that executions get.
    #[error("{0} has no version before this one")]
    NothingBefore(String),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Goes back with a machine: with its alias, if it has this one, else with its definition.
///
/// # Errors
/// There is nothing to go back to, or a call failed; nothing was changed then.
pub async fn go_back(
    patience: &Patience<'_>,
    machine_arn: &str,
    alias: Option<&str>,
    by: &str,
) -> Result<WentBack, BackError> {
    let versions = all_versions(patience, machine_arn).await?;
    let alias_arn = alias.map(|name| format!("{machine_arn}:{name}"));
    let there = match &alias_arn {
        Some(arn) => describe_alias(patience, arn).await?,
        None => None,
    };
    match there {
        Some(there) => alias_back(patience, &there, &versions, by).await,
        None => definition_back(patience, machine_arn, &versions).await,
    }
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
    there: &AliasDescription,
    versions: &[ListedVersion],
    by: &str,
) -> Result<WentBack, BackError> {
    let machine_arn = machine_of(&there.arn);
    let (to, from) = before(there, versions).ok_or_else(|| BackError::NothingBefore(there.arn.clone()))?;
    let state = Progress::Back { from, why: Why::ByHand };
    let note = Note { version: to, before: Some(from), state, at: patience.now(), by: by.to_owned() };
    let routes = Route::all_to(&format!("{machine_arn}:{to}"));
    lead(patience, (&there.name, &there.arn), true, &note, &routes).await?;
    Ok(WentBack { to, from: Some(from), alias: Some(there.name.clone()) })
}

async fn definition_back(
    patience: &Patience<'_>,
    machine_arn: &str,
    versions: &[ListedVersion],
) -> Result<WentBack, BackError> {
    let now = describe(patience, machine_arn).await?.ok_or_else(|| BackError::NoMachine(machine_arn.to_owned()))?;
    let is_now = |version: &MachineDescription| {
        version.definition == now.definition && version.role_arn == now.role_arn && version.logging == now.logging
    };
    let mut from = None;
    for version in versions {
        let Some(described) = describe(patience, &version.arn).await? else { continue };
        if is_now(&described) {
            from = from.or_else(|| Some(version.number()));
            continue;
        }
        restore(patience, machine_arn, &described, &now).await?;
        return Ok(WentBack { to: version.number(), from, alias: None });
    }
    Err(BackError::NothingBefore(machine_arn.to_owned()))
}

async fn describe(patience: &Patience<'_>, arn: &str) -> Result<Option<MachineDescription>, Failure> {
    found(patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(arn)).await)
}

/// Gives a machine the definition and settings of one of its versions.
async fn restore(
    patience: &Patience<'_>,
    machine_arn: &str,
    version: &MachineDescription,
    before: &MachineDescription,
) -> Result<(), Failure> {
    let update = MachineUpdate {
        definition: Some(version.definition.clone()),
        role_arn: version.role_arn.clone(),
        settings: MachineSettings {
            logging: Some(version.logging.clone()),
            tracing: Some(version.tracing),
            encryption: None,
        },
    };
    let look = || async {
        let now = describe(patience, machine_arn).await?.ok_or(Failure::Moved)?;
        if now.definition == version.definition && now.role_arn == version.role_arn {
            return Ok(Some(now.revision_id));
        }
        if now.revision_id == before.revision_id { Ok(None) } else { Err(Failure::Moved) }
    };
    let made =
        patience.change(Api::UpdateStateMachine, |calls| calls.update_machine(machine_arn, update.clone()), look);
    made.await.map(drop)
}

//! Deploying on the desk: the plan, and its execution.

use std::sync::Arc;

use super::apply::ApplyError;
use super::finding::{Change, FileProblem};
use super::plan::{Item, PlanTarget, file_problem, hash_of};
use super::{EMULATOR_ACCOUNT, Folder, folder_findings, partition_of, plan};
use crate::actor::Actor;
use crate::audit::Done;
use crate::connection::{Connection, ConnectionKind, MachineSettings, MachineUpdate, NewMachine, Tags};
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::policy::Action;
use crate::watch::Snapshot;

/// The definitions compared with the deployed state machines.
#[derive(Clone, Debug)]
pub struct Plan {
    pub folder: Arc<Folder>,
    pub items: Vec<Item>,
    /// The hash of everything that would be deployed. The form sends it back.
    pub hash: String,
    /// Problems that belong to no single workflow: files that are not deployed, undeclared functions.
    pub problems: Vec<FileProblem>,
}

/// Why nothing, or not everything, was deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The manifest cannot be used.
    #[error("the manifest cannot be used: {}", .0.message)]
    Manifest(FileProblem),
    /// The definition has this fault.
    #[error("{name} is refused: {}", .problem.message)]
    Refused { name: String, problem: FileProblem },
    /// The plan has changed since it was shown.
    #[error("the plan is not the one that was shown")]
    AnotherPlan,
    /// Nothing was deployed: a state machine was changed, or could not be read.
    #[error(transparent)]
    NotBegun(ApplyError),
    /// A call failed after `done` were deployed.
    #[error("{error} (deployed before: {done:?})")]
    Interrupted { error: ApplyError, done: Vec<String> },
}

/// The partition and account of the state machines.
struct Owner {
    partition: String,
    account: String,
}

impl Desk {
    /// The plan of the definitions against the connection.
    ///
    /// # Errors
    /// The connection has not answered yet.
    pub async fn plan(&self, actor: &Actor) -> Result<Plan, Error> {
        self.sight(actor)?;
        let folder = self.definitions().read();
        let mut items = self.items(&folder).await?;
        let found = folder_findings(&folder, self.definitions().functions().as_deref());
        let hash = hash_of(&items);
        items.retain(|item| self.sees(actor, &item.name));
        Ok(Plan { hash, items, problems: found.into_iter().map(file_problem).collect(), folder })
    }

    async fn items(&self, folder: &Folder) -> Result<Vec<Item>, ReadError> {
        let snapshot = self.known().await?;
        let owner = self.owner(&snapshot).await?;
        let about = self.about();
        let functions = self.functions_now().await.names;
        let target = PlanTarget {
            partition: &owner.partition,
            region: &about.region,
            account: &owner.account,
            aws: about.kind == ConnectionKind::Aws,
            functions: functions.as_deref(),
        };
        Ok(plan(folder, &snapshot, target))
    }

    /// The owner of the state machines: that of the deployed ones, else the caller, else an emulator's account.
    async fn owner(&self, snapshot: &Snapshot) -> Result<Owner, ReadError> {
        let about = self.about();
        let emulator =
            Owner { partition: partition_of(&about.region).to_owned(), account: EMULATOR_ACCOUNT.to_owned() };
        if let Some(owner) = snapshot.machines.keys().next().and_then(|arn| owner_of(arn)) {
            return Ok(owner);
        }
        if about.kind == ConnectionKind::Embedded {
            return Ok(emulator);
        }
        match self.watch().connection.calls.caller().await {
            Ok(caller) => {
                let partition = caller.arn.as_deref().and_then(owner_of).map(|owner| owner.partition);
                let partition = partition.unwrap_or(emulator.partition);
                Ok(Owner { partition, account: caller.account.unwrap_or(emulator.account) })
            }
            Err(error) if about.kind == ConnectionKind::Aws => Err(error.into()),
            Err(_) => Ok(emulator),
        }
    }

    /// Deploys every new or changed definition without a review, for the first start. Returns the names.
    ///
    /// # Errors
    /// The manifest cannot be used, or a call fails.
    pub async fn deploy_everything(&self, actor: &Actor) -> Result<Vec<String>, Error> {
        self.deploy_planned(actor, None, None).await
    }

    /// Deploys one workflow, or all, according to the plan that was shown; `seen` is its hash. Returns the names.
    ///
    /// # Errors
    /// The plan has changed (then nothing was deployed), a definition is refused, the manifest cannot be used, or a call
    /// fails.
    pub async fn deploy_seen(&self, actor: &Actor, only: Option<&str>, seen: &str) -> Result<Vec<String>, Error> {
        self.deploy_planned(actor, only, Some(seen)).await
    }

    async fn deploy_planned(
        &self,
        actor: &Actor,
        only: Option<&str>,
        seen: Option<&str>,
    ) -> Result<Vec<String>, Error> {
        self.permit_change(actor, Action::Deploy, only, None).await?;
        let folder = self.definitions().read();
        if let Some(problem) = &folder.problem {
            return Err(DeployError::Manifest(problem.clone()).into());
        }
        let items = self.items(&folder).await?;
        let ready = wanted(&items, only, seen)?;
        for item in &ready {
            self.permit_change(actor, Action::Deploy, Some(&item.name), None).await?;
        }
        for item in &ready {
            if let Err(error) = still_planned(&self.watch().connection, item).await {
                self.watch().definition_changed(&item.arn);
                self.watch().look_again().await;
                return Err(DeployError::NotBegun(error).into());
            }
        }
        let done = self.apply_all(actor, &ready).await;
        self.watch().look_again().await;
        Ok(done?)
    }

    async fn apply_all(&self, actor: &Actor, items: &[&Item]) -> Result<Vec<String>, DeployError> {
        let mut done: Vec<String> = Vec::new();
        for item in items {
            match apply(&self.watch().connection, item).await {
                Ok(arn) => {
                    self.watch().definition_changed(&arn);
                    // The first deployment into an empty engine is reported on the terminal instead.
                    if actor.person().is_some() {
                        self.note(actor, Done::Deployed { workflow: item.name.clone() }).await;
                    }
                    done.push(item.name.clone());
                }
                Err(error) => return Err(DeployError::Interrupted { error, done }),
            }
        }
        Ok(done)
    }
}

/// The items to deploy, if the plan is the one that was `seen`.
fn wanted<'i>(items: &'i [Item], only: Option<&str>, seen: Option<&str>) -> Result<Vec<&'i Item>, DeployError> {
    let wanted: Vec<&Item> = items.iter().filter(|item| only.is_none_or(|only| only == item.name)).collect();
    if let Some(seen) = seen {
        let now = match only {
            Some(_) => wanted.first().map(|item| item.hash()),
            None => Some(hash_of(items)),
        };
        if now.as_deref() != Some(seen) {
            return Err(DeployError::AnotherPlan);
        }
    }
    if let (Some(_), Some(item)) = (only, wanted.first())
        && item.change == Change::Refused
    {
        let found = item.found.iter().find(|(_, one)| one.is_error()).cloned();
        return Err(found.map_or(DeployError::AnotherPlan, |found| DeployError::Refused {
            name: item.name.clone(),
            problem: file_problem(found),
        }));
    }
    Ok(wanted.into_iter().filter(|item| item.is_ready()).collect())
}

/// The role if the manifest names none: emulators accept any.
const ANY_ROLE: &str = "arn:aws:iam::000000000000:role/countersign";

/// Checks that the machine is still the one that the item was compared with.
async fn still_planned(connection: &Connection, item: &Item) -> Result<(), ApplyError> {
    let now = match connection.calls.describe_machine(&item.arn).await {
        Ok(now) => Some(now),
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let same = match (&item.deployed, now) {
        (None, None) => true,
        (Some(planned), Some(now)) => {
            planned.definition.text == now.definition
                && planned.revision_id == now.revision_id
                && planned.kind == now.kind
                && planned.role_arn == now.role_arn
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(ApplyError::Changed(item.name.clone())) }
}

/// Deploys one item that is new or changed. Returns the machine's ARN.
async fn apply(connection: &Connection, item: &Item) -> Result<String, ApplyError> {
    for topic in &item.topics {
        // Creating a topic that exists returns its ARN.
        connection.calls.create_topic(topic).await?;
    }
    match (&item.deployed, item.change) {
        (Some(machine), Change::Changed) => {
            let update = MachineUpdate {
                definition: Some(item.text.clone()),
                role_arn: item.new_role(machine).map(str::to_owned),
                settings: MachineSettings::default(),
            };
            connection.calls.update_machine(&machine.arn, update).await?;
            Ok(machine.arn.clone())
        }
        _ => {
            let new = NewMachine {
                name: item.name.clone(),
                definition: item.text.clone(),
                role_arn: item.role_arn.clone().unwrap_or_else(|| ANY_ROLE.to_owned()),
                kind: item.machine_kind(),
                settings: MachineSettings::default(),
                tags: Tags::new(),
            };
            Ok(connection.calls.create_machine(new).await?)
        }
    }
}

fn owner_of(arn: &str) -> Option<Owner> {
    let mut parts = arn.split(':').skip(1);
    let partition = parts.next().filter(|part| !part.is_empty())?.to_owned();
    let account = parts.nth(2).filter(|part| !part.is_empty())?.to_owned();
    Some(Owner { partition, account })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_its_owner() {
        let owner = owner_of("arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:a");
        assert_eq!(
            owner.map(|owner| (owner.partition, owner.account)),
            Some(("aws-us-gov".into(), "123456789012".into()))
        );
        assert!(owner_of("nonsense").is_none());
    }
}

//! The desk's part of deploying: the plan as a page, and carrying it out.

use super::apply::{apply, still_planned};
use super::plan::{Item, file_problem, hash_of};
use super::{EMULATOR_ACCOUNT, MANIFEST, Target, folder_findings, partition_of, plan};
use crate::dto::{Change, ConnectionKind, DeployItem, DeployPage, FileProblem};
use crate::error::{AppError, ErrorKind};
use crate::server::connection::problem;
use crate::server::desk::Desk;
use crate::server::watch::Snapshot;

/// The partition and the account that machines live in.
struct Owner {
    partition: String,
    account: String,
}

impl Desk {
    /// The plan of the definitions against the connection.
    ///
    /// # Errors
    /// The connection has not answered yet.
    pub async fn deploy_plan(&self) -> Result<DeployPage, AppError> {
        let folder = self.definitions.read();
        let items = self.plan(&folder).await?;
        let hash = hash_of(&items);
        let ready = items.iter().any(Item::is_ready);
        let mut rows: Vec<DeployItem> = items.into_iter().map(Item::into_dto).collect();
        let found = folder_findings(&folder, self.definitions.functions());
        let problems = found.into_iter().map(file_problem).collect();
        if let Some(problem) = folder.problem {
            rows.insert(0, refused_manifest(problem));
        }
        Ok(DeployPage {
            folder: folder.path.display().to_string(),
            items: rows,
            ready,
            hash,
            problems,
            now: self.watch.now(),
        })
    }

    async fn plan(&self, folder: &super::Folder) -> Result<Vec<Item>, AppError> {
        let snapshot = self.known().await?;
        let owner = self.owner(&snapshot).await?;
        let about = &self.watch.clients.about;
        let target = Target {
            partition: &owner.partition,
            region: &about.region,
            account: &owner.account,
            aws: about.kind == ConnectionKind::Aws,
            functions: self.definitions.functions(),
        };
        Ok(plan(folder, &snapshot, target))
    }

    /// The owner of the machines: read off the ARNs that are there; else the caller's; else an emulator's.
    async fn owner(&self, snapshot: &Snapshot) -> Result<Owner, AppError> {
        let about = &self.watch.clients.about;
        let emulator =
            Owner { partition: partition_of(&about.region).to_owned(), account: EMULATOR_ACCOUNT.to_owned() };
        if let Some(owner) = snapshot.machines.keys().next().and_then(|arn| owner_of(arn)) {
            return Ok(owner);
        }
        if about.kind == ConnectionKind::Embedded {
            return Ok(emulator);
        }
        match self.watch.clients.sts.get_caller_identity().send().await {
            Ok(caller) => {
                let partition = caller.arn.as_deref().and_then(owner_of).map(|owner| owner.partition);
                let partition = partition.unwrap_or(emulator.partition);
                Ok(Owner { partition, account: caller.account.unwrap_or(emulator.account) })
            }
            Err(error) if about.kind == ConnectionKind::Aws => Err(problem("ask which account this is", about, &error)),
            Err(_) => Ok(emulator),
        }
    }

    /// Deploys what is new or changed, whatever it is: for the first start, which nobody reviews. Returns the names.
    ///
    /// # Errors
    /// A refused definition was asked for, the manifest cannot be used, or the connection does not answer or refuses.
    pub async fn deploy(&self, only: Option<&str>) -> Result<Vec<String>, AppError> {
        self.deploy_planned(only, None).await
    }

    /// Deploys what somebody saw: one workflow, or all; `seen` is the hash that the page showed. Returns the names.
    ///
    /// # Errors
    /// The plan is another one by now: nothing was deployed then. Or as [`Self::deploy`].
    pub async fn deploy_seen(&self, only: Option<&str>, seen: &str) -> Result<Vec<String>, AppError> {
        self.deploy_planned(only, Some(seen)).await
    }

    async fn deploy_planned(&self, only: Option<&str>, seen: Option<&str>) -> Result<Vec<String>, AppError> {
        let folder = self.definitions.read();
        if let Some(problem) = &folder.problem {
            return Err(refused("Nothing", problem));
        }
        let items = self.plan(&folder).await?;
        let wanted: Vec<&Item> = items.iter().filter(|item| only.is_none_or(|only| only == item.name)).collect();
        if let Some(seen) = seen {
            let now = match only {
                Some(_) => wanted.first().map(|item| item.hash()),
                None => Some(hash_of(&items)),
            };
            if now.as_deref() != Some(seen) {
                return Err(another_plan());
            }
        }
        if let (Some(_), Some(item)) = (only, wanted.first())
            && item.change == Change::Refused
        {
            let found = item.found.iter().find(|(_, one)| one.is_error()).cloned();
            return Err(found.map_or_else(another_plan, |found| refused(&item.name, &file_problem(found))));
        }
        let ready: Vec<&Item> = wanted.into_iter().filter(|item| item.is_ready()).collect();
        for item in &ready {
            if let Err(error) = still_planned(&self.watch.clients, item).await {
                self.watch.definition_changed(&item.arn);
                self.watch.look_again().await;
                return Err(error);
            }
        }
        let done = self.apply_all(&ready).await;
        self.watch.look_again().await;
        done
    }

    async fn apply_all(&self, items: &[&Item]) -> Result<Vec<String>, AppError> {
        let mut done: Vec<String> = Vec::new();
        for item in items {
            match apply(&self.watch.clients, item).await {
                Ok(arn) => {
                    self.watch.definition_changed(&arn);
                    done.push(item.name.clone());
                }
                Err(mut error) => {
                    if !done.is_empty() {
                        error.problem.what += &format!(" Before that, {} was deployed.", done.join(", "));
                    }
                    return Err(error);
                }
            }
        }
        Ok(done)
    }
}

fn owner_of(arn: &str) -> Option<Owner> {
    let mut parts = arn.split(':').skip(1);
    let partition = parts.next().filter(|part| !part.is_empty())?.to_owned();
    let account = parts.nth(2).filter(|part| !part.is_empty())?.to_owned();
    Some(Owner { partition, account })
}

fn another_plan() -> AppError {
    AppError::new(
        ErrorKind::Conflict,
        "The plan is not the one that was shown: a file or a state machine has changed since. Nothing was deployed.",
        "Look at the new plan below, then deploy it.",
    )
}

fn refused_manifest(problem: FileProblem) -> DeployItem {
    DeployItem {
        name: MANIFEST.to_owned(),
        file: problem.file.clone(),
        change: Change::Refused,
        hash: String::new(),
        diff: Vec::new(),
        problems: vec![problem],
        substitutions: Vec::new(),
    }
}

fn refused(name: &str, problem: &FileProblem) -> AppError {
    let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
    let what = format!("{name} was not deployed: {place}: {}.", problem.message.trim_end_matches('.'));
    AppError::new(ErrorKind::Invalid, what, problem.remedy.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_read_off_an_arn() {
        let owner = owner_of("arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:a");
        assert_eq!(
            owner.map(|owner| (owner.partition, owner.account)),
            Some(("aws-us-gov".into(), "123456789012".into()))
        );
        assert!(owner_of("nonsense").is_none());
    }
}

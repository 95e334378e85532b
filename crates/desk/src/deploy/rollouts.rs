//! Rollouts on the desk: the aliases that move are found on the connection, looked at every few seconds, and moved as their
//! notes say; people finish them and go back.
//!
//! Nothing of a rollout is kept here. After a restart, and where another program began one, the aliases of all machines are
//! gone through once, slowly; those that move are looked at from then on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::apply::{Event, Means};
use super::back::{BackError, WayBack, WentBack, gone_back, take, way_back};
use super::driving::{Counting, Looked, finish, look, machine_of, note_of};
use super::note::Note;
use super::patience::{Failure, Patience};
use super::perform::describe_alias;
use super::recording::{By, moved, pruned, went_back};
use super::rollout::{Move, Outcomes};
use super::timer::Timer;
use super::versions::{Pruned, Published, prune, published};
use crate::actor::Actor;
use crate::clock::Clock;
use crate::connection::{Api, CallError, ConnectionKind, ExecutionStatus, Fault, ListedVersion, number_of};
use crate::desk::Desk;
use crate::error::{Error, ReadError};
use crate::index::{ExecutionPage, Filter, Shown};
use crate::news::Topic;
use crate::policy::Action;
use crate::search::Term;
use crate::store::{Act, StoreError};
use crate::watch::Machine;

/// The pause between two looks at what rolls out.
const PAUSE: Duration = Duration::from_secs(5);
/// After so long all aliases are gone through again, in milliseconds.
const SWEEP: i64 = 10 * 60_000;
/// How many machines are gone through at one look: on AWS two calls a second would take the quota from others.
const MACHINES: usize = 2;
const MACHINES_ELSEWHERE: usize = 200;
/// Failures of a version that are looked through for the first one.
const FAILURES: u32 = 200;
/// Executions that are counted at most.
const MOST: u32 = 1_000_000;

/// What the desk knows of rollouts while it runs.
#[derive(Debug, Default)]
pub(crate) struct Rolling(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The aliases that move, by their ARNs, each with its last note.
    moving: BTreeMap<String, Option<Note>>,
    /// The machines that are still to be gone through, and when that began last.
    to_see: Vec<String>,
    swept_at: Option<i64>,
}

impl Rolling {
    fn with<R>(&self, with: impl FnOnce(&mut Known) -> R) -> R {
        // Every entry is added or removed as a whole.
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An alias begins to move: the next look says how.
    pub(crate) fn looks_at(&self, alias_arn: &str) {
        self.with(|known| _ = known.moving.entry(alias_arn.to_owned()).or_default());
    }
}

/// Why nothing was done about a rollout, or versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolloutError {
    /// No rollout of this workflow is going on.
    #[error("no rollout of {0} is going on")]
    NoRollout(String),
    #[error(transparent)]
    Back(#[from] BackError),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Counts by the index, which has what the watch has read.
struct Indexed<'a> {
    desk: &'a Desk,
    machine_arn: &'a str,
}

impl Counting for Indexed<'_> {
    fn outcomes(
        &self,
        version_arn: &str,
        since: i64,
    ) -> Pin<Box<dyn Future<Output = Result<Outcomes, Failure>> + Send + '_>> {
        let version = number_of(version_arn).unwrap_or_default().to_string();
        Box::pin(async move {
            let filter = |status| Filter {
                machine_arn: Some(self.machine_arn.to_owned()),
                shown: Some(Shown::Status(status)),
                from: Some(since),
                terms: vec![Term::Version(version.clone())],
                ..Filter::default()
            };
            let count = async |status| {
                let counted = self.desk.index().count(self.desk.id(), &filter(status), MOST).await;
                counted.map(|counted| counted.count).map_err(|error| unread(&error))
            };
            let mut outcomes = Outcomes { succeeded: count(ExecutionStatus::Succeeded).await?, ..Outcomes::default() };
            let mut first: Option<(Option<i64>, String)> = None;
            for status in [ExecutionStatus::Failed, ExecutionStatus::TimedOut] {
                let failed = count(status).await?;
                outcomes.failed += failed;
                if failed == 0 {
                    continue;
                }
                let page: ExecutionPage = self
                    .desk
                    .index()
                    .executions(self.desk.id(), &filter(status), None, FAILURES)
                    .await
                    .map_err(|error| unread(&error))?;
                for one in page.rows {
                    let found = (one.summary.ended_at, one.summary.arn);
                    if first.as_ref().is_none_or(|first| found < *first) {
                        first = Some(found);
                    }
                }
            }
            outcomes.first_failure = first.map(|(_, arn)| arn);
            Ok(outcomes)
        })
    }
}

/// The index could not be read: whoever counts by it does not know the outcomes.
fn unread(error: &StoreError) -> Failure {
    let fault = Fault::Unsent(error.to_string());
    Failure::Call(CallError { api: Api::ListExecutions, subject: String::new(), fault })
}

/// A clock, a timer, and nobody who stops it.
pub(crate) struct Unhurried {
    clock: Clock,
    timer: Timer,
    stop: CancellationToken,
}

impl Unhurried {
    /// Calls of a desk's connection.
    pub(crate) fn patience<'a>(&'a self, desk: &'a Desk) -> Patience<'a> {
        Patience::new(&desk.watch().connection, &self.clock, &self.timer, &self.stop, &|_| {})
    }
}

impl Desk {
    /// What calls within the quota are made with.
    pub(crate) fn unhurried(&self) -> Unhurried {
        Unhurried { clock: self.watch().clock().clone(), timer: Timer::system(), stop: CancellationToken::new() }
    }

    /// Moves what rolls out until `end`, and carries out what was approved before the program ended.
    #[expect(clippy::disallowed_methods, reason = "the timer between two looks; a test looks without the loop")]
    pub(crate) async fn drive_rollouts(self: &Arc<Self>, end: &CancellationToken) {
        self.resume_proposals().await;
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            self.drive_once().await;
        }
    }

    /// Looks at what rolls out, and for what began to.
    pub(crate) async fn drive_once(&self) {
        if self.about().read_only {
            return;
        }
        self.find_rollouts().await;
        let moving: Vec<String> = self.rolling().with(|known| known.moving.keys().cloned().collect());
        for alias_arn in moving {
            if let Err(error) = self.drive(&alias_arn).await {
                tracing::warn!(%error, alias = %alias_arn, "a rollout could not be looked at");
            }
        }
    }

    /// One look at an alias that moves.
    async fn drive(&self, alias_arn: &str) -> Result<(), Failure> {
        let machine_arn = machine_of(alias_arn);
        let counting = Indexed { desk: self, machine_arn };
        let unhurried = self.unhurried();
        let looked = look(&unhurried.patience(self), alias_arn, &counting).await?;
        let is_over = match &looked {
            Looked::None | Looked::Elsewhere { .. } => true,
            Looked::Waits { note, .. } | Looked::Moved { note, .. } => note.rolling().is_none(),
        };
        if let Looked::Moved { note, to } = &looked {
            let by = By { actor: &Actor::Program, at: self.now() };
            if let Some(act) = moved(alias_arn, note, to, by) {
                self.put_on_record(act).await;
            }
        }
        self.rolling().with(|known| match looked {
            Looked::Waits { note, .. } | Looked::Moved { note, .. } if !is_over => {
                known.moving.insert(alias_arn.to_owned(), Some(note));
            }
            _ => _ = known.moving.remove(alias_arn),
        });
        Ok(())
    }

    /// Goes through the aliases of some machines, so that after a while all were seen.
    async fn find_rollouts(&self) {
        let (now, machines) = (self.now(), self.watch().snapshot());
        let many = if self.about().kind == ConnectionKind::Aws { MACHINES } else { MACHINES_ELSEWHERE };
        let some: Vec<String> = self.rolling().with(|known| {
            if known.to_see.is_empty()
                && known.swept_at.is_none_or(|at| now - at >= SWEEP)
                && machines.data_at.is_some()
            {
                known.swept_at = Some(now);
                known.to_see = machines.machines.keys().cloned().collect();
            }
            let from = known.to_see.len().saturating_sub(many);
            known.to_see.split_off(from)
        });
        for machine_arn in some {
            let unhurried = self.unhurried();
            match moving_aliases(&unhurried.patience(self), &machine_arn).await {
                Ok(found) => found.iter().for_each(|alias| self.rolling().looks_at(alias)),
                Err(Failure::Call(error)) if error.is_denied() => {
                    // Whoever may not list aliases drives no rollout: it is not asked for every machine.
                    self.rolling().with(|known| known.to_see.clear());
                    return;
                }
                Err(error) => tracing::debug!(%error, machine = %machine_arn, "its aliases are not known"),
            }
        }
    }

    /// Puts an act on record. It has happened already: if recording fails, the log has it.
    pub(crate) async fn put_on_record(&self, act: Act) {
        if let Err(error) = self.store().act(self.id(), &act).await {
            tracing::error!(%error, ?act, "an act could not be put on record");
        }
        self.watch().changes.publish([Topic::Inbox, Topic::Workflows]);
    }

    /// The rollouts that are known to go on, of the workflows that the actor may see: each alias's ARN, and its note.
    ///
    /// # Errors
    /// The actor may see nothing of the connection.
    pub fn rollouts(&self, actor: &Actor) -> Result<Vec<(String, Note)>, Error> {
        self.sight(actor)?;
        let all: Vec<(String, Note)> = self.rolling().with(|known| {
            known.moving.iter().filter_map(|(alias, note)| Some((alias.clone(), note.clone()?))).collect()
        });
        let sees = |(alias, _): &(String, Note)| self.sees_machine(actor, machine_of(alias));
        Ok(all.into_iter().filter(sees).collect())
    }

    /// The versions and aliases of a workflow, read now: what runs where, since when and by whom.
    ///
    /// # Errors
    /// The actor may not see it, there is no such workflow, or the connection does not answer.
    pub async fn releases(&self, actor: &Actor, workflow: &str) -> Result<Published, Error> {
        let machine = self.standard(actor, workflow).await?;
        let unhurried = self.unhurried();
        let found = published(&unhurried.patience(self), &machine.arn).await;
        Ok(found.map_err(RolloutError::from)?)
    }

    async fn standard(&self, actor: &Actor, workflow: &str) -> Result<Machine, Error> {
        self.permit(actor, Action::View, Some(workflow))?;
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(workflow).cloned();
        Ok(machine.ok_or_else(|| ReadError::NoWorkflow(workflow.to_owned()))?)
    }

    /// Ends the rollout of a workflow's alias: all executions get the new version.
    ///
    /// # Errors
    /// The actor may not deploy it, no rollout is going on, or a call failed.
    pub async fn finish_rollout(&self, actor: &Actor, workflow: &str, alias: &str) -> Result<Note, Error> {
        self.permit_change(actor, Action::Deploy, Some(workflow), None).await?;
        let machine = self.standard(actor, workflow).await?;
        let alias_arn = format!("{}:{alias}", machine.arn);
        let unhurried = self.unhurried();
        let finished = finish(&unhurried.patience(self), &alias_arn, actor.id()).await;
        let note = finished.map_err(|failure| match failure {
            Failure::Moved => RolloutError::NoRollout(workflow.to_owned()),
            failure => failure.into(),
        })?;
        self.rolling().with(|known| known.moving.remove(&alias_arn));
        if let Some(act) = moved(&alias_arn, &note, &Move::Finish, By { actor, at: self.now() }) {
            self.put_on_record(act).await;
        }
        Ok(note)
    }

    /// The way back of a workflow's definition, for whoever looks: nothing is changed.
    ///
    /// # Errors
    /// The actor may not see it, there is nothing to go back to, or a call failed.
    pub async fn definition_way(&self, actor: &Actor, workflow: &str) -> Result<WayBack, Error> {
        let machine = self.standard(actor, workflow).await?;
        let unhurried = self.unhurried();
        Ok(way_back(&unhurried.patience(self), &machine.arn, None).await.map_err(RolloutError::from)?)
    }

    /// Goes back with a workflow: this alias to the version before, or its definition, where no alias is named. `seen` is the
    /// hash of the way that was shown, where one was.
    ///
    /// # Errors
    /// The actor may not deploy it, there is nothing to go back to, the way is not the one that was shown, or a call failed.
    pub async fn roll_back(
        &self,
        actor: &Actor,
        workflow: &str,
        alias: Option<&str>,
        seen: Option<&str>,
    ) -> Result<WentBack, Error> {
        self.permit_change(actor, Action::Deploy, Some(workflow), None).await?;
        let machine = self.standard(actor, workflow).await?;
        let unhurried = self.unhurried();
        let way = way_back(&unhurried.patience(self), &machine.arn, alias).await.map_err(RolloutError::from)?;
        if seen.is_some_and(|seen| seen != way.hash()) {
            return Err(RolloutError::from(BackError::AnotherWay).into());
        }
        let gone = self.carry_back(actor, &way, &unhurried).await;
        if let Some(back) = gone_back(&gone) {
            if let Some(alias) = &back.alias {
                self.rolling().with(|known| known.moving.remove(&format!("{}:{alias}", machine.arn)));
            }
            self.put_on_record(went_back(workflow, back, By { actor, at: self.now() })).await;
        }
        self.planned().forget();
        self.watch().definition_changed(&machine.arn);
        self.watch().look_again().await;
        Ok(gone.map_err(RolloutError::from)?)
    }

    /// Takes a way back; whoever looks at the page sees how far it is.
    async fn carry_back(&self, actor: &Actor, way: &WayBack, unhurried: &Unhurried) -> Result<WentBack, BackError> {
        let entry = self.carrying_out().begin(actor.name());
        let tell = |event: Event| {
            if entry.hears(&event) {
                self.watch().changes.publish([Topic::Workflows]);
            }
        };
        let Unhurried { clock, timer, stop } = unhurried;
        let means = Means { connection: &self.watch().connection, clock, timer, stop, tell: &tell };
        take(means, way, actor.id()).await
    }

    /// Deletes versions of a workflow that were shown; those that an alias leads to by now stay.
    ///
    /// # Errors
    /// The actor may not deploy it, or there is no such workflow.
    pub async fn prune_versions(
        &self,
        actor: &Actor,
        workflow: &str,
        versions: &[ListedVersion],
    ) -> Result<Pruned, Error> {
        self.permit_change(actor, Action::Deploy, Some(workflow), None).await?;
        let machine = self.standard(actor, workflow).await?;
        // What was shown is of this machine, whatever a form sends.
        let own: Vec<ListedVersion> =
            versions.iter().filter(|version| machine_of(&version.arn) == machine.arn).cloned().collect();
        let unhurried = self.unhurried();
        let done = prune(&unhurried.patience(self), &own, &|_| {}).await;
        if !done.deleted.is_empty() {
            self.put_on_record(pruned(workflow, &done.deleted, By { actor, at: self.now() })).await;
        }
        Ok(done)
    }
}

/// The aliases of a machine that move, by their ARNs.
async fn moving_aliases(patience: &Patience<'_>, machine_arn: &str) -> Result<Vec<String>, Failure> {
    let mut moving = Vec::new();
    let names = patience.read(Api::ListStateMachineAliases, |calls| calls.list_aliases(machine_arn)).await?;
    for name in names {
        let arn = format!("{machine_arn}:{name}");
        let alias = describe_alias(patience, &arn).await?;
        let note = alias.and_then(|alias| note_of(alias.description.as_deref()));
        moving.extend(note.filter(|note| note.rolling().is_some()).map(|_| arn));
    }
    Ok(moving)
}

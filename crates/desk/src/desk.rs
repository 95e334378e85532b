//! The desk: everything that serves one connection, and the only place where its parts meet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_engine::SharedSandbox;
use tokio_util::sync::CancellationToken;

use crate::actor::Actor;
use crate::approvals::{Courier, Holding, Keeper, Reading, worded};
use crate::bulk::Running;
use crate::clock::Clock;
use crate::condition::Identity;
use crate::connection::{About, CallError, CallTally, Connection, ConnectionId};
use crate::deploy::{
    Approved, Definitions, Deployments, Folder, KeptReplays, ManifestTrouble, Remembered, Rolling, Sample, UnderWay,
};
use crate::error::{Error, ReadError};
use crate::eyes::Eyes;
use crate::index::Index;
use crate::inputs::Qualifiers;
use crate::news::{Changes, Topic};
use crate::notify::Telling;
use crate::policy::{Action, Authority};
use crate::redact::{RedactionKey, Tokens};
use crate::redriving::Ordered;
use crate::starting::refuse_express;
use crate::store::{Decision, Store};
use crate::traces::Traced;
use crate::watch::{Attending, Looking, Machine, Record, Snapshot, Waiting, Watch};

/// The most executions that one page may have read more often: each costs calls.
const MOST_LOOKED_AT: usize = 16;

/// The parts of a desk.
pub struct Parts {
    pub connection: Connection,
    pub store: Arc<dyn Store>,
    /// What is known of the connection's executions.
    pub index: Arc<dyn Index>,
    /// The folder that definitions are deployed from.
    pub definitions: Definitions,
    pub clock: Clock,
    /// Where expressions of definitions are evaluated, because they may never end.
    pub sandbox: Option<SharedSandbox>,
    /// For the fingerprints of task tokens; the same after a restart.
    pub redaction_key: RedactionKey,
    /// Who may do what.
    pub authority: Arc<Authority>,
    /// For how many milliseconds a choice can be taken back; 0 where it decides at once.
    pub undo_ms: i64,
}

/// Everything that serves one connection.
pub struct Desk {
    watch: Arc<Watch>,
    store: Arc<dyn Store>,
    courier: Courier,
    definitions: Definitions,
    /// The calls that were made through the connection.
    tally: Arc<CallTally>,
    identity: Identity,
    keeper: Keeper,
    holding: Holding,
    /// The outbox of messages, where there are channels.
    telling: Telling,
    ordered: Mutex<Ordered>,
    qualifiers: Mutex<Qualifiers>,
    traced: Traced,
    /// The runs over many executions that are being carried out.
    running: Running,
    rolling: Rolling,
    approved: Approved,
    /// The deployments that are being carried out.
    deployments: Deployments,
    /// The last plan of an account, which takes many calls.
    planned: Mutex<Remembered>,
    /// What replays found lately.
    replayed: Mutex<KeptReplays>,
}

/// The connection's health, for the frame around every page.
#[derive(Clone, Debug)]
pub struct Standing {
    pub about: About,
    /// The number of waiting requests.
    pub waiting: u64,
    /// When the connection was last read, in milliseconds since the epoch.
    pub data_at: Option<i64>,
    /// Why the connection does not answer, if it answered before.
    pub problem: Option<CallError>,
    /// Whether the last reading failed, whatever was read before.
    pub failed: bool,
    /// The operations that IAM denies: what they would show is missing.
    pub denied: Vec<CallError>,
    /// Why the manifest cannot be used.
    pub manifest: Option<ManifestTrouble>,
}

impl Desk {
    /// A desk that has not read its connection yet; see [`Desk::run`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let changes = Arc::new(Changes::of_run(&parts.clock));
        Self::with_changes(parts, &changes)
    }

    /// The same with the log of changes that it shares with the desks of other connections.
    pub(crate) fn with_changes(parts: Parts, changes: &Arc<Changes>) -> Self {
        let Parts { connection, store, index, definitions, clock, sandbox, redaction_key, authority, undo_ms } = parts;
        let tally = Arc::new(CallTally::default());
        let connection = connection.counted(&tally, &clock);
        let watch = Watch::new(connection, index, clock, &redaction_key).with_changes(changes);
        let watch = Arc::new(match sandbox {
            Some(sandbox) => watch.with_sandbox(sandbox),
            None => watch,
        });
        if authority.reads_tags() {
            watch.want_tags();
        }
        let courier = Courier::new(Arc::clone(&watch), Arc::clone(&store), authority);
        Self {
            watch,
            store,
            courier,
            definitions,
            tally,
            identity: Identity::default(),
            keeper: Keeper::default(),
            holding: Holding::for_ms(undo_ms),
            telling: Telling::default(),
            ordered: Mutex::default(),
            qualifiers: Mutex::default(),
            traced: Traced::default(),
            running: Running::default(),
            rolling: Rolling::default(),
            approved: Approved::default(),
            deployments: Deployments::default(),
            planned: Mutex::default(),
            replayed: Mutex::default(),
        }
    }

    /// Watches the connection, delivers decisions and follows the definitions until `end`.
    pub async fn run(self: Arc<Self>, end: CancellationToken) {
        let watching = Arc::clone(&self.watch).run(end.clone());
        let looking = Arc::clone(&self.watch).look_closely(end.clone());
        let delivering = self.courier.clone().run(end.clone());
        let following = self.definitions.follow(&self.watch.changes, &end);
        let keeping = self.keep_rules(&end);
        let (settling, telling) = (self.settle_held(&end), self.tell(&end));
        let rolling = self.drive_rollouts(&end);
        let (denials, functions) = (self.follow_denials(&end), self.follow_functions(&end));
        tokio::join!(watching, looking, delivering, following, denials, functions, keeping, settling, telling, rolling);
    }

    /// Publishes what IAM denies and permits again until `end`: pages say what they cannot show.
    async fn follow_denials(&self, end: &CancellationToken) {
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = self.tally.denials_changed() => self.watch.changes.publish([Topic::Frame, Topic::Health]),
            }
        }
    }

    /// The connection as a person sees it.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.watch.connection.about
    }

    /// The folder that definitions are deployed from.
    #[must_use]
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// What changed, on this connection and on those that share its log.
    #[must_use]
    pub fn changes(&self) -> &Arc<Changes> {
        self.watch.changes.changes()
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.watch.now()
    }

    pub(crate) const fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    pub(crate) const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(crate) const fn holding(&self) -> &Holding {
        &self.holding
    }

    pub(crate) const fn telling(&self) -> &Telling {
        &self.telling
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The connection's name, which every row of the store and every address has.
    #[must_use]
    pub fn id(&self) -> &ConnectionId {
        &self.watch.connection.id
    }

    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The redrives that were ordered and are not on record yet.
    pub(crate) fn ordered(&self) -> MutexGuard<'_, Ordered> {
        // An entry is added or removed as a whole.
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The versions and aliases that were listed.
    pub(crate) fn known_qualifiers(&self) -> MutexGuard<'_, Qualifiers> {
        // An entry is replaced as a whole.
        self.qualifiers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The traces that are known to be on record.
    pub(crate) const fn traced(&self) -> &Traced {
        &self.traced
    }

    pub(crate) fn planned(&self) -> MutexGuard<'_, Remembered> {
        // A plan is replaced as a whole.
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn replayed(&self) -> MutexGuard<'_, KeptReplays> {
        // An entry is added or removed as a whole.
        self.replayed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tally(&self) -> &CallTally {
        &self.tally
    }

    pub(crate) const fn running(&self) -> &Running {
        &self.running
    }

    pub(crate) const fn rolling(&self) -> &Rolling {
        &self.rolling
    }

    pub(crate) const fn carrying_out(&self) -> &Deployments {
        &self.deployments
    }

    /// The deployments that this process carries out now, and how far they are.
    #[must_use]
    pub fn under_way(&self) -> Vec<UnderWay> {
        self.deployments.all()
    }

    pub(crate) const fn approved(&self) -> &Approved {
        &self.approved
    }

    pub(crate) const fn courier(&self) -> &Courier {
        &self.courier
    }

    /// The current definitions. The watch gets the activities that people answer.
    pub(crate) fn folder(&self) -> Arc<Folder> {
        let folder = self.definitions.read();
        self.watch.activities_for_people(&folder.policies());
        folder
    }

    /// The connection's health.
    ///
    /// # Errors
    /// The actor may not see it, or the index cannot be read.
    pub async fn standing(&self, actor: &Actor) -> Result<Standing, Error> {
        self.watch.open().await?;
        let (sight, snapshot) = (self.sight(actor)?, self.watch.snapshot());
        Ok(Standing {
            about: self.about().clone(),
            waiting: self.index().waiting(self.id(), &sight).await?,
            data_at: snapshot.data_at,
            // Before the first reading the page itself shows the problem.
            problem: snapshot.problem.clone().filter(|_| snapshot.data_at.is_some()),
            failed: snapshot.problem.is_some(),
            denied: self.tally.denied(self.now()),
            manifest: self.definitions.trouble(),
        })
    }

    pub(crate) fn index(&self) -> &dyn Index {
        self.watch.index()
    }

    /// The last reading, by this process or one before; an error if there has been none.
    pub(crate) async fn known(&self) -> Result<Arc<Snapshot>, ReadError> {
        self.watch.open().await?;
        if self.watch.snapshot().data_at.is_none() {
            self.watch.first_look().await;
        }
        let snapshot = self.watch.snapshot();
        match (&snapshot.data_at, &snapshot.problem) {
            (None, Some(problem)) => Err(problem.clone().into()),
            _ => Ok(snapshot),
        }
    }

    /// The last reading of the connection, with the machines that the actor may see.
    ///
    /// # Errors
    /// The actor may see nothing of it, or the connection has not answered yet.
    pub async fn snapshot(&self, actor: &Actor) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.known().await?;
        if self.sight(actor)?.is_all() {
            return Ok(snapshot);
        }
        let mut seen = (*snapshot).clone();
        seen.machines.retain(|_, machine| self.sees(actor, &machine.name));
        Ok(Arc::new(seen))
    }

    /// The last reading of the connection, and one of its machines, by its name.
    ///
    /// # Errors
    /// There is no machine of this name, or the connection has not answered yet.
    pub async fn machine(&self, actor: &Actor, name: &str) -> Result<(Arc<Snapshot>, Machine), Error> {
        self.permit(actor, Action::View, Some(name))?;
        let snapshot = self.known().await?;
        let machine = snapshot.machine_named(name).cloned();
        let machine = machine.ok_or_else(|| ReadError::NoWorkflow(name.to_owned()))?;
        Ok((snapshot, machine))
    }

    /// The sample inputs of a workflow, by its name; none if the definitions do not name it.
    ///
    /// # Errors
    /// The actor may not see it.
    pub fn samples(&self, actor: &Actor, workflow: &str) -> Result<Vec<Sample>, Error> {
        self.permit(actor, Action::View, Some(workflow))?;
        Ok(self.definitions.read().samples(workflow))
    }

    /// The wording of the requests in `waiting`, in their order, as far as the actor sees what they ask for.
    #[must_use]
    pub fn readable(&self, actor: &Actor, waiting: &[Waiting]) -> Vec<(Waiting, Reading)> {
        let policies = self.folder().policies();
        let workflows: BTreeSet<&str> = waiting.iter().map(|wait| wait.workflow.as_str()).collect();
        let eyes: BTreeMap<&str, Eyes> = workflows.into_iter().map(|one| (one, self.eyes(actor, one))).collect();
        let readable = |wait: &Waiting| worded(&policies, &eyes[wait.workflow.as_str()], wait);
        waiting.iter().map(readable).collect()
    }

    /// One execution and its waiting requests.
    ///
    /// # Errors
    /// The execution does not exist, it is an Express execution, or the connection does not answer.
    pub async fn execution(&self, actor: &Actor, arn: &str) -> Result<(Arc<Record>, Vec<Waiting>), Error> {
        refuse_express(arn)?;
        self.permit(actor, Action::View, workflow_of(arn))?;
        let record = self.watch.record(arn).await?;
        // First, because the manifest names the activities that people answer.
        self.folder();
        let waiting = self.watch.waiting_in(record.waits());
        Ok((record, waiting))
    }

    /// Removes the tokens of every execution that was read from a text.
    #[must_use]
    pub fn redactor(&self) -> Arc<Tokens> {
        self.watch.all_tokens()
    }

    /// The newest decisions, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn latest_decisions(&self, actor: &Actor, limit: u32) -> Result<Vec<Decision>, Error> {
        let sight = self.sight(actor)?;
        // Of more than are asked for, enough are of what the actor may see.
        let looked_at = if sight.is_all() { limit } else { limit.saturating_mul(20) };
        let mut latest = self.store.latest(self.id(), looked_at).await?;
        latest.retain(|one| sight.is_all() || self.sees(actor, &one.decision.workflow));
        latest.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(latest.into_iter().map(|one| self.as_seen(actor, one)).collect())
    }

    /// Has these executions read more often until the returned guards are dropped: at most 16 that the connection is known
    /// to have.
    ///
    /// # Errors
    /// The actor may not see them.
    pub async fn look_at(&self, actor: &Actor, executions: &BTreeSet<String>) -> Result<Vec<Looking>, Error> {
        self.sight(actor)?;
        let mut looking = Vec::new();
        // Of a long list of inventions only so many cost a query.
        for arn in executions.iter().take(MOST_LOOKED_AT) {
            let is_seen = workflow_of(arn).is_some_and(|workflow| self.sees(actor, workflow));
            if is_seen && self.watch.knows(arn).await {
                looking.push(self.watch.look_at(arn));
            }
        }
        Ok(looking)
    }

    /// Somebody has a page of this connection open until the guard is dropped: a connection that can be asked often is
    /// looked at more closely meanwhile.
    ///
    /// # Errors
    /// The actor may not see it.
    pub fn attend(&self, actor: &Actor) -> Result<Attending, Error> {
        self.sight(actor)?;
        Ok(self.watch.attend())
    }

    /// When the connection was last read, in milliseconds since the epoch.
    #[must_use]
    pub fn data_at(&self) -> Option<i64> {
        self.watch.snapshot().data_at
    }

    /// Reads the connection immediately, and waits for the result at most 1.5 seconds.
    pub async fn look_again(&self) {
        self.watch.look_again().await;
    }

    /// Looks now at an execution of this connection, or at everything, because another program says that something
    /// happened. An execution of another account or region is none of this connection's.
    ///
    /// # Errors
    /// The actor may not see it, or the connection does not answer.
    pub async fn hear_of(&self, actor: &Actor, execution: Option<&str>) -> Result<(), Error> {
        self.sight(actor)?;
        match execution {
            Some(arn) => Ok(self.watch.hear_of(arn).await?),
            None => {
                self.watch.nudge();
                Ok(())
            }
        }
    }

    /// Sends a recorded decision and stores the outcome. Does nothing if it is being sent already.
    pub async fn deliver(&self, decision: &Decision) {
        self.courier.send(decision).await;
    }

    /// Waits for the first reading of the connection; for the start of the program.
    pub async fn first_look(&self) {
        self.watch.first_look().await;
    }

    /// Closes the store and the index after the current writes.
    pub async fn close(&self) {
        self.index().close().await;
        self.store.close().await;
    }
}

/// The machine's name in an execution's ARN: `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`.
pub(crate) fn workflow_of(arn: &str) -> Option<&str> {
    // A child of a Map Run has the label of its Map state behind the name.
    arn.split(':').nth(6)?.split('/').next()
}

//! The only reader of the connection: it polls within the API's quotas, and all pages read its results.
//!
//! A round lists machines and executions, reads the histories of running executions that can wait for a person, and
//! publishes what changed. Pages about one execution ask for its [`Record`]; concurrent readings of the same one are joined.

#[cfg(any(test, feature = "fake"))]
pub mod account;
mod attention;
mod closely;
mod contents;
mod digest;
mod events;
mod execution;
mod following;
mod hearing;
mod item;
mod lists;
mod pace;
mod past;
mod pause;
mod reading;
mod record;
mod records;
mod round;
mod snapshot;
mod stages;
mod tags;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use countersign_engine::SharedSandbox;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::closely::Attending;
pub use self::events::{EventFilter, Kinds, details};
use self::execution::topics_of;
use self::following::Following;
pub use self::item::{ItemAt, ItemPath};
pub use self::pace::Pace;
use self::reading::Reader;
pub use self::record::{Reason, Record, Timeout, is_activity, is_callback};
use self::records::Records;
pub use self::round::NEWS_MS;
pub use self::snapshot::{Definition, DueBy, Machine, Obstacle, Snapshot, Waiting};
pub use self::stages::{Inside, VisitStage};
pub use self::tokens::Past;
use crate::approvals::Policies;
use crate::clock::Clock;
use crate::connection::{Api, Call, CallError, Connection, ExecutionStatus, StepFunctions};
use crate::error::ReadError;
use crate::index::Index;
use crate::news::{Changes, Publisher, Topic};
use crate::redact::{RedactionKey, Redactor, Tokens};

/// A request: the execution's ARN, and the id of its TaskScheduled event.
pub type RequestKey = (String, u64);

/// The key under which AWS passes a child execution the ARN of its parent.
const STARTED_BY: &str = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID";

/// How long a page waits for the first round.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// The watch over one connection.
pub struct Watch {
    pub connection: Connection,
    pub changes: Publisher,
    clock: Clock,
    pace: Mutex<Pace>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Executions and requests.
    index: Arc<dyn Index>,
    /// Whether what the index knows of earlier runs has been read.
    is_open: tokio::sync::OnceCell<()>,
    following: Mutex<Following>,
    records: Records,
    /// The executions on open pages, with the number of pages.
    watched: Mutex<HashMap<String, usize>>,
    /// How many pages are open.
    attending: tokio::sync::watch::Sender<usize>,
    /// Held while lists are read: by a round, or between two.
    turn: tokio::sync::Mutex<()>,
    /// Those among them that rest, and when each was last described as running.
    described: Mutex<HashMap<String, i64>>,
    /// When those among them that have ended were last described.
    asked_after_end: Mutex<HashMap<String, i64>>,
    /// The tokens of every execution that was read, by its ARN: pages of other executions must not show them either.
    tokens: Arc<Tokens>,
    key: RedactionKey,
    /// Executions that may contain a token that could not be found, because its execution started them.
    suspects: Mutex<BTreeSet<String>>,
    /// Where expressions of definitions are evaluated, because they may never end.
    sandbox: Option<SharedSandbox>,
    /// Those among them whose contents are still in the index.
    to_withhold: Mutex<BTreeSet<String>>,
    /// When this process began to watch, in milliseconds since the epoch.
    opened_at: i64,
    /// Requests with a recorded decision: they no longer wait for a person.
    answered: Mutex<BTreeSet<RequestKey>>,
    /// The executions that were read as the parent of another one.
    parents: Mutex<BTreeSet<String>>,
    /// Activities that people answer, by workflow and state: the manifest says so.
    for_people: Mutex<BTreeSet<(String, String)>>,
    /// Those that the index knows of.
    for_people_kept: Mutex<Option<BTreeSet<(String, String)>>>,
    /// When what is too old was last forgotten.
    forgot_at: Mutex<Option<i64>>,
    nudge: Notify,
    rounds: tokio::sync::watch::Sender<u64>,
    /// Machines whose definition has to be read again at once.
    stale: Mutex<Vec<String>>,
    /// The tags of machines, where policies ask for them.
    tags: tags::Tagged,
}

/// Locks a mutex even after a panic: its value is only replaced as a whole, never half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// A watch that has not read its connection yet. The key is for the fingerprints of task tokens.
    #[must_use]
    pub fn new(connection: Connection, index: Arc<dyn Index>, clock: Clock, key: &RedactionKey) -> Self {
        let pace = Pace::of(&connection.about);
        let opened_at = clock.now();
        let changes = Arc::new(Changes::of_run(&clock)).publisher(&connection.id);
        Self {
            connection,
            changes,
            clock,
            pace: Mutex::new(pace),
            snapshot: RwLock::default(),
            index,
            is_open: tokio::sync::OnceCell::new(),
            following: Mutex::default(),
            records: Records::default(),
            watched: Mutex::default(),
            attending: tokio::sync::watch::Sender::new(0),
            turn: tokio::sync::Mutex::default(),
            described: Mutex::default(),
            asked_after_end: Mutex::default(),
            tokens: Arc::new(Tokens::new(key)),
            key: key.clone(),
            suspects: Mutex::default(),
            to_withhold: Mutex::default(),
            opened_at,
            sandbox: None,
            answered: Mutex::default(),
            parents: Mutex::default(),
            for_people: Mutex::default(),
            for_people_kept: Mutex::default(),
            forgot_at: Mutex::default(),
            nudge: Notify::new(),
            rounds: tokio::sync::watch::Sender::new(0),
            stale: Mutex::default(),
            tags: tags::Tagged::default(),
        }
    }

    /// The same with the log of changes that it shares with other connections.
    #[must_use]
    pub fn with_changes(mut self, changes: &Arc<Changes>) -> Self {
        self.changes = changes.publisher(&self.connection.id);
        self
    }

    /// The same with a sandbox for expressions, which may never end.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: SharedSandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// The sandbox for expressions, which may never end.
    #[must_use]
    pub fn sandbox(&self) -> Option<SharedSandbox> {
        self.sandbox.clone()
    }

    /// Takes a call from the pace, if it has one.
    pub(crate) fn take_call(&self, api: Api) -> bool {
        lock(&self.pace).take(api, self.now())
    }

    /// Starts the next round soon; does not wait for it.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Executions and requests that the watch has seen.
    #[must_use]
    pub fn index(&self) -> &dyn Index {
        &*self.index
    }

    /// Notes that a request has a recorded decision: it no longer waits for a person.
    pub async fn answered(&self, arn: &str, event: u64) {
        lock(&self.answered).insert((arn.to_owned(), event));
        match self.index.answered(&self.connection.id, arn, event).await {
            Ok(true) => self.changes.publish(Topic::GENERAL),
            Ok(false) => {}
            // The next reading of the execution writes it.
            Err(error) => tracing::error!(%error, "the index does not know of a decision"),
        }
    }

    /// Sets the states whose activities people answer, those with a policy; workers serve the others.
    pub fn activities_for_people(&self, policies: &Policies) {
        let states = || policies.iter().flat_map(|(name, states)| states.keys().map(move |state| (name, state)));
        let mut known = lock(&self.for_people);
        // Every page asks, and nearly always nothing is new.
        if !known.iter().map(|(name, state)| (name, state)).eq(states()) {
            *known = states().map(|(name, state)| (name.clone(), state.clone())).collect();
            self.nudge();
        }
    }

    /// The waiting requests of an execution. Activities are among them only if the manifest says that people answer them.
    #[must_use]
    pub fn waiting_in(&self, waits: &[Waiting]) -> Vec<Waiting> {
        let for_people = lock(&self.for_people);
        let answered = lock(&self.answered);
        let is_open = |wait: &&Waiting| {
            let is_for_people = wait.obstacle != Some(Obstacle::Activity)
                || for_people.contains(&(wait.workflow.clone(), wait.state.clone()));
            is_for_people && !answered.contains(&(wait.execution_arn.clone(), wait.event))
        };
        waits.iter().filter(is_open).cloned().collect()
    }

    /// Reads what the index knows of earlier runs, once.
    ///
    /// # Errors
    /// The index cannot be used.
    pub async fn open(&self) -> Result<(), ReadError> {
        let open = async {
            let endpoint = self.connection.about.place();
            let known = self.index.open(&self.connection.id, &endpoint).await?;
            let mut following = Following::of(&known);
            for one in &known.running {
                if let (Some(open), Some(bytes)) = (following.running.get_mut(&one.arn), &one.tokens) {
                    open.is_known = self.remember_tokens(&one.arn, bytes);
                }
            }
            *lock(&self.following) = following;
            let machines = known.machines.into_iter().map(|machine| (machine.arn.clone(), machine)).collect();
            let snapshot = Snapshot { machines, data_at: known.read_at, problem: None };
            *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
            Ok::<(), ReadError>(())
        };
        self.is_open.get_or_try_init(|| open).await.map(|_| ())
    }

    /// Takes in the fingerprints that an earlier run wrote; returns whether they can be used.
    fn remember_tokens(&self, arn: &str, bytes: &[u8]) -> bool {
        match Redactor::from_bytes(&self.key, bytes) {
            Ok(redactor) if redactor.is_empty() => true,
            Ok(redactor) => {
                self.tokens.set(arn, &redactor);
                true
            }
            // Then the history is read again.
            Err(error) => {
                tracing::debug!(%error, execution = %arn, "fingerprints of another run");
                false
            }
        }
    }

    /// Runs rounds until `end`, and beside them reads what the contents of executions are searched in.
    pub async fn run(self: Arc<Self>, end: CancellationToken) {
        tokio::join!(Arc::clone(&self).run_rounds(&end), self.run_contents(&end));
    }

    #[expect(clippy::disallowed_methods, reason = "the timer of the rounds; a test goes round without the loop")]
    async fn run_rounds(self: Arc<Self>, end: &CancellationToken) {
        while !end.is_cancelled() {
            let period = Duration::from_millis(self.period_ms());
            let begun = self.now();
            self.round().await;
            self.rounds.send_modify(|round| *round += 1);
            // Rounds begin at equal distances, so that each has the same calls. A slow endpoint gets a pause, too.
            let took = Duration::from_millis(u64::try_from(self.now() - begun).unwrap_or(0));
            let pause = period.saturating_sub(took).max(period / 4);
            tokio::select! {
                () = end.cancelled() => {}
                () = self.nudge.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Milliseconds from the begin of a round to that of the next one. Where nothing but this limits the calls, hundreds of
    /// machines have a longer one: the machine that everything runs on has other things to do.
    pub(crate) fn period_ms(&self) -> u64 {
        let (round_ms, is_limited) = {
            let pace = lock(&self.pace);
            (pace.round_ms, pace.close_ms.is_none())
        };
        if is_limited { round_ms } else { round_ms.max(closely::apart(self.snapshot().machines.len())) }
    }

    /// Runs one round.
    #[cfg(test)]
    pub(crate) async fn round_once(&self) {
        self.round().await;
    }

    /// Makes a call that the pace has granted, and reports the response to the pace.
    async fn ask<T>(&self, api: Api, call: Call<'_, T>) -> Result<T, CallError> {
        let begun = self.now();
        let answer = call.await;
        lock(&self.pace).learn(api, &answer, self.now() - begun);
        answer
    }

    /// Makes a call that cannot wait for the pace. Later calls wait longer instead.
    async fn ask_now<T>(&self, api: Api, call: Call<'_, T>) -> Result<T, CallError> {
        lock(&self.pace).spend(api, self.now());
        self.ask(api, call).await
    }

    /// The last reading of everything.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The clock.
    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Starts a round immediately and waits for a whole one, at most 1.5 seconds, so that the page after an action shows its
    /// effect.
    pub async fn look_again(&self) {
        let mut rounds = self.rounds.subscribe();
        // The current round may have read before the change; the next one reads after it.
        let target = *rounds.borrow_and_update() + 2;
        self.nudge.notify_one();
        let both = async {
            while *rounds.borrow() < target {
                if rounds.changed().await.is_err() {
                    return;
                }
                self.nudge.notify_one();
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(1_500), both).await;
    }

    /// Waits for the first round, at most as long as a call may take.
    pub async fn first_look(&self) {
        let mut rounds = self.rounds.subscribe();
        // If the endpoint does not answer, the page shows that.
        let _ = tokio::time::timeout(FIRST_LOOK, rounds.wait_for(|round| *round > 0)).await;
    }

    /// The definition of this machine changed: the next round reads it again.
    pub fn definition_changed(&self, machine_arn: &str) {
        lock(&self.stale).push(machine_arn.to_owned());
    }

    /// Whether the connection is known to have this execution: it is listed, or was read.
    #[must_use]
    pub async fn knows(&self, execution_arn: &str) -> bool {
        self.records.known(execution_arn).is_some() || self.summary(execution_arn).await.is_some()
    }

    /// Somebody looks at this execution until the guard is dropped.
    #[must_use]
    pub fn look_at(self: &Arc<Self>, execution_arn: &str) -> Looking {
        *lock(&self.watched).entry(execution_arn.to_owned()).or_insert(0) += 1;
        Looking { watch: Arc::clone(self), arn: execution_arn.to_owned() }
    }

    /// Takes one call of `api` from the watch's share, if there is one left.
    pub(crate) fn grants(&self, api: Api) -> bool {
        lock(&self.pace).take(api, self.now())
    }

    /// How a reader's calls are made.
    fn calls_of(&self, reader: Reader) -> &dyn StepFunctions {
        match reader {
            Reader::Round | Reader::Somebody => &*self.connection.calls,
            Reader::Hurried => &*self.connection.once,
        }
    }

    /// When an execution's history was last read.
    #[cfg(any(test, feature = "fake"))]
    fn last_read(&self, arn: &str) -> Option<i64> {
        let read_at = lock(&self.following).running.get(arn).and_then(|open| open.fetched_at);
        self.known_record(arn).map(|record| record.fetched_at).max(read_at)
    }

    /// How many events an execution had when it was read last, and its status then.
    fn extent(&self, arn: &str) -> Option<(u64, ExecutionStatus)> {
        let events = |record: &Record| u64::try_from(record.events.len()).unwrap_or(u64::MAX);
        let known = self.known_record(arn).map(|record| (events(&record), record.description.status));
        known.or_else(|| {
            let following = lock(&self.following);
            let open = following.running.get(arn).filter(|open| open.is_known)?;
            Some((open.events, ExecutionStatus::Running))
        })
    }

    /// Removes the tokens of every execution that was read from a text.
    #[must_use]
    pub fn all_tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens)
    }
}

/// The execution that an input names as its parent.
pub(crate) fn parent_named(input: &str) -> Option<&str> {
    input.split(STARTED_BY).nth(1).and_then(|rest| tokens::execution_arns(rest).next())
}

/// Has an execution read in every round until it is dropped.
pub struct Looking {
    watch: Arc<Watch>,
    arn: String,
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut watched = lock(&self.watch.watched);
        if let Some(count) = watched.get_mut(&self.arn) {
            *count -= 1;
            if *count == 0 {
                watched.remove(&self.arn);
            }
        }
    }
}

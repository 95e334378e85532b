//! Running executions: takes an input, journals it, steps the engine, stores the result, performs its actions.

mod account_region;
mod deletion;
mod history;
mod map_runs;
mod perform;
mod registry;
mod starting;
mod timers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use countersign_engine::{Execution, Input, Program, SharedSandbox, TaskId};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::integrations::{HttpClient, Mocks, Queues, Tables, Topics};
use crate::lambda::Functions;
use crate::masks::Masks;
use crate::store::{ExecutionRow, JournalEntry, RunStatus, Store, StoreError};
pub use account_region::{AccountRegion, partition};
pub use registry::{Activity, Alias, CreatedWith, Machine, Registry, Route, Tag, Version};
pub use starting::Start;
use timers::Timers;

/// An execution in memory, and how much of it has been stored.
struct Run {
    engine: Execution,
    row: ExecutionRow,
    seq: u64,
    kept_events: usize,
    /// A step has begun and is not stored: the engine is ahead of its journal. If that stays so, the execution takes no
    /// more inputs.
    ahead: bool,
}

type Shared<T> = Arc<tokio::sync::Mutex<T>>;

/// A task of an activity that no worker has taken yet.
#[derive(Clone, Debug)]
pub struct Offer {
    pub execution: String,
    pub task: TaskId,
    pub token: String,
    pub input: String,
}

/// The host of every execution.
pub struct Host {
    pub store: Store,
    pub functions: Functions,
    pub clock: Clock,
    pub place: AccountRegion,
    pub registry: Mutex<Registry>,
    /// Held while a named resource is changed, from reading it to writing it.
    pub changes: tokio::sync::Mutex<()>,
    pub topics: Topics,
    pub queues: Queues,
    pub mocks: Mocks,
    pub tables: Tables,
    pub http: HttpClient,
    /// Hides the secrets of connections in answers.
    pub masks: Masks,
    /// The sandbox for expressions that may not end.
    pub sandbox: Option<SharedSandbox>,
    /// Executions that have not ended, by ARN.
    runs: Mutex<HashMap<String, Shared<Run>>>,
    programs: Mutex<HashMap<String, Arc<Program>>>,
    timers: Timers,
    /// Which task each token belongs to.
    tokens: Mutex<HashMap<String, (String, TaskId)>>,
    /// Tasks under way; one that is not needed any more is aborted.
    under_way: Mutex<HashMap<(String, TaskId), AbortHandle>>,
    /// The executions that tasks have started and wait for.
    children: Mutex<HashMap<(String, TaskId), String>>,
    /// By activity ARN, oldest first.
    offers: Mutex<HashMap<String, Vec<Offer>>>,
    offered: Notify,
    /// Wakes those that wait for an execution's end, by its ARN.
    ended: tokio::sync::broadcast::Sender<String>,
    /// How many steps executions have made since the start.
    pub steps: tokio::sync::watch::Sender<u64>,
    histories: Mutex<history::Recent>,
    replayed: Mutex<map_runs::Replayed>,
    /// By execution ARN, as long as somebody holds or waits for the lock.
    gates: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

/// Runs a step to its end in a task of its own: a caller that goes away must not end it half-way.
pub(crate) async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the end of the runtime cancels it, and that ends this task, too.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs work that may take a while, such as a step of the engine: other tasks continue on other threads, if there are
/// any.
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Locks a mutex even after a panic: what it guards changes in single calls that cannot stop half-way.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// A host over an open store. Nothing runs before [`Host::recover`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn open(
        store: Store,
        functions: Functions,
        mocks: Mocks,
        clock: Clock,
        place: AccountRegion,
        sandbox: Option<SharedSandbox>,
    ) -> Result<Arc<Self>, StoreError> {
        let registry = Registry::load(&store).await?;
        let topics = Topics::load(&store).await?;
        let queues = Queues::load(&store).await?;
        let (http, masks) = (HttpClient::default(), Masks::of(functions.connections().iter().map(AsRef::as_ref)));
        http.close_to(functions.address());
        Ok(Arc::new(Self {
            store,
            functions,
            clock,
            place,
            sandbox,
            registry: Mutex::new(registry),
            changes: tokio::sync::Mutex::default(),
            topics,
            queues,
            mocks,
            tables: Tables::default(),
            http,
            masks,
            runs: Mutex::default(),
            programs: Mutex::default(),
            timers: Timers::default(),
            tokens: Mutex::default(),
            under_way: Mutex::default(),
            children: Mutex::default(),
            offers: Mutex::default(),
            offered: Notify::new(),
            ended: tokio::sync::broadcast::channel(1_024).0,
            steps: tokio::sync::watch::Sender::default(),
            histories: Mutex::default(),
            replayed: Mutex::default(),
            gates: Mutex::default(),
        }))
    }

    /// Recovers every execution that had not ended: replays its journal, and starts again what was under way.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn recover(self: &Arc<Self>) -> Result<(), StoreError> {
        // Before any task calls one.
        crate::api::lambda::recover(self).await?;
        let mut open: Vec<ExecutionRow> =
            lock(&self.registry).executions().filter(|row| row.status == RunStatus::Running).cloned().collect();
        // An activity's tasks are offered in their old order.
        open.sort_by_key(|row| row.params.start_at);
        for row in open {
            let arn = row.params.execution_arn.clone();
            let Some(run) = self.replay(row).await? else {
                tracing::error!(execution = %arn, "an execution's definition is lost: it cannot go on");
                continue;
            };
            let actions = run.engine.outstanding();
            self.hold(run);
            for action in actions {
                self.perform(&arn, action);
            }
        }
        self.finish_deletions().await?;
        crate::stacks::recover(self).await
    }

    async fn replay(&self, row: ExecutionRow) -> Result<Option<Run>, StoreError> {
        let Some(program) = self.program(&row.definition).await? else { return Ok(None) };
        let journal = self.store.journal(&row.params.execution_arn).await?;
        let mut engine = self.engine(program, &row);
        let seq = journal.len() as u64;
        in_place(|| {
            for JournalEntry { at, input, stopped } in journal {
                engine.step_again(at, input, stopped);
            }
        });
        let kept_events = engine.history().len();
        Ok(Some(Run { engine, row, seq, kept_events, ahead: false }))
    }

    fn engine(&self, program: Arc<Program>, row: &ExecutionRow) -> Execution {
        Execution::new(program, row.params.clone()).with_sandbox(self.sandbox.clone())
    }

    /// The compiled program of a stored definition.
    async fn program(&self, key: &str) -> Result<Option<Arc<Program>>, StoreError> {
        if let Some(program) = lock(&self.programs).get(key) {
            return Ok(Some(Arc::clone(program)));
        }
        let Some(text) = self.store.definition(key).await? else { return Ok(None) };
        let compiled = serde_json::from_str(&text).ok().and_then(|value| Program::compile(&value).ok()).map(Arc::new);
        if let Some(program) = &compiled {
            lock(&self.programs).insert(key.to_owned(), Arc::clone(program));
        }
        Ok(compiled)
    }

    /// Feeds one input to an execution. One that has ended ignores it.
    ///
    /// # Errors
    /// The store failed. The execution is put aside: a restart recovers it as it was stored.
    pub async fn feed(self: &Arc<Self>, arn: &str, input: Input) -> Result<(), StoreError> {
        let Some(run) = lock(&self.runs).get(arn).cloned() else { return Ok(()) };
        let host = Arc::clone(self);
        apart(async move { host.step(&mut *run.lock().await, input).await }).await
    }

    /// Feeds an input whose result nobody waits for.
    pub(crate) async fn notify(self: &Arc<Self>, arn: &str, input: Input) {
        if let Err(error) = self.feed(arn, input).await {
            tracing::error!(execution = arn, %error, "a task's news could not be kept");
        }
    }

    /// Feeds an input to the task that a token belongs to. Returns false if the task is closed. Of two answers at the
    /// same time, one takes effect.
    ///
    /// # Errors
    /// The store failed; then the task was not answered.
    pub async fn answer(
        self: &Arc<Self>,
        token: &str,
        input: impl FnOnce(TaskId) -> Input,
    ) -> Result<bool, StoreError> {
        let Some((arn, task)) = lock(&self.tokens).get(token).cloned() else { return Ok(false) };
        let Some(run) = lock(&self.runs).get(&arn).cloned() else { return Ok(false) };
        let host = Arc::clone(self);
        let input = self.without_secrets(input(task));
        apart(async move {
            let mut run = run.lock().await;
            if !run.ahead && (!run.engine.task_is_open(task) || run.engine.outcome().is_some()) {
                return Ok(false);
            }
            host.step(&mut run, input).await?;
            if !run.engine.task_is_open(task) {
                host.close(&arn, task);
            }
            Ok(true)
        })
        .await
    }

    /// The message of a token's holder, which may be a function that knows more than it should.
    fn without_secrets(&self, input: Input) -> Input {
        match input {
            Input::TaskSucceeded { task, output } => Input::TaskSucceeded { task, output: self.masks.json(output) },
            Input::TaskFailed { task, error, cause } => {
                Input::TaskFailed { task, error: self.masks.json(error), cause: self.masks.json(cause) }
            }
            other => other,
        }
    }

    /// One input, after those that the execution has to know before it.
    async fn step(self: &Arc<Self>, run: &mut Run, input: Input) -> Result<(), StoreError> {
        if run.ahead {
            return Err(StoreError::Ahead);
        }
        if run.engine.outcome().is_some() && !matches!(input, Input::Redrive) {
            return Ok(());
        }
        for news in self.activity_news(&run.engine) {
            self.keep_and_perform(run, news).await?;
        }
        let input = self.or_stopped(&run.row.params.state_machine_arn, input);
        self.keep_and_perform(run, input).await
    }

    /// What the execution does not know yet about the activities that it names.
    fn activity_news(&self, engine: &Execution) -> Vec<Input> {
        let registry = lock(&self.registry);
        let there = |arn: &str| registry.activities.contains_key(arn);
        let changed = engine.activities().filter(|(arn, exists)| there(arn) != *exists);
        changed.map(|(arn, exists)| Input::ActivityKnown { arn: arn.to_owned(), exists: !exists }).collect()
    }

    /// One step of an execution: journal, step, store, perform. The actions are performed before the next step, so they
    /// happen in the order in which the engine requested them.
    async fn keep_and_perform(self: &Arc<Self>, run: &mut Run, input: Input) -> Result<(), StoreError> {
        let at = self.clock.now();
        if matches!(input, Input::Redrive) {
            run.row.redriven_at = Some(at);
        }
        // Inputs that come before the redrive of an ended execution do not end it again.
        let ends = !matches!(input, Input::ActivityKnown { .. });
        run.ahead = true;
        let actions = in_place(|| run.engine.step(at, input.clone()));
        let entry = JournalEntry { at, input, stopped: run.engine.stopped() };
        describe(&mut run.row, &run.engine);
        let arn = run.row.params.execution_arn.clone();
        let fresh = &run.engine.history()[run.kept_events..];
        if let Err(error) = self.store.keep_step(&run.row, run.seq, &entry, fresh).await {
            tracing::error!(execution = %arn, %error, "a step could not be kept: the execution waits for a restart");
            return Err(error);
        }
        run.ahead = false;
        run.seq += 1;
        run.kept_events = run.engine.history().len();
        lock(&self.registry).put_execution(run.row.clone());
        self.steps.send_modify(|steps| *steps = steps.wrapping_add(1));
        for action in actions {
            self.perform(&arn, action);
        }
        if ends && run.row.status != RunStatus::Running {
            lock(&self.histories).put(&arn, run.engine.history().to_vec());
            self.let_go(&arn);
            self.deletion_after(&run.row.params.state_machine_arn);
            // Nobody may be waiting.
            let _ = self.ended.send(arn);
        }
        Ok(())
    }

    /// Adds an execution to the running ones.
    fn hold(&self, run: Run) -> Shared<Run> {
        let arn = run.row.params.execution_arn.clone();
        let run = Arc::new(tokio::sync::Mutex::new(run));
        lock(&self.runs).insert(arn, Arc::clone(&run));
        run
    }

    /// Frees what an ended execution held.
    fn let_go(&self, arn: &str) {
        lock(&self.runs).remove(arn);
        self.mocks.forget(arn);
        lock(&self.tokens).retain(|_, (execution, _)| execution != arn);
        for offers in lock(&self.offers).values_mut() {
            offers.retain(|offer| offer.execution != arn);
        }
    }

    /// Waits until an execution has ended, and returns its row; `None` if it does not exist.
    pub async fn wait_for_end(&self, arn: &str) -> Option<ExecutionRow> {
        let mut ends = self.ended.subscribe();
        loop {
            let row = lock(&self.registry).execution(arn).cloned()?;
            if row.status != RunStatus::Running {
                return Some(row);
            }
            // A receiver that fell behind reads the row again.
            if matches!(ends.recv().await, Err(tokio::sync::broadcast::error::RecvError::Closed)) {
                return None;
            }
        }
    }

    /// Fires timers until `end`. A long step of one execution does not delay the timers of another.
    pub async fn run_timers(self: Arc<Self>, end: CancellationToken) {
        while let Some(due) = self.timers.next(&self.clock, &end).await {
            for (arn, timers) in due {
                let host = Arc::clone(&self);
                tokio::spawn(async move {
                    for timer in timers {
                        if let Err(error) = host.feed(&arn, Input::TimerFired { timer }).await {
                            tracing::error!(execution = %arn, %error, "a timer could not be kept");
                        }
                    }
                });
            }
        }
    }

    /// Ends the functions' processes and closes the store.
    pub async fn shutdown(&self) {
        for (_, task) in lock(&self.under_way).drain() {
            task.abort();
        }
        self.functions.shutdown().await;
        self.store.close().await;
    }
}

/// What an execution's row says after a step.
fn describe(row: &mut ExecutionRow, engine: &Execution) {
    row.events = engine.history().len() as u64;
    row.redrives = engine.redrive_count();
    row.map_runs = engine.map_runs().iter().map(|run| run.arn.clone()).collect();
    let outcome = engine.outcome();
    row.status = RunStatus::of(outcome.map(|outcome| outcome.status));
    row.stopped_at = outcome.map(|outcome| outcome.at);
    row.output = outcome.and_then(|outcome| outcome.output.clone());
    row.error = outcome.and_then(|outcome| outcome.error.clone());
    row.cause = outcome.and_then(|outcome| outcome.cause.clone());
}

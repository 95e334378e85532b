//! One execution: the whole state of a run, which inputs move on.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use countersign_trace::{Details, EventKind, HistoryEvent};
use indexmap::IndexMap;
use serde_json::Value;

use crate::context::{ROOM, View, next_random};
use crate::failure::Failure;
use crate::ids::{ChildIndex, LogId, ScopeId, ThreadId};
use crate::map_run::MapRun;
use crate::meter::{Meter, SharedSandbox};
use crate::states::task::OpenTask;
use crate::thread::{Data, Step, Thread};
use crate::{Action, ExecutionKind, Input, Outcome, OutcomeStatus, Program, StartParams, Taken, TaskId, TimerId};

/// The most events of a Standard execution; the last one is its failure.
pub(crate) const EVENTS: usize = 25_000;
/// The same for Express executions, whose events AWS does not count. The engine keeps them in memory.
const EXPRESS_EVENTS: usize = 100_000;
/// The most bytes of payloads in a history, which is kept in memory. AWS has no such limit: 25,000 events of 256 KiB
/// are allowed there.
const HISTORY: usize = 512 * 1024 * 1024;
/// The most bytes of an execution's variables.
const VARIABLES: usize = 10 * 1024 * 1024;
/// Express executions end after five minutes.
pub(crate) const EXPRESS_TIME: i64 = 300;

/// A running (or finished) execution. It does no I/O and reads no clock: [`Execution::step`] takes the time.
#[derive(Debug, Clone)]
pub struct Execution {
    pub(crate) program: Arc<Program>,
    pub(crate) params: Arc<StartParams>,
    pub(crate) chance: Cell<u64>,
    pub(crate) now: i64,
    /// The own history, and one for each child of a distributed map.
    pub(crate) logs: Vec<Vec<HistoryEvent>>,
    /// The bytes of their payloads.
    size: usize,
    /// The bytes of the variables in scope, by the history of their execution.
    stored: BTreeMap<LogId, usize>,
    pub(crate) input: Data,
    /// Why the input cannot be read, if it cannot: the execution fails with this reason.
    unreadable: Option<String>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) free: Vec<ThreadId>,
    pub(crate) ready: VecDeque<ThreadId>,
    pub(crate) tasks: BTreeMap<TaskId, OpenTask>,
    pub(crate) timers: BTreeMap<TimerId, Timer>,
    pub(crate) map_runs: Vec<MapRun>,
    pub(crate) redrives: u64,
    /// Histories that had no room for an event.
    overflown: BTreeSet<LogId>,
    /// Activities that do not exist, by ARN.
    pub(crate) absent: BTreeSet<String>,
    /// In a test of one state: the context object of the test, if it has one.
    pub(crate) context: Option<Option<Arc<Value>>>,
    meter: Option<Meter>,
    /// What states took, if somebody wants to know.
    pub(crate) taken: Option<BTreeSet<Taken>>,
    next_id: u64,
    actions: Vec<Action>,
    outcome: Option<Outcome>,
    started: bool,
}

/// A timer that has not fired.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub at: i64,
    pub thread: ThreadId,
    pub purpose: Purpose,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A Wait state's end.
    Wake,
    /// The next attempt of a state.
    Retry,
    /// A task's `TimeoutSeconds`.
    TaskTimeout(TaskId),
    /// A task's `HeartbeatSeconds`.
    Heartbeat(TaskId),
    /// The definition's `TimeoutSeconds`.
    ExecutionTimeout,
    /// The timeout of an Express child of a distributed map, by the child's index.
    ChildTimeout(ChildIndex),
}

impl Execution {
    /// An execution that has not begun: its first input is [`Input::Start`].
    pub fn new(program: Arc<Program>, params: StartParams) -> Execution {
        let (input, unreadable) = match Data::read(&params.input) {
            Ok(input) => (input, None),
            Err(why) => (Data { value: Arc::default(), text: Arc::from(params.input.as_str()) }, Some(why)),
        };
        Execution {
            program,
            chance: Cell::new(params.seed),
            now: params.start_at,
            params: Arc::new(params),
            logs: vec![Vec::new()],
            size: 0,
            stored: BTreeMap::new(),
            input,
            unreadable,
            threads: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            map_runs: Vec::new(),
            redrives: 0,
            overflown: BTreeSet::new(),
            absent: BTreeSet::new(),
            context: None,
            meter: None,
            taken: None,
            next_id: 0,
            actions: Vec::new(),
            outcome: None,
            started: false,
        }
    }

    /// The same execution with a sandbox for expressions that may not end.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: Option<SharedSandbox>) -> Execution {
        self.meter = sandbox.map(Meter::new);
        self
    }

    /// Takes one input at `at` (milliseconds since the epoch) and runs until nothing more can happen without
    /// the outside. Inputs for unknown or closed tasks and timers are ignored.
    pub fn step(&mut self, at: i64, input: Input) -> Vec<Action> {
        self.begin(None);
        self.take(at, input)
    }

    /// Repeats a step during a replay, with what [`Execution::stopped`] returned after it.
    pub fn step_again(&mut self, at: i64, input: Input, stopped: Vec<u32>) -> Vec<Action> {
        self.begin(Some(stopped));
        self.take(at, input)
    }

    /// The expressions that were stopped during the last step, as numbers among those that may not end. The host keeps
    /// them with the input.
    pub fn stopped(&self) -> Vec<u32> {
        self.meter.as_ref().map(Meter::stopped).unwrap_or_default()
    }

    fn begin(&mut self, before: Option<Vec<u32>>) {
        if let Some(meter) = &mut self.meter {
            meter.begin(before);
        }
    }

    fn take(&mut self, at: i64, input: Input) -> Vec<Action> {
        self.now = self.now.max(at);
        match input {
            Input::Start if !self.started => self.start(),
            Input::Start => {}
            Input::Redrive => self.redrive(),
            Input::ActivityKnown { arn, exists: true } => drop(self.absent.remove(&arn)),
            Input::ActivityKnown { arn, exists: false } => drop(self.absent.insert(arn)),
            _ if self.outcome.is_some() || !self.started => {}
            Input::Stop { error, cause } => self.stop(OutcomeStatus::Aborted, error, cause),
            Input::TimerFired { timer } => self.timer_fired(timer),
            Input::StopChild { child, error, cause } => {
                crate::states::distributed::stop_child(self, &child, error, cause);
            }
            Input::UpdateMapRun { run, max_concurrency, tolerated_failure_count, tolerated_failure_percentage } => {
                let change = (max_concurrency, tolerated_failure_count, tolerated_failure_percentage);
                crate::states::distributed::update(self, &run, change);
            }
            task_input => crate::states::task::answer(self, task_input),
        }
        self.run();
        std::mem::take(&mut self.actions)
    }

    /// Every event so far, in order.
    pub fn history(&self) -> &[HistoryEvent] {
        &self.logs[LogId::OWN]
    }

    /// How it ended; `None` while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// What the host must do (again) after a replay: tasks without an answer, timers that have not fired.
    pub fn outstanding(&self) -> Vec<Action> {
        let tasks = self.tasks.values().map(|task| Action::StartTask(Box::new(task.request.clone())));
        let timers = self.timers.iter().map(|(id, timer)| Action::SetTimer { timer: *id, at: timer.at });
        tasks.chain(timers).collect()
    }

    /// Whether an answer for `task` would still be taken.
    pub fn task_is_open(&self, task: TaskId) -> bool {
        self.tasks.contains_key(&task)
    }

    /// The activities that the definition names, each with whether it exists as far as the engine knows.
    pub fn activities(&self) -> impl Iterator<Item = (&str, bool)> {
        self.program.activities.iter().map(|arn| (arn.as_str(), !self.absent.contains(arn)))
    }

    /// How often it has been redriven.
    pub fn redrive_count(&self) -> u64 {
        self.redrives
    }

    /// The runs of distributed maps, with their child executions.
    pub fn map_runs(&self) -> &[MapRun] {
        &self.map_runs
    }

    /// The history of a child of a distributed map: [`crate::map_run::Child::log`].
    pub fn child_history(&self, log: LogId) -> &[HistoryEvent] {
        self.logs.get(log.0).map_or(&[], Vec::as_slice)
    }

    /// The part of a start that a test of one state needs as well.
    pub(crate) fn open(&mut self) {
        self.started = true;
        let details = Details {
            input: Some(self.input.text.to_string()),
            role_arn: Some(self.params.role_arn.clone()),
            state_machine_version_arn: self.params.state_machine_version_arn.clone(),
            state_machine_alias_arn: self.params.state_machine_alias_arn.clone(),
            ..Details::default()
        };
        self.push(LogId::OWN, 0, EventKind::ExecutionStarted, details);
        let input = self.input.clone();
        let thread = self.spawn(None, LogId::OWN, ScopeId::TOP, input, 0);
        self.ready.push_back(thread);
    }

    fn start(&mut self) {
        self.open();
        if let Some(why) = self.unreadable.take() {
            self.ready.clear();
            self.fail_whole(
                ThreadId::FIRST,
                Failure::runtime(format!("The input of the execution cannot be read: {why}")),
            );
            return;
        }
        let express = (self.params.kind == ExecutionKind::Express).then_some(EXPRESS_TIME);
        let limit = self.program.timeout.into_iter().chain(express).min();
        if let Some(seconds) = limit {
            let at = self.now.saturating_add(seconds.saturating_mul(1000));
            self.add_timer(ThreadId::FIRST, at, Purpose::ExecutionTimeout);
        }
    }

    /// Adds an event to a history and returns its id. A full history takes only the event that ends it; any other is
    /// left out, and the history is [overflown](Self::is_overflown).
    pub(crate) fn push(&mut self, log: LogId, previous: u64, kind: EventKind, details: Details) -> u64 {
        use EventKind::{ExecutionAborted, ExecutionFailed, ExecutionSucceeded, ExecutionTimedOut};
        let ends = matches!(kind, ExecutionAborted | ExecutionFailed | ExecutionSucceeded | ExecutionTimedOut);
        if self.is_full(log) && !ends {
            self.overflown.insert(log);
            return self.logs[log].len() as u64;
        }
        let payloads = [&details.input, &details.output, &details.parameters, &details.cause];
        self.size += payloads.into_iter().flatten().map(String::len).sum::<usize>();
        self.size += details.assigned_variables.iter().flatten().map(|(_, value)| value.len()).sum::<usize>();
        let events = &mut self.logs[log];
        let id = events.len() as u64 + 1;
        events.push(HistoryEvent { id, previous_event_id: previous, timestamp: self.now, kind, details });
        id
    }

    /// Counts assigned variables, as names and texts, for a thread. Returns false, and counts nothing, if the variables
    /// of the whole execution would become too large.
    pub(crate) fn store(&mut self, thread: ThreadId, variables: &IndexMap<String, String>) -> bool {
        let at = &mut self.threads[thread];
        let total = self.stored.entry(at.log).or_default();
        let before: usize = variables.keys().filter_map(|name| at.stored.get(name)).sum();
        let after = *total - before + variables.values().map(String::len).sum::<usize>();
        if after > VARIABLES {
            return false;
        }
        *total = after;
        at.stored.extend(variables.iter().map(|(name, text)| (name.clone(), text.len())));
        true
    }

    /// Takes the variables of a thread whose scope has ended from the count.
    pub(crate) fn forget_variables(&mut self, thread: ThreadId) {
        let at = &mut self.threads[thread];
        let own: usize = std::mem::take(&mut at.stored).values().sum();
        if let Some(total) = self.stored.get_mut(&at.log) {
            *total -= own;
        }
    }

    /// Whether a history has room only for the failure that ends it.
    pub(crate) fn is_full(&self, log: LogId) -> bool {
        let most = if self.params.kind == ExecutionKind::Express { EXPRESS_EVENTS } else { EVENTS };
        self.logs[log].len() + 1 >= most || self.is_too_large()
    }

    /// Whether the payloads of the histories take more memory than one execution may.
    pub(crate) fn is_too_large(&self) -> bool {
        self.size > HISTORY
    }

    /// Whether a history had no room for an event. Its execution ends when the current step has finished.
    pub(crate) fn is_overflown(&self, log: LogId) -> bool {
        self.overflown.contains(&log)
    }

    pub(crate) fn next_overflown(&mut self) -> Option<LogId> {
        self.overflown.pop_first()
    }

    /// Withdraws the tasks that this step has requested from the host.
    pub(crate) fn begin_nothing(&mut self) {
        self.actions.retain(|action| !matches!(action, Action::StartTask(_)));
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn random(&self) -> u64 {
        next_random(&self.chance)
    }

    /// Sets the one timer that the thread waits for.
    pub(crate) fn set_timer(&mut self, thread: ThreadId, at: i64, purpose: Purpose) {
        let id = self.add_timer(thread, at, purpose);
        self.threads[thread].timer = Some(id);
    }

    pub(crate) fn add_timer(&mut self, thread: ThreadId, at: i64, purpose: Purpose) -> TimerId {
        let timer = TimerId(self.fresh_id());
        self.timers.insert(timer, Timer { at, thread, purpose });
        self.act(Action::SetTimer { timer, at });
        timer
    }

    pub(crate) fn cancel_timer(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.act(Action::CancelTimer { timer });
        }
    }

    fn timer_fired(&mut self, timer: TimerId) {
        let Some(Timer { thread, purpose, at }) = self.timers.remove(&timer) else {
            return;
        };
        self.now = self.now.max(at);
        match purpose {
            Purpose::Wake => {
                self.threads[thread].timer = None;
                self.woken(thread);
            }
            Purpose::Retry => {
                self.threads[thread].timer = None;
                self.threads[thread].step = Step::Attempt;
                self.ready.push_back(thread);
            }
            Purpose::TaskTimeout(task) => crate::states::task::timed_out(self, task, false),
            Purpose::Heartbeat(task) => crate::states::task::timed_out(self, task, true),
            Purpose::ExecutionTimeout => self.stop(OutcomeStatus::TimedOut, None, None),
            Purpose::ChildTimeout(index) => crate::states::distributed::child_timed_out(self, thread, index),
        }
    }

    /// What expressions of a thread see; `input` is `$`.
    pub(crate) fn view<'a>(&'a self, thread: &'a Thread, input: &'a Value) -> View<'a> {
        View {
            params: &self.params,
            execution_input: &self.input.value,
            input,
            state_input: &thread.input.value,
            result: None,
            error_output: None,
            assigned: &thread.variables,
            situation: &thread.situation,
            chance: &self.chance,
            now: self.now,
            testing: self.context.is_some(),
            meter: self.meter.as_ref(),
            room: Cell::new(ROOM),
            context: self
                .context
                .iter()
                .flatten()
                .next()
                .map_or_else(OnceCell::new, |given| OnceCell::from(given.as_ref().clone())),
            outline: OnceCell::new(),
        }
    }

    /// Ends the execution with everything that still runs.
    pub(crate) fn close(
        &mut self,
        status: OutcomeStatus,
        output: Option<String>,
        error: Option<String>,
        cause: Option<String>,
    ) {
        self.outcome = Some(Outcome { status, output, error, cause, at: self.now });
        self.ready.clear();
        let tasks: Vec<TaskId> = self.tasks.keys().copied().collect();
        tasks.into_iter().for_each(|task| self.forget_task(task));
        let timers: Vec<TimerId> = self.timers.keys().copied().collect();
        timers.into_iter().for_each(|timer| self.cancel_timer(timer));
    }

    pub(crate) fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    pub(crate) fn reopen(&mut self) {
        self.outcome = None;
    }
}

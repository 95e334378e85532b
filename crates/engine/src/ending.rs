//! How failures travel: to retriers, catchers, the parent of a scope, and the end; stop and redrive.

use std::sync::Arc;

use countersign_trace::{Details, EventKind};

use crate::OutcomeStatus;
use crate::catch::{Catcher, error_output};
use crate::execution::{EVENTS, Execution, Purpose};
use crate::failure::{Failure, TIMEOUT};
use crate::ids::{LogId, ThreadId};
use crate::program::State;
use crate::run::combine;
use crate::states;
use crate::thread::{Children, Data, Parent, Step, Thread};
use crate::{Action, TaskId, Way};

impl Execution {
    /// A failure of the state itself, found by the interpreter.
    pub(crate) fn fail_here(&mut self, thread: ThreadId, failure: Failure) {
        let program = Arc::clone(&self.program);
        let at = &self.threads[thread];
        let state = &program.scopes[at.scope].states[at.state];
        let failure = failure.at(&state.name, at.entered);
        if failure.evaluation.is_some() {
            // If nothing has happened since the state was entered, the event follows the one before the entering.
            let before = self.logs[at.log].get(at.entered as usize - 1).map_or(0, |e| e.previous_event_id);
            let previous = if at.previous == at.entered { before } else { at.previous };
            self.evaluation_failed(thread, state, &failure, previous);
        }
        self.handle(thread, failure);
    }

    /// Writes `EvaluationFailed`, following `previous`.
    fn evaluation_failed(&mut self, thread: ThreadId, state: &State, failure: &Failure, previous: u64) {
        let details = Details {
            error: failure.error.clone(),
            cause: failure.cause.clone(),
            location: failure.evaluation.clone().flatten(),
            state: Some(state.name.to_string()),
            ..Details::default()
        };
        let log = self.threads[thread].log;
        self.threads[thread].previous = self.push(log, previous, EventKind::EvaluationFailed, details);
    }

    /// Handles a failure whose events are written: it is retried, caught, or passed to the parent.
    pub(crate) fn handle(&mut self, thread: ThreadId, failure: Failure) {
        if !failure.catchable {
            self.fail_whole(thread, failure);
            return;
        }
        let program = Arc::clone(&self.program);
        let at = &self.threads[thread];
        let state = &program.scopes[at.scope].states[at.state];
        if self.retried(thread, state, &failure) {
            return;
        }
        let before = self.threads[thread].previous;
        self.say_failed(thread, state);
        let Some(i) = state.catch.iter().position(|c| c.matches(&failure)) else {
            self.hand_up(thread, failure);
            return;
        };
        self.drop_children(thread);
        match self.caught(thread, state, &state.catch[i], &failure) {
            Ok(()) => self.took(&state.name, Way::Catch(i)),
            Err(second) => self.fail_again(thread, state, second, before),
        }
        self.ready.push_back(thread);
    }

    /// The event of a Map or Parallel state that fails after all its retries.
    fn say_failed(&mut self, thread: ThreadId, state: &State) {
        if let Some(kind) = state.tag.failed() {
            self.event(thread, kind, Details::default());
        }
    }

    /// The failure of a catcher itself, which no other catcher takes. Its event follows `before`, the last event before
    /// the state first failed.
    fn fail_again(&mut self, thread: ThreadId, state: &State, failure: Failure, before: u64) {
        let failure = failure.at(&state.name, self.threads[thread].entered);
        if !failure.catchable {
            self.fail_whole(thread, failure);
            return;
        }
        if failure.evaluation.is_some() {
            self.evaluation_failed(thread, state, &failure, before);
        }
        self.say_failed(thread, state);
        self.hand_up(thread, failure);
    }

    /// A failure that nothing handles ends the whole execution, or the whole child of a distributed map. The states
    /// around it end without an event.
    pub(crate) fn fail_whole(&mut self, thread: ThreadId, failure: Failure) {
        let log = self.threads[thread].log;
        let mut top = thread;
        while let Some(parent) = self.threads[top].parent.filter(|p| self.threads[p.thread].log == log) {
            top = parent.thread;
        }
        let previous = self.threads[thread].previous;
        self.halt(top);
        self.threads[top].previous = previous;
        self.hand_up(top, failure);
    }

    fn retried(&mut self, thread: ThreadId, state: &State, failure: &Failure) -> bool {
        let Some(i) = state.retry.iter().position(|r| r.matches(failure)) else {
            return false;
        };
        let made = self.threads[thread].retries[i];
        let Some(delay) = state.retry[i].delay(made, || self.random()) else {
            return false;
        };
        self.drop_children(thread);
        self.took(&state.name, Way::Retry(i));
        let at = &mut self.threads[thread];
        at.retries[i] += 1;
        at.situation.retry_count += 1;
        at.step = Step::Wait;
        self.set_timer(thread, self.now.saturating_add(delay), Purpose::Retry);
        true
    }

    fn caught(&mut self, thread: ThreadId, state: &State, catcher: &Catcher, failure: &Failure) -> Result<(), Failure> {
        let error = Data::new(error_output(failure));
        let at = &self.threads[thread];
        let mut view = self.view(at, &error.value);
        view.error_output = Some(&error.value);
        let assigned = catcher.assign.as_ref().map(|t| t.value(&view)).transpose()?;
        let output = match (&catcher.output, state.jsonata) {
            (Some(template), true) => Data::new(template.value(&view)?),
            (None, true) => error.clone(),
            (_, false) => combine(at, catcher.result_path.as_ref(), catcher.result_discarded, &error)?,
        };
        drop(view);
        self.exit(thread, state, output, assigned, Some(catcher.next))
    }

    /// Passes a failure to the parent, or ends the execution with it.
    fn hand_up(&mut self, thread: ThreadId, failure: Failure) {
        // Map and Parallel states have written their own failure event. Other states are aborted by an event of their
        // own.
        let at = &self.threads[thread];
        let nested = self.program.scopes[at.scope].states[at.state].tag.failed().is_some();
        self.threads[thread].step = if nested { Step::Halted } else { Step::Wait };
        let Some(Parent { thread: parent, index }) = self.threads[thread].parent else {
            let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..Details::default() };
            self.event(thread, EventKind::ExecutionFailed, details);
            self.close(OutcomeStatus::Failed, None, failure.error, failure.cause);
            return;
        };
        match self.threads[parent].children {
            Children::Parallel(_) => states::parallel::branch_failed(self, parent, thread, failure),
            Children::Map(_) => states::map::iteration_failed(self, parent, index, thread, failure),
            Children::None => {}
        }
    }

    /// Ends each execution whose history had no room for an event.
    pub(crate) fn end_overflown(&mut self) {
        while let Some(log) = self.next_overflown() {
            let runs = |thread: &Thread| thread.log == log && thread.step != Step::Done;
            if let Some(thread) = self.threads.iter().position(runs).filter(|_| !self.is_over()) {
                self.overflow(ThreadId(thread));
            }
        }
    }

    /// Ends an execution whose history has room only for the failure that says so.
    pub(crate) fn overflow(&mut self, thread: ThreadId) {
        let (thread, failure) = if self.is_too_large() {
            // The children of distributed maps share the memory: no other child would have any left, so the whole
            // execution ends.
            let cause = "The payloads in the history of the execution take more memory than the engine has for one.";
            (if self.threads[thread].log == LogId::OWN { thread } else { ThreadId::FIRST }, Failure::runtime(cause))
        } else {
            (thread, Failure::runtime("The execution reached the maximum number of history events (25000)."))
        };
        self.begin_nothing();
        self.fail_whole(thread, failure);
    }

    /// Halts a thread and its children without events.
    pub(crate) fn halt(&mut self, thread: ThreadId) {
        if matches!(self.threads[thread].step, Step::Done | Step::Halted) {
            return;
        }
        states::distributed::abandon(self, thread);
        for child in self.child_threads(thread) {
            self.halt(child);
        }
        self.silence(thread);
        self.mark_halted(thread);
    }

    fn mark_halted(&mut self, thread: ThreadId) {
        let at = &mut self.threads[thread];
        if at.step == Step::Enter {
            // A redrive enters a state that was not entered yet.
            at.entered = 0;
        }
        at.step = Step::Halted;
    }

    /// Aborts a running thread with its task, its timer and its children. Writes the abort event of its state,
    /// following `previous`.
    pub(crate) fn abort(&mut self, thread: ThreadId, previous: u64) {
        if matches!(self.threads[thread].step, Step::Done | Step::Halted) {
            return;
        }
        if states::distributed::abandon(self, thread) {
            self.push(self.threads[thread].log, previous, EventKind::MapRunAborted, Details::default());
        }
        let children = self.child_threads(thread);
        self.silence(thread);
        for child in children {
            self.abort(child, previous);
        }
        let at = &self.threads[thread];
        // A thread that never entered a state has nothing to abort.
        let tag = self.program.scopes[at.scope].states[at.state].tag;
        if let (Some(kind), true) = (tag.aborted(), at.entered > 0 && at.step != Step::Enter) {
            self.push(self.threads[thread].log, previous, kind, Details::default());
        }
        self.mark_halted(thread);
    }

    /// Cancels the task or timer that a thread waits for.
    pub(crate) fn silence(&mut self, thread: ThreadId) {
        if let Some(task) = self.threads[thread].task.take() {
            self.forget_task(task);
        }
        if let Some(timer) = self.threads[thread].timer.take() {
            self.cancel_timer(timer);
        }
    }

    /// Removes an open task and its timers, and asks the host to cancel it.
    pub(crate) fn forget_task(&mut self, task: TaskId) {
        if self.close_task(task) {
            self.act(Action::CancelTask { task });
        }
    }

    /// Removes an open task that has been answered, and its timers.
    pub(crate) fn close_task(&mut self, task: TaskId) -> bool {
        let Some(open) = self.tasks.remove(&task) else {
            return false;
        };
        open.timers.into_iter().for_each(|timer| self.cancel_timer(timer));
        if self.threads[open.thread].task == Some(task) {
            self.threads[open.thread].task = None;
        }
        true
    }

    /// The threads that a state has started and that still exist.
    pub(crate) fn child_threads(&self, thread: ThreadId) -> Vec<ThreadId> {
        match &self.threads[thread].children {
            Children::None => Vec::new(),
            Children::Parallel(branches) => branches.threads.clone(),
            Children::Map(iterations) => iterations.running.values().copied().collect(),
        }
    }

    /// Frees the threads of a state's children, and of theirs.
    pub(crate) fn drop_children(&mut self, thread: ThreadId) {
        let kept = states::distributed::ended_children(self, thread);
        for child in self.child_threads(thread).into_iter().chain(kept) {
            self.release(child);
        }
        self.threads[thread].children = Children::None;
    }

    /// Frees a thread's slot for the next one.
    pub(crate) fn release(&mut self, thread: ThreadId) {
        self.drop_children(thread);
        self.silence(thread);
        self.forget_variables(thread);
        self.threads[thread].step = Step::Done;
        self.threads[thread].parent = None;
        self.free.push(thread);
    }

    /// Ends the execution from outside, or by its own timeout.
    pub(crate) fn stop(&mut self, status: OutcomeStatus, error: Option<String>, cause: Option<String>) {
        self.halt(ThreadId::FIRST);
        let kind =
            if status == OutcomeStatus::TimedOut { EventKind::ExecutionTimedOut } else { EventKind::ExecutionAborted };
        // The event of a timeout names the error; the execution's description has none.
        let shown = if status == OutcomeStatus::TimedOut { Some(TIMEOUT.to_owned()) } else { error.clone() };
        let details = Details { error: shown, cause: cause.clone(), ..Details::default() };
        // On AWS this event follows no other, and states are aborted without events.
        self.threads[ThreadId::FIRST].previous = self.push(LogId::OWN, 0, kind, details);
        self.close(status, None, error, cause);
    }

    /// Continues from the states that failed or were halted, if the history has room.
    pub(crate) fn redrive(&mut self) {
        let succeeded = self.outcome().is_some_and(|outcome| outcome.status == OutcomeStatus::Succeeded);
        if !self.is_over() || succeeded || self.history().len() + 1 >= EVENTS {
            return;
        }
        self.reopen();
        self.redrives += 1;
        let details = Details { redrive_count: Some(self.redrives), ..Details::default() };
        self.event(ThreadId::FIRST, EventKind::ExecutionRedriven, details);
        let previous = self.threads[ThreadId::FIRST].previous;
        self.resume(ThreadId::FIRST, previous, self.redrives);
        if let Some(seconds) = self.program.timeout {
            let at = self.now.saturating_add(seconds.saturating_mul(1000));
            self.add_timer(ThreadId::FIRST, at, Purpose::ExecutionTimeout);
        }
    }

    /// Continues a halted thread; `redrives` is how often its execution was redriven.
    pub(crate) fn resume(&mut self, thread: ThreadId, previous: u64, redrives: u64) {
        let at = &mut self.threads[thread];
        if at.step == Step::Done {
            return;
        }
        at.situation.redrives = redrives;
        at.situation.redriven_at = Some(self.now);
        at.situation.retry_count = 0;
        at.retries.iter_mut().for_each(|made| *made = 0);
        at.previous = previous;
        if states::distributed::redrive(self, thread) {
            return;
        }
        let open = self.child_threads(thread).into_iter().filter(|t| self.threads[*t].step != Step::Done);
        let open: Vec<ThreadId> = open.collect();
        if open.is_empty() {
            let at = &mut self.threads[thread];
            // A Fail state is entered again, and fails again.
            let fails = self.program.scopes[at.scope].states[at.state].tag == states::Tag::Fail;
            at.children = Children::None;
            at.step = if at.entered == 0 || fails { Step::Enter } else { Step::Attempt };
            self.ready.push_back(thread);
            return;
        }
        // A Parallel or Map state keeps waiting for its remaining children: they end before it does.
        self.threads[thread].step = Step::Wait;
        open.into_iter().for_each(|child| self.resume(child, previous, redrives));
    }
}

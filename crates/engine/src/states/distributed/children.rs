//! The child executions of a run: how they begin and end.

use std::sync::Arc;

use countersign_trace::{Details, EventKind};
use serde_json::Value;

use super::{at_state, fail_run, finish, go_on, progress, run_of, uuid};
use crate::OutcomeStatus;
use crate::context::ChildIdentity;
use crate::execution::{EVENTS, EXPRESS_TIME, Execution, Purpose};
use crate::failure::{Failure, PAYLOAD, TIMEOUT};
use crate::ids::{ChildIndex, LogId, MapRunId, ThreadId};
use crate::map_run::Child;
use crate::states::map;
use crate::thread::{Children, Data, Parent, Ran, Run, Step};

/// When the inputs of the running children exceed so many bytes, the others begin only as these end.
const HELD: usize = 64 * 1024 * 1024;

/// Begins as many children as the limits allow; ends the run if none is left.
pub(super) fn fill(execution: &mut Execution, thread: ThreadId) -> Ran {
    while let Some(next) = next(execution, thread) {
        let begun = match next {
            Next::Again(index) => super::redrive::again(execution, thread, index),
            Next::Fresh(index) => begin(execution, thread, index),
        };
        if let Err(failure) = begun {
            return fail_run(execution, thread, failure);
        }
    }
    match &execution.threads[thread].children {
        Children::Map(iterations) if iterations.running.is_empty() => finish(execution, thread),
        _ => Ok(Run::Wait),
    }
}

enum Next {
    /// A child that is redriven.
    Again(ChildIndex),
    /// A child that has not begun.
    Fresh(ChildIndex),
}

/// The child that begins next.
fn next(execution: &mut Execution, thread: ThreadId) -> Option<Next> {
    let Children::Map(iterations) = &mut execution.threads[thread].children else { return None };
    let progress = iterations.progress.as_mut()?;
    if iterations.running.len() >= iterations.limit || progress.held > HELD {
        return None;
    }
    if let Some(index) = progress.again.pop_front() {
        return Some(Next::Again(index));
    }
    let index = iterations.next;
    (index < iterations.items.len()).then(|| {
        iterations.next += 1;
        Next::Fresh(ChildIndex(index))
    })
}

/// Begins the child of an item.
fn begin(execution: &mut Execution, thread: ThreadId, index: ChildIndex) -> Result<(), Failure> {
    let program = Arc::clone(&execution.program);
    let Some((_, map)) = at_state(&program, execution, thread) else { return Ok(()) };
    let input = input(execution, thread, map, index)?;
    let batched = map.distributed.as_ref().is_some_and(|d| d.batcher.is_some());
    let items = input.value.get("Items").and_then(Value::as_array).filter(|_| batched).map_or(1, Vec::len);
    let log = LogId(execution.logs.len());
    execution.logs.push(Vec::new());
    let name = uuid(execution);
    let last = run_of(execution, thread).filter(|run| run.express).is_some().then(|| uuid(execution));
    let now = execution.now;
    let Some(run) = run_of(execution, thread) else { return Ok(()) };
    let kind = if run.express { ":express:" } else { ":execution:" };
    let arn = run.arn.replacen(":mapRun:", kind, 1);
    let mut arn = format!("{}:{name}", arn.rsplit_once(':').map_or(arn.as_str(), |(head, _)| head));
    if let Some(last) = last {
        arn = format!("{arn}:{last}");
    }
    run.children.push(Child {
        arn,
        name,
        input: input.text.to_string(),
        output: None,
        error: None,
        cause: None,
        status: None,
        started_at: now,
        stopped_at: None,
        log,
        items,
        pending_redrive: false,
        lost: false,
        redrives: 0,
        redriven_at: None,
    });
    open(execution, thread, index, input);
    Ok(())
}

/// The input of a child: a batch as it is, an item through `ItemSelector`.
fn input(execution: &Execution, thread: ThreadId, map: &map::Map, index: ChildIndex) -> Result<Data, Failure> {
    let Children::Map(iterations) = &execution.threads[thread].children else {
        return Ok(Data::new(Value::Null));
    };
    let item = &iterations.items[index];
    if map.distributed.as_ref().is_some_and(|d| d.batcher.is_some()) {
        return Ok(Data { text: Arc::from(item.to_string()), value: Arc::clone(item) });
    }
    let input = map::item_input(execution, thread, map, index, item)?;
    if input.text.len() > PAYLOAD {
        let at = &execution.threads[thread];
        return Err(Failure::data_limit(&execution.program.scopes[at.scope].states[at.state].name));
    }
    Ok(input)
}

/// The inputs of the children that have not begun. An input that cannot be made, or that follows too many bytes of
/// others, is shown as the plain item.
pub(super) fn pending(execution: &Execution, thread: ThreadId, map: &map::Map) -> Vec<Value> {
    let Children::Map(iterations) = &execution.threads[thread].children else { return Vec::new() };
    let left = iterations.items.iter().enumerate().skip(iterations.next);
    let mut bytes = 0;
    let made = left.map(|(index, item)| {
        let input = (bytes <= HELD).then(|| input(execution, thread, map, ChildIndex(index)).ok()).flatten();
        bytes += input.as_ref().map_or(0, |input| input.text.len());
        input.map_or_else(|| item.as_ref().clone(), |input| input.value.as_ref().clone())
    });
    made.collect()
}

/// `ExecutionStarted` of a child, in its empty history, and its thread.
pub(super) fn open(execution: &mut Execution, thread: ThreadId, index: ChildIndex, input: Data) {
    let Some(child) = run_of(execution, thread).map(|run| run.children[index].clone()) else { return };
    let details = Details {
        input: Some(input.text.to_string()),
        role_arn: Some(execution.params.role_arn.clone()),
        ..Details::default()
    };
    execution.push(child.log, 0, EventKind::ExecutionStarted, details);
    let identity = ChildIdentity {
        arn: child.arn,
        name: child.name,
        input: Arc::clone(&input.value),
        started_at: child.started_at,
    };
    let Children::Map(iterations) = &execution.threads[thread].children else { return };
    let scope = iterations.scope;
    let opened = execution.spawn(Some(Parent { thread, index }), child.log, scope, input, 0);
    let at = &mut execution.threads[opened];
    at.variables = Arc::default();
    at.situation.item = None;
    // An Express child that is redriven is a new execution.
    (at.situation.redrives, at.situation.redriven_at) = (0, None);
    at.situation.child = Some(Arc::new(identity));
    execution.ready.push_back(opened);
    runs(execution, thread, index, opened);
}

/// Records the thread of a running child, and sets the deadline of an Express one.
pub(super) fn runs(execution: &mut Execution, thread: ThreadId, index: ChildIndex, child: ThreadId) {
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.running.insert(index, child);
    }
    let held = run_of(execution, thread).map_or(0, |run| run.children[index].input.len());
    if let Some(progress) = progress(execution, thread) {
        progress.held += held;
    }
    if run_of(execution, thread).is_some_and(|run| run.express) {
        let at = execution.now.saturating_add(EXPRESS_TIME * 1_000);
        let timer = execution.add_timer(thread, at, Purpose::ChildTimeout(index));
        if let Some(progress) = progress(execution, thread) {
            progress.deadlines.insert(index, timer);
        }
    }
}

/// A child execution has succeeded.
pub(crate) fn child_done(execution: &mut Execution, parent: ThreadId, index: ChildIndex, child: ThreadId) {
    let output = execution.threads[child].input.text.to_string();
    let details = Details { output: Some(output.clone()), ..Details::default() };
    execution.event(child, EventKind::ExecutionSucceeded, details);
    ended(execution, parent, index, OutcomeStatus::Succeeded);
    if let Some(run) = run_of(execution, parent) {
        run.children[index].output = Some(output);
    }
    execution.release(child);
    let ran = fill(execution, parent);
    go_on(execution, parent, ran);
}

/// A child execution has failed: it counts against the tolerated failures.
pub(crate) fn child_failed(
    execution: &mut Execution,
    parent: ThreadId,
    index: ChildIndex,
    child: ThreadId,
    failure: Failure,
) {
    let log = execution.threads[child].log;
    if execution.logs[log].last().is_none_or(|e| !e.kind.is_execution_end()) {
        let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..Details::default() };
        execution.event(child, EventKind::ExecutionFailed, details);
    }
    // A child whose history is full may still have running states.
    execution.threads[child].step = Step::Wait;
    execution.halt(child);
    unsuccessful(execution, parent, index, OutcomeStatus::Failed, (failure.error, failure.cause));
}

/// An Express child has reached its deadline.
pub(crate) fn child_timed_out(execution: &mut Execution, parent: ThreadId, index: ChildIndex) {
    let Children::Map(iterations) = &execution.threads[parent].children else { return };
    let Some(child) = iterations.running.get(&index).copied() else { return };
    let details = Details { error: Some(TIMEOUT.to_owned()), ..Details::default() };
    give_up(execution, child, EventKind::ExecutionTimedOut, details);
    unsuccessful(execution, parent, index, OutcomeStatus::TimedOut, (None, None));
}

/// `StopExecution` of a child. Its run continues as after any unsuccessful child.
pub(crate) fn stop_child(execution: &mut Execution, arn: &str, error: Option<String>, cause: Option<String>) {
    let runs = execution.map_runs.iter().enumerate().filter(|(_, run)| run.status.is_none());
    let found = runs.flat_map(|(run, described)| (described.children.iter().enumerate()).map(move |at| (run, at)));
    let found = found
        .into_iter()
        .find(|(_, (_, child))| child.arn == arn)
        .map(|(run, (index, _))| (MapRunId(run), ChildIndex(index)));
    let Some((run, index)) = found else { return };
    let Some(parent) = super::thread_of(execution, run) else { return };
    let Children::Map(iterations) = &execution.threads[parent].children else { return };
    let Some(child) = iterations.running.get(&index).copied() else { return };
    let details = Details { error: error.clone(), cause: cause.clone(), ..Details::default() };
    give_up(execution, child, EventKind::ExecutionAborted, details);
    unsuccessful(execution, parent, index, OutcomeStatus::Aborted, (error, cause));
}

fn unsuccessful(
    execution: &mut Execution,
    parent: ThreadId,
    index: ChildIndex,
    status: OutcomeStatus,
    (error, cause): (Option<String>, Option<String>),
) {
    ended(execution, parent, index, status);
    let Some(run) = run_of(execution, parent) else { return };
    let child = &mut run.children[index];
    (child.error, child.cause) = (error, cause);
    let (failed, items) = (child.items, run.items);
    let Some(progress) = progress(execution, parent) else { return };
    progress.failures += failed;
    let ran = if progress.exceeds(items) { fail_run(execution, parent, exceeded()) } else { fill(execution, parent) };
    go_on(execution, parent, ran);
}

/// More items have failed than are tolerated.
pub(super) fn exceeded() -> Failure {
    Failure::new("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded")
}

/// Records how a child ended. The thread of an unsuccessful one is kept.
fn ended(execution: &mut Execution, parent: ThreadId, index: ChildIndex, status: OutcomeStatus) {
    let now = execution.now;
    let held = run_of(execution, parent).map_or(0, |run| run.children[index].input.len());
    let deadline = progress(execution, parent).and_then(|progress| {
        progress.held -= held;
        progress.deadlines.remove(&index)
    });
    if let Some(deadline) = deadline {
        execution.cancel_timer(deadline);
    }
    let events = run_of(execution, parent).map_or(LogId::OWN, |run| run.children[index].log);
    let full = execution.logs[events].len() + 1 >= EVENTS;
    if let Some(run) = run_of(execution, parent) {
        let child = &mut run.children[index];
        child.status = Some(status);
        child.stopped_at = Some(now);
        child.lost = status != OutcomeStatus::Succeeded && full && !run.express;
    }
    if let Children::Map(iterations) = &mut execution.threads[parent].children
        && let Some(child) = iterations.running.remove(&index)
        && let Some(progress) = iterations.progress.as_mut().filter(|_| status != OutcomeStatus::Succeeded)
    {
        progress.failed.insert(index, child);
    }
}

/// Ends a child. On AWS this event follows no other, and states are aborted without events.
fn give_up(execution: &mut Execution, child: ThreadId, kind: EventKind, details: Details) {
    execution.halt(child);
    let log = execution.threads[child].log;
    execution.threads[child].previous = execution.push(log, 0, kind, details);
}

/// Ends every running child.
pub(super) fn abort_all(execution: &mut Execution, thread: ThreadId) {
    let Children::Map(iterations) = &execution.threads[thread].children else { return };
    let running: Vec<(ChildIndex, ThreadId)> = iterations.running.iter().map(|(i, t)| (*i, *t)).collect();
    for (index, child) in running {
        give_up(execution, child, EventKind::ExecutionAborted, Details::default());
        ended(execution, thread, index, OutcomeStatus::Aborted);
    }
}

/// Ends the run of a thread with its children. Returns false if none was open.
pub(crate) fn abandon(execution: &mut Execution, thread: ThreadId) -> bool {
    let open = run_of(execution, thread).is_some_and(|run| run.status.is_none());
    if open {
        abort_all(execution, thread);
        super::close_run(execution, thread, OutcomeStatus::Aborted);
    }
    open
}

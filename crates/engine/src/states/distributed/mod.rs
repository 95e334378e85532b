//! Distributed maps: every item (or batch of items) runs as a child execution with a history of its own.
//!
//! A run reads its items, begins children, and ends: by [`finish`] when all have ended, by [`fail_run`] when more
//! failed than are tolerated or when the run itself could not go on.

mod batches;
mod children;
mod formats;
mod reader;
mod redrive;
mod results;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use countersign_asl::expr;
use countersign_trace::{Details, EventKind};
use serde_json::{Value, json};

use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::{ChildIndex, MapRunId, ThreadId};
use crate::map_run::MapRun;
use crate::program::{CompileError, Fields, Program, State};
use crate::states::{Body, map, task};
use crate::thread::{Children, Data, Ran, Run};
use crate::{Integration, OutcomeStatus, TaskRequest, TimerId};

pub(crate) use children::{abandon, child_done, child_failed, child_timed_out, stop_child};
pub(crate) use formats::entries;
use reader::Read;
pub(crate) use redrive::redrive;

/// The most children at once, also if the definition sets no limit.
const CONCURRENCY: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Distributed {
    label: String,
    express: bool,
    pub reader: Option<reader::Reader>,
    batcher: Option<batches::Batcher>,
    writer: Option<results::Writer>,
}

impl Distributed {
    /// Compiles the fields that only distributed maps have; `config` is `ProcessorConfig`.
    pub fn compile(fields: &Fields<'_>, config: &Value) -> Result<Distributed, CompileError> {
        Ok(Distributed {
            label: fields.text("Label").unwrap_or_default().to_owned(),
            express: config["ExecutionType"] == "EXPRESS",
            reader: reader::Reader::compile(fields)?,
            batcher: batches::Batcher::compile(fields)?,
            writer: results::Writer::compile(fields)?,
        })
    }
}

/// The tolerated failures: a count and a percentage of the items, each if given.
pub(crate) type Tolerance = (Option<i64>, Option<f64>);

/// The state of a Map that only a distributed one has.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Its run.
    pub run: MapRunId,
    /// How many items have failed.
    failures: usize,
    tolerance: Tolerance,
    /// Threads of the children that ended without success, by index: a redrive continues them.
    failed: BTreeMap<ChildIndex, ThreadId>,
    /// Children that wait for their redrive.
    again: VecDeque<ChildIndex>,
    /// The bytes of the inputs of the children that run.
    held: usize,
    /// When Express children time out, by index.
    deadlines: BTreeMap<ChildIndex, TimerId>,
    /// Why the run fails or has failed.
    failure: Option<Failure>,
    /// The URIs of what was read, each with the index of its first item.
    sources: Vec<(ChildIndex, Arc<str>)>,
}

impl Progress {
    fn of(run: MapRunId, tolerance: Tolerance) -> Progress {
        Progress {
            run,
            failures: 0,
            tolerance,
            failed: BTreeMap::new(),
            again: VecDeque::new(),
            held: 0,
            deadlines: BTreeMap::new(),
            failure: None,
            sources: Vec::new(),
        }
    }

    /// The URI of the object that holds an item.
    pub fn source(&self, index: ChildIndex) -> Option<Arc<str>> {
        let after = self.sources.partition_point(|(first, _)| *first <= index);
        self.sources.get(after.checked_sub(1)?).map(|(_, uri)| Arc::clone(uri))
    }

    /// Whether more of `items` have failed than are tolerated.
    fn exceeds(&self, items: usize) -> bool {
        let (count, percentage) = self.tolerance;
        let by_count = count.map(|most| i64::try_from(self.failures).unwrap_or(i64::MAX) > most);
        let by_percentage = percentage.map(|most| self.failures as f64 * 100.0 > most * items as f64);
        match (by_count, by_percentage) {
            (None, None) => self.failures > 0,
            (by_count, by_percentage) => by_count == Some(true) || by_percentage == Some(true),
        }
    }
}

/// The progress of the thread's run.
fn progress(execution: &mut Execution, thread: ThreadId) -> Option<&mut Progress> {
    match &mut execution.threads[thread].children {
        Children::Map(iterations) => iterations.progress.as_deref_mut(),
        _ => None,
    }
}

/// The run of the thread.
fn run_of(execution: &mut Execution, thread: ThreadId) -> Option<&mut MapRun> {
    let run = progress(execution, thread)?.run;
    execution.map_runs.get_mut(run.0)
}

/// The state of the thread, if it is a distributed map.
fn at_state<'a>(program: &'a Program, execution: &Execution, thread: ThreadId) -> Option<(&'a State, &'a map::Map)> {
    let at = &execution.threads[thread];
    let state = &program.scopes[at.scope].states[at.state];
    match &state.body {
        Body::Map(map) => Some((state, map)),
        _ => None,
    }
}

/// Writes `MapRunStarted`; then asks the reader, or begins the children.
pub(crate) fn begin(
    execution: &mut Execution,
    thread: ThreadId,
    state: &State,
    distributed: &Distributed,
    limit: i64,
    tolerance: Tolerance,
) -> Ran {
    let label = if distributed.label.is_empty() { hexadecimal(execution.random()) } else { distributed.label.clone() };
    let machine = execution.params.state_machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
    let arn = format!("{machine}/{label}:{}", uuid(execution));
    let details = Details { map_run_arn: Some(arn.clone()), ..Details::default() };
    execution.event(thread, EventKind::MapRunStarted, details);
    let run = MapRunId(execution.map_runs.len());
    let parent = execution.threads[thread].situation.child.as_ref().map(|child| child.arn.clone());
    execution.map_runs.push(MapRun {
        arn,
        parent,
        state: state.name.to_string(),
        express: distributed.express,
        started_at: execution.now,
        stopped_at: None,
        status: None,
        max_concurrency: limit,
        tolerated_failure_count: tolerance.0.unwrap_or(0),
        tolerated_failure_percentage: tolerance.1.unwrap_or(0.0),
        items: 0,
        executions: 0,
        children: Vec::new(),
        results_written: false,
        redrives: 0,
        redriven_at: None,
    });
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.limit = at_once(limit);
        iterations.progress = Some(Box::new(Progress::of(run, tolerance)));
    }
    read(execution, thread, state, distributed)
}

/// How many children run at once for a `MaxConcurrency`.
fn at_once(limit: i64) -> usize {
    usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(CONCURRENCY).min(CONCURRENCY)
}

/// Asks the reader; without one, the items are known.
fn read(execution: &mut Execution, thread: ThreadId, state: &State, distributed: &Distributed) -> Ran {
    let Some(reader) = &distributed.reader else { return start(execution, thread, distributed) };
    match reader.request(execution, thread) {
        Ok(parameters) => {
            let resource = reader.resource.clone();
            task::ask(execution, thread, state, Integration::ItemReader { resource }, parameters);
            Ok(Run::Wait)
        }
        Err(failure) => fail_run(execution, thread, failure),
    }
}

/// The reader has answered what was asked.
pub(crate) fn items_read(
    execution: &mut Execution,
    thread: ThreadId,
    asked: &TaskRequest,
    answer: Result<String, Failure>,
) {
    let program = Arc::clone(&execution.program);
    let Some((state, map)) = at_state(&program, execution, thread) else { return };
    let Some((distributed, reader)) = map.distributed.as_ref().and_then(|d| Some((d, d.reader.as_ref()?))) else {
        return;
    };
    let read = answer.and_then(|text| match &asked.integration {
        Integration::ItemObjects => reader.second(execution, thread, &asked.parameters, &text),
        _ => reader.first(execution, thread, &asked.parameters, &text),
    });
    let ran = match read {
        Ok(Read::Items(items, sources)) => {
            if let Some(progress) = progress(execution, thread) {
                progress.sources = sources;
            }
            if let Children::Map(iterations) = &mut execution.threads[thread].children {
                iterations.results = vec![None; items.len()];
                iterations.items = items.into_iter().map(Arc::new).collect();
            }
            start(execution, thread, distributed)
        }
        Ok(Read::Named(objects)) => {
            task::ask(execution, thread, state, Integration::ItemObjects, objects);
            Ok(Run::Wait)
        }
        Err(failure) => fail_run(execution, thread, failure),
    };
    go_on(execution, thread, ran);
}

/// `UpdateMapRun` of an open run: each given value of concurrency, tolerated count and percentage applies.
pub(crate) fn update(execution: &mut Execution, arn: &str, change: (Option<i64>, Option<i64>, Option<f64>)) {
    let found = execution.map_runs.iter().position(|run| run.arn == arn && run.status.is_none());
    let Some(run) = found.map(MapRunId) else { return };
    let described = &mut execution.map_runs[run];
    described.max_concurrency = change.0.unwrap_or(described.max_concurrency);
    described.tolerated_failure_count = change.1.unwrap_or(described.tolerated_failure_count);
    described.tolerated_failure_percentage = change.2.unwrap_or(described.tolerated_failure_percentage);
    let limit = at_once(described.max_concurrency);
    let Some(thread) = thread_of(execution, run) else { return };
    if let Some(progress) = progress(execution, thread) {
        progress.tolerance = (change.1.or(progress.tolerance.0), change.2.or(progress.tolerance.1));
    }
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.limit = limit;
    }
    // While the reader or the writer works, no child can begin.
    if execution.threads[thread].task.is_none() {
        let ran = children::fill(execution, thread);
        go_on(execution, thread, ran);
    }
}

/// The thread whose state the run belongs to.
fn thread_of(execution: &mut Execution, run: MapRunId) -> Option<ThreadId> {
    let mut threads = (0..execution.threads.len()).map(ThreadId);
    threads.find(|thread| progress(execution, *thread).is_some_and(|progress| progress.run == run))
}

fn go_on(execution: &mut Execution, thread: ThreadId, ran: Ran) {
    match ran {
        Ok(Run::Result(result)) => execution.complete(thread, result),
        Ok(Run::Wait | Run::Left) => {}
        Err(failure) => execution.fail_here(thread, failure),
    }
    execution.ready.push_back(thread);
}

/// Batches the items, and begins the first children.
fn start(execution: &mut Execution, thread: ThreadId, distributed: &Distributed) -> Ran {
    count(execution, thread, |run, items| run.items = items);
    if let Some(batcher) = &distributed.batcher
        && let Err(failure) = batcher.batch(execution, thread)
    {
        return fail_run(execution, thread, failure);
    }
    count(execution, thread, |run, batches| run.executions = batches);
    children::fill(execution, thread)
}

/// Records in the run how many items (or batches) there are.
fn count(execution: &mut Execution, thread: ThreadId, record: impl FnOnce(&mut MapRun, usize)) {
    let Children::Map(iterations) = &execution.threads[thread].children else { return };
    let items = iterations.items.len();
    if let Some(run) = run_of(execution, thread) {
        record(run, items);
    }
}

/// Every child has ended: the results are written, or become the state's result.
fn finish(execution: &mut Execution, thread: ThreadId) -> Ran {
    match write(execution, thread) {
        Ok(true) => Ok(Run::Wait),
        Ok(false) => Ok(Run::Result(succeed(execution, thread))),
        Err(failure) => fail_run(execution, thread, failure),
    }
}

/// Asks the writer, if the definition has one.
fn write(execution: &mut Execution, thread: ThreadId) -> Result<bool, Failure> {
    let program = Arc::clone(&execution.program);
    let Some((state, map)) = at_state(&program, execution, thread) else { return Ok(false) };
    let Some(writer) = map.distributed.as_ref().and_then(|d| d.writer.as_ref()) else { return Ok(false) };
    let Some((resource, place)) = &writer.export else { return Ok(false) };
    let at = &execution.threads[thread];
    let place = place.value(&execution.view(at, &at.input.value))?;
    let pending = children::pending(execution, thread, map);
    let Some(run) = run_of(execution, thread) else { return Ok(false) };
    let (objects, manifest) = writer.files(run, &pending, &place);
    let parameters = json!({ "Bucket": place["Bucket"], "Objects": objects, "Manifest": manifest });
    task::ask(execution, thread, state, Integration::ResultWriter { resource: resource.clone() }, parameters);
    Ok(true)
}

/// The writer has answered: the result names where the results are.
pub(crate) fn results_written(
    execution: &mut Execution,
    thread: ThreadId,
    asked: &TaskRequest,
    answer: Result<String, Failure>,
) {
    let written = answer.is_ok();
    let Some(run) = run_of(execution, thread) else { return };
    run.results_written = written;
    let arn = run.arn.clone();
    let failing = progress(execution, thread).and_then(|progress| progress.failure.clone());
    let ran = match failing.or(answer.err()) {
        Some(failure) => Err(run_failed(execution, thread, failure)),
        None => {
            succeed(execution, thread);
            let details = &asked.parameters["Manifest"];
            Ok(Run::Result(Data::new(json!({ "MapRunArn": arn, "ResultWriterDetails": details }))))
        }
    };
    go_on(execution, thread, ran);
}

/// Writes `MapRunSucceeded` and returns the results. Since November 2024 that event is not part of the chain: the
/// state's exit follows the event before it.
fn succeed(execution: &mut Execution, thread: ThreadId) -> Data {
    let before = execution.threads[thread].previous;
    execution.event(thread, EventKind::MapRunSucceeded, Details::default());
    close_run(execution, thread, OutcomeStatus::Succeeded);
    for kept in ended_children(execution, thread) {
        execution.release(kept);
    }
    let program = Arc::clone(&execution.program);
    let writer = at_state(&program, execution, thread).and_then(|(_, map)| map.distributed.as_ref()?.writer.as_ref());
    let shaped = writer.filter(|writer| writer.export.is_none()).zip(run_of(execution, thread));
    let shaped = shaped.map(|(writer, run)| Data::new(writer.output(run)));
    let plain = map::finish(execution, thread);
    execution.threads[thread].previous = before;
    shaped.unwrap_or(plain)
}

/// The threads of children that ended without success. They are kept until the state is left.
pub(crate) fn ended_children(execution: &mut Execution, thread: ThreadId) -> Vec<ThreadId> {
    progress(execution, thread).map(|progress| progress.failed.values().copied().collect()).unwrap_or_default()
}

/// Fails the run: ends the running children and writes the results that there are.
fn fail_run(execution: &mut Execution, thread: ThreadId, failure: Failure) -> Ran {
    children::abort_all(execution, thread);
    if let Some(progress) = progress(execution, thread) {
        progress.failure = Some(failure.clone());
    }
    let begun = run_of(execution, thread).is_some_and(|run| !run.children.is_empty());
    if begun && matches!(write(execution, thread), Ok(true)) {
        return Ok(Run::Wait);
    }
    Err(run_failed(execution, thread, failure))
}

/// Writes `MapRunFailed` and returns the failure for the state.
fn run_failed(execution: &mut Execution, thread: ThreadId, failure: Failure) -> Failure {
    let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..Details::default() };
    execution.event(thread, EventKind::MapRunFailed, details);
    close_run(execution, thread, OutcomeStatus::Failed);
    if let Some(progress) = progress(execution, thread) {
        progress.failure = Some(failure.clone());
    }
    failure
}

fn close_run(execution: &mut Execution, thread: ThreadId, status: OutcomeStatus) {
    let now = execution.now;
    if let Some(run) = run_of(execution, thread) {
        run.status = Some(status);
        run.stopped_at = Some(now);
        run.children.iter_mut().for_each(|child| child.pending_redrive = false);
    }
}

fn hexadecimal(bits: u64) -> String {
    format!("{bits:016x}")
}

fn uuid(execution: &Execution) -> String {
    expr::uuid(|| execution.random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failures: usize, tolerance: Tolerance, exceeds: bool) {
        assert_eq!(Progress { failures, ..Progress::of(MapRunId(0), tolerance) }.exceeds(10), exceeds);
    }

    #[test]
    fn a_run_fails_past_either_threshold() {
        check(0, (None, None), false);
        check(1, (None, None), true);
        check(2, (Some(2), None), false);
        check(3, (Some(2), None), true);
        check(3, (None, Some(30.0)), false);
        check(3, (None, Some(29.5)), true);
        check(1, (Some(0), Some(50.0)), true);
        check(2, (Some(5), Some(10.0)), true);
        check(10, (None, Some(100.0)), false);
    }
}

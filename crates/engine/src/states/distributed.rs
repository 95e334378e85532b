//! Distributed maps: every item (or batch of items) runs as a child execution with a history of its own.

use std::sync::Arc;

use countersign_trace::{Details, EventKind};
use serde_json::{Value, json};

use crate::context::ChildIdentity;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::map_run::{Child, MapRun};
use crate::program::{CompileError, Fields, State};
use crate::states::{Amount, Body, items, map, task};
use crate::template::Template;
use crate::thread::{Children, Data, Parent, Ran, Run};
use crate::timestamp;
use crate::{Integration, OutcomeStatus};

#[derive(Debug)]
pub(crate) struct Distributed {
    pub label: String,
    pub reader: Option<items::Reader>,
    batch_items: Option<Amount>,
    batch_input: Option<Template>,
    writer: Option<(String, Template)>,
}

impl Distributed {
    pub fn compile(fields: &Fields<'_>) -> Result<Distributed, CompileError> {
        let inner = |name: &str| fields.get(name).and_then(Value::as_object);
        let batcher = inner("ItemBatcher").map(|object| Fields { object, jsonata: fields.jsonata, at: fields.at });
        let arguments = if fields.jsonata { "Arguments" } else { "Parameters" };
        let writer = inner("ResultWriter").map(|object| Fields { object, jsonata: fields.jsonata, at: fields.at });
        let writer = match writer {
            Some(writer) => writer.text("Resource").map(str::to_owned).zip(writer.template(arguments)?),
            None => None,
        };
        Ok(Distributed {
            label: fields.text("Label").unwrap_or_default().to_owned(),
            reader: items::Reader::compile(fields)?,
            batch_items: batcher.as_ref().map(|b| Amount::compile(b, "MaxItemsPerBatch")).transpose()?.flatten(),
            batch_input: batcher.as_ref().map(|b| b.template("BatchInput")).transpose()?.flatten(),
            writer,
        })
    }
}

/// `MapRunStarted`; then the reader is asked, or the children begin.
pub(crate) fn begin(
    execution: &mut Execution,
    thread: usize,
    state: &State,
    distributed: &Distributed,
    limit: i64,
    tolerated: (i64, i64),
) -> Ran {
    let label = if distributed.label.is_empty() { hexadecimal(execution.random()) } else { distributed.label.clone() };
    let machine = execution.params.state_machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
    let arn = format!("{machine}/{label}:{}", uuid(execution));
    let details = Details { map_run_arn: Some(arn.clone()), ..Details::default() };
    execution.event(thread, EventKind::MapRunStarted, details);
    let run = execution.map_runs.len();
    execution.map_runs.push(MapRun {
        arn,
        state: state.name.to_string(),
        started_at: execution.now,
        stopped_at: None,
        status: None,
        max_concurrency: limit,
        tolerated_failure_count: tolerated.0,
        tolerated_failure_percentage: tolerated.1 as f64,
        items: 0,
        executions: 0,
        children: Vec::new(),
    });
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.run = Some(run);
    }
    match &distributed.reader {
        Some(reader) => match reader.request(execution, thread) {
            Ok(parameters) => {
                let resource = reader.resource.clone();
                task::ask(execution, thread, state, Integration::ItemReader { resource }, parameters);
                Ok(Run::Wait)
            }
            Err(failure) => Err(fail_run(execution, thread, failure)),
        },
        None => batch_and_start(execution, thread, distributed),
    }
}

/// The reader has answered.
pub(crate) fn items_read(execution: &mut Execution, thread: usize, answer: Result<String, Failure>) {
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[thread];
    let Body::Map(map) = &program.scopes[at.scope].states[at.state].body else {
        return;
    };
    let Some((distributed, reader)) = map.distributed.as_ref().and_then(|d| Some((d, d.reader.as_ref()?))) else {
        return;
    };
    let read = answer.and_then(|text| reader.items(execution, thread, &text));
    let ran = match read {
        Ok(read) => {
            if let Children::Map(iterations) = &mut execution.threads[thread].children {
                iterations.results = vec![None; read.len()];
                iterations.items = read.into_iter().map(Arc::new).collect();
                // A percentage is one of the items, which were not known before.
                if let Some(run) = iterations.run {
                    tolerate(execution, thread, run);
                }
            }
            batch_and_start(execution, thread, distributed)
        }
        Err(failure) => Err(fail_run(execution, thread, failure)),
    };
    go_on(execution, thread, ran);
}

/// `UpdateMapRun`, of a run that has not ended: what is given of concurrency, tolerated count and percentage.
pub(crate) fn update(execution: &mut Execution, arn: &str, change: (Option<i64>, Option<i64>, Option<f64>)) {
    let found = execution.map_runs.iter().position(|run| run.arn == arn && run.status.is_none());
    let Some(run) = found else { return };
    let described = &mut execution.map_runs[run];
    described.max_concurrency = change.0.unwrap_or(described.max_concurrency);
    described.tolerated_failure_count = change.1.unwrap_or(described.tolerated_failure_count);
    described.tolerated_failure_percentage = change.2.unwrap_or(described.tolerated_failure_percentage);
    let of_run = |children: &Children| matches!(children, Children::Map(m) if m.run == Some(run));
    let Some(thread) = execution.threads.iter().position(|thread| of_run(&thread.children)) else { return };
    tolerate(execution, thread, run);
    let limit = execution.map_runs[run].max_concurrency;
    let free = match &mut execution.threads[thread].children {
        Children::Map(m) => {
            m.limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
            m.limit.saturating_sub(m.running.len()).min(m.items.len() - m.next)
        }
        _ => 0,
    };
    for _ in 0..free {
        if let Err(failure) = next(execution, thread) {
            let failure = fail_run(execution, thread, failure);
            return go_on(execution, thread, Err(failure));
        }
    }
}

/// How many of the items may fail, by the run's count and percentage.
fn tolerate(execution: &mut Execution, thread: usize, run: usize) {
    let run = &execution.map_runs[run];
    let (count, percentage) = (run.tolerated_failure_count, run.tolerated_failure_percentage);
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        let by_percentage = (iterations.items.len() as f64 * percentage / 100.0).floor();
        iterations.tolerated = usize::try_from(count).unwrap_or(0).max(by_percentage as usize);
    }
}

fn go_on(execution: &mut Execution, thread: usize, ran: Ran) {
    match ran {
        Ok(Run::Result(result)) => execution.complete(thread, result),
        Ok(Run::Wait | Run::Left) => {}
        Err(failure) => execution.fail_here(thread, failure),
    }
    execution.ready.push_back(thread);
}

fn batch_and_start(execution: &mut Execution, thread: usize, distributed: &Distributed) -> Ran {
    count(execution, thread, |run, items| run.items = items);
    if let Some(amount) = &distributed.batch_items {
        let size = {
            let at = &execution.threads[thread];
            amount.value(&execution.view(at, &at.input.value))?
        };
        batch(execution, thread, distributed, usize::try_from(size).unwrap_or(1).max(1))?;
    }
    count(execution, thread, |run, batches| run.executions = batches);
    let Children::Map(iterations) = &execution.threads[thread].children else {
        return Ok(Run::Wait);
    };
    let first = iterations.items.len().min(iterations.limit);
    for _ in 0..first {
        next(execution, thread)?;
    }
    if first == 0 { finish(execution, thread) } else { Ok(Run::Wait) }
}

/// Tells the run how many items (or batches of them) there are.
fn count(execution: &mut Execution, thread: usize, tell: impl FnOnce(&mut MapRun, usize)) {
    if let Children::Map(iterations) = &execution.threads[thread].children
        && let Some(run) = iterations.run.and_then(|run| execution.map_runs.get_mut(run))
    {
        tell(run, iterations.items.len());
    }
}

/// Puts the items (each through `ItemSelector`) into batches.
fn batch(execution: &mut Execution, thread: usize, distributed: &Distributed, size: usize) -> Result<(), Failure> {
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[thread];
    let (Body::Map(map), Children::Map(iterations)) = (&program.scopes[at.scope].states[at.state].body, &at.children)
    else {
        return Ok(());
    };
    let input = distributed.batch_input.as_ref().map(|t| t.value(&execution.view(at, &at.input.value))).transpose()?;
    let mut selected = Vec::with_capacity(iterations.items.len());
    for (index, item) in iterations.items.iter().enumerate() {
        selected.push(map::item_input(execution, thread, map, index, item)?.value.as_ref().clone());
    }
    let batches: Vec<Arc<Value>> = selected
        .chunks(size)
        .map(|chunk| {
            let mut batch = json!({ "Items": chunk });
            if let Some(input) = &input {
                batch["BatchInput"] = input.clone();
            }
            Arc::new(batch)
        })
        .collect();
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.results = vec![None; batches.len()];
        iterations.items = batches;
    }
    Ok(())
}

fn next(execution: &mut Execution, thread: usize) -> Result<(), Failure> {
    let program = Arc::clone(&execution.program);
    let at = &mut execution.threads[thread];
    let Body::Map(map) = &program.scopes[at.scope].states[at.state].body else {
        return Ok(());
    };
    let Children::Map(iterations) = &mut at.children else {
        return Ok(());
    };
    let (index, scope, run) = (iterations.next, iterations.scope, iterations.run.unwrap_or(0));
    let Some(item) = iterations.items.get(index).cloned() else {
        return Ok(());
    };
    iterations.next += 1;
    let batched = map.distributed.as_ref().is_some_and(|d| d.batch_items.is_some());
    let input = if batched {
        Data { text: Arc::from(item.to_string()), value: Arc::clone(&item) }
    } else {
        map::item_input(execution, thread, map, index, &item)?
    };
    let log = execution.logs.len();
    execution.logs.push(Vec::new());
    let details = Details {
        input: Some(input.text.to_string()),
        role_arn: Some(execution.params.role_arn.clone()),
        ..Details::default()
    };
    execution.push(log, 0, EventKind::ExecutionStarted, details);
    let name = uuid(execution);
    let arn = execution.map_runs[run].arn.replacen(":mapRun:", ":execution:", 1);
    let arn = format!("{}:{name}", arn.rsplit_once(':').map_or(arn.as_str(), |(head, _)| head));
    let identity = ChildIdentity {
        arn: arn.clone(),
        name: name.clone(),
        input: Arc::clone(&input.value),
        started_at: execution.now,
    };
    let items = item.get("Items").and_then(Value::as_array).filter(|_| batched).map_or(1, Vec::len);
    let child = Child {
        arn,
        name,
        input: input.text.to_string(),
        output: None,
        error: None,
        cause: None,
        status: None,
        started_at: execution.now,
        stopped_at: None,
        log,
        items,
    };
    execution.map_runs[run].children.push(child);
    let child = execution.spawn(Some(Parent { thread, index }), log, scope, input, 0);
    let at = &mut execution.threads[child];
    at.variables = Arc::default();
    at.situation.item = None;
    at.situation.child = Some(Arc::new(identity));
    execution.ready.push_back(child);
    if let Children::Map(iterations) = &mut execution.threads[thread].children {
        iterations.running.insert(index, child);
    }
    Ok(())
}

/// A child execution has succeeded.
pub(crate) fn child_done(execution: &mut Execution, parent: usize, index: usize, child: usize) {
    let output = execution.threads[child].input.text.to_string();
    let details = Details { output: Some(output.clone()), ..Details::default() };
    execution.event(child, EventKind::ExecutionSucceeded, details);
    record(execution, parent, index, OutcomeStatus::Succeeded, |c| c.output = Some(output));
    execution.release(child);
    proceed(execution, parent);
}

/// A child execution has failed: tolerated up to the threshold.
pub(crate) fn child_failed(execution: &mut Execution, parent: usize, index: usize, child: usize, failure: Failure) {
    let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..Details::default() };
    let log = execution.threads[child].log;
    if execution.logs[log].last().is_none_or(|e| !e.kind.is_execution_end()) {
        execution.event(child, EventKind::ExecutionFailed, details);
    }
    record(execution, parent, index, OutcomeStatus::Failed, |c| {
        c.error = failure.error.clone();
        c.cause = failure.cause.clone();
    });
    let Children::Map(iterations) = &mut execution.threads[parent].children else {
        return;
    };
    iterations.failures += 1;
    if iterations.failures <= iterations.tolerated {
        iterations.running.remove(&index);
        execution.release(child);
        proceed(execution, parent);
        return;
    }
    let running: Vec<(usize, usize)> = iterations.running.iter().map(|(i, t)| (*i, *t)).collect();
    for (i, thread) in running {
        let previous = execution.threads[thread].previous;
        execution.abort(thread, previous);
        if i != index {
            execution.event(thread, EventKind::ExecutionAborted, Details::default());
            record(execution, parent, i, OutcomeStatus::Aborted, |_| {});
        }
    }
    let failure = Failure::new(
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    );
    let failure = fail_run(execution, parent, failure);
    execution.handle(parent, failure);
}

fn record(
    execution: &mut Execution,
    parent: usize,
    index: usize,
    status: OutcomeStatus,
    more: impl FnOnce(&mut Child),
) {
    let run = match &execution.threads[parent].children {
        Children::Map(iterations) => iterations.run,
        _ => None,
    };
    let now = execution.now;
    if let Some(child) = run.and_then(|r| execution.map_runs.get_mut(r)).and_then(|r| r.children.get_mut(index)) {
        child.status = Some(status);
        child.stopped_at = Some(now);
        more(child);
    }
}

fn proceed(execution: &mut Execution, parent: usize) {
    let ran = match next(execution, parent) {
        Err(failure) => Err(fail_run(execution, parent, failure)),
        Ok(()) => match &execution.threads[parent].children {
            Children::Map(m) if m.running.is_empty() && m.next == m.items.len() => finish(execution, parent),
            _ => return,
        },
    };
    go_on(execution, parent, ran);
}

fn finish(execution: &mut Execution, thread: usize) -> Ran {
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[thread];
    let state = &program.scopes[at.scope].states[at.state];
    if let Body::Map(map) = &state.body
        && let Some((resource, template)) = map.distributed.as_ref().and_then(|d| d.writer.as_ref())
    {
        let mut parameters = template.value(&execution.view(at, &at.input.value))?;
        if let (Children::Map(iterations), Value::Object(fields)) = (&at.children, &mut parameters) {
            let results: Vec<&Value> = iterations.results.iter().flatten().map(AsRef::as_ref).collect();
            fields.insert("body".into(), Value::String(json!(results).to_string()));
            if let Some(run) = iterations.run.map(|run| &execution.map_runs[run]) {
                fields.insert("MapRunArn".into(), run.arn.clone().into());
                fields.insert("Executions".into(), run.children.iter().map(|child| written(run, child)).collect());
            }
        }
        let integration = Integration::ResultWriter { resource: resource.clone() };
        task::ask(execution, thread, state, integration, parameters);
        return Ok(Run::Wait);
    }
    Ok(Run::Result(succeed(execution, thread)))
}

/// A child as the result's files describe it.
fn written(run: &MapRun, child: &Child) -> Value {
    let machine = run.arn.replacen(":mapRun:", ":stateMachine:", 1);
    let mut all = json!({
        "ExecutionArn": child.arn, "Input": child.input, "InputDetails": {"Included": true}, "Name": child.name,
        "StartDate": timestamp::format(child.started_at), "StateMachineArn": machine.rsplit_once(':').map(|(head, _)| head),
        "Status": if child.status == Some(OutcomeStatus::Succeeded) { "SUCCEEDED" } else { "FAILED" },
        "StopDate": child.stopped_at.map(timestamp::format),
    });
    if let Some(output) = &child.output {
        all["Output"] = output.as_str().into();
        all["OutputDetails"] = json!({"Included": true});
    }
    for (name, text) in [("Error", &child.error), ("Cause", &child.cause)] {
        if let Some(text) = text {
            all[name] = text.as_str().into();
        }
    }
    all
}

fn succeed(execution: &mut Execution, thread: usize) -> Data {
    execution.event(thread, EventKind::MapRunSucceeded, Details::default());
    close_run(execution, thread, OutcomeStatus::Succeeded);
    map::finish(execution, thread)
}

/// The writer has answered: the result names where the results are.
pub(crate) fn results_written(execution: &mut Execution, thread: usize, answer: Result<String, Failure>) {
    let ran = match answer {
        Ok(text) => {
            let arn = match &execution.threads[thread].children {
                Children::Map(m) => m.run.map(|r| execution.map_runs[r].arn.clone()),
                _ => None,
            };
            succeed(execution, thread);
            let details: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            Ok(Run::Result(Data::new(json!({ "MapRunArn": arn, "ResultWriterDetails": details }))))
        }
        Err(failure) => Err(fail_run(execution, thread, failure)),
    };
    go_on(execution, thread, ran);
}

/// `MapRunFailed`; the failure then goes on as the state's.
fn fail_run(execution: &mut Execution, thread: usize, failure: Failure) -> Failure {
    let details = Details { error: failure.error.clone(), cause: failure.cause.clone(), ..Details::default() };
    execution.event(thread, EventKind::MapRunFailed, details);
    close_run(execution, thread, OutcomeStatus::Failed);
    failure
}

fn close_run(execution: &mut Execution, thread: usize, status: OutcomeStatus) {
    if let Children::Map(iterations) = &execution.threads[thread].children
        && let Some(run) = iterations.run.and_then(|r| execution.map_runs.get_mut(r))
    {
        run.status = Some(status);
        run.stopped_at = Some(execution.now);
    }
}

/// Ends every run that is still open, with the execution.
pub(crate) fn close_runs(execution: &mut Execution, status: OutcomeStatus) {
    let now = execution.now;
    let mut open = Vec::new();
    for run in execution.map_runs.iter_mut().filter(|r| r.status.is_none()) {
        run.status = Some(status);
        run.stopped_at = Some(now);
        for child in run.children.iter_mut().filter(|c| c.status.is_none()) {
            child.status = Some(OutcomeStatus::Aborted);
            child.stopped_at = Some(now);
            open.push(child.log);
        }
    }
    for log in open {
        execution.push(log, 0, EventKind::ExecutionAborted, Details::default());
    }
}

fn hexadecimal(bits: u64) -> String {
    format!("{bits:016x}")
}

pub(crate) fn uuid(execution: &Execution) -> String {
    let (high, low) = (execution.random(), execution.random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

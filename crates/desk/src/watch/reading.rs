//! The readings of the watch, each with its paging.

use std::sync::Arc;

use countersign_trace::{EventKind, HistoryEvent};

use super::record::Record;
use super::snapshot::{Definition, Machine};
use super::{Watch, lock};
use crate::connection::{Api, Description, ExecutionStatus, ListedMachine, Redrivable, Summary};
use crate::error::ReadError;
use crate::redact::Redactor;

/// Events a page: AWS's maximum.
const PAGE: i32 = 1_000;

/// Every state machine. The first page was granted.
pub async fn list_machines(watch: &Watch) -> Result<Vec<ListedMachine>, ReadError> {
    let calls = &watch.connection.calls;
    let mut page = watch.ask(Api::ListStateMachines, calls.list_machines(None)).await?;
    let mut found = page.items;
    while let Some(next) = page.next {
        page = watch.ask_now(Api::ListStateMachines, calls.list_machines(Some(next))).await?;
        found.append(&mut page.items);
    }
    Ok(found)
}

/// One state machine; `known` is the last reading. Its drawing is kept if the text is the same.
pub async fn describe_machine(watch: &Watch, arn: &str, known: Option<&Machine>) -> Result<Machine, ReadError> {
    let described = watch.ask(Api::DescribeStateMachine, watch.connection.calls.describe_machine(arn)).await?;
    let definition = match known.filter(|known| known.definition.text == described.definition) {
        Some(known) => Arc::clone(&known.definition),
        None => Arc::new(Definition::read(described.definition)),
    };
    let same =
        known.filter(|known| known.revision_id == described.revision_id && known.definition.text == definition.text);
    let now = watch.now();
    Ok(Machine {
        arn: described.arn,
        name: described.name,
        kind: described.kind,
        definition,
        revision_id: described.revision_id,
        role_arn: described.role_arn,
        created_at: Some(described.created_at),
        described_at: now,
        since: same.map_or(now, |known| known.since),
    })
}

/// How an execution is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// By a round of the watch: the first page of the history was granted, and the rest can wait.
    Round,
    /// For somebody who waits for it.
    Somebody,
    /// For somebody to whom only an immediate response is useful: no call is retried.
    Hurried,
}

/// One execution, whole; `summary` is how it was listed last. Of `known`, the last reading, what cannot have changed is kept.
pub async fn read_execution(
    watch: &Watch,
    reader: Reader,
    (arn, summary): (&str, Option<Summary>),
    known: Option<Arc<Record>>,
) -> Result<Record, ReadError> {
    let known_events = known.as_deref().map_or(&[][..], |known| known.whole().1);
    let mut events = read_history(watch, reader, arn, known_events).await?;
    let description = match described(known.as_deref(), summary.as_ref(), &events) {
        Some(description) => description,
        None => {
            let described =
                watch.ask_now(Api::DescribeExecution, watch.calls_of(reader).describe_execution(arn)).await?;
            // It ended after its history was read: the rest is there now.
            if described.status != ExecutionStatus::Running && !ends(&events) {
                events = read_history(watch, reader, arn, &events).await?;
            }
            described
        }
    };
    let (definition, is_certain) = match &known {
        Some(known) if known.definition_is_certain => (Arc::clone(&known.definition), true),
        _ => definition_of(watch, reader, &description).await?,
    };
    let (now, sandbox) = (watch.now(), watch.sandbox.clone());
    let redactor = Redactor::new(watch.tokens.key());
    // Evaluation takes time, and others wrote the expressions.
    let made = tokio::task::spawn_blocking(move || {
        // Tokens found with another definition may be wrong.
        let known = known.filter(|known| Arc::ptr_eq(&known.definition, &definition));
        let record = Record::new(description, events, definition, now, known.as_deref(), redactor, sandbox);
        record.with_definition_certain(is_certain)
    });
    made.await.map_err(|error| ReadError::NotUnderstood { execution_arn: arn.to_owned(), why: error.to_string() })
}

/// What DescribeExecution would say, where the list and the history say it already: that call has a smaller quota.
fn described(known: Option<&Record>, summary: Option<&Summary>, events: &[HistoryEvent]) -> Option<Description> {
    let first = events.first().filter(|event| event.kind == EventKind::ExecutionStarted)?;
    let last = events.last()?;
    let (arn, name, machine_arn, started_at) = match (known, summary) {
        (Some(known), _) => {
            let about = known.whole().0;
            (&about.arn, &about.name, &about.machine_arn, about.started_at)
        }
        (None, Some(summary)) => (&summary.arn, &summary.name, &summary.machine_arn, summary.started_at),
        (None, None) => return None,
    };
    let status = match last.kind {
        EventKind::ExecutionSucceeded => ExecutionStatus::Succeeded,
        EventKind::ExecutionFailed => ExecutionStatus::Failed,
        EventKind::ExecutionTimedOut => ExecutionStatus::TimedOut,
        EventKind::ExecutionAborted => ExecutionStatus::Aborted,
        _ => ExecutionStatus::Running,
    };
    let has_ended = status != ExecutionStatus::Running;
    // The list says that it has ended, or it was redriven: the history alone does not say which.
    let is_said_to_have_ended =
        known.is_some_and(Record::ended) || summary.is_some_and(|summary| summary.status != ExecutionStatus::Running);
    if is_said_to_have_ended && !has_ended {
        return None;
    }
    // DescribeExecution names neither for an execution that timed out.
    let has_reason = has_ended && status != ExecutionStatus::TimedOut;
    Some(Description {
        arn: arn.clone(),
        name: name.clone(),
        machine_arn: machine_arn.clone(),
        status,
        started_at,
        ended_at: has_ended.then_some(last.timestamp),
        input: Some(first.details.input.clone()?),
        output: last.details.output.clone().filter(|_| has_ended),
        error: last.details.error.clone().filter(|_| has_reason),
        cause: last.details.cause.clone().filter(|_| has_reason),
        redrives: 0,
        redrivable: Redrivable::default(),
    })
}

/// Whether a history is that of an execution that has ended.
pub fn ends(events: &[HistoryEvent]) -> bool {
    events.last().is_some_and(|event| event.kind.is_execution_end())
}

/// The definition that the execution runs, and whether that is certain: it may be older than the machine's, and the call
/// that says so has a quota of one a second.
async fn definition_of(
    watch: &Watch,
    reader: Reader,
    about: &Description,
) -> Result<(Arc<Definition>, bool), ReadError> {
    let machine = watch.snapshot().machines.get(&about.machine_arn).cloned();
    if let Some(machine) = &machine
        && machine.was_in_force(about.started_at)
    {
        return Ok((Arc::clone(&machine.definition), true));
    }
    let api = Api::DescribeStateMachineForExecution;
    let granted = lock(&watch.pace).take(api, watch.now());
    let current = machine.map(|machine| machine.definition);
    if let (false, Reader::Round, Some(current)) = (granted, reader, &current) {
        return Ok((Arc::clone(current), false));
    }
    if !granted {
        lock(&watch.pace).spend(api, watch.now());
    }
    match watch.ask(api, watch.calls_of(reader).definition_of_execution(&about.arn)).await {
        Ok(text) => {
            let known = current.filter(|known| known.text == text.0);
            Ok((known.unwrap_or_else(|| Arc::new(Definition::read(text.0))), true))
        }
        // The machine's current definition is nearly always the same.
        Err(error) => current.map(|current| (current, false)).ok_or(ReadError::Call(error)),
    }
}

/// Whether the newest event of an execution has this number: nothing happened since it was read. The call was granted.
pub async fn has_only(watch: &Watch, arn: &str, events: u64) -> Result<bool, ReadError> {
    let page = watch.ask(Api::GetExecutionHistory, watch.connection.calls.newest_events(arn, 1, None)).await?;
    Ok(page.items.first().is_some_and(|event| event.id == events))
}

/// The known events, and after them the history back from its newest event to the first unknown one.
async fn read_history(
    watch: &Watch,
    reader: Reader,
    arn: &str,
    known: &[HistoryEvent],
) -> Result<Vec<HistoryEvent>, ReadError> {
    let api = Api::GetExecutionHistory;
    let calls = watch.calls_of(reader);
    let last = known.last().map_or(0, |event| event.id);
    // After the first reading there are few new events: a short page costs less.
    let size = if known.is_empty() { PAGE } else { 100 };
    let first = calls.newest_events(arn, size, None);
    let mut page = match reader {
        Reader::Round => watch.ask(api, first).await?,
        Reader::Somebody | Reader::Hurried => watch.ask_now(api, first).await?,
    };
    let mut fresh = page.items;
    while let Some(next) = page.next
        && fresh.iter().all(|event| event.id > last + 1)
    {
        page = watch.ask_now(api, calls.newest_events(arn, size, Some(next))).await?;
        fresh.append(&mut page.items);
    }
    fresh.retain(|event| event.id > last);
    fresh.sort_by_key(|event| event.id);
    fresh.dedup_by_key(|event| event.id);
    Ok(known.iter().cloned().chain(fresh).collect())
}

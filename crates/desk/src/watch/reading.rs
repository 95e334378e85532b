//! The calls that the watch makes, each with its paging.

use std::sync::Arc;

use countersign_trace::HistoryEvent;

use super::Watch;
use super::record::Record;
use super::snapshot::{Definition, Machine};
use crate::connection::{ExecutionStatus, ListedMachine, Listing, MachineKind, Of, StepFunctions, Summary};
use crate::error::ReadError;

/// Events of one page: the most that AWS gives.
const PAGE: i32 = 1_000;

/// Every state machine.
pub async fn list_machines(watch: &Watch) -> Result<Vec<ListedMachine>, ReadError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = watch.connection.calls.list_machines(next).await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// One state machine; `known` is the last reading, whose drawing is kept where the text is the same.
pub async fn describe_machine(watch: &Watch, arn: &str, known: Option<&Machine>) -> Result<Machine, ReadError> {
    let described = watch.connection.calls.describe_machine(arn).await?;
    let definition = match known.filter(|known| known.definition.text == described.definition) {
        Some(known) => Arc::clone(&known.definition),
        None => Arc::new(Definition::read(described.definition)),
    };
    Ok(Machine {
        arn: described.arn,
        name: described.name,
        kind: described.kind,
        definition,
        revision_id: described.revision_id,
        role_arn: described.role_arn,
        created_at: Some(described.created_at),
        described_at: watch.now(),
        listed_at: known.map_or(0, |known| known.listed_at),
    })
}

/// The newest 100 executions of a machine, and every running one. An Express machine has none to list.
pub async fn list_executions(watch: &Watch, machine: &Machine) -> Result<Vec<Summary>, ReadError> {
    if machine.kind == MachineKind::Express {
        return Ok(Vec::new());
    }
    let (mut found, more) = list_page(watch, &machine.arn, None, 100, None).await?;
    if more.is_some() {
        // There are older ones; those that still run must not be missed.
        let mut next = None;
        loop {
            let (running, more) = list_page(watch, &machine.arn, Some(ExecutionStatus::Running), PAGE, next).await?;
            let old =
                running.into_iter().filter(|one| !found.iter().any(|known| known.arn == one.arn)).collect::<Vec<_>>();
            found.extend(old);
            next = more;
            if next.is_none() {
                break;
            }
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.started_at));
    Ok(found)
}

/// The running children of a Map Run.
pub async fn list_children(watch: &Watch, map_run_arn: &str) -> Result<Vec<Summary>, ReadError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let (of, status) = (Of::MapRun(map_run_arn.to_owned()), Some(ExecutionStatus::Running));
        let page = watch.connection.calls.list_executions(Listing { of, status, size: PAGE, next }).await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}

async fn list_page(
    watch: &Watch,
    machine_arn: &str,
    status: Option<ExecutionStatus>,
    size: i32,
    next: Option<String>,
) -> Result<(Vec<Summary>, Option<String>), ReadError> {
    let listing = Listing { of: Of::Machine(machine_arn.to_owned()), status, size, next };
    let page = watch.connection.calls.list_executions(listing).await?;
    Ok((page.items, page.next))
}

/// One execution, whole. Of `known`, the last reading, what cannot have changed is kept.
pub async fn read_execution(
    watch: &Watch,
    calls: &dyn StepFunctions,
    arn: &str,
    known: Option<Arc<Record>>,
) -> Result<Record, ReadError> {
    let events = read_history(calls, arn, known.as_deref().map_or(&[][..], |known| known.whole().1)).await?;
    let ended = events.last().is_some_and(|event| event.kind.is_execution_end());
    let description = match &known {
        Some(known) if !ended && known.description.status == ExecutionStatus::Running => known.whole().0.clone(),
        _ => calls.describe_execution(arn).await?,
    };
    let definition = match &known {
        Some(known) => Arc::clone(&known.definition),
        None => definition_of(watch, calls, arn, &description.machine_arn).await?,
    };
    let (now, sandbox) = (watch.now(), watch.sandbox.clone());
    // Evaluating takes a moment, and what is evaluated was written by others.
    let made = tokio::task::spawn_blocking(move || {
        Record::new(description, events, definition, now, known.as_deref(), sandbox)
    });
    made.await.map_err(|error| ReadError::NotUnderstood { execution_arn: arn.to_owned(), why: error.to_string() })
}

/// The definition that the execution runs, which may be older than the machine's. It never changes.
async fn definition_of(
    watch: &Watch,
    calls: &dyn StepFunctions,
    arn: &str,
    machine_arn: &str,
) -> Result<Arc<Definition>, ReadError> {
    let current = watch.snapshot().machines.get(machine_arn).map(|machine| Arc::clone(&machine.definition));
    let text = match calls.definition_of_execution(arn).await {
        Ok(text) => text.0,
        // The quota of this call is one a second: the machine's own definition is nearly always the same.
        Err(error) => return current.ok_or(ReadError::Call(error)),
    };
    Ok(current.filter(|known| known.text == text).unwrap_or_else(|| Arc::new(Definition::read(text))))
}

/// The history from its newest event back to the first one that is not known, put after what is known.
async fn read_history(
    calls: &dyn StepFunctions,
    arn: &str,
    known: &[HistoryEvent],
) -> Result<Vec<HistoryEvent>, ReadError> {
    let last = known.last().map_or(0, |event| event.id);
    let mut fresh = Vec::new();
    let mut next = None;
    loop {
        // Once something is known the news is short: a short page costs less.
        let size = if known.is_empty() { PAGE } else { 100 };
        let page = calls.newest_events(arn, size, next).await?;
        fresh.extend(page.items);
        let reached = fresh.iter().any(|event| event.id <= last + 1);
        next = page.next;
        if reached || next.is_none() {
            break;
        }
    }
    fresh.retain(|event| event.id > last);
    fresh.sort_by_key(|event| event.id);
    fresh.dedup_by_key(|event| event.id);
    Ok(known.iter().cloned().chain(fresh).collect())
}

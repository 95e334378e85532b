//! Replay evidence without an index: a command lists the last executions of a state machine and reads them through the port.

use countersign_replay::evidence::{End, Found, History, Summary, replay};
use countersign_replay::{Bounds, Definition};

use super::super::desired::{ItemPlan, Setting};
use super::super::patience::{Failure, Patience};
use super::super::planning::Plan;
use super::{Replays, outlook};
use crate::connection::{Api, ExecutionStatus, Listing, MachineKind, Of};

/// The most pages of the list: executions that run are passed over.
const PAGES: usize = 10;
/// The most events of a page.
const EVENTS: i32 = 1_000;

/// Puts into a plan what the last executions of each changed definition, at most `limit`, would do under the new one.
///
/// # Errors
/// A call fails, or somebody stopped it.
pub async fn add_evidence(plan: &mut Plan, patience: &Patience<'_>, limit: usize) -> Result<(), Failure> {
    for item in &mut plan.items {
        item.evidence = of_item(&item.plan, patience, limit).await?;
    }
    Ok(())
}

/// What the executions of one state machine would do; `None` where its definition stays, or nothing keeps its histories.
async fn of_item(item: &ItemPlan, patience: &Patience<'_>, limit: usize) -> Result<Option<outlook::Evidence>, Failure> {
    let (Some(desired), Some(deployed)) = (&item.desired, &item.deployed) else { return Ok(None) };
    if !item.changes(Setting::Definition) || deployed.kind == MachineKind::Express {
        return Ok(None);
    }
    // One that cannot be compiled has findings that say so.
    let Ok(new) = Definition::read(&desired.definition) else { return Ok(None) };
    let mut executions = Vec::new();
    for arn in ended(patience, &deployed.arn, limit).await? {
        let events = history(patience, &arn).await?;
        // Which definition it ran is a call that AWS grants once a second: its own course is believed instead.
        let mut evidence = replay(History::standard(&arn, &events), None, &new, &Bounds::default());
        evidence.found = without_payloads(evidence.found);
        executions.push((arn, evidence));
    }
    let summary = Summary::of(executions.iter().map(|(arn, evidence)| (arn.as_str(), &evidence.found)));
    Ok(Some(Replays { summary, executions, unread: Vec::new() }.outlook()))
}

/// The last executions that have ended, the newest first.
async fn ended(patience: &Patience<'_>, machine_arn: &str, limit: usize) -> Result<Vec<String>, Failure> {
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let listing =
            Listing { of: Of::Machine(machine_arn.to_owned()), status: None, size: 100, next: Option::take(&mut next) };
        let page = patience.read(Api::ListExecutions, |calls| calls.list_executions(listing.clone())).await?;
        let ended = page.items.into_iter().filter(|one| one.status != ExecutionStatus::Running);
        found.extend(ended.map(|one| one.arn).take(limit - found.len()));
        next = page.next;
        if found.len() == limit || next.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn history(patience: &Patience<'_>, arn: &str) -> Result<Vec<countersign_trace::HistoryEvent>, Failure> {
    let (mut events, mut next) = (Vec::new(), None);
    loop {
        let page =
            patience.read(Api::GetExecutionHistory, |calls| calls.newest_events(arn, EVENTS, next.clone())).await?;
        events.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(events);
        }
    }
}

/// That a path is missing says nothing of a payload; another cause may hold anything, a task token too.
fn without_payloads(found: Found) -> Found {
    let bare = |end: End| End { cause: end.cause.clone().filter(|_| end.is_missing_path()), output: None, ..end };
    match found {
        Found::AnotherPath { turn, newly, no_longer, end } => {
            Found::AnotherPath { turn, newly, no_longer, end: bare(end) }
        }
        Found::AnotherEnd { end, no_longer } => Found::AnotherEnd { end: bare(end), no_longer },
        other => other,
    }
}

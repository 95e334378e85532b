//! The list of executions.

use countersign_desk::connection::MachineKind;
use countersign_desk::index::{ExecutionCursor, Tally};
use countersign_desk::watch::Snapshot;
use countersign_desk::{Actor, Desk, Error};

use super::rows::{execution_row, shown_by};
use super::{Answered, worded};
use crate::error::{AppError, ErrorKind};
use crate::wire::executions::{Executions, Parent, StatusFilter, UnknownStatus};

/// Rows of a page.
const ROWS: u32 = 100;

/// One page of executions, newest first: those of one workflow or all, with one status or all; or the children of the Map
/// Runs of `parent`.
///
/// # Errors
/// The status is none, or the address has no page of the list; or the connection has not answered yet.
pub async fn executions(
    desk: &Desk,
    actor: &Actor,
    workflow: Option<String>,
    status: Option<String>,
    parent: Option<String>,
    before: Option<String>,
) -> Answered<Executions> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let status = given(status).as_deref().map(filter).transpose()?;
    let before = given(before).as_deref().map(cursor).transpose()?;
    let wanted = Wanted { workflow: given(workflow), status, parent: given(parent), before };
    page(desk, actor, wanted).await.map_err(|error| worded(desk, &error))
}

/// What an address asks for.
struct Wanted {
    workflow: Option<String>,
    status: Option<StatusFilter>,
    parent: Option<String>,
    before: Option<ExecutionCursor>,
}

/// The page that an address names.
fn cursor(text: &str) -> Answered<ExecutionCursor> {
    text.parse().map_err(|_| {
        let what = "This address is no page of the list.".to_owned();
        AppError::new(ErrorKind::Invalid, what, "Begin with the newest executions.".to_owned())
    })
}

/// The status that an address names.
fn filter(status: &str) -> Answered<StatusFilter> {
    status.parse().map_err(|UnknownStatus| {
        let what = format!("{:?} is not a status.", status.chars().take(40).collect::<String>());
        let [words @ .., last] = StatusFilter::ALL.map(StatusFilter::word);
        AppError::new(ErrorKind::Invalid, what, format!("Choose {} or {last}.", words.join(", ")))
    })
}

async fn page(desk: &Desk, actor: &Actor, wanted: Wanted) -> Result<Executions, Error> {
    let Wanted { workflow, status, parent, before } = wanted;
    let snapshot = desk.snapshot(actor).await?;
    let shown = status.map(shown_by);
    let listed = match &parent {
        Some(parent) => desk.children(actor, parent, shown, before, ROWS).await?,
        None => desk.executions(actor, workflow.as_deref(), shown, before, ROWS).await?,
    };
    let counts = match &parent {
        Some(_) => None,
        None => Some(counts(&snapshot, workflow.as_deref(), &desk.tallies(actor).await?)),
    };
    let mut workflows: Vec<String> = snapshot.machines.values().map(|machine| machine.name.clone()).collect();
    workflows.sort();
    let machine = workflow.as_deref().and_then(|name| snapshot.machine_named(name));
    let express = machine.is_some_and(|machine| machine.kind == MachineKind::Express);
    let parent = parent.map(|arn| Parent { name: arn.rsplit(':').next().unwrap_or(&arn).to_owned(), arn });
    Ok(Executions {
        rows: listed.rows.iter().map(|one| execution_row(&snapshot, one)).collect(),
        counts,
        older: listed.older.map(|cursor| cursor.to_string()),
        newer: before.is_some(),
        parent,
        workflows,
        workflow,
        status,
        express,
        now: desk.now(),
    })
}

/// How many executions each tab holds.
fn counts(snapshot: &Snapshot, workflow: Option<&str>, tallies: &[Tally]) -> Vec<u64> {
    let is_wanted = |tally: &&Tally| {
        let machine = snapshot.machines.get(&tally.machine_arn);
        workflow.is_none_or(|name| machine.is_some_and(|machine| machine.name == name))
    };
    let tabs = std::iter::once(None).chain(StatusFilter::ALL.map(Some));
    tabs.map(|tab| tallies.iter().filter(is_wanted).map(|tally| tally.of_filter(tab.map(shown_by))).sum()).collect()
}

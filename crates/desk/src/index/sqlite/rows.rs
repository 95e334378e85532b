//! Rows as typed values. What cannot be read is an error that names the row.

use std::fmt::Display;
use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::connection::{ExecutionStatus, MachineKind, Summary};
use crate::index::{ExecutionCursor, ExecutionRow, InboxCursor, Shown};
use crate::store::StoreError;
use crate::watch::{Definition, DueBy, Machine, Obstacle, Waiting};

const STATUSES: [ExecutionStatus; 5] = [
    ExecutionStatus::Running,
    ExecutionStatus::Succeeded,
    ExecutionStatus::Failed,
    ExecutionStatus::TimedOut,
    ExecutionStatus::Aborted,
];
pub const WAITING: i64 = 5;
const DUE_BY: [DueBy; 3] = [DueBy::Task, DueBy::Heartbeat, DueBy::Workflow];
/// The schema's index of activities knows the number of the last one.
const OBSTACLES: [Obstacle; 5] =
    [Obstacle::Unreadable, Obstacle::NotPassed, Obstacle::Withheld, Obstacle::NotShown, Obstacle::Activity];

/// The columns of [`execution`].
macro_rules! columns {
    () => {
        "executions.id, executions.arn, executions.name, executions.machine_arn, executions.status, \
         executions.started_at, executions.ended_at, executions.shown, executions.waits, executions.reason, \
         executions.events, executions.settled, executions.redrives, executions.version, executions.alias, executions.error, \
         (SELECT parents.arn FROM executions AS parents WHERE parents.id = executions.parent) AS parent_arn, \
         CASE WHEN executions.parent IS NULL THEN NULL
             ELSE (SELECT lists.map_run FROM lists WHERE lists.id = executions.list) END AS map_run_arn"
    };
}
pub const COLUMNS: &str = columns!();

/// The columns of [`execution`]; `FROM executions` and the rest of the query follow.
macro_rules! select_executions {
    ($rest:literal) => {
        concat!("SELECT ", $crate::index::sqlite::rows::columns!(), " FROM executions ", $rest)
    };
}
pub(super) use {columns, select_executions};

fn number<T: PartialEq + Copy>(all: &[T], one: T) -> i64 {
    // The lists above have every value.
    all.iter().position(|other| *other == one).map_or(-1, |at| i64::try_from(at).unwrap_or(-1))
}

fn value<T: Copy>(all: &[T], number: i64) -> Option<T> {
    all.get(usize::try_from(number).ok()?).copied()
}

pub fn status_number(status: ExecutionStatus) -> i64 {
    number(&STATUSES, status)
}

pub fn shown_number(shown: Shown) -> i64 {
    match shown {
        Shown::Status(status) => status_number(status),
        Shown::Waiting => WAITING,
    }
}

pub fn due_by_number(by: DueBy) -> i64 {
    number(&DUE_BY, by)
}

pub fn obstacle_number(obstacle: Obstacle) -> i64 {
    number(&OBSTACLES, obstacle)
}

fn unreadable(table: &'static str, row: i64, column: &'static str, why: impl Display) -> StoreError {
    StoreError::Unreadable { table, row, column, why: why.to_string() }
}

pub fn status(row: i64, number: i64) -> Result<ExecutionStatus, StoreError> {
    value(&STATUSES, number).ok_or_else(|| unreadable("executions", row, "status", format_args!("{number} is none")))
}

pub fn shown(row: i64, number: i64) -> Result<Shown, StoreError> {
    if number == WAITING { Ok(Shown::Waiting) } else { status(row, number).map(Shown::Status) }
}

/// A row of [`select_executions`].
pub fn execution(row: &SqliteRow) -> Result<ExecutionRow, StoreError> {
    let id: i64 = row.try_get("id")?;
    let wrong = |column, error: &dyn Display| unreadable("executions", id, column, error);
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(ExecutionRow {
        cursor: ExecutionCursor::of_id(id),
        summary: Summary {
            arn: row.try_get("arn")?,
            name: row.try_get("name")?,
            machine_arn: row.try_get("machine_arn")?,
            status: status(id, row.try_get("status")?)?,
            started_at: row.try_get("started_at")?,
            ended_at: row.try_get("ended_at")?,
            redrives: u64::try_from(row.try_get::<i64, _>("redrives")?).map_err(|error| wrong("redrives", &error))?,
            version: row.try_get("version")?,
            alias: row.try_get("alias")?,
        },
        parent_arn: row.try_get("parent_arn")?,
        map_run_arn: row.try_get("map_run_arn")?,
        shown: shown(id, row.try_get("shown")?)?,
        waits: u64::try_from(row.try_get::<i64, _>("waits")?).map_err(|error| wrong("waits", &error))?,
        reason: reason.map(serde_json::from_str).transpose().map_err(|error| wrong("reason", &error))?,
        error: row.try_get("error")?,
        events: u64::try_from(row.try_get::<i64, _>("events")?).map_err(|error| wrong("events", &error))?,
        settled: row.try_get("settled")?,
    })
}

/// A row of tasks with its execution.
pub fn task(row: &SqliteRow) -> Result<(Waiting, InboxCursor), StoreError> {
    let execution: i64 = row.try_get("execution")?;
    let event: i64 = row.try_get("event")?;
    let wrong = |column, number: i64| unreadable("tasks", execution, column, format_args!("{number} is none"));
    let due_by: Option<i64> = row.try_get("due_by")?;
    let obstacle: Option<i64> = row.try_get("obstacle")?;
    let since = row.try_get("since")?;
    let item: Option<&str> = row.try_get("item")?;
    let waiting = Waiting {
        execution_arn: row.try_get("execution_arn")?,
        execution_name: row.try_get("execution_name")?,
        parent_arn: row.try_get("parent_arn")?,
        machine_arn: row.try_get("machine_arn")?,
        workflow: row.try_get("workflow")?,
        state: row.try_get("state")?,
        event: u64::try_from(event).map_err(|_| wrong("event", event))?,
        since,
        due: row.try_get("due")?,
        due_by: due_by.map(|by| value(&DUE_BY, by).ok_or_else(|| wrong("due_by", by))).transpose()?,
        item: item
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| unreadable("tasks", execution, "item", error))?,
        request: row.try_get("request")?,
        obstacle: obstacle.map(|one| value(&OBSTACLES, one).ok_or_else(|| wrong("obstacle", one))).transpose()?,
    };
    Ok((waiting, InboxCursor { due: row.try_get("due_order")?, since, event, execution }))
}

/// A row of machines.
pub fn machine(row: &SqliteRow) -> Result<Machine, StoreError> {
    let kind = if row.try_get("express")? { MachineKind::Express } else { MachineKind::Standard };
    Ok(Machine {
        arn: row.try_get("arn")?,
        name: row.try_get("name")?,
        kind,
        definition: Arc::new(Definition::read(row.try_get("definition")?)),
        revision_id: row.try_get("revision_id")?,
        role_arn: row.try_get("role_arn")?,
        created_at: row.try_get("created_at")?,
        described_at: row.try_get("described_at")?,
        since: row.try_get("since")?,
    })
}

//! What the watch read of histories: how executions fare, and what waits in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteIndex;
use super::rows::{due_by_number, obstacle_number, status_number};
use super::write::stored;
use crate::connection::ConnectionId;
use crate::index::{Moved, Reading};
use crate::store::StoreError;

impl SqliteIndex {
    /// Writes the readings that are newer than what is known, in one transaction.
    pub(super) async fn write_readings(
        &self,
        connection: &ConnectionId,
        readings: &[Reading],
    ) -> Result<Moved, StoreError> {
        let mut moved = Moved::default();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let newer = newer_readings(&mut transaction, connection, readings).await?;
        if newer.is_empty() {
            return Ok(moved);
        }
        let rows: Vec<Value> = newer.iter().map(|one| row_of(one.id, one.reading)).collect();
        sqlx::query(
            "UPDATE executions SET status = value ->> 1, ended_at = value ->> 2, known_at = value ->> 3,
                 events = value ->> 4, settled = value ->> 5, reason = value ->> 6, tokens = unhex(value ->> 7)
             FROM json_each(?1) WHERE executions.id = value ->> 0",
        )
        .bind(Value::from(rows).to_string())
        .execute(&mut *transaction)
        .await?;
        let changed = write_tasks(&mut transaction, &newer).await?;
        write_map_runs(&mut transaction, &newer).await?;
        write_started(&mut transaction, &newer).await?;
        transaction.commit().await?;
        for one in newer {
            let inbox = one.ends_requests || changed.contains(&one.id);
            moved.executions |= one.moves;
            moved.inbox |= inbox;
            moved.parents.extend(one.parent_arn.filter(|_| one.moves || inbox));
        }
        Ok(moved)
    }
}

/// A reading that is newer than what is known of its execution.
struct Newer<'a> {
    reading: &'a Reading,
    id: i64,
    /// The execution whose Map Run started it.
    parent_arn: Option<String>,
    /// Whether its status changes, or why it failed becomes known.
    moves: bool,
    /// Whether it ends, and its requests with it.
    ends_requests: bool,
}

/// A reading as a row of JSON.
fn row_of(id: i64, reading: &Reading) -> Value {
    let tokens =
        reading.tokens.as_ref().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    // A history has 25,000 events at most.
    let events = i64::try_from(reading.events).unwrap_or(i64::MAX);
    let (status, settled) = (status_number(reading.status), i64::from(reading.settled));
    json!([id, status, reading.ended_at, reading.read_at, events, settled, reason_of(reading), tokens])
}

/// Why it failed, as JSON.
fn reason_of(reading: &Reading) -> Option<String> {
    // Its fields are texts and numbers, which are always JSON.
    reading.reason.as_ref().and_then(|reason| serde_json::to_string(reason).ok())
}

/// The readings of executions that are on a list, but for those that a list asked for later contradicts: the next reading
/// settles these. One that agrees with the list on how it ended contradicts nothing.
async fn newer_readings<'a>(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    readings: &'a [Reading],
) -> Result<Vec<Newer<'a>>, StoreError> {
    let rows: Vec<Value> = readings
        .iter()
        .map(|one| json!([one.arn, status_number(one.status), one.ended_at, one.read_at, reason_of(one)]))
        .collect();
    let found = sqlx::query(
        "SELECT given.key AS given, executions.id,
             (SELECT parents.arn FROM executions AS parents WHERE parents.id = executions.parent) AS parent_arn,
             executions.status <> given.value ->> 1 OR executions.ended_at IS NOT given.value ->> 2
                 OR executions.reason IS NOT given.value ->> 4 AS moves,
             given.value ->> 1 <> 0 AND executions.waits > 0 AS ends_requests
         FROM json_each(?2) AS given CROSS JOIN executions
             ON executions.connection = (SELECT id FROM connections WHERE name = ?1)
             AND executions.arn = given.value ->> 0
             AND (executions.known_at <= given.value ->> 3
                 OR executions.status = given.value ->> 1 AND executions.ended_at IS given.value ->> 2
                     AND executions.ended_at IS NOT NULL)",
    )
    .bind(connection.as_str())
    .bind(Value::from(rows).to_string())
    .fetch_all(&mut *transaction)
    .await?;
    let newer = |row: &SqliteRow| {
        let given: i64 = row.try_get("given")?;
        let reading = usize::try_from(given).ok().and_then(|given| readings.get(given));
        // The query names the places of the array that it was given.
        let Some(reading) = reading else { return Ok(None) };
        let (id, parent_arn) = (row.try_get("id")?, row.try_get("parent_arn")?);
        let (moves, ends_requests) = (row.try_get("moves")?, row.try_get("ends_requests")?);
        Ok(Some(Newer { reading, id, parent_arn, moves, ends_requests }))
    };
    found.iter().filter_map(|row| newer(row).transpose()).collect()
}

/// Makes the tasks of executions those of their readings; returns the executions whose tasks changed.
async fn write_tasks(transaction: &mut SqliteConnection, newer: &[Newer<'_>]) -> Result<BTreeSet<i64>, StoreError> {
    let mut tasks = Vec::new();
    for one in newer {
        for wait in &one.reading.waits {
            let event = stored("the event's id", wait.event)?;
            let (due_by, obstacle) = (wait.due_by.map(due_by_number), wait.obstacle.map(obstacle_number));
            let for_people = i64::from(one.reading.is_for_people(wait));
            let answered = i64::from(one.reading.answered.contains(&wait.event));
            let (due, item, request) = (wait.due, &wait.item, &wait.request);
            let of = [&wait.machine_arn, &wait.workflow, &wait.state];
            tasks.push(json!([
                one.id, event, of[0], of[1], of[2], wait.since, due, due_by, item, request, obstacle, for_people,
                answered
            ]));
        }
    }
    let ids: Vec<i64> = newer.iter().map(|one| one.id).collect();
    let tasks = Value::from(tasks).to_string();
    let gone: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM tasks WHERE execution IN (SELECT value FROM json_each(?1))
             AND (execution, event) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
         RETURNING execution",
    )
    .bind(json!(ids).to_string())
    .bind(&tasks)
    .fetch_all(&mut *transaction)
    .await?;
    let written: Vec<i64> = sqlx::query_scalar(
        "INSERT INTO tasks (execution, event, connection, machine, machine_arn, workflow, state, since, due, due_by,
             item, request, obstacle, for_people, answered)
         SELECT value ->> 0, value ->> 1, executions.connection, executions.machine, value ->> 2, value ->> 3,
             value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
             value ->> 12
         FROM json_each(?1) CROSS JOIN executions ON executions.id = value ->> 0
         WHERE TRUE
         ON CONFLICT (execution, event) DO UPDATE SET due = excluded.due, due_by = excluded.due_by, item = excluded.item,
             request = excluded.request, obstacle = excluded.obstacle, for_people = excluded.for_people,
             answered = MAX(answered, excluded.answered)
         WHERE due IS NOT excluded.due OR due_by IS NOT excluded.due_by OR item IS NOT excluded.item
             OR request <> excluded.request OR obstacle IS NOT excluded.obstacle
             OR for_people <> excluded.for_people OR answered < excluded.answered
         RETURNING execution",
    )
    .bind(&tasks)
    .fetch_all(&mut *transaction)
    .await?;
    Ok(gone.into_iter().chain(written).collect())
}

/// Marks the Map Runs of executions that are over. What begins is kept with its first list.
async fn write_map_runs(transaction: &mut SqliteConnection, newer: &[Newer<'_>]) -> Result<(), StoreError> {
    let ids: Vec<i64> = newer.iter().map(|one| one.id).collect();
    let open: Vec<&String> = newer.iter().flat_map(|one| &one.reading.map_runs).collect();
    sqlx::query(
        "UPDATE lists SET is_open = map_run IN (SELECT value FROM json_each(?2))
         WHERE parent IN (SELECT value FROM json_each(?1))",
    )
    .bind(json!(ids).to_string())
    .bind(json!(open).to_string())
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

/// Notes which executions the tasks started.
async fn write_started(transaction: &mut SqliteConnection, newer: &[Newer<'_>]) -> Result<(), StoreError> {
    let row = |one: &Newer<'_>, (event, child): &(u64, String)| json!([one.id, child, event]);
    let rows: Vec<Value> =
        newer.iter().flat_map(|one| one.reading.started.iter().map(move |started| row(one, started))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT OR REPLACE INTO starts (parent, child, event)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
    )
    .bind(Value::from(rows).to_string())
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

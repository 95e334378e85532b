//! What the watch writes of machines and lists; `readings.rs` writes what it read of histories. Each method is one transaction.
//!
//! `json_each(..) CROSS JOIN table` looks each given row up in the table. SQLite would rather go through the whole table, as
//! it does not know how few rows are given.

use std::collections::{BTreeSet, HashSet};

use serde_json::json;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use super::SqliteIndex;
use super::rows::status_number;
use crate::connection::{ConnectionId, MachineKind, Of, Summary};
use crate::index::{List, Listed, Moved, PLACES};
use crate::store::StoreError;
use crate::watch::Machine;

/// A number that a row can hold.
pub(super) fn stored(what: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| StoreError::Unstorable { what, why: error.to_string() })
}

fn map_run(list: &List) -> &str {
    match &list.of {
        Of::Machine(_) => "",
        Of::MapRun(arn) => arn,
    }
}

impl SqliteIndex {
    /// Makes the connection's row; what was known of another endpoint goes.
    pub(super) async fn begin(&self, connection: &ConnectionId, endpoint: &str) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM connections WHERE name = ? AND endpoint <> ?")
            .bind(connection.as_str())
            .bind(endpoint)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO connections (name, endpoint) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(connection.as_str())
            .bind(endpoint)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn write_read_at(&self, connection: &ConnectionId, at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE connections SET read_at = ?2 WHERE name = ?1")
            .bind(connection.as_str())
            .bind(at)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(super) async fn write_machine(&self, connection: &ConnectionId, machine: &Machine) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO machines (connection, arn, name, express, definition, revision_id, role_arn, created_at,
                 described_at, since)
             VALUES ((SELECT id FROM connections WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (connection, arn) DO UPDATE SET name = ?3, express = ?4, definition = ?5, revision_id = ?6,
                 role_arn = ?7, created_at = ?8, described_at = ?9, since = ?10
             RETURNING id",
        )
        .bind(connection.as_str())
        .bind(&machine.arn)
        .bind(&machine.name)
        .bind(machine.kind == MachineKind::Express)
        .bind(&machine.definition.text)
        .bind(&machine.revision_id)
        .bind(&machine.role_arn)
        .bind(machine.created_at)
        .bind(machine.described_at)
        .bind(machine.since)
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query("INSERT INTO lists (machine) VALUES (?) ON CONFLICT (machine, map_run) DO NOTHING")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn delete_machines_but(
        &self,
        connection: &ConnectionId,
        machines: &[String],
    ) -> Result<Moved, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM machines WHERE connection = (SELECT id FROM connections WHERE name = ?1)
                 AND arn NOT IN (SELECT value FROM json_each(?2))",
        )
        .bind(connection.as_str())
        .bind(json!(machines).to_string())
        .execute(&self.writer)
        .await?;
        let any = gone.rows_affected() > 0;
        Ok(Moved { executions: any, inbox: any, parents: BTreeSet::new() })
    }

    pub(super) async fn write_listed(
        &self,
        connection: &ConnectionId,
        list: &List,
        asked_at: i64,
        found: &[Summary],
        all: bool,
    ) -> Result<Listed, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some(id) = list_id(&mut transaction, connection, list).await? else { return Ok(Listed::default()) };
        let row = |one: &Summary| {
            let (started, status) = (one.started_at, status_number(one.status));
            json!([
                one.arn,
                one.name,
                one.machine_arn,
                status,
                started,
                one.ended_at,
                one.version,
                one.alias,
                one.redrives
            ])
        };
        let rows = serde_json::Value::from(found.iter().map(row).collect::<Vec<_>>()).to_string();
        // The end of an execution takes its requests along.
        let ends_requests = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM json_each(?2) CROSS JOIN executions
                 ON executions.connection = (SELECT id FROM connections WHERE name = ?1)
                 AND executions.arn = value ->> 0 AND value ->> 3 <> 0
                 WHERE executions.status = 0 AND executions.waits > 0)",
        )
        .bind(connection.as_str())
        .bind(&rows)
        .fetch_one(&mut *transaction)
        .await?;
        let moved: Vec<String> = sqlx::query_scalar(
            "INSERT INTO executions (id, connection, list, machine, parent, top, arn, name, machine_arn, status,
                 started_at, ended_at, version, alias, redrives, known_at)
             SELECT MAX(0, MIN(value ->> 4, ?5)) * ?6 + (?4 + json_each.key) % ?6, machines.connection, lists.id,
                 lists.machine, lists.parent, COALESCE(parents.top, parents.id), value ->> 0, value ->> 1, value ->> 2,
                 value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, ?2
             FROM json_each(?3) CROSS JOIN lists ON lists.id = ?1 JOIN machines ON machines.id = lists.machine
                 LEFT JOIN executions AS parents ON parents.id = lists.parent
             WHERE TRUE
             ON CONFLICT (connection, arn) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at,
                 redrives = excluded.redrives, known_at = excluded.known_at, settled = 0, contents = IIF(contents = 3, 3, 0)
             WHERE known_at <= excluded.known_at
                 AND (status <> excluded.status OR ended_at IS NOT excluded.ended_at OR redrives <> excluded.redrives)
             -- Another one of its millisecond has its number: the next list brings it with another.
             ON CONFLICT (id) DO NOTHING
             RETURNING arn",
        )
        .bind(id)
        .bind(asked_at)
        .bind(&rows)
        .bind(self.numbers(found.len()))
        .bind(i64::MAX >> PLACES)
        .bind(1_i64 << PLACES)
        .fetch_all(&mut *transaction)
        .await?;
        let gone = if all { delete_others(&mut transaction, id, asked_at, &rows).await? } else { Vec::new() };
        transaction.commit().await?;
        let moved: HashSet<String> = moved.into_iter().collect();
        let moved = found.iter().filter(|one| moved.contains(&one.arn)).cloned().collect();
        Ok(Listed { moved, inbox: ends_requests || !gone.is_empty(), gone })
    }

    pub(super) async fn count_known(&self, connection: &ConnectionId, found: &[Summary]) -> Result<u64, StoreError> {
        let arns: Vec<&str> = found.iter().map(|one| one.arn.as_str()).collect();
        let known: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM json_each(?2) CROSS JOIN executions
                 ON executions.connection = (SELECT id FROM connections WHERE name = ?1)
                 AND executions.arn = json_each.value",
        )
        .bind(connection.as_str())
        .bind(json!(arns).to_string())
        .fetch_one(&self.reader)
        .await?;
        // A count is never negative.
        Ok(u64::try_from(known).unwrap_or(0))
    }

    pub(super) async fn write_whole(
        &self,
        connection: &ConnectionId,
        list: &List,
        whole: bool,
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(id) = list_id(&mut transaction, connection, list).await? {
            sqlx::query("UPDATE lists SET whole = ?2 WHERE id = ?1")
                .bind(id)
                .bind(whole)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn delete_execution(&self, connection: &ConnectionId, arn: &str) -> Result<Moved, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some((id, parent)) = execution_id(&mut transaction, connection, arn).await? else {
            return Ok(Moved::default());
        };
        // First, because they count for the execution's parent.
        let tasks = sqlx::query("DELETE FROM tasks WHERE execution = ?").bind(id).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM executions WHERE id = ?").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Moved { executions: true, inbox: tasks.rows_affected() > 0, parents: parent.into_iter().collect() })
    }

    pub(super) async fn delete_ended_before(&self, connection: &ConnectionId, at: i64) -> Result<Moved, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM executions
             WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND ended_at < ?2",
        )
        .bind(connection.as_str())
        .bind(at)
        .execute(&self.writer)
        .await?;
        // What has ended waits for nobody.
        Ok(Moved { executions: gone.rows_affected() > 0, ..Moved::default() })
    }

    pub(super) async fn write_answered(
        &self,
        connection: &ConnectionId,
        arn: &str,
        event: u64,
    ) -> Result<bool, StoreError> {
        let answered = sqlx::query(
            "UPDATE tasks SET answered = 1 WHERE event = ?3 AND answered = 0 AND execution =
                 (SELECT id FROM executions
                  WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2)",
        )
        .bind(connection.as_str())
        .bind(arn)
        .bind(stored("the event's id", event)?)
        .execute(&self.writer)
        .await?;
        Ok(answered.rows_affected() > 0)
    }

    pub(super) async fn write_for_people(
        &self,
        connection: &ConnectionId,
        states: &BTreeSet<(String, String)>,
    ) -> Result<bool, StoreError> {
        let changed = sqlx::query(
            "WITH chosen AS (SELECT value ->> 0 AS workflow, value ->> 1 AS state FROM json_each(?2))
             UPDATE tasks SET for_people = NOT for_people
             WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND obstacle = 4
                 AND for_people <> ((workflow, state) IN (SELECT workflow, state FROM chosen))",
        )
        .bind(connection.as_str())
        .bind(json!(states).to_string())
        .execute(&self.writer)
        .await?;
        Ok(changed.rows_affected() > 0)
    }
}

/// The id of a list, which is made if its machine is known and, of a Map Run, the parent.
async fn list_id(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    list: &List,
) -> Result<Option<i64>, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT lists.id FROM lists JOIN machines ON machines.id = lists.machine
         WHERE machines.connection = (SELECT id FROM connections WHERE name = ?1) AND machines.arn = ?2
             AND lists.map_run = ?3",
    )
    .bind(connection.as_str())
    .bind(&list.machine_arn)
    .bind(map_run(list))
    .fetch_optional(&mut *transaction)
    .await?;
    if found.is_some() {
        return Ok(found);
    }
    let made = sqlx::query_scalar(
        "INSERT INTO lists (machine, map_run, parent)
         SELECT machines.id, ?3, parents.id
         FROM machines LEFT JOIN executions AS parents
             ON parents.connection = machines.connection AND parents.arn = ?4
         WHERE machines.connection = (SELECT id FROM connections WHERE name = ?1) AND machines.arn = ?2
             AND (?3 = '') = (parents.id IS NULL)
         RETURNING id",
    )
    .bind(connection.as_str())
    .bind(&list.machine_arn)
    .bind(map_run(list))
    .bind(&list.parent_arn)
    .fetch_optional(&mut *transaction)
    .await?;
    Ok(made)
}

/// An execution's id, and the ARN of the execution whose Map Run started it.
async fn execution_id(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    arn: &str,
) -> Result<Option<(i64, Option<String>)>, StoreError> {
    let row = sqlx::query(
        "SELECT executions.id, parents.arn AS parent_arn
         FROM executions LEFT JOIN executions AS parents ON parents.id = executions.parent
         WHERE executions.connection = (SELECT id FROM connections WHERE name = ?1) AND executions.arn = ?2",
    )
    .bind(connection.as_str())
    .bind(arn)
    .fetch_optional(&mut *transaction)
    .await?;
    row.map(|row| Ok((row.try_get("id")?, row.try_get("parent_arn")?))).transpose()
}

/// Deletes the executions of a list that are not among `rows`; returns their ARNs.
async fn delete_others(
    transaction: &mut SqliteConnection,
    list: i64,
    asked_at: i64,
    rows: &str,
) -> Result<Vec<String>, StoreError> {
    const OTHERS: &str = "list = ?1 AND known_at <= ?2 AND arn NOT IN (SELECT value ->> 0 FROM json_each(?3))";
    let tasks = format!("DELETE FROM tasks WHERE execution IN (SELECT id FROM executions WHERE {OTHERS})");
    // First, because they count for the parents of these executions.
    sqlx::query(AssertSqlSafe(tasks)).bind(list).bind(asked_at).bind(rows).execute(&mut *transaction).await?;
    let executions = format!("DELETE FROM executions WHERE {OTHERS} RETURNING arn");
    let gone = sqlx::query_scalar(AssertSqlSafe(executions)).bind(list).bind(asked_at).bind(rows);
    Ok(gone.fetch_all(&mut *transaction).await?)
}

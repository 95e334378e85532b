//! What the rules of approvals say of the times of requests.

use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::SqliteIndex;
use super::read::select_tasks;
use super::rows::task;
use crate::connection::ConnectionId;
use crate::index::Ruled;
use crate::store::StoreError;
use crate::watch::Waiting;

impl SqliteIndex {
    /// Notes by which rules the times of requests are counted; where these are others than before, all are to be counted anew.
    pub(super) async fn note_rules(&self, connection: &ConnectionId, version: &str) -> Result<(), StoreError> {
        let changed = "UPDATE connections SET rules = ?2 WHERE name = ?1 AND rules IS NOT ?2";
        let is_same = "SELECT EXISTS (SELECT 1 FROM connections WHERE name = ? AND rules IS ?)";
        // Nearly always they are: that needs no turn at writing.
        if sqlx::query_scalar(is_same).bind(connection.as_str()).bind(version).fetch_one(&self.reader).await? {
            return Ok(());
        }
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let query = sqlx::query(changed).bind(connection.as_str()).bind(version);
        if query.execute(&mut *transaction).await?.rows_affected() > 0 {
            let all = "UPDATE tasks SET ruled = 0 WHERE connection = (SELECT id FROM connections WHERE name = ?)";
            sqlx::query(all).bind(connection.as_str()).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(super) async fn to_be_ruled(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let rows = sqlx::query(select_tasks!(
            "AND tasks.ruled = 0 AND tasks.connection = (SELECT id FROM connections WHERE name = ?) LIMIT ?"
        ))
        .bind(connection.as_str())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        waiting(&rows)
    }

    pub(super) async fn to_be_acted_on(
        &self,
        connection: &ConnectionId,
        now: i64,
        limit: u32,
    ) -> Result<Vec<Waiting>, StoreError> {
        let rows = sqlx::query(select_tasks!(
            "AND tasks.rule_at <= ? AND tasks.connection = (SELECT id FROM connections WHERE name = ?)
             ORDER BY tasks.rule_at LIMIT ?"
        ))
        .bind(now)
        .bind(connection.as_str())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        waiting(&rows)
    }

    pub(super) async fn write_ruled(&self, connection: &ConnectionId, ruled: &[Ruled]) -> Result<bool, StoreError> {
        let rows: Vec<_> = ruled
            .iter()
            .map(|one| json!([one.request.0, one.request.1, one.due, one.kept_alive, one.acts_at]))
            .collect();
        // The requests are found first: a join with the table that is written would go through all of it.
        let moved = sqlx::query_scalar::<_, bool>(
            "WITH given AS MATERIALIZED (
                 SELECT executions.id AS execution, value ->> 1 AS event, value ->> 2 AS due, value ->> 3 AS kept_alive,
                     value ->> 4 AS acts_at
                 FROM json_each(?2) CROSS JOIN executions ON executions.arn = value ->> 0
                     AND executions.connection = (SELECT id FROM connections WHERE name = ?1)
             )
             UPDATE tasks SET ruled = 1, rule_due = given.due, kept_alive = given.kept_alive, rule_at = given.acts_at
             FROM given WHERE tasks.execution = given.execution AND tasks.event = given.event
             RETURNING rule_due IS NOT NULL",
        )
        .bind(connection.as_str())
        .bind(json!(rows).to_string())
        .fetch_all(&self.writer)
        .await?;
        Ok(moved.contains(&true))
    }
}

fn waiting(rows: &[SqliteRow]) -> Result<Vec<Waiting>, StoreError> {
    rows.iter().map(|row| Ok(task(row)?.0)).collect()
}

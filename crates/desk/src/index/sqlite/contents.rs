//! The contents that can be searched.

use serde_json::{Value, json};

use super::SqliteIndex;
use crate::connection::{ConnectionId, ExecutionStatus};
use crate::index::{Contents, Kept, ToRead};
use crate::search::Content;
use crate::store::StoreError;

/// What the column `contents` says; 0 is that nothing has been read.
const INPUT: i64 = 1;
const WHOLE: i64 = 2;
const WITHHELD: i64 = 3;
const UNREADABLE: i64 = 4;

impl SqliteIndex {
    /// Those of these executions whose contents are not known as they are wanted, by their places among them.
    pub(super) async fn wanted(
        &self,
        connection: &ConnectionId,
        readings: &[(&str, ExecutionStatus, bool)],
    ) -> Result<Vec<usize>, StoreError> {
        let rows: Vec<Value> = readings
            .iter()
            .map(|(arn, status, withheld)| {
                let wanted = match (withheld, status) {
                    (true, _) => WITHHELD,
                    (false, ExecutionStatus::Running) => INPUT,
                    (false, _) => WHOLE,
                };
                json!([arn, wanted])
            })
            .collect();
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT given.key FROM json_each(?2) AS given CROSS JOIN executions
                 ON executions.connection = (SELECT id FROM connections WHERE name = ?1)
                 AND executions.arn = given.value ->> 0
             WHERE executions.contents <> given.value ->> 1",
        )
        .bind(connection.as_str())
        .bind(Value::from(rows).to_string())
        .fetch_all(&self.reader)
        .await?;
        Ok(found.into_iter().filter_map(|key| usize::try_from(key).ok()).collect())
    }

    /// The newest executions whose contents are still to be read.
    pub(super) async fn next_unread(&self, connection: &ConnectionId, limit: u32) -> Result<Vec<ToRead>, StoreError> {
        let mut rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT executions.arn, machines.arn FROM executions JOIN machines ON machines.id = executions.machine
             WHERE executions.connection = (SELECT id FROM connections WHERE name = ?1) AND executions.contents = 0
                 AND executions.parent IS NULL
             ORDER BY executions.id DESC LIMIT ?2",
        )
        .bind(connection.as_str())
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        if rows.is_empty() {
            // The children of Map Runs, which are in no list but their parent's.
            rows = sqlx::query_as(
                "SELECT executions.arn, machines.arn FROM executions JOIN machines ON machines.id = executions.machine
                 WHERE executions.connection = (SELECT id FROM connections WHERE name = ?1) AND executions.contents = 0
                 LIMIT ?2",
            )
            .bind(connection.as_str())
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
        }
        Ok(rows.into_iter().map(|(arn, machine_arn)| ToRead { arn, machine_arn }).collect())
    }

    /// Keeps contents; those of executions that are on no list are dropped.
    pub(super) async fn write_contents(&self, connection: &ConnectionId, contents: &[Kept]) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let nothing = Content::default();
        for one in contents {
            let (state, content) = match &one.contents {
                Contents::Withheld => (WITHHELD, &nothing),
                Contents::Unreadable => (UNREADABLE, &nothing),
                Contents::Input(content) => (INPUT, content),
                Contents::Whole(content) => (WHOLE, content),
            };
            // Its fields are texts and numbers, which are always JSON.
            let reason = one.reason.as_ref().and_then(|reason| serde_json::to_string(reason).ok());
            let found: Option<(i64, String)> = sqlx::query_as(
                // A history says where it failed, a description does not: what is known of the place stays.
                "UPDATE executions SET contents = ?3,
                     reason = CASE WHEN ?4 ->> '$.Error.state' IS NOT NULL THEN ?4 ELSE COALESCE(reason, ?4) END
                 WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2 RETURNING id, name",
            )
            .bind(connection.as_str())
            .bind(&one.arn)
            .bind(state)
            .bind(reason)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some((id, name)) = found else { continue };
            sqlx::query("INSERT OR REPLACE INTO texts (rowid, name, input, output, marks) VALUES (?, ?, ?, ?, ?)")
                .bind(id)
                .bind(name)
                .bind(&content.input)
                .bind(&content.output)
                .bind(&content.marks)
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM numbers WHERE execution = ?").bind(id).execute(&mut *transaction).await?;
            for number in &content.numbers {
                sqlx::query("INSERT OR IGNORE INTO numbers (execution, leaf, path, value) VALUES (?, ?, ?, ?)")
                    .bind(id)
                    .bind(&number.leaf)
                    .bind(&number.path)
                    .bind(number.value)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}

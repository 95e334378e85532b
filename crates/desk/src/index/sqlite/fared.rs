//! How executions fared: how many ended, how long they took, and which failed.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::SqliteIndex;
use super::read::counted;
use super::rows::{execution, select_executions, status};
use crate::connection::ConnectionId;
use crate::index::{Ended, ExecutionRow, Sight};
use crate::store::StoreError;

impl SqliteIndex {
    /// How many executions of each machine ended since a time, by their status.
    pub(super) async fn count_ended(&self, connection: &ConnectionId, since: i64) -> Result<Vec<Ended>, StoreError> {
        let rows = sqlx::query(
            "SELECT machines.arn, ends.status, SUM(ends.n) AS n
             FROM machines JOIN ends ON ends.machine = machines.id AND ends.minute > ?2 / 60000 AND ends.n > 0
             WHERE machines.connection = (SELECT id FROM connections WHERE name = ?1) GROUP BY 1, 2",
        )
        .bind(connection.as_str())
        .bind(since)
        .fetch_all(&self.reader)
        .await?;
        let ended = |row: &SqliteRow| {
            let n = counted("n", row.try_get("n")?)?;
            Ok(Ended { machine_arn: row.try_get("arn")?, status: status(0, row.try_get("status")?)?, n })
        };
        rows.iter().map(ended).collect()
    }

    /// The executions that failed last.
    pub(super) async fn latest_failures(
        &self,
        connection: &ConnectionId,
        sight: &Sight,
        since: i64,
        limit: u32,
    ) -> Result<Vec<ExecutionRow>, StoreError> {
        let rows = sqlx::query(select_executions!(
            // The numbers of failed and timed out, as the index has them.
            "WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND ended_at > ?2 AND parent IS NULL
                 AND status IN (2, 3) AND (?4 IS NULL OR machine IN
                     (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?4))))
             ORDER BY ended_at DESC LIMIT ?3"
        ))
        .bind(connection.as_str())
        .bind(since)
        .bind(limit)
        .bind(sight.json())
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(execution).collect()
    }
}

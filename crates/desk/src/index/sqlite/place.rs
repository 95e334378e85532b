//! The place of a request among those that wait.

use sqlx::Row;

use super::SqliteIndex;
use super::read::counted;
use super::rows::task;
use crate::connection::ConnectionId;
use crate::index::{InboxCursor, Place, Sight};
use crate::store::StoreError;
use crate::watch::Waiting;

impl SqliteIndex {
    pub(super) async fn place_of(
        &self,
        connection: &ConnectionId,
        sight: &Sight,
        request: &Waiting,
    ) -> Result<Place, StoreError> {
        let event = i64::try_from(request.event).unwrap_or(i64::MAX);
        let found = sqlx::query(
            "SELECT executions.id, tasks.due_order, tasks.answered = 0 AND tasks.for_people = 1 AS waits
             FROM executions LEFT JOIN tasks ON tasks.execution = executions.id AND tasks.event = ?3
             WHERE executions.connection = (SELECT id FROM connections WHERE name = ?1) AND executions.arn = ?2",
        )
        .bind(connection.as_str())
        .bind(&request.execution_arn)
        .bind(event)
        .fetch_optional(&self.reader)
        .await?;
        let (execution, due, waits) = match found {
            Some(row) => (
                row.try_get("id")?,
                row.try_get::<Option<i64>, _>("due_order")?,
                row.try_get::<Option<bool>, _>("waits")?,
            ),
            None => (0, None, None),
        };
        let due = due.or(request.due).unwrap_or(i64::MAX);
        let here = InboxCursor { due, since: request.since, event, execution };
        let before: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM tasks WHERE answered = 0 AND for_people = 1
                 AND connection = (SELECT id FROM connections WHERE name = ?1)
                 AND (due_order, since, event, execution) < (?2, ?3, ?4, ?5)
                 AND (?6 IS NULL OR machine IN (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?6))))",
        )
        .bind(connection.as_str())
        .bind(here.due)
        .bind(here.since)
        .bind(here.event)
        .bind(here.execution)
        .bind(sight.json())
        .fetch_one(&self.reader)
        .await?;
        let waits = waits == Some(true);
        let mut next = self.requests_after(connection, sight, Some(here), 0).await?;
        if next.is_empty() && !waits {
            next = self.requests_after(connection, sight, None, 0).await?;
        }
        let next = next.first().map(task).transpose()?.map(|(wait, _)| (wait.execution_arn, wait.event));
        let index = waits.then(|| counted("n", before + 1)).transpose()?;
        Ok(Place { index, of: self.count_waiting(connection, sight).await?, next })
    }
}

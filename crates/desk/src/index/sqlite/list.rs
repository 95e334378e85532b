//! Lists of executions: pages and counts.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::filter::{count_of, push_from, started_of};
use super::rows::{COLUMNS, execution, shown};
use crate::connection::ConnectionId;
use crate::index::{Counted, ExecutionCursor, ExecutionPage, Filter, MapRun, Sight, Starter, Unread};
use crate::store::StoreError;

/// CROSS keeps SQLite to this order. Otherwise it begins with all executions of the connection, which may be 100,000.
const PARENT_OF_MAP_RUN: &str = "SELECT executions.arn FROM lists CROSS JOIN executions ON executions.id = lists.parent
    WHERE lists.map_run = ?2 AND executions.connection = (SELECT id FROM connections WHERE name = ?1)";
/// The same.
const STARTER: &str = "SELECT executions.id, executions.arn, starts.event
    FROM starts CROSS JOIN executions ON executions.id = starts.parent
    WHERE starts.child = ?2 AND executions.connection = (SELECT id FROM connections WHERE name = ?1)
    ORDER BY executions.id LIMIT 1";

impl SqliteIndex {
    /// One page, newest first.
    pub(super) async fn page(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, StoreError> {
        let plan = self.plan(filter).await?;
        let mut query = QueryBuilder::new(format!("SELECT {COLUMNS}"));
        push_from(&mut query, connection, filter, plan);
        let id = plan.id();
        if let Some(before) = before {
            // A place before all times is that of no execution.
            query.push(" AND ").push(id).push(" < ").push_bind(before.id());
        }
        query.push(" ORDER BY ").push(id).push(" DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&self.reader).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut page = ExecutionPage::default();
        for row in rows.iter().take(limit) {
            page.rows.push(execution(row)?);
        }
        page.older = page.rows.last().filter(|_| rows.len() > limit).map(|last| last.cursor);
        Ok(page)
    }

    /// How many there are, counted up to `most`.
    pub(super) async fn count(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        most: u32,
    ) -> Result<Counted, StoreError> {
        let plan = self.plan(filter).await?;
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM (SELECT 1");
        push_from(&mut query, connection, filter, plan);
        query.push(" LIMIT ").push_bind(i64::from(most) + 1).push(")");
        let count = count_of(&query.build().fetch_one(&self.reader).await?)?;
        Ok(Counted { count: count.min(u64::from(most)), more: count > u64::from(most) })
    }

    /// The Map Runs of an execution, in the order in which they were found, and how their executions fare.
    pub(super) async fn count_map_runs(&self, connection: &ConnectionId, arn: &str) -> Result<Vec<MapRun>, StoreError> {
        let rows = sqlx::query(
            "SELECT lists.map_run, lists.whole, executions.shown, COUNT(executions.id) AS n
             FROM lists LEFT JOIN executions ON executions.list = lists.id
             WHERE lists.parent = (SELECT id FROM executions
                 WHERE connection = (SELECT id FROM connections WHERE name = ?) AND arn = ?)
             GROUP BY lists.id, executions.shown ORDER BY lists.id, executions.shown",
        )
        .bind(connection.as_str())
        .bind(arn)
        .fetch_all(&self.reader)
        .await?;
        let mut found: Vec<MapRun> = Vec::new();
        for row in &rows {
            let arn: String = row.try_get("map_run")?;
            if found.last().is_none_or(|last| last.arn != arn) {
                found.push(MapRun { arn, whole: row.try_get("whole")?, counts: Vec::new() });
            }
            // One without executions has no status.
            if let (Some(last), Some(number)) = (found.last_mut(), row.try_get::<Option<i64>, _>("shown")?) {
                // A count is never negative.
                let n = u64::try_from(row.try_get::<i64, _>("n")?).unwrap_or(0);
                last.counts.push((shown(0, number)?, n));
            }
        }
        Ok(found)
    }

    /// The execution that started a Map Run.
    pub(super) async fn find_parent_of_map_run(
        &self,
        connection: &ConnectionId,
        arn: &str,
    ) -> Result<Option<String>, StoreError> {
        let parent = sqlx::query_scalar(PARENT_OF_MAP_RUN);
        Ok(parent.bind(connection.as_str()).bind(arn).fetch_optional(&self.reader).await?)
    }

    /// The task that started an execution.
    pub(super) async fn find_starter(
        &self,
        connection: &ConnectionId,
        arn: &str,
    ) -> Result<Option<Starter>, StoreError> {
        let row = sqlx::query(STARTER).bind(connection.as_str()).bind(arn).fetch_optional(&self.reader).await?;
        let starter = |row: SqliteRow| {
            let event: i64 = row.try_get("event")?;
            let wrong = |error| StoreError::Unreadable {
                table: "starts",
                row: row.try_get("id").unwrap_or_default(),
                column: "event",
                why: format!("{error}"),
            };
            let event = u64::try_from(event).map_err(wrong)?;
            Ok(Starter { parent_arn: row.try_get("arn")?, event })
        };
        row.map(starter).transpose()
    }

    /// When the oldest of all executions of the connection started.
    pub(super) async fn oldest_start(&self, connection: &ConnectionId) -> Result<Option<i64>, StoreError> {
        let id: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM executions INDEXED BY executions_walk
             WHERE parent IS NULL AND connection = (SELECT id FROM connections WHERE name = ?) ORDER BY id LIMIT 1",
        )
        .bind(connection.as_str())
        .fetch_optional(&self.reader)
        .await?;
        Ok(id.map(started_of))
    }

    /// How many executions there are whose contents cannot be searched.
    pub(super) async fn count_unread(&self, connection: &ConnectionId, sight: &Sight) -> Result<Unread, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 0 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS unread,
                 (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 3 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS withheld,
                 (SELECT COUNT(*) FROM executions
                     WHERE connection = connections.id AND parent IS NULL AND contents = 4 AND (?2 IS NULL OR machine IN
                         (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?2))))) AS unreadable,
                 (SELECT COALESCE(SUM(tallies.n), 0) FROM machines JOIN tallies ON tallies.machine = machines.id
                     WHERE machines.connection = connections.id
                         AND (?2 IS NULL OR machines.arn IN (SELECT value FROM json_each(?2)))) AS total
             FROM connections WHERE name = ?1",
        )
        .bind(connection.as_str())
        .bind(sight.json())
        .fetch_optional(&self.reader)
        .await?;
        let Some(row) = row else { return Ok(Unread::default()) };
        // A count is never negative.
        let count = |column| Ok::<u64, StoreError>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
        Ok(Unread {
            unread: count("unread")?,
            withheld: count("withheld")?,
            unreadable: count("unreadable")?,
            total: count("total")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[tokio::test]
    async fn what_leads_to_one_execution_goes_through_none_of_the_others() {
        let index = SqliteIndex::in_memory();
        for query in [PARENT_OF_MAP_RUN, STARTER] {
            let plan = format!("EXPLAIN QUERY PLAN {query}");
            let steps =
                sqlx::query(sqlx::AssertSqlSafe(plan)).bind("a").bind("b").fetch_all(&index.reader).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            let of_executions: Vec<&String> = steps.iter().filter(|step| step.contains(" executions")).collect();
            assert_eq!(of_executions.len(), 1, "{steps:?}");
            assert!(of_executions[0].contains("INTEGER PRIMARY KEY (rowid=?)"), "{steps:?}");
        }
    }
}

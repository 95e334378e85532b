//! What pages ask for, and the implementation of the trait.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::SqliteIndex;
use super::rows::{execution, machine, select_executions, shown, shown_number, status, task};
use crate::connection::{ConnectionId, ExecutionStatus, Of, Summary};
use crate::index::{
    ExecutionCursor, ExecutionPage, ExecutionRow, Filter, InboxCursor, InboxPage, Index, Known, List, Listed, Moved,
    Place, Reading, Running, Tally,
};
use crate::store::{Kept, StoreError};
use crate::watch::{Machine, Waiting};

/// A query of open requests with their executions; the rest of it follows.
macro_rules! select_tasks {
    ($rest:literal) => {
        concat!(
            "SELECT tasks.*, executions.arn AS execution_arn, executions.name AS execution_name, ",
            "(SELECT parents.arn FROM executions AS parents WHERE parents.id = executions.parent) AS parent_arn ",
            "FROM tasks JOIN executions ON executions.id = tasks.execution ",
            "WHERE tasks.answered = 0 AND tasks.for_people = 1 ",
            $rest
        )
    };
}

/// The rows of a page; one more than its limit was asked for, and says whether there are more.
fn page_of<T>(rows: &[SqliteRow], limit: u32, read: impl Fn(&SqliteRow) -> Result<T, StoreError>) -> PageOf<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let items = rows.iter().take(limit).map(read).collect::<Result<Vec<T>, StoreError>>()?;
    Ok((items, rows.len() > limit))
}

type PageOf<T> = Result<(Vec<T>, bool), StoreError>;

fn counted(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|error| StoreError::Unreadable {
        table: "tallies",
        row: 0,
        column: what,
        why: error.to_string(),
    })
}

impl SqliteIndex {
    async fn known_of(&self, connection: &ConnectionId) -> Result<Known, StoreError> {
        let name = connection.as_str();
        let machines =
            sqlx::query("SELECT * FROM machines WHERE connection = (SELECT id FROM connections WHERE name = ?)")
                .bind(name)
                .fetch_all(&self.reader)
                .await?;
        let lists = sqlx::query(
            "SELECT machines.arn AS machine_arn, lists.map_run, lists.whole, parents.arn AS parent_arn
             FROM lists JOIN machines ON machines.id = lists.machine
                 LEFT JOIN executions AS parents ON parents.id = lists.parent
             WHERE machines.connection = (SELECT id FROM connections WHERE name = ?) AND lists.is_open",
        )
        .bind(name)
        .fetch_all(&self.reader)
        .await?;
        let running = sqlx::query(
            "SELECT executions.arn, executions.events, executions.tokens, machines.arn AS machine_arn,
                 (SELECT MIN(due) FROM tasks WHERE tasks.execution = executions.id) AS due
             FROM executions JOIN machines ON machines.id = executions.machine
             WHERE executions.connection = (SELECT id FROM connections WHERE name = ?) AND executions.status = 0",
        )
        .bind(name)
        .fetch_all(&self.reader)
        .await?;
        let read_at: Option<Option<i64>> = sqlx::query_scalar("SELECT read_at FROM connections WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.reader)
            .await?;
        Ok(Known {
            machines: machines.iter().map(machine).collect::<Result<Vec<_>, _>>()?,
            lists: lists.iter().map(list).collect::<Result<Vec<_>, _>>()?,
            running: running.iter().map(running_of).collect::<Result<Vec<_>, _>>()?,
            read_at: read_at.flatten(),
        })
    }

    async fn page(
        &self,
        connection: &ConnectionId,
        filter: &Filter,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Result<ExecutionPage, StoreError> {
        // A query for each kind of list, so that each has its index.
        let query = match (&filter.parent_arn, &filter.machine_arn, filter.shown) {
            (Some(_), ..) => select_executions!(
                "WHERE parent = (SELECT id FROM executions
                     WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2)
                     AND (?3 IS NULL OR shown = ?3)
                     AND (started_at, id) < (?4, ?5) ORDER BY started_at DESC, id DESC LIMIT ?6"
            ),
            (None, Some(_), None) => select_executions!(
                "WHERE parent IS NULL AND machine = (SELECT id FROM machines
                     WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2)
                     AND ?3 IS NULL
                     AND (started_at, id) < (?4, ?5) ORDER BY started_at DESC, id DESC LIMIT ?6"
            ),
            (None, Some(_), Some(_)) => select_executions!(
                "WHERE parent IS NULL AND machine = (SELECT id FROM machines
                     WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2)
                     AND shown = ?3
                     AND (started_at, id) < (?4, ?5) ORDER BY started_at DESC, id DESC LIMIT ?6"
            ),
            (None, None, None) => select_executions!(
                "WHERE parent IS NULL AND connection = (SELECT id FROM connections WHERE name = ?1)
                     AND ?2 IS NULL AND ?3 IS NULL
                     AND (started_at, id) < (?4, ?5) ORDER BY started_at DESC, id DESC LIMIT ?6"
            ),
            (None, None, Some(_)) => select_executions!(
                "WHERE parent IS NULL AND connection = (SELECT id FROM connections WHERE name = ?1)
                     AND ?2 IS NULL AND shown = ?3
                     AND (started_at, id) < (?4, ?5) ORDER BY started_at DESC, id DESC LIMIT ?6"
            ),
        };
        let before = before.unwrap_or(ExecutionCursor { started_at: i64::MAX, id: i64::MAX });
        let rows = sqlx::query(query)
            .bind(connection.as_str())
            .bind(filter.parent_arn.as_ref().or(filter.machine_arn.as_ref()))
            .bind(filter.shown.map(shown_number))
            .bind(before.started_at)
            .bind(before.id)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.reader)
            .await?;
        let (items, has_older) = page_of(&rows, limit, |row| {
            let one = execution(row)?;
            Ok((ExecutionCursor { started_at: one.summary.started_at, id: row.try_get("id")? }, one))
        })?;
        let older = items.last().filter(|_| has_older).map(|(cursor, _)| *cursor);
        Ok(ExecutionPage { rows: items.into_iter().map(|(_, one)| one).collect(), older })
    }

    async fn count_by_machine(&self, connection: &ConnectionId) -> Result<Vec<Tally>, StoreError> {
        let rows = sqlx::query(
            "SELECT machines.arn, machines.requests, tallies.shown, tallies.n
             FROM machines LEFT JOIN tallies ON tallies.machine = machines.id AND tallies.n > 0
             WHERE machines.connection = (SELECT id FROM connections WHERE name = ?) ORDER BY machines.arn",
        )
        .bind(connection.as_str())
        .fetch_all(&self.reader)
        .await?;
        let mut all: BTreeMap<String, Tally> = BTreeMap::new();
        for row in &rows {
            let arn: String = row.try_get("arn")?;
            let requests = counted("requests", row.try_get("requests")?)?;
            let tally = all.entry(arn.clone()).or_insert(Tally { machine_arn: arn, counts: Vec::new(), requests });
            if let Some(number) = row.try_get::<Option<i64>, _>("shown")? {
                tally.counts.push((shown(0, number)?, counted("n", row.try_get("n")?)?));
            }
        }
        Ok(all.into_values().collect())
    }

    async fn count_waiting(&self, connection: &ConnectionId) -> Result<u64, StoreError> {
        let total: i64 = sqlx::query_scalar(
            "SELECT COALESCE(SUM(requests), 0) FROM machines
             WHERE connection = (SELECT id FROM connections WHERE name = ?)",
        )
        .bind(connection.as_str())
        .fetch_one(&self.reader)
        .await?;
        counted("n", total)
    }

    async fn requests_after(
        &self,
        connection: &ConnectionId,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let after = after.unwrap_or(InboxCursor { due: i64::MIN, since: 0, event: 0, execution: 0 });
        let rows = sqlx::query(select_tasks!(
            "AND tasks.connection = (SELECT id FROM connections WHERE name = ?1)
                 AND (tasks.due_order, tasks.since, tasks.event, tasks.execution) > (?2, ?3, ?4, ?5)
             ORDER BY tasks.due_order, tasks.since, tasks.event, tasks.execution LIMIT ?6"
        ))
        .bind(connection.as_str())
        .bind(after.due)
        .bind(after.since)
        .bind(after.event)
        .bind(after.execution)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows)
    }

    async fn place_of(&self, connection: &ConnectionId, request: &Waiting) -> Result<Place, StoreError> {
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
                 AND (due_order, since, event, execution) < (?2, ?3, ?4, ?5)",
        )
        .bind(connection.as_str())
        .bind(here.due)
        .bind(here.since)
        .bind(here.event)
        .bind(here.execution)
        .fetch_one(&self.reader)
        .await?;
        let waits = waits == Some(true);
        let mut next = self.requests_after(connection, Some(here), 0).await?;
        if next.is_empty() && !waits {
            next = self.requests_after(connection, None, 0).await?;
        }
        let next = next.first().map(task).transpose()?.map(|(wait, _)| (wait.execution_arn, wait.event));
        let index = waits.then(|| counted("n", before + 1)).transpose()?;
        Ok(Place { index, of: self.count_waiting(connection).await?, next })
    }
}

fn list(row: &SqliteRow) -> Result<List, StoreError> {
    let machine_arn: String = row.try_get("machine_arn")?;
    let map_run: String = row.try_get("map_run")?;
    let of = if map_run.is_empty() { Of::Machine(machine_arn.clone()) } else { Of::MapRun(map_run) };
    Ok(List { of, machine_arn, parent_arn: row.try_get("parent_arn")?, whole: row.try_get("whole")? })
}

fn running_of(row: &SqliteRow) -> Result<Running, StoreError> {
    Ok(Running {
        arn: row.try_get("arn")?,
        machine_arn: row.try_get("machine_arn")?,
        events: counted("events", row.try_get("events")?)?,
        due: row.try_get("due")?,
        tokens: row.try_get("tokens")?,
    })
}

impl Index for SqliteIndex {
    fn open<'a>(&'a self, connection: &'a ConnectionId, endpoint: &'a str) -> Kept<'a, Known> {
        Box::pin(async move {
            self.begin(connection, endpoint).await?;
            self.known_of(connection).await
        })
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.reader.close().await;
            self.writer.close().await;
        })
    }

    fn read_whole<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Kept<'a, ()> {
        Box::pin(self.write_read_at(connection, at))
    }

    fn keep_machine<'a>(&'a self, connection: &'a ConnectionId, machine: &'a Machine) -> Kept<'a, ()> {
        Box::pin(self.write_machine(connection, machine))
    }

    fn keep_only<'a>(&'a self, connection: &'a ConnectionId, machines: &'a [String]) -> Kept<'a, Moved> {
        Box::pin(self.delete_machines_but(connection, machines))
    }

    fn listed<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        found: &'a [Summary],
        all: bool,
    ) -> Kept<'a, Listed> {
        Box::pin(self.write_listed(connection, list, asked_at, found, all))
    }

    fn known<'a>(&'a self, connection: &'a ConnectionId, found: &'a [Summary]) -> Kept<'a, u64> {
        Box::pin(self.count_known(connection, found))
    }

    fn set_whole<'a>(&'a self, connection: &'a ConnectionId, list: &'a List, whole: bool) -> Kept<'a, ()> {
        Box::pin(self.write_whole(connection, list, whole))
    }

    fn missing<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        running: &'a [String],
    ) -> Kept<'a, Vec<ExecutionRow>> {
        Box::pin(async move {
            let map_run = match &list.of {
                Of::Machine(_) => "",
                Of::MapRun(arn) => arn,
            };
            let rows = sqlx::query(select_executions!(
                "WHERE status = 0 AND known_at <= ?4 AND list = (SELECT lists.id
                     FROM lists JOIN machines ON machines.id = lists.machine
                     WHERE machines.connection = (SELECT id FROM connections WHERE name = ?1)
                         AND machines.arn = ?2 AND lists.map_run = ?3)
                     AND arn NOT IN (SELECT value FROM json_each(?5))
                 ORDER BY started_at"
            ))
            .bind(connection.as_str())
            .bind(&list.machine_arn)
            .bind(map_run)
            .bind(asked_at)
            .bind(serde_json::json!(running).to_string())
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(execution).collect()
        })
    }

    fn forget<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Kept<'a, Moved> {
        Box::pin(self.delete_execution(connection, arn))
    }

    fn forget_ended_before<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Kept<'a, Moved> {
        Box::pin(self.delete_ended_before(connection, at))
    }

    fn read<'a>(&'a self, connection: &'a ConnectionId, readings: &'a [Reading]) -> Kept<'a, Moved> {
        Box::pin(self.write_readings(connection, readings))
    }

    fn answered<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, event: u64) -> Kept<'a, bool> {
        Box::pin(self.write_answered(connection, arn, event))
    }

    fn activities_for_people<'a>(
        &'a self,
        connection: &'a ConnectionId,
        states: &'a BTreeSet<(String, String)>,
    ) -> Kept<'a, bool> {
        Box::pin(self.write_for_people(connection, states))
    }

    fn listed_as<'a>(&'a self, connection: &'a ConnectionId, arns: &'a [String]) -> Kept<'a, Vec<Summary>> {
        Box::pin(async move {
            let rows = sqlx::query(select_executions!(
                "WHERE connection = (SELECT id FROM connections WHERE name = ?) AND arn IN (SELECT value FROM json_each(?))"
            ))
            .bind(connection.as_str())
            .bind(serde_json::json!(arns).to_string())
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(|row| execution(row).map(|row| row.summary)).collect()
        })
    }

    fn execution<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Kept<'a, Option<ExecutionRow>> {
        Box::pin(async move {
            let row = sqlx::query(select_executions!(
                "WHERE connection = (SELECT id FROM connections WHERE name = ?) AND arn = ?"
            ))
            .bind(connection.as_str())
            .bind(arn)
            .fetch_optional(&self.reader)
            .await?;
            row.as_ref().map(execution).transpose()
        })
    }

    fn executions<'a>(
        &'a self,
        connection: &'a ConnectionId,
        filter: &'a Filter,
        before: Option<ExecutionCursor>,
        limit: u32,
    ) -> Kept<'a, ExecutionPage> {
        Box::pin(self.page(connection, filter, before, limit))
    }

    fn named<'a>(
        &'a self,
        connection: &'a ConnectionId,
        typed: &'a str,
        limit: u32,
    ) -> Kept<'a, (Vec<ExecutionRow>, bool)> {
        Box::pin(self.by_name(connection, typed, limit))
    }

    fn tallies<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Tally>> {
        Box::pin(self.count_by_machine(connection))
    }

    fn ended_since<'a>(&'a self, connection: &'a ConnectionId, since: i64) -> Kept<'a, Vec<(ExecutionStatus, u64)>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT status, SUM(n) AS n FROM ends
                 WHERE connection = (SELECT id FROM connections WHERE name = ?) AND minute > ? / 60000 AND n > 0
                 GROUP BY status",
            )
            .bind(connection.as_str())
            .bind(since)
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(|row| Ok((status(0, row.try_get("status")?)?, counted("n", row.try_get("n")?)?))).collect()
        })
    }

    fn failures<'a>(&'a self, connection: &'a ConnectionId, since: i64, limit: u32) -> Kept<'a, Vec<ExecutionRow>> {
        Box::pin(async move {
            let rows = sqlx::query(select_executions!(
                // The numbers of failed and timed out, as the index has them.
                "WHERE connection = (SELECT id FROM connections WHERE name = ?) AND ended_at > ? AND parent IS NULL
                     AND status IN (2, 3) ORDER BY ended_at DESC LIMIT ?"
            ))
            .bind(connection.as_str())
            .bind(since)
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(execution).collect()
        })
    }

    fn inbox<'a>(
        &'a self,
        connection: &'a ConnectionId,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Kept<'a, InboxPage> {
        Box::pin(async move {
            let rows = self.requests_after(connection, after, limit).await?;
            let (items, has_more) = page_of(&rows, limit, task)?;
            let more = items.last().filter(|_| has_more).map(|(_, cursor)| *cursor);
            let rows = items.into_iter().map(|(wait, _)| wait).collect();
            Ok(InboxPage { rows, total: self.count_waiting(connection).await?, more })
        })
    }

    fn waiting<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, u64> {
        Box::pin(self.count_waiting(connection))
    }

    fn waiting_under<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, limit: u32) -> Kept<'a, InboxPage> {
        Box::pin(async move {
            let rows = sqlx::query(select_tasks!(
                "AND tasks.execution IN (SELECT children.id FROM executions AS parents JOIN executions AS children
                         ON children.parent = parents.id OR children.top = parents.id
                         WHERE parents.connection = (SELECT id FROM connections WHERE name = ?1) AND parents.arn = ?2)
                 ORDER BY tasks.due_order, tasks.since, tasks.event, tasks.execution LIMIT ?3"
            ))
            .bind(connection.as_str())
            .bind(arn)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.reader)
            .await?;
            let (items, has_more) = page_of(&rows, limit, task)?;
            let more = items.last().filter(|_| has_more).map(|(_, cursor)| *cursor);
            let own: i64 = sqlx::query_scalar(
                "SELECT executions.waits - (SELECT COUNT(*) FROM tasks
                     WHERE tasks.execution = executions.id AND answered = 0 AND for_people = 1)
                 FROM executions WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2",
            )
            .bind(connection.as_str())
            .bind(arn)
            .fetch_optional(&self.reader)
            .await?
            .unwrap_or(0);
            let rows = items.into_iter().map(|(wait, _)| wait).collect();
            Ok(InboxPage { rows, total: counted("waits", own)?, more })
        })
    }

    fn place<'a>(&'a self, connection: &'a ConnectionId, request: &'a Waiting) -> Kept<'a, Place> {
        Box::pin(self.place_of(connection, request))
    }
}

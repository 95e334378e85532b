//! What pages ask for, and the implementation of the trait.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::SqliteIndex;
use super::rows::{execution, machine, select_executions, shown};
use crate::connection::{ConnectionId, ExecutionStatus, Of, Summary};
use crate::index::{
    Bars, Counted, Ended, ExecutionCursor, ExecutionPage, ExecutionRow, Filter, InboxCursor, InboxFilter, InboxPage,
    Index, Kept, Known, List, Listed, MapRun, Moved, Place, Reading, Ruled, Running, Sight, Span, Starter, Tally,
    ToRead, Unread,
};
use crate::store::{Kept as Answer, StoreError};
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

pub(super) use select_tasks;

/// The rows of a page; one more than its limit was asked for, and says whether there are more.
pub(super) fn page_of<T>(
    rows: &[SqliteRow],
    limit: u32,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> PageOf<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let items = rows.iter().take(limit).map(read).collect::<Result<Vec<T>, StoreError>>()?;
    Ok((items, rows.len() > limit))
}

type PageOf<T> = Result<(Vec<T>, bool), StoreError>;

pub(super) fn counted(what: &'static str, number: i64) -> Result<u64, StoreError> {
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
             FROM machines AS listing CROSS JOIN lists ON lists.machine = listing.id
                 CROSS JOIN executions ON executions.list = lists.id AND executions.status = 0
                 JOIN machines ON machines.id = executions.machine
             WHERE listing.connection = (SELECT id FROM connections WHERE name = ?)",
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

    pub(super) async fn count_waiting(&self, connection: &ConnectionId, sight: &Sight) -> Result<u64, StoreError> {
        let total: i64 = sqlx::query_scalar(
            "SELECT COALESCE(SUM(requests), 0) FROM machines
             WHERE connection = (SELECT id FROM connections WHERE name = ?1)
                 AND (?2 IS NULL OR arn IN (SELECT value FROM json_each(?2)))",
        )
        .bind(connection.as_str())
        .bind(sight.json())
        .fetch_one(&self.reader)
        .await?;
        counted("n", total)
    }

    pub(super) async fn requests_after(
        &self,
        connection: &ConnectionId,
        sight: &Sight,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let after = after.unwrap_or(InboxCursor { due: i64::MIN, since: 0, event: 0, execution: 0 });
        let rows = sqlx::query(select_tasks!(
            "AND tasks.connection = (SELECT id FROM connections WHERE name = ?1)
                 AND (tasks.due_order, tasks.since, tasks.event, tasks.execution) > (?2, ?3, ?4, ?5)
                 AND (?7 IS NULL OR executions.machine IN
                     (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(?7))))
             ORDER BY tasks.due_order, tasks.since, tasks.event, tasks.execution LIMIT ?6"
        ))
        .bind(connection.as_str())
        .bind(after.due)
        .bind(after.since)
        .bind(after.event)
        .bind(after.execution)
        .bind(i64::from(limit) + 1)
        .bind(sight.json())
        .fetch_all(&self.reader)
        .await?;
        Ok(rows)
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
    fn open<'a>(&'a self, connection: &'a ConnectionId, endpoint: &'a str) -> Answer<'a, Known> {
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

    fn read_whole<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Answer<'a, ()> {
        Box::pin(self.write_read_at(connection, at))
    }

    fn keep_machine<'a>(&'a self, connection: &'a ConnectionId, machine: &'a Machine) -> Answer<'a, ()> {
        Box::pin(self.write_machine(connection, machine))
    }

    fn keep_only<'a>(&'a self, connection: &'a ConnectionId, machines: &'a [String]) -> Answer<'a, Moved> {
        Box::pin(self.delete_machines_but(connection, machines))
    }

    fn listed<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        found: &'a [Summary],
        all: bool,
    ) -> Answer<'a, Listed> {
        Box::pin(self.write_listed(connection, list, asked_at, found, all))
    }

    fn known<'a>(&'a self, connection: &'a ConnectionId, found: &'a [Summary]) -> Answer<'a, u64> {
        Box::pin(self.count_known(connection, found))
    }

    fn set_whole<'a>(&'a self, connection: &'a ConnectionId, list: &'a List, whole: bool) -> Answer<'a, ()> {
        Box::pin(self.write_whole(connection, list, whole))
    }

    fn missing<'a>(
        &'a self,
        connection: &'a ConnectionId,
        list: &'a List,
        asked_at: i64,
        running: &'a [String],
    ) -> Answer<'a, Vec<ExecutionRow>> {
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

    fn forget<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Moved> {
        Box::pin(self.delete_execution(connection, arn))
    }

    fn forget_ended_before<'a>(&'a self, connection: &'a ConnectionId, at: i64) -> Answer<'a, Moved> {
        Box::pin(self.delete_ended_before(connection, at))
    }

    fn read<'a>(&'a self, connection: &'a ConnectionId, readings: &'a [Reading]) -> Answer<'a, Moved> {
        Box::pin(self.write_readings(connection, readings))
    }

    fn answered<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, event: u64) -> Answer<'a, bool> {
        Box::pin(self.write_answered(connection, arn, event))
    }

    fn activities_for_people<'a>(
        &'a self,
        connection: &'a ConnectionId,
        states: &'a BTreeSet<(String, String)>,
    ) -> Answer<'a, bool> {
        Box::pin(self.write_for_people(connection, states))
    }

    fn listed_as<'a>(&'a self, connection: &'a ConnectionId, arns: &'a [String]) -> Answer<'a, Vec<Summary>> {
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

    fn execution<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<ExecutionRow>> {
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
    ) -> Answer<'a, ExecutionPage> {
        Box::pin(self.page(connection, filter, before, limit))
    }

    fn map_runs<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Vec<MapRun>> {
        Box::pin(self.count_map_runs(connection, arn))
    }

    fn parent_of_map_run<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(self.find_parent_of_map_run(connection, arn))
    }

    fn starter<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str) -> Answer<'a, Option<Starter>> {
        Box::pin(self.find_starter(connection, arn))
    }

    fn count<'a>(&'a self, connection: &'a ConnectionId, filter: &'a Filter, most: u32) -> Answer<'a, Counted> {
        Box::pin(self.count(connection, filter, most))
    }

    fn oldest<'a>(&'a self, connection: &'a ConnectionId) -> Answer<'a, Option<i64>> {
        Box::pin(self.oldest_start(connection))
    }

    fn starts<'a>(&'a self, connection: &'a ConnectionId, filter: &'a Filter, span: Span) -> Answer<'a, Bars> {
        Box::pin(self.starts(connection, filter, span))
    }

    fn unread<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight) -> Answer<'a, Unread> {
        Box::pin(self.count_unread(connection, sight))
    }

    fn to_read<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Answer<'a, Vec<ToRead>> {
        Box::pin(self.next_unread(connection, limit))
    }

    fn wants<'a>(
        &'a self,
        connection: &'a ConnectionId,
        readings: &'a [(&'a str, ExecutionStatus, bool)],
    ) -> Answer<'a, Vec<usize>> {
        Box::pin(self.wanted(connection, readings))
    }

    fn keep_contents<'a>(&'a self, connection: &'a ConnectionId, contents: &'a [Kept]) -> Answer<'a, ()> {
        Box::pin(self.write_contents(connection, contents))
    }

    fn named<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        typed: &'a str,
        limit: u32,
    ) -> Answer<'a, (Vec<ExecutionRow>, bool)> {
        Box::pin(self.by_name(connection, sight, typed, limit))
    }

    fn tallies<'a>(&'a self, connection: &'a ConnectionId) -> Answer<'a, Vec<Tally>> {
        Box::pin(self.count_by_machine(connection))
    }

    fn ended_since<'a>(&'a self, connection: &'a ConnectionId, since: i64) -> Answer<'a, Vec<Ended>> {
        Box::pin(self.count_ended(connection, since))
    }

    fn median<'a>(&'a self, connection: &'a ConnectionId, machine_arn: &'a str, since: i64) -> Answer<'a, Option<i64>> {
        Box::pin(self.find_median(connection, machine_arn, since))
    }

    fn failures<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        since: i64,
        limit: u32,
    ) -> Answer<'a, Vec<ExecutionRow>> {
        Box::pin(self.latest_failures(connection, sight, since, limit))
    }

    fn inbox<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Answer<'a, InboxPage> {
        Box::pin(self.whole_inbox(connection, sight, after, limit))
    }

    fn inbox_of<'a>(
        &'a self,
        connection: &'a ConnectionId,
        sight: &'a Sight,
        filter: &'a InboxFilter,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Answer<'a, InboxPage> {
        Box::pin(self.filtered_inbox(connection, (sight, filter), after, limit))
    }

    fn rules_are<'a>(&'a self, connection: &'a ConnectionId, version: &'a str) -> Answer<'a, ()> {
        Box::pin(self.note_rules(connection, version))
    }

    fn unruled<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Answer<'a, Vec<Waiting>> {
        Box::pin(self.to_be_ruled(connection, limit))
    }

    fn acted_on<'a>(&'a self, connection: &'a ConnectionId, now: i64, limit: u32) -> Answer<'a, Vec<Waiting>> {
        Box::pin(self.to_be_acted_on(connection, now, limit))
    }

    fn ruled<'a>(&'a self, connection: &'a ConnectionId, ruled: &'a [Ruled]) -> Answer<'a, bool> {
        Box::pin(self.write_ruled(connection, ruled))
    }

    fn waiting<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight) -> Answer<'a, u64> {
        Box::pin(self.count_waiting(connection, sight))
    }

    fn waiting_under<'a>(&'a self, connection: &'a ConnectionId, arn: &'a str, limit: u32) -> Answer<'a, InboxPage> {
        Box::pin(self.inbox_under(connection, arn, limit))
    }

    fn place<'a>(&'a self, connection: &'a ConnectionId, sight: &'a Sight, request: &'a Waiting) -> Answer<'a, Place> {
        Box::pin(self.place_of(connection, sight, request))
    }
}

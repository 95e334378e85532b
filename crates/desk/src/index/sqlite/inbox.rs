//! The requests of the inbox: all of them, those that a filter lets through, and those below an execution.

use serde_json::json;
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::read::{counted, page_of, select_tasks};
use super::rows::task;
use crate::connection::ConnectionId;
use crate::index::{DueFilter, InboxCursor, InboxFilter, InboxPage, Sight};
use crate::store::{StoreError, anywhere};
use crate::watch::RequestKey;

impl SqliteIndex {
    /// One page of all of them, and how many there are.
    pub(super) async fn whole_inbox(
        &self,
        connection: &ConnectionId,
        sight: &Sight,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let rows = self.requests_after(connection, sight, after, limit).await?;
        let (items, has_more) = page_of(&rows, limit, task)?;
        let more = items.last().filter(|_| has_more).map(|(_, cursor)| *cursor);
        let rows = items.into_iter().map(|(wait, _)| wait).collect();
        Ok(InboxPage { rows, total: self.count_waiting(connection, sight).await?, more })
    }

    /// One page of those of the children of an execution's Map Runs, and how many there are.
    pub(super) async fn inbox_under(
        &self,
        connection: &ConnectionId,
        arn: &str,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let total: i64 = sqlx::query_scalar(
            "SELECT executions.waits - (SELECT COUNT(*) FROM tasks
                 WHERE tasks.execution = executions.id AND answered = 0 AND for_people = 1)
             FROM executions WHERE connection = (SELECT id FROM connections WHERE name = ?1) AND arn = ?2",
        )
        .bind(connection.as_str())
        .bind(arn)
        .fetch_optional(&self.reader)
        .await?
        .unwrap_or(0);
        // Most have none: their children are not gone through.
        if total == 0 {
            return Ok(InboxPage::default());
        }
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
        let rows = items.into_iter().map(|(wait, _)| wait).collect();
        Ok(InboxPage { rows, total: counted("waits", total)?, more })
    }

    /// One page of those that a filter lets through, and how many there are.
    pub(super) async fn filtered_inbox(
        &self,
        connection: &ConnectionId,
        shown: (&Sight, &InboxFilter),
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let mut query = QueryBuilder::new(
            "SELECT tasks.*, executions.arn AS execution_arn, executions.name AS execution_name,
                 (SELECT parents.arn FROM executions AS parents WHERE parents.id = executions.parent) AS parent_arn
             FROM tasks JOIN executions ON executions.id = tasks.execution WHERE ",
        );
        push(&mut query, connection, shown);
        if let Some(after) = after {
            query.push(" AND (tasks.due_order, tasks.since, tasks.event, tasks.execution) > (");
            let mut places = query.separated(", ");
            for place in [after.due, after.since, after.event, after.execution] {
                places.push_bind(place);
            }
            query.push(")");
        }
        query.push(" ORDER BY tasks.due_order, tasks.since, tasks.event, tasks.execution LIMIT ");
        let rows = query.push_bind(i64::from(limit) + 1).build().fetch_all(&self.reader).await?;
        let (items, has_more) = page_of(&rows, limit, task)?;
        let more = items.last().filter(|_| has_more).map(|(_, cursor)| *cursor);
        let mut query = QueryBuilder::new(
            "SELECT COUNT(*) AS n FROM tasks JOIN executions ON executions.id = tasks.execution WHERE ",
        );
        push(&mut query, connection, shown);
        let total: i64 = query.build().fetch_one(&self.reader).await?.try_get("n")?;
        // A count is never negative.
        let total = u64::try_from(total).unwrap_or(0);
        Ok(InboxPage { rows: items.into_iter().map(|(wait, _)| wait).collect(), total, more })
    }
}

fn push(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, (sight, filter): (&Sight, &InboxFilter)) {
    query.push("tasks.answered = 0 AND tasks.for_people = 1 AND tasks.connection = ");
    query.push("(SELECT id FROM connections WHERE name = ").push_bind(connection.as_str().to_owned()).push(")");
    if let Some(seen) = sight.json() {
        query.push(" AND tasks.machine IN (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(");
        query.push_bind(seen.to_owned()).push(")))");
    }
    query.push(" AND (");
    match &filter.only {
        Some(only) => states(query, only),
        None => drop(query.push("TRUE")),
    }
    if !filter.except.is_empty() {
        query.push(" AND NOT ");
        states(query, &filter.except);
    }
    if !filter.also.is_empty() {
        query.push(" OR ");
        requests(query, connection, &filter.also);
    }
    if !filter.since.is_empty() {
        query.push(" OR ");
        since(query, &filter.since);
    }
    query.push(")");
    if !filter.never.is_empty() {
        query.push(" AND (NOT ");
        requests(query, connection, &filter.never);
        query.push(" OR ");
        since(query, &filter.since);
        query.push(")");
    }
    if !filter.chosen.is_empty() {
        query.push(" AND NOT ");
        requests(query, connection, &filter.chosen);
    }
    if let Some((text, readable)) = &filter.text {
        push_text(query, &anywhere(text), readable);
    }
    match filter.due {
        DueFilter::Any => {}
        DueFilter::By(at) => {
            query.push(" AND tasks.due_order <= ").push_bind(at);
        }
        DueFilter::Never => {
            query.push(" AND tasks.due_order = ").push_bind(i64::MAX);
        }
    }
}

/// Whether the task is one of these states.
fn states(query: &mut QueryBuilder<Sqlite>, states: &[(String, String)]) {
    query.push("(tasks.workflow, tasks.state) IN (SELECT value ->> 0, value ->> 1 FROM json_each(");
    query.push_bind(json!(states).to_string()).push("))");
}

/// Whether it is one of these states, and waits since that time or longer.
fn since(query: &mut QueryBuilder<Sqlite>, states: &[(String, String, i64)]) {
    query.push("EXISTS (SELECT 1 FROM json_each(").push_bind(json!(states).to_string());
    query.push(") WHERE value ->> 0 = tasks.workflow AND value ->> 1 = tasks.state AND tasks.since <= value ->> 2)");
}

/// Whether it is one of these requests.
fn requests(query: &mut QueryBuilder<Sqlite>, connection: &ConnectionId, requests: &[RequestKey]) {
    query.push("(tasks.execution, tasks.event) IN (SELECT named.id, value ->> 1 FROM json_each(");
    query.push_bind(json!(requests).to_string());
    query.push(") CROSS JOIN executions AS named ON named.arn = value ->> 0 AND named.connection = ");
    query.push("(SELECT id FROM connections WHERE name = ").push_bind(connection.as_str().to_owned()).push("))");
}

fn push_text(query: &mut QueryBuilder<Sqlite>, pattern: &str, readable: &Sight) {
    query
        .push(" AND (concat_ws(' ', tasks.workflow, tasks.state, executions.name) LIKE ")
        .push_bind(pattern.to_owned());
    query.push(" ESCAPE '\\' OR tasks.request LIKE ").push_bind(pattern.to_owned()).push(" ESCAPE '\\'");
    if let Some(seen) = readable.json() {
        query.push(" AND tasks.machine IN (SELECT id FROM machines WHERE arn IN (SELECT value FROM json_each(");
        query.push_bind(seen.to_owned()).push(")))");
    }
    query.push(")");
}

//! The requests of the inbox that a filter lets through.

use serde_json::json;
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row};

use super::SqliteIndex;
use super::read::page_of;
use super::rows::task;
use crate::connection::ConnectionId;
use crate::index::{DueFilter, InboxCursor, InboxFilter, InboxPage, Sight};
use crate::store::StoreError;

impl SqliteIndex {
    /// One page of them, and how many there are.
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
        let mut query = QueryBuilder::new("SELECT COUNT(*) AS n FROM tasks WHERE ");
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
        query.push(" AND tasks.execution IN (SELECT executions.id FROM executions JOIN machines ON machines.id = executions.machine");
        query.push(" WHERE machines.arn IN (SELECT value FROM json_each(").push_bind(seen.to_owned()).push(")))");
    }
    let mut states = |lead: &str, states: &[(String, String)]| {
        query.push(lead).push("EXISTS (SELECT 1 FROM json_each(").push_bind(json!(states).to_string());
        query.push(") WHERE value ->> 0 = tasks.workflow AND value ->> 1 = tasks.state)");
    };
    if let Some(only) = &filter.only {
        states(" AND ", only);
    }
    if !filter.except.is_empty() {
        states(" AND NOT ", &filter.except);
    }
    match filter.due {
        DueFilter::Any => {}
        DueFilter::By(at) => {
            query.push(" AND tasks.due_order <= ").push_bind(at);
        }
        DueFilter::Never => {
            query.push(" AND tasks.due IS NULL");
        }
    }
}

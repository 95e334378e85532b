//! What became of the decisions, in SQLite.

use std::fmt::Display;

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use super::acts::add_act;
use super::rows::{as_json, decision, select_decisions};
use crate::actor::Actor;
use crate::approvals::ClosedBy;
use crate::connection::ConnectionId;
use crate::store::{Act, Decision, Deed, Deliveries, Kept, StoreError, Trouble};

impl Deliveries for Sqlite {
    fn pending<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Decision>> {
        const PENDING: &str = select_decisions!(
            "FROM deliveries JOIN decisions ON decisions.id = deliveries.decision \
             WHERE deliveries.connection = ? AND deliveries.state = 'pending' ORDER BY deliveries.decision"
        );
        Box::pin(async move {
            let rows = sqlx::query(PENDING).bind(connection.as_str()).fetch_all(&self.reader).await?;
            rows.iter().map(decision).collect()
        })
    }

    fn trying(&self, id: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let update = "UPDATE deliveries SET attempts = attempts + 1 WHERE decision = ? AND state = 'pending'";
            sqlx::query(update).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn delivered(&self, id: i64, at: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let update = "UPDATE deliveries SET state = 'delivered', delivered_at = ?, trouble = NULL
                WHERE decision = ? AND state = 'pending'";
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let ended = sqlx::query(update).bind(at).bind(id).execute(&mut *transaction).await?;
            if ended.rows_affected() > 0 {
                add_end(&mut transaction, id, Deed::Delivered, at, String::new()).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn late<'a>(&'a self, id: i64, by: &'a ClosedBy, at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let update = "UPDATE deliveries SET state = 'late', late = ?, trouble = NULL
                WHERE decision = ? AND state = 'pending'";
            let by = as_json("what closed the task", by)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let ended = sqlx::query(update).bind(&by).bind(id).execute(&mut *transaction).await?;
            if ended.rows_affected() > 0 {
                add_end(&mut transaction, id, Deed::CameLate, at, by).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn trouble<'a>(&'a self, id: i64, why: &'a Trouble) -> Kept<'a, ()> {
        Box::pin(async move {
            let update = "UPDATE deliveries SET trouble = ? WHERE decision = ? AND state = 'pending'";
            let why = as_json("the trouble of a decision", why)?;
            sqlx::query(update).bind(why).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }
}

/// Puts on record what became of a decision.
async fn add_end(
    writer: &mut SqliteConnection,
    id: i64,
    deed: Deed,
    at: i64,
    detail: String,
) -> Result<(), StoreError> {
    const ABOUT: &str = "SELECT connection, workflow, execution_arn, event FROM decisions WHERE id = ?";
    let (connection, workflow, arn, event): (String, String, String, i64) =
        sqlx::query_as(ABOUT).bind(id).fetch_one(&mut *writer).await?;
    let unreadable = |column, why: &dyn Display| StoreError::Unreadable {
        table: "decisions",
        row: id,
        column,
        why: why.to_string(),
    };
    let connection = ConnectionId::parse(&connection).map_err(|error| unreadable("connection", &error))?;
    let event = u64::try_from(event).map_err(|error| unreadable("event", &error))?;
    let act = Act {
        deed,
        workflow: Some(workflow),
        execution_arn: Some(arn),
        event: Some(event),
        detail,
        person_id: Actor::Program.id().to_owned(),
        person_name: Actor::Program.name().to_owned(),
        at,
    };
    add_act(writer, &connection, &act).await
}

//! What became of the decisions, in SQLite.

use super::Sqlite;
use super::rows::{as_json, decision, select_decisions};
use crate::approvals::ClosedBy;
use crate::connection::ConnectionId;
use crate::store::{Decision, Deliveries, Kept, Trouble};

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
            sqlx::query(update).bind(at).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn late<'a>(&'a self, id: i64, by: &'a ClosedBy) -> Kept<'a, ()> {
        Box::pin(async move {
            let update = "UPDATE deliveries SET state = 'late', late = ?, trouble = NULL
                WHERE decision = ? AND state = 'pending'";
            let by = as_json("what closed the task", by)?;
            sqlx::query(update).bind(by).bind(id).execute(&self.writer).await?;
            Ok(())
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

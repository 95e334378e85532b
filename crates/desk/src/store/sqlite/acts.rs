//! Who did what, in SQLite.

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use super::rows::{deed_word, entry, select_decisions};
use crate::connection::ConnectionId;
use crate::store::{Act, ActPage, Acts, Deed, Entry, Kept, StoreError};

impl Acts for Sqlite {
    fn act<'a>(&'a self, connection: &'a ConnectionId, act: &'a Act) -> Kept<'a, ()> {
        Box::pin(async move {
            let mut writer = self.writer.acquire().await?;
            add_act(&mut writer, connection, act).await
        })
    }

    fn deployments<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(String, i64, String)>> {
        Box::pin(async move {
            let rows = sqlx::query_as(
                "SELECT workflow, MAX(at), person_name FROM acts
                 WHERE connection = ? AND deed = ? AND workflow IS NOT NULL GROUP BY workflow",
            );
            Ok(rows.bind(connection.as_str()).bind(deed_word(Deed::Deployed)).fetch_all(&self.reader).await?)
        })
    }

    fn acts<'a>(&'a self, connection: &'a ConnectionId, before: Option<i64>, limit: u32) -> Kept<'a, ActPage> {
        const ACTS: &str = select_decisions!(
            ", acts.id AS act_id, acts.decision AS act_decision, acts.deed AS act_deed, acts.workflow AS act_workflow, \
             acts.execution_arn AS act_execution, acts.detail AS act_detail, acts.person_id AS act_person_id, \
             acts.person_name AS act_person_name, acts.at AS act_at \
             FROM acts LEFT JOIN decisions ON decisions.id = acts.decision \
             LEFT JOIN deliveries ON deliveries.decision = acts.decision \
             WHERE acts.connection = ? AND acts.id < ? ORDER BY acts.id DESC LIMIT ?"
        );
        Box::pin(async move {
            // The greatest number of a row; no entry has it before all others are taken.
            let before = before.unwrap_or(i64::MAX);
            let rows = sqlx::query(ACTS)
                .bind(connection.as_str())
                .bind(before)
                // One more says whether there are older ones.
                .bind(i64::from(limit) + 1)
                .fetch_all(&self.reader)
                .await?;
            let mut entries = rows.iter().map(entry).collect::<Result<Vec<Entry>, StoreError>>()?;
            let limit = usize::try_from(limit)
                .map_err(|error| StoreError::Unstorable { what: "the size of a page", why: error.to_string() })?;
            let has_older = entries.len() > limit;
            entries.truncate(limit);
            Ok(ActPage { older: entries.last().filter(|_| has_older).map(|last| last.id), entries })
        })
    }
}

/// Adds an act other than a decision's.
pub async fn add_act(writer: &mut SqliteConnection, connection: &ConnectionId, act: &Act) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO acts (connection, at, person_id, person_name, deed, workflow, execution_arn, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(connection.as_str())
    .bind(act.at)
    .bind(&act.person_id)
    .bind(&act.person_name)
    .bind(deed_word(act.deed))
    .bind(&act.workflow)
    .bind(&act.execution_arn)
    .bind(&act.detail)
    .execute(writer)
    .await?;
    Ok(())
}

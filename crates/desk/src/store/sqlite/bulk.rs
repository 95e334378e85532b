//! Runs over many executions, in SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use crate::connection::ConnectionId;
use crate::store::{BulkItem, BulkOutcome, BulkRun, BulkRuns, Kept, StoreError, Verb};

const VERBS: [(Verb, &str); 3] = [(Verb::Stop, "stop"), (Verb::StartAgain, "start_again"), (Verb::Redrive, "redrive")];

fn stored<T, E: std::fmt::Display>(what: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
    value.map_err(|error| StoreError::Unstorable { what, why: error.to_string() })
}

fn unreadable(table: &'static str, column: &'static str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { table, row: 0, column, why: why.to_string() }
}

fn outcome_text(outcome: &BulkOutcome) -> Result<String, StoreError> {
    stored("an outcome", serde_json::to_string(outcome))
}

fn run_of(row: &SqliteRow) -> Result<BulkRun, StoreError> {
    let word: String = row.try_get("verb")?;
    let verb = VERBS.into_iter().find(|(_, known)| *known == word).map(|(verb, _)| verb);
    let fitted: i64 = row.try_get("fitted")?;
    Ok(BulkRun {
        id: row.try_get("id")?,
        verb: verb.ok_or_else(|| unreadable("bulk_runs", "verb", &word))?,
        reason: row.try_get("reason")?,
        hash: row.try_get("hash")?,
        fitted: u64::try_from(fitted).map_err(|error| unreadable("bulk_runs", "fitted", error))?,
        person_id: row.try_get("person_id")?,
        person_name: row.try_get("person_name")?,
        made_at: row.try_get("made_at")?,
        begun_at: row.try_get("begun_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

fn item_of(row: &SqliteRow) -> Result<BulkItem, StoreError> {
    let outcome: Option<&str> = row.try_get("outcome")?;
    let outcome = outcome.map(serde_json::from_str).transpose();
    Ok(BulkItem {
        execution_arn: row.try_get("execution_arn")?,
        workflow: row.try_get("workflow")?,
        outcome: outcome.map_err(|error| unreadable("bulk_items", "outcome", error))?,
    })
}

impl BulkRuns for Sqlite {
    fn keep_run<'a>(&'a self, connection: &'a ConnectionId, run: &'a BulkRun, items: &'a [BulkItem]) -> Kept<'a, ()> {
        Box::pin(async move {
            let verb = VERBS.into_iter().find(|(verb, _)| *verb == run.verb).map_or("stop", |(_, word)| word);
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO bulk_runs (id, connection, verb, reason, hash, fitted, person_id, person_name, made_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&run.id)
            .bind(connection.as_str())
            .bind(verb)
            .bind(&run.reason)
            .bind(&run.hash)
            .bind(stored("how many fitted", i64::try_from(run.fitted))?)
            .bind(&run.person_id)
            .bind(&run.person_name)
            .bind(run.made_at)
            .execute(&mut *transaction)
            .await?;
            for (number, item) in items.iter().enumerate() {
                let query =
                    "INSERT INTO bulk_items (run, number, execution_arn, workflow, outcome) VALUES (?, ?, ?, ?, ?)";
                sqlx::query(query)
                    .bind(&run.id)
                    .bind(stored("a number", i64::try_from(number))?)
                    .bind(&item.execution_arn)
                    .bind(&item.workflow)
                    .bind(item.outcome.as_ref().map(outcome_text).transpose()?)
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn run<'a>(&'a self, connection: &'a ConnectionId, id: &'a str) -> Kept<'a, Option<(BulkRun, Vec<BulkItem>)>> {
        Box::pin(async move {
            let run = sqlx::query("SELECT * FROM bulk_runs WHERE connection = ? AND id = ?")
                .bind(connection.as_str())
                .bind(id)
                .fetch_optional(&self.reader)
                .await?;
            let Some(run) = run else { return Ok(None) };
            let items = sqlx::query("SELECT * FROM bulk_items WHERE run = ? ORDER BY number")
                .bind(id)
                .fetch_all(&self.reader)
                .await?;
            Ok(Some((run_of(&run)?, items.iter().map(item_of).collect::<Result<_, _>>()?)))
        })
    }

    fn runs<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Kept<'a, Vec<BulkRun>> {
        Box::pin(async move {
            let runs = sqlx::query("SELECT * FROM bulk_runs WHERE connection = ? ORDER BY made_at DESC LIMIT ?")
                .bind(connection.as_str())
                .bind(limit)
                .fetch_all(&self.reader)
                .await?;
            runs.iter().map(run_of).collect()
        })
    }

    fn begin_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let query = "UPDATE bulk_runs SET begun_at = COALESCE(begun_at, ?2) WHERE id = ?1";
            sqlx::query(query).bind(id).bind(at).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn set_outcome<'a>(&'a self, id: &'a str, number: usize, outcome: &'a BulkOutcome) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE bulk_items SET outcome = ?3 WHERE run = ?1 AND number = ?2")
                .bind(id)
                .bind(stored("a number", i64::try_from(number))?)
                .bind(outcome_text(outcome)?)
                .execute(&self.writer)
                .await?;
            Ok(())
        })
    }

    fn end_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let query = "UPDATE bulk_runs SET ended_at = ?2 WHERE id = ?1";
            sqlx::query(query).bind(id).bind(at).execute(&self.writer).await?;
            Ok(())
        })
    }
}

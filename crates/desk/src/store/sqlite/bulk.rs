//! Runs over many executions or requests, in SQLite.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use super::acts::add_act;
use super::decisions::event_number;
use super::rows::as_json;
use crate::connection::ConnectionId;
use crate::store::{Act, BulkItem, BulkOutcome, BulkRun, BulkRuns, Kept, Maker, StoreError, Verb, Within};

const VERBS: [(Verb, &str); 4] =
    [(Verb::Stop, "stop"), (Verb::StartAgain, "start_again"), (Verb::Redrive, "redrive"), (Verb::Decide, "decide")];

fn stored<T, E: std::fmt::Display>(what: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
    value.map_err(|error| StoreError::Unstorable { what, why: error.to_string() })
}

fn unreadable(table: &'static str, column: &'static str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { table, row: 0, column, why: why.to_string() }
}

/// JSON for a column that may be empty.
fn json_of<T: Serialize>(what: &'static str, value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(|value| as_json(what, value)).transpose()
}

/// What a column that may be empty has as JSON.
fn read_json<T: DeserializeOwned>(
    row: &SqliteRow,
    table: &'static str,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(serde_json::from_str).transpose().map_err(|error| unreadable(table, column, error))
}

fn run_of(row: &SqliteRow) -> Result<BulkRun, StoreError> {
    let word: String = row.try_get("verb")?;
    let verb = VERBS.into_iter().find(|(_, known)| *known == word).map(|(verb, _)| verb);
    let fitted: i64 = row.try_get("fitted")?;
    Ok(BulkRun {
        id: row.try_get("id")?,
        verb: verb.ok_or_else(|| unreadable("bulk_runs", "verb", &word))?,
        choice: read_json(row, "bulk_runs", "choice")?,
        reason: row.try_get("reason")?,
        hash: row.try_get("hash")?,
        fitted: u64::try_from(fitted).map_err(|error| unreadable("bulk_runs", "fitted", error))?,
        person_id: row.try_get("person_id")?,
        person_name: row.try_get("person_name")?,
        made_at: row.try_get("made_at")?,
        begun_at: row.try_get("begun_at")?,
        maker: read_json(row, "bulk_runs", "maker")?,
        until: row.try_get("until")?,
        going_at: row.try_get("going_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

fn item_of(row: &SqliteRow) -> Result<BulkItem, StoreError> {
    Ok(BulkItem {
        execution_arn: row.try_get("execution_arn")?,
        workflow: row.try_get("workflow")?,
        request: read_json(row, "bulk_items", "request")?,
        outcome: read_json(row, "bulk_items", "outcome")?,
    })
}

/// Adds an item of a run, at its place in the list.
async fn add_item(writer: &mut SqliteConnection, run: &str, number: usize, item: &BulkItem) -> Result<(), StoreError> {
    let event = item.request.as_ref().map(|request| event_number(request.event)).transpose()?;
    let query = "INSERT INTO bulk_items (run, number, execution_arn, workflow, event, request, outcome)
         VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(query)
        .bind(run)
        .bind(stored("a number", i64::try_from(number))?)
        .bind(&item.execution_arn)
        .bind(&item.workflow)
        .bind(event)
        .bind(json_of("a request", item.request.as_ref())?)
        .bind(json_of("an outcome", item.outcome.as_ref())?)
        .execute(writer)
        .await?;
    Ok(())
}

impl BulkRuns for Sqlite {
    fn keep_run<'a>(&'a self, connection: &'a ConnectionId, run: &'a BulkRun, items: &'a [BulkItem]) -> Kept<'a, ()> {
        Box::pin(async move {
            let verb = VERBS.into_iter().find(|(verb, _)| *verb == run.verb).map_or("stop", |(_, word)| word);
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO bulk_runs (id, connection, verb, choice, reason, hash, fitted, person_id, person_name, made_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&run.id)
            .bind(connection.as_str())
            .bind(verb)
            .bind(json_of("an outcome", run.choice.as_ref())?)
            .bind(&run.reason)
            .bind(&run.hash)
            .bind(stored("how many fitted", i64::try_from(run.fitted))?)
            .bind(&run.person_id)
            .bind(&run.person_name)
            .bind(run.made_at)
            .execute(&mut *transaction)
            .await?;
            for (number, item) in items.iter().enumerate() {
                add_item(&mut transaction, &run.id, number, item).await?;
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

    fn confirm_run<'a>(&'a self, id: &'a str, at: i64, maker: Option<&'a Maker>, until: Option<i64>) -> Kept<'a, ()> {
        Box::pin(async move {
            let query = "UPDATE bulk_runs SET begun_at = ?2, maker = ?3, until = ?4 WHERE id = ?1 AND begun_at IS NULL";
            let maker = json_of("a person", maker)?;
            sqlx::query(query).bind(id).bind(at).bind(maker).bind(until).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn take_run_back<'a>(
        &'a self,
        connection: &'a ConnectionId,
        id: &'a str,
        now: i64,
        act: &'a Act,
    ) -> Kept<'a, bool> {
        const TAKE_BACK: &str = "UPDATE bulk_runs SET begun_at = NULL, maker = NULL, until = NULL
            WHERE connection = ? AND id = ? AND begun_at IS NOT NULL AND going_at IS NULL AND until > ?";
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let query = sqlx::query(TAKE_BACK).bind(connection.as_str()).bind(id).bind(now);
            if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn begin_run<'a>(&'a self, id: &'a str, at: i64) -> Kept<'a, bool> {
        Box::pin(async move {
            let query = "UPDATE bulk_runs SET going_at = COALESCE(going_at, ?2) WHERE id = ?1 AND begun_at IS NOT NULL";
            let begun = sqlx::query(query).bind(id).bind(at).execute(&self.writer).await?;
            Ok(begun.rows_affected() > 0)
        })
    }

    fn confirmed_runs<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<BulkRun>> {
        const CONFIRMED: &str = "SELECT * FROM bulk_runs WHERE connection = ? AND begun_at IS NOT NULL
            AND ended_at IS NULL AND verb = 'decide' ORDER BY begun_at";
        Box::pin(async move {
            let runs = sqlx::query(CONFIRMED).bind(connection.as_str()).fetch_all(&self.reader).await?;
            runs.iter().map(run_of).collect()
        })
    }

    fn is_about_to_be_decided<'a>(&'a self, (connection, arn, event): Within<'a>) -> Kept<'a, bool> {
        const ABOUT_TO: &str = "SELECT EXISTS (SELECT 1 FROM bulk_items JOIN bulk_runs ON bulk_runs.id = bulk_items.run
            WHERE bulk_items.execution_arn = ? AND bulk_items.event = ? AND bulk_items.outcome IS NULL
            AND bulk_runs.connection = ? AND bulk_runs.begun_at IS NOT NULL AND bulk_runs.ended_at IS NULL)";
        Box::pin(async move {
            let query = sqlx::query_scalar(ABOUT_TO).bind(arn).bind(event_number(event)?).bind(connection.as_str());
            Ok(query.fetch_one(&self.reader).await?)
        })
    }

    fn set_outcome<'a>(&'a self, id: &'a str, number: usize, outcome: &'a BulkOutcome) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE bulk_items SET outcome = ?3 WHERE run = ?1 AND number = ?2")
                .bind(id)
                .bind(stored("a number", i64::try_from(number))?)
                .bind(as_json("an outcome", outcome)?)
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

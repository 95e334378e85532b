//! What was decided, in SQLite.

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use super::chain::seal;
use super::rows::{decision, decision_word, select_decisions, tone_word};
use crate::connection::ConnectionId;
use crate::store::{Decision, Decisions, DeliveryRecord, Kept, NewDecision, StoreError, Worded};

impl Decisions for Sqlite {
    fn record<'a>(
        &'a self,
        connection: &'a ConnectionId,
        new: &'a NewDecision,
        worded: Option<Worded<'a>>,
    ) -> Kept<'a, Option<Decision>> {
        Box::pin(async move {
            let event = event_number(new.event)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let Some(decision) = add_whole(&mut transaction, connection, new, event, worded).await? else {
                return Ok(None);
            };
            transaction.commit().await?;
            Ok(Some(decision))
        })
    }

    fn next_id(&self) -> Kept<'_, i64> {
        Box::pin(async {
            let next = "SELECT COALESCE(MAX(id), 0) + 1 FROM decisions";
            Ok(sqlx::query_scalar(next).fetch_one(&self.reader).await?)
        })
    }

    fn of_task<'a>(
        &'a self,
        connection: &'a ConnectionId,
        execution_arn: &'a str,
        event: u64,
    ) -> Kept<'a, Option<Decision>> {
        const OF_TASK: &str = select_decisions!(
            "FROM decisions JOIN deliveries ON deliveries.decision = decisions.id \
             WHERE decisions.connection = ? AND decisions.execution_arn = ? AND decisions.event = ?"
        );
        Box::pin(async move {
            // No decision on record has such an event.
            let Ok(event) = i64::try_from(event) else { return Ok(None) };
            let row = sqlx::query(OF_TASK)
                .bind(connection.as_str())
                .bind(execution_arn)
                .bind(event)
                .fetch_optional(&self.reader)
                .await?;
            row.as_ref().map(decision).transpose()
        })
    }

    fn latest<'a>(&'a self, connection: &'a ConnectionId, limit: u32) -> Kept<'a, Vec<Decision>> {
        const LATEST: &str = select_decisions!(
            "FROM decisions JOIN deliveries ON deliveries.decision = decisions.id \
             WHERE decisions.connection = ? ORDER BY decisions.id DESC LIMIT ?"
        );
        Box::pin(async move {
            let rows = sqlx::query(LATEST).bind(connection.as_str()).bind(limit).fetch_all(&self.reader).await?;
            rows.iter().map(decision).collect()
        })
    }
}

/// The number of an event as a row has it.
pub fn event_number(event: u64) -> Result<i64, StoreError> {
    i64::try_from(event).map_err(|error| StoreError::Unstorable { what: "the event's id", why: error.to_string() })
}

/// Adds a decision with its act and its pending delivery; `None` where the task or the number is taken.
pub async fn add_whole(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    new: &NewDecision,
    event: i64,
    worded: Option<Worded<'_>>,
) -> Result<Option<Decision>, StoreError> {
    if is_taken(writer, connection, new, event, worded).await? {
        return Ok(None);
    }
    let id = add_decision(writer, connection, new, event, worded).await?;
    add_delivery(writer, connection, id).await?;
    add_act(writer, connection, new, id).await?;
    Ok(Some(Decision {
        id,
        decision: new.clone(),
        answer: worded.and_then(|worded| worded.answer).map(str::to_owned),
        delivery: DeliveryRecord::Pending,
        attempts: 0,
        trouble: None,
    }))
}

/// Whether the task has a decision, or the number is another decision's.
async fn is_taken(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    new: &NewDecision,
    event: i64,
    worded: Option<Worded<'_>>,
) -> Result<bool, StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM decisions WHERE connection = ? AND execution_arn = ? AND event = ?)
        OR EXISTS (SELECT 1 FROM decisions WHERE id = ?)";
    Ok(sqlx::query_scalar(taken)
        .bind(connection.as_str())
        .bind(&new.execution_arn)
        .bind(event)
        .bind(worded.map(|worded| worded.id))
        .fetch_one(writer)
        .await?)
}

async fn add_decision(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    new: &NewDecision,
    event: i64,
    worded: Option<Worded<'_>>,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO decisions (id, connection, execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at, answer, outcome, label, done, tone, form, shown, rule, seen_at, stands_for, stands_for_name, broke_glass)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(worded.map(|worded| worded.id))
    .bind(connection.as_str())
    .bind(&new.execution_arn)
    .bind(event)
    .bind(&new.workflow)
    .bind(&new.state)
    .bind(&new.title)
    .bind(new.outcome.is_approval())
    .bind(&new.person_id)
    .bind(&new.person_name)
    .bind(&new.comment)
    .bind(new.decided_at)
    .bind(worded.and_then(|worded| worded.answer))
    .bind(&new.outcome.id)
    .bind(&new.outcome.label)
    .bind(&new.outcome.done)
    .bind(tone_word(new.outcome.tone))
    .bind(&new.form)
    .bind(&new.bound.shown)
    .bind(&new.bound.rule)
    .bind(new.bound.seen_at)
    .bind(new.bound.stands_for.as_ref().map(|(id, _)| id))
    .bind(new.bound.stands_for.as_ref().map(|(_, name)| name))
    .bind(new.bound.broke_glass.then_some(1))
    .fetch_one(writer)
    .await?)
}

async fn add_delivery(writer: &mut SqliteConnection, connection: &ConnectionId, id: i64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO deliveries (decision, connection, state, attempts) VALUES (?, ?, 'pending', 0)")
        .bind(id)
        .bind(connection.as_str())
        .execute(writer)
        .await?;
    Ok(())
}

async fn add_act(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    new: &NewDecision,
    id: i64,
) -> Result<(), StoreError> {
    let added = sqlx::query_scalar(
        "INSERT INTO acts (connection, at, person_id, person_name, deed, workflow, execution_arn, event, detail, decision)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(connection.as_str())
    .bind(new.decided_at)
    .bind(&new.person_id)
    .bind(&new.person_name)
    .bind(decision_word(&new.outcome))
    .bind(&new.workflow)
    .bind(&new.execution_arn)
    .bind(event_number(new.event)?)
    .bind(&new.title)
    .bind(id)
    .fetch_one(&mut *writer)
    .await?;
    seal(writer, added).await
}

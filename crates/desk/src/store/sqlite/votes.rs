//! What people chose before a request was decided, in SQLite.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use super::acts::add_act;
use super::decisions::{add_whole, event_number};
use super::hands::{open, request};
use super::rows::{as_json, bound, tone_of, tone_word, vote_groups};
use crate::approvals::outcomes::Chosen;
use crate::connection::ConnectionId;
use crate::store::{Act, Cast, Completion, Deed, Kept, NewDecision, NewVote, StoreError, Vote, Votes};
use crate::watch::RequestKey;

impl Votes for Sqlite {
    fn cast<'a>(
        &'a self,
        connection: &'a ConnectionId,
        vote: &'a NewVote,
        seen: usize,
        completion: Option<Completion<'a>>,
    ) -> Kept<'a, Cast> {
        Box::pin(async move {
            let event = event_number(vote.choice.event)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            if !is_as_seen(&mut transaction, connection, (&vote.choice.execution_arn, event), seen).await? {
                return Ok(Cast::Moved);
            }
            add_vote(&mut transaction, connection, vote, event).await?;
            let Some(Completion { worded }) = completion else {
                add_act(&mut transaction, connection, &act_of(&vote.choice)).await?;
                transaction.commit().await?;
                return Ok(Cast::Counted);
            };
            match add_whole(&mut transaction, connection, &vote.choice, event, worded).await? {
                Some(decision) => {
                    transaction.commit().await?;
                    Ok(Cast::Decided(Box::new(decision)))
                }
                None => Ok(Cast::Moved),
            }
        })
    }

    fn votes<'a>(&'a self, connection: &'a ConnectionId, execution_arn: &'a str, event: u64) -> Kept<'a, Vec<Vote>> {
        Box::pin(async move {
            let Ok(number) = i64::try_from(event) else { return Ok(Vec::new()) };
            let rows = sqlx::query(
                "SELECT id, outcome, label, done, tone, form, person_id, person_name, person_groups, comment, voted_at,
                     shown, rule, seen_at, stands_for, stands_for_name, broke_glass
                 FROM votes WHERE connection = ? AND execution_arn = ? AND event = ? ORDER BY id",
            )
            .bind(connection.as_str())
            .bind(execution_arn)
            .bind(number)
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(|row| vote(row, execution_arn, event)).collect()
        })
    }

    fn chosen<'a>(&'a self, connection: &'a ConnectionId, person: &'a str) -> Kept<'a, Vec<RequestKey>> {
        // By their acts: most votes come with the decision, and have none of their own.
        const OPEN: &str = concat!(
            "SELECT execution_arn, event FROM acts
                 WHERE connection = ?1 AND person_id = ?2 AND deed = 'voted' AND event IS NOT NULL AND ",
            open!("acts"),
            " UNION SELECT execution_arn, event FROM votes WHERE connection = ?1 AND stands_for = ?2 AND ",
            open!("votes")
        );
        Box::pin(async move {
            let rows = sqlx::query(OPEN).bind(connection.as_str()).bind(person).fetch_all(&self.reader).await?;
            rows.iter().map(|row| request("votes", row)).collect()
        })
    }

    fn starter<'a>(
        &'a self,
        connection: &'a ConnectionId,
        execution_arn: &'a str,
    ) -> Kept<'a, Option<(String, String)>> {
        Box::pin(async move {
            let row = sqlx::query(
                "SELECT person_id, person_name FROM acts
                 WHERE connection = ? AND execution_arn = ? AND deed = 'started' ORDER BY id LIMIT 1",
            )
            .bind(connection.as_str())
            .bind(execution_arn)
            .fetch_optional(&self.reader)
            .await?;
            Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
        })
    }

    fn reached<'a>(
        &'a self,
        connection: &'a ConnectionId,
        (execution_arn, event): (&'a str, u64),
        what: &'a str,
        act: &'a Act,
    ) -> Kept<'a, bool> {
        Box::pin(async move {
            let event = event_number(event)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let added = sqlx::query(
                "INSERT OR IGNORE INTO milestones (connection, execution_arn, event, what, at) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(connection.as_str())
            .bind(execution_arn)
            .bind(event)
            .bind(what)
            .bind(act.at)
            .execute(&mut *transaction)
            .await?;
            if added.rows_affected() == 0 {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }
}

/// Whether a task has these many votes, and no decision.
async fn is_as_seen(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    (arn, event): (&str, i64),
    seen: usize,
) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM votes WHERE connection = ?1 AND execution_arn = ?2 AND event = ?3
         AND NOT EXISTS (SELECT 1 FROM decisions WHERE connection = ?1 AND execution_arn = ?2 AND event = ?3)",
    )
    .bind(connection.as_str())
    .bind(arn)
    .bind(event)
    .fetch_one(&mut *writer)
    .await?;
    let is_decided: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM decisions WHERE connection = ? AND execution_arn = ? AND event = ?)",
    )
    .bind(connection.as_str())
    .bind(arn)
    .bind(event)
    .fetch_one(writer)
    .await?;
    Ok(!is_decided && usize::try_from(count).ok() == Some(seen))
}

async fn add_vote(
    writer: &mut SqliteConnection,
    connection: &ConnectionId,
    vote: &NewVote,
    event: i64,
) -> Result<(), StoreError> {
    let choice = &vote.choice;
    sqlx::query(
        "INSERT INTO votes (connection, execution_arn, event, outcome, label, done, tone, form, person_id, person_name, person_groups, comment, voted_at, shown, rule, seen_at, stands_for, stands_for_name, broke_glass)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(connection.as_str())
    .bind(&choice.execution_arn)
    .bind(event)
    .bind(&choice.outcome.id)
    .bind(&choice.outcome.label)
    .bind(&choice.outcome.done)
    .bind(tone_word(choice.outcome.tone))
    .bind(&choice.form)
    .bind(&choice.person_id)
    .bind(&choice.person_name)
    .bind(as_json("the groups of a person", &vote.groups)?)
    .bind(&choice.comment)
    .bind(choice.decided_at)
    .bind(&choice.bound.shown)
    .bind(&choice.bound.rule)
    .bind(choice.bound.seen_at)
    .bind(choice.bound.stands_for.as_ref().map(|(id, _)| id))
    .bind(choice.bound.stands_for.as_ref().map(|(_, name)| name))
    .bind(choice.bound.broke_glass.then_some(1))
    .execute(writer)
    .await?;
    Ok(())
}

/// The act of a vote that decides nothing yet.
fn act_of(choice: &NewDecision) -> Act {
    Act {
        deed: Deed::Voted,
        workflow: Some(choice.workflow.clone()),
        execution_arn: Some(choice.execution_arn.clone()),
        event: Some(choice.event),
        detail: format!("{}: {}", choice.outcome.label, choice.title),
        person_id: choice.person_id.clone(),
        person_name: choice.person_name.clone(),
        at: choice.decided_at,
    }
}

fn vote(row: &SqliteRow, execution_arn: &str, event: u64) -> Result<Vote, StoreError> {
    let id = row.try_get("id")?;
    let tone = tone_of("votes", id, row.try_get("tone")?)?;
    let outcome =
        Chosen { id: row.try_get("outcome")?, label: row.try_get("label")?, done: row.try_get("done")?, tone };
    Ok(Vote {
        groups: vote_groups(id, row.try_get("person_groups")?)?,
        choice: NewDecision {
            execution_arn: execution_arn.to_owned(),
            event,
            // What these were is with the decision.
            workflow: String::new(),
            state: String::new(),
            title: String::new(),
            outcome,
            form: row.try_get("form")?,
            person_id: row.try_get("person_id")?,
            person_name: row.try_get("person_name")?,
            comment: row.try_get("comment")?,
            decided_at: row.try_get("voted_at")?,
            bound: bound(row)?,
        },
    })
}

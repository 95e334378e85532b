//! In whose hands requests are, in SQLite.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::acts::add_act;
use super::decisions::event_number;
use super::rows::as_json;
use crate::approvals::who::Approvers;
use crate::connection::ConnectionId;
use crate::store::{Absence, Act, Claim, Hands, Held, Kept, Reassignment, StoreError, Within};
use crate::watch::RequestKey;

/// That nobody has decided the request of a row.
macro_rules! open {
    ($table:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.connection = ",
            $table,
            ".connection AND decisions.execution_arn = ",
            $table,
            ".execution_arn AND decisions.event = ",
            $table,
            ".event)"
        )
    };
}
pub(super) use open;

impl Hands for Sqlite {
    fn claim<'a>(&'a self, (connection, arn, event): Within<'a>, claim: &'a Claim, act: &'a Act) -> Kept<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO claims (connection, execution_arn, event, person_id, person_name, at) VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (connection, execution_arn, event)
                 DO UPDATE SET person_id = excluded.person_id, person_name = excluded.person_name, at = excluded.at",
            )
            .bind(connection.as_str())
            .bind(arn)
            .bind(event_number(event)?)
            .bind(&claim.person_id)
            .bind(&claim.person_name)
            .bind(claim.at)
            .execute(&mut *transaction)
            .await?;
            add_act(&mut transaction, connection, act).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn release<'a>(&'a self, (connection, arn, event): Within<'a>, person: &'a str, act: &'a Act) -> Kept<'a, bool> {
        const RELEASE: &str =
            "DELETE FROM claims WHERE connection = ? AND execution_arn = ? AND event = ? AND person_id = ?";
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let query =
                sqlx::query(RELEASE).bind(connection.as_str()).bind(arn).bind(event_number(event)?).bind(person);
            if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn claimed<'a>(&'a self, (connection, arn, event): Within<'a>) -> Kept<'a, Option<Claim>> {
        const OF_REQUEST: &str =
            "SELECT person_id, person_name, at FROM claims WHERE connection = ? AND execution_arn = ? AND event = ?";
        Box::pin(async move {
            let query = sqlx::query(OF_REQUEST).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            query.fetch_optional(&self.reader).await?.as_ref().map(claim).transpose()
        })
    }

    fn claims<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(RequestKey, Claim)>> {
        const ALL: &str = concat!("SELECT * FROM claims WHERE connection = ? AND ", open!("claims"));
        Box::pin(async move {
            let rows = sqlx::query(ALL).bind(connection.as_str()).fetch_all(&self.reader).await?;
            rows.iter().map(|row| Ok((request("claims", row)?, claim(row)?))).collect()
        })
    }

    fn reassign<'a>(
        &'a self,
        (connection, arn, event): Within<'a>,
        to: &'a Reassignment,
        act: &'a Act,
    ) -> Kept<'a, ()> {
        Box::pin(async move {
            let event = event_number(event)?;
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO reassignments (connection, execution_arn, event, people, groups, person_id, person_name, reason, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(connection.as_str())
            .bind(arn)
            .bind(event)
            .bind(as_json("the people of a request", &to.to.people)?)
            .bind(as_json("the groups of a request", &to.to.groups)?)
            .bind(&to.person_id)
            .bind(&to.person_name)
            .bind(&to.reason)
            .bind(to.at)
            .execute(&mut *transaction)
            .await?;
            let no_claim = "DELETE FROM claims WHERE connection = ? AND execution_arn = ? AND event = ?";
            let no_claim = sqlx::query(no_claim).bind(connection.as_str()).bind(arn).bind(event);
            no_claim.execute(&mut *transaction).await?;
            add_act(&mut transaction, connection, act).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn reassigned<'a>(&'a self, (connection, arn, event): Within<'a>) -> Kept<'a, Option<Reassignment>> {
        const LAST: &str = "SELECT * FROM reassignments WHERE connection = ? AND execution_arn = ? AND event = ?
            ORDER BY id DESC LIMIT 1";
        Box::pin(async move {
            let query = sqlx::query(LAST).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
            Ok(Some(Reassignment {
                to: approvers(&row)?,
                reason: row.try_get("reason")?,
                person_id: row.try_get("person_id")?,
                person_name: row.try_get("person_name")?,
                at: row.try_get("at")?,
            }))
        })
    }

    fn reassignments<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<(RequestKey, Approvers)>> {
        const ALL: &str = concat!(
            "SELECT * FROM reassignments WHERE id IN (SELECT MAX(id) FROM reassignments WHERE connection = ?
                GROUP BY connection, execution_arn, event) AND ",
            open!("reassignments")
        );
        Box::pin(async move {
            let rows = sqlx::query(ALL).bind(connection.as_str()).fetch_all(&self.reader).await?;
            rows.iter().map(|row| Ok((request("reassignments", row)?, approvers(row)?))).collect()
        })
    }

    fn hold<'a>(&'a self, connection: &'a ConnectionId, held: &'a Held) -> Kept<'a, bool> {
        Box::pin(async move {
            let added = sqlx::query(
                "INSERT OR IGNORE INTO held (connection, execution_arn, event, person_id, person, choice, outcome, title, workflow, at, until)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
                 WHERE NOT EXISTS (SELECT 1 FROM decisions WHERE connection = ?1 AND execution_arn = ?2 AND event = ?3)",
            )
            .bind(connection.as_str())
            .bind(&held.execution_arn)
            .bind(event_number(held.event)?)
            .bind(&held.person.id)
            .bind(as_json("a person", &held.person)?)
            .bind(as_json("a choice", &held.choice)?)
            .bind(as_json("an outcome", &held.outcome)?)
            .bind(&held.title)
            .bind(&held.workflow)
            .bind(held.at)
            .bind(held.until)
            .execute(&self.writer)
            .await?;
            Ok(added.rows_affected() > 0)
        })
    }

    fn held<'a>(&'a self, (connection, arn, event): Within<'a>) -> Kept<'a, Vec<Held>> {
        const OF_REQUEST: &str =
            "SELECT * FROM held WHERE connection = ? AND execution_arn = ? AND event = ? ORDER BY at, person_id";
        Box::pin(async move {
            let query = sqlx::query(OF_REQUEST).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            query.fetch_all(&self.reader).await?.iter().map(held).collect()
        })
    }

    fn all_held<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Held>> {
        Box::pin(async move {
            let query = sqlx::query("SELECT * FROM held WHERE connection = ? ORDER BY until").bind(connection.as_str());
            query.fetch_all(&self.reader).await?.iter().map(held).collect()
        })
    }

    fn take_back<'a>(
        &'a self,
        (connection, arn, event): Within<'a>,
        person: &'a str,
        now: i64,
        act: &'a Act,
    ) -> Kept<'a, bool> {
        const TAKE_BACK: &str = "DELETE FROM held
            WHERE connection = ? AND execution_arn = ? AND event = ? AND person_id = ? AND until > ?";
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let query = sqlx::query(TAKE_BACK).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            if query.bind(person).bind(now).execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            add_act(&mut transaction, connection, act).await?;
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn ripen<'a>(&'a self, (connection, arn, event): Within<'a>, person: &'a str, now: i64) -> Kept<'a, bool> {
        const RIPEN: &str = "UPDATE held SET until = MIN(until, ?)
            WHERE connection = ? AND execution_arn = ? AND event = ? AND person_id = ?";
        Box::pin(async move {
            let query = sqlx::query(RIPEN).bind(now).bind(connection.as_str()).bind(arn).bind(event_number(event)?);
            Ok(query.bind(person).execute(&self.writer).await?.rows_affected() > 0)
        })
    }

    fn let_go<'a>(
        &'a self,
        (connection, arn, event): Within<'a>,
        person: &'a str,
        act: Option<&'a Act>,
    ) -> Kept<'a, bool> {
        const LET_GO: &str =
            "DELETE FROM held WHERE connection = ? AND execution_arn = ? AND event = ? AND person_id = ?";
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let query = sqlx::query(LET_GO).bind(connection.as_str()).bind(arn).bind(event_number(event)?).bind(person);
            if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(act) = act {
                add_act(&mut transaction, connection, act).await?;
            }
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn add_absence<'a>(&'a self, absence: &'a Absence) -> Kept<'a, i64> {
        Box::pin(async move {
            let insert = "INSERT INTO absences (person, delegate, from_at, until_at, made_at) VALUES (?, ?, ?, ?, ?) RETURNING id";
            Ok(sqlx::query_scalar(insert)
                .bind(&absence.person)
                .bind(&absence.delegate)
                .bind(absence.from_at)
                .bind(absence.until_at)
                .bind(absence.made_at)
                .fetch_one(&self.writer)
                .await?)
        })
    }

    fn remove_absence<'a>(&'a self, person: &'a str, id: i64) -> Kept<'a, bool> {
        Box::pin(async move {
            let remove = sqlx::query("DELETE FROM absences WHERE person = ? AND id = ?").bind(person).bind(id);
            Ok(remove.execute(&self.writer).await?.rows_affected() > 0)
        })
    }

    fn absences<'a>(&'a self, person: &'a str, now: i64) -> Kept<'a, Vec<Absence>> {
        Box::pin(async move {
            let query = "SELECT * FROM absences WHERE person = ? AND until_at > ? ORDER BY from_at, id";
            let rows = sqlx::query(query).bind(person).bind(now).fetch_all(&self.reader).await?;
            rows.iter().map(absence).collect()
        })
    }

    fn standing_in<'a>(&'a self, delegate: &'a str, now: i64) -> Kept<'a, Vec<Absence>> {
        Box::pin(async move {
            let query = "SELECT * FROM absences WHERE delegate = ?1 AND from_at <= ?2 AND until_at > ?2 ORDER BY id";
            let rows = sqlx::query(query).bind(delegate).bind(now).fetch_all(&self.reader).await?;
            rows.iter().map(absence).collect()
        })
    }
}

fn unreadable(table: &'static str, column: &'static str, why: impl Display) -> StoreError {
    // Rows of these tables have no number.
    StoreError::Unreadable { table, row: 0, column, why: why.to_string() }
}

fn json<T: DeserializeOwned>(table: &'static str, column: &'static str, row: &SqliteRow) -> Result<T, StoreError> {
    serde_json::from_str(row.try_get(column)?).map_err(|error| unreadable(table, column, error))
}

pub(super) fn request(table: &'static str, row: &SqliteRow) -> Result<RequestKey, StoreError> {
    let event = u64::try_from(row.try_get::<i64, _>("event")?).map_err(|error| unreadable(table, "event", error))?;
    Ok((row.try_get("execution_arn")?, event))
}

fn claim(row: &SqliteRow) -> Result<Claim, StoreError> {
    Ok(Claim { person_id: row.try_get("person_id")?, person_name: row.try_get("person_name")?, at: row.try_get("at")? })
}

fn approvers(row: &SqliteRow) -> Result<Approvers, StoreError> {
    let of = |column| json("reassignments", column, row);
    Ok(Approvers { people: of("people")?, groups: of("groups")? })
}

fn held(row: &SqliteRow) -> Result<Held, StoreError> {
    let (execution_arn, event) = request("held", row)?;
    Ok(Held {
        execution_arn,
        event,
        workflow: row.try_get("workflow")?,
        title: row.try_get("title")?,
        person: json("held", "person", row)?,
        choice: json("held", "choice", row)?,
        outcome: json("held", "outcome", row)?,
        at: row.try_get("at")?,
        until: row.try_get("until")?,
    })
}

fn absence(row: &SqliteRow) -> Result<Absence, StoreError> {
    Ok(Absence {
        id: row.try_get("id")?,
        person: row.try_get("person")?,
        delegate: row.try_get("delegate")?,
        from_at: row.try_get("from_at")?,
        until_at: row.try_get("until_at")?,
        made_at: row.try_get("made_at")?,
    })
}

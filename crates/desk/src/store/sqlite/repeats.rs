//! Keys with their answers, in SQLite.

use sqlx::Row;

use super::Sqlite;
use crate::store::repeats::{GivenAnswer, Keyed, Repeat, Repeats};
use crate::store::{Kept, StoreError};

impl Repeats for Sqlite {
    fn take_key<'a>(&'a self, keyed: &'a Keyed<'a>, now: i64, given_up: i64, expired: i64) -> Kept<'a, Repeat> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("DELETE FROM repeats WHERE begun_at <= ?").bind(expired).execute(&mut *transaction).await?;
            let taken = sqlx::query(
                "INSERT INTO repeats (connection, person_id, key, asked, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (person_id, key) DO UPDATE SET begun_at = ?5
                 WHERE status IS NULL AND begun_at <= ?6 AND asked = ?4 AND connection = ?1",
            )
            .bind(keyed.connection.as_str())
            .bind(keyed.person_id)
            .bind(keyed.key)
            .bind(keyed.asked.as_slice())
            .bind(now)
            .bind(given_up)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            let known = sqlx::query("SELECT * FROM repeats WHERE person_id = ? AND key = ?")
                .bind(keyed.person_id)
                .bind(keyed.key)
                .fetch_one(&mut *transaction)
                .await?;
            transaction.commit().await?;
            if taken > 0 {
                return Ok(Repeat::New);
            }
            let (connection, asked): (String, Vec<u8>) = (known.try_get("connection")?, known.try_get("asked")?);
            if connection != keyed.connection.as_str() || asked != keyed.asked {
                return Ok(Repeat::Other);
            }
            let Some(status) = known.try_get::<Option<i64>, _>("status")? else { return Ok(Repeat::Busy) };
            let status = u16::try_from(status).map_err(|error| StoreError::Unreadable {
                table: "repeats",
                row: 0,
                column: "status",
                why: error.to_string(),
            })?;
            Ok(Repeat::Answered(GivenAnswer { status, body: known.try_get("answer")? }))
        })
    }

    fn answer_key<'a>(&'a self, keyed: &'a Keyed<'a>, answer: &'a GivenAnswer) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE repeats SET status = ?, answer = ? WHERE person_id = ? AND key = ? AND status IS NULL")
                .bind(i64::from(answer.status))
                .bind(&answer.body)
                .bind(keyed.person_id)
                .bind(keyed.key)
                .execute(&self.writer)
                .await?;
            Ok(())
        })
    }

    fn free_key<'a>(&'a self, keyed: &'a Keyed<'a>) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM repeats WHERE person_id = ? AND key = ? AND status IS NULL")
                .bind(keyed.person_id)
                .bind(keyed.key)
                .execute(&self.writer)
                .await?;
            Ok(())
        })
    }
}

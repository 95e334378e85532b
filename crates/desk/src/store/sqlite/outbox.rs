//! Messages until their channels have taken them, in SQLite.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use crate::connection::ConnectionId;
use crate::store::{Kept, Outbox, Outgoing, Stock, StoreError, Undelivered};

/// Why a message is given up whose channel is not there any more.
const GONE: &str = "its channel is not configured any more";

fn outgoing(row: &SqliteRow) -> Result<Outgoing, StoreError> {
    let id: i64 = row.try_get("id")?;
    let unreadable = |column, why: String| StoreError::Unreadable { table: "messages", row: id, column, why };
    let connection: String = row.try_get("connection")?;
    let attempts: i64 = row.try_get("attempts")?;
    Ok(Outgoing {
        id,
        connection: ConnectionId::parse(&connection).map_err(|error| unreadable("connection", error.to_string()))?,
        event: row.try_get("event")?,
        recipient: row.try_get("recipient")?,
        content: row.try_get("content")?,
        made_at: row.try_get("made_at")?,
        attempts: u32::try_from(attempts).map_err(|error| unreadable("attempts", error.to_string()))?,
    })
}

fn count(number: i64) -> u64 {
    // A count is never negative.
    u64::try_from(number).unwrap_or(0)
}

impl Outbox for Sqlite {
    fn open_channels<'a>(&'a self, names: &'a [String], now: i64) -> Kept<'a, BTreeMap<String, i64>> {
        Box::pin(async move {
            let there = serde_json::Value::from(names).to_string();
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let gone = "UPDATE messages SET state = 'failed', ended_at = ?2, trouble = ?3
                WHERE state = 'pending' AND channel NOT IN (SELECT value FROM json_each(?1))";
            sqlx::query(gone).bind(&there).bind(now).bind(GONE).execute(&mut *transaction).await?;
            let forgotten = "DELETE FROM message_channels WHERE name NOT IN (SELECT value FROM json_each(?))";
            sqlx::query(forgotten).bind(&there).execute(&mut *transaction).await?;
            let new = "INSERT INTO message_channels (name, since) SELECT value, ?2 FROM json_each(?1) WHERE true
                ON CONFLICT (name) DO NOTHING";
            sqlx::query(new).bind(&there).bind(now).execute(&mut *transaction).await?;
            let since: Vec<(String, i64)> =
                sqlx::query_as("SELECT name, since FROM message_channels").fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(since.into_iter().collect())
        })
    }

    fn put_messages<'a>(
        &'a self,
        connection: &'a ConnectionId,
        channel: &'a str,
        event: &'a str,
        now: i64,
        messages: &'a [(String, String)],
    ) -> Kept<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let first = "INSERT INTO message_events (connection, channel, event, at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING";
            let first = sqlx::query(first).bind(connection.as_str()).bind(channel).bind(event).bind(now);
            if first.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            for (recipient, content) in messages {
                sqlx::query(
                    "INSERT INTO messages (connection, channel, event, recipient, content, made_at, due_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO NOTHING",
                )
                .bind(connection.as_str())
                .bind(channel)
                .bind(event)
                .bind(recipient)
                .bind(content)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await?;
            Ok(true)
        })
    }

    fn due_messages<'a>(&'a self, channel: &'a str, now: i64, limit: u32) -> Kept<'a, Vec<Outgoing>> {
        Box::pin(async move {
            let due = "SELECT * FROM messages WHERE state = 'pending' AND channel = ? AND due_at <= ?
                ORDER BY due_at, id LIMIT ?";
            let rows = sqlx::query(due).bind(channel).bind(now).bind(limit).fetch_all(&self.reader).await?;
            rows.iter().map(outgoing).collect()
        })
    }

    fn next_message<'a>(&'a self, channel: &'a str) -> Kept<'a, Option<i64>> {
        Box::pin(async move {
            let next = "SELECT MIN(due_at) FROM messages WHERE state = 'pending' AND channel = ?";
            Ok(sqlx::query_scalar(next).bind(channel).fetch_one(&self.reader).await?)
        })
    }

    fn trying_message(&self, id: i64, again_at: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let trying = "UPDATE messages SET attempts = attempts + 1, due_at = ? WHERE id = ? AND state = 'pending'";
            sqlx::query(trying).bind(again_at).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn message_sent(&self, id: i64, at: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let sent = "UPDATE messages SET state = 'sent', ended_at = ?, trouble = NULL
                WHERE id = ? AND state = 'pending'";
            sqlx::query(sent).bind(at).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn message_trouble<'a>(&'a self, id: i64, why: &'a str) -> Kept<'a, ()> {
        Box::pin(async move {
            let trouble = "UPDATE messages SET trouble = ? WHERE id = ? AND state = 'pending'";
            sqlx::query(trouble).bind(why).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn message_failed<'a>(&'a self, id: i64, why: &'a str, at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let failed = "UPDATE messages SET state = 'failed', trouble = ?, ended_at = ?
                WHERE id = ? AND state = 'pending'";
            sqlx::query(failed).bind(why).bind(at).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn message_dropped<'a>(&'a self, id: i64, why: &'a str, at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let dropped = "UPDATE messages SET state = 'dropped', trouble = ?, ended_at = ?
                WHERE id = ? AND state = 'pending'";
            sqlx::query(dropped).bind(why).bind(at).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn undelivered<'a>(&'a self, connection: &'a ConnectionId, since: i64) -> Kept<'a, Vec<Undelivered>> {
        // With MAX alone, SQLite takes the other columns from the row that has it.
        const UNDELIVERED: &str = "SELECT channel, COUNT(*), COALESCE(trouble, ''), MAX(ended_at) FROM messages
            WHERE state = 'failed' AND connection = ? AND ended_at > ? GROUP BY channel ORDER BY channel";
        Box::pin(async move {
            let rows: Vec<(String, i64, String, i64)> =
                sqlx::query_as(UNDELIVERED).bind(connection.as_str()).bind(since).fetch_all(&self.reader).await?;
            let one = |(channel, number, why, at)| Undelivered { channel, count: count(number), why, at };
            Ok(rows.into_iter().map(one).collect())
        })
    }

    fn stock<'a>(&'a self, channel: &'a str) -> Kept<'a, Stock> {
        Box::pin(async move {
            let stock = "SELECT COUNT(*) FILTER (WHERE state = 'pending'), COUNT(*) FILTER (WHERE state = 'sent'),
                COUNT(*) FILTER (WHERE state = 'failed'), COUNT(*) FILTER (WHERE state = 'dropped')
                FROM messages WHERE channel = ?";
            let (pending, sent, failed, dropped): (i64, i64, i64, i64) =
                sqlx::query_as(stock).bind(channel).fetch_one(&self.reader).await?;
            let [pending, sent, failed, dropped] = [pending, sent, failed, dropped].map(count);
            Ok(Stock { pending, sent, failed, dropped })
        })
    }

    fn forget_messages(&self, ended: i64, events: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
            let old = "DELETE FROM messages WHERE state <> 'pending' AND ended_at < ?";
            sqlx::query(old).bind(ended).execute(&mut *transaction).await?;
            let told = "DELETE FROM message_events WHERE at < ?";
            sqlx::query(told).bind(events).execute(&mut *transaction).await?;
            Ok(transaction.commit().await?)
        })
    }
}

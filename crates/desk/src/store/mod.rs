//! What the dashboard itself must remember: the decisions, and what else people did. In SQLite, one file in the data folder.
//!
//! A decision is written here, and synced to the disk, before it is sent. It carries no task token: the token is read
//! from the history again each time the decision is sent.

mod acts;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, FromRow, Row};

pub use acts::{Act, Deed};

use crate::approvals::ClosedBy;
use crate::connection::CallError;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's file cannot be opened.
    #[error("{} cannot be opened: {source}", .file.display())]
    Open { file: PathBuf, source: sqlx::Error },
    /// A query failed.
    #[error("the store failed: {0}")]
    Query(#[from] sqlx::Error),
}

/// A decision to put on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    pub execution_arn: String,
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub workflow: String,
    pub state: String,
    pub title: String,
    pub approved: bool,
    pub person_id: String,
    pub person_name: String,
    pub comment: String,
    /// Milliseconds since the epoch.
    pub decided_at: i64,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRecord {
    Pending,
    Delivered {
        at: i64,
    },
    /// The task was closed before; by what.
    Late {
        by: ClosedBy,
    },
}

/// Why a decision could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A call failed.
    Call(CallError),
    /// What an earlier version of the program kept, or a fault of this one: a sentence.
    Sentence(String),
}

/// A decision on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub id: i64,
    pub decision: NewDecision,
    pub delivery: DeliveryRecord,
    /// Why the last attempt to send it failed, as long as it is pending.
    pub trouble: Option<Trouble>,
    /// What it answers, where the manifest words that, as JSON; see `approvals::answer`.
    pub answer: Option<String>,
    /// The sending was begun: it may have arrived.
    pub tried: bool,
}

/// The decisions on disk.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    approved INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    comment TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    delivered_at INTEGER,
    late TEXT,
    trouble TEXT,
    answer TEXT,
    tried INTEGER NOT NULL DEFAULT 0,
    UNIQUE (execution_arn, event)
) STRICT";

/// Columns that earlier versions did not have. What they had not sent may have been tried.
const ADDED: [(&str, &str); 2] = [
    ("answer", "ALTER TABLE decisions ADD COLUMN answer TEXT"),
    ("tried", "ALTER TABLE decisions ADD COLUMN tried INTEGER NOT NULL DEFAULT 1"),
];

impl Store {
    /// Opens or makes the database `file`. Its folder is there, and whoever calls keeps it private.
    ///
    /// # Errors
    /// The file cannot be written, or is no database of ours.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a decision has to be on the disk before it is sent.
            .synchronous(SqliteSynchronous::Full);
        let open = |source| StoreError::Open { file: file.to_owned(), source };
        // Before there are others: a connection that knows the tables as they were cannot read them as they are.
        let mut first = options.connect().await.map_err(open)?;
        make_tables(&mut first).await.map_err(open)?;
        first.close().await.map_err(open)?;
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(open)?;
        Ok(Self { pool })
    }

    /// Puts a decision on record; `None` where this task has one already.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record(&self, new: &NewDecision) -> Result<Option<Decision>, StoreError> {
        let row = sqlx::query(
            "INSERT INTO decisions (execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (execution_arn, event) DO NOTHING RETURNING *",
        )
        .bind(&new.execution_arn)
        .bind(event_column(new.event))
        .bind(&new.workflow)
        .bind(&new.state)
        .bind(&new.title)
        .bind(new.approved)
        .bind(&new.person_id)
        .bind(&new.person_name)
        .bind(&new.comment)
        .bind(new.decided_at)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Decision::from_row(&row)).transpose().map_err(Into::into)
    }

    /// The number that the next decision gets, where no other takes it before.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_id(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM decisions").fetch_one(&self.pool).await?)
    }

    /// Puts a decision on record under its number, with what it answers; `None` where this task has one already, or
    /// another decision has the number.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record_as(
        &self,
        id: i64,
        new: &NewDecision,
        answer: Option<&str>,
    ) -> Result<Option<Decision>, StoreError> {
        let row = sqlx::query(
            "INSERT INTO decisions (id, execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at, answer)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *",
        )
        .bind(id)
        .bind(&new.execution_arn)
        .bind(event_column(new.event))
        .bind(&new.workflow)
        .bind(&new.state)
        .bind(&new.title)
        .bind(new.approved)
        .bind(&new.person_id)
        .bind(&new.person_name)
        .bind(&new.comment)
        .bind(new.decided_at)
        .bind(answer)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Decision::from_row(&row)).transpose().map_err(Into::into)
    }

    /// The sending of a decision begins.
    ///
    /// # Errors
    /// The database failed.
    pub async fn trying(&self, id: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE decisions SET tried = 1 WHERE id = ?").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Step Functions took the decision at `at`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delivered(&self, id: i64, at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE decisions SET delivered_at = ?, trouble = NULL WHERE id = ?")
            .bind(at)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The task was closed before the decision came; `by` says by what.
    ///
    /// # Errors
    /// The database failed.
    pub async fn late(&self, id: i64, by: &ClosedBy) -> Result<(), StoreError> {
        sqlx::query("UPDATE decisions SET late = ?, trouble = NULL WHERE id = ?")
            .bind(as_json(by)?)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The decision could not be sent, and is tried again.
    ///
    /// # Errors
    /// The database failed.
    pub async fn trouble(&self, id: i64, why: &Trouble) -> Result<(), StoreError> {
        sqlx::query("UPDATE decisions SET trouble = ? WHERE id = ?")
            .bind(as_json(why)?)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The decision on one task.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_task(&self, execution_arn: &str, event: u64) -> Result<Option<Decision>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM decisions WHERE execution_arn = ? AND event = ?")
            .bind(execution_arn)
            .bind(event_column(event))
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Decisions that are on record and not known to have arrived, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn pending(&self) -> Result<Vec<Decision>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM decisions WHERE delivered_at IS NULL AND late IS NULL ORDER BY id")
            .fetch_all(&self.pool)
            .await?)
    }

    /// The newest decisions, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest(&self, limit: u32) -> Result<Vec<Decision>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM decisions ORDER BY id DESC LIMIT ?").bind(limit).fetch_all(&self.pool).await?)
    }

    /// Closes the file; waits for what is being written.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn make_tables(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(SCHEMA).execute(&mut *connection).await?;
    sqlx::query(acts::SCHEMA).execute(&mut *connection).await?;
    for (column, add) in ADDED {
        let there: bool = sqlx::query_scalar("SELECT COUNT(*) > 0 FROM pragma_table_info('decisions') WHERE name = ?")
            .bind(column)
            .fetch_one(&mut *connection)
            .await?;
        if !there {
            sqlx::query(add).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn as_json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// What closed a task; an earlier version of the program kept a sentence.
fn closed_by(text: String) -> ClosedBy {
    serde_json::from_str(&text).unwrap_or(ClosedBy::Sentence { text })
}

fn trouble(text: String) -> Trouble {
    serde_json::from_str(&text).unwrap_or(Trouble::Sentence(text))
}

/// Event ids are at most 25,000; SQLite's integers are signed.
fn event_column(event: u64) -> i64 {
    i64::try_from(event).unwrap_or(i64::MAX)
}

impl FromRow<'_, SqliteRow> for Decision {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let delivered: Option<i64> = row.try_get("delivered_at")?;
        let late: Option<String> = row.try_get("late")?;
        Ok(Self {
            id: row.try_get("id")?,
            decision: NewDecision {
                execution_arn: row.try_get("execution_arn")?,
                event: u64::try_from(row.try_get::<i64, _>("event")?).unwrap_or_default(),
                workflow: row.try_get("workflow")?,
                state: row.try_get("state")?,
                title: row.try_get("title")?,
                approved: row.try_get("approved")?,
                person_id: row.try_get("person_id")?,
                person_name: row.try_get("person_name")?,
                comment: row.try_get("comment")?,
                decided_at: row.try_get("decided_at")?,
            },
            delivery: match (delivered, late) {
                (Some(at), _) => DeliveryRecord::Delivered { at },
                (None, Some(late)) => DeliveryRecord::Late { by: closed_by(late) },
                (None, None) => DeliveryRecord::Pending,
            },
            trouble: row.try_get::<Option<String>, _>("trouble")?.map(trouble),
            answer: row.try_get("answer")?,
            tried: row.try_get("tried")?,
        })
    }
}

#[cfg(test)]
mod tests;

//! What people did besides deciding: started, stopped, deployed, changed who acts. Rows are added and never changed.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::{Store, StoreError};
use crate::actor::Actor;

pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS acts (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    deed TEXT NOT NULL,
    workflow TEXT,
    execution_arn TEXT,
    detail TEXT NOT NULL
) STRICT";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Started,
    Stopped,
    Deployed,
    /// Another person acts from now on; the detail is the name.
    ActedAs,
}

impl Deed {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Started, "started"),
        (Self::Stopped, "stopped"),
        (Self::Deployed, "deployed"),
        (Self::ActedAs, "acted-as"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(deed, _)| *deed == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(deed, _)| deed)
    }
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub deed: Deed,
    pub workflow: Option<String>,
    pub execution_arn: Option<String>,
    /// A name, or the cause that was given; may be empty.
    pub detail: String,
    pub person_name: String,
    /// Milliseconds since the epoch.
    pub at: i64,
}

impl Store {
    /// Puts an act on record.
    ///
    /// # Errors
    /// The database failed.
    pub async fn act(&self, actor: &Actor, act: &Act) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO acts (at, person_id, person_name, deed, workflow, execution_arn, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(act.at)
        .bind(actor.id())
        .bind(&act.person_name)
        .bind(act.deed.name())
        .bind(&act.workflow)
        .bind(&act.execution_arn)
        .bind(&act.detail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The newest acts, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn acts(&self, limit: u32) -> Result<Vec<Act>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM acts ORDER BY id DESC LIMIT ?").bind(limit).fetch_all(&self.pool).await?)
    }
}

impl FromRow<'_, SqliteRow> for Act {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let deed: String = row.try_get("deed")?;
        let unknown = || sqlx::Error::Decode(format!("{deed:?} is no deed").into());
        Ok(Self {
            deed: Deed::named(&deed).ok_or_else(unknown)?,
            workflow: row.try_get("workflow")?,
            execution_arn: row.try_get("execution_arn")?,
            detail: row.try_get("detail")?,
            person_name: row.try_get("person_name")?,
            at: row.try_get("at")?,
        })
    }
}

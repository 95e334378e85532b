//! The store in SQLite: one file in the data folder. WAL with one writer; `synchronous=FULL`, because a decision has to
//! be on the disk before it is sent.

mod accounts;
mod acts;
mod bulk;
mod chain;
mod copy;
mod decisions;
mod deliveries;
mod hands;
mod outbox;
mod proposals;
mod repeats;
mod rows;
mod schema;
mod views;
mod votes;

pub use acts::anywhere;

use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::{Store, StoreError};

/// How long a write waits for another program that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read side by side.
const READERS: u32 = 4;

/// A store in a file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
}

impl Sqlite {
    /// Opens or makes the database `file`, and brings it to this program's version of the schema; a database that was
    /// there before is first copied to `FILE.before-vN`. Its folder is there, and whoever calls keeps it private.
    ///
    /// # Errors
    /// The file cannot be written, is no database of ours, or one of a newer version; or it cannot be migrated, and is
    /// as it was.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        Self::open_within(file, PATIENCE).await
    }

    async fn open_within(file: &Path, patience: Duration) -> Result<Self, StoreError> {
        let open = |source| schema::locked_or(file, source, |file, source| StoreError::Open { file, source });
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .busy_timeout(patience)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(open)?;
        // Before others read: a connection that knows the tables as they were cannot read them as they are.
        schema::migrate(&writer, &schema::migrator(), file).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS);
        let reader = readers.connect_with(options.read_only(true)).await.map_err(open)?;
        Ok(Self { writer, reader })
    }
}

impl Store for Sqlite {
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.reader.close().await;
            self.writer.close().await;
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;

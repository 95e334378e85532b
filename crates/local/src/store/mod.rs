//! What survives a restart, in SQLite: named resources, executions, and the journals and histories of these.
//!
//! A resource (state machine, version, alias, activity, topic, queue) is a JSON document under its ARN. An execution's
//! journal holds its inputs, from which the engine is built again. Its history is stored as the engine made it, in
//! chunks of one step each, so that reading it replays nothing. WAL with one writer: a commit survives the end of the
//! process and a power cut.

mod rows;
mod schema;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use crate::files::{PrivateError, holder, private_database, private_file, private_folder};
pub use rows::{ExecutionRow, JournalEntry, ResourceKind, RunStatus};
use schema::{migrate, migrator};

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error("The data folder {} cannot be locked: {source}.\nName one on another file system with --data DIR.", .folder.display())]
    Lock { folder: PathBuf, source: std::io::Error },
    #[error("Another countersign uses the data folder {}{}.\nEnd it, or give this one a folder of its own with --data DIR.", .folder.display(), .holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    InUse { folder: PathBuf, holder: Option<String> },
    #[error("The store {} cannot be opened: {source}.\nMove it away to start with an empty one.", .file.display())]
    Open { file: PathBuf, source: sqlx::Error },
    #[error("A newer countersign wrote the store {}: its schema has version {found}, and this program knows version {known} at most.\nUse that version of countersign, or give this one a folder of its own with --data DIR.", .file.display())]
    Newer { file: PathBuf, found: i64, known: i64 },
    #[error("The store {} cannot be brought to this program's schema: {source}.\nIt is unchanged: use the countersign that wrote it, or give this one a folder of its own with --data DIR.", .file.display())]
    Migrate { file: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("The store failed: {0}.")]
    Query(#[from] sqlx::Error),
    #[error("The execution is stopped until a restart: one of its steps could not be stored.")]
    Ahead,
    #[error("A row of the store cannot be read: {0}.")]
    Row(#[from] serde_json::Error),
}

/// The store, open.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
    /// Held as long as the store is open: one process a folder.
    _lock: Arc<File>,
    folder: Arc<Path>,
}

/// How long a reader or writer may wait for its turn: a step that gave up its turn would be lost until a restart.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

impl Store {
    /// Opens or makes `engine.db` in `folder`.
    ///
    /// # Errors
    /// The folder cannot be written or is in use, or the file is no database of ours, or one of a newer version.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        private_folder(folder)?;
        let lock = private_file(&folder.join("engine.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { folder: folder.to_owned(), holder: holder(&lock) });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::Lock { folder: folder.to_owned(), source }),
        }
        let file = folder.join("engine.db");
        // SQLite gives the files beside the database the same permissions.
        private_database(&file)?;
        let open = |source| StoreError::Open { file: file.clone(), source };
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
        let writer = pool(1).connect_with(options.clone()).await.map_err(open)?;
        migrate(&writer, &migrator(), &file).await?;
        let reader = pool(4).connect_with(options.read_only(true)).await.map_err(open)?;
        Ok(Self { writer, reader, _lock: Arc::new(lock), folder: folder.into() })
    }

    /// The folder that the store is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes the files, after the current writes.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests;

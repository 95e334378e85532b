//! The index in SQLite.

mod bars;
mod contents;
mod fared;
mod filter;
mod find;
mod inbox;
mod list;
mod medians;
mod place;
mod read;
mod readings;
mod rows;
mod rules;
mod write;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use self::medians::Median;
use crate::index::PLACES;
use crate::store::StoreError;

/// The tables. Whoever changes them changes the version, too: a file of another version is made anew.
const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 11;
/// How long a write waits for another program that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read side by side.
const READERS: u32 = 4;

/// An index in a file or in memory.
#[derive(Clone, Debug)]
pub struct SqliteIndex {
    writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    /// The next number for those that start in the same millisecond.
    next: Arc<AtomicI64>,
    /// The medians that were found, by the ids of machines.
    medians: Arc<Mutex<HashMap<i64, Median>>>,
}

impl SqliteIndex {
    /// Opens or makes the index `file`. Its folder is there, and whoever calls keeps the file private.
    ///
    /// # Errors
    /// The file cannot be written or is no database.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { file: file.to_owned(), source };
        // Nothing is lost with the last moments before a power cut: they are read again.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .busy_timeout(PATIENCE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let write = || SqlitePoolOptions::new().max_connections(1).connect_with(options.clone());
        let mut writer = write().await.map_err(failed)?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&writer).await.map_err(failed)?;
        if version != VERSION {
            writer.close().await;
            empty(file).map_err(|error| failed(sqlx::Error::Io(error)))?;
            writer = write().await.map_err(failed)?;
            let tables = format!("BEGIN IMMEDIATE; {SCHEMA}; PRAGMA user_version = {VERSION}; COMMIT");
            sqlx::raw_sql(sqlx::AssertSqlSafe(tables)).execute(&writer).await.map_err(failed)?;
        }
        let readers = SqlitePoolOptions::new().max_connections(READERS);
        let reader = readers.connect_with(options.read_only(true)).await.map_err(failed)?;
        Ok(Self { writer, reader, next: Arc::default(), medians: Arc::default() })
    }

    /// An empty index in memory, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        // The database is that of its one connection, which must stay.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| {
                Box::pin(async move { sqlx::raw_sql(SCHEMA).execute(&mut *connection).await.map(|_| ()) })
            })
            .connect_lazy_with(SqliteConnectOptions::new().in_memory(true));
        Self { writer: pool.clone(), reader: pool, next: Arc::default(), medians: Arc::default() }
    }

    /// So many numbers for new executions: the first of them.
    fn numbers(&self, many: usize) -> i64 {
        let many = i64::try_from(many).unwrap_or(i64::MAX);
        self.next.fetch_add(many, Ordering::Relaxed) & ((1 << PLACES) - 1)
    }
}

/// Empties the database: what stands beside it goes, and the file keeps its permissions.
fn empty(file: &Path) -> std::io::Result<()> {
    for beside in ["-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::File::create(file).map(|_| ())
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::index::{Index as _, suite};

    macro_rules! in_memory {
        ($($test:ident)+) => {
            $(#[tokio::test]
            async fn $test() {
                suite::$test(&SqliteIndex::in_memory()).await;
            })+

            /// Everything that an index does.
            pub async fn all() {
                $(suite::$test(&SqliteIndex::in_memory()).await;)+
            }
        };
    }

    in_memory! {
        a_list_has_pages_without_gaps_or_repetitions
        the_counts_are_those_of_the_lists
        the_median_is_of_all_that_ended
        what_was_learnt_later_stays
        the_inbox_has_pages_in_its_order
        what_a_rule_says_orders_the_inbox
        a_filter_lets_through_what_it_names
        a_text_is_found_in_what_may_be_seen
        a_decided_request_waits_no_more
        activities_wait_for_people_where_the_manifest_says_so
        a_child_counts_for_its_parents_and_is_in_no_list_but_theirs
        what_is_missing_among_the_running_is_named
        what_the_connection_does_not_have_is_forgotten
        another_endpoint_under_the_same_name_has_nothing_of_the_first
        connections_know_nothing_of_each_other
        contents_are_found_by_words_and_by_keys
        every_condition_holds_beside_every_other
        every_search_has_pages_without_gaps_or_repetitions
        the_histogram_counts_what_the_list_has
        the_bars_count_each_start_once_whatever_became_of_it
        what_is_withheld_or_gone_is_not_found
        contents_are_wanted_until_they_are_read
        no_search_fails_whatever_it_is
    }

    #[tokio::test]
    async fn a_file_is_found_again_and_one_of_another_version_is_made_anew() {
        let folder = std::env::temp_dir().join(format!("countersign-index-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("index.db");
        let index = SqliteIndex::open(&file).await.unwrap();
        suite::fill(&index).await;
        index.close().await;
        let index = SqliteIndex::open(&file).await.unwrap();
        assert!(suite::is_filled(&index).await);
        sqlx::raw_sql("PRAGMA user_version = 77").execute(&index.writer).await.unwrap();
        index.close().await;
        let index = SqliteIndex::open(&file).await.unwrap();
        assert!(!suite::is_filled(&index).await);
        suite::fill(&index).await;
        index.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}

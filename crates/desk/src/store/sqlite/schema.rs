//! The schema and its versions.
//!
//! # Adding a migration
//! 1. Write `crates/desk/migrations/sqlite/NNNN_what.sql` with the next number. A file that was released never changes
//!    again, not even its comments: the store keeps a hash of each.
//! 2. Name it in [`MIGRATIONS`], and its hash in the test `a_released_migration_never_changes`.
//! 3. Add a test that brings rows of the version before through it.

use std::path::{Path, PathBuf};

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::chain::seal_all;
use super::copy::copy_of;
use crate::store::StoreError;

/// Version, subject and statements of each migration, in order. The list stands here because `sqlx::migrate!` would
/// build SQLite a second time, for the compiler; the table in the database (`_sqlx_migrations`) is the same.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "tables", include_str!("../../../migrations/sqlite/0001_tables.sql")),
    (2, "record", include_str!("../../../migrations/sqlite/0002_record.sql")),
    (3, "bulk", include_str!("../../../migrations/sqlite/0003_bulk.sql")),
    (4, "outcomes", include_str!("../../../migrations/sqlite/0004_outcomes.sql")),
    (5, "votes", include_str!("../../../migrations/sqlite/0005_votes.sql")),
    (6, "people", include_str!("../../../migrations/sqlite/0006_people.sql")),
    (CHAIN, "chain", include_str!("../../../migrations/sqlite/0007_chain.sql")),
    (8, "hands", include_str!("../../../migrations/sqlite/0008_hands.sql")),
    (9, "messages", include_str!("../../../migrations/sqlite/0009_messages.sql")),
    (10, "repeats", include_str!("../../../migrations/sqlite/0010_repeats.sql")),
    (11, "identities", include_str!("../../../migrations/sqlite/0011_identities.sql")),
    (12, "decisions_at_once", include_str!("../../../migrations/sqlite/0012_decisions_at_once.sql")),
    (13, "proposals", include_str!("../../../migrations/sqlite/0013_proposals.sql")),
    (14, "dropped_messages", include_str!("../../../migrations/sqlite/0014_dropped_messages.sql")),
    (15, "open_votes", include_str!("../../../migrations/sqlite/0015_open_votes.sql")),
];

/// The version that has the chain over the record.
const CHAIN: i64 = 7;

/// Columns that the first versions of the program did not have. What these had not sent may have been tried.
const ADDED: [(&str, &str); 2] = [
    ("answer", "ALTER TABLE decisions ADD COLUMN answer TEXT"),
    ("tried", "ALTER TABLE decisions ADD COLUMN tried INTEGER NOT NULL DEFAULT 1"),
];

/// The migrations that this program knows.
pub fn migrator() -> Migrator {
    let migration = |(version, subject, statements): &(i64, &'static str, &'static str)| {
        let statements = (*statements).into_sql_str();
        Migration::new(*version, (*subject).into(), MigrationType::Simple, statements, false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// What a database is before it is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// It has no tables.
    Empty,
    /// Its tables were made before the schema had versions.
    WithoutVersion,
    Version(i64),
}

/// Brings the database to the newest version that `migrator` knows, in one transaction: a migration that fails, or that
/// the end of the process interrupts, leaves the database as it was. A database that has rows already is copied first.
///
/// # Errors
/// The database is of a newer version or locked, cannot be copied, or a migration fails.
pub async fn migrate(writer: &SqlitePool, migrator: &Migrator, file: &Path) -> Result<(), StoreError> {
    let failed = |source: sqlx::Error| {
        locked_or(file, source, |file, source| StoreError::Migrate { file, source: source.into() })
    };
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let before = before(&mut transaction).await.map_err(failed)?;
    match before {
        Before::Version(found) if found > known => {
            return Err(StoreError::Newer { file: file.to_owned(), found, known });
        }
        Before::Version(found) if found == known => {}
        Before::Empty => {}
        // Nobody else writes meanwhile: this is what the migration begins with.
        Before::WithoutVersion | Before::Version(_) => copy_of(file, known).await?,
    }
    if before == Before::WithoutVersion {
        add_columns(&mut transaction).await.map_err(failed)?;
    }
    migrator.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        // One between those that are known.
        MigrateError::VersionMissing(found) => StoreError::Newer { file: file.to_owned(), found, known },
        source => StoreError::Migrate { file: file.to_owned(), source },
    })?;
    let had_none = match before {
        Before::Version(found) => found < CHAIN,
        Before::Empty | Before::WithoutVersion => true,
    };
    if had_none && known >= CHAIN {
        seal_all(&mut transaction).await?;
    }
    transaction.commit().await.map_err(failed)
}

async fn before(connection: &mut SqliteConnection) -> Result<Before, sqlx::Error> {
    let is_table = "SELECT COUNT(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?";
    if sqlx::query_scalar(is_table).bind("_sqlx_migrations").fetch_one(&mut *connection).await? {
        let newest = "SELECT MAX(version) FROM _sqlx_migrations";
        let newest: Option<i64> = sqlx::query_scalar(newest).fetch_one(&mut *connection).await?;
        return Ok(newest.map_or(Before::Empty, Before::Version));
    }
    let is_old = sqlx::query_scalar(is_table).bind("decisions").fetch_one(&mut *connection).await?;
    Ok(if is_old { Before::WithoutVersion } else { Before::Empty })
}

/// Brings the table of the first versions of the program to the shape that the first migration knows.
async fn add_columns(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for (column, add) in ADDED {
        let is_there = "SELECT COUNT(*) > 0 FROM pragma_table_info('decisions') WHERE name = ?";
        if !sqlx::query_scalar(is_there).bind(column).fetch_one(&mut *connection).await? {
            sqlx::query(add).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// An error about `file`: that another program has locked it, or what `otherwise` makes of it.
pub fn locked_or(
    file: &Path,
    source: sqlx::Error,
    otherwise: impl FnOnce(PathBuf, sqlx::Error) -> StoreError,
) -> StoreError {
    // The codes of SQLite: SQLITE_BUSY, of which the extended ones keep the lower byte.
    let code = source.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    match code {
        Some(code) if code & 0xff == 5 => StoreError::Locked { file: file.to_owned() },
        _ => otherwise(file.to_owned(), source),
    }
}

#[cfg(test)]
mod tests;

//! The schema and its versions.
//!
//! # Adding a migration
//! 1. Write `crates/local/migrations/NNNN_what.sql` with the next number. A file that was released never changes again,
//!    not even its comments: the store keeps a hash of each.
//! 2. Name it in [`MIGRATIONS`], and its hash in the test `a_released_migration_never_changes`.
//! 3. Add a test that brings rows of the version before through it.

use std::path::Path;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqlitePool;

use super::StoreError;

/// Version, subject and statements of each migration, in order. The list stands here because `sqlx::migrate!` would
/// build SQLite a second time, for the compiler; the table in the database (`_sqlx_migrations`) is the same.
const MIGRATIONS: &[(i64, &str, &str)] = &[(1, "tables", include_str!("../../migrations/0001_tables.sql"))];

/// The migrations that this program knows.
pub fn migrator() -> Migrator {
    let migration = |(version, subject, statements): &(i64, &'static str, &'static str)| {
        let statements = (*statements).into_sql_str();
        Migration::new(*version, (*subject).into(), MigrationType::Simple, statements, false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Brings the database to the newest version that `migrator` knows, in one transaction: one that fails, or that the end
/// of the process interrupts, leaves the database as it was.
///
/// # Errors
/// The database is of a newer version, or a migration fails.
pub async fn migrate(writer: &SqlitePool, migrator: &Migrator, file: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Migrate { file: file.to_owned(), source };
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(|source| failed(source.into()))?;
    migrator.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => {
            let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
            StoreError::Newer { file: file.to_owned(), found, known }
        }
        source => failed(source),
    })?;
    transaction.commit().await.map_err(|source| failed(source.into()))
}

#[cfg(test)]
mod tests;

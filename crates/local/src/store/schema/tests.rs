#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use std::collections::BTreeSet;
use std::path::PathBuf;

use countersign_engine::{Input, StartParams};
use countersign_trace::EventKind;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::*;
use crate::store::{JournalEntry, ResourceKind, RunStatus, Store};

/// The statements by which a store was made when the schema had no version, and what one of them held.
const WITHOUT_VERSION: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS things (kind TEXT NOT NULL, arn TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, arn)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS executions (arn TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS definitions (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS journal (execution TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, input TEXT NOT NULL, PRIMARY KEY (execution, seq)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stopped (execution TEXT NOT NULL, seq INTEGER NOT NULL, expressions TEXT NOT NULL, PRIMARY KEY (execution, seq)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS history (execution TEXT NOT NULL, first INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (execution, first)) STRICT, WITHOUT ROWID",
];
const ROWS: &[&str] = &[
    r#"INSERT INTO things VALUES ('topic', 'arn:t', '"body"')"#,
    r#"INSERT INTO executions VALUES ('arn:e', '{"params":{"execution_arn":"arn:e","name":"","state_machine_arn":"","state_machine_name":"","role_arn":"","input":"","kind":"Standard","start_at":0,"seed":0,"region":"","state_machine_version_arn":null,"state_machine_alias_arn":null},"definition":"d","revision_id":null,"trace_header":null,"status":"RUNNING","stopped_at":null,"output":null,"error":null,"cause":null,"events":1,"redrives":0,"redriven_at":null}')"#,
    r#"INSERT INTO definitions VALUES ('d', '{}')"#,
    r#"INSERT INTO journal VALUES ('arn:e', 0, 5, '"Start"')"#,
    r#"INSERT INTO stopped VALUES ('arn:e', 0, '[0,2]')"#,
    r#"INSERT INTO history VALUES ('arn:e', 1, '[{"timestamp":0.005,"type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{}}]')"#,
];

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-schema-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn pool(folder: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(folder.join("engine.db")).create_if_missing(true);
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

/// A store of the version before the first, with rows.
async fn without_version(folder: &Path) -> SqlitePool {
    let pool = pool(folder).await;
    for statement in WITHOUT_VERSION.iter().chain(ROWS) {
        sqlx::query(*statement).execute(&pool).await.unwrap();
    }
    pool
}

/// Everything in the database: the schema, and the rows of every table.
async fn dump(pool: &SqlitePool) -> Vec<String> {
    let tables = "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut all: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    for rows in [
        "SELECT kind || arn || body FROM things ORDER BY 1",
        "SELECT arn || body FROM executions ORDER BY 1",
        "SELECT hash || text FROM definitions ORDER BY 1",
        "SELECT execution || seq || at || input FROM journal ORDER BY 1",
        "SELECT execution || seq || expressions FROM stopped ORDER BY 1",
        "SELECT execution || first || events FROM history ORDER BY 1",
    ] {
        all.extend(sqlx::query_scalar::<_, String>(rows).fetch_all(pool).await.unwrap());
    }
    all
}

async fn version(pool: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_store_without_a_version_gets_one_and_keeps_its_rows() {
    let folder = folder("previous");
    without_version(&folder).await.close().await;
    for _ in 0..2 {
        let store = Store::open(&folder).await.unwrap();
        assert_eq!(version(&store.writer).await, 1);
        assert_eq!(store.resources::<String>(ResourceKind::Topic).await.unwrap(), ["body"]);
        assert_eq!(store.definition("d").await.unwrap().as_deref(), Some("{}"));
        let [row] = &store.executions().await.unwrap()[..] else { panic!("one execution") };
        let params = StartParams { execution_arn: "arn:e".into(), ..StartParams::default() };
        assert_eq!((&row.params, row.status, row.events), (&params, RunStatus::Running, 1));
        let entry = JournalEntry { at: 5, input: Input::Start, stopped: vec![0, 2] };
        assert_eq!(store.journal("arn:e").await.unwrap(), [entry]);
        let events = store.history("arn:e").await.unwrap();
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::ExecutionStarted]);
        store.close().await;
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_empty_folder_gets_the_newest_version() {
    let folder = folder("empty");
    let store = Store::open(&folder).await.unwrap();
    assert_eq!(version(&store.writer).await, 1);
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_as_it_is() {
    let folder = folder("newer");
    let store = Store::open(&folder).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (7, 'later', TRUE, x'00', 0)";
    sqlx::query(later).execute(&store.writer).await.unwrap();
    let before = dump(&store.writer).await;
    store.close().await;
    drop(store);
    let error = Store::open(&folder).await.unwrap_err().to_string();
    let file = folder.join("engine.db");
    assert_eq!(
        error,
        format!(
            "A newer countersign wrote the store {}: its schema has version 7, and this program knows version 1 at most.\n\
             Use that version of countersign, or give this one a folder of its own with --data DIR.",
            file.display()
        )
    );
    let pool = pool(&folder).await;
    assert_eq!((version(&pool).await, dump(&pool).await), (7, before));
    pool.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The second step fails half-way: neither it nor the first one is felt, and the program of before still reads the store.
#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let folder = folder("fails");
    let pool = without_version(&folder).await;
    let before = dump(&pool).await;
    let mut migrations: Vec<Migration> = migrator().iter().cloned().collect();
    let broken = "DELETE FROM journal; ALTER TABLE things ADD COLUMN colour TEXT; INSERT INTO missing VALUES (1);";
    migrations.push(Migration::new(2, "broken".into(), MigrationType::Simple, broken.into_sql_str(), false));
    let file = folder.join("engine.db");
    let error = migrate(&pool, &Migrator::with_migrations(migrations), &file).await.unwrap_err().to_string();
    assert!(error.contains("is unchanged") && error.contains("no such table: missing"), "{error}");
    assert_eq!(dump(&pool).await, before);
    pool.close().await;
    let store = Store::open(&folder).await.unwrap();
    assert_eq!(store.journal("arn:e").await.unwrap().len(), 1);
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The process ends between the last statement and the commit.
#[tokio::test]
async fn a_migration_that_is_interrupted_leaves_the_database_as_it_was() {
    let folder = folder("interrupted");
    let old = without_version(&folder).await;
    let before = dump(&old).await;
    let mut transaction = old.begin_with("BEGIN IMMEDIATE").await.unwrap();
    migrator().run_direct(None, &mut *transaction, false).await.unwrap();
    // A copy of the files is what a process that ends here leaves behind.
    let left = self::folder("left");
    for file in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), left.join(file.file_name())).unwrap();
    }
    let copy = pool(&left).await;
    assert_eq!(dump(&copy).await, before);
    copy.close().await;
    let store = Store::open(&left).await.unwrap();
    assert_eq!((version(&store.writer).await, store.journal("arn:e").await.unwrap().len()), (1, 1));
    store.close().await;
    transaction.rollback().await.unwrap();
    old.close().await;
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::remove_dir_all(left).unwrap();
}

/// A store remembers the hash of each migration, and refuses to open with another one.
#[test]
fn a_released_migration_never_changes() {
    let hash = |migration: &Migration| migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hashes: Vec<_> =
        migrator().iter().map(|migration| (migration.version, hash(migration)[..16].to_owned())).collect();
    assert_eq!(hashes, [(1, "a2bc8a3b5da524f3".to_owned())]);
}

#[test]
fn every_migration_is_named() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let named: BTreeSet<_> = MIGRATIONS.iter().map(|(version, what, _)| format!("{version:04}_{what}.sql")).collect();
    assert_eq!(files, named);
}

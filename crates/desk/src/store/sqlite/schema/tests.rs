#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use std::collections::BTreeSet;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::*;
use crate::approvals::ClosedBy;
use crate::approvals::outcomes::Chosen;
use crate::connection::{Api, CallError, ConnectionId, Fault};
use crate::store::sqlite::copy::place;
use crate::store::sqlite::tests::Folder;
use crate::store::{
    Act, ActFilter, Acts as _, BulkOutcome, BulkRuns as _, Decision, Decisions as _, Deed, Deliveries as _,
    DeliveryRecord, NewDecision, Outbox as _, Recorded, Sqlite, Stock, Store as _, Trouble, Verb, Votes as _,
};

/// The tables of the first versions of the program.
const FIRST: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS decisions (id INTEGER PRIMARY KEY, execution_arn TEXT NOT NULL, event INTEGER NOT NULL, workflow TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, approved INTEGER NOT NULL, person_id TEXT NOT NULL, person_name TEXT NOT NULL, comment TEXT NOT NULL, decided_at INTEGER NOT NULL, delivered_at INTEGER, late TEXT, trouble TEXT, UNIQUE (execution_arn, event)) STRICT",
];
/// What later ones added, as they made it of the tables of before.
const ADDED_SINCE: &[&str] = &[
    "ALTER TABLE decisions ADD COLUMN answer TEXT",
    "ALTER TABLE decisions ADD COLUMN tried INTEGER NOT NULL DEFAULT 1",
    "CREATE TABLE IF NOT EXISTS acts (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, person_id TEXT NOT NULL, person_name TEXT NOT NULL, deed TEXT NOT NULL, workflow TEXT, execution_arn TEXT, detail TEXT NOT NULL) STRICT",
];
/// The tables as the version before this one made them.
const WITHOUT_VERSION: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS decisions (id INTEGER PRIMARY KEY, execution_arn TEXT NOT NULL, event INTEGER NOT NULL, workflow TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, approved INTEGER NOT NULL, person_id TEXT NOT NULL, person_name TEXT NOT NULL, comment TEXT NOT NULL, decided_at INTEGER NOT NULL, delivered_at INTEGER, late TEXT, trouble TEXT, answer TEXT, tried INTEGER NOT NULL DEFAULT 0, UNIQUE (execution_arn, event)) STRICT",
    "CREATE TABLE IF NOT EXISTS acts (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, person_id TEXT NOT NULL, person_name TEXT NOT NULL, deed TEXT NOT NULL, workflow TEXT, execution_arn TEXT, detail TEXT NOT NULL) STRICT",
];
/// Decisions as every version kept them: delivered, late, in trouble (as sentences of the first versions), pending.
const DECISIONS: &str = "INSERT INTO decisions (id, execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at, delivered_at, late, trouble) VALUES
    (2, 'arn:a', 3, 'order', 'Ask', 'Pay?', 1, 'dana', 'Dana', 'fine', 10, 11, NULL, NULL),
    (3, 'arn:a', 5, 'order', 'Ask', 'Pay?', 0, 'omar', 'Omar', '', 20, NULL, 'It timed out.', NULL),
    (4, 'arn:b', 3, 'order', 'Ask', 'Pay?', 1, 'dana', 'Dana', '', 30, NULL, NULL, '123'),
    (9, 'arn:c', 3, 'order', 'Ask', 'Pay?', 1, 'dana', 'Dana', '', 40, NULL, NULL, NULL)";
/// What only the version before this one kept: what happened as JSON, an answer, and acts.
const NEWER_ROWS: &[&str] = &[
    r#"INSERT INTO decisions VALUES (10, 'arn:d', 3, 'order', 'Ask', 'Pay?', 0, 'dana', 'Dana', '', 50, NULL, '{"by":"execution_end","status":"timed_out"}', NULL, '{"success":"1"}', 1)"#,
    r#"INSERT INTO decisions VALUES (11, 'arn:e', 3, 'order', 'Ask', 'Pay?', 1, 'dana', 'Dana', '', 60, NULL, NULL, '{"call":{"api":"SendTaskSuccess","subject":"arn:e","fault":"Unreachable"}}', NULL, 0)"#,
    "INSERT INTO acts VALUES (1, 5, 'dana', 'Dana', 'started', 'order', 'arn:a', 'one')",
    "INSERT INTO acts VALUES (2, 20, 'omar', 'Omar', 'acted-as', NULL, NULL, 'Omar')",
    "INSERT INTO acts VALUES (3, 70, 'omar', 'Omar', 'stopped', NULL, 'arn:e', '')",
];

async fn pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

async fn execute(pool: &SqlitePool, statements: &[&'static str]) {
    for statement in statements {
        sqlx::query(*statement).execute(pool).await.unwrap();
    }
}

/// A store of the version before this one, with rows.
async fn without_version(file: &Path) -> SqlitePool {
    let pool = pool(file).await;
    execute(&pool, WITHOUT_VERSION).await;
    execute(&pool, &[DECISIONS]).await;
    execute(&pool, NEWER_ROWS).await;
    pool
}

/// Everything in the database: the schema, and the rows of the two tables of before.
async fn dump(pool: &SqlitePool) -> Vec<String> {
    let tables = "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut all: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    for rows in [
        "SELECT concat_ws('|', id, execution_arn, event, title, approved, person_id, comment, decided_at, delivered_at, late, trouble, answer, tried) FROM decisions ORDER BY id",
        "SELECT concat_ws('|', id, at, person_id, deed, workflow, execution_arn, detail) FROM acts ORDER BY id",
    ] {
        all.extend(sqlx::query_scalar::<_, String>(rows).fetch_all(pool).await.unwrap());
    }
    all
}

async fn version(pool: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(pool).await.unwrap()
}

/// One of [`DECISIONS`] as it is read now.
fn decision(id: i64, arn: &str, event: u64, (approved, person, comment): (bool, &str, &str), at: i64) -> Decision {
    let person_name = format!("{}{}", person[..1].to_uppercase(), &person[1..]);
    Decision {
        id,
        decision: NewDecision {
            execution_arn: arn.into(),
            event,
            workflow: "order".into(),
            state: "Ask".into(),
            title: "Pay?".into(),
            outcome: if approved { Chosen::approve() } else { Chosen::reject() },
            form: "{}".into(),
            person_id: person.into(),
            person_name,
            comment: comment.into(),
            decided_at: at,
            bound: crate::store::Bound::default(),
        },
        answer: None,
        delivery: DeliveryRecord::Pending,
        attempts: 0,
        trouble: None,
    }
}

/// [`DECISIONS`], oldest first, each tried `attempts` times as far as is known.
fn decisions(attempts: u32) -> Vec<Decision> {
    let timed_out = ClosedBy::Sentence { text: "It timed out.".into() };
    let all = vec![
        Decision {
            delivery: DeliveryRecord::Delivered { at: 11 },
            ..decision(2, "arn:a", 3, (true, "dana", "fine"), 10)
        },
        Decision {
            delivery: DeliveryRecord::Late { by: timed_out },
            ..decision(3, "arn:a", 5, (false, "omar", ""), 20)
        },
        Decision { trouble: Some(Trouble::Sentence("123".into())), ..decision(4, "arn:b", 3, (true, "dana", ""), 30) },
        decision(9, "arn:c", 3, (true, "dana", ""), 40),
    ];
    all.into_iter().map(|decision| Decision { attempts, ..decision }).collect()
}

/// [`NEWER_ROWS`] of the decisions, as they are read now.
fn newer_decisions() -> [Decision; 2] {
    let by = ClosedBy::ExecutionEnd { status: crate::connection::ExecutionStatus::TimedOut };
    let call = CallError { api: Api::SendTaskSuccess, subject: "arn:e".into(), fault: Fault::Unreachable };
    [
        Decision {
            delivery: DeliveryRecord::Late { by },
            answer: Some(r#"{"success":"1"}"#.into()),
            attempts: 1,
            ..decision(10, "arn:d", 3, (false, "dana", ""), 50)
        },
        Decision { trouble: Some(Trouble::Call(call)), ..decision(11, "arn:e", 3, (true, "dana", ""), 60) },
    ]
}

/// The newest version of the schema.
const NEWEST: i64 = 15;

fn here() -> ConnectionId {
    ConnectionId::default_one()
}

/// The store's decisions, oldest first.
async fn all_decisions(store: &Sqlite) -> Vec<Decision> {
    let mut all = store.latest(&here(), 99).await.unwrap();
    all.reverse();
    all
}

#[tokio::test]
async fn a_store_without_a_version_is_migrated_with_its_rows() {
    let folder = Folder::new("previous");
    let old = without_version(&folder.file()).await;
    let before = dump(&old).await;
    old.close().await;
    let expected: Vec<Decision> = decisions(0).into_iter().chain(newer_decisions()).collect();
    for _ in 0..2 {
        let store = Sqlite::open(&folder.file()).await.unwrap();
        assert_eq!(version(&store.writer).await, NEWEST);
        assert_eq!(all_decisions(&store).await, expected);
        let pending: Vec<i64> = store.pending(&here()).await.unwrap().iter().map(|decision| decision.id).collect();
        assert_eq!(pending, [4, 9, 11]);
        assert_eq!(store.next_id().await.unwrap(), 12);
        store.close().await;
    }
    let copy = place(&folder.file(), NEWEST);
    let copied = pool(&copy).await;
    assert_eq!(dump(&copied).await, before);
    copied.close().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn acts_and_decisions_of_before_are_one_list() {
    let folder = Folder::new("one-list");
    without_version(&folder.file()).await.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let mut entries = store.acts(&here(), &ActFilter::default(), None, 99).await.unwrap().entries;
    entries.reverse();
    assert!(entries.is_sorted_by_key(|entry| entry.id));
    let act = |deed, workflow: Option<&str>, arn: Option<&str>, detail: &str, (id, name): (&str, &str), at| {
        let (workflow, execution_arn) = (workflow.map(str::to_owned), arn.map(str::to_owned));
        let (person_id, person_name) = (id.to_owned(), name.to_owned());
        Recorded::Act(Act {
            deed,
            workflow,
            execution_arn,
            event: None,
            detail: detail.into(),
            person_id,
            person_name,
            at,
        })
    };
    let mut expected: Vec<Recorded> =
        decisions(0).into_iter().chain(newer_decisions()).map(|one| Recorded::Decision(Box::new(one))).collect();
    expected.insert(0, act(Deed::Started, Some("order"), Some("arn:a"), "one", ("dana", "Dana"), 5));
    // Of the same time as the decision before.
    expected.insert(3, act(Deed::ActedAs, None, None, "Omar", ("omar", "Omar"), 20));
    expected.push(act(Deed::Stopped, None, Some("arn:e"), "", ("omar", "Omar"), 70));
    assert_eq!(entries.into_iter().map(|entry| entry.what).collect::<Vec<_>>(), expected);
    let words = "SELECT group_concat(deed, ' ') FROM (SELECT deed FROM acts WHERE decision IS NOT NULL ORDER BY id)";
    let words: String = sqlx::query_scalar(words).fetch_one(&store.reader).await.unwrap();
    assert_eq!(words, "approved rejected approved approved rejected approved");
    store.close().await;
}

/// Version 4 gives decisions an outcome, and makes the table of acts anew.
#[tokio::test]
async fn decisions_of_version_2_keep_what_they_were() {
    let folder = Folder::new("version-2");
    let old = pool(&folder.file()).await;
    let second = Migrator::with_migrations(migrator().iter().take(2).cloned().collect());
    migrate(&old, &second, &folder.file()).await.unwrap();
    let rows = [
        "INSERT INTO decisions VALUES (1, 'default', 'arn:a', 3, 'order', 'Ask', 'Pay?', 1, 'dana', 'Dana', '', 10, NULL)",
        "INSERT INTO decisions VALUES (2, 'default', 'arn:a', 5, 'order', 'Ask', 'Pay?', 0, 'omar', 'Omar', 'no', 20, NULL)",
        "INSERT INTO deliveries VALUES (1, 'default', 'pending', 0, NULL, NULL, NULL), (2, 'default', 'pending', 0, NULL, NULL, NULL)",
        "INSERT INTO acts VALUES (1, 'default', 10, 'dana', 'Dana', 'approved', 'order', 'arn:a', 'Pay?', 1)",
        "INSERT INTO acts VALUES (4, 'default', 20, 'omar', 'Omar', 'rejected', 'order', 'arn:a', 'Pay?', 2)",
        "INSERT INTO acts VALUES (5, 'default', 30, 'omar', 'Omar', 'stopped', NULL, 'arn:a', '', NULL)",
    ];
    execute(&old, &rows).await;
    old.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let expected =
        [decision(1, "arn:a", 3, (true, "dana", ""), 10), decision(2, "arn:a", 5, (false, "omar", "no"), 20)];
    assert_eq!(all_decisions(&store).await, expected);
    let entries = store.acts(&here(), &ActFilter::default(), None, 99).await.unwrap().entries;
    assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [5, 4, 1]);
    for change in ["UPDATE acts SET at = 1", "DELETE FROM acts"] {
        let error = sqlx::query(change).execute(&store.writer).await.unwrap_err().to_string();
        assert!(error.contains("acts is append-only"), "{error}");
    }
    store.close().await;
}

/// Version 12 makes the tables of runs anew, for runs over requests.
#[tokio::test]
async fn runs_of_version_10_keep_what_they_were() {
    let folder = Folder::new("version-10");
    let old = pool(&folder.file()).await;
    let before = migrator().iter().filter(|one| one.version <= 10).cloned().collect();
    migrate(&old, &Migrator::with_migrations(before), &folder.file()).await.unwrap();
    let rows = [
        "INSERT INTO bulk_runs VALUES ('bulk-1', 'default', 'stop', 'why', 'hash', 9, 'dana', 'Dana', 1, 2, NULL)",
        "INSERT INTO bulk_items VALUES ('bulk-1', 0, 'arn:a', 'order', '\"Stopped\"'), ('bulk-1', 1, 'arn:b', 'order', NULL)",
    ];
    execute(&old, &rows).await;
    old.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let (run, items) = store.run(&here(), "bulk-1").await.unwrap().unwrap();
    assert_eq!((run.verb, run.reason.as_str(), run.hash.as_str(), run.fitted), (Verb::Stop, "why", "hash", 9));
    assert_eq!((run.made_at, run.begun_at, run.going_at, run.ended_at), (1, Some(2), Some(2), None));
    assert_eq!((run.choice, run.until), (None, None));
    let outcomes: Vec<_> = items.into_iter().map(|item| (item.execution_arn, item.outcome)).collect();
    assert_eq!(outcomes, [("arn:a".to_owned(), Some(BulkOutcome::Stopped)), ("arn:b".to_owned(), None)]);
    assert!(store.begin_run("bulk-1", 7).await.unwrap(), "it can be gone on with");
    sqlx::query("DELETE FROM bulk_runs").execute(&store.writer).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM bulk_items").fetch_one(&store.writer).await.unwrap();
    assert_eq!(left, 0, "the list goes with its run");
    store.close().await;
}

/// Version 14 makes the table of messages anew, for messages that are dropped.
#[tokio::test]
async fn messages_of_version_13_are_sent_all_the_same() {
    let folder = Folder::new("version-13");
    let old = pool(&folder.file()).await;
    let before = migrator().iter().filter(|one| one.version <= 13).cloned().collect();
    migrate(&old, &Migrator::with_migrations(before), &folder.file()).await.unwrap();
    let rows = [
        "INSERT INTO messages VALUES (3, 'default', 'mail', 'waiting:a', 'a@example.com', '{}', 10, 'pending', 2, 20, 'closed', NULL)",
        "INSERT INTO messages VALUES (4, 'default', 'mail', 'waiting:b', 'a@example.com', '{}', 10, 'sent', 1, 20, NULL, 15)",
        "INSERT INTO messages VALUES (5, 'default', 'mail', 'waiting:c', 'a@example.com', '{}', 10, 'failed', 1, 20, 'no', 15)",
    ];
    execute(&old, &rows).await;
    old.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    assert_eq!(store.stock("mail").await.unwrap(), Stock { pending: 1, sent: 1, failed: 1, dropped: 0 });
    let due = store.due_messages("mail", 20, 9).await.unwrap();
    let [left] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((left.id, left.event.as_str(), left.attempts), (3, "waiting:a", 2), "its number is a part of its key");
    store.message_dropped(left.id, "it has ended", 30).await.unwrap();
    assert_eq!(store.stock("mail").await.unwrap(), Stock { pending: 0, sent: 1, failed: 1, dropped: 1 });
    store.close().await;
}

/// Version 15 finds the votes of a person by indexes of their own.
#[tokio::test]
async fn votes_of_version_14_are_found_by_person() {
    let folder = Folder::new("version-14");
    let old = pool(&folder.file()).await;
    let before = migrator().iter().filter(|one| one.version <= 14).cloned().collect();
    migrate(&old, &Migrator::with_migrations(before), &folder.file()).await.unwrap();
    let rows = [
        "INSERT INTO acts (connection, at, person_id, person_name, deed, workflow, execution_arn, event, detail) VALUES
             ('default', 10, 'dana', 'Dana', 'voted', 'order', 'arn:a', 3, 'Approved: Pay?'),
             ('default', 11, 'dana', 'Dana', 'seen', 'order', 'arn:b', 3, 'Pay?'),
             ('default', 12, 'omar', 'Omar', 'voted', 'order', 'arn:b', 3, 'Approved: Pay?')",
    ];
    execute(&old, &rows).await;
    old.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    assert_eq!(store.chosen(&here(), "dana").await.unwrap(), [("arn:a".to_owned(), 3)]);
    store.close().await;
}

/// The first versions had no acts, and did not keep whether a decision had been tried.
#[tokio::test]
async fn a_store_of_the_first_versions_is_migrated_with_its_rows() {
    for (name, since) in [("first", 0), ("first-answer", 1), ("first-tried", 2), ("first-acts", 3)] {
        let folder = Folder::new(name);
        let old = pool(&folder.file()).await;
        execute(&old, FIRST).await;
        execute(&old, &[DECISIONS]).await;
        execute(&old, &ADDED_SINCE[..since]).await;
        old.close().await;
        let store = Sqlite::open(&folder.file()).await.unwrap();
        assert_eq!(all_decisions(&store).await, decisions(1), "{name}: an older program may have sent them");
        assert_eq!(store.acts(&here(), &ActFilter::default(), None, 99).await.unwrap().entries.len(), 4);
        store.close().await;
    }
}

#[tokio::test]
async fn an_empty_folder_gets_the_newest_version() {
    let folder = Folder::new("empty");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    assert_eq!(version(&store.writer).await, NEWEST);
    assert!(!place(&folder.file(), NEWEST).exists(), "there was nothing to copy");
    store.close().await;
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_as_it_is() {
    let folder = Folder::new("newer");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', TRUE, x'00', 0)";
    sqlx::query(later).execute(&store.writer).await.unwrap();
    store.close().await;
    let error = Sqlite::open(&folder.file()).await.unwrap_err();
    let StoreError::Newer { file, found, known } = &error else { panic!("{error}") };
    assert_eq!((file, *found, *known), (&folder.file(), 99, NEWEST));
    let left = pool(&folder.file()).await;
    assert_eq!(version(&left).await, 99);
    left.close().await;
    assert!(!place(&folder.file(), NEWEST).exists());
}

fn and_then(statements: &'static str) -> Migrator {
    let mut migrations: Vec<Migration> = migrator().iter().cloned().collect();
    let next = Migration::new(NEWEST + 1, "next".into(), MigrationType::Simple, statements.into_sql_str(), false);
    migrations.push(next);
    Migrator::with_migrations(migrations)
}

/// The last step fails half-way: neither it nor those before are felt, and the program of before still reads the store.
#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let folder = Folder::new("fails");
    let old = without_version(&folder.file()).await;
    let before = dump(&old).await;
    let broken = and_then("ALTER TABLE acts ADD COLUMN colour TEXT; INSERT INTO missing VALUES (1);");
    let error = migrate(&old, &broken, &folder.file()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Migrate { file, .. } if *file == folder.file()), "{error}");
    assert!(error.to_string().contains("no such table: missing"), "{error}");
    assert_eq!(dump(&old).await, before);
    old.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    assert_eq!(all_decisions(&store).await.len(), 6);
    store.close().await;
}

/// The process ends between the last statement and the commit.
#[tokio::test]
async fn a_migration_that_is_interrupted_leaves_the_database_as_it_was() {
    let folder = Folder::new("interrupted");
    let old = without_version(&folder.file()).await;
    let before = dump(&old).await;
    let mut transaction = old.begin_with("BEGIN IMMEDIATE").await.unwrap();
    migrator().run_direct(None, &mut *transaction, false).await.unwrap();
    // A copy of the files is what a process that ends here leaves behind.
    let left = Folder::new("left");
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), left.path().join(file.file_name())).unwrap();
    }
    let copy = pool(&left.file()).await;
    assert_eq!(dump(&copy).await, before);
    copy.close().await;
    let store = Sqlite::open(&left.file()).await.unwrap();
    assert_eq!((version(&store.writer).await, all_decisions(&store).await.len()), (NEWEST, 6));
    store.close().await;
    transaction.rollback().await.unwrap();
    old.close().await;
}

/// A copy of an earlier attempt is replaced: rows may have been added since.
#[tokio::test]
async fn the_copy_is_of_the_moment_before_the_migration() {
    let folder = Folder::new("copy");
    let old = without_version(&folder.file()).await;
    std::fs::write(place(&folder.file(), NEWEST), "of an earlier attempt").unwrap();
    execute(&old, &["INSERT INTO acts VALUES (4, 80, 'omar', 'Omar', 'stopped', NULL, 'arn:e', '')"]).await;
    let before = dump(&old).await;
    // Committed, and not yet in the file itself.
    Sqlite::open(&folder.file()).await.unwrap().close().await;
    old.close().await;
    let copied = pool(&place(&folder.file(), NEWEST)).await;
    assert_eq!(dump(&copied).await, before);
    copied.close().await;
}

#[tokio::test]
async fn without_room_for_the_copy_nothing_is_migrated() {
    let folder = Folder::new("no-copy");
    let old = without_version(&folder.file()).await;
    let before = dump(&old).await;
    // A folder in its place.
    std::fs::create_dir(place(&folder.file(), NEWEST)).unwrap();
    let error = Sqlite::open(&folder.file()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Copy { copy, .. } if *copy == place(&folder.file(), NEWEST)), "{error}");
    assert_eq!(dump(&old).await, before);
    old.close().await;
}

/// A store remembers the hash of each migration, and refuses to open with another one.
#[test]
fn a_released_migration_never_changes() {
    let hash = |migration: &Migration| migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hashes: Vec<_> =
        migrator().iter().map(|migration| (migration.version, hash(migration)[..16].to_owned())).collect();
    assert_eq!(
        hashes,
        [
            (1, "694e3a705eeedcce".to_owned()),
            (2, "10a13371357c3dff".to_owned()),
            (3, "61ae473ee8aae81f".to_owned()),
            (4, "4fae105cf0bf8eb4".to_owned()),
            (5, "fb138b3f6953d898".to_owned()),
            (6, "89363df084c14743".to_owned()),
            (7, "61902eaf276fa3bc".to_owned()),
            (8, "f6c40220fbda02fc".to_owned()),
            (9, "4c61040eb52601b7".to_owned()),
            (10, "0f39f3da529c50b0".to_owned()),
            (11, "74ae993936c1b310".to_owned()),
            (12, "7fcedf0ae76cfbb4".to_owned()),
            (13, "4f53d4a1873fba68".to_owned()),
            (14, "2522e3557e81c860".to_owned()),
            (15, "acbc3474a2481495".to_owned())
        ]
    );
}

#[test]
fn every_migration_is_named() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let named: BTreeSet<_> = MIGRATIONS.iter().map(|(version, what, _)| format!("{version:04}_{what}.sql")).collect();
    assert_eq!(files, named);
}

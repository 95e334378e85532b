//! What SQLite does for each statement of the index and of the store: none goes through a whole table that grows.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use sqlx::Row;
use sqlx::sqlite::SqlitePool;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use crate::index::SqliteIndex;
use crate::index::sqlite::tests as of_index;
use crate::store::Sqlite;
use crate::store::sqlite::tests as of_store;

/// The tables that have a row for each execution, request, act or message.
const GROWING: [&str; 12] = [
    "executions",
    "tasks",
    "numbers",
    "starts",
    "decisions",
    "deliveries",
    "acts",
    "votes",
    "chain",
    "milestones",
    "messages",
    "message_events",
];

/// What is about all of them: changed rules and the activities that people answer; what a start forgets; the stock of a
/// channel, which is forgotten in time; the proof of the whole record.
const MEANT: [&str; 10] = [
    "UPDATE tasks SET ruled = 0",
    "WITH chosen AS",
    "DELETE FROM messages WHERE state <> 'pending'",
    "DELETE FROM message_events",
    "SELECT COUNT(*) FILTER (WHERE state = 'pending')",
    "UPDATE messages SET state = 'failed', ended_at = ?2, trouble = ?3 WHERE state = 'pending'",
    "SELECT COUNT(*) FROM acts",
    "SELECT MIN(at), MAX(at) FROM acts",
    "SELECT id FROM acts ORDER BY id",
    "SELECT act, hash FROM chain ORDER BY act",
];

/// The statements that sqlx tells of, whichever thread makes them.
struct Statements;

static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A statement, or its beginning where that is all there is of it.
#[derive(Default)]
struct Told {
    summary: String,
    whole: String,
}

impl Visit for Told {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.whole),
            _ => {}
        }
    }
}

impl Subscriber for Statements {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        let mut told = Told::default();
        event.record(&mut told);
        let statement = if told.whole.is_empty() { told.summary } else { told.whole };
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        MADE.lock().unwrap_or_else(PoisonError::into_inner).insert(statement);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The steps of a statement; `None` if it is about what this database does not have.
async fn plan(database: &SqlitePool, statement: &str) -> Option<Vec<String>> {
    let explained = format!("EXPLAIN QUERY PLAN {statement}");
    match sqlx::query(sqlx::AssertSqlSafe(explained)).fetch_all(database).await {
        Ok(steps) => Some(steps.iter().map(|step| step.get("detail")).collect()),
        Err(error) if error.to_string().contains("no such") => None,
        Err(error) => panic!("{error}: {statement}"),
    }
}

#[tokio::test]
async fn no_statement_goes_through_a_table_that_grows() {
    tracing::subscriber::set_global_default(Statements).unwrap();
    of_index::all().await;
    of_store::all().await;
    let folder = of_store::Folder::new("plans");
    let (index, store) = (SqliteIndex::in_memory(), Sqlite::open(&folder.file()).await.unwrap());
    // Other tests made some of them, and migrations have tables that are gone since.
    let made = std::mem::take(&mut *MADE.lock().unwrap_or_else(PoisonError::into_inner));
    let is_planned = |statement: &&String| {
        let words = ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"];
        words.iter().any(|word| statement.starts_with(word)) && !MEANT.iter().any(|meant| statement.starts_with(meant))
    };
    let (mut planned, mut whole) = (0, Vec::new());
    for statement in made.iter().filter(is_planned) {
        let steps = match plan(&index.reader, statement).await {
            None => plan(&store.reader, statement).await,
            steps => steps,
        };
        let Some(steps) = steps else { continue };
        planned += 1;
        // A page ends at its limit, so it may follow an index from one end.
        let is_page = statement.contains("LIMIT");
        let is_whole = |step: &&String| {
            let table = step.split(' ').nth(1).unwrap_or_default();
            // What waits is counted; what was ever started is not.
            let of_one = table == "executions" && step.ends_with("(connection=?)") && !is_page;
            let of_all = step.starts_with("SCAN ") || of_one;
            // A plan also has the steps of references, whose rows go with their owner.
            of_all && GROWING.contains(&table) && statement.contains(table)
        };
        if let Some(step) = steps.iter().find(is_whole) {
            whole.push(format!("{step}: {statement}"));
        }
    }
    assert_eq!(whole, Vec::<String>::new());
    assert!(planned > 100, "only {planned} statements were seen");
}

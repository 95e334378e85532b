//! What SQLite does for each statement that the index makes: none goes through a whole table that grows.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use sqlx::Row;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::SqliteIndex;

/// The tables that have a row for each execution or request.
const GROWING: [&str; 4] = ["executions", "tasks", "numbers", "starts"];

/// What is about all of them: rules have changed, or the activities that people answer.
const MEANT: [&str; 2] = ["UPDATE tasks SET ruled = 0", "WITH chosen AS"];

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

/// The steps of a statement.
async fn plan(index: &SqliteIndex, statement: &str) -> Vec<String> {
    let explained = format!("EXPLAIN QUERY PLAN {statement}");
    let steps = sqlx::query(sqlx::AssertSqlSafe(explained)).fetch_all(&index.reader).await.unwrap();
    steps.iter().map(|step| step.get("detail")).collect()
}

/// `of_suite` makes the statements.
pub async fn none_goes_through_a_growing_table(of_suite: impl Future<Output = ()>) {
    tracing::subscriber::set_global_default(Statements).unwrap();
    of_suite.await;
    let index = SqliteIndex::in_memory();
    let made = std::mem::take(&mut *MADE.lock().unwrap_or_else(PoisonError::into_inner));
    let is_planned = |statement: &&String| {
        let words = ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"];
        words.iter().any(|word| statement.starts_with(word)) && !MEANT.iter().any(|meant| statement.starts_with(meant))
    };
    let mut planned = 0;
    for statement in made.iter().filter(is_planned) {
        let steps = plan(&index, statement).await;
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
        assert_eq!(steps.iter().find(is_whole), None, "{statement}\n{steps:#?}");
    }
    assert!(planned > 100, "only {planned} statements were seen");
}

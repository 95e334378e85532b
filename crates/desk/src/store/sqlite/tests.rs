#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use std::path::PathBuf;

use futures::FutureExt as _;
use futures::future::join_all;
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};

use super::*;
use crate::connection::ConnectionId;
use crate::store::suite::{self, act, decision, here};
use crate::store::{
    ActFilter, Acts as _, Bound, Cast, Decisions as _, Deed, Deliveries as _, NewDecision, NewVote, Votes as _,
};

/// A folder of this test, which is removed with this.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-store-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("countersign.db")
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

macro_rules! suite {
    ($($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            let folder = Folder::new(stringify!($test));
            let store = Sqlite::open(&folder.file()).await.unwrap();
            suite::$test(&store).await;
            store.close().await;
        })+

        /// Everything that a store does.
        pub async fn all() {
            $({
                let folder = Folder::new(concat!("all-", stringify!($test)));
                let store = Sqlite::open(&folder.file()).await.unwrap();
                suite::$test(&store).await;
                store.close().await;
            })+
        }
    };
}

suite! {
    a_task_takes_one_decision,
    an_event_that_no_row_can_hold_is_refused,
    a_decision_keeps_its_answer_under_its_number,
    a_delivery_goes_on_until_it_has_ended,
    messages_wait_in_their_channel_until_they_have_ended,
    what_was_seen_is_on_record_once,
    acts_and_decisions_are_one_list_in_their_order,
    the_record_is_read_page_by_page,
    connections_are_apart,
    a_choice_is_held_until_it_is_let_go,
    a_request_is_in_the_hands_that_took_it_last,
    a_run_over_requests_can_be_taken_back_until_it_begins,
    a_decision_keeps_what_it_binds,
    a_key_has_one_request_and_one_answer,
    a_proposal_keeps_its_votes_and_ends_once,
}

#[tokio::test]
async fn what_is_on_record_outlives_the_process() {
    let folder = Folder::new("outlives");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let first = store.record(&here(), &decision(3), None).await.unwrap().unwrap();
    store.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    assert_eq!(store.pending(&here()).await.unwrap(), [first]);
    store.close().await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["countersign.db"], "a store of this version is not copied");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = Folder::new("no-file");
    let error = Sqlite::open(folder.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Open { file, .. } if file == folder.path()), "{error}");
}

#[tokio::test]
async fn the_record_refuses_to_be_changed() {
    let folder = Folder::new("append-only");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    store.record(&here(), &decision(3), None).await.unwrap().unwrap();
    store.act(&here(), &act(Deed::Started, 9)).await.unwrap();
    let before =
        (store.latest(&here(), 9).await.unwrap(), store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap());
    for statement in [
        "UPDATE decisions SET approved = 0",
        "UPDATE decisions SET comment = comment",
        "DELETE FROM decisions",
        "REPLACE INTO decisions SELECT id, connection, execution_arn, event, workflow, state, title, 0, person_id, person_name, comment, decided_at, answer, outcome, label, done, tone, form, shown, rule, seen_at, stands_for, stands_for_name, broke_glass FROM decisions",
        "REPLACE INTO decisions SELECT 9, connection, execution_arn, event, workflow, state, title, 0, person_id, person_name, comment, decided_at, answer, outcome, label, done, tone, form, shown, rule, seen_at, stands_for, stands_for_name, broke_glass FROM decisions",
        "UPDATE acts SET person_id = 'omar'",
        "DELETE FROM acts WHERE decision IS NULL",
        "REPLACE INTO acts SELECT id, connection, at, 'omar', person_name, deed, workflow, execution_arn, detail, decision, event FROM acts",
        "REPLACE INTO acts SELECT 9, connection, at, 'omar', person_name, deed, workflow, execution_arn, detail, decision, event FROM acts WHERE decision IS NOT NULL",
    ] {
        let error = sqlx::query(statement).execute(&store.writer).await.unwrap_err().to_string();
        assert!(error.contains("is append-only: no row is"), "{statement}: {error}");
    }
    assert_eq!(
        (store.latest(&here(), 9).await.unwrap(), store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap()),
        before
    );
    store.close().await;
}

/// Nothing stands in the place of what cannot be read.
#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_names_the_row() {
    let folder = Folder::new("unreadable");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let id = store.record(&here(), &decision(3), None).await.unwrap().unwrap().id;
    for (damage, expect) in [
        ("UPDATE deliveries SET trouble = 'No answer.'", "trouble of row 1 in deliveries cannot be read"),
        (
            "UPDATE deliveries SET trouble = NULL, attempts = 5000000000",
            "attempts of row 1 in deliveries cannot be read",
        ),
        (
            "UPDATE deliveries SET attempts = 1, state = 'late', late = '{\"by\":\"a spell\"}'",
            "late of row 1 in deliveries cannot be read",
        ),
    ] {
        sqlx::query(damage).execute(&store.writer).await.unwrap();
        for error in [
            store.of_task(&here(), "arn:x", 3).await.unwrap_err().to_string(),
            store.acts(&here(), &ActFilter::default(), None, 9).await.unwrap_err().to_string(),
        ] {
            assert!(error.starts_with(expect), "{damage}: {error}");
        }
    }
    assert_eq!(id, 1);
    for add in [
        "INSERT INTO acts (id, connection, at, person_id, person_name, deed, detail) VALUES (7, 'other', 1, '', '', 'sang', '')",
        "INSERT INTO decisions SELECT 8, 'other', execution_arn, -3, workflow, state, title, approved, person_id, person_name, comment, decided_at, answer, outcome, label, done, tone, form, shown, rule, seen_at, stands_for, stands_for_name, broke_glass FROM decisions",
        "INSERT INTO deliveries (decision, connection, state, attempts) VALUES (8, 'other', 'pending', 0)",
    ] {
        sqlx::query(add).execute(&store.writer).await.unwrap();
    }
    let other = crate::connection::ConnectionId::parse("other").unwrap();
    let error = store.acts(&other, &ActFilter::default(), None, 9).await.unwrap_err().to_string();
    assert!(error.starts_with("deed of row 7 in acts cannot be read: \"sang\" is no deed"), "{error}");
    let error = store.pending(&other).await.unwrap_err().to_string();
    assert!(error.starts_with("event of row 8 in decisions cannot be read"), "{error}");
    store.close().await;
}

/// A decision that fails between its rows leaves none of them.
#[tokio::test]
async fn a_decision_and_its_act_are_one_step() {
    let folder = Folder::new("one-step");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let fails = "CREATE TRIGGER acts_fail BEFORE INSERT ON acts BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    sqlx::query(fails).execute(&store.writer).await.unwrap();
    let error = store.record(&here(), &decision(3), None).await.unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "{error}");
    assert!(store.latest(&here(), 9).await.unwrap().is_empty());
    let rows = "SELECT (SELECT COUNT(*) FROM decisions) + (SELECT COUNT(*) FROM deliveries)";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(&store.reader).await.unwrap(), 0);
    store.close().await;
}

#[tokio::test]
async fn what_somebody_chose_is_named_until_it_is_decided() {
    let folder = Folder::new("chosen");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let vote = |event, person: &str, stands_for: Option<&str>| {
        let stands_for = stands_for.map(|id| (id.to_owned(), id.to_uppercase()));
        let bound = Bound { stands_for, ..Bound::default() };
        NewVote { choice: NewDecision { person_id: person.into(), bound, ..decision(event) }, groups: Vec::new() }
    };
    for new in [vote(3, "dana", None), vote(4, "dana", None), vote(5, "omar", None), vote(6, "omar", Some("dana"))] {
        assert_eq!(store.cast(&here(), &new, 0, None).await.unwrap(), Cast::Counted);
    }
    let chosen = async |person: &str| {
        let all = store.chosen(&here(), person).await.unwrap();
        all.into_iter().map(|(_, event)| event).collect::<Vec<_>>()
    };
    assert_eq!((chosen("dana").await, chosen("omar").await), (vec![3, 4, 6], vec![5, 6]), "in a place, both");
    store.record(&here(), &decision(4), None).await.unwrap().unwrap();
    assert_eq!((chosen("dana").await, chosen("kenji").await), (vec![3, 6], vec![]));
    let elsewhere = ConnectionId::parse("elsewhere").unwrap();
    assert!(store.chosen(&elsewhere, "dana").await.unwrap().is_empty());
    store.close().await;
}

/// A connection beside the store's own, as another program has it.
async fn another(file: &Path) -> sqlx::sqlite::SqliteConnection {
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

#[tokio::test]
async fn two_stores_of_one_file_decide_each_task_once() {
    let folder = Folder::new("two-stores");
    let file = folder.file();
    // They make the tables side by side, too.
    let (one, two) = tokio::join!(Sqlite::open(&file), Sqlite::open(&file));
    let stores = [one.unwrap(), two.unwrap()];
    let decisions: Vec<_> = (0..20).flat_map(|event| [(0, event), (1, event)]).collect();
    let made = join_all(decisions.iter().map(async |(store, event)| {
        let new = decision(*event);
        stores[*store].record(&here(), &new, None).await.unwrap().is_some()
    }));
    let made = made.await;
    for (event, pair) in made.chunks(2).enumerate() {
        assert_eq!(pair.iter().filter(|made| **made).count(), 1, "event {event}");
    }
    for store in &stores {
        assert_eq!(store.acts(&here(), &ActFilter::default(), None, 99).await.unwrap().entries.len(), 20);
        store.close().await;
    }
}

#[tokio::test]
async fn a_write_waits_for_another_program_and_reading_does_not() {
    let folder = Folder::new("waits");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let mut other = another(&folder.file()).await;
    let transaction = other.begin_with("BEGIN IMMEDIATE".into_sql_str()).await.unwrap();
    let new = decision(3);
    let place = here();
    let mut write = store.record(&place, &new, None);
    assert!((&mut write).now_or_never().is_none(), "it is another program's turn");
    assert!(store.latest(&here(), 9).await.unwrap().is_empty());
    transaction.commit().await.unwrap();
    assert!(write.await.unwrap().is_some());
    other.close().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_file_that_another_program_keeps_locked_is_named() {
    let folder = Folder::new("locked");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let mut other = another(&folder.file()).await;
    let transaction = other.begin_with("BEGIN IMMEDIATE".into_sql_str()).await.unwrap();
    let error = Sqlite::open_within(&folder.file(), Duration::ZERO).await.unwrap_err();
    assert!(matches!(&error, StoreError::Locked { file } if *file == folder.file()), "{error}");
    transaction.rollback().await.unwrap();
    other.close().await.unwrap();
    store.close().await;
}

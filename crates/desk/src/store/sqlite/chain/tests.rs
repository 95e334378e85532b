#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::*;
use crate::approvals::outcomes::Chosen;
use crate::store::sqlite::tests::Folder;
use crate::store::suite::{act, decision, here};
use crate::store::{
    Acts as _, Cast, Completion, Decisions as _, Deed, Deliveries as _, NewDecision, NewVote, Store as _, Votes as _,
};

/// The file as somebody sees it who owns it, without the triggers that keep the record.
async fn owner(folder: &Folder) -> SqlitePool {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(folder.file()).foreign_keys(false))
        .await
        .unwrap();
    for table in ["acts", "decisions", "votes", "chain"] {
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?")
                .bind(table)
                .fetch_all(&pool)
                .await
                .unwrap();
        for trigger in triggers {
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&pool).await.unwrap();
        }
    }
    pool
}

fn vote(person: &str, event: u64) -> NewVote {
    let choice = NewDecision { person_id: person.into(), person_name: person.into(), ..decision(event) };
    NewVote { choice, groups: vec!["finance".into()] }
}

/// Six acts: two decisions, one of them of two people, a delivery, and others.
async fn filled(folder: &Folder) -> Sqlite {
    let store = Sqlite::open(&folder.file()).await.unwrap();
    store.act(&here(), &act(Deed::Started, 1)).await.unwrap();
    let first = store.record(&here(), &decision(2), None).await.unwrap().unwrap();
    store.delivered(first.id, 3).await.unwrap();
    assert_eq!(store.cast(&here(), &vote("dana", 4), 0, None).await.unwrap(), Cast::Counted);
    let last = store.cast(&here(), &vote("omar", 4), 1, Some(Completion { worded: None })).await.unwrap();
    assert!(matches!(last, Cast::Decided(_)));
    store.act(&here(), &act(Deed::Stopped, 5)).await.unwrap();
    store
}

#[tokio::test]
async fn the_chain_of_a_store_is_whole() {
    let folder = Folder::new("chain-whole");
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let empty = store.verify().await.unwrap();
    assert_eq!((empty.entries, empty.span, empty.head, empty.broken), (0, None, None, None));
    store.close().await;
    let store = filled(&folder).await;
    let chain = store.verify().await.unwrap();
    assert_eq!((chain.entries, chain.before, chain.broken), (6, 0, None));
    assert_eq!(chain.head, store.head().await.unwrap());
    assert_eq!(store.link(chain.head.unwrap().entry).await.unwrap(), chain.head);
    assert_eq!(chain.store, store.name().await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn whatever_is_changed_breaks_the_chain_where_it_was_changed() {
    let changes = [
        ("UPDATE acts SET person_name = 'Somebody else' WHERE id = 1", Break::Changed { entry: 1 }),
        ("UPDATE decisions SET comment = 'not fine' WHERE id = 1", Break::Changed { entry: 2 }),
        ("UPDATE decisions SET outcome = 'reject', approved = 0 WHERE id = 1", Break::Changed { entry: 2 }),
        ("UPDATE acts SET at = at + 1 WHERE id = 3", Break::Changed { entry: 3 }),
        ("UPDATE votes SET comment = 'another' WHERE person_id = 'dana'", Break::Changed { entry: 4 }),
        ("UPDATE votes SET person_groups = '[]' WHERE person_id = 'omar'", Break::Changed { entry: 5 }),
        ("DELETE FROM votes WHERE person_id = 'omar'", Break::Changed { entry: 5 }),
        ("DELETE FROM acts WHERE id = 3", Break::Gone { entry: 3 }),
        ("DELETE FROM chain WHERE act = 3", Break::Changed { entry: 4 }),
        ("UPDATE chain SET hash = zeroblob(32) WHERE act = 6", Break::Changed { entry: 6 }),
        (
            "INSERT INTO acts (connection, at, person_id, person_name, deed, detail) VALUES ('default', 9, 'x', 'X', 'deployed', '')",
            Break::Unsealed { entry: 7 },
        ),
        ("UPDATE chain_start SET store = 'another'", Break::Changed { entry: 1 }),
    ];
    for (number, (change, expected)) in changes.into_iter().enumerate() {
        let folder = Folder::new(&format!("chain-change-{number}"));
        filled(&folder).await.close().await;
        let owner = owner(&folder).await;
        sqlx::query(change).execute(&owner).await.unwrap();
        owner.close().await;
        let store = Sqlite::open(&folder.file()).await.unwrap();
        let chain = store.verify().await.unwrap();
        assert_eq!(chain.broken, Some(expected), "{change}");
        store.close().await;
    }
}

#[tokio::test]
async fn what_was_on_record_before_is_sealed_once() {
    let folder = Folder::new("chain-before");
    filled(&folder).await.close().await;
    let owner = owner(&folder).await;
    for statement in [
        "DROP TABLE claims",
        "DROP TABLE reassignments",
        "DROP TABLE held",
        "DROP TABLE absences",
        "DROP INDEX acts_of_voters",
        "DROP INDEX votes_in_a_place",
        "ALTER TABLE decisions DROP COLUMN shown",
        "ALTER TABLE decisions DROP COLUMN rule",
        "ALTER TABLE decisions DROP COLUMN seen_at",
        "ALTER TABLE decisions DROP COLUMN stands_for",
        "ALTER TABLE decisions DROP COLUMN stands_for_name",
        "ALTER TABLE decisions DROP COLUMN broke_glass",
        "ALTER TABLE votes DROP COLUMN shown",
        "ALTER TABLE votes DROP COLUMN rule",
        "ALTER TABLE votes DROP COLUMN seen_at",
        "ALTER TABLE votes DROP COLUMN stands_for",
        "ALTER TABLE votes DROP COLUMN stands_for_name",
        "ALTER TABLE votes DROP COLUMN broke_glass",
        "DROP INDEX acts_by_request",
        "DROP TABLE chain",
        "DROP TABLE chain_start",
        // What later migrations made.
        "DROP TABLE proposal_votes",
        "DROP TABLE proposals",
        "DROP TABLE identities",
        "DROP TABLE repeats",
        "DROP TABLE message_channels",
        "DROP TABLE message_events",
        "DROP TABLE messages",
        "ALTER TABLE acts DROP COLUMN event",
        "DELETE FROM _sqlx_migrations WHERE version >= 7",
    ] {
        sqlx::query(statement).execute(&owner).await.unwrap();
    }
    owner.close().await;
    let store = Sqlite::open(&folder.file()).await.unwrap();
    let chain = store.verify().await.unwrap();
    assert_eq!((chain.entries, chain.before, chain.broken), (6, 6, None));
    let other = NewDecision { outcome: Chosen::reject(), ..decision(9) };
    store.record(&here(), &other, None).await.unwrap().unwrap();
    let chain = store.verify().await.unwrap();
    assert_eq!((chain.entries, chain.before, chain.head.unwrap().entry, chain.broken), (7, 6, 7, None));
    store.close().await;
}

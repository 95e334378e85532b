#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use super::*;
use crate::actor::{Actor, Person};

fn decision(event: u64) -> NewDecision {
    NewDecision {
        execution_arn: "arn:x".into(),
        event,
        workflow: "approval".into(),
        state: "WaitForApproval".into(),
        title: "Refund".into(),
        approved: true,
        person_id: "dana".into(),
        person_name: "Dana Whitfield".into(),
        comment: "fine; DROP TABLE decisions".into(),
        decided_at: 1_000,
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("countersign-store-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn a_task_takes_one_decision_and_it_outlives_the_process() {
    let folder = folder("one");
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let first = store.record(&decision(3)).await.unwrap().unwrap();
    assert!(store.record(&NewDecision { approved: false, ..decision(3) }).await.unwrap().is_none());
    let second = store.record(&decision(4)).await.unwrap().unwrap();
    store.trouble(first.id, &Trouble::Sentence("no answer".into())).await.unwrap();
    store.late(second.id, &ClosedBy::Timeout).await.unwrap();
    store.close().await;

    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let pending = store.pending().await.unwrap();
    assert_eq!(pending, [Decision { trouble: Some(Trouble::Sentence("no answer".into())), ..first.clone() }]);
    store.delivered(first.id, 2_000).await.unwrap();
    assert!(store.pending().await.unwrap().is_empty());
    assert_eq!(store.of_task("arn:x", 3).await.unwrap().unwrap().delivery, DeliveryRecord::Delivered { at: 2_000 });
    assert_eq!(store.latest(1).await.unwrap()[0].delivery, DeliveryRecord::Late { by: ClosedBy::Timeout });
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = folder("file");
    let error = Store::open(&folder).await.unwrap_err().to_string();
    assert!(error.contains("countersign-store-file"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn sentences_of_an_earlier_version_are_kept() {
    let folder = folder("sentences");
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let first = store.record(&decision(3)).await.unwrap().unwrap();
    let update = "UPDATE decisions SET late = 'It timed out.', trouble = 'No answer.' WHERE id = ?";
    sqlx::query(update).bind(first.id).execute(&store.pool).await.unwrap();
    let kept = store.of_task("arn:x", 3).await.unwrap().unwrap();
    assert_eq!(kept.delivery, DeliveryRecord::Late { by: ClosedBy::Sentence { text: "It timed out.".into() } });
    assert_eq!(kept.trouble, Some(Trouble::Sentence("No answer.".into())));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_older_store_is_taken_over() {
    let folder = folder("older");
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let old = store.record(&decision(3)).await.unwrap().unwrap();
    for column in ["answer", "tried"] {
        let drop = format!("ALTER TABLE decisions DROP COLUMN {column}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&store.pool).await.unwrap();
    }
    sqlx::query("DROP TABLE acts").execute(&store.pool).await.unwrap();
    store.close().await;
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    assert_eq!(store.pending().await.unwrap(), [Decision { tried: true, ..old }], "an older program may have sent it");
    assert!(store.acts(9).await.unwrap().is_empty());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_decision_keeps_its_answer_under_its_number() {
    let folder = folder("answer");
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let id = store.next_id().await.unwrap();
    let first = store.record_as(id, &decision(3), Some("{}")).await.unwrap().unwrap();
    assert_eq!((first.id, first.answer.as_deref(), first.tried), (id, Some("{}"), false));
    assert!(store.record_as(id, &decision(4), None).await.unwrap().is_none(), "the number is taken");
    assert!(store.record_as(id + 1, &decision(3), None).await.unwrap().is_none(), "the task is decided");
    store.trying(id).await.unwrap();
    assert!(store.pending().await.unwrap()[0].tried);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn acts_are_kept_in_their_order() {
    let folder = folder("acts");
    let store = Store::open(&folder.join("countersign.db")).await.unwrap();
    let person = Actor::Person(Person { id: "dana".into(), name: "Dana".into(), role: String::new() });
    let act = |deed, at| Act {
        deed,
        workflow: Some("order".into()),
        execution_arn: None,
        detail: "x".into(),
        person_name: "Dana".into(),
        at,
    };
    let all = [act(Deed::Started, 1), act(Deed::Stopped, 2), act(Deed::Deployed, 3), act(Deed::ActedAs, 4)];
    for act in &all {
        store.act(&person, act).await.unwrap();
    }
    let mut kept = store.acts(9).await.unwrap();
    kept.reverse();
    assert_eq!(kept, all);
    std::fs::remove_dir_all(folder).unwrap();
}

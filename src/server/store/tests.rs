#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use super::*;

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
    std::env::temp_dir().join(format!("countersign-store-{name}-{}", std::process::id()))
}

#[tokio::test]
async fn a_task_takes_one_decision_and_it_outlives_the_process() {
    let folder = folder("one");
    let store = Store::open(&folder).await.unwrap();
    let first = store.record(&decision(3)).await.unwrap().unwrap();
    assert!(store.record(&NewDecision { approved: false, ..decision(3) }).await.unwrap().is_none());
    let second = store.record(&decision(4)).await.unwrap().unwrap();
    store.trouble(first.id, "no answer").await.unwrap();
    store.late(second.id, "timed out").await.unwrap();
    store.close().await;

    let store = Store::open(&folder).await.unwrap();
    let pending = store.pending().await.unwrap();
    assert_eq!(pending, [Decision { trouble: Some("no answer".into()), ..first.clone() }]);
    store.delivered(first.id, 2_000).await.unwrap();
    assert!(store.pending().await.unwrap().is_empty());
    assert_eq!(store.of_task("arn:x", 3).await.unwrap().unwrap().delivery, DeliveryRecord::Delivered { at: 2_000 });
    assert_eq!(store.latest(1).await.unwrap()[0].delivery, DeliveryRecord::Late { how: "timed out".into() });
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_with_the_remedy() {
    let file = folder("file");
    std::fs::write(&file, "not a folder").unwrap();
    let error = Store::open(&file.join("data")).await.unwrap_err().to_string();
    assert!(error.contains("countersign-store-file") && error.contains("--data DIR"), "{error}");
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn an_older_store_is_taken_over() {
    let folder = folder("older");
    let store = Store::open(&folder).await.unwrap();
    let old = store.record(&decision(3)).await.unwrap().unwrap();
    for column in ["answer", "tried"] {
        let drop = format!("ALTER TABLE decisions DROP COLUMN {column}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&store.pool).await.unwrap();
    }
    sqlx::query("DROP TABLE acts").execute(&store.pool).await.unwrap();
    store.close().await;
    let store = Store::open(&folder).await.unwrap();
    assert_eq!(store.pending().await.unwrap(), [Decision { tried: true, ..old }], "an older program may have sent it");
    assert!(store.acts(9).await.unwrap().is_empty());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_decision_keeps_its_answer_under_its_number() {
    let folder = folder("answer");
    let store = Store::open(&folder).await.unwrap();
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
    let store = Store::open(&folder).await.unwrap();
    let person = crate::dto::Person { id: "dana".into(), name: "Dana".into(), role: String::new() };
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

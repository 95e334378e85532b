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

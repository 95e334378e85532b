#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
use countersign_engine::{Input, StartParams};
use countersign_trace::{Details, EventKind, HistoryEvent};

use super::*;

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("countersign-engine-{name}-{}", std::process::id()))
}

fn row() -> ExecutionRow {
    ExecutionRow {
        params: StartParams { execution_arn: "arn:e".into(), ..StartParams::default() },
        definition: "d".into(),
        revision_id: None,
        trace_header: None,
        status: RunStatus::Running,
        stopped_at: None,
        output: None,
        error: None,
        cause: None,
        events: 1,
        redrives: 0,
        redriven_at: None,
        redrive_tokens: Vec::new(),
        map_runs: Vec::new(),
        mock: None,
    }
}

#[tokio::test]
async fn a_step_is_kept_whole_and_outlives_the_process() {
    let folder = folder("step");
    let store = Store::open(&folder).await.unwrap();
    let event = HistoryEvent {
        id: 1,
        previous_event_id: 0,
        timestamp: 5,
        kind: EventKind::ExecutionStarted,
        details: Details::default(),
    };
    let entry = JournalEntry { at: 5, input: Input::Start, stopped: vec![0, 2] };
    store.keep_step(&row(), 0, &entry, std::slice::from_ref(&event)).await.unwrap();
    assert!(store.keep_step(&row(), 0, &entry, &[]).await.is_err(), "a sequence number is used once");
    store.keep(ResourceKind::Topic, "arn:t", &"body").await.unwrap();
    store.close().await;
    drop(store);

    let store = Store::open(&folder).await.unwrap();
    assert_eq!(store.journal("arn:e").await.unwrap(), [entry]);
    assert_eq!(store.history("arn:e").await.unwrap(), [event]);
    assert_eq!(store.executions().await.unwrap(), [row()]);
    assert_eq!(store.resources::<String>(ResourceKind::Topic).await.unwrap(), ["body"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_folder_belongs_to_one_process_and_an_unusable_one_is_named() {
    let folder = folder("lock");
    let first = Store::open(&folder).await.unwrap();
    let error = Store::open(&folder).await.unwrap_err().to_string();
    assert!(error.starts_with("Another countersign uses the data folder") && error.contains("--data DIR"), "{error}");
    drop(first);
    let file = folder.join("engine.lock");
    let error = Store::open(&file.join("x")).await.unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Thousands of tasks may end in one moment, and each commit waits for the disk: a step waits for its turn however long that is.
#[tokio::test]
async fn no_step_gives_up_waiting_for_its_turn() {
    let folder = folder("turn");
    let store = Store::open(&folder).await.unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert!([&store.writer, &store.reader].iter().all(|pool| pool.options().get_acquire_timeout() >= day));
    let other = store.writer.begin().await.unwrap();
    let (kept, released) = tokio::join!(store.keep(ResourceKind::Topic, "arn:t", &"body"), other.rollback());
    released.unwrap();
    kept.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

//! What lists tell: of machines, of the children of Map Runs, and how far they are read.

use super::*;
use crate::connection::MachineKind;
use crate::index::Filter;

#[tokio::test]
async fn a_machine_that_is_made_again_under_another_name_takes_its_executions_along() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    watched.start_asking("old");
    watched.round().await;
    let machine = watched.fake.change(|world, now| {
        world.machines.remove(&watched.machine);
        world.machine("ask-again", &asking(), now)
    });
    let (new, _) = watched.fake.change(|world, now| world.start_asking(&machine, &json!("new"), now));
    watched.round().await;
    let snapshot = watched.watch.snapshot();
    assert_eq!(snapshot.machines.values().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["ask-again"]);
    assert_eq!(watched.waiting().await, [new], "requests of a machine that is gone are not shown under another's name");
}

#[tokio::test]
async fn the_children_of_a_map_run_reach_the_inbox_under_their_parent() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let run = "arn:aws:states:us-east-1:123456789012:mapRun:ask/Each:1".to_owned();
    let (parent, child) = watched.fake.change(|world, now| {
        let parent = world.start(&watched.machine, &json!({}), now);
        let entered = Details { name: Some("Each".into()), ..Details::default() };
        world.event(&parent, EventKind::MapStateEntered, entered, now);
        let started = Details { map_run_arn: Some(run.clone()), ..Details::default() };
        world.event(&parent, EventKind::MapRunStarted, started, now);
        let child = world.start_child(&watched.machine, &run, &json!({ "request": "item" }), now);
        world.ask(&child, now);
        (parent, child)
    });
    // The parent is read in the first round, its children are listed in the second.
    watched.round().await;
    watched.round().await;
    let requests = watched.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].execution_arn, child);
    assert_eq!(requests[0].parent_arn.as_deref(), Some(parent.as_str()));
    assert!(watched.watch.knows(&child).await, "its page can be watched");
    watched.fake.change(|world, now| {
        world.event(&parent, EventKind::MapRunSucceeded, Details::default(), now);
        world.time_out(&child, now);
    });
    watched.round().await;
    watched.round().await;
    assert!(watched.waiting().await.is_empty());
    assert!(!lock(&watched.watch.following).lists.contains_key(&run), "a Map Run that has ended is listed no more");
}

#[tokio::test]
async fn children_that_nobody_followed_are_listed_once_somebody_asks_for_them() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let run = "arn:aws:states:us-east-1:123456789012:mapRun:ask/Each:1".to_owned();
    let parent = watched.fake.change(|world, now| {
        let parent = world.start(&watched.machine, &json!({}), now);
        let started = Details { map_run_arn: Some(run.clone()), ..Details::default() };
        world.event(&parent, EventKind::MapRunStarted, started, now);
        for item in 0..3 {
            let child = world.start_child(&watched.machine, &run, &json!(item), now);
            world.end(&child, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, None, None, now);
        }
        world.event(&parent, EventKind::MapRunSucceeded, Details::default(), now);
        world.end(&parent, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, None, None, now);
        parent
    });
    let children = async |watched: &Watched| {
        let filter = Filter { parent_arn: Some(parent.clone()), ..Filter::default() };
        watched.watch.index().executions(&watched.watch.connection.id, &filter, None, 10).await.unwrap().rows.len()
    };
    watched.round().await;
    for (asked, is_map_run) in [(&parent, false), (&run, true)] {
        let watched = watched.anew();
        watched.round().await;
        assert_eq!(children(&watched).await, 0, "it ended before anybody followed it");
        assert!(!watched.watch.has_all_under(asked, is_map_run).await.unwrap(), "and that is said");
        watched.round().await;
        assert_eq!(children(&watched).await, 3);
        assert!(watched.watch.has_all_under(asked, is_map_run).await.unwrap());
    }
    assert!(
        watched.watch.has_all_under("arn:aws:states:us-east-1:123456789012:mapRun:ask/Each:2", true).await.is_err()
    );
}

#[tokio::test]
async fn what_was_opened_before_it_was_on_a_list_has_its_children_and_what_it_started() {
    let watched = Watched::of(ConnectionKind::Embedded);
    watched.round().await;
    let run = "arn:aws:states:us-east-1:123456789012:mapRun:ask/Each:1".to_owned();
    let other = "arn:aws:states:us-east-1:123456789012:execution:other:1";
    let parent = watched.fake.change(|world, now| {
        let parent = world.start(&watched.machine, &json!({}), now);
        let about = || Details {
            resource_type: Some("states".into()),
            resource: Some("startExecution".into()),
            ..Details::default()
        };
        world.event(
            &parent,
            EventKind::TaskStateEntered,
            Details { name: Some("Ask".into()), ..Details::default() },
            now,
        );
        world.event(&parent, EventKind::TaskScheduled, about(), now);
        let output = Some(json!({ "ExecutionArn": other }).to_string());
        world.event(&parent, EventKind::TaskSucceeded, Details { output, ..about() }, now);
        let begun = Details { map_run_arn: Some(run.clone()), ..Details::default() };
        world.event(&parent, EventKind::MapRunStarted, begun, now);
        for item in 0..3 {
            let child = world.start_child(&watched.machine, &run, &json!(item), now);
            world.end(&child, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, None, None, now);
        }
        world.event(&parent, EventKind::MapRunSucceeded, Details::default(), now);
        world.end(&parent, EventKind::ExecutionSucceeded, ExecutionStatus::Succeeded, None, None, now);
        parent
    });
    // As the page of an execution does that was started a moment ago.
    let record = watched.watch.record_now(&parent).await.unwrap();
    assert!(record.is_settled() && watched.watch.summary(&parent).await.is_none(), "it is read, and on no list");
    for _ in 0..3 {
        watched.round().await;
    }
    let (index, connection) = (watched.watch.index(), &watched.watch.connection.id);
    let filter = Filter { parent_arn: Some(parent.clone()), ..Filter::default() };
    assert_eq!(index.executions(connection, &filter, None, 10).await.unwrap().rows.len(), 3);
    assert!(watched.watch.has_all_under(&parent, false).await.unwrap());
    assert!(!lock(&watched.watch.following).lists.contains_key(&run), "its children are read once");
    let starter = index.starter(connection, other).await.unwrap();
    assert_eq!(starter.map(|starter| starter.parent_arn), Some(parent));
}

#[tokio::test]
async fn executions_of_an_express_machine_are_listed_neither_before_nor_after_a_restart() {
    let watched = Watched::of(ConnectionKind::Embedded);
    let quick = watched.fake.change(|world, now| {
        let arn = world.machine("quick", &asking(), now);
        world.machines.get_mut(&arn).unwrap().kind = MachineKind::Express;
        arn
    });
    let is_followed = |watched: &Watched, arn: &String| lock(&watched.watch.following).lists.contains_key(arn);
    watched.round().await;
    assert_eq!((is_followed(&watched, &watched.machine), is_followed(&watched, &quick)), (true, false));
    let after = watched.after_restart();
    after.watch.open().await.unwrap();
    after.round().await;
    assert_eq!((is_followed(&after, &after.machine), is_followed(&after, &quick)), (true, false));
}

#[tokio::test]
async fn a_long_list_is_read_to_its_end_and_then_only_forward() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    for _ in 0..2_500 {
        watched.fake.change(|world, now| world.finished(&watched.machine, now));
    }
    for _ in 0..3 {
        watched.round().await;
    }
    let count = async || watched.watch.index().tallies(&watched.watch.connection.id).await.unwrap()[0].of_filter(None);
    assert_eq!(count().await, 2_500);
    watched.fake.forget_log();
    // More than a page of new ones between two rounds leaves no gap.
    for _ in 0..350 {
        watched.fake.change(|world, now| world.finished(&watched.machine, now));
    }
    watched.round().await;
    assert_eq!(count().await, 2_850);
    let calls = watched.fake.count(Api::ListExecutions);
    assert!(calls <= 6, "{calls} calls for four pages");
}

#[tokio::test]
async fn what_ends_beyond_the_newest_is_learnt_one_by_one_or_on_the_way_back() {
    for many in [3, 60] {
        let watched = Watched::of(ConnectionKind::Endpoint);
        // Nobody can be asked here: no history is read.
        let machine = watched.fake.change(|world, now| {
            world.machine("plain", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#, now)
        });
        let start = || watched.fake.change(|world, now| world.start(&machine, &json!({}), now));
        let running: Vec<String> = (0..many).map(|_| start()).collect();
        for _ in 0..200 {
            watched.fake.change(|world, now| world.finished(&machine, now));
        }
        for _ in 0..4 {
            watched.round().await;
        }
        for arn in &running[1..] {
            watched.fake.change(|world, now| world.close(arn, ExecutionStatus::Aborted, now));
        }
        watched.fake.change(|world, _| world.forget(&running[0]));
        for _ in 0..4 {
            watched.round().await;
        }
        let index = watched.watch.index();
        for arn in &running[1..] {
            let row = index.execution(&watched.watch.connection.id, arn).await.unwrap().unwrap();
            assert_eq!(row.summary.status, ExecutionStatus::Aborted, "{many}");
        }
        assert!(!watched.watch.knows(&running[0]).await, "one that was deleted");
        let described = watched.fake.count(Api::DescribeExecution);
        assert_eq!(described > 0, many == 3, "{described}");
    }
}

//! What every index does, whatever it is made of. A database has a test for each of these functions over an empty index.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod inbox;
mod search;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use self::inbox::*;
pub use self::search::*;
use super::{Ended, ExecutionRow, Filter, Index, List, Listed, Moved, Reading, Shown, Sight};
use crate::connection::{ConnectionId, ExecutionStatus, MachineKind, Of, Summary};
use crate::watch::{Definition, ItemAt, ItemPath, Machine, Obstacle, Reason, Waiting};

fn here() -> ConnectionId {
    ConnectionId::default_one()
}

fn machine(name: &str) -> Machine {
    Machine {
        arn: format!("machine:{name}"),
        name: name.to_owned(),
        kind: MachineKind::Standard,
        definition: Arc::new(Definition::read("{}".to_owned())),
        revision_id: Some("1".into()),
        role_arn: None,
        created_at: Some(1),
        described_at: 2,
        since: 3,
    }
}

pub(super) fn list(name: &str) -> List {
    let machine_arn = format!("machine:{name}");
    List { of: Of::Machine(machine_arn.clone()), machine_arn, parent_arn: None, whole: false }
}

fn children_of(name: &str, parent: &str, run: &str) -> List {
    let of = Of::MapRun(run.to_owned());
    List { of, machine_arn: format!("machine:{name}"), parent_arn: Some(parent.to_owned()), whole: false }
}

pub(super) fn execution(name: &str, status: ExecutionStatus, started_at: i64) -> Summary {
    let ended_at = (status != ExecutionStatus::Running).then_some(started_at + 5);
    let (arn, machine_arn) = (format!("execution:{name}"), "machine:a".to_owned());
    Summary {
        arn,
        redrives: 0,
        name: name.to_owned(),
        machine_arn,
        status,
        started_at,
        ended_at,
        version: None,
        alias: None,
    }
}

fn running(name: &str, started_at: i64) -> Summary {
    execution(name, ExecutionStatus::Running, started_at)
}

fn request(execution: &str, event: u64, due: Option<i64>) -> Waiting {
    Waiting {
        execution_arn: format!("execution:{execution}"),
        execution_name: execution.to_owned(),
        parent_arn: None,
        machine_arn: "machine:a".into(),
        workflow: "a".into(),
        state: "Ask".into(),
        event,
        since: i64::try_from(event).unwrap(),
        due,
        due_by: None,
        item: Some(ItemPath(vec![ItemAt { map: "Each".into(), index: 2, of: Some(12), key: Some("A-1".into()) }])),
        request: r#"{"amount":1.50}"#.into(),
        obstacle: None,
    }
}

/// A reading of a running execution with these requests, at the time 1,000.
async fn read(index: &dyn Index, execution: &str, waits: &[Waiting]) -> Moved {
    read_at(index, execution, ExecutionStatus::Running, 1_000, waits).await
}

async fn read_at(index: &dyn Index, execution: &str, status: ExecutionStatus, at: i64, waits: &[Waiting]) -> Moved {
    let reading = Reading {
        arn: format!("execution:{execution}"),
        status,
        ended_at: (status != ExecutionStatus::Running).then_some(at),
        read_at: at,
        events: 4,
        settled: status != ExecutionStatus::Running,
        reason: None,
        waits: waits.to_vec(),
        started: Vec::new(),
        map_runs: Vec::new(),
        people: Arc::default(),
        answered: BTreeSet::new(),
        tokens: Some(vec![7]),
    };
    // Beside one that is on no list.
    let other = Reading { arn: "execution:of-no-list".into(), ..reading.clone() };
    index.read(&here(), &[other, reading]).await.unwrap()
}

pub(super) async fn listed(index: &dyn Index, list: &List, found: &[Summary]) -> Listed {
    index.listed(&here(), list, 500, found, false).await.unwrap()
}

/// Two machines, and nothing of theirs.
pub(super) async fn begun(index: &dyn Index) {
    index.open(&here(), "endpoint").await.unwrap();
    index.keep_machine(&here(), &machine("a")).await.unwrap();
    index.keep_machine(&here(), &machine("b")).await.unwrap();
}

/// The names of a list, page by page.
async fn names(index: &dyn Index, filter: &Filter, size: u32) -> Vec<String> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = index.executions(&here(), filter, before, size).await.unwrap();
        assert!(page.rows.len() <= size as usize);
        all.extend(page.rows.into_iter().map(|one| one.summary.name));
        before = page.older;
        if before.is_none() {
            return all;
        }
    }
}

async fn waiting(index: &dyn Index, size: u32) -> Vec<(String, u64)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = index.inbox(&here(), &Sight::default(), after, size).await.unwrap();
        assert!(page.rows.len() <= size as usize);
        all.extend(page.rows.into_iter().map(|one| (one.execution_name, one.event)));
        after = page.more;
        if after.is_none() {
            assert_eq!(page.total, all.len() as u64);
            return all;
        }
    }
}

async fn row(index: &dyn Index, name: &str) -> Option<ExecutionRow> {
    index.execution(&here(), &format!("execution:{name}")).await.unwrap()
}

fn of_machine(name: &str, shown: Option<Shown>) -> Filter {
    Filter { machine_arn: Some(format!("machine:{name}")), shown, ..Filter::default() }
}

/// One machine with an execution that waits, read at 77.
pub async fn fill(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 10)]).await;
    read(index, "one", &[request("one", 3, Some(90))]).await;
    index.set_whole(&here(), &list("a"), true).await.unwrap();
    index.read_whole(&here(), 77).await.unwrap();
}

pub async fn is_filled(index: &dyn Index) -> bool {
    let known = index.open(&here(), "endpoint").await.unwrap();
    if known.read_at.is_none() {
        assert!(known.machines.is_empty() && known.lists.is_empty() && known.running.is_empty());
        return false;
    }
    assert_eq!(known.read_at, Some(77));
    assert_eq!(known.machines.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(known.lists.iter().map(|one| one.whole).collect::<Vec<_>>(), [true, false]);
    assert_eq!((known.running[0].arn.as_str(), known.running[0].due), ("execution:one", Some(90)));
    assert_eq!(known.running[0].tokens.as_deref(), Some(&[7][..]));
    assert_eq!(waiting(index, 9).await, [("one".to_owned(), 3)]);
    true
}

pub async fn a_list_has_pages_without_gaps_or_repetitions(index: &dyn Index) {
    begun(index).await;
    // Several at one time: the times alone are no cursor.
    let found: Vec<Summary> = (0..25).map(|n| execution(&format!("e{n}"), ExecutionStatus::Failed, n / 4)).collect();
    assert_eq!(listed(index, &list("a"), &found).await.moved.len(), 25);
    listed(index, &list("b"), &[running("b", 3)]).await;
    for size in [1, 4, 7, 100] {
        let all = names(index, &Filter::default(), size).await;
        assert_eq!(all.len(), 26, "{size}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 26, "{size}");
        assert_eq!(all, names(index, &Filter::default(), 3).await);
        assert_eq!(names(index, &of_machine("a", None), size).await.len(), 25);
        assert_eq!(names(index, &of_machine("b", None), size).await, ["b"]);
    }
    let failed = Some(Shown::Status(ExecutionStatus::Failed));
    assert_eq!(names(index, &Filter { shown: failed, ..Filter::default() }, 4).await.len(), 25);
    assert_eq!(names(index, &of_machine("b", failed), 4).await, Vec::<String>::new());
    assert_eq!(names(index, &of_machine("none", None), 4).await, Vec::<String>::new());
    assert_eq!(index.known(&here(), &found[..3]).await.unwrap(), 3);
    assert_eq!(index.known(&here(), &[running("new", 9)]).await.unwrap(), 0);
}

pub async fn the_counts_are_those_of_the_lists(index: &dyn Index) {
    begun(index).await;
    let found = [running("one", 1), running("two", 2), execution("three", ExecutionStatus::Succeeded, 3)];
    listed(index, &list("a"), &found).await;
    read(index, "one", &[request("one", 3, None), request("one", 4, None)]).await;
    listed(index, &list("a"), &[execution("two", ExecutionStatus::TimedOut, 2)]).await;
    let tallies = index.tallies(&here()).await.unwrap();
    let a = tallies.iter().find(|one| one.machine_arn == "machine:a").unwrap();
    assert_eq!(a.requests, 2);
    for shown in [
        Shown::Waiting,
        Shown::Status(ExecutionStatus::Running),
        Shown::Status(ExecutionStatus::Succeeded),
        Shown::Status(ExecutionStatus::TimedOut),
        Shown::Status(ExecutionStatus::Failed),
    ] {
        assert_eq!(a.of(shown), names(index, &of_machine("a", Some(shown)), 9).await.len() as u64, "{shown:?}");
    }
    assert_eq!((a.of_filter(None), a.of(Shown::Waiting)), (3, 1));
    assert_eq!(index.waiting(&here(), &Sight::default()).await.unwrap(), 2);
    let ended = index.ended_since(&here(), -60_000).await.unwrap();
    let of = |status| Ended { machine_arn: "machine:a".to_owned(), status, n: 1 };
    assert_eq!(ended, [of(ExecutionStatus::Succeeded), of(ExecutionStatus::TimedOut)]);
    assert!(index.ended_since(&here(), 60_000).await.unwrap().is_empty());
    let failures = index.failures(&here(), &Sight::default(), 0, 5).await.unwrap();
    assert_eq!(failures.iter().map(|one| one.summary.name.as_str()).collect::<Vec<_>>(), ["two"]);
    index.keep_only(&here(), &["machine:b".to_owned()]).await.unwrap();
    assert!(index.tallies(&here()).await.unwrap().iter().all(|one| one.of_filter(None) == 0 && one.requests == 0));
}

pub async fn the_median_is_of_all_that_ended(index: &dyn Index) {
    begun(index).await;
    let (here, minute) = (here(), 60_000);
    let median = |since| index.median(&here, "machine:a", since);
    assert_eq!(median(0).await.unwrap(), None);
    let took = |name: &str, started_at: i64, ms: i64| Summary {
        ended_at: Some(started_at + ms),
        ..execution(name, ExecutionStatus::Succeeded, started_at)
    };
    // The latest ends are the short ones: a median of some of them would be one of those.
    let found: Vec<Summary> = (0..5_001).map(|n| took(&format!("e{n}"), minute + 2 * (5_000 - n), n)).collect();
    listed(index, &list("a"), &found).await;
    listed(index, &list("b"), &[took("b", minute, 9)]).await;
    assert_eq!(median(0).await.unwrap(), Some(2_500));
    assert_eq!(median(minute).await.unwrap(), None, "they ended in that minute");
    assert_eq!(index.median(&here, "machine:b", 0).await.unwrap(), Some(9));
    assert_eq!(index.median(&here, "machine:c", 0).await.unwrap(), None);
    // What is added, redriven or forgotten counts at once, and a child of a Map Run not at all.
    listed(index, &list("a"), &[took("long-1", minute, 9_000), took("long-2", minute, 9_000)]).await;
    assert_eq!(median(0).await.unwrap(), Some(2_501));
    listed(index, &children_of("a", "execution:long-1", "run:1"), &[took("child", minute, 1)]).await;
    assert_eq!(median(0).await.unwrap(), Some(2_501));
    listed(index, &list("a"), &[running("long-1", minute), running("long-2", minute)]).await;
    assert_eq!(median(0).await.unwrap(), Some(2_500));
    index.forget(&here, "execution:e5000").await.unwrap();
    index.forget(&here, "execution:e4999").await.unwrap();
    assert_eq!(median(0).await.unwrap(), Some(2_499));
}

pub async fn what_was_learnt_later_stays(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 1)]).await;
    read_at(index, "one", ExecutionStatus::Succeeded, 1_000, &[]).await;
    // This list was asked for before the history was read.
    assert!(listed(index, &list("a"), &[running("one", 1)]).await.moved.is_empty());
    assert_eq!(row(index, "one").await.unwrap().summary.status, ExecutionStatus::Succeeded);
    assert!(row(index, "one").await.unwrap().settled);
    // A redrive.
    let again = index.listed(&here(), &list("a"), 2_000, &[running("one", 1)], false).await.unwrap();
    assert_eq!(again.moved.len(), 1);
    let now = row(index, "one").await.unwrap();
    assert_eq!((now.summary.status, now.summary.ended_at, now.settled), (ExecutionStatus::Running, None, false));
    let late = read_at(index, "one", ExecutionStatus::Succeeded, 1_000, &[]).await;
    assert_eq!((late, row(index, "one").await.unwrap()), (Moved::default(), now), "a reading that is older");
}

pub async fn the_inbox_has_pages_in_its_order(index: &dyn Index) {
    begun(index).await;
    let found: Vec<Summary> = (0..12).map(|n| running(&format!("e{n}"), n)).collect();
    listed(index, &list("a"), &found).await;
    for n in 0..12_u64 {
        // Three deadlines, several at one time, and some without.
        let due = (!n.is_multiple_of(4)).then(|| 100 - i64::try_from(n % 4).unwrap());
        assert!(read(index, &format!("e{n}"), &[request(&format!("e{n}"), 7, due)]).await.inbox);
    }
    let all = waiting(index, 100).await;
    assert_eq!(all.iter().take(3).map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["e3", "e7", "e11"]);
    assert_eq!(all.iter().skip(9).map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["e0", "e4", "e8"]);
    for size in [1, 2, 5] {
        assert_eq!(waiting(index, size).await, all);
    }
    let place = |name: &str| {
        let number: u64 = name[1..].parse().unwrap();
        let due = (!number.is_multiple_of(4)).then(|| 100 - i64::try_from(number % 4).unwrap());
        request(name, 7, due)
    };
    for (at, (name, _)) in all.iter().enumerate() {
        let found = index.place(&here(), &Sight::default(), &place(name)).await.unwrap();
        assert_eq!((found.index, found.of), (Some(at as u64 + 1), 12));
        assert_eq!(found.next.map(|(arn, _)| arn), all.get(at + 1).map(|(next, _)| format!("execution:{next}")));
    }
    // One that is decided is followed by the one that followed it, and the last by the first.
    assert!(index.answered(&here(), "execution:e7", 7).await.unwrap());
    let decided = index.place(&here(), &Sight::default(), &place("e7")).await.unwrap();
    assert_eq!((decided.index, decided.of, decided.next), (None, 11, Some(("execution:e11".to_owned(), 7))));
    assert!(index.answered(&here(), "execution:e8", 7).await.unwrap());
    assert_eq!(
        index.place(&here(), &Sight::default(), &place("e8")).await.unwrap().next,
        Some(("execution:e3".to_owned(), 7))
    );
    assert_eq!(index.place(&here(), &Sight::default(), &request("unknown", 1, None)).await.unwrap().of, 10);
}

pub async fn a_decided_request_waits_no_more(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 1)]).await;
    assert_eq!(read(index, "one", &[request("one", 3, None)]).await, Moved { inbox: true, ..Moved::default() });
    assert_eq!(row(index, "one").await.unwrap().shown, Shown::Waiting);
    assert_eq!(read(index, "one", &[request("one", 3, None)]).await, Moved::default(), "nothing new");
    assert!(index.answered(&here(), "execution:one", 3).await.unwrap());
    assert!(!index.answered(&here(), "execution:one", 3).await.unwrap());
    assert!(waiting(index, 9).await.is_empty());
    assert_eq!(row(index, "one").await.unwrap().shown, Shown::Status(ExecutionStatus::Running));
    // The next reading, in which the task is still open, changes nothing.
    read(index, "one", &[request("one", 3, Some(5))]).await;
    assert!(waiting(index, 9).await.is_empty());
    read(index, "one", &[request("one", 8, None)]).await;
    assert_eq!(waiting(index, 9).await, [("one".to_owned(), 8)], "the next task of the execution");
    let stopped = [execution("one", ExecutionStatus::Aborted, 1)];
    assert!(index.listed(&here(), &list("a"), 2_000, &stopped, false).await.unwrap().inbox);
    assert!(waiting(index, 9).await.is_empty());
    assert_eq!(row(index, "one").await.unwrap().waits, 0);
}

pub async fn activities_wait_for_people_where_the_manifest_says_so(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 1)]).await;
    let activity = Waiting { obstacle: Some(Obstacle::Activity), ..request("one", 3, None) };
    assert!(read(index, "one", std::slice::from_ref(&activity)).await.inbox);
    assert!(waiting(index, 9).await.is_empty(), "a worker serves it");
    let people = BTreeSet::from([("a".to_owned(), "Ask".to_owned())]);
    assert!(index.activities_for_people(&here(), &people).await.unwrap());
    assert!(!index.activities_for_people(&here(), &people).await.unwrap());
    assert_eq!(waiting(index, 9).await.len(), 1);
    assert_eq!(row(index, "one").await.unwrap().waits, 1);
    assert!(index.activities_for_people(&here(), &BTreeSet::new()).await.unwrap());
    assert_eq!((waiting(index, 9).await.len(), row(index, "one").await.unwrap().waits), (0, 0));
}

pub async fn a_child_counts_for_its_parents_and_is_in_no_list_but_theirs(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("top", 1)]).await;
    listed(index, &children_of("a", "execution:top", "run:1"), &[running("child", 2)]).await;
    listed(index, &children_of("a", "execution:child", "run:2"), &[running("grandchild", 3)]).await;
    assert_eq!(
        read(index, "grandchild", &[request("grandchild", 5, None)]).await.parents,
        BTreeSet::from(["execution:child".to_owned()])
    );
    for name in ["top", "child", "grandchild"] {
        assert_eq!(row(index, name).await.unwrap().waits, 1, "{name}");
    }
    assert_eq!(names(index, &Filter::default(), 9).await, ["top"]);
    let under = |parent: &str| Filter { parent_arn: Some(format!("execution:{parent}")), ..Filter::default() };
    assert_eq!(names(index, &under("top"), 9).await, ["child"]);
    assert_eq!(names(index, &under("child"), 9).await, ["grandchild"]);
    assert_eq!(row(index, "grandchild").await.unwrap().parent_arn.as_deref(), Some("execution:child"));
    for name in ["top", "child"] {
        let page = index.waiting_under(&here(), &format!("execution:{name}"), 9).await.unwrap();
        assert_eq!((page.total, page.rows.len(), page.rows[0].event), (1, 1, 5), "{name}");
    }
    assert_eq!(
        index.waiting_under(&here(), "execution:grandchild", 9).await.unwrap().total,
        0,
        "its own is not under it"
    );
    assert_eq!(waiting(index, 9).await.len(), 1);
    assert_eq!(index.tallies(&here()).await.unwrap()[0].of_filter(None), 1);
    index.forget(&here(), "execution:grandchild").await.unwrap();
    assert_eq!((row(index, "top").await.unwrap().waits, row(index, "child").await.unwrap().waits), (0, 0));
    let orphans = children_of("a", "execution:unknown", "run:3");
    assert_eq!(listed(index, &orphans, &[running("orphan", 2)]).await, Listed::default(), "its parent is on no list");
}

pub async fn what_is_missing_among_the_running_is_named(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 1), running("two", 2), execution("done", ExecutionStatus::Failed, 3)])
        .await;
    listed(index, &list("b"), &[running("other", 1)]).await;
    let missing = index.missing(&here(), &list("a"), 600, &["execution:two".to_owned()]).await.unwrap();
    assert_eq!(missing.iter().map(|one| one.summary.name.as_str()).collect::<Vec<_>>(), ["one"]);
    let before = index.missing(&here(), &list("a"), 499, &[]).await.unwrap();
    assert!(before.is_empty(), "they were found after this list was asked for");
}

pub async fn what_the_connection_does_not_have_is_forgotten(index: &dyn Index) {
    begun(index).await;
    listed(index, &list("a"), &[running("one", 1), running("two", 2)]).await;
    read(index, "one", &[request("one", 3, None)]).await;
    assert_eq!(
        index.forget(&here(), "execution:one").await.unwrap(),
        Moved { executions: true, inbox: true, parents: BTreeSet::new() }
    );
    assert_eq!(index.forget(&here(), "execution:one").await.unwrap(), Moved::default());
    assert!(row(index, "one").await.is_none() && waiting(index, 9).await.is_empty());
    let all = index.listed(&here(), &list("a"), 2_000, &[running("three", 3)], true).await.unwrap();
    assert_eq!((all.gone, all.moved.len()), (vec!["execution:two".to_owned()], 1));
    assert_eq!(names(index, &Filter::default(), 9).await, ["three"]);
    listed(index, &list("a"), &[execution("old", ExecutionStatus::Failed, 10)]).await;
    assert_eq!(index.forget_ended_before(&here(), 15).await.unwrap(), Moved::default(), "it ended at 15");
    assert!(index.forget_ended_before(&here(), 16).await.unwrap().executions);
    assert_eq!(names(index, &Filter::default(), 9).await, ["three"], "what runs stays");
    let moved = index.keep_only(&here(), &["machine:b".to_owned()]).await.unwrap();
    assert!(moved.executions);
    assert!(names(index, &Filter::default(), 9).await.is_empty());
}

pub async fn another_endpoint_under_the_same_name_has_nothing_of_the_first(index: &dyn Index) {
    fill(index).await;
    let known = index.open(&here(), "another endpoint").await.unwrap();
    assert!(known.machines.is_empty() && known.running.is_empty() && known.read_at.is_none());
    assert!(row(index, "one").await.is_none() && waiting(index, 9).await.is_empty());
}

pub async fn connections_know_nothing_of_each_other(index: &dyn Index) {
    fill(index).await;
    let elsewhere = ConnectionId::parse("elsewhere").unwrap();
    assert!(index.open(&elsewhere, "endpoint").await.unwrap().machines.is_empty());
    index.keep_machine(&elsewhere, &machine("a")).await.unwrap();
    index.listed(&elsewhere, &list("a"), 500, &[running("one", 1)], false).await.unwrap();
    assert!(!index.answered(&elsewhere, "execution:one", 3).await.unwrap());
    index.forget(&elsewhere, "execution:one").await.unwrap();
    index.keep_only(&elsewhere, &[]).await.unwrap();
    assert_eq!(index.waiting(&elsewhere, &Sight::default()).await.unwrap(), 0);
    assert!(is_filled(index).await);
    let reason = Reason::Error { error: "E".into(), state: Some("S".into()), first: None };
    let reading = Reading {
        arn: "execution:one".into(),
        status: ExecutionStatus::Failed,
        ended_at: Some(1_500),
        read_at: 1_500,
        events: 9,
        settled: true,
        reason: Some(reason.clone()),
        waits: Vec::new(),
        started: Vec::new(),
        map_runs: Vec::new(),
        people: Arc::default(),
        answered: BTreeSet::new(),
        tokens: None,
    };
    assert_eq!(index.read(&elsewhere, std::slice::from_ref(&reading)).await.unwrap(), Moved::default());
    let moved = index.read(&here(), &[reading]).await.unwrap();
    assert!(moved.executions && moved.inbox);
    let one = row(index, "one").await.unwrap();
    assert_eq!((one.reason, one.events, one.settled), (Some(reason), 9, true));
}

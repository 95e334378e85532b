#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use countersign_trace::{Details, EventKind};
use serde_json::json;

use super::attention::Attention;
use super::*;
use crate::connection::fake::{Fake, SetClock, Trick, World, asking};
use crate::connection::{Api, CallError, ConnectionKind, ExecutionStatus, Fault, MachineKind};
use crate::index::{Filter, Sight, SqliteIndex};

const START: i64 = 1_700_000_000_000;

/// A watch over a fake connection with the machine `ask`.
struct Watched {
    watch: Arc<Watch>,
    fake: Fake,
    clock: SetClock,
    machine: String,
}

impl Watched {
    /// The watch of the next process, over the same connection and index.
    fn after_restart(&self) -> Self {
        let (connection, index) = (self.watch.connection.clone(), Arc::clone(&self.watch.index));
        let watch = Arc::new(Watch::new(connection, index, self.clock.clock(), &RedactionKey::new([0; 16])));
        Self { watch, fake: self.fake.clone(), clock: self.clock.clone(), machine: self.machine.clone() }
    }

    /// A watch over the same connection that knows nothing yet.
    fn anew(&self) -> Self {
        let (connection, index) = (self.watch.connection.clone(), Arc::new(SqliteIndex::in_memory()));
        let watch = Arc::new(Watch::new(connection, index, self.clock.clock(), &RedactionKey::new([0; 16])));
        Self { watch, fake: self.fake.clone(), clock: self.clock.clone(), machine: self.machine.clone() }
    }

    fn of(kind: ConnectionKind) -> Self {
        let clock = SetClock::at(START);
        let fake = Fake::new(&clock);
        let fake = if kind == ConnectionKind::Aws { fake.with_quotas() } else { fake };
        let machine = fake.change(|world, now| world.machine("ask", &asking(), now));
        let (index, key) = (Arc::new(SqliteIndex::in_memory()), RedactionKey::new([0; 16]));
        let watch = Arc::new(Watch::new(fake.connection(kind), index, clock.clock(), &key));
        Self { watch, fake, clock, machine }
    }

    /// Goes round once; the clock moves on as much as it does between two rounds.
    async fn round(&self) {
        let pause = lock(&self.watch.pace).round_ms;
        self.clock.advance(i64::try_from(pause).unwrap());
        self.watch.round().await;
    }

    fn start_asking(&self, request: &str) -> (String, u64) {
        self.fake.change(|world, now| world.start_asking(&self.machine, &json!(request), now))
    }

    async fn requests(&self) -> Vec<Waiting> {
        self.watch.index().inbox(&self.watch.connection.id, &Sight::default(), None, 10_000).await.unwrap().rows
    }

    async fn waiting(&self) -> Vec<String> {
        self.requests().await.into_iter().map(|wait| wait.execution_arn).collect()
    }
}

#[tokio::test]
async fn a_request_comes_to_the_inbox_and_leaves_it_with_its_answer() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    watched.round().await;
    assert!(watched.waiting().await.is_empty());
    let (arn, event) = watched.start_asking("one");
    watched.round().await;
    let requests = watched.requests().await;
    let wait = &requests[0];
    assert_eq!((wait.execution_arn.as_str(), wait.event, wait.obstacle), (arn.as_str(), event, None));
    assert!(wait.request.contains("\"one\"") && !wait.request.contains("AQCkAAAA"), "{}", wait.request);
    assert_eq!(wait.due, Some(START + 1_000 + 86_400_000));
    let token = watched.fake.change(|world, _| world.token_of(&arn)).unwrap();
    watched.watch.connection.calls.send_task_success(&token, "{}").await.unwrap();
    watched.round().await;
    assert!(watched.waiting().await.is_empty());
}

#[tokio::test]
async fn every_running_execution_is_found_however_many_there_are() {
    let watched = Watched::of(ConnectionKind::Embedded);
    let first = watched.start_asking("oldest").0;
    for _ in 0..500 {
        watched.fake.change(|world, now| world.finished(&watched.machine, now));
    }
    for _ in 0..1_210 {
        watched.start_asking("more");
    }
    for _ in 0..3 {
        watched.round().await;
    }
    let waiting = watched.waiting().await;
    assert_eq!(waiting.len(), 1_211, "those of a second page too, and those whose records were dropped");
    assert!(watched.watch.records.weight() <= records::WEIGHT, "{}", watched.watch.records.weight());
    assert!(waiting.contains(&first));
}

#[tokio::test]
async fn a_history_is_read_from_where_it_was_left() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let arn = watched.fake.change(|world, now| {
        let arn = world.start(&watched.machine, &json!({ "request": 1 }), now);
        for n in 0..2_400 {
            let name = Some(format!("S{n}"));
            world.event(&arn, EventKind::PassStateEntered, Details { name, ..Details::default() }, now);
        }
        arn
    });
    watched.round().await;
    assert_eq!(watched.fake.count(Api::GetExecutionHistory), 3, "2,401 events are three pages");
    watched.fake.change(|world, now| world.ask(&arn, now));
    watched.fake.forget_log();
    watched.round().await;
    assert_eq!(watched.fake.count(Api::GetExecutionHistory), 1, "what is new fits one");
    let record = watched.watch.known_record(&arn).unwrap();
    assert_eq!(record.events.len(), 2_405);
    assert!(record.events.iter().enumerate().all(|(at, event)| event.id == at as u64 + 1), "none is missing or twice");
}

#[tokio::test]
async fn a_history_that_grows_while_it_is_read_has_no_hole() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let arn = watched.fake.change(|world, now| {
        let arn = world.start(&watched.machine, &json!({}), now);
        for _ in 0..2_999 {
            world.event(&arn, EventKind::PassStateEntered, Details::default(), now);
        }
        arn
    });
    let grow = |arn: String| {
        Trick::Meanwhile(Box::new(move |world: &mut World, now| {
            for _ in 0..50 {
                world.event(&arn, EventKind::PassStateExited, Details::default(), now);
            }
        }))
    };
    watched.fake.trick(Api::GetExecutionHistory, (0..3).map(|_| grow(arn.clone())));
    watched.round().await;
    let whole = |watched: &Watched| {
        let record = watched.watch.known_record(&arn).unwrap();
        assert!(record.events.iter().enumerate().all(|(at, event)| event.id == at as u64 + 1));
        record.events.len()
    };
    assert!(whole(&watched) >= 3_050, "what was there when the reading began");
    watched.round().await;
    assert_eq!(whole(&watched), 3_150, "and the rest with the next one");
}

#[tokio::test]
async fn an_execution_that_ends_while_it_is_read_is_shown_to_its_end() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    // Nobody has listed it: its page is opened at once.
    let (arn, _) = watched.start_asking("one");
    let ended = arn.clone();
    let ends = Trick::Meanwhile(Box::new(move |world: &mut World, now| world.time_out(&ended, now)));
    watched.fake.trick(Api::DescribeExecution, [ends]);
    let record = watched.watch.record(&arn).await.unwrap();
    assert!(record.ended() && record.waits().is_empty());
    assert_eq!(record.events.last().unwrap().kind, EventKind::ExecutionFailed);
    assert!(record.trace.cause.is_some(), "the page says where it failed");
}

#[tokio::test]
async fn a_change_that_a_page_reads_first_reaches_the_other_pages() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (arn, _) = watched.start_asking("one");
    watched.round().await;
    let (before, _) = watched.watch.changes.since(u64::MAX);
    watched.fake.change(|world, now| world.time_out(&arn, now));
    // One page asks between two rounds; the round after it finds what is known already.
    watched.watch.record_now(&arn).await.unwrap();
    watched.round().await;
    let (_, topics) = watched.watch.changes.since(before);
    assert!(topics.contains(&Topic::Execution(arn)), "{topics:?}");
}

#[tokio::test]
async fn a_history_that_lags_behind_is_read_again() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (arn, _) = watched.start_asking("one");
    // Described as ended, while the events are not there yet.
    watched.fake.change(|world, now| world.close(&arn, ExecutionStatus::Failed, now));
    let record = watched.watch.record(&arn).await.unwrap();
    assert!(record.ended() && record.events.last().unwrap().kind != EventKind::ExecutionFailed);
    watched.fake.change(|world, now| world.time_out(&arn, now));
    watched.clock.advance(1_000);
    let record = watched.watch.record(&arn).await.unwrap();
    assert_eq!(record.events.last().unwrap().kind, EventKind::ExecutionFailed);
}

#[tokio::test]
async fn what_has_ended_is_read_no_more() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (arn, _) = watched.start_asking("one");
    watched.round().await;
    watched.fake.change(|world, now| world.time_out(&arn, now));
    for _ in 0..3 {
        watched.round().await;
    }
    let record = watched.watch.known_record(&arn).unwrap();
    assert!(record.ended());
    watched.fake.forget_log();
    for _ in 0..5 {
        watched.round().await;
        watched.watch.record(&arn).await.unwrap();
    }
    assert_eq!(watched.fake.count(Api::GetExecutionHistory), 0);
    assert_eq!(watched.fake.count(Api::DescribeExecution), 0);
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_reported_and_what_was_known_stays() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    watched.start_asking("one");
    watched.round().await;
    let data_at = watched.watch.snapshot().data_at;
    let throttled = || Trick::Fail(Fault::of_code("ThrottlingException", "Rate exceeded"));
    watched.fake.trick(Api::ListExecutions, [throttled()]);
    watched.round().await;
    let snapshot = watched.watch.snapshot();
    assert!(snapshot.problem.as_ref().is_some_and(CallError::is_throttled), "{:?}", snapshot.problem);
    assert_eq!((watched.waiting().await.len(), snapshot.data_at), (1, data_at), "the time of the data shows its age");
    watched.round().await;
    assert_eq!(watched.watch.snapshot().problem, None, "it goes on by itself");
}

#[tokio::test]
async fn an_outage_leaves_what_was_known_and_ends_by_itself() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (arn, _) = watched.start_asking("one");
    watched.round().await;
    watched.fake.trick(Api::ListStateMachines, [Trick::Fail(Fault::Unreachable), Trick::Fail(Fault::Unreachable)]);
    watched.round().await;
    watched.round().await;
    assert_eq!(watched.waiting().await, std::slice::from_ref(&arn));
    assert!(watched.watch.snapshot().problem.is_some());
    watched.round().await;
    assert_eq!((watched.waiting().await, watched.watch.snapshot().problem.clone()), (vec![arn], None));
}

#[tokio::test]
async fn one_execution_that_cannot_be_read_hides_no_other() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (gone, _) = watched.start_asking("gone");
    let (there, _) = watched.start_asking("there");
    let missing = Fault::of_code("ExecutionDoesNotExist", "no");
    watched.fake.trick(Api::GetExecutionHistory, [Trick::Fail(missing)]);
    watched.round().await;
    assert_eq!(watched.waiting().await.len(), 1);
    watched.round().await;
    let waiting = watched.waiting().await;
    assert!(waiting.contains(&gone) && waiting.contains(&there));
    watched.fake.change(|world, _| world.forget(&gone));
    watched.round().await;
    watched.round().await;
    assert_eq!(watched.waiting().await, [there], "an execution that was deleted waits no more");
    assert_eq!(watched.watch.snapshot().problem, None);
}

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
async fn after_a_restart_everything_is_there_and_little_is_read_again() {
    let watched = Watched::of(ConnectionKind::Endpoint);
    let (arn, _) = watched.start_asking("one");
    for _ in 0..300 {
        watched.fake.change(|world, now| world.finished(&watched.machine, now));
    }
    for _ in 0..3 {
        watched.round().await;
    }
    let token = watched.fake.change(|world, _| world.token_of(&arn)).unwrap();
    watched.fake.forget_log();
    let after = watched.after_restart();
    after.watch.open().await.unwrap();
    assert_eq!(after.waiting().await, std::slice::from_ref(&arn), "before the first call");
    assert!(after.watch.snapshot().data_at.is_some(), "with its age");
    assert!(!after.watch.all_tokens().text(&format!("sent {token}")).contains(&token), "its token is known");
    after.round().await;
    assert_eq!(after.fake.count(Api::ListExecutions), 2, "the newest, and all that runs");
    assert_eq!(after.fake.count(Api::GetExecutionHistory), 1);
    assert_eq!(after.fake.count(Api::DescribeExecution), 0);
    assert!(after.watch.known_record(&arn).is_none(), "its newest event says that it is as it was");
    after.watch.connection.calls.send_task_success(&token, "{}").await.unwrap();
    after.round().await;
    assert!(after.waiting().await.is_empty());
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

#[tokio::test]
async fn what_rests_is_described_and_what_moves_is_read() {
    const LARGE: usize = 1_000;
    let watched = Watched::of(ConnectionKind::Aws);
    let watch = &watched.watch;
    let asked: HashMap<String, u64> = (0..5).map(|n| watched.start_asking(&n.to_string())).collect();
    let all: BTreeSet<String> = asked.keys().cloned().collect();
    watched.round().await;
    watched.clock.advance(12_000);
    let moving = all.first().unwrap();
    watched.fake.change(|world, now| world.event(moving, EventKind::PassStateEntered, Details::default(), now));
    watch.record_now(moving).await.unwrap();
    watched.clock.advance(2_000);
    watched.fake.forget_log();
    let due = |attention: &Attention, arn: &str, age| attention.is_due(arn, age);
    let small = watch.attention(all.clone(), 100);
    assert!(all.iter().all(|arn| due(&small, arn, 2_000) == Some(true)), "there are calls enough for all");
    let large = watch.attention(all.clone(), LARGE);
    assert_eq!((due(&large, moving, 1_000), due(&large, moving, 2_000)), (Some(false), Some(true)));
    let resting: Vec<&String> = all.iter().skip(1).collect();
    assert!(resting.iter().all(|arn| due(&large, arn, 2_000).is_none()), "they are read as often as any other");
    assert!(resting.iter().all(|arn| due(&large, arn, 8_000) == Some(true)), "but at least so often");

    watch.look_at_resting(&large, &[]).await.unwrap();
    assert_eq!((watched.fake.count(Api::DescribeExecution), watched.fake.count(Api::GetExecutionHistory)), (4, 0));
    let large = watch.attention(all.clone(), LARGE);
    watch.look_at_resting(&large, &[]).await.unwrap();
    assert_eq!(watched.fake.count(Api::DescribeExecution), 4, "not again in the same round");

    let before = watch.changes.since(u64::MAX).0;
    watched.fake.change(|world, now| world.time_out(resting[0], now));
    watched.clock.advance(2_000);
    let large = watch.attention(all.clone(), LARGE);
    watch.look_at_resting(&large, &[]).await.unwrap();
    assert!(watch.known_record(resting[0]).is_some_and(|record| record.ended()));
    assert!(watch.changes.since(before).1.contains(&Topic::Execution(resting[0].clone())));
    assert_eq!(due(&watch.attention(all.clone(), LARGE), resting[0], 1_000), Some(false), "it rests no more");
    watch.answered(resting[1], asked[resting[1]]).await;
    assert_eq!(due(&watch.attention(all.clone(), LARGE), resting[1], 2_000), Some(true), "its answer is on its way");
}

#[tokio::test]
async fn between_two_rounds_only_what_is_shown_and_what_is_new_is_read() {
    let watched = Watched::of(ConnectionKind::Embedded);
    let shown = watched.start_asking("shown").0;
    watched.start_asking("not shown");
    watched.round().await;
    let looking = watched.watch.look_at(&shown);
    watched.fake.forget_log();
    watched.watch.look_at_shown().await;
    assert_eq!(watched.fake.count(Api::GetExecutionHistory), 1, "its newest event is asked for");
    let (before, _) = watched.watch.changes.since(0);
    watched.fake.change(|world, now| {
        world.event(&shown, EventKind::PassStateEntered, Details::default(), now);
    });
    watched.watch.look_at_shown().await;
    let record = watched.watch.known_record(&shown).unwrap();
    assert_eq!(record.events.last().unwrap().kind, EventKind::PassStateEntered);
    assert!(watched.watch.changes.since(before).1.contains(&Topic::Execution(shown.clone())), "its pages learn of it");
    drop(looking);
    let new = watched.start_asking("new").0;
    watched.fake.forget_log();
    watched.watch.look_at_news(watched.watch.lists(false)).await;
    assert!(watched.waiting().await.contains(&new), "a new request does not wait for the next round");
    assert_eq!(watched.fake.count(Api::ListExecutions), 1);
    let _round = watched.watch.turn.lock().await;
    watched.fake.forget_log();
    watched.watch.look_at_news(watched.watch.lists(false)).await;
    assert_eq!(watched.fake.log(), [], "a round is under way");
}

/// What a topic tells of is in the inbox without a round; what is of another region costs no call.
#[tokio::test]
async fn what_others_tell_of_is_looked_at_now() {
    let watched = Watched::of(ConnectionKind::Aws);
    watched.round().await;
    let (arn, _) = watched.start_asking("pay?");
    watched.fake.forget_log();
    watched.watch.hear_of(&arn.replace("us-east-1", "eu-west-1")).await.unwrap();
    watched.watch.hear_of("nothing").await.unwrap();
    assert_eq!(watched.fake.log(), []);
    watched.watch.hear_of(&arn).await.unwrap();
    assert_eq!(watched.waiting().await, std::slice::from_ref(&arn));
    assert_eq!(watched.fake.count(Api::ListExecutions), 1);
    // A reading of the same moment is still fresh.
    watched.clock.advance(1_000);
    let token = watched.fake.change(|world, _| world.token_of(&arn)).unwrap();
    watched.fake.change(|world, now| world.answer(&token, Ok("{}"), now)).unwrap();
    watched.watch.hear_of(&arn).await.unwrap();
    assert!(watched.waiting().await.is_empty(), "its end, too");
}

#[tokio::test]
async fn of_hundreds_of_machines_those_that_ask_people_are_looked_at_more_often() {
    for (kind, period) in [(ConnectionKind::Embedded, 3_010), (ConnectionKind::Aws, 1_000)] {
        let watched = Watched::of(kind);
        let succeeds = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } }).to_string();
        assert!(watched.watch.period_ms() <= 1_000, "before anything is known");
        watched.fake.change(|world, now| {
            for number in 0..300 {
                world.machine(&format!("other-{number}"), &succeeds, now);
            }
        });
        // On AWS each round describes as many as the quota has room for.
        for _ in 0..60 {
            if watched.watch.snapshot().machines.len() < 301 {
                watched.round().await;
            }
        }
        assert_eq!((watched.watch.snapshot().machines.len(), watched.watch.period_ms()), (301, period));
        assert_eq!(watched.watch.lists(true), std::slice::from_ref(&watched.machine));
        assert_eq!(watched.watch.lists(false).len(), 301);
    }
}

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use countersign_trace::{Details, EventKind};
use serde_json::json;

use super::*;
use crate::connection::fake::{Fake, SetClock, Trick, World, asking};
use crate::connection::{Api, CallError, ConnectionKind, ExecutionStatus, Fault};
use crate::index::{Sight, SqliteIndex};

mod lists;
mod looking;

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

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![expect(
    clippy::disallowed_methods,
    reason = "a run goes on in a task of its own, over a store with threads of its own"
)]
use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::actor::Person;
use crate::connection::fake::{Fake, SetClock, Trick, asking};
use crate::connection::{ConnectionKind, Fault};
use crate::desk::Parts;
use crate::index::SqliteIndex;
use crate::policy::{Authority, ROLES};
use crate::redact::RedactionKey;
use crate::search::Search;
use crate::store::Sqlite;

const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;

struct Office {
    desk: Arc<Desk>,
    fake: Fake,
    clock: SetClock,
    folder: PathBuf,
    plain: String,
}

impl Office {
    async fn open(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-bulk-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = SetClock::at(1_764_160_000_000);
        let fake = Fake::new(&clock);
        let plain = fake.change(|world, now| {
            world.machine("ask", &asking(), now);
            world.machine("plain", PASS, now)
        });
        let desk = desk_of(&fake, &clock, &folder, false).await;
        Self { desk, fake, clock, folder, plain }
    }

    /// The desk of the next process.
    async fn again(&mut self) {
        self.desk.close().await;
        self.desk = desk_of(&self.fake, &self.clock, &self.folder, false).await;
        self.round().await;
    }

    async fn round(&self) {
        self.clock.advance(1_000);
        self.desk.watch().round_once().await;
    }

    fn start(&self, many: usize) -> Vec<String> {
        let one = |n: usize| self.fake.change(|world, now| world.start(&self.plain, &json!({ "n": n }), now));
        (0..many).map(one).collect()
    }

    fn end(&self, arn: &str, status: ExecutionStatus) {
        let kind = if status == ExecutionStatus::Failed {
            countersign_trace::EventKind::ExecutionFailed
        } else {
            countersign_trace::EventKind::ExecutionSucceeded
        };
        self.fake.change(|world, now| world.end(arn, kind, status, None, None, now));
    }

    async fn prepared(&self, verb: Verb, arns: &[String]) -> Bulk {
        let id = self.desk.prepare(&dana(), verb, " why ", Chosen::These(arns)).await.unwrap();
        self.desk.bulk(&dana(), &id).await.unwrap()
    }

    /// Carries a run out to its end.
    async fn carried_out(&self, bulk: &Bulk) -> Vec<Option<BulkOutcome>> {
        self.desk.carry_out(&dana(), &bulk.run.id, &bulk.run.hash).await.unwrap();
        for _ in 0..2_000 {
            let now = self.desk.bulk(&dana(), &bulk.run.id).await.unwrap();
            if !now.goes_on {
                return now.items.into_iter().map(|item| item.outcome).collect();
            }
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the run never ended");
    }

    async fn close(self) {
        self.desk.close().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

async fn desk_of(fake: &Fake, clock: &SetClock, folder: &std::path::Path, read_only: bool) -> Arc<Desk> {
    let mut connection = fake.connection(ConnectionKind::Endpoint);
    connection.about.read_only = read_only;
    Arc::new(Desk::new(Parts {
        connection,
        store: Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap()),
        index: Arc::new(SqliteIndex::in_memory()),
        definitions: PathBuf::from("no-definitions").into(),
        clock: clock.clock(),
        sandbox: None,
        redaction_key: RedactionKey::new([0; 16]),
        authority: Arc::new(Authority::shipped()),
        undo_ms: 0,
    }))
}

fn dana() -> Actor {
    Actor::Person(Person {
        id: "dana".into(),
        name: "Dana".into(),
        role: String::new(),
        groups: ROLES.map(str::to_owned).into(),
    })
}

#[tokio::test]
async fn each_execution_has_an_outcome_of_its_own() {
    let office = Office::open("outcomes").await;
    let arns = office.start(5);
    office.end(&arns[0], ExecutionStatus::Succeeded);
    office.round().await;
    let none = "arn:aws:states:us-east-1:123456789012:execution:plain:none".to_owned();
    let chosen: Vec<String> = arns.iter().cloned().chain([none.clone()]).collect();
    let bulk = office.prepared(Verb::Stop, &chosen).await;
    assert_eq!(bulk.run.reason, "why");
    let outcome =
        |bulk: &[BulkItem], arn: &str| bulk.iter().find(|item| item.execution_arn == arn).unwrap().outcome.clone();
    // What cannot be stopped is said before anything is done.
    assert_eq!(outcome(&bulk.items, &arns[0]), Some(BulkOutcome::Refused(Refusal::NotRunning)));
    assert_eq!(outcome(&bulk.items, &none), Some(BulkOutcome::Refused(Refusal::Gone)));
    assert_eq!(outcome(&bulk.items, &arns[1]), None);
    assert_eq!(office.fake.count(Api::StopExecution), 0);
    let error = office.desk.carry_out(&dana(), &bulk.run.id, "another").await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::Changed)), "{error}");
    // Meanwhile one ends, one goes, and one is refused.
    office.end(&arns[1], ExecutionStatus::Failed);
    office.round().await;
    office.fake.change(|world, _| world.forget(&arns[2]));
    office.fake.deny(Api::StopExecution, &arns[3]);
    office.carried_out(&bulk).await;
    let done = office.desk.bulk(&dana(), &bulk.run.id).await.unwrap();
    assert_eq!(outcome(&done.items, &arns[1]), Some(BulkOutcome::Refused(Refusal::NotRunning)));
    assert_eq!(outcome(&done.items, &arns[2]), Some(BulkOutcome::Refused(Refusal::Gone)));
    assert!(
        matches!(outcome(&done.items, &arns[3]), Some(BulkOutcome::Refused(Refusal::Call(error))) if error.is_denied())
    );
    assert_eq!(outcome(&done.items, &arns[4]), Some(BulkOutcome::Stopped));
    assert!(done.run.ended_at.is_some());
    // It is on record, and done once.
    let record = office.desk.audit(&dana(), &crate::store::ActFilter::default(), None).await.unwrap();
    assert_eq!(record.entries.len(), 1);
    office.carried_out(&bulk).await;
    assert_eq!(office.fake.count(Api::StopExecution), 3);
    office.close().await;
}

#[tokio::test]
async fn a_run_goes_on_after_the_end_of_the_program() {
    let mut office = Office::open("crash").await;
    let arns = office.start(4);
    office.round().await;
    let bulk = office.prepared(Verb::StartAgain, &arns).await;
    // The third call takes effect, and the program ends before it hears of it.
    let trick = || Trick::Meanwhile(Box::new(|_, _| {}));
    office.fake.trick(Api::StartExecution, [trick(), trick(), Trick::Hang]);
    office.desk.carry_out(&dana(), &bulk.run.id, &bulk.run.hash).await.unwrap();
    for _ in 0..2_000 {
        if office.fake.count(Api::StartExecution) == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(office.fake.count(Api::StartExecution), 3);
    office.again().await;
    let interrupted = office.desk.bulk(&dana(), &bulk.run.id).await.unwrap();
    assert!(!interrupted.goes_on && interrupted.run.ended_at.is_none());
    assert_eq!(interrupted.items.iter().filter(|item| item.outcome.is_some()).count(), 2);
    let outcomes = office.carried_out(&bulk).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Some(BulkOutcome::Started(_)))), "{outcomes:?}");
    office.round().await;
    let started = Wanted { search: Search::read(&format!("name:{}*", bulk.run.id), 0).unwrap(), ..Wanted::default() };
    assert_eq!(office.desk.count(&dana(), &started, 100).await.unwrap().count, 4, "none was started twice");
    office.close().await;
}

#[tokio::test]
async fn all_that_fit_are_those_of_the_list() {
    let office = Office::open("all").await;
    let arns = office.start(30);
    office.end(&arns[0], ExecutionStatus::Succeeded);
    office.round().await;
    let wanted = Wanted { search: Search::read("name:run-1*", 0).unwrap(), ..Wanted::default() };
    let id = office.desk.prepare(&dana(), Verb::Stop, "", Chosen::All(&wanted)).await.unwrap();
    let bulk = office.desk.bulk(&dana(), &id).await.unwrap();
    assert_eq!((bulk.items.len(), bulk.run.fitted), (10, 10), "the first of them has ended");
    let outcomes = office.carried_out(&bulk).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Some(BulkOutcome::Stopped)));
    office.round().await;
    let error = office.desk.prepare(&dana(), Verb::Stop, "", Chosen::All(&wanted)).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::Nothing(Subject::Executions))), "{error}");
    let many: Vec<String> = (0..501).map(|n| n.to_string()).collect();
    let error = office.desk.prepare(&dana(), Verb::Stop, "", Chosen::These(&many)).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::TooMany { chosen: 501, .. })), "{error}");
    let long = "x".repeat(crate::stopping::STOP_REASON + 1);
    let error = office.desk.prepare(&dana(), Verb::Stop, &long, Chosen::These(&arns)).await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::ReasonTooLong { .. })), "{error}");
    office.close().await;
}

#[tokio::test]
async fn nothing_is_done_where_nothing_may_be_changed() {
    let office = Office::open("read-only").await;
    let arns = office.start(2);
    office.round().await;
    let bulk = office.prepared(Verb::Stop, &arns).await;
    let read_only = desk_of(&office.fake, &office.clock, &office.folder, true).await;
    let error = read_only.carry_out(&dana(), &bulk.run.id, &bulk.run.hash).await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error}");
    let error = read_only.prepare(&dana(), Verb::Stop, "", Chosen::These(&arns)).await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error}");
    let error = read_only.bulk(&dana(), "bulk-none").await.unwrap_err();
    assert!(matches!(error, Error::Bulk(BulkError::NoRun(_))), "{error}");
    read_only.close().await;
    office.close().await;
}

#[tokio::test]
async fn a_call_that_fails_leaves_the_others_alone() {
    let office = Office::open("fails").await;
    let arns = office.start(3);
    office.round().await;
    office.fake.trick(Api::StopExecution, [Trick::Fail(Fault::Unreachable)]);
    let bulk = office.prepared(Verb::Stop, &arns).await;
    let outcomes = office.carried_out(&bulk).await;
    assert!(matches!(&outcomes[0], Some(BulkOutcome::Refused(Refusal::Call(_)))), "{outcomes:?}");
    assert_eq!(outcomes[1..], [Some(BulkOutcome::Stopped), Some(BulkOutcome::Stopped)]);
    office.close().await;
}

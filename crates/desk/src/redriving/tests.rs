#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::PathBuf;
use std::sync::Arc;

use countersign_trace::{Details, EventKind};
use serde_json::json;

use super::*;
use crate::actor::Person;
use crate::connection::fake::{Fake, SetClock, Trick, World, asking};
use crate::connection::{Api, ConnectionKind, Fault, StepFunctions as _};
use crate::desk::Parts;
use crate::index::SqliteIndex;
use crate::policy::{Authority, ROLES};
use crate::redact::RedactionKey;
use crate::store::{Deed, Recorded, Sqlite};

const START: i64 = 1_700_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A desk over a fake connection.
struct Office {
    desk: Arc<Desk>,
    fake: Fake,
    clock: SetClock,
    machine: String,
    folder: PathBuf,
}

fn dana() -> Actor {
    Actor::Person(Person {
        id: "dana".into(),
        name: "Dana".into(),
        role: String::new(),
        groups: ROLES.map(str::to_owned).into(),
    })
}

impl Office {
    async fn open(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-redriving-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let clock = SetClock::at(START);
        let fake = Fake::new(&clock);
        let machine = fake.change(|world, now| world.machine("ask", &asking(), now));
        let desk = Desk::new(Parts {
            connection: fake.connection(ConnectionKind::Endpoint),
            store,
            index: Arc::new(SqliteIndex::in_memory()),
            definitions: PathBuf::from("no-definitions").into(),
            clock: clock.clock(),
            sandbox: None,
            redaction_key: RedactionKey::new([0; 16]),
            authority: Arc::new(Authority::shipped()),
            undo_ms: 0,
        });
        Self { desk: Arc::new(desk), fake, clock, machine, folder }
    }

    async fn round(&self) {
        self.clock.advance(1_000);
        self.desk.watch().round_once().await;
    }

    /// An execution whose task failed, as the desk knows it.
    async fn failed(&self) -> String {
        let arn = self.fake.change(|world, now| world.start_asking(&self.machine, &json!("pay"), now)).0;
        self.fail(&arn);
        self.round().await;
        self.desk.execution(&dana(), &arn).await.unwrap();
        self.fake.forget_log();
        arn
    }

    /// Its open task fails.
    fn fail(&self, arn: &str) {
        let token = self.fake.change(|world, _| world.token_of(arn)).unwrap();
        self.fake.change(|world, now| world.answer(&token, Err(("No", "not now")), now)).unwrap();
    }

    async fn redrive(&self, arn: &str, seen: u64) -> Result<(), Error> {
        self.desk.redrive(&dana(), arn, Some(seen)).await
    }

    /// How often it was redriven, its status, and how many acts say so.
    async fn state(&self, arn: &str) -> (u64, ExecutionStatus, usize) {
        let (redrives, status) = self.fake.change(|world, _| {
            let one = world.execution(arn).unwrap();
            (one.redrives, one.status)
        });
        let acts = self.desk.audit(&dana(), &crate::store::ActFilter::default(), None).await.unwrap().entries;
        let is_of = |what: &Recorded| {
            matches!(what, Recorded::Act(act)
                if act.deed == Deed::Redriven && act.execution_arn.as_deref() == Some(arn))
        };
        (redrives, status, acts.iter().filter(|entry| is_of(&entry.what)).count())
    }

    async fn refusal(&self, arn: &str) -> NotRedrivable {
        let before = self.state(arn).await;
        let refused = self.redrive(arn, before.0).await;
        let Err(Error::Redrive(RedriveError::NotRedrivable(why))) = refused else { panic!("{refused:?}") };
        assert_eq!((self.fake.count(Api::RedriveExecution), self.state(arn).await), (0, before), "no call was made");
        why
    }

    async fn close(self) {
        self.desk.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

#[tokio::test]
async fn a_failed_execution_goes_on_and_is_followed_again() {
    let office = Office::open("goes-on").await;
    let arn = office.failed().await;
    office.redrive(&arn, 0).await.unwrap();
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 1));
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    assert_eq!((record.ended(), record.trace.redrives, record.redriven_at()), (false, 1, Some(office.clock.now())));
    let listed = office.desk.listed(&dana(), &arn).await.unwrap().unwrap();
    assert_eq!((listed.summary.status, listed.summary.ended_at), (ExecutionStatus::Running, None));
    // Its new request comes to the inbox: the watch reads its history again.
    office.fake.change(|world, now| world.ask(&arn, now));
    office.round().await;
    assert_eq!(office.desk.waiting(&dana(), None, 10).await.unwrap().total, 1);
    office.fail(&arn);
    office.round().await;
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    assert!(record.ended() && record.is_settled());
    office.close().await;
}

#[tokio::test]
async fn a_repeated_click_takes_effect_once() {
    let office = Office::open("repeated").await;
    let arn = office.failed().await;
    let (one, other) = tokio::join!(office.redrive(&arn, 0), office.redrive(&arn, 0));
    assert_eq!((one.is_ok(), other.is_ok()), (true, true));
    office.redrive(&arn, 0).await.unwrap();
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 1));
    office.fake.change(|world, now| world.ask(&arn, now));
    office.fail(&arn);
    let late = office.redrive(&arn, 0).await;
    assert!(matches!(late, Err(Error::Redrive(RedriveError::EndedAgain))), "{late:?}");
    office.redrive(&arn, 1).await.unwrap();
    assert_eq!(office.state(&arn).await, (2, ExecutionStatus::Running, 2), "who has seen the second end may");
    office.close().await;
}

#[tokio::test]
async fn a_lost_answer_is_recognized() {
    let office = Office::open("lost").await;
    let arn = office.failed().await;
    office.fake.trick(Api::RedriveExecution, [Trick::LoseAnswer]);
    office.redrive(&arn, 0).await.unwrap();
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 1));
    assert_eq!(office.fake.count(Api::RedriveExecution), 1);
    // Where nobody can say whether it arrived, the next click finds out.
    let arn = office.failed().await;
    office.fake.trick(Api::RedriveExecution, [Trick::LoseAnswer]);
    let nothing = |_: &mut World, _| {};
    office.fake.trick(Api::DescribeExecution, [Trick::Meanwhile(Box::new(nothing)), Trick::Fail(Fault::Unreachable)]);
    let unsure = office.redrive(&arn, 0).await;
    assert!(matches!(&unsure, Err(Error::Redrive(RedriveError::Call(error))) if error.is_passing()), "{unsure:?}");
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 0), "nobody knows yet");
    office.redrive(&arn, 0).await.unwrap();
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 1));
    office.close().await;
}

#[tokio::test]
async fn what_is_lost_on_the_way_there_changes_nothing() {
    let office = Office::open("not-sent").await;
    let arn = office.failed().await;
    office.fake.trick(Api::RedriveExecution, [Trick::Fail(Fault::Unreachable)]);
    assert!(office.redrive(&arn, 0).await.is_err());
    assert_eq!(office.state(&arn).await, (0, ExecutionStatus::Failed, 0));
    office.redrive(&arn, 0).await.unwrap();
    assert_eq!(office.state(&arn).await, (1, ExecutionStatus::Running, 1));
    office.close().await;
}

#[tokio::test]
async fn what_cannot_go_on_is_refused_before_the_call() {
    let office = Office::open("refused").await;
    let running = office.fake.change(|world, now| world.start_asking(&office.machine, &json!(1), now)).0;
    assert_eq!(office.refusal(&running).await, NotRedrivable::Running);
    let succeeded = office.fake.change(|world, now| world.finished(&office.machine, now));
    assert_eq!(office.refusal(&succeeded).await, NotRedrivable::Succeeded);
    let long = office.fake.change(|world, now| {
        let arn = world.start(&office.machine, &json!({}), now);
        for _ in 0..24_997 {
            world.event(&arn, EventKind::PassStateEntered, Details::default(), now);
        }
        world.end(&arn, EventKind::ExecutionFailed, ExecutionStatus::Failed, None, Some("No".into()), now);
        arn
    });
    assert_eq!(office.refusal(&long).await, NotRedrivable::TooManyEvents { events: 24_999 });
    let child = "arn:aws:states:us-east-1:123456789012:execution:ask/Label:child";
    let about = Description { arn: child.into(), ..office.fake.describe_execution(&long).await.unwrap() };
    assert_eq!(hindrance(&about, 10, START), Some(NotRedrivable::Child));
    let by_parent = Description { arn: long.clone(), redrivable: Redrivable::ByMapRun, ..about.clone() };
    assert_eq!(hindrance(&by_parent, 10, START), Some(NotRedrivable::Child));
    let no = Redrivable::No { reason: Some("not today".into()) };
    let said = Description { arn: long, redrivable: no, ..about };
    assert_eq!(hindrance(&said, 10, START), Some(NotRedrivable::Refused { why: "not today".into() }));
    let express = "arn:aws:states:us-east-1:123456789012:express:ask:one:two";
    assert!(matches!(office.redrive(express, 0).await, Err(Error::Read(ReadError::Express(_)))));
    office.close().await;
}

#[tokio::test]
async fn fourteen_days_after_its_end_it_is_too_late() {
    let office = Office::open("old").await;
    let arn = office.failed().await;
    let ended_at = office.fake.change(|world, _| world.execution(&arn).unwrap().ended_at).unwrap();
    office.clock.advance(14 * DAY);
    assert_eq!(office.refusal(&arn).await, NotRedrivable::TooOld { ended_at });
    office.close().await;
}

#[tokio::test]
async fn a_redrive_by_somebody_else_is_seen_at_once() {
    let office = Office::open("elsewhere").await;
    let arn = office.failed().await;
    office.fake.change(|world, now| world.redrive(&arn, None, now)).unwrap();
    office.round().await;
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    assert_eq!((record.ended(), record.trace.redrives), (false, 1));
    // It ends between two readings, with the status that it had.
    office.fake.change(|world, now| world.ask(&arn, now));
    office.fail(&arn);
    office.round().await;
    office.fake.change(|world, now| {
        world.redrive(&arn, None, now).unwrap();
        world.ask(&arn, now);
    });
    office.fail(&arn);
    office.round().await;
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    assert_eq!((record.ended(), record.trace.redrives), (true, 2));
    office.close().await;
}

#[tokio::test]
async fn the_states_are_named_that_it_goes_on_from() {
    let office = Office::open("from").await;
    let arn = office.failed().await;
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    let states = record.goes_on_from().iter().map(|id| record.trace.visit(*id).unwrap().state.as_str());
    assert_eq!(states.collect::<Vec<_>>(), ["Ask"]);
    office.close().await;
}

#[tokio::test]
async fn whoever_looks_at_an_old_failure_sees_that_it_was_redriven() {
    let office = Office::open("old-failure").await;
    let arn = office.failed().await;
    // It is not among the newest any more: the first page of the list says nothing of it.
    for _ in 0..150 {
        office.fake.change(|world, now| world.finished(&office.machine, now));
    }
    office.round().await;
    let looking = office.desk.look_at(&dana(), &[arn.clone()].into()).await.unwrap();
    office.round().await;
    office.fake.change(|world, now| {
        world.redrive(&arn, None, now).unwrap();
        world.ask(&arn, now);
    });
    office.fail(&arn);
    for _ in 0..12 {
        office.round().await;
    }
    let (record, _) = office.desk.execution(&dana(), &arn).await.unwrap();
    assert_eq!((record.ended(), record.trace.redrives), (true, 1));
    drop(looking);
    office.close().await;
}

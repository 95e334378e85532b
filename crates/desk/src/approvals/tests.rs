#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod faults;
mod guests;
mod hands;
mod many;
mod rules;
mod times;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::{Answer, EMPTY};
use super::outcomes::Chosen;
use super::*;
use crate::actor::{Actor, Person};
use crate::clock::Clock;
use crate::connection::fake::{Fake, SetClock, Trick, World, asking};
use crate::connection::{Api, Connection, ConnectionKind, ExecutionStatus, Fault};
use crate::desk::{Desk, Parts};
use crate::error::Error;
use crate::index::SqliteIndex;
use crate::policy::Authority;
use crate::redact::RedactionKey;
use crate::store::{Decision, DeliveryRecord, NewDecision, Sqlite, Store, Trouble};
use crate::watch::Obstacle;

const START: i64 = 1_700_000_000_000;

/// A desk over a fake connection whose clock stands still.
struct Office {
    desk: Arc<Desk>,
    fake: Fake,
    clock: Clock,
    set: SetClock,
    machine: String,
    store: Arc<dyn Store>,
    folder: PathBuf,
}

fn person(id: &str) -> Actor {
    rules::member(id, &[])
}

fn desk(connection: Connection, store: Arc<dyn Store>, clock: Clock, definitions: &Path) -> Arc<Desk> {
    desk_with(connection, store, clock, definitions, 0)
}

fn desk_with(
    connection: Connection,
    store: Arc<dyn Store>,
    clock: Clock,
    definitions: &Path,
    undo_ms: i64,
) -> Arc<Desk> {
    let definitions = definitions.to_owned().into();
    let index = Arc::new(SqliteIndex::in_memory());
    let (redaction_key, authority) = (RedactionKey::new([0; 16]), Arc::new(Authority::shipped()));
    Arc::new(Desk::new(Parts {
        connection,
        store,
        index,
        definitions,
        clock,
        sandbox: None,
        redaction_key,
        authority,
        undo_ms,
    }))
}

impl Office {
    async fn open(test: &str) -> Self {
        Self::with(test, &asking()).await
    }

    async fn with(test: &str, definition: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-desk-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let clock = SetClock::at(START);
        let fake = Fake::new(&clock);
        let machine = fake.change(|world, now| world.machine("ask", definition, now));
        let set = clock;
        let clock = set.clock();
        let desk = desk(fake.connection(ConnectionKind::Endpoint), Arc::clone(&store), clock.clone(), &folder);
        Self { desk, fake, clock, set, machine, store, folder }
    }

    /// The desk of the next process, on the same store.
    fn after_restart(&self) -> Arc<Desk> {
        desk(self.fake.connection(ConnectionKind::Endpoint), Arc::clone(&self.store), self.clock.clone(), &self.folder)
    }

    /// A request that the desk has seen.
    async fn ask(&self, request: &str) -> (String, u64) {
        let (arn, event) = self.fake.change(|world, now| world.start_asking(&self.machine, &json!(request), now));
        self.desk.watch().round_once().await;
        self.fake.forget_log();
        (arn, event)
    }

    async fn approve(&self, request: &(String, u64)) -> Result<Decided, Error> {
        self.desk.decide(&person("dana"), (&request.0, request.1), &Choice::of("approve", "fine")).await
    }

    async fn decision(&self, request: &(String, u64)) -> Decision {
        self.store.of_task(self.desk.id(), &request.0, request.1).await.unwrap().unwrap()
    }

    fn status(&self, arn: &str) -> ExecutionStatus {
        self.fake.change(|world, _| world.execution(arn).unwrap().status)
    }

    fn sent(&self) -> usize {
        self.fake.count(Api::SendTaskSuccess) + self.fake.count(Api::SendTaskFailure)
    }

    async fn close(self) {
        self.store.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

#[tokio::test]
async fn a_decision_is_recorded_and_delivered_with_two_calls() {
    let office = Office::open("delivered").await;
    let request = office.ask("pay?").await;
    let Decided::Recorded(decision) = office.approve(&request).await.unwrap() else { panic!("nobody was before") };
    assert_eq!((decision.decision.person_name.as_str(), decision.decision.decided_at), ("DANA", START));
    assert_eq!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { at: START });
    assert_eq!(office.status(&request.0), ExecutionStatus::Succeeded);
    let output = office.fake.change(|world, _| world.execution(&request.0).unwrap().output.clone().unwrap());
    let output: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((&output["decision"], &output["approvedBy"]), (&json!("approved"), &json!("DANA")));
    let before_it_was_sent: Vec<Api> = office.fake.log().iter().map(|call| call.api).collect();
    assert_eq!(before_it_was_sent, [Api::GetExecutionHistory, Api::SendTaskSuccess], "the history is read once");
    office.close().await;
}

#[tokio::test]
async fn a_rejection_fails_the_task_with_the_name_that_definitions_catch() {
    let office = Office::open("rejected").await;
    let request = office.ask("pay?").await;
    office.desk.decide(&person("dana"), (&request.0, request.1), &Choice::of("reject", "too dear")).await.unwrap();
    let (status, error) = office.fake.change(|world, _| {
        let execution = world.execution(&request.0).unwrap();
        (execution.status, execution.error.clone())
    });
    assert_eq!((status, error.as_deref()), (ExecutionStatus::Failed, Some(REJECTED)));
    assert!(matches!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { .. }));
    office.close().await;
}

#[tokio::test]
async fn an_answer_that_was_lost_is_recognized_and_not_given_twice() {
    let office = Office::open("lost").await;
    let request = office.ask("pay?").await;
    office.fake.trick(Api::SendTaskSuccess, [Trick::LoseAnswer]);
    assert!(office.approve(&request).await.unwrap().was_in_time());
    let decision = office.decision(&request).await;
    assert_eq!(decision.delivery, DeliveryRecord::Pending);
    assert!(matches!(decision.trouble, Some(Trouble::Call(error)) if error.fault == Fault::Unreachable));
    assert_eq!(office.status(&request.0), ExecutionStatus::Succeeded, "it had arrived");
    office.desk.deliver(&office.decision(&request).await).await;
    assert!(matches!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { .. }));
    assert_eq!(office.sent(), 1, "the history says that it arrived");
    office.close().await;
}

#[tokio::test]
async fn a_refusal_that_repeats_the_token_is_kept_without_it() {
    let office = Office::open("repeated").await;
    let request = office.ask("pay?").await;
    let token = office.fake.change(|world, _| world.token_of(&request.0)).unwrap();
    let message = format!("Value '{token}' at 'taskToken' failed to satisfy constraint");
    office.fake.trick(Api::SendTaskSuccess, [Trick::Fail(Fault::of_code("ValidationException", &message))]);
    office.approve(&request).await.unwrap();
    let kept = format!("{:?}", office.decision(&request).await);
    assert!(kept.contains("'[task token]' at 'taskToken'") && !kept.contains(&token), "{kept}");
    office.close().await;
}

#[tokio::test]
async fn a_decision_survives_an_outage() {
    let office = Office::open("outage").await;
    let request = office.ask("pay?").await;
    office.fake.trick(Api::SendTaskSuccess, (0..3).map(|_| Trick::Fail(Fault::Unreachable)));
    office.approve(&request).await.unwrap();
    for _ in 0..2 {
        office.desk.deliver(&office.decision(&request).await).await;
        assert_eq!(office.decision(&request).await.delivery, DeliveryRecord::Pending);
    }
    office.desk.deliver(&office.decision(&request).await).await;
    let decision = office.decision(&request).await;
    assert!(matches!(decision.delivery, DeliveryRecord::Delivered { .. }), "{decision:?}");
    assert_eq!((decision.trouble, office.sent()), (None, 4));
    office.close().await;
}

#[tokio::test]
async fn somebody_elses_answer_makes_a_decision_late() {
    let office = Office::open("late").await;
    let request = office.ask("pay?").await;
    let token = office.fake.change(|world, _| world.token_of(&request.0)).unwrap();
    // Right between the reading of the history and the sending.
    let answered = Trick::Meanwhile(Box::new(move |world: &mut World, now| {
        world.answer(&token, Ok("{\"by\":\"another\"}"), now).unwrap();
    }));
    office.fake.trick(Api::SendTaskSuccess, [answered]);
    assert!(office.approve(&request).await.unwrap().was_in_time(), "it was recorded before");
    assert_eq!(office.decision(&request).await.delivery, DeliveryRecord::Late { by: ClosedBy::Success });

    let request = office.ask("and this?").await;
    let token = office.fake.change(|world, _| world.token_of(&request.0)).unwrap();
    office.fake.change(|world, now| world.answer(&token, Err(("Refused", "no")), now)).unwrap();
    let Decided::Closed(closed) = office.approve(&request).await.unwrap() else { panic!("somebody was before") };
    assert_eq!(closed.by, ClosedBy::Failure { error: "Refused".into() });
    assert!(
        office.store.of_task(office.desk.id(), &request.0, request.1).await.unwrap().is_none(),
        "nothing is on record"
    );
    office.close().await;
}

#[tokio::test]
async fn a_task_that_timed_out_is_answered_by_nobody() {
    let office = Office::open("timeout").await;
    let request = office.ask("pay?").await;
    office.fake.change(|world, now| world.time_out(&request.0, now));
    let Decided::Closed(closed) = office.approve(&request).await.unwrap() else { panic!("its time was over") };
    assert_eq!(closed.by, ClosedBy::Timeout);
    office.close().await;
}

#[tokio::test]
async fn of_two_deciders_one_decides() {
    let office = Office::open("two").await;
    let request = office.ask("pay?").await;
    let (one, other) = (person("dana"), person("omar"));
    let (approve, reject) = (Choice::of("approve", ""), Choice::of("reject", ""));
    let (one, other) = tokio::join!(
        office.desk.decide(&one, (&request.0, request.1), &approve),
        office.desk.decide(&other, (&request.0, request.1), &reject),
    );
    let in_time = [one.unwrap(), other.unwrap()].iter().filter(|decided| decided.was_in_time()).count();
    assert_eq!((in_time, office.sent()), (1, 1));
    let again = office.desk.decide(&person("ines"), (&request.0, request.1), &Choice::of("approve", "")).await.unwrap();
    assert!(matches!(again, Decided::Earlier { own: false, .. }), "{again:?}");
    office.close().await;
}

#[tokio::test]
async fn two_clicks_of_one_person_are_one_decision() {
    let office = Office::open("clicks").await;
    let request = office.ask("pay?").await;
    let (one, other) = tokio::join!(office.approve(&request), office.approve(&request));
    assert!(one.unwrap().was_in_time() && other.unwrap().was_in_time());
    let other = office.desk.decide(&person("dana"), (&request.0, request.1), &Choice::of("reject", "")).await.unwrap();
    assert!(matches!(other, Decided::Earlier { own: true, .. }), "{other:?}");
    assert_eq!(office.sent(), 1);
    office.close().await;
}

#[tokio::test]
async fn a_decision_that_hangs_delays_no_other() {
    let office = Office::open("hangs").await;
    let (slow, quick) = (office.ask("one").await, office.ask("two").await);
    office.fake.trick(Api::SendTaskSuccess, [Trick::Hang]);
    // It is answered though its sending never ends.
    assert!(office.approve(&slow).await.unwrap().was_in_time());
    assert_eq!(office.decision(&slow).await.delivery, DeliveryRecord::Pending);
    assert!(office.approve(&quick).await.unwrap().was_in_time());
    assert!(matches!(office.decision(&quick).await.delivery, DeliveryRecord::Delivered { .. }));
    office.close().await;
}

/// A decision on record as a process leaves it that ends after `step` steps.
async fn crashed(office: &Office, request: &(String, u64), step: usize) {
    let new = NewDecision {
        execution_arn: request.0.clone(),
        event: request.1,
        workflow: "ask".into(),
        state: "Ask".into(),
        title: "Ask".into(),
        outcome: Chosen::approve(),
        form: EMPTY.into(),
        person_id: "dana".into(),
        person_name: "DANA".into(),
        comment: String::new(),
        decided_at: START,
        bound: crate::store::Bound::default(),
    };
    let decision = office.store.record(office.desk.id(), &new, None).await.unwrap().unwrap();
    if step >= 1 {
        office.store.trying(decision.id).await.unwrap();
    }
    if step >= 2 {
        let token = office.fake.change(|world, _| world.token_of(&request.0)).unwrap();
        let Ok(Answer::Success(output)) = answer::of(&decision) else { panic!("it approves") };
        office.fake.change(|world, now| world.answer(&token, Ok(&output), now)).unwrap();
    }
}

#[tokio::test]
async fn a_crash_between_any_two_steps_loses_nothing_and_sends_nothing_twice() {
    for step in 0..=2 {
        let office = Office::open(&format!("crash-{step}")).await;
        let request = office.ask("pay?").await;
        crashed(&office, &request, step).await;
        let desk = office.after_restart();
        let pending = office.store.pending(office.desk.id()).await.unwrap();
        assert_eq!(pending.len(), 1, "step {step}");
        desk.deliver(&pending[0]).await;
        assert!(
            matches!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { .. }),
            "step {step}: {:?}",
            office.decision(&request).await
        );
        assert_eq!(office.status(&request.0), ExecutionStatus::Succeeded);
        assert_eq!(office.sent(), usize::from(step < 2), "step {step}");
        assert!(office.store.pending(office.desk.id()).await.unwrap().is_empty());
        office.close().await;
    }
}

#[tokio::test]
async fn the_connection_is_away_when_somebody_decides() {
    let office = Office::open("away").await;
    let request = office.ask("pay?").await;
    office.fake.trick(Api::GetExecutionHistory, [Trick::Fail(Fault::Unreachable)]);
    let error = office.approve(&request).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::Read(_))), "{error}");
    assert!(office.store.latest(office.desk.id(), 9).await.unwrap().is_empty(), "nothing was recorded");
    // It is there and has no time: what is known is a moment old.
    office.fake.trick(Api::GetExecutionHistory, [Trick::Fail(Fault::of_code("ThrottlingException", "Rate exceeded"))]);
    assert!(office.approve(&request).await.unwrap().was_in_time());
    assert!(matches!(office.decision(&request).await.delivery, DeliveryRecord::Delivered { .. }));
    office.close().await;
}

#[tokio::test]
async fn what_cannot_be_shown_or_answered_cannot_be_decided() {
    // The parameters hold the token in a form that nobody can read back.
    let hidden = asking().replace("$$.Task.Token", "States.Hash($$.Task.Token, 'SHA-256')");
    let office = Office::with("withheld", &hidden).await;
    let request = office.ask("pay?").await;
    let error = office.approve(&request).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::Obstructed(Obstacle::Unreadable))), "{error}");
    let error = office.desk.decide(&person("dana"), (&request.0, 2), &Choice::of("approve", "")).await.unwrap_err();
    assert!(matches!(error, Error::Decide(DecideError::NotAnswerable { .. })), "an event that asks nobody: {error}");
    let long = "x".repeat(2_001);
    let error = office.desk.decide(&person("dana"), (&request.0, request.1), &Choice::of("approve", &long)).await;
    let too_long = matches!(error, Err(Error::Decide(DecideError::CommentTooLong { characters: 2_001, limit: 2_000 })));
    assert!(too_long && office.store.latest(office.desk.id(), 9).await.unwrap().is_empty() && office.sent() == 0);
    office.close().await;
}

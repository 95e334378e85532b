#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::actor::{Actor, Person};
use crate::approvals::Choice;
use crate::connection::fake::{Fake, SetClock, Trick, asking};
use crate::connection::{Api, Connection, ConnectionKind, Fault};
use crate::deploy::Definitions;
use crate::error::{Error, ReadError};
use crate::index::SqliteIndex;
use crate::news::Topic;
use crate::policy::{Action, Authority, DenialReason, ROLES};
use crate::redact::RedactionKey;
use crate::store::{Sqlite, Store};

const START: i64 = 1_700_000_000_000;

/// Two connections over one store, each to a fake of its own with the machine `ask`.
struct Two {
    desks: Arc<Desks>,
    one: Fake,
    other: Fake,
    machine: String,
    store: Arc<dyn Store>,
    folder: PathBuf,
    clock: SetClock,
}

impl Two {
    async fn open(test: &str) -> Self {
        Self::with(test, false).await
    }

    async fn with(test: &str, read_only: bool) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-desks-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let clock = SetClock::at(START);
        let (one, other) = (Fake::new(&clock), Fake::new(&clock));
        let machine = [&one, &other].map(|fake| fake.change(|world, now| world.machine("ask", &asking(), now)));
        let index = Arc::new(SqliteIndex::in_memory());
        let parts = |fake: &Fake, name: &str| {
            let mut connection = fake.connection(ConnectionKind::Endpoint);
            connection.id = ConnectionId::parse(name).unwrap();
            connection.about.read_only = read_only;
            let definitions = PathBuf::from("no-definitions").into();
            parts_of(connection, &store, &index, definitions, &clock)
        };
        let desks = Desks::of(Arc::new(Desk::new(parts(&one, "default")))).and(parts(&other, "other")).unwrap();
        let [machine, _] = machine;
        Self { desks: Arc::new(desks), one, other, machine, store, folder, clock }
    }

    fn desk(&self, name: &str) -> &Arc<Desk> {
        self.desks.get(name).unwrap()
    }

    /// Goes round once on both.
    async fn round(&self) {
        self.clock.advance(1_000);
        for desk in self.desks.iter() {
            desk.watch().round_once().await;
        }
    }

    async fn close(self) {
        self.desks.close().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn parts_of(
    connection: Connection,
    store: &Arc<dyn Store>,
    index: &Arc<SqliteIndex>,
    definitions: Definitions,
    clock: &SetClock,
) -> Parts {
    let (store, index) = (Arc::clone(store), Arc::clone(index) as _);
    let (redaction_key, authority) = (RedactionKey::new([0; 16]), Arc::new(Authority::shipped()));
    Parts {
        connection,
        store,
        index,
        definitions,
        clock: clock.clock(),
        sandbox: None,
        redaction_key,
        authority,
        undo_ms: 0,
    }
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
async fn a_decision_on_one_connection_does_not_touch_the_other() {
    let two = Two::open("decision").await;
    // The same ARN and the same event on both: two engines number alike.
    let asked = [&two.one, &two.other]
        .map(|fake| fake.change(|world, now| world.start_asking(&two.machine, &json!("pay"), now)));
    assert_eq!(asked[0], asked[1]);
    two.round().await;
    let before = *two.desks.changes().subscribe().borrow();
    let (arn, event) = &asked[0];
    two.desk("default").decide(&dana(), (arn, *event), &Choice::of("approve", "fine")).await.unwrap();
    let waiting = async |name: &str| two.desk(name).standing(&dana()).await.unwrap().waiting;
    assert_eq!((waiting("default").await, waiting("other").await), (0, 1));
    assert_eq!(two.other.count(Api::SendTaskSuccess), 0);
    assert!(
        two.store.of_task(two.desk("other").id(), arn, *event).await.unwrap().is_none(),
        "nothing is on its record"
    );
    let changed: BTreeSet<String> =
        two.desks.changes().since(before).1.into_iter().map(|(connection, _)| connection.to_string()).collect();
    assert_eq!(changed, BTreeSet::from(["default".to_owned()]), "and none of its pages reads again");
    // There it can still be decided.
    two.desk("other").decide(&dana(), (arn, *event), &Choice::of("reject", "no")).await.unwrap();
    assert_eq!((waiting("other").await, two.other.count(Api::SendTaskFailure)), (0, 1));
    two.close().await;
}

#[tokio::test]
async fn a_connection_that_hangs_delays_no_other() {
    let two = Two::open("hang").await;
    two.one.trick(Api::ListStateMachines, [Trick::Hang]);
    let end = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&two.desks).run(end.clone()));
    let other = two.desk("other");
    tokio::time::timeout(Duration::from_secs(5), other.first_look()).await.unwrap();
    assert!(other.standing(&dana()).await.unwrap().data_at.is_some(), "the other one has been read");
    assert!(two.desk("default").standing(&dana()).await.unwrap().data_at.is_none());
    // A task that waits for an answer that never comes ends with the program.
    end.cancel();
    running.abort();
    two.close().await;
}

#[tokio::test]
async fn nothing_can_be_changed_on_a_read_only_connection() {
    let two = Two::with("read-only", true).await;
    let (arn, event) = two.one.change(|world, now| world.start_asking(&two.machine, &json!("pay"), now));
    two.round().await;
    let desk = two.desk("default");
    let refused = [
        (Action::Start, desk.start(&dana(), "ask", "", "{}", None).await.map(|_| ())),
        (Action::Start, desk.start(&dana(), "ask", "", "{}", Some(&arn)).await.map(|_| ())),
        (Action::Stop, desk.stop(&dana(), &arn, "enough").await),
        (Action::Redrive, desk.redrive(&dana(), &arn, None).await),
        (Action::Decide, desk.decide(&dana(), (&arn, event), &Choice::of("approve", "")).await.map(|_| ())),
        (Action::Decide, desk.decide(&dana(), (&arn, event), &Choice::of("reject", "")).await.map(|_| ())),
        (Action::Deploy, desk.deploy_seen(&dana(), None, "").await.map(|_| ())),
        (Action::Deploy, desk.deploy_everything(&Actor::Program).await.map(|_| ())),
    ];
    for (action, refused) in refused {
        let Err(Error::Denied(denied)) = refused else { panic!("{action:?}: {refused:?}") };
        assert_eq!((denied.action, *denied.reason), (action, DenialReason::ReadOnly(desk.id().clone())));
    }
    let changes = [
        Api::StartExecution,
        Api::StopExecution,
        Api::RedriveExecution,
        Api::SendTaskSuccess,
        Api::SendTaskFailure,
        Api::CreateStateMachine,
        Api::UpdateStateMachine,
        Api::CreateTopic,
    ];
    assert!(changes.iter().all(|api| two.one.count(*api) == 0), "no call was made");
    assert_eq!(desk.standing(&dana()).await.unwrap().waiting, 1, "it can be seen");
    desk.execution(&dana(), &arn).await.unwrap();
    two.close().await;
}

#[tokio::test]
async fn what_iam_denies_is_missing_and_the_rest_is_shown() {
    let two = Two::open("denied").await;
    let second = two.one.change(|world, now| world.machine("second", &asking(), now));
    let (arn, _) = two.one.change(|world, now| world.start_asking(&two.machine, &json!("pay"), now));
    two.one.change(|world, now| world.start_asking(&second, &json!("pay"), now));
    two.one.deny(Api::ListExecutions, &second);
    two.one.deny(Api::DescribeStateMachine, &second);
    two.round().await;
    let desk = two.desk("default");
    let known = desk.snapshot(&dana()).await.unwrap();
    let machine = known.machine_named("second").expect("a machine that cannot be described is listed");
    assert!(machine.definition.graph.is_none());
    let listed = desk.listed(&dana(), &arn).await.unwrap();
    assert!(listed.is_some(), "the other machine's executions are shown");
    let standing = desk.standing(&dana()).await.unwrap();
    assert_eq!((standing.waiting, standing.problem.is_none(), standing.data_at.is_some()), (1, true, true));
    let denied: Vec<String> = standing.denied.iter().map(|call| call.api.iam_action()).collect();
    assert_eq!(denied, ["states:DescribeStateMachine", "states:ListExecutions"]);
    // Without histories there are no requests, and everything else stays.
    two.one.deny(Api::GetExecutionHistory, "");
    two.round().await;
    assert!(matches!(desk.execution(&dana(), &arn).await, Ok(_) | Err(Error::Read(ReadError::Call(_)))));
    let denied: Vec<Api> = desk.standing(&dana()).await.unwrap().denied.iter().map(|call| call.api).collect();
    assert!(denied.contains(&Api::GetExecutionHistory), "{denied:?}");
    assert_eq!(desk.snapshot(&dana()).await.unwrap().machines.len(), 2);
    two.one.permit_all();
    two.round().await;
    two.round().await;
    let standing = desk.standing(&dana()).await.unwrap();
    assert!(standing.denied.is_empty(), "{:?}", standing.denied);
    assert_eq!(standing.waiting, 2, "and what was denied is there");
    two.close().await;
}

#[tokio::test]
async fn a_page_says_what_became_of_the_calls() {
    let two = Two::open("calls").await;
    let before = *two.desks.changes().subscribe().borrow();
    two.round().await;
    two.one.trick(Api::ListStateMachines, [Trick::Fail(Fault::Unreachable)]);
    two.round().await;
    let condition = two.desk("default").condition(&dana()).await.unwrap();
    let (list, quota) = condition.calls.iter().find(|(calls, _)| calls.api == Api::ListStateMachines).unwrap();
    assert_eq!((list.last_minute, list.succeeded_at), (2, Some(START + 1_000)));
    assert_eq!(list.failed.as_ref().map(|(at, error)| (*at, &error.fault)), Some((START + 2_000, &Fault::Unreachable)));
    assert!(quota.is_none(), "no quota is known of an endpoint");
    assert!(condition.problem.is_some() && condition.caller.is_none());
    let changed = two.desks.changes().since(before).1;
    assert!(changed.contains(&(two.desk("default").id().clone(), Topic::Health)), "{changed:?}");
    let other = two.desk("other").condition(&dana()).await.unwrap();
    assert!(other.problem.is_none() && other.calls.iter().all(|(calls, _)| calls.failed.is_none()));
    two.close().await;
}

#[tokio::test]
async fn two_connections_have_two_names() {
    let two = Two::open("names").await;
    let clock = SetClock::at(START);
    let connection = Fake::new(&clock).connection(ConnectionKind::Endpoint);
    let definitions = PathBuf::from("no-definitions").into();
    let parts = parts_of(connection, &two.store, &Arc::new(SqliteIndex::in_memory()), definitions, &clock);
    let taken = Desks::of(Arc::clone(two.desk("default"))).and(parts).err();
    assert_eq!(taken, Some(NameTaken(ConnectionId::default_one())));
    assert!(two.desks.get("nowhere").is_none() && two.desks.get("").is_none());
    let names: Vec<&str> = two.desks.iter().map(|desk| desk.id().as_str()).collect();
    assert_eq!(names, ["default", "other"]);
    two.close().await;
}

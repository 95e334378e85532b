#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use std::path::PathBuf;

use countersign_replay::evidence::Finding;
use serde_json::{Value, json};

use super::*;
use crate::actor::Person;
use crate::connection::fake::{Fake, SetClock, asking};
use crate::connection::{Api, ConnectionKind};
use crate::desk::Parts;
use crate::index::SqliteIndex;
use crate::policy::{Authority, ROLES};
use crate::redact::RedactionKey;
use crate::store::Sqlite;

/// A desk over a fake connection with one machine, which asks somebody.
struct Office {
    desk: Arc<Desk>,
    fake: Fake,
    clock: SetClock,
    machine: String,
    folder: PathBuf,
}

fn person(groups: Vec<String>) -> Actor {
    Actor::Person(Person { id: "dana".into(), name: "Dana".into(), role: String::new(), groups })
}

fn dana() -> Actor {
    person(ROLES.map(str::to_owned).into())
}

/// The shipped policies, and staff who may see everything but payloads.
fn authority(folder: &std::path::Path) -> Authority {
    let file = folder.join("policy.cedar");
    let policy = r#"@id("staff-see") permit (principal in Group::"staff", action == Action::"view", resource);"#;
    std::fs::write(&file, policy).unwrap();
    Authority::read(&file).unwrap().0
}

impl Office {
    async fn open(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-evidence-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let clock = SetClock::at(1_700_000_000_000);
        let fake = Fake::new(&clock);
        let machine = fake.change(|world, now| world.machine("ask", &asking(), now));
        let desk = Desk::new(Parts {
            connection: fake.connection(ConnectionKind::Embedded),
            store,
            index: Arc::new(SqliteIndex::in_memory()),
            definitions: PathBuf::from("no-definitions").into(),
            clock: clock.clock(),
            sandbox: None,
            redaction_key: RedactionKey::new([0; 16]),
            authority: Arc::new(authority(&folder)),
            undo_ms: 0,
        });
        Self { desk: Arc::new(desk), fake, clock, machine, folder }
    }

    /// An execution whose task was answered.
    fn answered(&self, answer: Result<&str, (&str, &str)>) -> String {
        let arn = self.fake.change(|world, now| world.start_asking(&self.machine, &json!({"amount": 5}), now)).0;
        let token = self.fake.change(|world, _| world.token_of(&arn)).unwrap();
        self.clock.advance(500);
        self.fake.change(|world, now| world.answer(&token, answer, now)).unwrap();
        self.clock.advance(500);
        arn
    }

    async fn close(self) {
        self.desk.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

#[tokio::test]
async fn the_last_executions_are_replayed_and_read_once() {
    let office = Office::open("last").await;
    let fails: Vec<String> = (0..3).map(|_| office.answered(Err(("Rejected", "no")))).collect();
    office.fake.change(|world, now| world.start_asking(&office.machine, &json!({}), now));
    office.clock.advance(1_000);
    office.desk.watch().round_once().await;
    let same = office.desk.replay(&dana(), "ask", &asking(), 10).await.unwrap();
    assert_eq!(same.summary.to_string(), "3 take the same path", "the one that runs is not looked at");
    assert_eq!(same.summary.groups[0].executions, fails.iter().rev().cloned().collect::<Vec<_>>(), "the newest first");
    let mut caught: Value = serde_json::from_str(&asking()).unwrap();
    caught["States"]["Ask"]["Catch"] = json!([{"ErrorEquals": ["Rejected"], "Next": "Sorry"}]);
    caught["States"]["Sorry"] = json!({"Type": "Succeed"});
    office.fake.forget_log();
    let found = office.desk.replay(&dana(), "ask", &caught.to_string(), 2).await.unwrap();
    assert_eq!(found.summary.to_string(), "2 now reach Sorry");
    let plan = found.outlook();
    assert_eq!((plan.executions, plan.groups.len()), (2, 1));
    assert_eq!(plan.groups[0].outcome, outlook::Outcome::Differs { state: "Sorry".into(), reached: true, fails: None });
    assert_eq!(found.executions[0].1.now.names().last(), Some("Sorry"));
    assert_eq!(office.fake.count(Api::GetExecutionHistory), 0, "they are in memory");
    office.close().await;
}

#[tokio::test]
async fn a_view_that_is_repeated_replays_nothing() {
    let office = Office::open("kept").await;
    office.answered(Err(("Rejected", "no")));
    office.clock.advance(1_000);
    office.desk.watch().round_once().await;
    let words = async |actor: &Actor, definition: &str| {
        office.desk.replay(actor, "ask", definition, 10).await.unwrap().summary.to_string()
    };
    assert_eq!(words(&dana(), &asking()).await, "1 takes the same path");
    // What is kept is forged, so that it is told from what is replayed.
    office.desk.replayed().0[0].found.summary = Summary::default();
    assert_eq!(words(&dana(), &asking()).await, "", "it comes from memory");
    // Another definition and another actor are other questions.
    let other = asking().replace("86400", "86401");
    assert_ne!(other, asking());
    assert_eq!(words(&dana(), &other).await, "1 takes the same path");
    let staff = person(vec!["staff".into()]);
    assert_eq!(words(&staff, &asking()).await, "1 takes the same path");
    // So is the same one once another execution has ended.
    office.answered(Err(("Rejected", "no")));
    office.clock.advance(1_000);
    office.desk.watch().round_once().await;
    assert_eq!(words(&dana(), &asking()).await, "2 take the same path");
    office.close().await;
}

#[tokio::test]
async fn no_payload_leaves_the_desk() {
    let office = Office::open("payload").await;
    office.answered(Err(("Rejected", "card 4711 is stolen")));
    office.clock.advance(1_000);
    office.desk.watch().round_once().await;
    // Only with a catcher that reads what is not there does the end change.
    let mut new: Value = serde_json::from_str(&asking()).unwrap();
    new["States"]["Ask"]["Catch"] = json!([{"ErrorEquals": ["Rejected"], "Next": "Sorry"}]);
    new["States"]["Sorry"] = json!({"Type": "Fail", "Error": "Sorry", "CausePath": "$.Cause"});
    let staff = person(vec!["staff".into()]);
    for (actor, sees) in [(dana(), true), (staff, false)] {
        let found = office.desk.replay(&actor, "ask", &new.to_string(), 10).await.unwrap();
        let text = format!("{:?} {}", found.executions, found.summary);
        let may = office.desk.eyes(&actor, "ask").see_all();
        assert_eq!(may, sees, "the roles are what the test thinks");
        assert_eq!(text.contains("4711"), sees, "{text}");
        assert!(matches!(found.summary.groups[0].finding, Finding::Reaches { .. }), "{}", found.summary);
    }
    office.close().await;
}

#[tokio::test]
async fn a_definition_that_is_not_valid_is_refused_with_its_place() {
    let office = Office::open("invalid").await;
    office.desk.watch().round_once().await;
    let refused = office.desk.replay(&dana(), "ask", "{\"StartAt\": \"A\",\n\"States\": {}}", 10).await;
    let Err(Error::Deploy(DeployError::Refused { name, problem })) = refused else { panic!("{refused:?}") };
    assert_eq!((name.as_str(), problem.file.as_str()), ("ask", "ask"));
    let nobody = office.desk.replay(&person(Vec::new()), "ask", &asking(), 10).await;
    assert!(matches!(nobody, Err(Error::Denied(_))), "{nobody:?}");
    let none = office.desk.replay(&dana(), "other", &asking(), 10).await;
    assert!(matches!(none, Err(Error::Read(ReadError::NoWorkflow(_)))), "{none:?}");
    office.close().await;
}

//! Messages over the fake, with a set clock: what makes them, for whom, and that none is lost or told twice.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::*;
use crate::actor::{Actor, Person};
use crate::approvals::Choice;
use crate::connection::fake::{Fake, SetClock, asking};
use crate::connection::{ConnectionKind, ExecutionStatus};
use crate::desk::{Desk, Parts};
use crate::index::SqliteIndex;
use crate::policy::Authority;
use crate::redact::RedactionKey;
use crate::store::{Absence, Sqlite, Store, Undelivered, User};

mod burst;
mod concerned;

const START: i64 = 1_700_000_000_000;
const HOUR: i64 = 3_600_000;

/// What a carrier of a test does with a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    /// It takes the message and never says so, as where the process ends.
    Hangs,
    Refuses {
        for_good: bool,
    },
}

/// Keeps what it was given.
#[derive(Clone)]
struct Mailbox(Arc<Mutex<(Mood, Vec<Parcel>)>>);

impl Mailbox {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Mood::Takes, Vec::new()))))
    }

    fn is(&self, mood: Mood) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = mood;
    }

    fn parcels(&self) -> Vec<Parcel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// What was told, each to whom, in the order of the alphabet.
    fn told(&self) -> Vec<String> {
        let mut told: Vec<String> =
            self.parcels().iter().map(|one| format!("{} {}", one.message.occasion.word(), one.recipient)).collect();
        told.sort();
        told
    }
}

impl Carrier for Mailbox {
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a> {
        let mood = {
            let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !matches!(inside.0, Mood::Refuses { .. }) {
                inside.1.push(parcel.clone());
            }
            inside.0
        };
        Box::pin(async move {
            match mood {
                Mood::Takes => Ok(()),
                Mood::Hangs => std::future::pending().await,
                Mood::Refuses { for_good } => Err(NotCarried { why: "no".to_owned(), for_good }),
            }
        })
    }
}

/// A desk over a fake connection whose clock stands still.
struct House {
    fake: Fake,
    set: SetClock,
    machine: String,
    store: Arc<dyn Store>,
    folder: PathBuf,
    inbox: Mailbox,
}

/// A desk and the outbox of one process.
struct Run {
    desk: Arc<Desk>,
    notices: Arc<Notices>,
}

impl Run {
    /// Looks, and sends what is due.
    async fn look(&self) {
        self.desk.watch().round_once().await;
        self.desk.tell_once().await.unwrap();
        self.notices.send_all_due().await;
    }
}

impl House {
    async fn open(test: &str, rule: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-notify-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let manifest = format!("[workflows.ask]\nfile = \"ask.asl.json\"\n{rule}");
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let set = SetClock::at(START);
        let fake = Fake::new(&set);
        let machine = fake.change(|world, now| world.machine("ask", &asking(), now));
        Self { fake, set, machine, store, folder, inbox: Mailbox::new() }
    }

    fn channel(&self, to: &[Recipient]) -> Channel {
        let occasions: BTreeSet<Occasion> = Occasion::ALL.into_iter().map(|(one, _)| one).collect();
        Channel {
            name: "mail".to_owned(),
            occasions,
            connections: Only::All,
            workflows: Only::All,
            failures: Only::All,
            to: to.to_vec(),
            content: false,
            per_minute: 1_000,
            carrier: Arc::new(self.inbox.clone()),
        }
    }

    /// A process that begins now.
    async fn run(&self, channels: Vec<Channel>) -> Run {
        let desk = Arc::new(Desk::new(Parts {
            connection: self.fake.connection(ConnectionKind::Endpoint),
            store: Arc::clone(&self.store),
            index: Arc::new(SqliteIndex::in_memory()),
            definitions: self.folder.clone().into(),
            clock: self.set.clock(),
            sandbox: None,
            redaction_key: RedactionKey::new([0; 16]),
            authority: Arc::new(Authority::shipped()),
            undo_ms: 0,
        }));
        let store = Arc::clone(&self.store);
        let notices = Notices::open(channels, store, self.set.clock(), Arc::new(|| 0.5)).await.unwrap();
        let notices = Arc::new(notices);
        desk.tell_through(&notices);
        Run { desk, notices }
    }

    fn ask(&self, request: &serde_json::Value) -> (String, u64) {
        self.fake.change(|world, now| world.start_asking(&self.machine, request, now))
    }

    async fn user(&self, id: &str, groups: &[&str], disabled: bool) {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let email = (id != "nomail").then(|| format!("{id}@example.com"));
        let user =
            User { id: id.into(), name: id.to_uppercase(), email, groups, disabled, has_password: true, made_at: 0 };
        assert!(self.store.add_user(&user, Some("x"), false).await.unwrap());
    }

    async fn close(self) {
        self.store.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

fn fixed() -> Vec<Recipient> {
    vec![Recipient::Fixed("ops@example.com".to_owned())]
}

fn member(id: &str, groups: &[&str]) -> Actor {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Actor::Person(Person { id: id.into(), name: id.to_uppercase(), role: String::new(), groups })
}

#[tokio::test]
async fn one_event_makes_one_message_also_after_a_restart() {
    let house = House::open("once", "").await;
    let first = house.run(vec![house.channel(&fixed())]).await;
    house.set.advance(1);
    house.ask(&json!("pay?"));
    for _ in 0..3 {
        first.look().await;
    }
    assert_eq!(house.inbox.told(), ["waiting ops@example.com"]);
    let second = house.run(vec![house.channel(&fixed())]).await;
    second.look().await;
    assert_eq!(house.inbox.told().len(), 1);
    house.ask(&json!("and this?"));
    second.look().await;
    // Two processes at once: the store lets one of them.
    first.look().await;
    assert_eq!(house.inbox.told().len(), 2);
    house.close().await;
}

#[tokio::test]
async fn what_waited_before_a_channel_was_there_makes_no_message() {
    let house = House::open("before", "").await;
    house.ask(&json!("old"));
    house.set.advance(HOUR);
    let run = house.run(vec![house.channel(&fixed())]).await;
    run.look().await;
    assert_eq!(house.inbox.told(), Vec::<String>::new());
    house.ask(&json!("new"));
    run.look().await;
    assert_eq!(house.inbox.told().len(), 1);
    // A channel that comes later begins later, and one that was taken away and comes back begins anew.
    house.set.advance(HOUR);
    let other = Channel { name: "other".to_owned(), ..house.channel(&fixed()) };
    house.run(vec![other.clone()]).await.look().await;
    house.run(vec![house.channel(&fixed()), other]).await.look().await;
    assert_eq!(house.inbox.told().len(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_crash_between_recording_and_sending_loses_nothing() {
    let house = House::open("crash", "").await;
    let run = house.run(vec![house.channel(&fixed())]).await;
    house.ask(&json!("one"));
    run.desk.watch().round_once().await;
    run.desk.tell_once().await.unwrap();
    // The process ends before anything is sent.
    drop(run);
    let run = house.run(vec![house.channel(&fixed())]).await;
    house.inbox.is(Mood::Hangs);
    // It ends while the channel has the message: nobody knows whether it arrived.
    let sending = Arc::clone(&run.notices);
    let task = tokio::spawn(async move { sending.send_all_due().await });
    while house.inbox.told().is_empty() {
        tokio::task::yield_now().await;
    }
    task.abort();
    let _ = task.await;
    drop(run);
    house.inbox.is(Mood::Takes);
    let run = house.run(vec![house.channel(&fixed())]).await;
    run.look().await;
    assert_eq!(house.inbox.told().len(), 1, "not at once: it may be what ended the process");
    house.set.advance(10_000);
    run.look().await;
    house.set.advance(HOUR);
    run.look().await;
    let parcels = house.inbox.parcels();
    assert_eq!(parcels.len(), 2, "sent again, and no more");
    assert_eq!(parcels[0].key, parcels[1].key, "whoever got both can tell");
    house.close().await;
}

#[tokio::test]
async fn a_message_is_tried_again_later_and_later_and_given_up_in_the_end() {
    let house = House::open("backoff", "").await;
    let run = house.run(vec![house.channel(&fixed())]).await;
    house.ask(&json!("pay?"));
    house.inbox.is(Mood::Refuses { for_good: false });
    run.look().await;
    run.look().await;
    house.set.advance(7_500);
    house.inbox.is(Mood::Takes);
    run.look().await;
    assert_eq!(house.inbox.told().len(), 1, "after the first pause");

    house.inbox.is(Mood::Refuses { for_good: false });
    house.ask(&json!("and this?"));
    for _ in 0..MOST_ATTEMPTS {
        run.look().await;
        house.set.advance(HOUR);
    }
    house.inbox.is(Mood::Takes);
    run.look().await;
    assert_eq!(house.inbox.told().len(), 1, "it was given up");
    let reader = member("ines", &["viewers"]);
    let undelivered = run.desk.undelivered(&reader).await.unwrap();
    let [Undelivered { channel, count: 1, why, .. }] = undelivered.as_slice() else { panic!("{undelivered:?}") };
    assert_eq!((channel.as_str(), why.as_str()), ("mail", "no"));
    assert!(run.desk.undelivered(&member("nobody", &[])).await.is_err());

    house.inbox.is(Mood::Refuses { for_good: true });
    house.ask(&json!("never"));
    run.look().await;
    assert_eq!(run.desk.undelivered(&reader).await.unwrap()[0].count, 2, "another attempt would end the same way");
    house.close().await;
}

#[tokio::test]
async fn a_channel_without_the_content_shows_what_is_not_hidden() {
    let rule = "[workflows.ask.approvals.Ask]\ntitle = \"Pay {{ request.to }} {{ request.iban }}?\"\n";
    let request = json!({ "to": "Kim", "iban": "DE02-SECRET" });
    for (hide, content, title) in [
        ("", false, "Ask"),
        ("hide = [\"$.iban\"]\n", false, "Pay Kim [hidden]?"),
        ("hide = [\"$.iban\"]\n", true, "Pay Kim DE02-SECRET?"),
    ] {
        let test = format!("content-{content}-{}", hide.len());
        let house = House::open(&test, &format!("{hide}{rule}")).await;
        let run = house.run(vec![Channel { content, ..house.channel(&fixed()) }]).await;
        let (arn, _) = house.ask(&request);
        run.look().await;
        let parcels = house.inbox.parcels();
        let [parcel] = parcels.as_slice() else { panic!("{parcels:?}") };
        assert_eq!(parcel.message.title, title);
        let token = house.fake.change(|world, _| world.token_of(&arn)).unwrap();
        let kept = format!("{parcel:?}");
        assert!(!kept.contains(&token), "no token");
        assert_eq!(kept.contains("SECRET"), content, "{kept}");
        assert_eq!(parcel.message.facts.is_empty(), !content);
        house.close().await;
    }
}

#[tokio::test]
async fn approvers_get_it_at_their_own_addresses_and_those_who_chose_no_reminder() {
    let rule = "[workflows.ask.approvals.Ask]\napprovers = { groups = [\"finance\"] }\nquorum = 2\ndue = \"4h\"\n\
                remind = [\"2h\"]\nescalate = [{ after = \"3h\", groups = [\"leads\"] }]\n";
    let house = House::open("approvers", rule).await;
    for (id, groups, disabled) in [
        ("dana", &["finance", "viewers"][..], false),
        ("omar", &["finance", "viewers"], false),
        ("nomail", &["finance", "viewers"], false),
        ("gone", &["finance", "viewers"], true),
        ("blind", &["finance"], false),
        ("ines", &["viewers", "approvers"], false),
        ("lena", &["leads", "viewers"], false),
    ] {
        house.user(id, groups, disabled).await;
    }
    let run = house.run(vec![house.channel(&[Recipient::Approvers])]).await;
    let request = house.ask(&json!("pay?"));
    run.look().await;
    let both = ["waiting dana@example.com", "waiting omar@example.com"];
    assert_eq!(house.inbox.told(), both);
    let dana = member("dana", &["finance", "viewers"]);
    run.desk.decide(&dana, (&request.0, request.1), &Choice::of("approve", "")).await.unwrap();
    house.set.advance(2 * HOUR);
    run.look().await;
    let reminded = [&["reminder omar@example.com"][..], &both].concat();
    assert_eq!(house.inbox.told(), reminded);
    house.set.advance(HOUR);
    run.look().await;
    let escalated = [&["escalated lena@example.com"][..], &reminded].concat();
    assert_eq!(house.inbox.told(), escalated);
    house.set.advance(HOUR);
    run.look().await;
    run.look().await;
    let overdue = ["overdue lena@example.com", "overdue omar@example.com"];
    let all: BTreeSet<String> = escalated.iter().chain(&overdue).map(|one| (*one).to_owned()).collect();
    assert_eq!(house.inbox.told().into_iter().collect::<BTreeSet<_>>(), all);
    house.close().await;
}

#[tokio::test]
async fn who_stands_in_is_told_as_whoever_is_away_is() {
    let rule = "[workflows.ask.approvals.Ask]\napprovers = { groups = [\"finance\"] }\nquorum = 2\ndue = \"4h\"\nremind = [\"2h\"]\n";
    let house = House::open("standing", rule).await;
    for (id, groups) in [("dana", &["finance", "viewers"][..]), ("omar", &["viewers"]), ("ines", &["viewers"])] {
        house.user(id, groups, false).await;
    }
    let absence = |delegate: &str, from_at, until_at| Absence {
        id: 0,
        person: "dana".to_owned(),
        delegate: delegate.to_owned(),
        from_at,
        until_at,
        made_at: START,
    };
    house.store.add_absence(&absence("omar", START, START + 24 * HOUR)).await.unwrap();
    // Not yet.
    house.store.add_absence(&absence("ines", START + 24 * HOUR, START + 48 * HOUR)).await.unwrap();
    let run = house.run(vec![house.channel(&[Recipient::Approvers])]).await;
    let request = house.ask(&json!("pay?"));
    run.look().await;
    let told = ["waiting dana@example.com", "waiting omar@example.com"];
    assert_eq!(house.inbox.told(), told);
    // The two have one choice together.
    let dana = member("dana", &["finance", "viewers"]);
    run.desk.decide(&dana, (&request.0, request.1), &Choice::of("approve", "")).await.unwrap();
    house.set.advance(2 * HOUR);
    run.look().await;
    assert_eq!(house.inbox.told(), told);
    house.close().await;
}

#[tokio::test]
async fn failures_are_told_for_the_workflows_that_are_named_and_again_after_a_redrive() {
    let house = House::open("failed", "").await;
    let named = |name: &str| Only::These(BTreeSet::from([name.to_owned()]));
    let other = Channel { name: "other".to_owned(), failures: named("another"), ..house.channel(&fixed()) };
    let mine = Channel { failures: named("ask"), ..house.channel(&fixed()) };
    let mine = Channel { occasions: BTreeSet::from([Occasion::Failed]), ..mine };
    let other = Channel { occasions: BTreeSet::from([Occasion::Failed]), ..other };
    let run = house.run(vec![mine, other]).await;
    house.set.advance(1);
    let (arn, _) = house.ask(&json!("pay?"));
    run.look().await;
    house.fake.change(|world, now| world.close(&arn, ExecutionStatus::Failed, now));
    for _ in 0..3 {
        run.look().await;
        house.set.advance(60_000);
    }
    assert_eq!(house.inbox.told(), ["failed ops@example.com"]);
    let message = house.inbox.parcels().remove(0).message;
    assert_eq!((message.workflow.as_str(), &message.about), ("ask", &About::Execution { execution_arn: arn }));
    house.close().await;
}

#[tokio::test]
async fn whoever_breaks_the_glass_is_told_of_to_the_others() {
    let house = House::open("glass", "").await;
    for (id, groups) in [
        ("adam", &["administrators"][..]),
        ("anna", &["administrators"]),
        ("dana", &["approvers"]),
        ("ines", &["viewers"]),
    ] {
        house.user(id, groups, false).await;
    }
    let channel = house.channel(&[Recipient::Approvers]);
    let run = house.run(vec![Channel { occasions: BTreeSet::from([Occasion::BrokenGlass]), ..channel }]).await;
    let (arn, event) = house.ask(&json!("pay?"));
    run.desk.watch().round_once().await;
    for _ in 0..2 {
        run.desk.broke_the_glass(&member("adam", &["administrators"]), (&arn, event)).await.unwrap();
        run.notices.send_all_due().await;
    }
    assert_eq!(house.inbox.told(), ["broken-glass anna@example.com", "broken-glass dana@example.com"]);
    assert_eq!(house.inbox.parcels()[0].message.detail.as_deref(), Some("ADAM"));
    house.close().await;
}

//! People over a store in a file, with a set clock.
#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod identities;

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::*;
use crate::store::{Accounts as _, Acts as _, Recorded, Scope, Sqlite, Store as _};

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;
const PASSWORD: &str = "correct horse battery";

struct World {
    people: People,
    store: Arc<Sqlite>,
    now: Arc<AtomicI64>,
    folder: std::path::PathBuf,
}

impl World {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("countersign-people-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Arc::new(Sqlite::open(&folder.join("countersign.db")).await.unwrap());
        let now = Arc::new(AtomicI64::new(DAY));
        let read = Arc::clone(&now);
        let people = People::new(
            Arc::clone(&store) as _,
            Clock::new(move || read.load(Ordering::Relaxed)),
            Arc::new(Authority::shipped()),
        );
        Self { people, store, now, folder }
    }

    async fn with_dana() -> Self {
        let world = Self::new().await;
        world.add("dana", &["finance"]).await;
        world
    }

    async fn add(&self, id: &str, groups: &[&str]) {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let new = NewUser { id: id.into(), name: format!("The {id}"), email: None, groups };
        self.people.add(&Actor::Program, new, Some(PASSWORD)).await.unwrap();
    }

    async fn sign_in(&self, id: &str, password: &str) -> Result<SignedIn, Refused> {
        self.people.sign_in(id, password, &here(), None).await
    }

    fn pass(&self, time: i64) {
        self.now.fetch_add(time, Ordering::Relaxed);
    }

    /// What the record says of people, oldest first.
    async fn record(&self) -> Vec<String> {
        let page = self
            .store
            .acts(&ConnectionId::default_one(), &crate::store::ActFilter::default(), None, 100)
            .await
            .unwrap();
        let act = |what| match what {
            Recorded::Act(act) => format!("{:?} {} {}", act.deed, act.person_id, act.detail).trim_end().to_owned(),
            Recorded::Decision(_) => String::new(),
        };
        page.entries.into_iter().rev().map(|entry| act(entry.what)).collect()
    }

    async fn end(self) {
        self.store.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

fn here() -> From {
    From { address: Some([192, 0, 2, 7].into()), agent: "Browser\r\nforged".into() }
}

#[tokio::test]
async fn a_password_opens_a_session_that_is_known_by_its_hash() {
    let world = World::with_dana().await;
    let signed_in = world.sign_in(" Dana", PASSWORD).await.unwrap();
    assert_eq!((signed_in.person.id.as_str(), &signed_in.person.groups[..]), ("dana", &["finance".to_owned()][..]));
    let session = world.people.session(&signed_in.secret).await.unwrap().unwrap();
    assert_eq!(session.person, signed_in.person);
    let rows = world.people.sessions(&session.person).await.unwrap();
    assert_eq!((rows[0].address.as_str(), rows[0].agent.as_str()), ("192.0.2.7", "Browserforged"));
    // Nothing in the files of the store is the secret or the password.
    for file in std::fs::read_dir(&world.folder).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in [signed_in.secret.reveal(), PASSWORD] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{:?}", file.path());
        }
    }
    world.people.sign_out(&session).await.unwrap();
    assert!(world.people.session(&signed_in.secret).await.unwrap().is_none());
    assert_eq!(
        world.record().await,
        ["Administered countersign added the user dana", "SignedIn dana from 192.0.2.7", "SignedOut dana"]
    );
    world.end().await;
}

#[tokio::test]
async fn whoever_is_refused_does_not_learn_why() {
    let world = World::with_dana().await;
    world.add("omar", &[]).await;
    world.people.disable(&Actor::Program, "omar").await.unwrap();
    let link = NewUser { id: "ines".into(), ..NewUser::default() };
    world.people.add(&Actor::Program, link, None).await.unwrap();
    for (id, password) in [("dana", "wrong"), ("nobody", PASSWORD), ("omar", PASSWORD), ("ines", ""), ("", "")] {
        assert!(matches!(world.sign_in(id, password).await, Err(Refused::Wrong)), "{id}");
    }
    let refused: Vec<_> = world.record().await.into_iter().filter(|act| act.starts_with("SignInRefused")).collect();
    let told = |id: &str| format!("SignInRefused {id} from 192.0.2.7");
    assert_eq!(refused, ["dana", "unknown", "omar", "ines", "unknown"].map(told), "what was typed is not on record");
    world.end().await;
}

/// A hash is nearly all of the time that an answer takes.
#[tokio::test]
async fn an_unknown_user_costs_as_much_as_a_wrong_password() {
    let world = World::with_dana().await;
    world.add("gone", &[]).await;
    world.people.disable(&Actor::Program, "gone").await.unwrap();
    for id in ["dana", "nobody", "gone", ""] {
        let before = world.people.hashes.load(Ordering::Relaxed);
        assert!(world.sign_in(id, "a wrong password").await.is_err());
        assert_eq!(world.people.hashes.load(Ordering::Relaxed) - before, 1, "{id:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn guessing_stops_for_the_account_and_for_the_address() {
    let world = World::with_dana().await;
    for _ in 0..10 {
        assert!(matches!(world.sign_in("dana", "wrong").await, Err(Refused::Wrong)));
    }
    assert!(matches!(world.sign_in("dana", PASSWORD).await, Err(Refused::TooMany)), "even with the right one");
    for _ in 0..10 {
        assert!(matches!(world.sign_in("nobody", "wrong").await, Err(Refused::Wrong)));
    }
    assert!(matches!(world.sign_in("nobody", "wrong").await, Err(Refused::TooMany)), "as for those there are");
    world.pass(60_000);
    assert!(world.sign_in("dana", PASSWORD).await.is_ok());
    world.end().await;
}

#[tokio::test]
async fn signing_in_makes_a_new_session_and_ends_the_one_before() {
    let world = World::with_dana().await;
    let first = world.sign_in("dana", PASSWORD).await.unwrap();
    let before = world.people.session(&first.secret).await.unwrap().unwrap();
    let second = world.people.sign_in("dana", PASSWORD, &here(), Some(&before.hash)).await.unwrap();
    assert_ne!(first.secret, second.secret);
    assert!(world.people.session(&first.secret).await.unwrap().is_none());
    assert!(world.people.session(&second.secret).await.unwrap().is_some());
    world.end().await;
}

#[tokio::test]
async fn a_person_has_fifty_sessions_at_most() {
    let world = World::with_dana().await;
    let mut secrets = Vec::new();
    for _ in 0..51 {
        world.pass(1);
        secrets.push(world.sign_in("dana", PASSWORD).await.unwrap().secret);
    }
    assert_eq!(world.store.sessions("dana").await.unwrap().len(), 50);
    assert!(world.people.session(&secrets[0]).await.unwrap().is_none());
    assert!(world.people.session(&secrets[1]).await.unwrap().is_some());
    assert!(world.people.session(&secrets[50]).await.unwrap().is_some());
    world.end().await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_at_the_latest_after_a_week() {
    let world = World::with_dana().await;
    let idle = world.sign_in("dana", PASSWORD).await.unwrap();
    world.pass(10 * HOUR - 1);
    let hash = idle.secret.hash();
    assert!(world.people.still(&hash).await.unwrap(), "looking is no use");
    world.pass(1);
    assert!(!world.people.still(&hash).await.unwrap());
    assert!(world.people.session(&idle.secret).await.unwrap().is_none());
    let used = world.sign_in("dana", PASSWORD).await.unwrap();
    for hour in 0..(7 * 24 - 1) {
        world.pass(HOUR);
        assert!(world.people.session(&used.secret).await.unwrap().is_some(), "{hour}");
    }
    world.pass(HOUR);
    assert!(world.people.session(&used.secret).await.unwrap().is_none());
    // The next one to sign in has the rows of those that ended removed.
    world.sign_in("dana", PASSWORD).await.unwrap();
    assert_eq!(world.store.sessions("dana").await.unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn disabling_and_a_new_password_end_every_session() {
    let world = World::with_dana().await;
    let [one, other] = [world.sign_in("dana", PASSWORD).await.unwrap(), world.sign_in("dana", PASSWORD).await.unwrap()];
    world.people.sign_out_everywhere(&one.person).await.unwrap();
    for secret in [&one.secret, &other.secret] {
        assert!(world.people.session(secret).await.unwrap().is_none());
    }
    let third = world.sign_in("dana", PASSWORD).await.unwrap();
    world.people.set_password(&Actor::Program, "dana", "another password").await.unwrap();
    assert!(world.people.session(&third.secret).await.unwrap().is_none());
    assert!(world.sign_in("dana", PASSWORD).await.is_err());
    let fourth = world.sign_in("dana", "another password").await.unwrap();
    let wrong = world.people.change_password(&fourth.person, PASSWORD, "a third password", &here()).await;
    assert!(matches!(wrong, Err(Refused::Wrong)));
    world.people.change_password(&fourth.person, "another password", "a third password", &here()).await.unwrap();
    assert!(world.people.session(&fourth.secret).await.unwrap().is_none());
    let fifth = world.sign_in("dana", "a third password").await.unwrap();
    world.people.disable(&Actor::Program, "dana").await.unwrap();
    assert!(world.people.session(&fifth.secret).await.unwrap().is_none());
    world.people.enable(&Actor::Program, "dana").await.unwrap();
    assert!(world.people.session(&fifth.secret).await.unwrap().is_none(), "what ended stays so");
    assert!(world.sign_in("dana", "a third password").await.is_ok());
    world.end().await;
}

#[tokio::test]
async fn the_first_administrator_is_made_once_with_a_link() {
    let world = World::new().await;
    let old = world.people.invite_first().await.unwrap().unwrap();
    let link = world.people.invite_first().await.unwrap().unwrap();
    let dana = || NewUser { id: "dana".into(), name: "Dana".into(), ..NewUser::default() };
    let accept = |secret| world.people.accept(secret, dana(), PASSWORD);
    assert!(matches!(accept(&old).await, Err(PeopleError::Invitation)), "the link of an earlier start");
    let other = Secret::draw();
    assert!(matches!(accept(&other).await, Err(PeopleError::Invitation)));
    assert_eq!(world.people.welcome(&link).await.unwrap(), Welcome::First, "looking does not use it up");
    let short = world.people.accept(&link, dana(), "short").await;
    assert!(matches!(short, Err(PeopleError::Password { characters: 5 })), "nor does a mistake");
    world.pass(HOUR);
    assert!(matches!(accept(&link).await, Err(PeopleError::Invitation)), "it expires");
    let link = world.people.invite_first().await.unwrap().unwrap();
    let (one, other) = tokio::join!(accept(&link), accept(&link));
    assert!(one.is_ok() ^ other.is_ok(), "of two at the same time one is");
    let users = world.people.users(&Actor::Program).await.unwrap();
    assert_eq!((users.len(), &users[0].groups[..]), (1, &[ADMINISTRATORS.to_owned()][..]));
    assert!(world.people.invite_first().await.unwrap().is_none());
    assert!(world.sign_in("dana", PASSWORD).await.is_ok());
    world.end().await;
}

#[tokio::test]
async fn a_link_of_the_first_administrator_is_void_once_there_is_somebody() {
    let world = World::new().await;
    let link = world.people.invite_first().await.unwrap().unwrap();
    world.add("omar", &[]).await;
    let dana = NewUser { id: "dana".into(), ..NewUser::default() };
    assert!(matches!(world.people.accept(&link, dana, PASSWORD).await, Err(PeopleError::Invitation)));
    assert_eq!(world.people.users(&Actor::Program).await.unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn somebody_who_is_invited_sets_a_password_once() {
    let world = World::new().await;
    world.people.add(&Actor::Program, NewUser { id: "ines".into(), ..NewUser::default() }, None).await.unwrap();
    let link = world.people.invite(&Actor::Program, "ines").await.unwrap();
    assert!(matches!(world.people.welcome(&link).await.unwrap(), Welcome::User(user) if user.id == "ines"));
    // What else the form says is not looked at.
    let other = NewUser { id: "root".into(), groups: vec![ADMINISTRATORS.into()], ..NewUser::default() };
    assert_eq!(world.people.accept(&link, other.clone(), PASSWORD).await.unwrap(), "ines");
    assert!(matches!(world.people.accept(&link, other, PASSWORD).await, Err(PeopleError::Invitation)));
    assert!(world.sign_in("ines", PASSWORD).await.unwrap().person.groups.is_empty());
    assert!(matches!(world.people.invite(&Actor::Program, "nobody").await, Err(PeopleError::Unknown(_))));
    world.end().await;
}

#[tokio::test]
async fn only_administrators_change_users_and_one_of_them_stays() {
    let world = World::with_dana().await;
    world.add("root", &[ADMINISTRATORS]).await;
    let [dana, root] = ["dana", "root"].map(|id| world.sign_in(id, PASSWORD));
    let (dana, root) = (Actor::Person(dana.await.unwrap().person), Actor::Person(root.await.unwrap().person));
    let omar = || NewUser { id: "omar".into(), ..NewUser::default() };
    let people = &world.people;
    let groups = [ADMINISTRATORS.to_owned()];
    let refused = |result: Result<(), PeopleError>| matches!(result, Err(PeopleError::NotAnAdministrator));
    assert!(refused(people.add(&dana, omar(), None).await.map(drop)));
    assert!(refused(people.users(&dana).await.map(drop)) && refused(people.invite(&dana, "root").await.map(drop)));
    assert!(refused(people.set_groups(&dana, "dana", &groups).await) && refused(people.disable(&dana, "root").await));
    assert!(refused(people.enable(&dana, "root").await) && refused(people.set_password(&dana, "root", PASSWORD).await));
    people.add(&root, omar(), None).await.unwrap();
    assert!(matches!(people.add(&root, omar(), None).await, Err(PeopleError::Taken(id)) if id == "omar"));
    assert!(matches!(people.disable(&root, "root").await, Err(PeopleError::LastAdministrator)));
    assert!(matches!(people.set_groups(&root, "root", &[]).await, Err(PeopleError::LastAdministrator)));
    people.set_groups(&root, "omar", &groups).await.unwrap();
    people.set_groups(&root, "root", &[]).await.unwrap();
    assert!(matches!(people.disable(&root, "nobody").await, Err(PeopleError::Unknown(_))));
    assert!(world.record().await.contains(&"Administered root put the user omar into administrators".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn a_name_in_a_request_means_a_user_once_there_are_any() {
    let world = World::new().await;
    let ids =
        async || everybody(world.store.as_ref()).await.unwrap().into_iter().map(|person| person.id).collect::<Vec<_>>();
    assert_eq!(ids().await, ["dana", "omar", "ines", "kenji"]);
    world.add("zoe", &[]).await;
    assert_eq!(ids().await, ["zoe"], "no persona asks or decides any more");
    world.end().await;
}

#[tokio::test]
async fn a_token_holds_for_its_person_until_it_expires() {
    let world = World::with_dana().await;
    let dana = world.sign_in("dana", PASSWORD).await.unwrap().person;
    let text = world.people.add_token(&dana, "CI", Scope::Read, 30).await.unwrap();
    let token = world.people.token(&text).await.unwrap().unwrap();
    assert_eq!((token.person.id.as_str(), token.scope), ("dana", Scope::Read));
    for none in ["", "cst_", text.trim_start_matches("cst_"), &format!("{text} "), &text.to_uppercase()] {
        assert!(world.people.token(none).await.unwrap().is_none(), "{none}");
    }
    let act = world.people.add_token(&dana, "deploys", Scope::Act, 1).await.unwrap();
    assert_eq!(world.people.token(&act).await.unwrap().unwrap().scope, Scope::Act);
    world.pass(DAY);
    assert!(world.people.token(&act).await.unwrap().is_none() && world.people.token(&text).await.unwrap().is_some());
    let rows = world.people.tokens(&dana).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["deploys", "CI"]);
    world.add("omar", &[]).await;
    let omar = world.sign_in("omar", PASSWORD).await.unwrap().person;
    world.people.remove_token(&omar, rows[1].id).await.unwrap();
    assert!(world.people.token(&text).await.unwrap().is_some(), "somebody else's stays");
    world.people.disable(&Actor::Program, "dana").await.unwrap();
    assert!(world.people.token(&text).await.unwrap().is_none());
    world.people.enable(&Actor::Program, "dana").await.unwrap();
    assert!(world.people.token(&text).await.unwrap().is_some());
    world.people.remove_token(&dana, rows[1].id).await.unwrap();
    assert!(world.people.token(&text).await.unwrap().is_none());
    for (name, days) in [("", 1), ("a\nb", 1), ("x", 0), ("x", 366)] {
        assert!(world.people.add_token(&dana, name, Scope::Read, days).await.is_err(), "{name:?} {days}");
    }
    world.end().await;
}

#[tokio::test]
async fn who_is_away_names_who_stands_in() {
    let world = World::with_dana().await;
    world.add("omar", &[]).await;
    let (dana, omar) = (person_of(&world, "dana").await, person_of(&world, "omar").await);
    let add = async |delegate: &str, from: i64, until: i64| {
        world.people.add_absence(&dana, delegate, (from, until)).await.map_err(|error| format!("{error:?}"))
    };
    for (delegate, from, until) in [
        ("omar", 3 * DAY, 3 * DAY),
        ("omar", 3 * DAY, 2 * DAY),
        ("omar", -DAY, 2 * DAY),
        ("omar", DAY, (LONGEST_ABSENCE_DAYS + 2) * DAY),
    ] {
        assert_eq!(add(delegate, from, until).await, Err("Absence".into()), "{from} {until}");
    }
    for delegate in ["dana", "nobody", ""] {
        assert_eq!(add(delegate, DAY, 2 * DAY).await, Err(format!("Delegate({delegate:?})")));
    }
    add(" Omar ", 2 * DAY, 4 * DAY).await.unwrap();
    assert!(world.people.stands_in_for(&omar).await.unwrap().is_empty(), "not yet");
    world.pass(DAY);
    let [absence] = &world.people.stands_in_for(&omar).await.unwrap()[..] else { panic!("from now on") };
    assert_eq!((absence.person.as_str(), absence.until_at), ("dana", 4 * DAY));
    // Nobody ends another's.
    world.people.end_absence(&omar, absence.id).await.unwrap();
    assert_eq!(world.people.absences(&dana).await.unwrap().len(), 1);
    world.people.end_absence(&dana, absence.id).await.unwrap();
    assert!(world.people.stands_in_for(&omar).await.unwrap().is_empty());
    let record = world.record().await;
    assert!(record.contains(&"Administered dana is away for 2 days; omar stands in".to_owned()), "{record:?}");
    world.end().await;
}

async fn person_of(world: &World, id: &str) -> Person {
    person(&world.store.user(id).await.unwrap().unwrap())
}

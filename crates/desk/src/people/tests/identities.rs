//! People whom a provider has proven.

use super::*;
use crate::store::Identity;

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example".into(), subject: subject.into() }
}

fn proven(subject: &str, id: &str, groups: Option<&[&str]>) -> Proven {
    let groups = groups.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect());
    let email = Some(format!("{id}@example.com"));
    Proven { identity: identity(subject), id: id.into(), name: format!("The {id}"), email, groups }
}

async fn comes(world: &World, proven: &Proven) -> Result<Person, Refused> {
    world.people.sign_in_proven(proven, &here(), None).await.map(|signed_in| signed_in.person)
}

#[tokio::test]
async fn who_comes_for_the_first_time_is_added_and_known_by_the_subject_from_then_on() {
    let world = World::new().await;
    let zoe = comes(&world, &proven("1", "zoe", Some(&["finance"]))).await.unwrap();
    assert_eq!((zoe.id.as_str(), &zoe.groups[..]), ("zoe", &["finance".to_owned()][..]));
    // Married since, and in other groups.
    let later = Proven { name: "Zoe Ray".into(), ..proven("1", "zoe.ray", Some(&["leads"])) };
    let zoe = comes(&world, &later).await.unwrap();
    assert_eq!((zoe.id.as_str(), zoe.name.as_str(), &zoe.groups[..]), ("zoe", "Zoe Ray", &["leads".to_owned()][..]));
    // Groups that the provider does not tell are an administrator's.
    let zoe = comes(&world, &proven("1", "zoe", None)).await.unwrap();
    assert_eq!(zoe.groups, ["leads"]);
    assert_eq!(world.people.users(&Actor::Program).await.unwrap().len(), 1);
    let record = world.record().await;
    for expected in [
        "Administered countersign added the user zoe in finance, as https://id.example says",
        "SignedIn zoe from 192.0.2.7",
        "Administered countersign put the user zoe into leads, as https://id.example says",
    ] {
        assert!(record.contains(&expected.to_owned()), "{record:#?}");
    }
    world.end().await;
}

#[tokio::test]
async fn nobody_becomes_another_by_name() {
    let world = World::with_dana().await;
    world.people.set_groups(&Actor::Program, "dana", &[ADMINISTRATORS.to_owned()]).await.unwrap();
    world.add("root", &[ADMINISTRATORS]).await;
    let stranger = proven("7", "dana", Some(&[]));
    let refused = comes(&world, &stranger).await.unwrap_err();
    assert!(matches!(refused, Refused::People(PeopleError::Taken(ref id)) if id == "dana"), "{refused}");
    // Another provider's subject of the same name is somebody else, too.
    comes(&world, &proven("8", "kim", Some(&[]))).await.unwrap();
    let elsewhere = Identity { issuer: "https://other.example".into(), subject: "8".into() };
    let other = Proven { identity: elsewhere, ..proven("8", "kim", Some(&[])) };
    assert!(matches!(comes(&world, &other).await, Err(Refused::People(PeopleError::Taken(_)))));
    // An administrator knows who it is.
    world.people.link(&Actor::Program, " Dana", &stranger.identity).await.unwrap();
    assert_eq!(comes(&world, &stranger).await.unwrap().id, "dana");
    assert!(world.sign_in("dana", PASSWORD).await.is_ok(), "the password stays");
    let unknown = world.people.link(&Actor::Program, "nobody", &stranger.identity).await;
    assert!(matches!(unknown, Err(PeopleError::Unknown(_))));
    let kim = Actor::Person(comes(&world, &proven("8", "kim", None)).await.unwrap());
    let own = world.people.link(&kim, "root", &identity("8")).await;
    assert!(matches!(own, Err(PeopleError::NotAnAdministrator)), "{own:?}");
    world.end().await;
}

#[tokio::test]
async fn who_is_disabled_here_does_not_come_in_and_what_cannot_be_kept_is_refused() {
    let world = World::new().await;
    comes(&world, &proven("1", "zoe", None)).await.unwrap();
    world.people.disable(&Actor::Program, "zoe").await.unwrap();
    assert!(matches!(comes(&world, &proven("1", "zoe", Some(&[ADMINISTRATORS]))).await, Err(Refused::Disabled)));
    assert!(world.store.user("zoe").await.unwrap().unwrap().groups.is_empty(), "nothing of it is taken over");
    assert!(world.record().await.contains(&"SignInRefused zoe from 192.0.2.7".to_owned()));
    for (wrong, expected) in [
        (proven("2", "countersign", None), "Id"),
        (proven("2", "<b>", None), "Id"),
        (proven("2", "kim", Some(&["a,b"])), "Group"),
        (Proven { name: "Kim\r\nSet-Cookie: a=b".into(), ..proven("2", "kim", None) }, "Name"),
    ] {
        let Err(Refused::People(error)) = comes(&world, &wrong).await else { panic!("{wrong:?}") };
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
    assert!(world.store.identified(&identity("2")).await.unwrap().is_none(), "no half of it is kept");
    // Without a password nobody signs in with one.
    world.people.enable(&Actor::Program, "zoe").await.unwrap();
    assert!(matches!(world.sign_in("zoe", "").await, Err(Refused::Wrong)));
    world.end().await;
}

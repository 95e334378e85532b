//! A machine with all the versions that it may have.

use super::*;
use crate::connection::fake::Trick;
use crate::connection::{Api, Fault, MOST_VERSIONS};
use crate::deploy::patience::Failure;
use crate::deploy::versions::{prune, published};

/// A site whose machine has 1,000 versions; the alias `live` leads to the last one.
async fn full() -> Site {
    let site = Site::new();
    site.deploy(&[live("order", "one", Steps::AtOnce)]).await;
    site.fake.change(|world, now| {
        let machine = world.machines.get_mut(&arn("order")).unwrap();
        let version = machine.versions[&1].clone();
        for number in 2..=MOST_VERSIONS as u64 {
            machine.versions.insert(number, crate::connection::fake::Version { created_at: now, ..version.clone() });
        }
        machine.last_version = MOST_VERSIONS as u64;
        let alias = machine.aliases.get_mut("live").unwrap();
        alias.routes = crate::connection::Route::all_to(&format!("{}:3", arn("order")));
    });
    site
}

#[tokio::test]
async fn the_oldest_versions_without_an_alias_make_room() {
    let site = full().await;
    let wanted = [live("order", "two", Steps::AtOnce)];
    let report = site.apply(&site.plan(&wanted)).await;
    let Some((Some(_), error)) = &report.failed else { panic!("{report:?}") };
    assert!(error.is_out_of_versions(), "{error}");
    let found = site.with_patience(async |patience| published(patience, &arn("order")).await).await.unwrap();
    assert_eq!(found.versions.len(), MOST_VERSIONS);
    let old = found.to_prune(50);
    let numbers: Vec<u64> = old.iter().map(|version| version.number()).collect();
    assert_eq!(
        (numbers[0], numbers[1], numbers[2], numbers.len()),
        (1, 2, 4, 949),
        "oldest first, without those in use"
    );
    assert_eq!(numbers.last(), Some(&950));
    assert!(found.to_prune(5_000).is_empty());
    let told = Mutex::new(0);
    let tell = |_| *told.lock().unwrap() += 1;
    let pruned = site.with_patience(async |patience| prune(patience, &old, &tell).await).await;
    assert_eq!((pruned.deleted.len(), pruned.failed, *told.lock().unwrap()), (949, None, 949));
    site.deploy(&wanted).await;
    assert_eq!(site.routes("order"), [(1_001, 100)], "a number is not given again");
    let kept = site.with_patience(async |patience| published(patience, &arn("order")).await).await.unwrap();
    // Version 3 is the one to go back to.
    assert!(kept.to_prune(0).iter().all(|version| ![3, 1_001].contains(&version.number())));
}

#[tokio::test]
async fn an_update_that_has_no_room_for_its_version_changes_nothing() {
    let site = full().await;
    let before = site.machine("order").unwrap();
    let report = site.apply(&site.plan(&[desired("order", "two")])).await;
    let Some((Some(_), error)) = &report.failed else { panic!("{report:?}") };
    assert!(error.is_out_of_versions(), "{error}");
    let after = site.machine("order").unwrap();
    assert_eq!((after.definition, after.revision), (before.definition, before.revision));
}

#[tokio::test]
async fn a_version_that_comes_into_use_meanwhile_stays() {
    let site = full().await;
    let found = site.with_patience(async |patience| published(patience, &arn("order")).await).await.unwrap();
    let old = found.to_prune(990);
    site.fake.change(|world, _| {
        let alias = world.machines.get_mut(&arn("order")).unwrap().aliases.get_mut("live").unwrap();
        alias.routes = crate::connection::Route::all_to(&format!("{}:2", arn("order")));
    });
    site.fake.trick(Api::DeleteStateMachineVersion, [Trick::LoseAnswer]);
    let pruned = site.with_patience(async |patience| prune(patience, &old, &|_| {}).await).await;
    assert_eq!((pruned.in_use.clone(), pruned.failed.clone()), (vec![2], None), "{pruned:?}");
    assert!(pruned.deleted.contains(&1), "its answer was lost, and a look said that it is gone");
}

#[tokio::test]
async fn what_was_not_deleted_is_named() {
    let site = full().await;
    let found = site.with_patience(async |patience| published(patience, &arn("order")).await).await.unwrap();
    let old = found.to_prune(995);
    let denied = Trick::Fail(Fault::of_code("AccessDeniedException", "no"));
    let pass = Trick::Meanwhile(Box::new(|_: &mut World, _| {}));
    site.fake.trick(Api::DeleteStateMachineVersion, [pass, denied]);
    let pruned = site.with_patience(async |patience| prune(patience, &old, &|_| {}).await).await;
    assert_eq!((pruned.deleted.clone(), pruned.left.clone()), (vec![1], vec![2, 4, 5]));
    assert!(matches!(pruned.failed, Some(Failure::Call(error)) if error.is_denied()));
}

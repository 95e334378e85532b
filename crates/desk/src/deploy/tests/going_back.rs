//! Going back with a definition, where no alias leads to a version.

use super::*;
use crate::connection::fake::Trick;
use crate::connection::{Api, Fault};
use crate::deploy::applied::Applied;
use crate::deploy::back::{BackError, WayBack, WentBack, gone_back, take, way_back};
use crate::deploy::desired::APPLIED_TAG;
use crate::deploy::patience::Failure;
use crate::deploy::steps::What;

impl Site {
    pub(super) async fn take(&self, way: &WayBack) -> Result<WentBack, BackError> {
        let clock = self.clock.clock();
        let means =
            Means { connection: &self.connection, clock: &clock, timer: &self.timer, stop: &self.stop, tell: &|_| {} };
        take(means, way, "omar").await
    }

    async fn way(&self, alias: Option<&str>) -> Result<WayBack, BackError> {
        self.with_patience(async |patience| way_back(patience, &arn("order"), alias).await).await
    }

    async fn definition_back(&self) -> Result<WentBack, BackError> {
        let way = self.way(None).await?;
        self.take(&way).await
    }

    fn definition(&self) -> String {
        self.machine("order").unwrap().definition
    }
}

/// Somebody else changes the definition, and publishes nothing.
fn change_by_hand(site: &Site, comment: &str) {
    site.fake.change(|world, _| {
        let machine = world.machines.get_mut(&arn("order")).unwrap();
        (machine.definition, machine.revision) = (definition(comment), machine.revision + 1);
    });
}

/// A site with a version of each of these comments.
async fn with_versions(comments: &[&str]) -> Site {
    let site = Site::new();
    for comment in comments {
        site.deploy(&[live("order", comment, Steps::AtOnce)]).await;
    }
    site
}

fn back(to: u64, from: Option<u64>, published: u64) -> Result<WentBack, BackError> {
    Ok(WentBack { to, from, alias: None, published: Some(published) })
}

#[tokio::test]
async fn a_definition_goes_back_and_then_further_back() {
    let site = with_versions(&["one", "two", "three"]).await;
    assert_eq!(site.definition_back().await, back(2, Some(3), 4));
    assert_eq!(site.definition(), definition("two"));
    let described = site.machine("order").unwrap().versions[&4].description.clone();
    assert_eq!(described.as_deref(), Some("back to version 2"));
    assert_eq!(site.definition_back().await, back(1, Some(4), 5), "not forth to what it came from");
    assert_eq!(site.definition(), definition("one"));
    assert_eq!(site.definition_back().await, Err(BackError::NothingBefore(arn("order"))));
    // What is there now has no version of its own: before it there is the newest one.
    change_by_hand(&site, "four");
    assert_eq!(site.definition_back().await, back(5, None, 6));
    assert_eq!(site.definition(), definition("one"));
    assert_eq!(site.routes("order"), [(3, 100)], "the alias is none of its business");
}

#[tokio::test]
async fn what_was_deployed_without_an_alias_goes_back() {
    let site = Site::new();
    for comment in ["one", "two"] {
        site.deploy(&[desired("order", comment)]).await;
    }
    assert_eq!(site.definition_back().await, back(1, Some(2), 3));
    assert_eq!(site.definition(), definition("one"));
    assert_eq!(site.definition_back().await, Err(BackError::NothingBefore(arn("order"))));
}

#[tokio::test]
async fn a_machine_that_is_none_of_the_newest_versions_says_how_many_were_not_compared() {
    let site = with_versions(&["one", "two", "three", "four", "five", "six", "seven"]).await;
    assert_eq!(site.way(None).await.unwrap().not_compared, 0);
    // It is version 1 again, which is not looked for.
    change_by_hand(&site, "one");
    let way = site.way(None).await.unwrap();
    assert_eq!((way.to, way.from, way.not_compared), (7, None, 2));
}

#[tokio::test]
async fn the_role_goes_back_and_the_tags_say_what_is_there_now() {
    let site = with_versions(&["one"]).await;
    let role = "arn:aws:iam::123456789012:role/other".to_owned();
    site.deploy(&[Desired { role_arn: Some(role), ..live("order", "one", Steps::AtOnce) }]).await;
    assert_eq!(site.definition_back().await, back(1, Some(2), 3));
    let machine = site.machine("order").unwrap();
    assert_eq!(Some(&machine.role_arn), desired("order", "one").role_arn.as_ref());
    assert_eq!(machine.tags[APPLIED_TAG], Applied::of(&desired("order", "one")).to_string(), "so it is no drift");
    // Of a machine that Countersign did not deploy, the tags stay.
    let site = with_versions(&["one", "two"]).await;
    site.fake.change(|world, _| world.machines.get_mut(&arn("order")).unwrap().tags.clear());
    assert_eq!(site.definition_back().await, back(1, Some(2), 3));
    assert!(site.machine("order").unwrap().tags.is_empty());
}

#[tokio::test]
async fn without_versions_or_an_alias_nothing_goes_back() {
    let site = Site::new();
    assert!(matches!(site.definition_back().await, Err(BackError::Failed(_))), "there is no machine");
    site.fake.change(|world, now| world.machine("order", &definition("one"), now));
    assert_eq!(site.definition_back().await, Err(BackError::NeverPublished(arn("order"))));
    assert_eq!(site.way(Some("gone")).await, Err(BackError::NoAlias(format!("{}:gone", arn("order")))));
    assert_eq!(site.fake.count(Api::UpdateStateMachine), 0);
}

#[tokio::test]
async fn only_the_way_that_was_shown_is_taken() {
    let site = with_versions(&["one", "two"]).await;
    let (way, alias) = (site.way(None).await.unwrap(), site.way(Some("live")).await.unwrap());
    assert_eq!(way.hash(), site.way(None).await.unwrap().hash());
    assert_ne!(way.hash(), alias.hash());
    site.deploy(&[live("order", "three", Steps::AtOnce)]).await;
    site.fake.forget_log();
    for gone in [&way, &alias] {
        assert_eq!(site.take(gone).await, Err(BackError::Failed(Failure::Moved)));
    }
    assert_eq!(site.fake.count(Api::UpdateStateMachine) + site.fake.count(Api::UpdateStateMachineAlias), 0);
    assert_ne!(way.hash(), site.way(None).await.unwrap().hash());
    assert_ne!(alias.hash(), site.way(Some("live")).await.unwrap().hash());
}

#[tokio::test]
async fn a_lost_answer_and_a_denied_version_are_told() {
    let site = with_versions(&["one", "two"]).await;
    site.fake.trick(Api::UpdateStateMachine, [Trick::LoseAnswer]);
    site.fake.forget_log();
    assert_eq!(site.definition_back().await, back(1, Some(2), 3));
    assert_eq!(site.fake.count(Api::UpdateStateMachine), 1, "it had taken effect");

    let site = with_versions(&["one", "two"]).await;
    site.fake.trick(Api::PublishStateMachineVersion, [Trick::Fail(Fault::of_code("AccessDeniedException", "no"))]);
    let gone = site.definition_back().await;
    let went_back = WentBack { to: 1, from: Some(2), alias: None, published: None };
    assert_eq!(gone_back(&gone), Some(&went_back));
    let Err(BackError::Partly(partly)) = gone else { panic!() };
    assert_eq!(partly.left, [What::Publish, What::Tag]);
    assert!(matches!(&partly.failure, Failure::Call(error) if error.is_denied()));
    assert_eq!(site.definition(), definition("one"));
}

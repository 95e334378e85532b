//! What an apply makes, in which order, and that it is over afterwards.

use super::*;
use crate::connection::Api;
use crate::connection::fake::Trick;
use crate::deploy::apply::ApplyError;
use crate::deploy::desired::{APPLIED_TAG, ENVIRONMENT_TAG, FOLDER_TAG, TAGS_TAG};
use crate::deploy::perform::How;
use crate::deploy::steps::{What, circles, ordered, steps};

/// The steps that were done, as words.
fn done(report: &Report) -> Vec<(String, What)> {
    report.done.iter().map(|(step, _)| (step.workflow.clone(), step.what.clone())).collect()
}

#[tokio::test]
async fn a_workflow_is_made_with_all_of_its_settings() {
    let site = Site::new();
    let wanted = Desired {
        logging: Some(all_logs()),
        tracing: Some(true),
        tags: BTreeMap::from([("team".to_owned(), "orders".to_owned())]),
        topics: vec!["order-failures".to_owned()],
        ..live("order", "one", Steps::AtOnce)
    };
    let report = site.deploy(std::slice::from_ref(&wanted)).await;
    let live = What::PointAlias { alias: "live".to_owned() };
    let topic = What::MakeTopic { topic: "order-failures".to_owned() };
    let expected: Vec<_> =
        [topic, What::Create, What::Publish, live].into_iter().map(|what| ("order".to_owned(), what)).collect();
    assert_eq!(done(&report), expected);
    let machine = site.machine("order").unwrap();
    assert_eq!((&machine.logging, machine.tracing), (&all_logs(), true));
    assert_eq!(machine.tags["team"], "orders");
    assert_eq!(machine.tags[FOLDER_TAG], "shop");
    assert!(machine.tags[APPLIED_TAG].contains("definition="), "{:?}", machine.tags);
    assert_eq!(machine.versions[&1].description.as_deref(), Some("git 1a2b3c4, plan 0123"));
    assert_eq!(site.routes("order"), [(1, 100)]);
    assert_eq!(report.deployed(), ["order"]);
    assert_eq!(report.versions["order"], format!("{}:1", arn("order")));
}

#[tokio::test]
async fn a_second_apply_changes_nothing() {
    let site = Site::new();
    let wanted = [live("order", "one", Steps::AtOnce), desired("refund", "one")];
    site.deploy(&wanted).await;
    site.fake.forget_log();
    let report = site.deploy(&wanted).await;
    assert_eq!(report.done, [], "an unchanged workflow has no steps");
    assert!(site.fake.log().is_empty(), "and costs no calls: {:?}", site.fake.log());
    // The same plan again, as a second person would send it.
    let other = [live("order", "two", Steps::AtOnce)];
    let plan = site.plan(&other);
    site.apply(&plan).await;
    let before = site.machine("order").unwrap();
    let again = site.apply(&plan).await;
    let after = site.machine("order").unwrap();
    assert_eq!((before.revision, before.last_version), (after.revision, after.last_version));
    assert!(again.failed.is_some() || again.done.iter().all(|(_, how)| *how == How::WasDone), "{again:?}");
}

#[tokio::test]
async fn an_update_sends_what_differs_and_publishes_it() {
    let site = Site::new();
    site.deploy(&[live("order", "one", Steps::AtOnce)]).await;
    let wanted = Desired { logging: Some(all_logs()), ..live("order", "one", Steps::AtOnce) };
    let report = site.deploy(&[wanted]).await;
    let words: Vec<What> = report.done.iter().map(|(step, _)| step.what.clone()).collect();
    let live_alias = What::PointAlias { alias: "live".to_owned() };
    assert_eq!(words, [What::Update, What::Tag, What::Publish, live_alias]);
    let machine = site.machine("order").unwrap();
    assert_eq!((machine.logging, machine.last_version), (all_logs(), 2));
    assert_eq!(site.routes("order"), [(2, 100)]);
    let tags = Desired {
        tags: BTreeMap::from([("team".to_owned(), "orders".to_owned())]),
        logging: Some(all_logs()),
        ..live("order", "one", Steps::AtOnce)
    };
    site.fake.forget_log();
    site.deploy(&[tags]).await;
    assert_eq!(site.fake.count(Api::UpdateStateMachine), 0, "tags alone need no update");
    assert_eq!(site.machine("order").unwrap().last_version, 2, "and make no version");
}

#[tokio::test]
async fn without_an_alias_whatever_is_made_or_updated_is_published_in_the_same_call() {
    let site = Site::new();
    let report = site.deploy(&[desired("order", "one")]).await;
    assert_eq!(done(&report), [("order".to_owned(), What::Create)]);
    site.fake.trick(Api::UpdateStateMachine, [Trick::LoseAnswer]);
    site.deploy(&[desired("order", "two")]).await;
    site.deploy(&[Desired { tracing: Some(true), ..desired("order", "two") }]).await;
    let tags = BTreeMap::from([("team".to_owned(), "orders".to_owned())]);
    site.deploy(&[Desired { tracing: Some(true), tags: tags.clone(), ..desired("order", "two") }]).await;
    let machine = site.machine("order").unwrap();
    let published: Vec<(u64, Option<&str>)> =
        machine.versions.iter().map(|(number, version)| (*number, version.description.as_deref())).collect();
    assert_eq!(published, [1, 2, 3].map(|number| (number, Some("git 1a2b3c4, plan 0123"))), "tags make no version");
    assert_eq!(site.fake.count(Api::PublishStateMachineVersion), 0);
    // An alias that comes later leads to the version that is there.
    site.deploy(&[Desired { tracing: Some(true), tags, ..live("order", "two", Steps::AtOnce) }]).await;
    assert_eq!((site.routes("order"), site.machine("order").unwrap().last_version), (vec![(3, 100)], 3));
}

/// A workflow with these tags.
fn tagged(tags: &[(&str, &str)]) -> Desired {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Desired { tags: tags.collect(), ..desired("order", "one") }
}

#[tokio::test]
async fn a_tag_that_leaves_the_manifest_is_removed_and_those_of_others_stay() {
    let site = Site::new();
    site.deploy(&[tagged(&[("team", "orders"), ("stage", "trial")])]).await;
    site.fake.change(|world, _| {
        let tags = &mut world.machines.get_mut(&arn("order")).unwrap().tags;
        tags.insert("cost-centre".to_owned(), "7".to_owned());
        tags.insert("aws:cloudformation:stack-name".to_owned(), "shop".to_owned());
    });
    let report = site.deploy(&[tagged(&[("team", "orders")])]).await;
    assert_eq!(done(&report), [What::Untag, What::Tag].map(|what| ("order".to_owned(), what)));
    let keys = || -> Vec<String> { site.machine("order").unwrap().tags.into_keys().collect() };
    let others = ["aws:cloudformation:stack-name", "cost-centre"];
    let own = [APPLIED_TAG, ENVIRONMENT_TAG, FOLDER_TAG];
    let expected = |more: &[&str]| -> Vec<String> {
        let all: std::collections::BTreeSet<&str> = others.iter().chain(&own).chain(more).copied().collect();
        all.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(keys(), expected(&[TAGS_TAG, "team"]));
    site.fake.forget_log();
    assert_eq!(site.deploy(&[tagged(&[("team", "orders")])]).await.done, [], "a second apply changes nothing");
    assert!(site.fake.log().is_empty());
    let report = site.deploy(&[tagged(&[])]).await;
    assert_eq!(done(&report), [("order".to_owned(), What::Untag)], "the record goes with the last tag");
    assert_eq!(keys(), expected(&[]));
}

#[tokio::test]
async fn an_apply_that_was_interrupted_after_tags_were_removed_goes_on() {
    let site = Site::new();
    site.deploy(&[tagged(&[("team", "orders"), ("stage", "trial")])]).await;
    let wanted = [tagged(&[("team", "orders")])];
    let denied = || Trick::Fail(crate::connection::Fault::of_code("AccessDeniedException", "no"));
    site.fake.trick(Api::TagResource, [denied()]);
    let report = site.apply(&site.plan(&wanted)).await;
    assert!(report.failed.is_some() && report.done.len() == 1, "{report:?}");
    let report = site.deploy(&wanted).await;
    assert_eq!(done(&report), [("order".to_owned(), What::Tag)]);
    // An answer that is lost is looked for, and a tag that somebody changed meanwhile is theirs.
    let plan = site.plan(&[tagged(&[])]);
    site.fake.trick(Api::UntagResource, [Trick::LoseAnswer]);
    assert_eq!(site.apply(&plan).await.done.iter().map(|(_, how)| *how).collect::<Vec<_>>(), [How::Confirmed]);
    site.deploy(&[tagged(&[("team", "orders")])]).await;
    let plan = site.plan(&[tagged(&[])]);
    site.fake.change(|world, _| {
        let tags = &mut world.machines.get_mut(&arn("order")).unwrap().tags;
        tags.insert("team".to_owned(), "desk".to_owned());
    });
    assert_eq!(site.apply(&plan).await.failed, None);
    assert_eq!(site.machine("order").unwrap().tags["team"], "desk");
}

#[tokio::test]
async fn what_was_changed_behind_our_back_is_put_back() {
    let site = Site::new();
    let wanted = [live("order", "one", Steps::AtOnce)];
    site.deploy(&wanted).await;
    site.fake.change(|world, _| {
        let machine = world.machines.get_mut(&arn("order")).unwrap();
        (machine.definition, machine.revision) = (definition("by hand"), machine.revision + 1);
    });
    let mut plan = site.plan(&wanted);
    plan[0].change = Change::Drifted;
    let report = site.apply(&plan).await;
    assert_eq!(report.failed, None);
    assert_eq!(canonical(&site.machine("order").unwrap().definition), canonical(&definition("one")));
}

#[tokio::test]
async fn an_account_that_moved_on_is_refused_before_anything_is_done() {
    let site = Site::new();
    site.deploy(&[desired("order", "one"), desired("refund", "one")]).await;
    let plan = site.plan(&[desired("order", "two"), desired("refund", "two")]);
    site.fake.change(|world, _| {
        let machine = world.machines.get_mut(&arn("refund")).unwrap();
        (machine.definition, machine.revision) = (definition("by hand"), machine.revision + 1);
    });
    site.fake.forget_log();
    let report = site.apply(&plan).await;
    assert_eq!(report.failed, Some((None, ApplyError::Changed("refund".to_owned()))));
    assert_eq!((report.done.len(), report.left.len()), (0, 4));
    assert_eq!(site.fake.count(Api::UpdateStateMachine), 0);
}

#[tokio::test]
async fn a_change_in_the_last_moment_is_seen_right_before_the_update() {
    let site = Site::new();
    site.deploy(&[desired("order", "one")]).await;
    let plan = site.plan(&[desired("order", "two")]);
    let by_hand = |world: &mut World, _| {
        let machine = world.machines.get_mut(&arn("order")).unwrap();
        (machine.definition, machine.revision) = (definition("by hand"), machine.revision + 1);
    };
    // The first look finds what was planned; the second one, right before the update, does not.
    let pass = Trick::Meanwhile(Box::new(|_, _| {}));
    site.fake.trick(Api::DescribeStateMachine, [pass, Trick::Meanwhile(Box::new(by_hand))]);
    let report = site.apply(&plan).await;
    assert!(matches!(report.failed, Some((Some(_), ApplyError::Changed(_)))), "{report:?}");
    assert_eq!(site.machine("order").unwrap().definition, definition("by hand"), "it was not written over");
}

#[tokio::test]
async fn an_alias_that_was_moved_is_refused() {
    let site = Site::new();
    site.deploy(&[live("order", "one", Steps::AtOnce)]).await;
    site.deploy(&[live("order", "two", Steps::AtOnce)]).await;
    let plan = site.plan(&[live("order", "three", Steps::AtOnce)]);
    site.fake.change(|world, _| {
        let alias = world.machines.get_mut(&arn("order")).unwrap().aliases.get_mut("live").unwrap();
        alias.routes = crate::connection::Route::all_to(&format!("{}:1", arn("order")));
    });
    let report = site.apply(&plan).await;
    assert_eq!(report.failed, Some((None, ApplyError::Changed("order".to_owned()))));
    assert_eq!(site.routes("order"), [(1, 100)]);
}

#[tokio::test]
async fn nothing_is_removed_that_nobody_asked_for() {
    let site = Site::new();
    site.deploy(&[desired("order", "one")]).await;
    let mut plan = site.plan(&[desired("order", "one")]);
    (plan[0].change, plan[0].desired) = (Change::ToBeRemoved, None);
    assert_eq!(site.try_apply(&plan, false).await.unwrap().done, []);
    assert!(site.machine("order").is_some());
    let report = site.try_apply(&plan, true).await.unwrap();
    assert_eq!((report.failed, report.done.len()), (None, 1));
    assert!(site.machine("order").is_none());
    let again = site.try_apply(&plan, true).await.unwrap();
    assert_eq!(again.failed, Some((None, ApplyError::Changed("order".to_owned()))), "it is gone already");
}

#[tokio::test]
async fn those_that_others_need_go_first() {
    let needing = |name: &str, needs: &[&str]| Desired {
        needs: needs.iter().map(|name| (*name).to_owned()).collect(),
        ..desired(name, "one")
    };
    let site = Site::new();
    let wanted =
        [needing("a", &["c"]), needing("b", &[]), needing("c", &["d", "b", "elsewhere"]), needing("d", &["d"])];
    let plan = site.plan(&wanted);
    let names: Vec<&str> = ordered(&plan).into_iter().map(|at| plan[at].workflow.as_str()).collect();
    assert_eq!(names, ["d", "b", "c", "a"]);
    assert!(circles(&plan).is_empty(), "a workflow that starts itself is no circle");
    let report = site.apply(&plan).await;
    let made: Vec<&str> = report.done.iter().map(|(step, _)| step.workflow.as_str()).collect();
    assert_eq!(made, names);
    let round = site.plan(&[needing("x", &["y"]), needing("y", &["z"]), needing("z", &["x"])]);
    assert_eq!(circles(&round), [["x", "y", "z"]]);
    assert_eq!(ordered(&round).len(), 3, "each of them is deployed all the same");
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_as_a_whole() {
    let site = Site::new();
    let express = Desired { kind: MachineKind::Express, ..desired("order", "one") };
    site.deploy(&[desired("order", "one")]).await;
    let refused = site.try_apply(&site.plan(&[express]), false).await;
    // The small plan of these tests sees no difference of the type alone.
    assert_eq!(refused.unwrap().done, []);
    let other = Desired { kind: MachineKind::Express, ..desired("order", "two") };
    let refused = site.try_apply(&site.plan(&[other]), false).await;
    assert_eq!(refused, Err(StepsError::AnotherType("order".to_owned())));
    let canary = Steps::Canary { percent: 10, minutes: 1 };
    let limit = crate::deploy::desired::FailureLimit { percent: 10, executions: 1 };
    let unknown = Desired {
        kind: MachineKind::Express,
        rollout: Rollout { steps: canary, roll_back: Some(limit) },
        ..live("quick", "one", canary)
    };
    let refused = steps(&site.plan(&[unknown]), false);
    assert_eq!(refused, Err(StepsError::UnknownOutcomes("quick".to_owned())));
}

#[tokio::test]
async fn an_apply_keeps_to_the_quota_and_shows_the_time_that_is_left() {
    let site = Site::with_quotas();
    let wanted: Vec<Desired> = (0..200).map(|number| desired(&format!("w{number:03}"), "one")).collect();
    site.deploy(&wanted).await;
    assert!(site.fake.log().iter().all(|call| !call.throttled), "no call was throttled");
    assert_eq!(site.fake.count(Api::CreateStateMachine), 200);
    let events = site.events.lock().unwrap();
    let remaining: Vec<i64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Begins { remaining_ms, .. } | Event::Step { remaining_ms, .. } => Some(*remaining_ms),
            Event::Done { .. } | Event::Waits(_) => None,
        })
        .collect();
    // 80 of the 200 at once, then 0.8 a second.
    assert_eq!(remaining[0], 150_000);
    // The call before waited for a whole number of milliseconds, so a part of one is left over.
    assert!((1_249..=1_250).contains(remaining.last().unwrap()), "{remaining:?}");
    assert!(remaining.windows(2).all(|pair| pair[0] >= pair[1]), "{remaining:?}");
    let took = site.clock.now() - START;
    // The looks before the first step take some time, too.
    assert!((149_000..=153_500).contains(&took), "{took}");
}

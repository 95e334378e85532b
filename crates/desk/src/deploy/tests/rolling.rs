//! Rollouts: by time, back by the executions' outcomes, over restarts, and by hand.

use super::*;
use crate::connection::{Api, ExecutionStatus};
use crate::deploy::back::{BackError, WentBack, way_back};
use crate::deploy::desired::FailureLimit;
use crate::deploy::driving::{Listed, Looked, finish, look};
use crate::deploy::note::{Note, Progress, Why};
use crate::deploy::rollout::Move;
use countersign_trace::EventKind;

const MINUTE: i64 = 60_000;

impl Site {
    async fn look(&self) -> Looked {
        let alias = format!("{}:live", arn("order"));
        self.with_patience(async |patience| look(patience, &alias, &Listed(patience)).await).await.unwrap()
    }

    async fn back(&self) -> Result<WentBack, BackError> {
        let way = self.with_patience(async |patience| way_back(patience, &arn("order"), Some("live")).await).await?;
        self.take(&way).await
    }

    /// An execution of a version that ended so.
    fn ended(&self, version: u64, status: ExecutionStatus) -> String {
        self.fake.change(|world, now| {
            let execution = world.start_version(&arn("order"), version, now);
            let kind = match status {
                ExecutionStatus::Succeeded => EventKind::ExecutionSucceeded,
                ExecutionStatus::Aborted => EventKind::ExecutionAborted,
                _ => EventKind::ExecutionFailed,
            };
            world.end(&execution, kind, status, None, None, now);
            execution
        })
    }

    fn note(&self) -> Note {
        self.machine("order").unwrap().aliases["live"].description.as_deref().unwrap().parse().unwrap()
    }
}

/// A site where version 2 begins to roll out.
async fn begun(steps: Steps, roll_back: Option<FailureLimit>) -> Site {
    let site = Site::new();
    site.deploy(&[live("order", "one", Steps::AtOnce)]).await;
    let wanted = Desired { rollout: Rollout { steps, roll_back }, ..live("order", "two", steps) };
    let report = site.deploy(&[wanted]).await;
    assert_eq!(report.rollouts, [("order".to_owned(), format!("{}:live", arn("order")))]);
    site
}

#[tokio::test]
async fn a_canary_that_succeeds_ends_with_all_executions() {
    let site =
        begun(Steps::Canary { percent: 10, minutes: 5 }, Some(FailureLimit { percent: 20, executions: 5 })).await;
    assert_eq!(site.routes("order"), [(2, 10), (1, 90)]);
    assert!(matches!(site.look().await, Looked::Waits { until, .. } if until == START + 5 * MINUTE));
    for _ in 0..20 {
        site.ended(2, ExecutionStatus::Succeeded);
    }
    site.clock.advance(5 * MINUTE);
    let looked = site.look().await;
    assert!(matches!(looked, Looked::Moved { to: Move::Finish, .. }), "{looked:?}");
    assert_eq!(site.routes("order"), [(2, 100)]);
    assert_eq!(site.look().await, Looked::None);
    assert_eq!((site.note().version, site.note().before, site.note().by), (2, Some(1), "dana".to_owned()));
}

#[tokio::test]
async fn a_canary_that_fails_goes_back_and_names_the_execution() {
    let site =
        begun(Steps::Canary { percent: 10, minutes: 5 }, Some(FailureLimit { percent: 20, executions: 5 })).await;
    // Those of the old version, of a time before, and those that somebody stopped say nothing of the new one.
    for _ in 0..50 {
        site.ended(1, ExecutionStatus::Failed);
        site.ended(2, ExecutionStatus::Aborted);
    }
    site.clock.advance(1_000);
    let first = site.ended(2, ExecutionStatus::Failed);
    for status in [ExecutionStatus::Succeeded; 3] {
        site.ended(2, status);
    }
    assert!(matches!(site.look().await, Looked::Waits { .. }), "four ended: too few to judge");
    site.clock.advance(1_000);
    site.ended(2, ExecutionStatus::TimedOut);
    let looked = site.look().await;
    let first = first.rsplit(':').next().unwrap().to_owned();
    let why = Why::Failures { failed: 2, ended: 5, first };
    assert!(matches!(&looked, Looked::Moved { to: Move::Back(found), .. } if *found == why), "{looked:?}");
    assert_eq!(site.routes("order"), [(1, 100)]);
    assert_eq!(site.note().state, Progress::Back { from: 2, why });
    assert_eq!(site.look().await, Looked::None, "once");
}

#[tokio::test]
async fn executions_before_the_rollout_do_not_count() {
    let site = begun(Steps::Canary { percent: 10, minutes: 5 }, Some(FailureLimit { percent: 0, executions: 1 })).await;
    site.ended(2, ExecutionStatus::Failed);
    assert!(matches!(site.look().await, Looked::Moved { to: Move::Back(_), .. }));
    // The same version is tried again: its failures of the first time are no longer held against it.
    site.clock.advance(MINUTE);
    let steps = Steps::Canary { percent: 10, minutes: 5 };
    let roll_back = Some(FailureLimit { percent: 0, executions: 1 });
    let wanted = Desired { rollout: Rollout { steps, roll_back }, ..live("order", "two", steps) };
    let report = site.deploy(&[wanted]).await;
    assert_eq!(report.rollouts.len(), 1, "{report:?}");
    assert_eq!(site.machine("order").unwrap().last_version, 2, "the version is there already");
    assert!(matches!(site.look().await, Looked::Waits { .. }));
}

#[tokio::test]
async fn a_linear_rollout_goes_on_after_a_restart() {
    let site = begun(Steps::Linear { percent: 40, minutes: 2 }, None).await;
    let mut seen = vec![site.routes("order")];
    for _ in 0..2 {
        site.clock.advance(2 * MINUTE);
        // Every look is by a program that knows nothing: where the rollout stands is on the alias.
        site.look().await;
        assert!(!matches!(site.look().await, Looked::Moved { .. }), "one move at a time");
        seen.push(site.routes("order"));
    }
    assert_eq!(seen, [vec![(2, 40), (1, 60)], vec![(2, 80), (1, 20)], vec![(2, 100)]]);
    assert_eq!(site.look().await, Looked::None);
}

#[tokio::test]
async fn a_lost_answer_in_a_rollout_moves_it_once() {
    let site = begun(Steps::Linear { percent: 40, minutes: 2 }, None).await;
    site.clock.advance(2 * MINUTE);
    site.fake.trick(Api::UpdateStateMachineAlias, [crate::connection::fake::Trick::LoseAnswer]);
    site.fake.forget_log();
    assert!(matches!(site.look().await, Looked::Moved { to: Move::Shift { weight: 80 }, .. }));
    assert_eq!(site.routes("order"), [(2, 80), (1, 20)]);
    assert_eq!(site.fake.count(Api::UpdateStateMachineAlias), 1);
}

#[tokio::test]
async fn a_rollout_that_somebody_takes_over_is_theirs() {
    let site = begun(Steps::Canary { percent: 10, minutes: 5 }, None).await;
    site.fake.change(|world, _| {
        let alias = world.machines.get_mut(&arn("order")).unwrap().aliases.get_mut("live").unwrap();
        alias.routes =
            crate::connection::Route::shared(&format!("{}:2", arn("order")), 50, &format!("{}:1", arn("order")));
    });
    site.clock.advance(10 * MINUTE);
    assert!(matches!(site.look().await, Looked::Elsewhere { .. }));
    assert_eq!(site.routes("order"), [(2, 50), (1, 50)]);
}

#[tokio::test]
async fn a_second_apply_waits_until_a_rollout_is_over() {
    let site = begun(Steps::Canary { percent: 10, minutes: 5 }, None).await;
    let plan = site.plan(&[live("order", "three", Steps::AtOnce)]);
    let refused = site.try_apply(&plan, false).await;
    let under_way = StepsError::RolloutUnderWay { workflow: "order".to_owned(), alias: "live".to_owned() };
    assert_eq!(refused, Err(under_way));
}

#[tokio::test]
async fn a_rollout_is_finished_and_stopped_by_hand() {
    let site = begun(Steps::Canary { percent: 10, minutes: 5 }, None).await;
    let alias = format!("{}:live", arn("order"));
    let finished = site.with_patience(async |patience| finish(patience, &alias, "omar").await).await.unwrap();
    assert_eq!((finished.version, finished.by.as_str()), (2, "omar"));
    assert_eq!(site.routes("order"), [(2, 100)]);
    let again = site.with_patience(async |patience| finish(patience, &alias, "omar").await).await;
    assert!(again.is_err(), "no rollout is going on");
    let site = begun(Steps::Canary { percent: 10, minutes: 5 }, None).await;
    let back = site.back().await.unwrap();
    assert_eq!(back, WentBack { to: 1, from: Some(2), alias: Some("live".to_owned()), published: None });
    assert_eq!(site.routes("order"), [(1, 100)]);
}

#[tokio::test]
async fn going_back_leads_to_the_version_before_and_then_further_back() {
    let site = Site::new();
    for comment in ["one", "two", "three"] {
        site.deploy(&[live("order", comment, Steps::AtOnce)]).await;
    }
    assert_eq!(site.routes("order"), [(3, 100)]);
    for (to, from) in [(2, 3), (1, 2)] {
        let back = site.back().await.unwrap();
        assert_eq!(back, WentBack { to, from: Some(from), alias: Some("live".to_owned()), published: None });
        assert_eq!(site.routes("order"), [(to, 100)]);
    }
    let nothing = site.back().await;
    assert_eq!(nothing, Err(BackError::NothingBefore(format!("{}:live", arn("order")))));
    assert_eq!(site.routes("order"), [(1, 100)]);
    assert_eq!(site.note().state, Progress::Back { from: 2, why: Why::ByHand });
}

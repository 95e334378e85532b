//! Lost answers, throttling, denials and stops at every call: nothing is done twice, and nothing half in silence.

use super::*;
use crate::connection::fake::Trick;
use crate::connection::{Api, Fault};
use crate::deploy::apply::ApplyError;
use crate::deploy::perform::How;
use crate::deploy::steps::What;

/// What a machine is, without times: to compare two courses of events.
type State = (String, u64, u64, Vec<(u64, u8)>, BTreeMap<String, String>, usize);

fn state(site: &Site, name: &str) -> Option<State> {
    let machine = site.machine(name)?;
    let routes = if machine.aliases.contains_key("live") { site.routes(name) } else { Vec::new() };
    let versions = machine.versions.len();
    Some((canonical(&machine.definition), machine.revision, machine.last_version, routes, machine.tags, versions))
}

/// A course: a first version where that is wanted, then an apply that is disturbed.
#[derive(Clone, Copy, Debug)]
enum Course {
    Create,
    Update,
    Canary,
}

impl Course {
    async fn before(self, site: &Site) {
        match self {
            Self::Create => {}
            Self::Update | Self::Canary => _ = site.deploy(&[live("order", "one", Steps::AtOnce)]).await,
        }
        site.fake.forget_log();
    }

    fn wanted(self) -> Desired {
        let steps = match self {
            Self::Create | Self::Update => Steps::AtOnce,
            Self::Canary => Steps::Canary { percent: 10, minutes: 5 },
        };
        Desired { topics: vec!["failures".to_owned()], ..live("order", "two", steps) }
    }

    /// How it ends undisturbed, and every call that is made on the way.
    async fn undisturbed(self) -> (Option<State>, Vec<Api>) {
        let site = Site::new();
        self.before(&site).await;
        site.deploy(&[self.wanted()]).await;
        (state(&site, "order"), site.fake.log().into_iter().map(|call| call.api).collect())
    }
}

const COURSES: [Course; 3] = [Course::Create, Course::Update, Course::Canary];

/// Every call of the course by its operation and its number among those of the operation.
fn points(calls: &[Api]) -> Vec<(Api, usize)> {
    let mut seen: BTreeMap<Api, usize> = BTreeMap::new();
    let number = |api: &Api| {
        let count = seen.entry(*api).or_default();
        *count += 1;
        (*api, *count - 1)
    };
    calls.iter().map(number).collect()
}

/// Tricks that let so many calls pass before this one.
fn after(passing: usize, trick: Trick) -> Vec<Trick> {
    let pass = || Trick::Meanwhile(Box::new(|_: &mut World, _| {}));
    std::iter::repeat_with(pass).take(passing).chain([trick]).collect()
}

/// Runs every course with a trick at every one of its calls, and checks how each ends.
async fn at_every_call(trick: impl Fn() -> Trick, check: impl AsyncFn(Course, Site, (Api, usize), &Option<State>)) {
    for course in COURSES {
        let (expected, calls) = course.undisturbed().await;
        assert!(expected.is_some() && calls.len() > 6, "{course:?} {calls:?}");
        for (api, number) in points(&calls) {
            let site = Site::new();
            course.before(&site).await;
            site.fake.trick(api, after(number, trick()));
            check(course, site, (api, number), &expected).await;
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_done_twice() {
    at_every_call(
        || Trick::LoseAnswer,
        async |course, site, point, expected| {
            let report = site.deploy(&[course.wanted()]).await;
            assert_eq!(state(&site, "order"), *expected, "{course:?} {point:?} {report:?}");
            let confirmed = report.done.iter().filter(|(_, how)| *how == How::Confirmed).count();
            let changes = [
                Api::CreateStateMachine,
                Api::UpdateStateMachine,
                Api::TagResource,
                Api::PublishStateMachineVersion,
                Api::CreateStateMachineAlias,
                Api::UpdateStateMachineAlias,
            ];
            assert_eq!(confirmed, usize::from(changes.contains(&point.0)), "{course:?} {point:?} {report:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_call_that_never_arrived_is_made_again() {
    at_every_call(
        || Trick::Fail(Fault::Unreachable),
        async |course, site, point, expected| {
            site.deploy(&[course.wanted()]).await;
            assert_eq!(state(&site, "order"), *expected, "{course:?} {point:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn throttling_in_the_middle_is_waited_out() {
    at_every_call(
        || Trick::Fail(Fault::of_code("ThrottlingException", "Rate exceeded")),
        async |course, site, point, expected| {
            site.deploy(&[course.wanted()]).await;
            assert_eq!(state(&site, "order"), *expected, "{course:?} {point:?}");
            let waited = site.events.lock().unwrap().iter().any(|event| matches!(event, Event::Waits(_)));
            assert!(waited && site.clock.now() > START, "{course:?} {point:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_denied_action_ends_the_apply_and_the_next_one_goes_on_there() {
    at_every_call(
        || Trick::Fail(Fault::of_code("AccessDeniedException", "not authorized")),
        async |course, site, point, expected| {
            let report = site.apply(&site.plan(&[course.wanted()])).await;
            let Some((_, ApplyError::Call(error))) = &report.failed else { panic!("{course:?} {point:?} {report:?}") };
            assert!(error.is_denied() && error.api == point.0, "{error:?}");
            let undisturbed = match course {
                Course::Create => 4,
                Course::Update | Course::Canary => 5,
            };
            assert_eq!(report.done.len() + report.left.len(), undisturbed, "{course:?} {point:?} {report:?}");
            site.deploy(&[course.wanted()]).await;
            assert_eq!(state(&site, "order"), *expected, "{course:?} {point:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn an_apply_that_is_stopped_says_what_is_left_and_the_next_one_goes_on_there() {
    for course in COURSES {
        let (expected, _) = course.undisturbed().await;
        for stop_after in 0..5 {
            let mut site = Site::new();
            course.before(&site).await;
            let plan = site.plan(&[course.wanted()]);
            let (stop, done) = (site.stop.clone(), Arc::new(Mutex::new(0)));
            if stop_after == 0 {
                stop.cancel();
            }
            let tell = move |event| {
                if matches!(event, Event::Done { .. }) {
                    let mut done = done.lock().unwrap();
                    *done += 1;
                    if *done == stop_after {
                        stop.cancel();
                    }
                }
            };
            let clock = site.clock.clock();
            let (connection, timer, stop) = (&site.connection, &site.timer, &site.stop);
            let means = Means { connection, clock: &clock, timer, stop, tell: &tell };
            let labels = Labels { version: "git 1a2b3c4, plan 0123".to_owned(), by: "dana".to_owned() };
            let report = apply(means, &plan, false, &labels).await.unwrap();
            if report.failed.is_some() {
                assert_eq!(report.done.len(), stop_after, "{report:?}");
                assert!(matches!(report.failed, Some((_, ApplyError::Stopped))), "{report:?}");
            } else {
                assert!(report.left.is_empty() && report.done.len() <= stop_after);
            }
            site.stop = CancellationToken::new();
            site.deploy(&[course.wanted()]).await;
            assert_eq!(state(&site, "order"), expected, "{course:?} {stop_after}");
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_after_the_call_is_said_to_leave_it_open() {
    let site = Site::new();
    let unreachable = || Trick::Fail(Fault::Unreachable);
    let pass = || Trick::Meanwhile(Box::new(|_: &mut World, _| {}));
    site.fake.trick(Api::CreateStateMachine, [Trick::LoseAnswer]);
    site.fake.trick(Api::DescribeStateMachine, [pass(), pass()]);
    site.fake.trick(Api::DescribeStateMachine, std::iter::repeat_with(unreachable).take(4));
    let wanted = desired("order", "one");
    let report = site.apply(&site.plan(std::slice::from_ref(&wanted))).await;
    let Some((Some(step), ApplyError::Unknown(error))) = &report.failed else { panic!("{report:?}") };
    assert_eq!((&step.what, error.api), (&What::Create, Api::CreateStateMachine));
    assert_eq!(report.left.len(), 1);
    let again = site.deploy(&[wanted]).await;
    assert!(again.done.is_empty(), "it had taken effect, with its tags: {again:?}");
}

#[tokio::test]
async fn throttling_without_end_is_given_up() {
    let site = Site::new();
    let throttled = || Trick::Fail(Fault::of_code("ThrottlingException", "Rate exceeded"));
    site.fake.trick(Api::CreateStateMachine, std::iter::repeat_with(throttled).take(100));
    let report = site.apply(&site.plan(&[desired("order", "one")])).await;
    let Some((Some(_), ApplyError::Call(error))) = &report.failed else { panic!("{report:?}") };
    assert!(error.is_throttled());
    assert_eq!(site.fake.count(Api::CreateStateMachine), 12);
    assert!((60_000..600_000).contains(&(site.clock.now() - START)), "{}", site.clock.now() - START);
}

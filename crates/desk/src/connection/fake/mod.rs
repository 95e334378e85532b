//! Step Functions in memory, for tests and benchmarks: with AWS's quotas, a clock that is set, and faults on demand.
//!
//! What it does not do is run definitions: a test says what happens in an execution, event by event.

mod calls;
mod lookups;
mod machine;
mod releases;
mod roles;
mod world;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::machine::{Alias, Machine, Version};
pub use self::world::{Execution, World, asking};
use super::quota::{Bucket, Quota};
use super::{About, Api, CallError, Colour, Connection, ConnectionId, ConnectionKind, Fault};
use crate::clock::Clock;

/// A clock that a test sets.
#[derive(Clone, Debug, Default)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// A clock that stands at `now` (milliseconds since the epoch).
    #[must_use]
    pub fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves it on.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// The clock that the desk reads.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::new(move || now.load(Ordering::SeqCst))
    }
}

/// A change of what there is.
pub type Change = Box<dyn FnOnce(&mut World, i64) + Send>;

/// What is to happen to a call.
pub enum Trick {
    /// It fails, and nothing happens.
    Fail(Fault),
    /// It takes effect, and its answer is lost.
    LoseAnswer,
    /// It takes effect, and its answer never comes.
    Hang,
    /// Something else happens right before it.
    Meanwhile(Change),
}

/// How a call ends.
enum Ending<T> {
    Answered(Result<T, CallError>),
    Never,
}

/// Step Functions in memory.
#[derive(Clone)]
pub struct Fake {
    clock: SetClock,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    world: World,
    /// The quotas, where calls have any.
    buckets: Option<BTreeMap<Api, Bucket>>,
    tricks: BTreeMap<Api, VecDeque<Trick>>,
    /// What IAM denies: an operation, for subjects that contain a text.
    denied: Vec<(Api, String)>,
    /// Every call: its operation, what it was about, and when.
    log: Vec<Logged>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub api: Api,
    pub subject: String,
    /// Milliseconds since the epoch.
    pub at: i64,
    pub throttled: bool,
}

impl Fake {
    /// An empty one without quotas.
    #[must_use]
    pub fn new(clock: &SetClock) -> Self {
        Self { clock: clock.clone(), shared: Arc::default() }
    }

    /// The same with AWS's quotas.
    #[must_use]
    pub fn with_quotas(self) -> Self {
        self.lock().buckets = Some(BTreeMap::new());
        self
    }

    /// A connection to it, of this kind.
    #[must_use]
    pub fn connection(&self, kind: ConnectionKind) -> Connection {
        let about = About {
            label: "Fake".to_owned(),
            detail: "in memory".to_owned(),
            region: "us-east-1".to_owned(),
            kind,
            profile: None,
            role_arn: None,
            colour: Colour::of_kind(kind),
            read_only: false,
        };
        let calls = Arc::new(self.clone());
        Connection {
            id: ConnectionId::default_one(),
            about,
            once: Arc::clone(&calls) as _,
            calls,
            functions: None,
            steps: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens in its state machines, changed by a test.
    pub fn change<R>(&self, change: impl FnOnce(&mut World, i64) -> R) -> R {
        let now = self.clock.now();
        change(&mut self.lock().world, now)
    }

    /// The next calls of `api` go so, one after the other.
    pub fn trick(&self, api: Api, tricks: impl IntoIterator<Item = Trick>) {
        self.lock().tricks.entry(api).or_default().extend(tricks);
    }

    /// From now on IAM denies `api` for every subject that contains `part`.
    pub fn deny(&self, api: Api, part: &str) {
        self.lock().denied.push((api, part.to_owned()));
    }

    /// IAM denies nothing any more.
    pub fn permit_all(&self) {
        self.lock().denied.clear();
    }

    /// The calls so far, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Logged> {
        self.lock().log.clone()
    }

    /// How often `api` was called.
    #[must_use]
    pub fn count(&self, api: Api) -> usize {
        self.lock().log.iter().filter(|call| call.api == api).count()
    }

    /// Forgets the calls so far.
    pub fn forget_log(&self) {
        self.lock().log.clear();
    }

    /// One call: its quota, its trick, its effect.
    fn call<T>(&self, api: Api, subject: &str, effect: impl FnOnce(&mut World, i64) -> Result<T, Fault>) -> Ending<T> {
        let now = self.clock.now();
        let mut shared = self.lock();
        let failed = |fault| CallError { api, subject: subject.to_owned(), fault };
        let bucket = shared
            .buckets
            .as_mut()
            .map(|buckets| buckets.entry(api).or_insert_with(|| Bucket::full(Quota::of_aws(api, true))));
        let throttled = bucket.is_some_and(|bucket| !bucket.take(now));
        shared.log.push(Logged { api, subject: subject.to_owned(), at: now, throttled });
        if throttled {
            return Ending::Answered(Err(failed(Fault::of_code("ThrottlingException", "Rate exceeded"))));
        }
        if shared.denied.iter().any(|(denied, part)| *denied == api && subject.contains(part.as_str())) {
            let fault = Fault::of_code("AccessDeniedException", "User is not authorized");
            return Ending::Answered(Err(failed(fault)));
        }
        let trick = shared.tricks.get_mut(&api).and_then(VecDeque::pop_front);
        let world = &mut shared.world;
        Ending::Answered(match trick {
            Some(Trick::Fail(fault)) => Err(failed(fault)),
            Some(Trick::LoseAnswer) => effect(world, now).and(Err(Fault::Unreachable)).map_err(failed),
            Some(Trick::Hang) => match effect(world, now) {
                Ok(_) => return Ending::Never,
                Err(fault) => Err(failed(fault)),
            },
            Some(Trick::Meanwhile(change)) => {
                change(world, now);
                effect(world, now).map_err(failed)
            }
            None => effect(world, now).map_err(failed),
        })
    }
}

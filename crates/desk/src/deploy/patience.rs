//! Calls within the quota of each operation. What fails in passing is tried again; a call that changes something and whose
//! answer did not arrive is repeated only once a look says that it had no effect.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::timer::Timer;
use crate::clock::Clock;
use crate::connection::quota::{Bucket, Quota};
use crate::connection::{Api, Call, CallError, Connection, ConnectionKind, StepFunctions};

/// The part of a quota that a deployment takes: others use the account, too.
const SHARE: f64 = 0.8;
/// The first pause before a call is tried again, and the longest one, in milliseconds.
const FIRST: i64 = 500;
const LONGEST: i64 = 20_000;
/// How often a call is tried that is throttled, and one whose endpoint does not answer.
const THROTTLED: u32 = 12;
const UNREACHABLE: u32 = 4;

/// Why a call did not happen, or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Somebody stopped it before the call was made.
    #[error("it was stopped")]
    Stopped,
    /// What is there is not what the plan saw, nor what it makes.
    #[error("it is not as it was planned")]
    Moved,
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer was lost, and a look failed: it may have taken effect.
    #[error("it may have taken effect: {0}")]
    Unknown(CallError),
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// The quota gives the next call only then.
    Quota,
    /// The service refused it for its quota.
    Throttled,
    /// The endpoint did not answer.
    Unreachable,
}

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub api: Api,
    pub ms: i64,
    pub why: Delay,
}

/// How a call that changes something came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The service said so.
    Said,
    /// The answer was lost; a look said that it had taken effect.
    Seen,
}

/// The calls of one deployment.
pub struct Patience<'a> {
    connection: &'a Connection,
    clock: &'a Clock,
    timer: &'a Timer,
    stop: &'a CancellationToken,
    tell: &'a (dyn Fn(Waiting) + Send + Sync),
    /// What is left of each operation's quota, where there are quotas.
    buckets: Mutex<BTreeMap<Api, Bucket>>,
}

impl<'a> Patience<'a> {
    /// Calls through a connection; `tell` hears of every call that waits.
    pub fn new(
        connection: &'a Connection,
        clock: &'a Clock,
        timer: &'a Timer,
        stop: &'a CancellationToken,
        tell: &'a (dyn Fn(Waiting) + Send + Sync),
    ) -> Self {
        Self { connection, clock, timer, stop, tell, buckets: Mutex::default() }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Whether somebody stopped it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Makes a call that only reads, again if it fails in passing.
    ///
    /// # Errors
    /// The call fails, or somebody stopped it.
    pub async fn read<'c, T>(
        &'c self,
        api: Api,
        call: impl Fn(&'c dyn StepFunctions) -> Call<'c, T>,
    ) -> Result<T, Failure> {
        let mut tries = Tries::default();
        loop {
            self.granted(api).await?;
            match call(&*self.connection.once).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.pause_after(api, &error, &mut tries).await?,
            }
        }
    }

    /// Makes a call that changes something. If its answer is lost, `look` says whether it took effect, and what it made;
    /// only if it did not is it made again.
    ///
    /// # Errors
    /// The call fails, or somebody stopped it: it took no effect. Only after [`Failure::Unknown`] it may have.
    pub async fn change<'c, T, L>(
        &'c self,
        api: Api,
        call: impl Fn(&'c dyn StepFunctions) -> Call<'c, T>,
        look: impl Fn() -> L,
    ) -> Result<(T, Answered), Failure>
    where
        L: Future<Output = Result<Option<T>, Failure>>,
    {
        let mut tries = Tries::default();
        loop {
            // A look may go on after it was stopped; a change does not.
            if self.stop.is_cancelled() {
                return Err(Failure::Stopped);
            }
            self.granted(api).await?;
            let error = match call(&*self.connection.once).await {
                Ok(answer) => return Ok((answer, Answered::Said)),
                Err(error) => error,
            };
            // The look comes after the pause: what was sent may be on its way.
            let pause = self.pause_after(api, &error, &mut tries).await;
            if error.is_uncertain() {
                match look().await {
                    Ok(Some(made)) => return Ok((made, Answered::Seen)),
                    Ok(None) => {}
                    Err(Failure::Moved) => return Err(Failure::Moved),
                    Err(_) => return Err(Failure::Unknown(error)),
                }
            }
            pause?;
        }
    }

    /// Waits until the quota has a call of this operation.
    async fn granted(&self, api: Api) -> Result<(), Failure> {
        loop {
            let ms =
                self.with_bucket(api, |bucket, now| if bucket.take(now) { 0 } else { bucket.ready_in(now).max(1) });
            match ms {
                None | Some(0) => return Ok(()),
                Some(ms) => self.wait(Waiting { api, ms, why: Delay::Quota }).await?,
            }
        }
    }

    async fn pause_after(&self, api: Api, error: &CallError, tries: &mut Tries) -> Result<(), Failure> {
        let (why, tried, most) = if error.is_throttled() {
            // Others use the quota: it is empty, whatever was reckoned.
            self.with_bucket(api, |bucket, _| bucket.empty());
            tries.throttled += 1;
            (Delay::Throttled, tries.throttled, THROTTLED)
        } else if error.is_uncertain() {
            tries.unreachable += 1;
            (Delay::Unreachable, tries.unreachable, UNREACHABLE)
        } else {
            return Err(error.clone().into());
        };
        if tried >= most {
            return Err(error.clone().into());
        }
        let ms = FIRST.saturating_mul(1 << (tried - 1).min(10)).min(LONGEST);
        self.wait(Waiting { api, ms, why }).await
    }

    async fn wait(&self, waiting: Waiting) -> Result<(), Failure> {
        (self.tell)(waiting);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Failure::Stopped),
            () = self.timer.wait(waiting.ms) => Ok(()),
        }
    }

    /// How long these calls take by their quotas at least, in milliseconds: each operation has a quota of its own, and
    /// they refill at the same time.
    #[must_use]
    pub fn remaining(&self, calls: &BTreeMap<Api, usize>) -> i64 {
        let of = |(api, count): (&Api, &usize)| self.with_bucket(*api, |bucket, now| bucket.time_for(*count, now));
        calls.iter().filter_map(of).max().unwrap_or_default()
    }

    /// What is left of an operation's quota; `None` where there are no quotas.
    fn with_bucket<R>(&self, api: Api, with: impl FnOnce(&mut Bucket, i64) -> R) -> Option<R> {
        let about = &self.connection.about;
        if about.kind != ConnectionKind::Aws {
            return None;
        }
        let large = Quota::LARGE_REGIONS.contains(&about.region.as_str());
        // A bucket is changed as a whole.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(api).or_insert_with(|| Bucket::full(Quota::of_aws(api, large).part(SHARE)));
        Some(with(bucket, self.clock.now()))
    }
}

/// How often a call was tried.
#[derive(Default)]
struct Tries {
    throttled: u32,
    unreachable: u32,
}

//! How often the watch may call the connection: a token bucket for each operation, adjusted by the responses.
//!
//! On AWS the watch uses half of the quota, because people and other programs share it. `ThrottlingException` halves the
//! rate, and every success raises it again a little. The quotas of other endpoints are unknown: the watch calls them faster
//! as long as they respond as quickly as before.

use std::collections::BTreeMap;

use crate::connection::quota::{Bucket, Quota};
use crate::connection::{About, Api, CallError, ConnectionKind};

/// The part of AWS's quotas that is used.
const SHARE: f64 = 0.5;
/// The first rate of other endpoints, and that of the embedded engine.
const ENDPOINT: Quota = Quota { burst: 100.0, per_second: 50.0 };
const EMBEDDED: Quota = Quota { burst: 2_000.0, per_second: 1_000.0 };
/// The least and greatest factor of the quota, and the factors of its steps.
const SLOWEST: f64 = 1.0 / 16.0;
const FASTEST: f64 = 40.0;
const RECOVERY: f64 = 1.02;
const ACCELERATION: f64 = 1.1;
/// A response is slow if it takes more than twice the quickest one, and at least this much longer, in milliseconds.
const SLOWER: i64 = 25;

/// The rates of all operations.
#[derive(Clone, Debug)]
pub struct Pace {
    kind: ConnectionKind,
    /// Whether the region is one of those with larger quotas.
    large: bool,
    operations: BTreeMap<Api, Operation>,
    /// Milliseconds between two rounds of the watch.
    pub round_ms: u64,
    /// How old a running execution's history may be when a page asks for it, in milliseconds.
    pub fresh_ms: i64,
    /// Milliseconds between two looks at what pages show, besides the rounds; `None` where that would take too much of a
    /// quota.
    pub close_ms: Option<u64>,
}

/// One operation: its bucket, and what its responses taught.
#[derive(Clone, Debug)]
struct Operation {
    quota: Quota,
    bucket: Bucket,
    factor: f64,
    /// Milliseconds of the quickest response.
    quickest: i64,
}

impl Pace {
    /// The pace for a connection.
    #[must_use]
    pub fn of(about: &About) -> Self {
        let (round_ms, fresh_ms) = match about.kind {
            // One second, so that no second gets more than its share of calls.
            ConnectionKind::Aws => (1_000, 2_000),
            ConnectionKind::Endpoint => (1_000, 500),
            ConnectionKind::Embedded => (400, 150),
        };
        let close_ms = (about.kind == ConnectionKind::Embedded).then_some(50);
        let large = Quota::LARGE_REGIONS.contains(&about.region.as_str());
        Self { kind: about.kind, large, operations: BTreeMap::new(), round_ms, fresh_ms, close_ms }
    }

    fn operation(&mut self, api: Api) -> &mut Operation {
        let (kind, large) = (self.kind, self.large);
        self.operations.entry(api).or_insert_with(|| {
            let quota = match kind {
                ConnectionKind::Aws => Quota::of_aws(api, large).part(SHARE),
                ConnectionKind::Endpoint => ENDPOINT,
                ConnectionKind::Embedded => EMBEDDED,
            };
            let mut bucket = Bucket::full(quota);
            if kind == ConnectionKind::Aws {
                // The burst is for the start. After it no second gets more than its share.
                bucket.quota = quota.even();
            }
            Operation { quota: bucket.quota, bucket, factor: 1.0, quickest: i64::MAX }
        })
    }

    /// How many calls of `api` a second there are in the long run.
    pub fn rate(&mut self, api: Api) -> f64 {
        self.operation(api).bucket.quota.per_second
    }

    /// Takes one call of `api` at `now` (milliseconds) if the bucket holds one.
    pub fn take(&mut self, api: Api, now: i64) -> bool {
        self.operation(api).bucket.take(now)
    }

    /// Takes one call that nobody waits for: half of what the bucket may hold is left for the others.
    pub fn take_spare(&mut self, api: Api, now: i64) -> bool {
        let bucket = &mut self.operation(api).bucket;
        bucket.take_above(bucket.quota.burst / 2.0, now)
    }

    /// Takes one call that is made in any case, because somebody waits for it or it reads a further page. Calls that can
    /// wait are delayed until the bucket has recovered.
    pub fn spend(&mut self, api: Api, now: i64) {
        self.operation(api).bucket.spend(now);
    }

    /// Adjusts the rate after a response that took `took` milliseconds.
    pub fn learn<T>(&mut self, api: Api, answer: &Result<T, CallError>, took: i64) {
        let kind = self.kind;
        let operation = self.operation(api);
        match answer {
            Err(error) if error.is_throttled() => {
                operation.factor = (operation.factor / 2.0).max(SLOWEST);
                operation.bucket.empty();
            }
            Err(_) => return,
            Ok(_) if operation.factor < 1.0 => operation.factor = (operation.factor * RECOVERY).min(1.0),
            Ok(_) if kind == ConnectionKind::Aws => return,
            Ok(_) => {
                operation.quickest = operation.quickest.min(took);
                let is_slower = took > (operation.quickest * 2).max(operation.quickest + SLOWER);
                let step = if is_slower { 1.0 / ACCELERATION } else { ACCELERATION };
                operation.factor = (operation.factor * step).clamp(1.0, FASTEST);
            }
        }
        operation.bucket.quota = operation.quota.part(operation.factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Fault;

    fn pace(kind: ConnectionKind, region: &str) -> Pace {
        let clock = crate::connection::fake::SetClock::at(0);
        let about = crate::connection::fake::Fake::new(&clock).connection(kind).about;
        Pace::of(&About { region: region.into(), ..about })
    }

    fn granted(pace: &mut Pace, api: Api, now: i64) -> usize {
        (0..5_000).take_while(|_| pace.take(api, now)).count()
    }

    #[test]
    fn each_operation_has_half_of_its_own_quota() {
        let mut small = pace(ConnectionKind::Aws, "eu-central-1");
        assert_eq!(granted(&mut small, Api::ListExecutions, 0), 50);
        assert_eq!(granted(&mut small, Api::ListExecutions, 10_000), 1, "one a second, and no burst any more");
        assert_eq!(granted(&mut small, Api::GetExecutionHistory, 10_000), 200);
        assert_eq!(granted(&mut small, Api::GetExecutionHistory, 12_000), 10);
        let mut large = pace(ConnectionKind::Aws, "us-east-1");
        assert_eq!(granted(&mut large, Api::ListExecutions, 0), 100);
        assert_eq!(granted(&mut large, Api::ListExecutions, 10_000), 3);
    }

    #[test]
    fn what_is_called_in_any_case_is_made_up_for() {
        let mut pace = pace(ConnectionKind::Aws, "eu-central-1");
        assert_eq!(granted(&mut pace, Api::ListExecutions, 0), 50);
        (0..5).for_each(|_| pace.spend(Api::ListExecutions, 0));
        assert_eq!(granted(&mut pace, Api::ListExecutions, 5_000), 0);
        assert_eq!(granted(&mut pace, Api::ListExecutions, 6_000), 1);
    }

    #[test]
    fn throttling_widens_and_success_narrows() {
        let mut pace = pace(ConnectionKind::Aws, "eu-central-1");
        let throttled = || {
            let fault = Fault::of_code("ThrottlingException", "Rate exceeded");
            Err::<(), _>(CallError { api: Api::ListExecutions, subject: String::new(), fault })
        };
        pace.learn(Api::ListExecutions, &throttled(), 10);
        pace.learn(Api::ListExecutions, &throttled(), 10);
        assert_eq!(granted(&mut pace, Api::ListExecutions, 0), 0, "the burst is gone");
        let of_seconds = |pace: &mut Pace, from: i64| -> usize {
            (1..=8).map(|second| granted(pace, Api::ListExecutions, from + second * 1_000)).sum()
        };
        assert_eq!(of_seconds(&mut pace, 0), 2, "a quarter of one a second");
        for _ in 0..200 {
            pace.learn(Api::ListExecutions, &Ok(()), 10);
        }
        assert_eq!(of_seconds(&mut pace, 8_000), 8, "as before, and no faster");
    }

    #[test]
    fn an_endpoint_is_asked_faster_until_it_answers_slower() {
        let mut pace = pace(ConnectionKind::Endpoint, "us-east-1");
        granted(&mut pace, Api::GetExecutionHistory, 0);
        for _ in 0..100 {
            pace.learn(Api::GetExecutionHistory, &Ok(()), 5);
        }
        let fast = granted(&mut pace, Api::GetExecutionHistory, 1_000);
        assert_eq!(fast, 2_000, "forty times fifty");
        for _ in 0..20 {
            pace.learn(Api::GetExecutionHistory, &Ok(()), 400);
        }
        let slower = granted(&mut pace, Api::GetExecutionHistory, 2_000);
        assert!(slower < fast / 4, "{slower}");
    }
}

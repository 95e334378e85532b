//! How often the connection may be asked: a token bucket for each API, as AWS's quotas are.

use crate::dto::ConnectionKind;

/// An API that the watch calls, each with its own quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    ListStateMachines,
    DescribeStateMachine,
    ListExecutions,
    GetExecutionHistory,
}

const APIS: usize = 4;

/// A bucket of calls: `burst` at once, `per_second` in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    burst: f64,
    per_second: f64,
    left: f64,
    at: i64,
}

/// What may be called now.
#[derive(Clone, Debug)]
pub struct Pace {
    buckets: [Bucket; APIS],
    /// Milliseconds between two rounds of the watch.
    pub round_ms: u64,
    /// How old a running execution's history may be when a page asks for it, in milliseconds.
    pub fresh_ms: i64,
}

impl Pace {
    /// The pace for a kind of connection.
    ///
    /// For AWS half of the smallest regional quota of each API: people and other programs use the account too.
    #[must_use]
    pub fn of(kind: ConnectionKind) -> Self {
        let (quotas, round_ms, fresh_ms) = match kind {
            ConnectionKind::Aws => ([(50.0, 2.5), (100.0, 10.0), (50.0, 1.0), (200.0, 10.0)], 2_000, 2_000),
            ConnectionKind::Endpoint => ([(100.0, 50.0); APIS], 1_000, 500),
            ConnectionKind::Embedded => ([(2_000.0, 1_000.0); APIS], 400, 150),
        };
        Self {
            buckets: quotas.map(|(burst, per_second)| Bucket { burst, per_second, left: burst, at: i64::MIN }),
            round_ms,
            fresh_ms,
        }
    }

    /// Takes one call of `api` at `now` (milliseconds) if the bucket holds one.
    pub fn take(&mut self, api: Api, now: i64) -> bool {
        let bucket = &mut self.buckets[match api {
            Api::ListStateMachines => 0,
            Api::DescribeStateMachine => 1,
            Api::ListExecutions => 2,
            Api::GetExecutionHistory => 3,
        }];
        if bucket.at != i64::MIN {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds between two calls are small")]
            let seconds = now.saturating_sub(bucket.at).max(0) as f64 / 1_000.0;
            bucket.left = (bucket.left + seconds * bucket.per_second).min(bucket.burst);
        }
        bucket.at = now;
        let granted = bucket.left >= 1.0;
        if granted {
            bucket.left -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut pace = Pace::of(ConnectionKind::Aws);
        let granted = |pace: &mut Pace, now| (0..500).take_while(|_| pace.take(Api::ListExecutions, now)).count();
        assert_eq!(granted(&mut pace, 0), 50, "half of the 100 that the smaller regions allow");
        assert_eq!(granted(&mut pace, 10_000), 10, "one a second");
        assert_eq!(granted(&mut pace, 10_000), 0);
        assert_eq!(granted(&mut pace, 1_000_000), 50, "never more than the burst");
        assert!(pace.take(Api::GetExecutionHistory, 10_000), "each API has its own bucket");
    }
}

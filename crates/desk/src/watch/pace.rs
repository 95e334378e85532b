//! How often the connection may be asked: a token bucket for each operation, as AWS's quotas are.

use std::collections::BTreeMap;

use crate::connection::quota::{Bucket, Quota};
use crate::connection::{Api, ConnectionKind};

/// The part of AWS's quotas that is used: people and other programs use the account too.
const SHARE: f64 = 0.5;
/// What other endpoints are asked: no quota is known.
const ENDPOINT: Quota = Quota { burst: 100.0, per_second: 50.0 };
const EMBEDDED: Quota = Quota { burst: 2_000.0, per_second: 1_000.0 };

/// What may be called now.
#[derive(Clone, Debug)]
pub struct Pace {
    kind: ConnectionKind,
    buckets: BTreeMap<Api, Bucket>,
    /// Milliseconds between two rounds of the watch.
    pub round_ms: u64,
    /// How old a running execution's history may be when a page asks for it, in milliseconds.
    pub fresh_ms: i64,
}

impl Pace {
    /// The pace for a kind of connection.
    #[must_use]
    pub const fn of(kind: ConnectionKind) -> Self {
        let (round_ms, fresh_ms) = match kind {
            ConnectionKind::Aws => (2_000, 2_000),
            ConnectionKind::Endpoint => (1_000, 500),
            ConnectionKind::Embedded => (400, 150),
        };
        Self { kind, buckets: BTreeMap::new(), round_ms, fresh_ms }
    }

    /// Takes one call of `api` at `now` (milliseconds) if the bucket holds one.
    pub fn take(&mut self, api: Api, now: i64) -> bool {
        let kind = self.kind;
        self.buckets.entry(api).or_insert_with(|| Bucket::full(quota(kind, api))).take(now)
    }
}

const fn quota(kind: ConnectionKind, api: Api) -> Quota {
    match kind {
        ConnectionKind::Aws => Quota::of_aws(api).part(SHARE),
        ConnectionKind::Endpoint => ENDPOINT,
        ConnectionKind::Embedded => EMBEDDED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_half_of_its_own_quota() {
        let mut pace = Pace::of(ConnectionKind::Aws);
        let granted = |pace: &mut Pace, api, now| (0..500).take_while(|_| pace.take(api, now)).count();
        assert_eq!(granted(&mut pace, Api::ListExecutions, 0), 50);
        assert_eq!(granted(&mut pace, Api::ListExecutions, 10_000), 10, "one a second");
        assert_eq!(granted(&mut pace, Api::GetExecutionHistory, 10_000), 200);
    }
}

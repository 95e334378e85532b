//! AWS's quotas: a token bucket for each operation, per account and region.

use super::port::Api;

/// A bucket of calls: `burst` at once, `per_second` in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    pub burst: f64,
    pub per_second: f64,
}

impl Quota {
    /// The regions with larger quotas.
    pub const LARGE_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];

    /// The quota that AWS gives an operation in its large regions or in the others. From "Quotas related to API action
    /// throttling" of the Step Functions developer guide.
    #[must_use]
    pub const fn of_aws(api: Api, large: bool) -> Self {
        let (burst, per_second) = match api {
            Api::ListExecutions if large => (200.0, 5.0),
            Api::DescribeExecution if large => (300.0, 15.0),
            Api::StartExecution | Api::RedriveExecution if large => (1_300.0, 300.0),
            Api::StopExecution if large => (1_000.0, 200.0),
            Api::SendTaskSuccess | Api::SendTaskFailure | Api::SendTaskHeartbeat if large => (3_000.0, 500.0),
            Api::ListStateMachines => (100.0, 5.0),
            Api::DescribeStateMachine => (200.0, 20.0),
            Api::DescribeStateMachineForExecution => (200.0, 1.0),
            // The guide names no quota of theirs: no more than the least of the others.
            Api::ListStateMachineVersions
            | Api::ListStateMachineAliases
            | Api::DescribeStateMachineAlias
            | Api::PublishStateMachineVersion
            | Api::DeleteStateMachineVersion
            | Api::CreateStateMachineAlias
            | Api::UpdateStateMachineAlias
            | Api::DeleteStateMachineAlias
            | Api::DescribeMapRun => (100.0, 1.0),
            Api::ListExecutions => (100.0, 2.0),
            Api::DescribeExecution => (250.0, 10.0),
            Api::GetExecutionHistory => (400.0, 20.0),
            Api::StartExecution | Api::RedriveExecution => (800.0, 150.0),
            Api::StopExecution => (500.0, 25.0),
            Api::SendTaskSuccess | Api::SendTaskFailure | Api::SendTaskHeartbeat => (1_500.0, 300.0),
            Api::CreateStateMachine
            | Api::UpdateStateMachine
            | Api::DeleteStateMachine
            | Api::ListTagsForResource
            | Api::ValidateStateMachineDefinition => (100.0, 1.0),
            Api::TagResource | Api::UntagResource => (200.0, 1.0),
            // Of other services, which are asked once a deployment.
            Api::CreateTopic
            | Api::GetCallerIdentity
            | Api::ListRolePolicies
            | Api::GetRolePolicy
            | Api::ListAttachedRolePolicies
            | Api::GetPolicy
            | Api::GetPolicyVersion
            | Api::GetParameters => (30.0, 30.0),
            Api::PutParameter => (3.0, 3.0),
        };
        Self { burst, per_second }
    }

    /// The quota without its burst: at most what comes in within a second, in whole calls.
    #[must_use]
    pub fn even(self) -> Self {
        Self { burst: self.per_second.ceil().max(1.0), per_second: self.per_second }
    }

    /// A part of the quota; one call at once in any case.
    #[must_use]
    pub const fn part(self, share: f64) -> Self {
        Self { burst: (self.burst * share).max(1.0), per_second: self.per_second * share }
    }
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub quota: Quota,
    left: f64,
    /// When it was last looked at, in milliseconds; `None` before the first time.
    at: Option<i64>,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn full(quota: Quota) -> Self {
        Self { quota, left: quota.burst, at: None }
    }

    /// Takes one call at `now` (milliseconds) if the bucket holds one.
    pub fn take(&mut self, now: i64) -> bool {
        self.take_above(0.0, now)
    }

    /// Takes one call at `now` if the bucket holds one and `reserve` more.
    pub fn take_above(&mut self, reserve: f64, now: i64) -> bool {
        // What a bucket held at first may be more than it holds later.
        if let Some(at) = self.at
            && self.left < self.quota.burst
        {
            // Milliseconds between two calls are few enough to be exact.
            let seconds = now.saturating_sub(at).max(0) as f64 / 1_000.0;
            self.left = seconds.mul_add(self.quota.per_second, self.left).min(self.quota.burst);
        }
        self.at = Some(now);
        let granted = self.left >= 1.0 + reserve;
        if granted {
            self.left -= 1.0;
        }
        granted
    }

    /// Takes one call in any case: the bucket may come to hold less than nothing.
    pub fn spend(&mut self, now: i64) {
        if !self.take(now) {
            self.left -= 1.0;
        }
    }

    /// How long until it holds a call, in milliseconds.
    #[must_use]
    pub fn ready_in(&self, now: i64) -> i64 {
        self.time_for(1, now)
    }

    /// How long it takes to give so many calls, in milliseconds, if nobody else takes any.
    #[must_use]
    pub fn time_for(&self, calls: usize, now: i64) -> i64 {
        let since = self.at.map_or(0, |at| now.saturating_sub(at).max(0));
        // Numbers of calls and milliseconds between them are few enough to be exact.
        let left =
            (since as f64 / 1_000.0).mul_add(self.quota.per_second, self.left).min(self.quota.burst.max(self.left));
        let missing = calls as f64 - left;
        // What is left over of a millisecond by rounding is none.
        if missing <= 0.0 { 0 } else { (missing / self.quota.per_second).mul_add(1_000.0, -1e-6).ceil() as i64 }
    }

    /// Takes out all that is left.
    pub const fn empty(&mut self) {
        self.left = self.left.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::full(Quota::of_aws(Api::ListExecutions, false).part(0.5));
        let mut granted = |now| (0..500).take_while(|_| bucket.take(now)).count();
        assert_eq!(granted(0), 50, "half of the 100 that the smaller regions allow");
        assert_eq!(granted(10_000), 10, "one a second");
        assert_eq!(granted(10_000), 0);
        assert_eq!(granted(1_000_000), 50, "never more than the burst");
        assert_eq!(granted(10_000), 0, "a clock that goes back grants nothing");
    }

    #[test]
    fn a_bucket_says_when_it_will_have_given_so_many_calls() {
        let mut bucket = Bucket::full(Quota { burst: 10.0, per_second: 2.0 });
        assert_eq!([0, 10, 11, 30].map(|calls| bucket.time_for(calls, 0)), [0, 0, 500, 10_000]);
        assert!((0..10).all(|_| bucket.take(0)));
        assert_eq!((bucket.ready_in(0), bucket.ready_in(499), bucket.ready_in(500)), (500, 1, 0));
        let waited = bucket.ready_in(0);
        assert!(bucket.take(waited), "it holds a call when it says so");
    }
}

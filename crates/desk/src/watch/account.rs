//! A simulated large account, with AWS's quotas and a set clock: the age of the data that the watch shows, and its calls.
//!
//! It is a test, because simulated time is the same on every machine; `cargo bench -p countersign-desk` prints the figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{Looking, Watch, lock};
use crate::connection::fake::{Fake, SetClock, asking};
use crate::connection::quota::Quota;
use crate::connection::{Api, ConnectionKind};
use crate::index::SqliteIndex;
use crate::redact::RedactionKey;

const START: i64 = 1_700_000_000_000;
/// Workflows, and those among them with requests.
const WORKFLOWS: usize = 50;
const CALLBACKS: usize = 20;
/// Running executions, all of workflows with requests.
const RUNNING: usize = 1_000;
/// Browsers: some look at executions, the others at lists and requests, which cost nothing.
const BROWSERS: usize = 20;
/// The time until the bursts are used up, and the measured time after it, in milliseconds.
const SETTLED: i64 = 150_000;
const MEASURED: i64 = 300_000;

/// The measured figures.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Of an execution that somebody looks at: the longest time for which it was not known whether it runs, and the greatest
    /// age of its history, in milliseconds.
    pub oldest_looked_at: i64,
    pub oldest_history: i64,
    /// The longest time from a new request to its appearance in the inbox, in milliseconds.
    pub slowest_request: i64,
    /// The longest time between two readings of one history, in milliseconds.
    pub longest_sweep: i64,
    /// The calls after the bursts.
    pub calls: BTreeMap<Api, Calls>,
    pub throttled: usize,
}

/// The calls of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    /// The shortest window in which half of the quota is a whole number of calls, in seconds.
    pub window: i64,
    /// The most calls in such a window, and half of the quota.
    pub most: usize,
    pub half: f64,
    pub a_minute: f64,
}

struct Account {
    watch: Arc<Watch>,
    fake: Fake,
    clock: SetClock,
    callbacks: Vec<String>,
    running: Vec<String>,
    looked_at: usize,
    _looking: Vec<Looking>,
}

impl Account {
    fn new(looked_at: usize) -> Self {
        let clock = SetClock::at(START);
        let fake = Fake::new(&clock).with_quotas();
        let pass = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
        let (callbacks, running) = fake.change(|world, now| {
            for n in CALLBACKS..WORKFLOWS {
                world.machine(&format!("other-{n}"), pass, now);
            }
            let callbacks: Vec<String> =
                (0..CALLBACKS).map(|n| world.machine(&format!("ask-{n}"), &asking(), now)).collect();
            let start = |n: usize| world.start_asking(&callbacks[n % CALLBACKS], &json!(n), now).0;
            let running: Vec<String> = (0..RUNNING).map(start).collect();
            (callbacks, running)
        });
        let (index, key) = (Arc::new(SqliteIndex::in_memory()), RedactionKey::new([0; 16]));
        let watch = Arc::new(Watch::new(fake.connection(ConnectionKind::Aws), index, clock.clock(), &key));
        let looking = (0..BROWSERS).map(|n| watch.look_at(&running[n % looked_at])).collect();
        Self { watch, fake, clock, callbacks, running, looked_at, _looking: looking }
    }

    /// Lets the time between two rounds pass.
    fn wait(&self) {
        let pause = lock(&self.watch.pace).round_ms;
        self.clock.advance(i64::try_from(pause).unwrap_or(1_000));
    }

    /// Whether a request of this execution is in the inbox.
    async fn waits(&self, arn: &str) -> bool {
        let row = self.watch.index().execution(&self.watch.connection.id, arn).await;
        row.is_ok_and(|row| row.is_some_and(|row| row.waits > 0))
    }

    fn read_at(&self, arn: &str) -> i64 {
        self.watch.last_read(arn).unwrap_or(START)
    }
}

/// Watches the account for some minutes of its own time; its browsers look at `looked_at` different executions.
pub async fn simulate(looked_at: usize) -> Figures {
    let account = Account::new(looked_at);
    while account.clock.now() < START + SETTLED {
        account.wait();
        account.watch.round().await;
    }
    account.fake.forget_log();
    let mut figures = Figures::default();
    let begun = account.clock.now();
    let mut before: Vec<i64> = account.running.iter().map(|arn| account.read_at(arn)).collect();
    // A new request every seven seconds, each in another workflow.
    let mut asked: BTreeMap<String, i64> = BTreeMap::new();
    let mut requests = 0;
    while account.clock.now() < begun + MEASURED {
        account.wait();
        let now = account.clock.now();
        // Right before the next reading: pages show what is known until then.
        for arn in &account.running[..account.looked_at] {
            let known_at = account.watch.last_known(arn).unwrap_or(START);
            figures.oldest_looked_at = figures.oldest_looked_at.max(now - known_at);
            figures.oldest_history = figures.oldest_history.max(now - account.read_at(arn));
        }
        account.watch.round().await;
        for (arn, last) in account.running.iter().zip(&mut before) {
            let read_at = account.read_at(arn);
            figures.longest_sweep = figures.longest_sweep.max(read_at - *last);
            *last = read_at;
        }
        for (arn, since) in std::mem::take(&mut asked) {
            figures.slowest_request = figures.slowest_request.max(now - since);
            if !account.waits(&arn).await {
                asked.insert(arn, since);
            }
        }
        if (now - begun) / 7_000 > requests {
            requests += 1;
            let machine = &account.callbacks[usize::try_from(requests).unwrap_or_default() % CALLBACKS];
            let arn = account.fake.change(|world, now| world.start_asking(machine, &json!("new"), now).0);
            asked.insert(arn, now);
        }
    }
    figures.count(&account.fake, begun);
    figures
}

impl Figures {
    fn count(&mut self, fake: &Fake, begun: i64) {
        let mut seconds: BTreeMap<Api, BTreeMap<i64, usize>> = BTreeMap::new();
        for call in fake.log() {
            self.throttled += usize::from(call.throttled);
            *seconds.entry(call.api).or_default().entry((call.at - begun) / 1_000).or_default() += 1;
        }
        for (api, seconds) in seconds {
            let half = Quota::of_aws(api, true).per_second / 2.0;
            // Every half of a quota is a whole number of calls in one or two seconds.
            let window = if half.fract() == 0.0 { 1 } else { 2 };
            let within = |begin: &i64| seconds.range(begin..&(begin + window)).map(|(_, calls)| calls).sum();
            self.calls.insert(
                api,
                Calls {
                    window,
                    most: seconds.keys().map(within).max().unwrap_or_default(),
                    half: half * window as f64,
                    a_minute: seconds.values().sum::<usize>() as f64 / (MEASURED / 60_000) as f64,
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(looked_at: usize) {
        let figures = simulate(looked_at).await;
        assert!(figures.oldest_looked_at <= 2_000, "{figures:#?}");
        assert!(figures.slowest_request <= 10_000, "{figures:#?}");
        assert!(figures.longest_sweep <= 110_000, "{figures:#?}");
        assert_eq!(figures.throttled, 0, "{figures:#?}");
        for (api, Calls { most, half, .. }) in &figures.calls {
            assert!(*most as f64 <= *half, "{api:?}: {figures:#?}");
        }
    }

    #[tokio::test]
    async fn a_large_account_is_shown_in_time_with_half_of_its_quotas() {
        check(1).await;
    }

    #[tokio::test]
    async fn so_it_is_where_ten_executions_are_looked_at() {
        check(10).await;
    }
}

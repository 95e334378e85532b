//! What became of the calls of a connection: how many there were lately, when each operation last succeeded and failed, and
//! which ones are denied.
//!
//! [`Counted`] stands before a port and counts every call that is made through it, whoever makes it.

mod lookups;
mod releases;
mod roles;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_trace::HistoryEvent;
use tokio::sync::Notify;

use super::error::{CallError, Fault};
use super::port::{
    Api, Call, Caller, DefinitionText, Description, ListedMachine, Listing, MachineDescription, MachineUpdate,
    NewMachine, Page, StepFunctions, Summary,
};
use crate::clock::Clock;

/// The time over which calls are counted, in milliseconds, and the parts that it is counted in.
const MINUTE: i64 = 60_000;
const SECOND: i64 = 1_000;
/// A denial that has not come again for so long (milliseconds) is not shown any more: its subject may be gone.
const DENIAL: i64 = 10 * MINUTE;
/// The most denials that are remembered.
const DENIALS: usize = 64;

/// What became of the calls of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    pub api: Api,
    /// Calls within the last minute.
    pub last_minute: usize,
    /// When it last succeeded, in milliseconds since the epoch.
    pub succeeded_at: Option<i64>,
    /// When it last failed, and how.
    pub failed: Option<(i64, CallError)>,
}

#[derive(Debug, Default)]
struct Operation {
    /// Calls by the second in which they were made.
    seconds: VecDeque<(i64, usize)>,
    succeeded_at: Option<i64>,
    failed: Option<(i64, CallError)>,
}

#[derive(Debug, Default)]
struct Counts {
    operations: BTreeMap<Api, Operation>,
    /// By operation and subject: one machine may be denied and another not.
    denied: BTreeMap<(Api, String), (i64, CallError)>,
}

/// The calls of one connection.
#[derive(Debug, Default)]
pub struct CallTally {
    counts: Mutex<Counts>,
    /// Wakes whoever waits for a call that is denied now or is not any more.
    denials: Notify,
}

impl CallTally {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Every change is whole after each step: a panic elsewhere leaves nothing half-written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begins(&self, api: Api, now: i64) {
        let mut counts = self.counts();
        let seconds = &mut counts.operations.entry(api).or_default().seconds;
        let second = now - now.rem_euclid(SECOND);
        match seconds.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => seconds.push_back((second, 1)),
        }
        while seconds.front().is_some_and(|(first, _)| *first <= now - MINUTE) {
            seconds.pop_front();
        }
    }

    fn ends(&self, api: Api, subject: &str, error: Option<&CallError>, now: i64) {
        let mut counts = self.counts();
        let operation = counts.operations.entry(api).or_default();
        match error {
            None => operation.succeeded_at = Some(now),
            // An answer that something does not exist, or that a task is closed, is an answer.
            Some(error) if error.is_missing() || matches!(error.fault, Fault::TaskClosed { .. }) => {
                operation.succeeded_at = Some(now);
            }
            Some(error) => operation.failed = Some((now, error.clone())),
        }
        let key = (api, subject.to_owned());
        let before = counts.denied.len();
        match error {
            Some(error) if error.is_denied() => {
                if before < DENIALS || counts.denied.contains_key(&key) {
                    counts.denied.insert(key, (now, error.clone()));
                }
            }
            Some(_) => {}
            None => _ = counts.denied.remove(&key),
        }
        let differs = before != counts.denied.len();
        drop(counts);
        if differs {
            self.denials.notify_one();
        }
    }

    /// Waits until a call is denied that was not, or succeeds that was denied.
    pub async fn denials_changed(&self) {
        self.denials.notified().await;
    }

    /// What became of the calls of every operation that was called, at `now` (milliseconds since the epoch).
    #[must_use]
    pub fn calls(&self, now: i64) -> Vec<Calls> {
        let counts = self.counts();
        let calls = |(api, operation): (&Api, &Operation)| Calls {
            api: *api,
            last_minute: operation.seconds.iter().filter(|(at, _)| *at > now - MINUTE).map(|(_, count)| count).sum(),
            succeeded_at: operation.succeeded_at,
            failed: operation.failed.clone(),
        };
        counts.operations.iter().map(calls).collect()
    }

    /// The calls that IAM denies, each operation once, with its latest denial.
    #[must_use]
    pub fn denied(&self, now: i64) -> Vec<CallError> {
        let mut counts = self.counts();
        counts.denied.retain(|_, (at, _)| now - *at <= DENIAL);
        let mut latest: BTreeMap<Api, &(i64, CallError)> = BTreeMap::new();
        for ((api, _), denial) in &counts.denied {
            let kept = latest.entry(*api).or_insert(denial);
            if denial.0 > kept.0 {
                *kept = denial;
            }
        }
        latest.into_values().map(|(_, error)| error.clone()).collect()
    }
}

/// A port whose calls are counted.
pub struct Counted {
    calls: Arc<dyn StepFunctions>,
    tally: Arc<CallTally>,
    clock: Clock,
}

impl Counted {
    /// Counts the calls of `calls` in `tally`.
    #[must_use]
    pub fn new(calls: Arc<dyn StepFunctions>, tally: &Arc<CallTally>, clock: &Clock) -> Self {
        Self { calls, tally: Arc::clone(tally), clock: clock.clone() }
    }

    fn count<'a, T>(&'a self, api: Api, subject: &str, call: Call<'a, T>) -> Call<'a, T>
    where
        T: Send + 'a,
    {
        let subject = subject.to_owned();
        Box::pin(async move {
            self.tally.begins(api, self.clock.now());
            let answer = call.await;
            self.tally.ends(api, &subject, answer.as_ref().err(), self.clock.now());
            answer
        })
    }
}

impl StepFunctions for Counted {
    fn list_machines(&self, next: Option<String>) -> Call<'_, Page<ListedMachine>> {
        self.count(Api::ListStateMachines, "", self.calls.list_machines(next))
    }

    fn describe_machine(&self, arn: &str) -> Call<'_, MachineDescription> {
        self.count(Api::DescribeStateMachine, arn, self.calls.describe_machine(arn))
    }

    fn list_versions(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        self.count(Api::ListStateMachineVersions, machine_arn, self.calls.list_versions(machine_arn))
    }

    fn list_aliases(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        self.count(Api::ListStateMachineAliases, machine_arn, self.calls.list_aliases(machine_arn))
    }

    fn list_executions(&self, listing: Listing) -> Call<'_, Page<Summary>> {
        let subject = listing.of.arn().to_owned();
        self.count(Api::ListExecutions, &subject, self.calls.list_executions(listing))
    }

    fn describe_execution(&self, arn: &str) -> Call<'_, Description> {
        self.count(Api::DescribeExecution, arn, self.calls.describe_execution(arn))
    }

    fn parent_of_map_run(&self, arn: &str) -> Call<'_, String> {
        self.count(Api::DescribeMapRun, arn, self.calls.parent_of_map_run(arn))
    }

    fn definition_of_execution(&self, arn: &str) -> Call<'_, DefinitionText> {
        self.count(Api::DescribeStateMachineForExecution, arn, self.calls.definition_of_execution(arn))
    }

    fn newest_events(&self, arn: &str, size: i32, next: Option<String>) -> Call<'_, Page<HistoryEvent>> {
        self.count(Api::GetExecutionHistory, arn, self.calls.newest_events(arn, size, next))
    }

    fn start_execution(&self, machine_arn: &str, name: &str, input: &str) -> Call<'_, String> {
        self.count(Api::StartExecution, machine_arn, self.calls.start_execution(machine_arn, name, input))
    }

    fn stop_execution(&self, arn: &str, error: &str, cause: &str) -> Call<'_, ()> {
        self.count(Api::StopExecution, arn, self.calls.stop_execution(arn, error, cause))
    }

    fn redrive_execution(&self, arn: &str, client_token: &str) -> Call<'_, ()> {
        self.count(Api::RedriveExecution, arn, self.calls.redrive_execution(arn, client_token))
    }

    // The subject is never the token: nothing that is kept may hold one.
    fn send_task_success(&self, token: &str, output: &str) -> Call<'_, ()> {
        self.count(Api::SendTaskSuccess, "", self.calls.send_task_success(token, output))
    }

    fn send_task_heartbeat(&self, token: &str) -> Call<'_, ()> {
        self.count(Api::SendTaskHeartbeat, "", self.calls.send_task_heartbeat(token))
    }

    fn send_task_failure(&self, token: &str, error: &str, cause: &str) -> Call<'_, ()> {
        self.count(Api::SendTaskFailure, "", self.calls.send_task_failure(token, error, cause))
    }

    fn create_machine(&self, new: NewMachine) -> Call<'_, String> {
        let subject = new.name.clone();
        self.count(Api::CreateStateMachine, &subject, self.calls.create_machine(new))
    }

    fn update_machine(&self, arn: &str, update: MachineUpdate) -> Call<'_, Option<String>> {
        self.count(Api::UpdateStateMachine, arn, self.calls.update_machine(arn, update))
    }

    fn create_topic(&self, name: &str) -> Call<'_, ()> {
        self.count(Api::CreateTopic, name, self.calls.create_topic(name))
    }

    fn caller(&self) -> Call<'_, Caller> {
        self.count(Api::GetCallerIdentity, "", self.calls.caller())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(api: Api, subject: &str) -> CallError {
        CallError { api, subject: subject.to_owned(), fault: Fault::Denied { message: "no".to_owned() } }
    }

    #[test]
    fn a_minute_of_calls_is_counted_and_then_forgotten() {
        let tally = CallTally::default();
        let last_minute = |now| tally.calls(now).first().map_or(0, |calls| calls.last_minute);
        for now in [0, 10, 999, 30_000] {
            tally.begins(Api::ListExecutions, now);
        }
        assert_eq!([30_000, 59_999, 60_000, 89_999, 90_000].map(last_minute), [4, 4, 1, 1, 0]);
        tally.begins(Api::ListExecutions, 200_000);
        assert_eq!(last_minute(200_000), 1);
    }

    #[test]
    fn a_denial_stands_until_the_same_call_succeeds_or_comes_no_more() {
        let tally = CallTally::default();
        let apis = |now| tally.denied(now).into_iter().map(|error| (error.api, error.subject)).collect::<Vec<_>>();
        let (list, one, two) = (Api::ListExecutions, "machine one", "machine two");
        tally.ends(list, one, Some(&denial(list, one)), 0);
        tally.ends(list, two, None, 1);
        assert_eq!(apis(2), [(list, one.to_owned())], "another machine's list says nothing of this one");
        tally.ends(list, two, Some(&denial(list, two)), 3);
        assert_eq!(apis(4), [(list, two.to_owned())], "each operation once, with its latest denial");
        tally.ends(list, two, None, 5);
        tally.ends(list, one, None, 5);
        assert!(apis(6).is_empty());
        tally.ends(list, one, Some(&denial(list, one)), 7);
        assert!(apis(8 + DENIAL).is_empty(), "the machine may be gone");
    }

    #[test]
    fn an_answer_that_something_is_missing_is_an_answer() {
        let tally = CallTally::default();
        let fault = Fault::of_code("ExecutionDoesNotExist", "gone");
        let missing = CallError { api: Api::DescribeExecution, subject: String::new(), fault };
        tally.ends(Api::DescribeExecution, "", Some(&missing), 5);
        let calls = tally.calls(6);
        assert_eq!((calls[0].succeeded_at, &calls[0].failed), (Some(5), &None));
    }
}

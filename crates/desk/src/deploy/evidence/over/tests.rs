//! Evidence over a connection that refuses a part of it.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::super::super::desired::{Deployed, Desired, Encryption, Logging, Rollout, SettingChange, Stamp};
use super::super::super::finding::Change;
use super::super::super::timer::Timer;
use super::*;
use crate::connection::fake::{Fake, SetClock, Trick, asking};
use crate::connection::{ConnectionKind, Fault};
use crate::deploy::outlook::{Evidence, NotRead, Outcome, WhyNotRead};

/// An account with machines whose definitions are about to change.
struct Account {
    fake: Fake,
    clock: SetClock,
}

impl Account {
    fn new() -> Self {
        let clock = SetClock::at(1_000_000);
        Self { fake: Fake::new(&clock), clock }
    }

    /// A machine with executions that have ended, `run-1` the oldest, as a plan would have it.
    fn machine(&self, name: &str, executions: usize) -> ItemPlan {
        let arn = self.fake.change(|world, now| world.machine(name, &asking(), now));
        for _ in 0..executions {
            let request = serde_json::json!({ "amount": 5 });
            let execution = self.fake.change(|world, now| world.start_asking(&arn, &request, now)).0;
            self.clock.advance(500);
            self.fake.change(|world, now| {
                let token = world.token_of(&execution).unwrap();
                world.answer(&token, Err(("Rejected", "no")), now).unwrap();
            });
        }
        item(name, &arn)
    }

    async fn evidence(&self, items: &[ItemPlan], limit: usize) -> Result<Vec<Evidence>, Failure> {
        let (connection, clock) = (self.fake.connection(ConnectionKind::Endpoint), self.clock.clock());
        let (timer, stop) = (Timer::new(|_| Box::pin(std::future::ready(()))), CancellationToken::new());
        let patience = Patience::new(&connection, &clock, &timer, &stop, &|_| {});
        let mut reading = Reading { patience: &patience, limit, given_up: None };
        let mut all = Vec::new();
        for item in items {
            all.push(reading.of_item(item).await?.unwrap());
        }
        Ok(all)
    }
}

fn item(name: &str, arn: &str) -> ItemPlan {
    let desired = Desired {
        name: name.to_owned(),
        kind: MachineKind::Standard,
        definition: asking(),
        role_arn: None,
        logging: None,
        tracing: None,
        encryption: None,
        tags: BTreeMap::new(),
        stamp: Stamp::default(),
        alias: None,
        rollout: Rollout::default(),
        topics: Vec::new(),
        needs: Vec::new(),
    };
    let deployed = Deployed {
        arn: arn.to_owned(),
        name: name.to_owned(),
        kind: MachineKind::Standard,
        revision_id: None,
        definition: String::new(),
        role_arn: None,
        logging: Logging::OFF,
        tracing: false,
        encryption: Encryption::AwsOwnedKey,
        tags: BTreeMap::new(),
        versions: Vec::new(),
        aliases: Vec::new(),
    };
    ItemPlan {
        workflow: name.to_owned(),
        arn: arn.to_owned(),
        change: Change::Changed,
        desired: Some(desired),
        deployed: Some(deployed),
        settings: vec![SettingChange { setting: Setting::Definition, old: None, new: None }],
        drifted: Vec::new(),
    }
}

fn fails(code: &str) -> Trick {
    Trick::Fail(Fault::of_code(code, "the service says so"))
}

/// The outcomes that are not known because nothing could be read, with their executions' names.
fn not_read(evidence: &Evidence) -> Vec<(WhyNotRead, Vec<&str>)> {
    let mut found: Vec<(WhyNotRead, Vec<&str>)> = Vec::new();
    for group in &evidence.groups {
        if let Outcome::NotRead(NotRead { api: Api::GetExecutionHistory, why }) = &group.outcome {
            let names = group.executions.iter().map(|arn| arn.rsplit(':').next().unwrap());
            found.push((why.clone(), names.collect()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_list_that_is_denied_is_said_in_the_place_of_the_evidence() {
    let account = Account::new();
    let items = [account.machine("ask", 2), account.machine("other", 1)];
    account.fake.deny(Api::ListExecutions, "stateMachine:ask");
    let found = account.evidence(&items, 10).await.unwrap();
    let why = found[0].not_compared.as_ref().unwrap();
    assert_eq!(*why, NotRead { api: Api::ListExecutions, why: WhyNotRead::Denied });
    assert_eq!(why.to_string(), "IAM denies states:ListExecutions");
    assert_eq!((found[0].executions, found[0].groups.len()), (0, 0));
    assert_eq!((found[1].executions, found[1].not_compared.as_ref()), (1, None), "the next workflow is looked at");
}

#[tokio::test]
async fn a_history_that_is_denied_or_gone_is_one_execution_that_is_not_known() {
    let account = Account::new();
    let item = account.machine("ask", 3);
    account.fake.deny(Api::GetExecutionHistory, "run-2");
    account.fake.trick(Api::GetExecutionHistory, [fails("ExecutionDoesNotExist")]);
    let found = account.evidence(&[item], 10).await.unwrap();
    assert_eq!(
        not_read(&found[0]),
        [(WhyNotRead::Denied, vec!["run-2"]), (WhyNotRead::Missing, vec!["run-3"])],
        "the newest is read first"
    );
    assert_eq!((found[0].executions, found[0].groups.len()), (3, 3), "the third one was run");
}

#[tokio::test]
async fn a_connection_that_stays_throttled_is_not_asked_again() {
    let account = Account::new();
    let items = [account.machine("ask", 3), account.machine("other", 1)];
    account.fake.trick(Api::GetExecutionHistory, (0..12).map(|_| fails("ThrottlingException")));
    let found = account.evidence(&items, 10).await.unwrap();
    assert_eq!(not_read(&found[0]), [(WhyNotRead::Throttled, vec!["run-3", "run-2", "run-1"])]);
    let why = NotRead { api: Api::GetExecutionHistory, why: WhyNotRead::Throttled };
    assert_eq!(found[1].not_compared, Some(why));
    let calls = [Api::ListExecutions, Api::GetExecutionHistory];
    assert_eq!(calls.map(|api| account.fake.count(api)), [1, 12]);
}

#[tokio::test]
async fn credentials_that_have_expired_end_the_plan() {
    let account = Account::new();
    let item = account.machine("ask", 1);
    for api in [Api::ListExecutions, Api::GetExecutionHistory] {
        account.fake.trick(api, [fails("ExpiredTokenException")]);
        let failed = account.evidence(std::slice::from_ref(&item), 10).await.unwrap_err();
        let Failure::Call(error) = failed else { panic!("{failed:?}") };
        assert!(error.api == api && matches!(error.fault, Fault::Credentials { .. }), "{error}");
    }
}

#[tokio::test]
async fn executions_that_run_are_passed_over_and_a_list_that_is_not_read_to_its_end_is_said() {
    let account = Account::new();
    let item = account.machine("ask", 1);
    let arn = item.arn.clone();
    account.fake.change(|world, now| (0..999).for_each(|_| _ = world.start(&arn, &serde_json::json!({}), now)));
    let found = account.evidence(std::slice::from_ref(&item), 10).await.unwrap();
    assert_eq!((found[0].executions, found[0].listed), (1, None), "it is the thousandth, and the last");
    account.fake.change(|world, now| _ = world.start(&arn, &serde_json::json!({}), now));
    let found = account.evidence(&[item], 10).await.unwrap();
    assert_eq!((found[0].executions, found[0].listed), (0, Some(1_000)));
}

//! Applying, rolling out and going back over the fake, with a set clock: waiting moves it.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod applying;
mod desk;
mod faults;
mod going_back;
mod rolling;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::applied::canonical;
use super::apply::{Event, Means, Report, apply};
use super::desired::{
    Alias, Deployed, Desired, ItemPlan, LogLevel, Logging, Rollout, Route, Setting, SettingChange, Stamp, Steps,
};
use super::finding::Change;
use super::patience::Patience;
use super::perform::Labels;
use super::steps::{StepsError, missing_tags, stale_tags};
use super::timer::Timer;
use crate::connection::fake::{Fake, Machine, SetClock, World};
use crate::connection::{Connection, ConnectionKind, MachineKind, number_of};

const PLACE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine";
/// When the clock of a test stands first.
const START: i64 = 1_732_712_400_000;

fn arn(name: &str) -> String {
    format!("{PLACE}:{name}")
}

/// A definition that is told from others by its comment.
fn definition(comment: &str) -> String {
    format!(r#"{{"Comment":"{comment}","StartAt":"A","States":{{"A":{{"Type":"Pass","End":true}}}}}}"#)
}

fn desired(name: &str, comment: &str) -> Desired {
    Desired {
        name: name.to_owned(),
        kind: MachineKind::Standard,
        definition: definition(comment),
        role_arn: Some("arn:aws:iam::123456789012:role/order".to_owned()),
        logging: None,
        tracing: None,
        encryption: None,
        tags: BTreeMap::new(),
        stamp: Stamp { folder: "shop".to_owned(), environment: "prod".to_owned() },
        alias: None,
        rollout: Rollout::default(),
        topics: Vec::new(),
        needs: Vec::new(),
    }
}

/// The same with the alias `live`, which moves by these steps.
fn live(name: &str, comment: &str, steps: Steps) -> Desired {
    let rollout = Rollout { steps, roll_back: None };
    Desired { alias: Some("live".to_owned()), rollout, ..desired(name, comment) }
}

/// A fake connection and what an apply is made with.
struct Site {
    clock: SetClock,
    fake: Fake,
    connection: Connection,
    timer: Timer,
    stop: CancellationToken,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Site {
    fn new() -> Self {
        let clock = SetClock::at(START);
        Self::over(Fake::new(&clock), clock)
    }

    /// The same with AWS's quotas.
    fn with_quotas() -> Self {
        let clock = SetClock::at(START);
        Self::over(Fake::new(&clock).with_quotas(), clock)
    }

    fn over(fake: Fake, clock: SetClock) -> Self {
        let moved = clock.clone();
        let timer = Timer::new(move |time| {
            moved.advance(i64::try_from(time.as_millis()).unwrap());
            Box::pin(std::future::ready(()))
        });
        let connection = fake.connection(ConnectionKind::Aws);
        Self { clock, fake, connection, timer, stop: CancellationToken::new(), events: Arc::default() }
    }

    /// What an apply of these would find: a plan as small as a test needs.
    fn plan(&self, desired: &[Desired]) -> Vec<ItemPlan> {
        self.fake.change(|world, _| desired.iter().map(|one| item(world, one)).collect())
    }

    async fn apply(&self, items: &[ItemPlan]) -> Report {
        self.try_apply(items, false).await.unwrap()
    }

    async fn try_apply(&self, items: &[ItemPlan], remove: bool) -> Result<Report, StepsError> {
        let events = Arc::clone(&self.events);
        let tell = move |event| events.lock().unwrap().push(event);
        let clock = self.clock.clock();
        let means =
            Means { connection: &self.connection, clock: &clock, timer: &self.timer, stop: &self.stop, tell: &tell };
        let labels = Labels { version: "git 1a2b3c4, plan 0123".to_owned(), by: "dana".to_owned() };
        apply(means, items, remove, &labels).await
    }

    /// Plans and applies; everything is done.
    async fn deploy(&self, desired: &[Desired]) -> Report {
        let report = self.apply(&self.plan(desired)).await;
        assert_eq!(report.failed, None, "{report:?}");
        report
    }

    /// Does something with calls within the quota.
    async fn with_patience<R>(&self, with: impl AsyncFnOnce(&Patience<'_>) -> R) -> R {
        let clock = self.clock.clock();
        let patience = Patience::new(&self.connection, &clock, &self.timer, &self.stop, &|_| {});
        with(&patience).await
    }

    fn machine(&self, name: &str) -> Option<Machine> {
        self.fake.change(|world, _| world.machines.get(&arn(name)).cloned())
    }

    /// The versions that the alias `live` leads to, with their shares.
    fn routes(&self, name: &str) -> Vec<(u64, u8)> {
        let machine = self.machine(name).unwrap();
        let routes = machine.aliases["live"].routes.iter();
        routes.map(|route| (number_of(&route.version_arn).unwrap(), route.weight)).collect()
    }
}

fn deployed(machine: &Machine) -> Deployed {
    let routes = |alias: &crate::connection::fake::Alias| {
        let route = |one: &crate::connection::Route| {
            let number = number_of(&one.version_arn).unwrap();
            let is_current = machine.versions.get(&number).is_some_and(|version| version.revision == machine.revision);
            Route { version: number.to_string(), weight: one.weight, is_current }
        };
        alias.routes.iter().map(route).collect()
    };
    Deployed {
        arn: machine.arn.clone(),
        name: machine.name.clone(),
        kind: machine.kind,
        revision_id: machine.revision_id(),
        definition: machine.definition.clone(),
        role_arn: Some(machine.role_arn.clone()),
        logging: machine.logging.clone(),
        tracing: machine.tracing,
        encryption: machine.encryption.clone(),
        tags: machine.tags.clone(),
        versions: machine.versions.keys().rev().map(u64::to_string).collect(),
        aliases: machine
            .aliases
            .values()
            .map(|one| Alias {
                name: one.name.clone(),
                arn: format!("{}:{}", machine.arn, one.name),
                routes: routes(one),
                failed: None,
            })
            .collect(),
    }
}

/// Whether the alias leads to a version of the machine as it is.
fn leads_to_now(machine: &Machine, alias: &str) -> bool {
    let Some(there) = machine.aliases.get(alias) else { return false };
    let [route] = &there.routes[..] else { return false };
    let version = machine.versions.get(&number_of(&route.version_arn).unwrap());
    version.is_some_and(|version| version.revision == machine.revision)
}

fn item(world: &World, desired: &Desired) -> ItemPlan {
    let arn = arn(&desired.name);
    let machine = world.machines.get(&arn);
    let mut settings = Vec::new();
    let mut add = |setting, differs: bool| {
        if differs {
            settings.push(SettingChange { setting, old: None, new: None });
        }
    };
    if let Some(machine) = machine {
        let deployed = deployed(machine);
        add(Setting::Definition, canonical(&machine.definition) != canonical(&desired.definition));
        add(Setting::Role, desired.role_arn.as_ref().is_some_and(|role| *role != machine.role_arn));
        add(Setting::Logging, desired.logging.as_ref().is_some_and(|logging| *logging != machine.logging));
        add(Setting::Tracing, desired.tracing.is_some_and(|tracing| tracing != machine.tracing));
        let tags_differ = !missing_tags(desired, &deployed).is_empty() || !stale_tags(desired, &deployed).is_empty();
        add(Setting::Tags, tags_differ);
        add(Setting::Alias, desired.alias.as_ref().is_some_and(|alias| !leads_to_now(machine, alias)));
    }
    let change = match machine {
        None => Change::New,
        Some(_) if settings.is_empty() => Change::Unchanged,
        Some(_) => Change::Changed,
    };
    ItemPlan {
        workflow: desired.name.clone(),
        arn,
        change,
        desired: Some(desired.clone()),
        deployed: machine.map(deployed),
        settings,
        drifted: Vec::new(),
    }
}

/// Logging of everything to a log group.
fn all_logs() -> Logging {
    let group = "arn:aws:logs:us-east-1:123456789012:log-group:/shop:*";
    Logging { level: LogLevel::All, destination: Some(group.to_owned()), execution_data: true }
}

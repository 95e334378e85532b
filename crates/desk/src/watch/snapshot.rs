//! What the watch knows at one moment: the connection's machines, their executions, and what waits for a person.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_asl::graph::{Graph, layout};

use super::record::Reason;
use crate::connection::{CallError, ExecutionStatus, MachineKind, Summary};

/// A definition as it was read once: parsed and drawn.
#[derive(Debug)]
pub struct Definition {
    pub text: String,
    /// `None` where the text is no definition that can be understood.
    pub machine: Option<countersign_asl::Machine>,
    pub graph: Option<Graph>,
}

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueBy {
    /// The task's `TimeoutSeconds`.
    Task,
    /// The task's `HeartbeatSeconds`.
    Heartbeat,
    /// The `TimeoutSeconds` of the whole definition.
    Workflow,
}

impl Definition {
    /// Reads and draws a definition.
    #[must_use]
    pub fn read(text: String) -> Self {
        let machine = countersign_asl::Machine::read(&text);
        let graph = machine.as_ref().map(layout);
        Self { text, machine, graph }
    }

    /// Whether one of its states can wait for a person: a callback or an activity.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        // A definition that could not be read may do anything.
        self.machine.is_none() || self.text.contains(".waitForTaskToken") || self.text.contains(":activity:")
    }
}

/// A state machine of the connection.
#[derive(Clone, Debug)]
pub struct Machine {
    pub arn: String,
    pub name: String,
    pub kind: MachineKind,
    pub definition: Arc<Definition>,
    pub revision_id: Option<String>,
    pub role_arn: Option<String>,
    pub created_at: Option<i64>,
    /// When the watch last read it.
    pub described_at: i64,
    /// When the watch first saw this revision.
    pub since: i64,
    /// When the watch last listed its executions, and all that run.
    pub listed_at: i64,
    pub running_listed_at: i64,
}

/// How far the endpoint's clock may be behind this machine's, in milliseconds.
const CLOCKS: i64 = 60_000;

impl Machine {
    /// Whether this definition was the machine's at `at` (milliseconds since the epoch), as far as the watch has seen.
    #[must_use]
    pub const fn was_in_force(&self, at: i64) -> bool {
        self.since + CLOCKS <= at && at + CLOCKS <= self.described_at
    }
}

/// The running children of a Map Run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Children {
    /// The execution whose Map state started them.
    pub parent_arn: String,
    pub running: Vec<Summary>,
    /// When the watch last listed them.
    pub listed_at: i64,
}

/// A task that waits for a person. It knows no token: the token is read from the history when it is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub execution_arn: String,
    pub execution_name: String,
    /// The execution whose Map Run this one is a child of.
    pub parent_arn: Option<String>,
    pub machine_arn: String,
    pub workflow: String,
    pub state: String,
    /// The id of the TaskScheduled event.
    pub event: u64,
    pub since: i64,
    pub due: Option<i64>,
    /// What comes first of all that ends the wait.
    pub due_by: Option<DueBy>,
    /// Which items of which Maps it is about, such as "item 3 of 12 (A-1)".
    pub item: Option<String>,
    /// The resolved parameters, redacted.
    pub request: String,
    /// Why it cannot be answered from here, where it cannot.
    pub obstacle: Option<Obstacle>,
}

/// Why a task cannot be answered from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The token is in the parameters in a form that cannot be read, or may be.
    Unreadable,
    /// The parameters do not have the token.
    NotPassed,
    /// The request may hold a token that could not be found.
    Withheld,
    /// The request is no JSON that can be shown.
    NotShown,
    /// A worker has the token.
    Activity,
}

impl Waiting {
    /// Its place in the inbox: soonest due first, then oldest.
    #[must_use]
    pub fn order(&self) -> (i64, i64, u64) {
        (self.due.unwrap_or(i64::MAX), self.since, self.event)
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By ARN.
    pub machines: BTreeMap<String, Machine>,
    /// By machine ARN, newest first.
    pub executions: HashMap<String, Vec<Summary>>,
    /// The running children of open Map Runs, by the Map Run's ARN.
    pub children: BTreeMap<String, Children>,
    /// Soonest due first, then oldest.
    pub waiting: Vec<Waiting>,
    /// Why the newest failures failed, by execution ARN.
    pub reasons: HashMap<String, Reason>,
    /// When the last round ended well.
    pub data_at: Option<i64>,
    /// Why the last round did not.
    pub problem: Option<CallError>,
}

impl Snapshot {
    /// The machine with this name.
    #[must_use]
    pub fn machine_named(&self, name: &str) -> Option<&Machine> {
        self.machines.values().find(|machine| machine.name == name)
    }

    /// The execution whose Map Run started this one.
    #[must_use]
    pub fn parent_of(&self, arn: &str) -> Option<&str> {
        let is_child = |children: &&Children| children.running.iter().any(|child| child.arn == arn);
        self.children.values().find(is_child).map(|children| children.parent_arn.as_str())
    }

    /// The execution with this ARN, if it is among those listed.
    #[must_use]
    pub fn summary(&self, arn: &str) -> Option<&Summary> {
        let children = self.children.values().flat_map(|children| &children.running);
        self.executions.values().flatten().chain(children).find(|summary| summary.arn == arn)
    }

    /// Whether an execution waits for a person.
    #[must_use]
    pub fn waits(&self, summary: &Summary) -> bool {
        summary.status == ExecutionStatus::Running && self.waiting.iter().any(|wait| wait.execution_arn == summary.arn)
    }

    /// All executions, newest first.
    #[must_use]
    pub fn newest(&self) -> Vec<&Summary> {
        let mut all: Vec<&Summary> = self.executions.values().flatten().collect();
        all.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.arn.cmp(&b.arn)));
        all
    }

    /// What failed or timed out since `since` (milliseconds since the epoch), newest first.
    #[must_use]
    pub fn failed_since(&self, since: i64) -> Vec<&Summary> {
        let mut failed = self.newest();
        failed.retain(|one| {
            matches!(one.status, ExecutionStatus::Failed | ExecutionStatus::TimedOut)
                && one.ended_at.is_some_and(|ended| ended > since)
        });
        failed
    }

    /// Puts what waits in the order of the inbox.
    pub fn sort_waiting(&mut self) {
        self.waiting.sort_by_key(Waiting::order);
    }
}

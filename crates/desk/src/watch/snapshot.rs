//! What the watch knows of a connection: its machines and its health. And the types of what waits for a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::graph::{Graph, layout};
use serde::{Deserialize, Serialize};

use super::item::ItemPath;
use crate::connection::{CallError, ListedMachine, MachineKind};

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
}

/// How far the endpoint's clock may be behind this machine's, in milliseconds.
const CLOCKS: i64 = 60_000;

impl Machine {
    /// A machine of which only the list is known.
    pub(super) fn listed(listed: &ListedMachine) -> Self {
        Self {
            arn: listed.arn.clone(),
            name: listed.name.clone(),
            kind: listed.kind,
            definition: Arc::new(Definition::read(String::new())),
            revision_id: None,
            role_arn: None,
            created_at: Some(listed.created_at),
            described_at: 0,
            since: 0,
        }
    }

    /// The same after a description that failed at `now`: it is read again later, and its definition counts as certain for
    /// no execution before then.
    pub(super) fn not_described(self, now: i64) -> Self {
        Self { described_at: now, since: now, ..self }
    }

    /// Whether this definition was the machine's at `at` (milliseconds since the epoch), as far as the watch has seen.
    #[must_use]
    pub const fn was_in_force(&self, at: i64) -> bool {
        self.since + CLOCKS <= at && at + CLOCKS <= self.described_at
    }
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
    /// Which items of which Maps it is about.
    pub item: Option<ItemPath>,
    /// The resolved parameters, redacted.
    pub request: String,
    /// Why it cannot be answered from here, where it cannot.
    pub obstacle: Option<Obstacle>,
}

impl Waiting {
    /// The same where the rule sends heartbeats: a missing one does not end the wait.
    #[must_use]
    pub fn kept_alive(self) -> Self {
        match self.due_by {
            Some(DueBy::Heartbeat) => Self { due: None, due_by: None, ..self },
            _ => self,
        }
    }
}

/// Why a task cannot be answered from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is known of the connection itself. Its executions and requests are in the index.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By ARN.
    pub machines: BTreeMap<String, Machine>,
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
}

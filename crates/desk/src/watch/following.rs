//! What the rounds keep between them: the lists that they read, and the running executions whose histories they follow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::snapshot::Machine;
use crate::connection::{ExecutionStatus, MachineKind, Of, Summary};
use crate::index::{Known, List, Reading};

/// A list of executions, and when it was read.
#[derive(Clone, Debug)]
pub struct Followed {
    pub list: List,
    pub listed_at: i64,
    /// When all of its running executions were listed, and how many pages that took.
    pub running_at: i64,
    pub running_pages: i64,
    /// Where the reading of older pages goes on.
    pub walk: Option<String>,
    /// Whether its Map Run has ended: it is listed once more.
    pub closing: bool,
}

impl Followed {
    pub const fn new(list: List) -> Self {
        Self { list, listed_at: 0, running_at: 0, running_pages: 1, walk: None, closing: false }
    }
}

/// A running execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Of the list that it is on.
    pub machine_arn: String,
    /// When its history was last read by this process.
    pub fetched_at: Option<i64>,
    /// Whether what was read of it is known: its requests, and the fingerprints of its task tokens.
    pub is_known: bool,
    /// How many events it had.
    pub events: u64,
    /// The earliest deadline of its tasks.
    pub due: Option<i64>,
}

/// Lists by their ARNs, and running executions by theirs.
#[derive(Clone, Debug, Default)]
pub struct Following {
    pub lists: BTreeMap<String, Followed>,
    pub running: HashMap<String, Open>,
}

impl Following {
    /// What the index knows when the program starts.
    pub fn of(known: &Known) -> Self {
        let lists = known.lists.iter().map(|list| (list.of.arn().to_owned(), Followed::new(list.clone())));
        let running = known.running.iter().map(|one| {
            let machine_arn = one.machine_arn.clone();
            let open = Open { machine_arn, fetched_at: None, is_known: false, events: one.events, due: one.due };
            (one.arn.clone(), open)
        });
        Self { lists: lists.collect(), running: running.collect() }
    }

    /// Follows these machines and no others.
    pub fn keep_machines(&mut self, machines: &BTreeMap<String, Machine>) {
        // Of an earlier run there may be lists of Express machines, whose executions are listed nowhere.
        let is_listed = |arn: &String| machines.get(arn).is_some_and(|machine| machine.kind == MachineKind::Standard);
        self.lists.retain(|_, one| is_listed(&one.list.machine_arn));
        self.running.retain(|_, one| machines.contains_key(&one.machine_arn));
        // Express executions are listed nowhere.
        for machine in machines.values().filter(|machine| machine.kind == MachineKind::Standard) {
            let list = || List {
                of: Of::Machine(machine.arn.clone()),
                machine_arn: machine.arn.clone(),
                parent_arn: None,
                whole: false,
            };
            self.lists.entry(machine.arn.clone()).or_insert_with(|| Followed::new(list()));
        }
    }

    /// Follows the Map Runs of an execution that go on; those that ended are listed once more.
    pub fn keep_map_runs(&mut self, parent_arn: &str, open: &[String]) {
        let Some(machine_arn) = self.running.get(parent_arn).map(|parent| parent.machine_arn.clone()) else {
            return self.close_map_runs(parent_arn, &BTreeSet::new());
        };
        for arn in open {
            let list = || List {
                of: Of::MapRun(arn.clone()),
                machine_arn: machine_arn.clone(),
                parent_arn: Some(parent_arn.to_owned()),
                whole: false,
            };
            self.lists.entry(arn.clone()).or_insert_with(|| Followed::new(list()));
        }
        self.close_map_runs(parent_arn, &open.iter().map(String::as_str).collect());
    }

    fn close_map_runs(&mut self, parent_arn: &str, open: &BTreeSet<&str>) {
        let of_parent = |one: &&mut Followed| one.list.parent_arn.as_deref() == Some(parent_arn);
        for one in self.lists.values_mut().filter(of_parent) {
            one.closing = !open.contains(one.list.of.arn());
        }
    }

    /// An execution as it was just read and written to the index.
    pub fn read(&mut self, reading: &Reading) {
        self.keep_map_runs(&reading.arn, &reading.map_runs);
        if reading.status != ExecutionStatus::Running {
            self.running.remove(&reading.arn);
        } else if let Some(open) = self.running.get_mut(&reading.arn) {
            open.fetched_at = Some(reading.read_at);
            open.is_known = true;
            open.events = reading.events;
            open.due = reading.waits.iter().filter_map(|wait| wait.due).min();
        }
    }

    /// An execution as it was just listed.
    pub fn note(&mut self, machine_arn: &str, summary: &Summary) {
        if summary.status == ExecutionStatus::Running {
            self.running.entry(summary.arn.clone()).or_insert_with(|| Open {
                machine_arn: machine_arn.to_owned(),
                fetched_at: None,
                is_known: false,
                events: 0,
                due: None,
            });
        } else {
            self.running.remove(&summary.arn);
            self.close_map_runs(&summary.arn, &BTreeSet::new());
        }
    }
}

//! What the pages of an execution ask of a reading again and again, whoever looks and whatever is chosen: found once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_desk::watch::Record;
use countersign_trace::{EventKind, VisitId};

use super::super::drawing::number;
use super::course::{Iterations, iterations, last_visits};
use super::{elsewhere, states};

/// What a reading says.
pub struct Basis {
    /// The state that the page opens on.
    pub telling: Option<String>,
    /// Whether it has run a Map whose iterations are executions of their own.
    pub has_children: bool,
    /// The states that its children enter in its place, each with the Map that started them.
    pub elsewhere: BTreeMap<String, String>,
    /// When it was last redriven.
    pub redriven_at: Option<i64>,
    /// The number of its definition.
    pub definition: u64,
    /// The last visit of each state that is still of interest.
    pub last: HashMap<String, VisitId>,
    /// The iterations of each Map.
    pub iterations: HashMap<String, Iterations>,
}

impl Basis {
    /// What this reading says.
    #[must_use]
    pub fn of(record: &Record) -> Arc<Self> {
        record.kept(|| Self {
            telling: states::telling_state(record),
            has_children: record.events.iter().any(|event| event.kind == EventKind::MapRunStarted),
            elsewhere: elsewhere::elsewhere(record),
            redriven_at: record.redriven_at(),
            definition: number(&record.definition),
            last: last_visits(&record.trace).into_iter().map(owned).collect(),
            iterations: iterations(record).into_iter().map(owned).collect(),
        })
    }
}

fn owned<T>((state, of): (&str, T)) -> (String, T) {
    (state.to_owned(), of)
}

//! The course of one iteration: what is drawn where somebody chose one.

use std::collections::{HashMap, HashSet};

use countersign_desk::watch::Record;
use countersign_trace::{IterationId, StateStatus, VisitId, urgency};

/// One iteration of a Map. States outside of the Map keep the course of the whole execution.
pub struct Within<'a> {
    record: &'a Record,
    iteration: IterationId,
    /// The states inside the Map, in whatever iteration.
    body: HashSet<&'a str>,
    /// How they stand in this one.
    statuses: HashMap<&'a str, StateStatus>,
}

impl<'a> Within<'a> {
    /// The iteration that began with this event; nothing where none did.
    pub fn of(record: &'a Record, event: u64) -> Option<Self> {
        let trace = &record.trace;
        let iteration = trace.iteration_begun_by(event)?;
        let map = |id: IterationId| trace.visit(trace.iteration(id)?.map).map(|visit| visit.state.as_str());
        let own = map(iteration)?;
        let mut within = Self { record, iteration, body: HashSet::new(), statuses: HashMap::new() };
        // Of each iteration inside this one the last visit of a state counts.
        let mut last: HashMap<(&str, Option<IterationId>), VisitId> = HashMap::new();
        for (id, visit) in trace.numbered_visits() {
            let innermost = trace.iteration_of(id);
            if trace.iterations_around(innermost).any(|around| map(around) == Some(own)) {
                within.body.insert(&visit.state);
            }
            if within.has(id) {
                last.insert((&visit.state, innermost), id);
            }
        }
        for ((state, _), id) in last {
            let (status, new) =
                (within.statuses.entry(state).or_insert(StateStatus::NotReached), trace.visits[id].status);
            if urgency(new) > urgency(*status) {
                *status = new;
            }
        }
        Some(within)
    }

    fn has(&self, visit: VisitId) -> bool {
        self.record.trace.runs_in(visit, self.iteration)
    }

    /// Whether the state is inside the Map.
    pub fn is_inside(&self, state: &str) -> bool {
        self.body.contains(state)
    }

    /// How a state stands that stands thus in the whole execution.
    pub fn status(&self, state: &str, whole: StateStatus) -> StateStatus {
        if !self.is_inside(state) {
            return whole;
        }
        self.statuses.get(state).copied().unwrap_or(StateStatus::NotReached)
    }

    /// The transitions taken: outside of the Map all, inside those of this iteration.
    pub fn taken(&self) -> Vec<(&'a str, &'a str)> {
        let trace = &self.record.trace;
        let outside = trace.edges_taken.iter().filter(|(from, to)| !(self.is_inside(from) && self.is_inside(to)));
        let inside = trace.numbered_visits().filter(|(id, _)| self.has(*id)).filter_map(|(_, visit)| {
            let from = trace.visit(visit.came_from?)?;
            Some((from.state.as_str(), visit.state.as_str()))
        });
        let mut taken: Vec<(&str, &str)> =
            outside.map(|(from, to)| (from.as_str(), to.as_str())).chain(inside).collect();
        let mut seen = HashSet::new();
        taken.retain(|edge| seen.insert(*edge));
        taken
    }
}

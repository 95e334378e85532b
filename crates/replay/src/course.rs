//! The course of an execution: the visits of its states, in an order that does not depend on how branches and iterations
//! happened to interleave. So two courses can be compared line by line, and shown side by side.

use std::collections::HashMap;

use countersign_engine::Execution;
use countersign_trace::{HistoryEvent, StateStatus, Trace, Visit, VisitId, fold};
use serde::{Deserialize, Serialize};

/// The visits of an execution. What runs inside a visit follows it, branch by branch and iteration by iteration, before the
/// next visit of its scope. Nothing of it is a payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    pub visits: Vec<Visited>,
}

/// One visit of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visited {
    pub state: String,
    /// The type of the state: `Task`, `Map`.
    pub state_type: String,
    /// What it runs in, the outermost first.
    pub scope: Vec<Within>,
    pub status: StateStatus,
    /// How often its task was called.
    pub attempts: usize,
    /// When the state was entered, in milliseconds since the execution started.
    pub after_ms: i64,
    pub error: Option<String>,
}

/// A branch of a Parallel state, or an iteration of a Map state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Within {
    pub state: String,
    /// Which branch, or which item: from 0.
    pub index: u64,
}

impl Course {
    /// The course of a recorded history. The children of distributed maps have histories of their own, and are not in it.
    #[must_use]
    pub fn of_trace(trace: &Trace) -> Self {
        let mut course = Self::default();
        course.add(trace, trace.started_at.unwrap_or(0), &[], &HashMap::new());
        course
    }

    /// The course of an execution of the engine, with the children of its distributed maps.
    #[must_use]
    pub fn of_execution(execution: &Execution) -> Self {
        let trace = fold(execution.history());
        let mut course = Self::default();
        course.add(&trace, trace.started_at.unwrap_or(0), &[], &children(execution));
        course
    }

    /// The names of the states of the top scope, in the order in which they were entered.
    pub fn top(&self) -> impl Iterator<Item = &str> {
        self.visits.iter().filter(|visit| visit.scope.is_empty()).map(|visit| visit.state.as_str())
    }

    /// The names of all states, in the order of the course.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.visits.iter().map(|visit| visit.state.as_str())
    }

    /// Whether a state was entered.
    #[must_use]
    pub fn reaches(&self, state: &str) -> bool {
        self.names().any(|name| name == state)
    }

    fn add(&mut self, trace: &Trace, start: i64, around: &[Within], runs: &Runs<'_>) {
        let mut inside: HashMap<Option<VisitId>, Vec<VisitId>> = HashMap::new();
        for (id, visit) in trace.numbered_visits() {
            inside.entry(visit.parent).or_default().push(id);
        }
        for ids in inside.values_mut() {
            // The order within one branch or iteration stays.
            ids.sort_by_key(|id| trace.visit(*id).map_or(0, index_of));
        }
        let mut open: Vec<(VisitId, Vec<Within>)> = Vec::new();
        let push = |open: &mut Vec<(VisitId, Vec<Within>)>, ids: Option<&Vec<VisitId>>, around: &[Within]| {
            for id in ids.into_iter().flatten().rev() {
                let Some(visit) = trace.visit(*id) else { continue };
                let container = visit.parent.and_then(|parent| trace.visit(parent));
                let within = container.map(|one| Within { state: one.state.clone(), index: index_of(visit) });
                open.push((*id, around.iter().cloned().chain(within).collect()));
            }
        };
        push(&mut open, inside.get(&None), around);
        while let Some((id, scope)) = open.pop() {
            let Some(visit) = trace.visit(id) else { continue };
            self.visits.push(visited(visit, scope.clone(), start));
            push(&mut open, inside.get(&Some(id)), &scope);
            for (index, events) in runs.get(&visit.entered_event).into_iter().flatten() {
                let within = Within { state: visit.state.clone(), index: *index };
                let around: Vec<Within> = scope.iter().cloned().chain([within]).collect();
                // The children's own distributed maps are children of theirs.
                self.add(&fold(events), start, &around, &HashMap::new());
            }
        }
    }
}

/// By the event that entered a distributed map of the execution's own history: its children, by the index of their items.
type Runs<'e> = HashMap<u64, Vec<(u64, &'e [HistoryEvent])>>;

fn children(execution: &Execution) -> Runs<'_> {
    let mut runs = Runs::new();
    if execution.map_runs().is_empty() {
        return runs;
    }
    let trace = fold(execution.history());
    for run in execution.map_runs().iter().filter(|run| run.parent.is_none()) {
        let began = execution.history().iter().find(|event| event.details.map_run_arn.as_ref() == Some(&run.arn));
        let visit = began.and_then(|event| trace.visit(trace.owner(event.id).visit?));
        let Some(visit) = visit else { continue };
        let numbered = run.children.iter().zip(0..);
        let histories = numbered.map(|(child, index)| (index, execution.child_history(child.log)));
        runs.entry(visit.entered_event).or_default().extend(histories);
    }
    runs
}

/// Which branch or iteration of its container a visit runs in.
fn index_of(visit: &Visit) -> u64 {
    // A branch inside an iteration has both: what counts is the innermost, which is that of the parent.
    match (&visit.branch, &visit.iteration) {
        (Some((_, index)), _) | (None, Some((_, index))) => *index,
        (None, None) => 0,
    }
}

fn visited(visit: &Visit, scope: Vec<Within>, start: i64) -> Visited {
    Visited {
        state: visit.state.clone(),
        state_type: visit.state_type.clone(),
        scope,
        status: visit.status,
        attempts: visit.attempts.len(),
        after_ms: visit.entered_at.saturating_sub(start),
        error: visit.error.clone(),
    }
}

//! The iterations of Maps, and which event belongs to which visit, attempt and iteration.

use std::collections::HashMap;

use super::folder::Folder;
use super::{AttemptId, IterationId, StateStatus, Trace, VisitId, outcome};
use crate::event::{EventKind, HistoryEvent};

/// One iteration of a Map: the processing of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iteration {
    /// The visit of the Map.
    pub map: VisitId,
    /// Of the item, from 0.
    pub index: u64,
    /// The event with which it began.
    pub began_event: u64,
    /// Milliseconds since the epoch.
    pub began_at: i64,
    pub ended_at: Option<i64>,
    pub status: StateStatus,
}

/// What an event belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owner {
    pub visit: Option<VisitId>,
    pub attempt: Option<AttemptId>,
    /// The innermost iteration.
    pub iteration: Option<IterationId>,
}

impl Trace {
    /// The iteration of an id; `None` if the id belongs to another trace.
    #[must_use]
    pub fn iteration(&self, id: IterationId) -> Option<&Iteration> {
        self.iterations.get(id.0)
    }

    /// The iteration that began with this event.
    #[must_use]
    pub fn iteration_begun_by(&self, event: u64) -> Option<IterationId> {
        // They are in the order of these events.
        self.iterations.binary_search_by_key(&event, |iteration| iteration.began_event).ok().map(IterationId)
    }

    /// The innermost iteration that a visit runs in.
    #[must_use]
    pub fn iteration_of(&self, visit: VisitId) -> Option<IterationId> {
        self.iteration_of_visit.get(visit.0).copied().flatten()
    }

    /// The iteration and those around it, the innermost first.
    pub fn iterations_around(&self, innermost: Option<IterationId>) -> impl Iterator<Item = IterationId> {
        let outer = |id: &IterationId| self.iteration_of(self.iteration(*id)?.map);
        std::iter::successors(innermost, outer)
    }

    /// Whether a visit runs in an iteration, or in one inside it.
    #[must_use]
    pub fn runs_in(&self, visit: VisitId, iteration: IterationId) -> bool {
        self.iterations_around(self.iteration_of(visit)).any(|around| around == iteration)
    }

    /// What an event belongs to, by its id.
    #[must_use]
    pub fn owner(&self, event: u64) -> Owner {
        let position = event.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        position.and_then(|position| self.owners.get(position)).copied().unwrap_or_default()
    }
}

/// By the visit of the Map and the index, the iterations in the order of their beginnings: a retried Map begins them again.
type ByIndex = HashMap<(VisitId, u64), Vec<IterationId>>;

/// Adds the iterations and the owners to what was folded.
pub(super) fn find(folder: &mut Folder, events: &[&HistoryEvent]) {
    let mut by_index = ByIndex::new();
    let mut of_event: HashMap<u64, IterationId> = HashMap::new();
    for event in events.iter().filter(|event| event.kind.name().starts_with("MapIteration")) {
        let Some(map) = folder.visit_of(event.id) else { continue };
        let index = event.details.index.unwrap_or(0);
        let known = by_index.entry((map, index)).or_default();
        if event.kind == EventKind::MapIterationStarted || known.is_empty() {
            known.push(IterationId(folder.trace.iterations.len()));
            folder.trace.iterations.push(Iteration {
                map,
                index,
                began_event: event.id,
                began_at: event.timestamp,
                ended_at: None,
                status: StateStatus::Running,
            });
        }
        let Some(&id) = known.last() else { continue };
        of_event.insert(event.id, id);
        let status = match event.kind {
            EventKind::MapIterationSucceeded => StateStatus::Succeeded,
            EventKind::MapIterationFailed => StateStatus::Failed,
            EventKind::MapIterationAborted => StateStatus::Aborted,
            _ => continue,
        };
        let iteration = &mut folder.trace.iterations[id.0];
        (iteration.ended_at, iteration.status) = (Some(event.timestamp), status);
    }
    folder.trace.iteration_of_visit = of_visits(&folder.trace, &by_index);
    folder.trace.owners = owners(folder, events, &of_event);
}

/// By visit, the iteration that it runs in: of those with its index, the last that began before it.
fn of_visits(trace: &Trace, by_index: &ByIndex) -> Vec<Option<IterationId>> {
    let mut found: Vec<Option<IterationId>> = Vec::with_capacity(trace.visits.len());
    for visit in &trace.visits {
        let own = visit.parent.and_then(|parent| {
            let around = trace.visit(parent)?;
            if around.state_type != "Map" {
                // What is around it was entered before it.
                return found.get(parent.0).copied().flatten();
            }
            let (_, index) = visit.iteration.as_ref()?;
            let mut runs = by_index.get(&(parent, *index))?.iter().rev();
            runs.find(|id| trace.iterations[id.0].began_event < visit.entered_event).copied()
        });
        found.push(own);
    }
    found
}

fn owners(folder: &Folder, events: &[&HistoryEvent], of_event: &HashMap<u64, IterationId>) -> Vec<Owner> {
    let last = events.last().map_or(0, |event| event.id);
    // An id is at most the number of events, unless some are missing: then nobody looks those up.
    let count = usize::try_from(last).unwrap_or(0).min(2 * events.len());
    let mut owners = vec![Owner::default(); count];
    for event in events {
        let position = event.id.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        let Some(place) = position.and_then(|position| owners.get_mut(position)) else { continue };
        if event.kind.name().starts_with("Execution") {
            continue;
        }
        let (visit, attempt) = folder.owner_of_event(event.id);
        let iteration = of_event.get(&event.id).copied();
        let iteration = iteration.or_else(|| folder.trace.iteration_of(visit?));
        *place = Owner { visit, attempt, iteration };
    }
    owners
}

/// Gives iterations without an end of their own the status of what runs in them, or of the Map that ended without them.
pub(super) fn finish(trace: &mut Trace) {
    let mut open: HashMap<IterationId, StateStatus> = HashMap::new();
    for (id, visit) in trace.numbered_visits().filter(|(_, visit)| visit.exited_at.is_none()) {
        for iteration in trace.iterations_around(trace.iteration_of(id)) {
            let status = open.entry(iteration).or_insert(visit.status);
            if outcome::urgency(visit.status) > outcome::urgency(*status) {
                *status = visit.status;
            }
        }
    }
    for position in 0..trace.iterations.len() {
        let (id, iteration) = (IterationId(position), &trace.iterations[position]);
        let map = &trace.visits[iteration.map];
        let (ended_at, status) = match (open.get(&id), map.exited_at) {
            (Some(status), _) => (None, *status),
            (None, _) if iteration.ended_at.is_some() => continue,
            (None, Some(at)) => {
                (Some(at), if map.status == StateStatus::Succeeded { map.status } else { StateStatus::Aborted })
            }
            (None, None) => continue,
        };
        let iteration = &mut trace.iterations[position];
        (iteration.ended_at, iteration.status) = (ended_at, status);
    }
}

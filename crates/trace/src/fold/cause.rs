//! Finds the state in which a failed execution failed: where the failure arose, not the states around it.

use std::collections::HashMap;

use super::folder::Folder;
use super::{OutcomeStatus, StateStatus, VisitId};
use crate::event::{EventKind, HistoryEvent};

/// Whether an event only passes a failure to the state around it.
pub(super) fn passes_on(kind: EventKind) -> bool {
    use EventKind::{
        ExecutionFailed, ExecutionTimedOut, MapIterationAborted, MapIterationFailed, MapStateFailed,
        ParallelStateFailed,
    };
    let passing = [
        ExecutionFailed,
        ExecutionTimedOut,
        MapIterationAborted,
        MapIterationFailed,
        MapStateFailed,
        ParallelStateFailed,
    ];
    passing.contains(&kind) || kind.name().ends_with("StateAborted")
}

impl Folder {
    /// Finds the visit in which the failure arose that ended the execution, and marks it: it takes the execution's
    /// error if it has none of its own.
    pub(super) fn find_cause(&mut self, events: &[&HistoryEvent]) {
        let Some(outcome) = self.trace.outcome.clone() else { return };
        let Some(visit) = self.cause(outcome.status, events) else { return };
        let found = &mut self.trace.visits[visit];
        match found.status {
            StateStatus::Failed | StateStatus::TimedOut => {}
            // It was closed together with the states around it, which failed because of it.
            StateStatus::Aborted => found.status = StateStatus::Failed,
            _ => return,
        }
        if found.error.is_none() && found.cause.is_none() {
            (found.error, found.cause) = (outcome.error, outcome.cause);
        }
        self.trace.cause = Some(visit);
    }

    fn cause(&self, status: OutcomeStatus, events: &[&HistoryEvent]) -> Option<VisitId> {
        let ends = [EventKind::ExecutionFailed, EventKind::ExecutionTimedOut];
        let last = events.iter().rev().find(|event| ends.contains(&event.kind))?;
        let by_id: HashMap<u64, &HistoryEvent> = events.iter().map(|event| (event.id, *event)).collect();
        let mut event = *last;
        while passes_on(event.kind) {
            event = by_id.get(&event.previous_event_id).filter(|before| before.id < event.id)?;
        }
        // The timeout of the whole execution belongs to no state: what ran then did not fail. A task's timeout does.
        let own = event.kind.name().ends_with("TimedOut");
        (status == OutcomeStatus::Failed || status == OutcomeStatus::TimedOut && own)
            .then(|| self.visit_of(event.id))
            .flatten()
    }
}

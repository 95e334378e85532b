//! Finds what failed first: for a caught failure, and for the execution.

use std::collections::HashMap;

use super::cause::passes_on;
use super::folder::Folder;
use super::{StateStatus, Trace, VisitId};
use crate::event::HistoryEvent;

impl Folder {
    /// For each state whose failure was caught, finds where that failure arose.
    pub(super) fn find_origins(&mut self, events: &[&HistoryEvent]) {
        let by_id: HashMap<u64, &HistoryEvent> = events.iter().map(|event| (event.id, *event)).collect();
        for entered in self.trace.visit_ids() {
            let caught = |&left: &VisitId| self.trace.visits[left].status == StateStatus::Caught;
            let Some(left) = self.trace.visits[entered].came_from.filter(caught) else { continue };
            let arose = self.failed_before(self.trace.visits[entered].entered_event, &by_id);
            let inside = arose.filter(|&arose| self.is_inside(arose, left));
            self.trace.visits[left].arose_in = Some(inside.unwrap_or(left));
        }
    }

    /// The visit whose failure was caught by the state that was entered with the event `entered`.
    fn failed_before(&self, entered: u64, by_id: &HashMap<u64, &HistoryEvent>) -> Option<VisitId> {
        let before =
            |event: &HistoryEvent| by_id.get(&event.previous_event_id).filter(|one| one.id < event.id).copied();
        let mut event = before(by_id.get(&entered)?)?;
        // A state that catches is left after its failure.
        while event.kind.is_state_exited() || passes_on(event.kind) {
            event = before(event)?;
        }
        self.visit_of(event.id)
    }
}

/// What the definition says about a state, as long as nothing fails from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// The execution reaches it without a failure, and can succeed.
    Ordinary,
    /// Only a caught failure leads to it, and the execution can succeed.
    Fallback,
    /// It is a Fail state, or only Fail states can follow.
    Doomed,
}

impl Trace {
    /// The visit that failed first; `None` if the execution did not fail in a state.
    ///
    /// The execution ended in [`Trace::cause`]. A state that could still have succeeded failed by itself: it is the
    /// answer. A doomed state (a Fail state, a compensation) only carries out what an earlier failure decided. So the
    /// search goes back from state to state, along the transitions, until it meets an ordinary state: there nothing had
    /// failed, or the failure had been made up for. A caught failure on this way takes the place of what it led to, and
    /// the search goes on from it. Inside a container the search covers the container first, and then the container
    /// itself. So
    ///
    /// - if a step fails, is caught and compensated, and a Fail state then ends the execution, the step failed first;
    /// - if a step and its compensation both fail, the step failed first;
    /// - if a Choice on the ordinary way leads to a Fail state, the Fail state itself failed first;
    /// - a failure that was caught, and after which the work went on, does not count for a later one.
    pub fn first_failure(&self, outlook: impl Fn(&str) -> Outlook) -> Option<VisitId> {
        self.cause.map(|cause| self.led_by(cause, None, &outlook))
    }

    /// The first of the failures that led to `failed`, inside the container `within`. Every step goes to an earlier
    /// visit or into a container, so the search ends.
    fn led_by(&self, failed: VisitId, within: Option<VisitId>, outlook: &impl Fn(&str) -> Outlook) -> VisitId {
        let (mut first, mut at) = (failed, failed);
        loop {
            if let Some(caught) = self.caught_before(at, outlook) {
                let inside = self.visits[caught].arose_in.filter(|&inside| inside != caught);
                first = inside.map_or(caught, |inside| self.led_by(inside, Some(caught), outlook));
                at = caught;
            } else {
                match self.visits[at].parent.filter(|&parent| Some(parent) != within) {
                    Some(container) => at = container,
                    None => return first,
                }
            }
        }
    }

    /// The caught failure that led to the failure of a visit, in the same scope.
    fn caught_before(&self, failed: VisitId, outlook: &impl Fn(&str) -> Outlook) -> Option<VisitId> {
        if outlook(&self.visits[failed].state) != Outlook::Doomed {
            return None;
        }
        let before = |visit: &VisitId| self.visits[*visit].came_from;
        let mut back = std::iter::successors(before(&failed), before);
        let caught = |visit: VisitId| self.visits[visit].status == StateStatus::Caught;
        let turn = back.find(|&visit| caught(visit) || outlook(&self.visits[visit].state) == Outlook::Ordinary)?;
        caught(turn).then_some(turn)
    }
}

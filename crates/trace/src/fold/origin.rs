//! What went wrong first: of a failure that was caught, and of the execution.

use std::collections::HashMap;

use super::cause::passes_on;
use super::folder::Folder;
use super::{StateStatus, Trace};
use crate::event::HistoryEvent;

impl Folder {
    /// Finds for each state whose failure was caught where that failure arose.
    pub(super) fn find_origins(&mut self, events: &[&HistoryEvent]) {
        let by_id: HashMap<u64, &HistoryEvent> = events.iter().map(|event| (event.id, *event)).collect();
        for entered in 0..self.trace.visits.len() {
            let caught = |&left: &usize| self.trace.visits[left].status == StateStatus::Caught;
            let Some(left) = self.trace.visits[entered].came_from.filter(caught) else { continue };
            let arose = self.failed_before(self.trace.visits[entered].entered_event, &by_id);
            let inside = arose.filter(|&arose| self.is_inside(arose, left));
            self.trace.visits[left].arose_in = Some(inside.unwrap_or(left));
        }
    }

    /// The visit whose failure a catch edge led on from, to the state that was entered with the event `entered`.
    fn failed_before(&self, entered: u64, by_id: &HashMap<u64, &HistoryEvent>) -> Option<usize> {
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

/// How the definition sees a state, as long as nothing fails from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// The execution gets there without a failure, and can end well.
    Ordinary,
    /// Only a failure that was caught leads there, and the execution can end well.
    Fallback,
    /// Nothing but Fail states can follow, or it is one.
    Doomed,
}

impl Trace {
    /// The visit in which it went wrong first: an index in `visits`. `None` where the execution did not fail in a state.
    ///
    /// The execution ended in [`Trace::cause`]. A state that could still have ended well failed by itself, and is the
    /// answer. A state that is doomed (a Fail state, a compensation) only carries out what was decided before. From there the
    /// way leads back, from each state to the one that it came from, until an ordinary state: there nothing had gone wrong,
    /// or it had been made up for. A failure that was caught on this way takes the place of what it led to, and the same is
    /// asked of it. What happened inside a container is asked first within the container, then of the container itself. So
    ///
    /// - a step that fails, is caught and compensated until a Fail state ends the execution is the one that is named;
    /// - of a step and its compensation that fail one after the other it is the step;
    /// - a Fail state that a Choice of the ordinary course leads to went wrong by itself;
    /// - a failure that was caught, and after which the work went on, is not the cause of a later one.
    pub fn first_failure(&self, outlook: impl Fn(&str) -> Outlook) -> Option<usize> {
        self.cause.map(|cause| self.led_by(cause, None, &outlook))
    }

    /// The first failure of those that led to `failed`, inside the container `within`. Every step goes to an earlier visit
    /// or into a container, so this ends.
    fn led_by(&self, failed: usize, within: Option<usize>, outlook: &impl Fn(&str) -> Outlook) -> usize {
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
    fn caught_before(&self, failed: usize, outlook: &impl Fn(&str) -> Outlook) -> Option<usize> {
        if outlook(&self.visits[failed].state) != Outlook::Doomed {
            return None;
        }
        let before = |visit: &usize| self.visits[*visit].came_from;
        let mut back = std::iter::successors(before(&failed), before);
        let caught = |visit: usize| self.visits[visit].status == StateStatus::Caught;
        let turn = back.find(|&visit| caught(visit) || outlook(&self.visits[visit].state) == Outlook::Ordinary)?;
        caught(turn).then_some(turn)
    }
}

//! What follows a redrive: which states continue, and which event belongs to which of them.

use super::{EventOwner, Folder, Scope, scheduled};
use crate::event::HistoryEvent;
use crate::fold::{StateStatus, Visit, VisitId};

impl Folder {
    /// Opens the visits that ended without success again: they have no exit event, and what is around them continues,
    /// too.
    pub(super) fn redriven(&mut self, redrive: u64) -> EventOwner {
        self.trace.redrives += 1;
        self.trace.outcome = None;
        self.redrive = Some(redrive);
        self.resumed.clear();
        let mut owner = EventOwner::default();
        for index in self.trace.visit_ids() {
            let visit = &self.trace.visits[index];
            let ended = matches!(visit.status, StateStatus::Failed | StateStatus::TimedOut | StateStatus::Aborted);
            let goes_on = visit.parent.is_none_or(|parent| {
                let before_retry = self.started.get(&parent).is_some_and(|&started| visit.entered_event < started);
                let begins_again = before_retry || self.backing_off.contains(&parent);
                self.trace.visits[parent].exited_at.is_none() && !begins_again
            });
            if ended && goes_on && visit.state_type != "Fail" {
                let visit = &mut self.trace.visits[index];
                (visit.exited_at, visit.status) = (None, StateStatus::Running);
                (visit.error, visit.cause) = (None, None);
                self.failed.remove(&index);
                self.resumed.push(index);
                owner = self.owner_of(index);
            }
        }
        // They continue in the order of iterations and branches, which may differ from the order in which they were
        // entered.
        let mut resumed = std::mem::take(&mut self.resumed);
        resumed.sort_by_cached_key(|&index| self.course(index));
        self.resumed = resumed;
        owner
    }

    /// The numbers of the iterations and branches that a visit is in, the outermost first.
    fn course(&self, visit: VisitId) -> Vec<u64> {
        let visits = &self.trace.visits;
        let around = std::iter::successors(self.trace.visit(visit), |visit| self.trace.visit(visit.parent?));
        let number = |visit: &Visit| match visits[visit.parent?].state_type.as_str() {
            "Map" => visit.iteration.as_ref().map(|(_, index)| *index),
            _ => visit.branch.as_ref().map(|(_, number)| *number),
        };
        let mut course: Vec<u64> = around.filter_map(number).collect();
        course.reverse();
        course
    }

    /// The state to which the first event after a redrive belongs. The event follows the redrive, and few events name
    /// their state: a call most likely belongs to the state that made the same call before, and the output of a state
    /// is often its input.
    pub(super) fn resumed(&mut self, event: &HistoryEvent) -> Option<EventOwner> {
        let kind = event.kind.name();
        if event.kind.is_state_entered() {
            return Some(EventOwner { visit: None, attempt: None, scope: self.scope_again(event) });
        }
        let is_call = kind.starts_with("LambdaFunction") || kind.starts_with("Activity");
        let state_type = if is_call { "Task" } else { kind };
        let fits = |&index: &VisitId| {
            let visit = &self.trace.visits[index];
            visit.exited_at.is_none()
                && state_type.starts_with(&visit.state_type)
                && event.details.name.as_ref().is_none_or(|name| *name == visit.state)
        };
        let call = scheduled(event);
        let likeness = |index: VisitId| {
            let visit = &self.trace.visits[index];
            match visit.attempts.last() {
                Some(last) => (last.resource == call.resource, last.parameters == call.parameters),
                // A container whose inner states continue most likely has no event of its own.
                None if ["Map", "Parallel"].contains(&visit.state_type.as_str()) => {
                    (!self.goes_on_inside(index), false)
                }
                None => (false, event.details.output.is_some() && event.details.output == visit.input),
            }
        };
        let open = self.resumed.iter().enumerate().filter(|(_, index)| fits(index));
        let (found, _) = open.min_by_key(|(_, index)| std::cmp::Reverse(likeness(**index)))?;
        let visit = self.resumed.remove(found);
        Some(self.owner_of(visit))
    }

    fn goes_on_inside(&self, container: VisitId) -> bool {
        self.trace
            .visits
            .iter()
            .skip(container.0)
            .any(|visit| visit.parent == Some(container) && visit.exited_at.is_none())
    }

    /// The scope of a state that is entered right after a redrive: its scope of the time before, or else that of the
    /// last open visit.
    fn scope_again(&self, event: &HistoryEvent) -> Scope {
        let visits = &self.trace.visits;
        let goes_on = |visit: &Visit| visit.parent.is_none_or(|parent| visits[parent].exited_at.is_none());
        let same = |visit: &Visit| event.details.name.as_ref() == Some(&visit.state) && goes_on(visit);
        let open = |visit: &Visit| visit.exited_at.is_none();
        if let Some(again) = visits.iter().rposition(same).map(VisitId) {
            return self.owner_of(again).scope;
        }
        let Some(last) = visits.iter().rposition(open).map(VisitId) else { return Scope::default() };
        let scope = self.owner_of(last).scope;
        match visits[last].state_type.as_str() {
            "Parallel" | "Map" => Scope { parent: Some(last), branch: None, ..scope },
            _ => scope,
        }
    }
}

//! Reads one event after the other: which visit it belongs to, and what it says about that visit.

mod redrive;

use std::collections::{HashMap, HashSet};

use super::{Attempt, AttemptId, AttemptResult, Outcome, OutcomeStatus, StateStatus, Trace, Visit, VisitId};
use crate::event::{EventKind, HistoryEvent};

/// What is known so far.
#[derive(Default)]
pub(super) struct Folder {
    pub trace: Trace,
    /// The visit that an event belongs to, and for tasks the attempt.
    owners: HashMap<u64, EventOwner>,
    /// Number of branches that a Parallel visit has begun.
    branches: HashMap<VisitId, u64>,
    /// By entered event: the event before it. A failed evaluation follows that one, not the entering.
    before_entering: HashMap<VisitId, u64>,
    /// By container: the event with which it last began its work.
    started: HashMap<VisitId, u64>,
    /// Containers in which something failed, and that have neither failed nor begun again yet: a retry waits.
    backing_off: HashSet<VisitId>,
    /// Containers that have failed: what begins again after that is a container around them.
    failed: HashSet<VisitId>,
    /// The last redrive.
    redrive: Option<u64>,
    /// The states that continue with it and have no event yet.
    resumed: Vec<VisitId>,
}

/// What an event belongs to.
#[derive(Clone, Default)]
struct EventOwner {
    visit: Option<VisitId>,
    attempt: Option<AttemptId>,
    /// The scope of the state that is entered next.
    scope: Scope,
}

#[derive(Clone, Default)]
struct Scope {
    parent: Option<VisitId>,
    iteration: Option<(String, u64)>,
    branch: Option<(String, u64)>,
}

impl Folder {
    /// Adds an event.
    pub fn take(&mut self, event: &HistoryEvent) {
        self.trace.last_event_at = Some(event.timestamp);
        let resumed =
            self.redrive.filter(|&redrive| redrive == event.previous_event_id).and_then(|_| self.resumed(event));
        let before = resumed.or_else(|| self.owners.get(&event.previous_event_id).cloned()).unwrap_or_default();
        let name = event.kind.name();
        let owner = if event.kind.is_state_entered() {
            self.enter(event, &before)
        } else if event.kind.is_state_exited() {
            self.exit(event, &before)
        } else if name.starts_with("Execution") {
            self.execution(event, &before)
        } else if name.starts_with("MapIteration") {
            self.iteration(event, &before)
        } else if name.ends_with("StateAborted") {
            self.given_up(event, &before)
        } else if name.starts_with("MapState") || name.starts_with("ParallelState") || name.starts_with("MapRun") {
            self.container(event, &before)
        } else if event.kind == EventKind::EvaluationFailed {
            self.evaluation_failed(event, &before)
        } else {
            self.attempt(event, &before)
        };
        self.owners.insert(event.id, owner);
    }

    /// The visit that an event belongs to.
    pub(super) fn visit_of(&self, event: u64) -> Option<VisitId> {
        self.owners.get(&event)?.visit
    }

    /// The same, and for tasks the attempt.
    pub(super) fn owner_of_event(&self, event: u64) -> (Option<VisitId>, Option<AttemptId>) {
        self.owners.get(&event).map_or((None, None), |owner| (owner.visit, owner.attempt))
    }

    fn enter(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let state = event.details.name.clone().unwrap_or_default();
        let scope = before.scope.clone();
        let came_from = before.visit.filter(|&left| self.trace.visits[left].parent == scope.parent);
        if let Some(left) = came_from {
            let from = self.trace.visits[left].state.clone();
            self.take_edge(from, state.clone());
            if self.trace.visits[left].exited_at.is_none() {
                // It left after a failure, so it has no ordinary exit.
                self.close(left, event.timestamp, StateStatus::Caught);
            }
        } else if self.trace.visits.is_empty() {
            self.take_edge("__start".to_owned(), state.clone());
        }
        let state_type = event.kind.name().trim_end_matches("StateEntered").to_owned();
        let visit = VisitId(self.trace.visits.len());
        self.before_entering.insert(visit, event.previous_event_id);
        let scope = self.begun(scope, before);
        self.trace.visits.push(Visit {
            // A Fail state fails as soon as it is entered.
            status: if state_type == "Fail" { StateStatus::Failed } else { StateStatus::Running },
            exited_at: (state_type == "Fail").then_some(event.timestamp),
            state,
            state_type,
            entered_event: event.id,
            entered_at: event.timestamp,
            input: event.details.input.clone(),
            output: None,
            attempts: Vec::new(),
            parent: scope.parent,
            came_from,
            arose_in: None,
            iteration: scope.iteration.clone(),
            branch: scope.branch.clone(),
            error: None,
            cause: None,
            restarts: 0,
        });
        EventOwner { visit: Some(visit), attempt: None, scope }
    }

    /// The scope; if the state is the first of a branch, with the number of the branch.
    fn begun(&mut self, mut scope: Scope, before: &EventOwner) -> Scope {
        let Some(parent) = scope.parent else { return scope };
        let parallel = &self.trace.visits[parent];
        if parallel.state_type == "Parallel" && before.visit == Some(parent) {
            let number = self.branches.entry(parent).or_default();
            scope.branch = Some((parallel.state.clone(), *number));
            *number += 1;
        }
        scope
    }

    fn exit(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let name = event.details.name.as_deref();
        let Some(visit) = self.climb(before, |visit| Some(visit.state.as_str()) == name && visit.exited_at.is_none())
        else {
            return before.clone();
        };
        let failed = self.has_failed(visit);
        self.close(visit, event.timestamp, if failed { StateStatus::Caught } else { StateStatus::Succeeded });
        self.trace.visits[visit].output.clone_from(&event.details.output);
        self.owner_of(visit)
    }

    fn execution(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let status = match event.kind {
            EventKind::ExecutionStarted => {
                self.trace.started_at = Some(event.timestamp);
                return EventOwner::default();
            }
            EventKind::ExecutionRedriven => return self.redriven(event.id),
            EventKind::ExecutionSucceeded => OutcomeStatus::Succeeded,
            EventKind::ExecutionTimedOut => OutcomeStatus::TimedOut,
            EventKind::ExecutionAborted => OutcomeStatus::Aborted,
            _ => OutcomeStatus::Failed,
        };
        let details = &event.details;
        let (output, error, cause) = (details.output.clone(), details.error.clone(), details.cause.clone());
        self.trace.outcome = Some(Outcome { status, output, error, cause, at: event.timestamp });
        let last = before.visit.filter(|&visit| self.trace.visits[visit].parent.is_none());
        if let Some(last) = last {
            let visit = &self.trace.visits[last];
            if status == OutcomeStatus::Succeeded || visit.state_type == "Fail" {
                self.take_edge(visit.state.clone(), "__end".to_owned());
            }
        }
        if status == OutcomeStatus::Failed {
            self.blame(event, before);
        }
        let rest = if status == OutcomeStatus::TimedOut { StateStatus::TimedOut } else { StateStatus::Aborted };
        self.close_all(None, event.timestamp, rest);
        before.clone()
    }

    /// Marks the state in which the execution failed, and the containers around it.
    fn blame(&mut self, event: &HistoryEvent, before: &EventOwner) {
        let mut at = before.visit;
        while let Some(index) = at {
            let failure = self.failure_of(index);
            let visit = &mut self.trace.visits[index];
            if visit.exited_at.is_none() || visit.state_type == "Fail" {
                visit.error = visit.error.take().or_else(|| event.details.error.clone());
                visit.cause = visit.cause.take().or_else(|| event.details.cause.clone());
                at = visit.parent;
                self.close(index, event.timestamp, failure);
            } else {
                at = visit.parent;
            }
        }
    }

    fn iteration(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let name = event.details.name.as_deref();
        let is_map = |visit: &Visit| visit.state_type == "Map" && name.is_none_or(|name| visit.state == name);
        let Some(map) = self.climb(before, is_map) else { return before.clone() };
        let mut owner = self.owner_of(map);
        let iteration = (self.trace.visits[map].state.clone(), event.details.index.unwrap_or(0));
        let rest = match event.kind {
            EventKind::MapIterationAborted => Some(StateStatus::Aborted),
            EventKind::MapIterationFailed => Some(StateStatus::Failed),
            _ => None,
        };
        if let Some(rest) = rest {
            let inside = |visit: &Visit| visit.iteration.as_ref() == Some(&iteration);
            self.close_inside(map, event.timestamp, rest, inside);
            self.backing_off.insert(map);
        }
        owner.scope = Scope { parent: Some(map), iteration: Some(iteration), branch: None };
        owner
    }

    fn container(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let map = event.kind.name().starts_with("Map");
        let state_type = if map { "Map" } else { "Parallel" };
        let ending = matches!(event.kind, EventKind::MapStateFailed | EventKind::ParallelStateFailed);
        let begins = matches!(event.kind, EventKind::MapStateStarted | EventKind::ParallelStateStarted);
        let found = self.climb_by(before, |index, visit| {
            visit.state_type == state_type
                && visit.exited_at.is_none()
                && !(ending && visit.status == StateStatus::Failed)
                && !(begins && self.failed.contains(&index))
        });
        let Some(visit) = found else { return before.clone() };
        if begins || ending {
            self.backing_off.remove(&visit);
        }
        match event.kind {
            EventKind::MapStateStarted | EventKind::ParallelStateStarted => {
                self.restart(visit, event.timestamp);
                self.started.insert(visit, event.id);
            }
            EventKind::MapStateFailed | EventKind::ParallelStateFailed => {
                self.close_all(Some(visit), event.timestamp, StateStatus::Aborted);
                self.trace.visits[visit].status = StateStatus::Failed;
                self.failed.insert(visit);
            }
            EventKind::MapRunFailed => {
                self.trace.visits[visit].error.clone_from(&event.details.error);
                self.trace.visits[visit].cause.clone_from(&event.details.cause);
            }
            _ => {}
        }
        let mut owner = self.owner_of(visit);
        if begins {
            let iteration = owner.scope.iteration.clone();
            owner.scope = Scope { parent: Some(visit), iteration, branch: None };
        }
        owner
    }

    /// A container that begins again for a retry: what ran inside it before has ended.
    fn restart(&mut self, visit: VisitId, at: i64) {
        if self.trace.visits.iter().any(|inner| inner.parent == Some(visit)) {
            self.close_all(Some(visit), at, StateStatus::Aborted);
            self.branches.remove(&visit);
            self.trace.visits[visit].restarts += 1;
        }
        self.trace.visits[visit].status = StateStatus::Running;
    }

    /// A state that is aborted.
    fn given_up(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        // AWS names neither the state nor its events: it is a sibling of the failure, or inside one.
        let state_type = event.kind.name().trim_end_matches("StateAborted");
        let failed = before.visit;
        let around = failed.and_then(|failed| self.trace.visits[failed].parent);
        self.backing_off.extend(around);
        let is_one = |&index: &VisitId| {
            let visit = &self.trace.visits[index];
            visit.state_type == state_type
                && visit.exited_at.is_none()
                && Some(index) != failed
                && !self.has_failed(index)
                && around.is_none_or(|container| self.is_inside(index, container))
        };
        let found = self.trace.visit_ids().skip(around.map_or(0, |container| container.0)).find(is_one);
        match found {
            Some(visit) => {
                self.close(visit, event.timestamp, StateStatus::Aborted);
                self.owner_of(visit)
            }
            None => before.clone(),
        }
    }

    pub(super) fn is_inside(&self, visit: VisitId, container: VisitId) -> bool {
        let mut around = self.trace.visits[visit].parent;
        while let Some(index) = around.filter(|&index| index != container) {
            around = self.trace.visits[index].parent;
        }
        around.is_some()
    }

    fn evaluation_failed(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let state = event.details.state.as_deref();
        let by_events = |index: &VisitId| {
            let visit = &self.trace.visits[*index];
            Some(visit.state.as_str()) == state
                && visit.exited_at.is_none()
                && (visit.entered_event == event.previous_event_id
                    || self.before_entering.get(index) == Some(&event.previous_event_id))
        };
        let found = self.trace.visit_ids().rev().find(by_events);
        let by_name = |visit: &Visit| Some(visit.state.as_str()) == state && visit.exited_at.is_none();
        let found = found.or_else(|| self.climb(before, by_name));
        let Some(visit) = found.or_else(|| self.trace.visits.iter().rposition(by_name).map(VisitId)) else {
            return before.clone();
        };
        let failed = &mut self.trace.visits[visit];
        failed.error.clone_from(&event.details.error);
        failed.cause.clone_from(&event.details.cause);
        failed.status = StateStatus::Failed;
        self.owner_of(visit)
    }

    fn attempt(&mut self, event: &HistoryEvent, before: &EventOwner) -> EventOwner {
        let Some(visit) = before.visit else { return before.clone() };
        let mut owner = self.owner_of(visit);
        let name = event.kind.name();
        if name.ends_with("Scheduled") {
            self.trace.visits[visit].attempts.push(scheduled(event));
            self.trace.visits[visit].status = StateStatus::Running;
            owner.attempt = Some(AttemptId(self.trace.visits[visit].attempts.len() - 1));
            return owner;
        }
        if name.ends_with("ScheduleFailed") && before.attempt.is_none_or(|at| self.ended(visit, at)) {
            self.trace.visits[visit].attempts.push(Attempt { scheduled_event: None, ..scheduled(event) });
            owner.attempt = Some(AttemptId(self.trace.visits[visit].attempts.len() - 1));
        } else {
            owner.attempt = before.attempt.or(self.trace.visits[visit].attempts.len().checked_sub(1).map(AttemptId));
        }
        let Some(attempt) = owner.attempt.and_then(|at| self.trace.visits[visit].attempts.get_mut(at.0)) else {
            return owner;
        };
        note(attempt, event);
        if matches!(attempt.result, AttemptResult::Failed | AttemptResult::TimedOut) {
            let (error, cause) = (attempt.error.clone(), attempt.cause.clone());
            (self.trace.visits[visit].error, self.trace.visits[visit].cause) = (error, cause);
        } else if attempt.result == AttemptResult::Succeeded {
            (self.trace.visits[visit].error, self.trace.visits[visit].cause) = (None, None);
        }
        owner
    }

    fn ended(&self, visit: VisitId, attempt: AttemptId) -> bool {
        self.trace.visits[visit].attempts.get(attempt.0).is_some_and(|attempt| attempt.ended_at.is_some())
    }

    /// The owner's visit, or the innermost one around it, that meets the condition.
    fn climb(&self, owner: &EventOwner, is_meant: impl Fn(&Visit) -> bool) -> Option<VisitId> {
        self.climb_by(owner, |_, visit| is_meant(visit))
    }

    fn climb_by(&self, owner: &EventOwner, is_meant: impl Fn(VisitId, &Visit) -> bool) -> Option<VisitId> {
        let mut at = owner.visit.or(owner.scope.parent);
        while let Some(index) = at {
            if is_meant(index, &self.trace.visits[index]) {
                return Some(index);
            }
            at = self.trace.visits[index].parent;
        }
        None
    }

    fn owner_of(&self, visit: VisitId) -> EventOwner {
        let own = &self.trace.visits[visit];
        let scope = Scope { parent: own.parent, iteration: own.iteration.clone(), branch: own.branch.clone() };
        EventOwner { visit: Some(visit), attempt: None, scope }
    }

    fn take_edge(&mut self, from: String, to: String) {
        let edge = (from, to);
        if !self.trace.edges_taken.contains(&edge) {
            self.trace.edges_taken.push(edge);
        }
    }
}

fn scheduled(event: &HistoryEvent) -> Attempt {
    let details = &event.details;
    let by_kind = match event.kind.name() {
        name if name.starts_with("Activity") => Some("activity".to_owned()),
        name if name.starts_with("LambdaFunction") => Some("lambda".to_owned()),
        _ => None,
    };
    Attempt {
        scheduled_event: Some(event.id),
        scheduled_at: event.timestamp,
        started_at: None,
        submitted_at: None,
        ended_at: None,
        parameters: details.parameters.clone().or_else(|| details.input.clone()),
        resource: details.resource.clone(),
        resource_type: details.resource_type.clone().or(by_kind),
        output: None,
        error: None,
        cause: None,
        timeout_in_seconds: details.timeout_in_seconds,
        heartbeat_in_seconds: details.heartbeat_in_seconds,
        worker_name: None,
        result: AttemptResult::Running,
    }
}

/// What a later event says about the call.
fn note(attempt: &mut Attempt, event: &HistoryEvent) {
    let (name, at) = (event.kind.name(), event.timestamp);
    let result = match name {
        _ if name.ends_with("Failed") => AttemptResult::Failed,
        _ if name.ends_with("TimedOut") => AttemptResult::TimedOut,
        _ if name.ends_with("Succeeded") => AttemptResult::Succeeded,
        _ if name.ends_with("Submitted") => {
            attempt.submitted_at = Some(at);
            attempt.output.clone_from(&event.details.output);
            return;
        }
        _ => {
            attempt.started_at = Some(at);
            attempt.worker_name.clone_from(&event.details.worker_name);
            return;
        }
    };
    attempt.result = result;
    attempt.ended_at = Some(at);
    if event.details.output.is_some() {
        attempt.output.clone_from(&event.details.output);
    }
    attempt.error.clone_from(&event.details.error);
    attempt.cause.clone_from(&event.details.cause);
}

//! Closes visits, and makes the summaries after the last event.

use std::collections::{HashMap, HashSet};

use super::folder::Folder;
use super::{Attempt, AttemptResult, StateStatus, StateSummary, Trace, Visit, VisitId, Wait};

/// AWS writes this for "no timeout".
const NO_TIMEOUT: i64 = 99_999_999;

impl Folder {
    /// Whether the visit's last event is a failure.
    pub(super) fn has_failed(&self, visit: VisitId) -> bool {
        let visit = &self.trace.visits[visit];
        let last = visit.attempts.last().map(|attempt| attempt.result);
        matches!(visit.status, StateStatus::Failed | StateStatus::TimedOut)
            || matches!(last, Some(AttemptResult::Failed | AttemptResult::TimedOut))
            || self.has_failed_inside(visit)
    }

    /// A container without a failure event of its own: something inside it failed, and it was left.
    fn has_failed_inside(&self, visit: &Visit) -> bool {
        if !matches!(visit.state_type.as_str(), "Parallel") {
            return false;
        }
        let inside = self.trace.numbered_visits().filter(|(_, inner)| {
            inner.parent.is_some_and(|parent| self.trace.visits[parent].entered_event == visit.entered_event)
        });
        inside.into_iter().any(|(index, inner)| inner.exited_at.is_none() && self.has_failed(index))
    }

    /// Failed or timed out, like the last attempt.
    pub(super) fn failure_of(&self, visit: VisitId) -> StateStatus {
        match self.trace.visits[visit].attempts.last().map(|attempt| attempt.result) {
            Some(AttemptResult::TimedOut) => StateStatus::TimedOut,
            _ => StateStatus::Failed,
        }
    }

    /// Closes a visit, and every open one inside it.
    pub(super) fn close(&mut self, index: VisitId, at: i64, status: StateStatus) {
        self.close_all(Some(index), at, StateStatus::Aborted);
        let visit = &mut self.trace.visits[index];
        visit.status = status;
        visit.exited_at = visit.exited_at.or(Some(at));
        if let Some(attempt) = visit.attempts.last_mut().filter(|attempt| attempt.result == AttemptResult::Running) {
            attempt.ended_at = Some(at);
            attempt.result = match status {
                StateStatus::Succeeded => AttemptResult::Succeeded,
                StateStatus::TimedOut => AttemptResult::TimedOut,
                StateStatus::Failed | StateStatus::Caught => AttemptResult::Failed,
                _ => AttemptResult::Aborted,
            };
        }
    }

    /// Closes every open visit inside a container; without one, every open visit.
    pub(super) fn close_all(&mut self, container: Option<VisitId>, at: i64, rest: StateStatus) {
        match container {
            Some(container) => self.close_inside(container, at, rest, |_| true),
            None => {
                for index in self.trace.visit_ids() {
                    self.close_open(index, at, rest);
                }
            }
        }
    }

    /// Closes the open visits of a container that meet the condition, with all inside them.
    pub(super) fn close_inside(
        &mut self,
        container: VisitId,
        at: i64,
        rest: StateStatus,
        is_meant: impl Fn(&Visit) -> bool,
    ) {
        for index in self.trace.visit_ids().skip(container.0 + 1) {
            let visit = &self.trace.visits[index];
            if visit.parent == Some(container) && visit.exited_at.is_none() && is_meant(visit) {
                self.close_open(index, at, rest);
            }
        }
    }

    fn close_open(&mut self, index: VisitId, at: i64, rest: StateStatus) {
        if self.trace.visits[index].exited_at.is_some() {
            return;
        }
        // A visit that had failed by itself keeps its failure, whatever ended the others.
        let status = if self.has_failed(index) { self.failure_of(index) } else { rest };
        self.close(index, at, status);
    }
}

/// Adds the waits, the status of open visits, and the summaries.
pub(super) fn finish(folder: Folder) -> Trace {
    let mut trace = folder.trace;
    for index in trace.visit_ids() {
        let visit = &trace.visits[index];
        if visit.exited_at.is_some() {
            continue;
        }
        let status = open_status(visit);
        if status == StateStatus::WaitingApproval {
            trace.waits.extend(visit.attempts.last().and_then(|attempt| wait(index, visit, attempt)));
        }
        trace.visits[index].status = status;
    }
    trace.waits.sort_by_key(|wait| wait.scheduled_event);
    trace.states = summaries(&trace.visits);
    trace
}

fn open_status(visit: &Visit) -> StateStatus {
    match visit.attempts.last() {
        Some(attempt) if attempt.result == AttemptResult::Running => {
            if waits_for_answer(attempt) {
                StateStatus::WaitingApproval
            } else if attempt.submitted_at.is_some() {
                StateStatus::Waiting
            } else {
                StateStatus::Running
            }
        }
        // The delay before the next attempt.
        Some(attempt) if attempt.result != AttemptResult::Succeeded => StateStatus::Waiting,
        _ if visit.state_type == "Wait" => StateStatus::Waiting,
        // A failed container is about to be retried or caught, or to end the execution.
        _ if visit.status == StateStatus::Failed => StateStatus::Waiting,
        _ => StateStatus::Running,
    }
}

fn is_activity(attempt: &Attempt) -> bool {
    attempt.resource_type.as_deref() == Some("activity")
}

fn waits_for_answer(attempt: &Attempt) -> bool {
    is_activity(attempt) || attempt.resource.as_deref().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

fn wait(index: VisitId, visit: &Visit, attempt: &Attempt) -> Option<Wait> {
    let timeout = attempt.timeout_in_seconds.filter(|&seconds| seconds < NO_TIMEOUT);
    Some(Wait {
        state: visit.state.clone(),
        visit: index,
        scheduled_event: attempt.scheduled_event?,
        since: attempt.scheduled_at,
        resource: attempt.resource.clone().unwrap_or_default(),
        resource_type: attempt.resource_type.clone().unwrap_or_default(),
        parameters: attempt.parameters.clone(),
        timeout_at: timeout.map(|seconds| attempt.scheduled_at.saturating_add(seconds.saturating_mul(1_000))),
        heartbeat_in_seconds: attempt.heartbeat_in_seconds.filter(|&seconds| seconds < NO_TIMEOUT),
        submitted: attempt.submitted_at.is_some() || is_activity(attempt) && attempt.started_at.is_some(),
    })
}

/// A state in the iterations that it runs in, the innermost first.
type Course<'a> = (&'a str, Vec<&'a (String, u64)>);

fn course<'a>(visits: &'a [Visit], visit: &'a Visit) -> Course<'a> {
    let around = std::iter::successors(Some(visit), |visit| visit.parent.and_then(|parent| visits.get(parent.0)));
    (&visit.state, around.filter_map(|visit| visit.iteration.as_ref()).collect())
}

fn summaries(visits: &[Visit]) -> indexmap::IndexMap<String, StateSummary> {
    // A loop visits a state often: only the last visit of each iteration matters now.
    let mut last: HashMap<Course, usize> = HashMap::new();
    for (index, visit) in visits.iter().enumerate() {
        last.insert(course(visits, visit), index);
    }
    let last: HashSet<usize> = last.into_values().collect();
    let mut found: indexmap::IndexMap<String, StateSummary> = indexmap::IndexMap::new();
    for (index, visit) in visits.iter().enumerate() {
        let summary = found.entry(visit.state.clone()).or_insert(StateSummary {
            status: StateStatus::NotReached,
            visits: 0,
            attempts: 0,
            running: 0,
            succeeded: 0,
            failed: 0,
            caught: 0,
        });
        summary.visits += 1;
        summary.attempts += u32::try_from(visit.attempts.len()).unwrap_or(u32::MAX);
        match visit.status {
            StateStatus::Succeeded => summary.succeeded += 1,
            StateStatus::Caught => summary.caught += 1,
            StateStatus::Failed | StateStatus::TimedOut => summary.failed += 1,
            StateStatus::Aborted | StateStatus::NotReached => {}
            StateStatus::Running | StateStatus::Waiting | StateStatus::WaitingApproval => summary.running += 1,
        }
        if last.contains(&index) && urgency(visit.status) > urgency(summary.status) {
            summary.status = visit.status;
        }
    }
    found
}

/// Which status is shown for several visits: the highest.
#[must_use]
pub fn urgency(status: StateStatus) -> u8 {
    match status {
        StateStatus::NotReached => 0,
        StateStatus::Succeeded => 1,
        StateStatus::Aborted => 2,
        StateStatus::Caught => 3,
        StateStatus::TimedOut => 4,
        StateStatus::Failed => 5,
        StateStatus::Waiting => 6,
        StateStatus::Running => 7,
        StateStatus::WaitingApproval => 8,
    }
}

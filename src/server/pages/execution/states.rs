//! The states of an execution, and the visits of the chosen one.

use std::collections::BTreeMap;

use countersign_asl::StateKind;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::watch::Record;
use countersign_json::pretty;
use countersign_trace::{StateStatus, Visit, VisitId};

use super::{View, attempt_status, cut, status, trouble};
use crate::wire::Status;
use crate::wire::execution::{AttemptView, StateView, VisitView};

/// Visits of one state that a page carries; the newest are kept.
const VISITS: usize = 20;

impl View<'_> {
    pub(super) fn knows(&self, state: &str) -> bool {
        self.record.trace.states.contains_key(state)
            || self
                .record
                .definition
                .graph
                .as_ref()
                .is_some_and(|graph| graph.nodes.iter().any(|node| node.id == state))
    }

    /// Every state that was entered; whole visits only of the chosen one, which is what keeps a page small.
    pub(super) fn states(&self, chosen: Option<&str>) -> Vec<StateView> {
        let mut visits: BTreeMap<&str, Vec<VisitId>> = BTreeMap::new();
        if let Some(chosen) = chosen {
            visits.insert(chosen, self.newest_of(chosen));
        }
        let cause = self.record.trace.cause;
        let states = self.record.trace.states.iter();
        states
            .map(|(name, summary)| {
                let seen = visits.get(name.as_str()).map_or(&[][..], Vec::as_slice);
                StateView {
                    name: name.clone(),
                    status: status(summary.status),
                    visits: seen.iter().map(|index| self.visit(&self.record.trace.visits[*index])).collect(),
                    failed: seen.iter().position(|index| Some(*index) == cause),
                    visit_count: usize::try_from(summary.visits).unwrap_or(usize::MAX),
                }
            })
            .collect()
    }

    /// The newest visits of a state, by their ids; the one that the execution failed in is among them.
    fn newest_of(&self, state: &str) -> Vec<VisitId> {
        let mut seen: Vec<VisitId> = self.record.visits_of(state).to_vec();
        let older = seen.len().saturating_sub(VISITS);
        let cause = seen[..older].iter().copied().find(|index| Some(*index) == self.record.trace.cause);
        seen.drain(..older);
        if let Some(cause) = cause {
            seen[0] = cause;
        }
        seen
    }

    /// The error and cause of a visit. Those of a Fail state are in its definition if the history has none.
    fn failure(&self, visit: &Visit) -> (Option<String>, Option<String>) {
        let recorded = (visit.error.clone(), visit.cause.clone());
        let fails = visit.state_type == "Fail" && recorded == (None, None);
        let machine = self.record.definition.machine.as_ref().filter(|_| fails);
        match machine.and_then(|machine| machine.state(&visit.state)).map(|state| &state.kind) {
            Some(StateKind::Fail(failure)) => (literal(failure.error.as_ref()), literal(failure.cause.as_ref())),
            _ => recorded,
        }
    }

    fn visit(&self, visit: &Visit) -> VisitView {
        let (error, cause) = self.failure(visit);
        let attempts = visit.attempts.iter().enumerate().map(|(index, attempt)| {
            let result = match attempt_status(attempt.result) {
                // An attempt without an end runs only as long as its state does.
                Status::Running => status(visit.status),
                ended => ended,
            };
            let kind = attempt.resource_type.as_deref().map_or_else(String::new, |kind| format!("{kind}:"));
            let withheld = attempt.scheduled_event.map(|event| self.record.request(event));
            AttemptView {
                number: index + 1,
                status: result,
                resource: format!("{kind}{}", attempt.resource.as_deref().unwrap_or_default()),
                parameters: withheld.map(|text| cut(&pretty(&self.tokens.text(&text)))),
                output: self.json(attempt.output.as_deref()),
                error: self.words(attempt.error.as_deref()),
                cause: self.words(attempt.cause.as_deref()),
                scheduled_at: attempt.scheduled_at,
                ended_at: attempt.ended_at,
            }
        });
        VisitView {
            status: status(visit.status),
            place: trouble::place_of(&self.record.trace, visit),
            entered_at: visit.entered_at,
            exited_at: visit.exited_at,
            input: self.json(visit.input.as_deref()),
            output: self.json(visit.output.as_deref()),
            error: self.words(error.as_deref()),
            cause: self.words(cause.as_deref()),
            attempts: attempts.collect(),
        }
    }
}

/// The state to open on: what failed first, else what waits, else what runs, else what was entered last.
pub fn telling_state(record: &Record) -> Option<String> {
    let visits = &record.trace.visits;
    if let Some(first) = record.first_failure().and_then(|first| record.trace.visit(first)) {
        return Some(first.state.clone());
    }
    // What failed and was caught is over.
    let bad = matches!(record.description.status, ExecutionStatus::Failed | ExecutionStatus::TimedOut);
    let rank = |visit: &Visit| match visit.status {
        StateStatus::Failed | StateStatus::TimedOut if bad => 0,
        StateStatus::WaitingApproval => 1,
        // A container runs as long as its content, which shows more.
        StateStatus::Running | StateStatus::Waiting if !visit.attempts.is_empty() => 2,
        StateStatus::Running | StateStatus::Waiting => 3,
        _ => 4,
    };
    visits
        .iter()
        .enumerate()
        // Of several failures the innermost was entered last; of what ended well, the last is the end.
        .min_by_key(|(index, visit)| (rank(visit), std::cmp::Reverse(*index)))
        .map(|(_, visit)| visit.state.clone())
}

/// A text of a definition that is neither a path nor an expression.
fn literal(text: Option<&String>) -> Option<String> {
    let is_made = |text: &&String| {
        text.starts_with('$') || text.starts_with("States.") && text.ends_with(')') || text.starts_with("{%")
    };
    text.filter(|text| !is_made(text)).cloned()
}

//! The states of an execution.

use countersign_asl::StateKind;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::watch::Record;
use countersign_trace::{StateStatus, Visit};

use super::View;

impl View<'_> {
    pub fn knows(&self, state: &str) -> bool {
        self.record.trace.states.contains_key(state)
            || self
                .record
                .definition
                .graph
                .as_ref()
                .is_some_and(|graph| graph.nodes.iter().any(|node| node.id == state))
    }

    /// The error and cause of a visit. Those of a Fail state are in its definition if the history has none.
    pub fn failure(&self, visit: &Visit) -> (Option<String>, Option<String>) {
        let recorded = (visit.error.clone(), visit.cause.clone());
        let fails = visit.state_type == "Fail" && recorded == (None, None);
        let machine = self.record.definition.machine.as_ref().filter(|_| fails);
        match machine.and_then(|machine| machine.state(&visit.state)).map(|state| &state.kind) {
            Some(StateKind::Fail(failure)) => (literal(failure.error.as_ref()), literal(failure.cause.as_ref())),
            _ => recorded,
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

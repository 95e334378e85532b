//! Why an execution ended badly, and where: for the notice at the top of its page.

use countersign_desk::connection::ExecutionStatus as Status;
use countersign_desk::watch::Record;
use countersign_trace::{StateStatus, Trace, Visit, VisitId};

use crate::wire::execution::{Trouble, TroublePlace};

/// Places that are named; more would not be read.
const PLACES: usize = 3;

/// What the page says of an execution that failed, ran out of time or was stopped.
#[must_use]
pub fn trouble(record: &Record) -> Option<Trouble> {
    let status = record.description.status;
    if !matches!(status, Status::Failed | Status::TimedOut | Status::Aborted) {
        return None;
    }
    let cause = record.trace.cause.and_then(|visit| record.trace.visit(visit));
    let first = record.first_failure().and_then(|visit| record.trace.visit(visit));
    let why = match (status, cause) {
        (Status::TimedOut, Some(_)) => {
            Some("A task did not answer within its time limit (TimeoutSeconds or HeartbeatSeconds).".to_owned())
        }
        (Status::TimedOut, None) => Some(ran_out(record)),
        _ => None,
    };
    let (lead, places) = match first {
        Some(visit) => ("It failed first in ", vec![visit]),
        None if status == Status::TimedOut => ("When it timed out, it was in ", open_at_the_end(record)),
        None if status == Status::Aborted => ("When it was stopped, it was in ", open_at_the_end(record)),
        None => ("", Vec::new()),
    };
    let more = places.len().saturating_sub(PLACES);
    let place = |visit: &Visit| TroublePlace { state: visit.state.clone(), place: place_of(&record.trace, visit) };
    // A step that failed and was compensated is not where the execution ended.
    let ended = cause.filter(|cause| first.is_some_and(|first| first.entered_event != cause.entered_event)).map(place);
    let places = places.into_iter().take(PLACES).map(place).collect();
    Some(Trouble { why, lead: lead.to_owned(), places, more, ended })
}

fn ran_out(record: &Record) -> String {
    match record.definition.machine.as_ref().and_then(|machine| machine.timeout_seconds) {
        Some(1) => "It ran longer than 1 second, the limit in its definition (TimeoutSeconds).".to_owned(),
        Some(seconds) => {
            format!("It ran longer than {seconds} seconds, the limit in its definition (TimeoutSeconds).")
        }
        None => "It ran longer than Step Functions allows.".to_owned(),
    }
}

/// The states that were under way when the execution ended, without the containers around them.
fn open_at_the_end(record: &Record) -> Vec<&Visit> {
    let ended = record.trace.outcome.as_ref().map(|outcome| outcome.at);
    let is_open = |visit: &&Visit| {
        matches!(visit.status, StateStatus::Aborted | StateStatus::TimedOut | StateStatus::Failed)
            && visit.exited_at == ended
    };
    let around: Vec<VisitId> = record.trace.visits.iter().filter(is_open).filter_map(|visit| visit.parent).collect();
    let innermost = record.trace.numbered_visits().filter(|(id, visit)| is_open(visit) && !around.contains(id));
    innermost.map(|(_, visit)| visit).collect()
}

/// The iterations that a visit runs in, the outermost first.
#[must_use]
pub fn place_of(trace: &Trace, visit: &Visit) -> Option<String> {
    let around = std::iter::successors(Some(visit), |visit| trace.visit(visit.parent?));
    let mut iterations: Vec<&(String, u64)> = around.filter_map(|visit| visit.iteration.as_ref()).collect();
    // A Parallel hands its own iteration on to what runs inside it.
    iterations.dedup();
    let words: Vec<String> = iterations.iter().rev().map(|(map, index)| format!("{map}, index {index}")).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

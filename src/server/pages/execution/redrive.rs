//! What a redrive would do.

use countersign_desk::connection::ExecutionStatus as Status;
use countersign_desk::redriving::hindrance_of;
use countersign_desk::watch::Record;

use crate::server::words;
use crate::wire::execution::Redrive;

/// States that are named; more would not be read.
const STATES: usize = 5;

/// What the page says of a redrive; nothing of an execution that runs or succeeded.
pub fn redrive(record: &Record, now: i64) -> Option<Redrive> {
    let status = record.description.status;
    if !matches!(status, Status::Failed | Status::TimedOut | Status::Aborted) {
        return None;
    }
    let hindrance = hindrance_of(record, now);
    let mut states: Vec<(String, usize)> = Vec::new();
    for id in if hindrance.is_none() { record.goes_on_from() } else { &[] } {
        let Some(visit) = record.trace.visit(*id) else { continue };
        match states.iter_mut().find(|(name, _)| *name == visit.state) {
            Some((_, visits)) => *visits += 1,
            None => states.push((visit.state.clone(), 1)),
        }
    }
    let last = record.trace.cause.and_then(|visit| record.trace.visit(visit));
    let fails_in =
        last.filter(|visit| states.is_empty() && visit.state_type == "Fail").map(|visit| visit.state.clone());
    let more = states.len().saturating_sub(STATES);
    states.truncate(STATES);
    Some(Redrive { states, more, fails_in, hindrance: hindrance.as_ref().map(words::not_redrivable) })
}

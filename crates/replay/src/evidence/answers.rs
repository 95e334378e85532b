//! What tasks answered in a recorded history, as the answers of another run.

use std::collections::{BTreeSet, HashMap};

use countersign_engine::TaskRequest;
use countersign_trace::{Attempt, AttemptResult, Trace, VisitId};

use super::asked::is_same_request;
use crate::drive::{Call, Iterations, Outside, Reply, Unknown};

/// How much longer than recorded a call that was given up is taken to have had no answer, in milliseconds. The service takes
/// moments between the events of a history that the engine does not take, so branches that went on side by side may be that
/// far apart.
const SLACK_MS: i64 = 1_000;

/// The answers of a history: by state and iterations, those of each visit that called its task, in order.
pub(crate) struct Answers<'a> {
    by_state: HashMap<(&'a str, Iterations), Vec<&'a [Attempt]>>,
    states: BTreeSet<&'a str>,
    marks: &'a [&'a str],
    last_event_at: i64,
    asked_otherwise: Vec<String>,
}

/// Whether a payload has a mark in place of what was withheld.
pub(super) fn is_withheld(payload: &str, marks: &[&str]) -> bool {
    marks.iter().any(|mark| payload.contains(mark))
}

impl<'a> Answers<'a> {
    pub fn of(trace: &'a Trace, marks: &'a [&'a str]) -> Self {
        let mut by_state: HashMap<(&str, Iterations), Vec<&[Attempt]>> = HashMap::new();
        let mut states = BTreeSet::new();
        for (id, visit) in trace.numbered_visits() {
            states.insert(visit.state.as_str());
            if !visit.attempts.is_empty() {
                by_state.entry((&visit.state, iterations(trace, id))).or_default().push(&visit.attempts);
            }
        }
        let last_event_at = trace.last_event_at.unwrap_or(0);
        Self { by_state, states, marks, last_event_at, asked_otherwise: Vec::new() }
    }

    /// Whether a state was entered then.
    pub fn has_run(&self, state: &str) -> bool {
        self.states.contains(state)
    }

    /// The states that were asked something else than then.
    pub fn into_asked_otherwise(self) -> Vec<String> {
        self.asked_otherwise
    }

    /// What this call of then came to; `None` if there was none.
    pub fn recorded(&self, call: &Call<'_>) -> Option<&'a Attempt> {
        // The key borrows from the history, which has no such text to borrow for what did not run.
        let state = self.states.get(call.request.state.as_str())?;
        let visits = self.by_state.get(&(*state, call.iterations.clone()))?;
        let visit = visits.get(usize::try_from(call.visit.checked_sub(1)?).ok()?)?;
        visit.get(usize::try_from(call.attempt.checked_sub(1)?).ok()?)
    }

    fn reply(&self, attempt: &Attempt, request: &TaskRequest) -> Reply {
        let took = attempt.ended_at.unwrap_or(self.last_event_at).saturating_sub(attempt.scheduled_at);
        let beats = match beats(attempt, request, took) {
            Ok(beats_ms) => beats_ms,
            Err(why) => return Reply::Unknown(why),
        };
        let answer = match attempt.result {
            AttemptResult::Succeeded => match attempt.output.as_deref() {
                Some(output) if is_readable(output, self.marks) => Ok(output.to_owned()),
                _ => return Reply::Unknown(Unknown::Unreadable),
            },
            AttemptResult::Failed => {
                let (error, cause) = (attempt.error.clone(), attempt.cause.clone());
                if error.iter().chain(&cause).any(|text| is_withheld(text, self.marks)) {
                    return Reply::Unknown(Unknown::Unreadable);
                }
                Err((error.unwrap_or_default(), cause.unwrap_or_default()))
            }
            AttemptResult::TimedOut => return Reply::Silence { known_for_ms: Some(took), beats_ms: beats },
            AttemptResult::Running | AttemptResult::Aborted => {
                let known_for_ms = Some(took.saturating_add(SLACK_MS));
                return Reply::Silence { known_for_ms, beats_ms: beats };
            }
        };
        Reply::Answer { after_ms: took, beats_ms: beats, answer }
    }
}

impl Outside for Answers<'_> {
    fn answer(&mut self, call: &Call<'_>) -> Reply {
        let Some(attempt) = self.recorded(call) else { return Reply::Unknown(Unknown::NoAnswer) };
        let state = &call.request.state;
        if !is_same_request(attempt, call.request) && !self.asked_otherwise.contains(state) {
            self.asked_otherwise.push(state.clone());
        }
        self.reply(attempt, call.request)
    }
}

fn is_readable(output: &str, marks: &[&str]) -> bool {
    !is_withheld(output, marks) && countersign_asl::read_json(output).is_ok()
}

/// How often heartbeats come. A history does not record them; that a task with a heartbeat went on for longer says that they
/// came at least that often.
fn beats(attempt: &Attempt, request: &TaskRequest, took: i64) -> Result<Option<i64>, Unknown> {
    let Some(needed) = request.heartbeat_seconds.filter(|seconds| took > seconds.saturating_mul(1_000)) else {
        return Ok(None);
    };
    let timed_out = attempt.result == AttemptResult::TimedOut;
    let by_heartbeat =
        timed_out && attempt.timeout_in_seconds.is_none_or(|seconds| took < seconds.saturating_mul(1_000));
    match attempt.heartbeat_in_seconds {
        // None came for that long.
        Some(seconds) if by_heartbeat && needed <= seconds => Ok(None),
        Some(seconds) if !by_heartbeat && needed >= seconds => Ok(Some(seconds.saturating_mul(1_000))),
        _ => Err(Unknown::Heartbeats(needed)),
    }
}

/// The iterations that a visit runs in, the outermost first.
pub(crate) fn iterations(trace: &Trace, visit: VisitId) -> Iterations {
    let around = trace.iterations_around(trace.iteration_of(visit));
    let named = around.filter_map(|id| {
        let iteration = trace.iteration(id)?;
        Some((trace.visit(iteration.map)?.state.clone(), iteration.index))
    });
    let mut found: Iterations = named.collect();
    found.reverse();
    found
}

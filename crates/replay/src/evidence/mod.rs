//! What an execution that has happened would do under another definition: it is run again in the engine, each task
//! answering what it answered then.
//!
//! Nothing is guessed. Where the run reaches a call that the old history has no answer for, or where not even the old
//! definition repeats the old course (it depends on chance, or on what time it was), the result is
//! [`Found::NotKnown`], with the reason.

mod answers;
mod asked;
mod compare;
mod end;
mod summary;
#[cfg(test)]
mod tests;

use countersign_engine::{ExecutionKind, StartParams};
use countersign_trace::{EventKind, HistoryEvent, OutcomeStatus, Trace, fold};
use serde::{Deserialize, Serialize};

pub use compare::Turn;
pub use end::End;
pub use summary::{EndInBrief, Finding, Group, Summary};

use crate::course::Course;
use crate::definition::Definition;
use crate::drive::{Bounds, Driven, Ending, OpenCall, Unknown, drive};
pub(crate) use answers::{Answers, iterations};

/// An execution that has happened.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`: expressions may use it.
    pub execution_arn: &'a str,
    pub kind: ExecutionKind,
    /// All of its events, in whatever order.
    pub events: &'a [HistoryEvent],
    /// Texts that stand in payloads in place of what was withheld.
    pub marks: &'a [&'a str],
}

impl<'a> History<'a> {
    /// The history of a Standard execution, with nothing withheld.
    #[must_use]
    pub const fn standard(execution_arn: &'a str, events: &'a [HistoryEvent]) -> Self {
        Self { execution_arn, kind: ExecutionKind::Standard, events, marks: &[] }
    }
}

/// What one execution would do, beside what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub found: Found,
    /// The course that it took.
    pub then: Course,
    /// The course under the other definition, as far as it is known; empty if it was not run.
    pub now: Course,
    /// States whose tasks are asked something else than then: other parameters, or another service or function. Each is
    /// answered all the same with what it answered then.
    pub asked_otherwise: Vec<String>,
}

/// What the other definition changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// The same states, and the same end.
    SamePath { same_output: bool },
    /// Other states.
    AnotherPath {
        turn: Turn,
        /// States that were not entered then and are now, in the order of the course.
        newly: Vec<String>,
        /// States that were entered then and no longer are.
        no_longer: Vec<String>,
        end: End,
        /// Whether it ends with the status and the error that it ended with then.
        ends_as_then: bool,
    },
    /// The same way, as far as it goes, to another end.
    AnotherEnd { end: End, no_longer: Vec<String> },
    /// Nobody knows.
    NotKnown {
        why: NotKnown,
        /// Where the course had left the old one by then, if it had.
        turn: Option<Turn>,
        /// States that were not entered then and are now.
        newly: Vec<String>,
    },
}

/// Why nobody knows what an execution would do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NotKnown {
    /// It has not ended.
    StillRunning,
    /// Somebody stopped it: what would have followed is not in its history.
    Aborted,
    /// The time for the whole execution ran out.
    TimedOut,
    /// Events of its history are missing.
    Incomplete,
    /// Its history was read without inputs and outputs, or they were withheld.
    NoData,
    /// This state calls its task and there is no answer. If `ran_then`, the state did run then, but less often.
    NeedsAnswer { state: String, ran_then: bool },
    /// This call was not answered then either, and the time for which that is known has passed.
    Unanswered { state: String },
    /// This task needs heartbeats more often than they are known to have come.
    Heartbeats { state: String },
    /// The answer of this state was withheld, cut off, or is no JSON.
    Unreadable { state: String },
    /// The children of this distributed Map have histories of their own.
    MapRun { state: String },
    /// Not even its own definition repeats what it did: it depends on chance or on the time. The first state that differs.
    NotRepeated { state: Option<String> },
    /// The run has no end, or one that is too far.
    TooLong,
}

/// Runs an execution that has happened under the definition `new`. With `old`, the definition that it ran, it is first
/// checked that it can be repeated at all.
#[must_use]
pub fn replay(history: History<'_>, old: Option<&Definition>, new: &Definition, bounds: &Bounds) -> Evidence {
    let events = first_run(history.events);
    let trace = fold(&events);
    let then = Course::of_trace(&trace);
    let not_known = |why, then: Course| Evidence {
        found: Found::NotKnown { why, turn: None, newly: Vec::new() },
        then,
        now: Course::default(),
        asked_otherwise: Vec::new(),
    };
    if let Some(why) = unusable(&events, &trace, history.marks) {
        return not_known(why, then);
    }
    let params = params_of(history, &events);
    let before = old.map(|old| run(&trace, history.marks, old, params.clone(), bounds));
    if let Some(before) = &before
        && let Some(why) = not_repeated(&trace, &then, before)
    {
        return not_known(why, then);
    }
    let after = run(&trace, history.marks, new, params, bounds);
    // As in the recorded history, the children of distributed maps are left out.
    let now = Course::of_trace(&fold(after.driven.execution.history()));
    let found = match why_unknown(&after.driven.ending, &after.answers, new) {
        Some(why) => {
            let turn = compare::left(&then, &now);
            Found::NotKnown { why, turn, newly: compare::missing(&now, &then) }
        }
        None => compare::found(&then, &now, &ends(&trace, before.as_ref(), &after)),
    };
    Evidence { found, then, now, asked_otherwise: after.answers.into_asked_otherwise() }
}

/// A run with the answers that it was given.
struct Ran<'a> {
    driven: Driven,
    answers: Answers<'a>,
}

fn run<'a>(
    trace: &'a Trace,
    marks: &'a [&'a str],
    definition: &Definition,
    params: StartParams,
    bounds: &Bounds,
) -> Ran<'a> {
    let mut answers = Answers::of(trace, marks);
    let driven = drive(&definition.program, params, bounds, &mut answers);
    Ran { driven, answers }
}

/// The events in their order, up to the first end: what a redrive did is a person's act.
pub(crate) fn first_run(events: &[HistoryEvent]) -> Vec<HistoryEvent> {
    let mut ordered = events.to_vec();
    ordered.sort_by_key(|event| event.id);
    let end = ordered.iter().position(|event| event.kind == EventKind::ExecutionRedriven);
    ordered.truncate(end.unwrap_or(ordered.len()));
    ordered
}

fn unusable(events: &[HistoryEvent], trace: &Trace, marks: &[&str]) -> Option<NotKnown> {
    let Some(first) = events.first() else { return Some(NotKnown::NoData) };
    let is_whole = events.iter().zip(1..).all(|(event, id)| event.id == id);
    if !is_whole || first.kind != EventKind::ExecutionStarted {
        return Some(NotKnown::Incomplete);
    }
    match trace.outcome.as_ref().map(|outcome| outcome.status) {
        None => return Some(NotKnown::StillRunning),
        Some(OutcomeStatus::Aborted) => return Some(NotKnown::Aborted),
        Some(OutcomeStatus::TimedOut) => return Some(NotKnown::TimedOut),
        Some(OutcomeStatus::Succeeded | OutcomeStatus::Failed) => {}
    }
    let input = first.details.input.as_deref();
    input.is_none_or(|input| answers::is_withheld(input, marks)).then_some(NotKnown::NoData)
}

/// What the execution was started with, as far as its history and its ARN say.
pub(crate) fn params_of(history: History<'_>, events: &[HistoryEvent]) -> StartParams {
    let parts: Vec<&str> = history.execution_arn.split(':').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let machine = part(6).split('/').next().unwrap_or_default();
    let first = events.first();
    let details = first.map(|event| event.details.clone()).unwrap_or_default();
    StartParams {
        execution_arn: history.execution_arn.to_owned(),
        name: part(7).to_owned(),
        state_machine_arn: format!("{}:stateMachine:{machine}", parts.get(..5).unwrap_or_default().join(":")),
        state_machine_name: machine.to_owned(),
        role_arn: details.role_arn.unwrap_or_default(),
        input: details.input.unwrap_or_default(),
        kind: history.kind,
        start_at: first.map_or(0, |event| event.timestamp),
        seed: seed_of(history.execution_arn),
        region: part(3).to_owned(),
        state_machine_version_arn: details.state_machine_version_arn,
        state_machine_alias_arn: details.state_machine_alias_arn,
    }
}

/// The same for the same execution, so that both definitions draw the same numbers (FNV-1a).
fn seed_of(arn: &str) -> u64 {
    arn.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Why the old definition does not repeat what happened; `None` if it does.
fn not_repeated(trace: &Trace, then: &Course, before: &Ran<'_>) -> Option<NotKnown> {
    let again = Course::of_trace(&fold(before.driven.execution.history()));
    let turn = compare::turn(then, &again);
    let same_end = match (&trace.outcome, before.driven.execution.outcome()) {
        (Some(then), Some(again)) => then.status == again.status && then.error == again.error,
        _ => false,
    };
    // A distributed Map cannot be repeated; what the other definition does until then is known all the same.
    let waits_for_children = matches!(&before.driven.ending, Ending::Unknown(call, _) if !call.iterations.is_empty())
        || !before.driven.execution.map_runs().is_empty();
    if waits_for_children || turn.is_none() && same_end {
        return None;
    }
    // Where the history itself lacks the answer, that is the reason.
    if let Ending::Unknown(call, Unknown::Unreadable) = &before.driven.ending {
        return Some(NotKnown::Unreadable { state: call.state.clone() });
    }
    let state = turn.and_then(|turn| turn.then.or(turn.now)).or_else(|| again.names().last().map(str::to_owned));
    Some(NotKnown::NotRepeated { state })
}

fn why_unknown(ending: &Ending, answers: &Answers<'_>, new: &Definition) -> Option<NotKnown> {
    let (call, why) = match ending {
        Ending::Ended => return None,
        Ending::Bounded => return Some(NotKnown::TooLong),
        Ending::Waits(calls) => (calls.first()?, &Unknown::NoAnswer),
        Ending::Unknown(call, why) => (call, why),
    };
    let maps = call.iterations.iter().map(|(map, _)| map).chain([&call.state]);
    if let Some(map) = maps.into_iter().find(|map| new.is_distributed(map)) {
        return Some(NotKnown::MapRun { state: map.clone() });
    }
    let OpenCall { state, .. } = call;
    let state = state.clone();
    Some(match why {
        Unknown::NoAnswer => NotKnown::NeedsAnswer { ran_then: answers.has_run(&state), state },
        Unknown::OnlyFor(_) => NotKnown::Unanswered { state },
        Unknown::Heartbeats(_) => NotKnown::Heartbeats { state },
        Unknown::Unreadable => NotKnown::Unreadable { state },
    })
}

/// The ends to compare: that of the repeated run, if there is one, says it in the engine's own words.
fn ends(trace: &Trace, before: Option<&Ran<'_>>, after: &Ran<'_>) -> compare::Ends {
    let now = End::of(&fold(after.driven.execution.history()));
    let repeated = before.filter(|before| before.driven.ending == Ending::Ended);
    let (then, in_same_words) = match repeated {
        Some(before) => (End::of(&fold(before.driven.execution.history())), true),
        None => (End::of(trace), false),
    };
    compare::Ends { then, now, in_same_words }
}

//! Writes a case from an execution that has happened: its input, what its tasks answered, and the end that it came to.
//!
//! Task tokens are taken out, and so are values under names such as `password`. The case is run before it is written; what
//! it expects is what that run gives, and where that is not what happened, a comment says so.

mod secrets;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use countersign_engine::timestamp;
use countersign_trace::{Attempt, AttemptResult, EventKind, HistoryEvent, OutcomeStatus, Trace, fold};
use indexmap::IndexMap;
use serde_json::Value;

use crate::cases::{Answered, At, Case, CaseFile, Expect, Mock, MockOrigin, MockReply, Mocks, Setting, drive_case};
use crate::course::Course;
use crate::definition::Definition;
use crate::drive::{Driven, Ending, Iterations};
use crate::evidence::{History, first_run, iterations};
use secrets::Secrets;

/// Why no case can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("the history has no events")]
    Empty,
    #[error("events of the history are missing: the first one has to be there, and none left out after it")]
    Incomplete,
    #[error("the history has no input: read it with its execution data")]
    NoInput,
    #[error("the answer of {state} is not in the history: it was withheld, cut off, or read without execution data")]
    NoAnswer { state: String },
}

/// A case, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// One `[[case]]` of a file of cases.
    pub text: String,
    /// What the reader should know, a sentence each; the text has them as comments.
    pub notes: Vec<String>,
}

/// Writes the case `name` of a recorded history and the definition that it ran.
///
/// # Errors
/// The history lacks something that the case needs.
pub fn record(name: &str, history: History<'_>, definition: &Definition) -> Result<Recorded, RecordError> {
    let events = first_run(history.events);
    let first = events.first().ok_or(RecordError::Empty)?;
    let is_whole = events.iter().zip(1..).all(|(event, id)| event.id == id);
    if !is_whole || first.kind != EventKind::ExecutionStarted {
        return Err(RecordError::Incomplete);
    }
    let trace = fold(&events);
    let secrets = Secrets::of(history, &trace, definition);
    let case = case_of(name, history, &events, &trace, &secrets)?;
    let setting = setting_of(history);
    let file = CaseFile::default();
    let driven = drive_case(&file, &case, definition, &setting);
    let notes = notes(&trace, &driven, &secrets, events.len() < history.events.len());
    let case = Case { expect: expected(&driven, &secrets), ..case };
    Ok(Recorded { text: text::of_case(&case, &notes), notes })
}

fn setting_of(history: History<'_>) -> Setting {
    let parts: Vec<&str> = history.execution_arn.split(':').collect();
    let machine = parts.get(6).and_then(|machine| machine.split('/').next()).unwrap_or("workflow");
    let kind = history.kind;
    let setting = Setting { kind, ..Setting::named(machine) };
    match (parts.get(3), parts.get(4)) {
        (Some(region), Some(account)) if !region.is_empty() => {
            Setting { region: (*region).to_owned(), account: (*account).to_owned(), ..setting }
        }
        _ => setting,
    }
}

fn case_of(
    name: &str,
    history: History<'_>,
    events: &[HistoryEvent],
    trace: &Trace,
    secrets: &Secrets,
) -> Result<Case, RecordError> {
    let first = events.first().ok_or(RecordError::Empty)?;
    let input = first.details.input.as_deref().filter(|input| countersign_asl::read_json(input).is_ok());
    let input = secrets.clean(input.ok_or(RecordError::NoInput)?);
    let execution = history.execution_arn.split(':').nth(7).filter(|name| !name.is_empty());
    Ok(Case {
        name: at(name.to_owned()),
        input,
        now: Some(first.timestamp),
        execution_name: execution.map(str::to_owned),
        values: BTreeMap::new(),
        mocks: mocks(trace, secrets)?,
        expect: Expect { any_end: true, ..Expect::default() },
    })
}

const fn at<T>(value: T) -> At<T> {
    At { value, line: 1, column: 1 }
}

/// What each state answered, by its iterations and in order.
fn mocks(trace: &Trace, secrets: &Secrets) -> Result<Mocks, RecordError> {
    let mut by_state: IndexMap<&str, IndexMap<Iterations, Vec<MockReply>>> = IndexMap::new();
    for (id, visit) in trace.numbered_visits() {
        for attempt in &visit.attempts {
            let answered = answered(&visit.state, attempt, trace, secrets)?;
            let of_state = by_state.entry(&visit.state).or_default();
            of_state.entry(iterations(trace, id)).or_default().push(answered);
        }
    }
    let joined = by_state.into_iter().map(|(state, by_iteration)| (state.to_owned(), at(joined(by_iteration))));
    Ok(joined.collect())
}

/// One reply for all calls, if they are all the same; else one after the other, by iteration where there are several.
fn joined(by_iteration: IndexMap<Iterations, Vec<MockReply>>) -> Mock {
    Mock { replies: joined_replies(by_iteration), origin: MockOrigin::Cases }
}

fn joined_replies(by_iteration: IndexMap<Iterations, Vec<MockReply>>) -> Vec<At<MockReply>> {
    let mut all = by_iteration.values().flatten();
    if let Some(first) = all.next()
        && all.all(|reply| reply == first)
    {
        return vec![at(MockReply { times: None, ..first.clone() })];
    }
    let mut same = by_iteration.values();
    let first = same.next().cloned().unwrap_or_default();
    if same.all(|replies| *replies == first) {
        return counted(first, None);
    }
    let replies = by_iteration.into_iter().flat_map(|(iterations, replies)| {
        let item: Vec<u64> = iterations.iter().map(|(_, index)| *index).collect();
        counted(replies, Some(item).filter(|item| !item.is_empty()))
    });
    replies.collect()
}

/// Replies one after the other, equal ones as one with their number.
fn counted(replies: Vec<MockReply>, item: Option<Vec<u64>>) -> Vec<At<MockReply>> {
    let mut counted: Vec<At<MockReply>> = Vec::new();
    for reply in replies {
        let reply = MockReply { times: Some(1), item: item.clone(), ..reply };
        match counted.last_mut().filter(|last| MockReply { times: Some(1), ..last.value.clone() } == reply) {
            Some(last) => last.value.times = last.value.times.map(|times| times + 1),
            None => counted.push(at(reply)),
        }
    }
    counted
}

fn answered(state: &str, attempt: &Attempt, trace: &Trace, secrets: &Secrets) -> Result<MockReply, RecordError> {
    let ended = attempt.ended_at.or(trace.last_event_at).unwrap_or(attempt.scheduled_at);
    let took = ended.saturating_sub(attempt.scheduled_at);
    let outlived = attempt.heartbeat_in_seconds.filter(|seconds| took > seconds.saturating_mul(1_000));
    let (what, after_ms) = match attempt.result {
        AttemptResult::Succeeded => {
            let output =
                attempt.output.as_deref().and_then(|output| countersign_asl::read_json(output).ok().map(|_| output));
            let output = output.ok_or_else(|| RecordError::NoAnswer { state: state.to_owned() })?;
            (success(attempt, secrets.clean(output)), took)
        }
        AttemptResult::Failed => {
            let clean = |text: &Option<String>| secrets.clean_text(text.as_deref().unwrap_or_default());
            (Answered::Fails { error: clean(&attempt.error), cause: clean(&attempt.cause) }, took)
        }
        AttemptResult::TimedOut => (Answered::TimesOut, 0),
        AttemptResult::Running | AttemptResult::Aborted => (Answered::Waits, 0),
    };
    // Heartbeats are in no history; that the task went on says that they came.
    let timed_out_late = attempt.timeout_in_seconds.is_some_and(|seconds| took >= seconds.saturating_mul(1_000));
    let beats = attempt.result == AttemptResult::Succeeded
        || attempt.result == AttemptResult::Failed
        || attempt.result == AttemptResult::TimedOut && timed_out_late;
    let beats_ms = outlived.filter(|_| beats).map(|seconds| seconds.saturating_mul(1_000));
    Ok(MockReply { what, after_ms, beats_ms, times: Some(1), item: None, called_with: None })
}

/// The payload alone of a function that was called through the service.
fn success(attempt: &Attempt, output: String) -> Answered {
    let is_function =
        attempt.resource_type.as_deref() == Some("lambda") && attempt.resource.as_deref() == Some("invoke");
    let value: Option<Value> = serde_json::from_str(&output).ok().filter(|_| is_function);
    match value.as_ref().and_then(|value| value.get("Payload")) {
        Some(payload) => Answered::Payload(payload.clone()),
        None => Answered::Returns(output),
    }
}

/// What the case gave when it was run.
fn expected(driven: &Driven, secrets: &Secrets) -> Expect {
    let course = Course::of_execution(&driven.execution);
    let names = |names: Vec<&str>| at(names.into_iter().map(|name| at(name.to_owned())).collect::<Vec<_>>());
    let mut expect = Expect { path: Some(names(course.top().collect())), ..Expect::default() };
    if let Ending::Waits(calls) = &driven.ending {
        let mut waits: Vec<&str> = calls.iter().map(|call| call.state.as_str()).collect();
        waits.dedup();
        expect.waits_in = Some(names(waits));
    }
    let Some(outcome) = driven.execution.outcome() else { return expect };
    expect.status = Some(at(outcome.status));
    expect.error = outcome.error.clone().map(at);
    // What the engine says of a failure has parts of payloads in it.
    let own = outcome.error.as_deref().is_some_and(|error| error.starts_with("States."));
    expect.cause = outcome.cause.as_deref().filter(|_| !own).map(|cause| at(secrets.clean_text(cause)));
    let output = outcome.output.as_deref().and_then(|output| countersign_asl::read_json(output).ok());
    expect.output = output.map(at);
    expect
}

fn notes(trace: &Trace, driven: &Driven, secrets: &Secrets, was_redriven: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if was_redriven {
        notes.push("The execution was redriven: the case has what happened before.".to_owned());
    }
    if trace.outcome.as_ref().is_some_and(|outcome| outcome.status == OutcomeStatus::Aborted) {
        notes.push("Somebody stopped the execution: the case ends where it waited.".to_owned());
    }
    if secrets.removed() {
        notes.push("Values that looked like secrets were replaced by \"[removed]\".".to_owned());
    }
    match &driven.ending {
        Ending::Unknown(call, _) => notes
            .push(format!("The history has no answer for {}: add a mock of it, and expect what follows.", call.state)),
        Ending::Bounded => notes.push("The case does not come to an end.".to_owned()),
        Ending::Ended | Ending::Waits(_) => {}
    }
    let again = Course::of_execution(&driven.execution);
    let then = Course::of_trace(trace);
    let is_same = then.names().eq(again.names());
    let status = |outcome: Option<OutcomeStatus>| outcome.filter(|status| *status != OutcomeStatus::Aborted);
    let ends_alike = status(trace.outcome.as_ref().map(|outcome| outcome.status))
        == status(driven.execution.outcome().map(|outcome| outcome.status));
    if !(is_same && ends_alike || matches!(driven.ending, Ending::Unknown(..))) {
        notes.push(
            "The execution went another way than this case: it depends on the time, on chance, or on a value that was removed."
                .to_owned(),
        );
    }
    notes
}

/// When a case starts, as its file has it.
pub(crate) fn time_text(ms: i64) -> String {
    timestamp::format(ms)
}

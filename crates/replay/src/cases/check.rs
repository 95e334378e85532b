//! Compares what happened with what a case expects.

use std::collections::HashMap;

use countersign_trace::OutcomeStatus;
use serde_json::Value;

use super::differ::{Difference, differences, missing_from};
use super::reader::duration_text;
use super::run::Failure;
use super::{At, Case, Expect};
use crate::course::Course;
use crate::drive::{Driven, Ending};
use crate::evidence::End;

/// What happened.
pub(super) struct Ran<'r> {
    pub driven: &'r Driven,
    pub course: &'r Course,
    /// How often each state has called its task.
    pub calls: &'r HashMap<String, u64>,
    pub waits: &'r [String],
}

/// Every expectation that was not met.
pub(super) fn failures(case: &Case, ran: &Ran<'_>) -> Vec<Failure> {
    let expect = &case.expect;
    let mut found = Vec::new();
    found.extend(end(case, ran));
    found.extend(error(expect, ran));
    found.extend(path(expect, ran));
    found.extend(passes(expect, ran));
    found.extend(avoids(expect, ran));
    found.extend(output(expect, ran));
    found.extend(takes(expect, ran));
    found.extend(counts(expect, ran));
    found
}

impl Ran<'_> {
    fn status(&self) -> Option<OutcomeStatus> {
        self.driven.execution.outcome().map(|outcome| outcome.status)
    }

    /// How it ended, as a clause: `it succeeds`, `it waits in Ask`.
    fn end_text(&self) -> String {
        if let Ending::Waits(_) = self.driven.ending {
            return format!("it waits in {}", list(self.waits.iter().map(String::as_str)));
        }
        if self.driven.ending == Ending::Bounded {
            return "it does not come to an end".to_owned();
        }
        let end = End::of(&countersign_trace::fold(self.driven.execution.history()));
        let mut text = format!("it {end}");
        if let Some(cause) = end.cause.as_deref().filter(|_| end.cause_says_more()) {
            text += &format!("\n  its cause is {}", Value::from(cause));
        }
        text
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "no state".to_owned() } else { names.join(", ") }
}

/// AWS's word for a status.
pub(crate) const fn status_word(status: OutcomeStatus) -> &'static str {
    match status {
        OutcomeStatus::Succeeded => "SUCCEEDED",
        OutcomeStatus::Failed => "FAILED",
        OutcomeStatus::TimedOut => "TIMED_OUT",
        OutcomeStatus::Aborted => "ABORTED",
    }
}

/// The end: a wait, a status, or, where nothing is said, success; with an error or a cause, failure.
fn end(case: &Case, ran: &Ran<'_>) -> Option<Failure> {
    let expect = &case.expect;
    if let Some(expected) = &expect.waits_in {
        let mut names: Vec<&str> = expected.value.iter().map(|name| name.value.as_str()).collect();
        let mut actual: Vec<&str> = ran.waits.iter().map(String::as_str).collect();
        names.sort_unstable();
        actual.sort_unstable();
        actual.dedup();
        let message = || format!("expected that it waits in {}, but {}", list(names.clone()), ran.end_text());
        return (names != actual).then(|| Failure::at(expected.line, message()));
    }
    let (status, line) = match &expect.status {
        Some(status) => (status.value, status.line),
        None if expect.any_end => return None,
        None => match expect.error.as_ref().or(expect.cause.as_ref()).or(expect.cause_has.as_ref()) {
            Some(at) => (OutcomeStatus::Failed, at.line),
            None => (OutcomeStatus::Succeeded, case.name.line),
        },
    };
    let message = || format!("expected the status {}, but {}", status_word(status), ran.end_text());
    (ran.status() != Some(status)).then(|| Failure::at(line, message()))
}

fn error(expect: &Expect, ran: &Ran<'_>) -> Vec<Failure> {
    // Another status has been reported.
    let Some(outcome) = ran.driven.execution.outcome().filter(|outcome| outcome.status != OutcomeStatus::Succeeded)
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut compare = |expected: &Option<At<String>>, actual: &Option<String>, what: &str, has: bool| {
        let Some(expected) = expected else { return };
        let text = actual.as_deref().unwrap_or_default();
        let fits = if has { text.contains(&expected.value) } else { text == expected.value };
        if !fits {
            let verb = if has { "in the " } else { "the " };
            let shown =
                actual.as_ref().map_or_else(|| "none".to_owned(), |actual| Value::from(actual.as_str()).to_string());
            let message = format!("expected {verb}{what} {}, got {shown}", Value::from(expected.value.as_str()));
            found.push(Failure::at(expected.line, message));
        }
    };
    compare(&expect.error, &outcome.error, "error", false);
    compare(&expect.cause, &outcome.cause, "cause", false);
    compare(&expect.cause_has, &outcome.cause, "cause", true);
    found
}

fn path(expect: &Expect, ran: &Ran<'_>) -> Option<Failure> {
    let expected = expect.path.as_ref()?;
    let actual: Vec<&str> = ran.course.top().collect();
    let names: Vec<&str> = expected.value.iter().map(|name| name.value.as_str()).collect();
    let at = names.iter().zip(&actual).take_while(|(expected, actual)| expected == actual).count();
    if names.len() == at && actual.len() == at {
        return None;
    }
    let first = match (names.get(at), actual.get(at)) {
        (Some(expected), Some(actual)) => format!("at position {}: expected {expected}, got {actual}", at + 1),
        (Some(expected), None) => format!("it ends before {expected}: {}", ran.end_text().replace('\n', "\n  ")),
        (None, Some(actual)) => format!("it goes on to {actual}"),
        (None, None) => String::new(),
    };
    let arrow = |names: &[&str]| names.join(" → ");
    let message = format!("another path\n  expected {}\n  got      {}\n  {first}", arrow(&names), arrow(&actual));
    Some(Failure::at(expected.line, message))
}

fn passes(expect: &Expect, ran: &Ran<'_>) -> Option<Failure> {
    let expected = expect.passes.as_ref()?;
    let mut names = ran.course.names();
    let missing = expected.value.iter().find(|wanted| !names.any(|name| name == wanted.value))?;
    let why =
        if ran.course.reaches(&missing.value) { "is not entered after those before it" } else { "is not entered" };
    let got = list(ran.course.names());
    Some(Failure::at(missing.line, format!("{} {why}\n  got {got}\n  {}", missing.value, ran.end_text())))
}

fn avoids(expect: &Expect, ran: &Ran<'_>) -> Vec<Failure> {
    let names = expect.avoids.iter().flat_map(|avoids| &avoids.value);
    let entered = names.filter(|name| ran.course.reaches(&name.value));
    entered.map(|name| Failure::at(name.line, format!("{} is entered, and it should not be", name.value))).collect()
}

fn output(expect: &Expect, ran: &Ran<'_>) -> Vec<Failure> {
    let outcome = ran.driven.execution.outcome();
    let Some(output) = outcome.and_then(|outcome| outcome.output.as_deref()) else {
        // Where it did not succeed, the status has been reported.
        return Vec::new();
    };
    let output = countersign_asl::read_json(output).unwrap_or(Value::Null);
    let mut found = Vec::new();
    let mut compare = |expected: &Option<At<Value>>, compare: fn(&Value, &Value) -> Vec<Difference>| {
        let Some(expected) = expected else { return };
        let differences = compare(&expected.value, &output);
        if !differences.is_empty() {
            let mut message = "another output".to_owned();
            differences.iter().for_each(|one| message += &format!("\n  {one}"));
            found.push(Failure::at(expected.line, message));
        }
    };
    compare(&expect.output, differences);
    compare(&expect.output_has, missing_from);
    found
}

fn takes(expect: &Expect, ran: &Ran<'_>) -> Option<Failure> {
    let expected = expect.takes.as_ref()?;
    let (least, most) = expected.value;
    let took = ran.driven.took_ms();
    if (least..=most).contains(&took) {
        return None;
    }
    let range = match (least, most) {
        (least, most) if least == most => duration_text(least),
        (least, i64::MAX) => format!("at least {}", duration_text(least)),
        (0, most) => format!("at most {}", duration_text(most)),
        (least, most) => format!("{} to {}", duration_text(least), duration_text(most)),
    };
    Some(Failure::at(expected.line, format!("expected that it takes {range}, but it takes {}", duration_text(took))))
}

fn counts(expect: &Expect, ran: &Ran<'_>) -> Vec<Failure> {
    let visits = |state: &str| ran.course.names().filter(|name| *name == state).count() as u64;
    let calls = |state: &str| ran.calls.get(state).copied().unwrap_or(0);
    let message = |state: &str, what: &str, expected: u64, actual: u64| {
        format!("expected {expected} {what} of {state}, got {actual}")
    };
    let of_visits = expect.visits.iter().map(|(state, at)| (state, at, visits(state), "visits"));
    let of_calls = expect.calls.iter().map(|(state, at)| (state, at, calls(state), "calls"));
    let wrong = of_visits.chain(of_calls).filter(|(_, at, actual, _)| at.value != *actual);
    wrong.map(|(state, at, actual, what)| Failure::at(at.line, message(state, what, at.value, actual))).collect()
}

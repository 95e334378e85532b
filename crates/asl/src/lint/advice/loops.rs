//! What adds events to a history, or items to a variable, with every round: polls, and Map states without a bound.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::flow::inner_scopes;
use super::walk::{StateAt, body};
use super::{Advice, MOST_EVENTS, number, time};
use crate::resource::{Pattern, Resource};
use crate::rule::Rule;

/// Polls that go on for longer than this are not reported, in seconds: a day.
const LONG: f64 = 86_400.0;

/// In scopes with more states no loop is looked for: a definition may have many states, and every one may wait.
const MOST_STATES: usize = 500;

/// Map states with more room than for so many items are not reported.
const MANY_ITEMS: u64 = 1_000;

pub(super) fn check(advice: &mut Advice, at: &StateAt, machine: &Map<String, Value>) {
    check_growing(advice, at);
    if at.express {
        return;
    }
    match at.kind() {
        "Wait" => check_poll(advice, at, machine),
        "Map" if !at.is_distributed_map() => check_map(advice, at),
        _ => {}
    }
}

/// A Map within the execution: each item adds the events of its iteration.
fn check_map(advice: &mut Advice, at: &StateAt) {
    if at.state.get("Items").is_some_and(Value::is_array) {
        return;
    }
    let Some(events) = body(at.state).and_then(scope_events) else { return };
    // MapIterationStarted and MapIterationSucceeded.
    let events = events + 2;
    let items = MOST_EVENTS / events;
    if items >= MANY_ITEMS {
        return;
    }
    advice.advise(
        Rule::EventLimit,
        &at.path,
        format!(
            "Each item adds at least {events} events: more than {items} items fail the execution at its 25,000th event"
        ),
        "Make it a distributed Map, whose items are executions of their own, or limit the items before it.",
    );
}

/// A loop through this Wait that nothing is seen to end.
fn check_poll(advice: &mut Advice, at: &StateAt, machine: &Map<String, Value>) {
    if number(at.state, "Seconds").is_none() {
        return;
    }
    let costs = costs(at.siblings);
    let Some(round) = round(at.siblings, &costs, at.name) else { return };
    let (mut events, mut seconds) = (0, 0.0);
    for name in &round {
        let Some(state) = at.siblings.get(*name) else { return };
        if counts(state) {
            return;
        }
        events += costs.get(name).copied().unwrap_or_default();
        if state["Type"] == "Wait" {
            let Some(wait) = state.as_object().and_then(|state| number(state, "Seconds")) else { return };
            seconds += wait;
        }
    }
    if events == 0 {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 25,000")]
    let lasts = (MOST_EVENTS / events) as f64 * seconds;
    if lasts > LONG || number(machine, "TimeoutSeconds").is_some_and(|timeout| timeout <= lasts) {
        return;
    }
    advice.advise(
        Rule::EventLimit,
        &at.path,
        format!(
            "This loop adds at least {events} events every {}: after {} the execution fails at its 25,000th event",
            time(seconds),
            time(lasts)
        ),
        "Count the rounds and end them in a Choice, wait for longer, give the machine a TimeoutSeconds, or wait for an \
         answer with .sync or .waitForTaskToken in place of asking.",
    );
}

/// A variable to which every round of a loop appends.
fn check_growing(advice: &mut Advice, at: &StateAt) {
    let Some(assign) = at.state.get("Assign").and_then(Value::as_object) else { return };
    for (name, value) in assign {
        let text: String =
            value.as_str().unwrap_or_default().chars().filter(|letter| !letter.is_whitespace()).collect();
        if !text.contains(&format!("$append(${name},")) {
            continue;
        }
        let Some(round) = round(at.siblings, &costs(at.siblings), at.name) else { return };
        if round.iter().filter_map(|name| at.siblings.get(*name)).any(counts) {
            return;
        }
        advice.advise(
            Rule::PayloadLimit,
            &super::super::below(&format!("{}/Assign", at.path), name),
            format!("Every round of this loop appends to '{name}': above 256 KiB the state fails"),
            "Keep the items in S3 or a table, or count the rounds and end them in a Choice.",
        );
    }
}

/// Whether a Choice compares numbers, which may be what counts the rounds.
fn counts(state: &Value) -> bool {
    if state["Type"] != "Choice" {
        return false;
    }
    let text = state["Choices"].to_string();
    // A text with a placeholder may be any comparison.
    text.contains("\"Numeric") || text.contains("${") || (text.contains("{%") && text.contains(['<', '>']))
}

/// The round with the fewest events from a state back to it, through its scope's own transitions.
fn round<'a>(states: &'a Map<String, Value>, costs: &Costs, from: &'a str) -> Option<Vec<&'a str>> {
    if states.len() > MOST_STATES {
        return None;
    }
    let before = shortest(states, costs, from);
    let last = before.iter().filter(|(name, _)| states.get(**name).is_some_and(|state| next(state).contains(&from)));
    let (last, _) = last.min_by_key(|(name, reached)| (reached.events, **name))?;
    let mut round = vec![*last];
    while let Some(name) = round.last().and_then(|name| before.get(name)?.before) {
        round.push(name);
    }
    Some(round)
}

/// How a state is reached.
struct Reached<'a> {
    /// The events before it.
    events: u64,
    /// The state before it.
    before: Option<&'a str>,
}

/// The way with the fewest events from a state to each that it leads to, and to itself.
fn shortest<'a>(states: &'a Map<String, Value>, costs: &Costs, from: &'a str) -> HashMap<&'a str, Reached<'a>> {
    let mut reached = HashMap::from([(from, Reached { events: 0, before: None })]);
    let mut open = std::collections::BTreeSet::from([(0, from)]);
    while let Some((events, name)) = open.pop_first() {
        let Some(state) = states.get(name) else { continue };
        let after = events + costs.get(name).copied().unwrap_or_default();
        for target in next(state) {
            if reached.get(target).is_none_or(|known| after < known.events) {
                reached.insert(target, Reached { events: after, before: Some(name) });
                open.insert((after, target));
            }
        }
    }
    reached
}

/// The states that follow when nothing fails.
fn next(state: &Value) -> Vec<&str> {
    let own = ["Next", "Default"].into_iter().filter_map(|field| state.get(field)?.as_str());
    let rules = state.get("Choices").and_then(Value::as_array).into_iter().flatten();
    own.chain(rules.filter_map(|rule| rule.get("Next")?.as_str())).collect()
}

/// The fewest events of a scope from its start to an end; `None` where none is reached.
fn scope_events(scope: &Value) -> Option<u64> {
    let states = scope.get("States")?.as_object()?;
    let ends = |state: &Value| state["End"] == true || matches!(state["Type"].as_str(), Some("Succeed" | "Fail"));
    let costs = costs(states);
    let reached = shortest(states, &costs, scope.get("StartAt")?.as_str()?);
    let ends = reached.iter().filter_map(|(name, way)| {
        let state = states.get(*name)?;
        ends(state).then(|| way.events + costs.get(name).copied().unwrap_or_default())
    });
    ends.min()
}

/// The events of each state of a scope. Counted once for a scope, since those of the scopes inside are counted for it.
type Costs<'a> = HashMap<&'a str, u64>;

fn costs(states: &Map<String, Value>) -> Costs<'_> {
    states.iter().map(|(name, state)| (name.as_str(), state_events(state))).collect()
}

/// The events of a state that succeeds at its first attempt, at least.
fn state_events(state: &Value) -> u64 {
    let inner = || inner_scopes(state, "").into_iter().filter_map(|(scope, _)| scope_events(scope));
    match state["Type"].as_str() {
        // It is entered, scheduled, started and exited, and has succeeded; a job or callback is submitted as well.
        Some("Task") => match state["Resource"].as_str().and_then(Resource::read).and_then(Resource::pattern) {
            None | Some(Pattern::Response) => 5,
            Some(Pattern::Sync | Pattern::Sync2 | Pattern::Callback) => 6,
        },
        // It is entered, started and exited, and has succeeded. A Map may have no items.
        Some("Parallel") => 4 + inner().sum::<u64>(),
        Some("Map") => 4,
        _ => 2,
    }
}

//! Two courses side by side: where they part, and what that comes to.

use std::collections::{BTreeSet, HashMap};

use countersign_trace::OutcomeStatus;
use serde::{Deserialize, Serialize};

use super::Found;
use super::end::{End, own_words};
use crate::course::{Course, Visited, Within};

/// Where two courses part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The position of the first visit that differs, in both courses.
    pub at: usize,
    /// The last state that they have in common; `None` if they differ from the start.
    pub after: Option<String>,
    /// The state that followed then; `None` if the course ended there.
    pub then: Option<String>,
    /// The state that follows now; `None` if the course ends there.
    pub now: Option<String>,
}

/// The two ends, and whether both were worded by the engine.
pub(super) struct Ends {
    pub then: End,
    pub now: End,
    pub in_same_words: bool,
}

impl Ends {
    fn are_same(&self) -> bool {
        if !self.have_same_error() {
            return false;
        }
        let Self { then, now, in_same_words } = self;
        // The service words its own causes, and numbers its events, in another way.
        let comparable = *in_same_words || !then.error.as_deref().unwrap_or_default().starts_with("States.");
        let words = |end: &End| end.cause.as_deref().map(own_words).unwrap_or_default().to_owned();
        !comparable || words(then) == words(now)
    }

    fn have_same_error(&self) -> bool {
        self.then.status == self.now.status && self.then.error == self.now.error
    }

    fn have_same_output(&self) -> bool {
        let value = |end: &End| end.output.as_deref().map(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        self.then.output == self.now.output || value(&self.then) == value(&self.now)
    }
}

/// Where two courses part; `None` if they are the same.
pub(super) fn turn(then: &Course, now: &Course) -> Option<Turn> {
    let is_same = |(then, now): (&Visited, &Visited)| then.state == now.state && then.scope == now.scope;
    let at = then.visits.iter().zip(&now.visits).take_while(|pair| is_same(*pair)).count();
    let state = |course: &Course, at: usize| course.visits.get(at).map(|visit| visit.state.clone());
    if then.visits.len() == at && now.visits.len() == at {
        return None;
    }
    let after = at.checked_sub(1).and_then(|before| state(now, before));
    Some(Turn { at, after, then: state(then, at), now: state(now, at) })
}

/// Where a course that has not come to its end has left the other one; `None` as long as it may still be the same.
pub(super) fn left(then: &Course, now: &Course) -> Option<Turn> {
    if goes_the_same_way(then, now) { None } else { turn(then, now).filter(|turn| turn.now.is_some()) }
}

/// The states of `course` that are not in `other`, once each, in order.
pub(super) fn missing(course: &Course, other: &Course) -> Vec<String> {
    let known: BTreeSet<&str> = other.names().collect();
    let mut found: Vec<String> = Vec::new();
    for name in course.names().filter(|name| !known.contains(name)) {
        if !found.iter().any(|one| one == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Whether every scope of `now` begins as it did then.
fn goes_the_same_way(then: &Course, now: &Course) -> bool {
    let then = scopes(then);
    scopes(now).iter().all(|(scope, states)| then.get(scope).is_some_and(|then| then.starts_with(states)))
}

fn scopes(course: &Course) -> HashMap<&[Within], Vec<&str>> {
    let mut found: HashMap<&[Within], Vec<&str>> = HashMap::new();
    for visit in &course.visits {
        found.entry(&visit.scope).or_default().push(&visit.state);
    }
    found
}

/// What two courses that came to their ends come to.
pub(super) fn found(then: &Course, now: &Course, ends: &Ends) -> Found {
    let end = ends.now.clone();
    let Some(turn) = turn(then, now) else {
        return if ends.are_same() {
            Found::SamePath { same_output: ends.have_same_output() }
        } else {
            Found::AnotherEnd { end, no_longer: Vec::new() }
        };
    };
    let no_longer = missing(then, now);
    // It breaks off on the old way.
    if end.status != OutcomeStatus::Succeeded && !ends.are_same() && goes_the_same_way(then, now) {
        return Found::AnotherEnd { end, no_longer };
    }
    Found::AnotherPath { turn, newly: missing(now, then), no_longer, end, ends_as_then: ends.have_same_error() }
}

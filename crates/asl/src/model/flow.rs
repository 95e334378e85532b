//! The ordinary course of a definition: what runs as long as nothing fails.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{Machine, State, StateKind, Transition};

/// Which states lead where, as long as nothing fails. Every scope counts for itself: a state inside a container is measured
/// by the start and the ends of its own scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course<'a> {
    reached: HashSet<&'a str>,
    hopeful: HashSet<&'a str>,
}

impl Course<'_> {
    /// Whether the execution can get to this state without a failure. Only catch edges lead to the others.
    #[must_use]
    pub fn is_reached(&self, state: &str) -> bool {
        self.reached.contains(state)
    }

    /// Whether the execution can come to a good end from this state without a failure. The others lead to nothing but Fail
    /// states.
    #[must_use]
    pub fn can_end_well(&self, state: &str) -> bool {
        self.hopeful.contains(state)
    }
}

impl Machine {
    /// What runs as long as nothing fails.
    ///
    /// ```
    /// let definition = r#"{"StartAt": "Charge", "States": {
    ///   "Charge": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
    ///     "Parameters": {"FunctionName": "charge"},
    ///     "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refund"}]},
    ///   "Refund": {"Type": "Pass", "Next": "Failed"},
    ///   "Failed": {"Type": "Fail"}}}"#;
    /// let machine = countersign_asl::parse(definition).0.unwrap();
    /// let course = machine.course();
    /// assert!(course.is_reached("Charge") && course.can_end_well("Charge"));
    /// assert!(!course.is_reached("Refund") && !course.can_end_well("Refund"));
    /// ```
    #[must_use]
    pub fn course(&self) -> Course<'_> {
        let mut course = Course::default();
        course.add(&self.start_at, &self.states);
        for scope in self.all_states().into_iter().flat_map(State::scopes) {
            course.add(&scope.start_at, &scope.states);
        }
        course
    }
}

impl<'a> Course<'a> {
    fn add(&mut self, start: &'a str, states: &'a IndexMap<String, State>) {
        self.reached.extend(closure(vec![start], |name| states.get(name).map(successors).unwrap_or_default()));
        let ends = states.values().filter(|state| ends_well(state)).map(|state| state.name.as_str()).collect();
        let mut before: HashMap<&str, Vec<&str>> = HashMap::new();
        for state in states.values() {
            for next in successors(state) {
                before.entry(next).or_default().push(&state.name);
            }
        }
        self.hopeful.extend(closure(ends, |name| before.get(name).cloned().unwrap_or_default()));
    }
}

/// What is reached from `from` by steps of `next`.
fn closure<'a>(from: Vec<&'a str>, next: impl Fn(&'a str) -> Vec<&'a str>) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    let mut open = from;
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(next(name));
        }
    }
    found
}

fn ends_well(state: &State) -> bool {
    matches!(state.kind, StateKind::Succeed) || state.transition == Some(Transition::End)
}

/// Where a state goes on where nothing fails.
fn successors(state: &State) -> Vec<&str> {
    match (&state.kind, &state.transition) {
        (StateKind::Choice(choice), _) => {
            choice.rules.iter().map(|rule| &rule.next).chain(&choice.default).map(String::as_str).collect()
        }
        (_, Some(Transition::Next(next))) => vec![next],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a definition that cannot be read is a failed test")]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_handles_a_failure_is_apart_from_the_ordinary_course() {
        let catch = |next: &str| json!([{"ErrorEquals": ["States.ALL"], "Next": next}]);
        let task = |next: &str, catch: serde_json::Value| json!({"Type": "Task", "Resource": "r", "Next": next, "Catch": catch});
        let machine = Machine::from_value(json!({"StartAt": "Check", "States": {
            "Check": {"Type": "Choice", "Choices": [{"Variable": "$.ok", "BooleanEquals": false, "Next": "Undo"}], "Default": "Look up"},
            "Look up": task("Charge", catch("Guess")),
            "Guess": {"Type": "Pass", "Next": "Charge"},
            "Charge": task("Each", catch("Which")),
            "Which": {"Type": "Choice", "Choices": [{"Variable": "$.again", "BooleanEquals": true, "Next": "Charge"}], "Default": "Undo"},
            "Undo": {"Type": "Pass", "Next": "Failed"},
            "Failed": {"Type": "Fail"},
            "Each": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "Pack", "States": {
                "Pack": {"Type": "Task", "Resource": "r", "End": true, "Catch": catch("Unpack")},
                "Unpack": {"Type": "Pass", "Next": "Not packed"},
                "Not packed": {"Type": "Fail"}}}},
        }}))
        .unwrap();
        let course = machine.course();
        let names = |is_meant: &dyn Fn(&str) -> bool| {
            let names = machine.all_states().into_iter().map(|state| state.name.as_str());
            names.filter(|name| is_meant(name)).collect::<Vec<_>>().join(", ")
        };
        let reached = "Check, Look up, Charge, Undo, Failed, Each, Pack";
        assert_eq!(names(&|name| course.is_reached(name)), reached);
        let hopeful = "Check, Look up, Guess, Charge, Which, Each, Pack";
        assert_eq!(names(&|name| course.can_end_well(name)), hopeful);
    }
}

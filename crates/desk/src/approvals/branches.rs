//! Where an answer leads, according to the definition alone.

use countersign_asl::{Machine, Resource, State, StateKind, Transition};
use serde_json::Value;

use crate::deploy::function_name;

/// The most states that a path names; nobody reads more.
pub(super) const STEPS: usize = 4;

/// What follows an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The task of this state is tried again.
    Retry { state: String },
    /// The execution goes this way.
    Way {
        /// The first states that are entered.
        states: Vec<String>,
        /// Whether more are entered.
        more: bool,
        /// What the states do not say.
        end: Option<WayEnd>,
        /// What the last of them does, where nothing else comes after it.
        last: Option<Last>,
    },
}

/// What the last state of a way does: its name may not say it. `part`: the branch or the iteration that the task is in,
/// instead of the execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// It calls a function, or an action of a service.
    Calls {
        what: String,
        /// Whether it then waits for an answer.
        waits: bool,
    },
    Succeeds {
        part: bool,
    },
    Fails {
        part: bool,
    },
}

/// The end of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayEnd {
    Succeeds,
    /// The branch or the iteration that the task is in succeeds.
    PartSucceeds,
    Fails {
        error: String,
    },
    /// The branch or the iteration fails: what contains it may go on.
    PartFails {
        error: String,
    },
}

impl WayEnd {
    fn rewritten(self, rewrite: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Fails { error } => Self::Fails { error: rewrite(&error) },
            Self::PartFails { error } => Self::PartFails { error: rewrite(&error) },
            Self::Succeeds | Self::PartSucceeds => self,
        }
    }
}

impl Consequence {
    /// A way without states.
    const fn end(end: WayEnd) -> Self {
        Self::Way { states: Vec::new(), more: false, end: Some(end), last: None }
    }

    /// The same with each text of an execution changed by `rewrite`.
    #[must_use]
    pub fn rewritten(self, rewrite: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Way { states, more, end, last } => {
                Self::Way { states, more, end: end.map(|end| end.rewritten(&rewrite)), last }
            }
            Self::Retry { state } => Self::Retry { state },
        }
    }
}

/// What follows an answer to `state`: a success, or a failure with this error; `None` where there is no such state.
#[must_use]
pub fn of(machine: &Machine, state: &str, error: Option<&str>) -> Option<Consequence> {
    let part = is_part(machine, state);
    let state = machine.state(state)?;
    let Some(error) = error else {
        return Some(match &state.transition {
            Some(Transition::Next(next)) => way(machine, next),
            _ => Consequence::end(if part { WayEnd::PartSucceeds } else { WayEnd::Succeeds }),
        });
    };
    let catches = |known: &String| [error, "States.TaskFailed", "States.ALL"].contains(&known.as_str());
    let catcher = state.catch.iter().find(|catcher| catcher.errors.iter().any(catches));
    Some(match catcher {
        Some(catcher) => way(machine, &catcher.next),
        None => Consequence::end(fails(error.to_owned(), part)),
    })
}

/// An uncaught error.
pub(super) fn fails(error: String, part: bool) -> WayEnd {
    if part { WayEnd::PartFails { error } } else { WayEnd::Fails { error } }
}

/// Whether a state is in a branch or an iteration.
pub(super) fn is_part(machine: &Machine, state: &str) -> bool {
    !machine.states.contains_key(state)
}

/// What a state does that ends a way.
pub(super) fn last(machine: &Machine, name: &str) -> Option<Last> {
    let state = machine.state(name)?;
    let part = is_part(machine, name);
    match &state.kind {
        StateKind::Task(task) => {
            let waits = Resource::read(&task.resource).is_some_and(Resource::waits_for_answer);
            called(&task.resource, task.parameters.as_ref()).map(|what| Last::Calls { what, waits })
        }
        StateKind::Succeed => Some(Last::Succeeds { part }),
        StateKind::Fail(_) => Some(Last::Fails { part }),
        StateKind::Pass | StateKind::Wait(_) if state.transition == Some(Transition::End) => {
            Some(Last::Succeeds { part })
        }
        _ => None,
    }
}

/// What a task calls, as far as the definition says it: a function by its name, anything else as `sns:publish`.
fn called(resource: &str, parameters: Option<&Value>) -> Option<String> {
    let resource = Resource::read(resource)?;
    match resource {
        Resource::Function(arn) => function_name(arn).map(str::to_owned),
        Resource::Activity(arn) => arn.rsplit(':').next().map(|name| format!("the activity {name}")),
        Resource::Call { service, action, .. } | Resource::Sdk { service, action, .. } => {
            let named = parameters.and_then(|parameters| parameters.get("FunctionName")).and_then(Value::as_str);
            let function = named.filter(|_| resource.calls_function()).and_then(function_name);
            Some(function.map_or_else(|| format!("{service}:{action}"), str::to_owned))
        }
    }
}

/// The states from `start` on, up to the first branch.
fn way(machine: &Machine, start: &str) -> Consequence {
    let mut states: Vec<String> = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(name) = next.take() {
        if states.len() == STEPS || states.contains(&name) {
            return Consequence::Way { states, more: true, end: None, last: None };
        }
        next = machine.state(&name).and_then(only_way);
        states.push(name);
    }
    // A state before the last one may fail at what it calls: nobody knows yet whether the way gets to its end.
    let works = |name: &String| {
        let kind = machine.state(name).map(|state| &state.kind);
        matches!(kind, Some(StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)))
    };
    let end = states.split_last().filter(|(_, before)| !before.iter().any(works));
    let last = end.and_then(|(name, _)| last(machine, name));
    Consequence::Way { states, more: false, end: None, last }
}

fn only_way(state: &State) -> Option<String> {
    match (&state.kind, &state.transition) {
        (StateKind::Choice(_), _) => None,
        (_, Some(Transition::Next(next))) => Some(next.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn both_paths_are_named() {
        let text = r#"{"StartAt":"Ask","States":{
            "Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},
                "Catch":[{"ErrorEquals":["ApprovalRejected"],"Next":"Tell"}],"Next":"Pay"},
            "Pay":{"Type":"Pass","Next":"Done"},"Done":{"Type":"Succeed"},"Tell":{"Type":"Fail","Error":"No"}}}"#;
        let machine = countersign_asl::parse(text).0.unwrap();
        let way = |states: &[&str], last| {
            let states = states.iter().map(|&state| state.to_owned()).collect();
            Some(Consequence::Way { states, more: false, end: None, last: Some(last) })
        };
        let rejected = Some("ApprovalRejected");
        assert_eq!(of(&machine, "Ask", None), way(&["Pay", "Done"], Last::Succeeds { part: false }));
        assert_eq!(of(&machine, "Ask", rejected), way(&["Tell"], Last::Fails { part: false }));
        let fails = Consequence::end(WayEnd::Fails { error: "ApprovalRejected".to_owned() });
        assert_eq!(of(&machine, "Pay", rejected), Some(fails));
        assert_eq!(of(&machine, "Done", None), Some(Consequence::end(WayEnd::Succeeds)));
    }

    #[test]
    fn the_last_state_says_what_it_does() {
        let task =
            |resource: &str, more: &str| format!(r#"{{"Type":"Task","Resource":"{resource}"{more},"End":true}}"#);
        let invoke = r#","Parameters":{"FunctionName":"arn:aws:lambda:us-east-1:000000000000:function:refund:live"}"#;
        let computed = r#","Parameters":{"FunctionName.$":"$.name"}"#;
        let calls = |what: &str, waits| Some(Last::Calls { what: what.to_owned(), waits });
        for (state, expected) in [
            (task("arn:aws:lambda:us-east-1:000000000000:function:refund", ""), calls("refund", false)),
            (task("arn:aws:states:::lambda:invoke", invoke), calls("refund", false)),
            (task("arn:aws:states:::lambda:invoke.waitForTaskToken", computed), calls("lambda:invoke", true)),
            (task("arn:aws:states:::sns:publish", ""), calls("sns:publish", false)),
            (task("arn:aws:states:us-east-1:000000000000:activity:pack", ""), calls("the activity pack", true)),
            (task("${Function}", ""), None),
            (r#"{"Type":"Pass","End":true}"#.to_owned(), Some(Last::Succeeds { part: false })),
        ] {
            let text = format!(r#"{{"StartAt":"A","States":{{"A":{state}}}}}"#);
            let machine = Machine::from_value(serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(last(&machine, "A"), expected, "{state}");
        }
    }

    #[test]
    fn a_part_of_a_workflow_ends_alone() {
        let text = r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"Ask","States":{
            "Ask":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"q","MessageBody.$":"$$.Task.Token"},"Next":"Done"},
            "Done":{"Type":"Succeed"}}}}}}"#;
        let machine = Machine::from_value(serde_json::from_str(text).unwrap()).unwrap();
        let states = vec!["Done".to_owned()];
        let done = Consequence::Way { states, more: false, end: None, last: Some(Last::Succeeds { part: true }) };
        assert_eq!(of(&machine, "Ask", None), Some(done));
        let fails = Consequence::end(WayEnd::PartFails { error: "No".to_owned() });
        assert_eq!(of(&machine, "Ask", Some("No")), Some(fails));
    }
}

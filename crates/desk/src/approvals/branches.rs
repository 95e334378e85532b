//! Where an answer leads, according to the definition alone.

use countersign_asl::{Machine, State, StateKind, Transition};

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
}

impl Consequence {
    /// A way without states.
    const fn end(end: WayEnd) -> Self {
        Self::Way { states: Vec::new(), more: false, end: Some(end) }
    }

    /// The same with each text of an execution changed by `rewrite`.
    #[must_use]
    pub fn rewritten(self, rewrite: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Way { states, more, end: Some(WayEnd::Fails { error }) } => {
                Self::Way { states, more, end: Some(WayEnd::Fails { error: rewrite(&error) }) }
            }
            other => other,
        }
    }
}

/// What follows an answer to `state`: a success, or a failure with this error; `None` where there is no such state.
#[must_use]
pub fn of(machine: &Machine, state: &str, error: Option<&str>) -> Option<Consequence> {
    let state = machine.state(state)?;
    let Some(error) = error else {
        return Some(match &state.transition {
            Some(Transition::Next(next)) => way(machine, next),
            _ => Consequence::end(WayEnd::PartSucceeds),
        });
    };
    let catches = |known: &String| [error, "States.TaskFailed", "States.ALL"].contains(&known.as_str());
    let catcher = state.catch.iter().find(|catcher| catcher.errors.iter().any(catches));
    Some(match catcher {
        Some(catcher) => way(machine, &catcher.next),
        None => Consequence::end(WayEnd::Fails { error: error.to_owned() }),
    })
}

/// The states from `start` on, up to the first branch.
fn way(machine: &Machine, start: &str) -> Consequence {
    let mut states: Vec<String> = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(name) = next.take() {
        if states.len() == STEPS || states.contains(&name) {
            return Consequence::Way { states, more: true, end: None };
        }
        next = machine.state(&name).and_then(only_way);
        states.push(name);
    }
    Consequence::Way { states, more: false, end: None }
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
        let way = |states: &[&str]| {
            let states = states.iter().map(|&state| state.to_owned()).collect();
            Some(Consequence::Way { states, more: false, end: None })
        };
        let rejected = Some("ApprovalRejected");
        assert_eq!(of(&machine, "Ask", None), way(&["Pay", "Done"]));
        assert_eq!(of(&machine, "Ask", rejected), way(&["Tell"]));
        let fails = Consequence::end(WayEnd::Fails { error: "ApprovalRejected".to_owned() });
        assert_eq!(of(&machine, "Pay", rejected), Some(fails));
        assert_eq!(of(&machine, "Done", None), Some(Consequence::end(WayEnd::PartSucceeds)));
    }
}

//! Where an approval and a rejection lead, in words, according to the definition alone.

use countersign_asl::{Machine, State, StateKind, Transition};

use super::REJECTED;

/// The most states that a path names; nobody reads more.
pub(super) const STEPS: usize = 4;

/// The paths after both answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    pub approved: Option<String>,
    pub rejected: Option<String>,
}

/// The paths that follow `state`.
#[must_use]
pub fn of(machine: &Machine, state: &str) -> Branches {
    let Some(state) = machine.state(state) else { return Branches::default() };
    let approved = match &state.transition {
        Some(Transition::Next(next)) => way(machine, next),
        _ => "this part of the workflow succeeds".to_owned(),
    };
    let catcher = state.catch.iter().find(|catcher| {
        catcher.errors.iter().any(|error| [REJECTED, "States.TaskFailed", "States.ALL"].contains(&error.as_str()))
    });
    let rejected = match catcher {
        Some(catcher) => way(machine, &catcher.next),
        None => format!("the execution fails with {REJECTED}"),
    };
    Branches { approved: Some(approved), rejected: Some(rejected) }
}

/// The states from `start` on, up to the first branch.
fn way(machine: &Machine, start: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(name) = next.take() {
        if names.len() == STEPS || names.contains(&name) {
            names.push("…".to_owned());
            break;
        }
        next = machine.state(&name).and_then(only_way);
        names.push(name);
    }
    names.join(" → ")
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
        assert_eq!(
            of(&machine, "Ask"),
            Branches { approved: Some("Pay → Done".into()), rejected: Some("Tell".into()) }
        );
        assert_eq!(of(&machine, "Pay").rejected.unwrap(), "the execution fails with ApprovalRejected");
    }
}

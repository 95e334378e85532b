//! What follows an answer: continues a run from a waiting task with an answer that nobody has given yet.
//!
//! It goes on until it needs something from outside: it passes Wait states as if their time were over, and stops where
//! the next Task, Map or Parallel state begins its work. No action is performed.

use std::sync::Arc;

use serde_json::Value;

use crate::execution::{Execution, Purpose};
use crate::failure::Failure;
use crate::ids::ThreadId;
use crate::moment::scope_of;
use crate::states::Tag;
use crate::thread::Data;
use crate::{CompileError, Input, Moment, OutcomeStatus};

/// An answer: JSON text, or error and cause.
pub type TaskAnswer = Result<String, (String, String)>;

/// What follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The states that are entered, in order, with their inputs.
    pub entered: Vec<(String, String)>,
    /// The scope (the execution, the branch or the iteration) reaches its end.
    pub ends: bool,
    /// The error and the cause with which the scope fails, if it does.
    pub failure: Option<(String, String)>,
    /// A Fail state was reached: the definition intends the failure.
    pub is_meant: bool,
    /// The run reaches the same task again.
    pub retries: bool,
    /// Errors that the interpreter found on the way, caught or not, each with its state.
    pub faults: Vec<(String, String)>,
}

/// How many Wait states are passed.
const WAITS: usize = 8;

/// Continues from the state of `moment` with `answer`. `None` if the moment does not fit the definition.
///
/// # Errors
/// The scope of the state cannot be compiled.
pub fn ahead(definition: &Value, moment: &Moment, answer: &TaskAnswer) -> Result<Option<Ahead>, CompileError> {
    let program = Arc::new(scope_of(definition, &moment.state)?);
    let Some(mut execution) = moment.stand(program, None) else { return Ok(None) };
    let known = execution.history().len();
    match answer {
        Ok(output) => match Data::read(output) {
            Ok(data) => execution.complete(ThreadId::FIRST, data),
            Err(_) => return Ok(None),
        },
        Err((error, cause)) => execution.handle(ThreadId::FIRST, Failure::new(error.clone(), cause.clone())),
    }
    execution.ready.push_back(ThreadId::FIRST);
    execution.run();
    for _ in 0..WAITS {
        if !wake(&mut execution) {
            break;
        }
    }
    Ok(Some(reached(&execution, known)))
}

/// Ends a Wait state's time. Returns whether there was one.
fn wake(execution: &mut Execution) -> bool {
    let due =
        execution.timers.iter().find(|(_, timer)| timer.purpose == Purpose::Wake).map(|(id, timer)| (*id, timer.at));
    let Some((timer, at)) = due else { return false };
    execution.step(at, Input::TimerFired { timer });
    true
}

fn reached(execution: &Execution, known: usize) -> Ahead {
    let mut ahead = Ahead::default();
    let program = &execution.program;
    let tag =
        |name: &str| program.scopes.iter().flat_map(|scope| &scope.states).find(|s| *s.name == *name).map(|s| s.tag);
    let top = |name: &str| program.scopes[0].states.iter().any(|state| *state.name == *name);
    let mut state = execution.threads[0].situation.state.to_string();
    for event in &execution.history()[known..] {
        if event.kind.is_state_entered()
            && let Some(name) = &event.details.name
        {
            state.clone_from(name);
            if top(name) {
                ahead.entered.push((name.clone(), event.details.input.clone().unwrap_or_default()));
            }
        } else if event.kind == countersign_trace::EventKind::EvaluationFailed {
            ahead.faults.push((state.clone(), event.details.cause.clone().unwrap_or_default()));
        }
    }
    let is_fail = ahead.entered.last().is_some_and(|(name, _)| matches!(tag(name), Some(Tag::Fail)));
    ahead.retries = execution.timers.values().any(|timer| timer.purpose == Purpose::Retry);
    if let Some(outcome) = execution.outcome() {
        ahead.ends = outcome.status == OutcomeStatus::Succeeded;
        if outcome.status == OutcomeStatus::Failed {
            let (error, cause) = (outcome.error.clone().unwrap_or_default(), outcome.cause.clone().unwrap_or_default());
            if error.starts_with("States.") && !is_fail && ahead.faults.is_empty() {
                ahead.faults.push((state, cause.clone()));
            }
            ahead.failure = Some((error, cause));
            ahead.is_meant = is_fail;
        }
    }
    ahead
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn follow(definition: &Value, state: &str, input: &str, answer: TaskAnswer) -> Ahead {
        let moment = Moment { state: state.into(), input: input.into(), ..Moment::default() };
        ahead(definition, &moment, &answer).unwrap().unwrap()
    }

    fn ask(next: &str) -> Value {
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": next,
               "Catch": [{"ErrorEquals": ["No"], "Next": "Told"}]})
    }

    fn machine() -> Value {
        json!({"StartAt": "Ask", "States": {
            "Ask": ask("Pause"),
            "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Which"},
            "Which": {"Type": "Choice", "Choices": [{"Variable": "$.Status", "StringEquals": "Approved!", "Next": "Pay"}], "Default": "Told"},
            "Pay": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true},
            "Told": {"Type": "Fail", "Error": "States.No"}}})
    }

    #[test]
    fn the_way_of_an_answer_is_followed_to_the_next_task() {
        let ahead = follow(&machine(), "Ask", "{}", Ok(r#"{"Status":"Approved!"}"#.into()));
        let names: Vec<&str> = ahead.entered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, ahead.faults.len(), ahead.failure), (vec!["Pause", "Which", "Pay"], 0, None));
    }

    #[test]
    fn an_answer_that_what_follows_cannot_read_is_a_fault() {
        let ahead = follow(&machine(), "Ask", "{}", Ok(r#"{"decision":"approved"}"#.into()));
        assert_eq!(ahead.faults.len(), 1, "{ahead:?}");
        assert_eq!(ahead.faults[0].0, "Which");
        assert!(ahead.faults[0].1.contains("$.Status"), "{ahead:?}");
    }

    #[test]
    fn a_rejection_is_caught_or_ends_the_scope() {
        let ahead = follow(&machine(), "Ask", "{}", Err(("No".into(), "why".into())));
        assert_eq!((ahead.entered[0].0.as_str(), ahead.is_meant, ahead.faults.len()), ("Told", true, 0));
        let ahead = follow(&machine(), "Ask", "{}", Err(("Other".into(), "why".into())));
        assert_eq!(ahead.failure, Some(("Other".into(), "why".into())));
        assert!(ahead.faults.is_empty() && !ahead.is_meant);
    }

    #[test]
    fn an_iteration_is_a_scope_of_its_own() {
        let inner = json!({"StartAt": "Ask", "States": {"Ask": ask("Next"), "Next": {"Type": "Pass", "InputPath": "$.approved", "End": true},
            "Told": {"Type": "Fail"}}});
        let definition =
            json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": inner, "End": true}}});
        assert_eq!(follow(&definition, "Ask", "{}", Ok("{}".into())).faults.len(), 1);
        assert!(follow(&definition, "Ask", "{}", Ok(r#"{"approved":1}"#.into())).ends);
    }
}

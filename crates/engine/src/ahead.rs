//! What follows an answer: the run goes on from a waiting task with an answer that nobody has given yet.
//!
//! It goes as far as nothing outside is needed, over Wait states as if their time had passed, and stops where the next
//! task, Map or Parallel begins its work. Nothing is performed.

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
    /// The end of the scope (of the execution, the branch or the iteration), where it is reached.
    pub ends: bool,
    /// The error and the cause that the scope fails with, where it does.
    pub failure: Option<(String, String)>,
    /// A Fail state was reached: the failure is meant.
    pub is_meant: bool,
    /// The task is asked again.
    pub retries: bool,
    /// Errors that the interpreter itself met on the way, caught or not, with the state each.
    pub faults: Vec<(String, String)>,
}

/// Wait states that are passed over.
const WAITS: usize = 8;

/// Goes on from the state of `moment` with `answer`. `None` where the moment does not fit the definition.
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
    Ok(Some(told(&execution, known)))
}

/// Lets a Wait state's time pass; says whether there was one.
fn wake(execution: &mut Execution) -> bool {
    let due =
        execution.timers.iter().find(|(_, timer)| timer.purpose == Purpose::Wake).map(|(id, timer)| (*id, timer.at));
    let Some((timer, at)) = due else { return false };
    execution.step(at, Input::TimerFired { timer });
    true
}

fn told(execution: &Execution, known: usize) -> Ahead {
    let mut told = Ahead::default();
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
                told.entered.push((name.clone(), event.details.input.clone().unwrap_or_default()));
            }
        } else if event.kind == countersign_trace::EventKind::EvaluationFailed {
            told.faults.push((state.clone(), event.details.cause.clone().unwrap_or_default()));
        }
    }
    let is_fail = told.entered.last().is_some_and(|(name, _)| matches!(tag(name), Some(Tag::Fail)));
    told.retries = execution.timers.values().any(|timer| timer.purpose == Purpose::Retry);
    if let Some(outcome) = execution.outcome() {
        told.ends = outcome.status == OutcomeStatus::Succeeded;
        if outcome.status == OutcomeStatus::Failed {
            let (error, cause) = (outcome.error.clone().unwrap_or_default(), outcome.cause.clone().unwrap_or_default());
            if error.starts_with("States.") && !is_fail && told.faults.is_empty() {
                told.faults.push((state, cause.clone()));
            }
            told.failure = Some((error, cause));
            told.is_meant = is_fail;
        }
    }
    told
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
        let told = follow(&machine(), "Ask", "{}", Ok(r#"{"Status":"Approved!"}"#.into()));
        let names: Vec<&str> = told.entered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, told.faults.len(), told.failure), (vec!["Pause", "Which", "Pay"], 0, None));
    }

    #[test]
    fn an_answer_that_what_follows_cannot_read_is_a_fault() {
        let told = follow(&machine(), "Ask", "{}", Ok(r#"{"decision":"approved"}"#.into()));
        assert_eq!(told.faults.len(), 1, "{told:?}");
        assert_eq!(told.faults[0].0, "Which");
        assert!(told.faults[0].1.contains("$.Status"), "{told:?}");
    }

    #[test]
    fn a_rejection_is_caught_or_ends_the_scope() {
        let told = follow(&machine(), "Ask", "{}", Err(("No".into(), "why".into())));
        assert_eq!((told.entered[0].0.as_str(), told.is_meant, told.faults.len()), ("Told", true, 0));
        let told = follow(&machine(), "Ask", "{}", Err(("Other".into(), "why".into())));
        assert_eq!(told.failure, Some(("Other".into(), "why".into())));
        assert!(told.faults.is_empty() && !told.is_meant);
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

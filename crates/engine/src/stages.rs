//! The data of one visit at each stage of its state, computed again from what its history recorded.
//!
//! A history holds a state's input and output, the parameters of a task and its result. What `InputPath`, `ResultSelector`
//! or `Output` made in between it does not hold; the interpreter's own evaluator makes it again, at the [`Moment`] of the
//! visit. A stage that cannot be made again says why.

use std::sync::Arc;

use serde_json::Value;

use crate::Moment;
use crate::catch::error_output;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::ThreadId;
use crate::moment::scope_of;
use crate::program::{Selector, State};
use crate::run::combine;
use crate::states::{Body, Tag};
use crate::template::Template;
use crate::thread::{Data, Thread};

/// One stage of a state's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The field of the definition that makes it, such as `ResultSelector`; `Result` is what the state itself returned.
    pub field: &'static str,
    /// The value as JSON text, or why it could not be computed.
    pub value: Result<String, String>,
}

/// What the state itself came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came<'a> {
    /// It has not ended, or its failure ended it.
    Nothing,
    /// A state that calls nothing ended.
    Ended,
    /// The result of the task or of the inner states, as JSON text.
    To(&'a str),
    /// The result is not known, for this reason.
    Unknown(&'a str),
    /// A failure that a Catch took over: error and cause.
    Caught(Option<&'a str>, Option<&'a str>),
}

/// The stages of the visit that `moment` describes, in their order, as far as the state has fields for them.
///
/// # Errors
/// The state cannot be compiled, or its input is not JSON.
pub fn stages(definition: &Value, moment: &Moment, came: Came) -> Result<Vec<Stage>, String> {
    let program = Arc::new(scope_of(definition, &moment.state).map_err(|error| error.to_string())?);
    let execution =
        moment.stand(Arc::clone(&program), None).ok_or("The recorded input of the state is not JSON.".to_owned())?;
    let at = &execution.threads[ThreadId::FIRST];
    let state = &program.scopes[at.scope].states[at.state];
    let mut computed = Computed { execution: &execution, at, state, stages: Vec::new() };
    let effective = computed.before();
    match came {
        Came::Nothing => {}
        Came::Unknown(why) => computed.add("Result", Err(why.to_owned())),
        Came::Caught(error, cause) => computed.caught(error, cause),
        Came::To(result) => match Data::read(result) {
            Ok(result) => computed.after(&result),
            Err(_) => computed.add("Result", Err("The recorded result is not JSON.".to_owned())),
        },
        // A rule of a Choice has fields of its own; the history holds what they made.
        Came::Ended if state.tag == Tag::Choice => {}
        Came::Ended => {
            if let Some(result) = computed.own_result().or(effective) {
                computed.after(&result);
            }
        }
    }
    Ok(computed.stages)
}

/// The stages so far.
struct Computed<'a> {
    execution: &'a Execution,
    at: &'a Thread,
    state: &'a State,
    stages: Vec<Stage>,
}

impl Computed<'_> {
    fn add(&mut self, field: &'static str, value: Result<String, String>) {
        self.stages.push(Stage { field, value });
    }

    /// Adds a stage; its value, if it has one.
    fn made(&mut self, field: &'static str, made: Result<Data, Failure>) -> Option<Data> {
        self.add(field, made.as_ref().map(|data| data.text.to_string()).map_err(why));
        made.ok()
    }

    /// What the state makes of its input; the last of it.
    fn before(&mut self) -> Option<Data> {
        let (execution, at, state) = (self.execution, self.at, self.state);
        if state.jsonata {
            let template = state.parameters.as_ref();
            let arguments =
                template.map(|template| template.value(&execution.view(at, &at.input.value)).map(Data::new));
            return match arguments {
                Some(made) => self.made("Arguments", made),
                None => Some(at.input.clone()),
            };
        }
        let selected = execution.selected(&state.input_path, at, &at.input);
        let selected = match state.input_path {
            Selector::Whole => selected.ok(),
            _ => self.made("InputPath", selected),
        }?;
        if let Body::Map(map) = &state.body
            && let Some(items) = map.selected(&execution.view(at, &selected.value))
        {
            self.made("ItemsPath", items.map(Data::new));
        }
        match (&state.parameters, state.tag) {
            (Some(_), tag) if tag != Tag::Map => {
                self.made("Parameters", execution.effective_input(ThreadId::FIRST, state))
            }
            _ => Some(selected),
        }
    }

    /// What a Pass state returns whatever it receives.
    fn own_result(&self) -> Option<Data> {
        match &self.state.body {
            Body::Pass { result: Some(value) } => {
                Some(Data { text: Arc::from(value.to_string()), value: Arc::clone(value) })
            }
            _ => None,
        }
    }

    /// What the state makes of its result.
    fn after(&mut self, result: &Data) {
        let (execution, at, state) = (self.execution, self.at, self.state);
        if !matches!(state.tag, Tag::Wait | Tag::Succeed) {
            self.add("Result", Ok(result.text.to_string()));
        }
        let selected = match (&state.result_selector, state.jsonata) {
            (Some(template), false) => {
                let selected = template.value(&execution.view(at, &result.value)).map(Data::new);
                self.made("ResultSelector", selected)
            }
            _ => Some(result.clone()),
        };
        let Some(result) = selected else { return };
        let mut view = execution.view(at, &result.value);
        view.result = Some(&result.value);
        let evaluate = |template: &Template| template.value(&view).map(Data::new);
        if let Some(template) = &state.assign {
            self.made("Assign", evaluate(template));
        }
        if state.jsonata {
            if let Some(template) = &state.output {
                self.made("Output", evaluate(template));
            }
            return;
        }
        let combined = combine(at, state.result_path.as_ref(), state.result_discarded, &result);
        let combined = if state.result_path.is_some() || state.result_discarded {
            self.made("ResultPath", combined)
        } else {
            combined.ok()
        };
        if let (Some(combined), false) = (combined, matches!(state.output_path, Selector::Whole)) {
            self.made("OutputPath", execution.selected(&state.output_path, at, &combined));
        }
    }

    /// What the Catch makes of a failure.
    fn caught(&mut self, error: Option<&str>, cause: Option<&str>) {
        let (execution, at, state) = (self.execution, self.at, self.state);
        let failure = Failure::new(error.unwrap_or_default(), cause.unwrap_or_default());
        let output = Data::new(error_output(&failure));
        self.add("Error", Ok(output.text.to_string()));
        let Some(catcher) = state.catch.iter().find(|catcher| catcher.matches(&failure)) else { return };
        let mut view = execution.view(at, &output.value);
        view.error_output = Some(&output.value);
        if let Some(template) = &catcher.assign {
            self.made("Assign", template.value(&view).map(Data::new));
        }
        match (&catcher.output, state.jsonata) {
            (Some(template), true) => {
                self.made("Output", template.value(&view).map(Data::new));
            }
            (None, true) => {}
            (_, false) => {
                let path = catcher.result_path.as_ref();
                self.made("ResultPath", combine(at, path, catcher.result_discarded, &output));
            }
        }
    }
}

/// Why an expression has no value.
fn why(failure: &Failure) -> String {
    failure.cause.clone().or_else(|| failure.error.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use serde_json::{Map, json};

    use super::*;
    use crate::StartParams;

    #[track_caller]
    fn check(definition: &Value, input: &Value, variables: &Value, came: Came, expected: &[(&str, &str)]) {
        let moment = Moment {
            state: "A".to_owned(),
            input: input.to_string(),
            variables: variables.as_object().cloned().unwrap_or_default(),
            params: StartParams { input: "{}".to_owned(), ..StartParams::default() },
            ..Moment::default()
        };
        let made = stages(definition, &moment, came).unwrap();
        let made: Vec<(&str, String)> =
            made.into_iter().map(|stage| (stage.field, stage.value.unwrap_or_else(|why| format!("! {why}")))).collect();
        let expected: Vec<(&str, String)> = expected.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        assert_eq!(made, expected);
    }

    fn alone(state: &Value) -> Value {
        json!({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}})
    }

    #[test]
    fn a_task_of_jsonpath_has_a_stage_for_each_field() {
        let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$.order",
            "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "ResultSelector": {"code.$": "$.StatusCode"},
            "ResultPath": "$.answer", "OutputPath": "$.answer", "Next": "B"});
        check(
            &alone(&task),
            &json!({"order": {"id": 1}}),
            &json!({}),
            Came::To(r#"{"StatusCode":200,"x":1.50}"#),
            &[
                ("InputPath", r#"{"id":1}"#),
                ("Parameters", r#"{"FunctionName":"f","Payload":{"id":1}}"#),
                ("Result", r#"{"StatusCode":200,"x":1.50}"#),
                ("ResultSelector", r#"{"code":200}"#),
                ("ResultPath", r#"{"order":{"id":1},"answer":{"code":200}}"#),
                ("OutputPath", r#"{"code":200}"#),
            ],
        );
    }

    #[test]
    fn a_task_of_jsonata_has_arguments_assign_and_output() {
        let task = json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.n + $step %}"},
            "Assign": {"seen": "{% $states.result.n %}"}, "Output": "{% $states.result.n * 2 %}", "Next": "B"});
        let definition = alone(&task);
        check(
            &definition,
            &json!({"n": 2}),
            &json!({"step": 5}),
            Came::To(r#"{"n":7}"#),
            &[
                ("Arguments", r#"{"FunctionName":"f","Payload":7}"#),
                ("Result", r#"{"n":7}"#),
                ("Assign", r#"{"seen":7}"#),
                ("Output", "14"),
            ],
        );
    }

    #[test]
    fn what_cannot_be_computed_says_why() {
        let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$.absent",
            "Next": "B"});
        let moment = Moment { state: "A".to_owned(), input: "{}".to_owned(), ..Moment::default() };
        let moment = Moment { params: StartParams { input: "{}".into(), ..StartParams::default() }, ..moment };
        let made = stages(&alone(&task), &moment, Came::Unknown("It is not recorded.")).unwrap();
        assert_eq!(made[0].field, "InputPath");
        assert!(made[0].value.as_ref().unwrap_err().contains("$.absent"), "{made:?}");
        assert_eq!(made[1], Stage { field: "Result", value: Err("It is not recorded.".to_owned()) });
        let missing = Moment { state: "Z".to_owned(), ..moment };
        assert!(stages(&alone(&task), &missing, Came::Nothing).unwrap_err().contains("no such state"));
    }

    #[test]
    fn the_token_of_a_task_is_never_made_up() {
        let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}, "Next": "B"});
        let moment = Moment { state: "A".to_owned(), input: "{}".to_owned(), ..Moment::default() };
        let moment = Moment { params: StartParams { input: "{}".into(), ..StartParams::default() }, ..moment };
        let made = stages(&alone(&task), &moment, Came::Nothing).unwrap();
        assert!(made[0].field == "Parameters" && made[0].value.is_err(), "{made:?}");
    }

    #[test]
    fn a_pass_ends_with_its_own_result_and_a_catch_with_the_error() {
        let pass = json!({"Type": "Pass", "Result": {"x": 1}, "ResultPath": "$.y", "Next": "B"});
        check(
            &alone(&pass),
            &json!({"z": 2}),
            &Value::Object(Map::new()),
            Came::Ended,
            &[("Result", r#"{"x":1}"#), ("ResultPath", r#"{"z":2,"y":{"x":1}}"#)],
        );
        let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "B",
            "Catch": [{"ErrorEquals": ["Bad"], "ResultPath": "$.error", "Next": "B"}]});
        check(
            &alone(&task),
            &json!({"z": 2}),
            &json!({}),
            Came::Caught(Some("Bad"), Some("why")),
            &[
                ("Error", r#"{"Error":"Bad","Cause":"why"}"#),
                ("ResultPath", r#"{"z":2,"error":{"Error":"Bad","Cause":"why"}}"#),
            ],
        );
    }
}

//! Choice: the first rule that holds names the next state.

use countersign_asl::expr::jsonata;
use serde_json::Value;

use crate::Way;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::{StateId, ThreadId};
use crate::program::{CompileError, Fields, Names, State, target};
use crate::states::rule::Rule;
use crate::template::Template;
use crate::thread::{Ran, Run};

#[derive(Debug)]
pub(crate) struct Choice {
    branches: Vec<Branch>,
    default: Option<StateId>,
}

#[derive(Debug)]
struct Branch {
    condition: Condition,
    next: StateId,
    assign: Option<Template>,
    output: Option<Template>,
}

#[derive(Debug)]
enum Condition {
    Rule(Rule),
    Jsonata(Template),
}

impl Choice {
    pub fn compile(fields: &Fields<'_>, names: &Names) -> Result<Choice, CompileError> {
        let choices = fields.get("Choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut branches = Vec::with_capacity(choices.len());
        for (i, choice) in choices.iter().enumerate() {
            branches.push(branch(choice, i, fields, names)?);
        }
        let default = fields.get("Default").map(|_| target(names, fields.get("Default"), &fields.place("Default")));
        Ok(Choice { branches, default: default.transpose()? })
    }
}

fn branch(choice: &Value, i: usize, fields: &Fields<'_>, names: &Names) -> Result<Branch, CompileError> {
    let at = format!("{}/Choices[{i}]", fields.at);
    let template = |name: &str, jsonata: bool| {
        let compile = |value| Template::compile(value, jsonata, &format!("Choices[{i}]/{name}"));
        choice.get(name).map(compile).transpose()
    };
    let condition = match choice.get("Condition") {
        Some(Value::String(text)) if jsonata::template(text).is_some() => {
            template("Condition", true)?.map(Condition::Jsonata)
        }
        Some(other) => Some(Condition::Jsonata(Template::Literal(other.clone()))),
        None => Some(Condition::Rule(Rule::compile(choice, &at)?)),
    };
    Ok(Branch {
        condition: condition.ok_or_else(|| CompileError::new(&at, "a condition is needed"))?,
        next: target(names, choice.get("Next"), &format!("{at}/Next"))?,
        assign: template("Assign", fields.jsonata)?,
        output: if fields.jsonata { template("Output", true)? } else { None },
    })
}

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, choice: &Choice) -> Ran {
    let input = execution.effective_input(thread, state)?;
    let view = execution.view(&execution.threads[thread], &input.value);
    let mut chosen = None;
    for (rule, branch) in choice.branches.iter().enumerate() {
        let holds = match &branch.condition {
            Condition::Rule(rule) => rule.holds(&view)?,
            Condition::Jsonata(template) => template.typed(&view, "boolean", Value::is_boolean)? == Value::Bool(true),
        };
        if holds {
            chosen = Some((rule, branch));
            break;
        }
    }
    drop(view);
    let (way, next, assign, output) = match (chosen, choice.default) {
        (Some((rule, branch)), _) => (Way::Rule(rule), branch.next, branch.assign.as_ref(), branch.output.as_ref()),
        (None, Some(default)) => (Way::Default, default, state.assign.as_ref(), state.output.as_ref()),
        // The language has `States.NoChoiceMatched` for this; the service does not use it.
        (None, None) => {
            let cause = "Failed to transition out of the state. The state does not point to a next state.";
            return Err(Failure::runtime(cause));
        }
    };
    let output = output.or(state.output.as_ref());
    execution.leave(thread, state, &input, assign, output, Some(next))?;
    execution.took(&state.name, way);
    Ok(Run::Left)
}

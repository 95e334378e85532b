//! Wait: for a number of seconds, or until a time.

use serde_json::Value;

use crate::context::View;
use crate::execution::{Execution, Purpose};
use crate::failure::Failure;
use crate::program::{CompileError, Fields, State};
use crate::states::{Amount, select};
use crate::template::{Reference, Template};
use crate::thread::{Ran, Run};
use crate::timestamp;

#[derive(Debug)]
pub(crate) enum Wait {
    Seconds(Amount),
    Until(Template),
    UntilPath(Reference),
}

impl Wait {
    pub fn compile(fields: &Fields<'_>) -> Result<Wait, CompileError> {
        if let Some(seconds) = Amount::compile(fields, "Seconds")? {
            return Ok(Wait::Seconds(seconds));
        }
        if let Some(reference) = fields.reference("TimestampPath")? {
            return Ok(Wait::UntilPath(reference));
        }
        fields.template("Timestamp")?.map(Wait::Until).ok_or_else(|| {
            CompileError::new(fields.at, "a Wait state needs Seconds, SecondsPath, Timestamp or TimestampPath")
        })
    }
}

pub(crate) fn run(execution: &mut Execution, thread: usize, state: &State, wait: &Wait) -> Ran {
    let input = execution.effective_input(thread, state)?;
    let view = execution.view(&execution.threads[thread], &input.value);
    let at = match wait {
        Wait::Seconds(amount) => {
            if let Amount::Path { field, reference } = amount {
                check_path(field, reference, &view)?;
            }
            execution.now.saturating_add(amount.seconds(&view)?.saturating_mul(1000))
        }
        Wait::Until(template) => {
            let value = template.typed(&view, "string", Value::is_string)?;
            let text = value.as_str().unwrap_or_default();
            until(text).ok_or_else(|| {
                let cause = format!("The Timestamp parameter does not reference a {FORMAT} string: {text}");
                template.failure(cause, "Timestamp")
            })?
        }
        Wait::UntilPath(reference) => {
            check_path("TimestampPath", reference, &view)?;
            let value = select(reference, &view)?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            until(&text).ok_or_else(|| {
                let path = reference.text();
                Failure::runtime(format!(
                    "The TimestampPath parameter does not reference a {FORMAT} string: {path} == {text}"
                ))
            })?
        }
    };
    drop(view);
    execution.set_timer(thread, at, Purpose::Wake);
    Ok(Run::Wait)
}

const FORMAT: &str = "valid ISO-8601 extended offset date-time format";

/// The time in milliseconds; the service waits for whole seconds.
fn until(text: &str) -> Option<i64> {
    timestamp::parse(text).map(|instant| instant.seconds.saturating_mul(1000))
}

/// These two fields have words of their own for a path that leads nowhere.
fn check_path(field: &str, reference: &Reference, view: &View<'_>) -> Result<(), Failure> {
    match reference {
        Reference::Path(path) if path.evaluate(view).is_err() => {
            Err(Failure::runtime(format!("The {field} parameter does not reference an input value: {path}")))
        }
        _ => Ok(()),
    }
}

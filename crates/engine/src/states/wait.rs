//! Wait: for a number of seconds, or until a time.

use serde_json::Value;

use crate::context::View;
use crate::execution::{Execution, Purpose};
use crate::failure::Failure;
use crate::ids::ThreadId;
use crate::program::{CompileError, Fields, State};
use crate::states::{Amount, SECONDS, select, whole};
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

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, state: &State, wait: &Wait) -> Ran {
    let input = execution.effective_input(thread, state)?;
    let view = execution.view(&execution.threads[thread], &input.value);
    let at = match wait {
        Wait::Seconds(amount) => execution.now.saturating_add(seconds(amount, &view)?.saturating_mul(1000)),
        Wait::Until(template) => {
            let value = template.typed(&view, "string", Value::is_string)?;
            let text = value.as_str().unwrap_or_default();
            until(text).ok_or_else(|| {
                let cause = format!("The Timestamp field cannot be parsed as an {FORMAT} string: {text}");
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
                    "The TimestampPath parameter does not reference a valid {FORMAT} string: {path} == {text}"
                ))
            })?
        }
    };
    drop(view);
    if at.saturating_sub(execution.now) > SECONDS * 1000 {
        return Err(Failure::runtime("Wait state delay is too long."));
    }
    execution.set_timer(thread, at, Purpose::Wake);
    Ok(Run::Wait)
}

const FORMAT: &str = "ISO-8601 extended offset date-time format";

/// The seconds of a Wait state. AWS has messages of its own for what a path leads to.
///
/// # Errors
/// The path leads nowhere, or the value is not a whole number of seconds from 0.
fn seconds(amount: &Amount, view: &View<'_>) -> Result<i64, Failure> {
    let Amount::Path { field, reference } = amount else {
        let seconds = amount.value(view)?;
        return if seconds > SECONDS { Ok(seconds) } else { amount.seconds(view) };
    };
    check_path(field, reference, view)?;
    let value = select(reference, view)?;
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let failure =
        |what: &str| Failure::runtime(format!("The {field} parameter {what}: {} == {shown}", reference.text()));
    // AWS also takes a number in a text.
    let seconds = value.as_str().map_or_else(|| whole(&value), |text| text.parse().ok());
    match seconds {
        None => Err(failure("cannot be parsed as a long value")),
        Some(seconds) if seconds < 0 => Err(failure("references a negative value")),
        Some(seconds) => Ok(seconds),
    }
}

/// The time in milliseconds; AWS waits for whole seconds.
fn until(text: &str) -> Option<i64> {
    timestamp::parse(text).map(|instant| instant.seconds.saturating_mul(1000))
}

/// AWS has messages of its own for a path of these two fields that leads nowhere.
fn check_path(field: &str, reference: &Reference, view: &View<'_>) -> Result<(), Failure> {
    match reference {
        Reference::Path(path) if path.evaluate(view).is_err() => {
            Err(Failure::runtime(format!("The {field} parameter does not reference an input value: {path}")))
        }
        _ => Ok(()),
    }
}

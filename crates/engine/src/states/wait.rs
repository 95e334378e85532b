//! Wait: for a number of seconds, or until a time.

use serde_json::Value;

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
        Wait::Seconds(amount) => execution.now.saturating_add(amount.value(&view)?.max(0).saturating_mul(1000)),
        Wait::Until(template) => {
            let value = template.typed(&view, "string", Value::is_string)?;
            let text = value.as_str().unwrap_or_default();
            timestamp::parse(text).ok_or_else(|| {
                Failure::runtime(format!(
                    "The Timestamp parameter does not reference a valid ISO-8601 extended offset date-time format string: {text}"
                ))
            })?
        }
        Wait::UntilPath(reference) => {
            let value = select(reference, &view)?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            timestamp::parse(&text).ok_or_else(|| {
                Failure::runtime(format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
                     string: {} == {text}",
                    reference.text()
                ))
            })?
        }
    };
    drop(view);
    execution.set_timer(thread, at, Purpose::Wake);
    Ok(Run::Wait)
}

//! Fail: ends its scope with an error of the definition's own.

use serde_json::Value;

use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::ThreadId;
use crate::program::{CompileError, Fields, State};
use crate::template::{Reference, Template};
use crate::thread::Ran;

#[derive(Debug)]
pub(crate) struct Fail {
    error: Option<Text>,
    cause: Option<Text>,
}

#[derive(Debug)]
enum Text {
    Given(Template),
    Path(String, Reference),
}

impl Fail {
    pub fn compile(fields: &Fields<'_>) -> Result<Fail, CompileError> {
        let text = |name: &str| {
            let path = format!("{name}Path");
            Ok(match fields.reference(&path)? {
                Some(reference) => Some(Text::Path(path, reference)),
                None => fields.template(name)?.map(Text::Given),
            })
        };
        Ok(Fail { error: text("Error")?, cause: text("Cause")? })
    }
}

pub(crate) fn run(execution: &mut Execution, thread: ThreadId, _: &State, fail: &Fail) -> Ran {
    let at = &execution.threads[thread];
    let view = execution.view(at, &at.input.value);
    let text = |text: &Option<Text>| -> Result<Option<String>, Failure> {
        let value = match text {
            None => return Ok(None),
            Some(Text::Given(template)) => template.typed(&view, "string", Value::is_string)?,
            Some(Text::Path(field, reference)) => reference.value(field, &view)?.into_owned(),
        };
        Ok(Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    };
    Err(Failure { error: text(&fail.error)?, cause: text(&fail.cause)?, ..Failure::new("", "") })
}

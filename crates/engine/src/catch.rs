//! `Catch`: where the execution goes on after a failure.

use countersign_asl::expr::path::Path;
use serde_json::{Value, json};

use crate::failure::{Failure, TIMEOUT};
use crate::ids::StateId;
use crate::program::{CompileError, Names, target};
use crate::retry::{error_names, matches};
use crate::template::Template;

/// One entry of `Catch`.
#[derive(Debug)]
pub(crate) struct Catcher {
    errors: Vec<String>,
    pub next: StateId,
    pub result_path: Option<Path>,
    pub result_discarded: bool,
    pub assign: Option<Template>,
    pub output: Option<Template>,
}

impl Catcher {
    pub fn compile(
        value: Option<&Value>,
        names: &Names,
        jsonata: bool,
        at: &str,
    ) -> Result<Vec<Catcher>, CompileError> {
        let entries = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let each = |(i, entry): (usize, &Value)| Self::entry(entry, i, names, jsonata, &format!("{at}[{i}]"));
        entries.iter().enumerate().map(each).collect()
    }

    fn entry(entry: &Value, i: usize, names: &Names, jsonata: bool, at: &str) -> Result<Catcher, CompileError> {
        let template = |name: &str| {
            let compile = |value| Template::compile(value, jsonata, &format!("Catch[{i}]/{name}"));
            entry.get(name).map(compile).transpose()
        };
        let path = match entry.get("ResultPath") {
            Some(Value::String(text)) if text != "$" => {
                Some(Path::parse(text).map_err(|reason| CompileError::new(format!("{at}/ResultPath"), reason))?)
            }
            _ => None,
        };
        Ok(Catcher {
            errors: error_names(entry, at)?,
            next: target(names, entry.get("Next"), &format!("{at}/Next"))?,
            result_path: path,
            result_discarded: entry.get("ResultPath") == Some(&Value::Null),
            assign: template("Assign")?,
            output: template("Output")?,
        })
    }

    /// Whether this entry covers the failure.
    pub fn matches(&self, failure: &Failure) -> bool {
        matches(&self.errors, failure)
    }
}

/// The input of a handler: `Error` and `Cause`, null if the failure has none. A timeout has an empty cause.
pub(crate) fn error_output(failure: &Failure) -> Value {
    let empty = || (failure.error.as_deref() == Some(TIMEOUT)).then(String::new);
    let mut output = json!({});
    output["Error"] = failure.error.clone().into();
    output["Cause"] = failure.cause.clone().or_else(empty).into();
    output
}

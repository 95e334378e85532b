//! Dynamic references: `{{resolve:ssm:name}}` within a text ("Get values stored in other services using dynamic
//! references" in the CloudFormation User Guide).

use super::Path;
use crate::environment::Surroundings;
use crate::error::{TemplateError, What};
use crate::value::{Data, Value};

const BEGIN: &str = "{{resolve:";

/// Replaces the dynamic references of a resolved value. Those to secrets are refused: they would be stored in plain text.
pub(super) fn replace(value: &mut Value, around: &dyn Surroundings, path: &mut Path) -> Result<(), TemplateError> {
    match &mut value.data {
        Data::Text(text) => {
            if let Some(new) = replaced(text, around).map_err(|what| path.error(what, value.span))? {
                *text = new;
            }
        }
        Data::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.at(index, |path| replace(item, around, path))?;
            }
        }
        Data::Map(map) => {
            for (key, value) in map {
                path.within(key, |path| replace(value, around, path))?;
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
    Ok(())
}

fn replaced(text: &str, around: &dyn Surroundings) -> Result<Option<String>, What> {
    if !text.contains(BEGIN) {
        return Ok(None);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let Some(length) = rest[at..].find("}}") else { break };
        let reference = &rest[at..at + length + 2];
        let inside = &rest[at + BEGIN.len()..at + length];
        out.push_str(&rest[..at]);
        out.push_str(&looked_up(inside, around, reference)?);
        rest = &rest[at + length + 2..];
    }
    out.push_str(rest);
    Ok(Some(out))
}

fn looked_up(inside: &str, around: &dyn Surroundings, reference: &str) -> Result<String, What> {
    let name = inside.strip_prefix("ssm:").filter(|name| !name.contains(':'));
    let name = name.ok_or_else(|| What::DynamicReference(reference.to_owned()))?;
    around.ssm_parameter(name).ok_or_else(|| What::UnknownSsmParameter(name.to_owned()))
}

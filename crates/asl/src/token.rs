//! Where a definition puts the task token, and how to find it there again in a history's `TaskScheduled` parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Machine, QueryLanguage, StateKind, template};

mod intrinsic;
pub(crate) use intrinsic::call;
mod jsonata;

/// How deep an expression is followed. Each level reads all that is within it, and takes a piece of the stack.
const DEEPEST: usize = 64;

/// One step into the resolved parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PathStep {
    Key(String),
    Index(usize),
}

/// A place in the resolved parameters that holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPlace {
    pub path: Vec<PathStep>,
    /// What surrounds the token, when the text at the path holds more than the token.
    pub template: Option<TokenTemplate>,
}

/// The literal text that stands directly before and after the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenTemplate {
    pub before: String,
    /// The text begins with `before`.
    pub from_start: bool,
    pub after: String,
    /// The text ends with `after`.
    pub to_end: bool,
}

impl TokenPlace {
    /// A place whose whole value is the token.
    fn whole(path: &[PathStep]) -> TokenPlace {
        TokenPlace { path: path.to_vec(), template: None }
    }
}

/// The places of the token in each Task state's parameters. States without one are left out.
pub fn token_places(machine: &Machine) -> BTreeMap<String, Vec<TokenPlace>> {
    let mut found = BTreeMap::new();
    for state in machine.all_states() {
        let StateKind::Task(task) = &state.kind else { continue };
        let Some(parameters) = &task.parameters else { continue };
        let (mut places, mut path) = (Vec::new(), Vec::new());
        match state.query_language {
            QueryLanguage::JsonPath => walk_payload_template(parameters, &mut path, &mut places),
            QueryLanguage::Jsonata => walk_expressions(parameters, &mut path, &mut places),
        }
        if !places.is_empty() {
            found.insert(state.name.clone(), places);
        }
    }
    found
}

/// The token in the resolved parameters of a task, at the first place that has one.
pub fn find_token(parameters: &Value, places: &[TokenPlace]) -> Option<String> {
    places.iter().find_map(|place| {
        let text = place.path.iter().try_fold(parameters, step_into)?.as_str()?;
        let token = match &place.template {
            None => Some(text),
            Some(template) => template.extract(text),
        };
        token.filter(|token| !token.is_empty()).map(str::to_owned)
    })
}

fn step_into<'a>(value: &'a Value, step: &PathStep) -> Option<&'a Value> {
    match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Index(index) => value.get(index),
    }
}

impl TokenTemplate {
    /// The token, where the text leaves no doubt which part of it that is. A wrong one would be sent in vain, and the
    /// right one would be shown.
    fn extract<'a>(&self, text: &'a str) -> Option<&'a str> {
        if self.from_start && self.to_end {
            return text.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str());
        }
        if self.from_start {
            return self.only_token([text.strip_prefix(self.before.as_str())?]);
        }
        if self.before.is_empty() {
            return None;
        }
        // Whoever writes what stands before the token may write the literal text too.
        let starts = text.match_indices(self.before.as_str()).map(|(at, before)| &text[at + before.len()..]);
        if starts.clone().nth(MOST_STARTS).is_some() { None } else { self.only_token(starts) }
    }

    /// The one token that any of these texts begins with, followed by what is to follow it.
    fn only_token<'a>(&self, starts: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let mut found = None;
        for text in starts {
            let run = text.find(|letter| !is_part_of_token(letter)).unwrap_or(text.len());
            let ends: Vec<usize> = if self.to_end {
                text.strip_suffix(self.after.as_str()).map(str::len).into_iter().collect()
            } else if self.after.is_empty() {
                // Something unknown follows: the token ends with the characters that tokens are made of.
                vec![run]
            } else {
                text.match_indices(self.after.as_str()).map(|(at, _)| at).take_while(|at| *at <= run).collect()
            };
            for token in ends.into_iter().filter(|end| (1..=run).contains(end)).map(|end| &text[..end]) {
                if *found.get_or_insert(token) != token {
                    return None;
                }
            }
        }
        found
    }
}

/// With more beginnings than this in one text, which of them is the token's is not looked for.
const MOST_STARTS: usize = 64;

/// Tokens are texts in base 64.
fn is_part_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/=_-".contains(letter)
}

fn walk_payload_template(value: &Value, path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.strip_suffix(".$"), value.as_str()) {
                    (Some(key), Some(expression)) => {
                        path.push(PathStep::Key(key.to_owned()));
                        intrinsic::places(expression.trim(), path, places);
                    }
                    _ => {
                        path.push(PathStep::Key(key.clone()));
                        walk_payload_template(value, path, places);
                    }
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(PathStep::Index(index));
                walk_payload_template(item, path, places);
                path.pop();
            }
        }
        _ => {}
    }
}

fn walk_expressions(value: &Value, path: &mut Vec<PathStep>, places: &mut Vec<TokenPlace>) {
    match value {
        Value::String(text) => {
            if let Some(expression) = template(text) {
                jsonata::places(expression, path, places);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                path.push(PathStep::Key(key.clone()));
                walk_expressions(value, path, places);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(PathStep::Index(index));
                walk_expressions(item, path, places);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

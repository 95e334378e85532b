//! JSONPath as Step Functions has it: definite and indefinite paths, filters, slices, wildcards, deep scan,
//! `$$` for the context object and `$name` for variables; reference paths for `ResultPath`.
//!
//! The texts of errors are those of the service, which uses the Java library Jayway JsonPath.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::filter::Filter;
use super::{Environment, SPENT};

/// The most values that a path may select, counting the values inside them: the result of `$..*..*..*` must stay small.
const VALUES: usize = 500_000;
/// The most steps that the search may take.
const STEPS: usize = 5_000_000;

/// A step is charged like this many bytes.
const STEP: usize = 2;

/// The steps that are left.
pub struct Work(usize);

impl Work {
    /// Takes steps; `None` where not enough are left.
    pub fn spend(&mut self, steps: usize) -> Option<()> {
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.map(drop)
    }
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(String),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// `.name` or `['name']`
    Key(String),
    /// `[0]`, from the end where negative
    Index(i64),
    /// `['a','b']`
    Keys(Vec<String>),
    /// `[0,2]`
    Indices(Vec<i64>),
    /// `[start:end]`, of which one may be left out
    Slice(Option<i64>, Option<i64>),
    /// `.*` or `[*]`
    Wildcard,
    /// `..`, applied before the next segment
    Descend,
    /// `[?(...)]`
    Filter(Filter),
}

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    text: String,
    pub root: Root,
    pub segments: Vec<Segment>,
}

/// Why a path has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PathError {
    /// A definite path has no value. The text is the service's, without the path itself.
    #[error("{0}")]
    NotFound(String),
    /// The last step is an index beyond the end. Some fields read it as missing, others as null.
    #[error("{0}")]
    OutOfRange(String),
    /// An index where there is no array.
    #[error("Filter: {step} can only be applied to arrays. Current context is: {found}")]
    NoArray { step: String, found: String },
    /// The variable has not been assigned.
    #[error("Variable '${0}' is not defined.")]
    UnknownVariable(String),
}

/// A reference path that does not fit the input, in the service's words.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReferencePathError {
    /// The input itself is neither object nor array.
    #[error("Unable to apply ReferencePath {path} to input {input}")]
    Input { path: String, input: String },
    /// The path ends on its way.
    #[error("Unable to apply step \"{step}\" to input {input}")]
    Step { step: String, input: String },
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    /// A text that says what was expected, and where.
    pub fn parse(text: &str) -> Result<Path, String> {
        let (root, segments) = super::path_parse::parse(text)?;
        Ok(Path { text: text.to_owned(), root, segments })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the path names at most one place.
    pub fn is_definite(&self) -> bool {
        self.segments.iter().all(|s| matches!(s, Segment::Key(_) | Segment::Index(_)))
    }

    /// Whether the path is a reference path: keys and non-negative indices only.
    pub fn is_reference(&self) -> bool {
        self.segments.iter().all(|s| matches!(s, Segment::Key(_)) || matches!(s, Segment::Index(i) if *i >= 0))
    }

    /// The value that the path names, or the array of the values that it selects.
    ///
    /// # Errors
    /// A definite path without a value, or an unknown variable.
    pub fn evaluate<'a>(&self, environment: &'a dyn Environment) -> Result<Cow<'a, Value>, PathError> {
        let start = match &self.root {
            Root::Input => environment.input(),
            Root::Context if self.is_definite() => {
                let (value, taken) = environment.context_at(&self.names());
                return self.follow(value, taken, &self.segments).map(Cow::Borrowed);
            }
            Root::Context => environment.context(),
            Root::Variable(name) => {
                environment.variable(name).ok_or_else(|| PathError::UnknownVariable(name.clone()))?
            }
        };
        let mut work = Work(STEPS);
        let found = self.search(start, &mut work)?;
        if environment.spend((STEPS - work.0) * STEP) { Ok(found) } else { Err(PathError::NotFound(SPENT.to_owned())) }
    }

    /// The same for a root value.
    ///
    /// # Errors
    /// A definite path without a value.
    pub fn select<'a>(&self, start: &'a Value) -> Result<Cow<'a, Value>, PathError> {
        self.search(start, &mut Work(STEPS))
    }

    fn search<'a>(&self, start: &'a Value, work: &mut Work) -> Result<Cow<'a, Value>, PathError> {
        let definite = self.segments.iter().position(|s| !matches!(s, Segment::Key(_) | Segment::Index(_)));
        let Some(first_open) = definite else {
            return self.follow(start, 0, &self.segments).map(Cow::Borrowed);
        };
        // Where the segments before the first indefinite one have no value, the selection is empty.
        let Ok(begin) = self.follow(start, 0, &self.segments[..first_open]) else {
            return Ok(Cow::Owned(Value::Array(Vec::new())));
        };
        let mut search = Search { root: start, found: Vec::new(), work };
        search
            .collect(begin, &self.segments[first_open..])
            .ok_or_else(|| PathError::NotFound(format!("The path takes more than {STEPS} steps")))?;
        let mut room = VALUES;
        search
            .found
            .iter()
            .try_for_each(|value| charge(value, &mut room))
            .ok_or_else(|| PathError::NotFound(format!("The path selects more than {VALUES} values")))?;
        Ok(Cow::Owned(Value::Array(search.found.into_iter().cloned().collect())))
    }

    /// The leading keys.
    fn names(&self) -> Vec<&str> {
        self.segments
            .iter()
            .map_while(|segment| if let Segment::Key(key) = segment { Some(key.as_str()) } else { None })
            .collect()
    }

    /// Follows the segments, of which those before `first` lead to `start`.
    fn follow<'a>(&self, start: &'a Value, first: usize, segments: &[Segment]) -> Result<&'a Value, PathError> {
        let mut at = start;
        for (i, segment) in segments.iter().enumerate().skip(first) {
            let next = match segment {
                Segment::Key(key) => at.as_object().and_then(|o| o.get(key)),
                Segment::Index(index) => at.as_array().and_then(|a| item(a, *index)),
                _ => None,
            };
            at = next.ok_or_else(|| self.missing(at, i))?;
        }
        Ok(at)
    }

    fn missing(&self, at: &Value, i: usize) -> PathError {
        let (before, so_far) = (normalised(&self.segments[..i]), normalised(&self.segments[..=i]));
        let no_object = |key: &str, path: &str, found: &str| {
            PathError::NotFound(format!(
                "Expected to find an object with property ['{key}'] in path {path} but found '{found}'. This is not a \
                 json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
            ))
        };
        let none = || format!("No results for path: {so_far}");
        match (&self.segments[i], at, self.segments.get(i + 1)) {
            (Segment::Key(_), Value::Object(_), Some(_)) => {
                PathError::NotFound(format!("Missing property in path {so_far}"))
            }
            (Segment::Key(key), at, _) if !at.is_object() => no_object(key, &before, java_type(at)),
            (Segment::Index(_), Value::Null, _) => PathError::NotFound(format!("The path {before} is null")),
            (Segment::Index(_), Value::Array(_), None) => PathError::OutOfRange(none()),
            // An index beyond the end of an array gives null, and a step into null fails.
            (Segment::Index(_), Value::Array(_), Some(Segment::Key(key))) => no_object(key, &so_far, "null"),
            (Segment::Index(_), Value::Array(_), Some(_)) => PathError::NotFound(format!("The path {so_far} is null")),
            (Segment::Index(index), found, _) => {
                PathError::NoArray { step: format!("[{index}]"), found: found.to_string() }
            }
            _ => PathError::NotFound(none()),
        }
    }

    /// Puts `value` at this reference path of `input`, creating missing objects.
    ///
    /// # Errors
    /// The path leads through something that is neither object nor array, or beyond an array.
    pub fn put(&self, input: &mut Value, value: Value) -> Result<(), ReferencePathError> {
        if let Some(i) = self.misfit(input) {
            // Where a plain value is in the way, the error names the step to that value.
            return Err(match i.checked_sub(1) {
                None => ReferencePathError::Input { path: self.text.clone(), input: input.to_string() },
                Some(before) => self.step_error(before, input),
            });
        }
        let mut at = input;
        for segment in &self.segments {
            at = match (segment, at) {
                (Segment::Key(key), place @ (Value::Null | Value::Object(_))) => {
                    if place.is_null() {
                        *place = Value::Object(Map::new());
                    }
                    match place {
                        Value::Object(object) => object.entry(key.clone()).or_insert(Value::Null),
                        _ => return Ok(()),
                    }
                }
                (Segment::Index(index), Value::Array(items)) => match items.get_mut(*index as usize) {
                    Some(item) => item,
                    None => return Ok(()),
                },
                _ => return Ok(()),
            };
        }
        *at = value;
        Ok(())
    }

    /// The value at this reference path of `input`.
    ///
    /// # Errors
    /// There is no value at the path.
    pub fn get<'a>(&self, input: &'a Value) -> Result<&'a Value, ReferencePathError> {
        let mut at = input;
        for (i, segment) in self.segments.iter().enumerate() {
            let next = match segment {
                Segment::Key(key) => at.as_object().and_then(|o| o.get(key)),
                Segment::Index(index) => at.as_array().and_then(|a| a.get(position(*index, a.len())?)),
                _ => None,
            };
            at = next.ok_or_else(|| self.step_error(i, input))?;
        }
        Ok(at)
    }

    fn step_error(&self, i: usize, input: &Value) -> ReferencePathError {
        let step = match &self.segments[i] {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
            _ => self.text.clone(),
        };
        ReferencePathError::Step { step, input: input.to_string() }
    }

    /// The segment at which [`Path::put`] would fail: missing keys are created, everything else must exist.
    fn misfit(&self, input: &Value) -> Option<usize> {
        let mut at = Some(input);
        for (i, segment) in self.segments.iter().enumerate() {
            at = match (segment, at) {
                (Segment::Key(key), Some(Value::Object(object))) => object.get(key),
                (Segment::Key(_), None) => None,
                (Segment::Key(_), Some(Value::Null)) if i > 0 => None,
                (Segment::Index(index), Some(Value::Array(items))) if (*index as usize) < items.len() => {
                    items.get(*index as usize)
                }
                _ => return Some(i),
            };
        }
        None
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks a path's syntax, for the validation of definitions.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    Path::parse(text).map(drop)
}

/// Checks that the text is a reference path (`ResultPath`): keys and indices only.
///
/// # Errors
/// What is wrong with it.
pub fn check_reference(text: &str) -> Result<(), String> {
    let path = Path::parse(text)?;
    if path.is_reference() {
        Ok(())
    } else {
        Err(format!("'{text}' is not a reference path: it may select more than one place"))
    }
}

/// Subtracts the number of values inside a value from the room; `None` where no room is left.
fn charge(value: &Value, room: &mut usize) -> Option<()> {
    *room = room.checked_sub(1)?;
    match value {
        Value::Array(items) => items.iter().try_for_each(|v| charge(v, room)),
        Value::Object(fields) => fields.values().try_for_each(|v| charge(v, room)),
        _ => Some(()),
    }
}

/// The values that an indefinite path selects.
struct Search<'a, 'w> {
    root: &'a Value,
    found: Vec<&'a Value>,
    work: &'w mut Work,
}

impl<'a> Search<'a, '_> {
    /// Follows the segments from a value; `None` where that takes too many steps.
    fn collect(&mut self, at: &'a Value, segments: &[Segment]) -> Option<()> {
        self.work.spend(1)?;
        let Some((first, rest)) = segments.split_first() else {
            self.found.push(at);
            return Some(());
        };
        match (first, at) {
            (Segment::Key(key), Value::Object(object)) => self.visit(object.get(key), rest),
            (Segment::Keys(keys), Value::Object(object)) => {
                keys.iter().try_for_each(|key| self.visit(object.get(key), rest))
            }
            (Segment::Index(index), Value::Array(items)) => self.visit(item(items, *index), rest),
            (Segment::Indices(indices), Value::Array(items)) => {
                indices.iter().try_for_each(|index| self.visit(item(items, *index), rest))
            }
            (Segment::Slice(from, to), Value::Array(items)) => {
                slice(items.len(), *from, *to).try_for_each(|index| self.visit(item(items, index), rest))
            }
            (Segment::Wildcard, Value::Array(items)) => items.iter().try_for_each(|v| self.visit(Some(v), rest)),
            (Segment::Wildcard, Value::Object(object)) => object.values().try_for_each(|v| self.visit(Some(v), rest)),
            (Segment::Filter(filter), Value::Array(items)) => {
                items.iter().try_for_each(|v| self.filtered(filter, v, rest))
            }
            (Segment::Filter(filter), Value::Object(_)) => self.filtered(filter, at, rest),
            (Segment::Descend, _) => {
                self.collect(at, rest)?;
                match at {
                    Value::Array(items) => items.iter().try_for_each(|v| self.collect(v, segments)),
                    Value::Object(object) => object.values().try_for_each(|v| self.collect(v, segments)),
                    _ => Some(()),
                }
            }
            _ => Some(()),
        }
    }

    /// Follows the segments from a value that may be missing; looking for it takes a step.
    fn visit(&mut self, next: Option<&'a Value>, rest: &[Segment]) -> Option<()> {
        match next {
            Some(next) => self.collect(next, rest),
            None => self.work.spend(1),
        }
    }

    fn filtered(&mut self, filter: &Filter, value: &'a Value, rest: &[Segment]) -> Option<()> {
        let accepted = filter.accepts(value, self.root, self.work);
        // A filter that ran out of steps has no result.
        self.work.spend(1)?;
        if accepted { self.collect(value, rest) } else { Some(()) }
    }
}

/// The item at an index; a negative one counts from the end.
pub(super) fn item(items: &[Value], index: i64) -> Option<&Value> {
    items.get(position(index, items.len())?)
}

fn position(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { index + length as i64 } else { index };
    usize::try_from(at).ok()
}

/// The indices of a slice. Where both ends are given, the service counts from one to the other as they are: `[1:-1]` is
/// empty, and `[-1:1]` is the last item and the first.
fn slice(length: usize, from: Option<i64>, to: Option<i64>) -> std::ops::Range<i64> {
    let length = length as i64;
    let from_end = |index: i64| if index < 0 { index + length } else { index };
    match (from, to) {
        (Some(from), Some(to)) => from.max(-length)..to.min(length),
        (from, to) => from.map_or(0, from_end).max(0)..to.map_or(length, from_end).min(length),
    }
}

fn normalised(segments: &[Segment]) -> String {
    let mut text = String::from("$");
    for segment in segments {
        match segment {
            Segment::Key(key) => text.push_str(&format!("['{key}']")),
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            _ => text.push_str("[*]"),
        }
    }
    text
}

fn java_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "com.fasterxml.jackson.databind.node.NullNode",
        Value::Bool(_) => "com.fasterxml.jackson.databind.node.BooleanNode",
        Value::Number(n) if n.is_f64() => "com.fasterxml.jackson.databind.node.DoubleNode",
        Value::Number(_) => "com.fasterxml.jackson.databind.node.IntNode",
        Value::String(_) => "com.fasterxml.jackson.databind.node.TextNode",
        Value::Array(_) => "com.fasterxml.jackson.databind.node.ArrayNode",
        Value::Object(_) => "com.fasterxml.jackson.databind.node.ObjectNode",
    }
}

#[cfg(test)]
mod tests;

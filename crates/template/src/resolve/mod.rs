//! From a template's values to what they say: functions are applied.
//!
//! The functions and their shapes are those of the AWS CloudFormation Template Reference, "Intrinsic function reference"
//! and "Pseudo parameters reference".

mod conditions;
mod dynamic;
mod functions;
mod path;
mod references;
mod sub;

use indexmap::IndexMap;

use crate::environment::{Attributes, Environment, Surroundings};
use crate::error::{Place, TemplateError, What};
use crate::template::Template;
use crate::value::{Data, Map, Value};

pub(crate) use conditions::conditions;
pub(crate) use path::Path;
pub(crate) use references::references;
use sub::pieces;

/// What a template is resolved with: the values of its parameters, and which conditions hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub environment: Environment,
    /// Texts, or lists of texts.
    pub parameters: IndexMap<String, Value>,
    pub conditions: IndexMap<String, bool>,
}

/// Resolves the values of a template, as far as its resources have been made.
#[derive(Clone, Copy)]
pub struct Resolver<'t> {
    pub template: &'t Template,
    pub scope: &'t Scope,
    pub made: &'t dyn Attributes,
    pub around: &'t dyn Surroundings,
}

/// A resolved value; `None` for `AWS::NoValue`, with which the member or item that has it goes away.
pub(crate) type Resolved = Result<Option<Value>, TemplateError>;

impl Resolver<'_> {
    /// The properties of a resource.
    ///
    /// # Errors
    /// The template has no such resource, or a value cannot be resolved: the first one.
    pub fn properties(&self, logical_id: &str) -> Result<Map, TemplateError> {
        let (properties, errors) = self.each_property(logical_id);
        errors.into_iter().next().map_or(Ok(properties), Err)
    }

    /// The properties of a resource that can be resolved, and what is wrong with the others.
    pub(crate) fn each_property(&self, logical_id: &str) -> (Map, Vec<TemplateError>) {
        let Some(resource) = self.template.resources.get(logical_id) else {
            let what = What::UnknownResource(logical_id.to_owned());
            return (Map::new(), vec![TemplateError::new(what, Place::default())]);
        };
        let mut path = Path::of(&["Resources", logical_id, "Properties"]);
        let (mut resolved, mut errors) = (Map::new(), Vec::new());
        for (name, value) in &resource.properties {
            match path.within(name, |path| self.whole(value, path)) {
                Ok(Some(value)) => _ = resolved.insert(name.clone(), value),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        (resolved, errors)
    }

    /// The outputs whose condition holds: each value, and the name under which it is exported.
    ///
    /// # Errors
    /// A value cannot be resolved.
    pub fn outputs(&self) -> Result<IndexMap<String, ResolvedOutput>, TemplateError> {
        let mut outputs = IndexMap::new();
        for (name, output) in &self.template.outputs {
            if !self.holds(output.condition.as_deref()) {
                continue;
            }
            let mut path = Path::of(&["Outputs", name]);
            let value = path.within("Value", |path| self.text(&output.value, path))?;
            let export = match &output.export {
                None => None,
                Some(export) => Some(path.within("Export", |path| self.text(export, path))?),
            };
            let description = output.description.clone();
            outputs.insert(name.clone(), ResolvedOutput { value, export, description });
        }
        Ok(outputs)
    }

    /// Whether what is made on this condition is made.
    #[must_use]
    pub fn holds(&self, condition: Option<&str>) -> bool {
        condition.is_none_or(|name| self.scope.conditions.get(name).copied().unwrap_or(false))
    }

    /// A value, with dynamic references.
    pub(crate) fn whole(&self, value: &Value, path: &mut Path) -> Resolved {
        let Some(mut value) = self.value(value, path)? else { return Ok(None) };
        dynamic::replace(&mut value, self.around, path)?;
        Ok(Some(value))
    }

    /// A value.
    pub(crate) fn value(&self, value: &Value, path: &mut Path) -> Resolved {
        match &value.data {
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => Ok(Some(value.clone())),
            Data::List(items) => self.list(items, path).map(|items| Some(Data::List(items).at(value.span))),
            Data::Map(map) => match function(map) {
                Some((name, argument)) => path.within(name, |path| self.call(name, argument, path)),
                None => self.map(map, path).map(|map| Some(Data::Map(map).at(value.span))),
            },
        }
    }

    fn list(&self, items: &[Value], path: &mut Path) -> Result<Vec<Value>, TemplateError> {
        let mut resolved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            resolved.extend(path.at(index, |path| self.value(item, path))?);
        }
        Ok(resolved)
    }

    fn map(&self, map: &Map, path: &mut Path) -> Result<Map, TemplateError> {
        let mut resolved = Map::with_capacity(map.len());
        for (key, value) in map {
            if let Some(value) = path.within(key, |path| self.value(value, path))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(resolved)
    }

    /// A value that has to be a text: a string, number or boolean.
    pub(crate) fn text(&self, value: &Value, path: &mut Path) -> Result<String, TemplateError> {
        let expected = "a text";
        let Some(resolved) = self.value(value, path)? else {
            return Err(path.error(What::Shape { expected, found: "nothing (AWS::NoValue)" }, value.span));
        };
        let misfit = || path.error(What::Shape { expected, found: resolved.kind() }, value.span);
        resolved.scalar().ok_or_else(misfit)
    }
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolvedOutput {
    pub value: String,
    pub export: Option<String>,
    pub description: Option<String>,
}

/// The function that an object is: one whose only key is `Ref` or begins with `Fn::`.
pub(crate) fn function(map: &Map) -> Option<(&str, &Value)> {
    let (key, argument) = map.first().filter(|_| map.len() == 1)?;
    (key == "Ref" || key.starts_with("Fn::")).then_some((key.as_str(), argument))
}

/// Errors at a value.
pub(crate) fn misfit(path: &Path, value: &Value, expected: &'static str) -> TemplateError {
    path.error(What::Shape { expected, found: value.kind() }, value.span)
}

#[cfg(test)]
mod tests;

//! The section `Conditions`.

use countersign_yaml::Span;
use indexmap::IndexMap;

use super::functions::{arguments, unsupported};
use super::{Path, Resolver, Scope, function, misfit};
use crate::environment::{Nothing, Surroundings};
use crate::error::{TemplateError, What};
use crate::template::Template;
use crate::value::{Data, Value};

/// Evaluates all conditions of a template with the parameters of a scope.
pub(crate) fn conditions(
    template: &Template,
    scope: &mut Scope,
    around: &dyn Surroundings,
) -> Result<(), Vec<TemplateError>> {
    let mut errors = Vec::new();
    for name in template.conditions.keys() {
        if let Err(error) = named(template, scope, around, name) {
            // What refers to a wrong condition is wrong for the same reason, and a circle is one mistake.
            let in_circle =
                |known: &TemplateError| matches!(&known.what, What::Cycle { around, .. } if around.contains(name));
            if !errors.contains(&error) && !errors.iter().any(in_circle) {
                errors.push(error);
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Evaluates a condition behind those that it names. A walk with a list of its own: a template may chain thousands.
fn named(template: &Template, scope: &mut Scope, around: &dyn Surroundings, name: &str) -> Result<(), TemplateError> {
    // Those that are being evaluated, each with what it still needs, the first one last.
    let mut open: IndexMap<String, Vec<(String, Span)>> = IndexMap::new();
    if !scope.conditions.contains_key(name) {
        open.insert(name.to_owned(), needs(template, name));
    }
    while let Some((current, needed)) = open.last_mut() {
        let (current, need) = (current.clone(), needed.pop());
        let mut path = Path::of(&["Conditions", current.as_str()]);
        let Some((need, span)) = need else {
            if let Some(condition) = template.conditions.get(&current) {
                let resolver = Resolver { template, scope: &*scope, made: &Nothing, around };
                let value = resolver.condition(condition, &mut path)?;
                scope.conditions.insert(current, value);
            }
            open.pop();
            continue;
        };
        if scope.conditions.contains_key(&need) {
            continue;
        }
        let Some(condition) = template.conditions.get(&need) else {
            return Err(path.error(What::UnknownCondition(need), span));
        };
        if let Some(begin) = open.get_index_of(&need) {
            let around = open.keys().skip(begin).cloned().chain([need.clone()]).collect();
            let path = Path::of(&["Conditions", need.as_str()]);
            return Err(path.error(What::Cycle { name: need.clone(), around }, condition.span));
        }
        let of_it = needs(template, &need);
        open.insert(need, of_it);
    }
    Ok(())
}

/// What a condition needs, the first one last.
fn needs(template: &Template, name: &str) -> Vec<(String, Span)> {
    let mut names = IndexMap::new();
    if let Some(condition) = template.conditions.get(name) {
        needed(condition, &mut names);
    }
    names.into_iter().rev().collect()
}

/// The conditions that a condition names.
fn needed(condition: &Value, names: &mut IndexMap<String, Span>) {
    match &condition.data {
        Data::List(items) => items.iter().for_each(|item| needed(item, names)),
        Data::Map(map) => {
            for (key, value) in map {
                let named = match key.as_str() {
                    "Condition" => value.text(),
                    "Fn::If" => value.list().and_then(|items| items.first()).and_then(Value::text),
                    _ => None,
                };
                if let Some(name) = named {
                    names.entry(name.to_owned()).or_insert(value.span);
                }
                needed(value, names);
            }
        }
        _ => {}
    }
}

impl Resolver<'_> {
    /// Whether a condition holds; those that it names have been evaluated.
    fn condition(&self, condition: &Value, path: &mut Path) -> Result<bool, TemplateError> {
        const EXPECTED: &str = "a condition: Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition";
        let Some((key, argument)) = condition.map().and_then(|map| map.first().filter(|_| map.len() == 1)) else {
            return Err(misfit(path, condition, EXPECTED));
        };
        path.within(key, |path| match key.as_str() {
            "Condition" => {
                let name = argument.text().ok_or_else(|| misfit(path, argument, "the name of a condition"))?;
                Ok(self.holds(Some(name)))
            }
            "Fn::Equals" => {
                let [one, other] = arguments("Fn::Equals", "two values", argument, path)?;
                let one = path.at(0, |path| self.value(one, path))?;
                let other = path.at(1, |path| self.value(other, path))?;
                Ok(equal(one.as_ref(), other.as_ref()))
            }
            "Fn::Not" => {
                let [negated] = arguments("Fn::Not", "a list of one condition", argument, path)?;
                path.at(0, |path| self.condition(negated, path)).map(|holds| !holds)
            }
            "Fn::And" => Ok(self.several("Fn::And", argument, path)?.into_iter().all(|holds| holds)),
            "Fn::Or" => Ok(self.several("Fn::Or", argument, path)?.into_iter().any(|holds| holds)),
            "Ref" | "Fn::FindInMap" | "Fn::If" | "Fn::Join" | "Fn::Select" | "Fn::Sub" | "Fn::Split" => {
                Err(misfit(path, condition, EXPECTED))
            }
            _ if function_like(condition) => Err(path.error(unsupported(key), argument.span)),
            _ => Err(misfit(path, condition, EXPECTED)),
        })
    }

    fn several(&self, function: &'static str, argument: &Value, path: &mut Path) -> Result<Vec<bool>, TemplateError> {
        let items = argument.list().filter(|items| (2..=10).contains(&items.len()));
        let expected = "a list of 2 to 10 conditions";
        let wrong = || path.error(What::Arguments { function, expected }, argument.span);
        let items = items.ok_or_else(wrong)?;
        let mut holds = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            holds.push(path.at(index, |path| self.condition(item, path))?);
        }
        Ok(holds)
    }
}

fn function_like(value: &Value) -> bool {
    value.map().is_some_and(|map| function(map).is_some())
}

/// Whether two values say the same text; a number and a string of its digits do.
fn equal(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one.and_then(Value::scalar), other.and_then(Value::scalar)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

//! The scope of a plan: what is not known yet has a placeholder, and is listed.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::Waiting;
use crate::environment::{Environment, Surroundings};
use crate::error::{Place, TemplateError, What};
use crate::resolve::Scope;
use crate::template::Template;

/// Surroundings that answer for everything.
pub(super) struct Around<'a> {
    inner: &'a dyn Surroundings,
    asked: RefCell<Vec<Waiting>>,
}

impl<'a> Around<'a> {
    pub fn new(inner: &'a dyn Surroundings) -> Self {
        Self { inner, asked: RefCell::default() }
    }

    /// What was asked and not known, since the last call.
    pub fn take(&self) -> Vec<Waiting> {
        self.asked.take()
    }

    fn stand_in(&self, known: Option<String>, waiting: Waiting, name: &str) -> Option<String> {
        known.or_else(|| {
            self.asked.borrow_mut().push(waiting);
            Some(name.to_owned())
        })
    }
}

impl Surroundings for Around<'_> {
    fn ssm_parameter(&self, name: &str) -> Option<String> {
        self.stand_in(self.inner.ssm_parameter(name), Waiting::Ssm(name.to_owned()), name)
    }

    fn export(&self, name: &str) -> Option<String> {
        self.stand_in(self.inner.export(name), Waiting::Export(name.to_owned()), name)
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        self.inner.availability_zones(region)
    }
}

/// The scope of a template, and the parameters whose values are not known: their names stand for them. Where the values are
/// `complete`, a parameter that has none is an error.
pub(super) fn scope(
    template: &Template,
    environment: Environment,
    given: &IndexMap<String, String>,
    around: &dyn Surroundings,
    complete: bool,
) -> Result<(Scope, IndexMap<String, Waiting>), Vec<TemplateError>> {
    let mut given: IndexMap<String, String> =
        given.iter().filter(|(name, _)| template.parameters.contains_key(*name)).map(owned).collect();
    let (mut unknown, mut errors) = (IndexMap::new(), Vec::new());
    let mut parameters = template.clone();
    for (name, parameter) in &mut parameters.parameters {
        let value = given.get(name).or(parameter.default.as_ref());
        let waiting = match (&parameter.kind, value) {
            (_, None) => {
                if complete {
                    let place = Place::new(format!("Parameters.{name}"), parameter.span);
                    errors.push(TemplateError::new(What::NoValue(name.clone()), place));
                }
                Some(Waiting::Parameter(name.clone()))
            }
            (crate::ParameterType::SsmValue { .. }, Some(named)) => {
                around.ssm_parameter(named).is_none().then(|| Waiting::Ssm(named.clone()))
            }
            (_, Some(_)) => None,
        };
        if let Some(waiting) = waiting {
            unknown.insert(name.clone(), waiting);
            given.insert(name.clone(), name.clone());
            // The name that stands for the value obeys none of its rules.
            let list = parameter.kind.is_list();
            parameter.kind = if list { crate::ParameterType::Strings } else { crate::ParameterType::String };
            parameter.allowed_values.clear();
            parameter.allowed_pattern = None;
            (parameter.min_length, parameter.max_length) = (None, None);
        }
    }
    match parameters.scope(environment, &given, around) {
        Ok(scope) if errors.is_empty() => Ok((scope, unknown)),
        Ok(_) => Err(errors),
        // The others are reported with them.
        Err(more) => Err(errors.into_iter().chain(more).collect()),
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// The values that are given for parameters that nothing has.
pub(super) fn unused<'p>(given: &'p IndexMap<String, String>, has: impl Fn(&str) -> bool) -> Vec<TemplateError> {
    let unused = given.keys().filter(|name: &&'p String| !has(name.as_str()));
    unused.map(|name| TemplateError::new(What::UnknownParameter(name.clone()), Place::default())).collect()
}

/// Whether an error is about the template as a whole having no resources: an empty stack of an assembly is none.
pub(super) fn is_empty(errors: &[TemplateError]) -> bool {
    errors.iter().all(|error| matches!(error.what, What::NoTemplate("an object without") | What::NoResources))
}

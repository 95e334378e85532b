//! The values of a template's parameters.

use indexmap::IndexMap;

use crate::environment::{Environment, Surroundings};
use crate::error::{Place, TemplateError, What};
use crate::resolve::{Scope, conditions};
use crate::template::{Parameter, ParameterType, Template};
use crate::value::{Data, Value};

impl Template {
    /// The scope in which the template is resolved: the values of its parameters, of `given` or else their defaults, and
    /// its conditions. A value for a list has commas between its items.
    ///
    /// # Errors
    /// A parameter has no value, or one that its rules refuse; a condition is wrong. All of them.
    pub fn scope(
        &self,
        environment: Environment,
        given: &IndexMap<String, String>,
        around: &dyn Surroundings,
    ) -> Result<Scope, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let mut scope = Scope { environment, parameters: IndexMap::new(), conditions: IndexMap::new() };
        for name in given.keys().filter(|name| !self.parameters.contains_key(*name)) {
            errors.push(TemplateError::new(What::UnknownParameter(name.clone()), Place::default()));
        }
        for (name, parameter) in &self.parameters {
            match value(name, parameter, given.get(name), around) {
                Ok(value) => _ = scope.parameters.insert(name.clone(), value),
                Err(what) => errors.push(TemplateError::new(what, place(name, parameter))),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        conditions(self, &mut scope, around)?;
        Ok(scope)
    }
}

fn place(name: &str, parameter: &Parameter) -> Place {
    Place::new(format!("Parameters.{name}"), parameter.span)
}

fn value(name: &str, parameter: &Parameter, given: Option<&String>, around: &dyn Surroundings) -> Result<Value, What> {
    let text = given.or(parameter.default.as_ref()).ok_or_else(|| What::NoValue(name.to_owned()))?;
    if let Err(why) = allowed(parameter, text) {
        let why = parameter.constraint_description.clone().unwrap_or(why);
        return Err(What::ParameterValue { parameter: name.to_owned(), why });
    }
    let text = match parameter.kind {
        ParameterType::SsmValue { .. } => {
            around.ssm_parameter(text).ok_or_else(|| What::UnknownSsmParameter(text.clone()))?
        }
        _ => text.clone(),
    };
    let data = if parameter.kind.is_list() {
        // An empty text is a list of one empty text: `Fn::Join` of it is empty, as the CDK's bootstrap template expects.
        Data::List(text.split(',').map(|item| Value::from(item.trim())).collect())
    } else {
        Data::Text(text)
    };
    Ok(data.at(parameter.span))
}

/// Whether a parameter's rules allow a value; the error says what they ask for.
fn allowed(parameter: &Parameter, text: &str) -> Result<(), String> {
    let items: Vec<&str> = if matches!(parameter.kind, ParameterType::Numbers | ParameterType::Strings) {
        text.split(',').map(str::trim).collect()
    } else {
        vec![text]
    };
    if !parameter.allowed_values.is_empty() {
        let allowed = |item: &&str| parameter.allowed_values.iter().any(|value| value == item);
        if !items.iter().all(allowed) {
            return Err(format!("one of {} is needed", parameter.allowed_values.join(", ")));
        }
    }
    if matches!(parameter.kind, ParameterType::Number | ParameterType::Numbers) {
        for item in &items {
            let number: f64 = item.parse().map_err(|_| "a number is needed".to_owned())?;
            within(number, parameter.min_value, parameter.max_value, "")?;
        }
    }
    let length = text.chars().count() as f64;
    within(
        length,
        parameter.min_length.map(|min| min as f64),
        parameter.max_length.map(|max| max as f64),
        " characters",
    )?;
    match &parameter.allowed_pattern {
        Some(pattern) => matches(pattern, text),
        None => Ok(()),
    }
}

fn within(number: f64, min: Option<f64>, max: Option<f64>, unit: &str) -> Result<(), String> {
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(format!("at least {min}{unit} is needed"));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(format!("at most {max}{unit} is allowed"));
    }
    Ok(())
}

/// Whether a pattern fits the whole text.
fn matches(pattern: &str, text: &str) -> Result<(), String> {
    let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|_| format!("`{pattern}` is no pattern that can be checked here"))?;
    if whole.is_match(text) { Ok(()) } else { Err(format!("it has to match the pattern {pattern}")) }
}

//! Checks the templates of a manifest without a request.

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

/// The variables of a template.
const NAMES: [&str; 1] = ["request"];

/// A fault of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// Line of the template, from 1.
    pub line: u32,
    pub what: String,
}

/// The first fault of a template: its syntax, or an unknown name, filter or test. A value that the request may lack is not
/// a fault.
#[must_use]
pub fn template_fault(text: &str) -> Option<TemplateFault> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(20_000));
    let fault = |error: &minijinja::Error| TemplateFault {
        line: error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1),
        what: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    };
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return Some(fault(&error)),
    };
    let known = |name: &String| NAMES.contains(&name.as_str()) || environment.globals().any(|(known, _)| known == name);
    let mut unknown: Vec<String> =
        template.undeclared_variables(false).into_iter().filter(|name| !known(name)).collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        let line =
            text.lines().position(|line| line.contains(name.as_str())).and_then(|line| u32::try_from(line + 1).ok());
        return Some(TemplateFault { line: line.unwrap_or(1), what: format!("there is no name {name:?}") });
    }
    let error = template.render(()).err()?;
    let absent =
        [ErrorKind::UnknownFilter, ErrorKind::UnknownTest, ErrorKind::UnknownFunction, ErrorKind::TemplateNotFound];
    absent.contains(&error.kind()).then(|| fault(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        let fault = template_fault(text);
        match expect {
            None => assert_eq!(fault, None, "{text}"),
            Some(words) => assert!(fault.as_ref().is_some_and(|fault| fault.what.contains(words)), "{text}: {fault:?}"),
        }
    }

    #[test]
    fn faults_are_found_without_a_request() {
        check("Refund {{ request.amount }} of {{ request.a.b[0] }}?", None);
        check("{% for line in request.lines %}{{ loop.index }} {{ line.sku|upper }}{% endfor %}", None);
        check("{% set x = request.a %}{{ x }}{{ range(3) }}", None);
        check("{{ request.", Some("unexpected"));
        check("{{ reqest.amount }}", Some("\"reqest\""));
        check("{{ request.a|nofilter }}", Some("nofilter"));
        check("{% if request.a is notest %}{% endif %}", Some("notest"));
        assert_eq!(template_fault("a\n{{ b }}").map(|fault| fault.line), Some(2));
    }
}

//! A template and its parameters, checked for the stack that they are for, before anything is made.

use countersign_template::{Scope, Template, TemplateError};
use indexmap::IndexMap;

use super::around::{Around, environment};
use super::invalid;
use super::model::{Source, Stack};
use super::resources::is_supported;
use crate::api::error::ApiError;
use crate::host::AccountRegion;

/// A template that is ready to be compared with a stack, or made.
#[derive(Debug)]
pub struct Prepared {
    pub template: Template,
    pub scope: Scope,
}

impl Prepared {
    /// Reads and checks a template.
    ///
    /// # Errors
    /// Everything that is wrong with it, in one message.
    pub fn read(place: &AccountRegion, stack: &Stack, source: &Source, around: &Around) -> Result<Self, ApiError> {
        let template = read(&source.template, &source.parameters)?;
        check_types(&template)?;
        let environment = environment(place, stack, &source.notification_arns);
        let scope =
            template.scope(environment, &source.parameters, around).map_err(|errors| invalid(listed(&errors)))?;
        let unsupported = template.resources.iter().filter(|(_, resource)| {
            let holds = |name: &String| scope.conditions.get(name).copied().unwrap_or(false);
            resource.condition.as_ref().is_none_or(holds) && !is_supported(&resource.kind)
        });
        let mut kinds: Vec<&str> = unsupported.map(|(_, resource)| resource.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if !kinds.is_empty() {
            return Err(invalid(format!(
                "Template format error: Unrecognized resource types: [{}]. The embedded engine does not make them: remove \
                 them, or deploy this template to AWS.",
                kinds.join(", ")
            )));
        }
        let errors = template.check(&scope, around);
        if !errors.is_empty() {
            return Err(invalid(listed(&errors)));
        }
        check_capabilities(&template, &source.capabilities)?;
        Ok(Self { template, scope })
    }
}

/// Reads a template; `given` are the values of parameters that its loops may go through.
///
/// # Errors
/// Everything that is wrong with it, in one message.
pub fn read(text: &str, given: &IndexMap<String, String>) -> Result<Template, ApiError> {
    Template::read_with(text, given).map_err(|errors| invalid(listed(&errors)))
}

fn listed(errors: &[TemplateError]) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = errors.iter().take(MOST).map(TemplateError::to_string).collect();
    let more = errors.len().saturating_sub(MOST);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    format!("Template error: {}{more}", shown.join("; "))
}

/// Custom resources are made by functions and topics that answer to AWS.
fn check_types(template: &Template) -> Result<(), ApiError> {
    let custom = template.resources.iter().find(|(_, resource)| {
        resource.kind.starts_with("Custom::") || resource.kind == "AWS::CloudFormation::CustomResource"
    });
    match custom {
        Some((name, resource)) => Err(invalid(format!(
            "Template format error: Unrecognized resource types: [{}]. The resource {name} is a custom one, which the \
             embedded engine does not make.",
            resource.kind
        ))),
        None => Ok(()),
    }
}

/// What whoever deploys has to acknowledge, as CloudFormation asks for it.
#[must_use]
pub fn capabilities(template: &Template) -> Vec<&'static str> {
    let identities = template.resources.values().filter(|resource| resource.kind.starts_with("AWS::IAM::"));
    let identities: Vec<_> = identities.collect();
    let is_named = |name: &str| ["RoleName", "ManagedPolicyName"].contains(&name);
    match identities.iter().any(|resource| resource.properties.keys().any(|name| is_named(name))) {
        _ if identities.is_empty() => Vec::new(),
        true => vec!["CAPABILITY_NAMED_IAM"],
        false => vec!["CAPABILITY_IAM"],
    }
}

fn check_capabilities(template: &Template, given: &[String]) -> Result<(), ApiError> {
    let needed = capabilities(template);
    let has = |name: &str| {
        let stands_for = |given: &String| given == name || given == "CAPABILITY_NAMED_IAM";
        given.iter().any(stands_for)
    };
    if needed.iter().all(|name| has(name)) {
        return Ok(());
    }
    let why = format!("Requires capabilities : [{}]", needed.join(", "));
    Err(ApiError::new("InsufficientCapabilitiesException", why))
}

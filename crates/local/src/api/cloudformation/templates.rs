//! Templates: as they were sent, summed up, and checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_template::{Parameter, ParameterType, Template};
use indexmap::IndexMap;

use super::{Came, change_sets, needed, optional, source, texts};
use crate::api::query::Form;
use crate::api::xml::element;
use crate::host::{AccountRegion, Host};
use crate::stacks;
use crate::stacks::prepare::{capabilities, read};

/// `GetTemplate`, of a stack or a change set. No template has stages: nothing here transforms one.
pub async fn get(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let text = match form.given("ChangeSetName") {
        Some(_) => change_sets::find(host, place, form).await?.source.template,
        None => stacks::find(host, place, needed(form, "StackName")?).await?.source.template,
    };
    let stages = ["Original", "Processed"].map(|stage| element("member", stage)).concat();
    Ok(element("TemplateBody", text) + &format!("<StagesAvailable>{stages}</StagesAvailable>"))
}

/// The template of a stack or of the request.
async fn template(
    host: &Arc<Host>,
    place: &AccountRegion,
    form: &Form,
) -> Result<Template, crate::api::error::ApiError> {
    match form.given("StackName") {
        Some(name) => {
            let source = stacks::find(host, place, name).await?.source;
            read(&source.template, &source.parameters)
        }
        None => read(&source::template(host, form, None).await?, &IndexMap::new()),
    }
}

/// `GetTemplateSummary`.
pub async fn summary(host: &Arc<Host>, place: &AccountRegion, form: &Form) -> Came {
    let template = template(host, place, form).await?;
    let kinds: BTreeSet<&String> = template.resources.values().map(|resource| &resource.kind).collect();
    let metadata = template.metadata.as_ref().map(|metadata| metadata.json());
    Ok([
        common(&template),
        texts("ResourceTypes", kinds),
        element("Version", "2010-09-09"),
        optional("Metadata", metadata.as_ref()),
    ]
    .concat())
}

/// `ValidateTemplate`.
pub async fn validate(host: &Arc<Host>, form: &Form) -> Came {
    Ok(common(&read(&source::template(host, form, None).await?, &IndexMap::new())?))
}

fn common(template: &Template) -> String {
    let parameters: String = template.parameters.iter().map(|(name, one)| parameter(name, one)).collect();
    let needed: Vec<String> = capabilities(template).into_iter().map(str::to_owned).collect();
    let why = (!needed.is_empty()).then(|| {
        let kinds: BTreeSet<&str> = template.resources.values().map(|one| one.kind.as_str()).collect();
        let kinds: Vec<&str> = kinds.into_iter().filter(|kind| kind.starts_with("AWS::IAM::")).collect();
        format!("The following resource(s) require capabilities: [{}]", kinds.join(", "))
    });
    [
        format!("<Parameters>{parameters}</Parameters>"),
        optional("Description", template.description.as_ref()),
        texts("Capabilities", &needed),
        optional("CapabilitiesReason", why.as_ref()),
    ]
    .concat()
}

fn parameter(name: &str, one: &Parameter) -> String {
    let kind = match &one.kind {
        ParameterType::String => "String",
        ParameterType::Number => "Number",
        ParameterType::Numbers => "List<Number>",
        ParameterType::Strings => "CommaDelimitedList",
        ParameterType::SsmName => "AWS::SSM::Parameter::Name",
        ParameterType::SsmValue { list: false } => "AWS::SSM::Parameter::Value<String>",
        ParameterType::SsmValue { list: true } => "AWS::SSM::Parameter::Value<List<String>>",
        ParameterType::Aws(kind) => kind.as_str(),
    };
    let constraints =
        format!("<ParameterConstraints>{}</ParameterConstraints>", texts("AllowedValues", &one.allowed_values));
    let inner = [
        element("ParameterKey", name),
        optional("DefaultValue", one.default.as_ref()),
        element("ParameterType", kind),
        element("NoEcho", one.no_echo),
        optional("Description", one.description.as_ref()),
        constraints,
    ];
    format!("<member>{}</member>", inner.concat())
}

//! Resources of the Serverless Application Model, turned into those that they stand for.
//!
//! What becomes of what is from the AWS SAM Developer Guide: "AWS SAM resources and properties", "Globals section" and
//! "Generated CloudFormation resources". What SAM has beyond that (events, layers, APIs) is refused or noted by name.

mod function;
mod globals;
mod policies;
mod state_machine;
mod table;

use countersign_yaml::{Node, Span};
use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};

use crate::error::{Place, TemplateError, What};
use crate::template::{Note, Policy, Resource, Template};
use crate::value::{Data, Map, Value};

const TRANSFORM: &str = "AWS::Serverless-2016-10-31";
const PREFIX: &str = "AWS::Serverless::";

/// Turns the template's SAM resources into those that they stand for, if its `Transform` names SAM.
pub(crate) fn transformed(
    template: &mut Template,
    root: Node,
    notes: &mut Vec<Note>,
) -> Result<(), Vec<TemplateError>> {
    let is_sam = transforms(root)?;
    let mut sam =
        Sam { globals: globals::read(root)?, resources: IndexMap::new(), names: Vec::new(), notes, errors: Vec::new() };
    for (name, resource) in std::mem::take(&mut template.resources) {
        if resource.kind.starts_with(PREFIX) && !is_sam {
            sam.error(
                &format!("Resources.{name}.Type"),
                resource.span,
                What::Missing("Transform: AWS::Serverless-2016-10-31"),
            );
        }
        match resource.kind.strip_prefix(PREFIX) {
            Some("Function") => sam.function(&name, resource),
            Some("StateMachine") => sam.state_machine(&name, resource),
            Some("SimpleTable") => sam.table(&name, resource),
            // Others are refused by their name where they would be made.
            _ => sam.add(&name, resource),
        }
    }
    let names = std::mem::take(&mut sam.names);
    let errors = std::mem::take(&mut sam.errors);
    template.resources = sam.resources;
    if !errors.is_empty() {
        return Err(errors);
    }
    for resource in template.resources.values_mut() {
        resource.properties.values_mut().for_each(|value| rename(value, &names));
    }
    template.outputs.values_mut().for_each(|output| rename(&mut output.value, &names));
    Ok(())
}

/// Whether a template names SAM among its transforms. Macros are refused: an account runs them.
fn transforms(root: Node) -> Result<bool, Vec<TemplateError>> {
    let Some(node) = root.get("Transform") else { return Ok(false) };
    let value = Value::from(node);
    let names = value.list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec);
    let mut is_sam = false;
    for name in names {
        match name.text() {
            Some(TRANSFORM) => is_sam = true,
            // Its functions are applied, or refused where they stand.
            Some("AWS::LanguageExtensions") => {}
            other => {
                let function = format!("Transform {}", other.unwrap_or("with parameters"));
                let what = What::UnsupportedFunction { function, why: "a macro runs in an AWS account" };
                return Err(vec![TemplateError::new(what, Place::new("Transform", name.span))]);
            }
        }
    }
    Ok(is_sam)
}

/// The work on one template.
struct Sam<'n> {
    globals: IndexMap<String, Map>,
    resources: IndexMap<String, Resource>,
    /// References such as `Function.Alias`, and the logical IDs that they stand for.
    names: Vec<(String, String)>,
    notes: &'n mut Vec<Note>,
    errors: Vec<TemplateError>,
}

impl Sam<'_> {
    fn add(&mut self, name: &str, resource: Resource) {
        self.resources.insert(name.to_owned(), resource);
    }

    fn error(&mut self, path: &str, span: Span, what: What) {
        self.errors.push(TemplateError::new(what, Place::new(path, span)));
    }

    fn note(&mut self, path: &str, span: Span, what: impl Into<String>) {
        self.notes.push(Note { place: Place::new(path, span), what: what.into() });
    }

    /// The properties of a SAM resource with those of `Globals`.
    fn properties(&self, section: &str, resource: &Resource) -> Map {
        match self.globals.get(section) {
            Some(globals) => globals::merged(globals, &resource.properties),
            None => resource.properties.clone(),
        }
    }

    /// Copies properties, some under another name, and refuses those that are not known.
    fn copy(&mut self, name: &str, from: &mut Map, known: &[(&str, &str)]) -> Map {
        let mut to = Map::new();
        for (sam, plain) in known {
            if let Some(value) = from.shift_remove(*sam) {
                to.insert((*plain).to_owned(), value);
            }
        }
        for (property, value) in std::mem::take(from) {
            let path = format!("Resources.{name}.Properties.{property}");
            let what = "it is not turned into resources here: the event, preference or configuration is not made";
            if NOTED.contains(&property.as_str()) {
                self.note(&path, value.span, what);
            } else {
                let near = crate::near::nearest(&property, known.iter().map(|(sam, _)| *sam));
                let kind = "AWS::Serverless".to_owned();
                self.error(&path, value.span, What::UnknownProperty { kind, property, near });
            }
        }
        to
    }

    /// A role for a service, unless the resource names one.
    fn role(&mut self, name: &str, service: &str, source: &Resource, properties: &mut Map, managed: &[&str]) -> Value {
        let policies = properties.shift_remove("Policies");
        let boundary = properties.shift_remove("PermissionsBoundary");
        let path = properties.shift_remove("RolePath");
        let trust = properties.shift_remove("AssumeRolePolicyDocument");
        if let Some(role) = properties.shift_remove("Role") {
            return role;
        }
        let id = format!("{name}Role");
        let mut role = Map::new();
        role.insert("AssumeRolePolicyDocument".to_owned(), trust.unwrap_or_else(|| policies::trust(service)));
        let (mut arns, documents) = self.policies(name, policies);
        let basic = managed.iter().map(|policy| policies::managed(policy));
        arns = basic.chain(arns).collect();
        if !arns.is_empty() {
            role.insert("ManagedPolicyArns".to_owned(), arns.into());
        }
        if !documents.is_empty() {
            role.insert("Policies".to_owned(), documents.into());
        }
        role.extend(boundary.map(|boundary| ("PermissionsBoundary".to_owned(), boundary)));
        role.extend(path.map(|path| ("Path".to_owned(), path)));
        self.add(&id, plain("AWS::IAM::Role", role, source));
        attribute(&id, "Arn")
    }
}

/// What belongs to resources that are not made here.
const NOTED: &[&str] = &[
    "Events",
    "DeploymentPreference",
    "EventInvokeConfig",
    "FunctionUrlConfig",
    "ProvisionedConcurrencyConfig",
    "UseAliasAsEventTarget",
    "PropagateTags",
    "AutoPublishCodeSha256",
    "AutoPublishAliasAllProperties",
    "PublishToLatestPublished",
    "VersionDeletionPolicy",
    "CapacityProviderConfig",
    "FunctionScalingConfig",
    "SourceKMSKeyArn",
];

/// A resource in the place of a SAM resource.
fn plain(kind: &str, properties: Map, source: &Resource) -> Resource {
    Resource {
        kind: kind.to_owned(),
        properties,
        depends_on: Vec::new(),
        condition: source.condition.clone(),
        deletion_policy: source.deletion_policy,
        update_replace_policy: source.update_replace_policy,
        metadata: None,
        span: source.span,
    }
}

/// A version of a function or state machine: it stays when a new one is made.
fn version(kind: &str, properties: Map, source: &Resource) -> Resource {
    Resource {
        deletion_policy: Policy::Retain,
        update_replace_policy: Policy::Retain,
        ..plain(kind, properties, source)
    }
}

/// `{"Ref": id}`.
fn reference(id: &str) -> Value {
    Map::from_iter([("Ref".to_owned(), Value::from(id))]).into()
}

/// `{"Fn::GetAtt": [id, attribute]}`.
fn attribute(id: &str, attribute: &str) -> Value {
    let parts: Vec<Value> = vec![id.into(), attribute.into()];
    Map::from_iter([("Fn::GetAtt".to_owned(), parts.into())]).into()
}

/// Tags as a list; SAM writes them as an object. `by` is the tag with which SAM marks what it makes.
fn tags(tags: Option<Value>, by: &str) -> Value {
    let tag = |key: &str, value: Value| {
        Value::from(Map::from_iter([("Key".to_owned(), Value::from(key)), ("Value".to_owned(), value)]))
    };
    let own = tags.as_ref().and_then(Value::map).into_iter().flatten().map(|(key, value)| tag(key, value.clone()));
    [tag(by, "SAM".into())].into_iter().chain(own).collect::<Vec<_>>().into()
}

/// Ten letters that change with the contents of a value.
fn fingerprint(value: &Map) -> String {
    let digest = Sha256::digest(Value::from(value.clone()).json());
    digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// A name that the template gives literally: it becomes part of a logical ID.
fn literal(value: &Value) -> Option<&str> {
    value.text().filter(|text| !text.is_empty())
}

/// A name as a part of a logical ID.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Replaces references such as `Function.Alias`.
fn rename(value: &mut Value, names: &[(String, String)]) {
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Data::Map(map) => {
            let single = map.len() == 1;
            if let Some(Value { data: Data::Text(text), .. }) = map.get_mut("Ref").filter(|_| single)
                && let Some((_, id)) = names.iter().find(|(name, _)| name == text)
            {
                text.clone_from(id);
            }
            if let Some(Value { data: Data::Text(text), .. }) = map.get_mut("Fn::Sub").filter(|_| single) {
                for (name, id) in names {
                    *text = text.replace(&format!("${{{name}}}"), &format!("${{{id}}}"));
                }
            }
            map.values_mut().for_each(|value| rename(value, names));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

//! The state machines of a template.

use indexmap::IndexMap;

use super::planned::{Around, scope};
use super::{
    Definition, Encryption, Logging, Planning, Unresolved, Version, Waiting, Workflow, WorkflowKind, folder_of, joined,
};
use crate::assumed::Assumed;
use crate::check::unknown_properties;
use crate::environment::Environment;
use crate::error::{Place, TemplateError, What};
use crate::resolve::{Path, Resolver, Scope, function, references};
use crate::template::{Resource, Template};
use crate::types::resource_type;
use crate::value::{Data, Map, Value};

const MACHINE: &str = "AWS::StepFunctions::StateMachine";
const VERSION: &str = "AWS::StepFunctions::StateMachineVersion";
const ALIAS: &str = "AWS::StepFunctions::StateMachineAlias";
/// The property with the values of placeholders.
const SUBSTITUTIONS: &str = "DefinitionSubstitutions";

/// From where a template comes.
pub(super) struct Source<'s> {
    pub file: &'s str,
    pub environment: Environment,
    pub parameters: IndexMap<String, String>,
    /// Whether these and the defaults have to be all values of its parameters.
    pub complete: bool,
    /// The files of an assembly, by the keys under which they are uploaded.
    pub assets: Option<&'s IndexMap<String, String>>,
}

pub(super) fn of_template(
    template: &Template,
    source: Source,
    planning: &Planning,
) -> Result<Vec<Workflow>, Vec<TemplateError>> {
    let around = Around::new(planning.around);
    let (scope, unknown) =
        scope(template, source.environment.clone(), &source.parameters, planning.around, source.complete)?;
    let assumed = Assumed::new(template, &scope, &around);
    let resolver = Resolver { template, scope: &scope, made: &assumed, around: &around };
    let mut reader =
        Reader { source: &source, planning, resolver, assumed: &assumed, around: &around, unknown, errors: Vec::new() };
    let mut workflows = Vec::new();
    for (name, resource) in &template.resources {
        if resource.kind == MACHINE && resolver.holds(resource.condition.as_deref()) {
            workflows.extend(reader.machine(name, resource));
        }
    }
    let links = Links::of(template, &scope);
    for workflow in &mut workflows {
        reader.link(workflow, &links);
    }
    if reader.errors.is_empty() { Ok(workflows) } else { Err(reader.errors) }
}

struct Reader<'r> {
    source: &'r Source<'r>,
    planning: &'r Planning<'r>,
    resolver: Resolver<'r>,
    assumed: &'r Assumed<'r>,
    around: &'r Around<'r>,
    /// Parameters whose values are not known, each with what it waits for.
    unknown: IndexMap<String, Waiting>,
    errors: Vec<TemplateError>,
}

impl Reader<'_> {
    fn machine(&mut self, name: &str, resource: &Resource) -> Option<Workflow> {
        let mut unresolved = Vec::new();
        // CloudFormation refuses them, so the plan is not that of what is written.
        self.errors
            .extend(resource_type(MACHINE).into_iter().flat_map(|kind| unknown_properties(name, resource, kind)));
        let properties = self.properties(name, resource, &mut unresolved);
        let place = Place { file: self.source.file.to_owned(), path: format!("Resources.{name}"), span: resource.span };
        let before = self.errors.len();
        let definition = self.definition(name, resource, &properties);
        let kind = self.kind(name, &properties);
        let workflow = Workflow {
            name: properties.get("StateMachineName").and_then(Value::scalar),
            logical_id: name.to_owned(),
            stack: Some(self.resolver.scope.environment.stack_name.clone()),
            file: self.source.file.to_owned(),
            place,
            definition,
            kind,
            role_arn: properties.get("RoleArn").and_then(Value::scalar),
            logging: properties.get("LoggingConfiguration").map(logging),
            tracing: properties.get("TracingConfiguration").and_then(|tracing| tracing.get("Enabled")?.bool())
                == Some(true),
            encryption: properties.get("EncryptionConfiguration").and_then(encryption),
            tags: properties.get("Tags").map(tags).unwrap_or_default(),
            aliases: Vec::new(),
            version: None,
            sensitive: false,
            unresolved,
        };
        (self.errors.len() == before).then_some(workflow)
    }

    /// The properties that can be resolved. Errors of the others are kept, and what waits for a deployment is listed.
    fn properties(&mut self, name: &str, resource: &Resource, unresolved: &mut Vec<Unresolved>) -> Map {
        let mut resolved = Map::new();
        for (property, value) in &resource.properties {
            let mut path = Path::of(&["Resources", name, "Properties", property]);
            match self.resolver.whole(value, &mut path) {
                Ok(Some(value)) => _ = resolved.insert(property.clone(), value),
                Ok(None) => {}
                Err(error) => self.errors.push(error),
            }
            let path = format!("Resources.{name}.Properties.{property}");
            match &value.data {
                // Each placeholder has a place of its own.
                Data::Map(members) if property == SUBSTITUTIONS && function(members).is_none() => {
                    drop((self.assumed.take_later(), self.around.take()));
                    for (key, member) in members {
                        let mut at = Path::of(&["Resources", name, "Properties", property, key]);
                        // What is wrong with it was said of the whole.
                        drop(self.resolver.whole(member, &mut at));
                        self.waits(member, format!("{path}.{key}"), unresolved);
                    }
                }
                _ => self.waits(value, path, unresolved),
            }
        }
        resolved
    }

    /// Lists what a value waits for that was just resolved.
    fn waits(&self, value: &Value, path: String, unresolved: &mut Vec<Unresolved>) {
        let place = Place { file: self.source.file.to_owned(), path, span: value.span };
        let resources = self.assumed.take_later().into_iter().map(Waiting::Resource);
        let mut found = Vec::new();
        references(value, self.resolver.scope, &mut found);
        let unknown = found.into_iter().filter_map(|reference| self.unknown.get(&reference.name).cloned());
        for waiting in resources.chain(self.around.take()).chain(unknown) {
            let new = Unresolved { waiting, place: place.clone() };
            if !unresolved.contains(&new) {
                unresolved.push(new);
            }
        }
    }

    fn definition(&mut self, name: &str, resource: &Resource, properties: &Map) -> Option<Definition> {
        let path = format!("Resources.{name}.Properties");
        let forms = ["DefinitionString", "Definition", "DefinitionS3Location"];
        let given: Vec<&str> = forms.into_iter().filter(|form| resource.properties.contains_key(*form)).collect();
        let form = match given.as_slice() {
            [form] => *form,
            [] => {
                return self.refuse(
                    What::OneOf("DefinitionString, Definition and DefinitionS3Location"),
                    &path,
                    resource,
                );
            }
            [first, second, ..] => {
                let excluding = |name: &str| forms.into_iter().find(|form| *form == name).unwrap_or_default();
                let what = What::Excluding { first: excluding(first), second: excluding(second) };
                return self.refuse(what, &path, resource);
            }
        };
        // An error of its own is kept already.
        let value = properties.get(form)?;
        let substitutions = self.substitutions(&path, properties);
        let file = self.source.file;
        match (form, &value.data) {
            ("DefinitionString", Data::Text(text)) => Some(Definition::of_text(file, text, value.span, substitutions)),
            ("Definition", Data::Map(_)) => Some(Definition::of_object(file, value.clone(), substitutions)),
            ("DefinitionS3Location", Data::Text(path)) => {
                self.file(joined(folder_of(file), path), resource, substitutions)
            }
            ("DefinitionS3Location", Data::Map(location)) => {
                let path = self.asset(location, value)?;
                self.file(path, resource, substitutions)
            }
            _ => {
                let expected = if form == "DefinitionString" { "a text" } else { "an object" };
                self.refuse(What::Shape { expected, found: value.kind() }, &format!("{path}.{form}"), resource)
            }
        }
    }

    /// The values of placeholders. One that is no text is an error: its placeholder would stay.
    fn substitutions(&mut self, path: &str, properties: &Map) -> IndexMap<String, String> {
        let mut substitutions = IndexMap::new();
        let given = properties.get(SUBSTITUTIONS).and_then(Value::map);
        for (key, value) in given.into_iter().flatten() {
            match value.scalar() {
                Some(text) => _ = substitutions.insert(key.clone(), text),
                None => {
                    let what = What::Shape { expected: "a text", found: value.kind() };
                    let place = Place::new(format!("{path}.DefinitionSubstitutions.{key}"), value.span);
                    self.errors.push(TemplateError::new(what, place));
                }
            }
        }
        substitutions
    }

    /// The file that is uploaded to a place in S3.
    fn asset(&mut self, location: &Map, value: &Value) -> Option<String> {
        let part = |key: &str| location.get(key).and_then(Value::scalar).unwrap_or_default();
        let (bucket, key) = (part("Bucket"), part("Key"));
        let path = self.source.assets.and_then(|assets| assets.get(&key)).cloned();
        if path.is_none() {
            let place = Place { file: self.source.file.to_owned(), path: String::new(), span: value.span };
            self.errors.push(TemplateError::new(What::NoAsset { bucket, key }, place));
        }
        path
    }

    fn file(
        &mut self,
        path: String,
        resource: &Resource,
        substitutions: IndexMap<String, String>,
    ) -> Option<Definition> {
        let read = self.planning.files.read(&path).map_err(|why| {
            let place = Place { file: self.source.file.to_owned(), path: String::new(), span: resource.span };
            TemplateError::new(What::File { file: path.clone(), why }, place)
        });
        let definition = read.and_then(|text| Definition::of_file(&path, &text, substitutions));
        definition.map_err(|error| self.errors.push(error)).ok()
    }

    fn kind(&mut self, name: &str, properties: &Map) -> WorkflowKind {
        let Some(value) = properties.get("StateMachineType") else { return WorkflowKind::Standard };
        match value.text() {
            Some("STANDARD") => WorkflowKind::Standard,
            Some("EXPRESS") => WorkflowKind::Express,
            _ => {
                let place = Place::new(format!("Resources.{name}.Properties.StateMachineType"), value.span);
                let what = What::Shape { expected: "STANDARD or EXPRESS", found: "another text" };
                self.errors.push(TemplateError::new(what, place));
                WorkflowKind::Standard
            }
        }
    }

    fn refuse<T>(&mut self, what: What, path: &str, resource: &Resource) -> Option<T> {
        self.errors.push(TemplateError::new(what, Place::new(path, resource.span)));
        None
    }

    /// Versions and aliases of a state machine.
    fn link(&mut self, workflow: &mut Workflow, links: &Links) {
        for (version, _) in links.versions.iter().filter(|(_, machine)| *machine == workflow.logical_id) {
            let description = self.property(version, "Description");
            workflow.version = Some(Version { description });
        }
        for (alias, _) in links.aliases.iter().filter(|(_, machine)| *machine == workflow.logical_id) {
            workflow.aliases.extend(self.property(alias, "Name"));
        }
    }

    fn property(&mut self, name: &str, property: &str) -> Option<String> {
        let value = self.resolver.template.resources.get(name)?.properties.get(property)?;
        let mut path = Path::of(&["Resources", name, "Properties", property]);
        match self.resolver.text(value, &mut path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }
}

/// Which version and which alias belong to which state machine, by their logical IDs.
struct Links {
    versions: Vec<(String, String)>,
    aliases: Vec<(String, String)>,
}

impl Links {
    fn of(template: &Template, scope: &Scope) -> Self {
        let dependencies = template.dependencies(scope);
        let kind = |name: &str| template.resources.get(name).map_or("", |resource| resource.kind.as_str());
        let of_kind = |wanted: &'static str| dependencies.iter().filter(move |(name, _)| kind(name) == wanted);
        let mut versions = Vec::new();
        for (version, needs) in of_kind(VERSION) {
            let machine = needs.iter().find(|name| kind(name) == MACHINE);
            versions.extend(machine.map(|machine| (version.clone(), machine.clone())));
        }
        let machine_of = |name: &String| match kind(name) {
            MACHINE => Some(name.clone()),
            _ => versions.iter().find(|(version, _)| version == name).map(|(_, machine)| machine.clone()),
        };
        let aliases = of_kind(ALIAS)
            .filter_map(|(alias, needs)| Some((alias.clone(), needs.iter().find_map(machine_of)?)))
            .collect();
        Self { versions, aliases }
    }
}

fn logging(value: &Value) -> Logging {
    let arn = |destination: &Value| destination.get("CloudWatchLogsLogGroup")?.get("LogGroupArn")?.scalar();
    Logging {
        level: value.get("Level").and_then(Value::scalar).unwrap_or_else(|| "OFF".to_owned()),
        include_execution_data: value.get("IncludeExecutionData").and_then(Value::bool) == Some(true),
        destinations: value.get("Destinations").and_then(Value::list).into_iter().flatten().filter_map(arn).collect(),
    }
}

fn encryption(value: &Value) -> Option<Encryption> {
    Some(Encryption {
        kind: value.get("Type")?.scalar()?,
        kms_key_id: value.get("KmsKeyId").and_then(Value::scalar),
        data_key_reuse: value.get("KmsDataKeyReusePeriodSeconds").and_then(Value::integer),
    })
}

fn tags(value: &Value) -> IndexMap<String, String> {
    let tag = |tag: &Value| Some((tag.get("Key")?.scalar()?, tag.get("Value")?.scalar()?));
    value.list().into_iter().flatten().filter_map(tag).collect()
}

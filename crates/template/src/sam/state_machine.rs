//! `AWS::Serverless::StateMachine`.

use super::{Sam, attribute, fingerprint, letters, literal, plain, reference, tags, version};
use crate::error::What;
use crate::template::Resource;
use crate::value::{Map, Value};

const KNOWN: &[(&str, &str)] = &[
    ("Definition", "Definition"),
    ("DefinitionSubstitutions", "DefinitionSubstitutions"),
    ("Logging", "LoggingConfiguration"),
    ("Tracing", "TracingConfiguration"),
    ("Name", "StateMachineName"),
    ("Type", "StateMachineType"),
];

impl Sam<'_> {
    pub(super) fn state_machine(&mut self, name: &str, resource: Resource) {
        let mut from = self.properties("StateMachine", &resource);
        let managed: &[&str] = if from.contains_key("Tracing") { &["AWSXRayDaemonWriteAccess"] } else { &[] };
        let role = self.role(name, "states.amazonaws.com", &resource, &mut from, managed);
        let alias = from.shift_remove("AutoPublishAlias");
        let tagged = tags(from.shift_remove("Tags"), "stateMachine:createdBy");
        let location = from.shift_remove("DefinitionUri");
        match (&location, from.get("Definition")) {
            (Some(uri), Some(_)) => {
                let what = What::Excluding { first: "Definition", second: "DefinitionUri" };
                self.error(&format!("Resources.{name}.Properties.DefinitionUri"), uri.span, what);
            }
            (None, None) => {
                let what = What::OneOf("Definition and DefinitionUri");
                self.error(&format!("Resources.{name}.Properties"), resource.span, what);
            }
            _ => {}
        }
        let mut properties = self.copy(name, &mut from, KNOWN);
        properties.extend(location.map(|uri| ("DefinitionS3Location".to_owned(), s3_location(uri))));
        properties.insert("RoleArn".to_owned(), role);
        properties.insert("Tags".to_owned(), tagged);
        if let Some(alias) = alias {
            self.state_machine_alias(name, &alias, &properties, &resource);
        }
        let machine = plain("AWS::StepFunctions::StateMachine", properties, &resource);
        let depends_on = resource.depends_on;
        self.add(name, Resource { depends_on, metadata: resource.metadata, ..machine });
    }

    /// A version for each change, and the alias that points to it.
    fn state_machine_alias(&mut self, name: &str, alias: &Value, machine: &Map, source: &Resource) {
        let Some(text) = literal(alias) else {
            let what = What::Shape { expected: "the alias's name as a text", found: alias.kind() };
            return self.error(&format!("Resources.{name}.Properties.AutoPublishAlias"), alias.span, what);
        };
        let version_id = format!("{name}Version{}", fingerprint(machine));
        let of_version = Map::from_iter([
            ("StateMachineArn".to_owned(), reference(name)),
            ("StateMachineRevisionId".to_owned(), attribute(name, "StateMachineRevisionId")),
        ]);
        self.add(&version_id, version("AWS::StepFunctions::StateMachineVersion", of_version, source));
        let route = Map::from_iter([
            ("StateMachineVersionArn".to_owned(), reference(&version_id)),
            ("Weight".to_owned(), crate::value::Data::Number("100".to_owned()).into()),
        ]);
        let alias_id = format!("{name}Alias{}", letters(text));
        let of_alias = Map::from_iter([
            ("Name".to_owned(), alias.clone()),
            ("RoutingConfiguration".to_owned(), vec![Value::from(route)].into()),
        ]);
        self.add(&alias_id, plain("AWS::StepFunctions::StateMachineAlias", of_alias, source));
        self.names.push((format!("{name}.Alias"), alias_id));
        self.names.push((format!("{name}.Version"), version_id));
    }
}

/// `s3://bucket/key` as an object. A path of a file stays: it is read beside the template, or refused where it is made.
pub(super) fn s3_location(uri: Value) -> Value {
    let parts = uri.text().and_then(|text| text.strip_prefix("s3://")?.split_once('/'));
    let Some((bucket, key)) = parts.map(|(bucket, key)| (bucket.to_owned(), key.to_owned())) else { return uri };
    let map = Map::from_iter([("Bucket".to_owned(), Value::from(bucket)), ("Key".to_owned(), Value::from(key))]);
    crate::value::Data::Map(map).at(uri.span)
}

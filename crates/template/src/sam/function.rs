//! `AWS::Serverless::Function`.

use super::state_machine::s3_location;
use super::{Sam, attribute, fingerprint, letters, literal, plain, reference, tags, version};
use crate::error::What;
use crate::template::Resource;
use crate::value::{Data, Map, Value};

const KNOWN: &[(&str, &str)] = &[
    ("FunctionName", "FunctionName"),
    ("Handler", "Handler"),
    ("Runtime", "Runtime"),
    ("Description", "Description"),
    ("MemorySize", "MemorySize"),
    ("Timeout", "Timeout"),
    ("Environment", "Environment"),
    ("Layers", "Layers"),
    ("VpcConfig", "VpcConfig"),
    ("KmsKeyArn", "KmsKeyArn"),
    ("Architectures", "Architectures"),
    ("EphemeralStorage", "EphemeralStorage"),
    ("ReservedConcurrentExecutions", "ReservedConcurrentExecutions"),
    ("PackageType", "PackageType"),
    ("ImageConfig", "ImageConfig"),
    ("CodeSigningConfigArn", "CodeSigningConfigArn"),
    ("FileSystemConfigs", "FileSystemConfigs"),
    ("SnapStart", "SnapStart"),
    ("RuntimeManagementConfig", "RuntimeManagementConfig"),
    ("LoggingConfig", "LoggingConfig"),
    ("RecursiveLoop", "RecursiveLoop"),
    ("DurableConfig", "DurableConfig"),
    ("TenancyConfig", "TenancyConfig"),
];

impl Sam<'_> {
    pub(super) fn function(&mut self, name: &str, resource: Resource) {
        let mut from = self.properties("Function", &resource);
        let mut managed = vec!["AWSLambdaBasicExecutionRole"];
        if from.contains_key("VpcConfig") {
            managed.push("AWSLambdaVPCAccessExecutionRole");
        }
        let tracing = from.shift_remove("Tracing");
        if tracing.is_some() {
            managed.push("AWSXRayDaemonWriteAccess");
        }
        let role = self.role(name, "lambda.amazonaws.com", &resource, &mut from, &managed);
        let alias = from.shift_remove("AutoPublishAlias");
        let description = from.shift_remove("VersionDescription");
        let tagged = tags(from.shift_remove("Tags"), "lambda:createdBy");
        let letter = from.shift_remove("DeadLetterQueue").and_then(|queue| queue.get("TargetArn").cloned());
        let code = self.code(name, &resource, &mut from);
        let mut properties = self.copy(name, &mut from, KNOWN);
        properties.insert("Code".to_owned(), code);
        properties.insert("Role".to_owned(), role);
        properties.insert("Tags".to_owned(), tagged);
        let wrapped = |key: &str, value: Value| Value::from(Map::from_iter([(key.to_owned(), value)]));
        properties.extend(tracing.map(|mode| ("TracingConfig".to_owned(), wrapped("Mode", mode))));
        properties.extend(letter.map(|arn| ("DeadLetterConfig".to_owned(), wrapped("TargetArn", arn))));
        if let Some(alias) = alias {
            self.function_alias(name, &alias, description, &properties, &resource);
        }
        let function = plain("AWS::Lambda::Function", properties, &resource);
        self.add(name, Resource { depends_on: resource.depends_on, metadata: resource.metadata, ..function });
    }

    /// Where a function's code is: `InlineCode`, `ImageUri` or `CodeUri`.
    fn code(&mut self, name: &str, resource: &Resource, from: &mut Map) -> Value {
        let object = |key: &str, value: Value| Value::from(Map::from_iter([(key.to_owned(), value)]));
        if let Some(text) = from.shift_remove("InlineCode") {
            from.shift_remove("CodeUri");
            return object("ZipFile", text);
        }
        if let Some(image) = from.shift_remove("ImageUri") {
            return object("ImageUri", image);
        }
        let Some(uri) = from.shift_remove("CodeUri") else {
            let what = What::OneOf("CodeUri, InlineCode and ImageUri");
            self.error(&format!("Resources.{name}.Properties"), resource.span, what);
            return Data::Null.into();
        };
        let location = s3_location(uri);
        let Some(map) = location.map().filter(|map| map.contains_key("Bucket")) else { return location };
        let renamed = map.iter().map(|(key, value)| {
            let key = match key.as_str() {
                "Bucket" => "S3Bucket",
                "Key" => "S3Key",
                "Version" => "S3ObjectVersion",
                other => other,
            };
            (key.to_owned(), value.clone())
        });
        Data::Map(renamed.collect()).at(location.span)
    }

    fn function_alias(
        &mut self,
        name: &str,
        alias: &Value,
        description: Option<Value>,
        function: &Map,
        source: &Resource,
    ) {
        let Some(text) = literal(alias) else {
            let what = What::Shape { expected: "the alias's name as a text", found: alias.kind() };
            return self.error(&format!("Resources.{name}.Properties.AutoPublishAlias"), alias.span, what);
        };
        // A version is published for each change of the code.
        let code = Map::from_iter(function.get("Code").map(|code| ("Code".to_owned(), code.clone())));
        let version_id = format!("{name}Version{}", fingerprint(&code));
        let mut of_version = Map::from_iter([("FunctionName".to_owned(), reference(name))]);
        of_version.extend(description.map(|description| ("Description".to_owned(), description)));
        self.add(&version_id, version("AWS::Lambda::Version", of_version, source));
        let alias_id = format!("{name}Alias{}", letters(text));
        let of_alias = Map::from_iter([
            ("Name".to_owned(), alias.clone()),
            ("FunctionName".to_owned(), reference(name)),
            ("FunctionVersion".to_owned(), attribute(&version_id, "Version")),
        ]);
        self.add(&alias_id, plain("AWS::Lambda::Alias", of_alias, source));
        self.names.push((format!("{name}.Alias"), alias_id));
        self.names.push((format!("{name}.Version"), version_id));
    }
}

//! Map states: their processor, where items come from and where results go.

use serde_json::{Map, Value};

use super::expressions::{PathRule, check_path, check_template};
use super::values::{self, ValueType, check_exclusive, check_number, check_one_of, check_type};
use super::{Lint, below, fields};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// Longest label, in characters.
const LONGEST_LABEL: usize = 40;

const INPUT_TYPES: &[&str] = &["MANIFEST", "JSON", "CSV", "JSONL", "PARQUET"];
const READER_CONFIG: &[&str] = &[
    "InputType",
    "Transformation",
    "ManifestType",
    "ItemsPointer",
    "CSVHeaderLocation",
    "CSVHeaders",
    "CSVDelimiter",
    "MaxItems",
    "MaxItemsPath",
];
/// The fields of a reader's configuration with a fixed choice of values.
const READER_CHOICES: &[(&str, &[&str])] = &[
    ("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]),
    ("CSVDelimiter", &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]),
    ("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"]),
    ("Transformation", &["NONE", "LOAD_AND_FLATTEN"]),
];
const BATCHER: &[&str] =
    &["BatchInput", "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
/// A batcher needs at least one of these limits.
const BATCH_LIMITS: &[&str] =
    &["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];

/// Checks a Map state; `machine` is the query language of the states inside it.
pub(super) fn check(
    lint: &mut Lint,
    state: &Map<String, Value>,
    path: &str,
    language: QueryLanguage,
    machine: QueryLanguage,
) {
    check_exclusive(lint, state, path, &["ItemProcessor", "Iterator"], true);
    check_exclusive(lint, state, path, &["Parameters", "ItemSelector"], false);
    for (field, by_path, limit) in [
        ("MaxConcurrency", "MaxConcurrencyPath", f64::INFINITY),
        ("ToleratedFailureCount", "ToleratedFailureCountPath", f64::INFINITY),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath", 100.0),
    ] {
        check_exclusive(lint, state, path, &[field, by_path], false);
        check_number(lint, state, path, field, (0.0, limit), field != "ToleratedFailurePercentage", language);
        check_path(lint, state, path, by_path, PathRule::Path);
    }
    check_label(lint, state, path);
    check_reader(lint, state, path, language);
    check_batcher(lint, state, path, language);
    check_writer(lint, state, path, language);
    for field in ["ItemProcessor", "Iterator"] {
        let Some(body) = state.get(field) else { continue };
        let place = format!("{path}/{field}");
        let outer = lint.express;
        check_processor_config(lint, body, &place);
        super::states::check_body(lint, body, &place, fields::PROCESSOR, machine);
        lint.express = outer;
    }
}

fn check_label(lint: &mut Lint, state: &Map<String, Value>, path: &str) {
    let Some(label) = state.get("Label") else { return };
    let place = format!("{path}/Label");
    check_type(lint, label, &place, ValueType::String);
    let Some(text) = label.as_str().filter(|text| !lint.is_open(text)) else { return };
    let forbidden =
        |letter: char| letter.is_whitespace() || letter.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(letter);
    if text.chars().count() > LONGEST_LABEL {
        let message =
            format!("Invalid Label name: {text} exceeds the {LONGEST_LABEL}-character limit allowed by the service");
        let remedy = format!("Use at most {LONGEST_LABEL} characters.");
        lint.refused_by_aws(Rule::InvalidLabel, &place, message, remedy);
    } else if text.is_empty() || text.chars().any(forbidden) {
        let remedy = "Use letters, digits, hyphens and underscores.";
        lint.refused_by_aws(Rule::InvalidLabel, &place, format!("Invalid Label name: {text}"), remedy);
    }
    if !lint.labels.insert(text.to_owned()) {
        let remedy = "Give each Map state a label of its own.";
        lint.refused_by_aws(Rule::DuplicateLabel, &place, format!("Duplicate Label name: {text}"), remedy);
    }
}

/// Checks `ProcessorConfig`. The children of a distributed map may run as Express.
fn check_processor_config(lint: &mut Lint, body: &Value, path: &str) {
    let Some(config) = body.get("ProcessorConfig") else { return };
    let place = format!("{path}/ProcessorConfig");
    check_type(lint, config, &place, ValueType::Object);
    let Some(config) = config.as_object() else { return };
    if let Some(mode) = config.get("Mode") {
        check_one_of(lint, mode, &format!("{place}/Mode"), &["INLINE", "DISTRIBUTED"]);
    }
    if config.get("Mode").is_none_or(|mode| mode != "DISTRIBUTED") {
        let placeholder = config.get("Mode").and_then(Value::as_str).is_some_and(|text| lint.is_open(text));
        fields::check_scope_fields(lint, config, &place, if placeholder { PROCESSOR_CONFIG } else { &["Mode"] });
        return;
    }
    fields::check_scope_fields(lint, config, &place, PROCESSOR_CONFIG);
    if lint.express {
        let message = "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
        lint.error(
            Rule::UnsupportedInExpress,
            &format!("{place}/Mode"),
            message,
            "Write \"INLINE\", or make it a STANDARD machine.",
        );
    }
    let Some(kind) = config.get("ExecutionType") else {
        let message = "These fields are required: [ExecutionType]";
        lint.refused_by_aws(Rule::MissingField, &place, message, "Write \"STANDARD\" or \"EXPRESS\".");
        return;
    };
    check_one_of(lint, kind, &format!("{place}/ExecutionType"), &["STANDARD", "EXPRESS"]);
    lint.express = kind == "EXPRESS";
}

const PROCESSOR_CONFIG: &[&str] = &["Mode", "ExecutionType"];

/// Checks the fields of a call to S3 in a Map: the resource, and its parameters in the state's query language.
fn check_call(lint: &mut Lint, call: &Map<String, Value>, path: &str, language: QueryLanguage) {
    values::check_types(lint, call, path, &["Resource"], ValueType::String);
    let other = if language == QueryLanguage::JsonPath { "Arguments" } else { "Parameters" };
    if call.contains_key(other) {
        fields::wrong_language(lint, other, path, language);
    }
    for field in ["Parameters", "Arguments"] {
        if let Some(template) = call.get(field) {
            check_template(lint, template, &format!("{path}/{field}"), language);
        }
    }
}

fn check_reader(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(reader) = state.get("ItemReader") else { return };
    let place = format!("{path}/ItemReader");
    check_type(lint, reader, &place, ValueType::Object);
    let Some(reader) = reader.as_object() else { return };
    fields::check_scope_fields(lint, reader, &place, &["Resource", "Parameters", "Arguments", "ReaderConfig"]);
    lint.require(reader, &place, &["Resource"]);
    check_call(lint, reader, &place, language);
    let resource = reader.get("Resource").and_then(Value::as_str).unwrap_or_default();
    let known = [":states:::s3:getObject", ":states:::s3:listObjectsV2"].iter().any(|end| resource.ends_with(end));
    if reader.get("Resource").is_some_and(Value::is_string) && !known && !lint.is_open(resource) {
        let message = "The field 'Resource' does not match any of the allowed values. Examples: \
                       [arn:<partition>:states:::s3:getObject, arn:<partition>:states:::s3:listObjectsV2]";
        let remedy = "Write arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2.";
        lint.refused_by_aws(Rule::UnknownResource, &format!("{place}/Resource"), message, remedy);
    }
    if let Some(config) = reader.get("ReaderConfig") {
        check_reader_config(lint, config, &format!("{place}/ReaderConfig"), language);
    }
}

fn check_reader_config(lint: &mut Lint, config: &Value, place: &str, language: QueryLanguage) {
    check_type(lint, config, place, ValueType::Object);
    let Some(config) = config.as_object() else { return };
    let input = config.get("InputType").and_then(Value::as_str);
    if let Some(input) = input.filter(|input| !INPUT_TYPES.contains(input) && !lint.is_open(input)) {
        let list = INPUT_TYPES.join(", ");
        let message = format!("The field 'InputType' should have one of these values: [{list}]");
        lint.error(
            Rule::UnknownValue,
            &format!("{place}/InputType"),
            message,
            format!("Write one of {list}; it is '{input}'."),
        );
    }
    fields::check_scope_fields(lint, config, place, READER_CONFIG);
    values::check_types(lint, config, place, &["InputType"], ValueType::String);
    values::check_types(lint, config, place, &["CSVHeaders"], ValueType::Array);
    for (field, known) in READER_CHOICES {
        if let Some(value) = config.get(*field) {
            check_one_of(lint, value, &format!("{place}/{field}"), known);
        }
    }
    if input == Some("CSV") && !config.contains_key("CSVHeaderLocation") {
        let remedy = "Write \"FIRST_ROW\", or \"GIVEN\" with CSVHeaders.";
        lint.refused_by_aws(Rule::MissingField, place, "The field 'CSVHeaderLocation' is required", remedy);
    }
    if input == Some("JSON") {
        for field in
            ["CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"].iter().filter(|field| config.contains_key(**field))
        {
            lint.error_within(
                Rule::UnknownField,
                place,
                &below(place, field),
                format!("Field '{field}' is not supported"),
                format!("Remove '{field}': it is for CSV files."),
            );
        }
    }
    if config.get("CSVHeaderLocation").is_some_and(|location| location == "GIVEN") {
        lint.require(config, place, &["CSVHeaders"]);
    }
    check_exclusive(lint, config, place, &["MaxItems", "MaxItemsPath"], false);
    check_number(lint, config, place, "MaxItems", (0.0, f64::INFINITY), true, language);
    check_path(lint, config, place, "MaxItemsPath", PathRule::Path);
}

fn check_batcher(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(batcher) = state.get("ItemBatcher") else { return };
    let place = format!("{path}/ItemBatcher");
    check_type(lint, batcher, &place, ValueType::Object);
    let Some(batcher) = batcher.as_object() else { return };
    fields::check_scope_fields(lint, batcher, &place, BATCHER);
    check_any(lint, batcher, &place, BATCH_LIMITS);
    for (field, by_path) in
        [("MaxItemsPerBatch", "MaxItemsPerBatchPath"), ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath")]
    {
        check_exclusive(lint, batcher, &place, &[field, by_path], false);
        check_number(lint, batcher, &place, field, (1.0, f64::INFINITY), true, language);
        check_path(lint, batcher, &place, by_path, PathRule::Path);
    }
    if let Some(input) = batcher.get("BatchInput") {
        check_template(lint, input, &format!("{place}/BatchInput"), language);
    }
}

fn check_writer(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(writer) = state.get("ResultWriter") else { return };
    let place = format!("{path}/ResultWriter");
    check_type(lint, writer, &place, ValueType::Object);
    let Some(writer) = writer.as_object() else { return };
    fields::check_scope_fields(lint, writer, &place, &["Resource", "Parameters", "Arguments", "WriterConfig"]);
    check_any(lint, writer, &place, &["Resource", "WriterConfig"]);
    check_call(lint, writer, &place, language);
    let Some(config) = writer.get("WriterConfig") else { return };
    let place = format!("{place}/WriterConfig");
    check_type(lint, config, &place, ValueType::Object);
    let Some(config) = config.as_object() else { return };
    fields::check_scope_fields(lint, config, &place, &["Transformation", "OutputType"]);
    for (field, known) in [("Transformation", &["NONE", "COMPACT", "FLATTEN"][..]), ("OutputType", &["JSON", "JSONL"])]
    {
        if let Some(value) = config.get(field) {
            check_one_of(lint, value, &format!("{place}/{field}"), known);
        }
    }
}

/// Checks that at least one of these fields is present.
fn check_any(lint: &mut Lint, object: &Map<String, Value>, place: &str, names: &[&str]) {
    if !names.iter().any(|name| object.contains_key(*name)) {
        let list = names.join(", ");
        let message = format!("This object should have at least one of the following fields: [{list}]");
        lint.error(Rule::MissingField, place, message, format!("Add one of {list}."));
    }
}

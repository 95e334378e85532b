//! What a machine needs beside its tasks: distributed Map states, logs, traces and a key.

use serde_json::{Map, Value, json};

use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// The actions of a log delivery, which have no resources: CloudWatch Logs authorises deliveries as a whole.
const LOG_DELIVERY: [&str; 10] = [
    "logs:CreateLogDelivery",
    "logs:CreateLogStream",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutLogEvents",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

const TRACES: [&str; 4] =
    ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Logs, traces and the key.
pub(crate) fn settings(needs: &mut Needs) {
    if needs.subject.logging.on {
        needs.allow("LogDelivery", &LOG_DELIVERY, ["*"]);
    }
    if needs.subject.tracing {
        needs.allow("XRay", &TRACES, ["*"]);
    }
    if let Some(key) = needs.subject.key {
        encryption(needs, key);
    }
}

fn encryption(needs: &mut Needs, key: &str) {
    let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
    let resource = if key.starts_with("arn:") && key.contains(":key/") {
        key.to_owned()
    } else if key.contains("alias/") {
        needs.note(None, "The key is named by an alias, and a policy needs the key's ARN: any key is allowed.");
        "*".to_owned()
    } else {
        needs.arn("kms", Scope::Regional, &format!("key/{key}"))
    };
    let machine = machine_arn(needs);
    let condition = json!({ "StringEquals": { "kms:EncryptionContext:aws:states:stateMachineArn": machine } });
    let condition = if machine.contains('*') { json!({ "StringLike": condition["StringEquals"] }) } else { condition };
    needs.allow_if("Key", &actions, [resource.clone()], Some(condition));
    if needs.subject.logging.on {
        // CloudWatch Logs encrypts what is delivered to it, in the role's name.
        let source = needs.arn("logs", Scope::Regional, "*");
        let condition = json!({ "StringLike": { "kms:EncryptionContext:SourceArn": source } });
        needs.allow_if("Key", &["kms:GenerateDataKey"], [resource], Some(condition));
    }
}

/// The machine's own ARN; any machine's where its name is not known.
pub(crate) fn machine_arn(needs: &mut Needs) -> String {
    own(needs, "stateMachine:", "")
}

fn own(needs: &mut Needs, before: &str, after: &str) -> String {
    let name = needs.subject.name.unwrap_or("*");
    if needs.subject.name.is_none() {
        needs.note(None, "The machine's name is not known, and a wildcard stands in its place.");
    }
    needs.arn("states", Scope::Regional, &format!("{before}{name}{after}"))
}

/// A distributed Map: it starts its machine's own executions, reads items and writes results.
pub(crate) fn distributed_map(needs: &mut Needs, at: &StateAt) {
    let machine = machine_arn(needs);
    needs.allow("MapRun", &["states:StartExecution"], [machine]);
    let children = own(needs, "execution:", ":*");
    needs.allow("MapRun", &["states:DescribeExecution", "states:StopExecution"], [children]);
    // A redriven execution redrives the children of its Map Runs, whose ARNs have the label behind the name.
    let label = at.state.get("Label").and_then(Value::as_str).filter(|label| !label.contains("${")).unwrap_or("*");
    let runs = own(needs, "execution:", &format!("/{label}:*"));
    needs.allow("MapRun", &["states:RedriveExecution"], [runs]);
    if let Some(reader) = at.state.get("ItemReader").and_then(Value::as_object) {
        read_items(needs, at, reader);
    }
    if let Some(writer) = at.state.get("ResultWriter").and_then(Value::as_object)
        && writer.contains_key("Resource")
    {
        write_results(needs, at, writer);
    }
}

fn bucket(needs: &mut Needs, at: &StateAt, given: Given, parameter: &str) -> Option<String> {
    match given.text() {
        Some(name) if !name.contains(['*', '?']) => Some(name.to_owned()),
        _ => {
            needs.any(at.name, parameter, given);
            None
        }
    }
}

/// Says so where a key has a letter that IAM takes for a wildcard: the policy allows more than the definition names.
fn note_wildcards(needs: &mut Needs, at: &StateAt, what: &str, key: &str) {
    if key.contains(['*', '?']) {
        let text =
            format!("{what} has * or ?, which stand for any characters in a policy: it allows more than that key.");
        needs.note(Some(at.name), text);
    }
}

fn read_items(needs: &mut Needs, at: &StateAt, reader: &Map<String, Value>) {
    let parameters = at.parameters_of(reader);
    let get = |name: &str| parameters.get(name, at.language);
    let named = bucket(needs, at, get("Bucket"), "The Bucket of the ItemReader");
    let name = named.as_deref().unwrap_or("*");
    let resource = reader.get("Resource").and_then(Value::as_str).unwrap_or_default();
    if resource.ends_with(":s3:listObjectsV2") {
        let condition = match get("Prefix") {
            Given::Fixed(Value::String(prefix)) if !prefix.is_empty() => {
                note_wildcards(needs, at, "The Prefix of the ItemReader", prefix);
                Some(json!({ "StringLike": { "s3:prefix": [format!("{prefix}*")] } }))
            }
            Given::Computed => {
                needs.note(Some(at.name), "The Prefix of the ItemReader is computed: the whole bucket may be listed.");
                None
            }
            _ => None,
        };
        let bucket = needs.arn("s3", Scope::Bare, name);
        needs.allow_if("Items", &["s3:ListBucket"], [bucket], condition);
        if reader_config(reader, "Transformation") == Some("LOAD_AND_FLATTEN") {
            let objects = needs.arn("s3", Scope::Bare, &format!("{name}/*"));
            needs.allow("Items", &["s3:GetObject"], [objects]);
        }
        return;
    }
    let key = match get("Key") {
        Given::Fixed(Value::String(key)) => {
            note_wildcards(needs, at, "The Key of the ItemReader", key);
            key.clone()
        }
        given => {
            needs.note(
                Some(at.name),
                format!(
                    "The Key of the ItemReader is {}: any object of the bucket may be read.",
                    if given == Given::Computed { "computed" } else { "not given" }
                ),
            );
            "*".to_owned()
        }
    };
    let object = needs.arn("s3", Scope::Bare, &format!("{name}/{key}"));
    needs.allow("Items", &["s3:GetObject"], [object]);
    if reader_config(reader, "InputType") == Some("MANIFEST") {
        needs.note(
            Some(at.name),
            "The manifest lists files that may be in another bucket: allow s3:GetObject on them too.",
        );
    }
}

fn reader_config<'a>(reader: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    reader.get("ReaderConfig")?.get(field)?.as_str()
}

/// The actions of a multi-part upload are among those that AWS documents.
fn write_results(needs: &mut Needs, at: &StateAt, writer: &Map<String, Value>) {
    let parameters = at.parameters_of(writer);
    let get = |name: &str| parameters.get(name, at.language);
    let named = bucket(needs, at, get("Bucket"), "The Bucket of the ResultWriter");
    let name = named.as_deref().unwrap_or("*");
    let below = match get("Prefix") {
        Given::Fixed(Value::String(prefix)) if !prefix.is_empty() => {
            note_wildcards(needs, at, "The Prefix of the ResultWriter", prefix);
            format!("{name}/{}/*", prefix.trim_end_matches('/'))
        }
        Given::Computed => {
            needs.note(Some(at.name), "The Prefix of the ResultWriter is computed: the whole bucket may be written.");
            format!("{name}/*")
        }
        _ => format!("{name}/*"),
    };
    let objects = needs.arn("s3", Scope::Bare, &below);
    needs.allow(
        "Results",
        &["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        [objects],
    );
}

//! The constraints of each operation's parameters in the service model: lengths, ranges, enumerations and patterns.
//!
//! AWS checks them before anything else and reports all that fail at once. A new operation needs a line of
//! [`OPERATIONS`], with the fields in the order of the model.

mod types;

use serde_json::Value;

use super::error::ApiError;

/// A parameter, or a member of one.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    required: bool,
    rule: Rule,
}

#[derive(Clone, Copy)]
enum Rule {
    /// A text, with its range of characters.
    Text {
        least: usize,
        most: usize,
    },
    /// The same; the message does not repeat the value.
    Secret {
        least: usize,
        most: usize,
    },
    Number {
        least: i64,
        most: i64,
    },
    Flag,
    OneOf(&'static [&'static str]),
    /// A text that matches a pattern of the model, and its greatest length.
    Pattern {
        most: usize,
        pattern: &'static str,
        fits: fn(&str) -> bool,
    },
    Structure(&'static [Field]),
    /// A list of structures of a type.
    List {
        least: usize,
        most: usize,
        member: &'static str,
        of: &'static [Field],
    },
    /// A list of texts.
    Texts {
        least: usize,
        most: usize,
    },
}

const fn field(name: &'static str, rule: Rule) -> Field {
    Field { name, required: false, rule }
}

const fn text(name: &'static str, least: usize, most: usize) -> Field {
    field(name, Rule::Text { least, most })
}

const fn secret(name: &'static str, least: usize, most: usize) -> Field {
    field(name, Rule::Secret { least, most })
}

const fn number(name: &'static str, least: i64, most: i64) -> Field {
    field(name, Rule::Number { least, most })
}

const fn flag(name: &'static str) -> Field {
    field(name, Rule::Flag)
}

const fn one_of(name: &'static str, known: &'static [&'static str]) -> Field {
    field(name, Rule::OneOf(known))
}

const fn required(field: Field) -> Field {
    Field { required: true, ..field }
}

/// The ARN of anything but a run of a distributed map.
const fn arn(name: &'static str) -> Field {
    required(text(name, 1, 256))
}

const DEFINITION: usize = 1_048_576;
const PAYLOAD: usize = 262_144;

const TYPE: Field = one_of("type", &["STANDARD", "EXPRESS"]);
const INCLUDED: Field = one_of("includedData", &["ALL_DATA", "METADATA_ONLY"]);
const MAX_RESULTS: Field = number("maxResults", 0, 1_000);
const TOKEN: Field = text("nextToken", 1, 1_024);
const RUN: Field = text("mapRunArn", 1, 2_000);
const TASK_TOKEN: Field = required(secret("taskToken", 1, 2_048));
const ERROR: Field = secret("error", 0, 256);
const CAUSE: Field = secret("cause", 0, 32_768);
const DESCRIPTION: Field = secret("description", 0, 256);
const VERSION_DESCRIPTION: Field = secret("versionDescription", 0, 256);
const TRACE: Field =
    field("traceHeader", Rule::Pattern { most: 256, pattern: r"\p{ASCII}*", fits: |text| text.is_ascii() });
const CLIENT_TOKEN: Field = field(
    "clientToken",
    Rule::Pattern {
        most: 64,
        pattern: "[!-~]+",
        fits: |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
    },
);
const ALIAS_NAME: Field = required(field(
    "name",
    Rule::Pattern { most: 80, pattern: r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", fits: is_alias_name },
));
const TAGS: Field = field(
    "tags",
    Rule::List {
        least: 0,
        most: usize::MAX,
        member: "Tag",
        of: &[required(text("key", 1, 128)), text("value", 0, 256)],
    },
);
const ROUTES: Field = field(
    "routingConfiguration",
    Rule::List {
        least: 1,
        most: 2,
        member: "RoutingConfigurationListItem",
        of: &[arn("stateMachineVersionArn"), required(number("weight", 0, 100))],
    },
);
const LOGGING: Field = field(
    "loggingConfiguration",
    Rule::Structure(&[
        one_of("level", &["ALL", "ERROR", "FATAL", "OFF"]),
        flag("includeExecutionData"),
        field(
            "destinations",
            Rule::List {
                least: 0,
                most: usize::MAX,
                member: "LogDestination",
                of: &[field("cloudWatchLogsLogGroup", Rule::Structure(&[text("logGroupArn", 1, 256)]))],
            },
        ),
    ]),
);
const TRACING: Field = field("tracingConfiguration", Rule::Structure(&[flag("enabled")]));
const ENCRYPTION: Field = field(
    "encryptionConfiguration",
    Rule::Structure(&[
        text("kmsKeyId", 1, 2_048),
        number("kmsDataKeyReusePeriodSeconds", 60, 900),
        required(one_of("type", &["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"])),
    ]),
);
const NAME: Field = text("name", 1, 80);
const INPUT: Field = secret("input", 0, PAYLOAD);
const MACHINE: &[Field] = &[arn("stateMachineArn")];
const ALIAS: &[Field] = &[arn("stateMachineAliasArn")];
const LIST: &[Field] = &[MAX_RESULTS, TOKEN];
const OF_MACHINE: &[Field] = &[arn("stateMachineArn"), TOKEN, MAX_RESULTS];

fn is_alias_name(name: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    name.chars().all(legal) && name.chars().any(|letter| !letter.is_ascii_digit())
}

/// The parameters of each operation.
const OPERATIONS: &[(&[&str], &[Field])] = &[
    (&["CreateActivity"], &[required(text("name", 1, 80)), TAGS, ENCRYPTION]),
    (&["DeleteActivity", "DescribeActivity"], &[arn("activityArn")]),
    (&["GetActivityTask"], &[arn("activityArn"), text("workerName", 1, 80)]),
    (
        &["CreateStateMachine"],
        &[
            required(text("name", 1, 80)),
            required(secret("definition", 1, DEFINITION)),
            arn("roleArn"),
            TYPE,
            LOGGING,
            TAGS,
            TRACING,
            flag("publish"),
            VERSION_DESCRIPTION,
            ENCRYPTION,
        ],
    ),
    (
        &["UpdateStateMachine"],
        &[
            arn("stateMachineArn"),
            secret("definition", 1, DEFINITION),
            text("roleArn", 1, 256),
            LOGGING,
            TRACING,
            flag("publish"),
            VERSION_DESCRIPTION,
            ENCRYPTION,
        ],
    ),
    (&["DeleteStateMachine"], MACHINE),
    (&["DescribeStateMachine"], &[arn("stateMachineArn"), INCLUDED]),
    (&["DescribeExecution", "DescribeStateMachineForExecution"], &[arn("executionArn"), INCLUDED]),
    (&["ListStateMachines", "ListActivities"], LIST),
    (&["ListStateMachineAliases", "ListStateMachineVersions"], OF_MACHINE),
    (&["ListMapRuns"], &[arn("executionArn"), MAX_RESULTS, TOKEN]),
    (
        &["GetExecutionHistory"],
        &[arn("executionArn"), MAX_RESULTS, flag("reverseOrder"), TOKEN, flag("includeExecutionData")],
    ),
    (
        &["ListExecutions"],
        &[
            text("stateMachineArn", 1, 256),
            // AWS's order, which is not the model's. AWS's order of the other enumerations is not known.
            one_of("statusFilter", &["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]),
            MAX_RESULTS,
            text("nextToken", 1, 3_096),
            RUN,
            one_of("redriveFilter", &["REDRIVEN", "NOT_REDRIVEN"]),
        ],
    ),
    (
        &["ValidateStateMachineDefinition"],
        &[
            required(secret("definition", 1, DEFINITION)),
            TYPE,
            one_of("severity", &["ERROR", "WARNING"]),
            number("maxResults", 0, 100),
        ],
    ),
    (&["PublishStateMachineVersion"], &[arn("stateMachineArn"), text("revisionId", 0, usize::MAX), DESCRIPTION]),
    (&["DeleteStateMachineVersion"], &[required(text("stateMachineVersionArn", 1, 2_000))]),
    (&["CreateStateMachineAlias"], &[DESCRIPTION, ALIAS_NAME, required(ROUTES)]),
    (&["UpdateStateMachineAlias"], &[arn("stateMachineAliasArn"), DESCRIPTION, ROUTES]),
    (&["DescribeStateMachineAlias", "DeleteStateMachineAlias"], ALIAS),
    (&["StartExecution"], &[MACHINE[0], NAME, INPUT, TRACE]),
    (&["StartSyncExecution"], &[MACHINE[0], NAME, INPUT, TRACE, INCLUDED]),
    (&["StopExecution"], &[arn("executionArn"), ERROR, CAUSE]),
    (&["RedriveExecution"], &[arn("executionArn"), CLIENT_TOKEN]),
    (&["DescribeMapRun"], &[required(RUN)]),
    (
        &["UpdateMapRun"],
        &[
            required(RUN),
            number("maxConcurrency", 0, i64::MAX),
            number("toleratedFailurePercentage", 0, 100),
            number("toleratedFailureCount", 0, i64::MAX),
        ],
    ),
    (&["SendTaskSuccess"], &[TASK_TOKEN, required(secret("output", 0, PAYLOAD))]),
    (&["SendTaskFailure"], &[TASK_TOKEN, ERROR, CAUSE]),
    (&["SendTaskHeartbeat"], &[TASK_TOKEN]),
    (&["TestState"], TEST_STATE),
    (&["TagResource"], &[arn("resourceArn"), required(TAGS)]),
    (&["UntagResource"], &[arn("resourceArn"), required(field("tagKeys", Rule::Texts { least: 1, most: 128 }))]),
    (&["ListTagsForResource"], &[arn("resourceArn")]),
];

fn fields(operation: &str) -> &'static [Field] {
    OPERATIONS.iter().find(|(names, _)| names.contains(&operation)).map_or(&[], |(_, fields)| fields)
}

const TEST_STATE: &[Field] = &[
    required(secret("definition", 1, DEFINITION)),
    text("roleArn", 1, 256),
    secret("input", 0, PAYLOAD),
    one_of("inspectionLevel", &["INFO", "DEBUG", "TRACE"]),
    flag("revealSecrets"),
    secret("variables", 0, PAYLOAD),
    secret("stateName", 1, 80),
    field(
        "mock",
        Rule::Structure(&[
            secret("result", 0, PAYLOAD),
            field("errorOutput", Rule::Structure(&[ERROR, CAUSE])),
            one_of("fieldValidationMode", &["STRICT", "PRESENT", "NONE"]),
        ]),
    ),
    secret("context", 0, PAYLOAD),
    field(
        "stateConfiguration",
        Rule::Structure(&[
            number("retrierRetryCount", 0, i64::MAX),
            secret("errorCausedByState", 1, 80),
            number("mapIterationFailureCount", 0, i64::MAX),
            secret("mapItemReaderData", 0, PAYLOAD),
        ]),
    ),
];

/// Checks an operation's parameters.
///
/// # Errors
/// AWS's `SerializationException` for the first value of a wrong type; or its `ValidationException`, with everything
/// that fails.
pub fn check(operation: &str, input: &Value) -> Result<(), ApiError> {
    if let Err(why) = Rule::Structure(fields(operation)).check_type(input) {
        return Err(ApiError::new("SerializationException", why));
    }
    let mut failed = Vec::new();
    members(fields(operation), input, "", &mut failed);
    if failed.is_empty() {
        return Ok(());
    }
    let errors = if failed.len() == 1 { "error" } else { "errors" };
    let message = format!("{} validation {errors} detected: {}", failed.len(), failed.join("; "));
    Err(ApiError::new("ValidationException", message))
}

fn members(fields: &[Field], value: &Value, path: &str, failed: &mut Vec<String>) {
    for field in fields {
        let place = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        match value.get(field.name).filter(|value| !value.is_null()) {
            Some(value) => field.rule.check(value, &place, failed),
            None if field.required => failed.push(ApiError::failure("null ", &place, "not be null")),
            None => {}
        }
    }
}

impl Rule {
    fn check(self, value: &Value, place: &str, failed: &mut Vec<String>) {
        let shown = |text: &str| format!("'{text}' ");
        match (self, value) {
            (Rule::Text { least, most }, Value::String(text)) => {
                length(text.chars().count(), (least, most), &shown(text), place, failed);
            }
            (Rule::Secret { least, most }, Value::String(text)) => {
                length(text.chars().count(), (least, most), "", place, failed);
            }
            (Rule::Pattern { most, pattern, fits }, Value::String(text)) => {
                length(text.chars().count(), (1, most), &shown(text), place, failed);
                if !text.is_empty() && !fits(text) {
                    let must = format!("satisfy regular expression pattern: {pattern}");
                    failed.push(ApiError::failure(&shown(text), place, &must));
                }
            }
            (Rule::OneOf(known), Value::String(text)) if !known.contains(&text.as_str()) => {
                let must = format!("satisfy enum value set: [{}]", known.join(", "));
                failed.push(ApiError::failure(&shown(text), place, &must));
            }
            (Rule::Number { least, most }, Value::Number(_)) => number_in(value, (least, most), place, failed),
            (Rule::Structure(fields), Value::Object(_)) => members(fields, value, place, failed),
            (Rule::List { least, most, member, of }, Value::Array(items)) => {
                length(items.len(), (least, most), &shown(&written(items, member, of)), place, failed);
                for (index, item) in items.iter().enumerate() {
                    members(of, item, &format!("{place}.{}.member", index + 1), failed);
                }
            }
            (Rule::Texts { least, most }, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    Rule::Text { least, most }.check(item, &format!("{place}.{}.member", index + 1), failed);
                }
            }
            _ => {}
        }
    }
}

fn length(length: usize, (least, most): (usize, usize), shown: &str, place: &str, failed: &mut Vec<String>) {
    if length < least {
        failed.push(ApiError::failure(shown, place, &format!("have length greater than or equal to {least}")));
    } else if length > most {
        failed.push(ApiError::failure(shown, place, &format!("have length less than or equal to {most}")));
    }
}

/// Checks a number against the model's bounds, which are small, or as good as infinite.
fn number_in(value: &Value, (least, most): (i64, i64), place: &str, failed: &mut Vec<String>) {
    let number = value.as_f64().unwrap_or_default();
    let shown = format!("'{value}' ");
    if number < least as f64 {
        failed.push(ApiError::failure(&shown, place, &format!("have value greater than or equal to {least}")));
    } else if number > most as f64 {
        failed.push(ApiError::failure(&shown, place, &format!("have value less than or equal to {most}")));
    }
}

/// A list of structures as AWS's messages show it: `[Tag(key=a, value=b)]`.
fn written(items: &[Value], member: &str, fields: &[Field]) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let one = |item: &Value| {
        let fields = fields.iter().filter_map(|field| Some(format!("{}={}", field.name, plain(item.get(field.name)?))));
        format!("{member}({})", fields.collect::<Vec<_>>().join(", "))
    };
    format!("[{}]", items.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn expect(operation: &str, input: &Value, failed: &[&str]) {
        let found = super::check(operation, input).err().map(|error| error.message);
        let expected = (!failed.is_empty()).then(|| {
            let errors = if failed.len() == 1 { "error" } else { "errors" };
            format!("{} validation {errors} detected: {}", failed.len(), failed.join("; "))
        });
        assert_eq!(found, expected, "{operation} {input}");
    }

    #[test]
    fn every_failure_is_told_at_once_in_the_order_of_the_model() {
        let long = "n".repeat(81);
        expect(
            "CreateActivity",
            &json!({ "name": long }),
            &[&format!(
                "Value '{long}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80"
            )],
        );
        expect("CreateActivity", &json!({ "name": "a", "tags": [{"key": "k", "value": ""}] }), &[]);
        expect(
            "CreateStateMachine",
            &json!({ "name": "m", "definition": "", "type": "FAST" }),
            &[
                "Value at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1",
                "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
                "Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]",
            ],
        );
        expect(
            "ListExecutions",
            &json!({ "maxResults": 1001, "statusFilter": "DONE" }),
            &[
                "Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
                "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
            ],
        );
        expect(
            "ValidateStateMachineDefinition",
            &json!({ "definition": "{}", "maxResults": 101 }),
            &[
                "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
            ],
        );
    }

    #[test]
    fn members_of_lists_and_structures_are_told_by_their_places() {
        let pattern = r"Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$";
        expect(
            "CreateStateMachineAlias",
            &json!({ "name": "123", "routingConfiguration": [{"stateMachineVersionArn": "a", "weight": 101}] }),
            &[
                &format!("Value '123' at 'name' failed to satisfy constraint: {pattern}"),
                "Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100",
            ],
        );
        let route = json!({"stateMachineVersionArn": "a", "weight": 30});
        expect(
            "UpdateStateMachineAlias",
            &json!({ "stateMachineAliasArn": "x", "routingConfiguration": [route, route, route] }),
            &[
                "Value '[RoutingConfigurationListItem(stateMachineVersionArn=a, weight=30), RoutingConfigurationListItem(stateMachineVersionArn=a, weight=30), RoutingConfigurationListItem(stateMachineVersionArn=a, weight=30)]' at 'routingConfiguration' failed to satisfy constraint: Member must have length less than or equal to 2",
            ],
        );
        expect(
            "CreateActivity",
            &json!({ "name": "a", "encryptionConfiguration": {"kmsDataKeyReusePeriodSeconds": 59} }),
            &[
                "Value '59' at 'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60",
                "Value null at 'encryptionConfiguration.type' failed to satisfy constraint: Member must not be null",
            ],
        );
        expect(
            "SendTaskFailure",
            &json!({ "taskToken": "t".repeat(2_049), "error": "e".repeat(257) }),
            &[
                "Value at 'taskToken' failed to satisfy constraint: Member must have length less than or equal to 2048",
                "Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256",
            ],
        );
    }
}

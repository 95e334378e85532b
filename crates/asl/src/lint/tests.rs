#![allow(clippy::unwrap_used, reason = "a definition that cannot be read is a failed test")]

use serde_json::{Value, json};

use crate::{Diagnostic, MachineType, invalid_definition_message, parse, parse_created};

fn written(found: Vec<Diagnostic>) -> Vec<String> {
    found
        .into_iter()
        .filter(Diagnostic::is_error)
        .inspect(|error| assert!(!error.remedy.is_empty()))
        .map(|error| format!("{}: {} at {}", error.code, error.message, error.path))
        .collect()
}

/// The errors of a machine with these states, beginning with A, as the service would write them.
#[track_caller]
fn check(states: &str, expected: &[&str]) {
    let definition = format!(r#"{{"StartAt":"A","States":{{{states}}}}}"#);
    assert_eq!(written(parse_created(&definition, MachineType::Standard).1), expected, "{states}");
}

/// The errors of one state, without their code where it is that of the schema, and with places below the state.
#[track_caller]
fn state(state: &Value, expected: &[&str]) {
    let mut state = state.clone();
    if !["Choice", "Succeed", "Fail"].iter().any(|kind| state["Type"] == *kind) && state.get("Next").is_none() {
        state["End"] = json!(true);
    }
    let definition = json!({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}}).to_string();
    let errors: Vec<String> = written(parse_created(&definition, MachineType::Standard).1)
        .into_iter()
        .filter(|error| !error.contains("not reachable"))
        .map(|error| error.replace("SCHEMA_VALIDATION_FAILED: ", "").replace("/States/A", ""))
        .collect();
    assert_eq!(errors, expected, "{state}");
}

#[test]
fn the_service_s_words_for_transitions() {
    check(
        r#""A":{"Type":"Pass","Next":"C"},"B":{"Type":"Pass","End":true}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next",
            "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
        ],
    );
    check(
        r#""A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}"#,
        &["MISSING_END_STATE: Workflow has no terminal state at "],
    );
    check(
        r#""A":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}}"#,
        &["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/ItemProcessor/States/A"],
    );
}

/// The compiler would refuse them later.
#[test]
fn a_transition_leads_to_a_name() {
    let text = |place: &str| format!("SCHEMA_VALIDATION_FAILED: Expected value of type [STRING] at {place}");
    check(
        r#""A":{"Type":"Task","Resource":"arn:x","Next":"B","Catch":[{"ErrorEquals":["States.ALL"],"Next":{"Next":"B"}}]},
            "B":{"Type":"Choice","Default":7,"Choices":[{"Variable":"$.a","IsNull":true,"Next":null}]},"C":{"Type":"Parallel",
            "End":true,"Branches":[{"StartAt":["D"],"States":{"D":{"Type":"Succeed"}}}]}"#,
        &[
            &text("/States/A/Catch[0]/Next"),
            &text("/States/B/Default"),
            &text("/States/B/Choices[0]/Next"),
            &text("/States/C/Branches[0]/StartAt"),
            "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
        ],
    );
}

#[test]
fn what_only_begins_as_a_placeholder_is_none() {
    let judged = |next: &str| {
        let states = format!(r#"{{"A":{{"Type":"Pass","Next":"{next}"}},"B":{{"Type":"Succeed"}}}}"#);
        written(parse(&format!(r#"{{"StartAt":"A","States":{states}}}"#)).1)
    };
    let missing = |text: &str| format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: {text} at /States/A/Next");
    for text in ["${B", "${B C}", "$B", "${}"] {
        let unreachable = "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B".to_owned();
        assert_eq!(judged(text), [missing(text), unreachable], "{text}");
    }
    assert_eq!(judged("${B}"), Vec::<String>::new());
}

/// A text of a megabyte may have as many mistakes as it has room for.
#[test]
fn a_definition_of_mistakes_is_judged_soon() {
    let states: Vec<String> = (0..20_000).map(|i| format!(r#""S{i}":{{"Type":"Pass","Next":"None","X":1}}"#)).collect();
    let (machine, diagnostics) = parse(&format!(r#"{{"StartAt":"S0","States":{{{}}}}}"#, states.join(",")));
    assert_eq!((machine.is_none(), diagnostics.len()), (true, 1_000));
    let twice = parse(&format!(r#"{{"StartAt":"A","States":{{{}}}}}"#, vec![r#""A":{}"#; 100_000].join(","))).1;
    assert_eq!(twice.len(), 1_000);
}

#[test]
fn the_service_s_words_for_fields() {
    check(
        r#""A":{"Type":"Pass","End":true,"TimeoutSeconds":3}"#,
        &["SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A"],
    );
    check(
        r#""A":{"Type":"Task","End":true}"#,
        &["SCHEMA_VALIDATION_FAILED: These fields are required: [Resource] at /States/A"],
    );
    check(
        r#""A":{"Type":"Parallel","End":true,"Branches":[]}"#,
        &["SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Branches"],
    );
    check(
        r#""A":{"Type":"Choice","Choices":[{"Variable":"$.a","StringMatches":"x"}],"Default":"B"},"B":{"Type":"Succeed"}"#,
        &["SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]"],
    );
    check(
        r#""A":{"Type":"Pass","End":true,"Parameters":{"m.$":"hello"}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: The value for the field 'm.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/m.$",
        ],
    );
}

#[test]
fn a_finding_knows_its_line_and_column() {
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" },\n    \"E\": { \"Type\": \"Succeed\" }\n  }\n}";
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_none());
    assert_eq!((diagnostics[0].line, diagnostics[0].column), (4, 36));
    assert_eq!((diagnostics[1].line, diagnostics[1].column), (5, 10));
}

#[test]
fn the_message_of_a_refusal_lists_every_error() {
    let message = |text: &str| invalid_definition_message(&parse(text).1);
    assert_eq!(
        message(r#"{"StartAt":"A"}"#),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    );
    assert_eq!(
        message(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}"#),
        "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
    );
}

#[test]
fn a_callback_without_a_timeout_is_warned_about() {
    let text = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"q","MessageBody":"m"},"End":true}}}"#;
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_some());
    assert_eq!(diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["NO_TIMEOUT"]);
}

#[test]
fn transitions_that_lead_nowhere() {
    // The start too is a 'Next', and what only an unreachable state leads to is not told on top of it.
    let definition = r#"{"StartAt":"X","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#;
    assert_eq!(
        written(parse(definition).1),
        [
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /StartAt",
            "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A",
        ]
    );
    assert_eq!(
        written(parse(r#"{"StartAt":"","States":{"A":{"Type":"Succeed"}}}"#).1),
        [
            "MISSING_TRANSITION_TARGET: Missing 'Next' target:  at /StartAt",
            "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A",
        ]
    );
    check(
        r#""A":{"Type":"Succeed"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass","Next":"B"}"#,
        &["MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B"],
    );
    check(
        r#""A":{"Type":"Pass","Next":"X"}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state at ",
        ],
    );
}

#[test]
fn fields_of_the_other_language() {
    let json_path = |field| {
        format!(
            "The QueryLanguage is set to 'JSONata', but field '{field}' is only supported for the 'JSONPath' QueryLanguage at "
        )
    };
    let jsonata = |field| {
        format!(
            "The QueryLanguage is set to 'JSONPath', but field '{field}' is only supported for the 'JSONata' QueryLanguage at "
        )
    };
    state(&json!({"Type": "Pass", "Output": 1}), &[&jsonata("Output")]);
    state(&json!({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$"}), &[&json_path("InputPath")]);
    state(
        &json!({"Type": "Pass", "QueryLanguage": "jsonata", "Result": 1}),
        &["Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage", &json_path("Result")],
    );
    state(
        &json!({"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"}]}),
        &[&format!("{}/Choices[0]", jsonata("Condition"))],
    );
    state(
        &json!({"Type": "Choice", "QueryLanguage": "JSONata",
            "Choices": [{"Variable": "$.a", "IsNull": true, "Condition": "{% true %}", "Next": "B"}]}),
        &[&format!("{}/Choices[0]", json_path("Variable")), &format!("{}/Choices[0]", json_path("IsNull"))],
    );
    state(
        &json!({"Type": "Parallel", "Branches": [{"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "Output": 1}]}),
        &[&format!("{}/Catch[0]", jsonata("Output"))],
    );
    let body = json!({"QueryLanguage": "JSONata", "StartAt": "C", "States": {"C": {"Type": "Succeed"}}});
    state(
        &json!({"Type": "Map", "ItemProcessor": body}),
        &["Field 'QueryLanguage' is not supported at /ItemProcessor"],
    );
}

#[test]
fn kinds_and_ranges_of_values() {
    let task =
        |field: &str, value: Value| json!({"Type": "Task", "Resource": "arn:aws:lambda:::function:f", field: value});
    state(&task("TimeoutSeconds", json!(0)), &["Minimum value is 1 at /TimeoutSeconds"]);
    state(&task("HeartbeatSeconds", json!(100_000_000)), &["Maximum value is 99999999 at /HeartbeatSeconds"]);
    state(&task("TimeoutSeconds", json!("9")), &["Expected value of type Integer at /TimeoutSeconds"]);
    state(&task("TimeoutSeconds", json!(1.5)), &["Expected value of type Integer at /TimeoutSeconds"]);
    state(&task("Comment", json!(1)), &["Expected value of type [STRING] at /Comment"]);
    state(&task("InputPath", json!("order")), &["Value must be a valid JSONPath. at /InputPath"]);
    state(
        &task("ResultPath", json!("order")),
        &["Value is not a Reference Path: Reference path didn't start with '$' at /ResultPath"],
    );
    state(&task("ResultPath", json!("$.a[*]")), &["Value is not a Reference Path at /ResultPath"]);
    let retry = |field: &str, value: Value| task("Retry", json!([{"ErrorEquals": ["E"], field: value}]));
    state(&retry("IntervalSeconds", json!(0)), &[]);
    state(&retry("MaxDelaySeconds", json!(31_622_401)), &["Maximum value is 31622400 at /Retry[0]/MaxDelaySeconds"]);
    state(
        &retry("JitterStrategy", json!("HALF")),
        &["Value should be one of the following: [NONE, FULL] at /Retry[0]/JitterStrategy"],
    );
    state(&retry("BackoffRate", json!(0.5)), &["Minimum value is 1 at /Retry[0]/BackoffRate"]);
    state(
        &task("Retry", json!([{"ErrorEquals": ["E", "States.ALL"]}])),
        &["States.ALL must appear alone and at end of list at /Retry[0]/ErrorEquals[1]"],
    );
    state(
        &task("Catch", json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}, {"ErrorEquals": [], "Next": "B"}])),
        &[
            "States.ALL must appear alone and at end of list at /Catch[0]/ErrorEquals[0]",
            "Value cannot be empty at /Catch[1]/ErrorEquals",
        ],
    );
    let wait = |timestamp: &str| json!({"Type": "Wait", "Timestamp": timestamp});
    for right in ["2030-01-31T09:00:00Z", "2030-01-31T09:00:00.125+02:00"] {
        state(&wait(right), &[]);
    }
    for wrong in
        ["2030-01-31", "2030-01-31T09:00:00", "2030-01-31t09:00:00Z", "2030-13-31T09:00:00Z", "2030-01-31T09:00:00.Z"]
    {
        state(&wait(wrong), &["String does not match RFC3339 timestamp at /Timestamp"]);
    }
}

#[test]
fn one_of_several_fields() {
    state(
        &json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s"}),
        &["There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at "],
    );
    state(
        &json!({"Type": "Pass", "Next": "B", "End": true}),
        &["There should only be one of the following fields: [Next, End] at "],
    );
    state(&json!({"Type": "Pass", "Next": "B", "End": false}), &[]);
    state(
        &json!({"Type": "Map"}),
        &["This object should have only one of the following fields: [ItemProcessor, Iterator] at "],
    );
    state(
        &json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        &["There should only be one of the following fields: [Error, ErrorPath] at "],
    );
    let rule = |rule: Value| json!({"Type": "Choice", "Choices": [rule]});
    state(
        &rule(json!({"Variable": "$.a", "IsNull": true, "StringEquals": "x", "Next": "B"})),
        &["There should only be one of the following fields: [IsNull, StringEquals] at /Choices[0]"],
    );
    state(
        &rule(json!({"StringEquals": "x", "Next": "B"})),
        &["The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at /Choices[0]"],
    );
    state(
        &rule(json!({"Not": {"Variable": "$.a", "IsNull": true, "Next": "B"}, "Next": "B"})),
        &["Field 'Next' is not supported at /Choices[0]/Not"],
    );
}

#[test]
fn expressions_that_a_workflow_cannot_evaluate() {
    let output = |text: &str| json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"v": text}});
    let place = "at /Output/v";
    for (text, message) in [
        ("{% $x := %}", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression"),
        ("{% %}", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression"),
        ("{% 'open %}", "INVALID_JSONATA_EXPRESSION: String literal must be terminated by a matching quote"),
        ("{% a[1,2) %}", "INVALID_JSONATA_EXPRESSION: Expected \"]\", got \",\""),
        ("{% {'a':} %}", "INVALID_JSONATA_EXPRESSION: The symbol \"}\" cannot be used as a unary operator"),
        ("{% phone %}", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported."),
        ("{% $.phone %}", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$' at the top level is not supported."),
        ("{% $$.phone %}", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported."),
        ("{% $states.errorOutput %}", "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist."),
        ("{% $states.input", "JSONata string must start with {% and end with %}"),
    ] {
        state(&output(text), &[&format!("{message} {place}")]);
    }
    let caught = json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:::function:f",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "Output": "{% $states.errorOutput %}"}]});
    state(&caught, &[]);
}

#[test]
fn names_and_labels() {
    let assign = |name: &str| json!({"Type": "Pass", "Assign": {name: 1}});
    state(&assign("order_2"), &[]);
    state(&assign("états"), &[]);
    state(
        &assign("states"),
        &["RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /Assign/states"],
    );
    for wrong in ["2nd", "_a", "a-b"] {
        let message = "the variable name contains invalid characters.";
        state(
            &assign(wrong),
            &[&format!("INVALID_VARIABLE_NAME: Invalid variable name '{wrong}': {message} at /Assign/{wrong}")],
        );
    }
    let map = |label: &str, inner: Value| json!({"Type": "Map", "Label": label, "ItemProcessor": {"StartAt": "C", "States": {"C": inner}}});
    let succeed = json!({"Type": "Succeed"});
    state(&map("a b", succeed.clone()), &["INVALID_LABEL_NAME: Invalid Label name: a b at /Label"]);
    let mut twice = map("L", json!({"Type": "Succeed"}));
    twice["ItemProcessor"]["States"]["C"] = json!({"Type": "Map", "Label": "L", "End": true,
        "ItemProcessor": {"StartAt": "D", "States": {"D": {"Type": "Succeed"}}}});
    state(&twice, &["DUPLICATE_LABEL_NAME: Duplicate Label name: L at /ItemProcessor/States/C/Label"]);
    let long = "n".repeat(81);
    let definition = json!({"StartAt": long, "States": {long.clone(): succeed}}).to_string();
    assert_eq!(
        written(parse(&definition).1),
        [format!(
            "INVALID_STATE_NAME: Invalid State name: {long} exceeds the 80-character limit allowed by the service at /States/{long}"
        )]
    );
}

#[test]
fn calls_of_services() {
    let call = |resource: &str, parameters: Value| json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "TimeoutSeconds": 1, "Parameters": parameters});
    let mut bare = call("lambda:invoke", Value::Null);
    bare.as_object_mut().unwrap().shift_remove("Parameters");
    state(&bare, &["Parameters field is required for resource ARN: arn:aws:states:::lambda:invoke at /Resource"]);
    state(
        &call("sqs:sendMessage.waitForTaskToken", json!({"QueueUrl.$": "$.q"})),
        &["The field 'MessageBody' is required but was missing at /Parameters"],
    );
    for wrong in ["lambda:invoke.sync", "glue:startJobRun.waitForTaskToken", "ecs:runTask.sync:2"] {
        let message = format!(
            "The resource provided arn:aws:states:::{wrong} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /Resource"
        );
        state(&call(wrong, json!({})), &[&message]);
    }
    let activity = json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:a", "Credentials": {}});
    state(
        &activity,
        &[
            "The field 'Credentials' is not supported for activities at /Credentials",
            "The field 'RoleArn' is required but was missing at /Credentials",
        ],
    );
}

#[test]
fn readers_and_processors() {
    let map = |config: Value, reader: Value| {
        json!({"Type": "Map", "ItemReader": reader, "ItemProcessor":
            {"ProcessorConfig": config, "StartAt": "C", "States": {"C": {"Type": "Succeed"}}}})
    };
    let reader = |config: Value| {
        let distributed = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
        map(distributed, json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}))
    };
    let place = "at /ItemProcessor/ProcessorConfig";
    let mut inline = map(json!({"Mode": "INLINE", "ExecutionType": "EXPRESS"}), Value::Null);
    inline.as_object_mut().unwrap().shift_remove("ItemReader");
    state(&inline, &[&format!("Field 'ExecutionType' is not supported {place}")]);
    inline["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED"});
    state(&inline, &[&format!("These fields are required: [ExecutionType] {place}")]);
    inline["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "SPREAD"});
    state(&inline, &[&format!("Value should be one of the following: [INLINE, DISTRIBUTED] {place}/Mode")]);
    state(&reader(json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"})), &[]);
    let place = "at /ItemReader/ReaderConfig";
    for (config, message) in [
        (json!({"InputType": "CSV"}), "The field 'CSVHeaderLocation' is required"),
        (json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}), "These fields are required: [CSVHeaders]"),
        (json!({"InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW"}), "Field 'CSVHeaderLocation' is not supported"),
    ] {
        state(&reader(config), &[&format!("{message} {place}")]);
    }
}

#[test]
fn what_express_machines_cannot_do() {
    let task = |resource: &str| json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": 9, "Parameters": {"StateMachineArn": "m"}, "End": true});
    let inner = |kind: &str, state: Value| {
        json!({"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "T", "States": {"T": state}}})
    };
    let sync = task("arn:aws:states:::states:startExecution.sync:2");
    let check = |state: &Value, kind: MachineType, expected: &[&str]| {
        let definition = json!({"StartAt": "A", "States": {"A": state}}).to_string();
        assert_eq!(written(parse_created(&definition, kind).1), expected, "{state}");
    };
    let refused =
        "SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration at /States/A";
    check(&sync, MachineType::Standard, &[]);
    check(&sync, MachineType::Express, &[&format!("{refused}/Resource")]);
    check(&inner("STANDARD", sync.clone()), MachineType::Standard, &[]);
    check(&inner("EXPRESS", sync), MachineType::Standard, &[&format!("{refused}/ItemProcessor/States/T/Resource")]);
    check(
        &inner("STANDARD", json!({"Type": "Succeed"})),
        MachineType::Express,
        &[
            "SCHEMA_VALIDATION_FAILED: The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines at /States/A/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
}

#[test]
fn what_is_probably_meant_otherwise_is_warned_about() {
    let codes = |state: Value| {
        let definition = json!({"StartAt": "A", "States": {"A": state}}).to_string();
        let (machine, found) = parse(&definition);
        assert!(machine.is_some(), "{found:?}");
        found.into_iter().map(|one| (one.code, one.path)).collect::<Vec<_>>()
    };
    let path = |below: &str| format!("/States/A{below}");
    let pass = |field: &str, value: Value| json!({"Type": "Pass", field: value, "End": true});
    assert_eq!(codes(pass("Parameters", json!({"a": "$.b", "c": "$9 each"}))), [("NO_DOLLAR", path("/Parameters/a"))]);
    assert_eq!(codes(pass("Result", json!({"a.$": "$.b"}))), [("PASS_RESULT_IS_STATIC", path("/Result"))]);
    assert_eq!(codes(json!({"Type": "Fail", "Cause": "$.cause"})), [("NO_PATH", path("/Cause"))]);
    // What the language allows and AWS refuses.
    assert_eq!(
        codes(json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true})),
        [("SCHEMA_VALIDATION_FAILED", path("/Resource"))]
    );
}

/// Every scalar, list and object of a value by its place, so that each can be put out.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{}", escaped(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_placeholder_is_valid_wherever_a_deployment_may_put_a_value() {
    let lambda = "arn:aws:states:::lambda:invoke";
    let definition = json!({
        "Comment": "c", "StartAt": "T", "Version": "1.0", "TimeoutSeconds": 9, "QueryLanguage": "JSONPath",
        "States": {
            "T": {"Type": "Task", "Resource": lambda, "TimeoutSeconds": 9, "HeartbeatSeconds": 3, "Next": "W",
                "InputPath": "$.a", "ResultPath": "$.b", "OutputPath": "$", "Assign": {"v": 1, "w.$": "$.x"},
                "Credentials": {"RoleArn": "r"}, "Parameters": {"FunctionName": "f", "Payload.$": "$"},
                "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.5,
                    "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "W", "ResultPath": "$.e"}]},
            "W": {"Type": "Wait", "Timestamp": "2030-01-31T09:00:00Z", "Next": "C"},
            "C": {"Type": "Choice", "Default": "M", "Choices": [
                {"And": [{"Variable": "$.a", "NumericGreaterThan": 1}, {"Not": {"Variable": "$.b", "IsNull": true}}], "Next": "M"},
                {"Variable": "$.t", "TimestampEquals": "2030-01-31T09:00:00Z", "Next": "M"}]},
            "M": {"Type": "Map", "Label": "L", "MaxConcurrency": 2, "ToleratedFailurePercentage": 5, "Next": "J",
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b"},
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["h"], "MaxItems": 9}},
                "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"x": 1}}, "ItemSelector": {"i.$": "$$.Map.Item.Value"},
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"},
                    "WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"}},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "I", "States": {"I": {"Type": "Pass", "Result": 1, "End": true}}}},
            "J": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": lambda, "Arguments": {"FunctionName": "{% $v %}"},
                "TimeoutSeconds": "{% 9 %}", "Output": "{% $states.result %}", "Next": "F"},
            "F": {"Type": "Fail", "Error": "E", "CausePath": "$.c"}
        }
    });
    assert!(written(parse_created(&definition.to_string(), MachineType::Standard).1).is_empty());
    let mut all = Vec::new();
    places(&definition, "", &mut all);
    for place in all {
        let field = place.rsplit('/').next().unwrap_or_default();
        // The structure and what decides how it is read are no values.
        let parent = place.rsplit('/').nth(1).unwrap_or_default();
        if place.is_empty() || ["Type", "States", "QueryLanguage"].contains(&field) || parent == "States" {
            continue;
        }
        let mut changed = definition.clone();
        *changed.pointer_mut(&place).unwrap() = json!("${Placeholder}");
        let errors = written(parse(&changed.to_string()).1);
        assert!(errors.is_empty(), "{place}: {errors:?}");
    }
}

#[test]
fn of_what_is_deployed_every_text_is_what_it_says() {
    let task = |resource: &str| json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": "${Seconds}"});
    state(
        &task("${Function}"),
        &["Value is not a valid resource ARN at /Resource", "Expected value of type Integer at /TimeoutSeconds"],
    );
    state(
        &json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% '${' & amount %}"}),
        &["UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'amount' at the top level is not supported. at /Output"],
    );
    state(&json!({"Type": "Pass", "Parameters": {"text": "${any}"}}), &[]);
}

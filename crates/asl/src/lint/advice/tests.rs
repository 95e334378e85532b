#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeMap;

use super::*;

/// The rules that a definition of these states breaks, with their paths.
fn found(states: &str, kind: Option<MachineType>) -> Vec<(Rule, String)> {
    let first = states.split('"').nth(1).unwrap();
    let text = format!("{{\"StartAt\": \"{first}\", \"States\": {{{states}}}}}");
    assert!(!crate::parse(&text).1.iter().any(Diagnostic::is_error), "{:?}", crate::parse(&text).1);
    advise(&text, &BTreeMap::new(), kind).into_iter().map(|one| (one.rule, one.path)).collect()
}

#[track_caller]
fn check_kind(states: &str, kind: Option<MachineType>, expected: &[(Rule, &str)]) {
    let found = found(states, kind);
    let found: Vec<(Rule, &str)> = found.iter().map(|(rule, path)| (*rule, path.as_str())).collect();
    assert_eq!(found, expected, "{states}");
}

#[track_caller]
fn check(states: &str, expected: &[(Rule, &str)]) {
    check_kind(states, None, expected);
}

const LAMBDA: &str =
    r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}"#;
const RETRIED: &str = r#""Retry": [{"ErrorEquals": ["States.TaskFailed"]}]"#;

fn lambda(more: &str) -> String {
    format!(r#""A": {{{LAMBDA}, "End": true{more}}}"#)
}

#[test]
fn a_task_that_waits_for_ever_is_reported() {
    let task = |resource: &str, more: &str| {
        format!(
            r#""A": {{"Type": "Task", "Resource": "{resource}", "Parameters": {{"TaskDefinition": "t"}}, "End": true{more}}}"#
        )
    };
    let activity = "arn:aws:states:eu-west-1:000000000000:activity:pack";
    let job = "arn:aws:states:::ecs:runTask.sync";
    check(&task(activity, ""), &[(Rule::NoTimeout, "/States/A")]);
    check(&task(activity, r#", "HeartbeatSeconds": 60"#), &[]);
    check(&task(activity, r#", "TimeoutSeconds": 300"#), &[]);
    check(&task(activity, r#", "TimeoutSeconds": 301"#), &[(Rule::NoHeartbeat, "/States/A")]);
    check(&task(activity, r#", "TimeoutSeconds": 301, "HeartbeatSeconds": 60"#), &[]);
    check(&task(job, ""), &[(Rule::NoTimeout, "/States/A")]);
    check(&task(job, r#", "TimeoutSecondsPath": "$.t""#), &[]);
    check(&task("arn:aws:states:::ecs:runTask", ""), &[]);
    let callback = "arn:aws:states:::ecs:runTask.waitForTaskToken";
    check(&task(callback, r#", "TimeoutSeconds": 3600"#), &[(Rule::NoHeartbeat, "/States/A")]);
}

#[test]
fn a_callback_may_wait_an_hour_for_a_person() {
    let callback = |seconds: u32| {
        format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {{"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}}, "TimeoutSeconds": {seconds}, "End": true}}"#
        )
    };
    check(&callback(3_600), &[]);
    check(&callback(86_400), &[(Rule::NoHeartbeat, "/States/A")]);
}

#[test]
fn a_call_of_a_function_is_to_be_tried_again() {
    check(&lambda(""), &[(Rule::NoLambdaRetry, "/States/A")]);
    let retry = |errors: &str, more: &str| lambda(&format!(r#", "Retry": [{{"ErrorEquals": [{errors}]{more}}}]"#));
    check(&retry(r#""States.ALL""#, ""), &[]);
    check(&retry(r#""States.TaskFailed""#, ""), &[]);
    check(&retry(r#""States.ALL""#, r#", "MaxAttempts": 0"#), &[(Rule::NoLambdaRetry, "/States/A")]);
    let four = r#""Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException""#;
    check(&retry(four, ""), &[(Rule::NoLambdaRetry, "/States/A")]);
    check(&retry(&format!(r#"{four}, "Lambda.TooManyRequestsException""#), ""), &[]);
    let around = format!(
        r#""P": {{"Type": "Parallel", "End": true, {RETRIED}, "Branches": [{{"StartAt": "A", "States": {{{}}}}}]}}"#,
        lambda("")
    );
    check(&around, &[]);
}

#[test]
fn a_handler_that_is_never_used_is_reported() {
    let caught = |field: &str, entries: &[&str]| {
        let next = if field == "Catch" { r#", "Next": "B""# } else { "" };
        let entries: Vec<String> =
            entries.iter().map(|errors| format!(r#"{{"ErrorEquals": [{errors}]{next}}}"#)).collect();
        let retried = if field == "Catch" { format!("{RETRIED}, ") } else { String::new() };
        format!(
            r#""A": {{{LAMBDA}, {retried}"{field}": [{}], "Next": "B"}}, "B": {{"Type": "Succeed"}}"#,
            entries.join(", ")
        )
    };
    let second = [(Rule::UnreachableHandler, "/States/A/Catch[1]/ErrorEquals")];
    check(&caught("Catch", &[r#""Declined""#, r#""Declined""#]), &second);
    check(&caught("Catch", &[r#""States.TaskFailed""#, r#""Declined""#]), &second);
    check(&caught("Catch", &[r#""States.TaskFailed""#, r#""States.Timeout""#]), &[]);
    check(&caught("Catch", &[r#""States.TaskFailed""#, r#""States.ALL""#]), &[]);
    check(&caught("Catch", &[r#""Declined""#, r#""Declined", "Lost""#]), &[]);
    check(
        &caught("Retry", &[r#""States.TaskFailed""#, r#""Declined""#]),
        &[(Rule::UnreachableHandler, "/States/A/Retry[1]/ErrorEquals")],
    );
    check(
        &caught("Catch", &[r#""States.BranchFailed", "Declined""#]),
        &[(Rule::UnreachableHandler, "/States/A/Catch[0]/ErrorEquals[0]")],
    );
}

#[test]
fn a_service_does_not_raise_the_errors_of_lambda() {
    let publish = |pattern: &str, error: &str| {
        format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::sns:publish{pattern}", "Parameters": {{"Message.$": "$$"}}, "TimeoutSeconds": 5, "Catch": [{{"ErrorEquals": ["{error}"], "Next": "B"}}], "Next": "B"}}, "B": {{"Type": "Succeed"}}"#
        )
    };
    let first = [(Rule::UnreachableHandler, "/States/A/Catch[0]/ErrorEquals[0]")];
    check(&publish("", "Lambda.Unknown"), &first);
    check(&publish("", "States.Http.Socket"), &first);
    check(&publish("", "States.HeartbeatTimeout"), &first);
    check(&publish("", "SNS.NotFoundException"), &[]);
    check(&publish(".waitForTaskToken", "Lambda.Unknown"), &[]);
}

fn map(config: &str, body: &str, more: &str) -> String {
    format!(
        r#""M": {{"Type": "Map", "End": true, "ItemProcessor": {{{config}"StartAt": "A", "States": {{{body}}}}}{more}}}"#
    )
}

const DISTRIBUTED: &str = r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "#;
const PASS: &str = r#""A": {"Type": "Pass", "End": true}"#;

#[test]
fn results_of_a_distributed_map_need_a_writer() {
    let risk = [(Rule::PayloadLimit, "/States/M")];
    check(&map(DISTRIBUTED, PASS, ""), &risk);
    check(&map(DISTRIBUTED, PASS, r#", "ResultPath": null"#), &[]);
    check(&map(DISTRIBUTED, PASS, r#", "ResultPath": "$.all""#), &risk);
    check(
        &map(
            DISTRIBUTED,
            PASS,
            r#", "ResultWriter": {"WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"}}"#,
        ),
        &[],
    );
    let jsonata =
        |output: &str| map(DISTRIBUTED, PASS, &format!(r#", "QueryLanguage": "JSONata", "Output": "{output}""#));
    check(&jsonata("{% $states.result %}"), &risk);
    check(&jsonata("{% $states.input %}"), &[]);
    check(&map("", PASS, ""), &[]);
}

#[test]
fn a_map_whose_items_have_many_events_is_reported() {
    let steps = |count: usize| -> String {
        let step = |index: usize| {
            let next =
                if index + 1 == count { r#""End": true"#.to_owned() } else { format!(r#""Next": "S{}""#, index + 1) };
            let name = if index == 0 { "A".to_owned() } else { format!("S{index}") };
            format!(r#""{name}": {{{LAMBDA}, {RETRIED}, {next}}}"#)
        };
        (0..count).map(step).collect::<Vec<_>>().join(", ")
    };
    check(&map("", &steps(4), ""), &[]);
    check(&map("", &steps(5), ""), &[(Rule::EventLimit, "/States/M")]);
    check_kind(&map("", &steps(5), ""), Some(MachineType::Express), &[]);
    check(&map("", &steps(5), r#", "QueryLanguage": "JSONata", "Items": [1, 2]"#), &[]);
}

#[test]
fn a_poll_without_an_end_is_reported() {
    let poll = |seconds: u32, condition: &str| {
        format!(
            r#""Wait": {{"Type": "Wait", "Seconds": {seconds}, "Next": "Ask"}}, "Ask": {{{LAMBDA}, {RETRIED}, "Next": "Done?"}}, "Done?": {{"Type": "Choice", "Choices": [{{"Variable": "$.x", {condition}, "Next": "Done"}}], "Default": "Wait"}}, "Done": {{"Type": "Succeed"}}"#
        )
    };
    let ready = r#""StringEquals": "READY""#;
    check(&poll(10, ready), &[(Rule::EventLimit, "/States/Wait")]);
    check(&poll(60, ready), &[]);
    check(&poll(10, r#""NumericGreaterThan": 5"#), &[]);
    check_kind(&poll(10, ready), Some(MachineType::Express), &[]);
}

#[test]
fn a_variable_that_every_round_extends_is_reported() {
    let grow = |name: &str| {
        format!(
            r#""A": {{"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {{"all": "{{% $append($all, $states.input) %}}", "b": "{{% $append(${name}, 1) %}}"}}, "Next": "More?"}}, "More?": {{"Type": "Choice", "Choices": [{{"Variable": "$.x", "IsPresent": true, "Next": "A"}}], "Default": "Done"}}, "Done": {{"Type": "Succeed"}}"#
        )
    };
    let once = [(Rule::PayloadLimit, "/States/A/Assign/all")];
    assert_eq!(found(&grow("all"), None).iter().filter(|(rule, _)| *rule == Rule::PayloadLimit).count(), 1);
    assert_eq!(found(&grow("all"), None)[1].1, once[0].1);
    assert_eq!(found(&grow("b"), None).iter().filter(|(rule, _)| *rule == Rule::PayloadLimit).count(), 2);
}

#[test]
fn what_outlasts_an_express_execution_is_reported() {
    let wait = |seconds: u32| format!(r#""A": {{"Type": "Wait", "Seconds": {seconds}, "End": true}}"#);
    let unfit = [(Rule::MachineTypeUnfit, "/States/A/Seconds")];
    check_kind(&wait(300), Some(MachineType::Express), &unfit);
    check_kind(&wait(299), Some(MachineType::Express), &[]);
    check_kind(&wait(300), Some(MachineType::Standard), &[]);
    check(&wait(300), &[]);
    let child = DISTRIBUTED.replace("STANDARD", "EXPRESS");
    check(
        &map(&child, &wait(400), r#", "ResultPath": null"#),
        &[(Rule::MachineTypeUnfit, "/States/M/ItemProcessor/States/A/Seconds")],
    );
}

#[test]
fn a_standard_execution_for_short_work_is_reported() {
    const READER: &str = r#", "ResultPath": null, "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}"#;
    let unfit = [(Rule::StandardUnfit, "/States/M/ItemProcessor/ProcessorConfig/ExecutionType")];
    let short = |body: &str| check(&map(DISTRIBUTED, body, READER), &unfit);
    let fit = |body: &str| check(&map(DISTRIBUTED, body, READER), &[]);
    let task = |more: &str| format!(r#""A": {{{LAMBDA}, {RETRIED}, "End": true{more}}}"#);
    short(PASS);
    // Four attempts of 73 seconds, and pauses of 1, 2 and 4 seconds: 299 in all.
    short(&task(r#", "TimeoutSeconds": 73"#));
    fit(&task(r#", "TimeoutSeconds": 74"#));
    fit(&task(""));
    fit(&task(r#", "TimeoutSecondsPath": "$.t""#));
    let branch = |states: &str| {
        format!(r#""A": {{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "B", "States": {{{states}}}}}]}}"#)
    };
    short(&branch(r#""B": {"Type": "Wait", "Seconds": 299, "End": true}"#));
    fit(&branch(r#""B": {"Type": "Wait", "Seconds": 300, "End": true}"#));
    fit(&branch(r#""B": {"Type": "Wait", "SecondsPath": "$.s", "End": true}"#));
    // What waits for somebody, goes round, or has items of its own may last for any time.
    fit(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}, "TimeoutSeconds": 9, "End": true}"#,
    );
    fit(
        r#""A": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Choice", "Default": "A", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Z"}]}, "Z": {"Type": "Succeed"}"#,
    );
    fit(&map("", r#""P": {"Type": "Pass", "End": true}"#, "")
        .replace("\"M\"", "\"A\"")
        .replace(r#""StartAt": "A""#, r#""StartAt": "P""#));
    // Of a few items in the input nobody expects so many; and Express is Express.
    check(&map(DISTRIBUTED, PASS, r#", "ResultPath": null"#), &[]);
    check(&map(&DISTRIBUTED.replace("STANDARD", "EXPRESS"), PASS, READER), &[]);
}

#[test]
fn what_has_been_replaced_is_reported() {
    let function = r#""A": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:000000000000:function:f", "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}]}"#;
    check(function, &[(Rule::DeprecatedResource, "/States/A/Resource")]);
    let sdk = |call: &str| {
        format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:{call}", "Parameters": {{}}, "End": true}}"#
        )
    };
    check(&sdk("qldb:createLedger"), &[(Rule::DeprecatedResource, "/States/A/Resource")]);
    check(&sdk("s3:putBucketNotification"), &[(Rule::DeprecatedResource, "/States/A/Resource")]);
    check(&sdk("s3:putBucketNotificationConfiguration"), &[]);
    let map = r#""M": {"Type": "Map", "End": true, "Parameters": {"a": 1}, "Iterator": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}}"#;
    check(map, &[(Rule::DeprecatedResource, "/States/M/Parameters"), (Rule::DeprecatedResource, "/States/M/Iterator")]);
}

#[test]
fn a_variable_is_read_in_its_scope_or_inside() {
    let assign = |reader: &str| {
        format!(
            r#""A": {{"Type": "Pass", "Assign": {{"total": 1}}, "Next": "B"}}, "B": {{"Type": "Pass", {reader}, "End": true}}"#
        )
    };
    let unused = [(Rule::UnusedVariable, "/States/A/Assign/total")];
    check(&assign(r#""Comment": "$total""#), &unused);
    check(&assign(r#""Parameters": {"x.$": "$totals"}"#), &unused);
    check(&assign(r#""Parameters": {"x.$": "$total"}"#), &[]);
    check(&assign(r#""Parameters": {"x.$": "States.Format('{}', $total)"}"#), &[]);
    check(&assign(r#""QueryLanguage": "JSONata", "Output": "{% $total+1 %}""#), &[]);
    let inner = r#""A": {"Type": "Pass", "Parameters": {"x.$": "$total"}, "Assign": {"total": 2}, "End": true}"#;
    check(&map("", inner, ""), &[]);
}

#[test]
fn values_decide_and_spans_are_those_of_the_source() {
    let source = "{\"StartAt\": \"A\", \"States\": {\"A\": {\n\"Type\": \"Task\", \"Resource\": \"${Function}\", \"End\": true}}}";
    assert!(advise(source, &BTreeMap::new(), None).is_empty(), "what the placeholder names is not known");
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f".to_owned();
    let found = advise(source, &BTreeMap::from([("Function".to_owned(), PlaceholderValue::Text(function))]), None);
    let rules: Vec<Rule> = found.iter().map(|one| one.rule).collect();
    assert_eq!(rules, [Rule::NoLambdaRetry, Rule::DeprecatedResource], "the account is not written in the source");
    let span = found[1].span;
    assert_eq!((span.line, span.column, span.end_column), (2, 29, 42));
}

#[test]
fn a_deeply_nested_definition_is_judged_once() {
    let mut state = r#"{"Type": "Pass", "End": true}"#.to_owned();
    for depth in 0..24 {
        state = format!(
            r#"{{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "S{depth}", "States": {{"S{depth}": {state}}}}}]}}"#
        );
    }
    assert_eq!(found(&format!("\"A\": {state}"), None), []);
}

#[test]
fn a_span_of_time_is_read_as_people_say_it() {
    for (seconds, said) in
        [(0.0, "0 seconds"), (1.0, "1 second"), (36.5, "36 seconds"), (150.0, "2 minutes"), (7_200.0, "2 hours")]
    {
        assert_eq!(time(seconds), said);
    }
}

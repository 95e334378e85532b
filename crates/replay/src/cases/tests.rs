#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use serde_json::json;

use super::*;
use crate::definition::Definition;
use crate::mock_config::MockConfig;

/// Asks a person about a large order, prices each line, and pays.
fn shop() -> Definition {
    let text = json!({"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "ItemsPath": "$.lines", "ResultPath": "$.prices", "Next": "Large?", "ItemProcessor": {
            "StartAt": "Price", "States": {"Price": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "price", "Payload": {"line.$": "$"}},
                "ResultSelector": {"price.$": "$.Payload"}, "OutputPath": "$.price", "End": true}}}},
        "Large?": {"Type": "Choice", "Default": "Pay", "Choices": [
            {"Variable": "$.prices[0]", "NumericGreaterThan": 1000, "Next": "Ask"},
            {"Variable": "$.prices[0]", "NumericLessThan": 0, "Next": "Ask"}]},
        "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 3600,
            "HeartbeatSeconds": 600, "Parameters": {"FunctionName": "ask", "Payload": {"t.$": "$$.Task.Token"}},
            "ResultPath": "$.answer", "Next": "Pay",
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}, {"ErrorEquals": ["No"], "Next": "Late"}]},
        "Pay": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:pay", "End": true,
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 2}]},
        "Late": {"Type": "Fail", "Error": "TooLate", "Cause": "Nobody answered."}}});
    Definition::read(&text.to_string()).unwrap()
}

const MOCKS: &str = r#"
[mocks.Price]
payload = 48.00
[mocks.Pay]
returns = { paid = true }
"#;

fn results(cases: &str) -> Vec<CaseResult> {
    let file = CaseFile::read(cases).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let definition = shop();
    assert_eq!(file.misfits(&definition), []);
    file.cases.iter().map(|case| run(&file, case, &definition, &Setting::named("shop"))).collect()
}

/// The messages of the only case, whose mocks and expectations are given.
#[track_caller]
fn check(case: &str, expect: &[&str]) {
    let head = "[[case]]\nname = \"c\"\ninput = { lines = [1] }\n";
    let results = results(&format!("{MOCKS}{head}{case}"));
    let failures: Vec<&str> = results[0].failures.iter().map(|failure| failure.message.as_str()).collect();
    assert_eq!(failures, expect);
}

#[test]
fn a_case_passes_where_every_expectation_is_met() {
    check(
        r#"
        [case.expect]
        status = "SUCCEEDED"
        path = ["Each", "Large?", "Pay"]
        passes = ["Price", "Pay"]
        avoids = ["Ask", "Late"]
        output = { paid = true }
        output_has = { paid = true }
        takes = "0s"
        visits = { Price = 1, Ask = 0 }
        calls = { Pay = 1 }
        "#,
        &[],
    );
}

#[test]
fn what_is_not_met_is_shown_with_what_happened() {
    check(
        r#"
        [case.expect]
        status = "FAILED"
        path = ["Each", "Large?", "Ask", "Pay"]
        passes = ["Pay", "Price"]
        avoids = ["Pay"]
        output = { paid = false, by = "card" }
        output_has = { by = "card" }
        takes = { at_least = "1m" }
        visits = { Price = 2 }
        calls = { Pay = 0 }
        "#,
        &[
            "expected the status FAILED, but it succeeds",
            "another path\n  expected Each → Large? → Ask → Pay\n  got      Each → Large? → Pay\n  \
             at position 3: expected Ask, got Pay",
            "Price is not entered after those before it\n  got Each, Price, Large?, Pay\n  it succeeds",
            "Pay is entered, and it should not be",
            "another output\n  $.paid: expected false, got true\n  $.by: expected \"card\", and it is missing",
            "another output\n  $.by: expected \"card\", and it is missing",
            "expected that it takes at least 1m, but it takes 0s",
            "expected 2 visits of Price, got 1",
            "expected 0 calls of Pay, got 1",
        ],
    );
}

#[test]
fn an_end_that_nobody_expects_is_a_failure() {
    check(
        "mocks.Pay = { fails = { error = \"Declined\", cause = \"no money\" } }\nexpect.path = [\"Each\", \"Large?\", \"Pay\"]",
        &["expected the status SUCCEEDED, but it ends with Declined in Pay: no money"],
    );
    check(
        "mocks.Pay = { fails = { error = \"Declined\", cause = \"no money\" } }\n\
         expect = { error = \"Busy\", cause_has = \"card\" }",
        &["expected the error \"Busy\", got \"Declined\"", "expected in the cause \"card\", got \"no money\""],
    );
    check(
        "mocks.Pay = { fails = { error = \"Declined\" } }\nexpect = { error = \"Declined\", calls = { Pay = 1 } }",
        &[],
    );
}

#[test]
fn calls_are_answered_one_after_the_other_and_time_passes() {
    let pay = r#"
        [[case.mocks.Pay]]
        fails = { error = "Busy" }
        times = 2
        [[case.mocks.Pay]]
        returns = '{"paid": 1e2}'
        after = "300ms"
        called_with = { prices = [48] }
    "#;
    check(
        &format!("{pay}\n[case.expect]\noutput = {{ paid = 100 }}\ncalls = {{ Pay = 3 }}\ntakes = \"6s 300ms\""),
        &[],
    );
    check(
        "mocks.Pay = [{ fails = { error = \"Busy\" } }]\nexpect.status = \"FAILED\"",
        &["Pay was called for the 2nd time, and its mock answers 1\n  \
           called with {\"lines\":[1],\"prices\":[48.0]}\n  \
           Add: [[case.mocks.Pay]] with returns = { ... }, or fails = { error = \"...\" }."],
    );
    check(
        "mocks.Pay = { returns = 1, called_with = { prices = [7], by = \"card\" } }\nexpect.output = 1",
        &[
            "Pay was called with something else\n  $.prices[0]: expected 7, got 48.0\n  $.by: expected \"card\", and it is missing",
        ],
    );
}

#[test]
fn a_call_without_a_mock_says_what_to_add() {
    check(
        "mocks.Price = { payload = 2000 }\nexpect.output = 1",
        &["Ask was called, and the case has no mock of it\n  \
           called with {\"FunctionName\":\"ask\",\"Payload\":{\"t\":\"[task token]\"}}\n  \
           Add: [[case.mocks.Ask]] with returns = { ... }, fails = { error = \"...\" }, times_out = true, or waits = true."],
    );
}

#[test]
fn a_wait_ends_a_case_or_runs_out() {
    let ask = |how: &str, expect: &str| {
        format!("mocks.Price = {{ payload = 2000 }}\nmocks.Ask = {{ {how} }}\n[case.expect]\n{expect}")
    };
    check(&ask("waits = true", "waits_in = \"Ask\"\ntakes = 0\npasses = [\"Ask\"]"), &[]);
    check(&ask("waits = true", "status = \"SUCCEEDED\""), &["expected the status SUCCEEDED, but it waits in Ask"]);
    check(
        &ask("returns = 1", "waits_in = [\"Ask\", \"Pay\"]"),
        &["expected that it waits in Ask, Pay, but it succeeds"],
    );
    check(&ask("times_out = true", "error = \"TooLate\"\ntakes = \"10m\""), &[]);
    check(&ask("times_out = true, heartbeat = \"5m\"", "cause = \"Nobody answered.\"\ntakes = \"1h\""), &[]);
    check(&ask("returns = 1, after = \"20m\"", "takes = \"10m\"\nstatus = \"FAILED\""), &[]);
    check(&ask("returns = 1, after = \"20m\", heartbeat = \"9m\"", "takes = \"20m\""), &[]);
}

#[test]
fn iterations_have_answers_of_their_own() {
    let cases = r#"
        mocks.Pay.returns = 1
        [[case]]
        name = "by item"
        input = { lines = [1, 2, 3] }
        [[case.mocks.Price]]
        item = 1
        fails = { error = "NoPrice" }
        [[case.mocks.Price]]
        payload = 3
        times = 9
        [case.expect]
        error = "NoPrice"
        visits = { Price = 3 }
        calls = { Price = 3 }
        [[case]]
        name = "each the first"
        input = { lines = [1, 2] }
        mocks.Price = [{ payload = 5 }]
        expect.path = ["Each", "Large?", "Pay"]
    "#;
    let results = results(cases);
    assert!(
        results.iter().all(CaseResult::has_passed),
        "{:?}",
        results.iter().map(|one| &one.failures).collect::<Vec<_>>()
    );
}

#[test]
fn a_distributed_map_reads_what_its_mock_returns() {
    let definition = json!({"StartAt": "All", "States": {"All": {"Type": "Map", "Label": "All", "End": true,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "b", "Key": "k"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "One",
            "States": {"One": {"Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true}}}}}});
    let definition = Definition::read(&definition.to_string()).unwrap();
    let file = CaseFile::read(
        "[[case]]\nname = \"c\"\nmocks.All = { returns = '[7, 8]' }\nmocks.One = [{ item = 0, returns = 1 }, { item = 1, returns = 2 }]\n\
         expect = { output = [1, 2], visits = { One = 2 }, path = [\"All\"] }",
    )
    .unwrap();
    assert_eq!(file.misfits(&definition), []);
    let result = run(&file, &file.cases[0], &definition, &Setting::named("all"));
    assert!(result.has_passed(), "{:?}", result.failures);
    let mut coverage = Coverage::of(&definition.machine);
    coverage.add(&result);
    assert_eq!(coverage.to_string(), "states 2 of 2, edges 0 of 0, catchers 0 of 0, retriers 0 of 0 (100%)");
}

#[track_caller]
fn refused(text: &str, expect: &[&str]) {
    let problems = match CaseFile::read(text) {
        Ok(file) => file.misfits(&shop()),
        Err(problems) => problems,
    };
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expect);
}

#[test]
fn mistakes_have_their_place_and_a_remedy() {
    refused(
        "[[case]]\nname = \"a\"\ninputs = 1\n[case.expect]\nouput = 1\n",
        &[
            "3:1: error: A case has no key `inputs`\n  = help: Did you mean `input`?",
            "5:1: error: `expect` has no key `ouput`\n  = help: Did you mean `output`?",
        ],
    );
    refused(
        "[[case]]\nname = \"a\"\ninput = '''\n{\n  \"a\": }\n'''\nexpect.status = \"SUCCEDED\"\n",
        &[
            "5:8: error: `input` is not JSON: Unexpected character ('}' (code 125)): expected a value\n  = help: A text here is JSON. Correct it, or write a \
             plain text in two kinds of quotation marks: input = '\"...\"'.",
            "7:17: error: \"SUCCEDED\" is no status of an end\n  = help: Did you mean \"SUCCEEDED\"?",
        ],
    );
    refused(
        "[[case]]\nname = \"a\"\nmocks.Pay = { returns = 1, fails = {} }\nmocks.Ask = {}\nmocks.Price = { waits = 1 }\n",
        &[
            "2:8: error: the case \"a\" expects nothing\n  = help: Add [case.expect], such as with path = [...] or output = { ... }.",
            "3:13: error: the mock says both returns and fails\n  = help: Keep one of them.",
            "4:13: error: the mock does not say how the call is answered\n  = help: Add one of returns, payload, fails, times_out, waits.",
            "5:25: error: `waits` is always true\n  = help: Write waits = true, or leave it out.",
        ],
    );
    refused(
        "[mocks]\nPrce.returns = 1\n\"Large?\".returns = 1\nPay.payload = 1\n[[case]]\nname = \"a\"\nexpect.path = [\"Each\", \"Price\", \"Pya\"]",
        &[
            "2:1: error: the definition has no state \"Prce\"\n  = help: Did you mean \"Price\"?",
            "3:1: error: \"Large?\" is a Choice state: it asks nobody, so there is nothing to mock\n  = help: Remove the mock.",
            "7:24: error: \"Price\" runs inside another state, and `path` has those of the top scope\n  = help: Take it out of \
             `path`; name it in `passes` or count it in `visits`.",
            "7:33: error: the definition has no state \"Pya\"\n  = help: Did you mean \"Pay\"?",
        ],
    );
    refused(
        "now = \"yesterday\"\ntype = \"FAST\"\n[[case]]\nname = \"a\"\nexpect.takes = \"5 weeks\"\n[[case]]\nname = \"a\"\nexpect.error = \"x\"\n",
        &[
            "1:7: error: `now` is the text \"yesterday\", not a point in time\n  = help: Write date, time and zone: now = \
             \"2026-03-02T09:00:00Z\".",
            "2:8: error: `type` is \"FAST\"\n  = help: Write type = \"STANDARD\" or \"EXPRESS\".",
            "5:16: error: `takes` is the text \"5 weeks\", not a duration\n  = help: Write a number of seconds, or units: takes = \
             \"1h 30m\" (d, h, m, s, ms).",
            "7:8: error: two cases have the name \"a\"\n  = help: Give one of them another name; the first is in line 4.",
        ],
    );
}

#[test]
fn a_file_that_is_no_toml_has_the_parsers_place() {
    let problems = CaseFile::read("[[case]]\nname = \"a\n").unwrap_err();
    assert_eq!((problems[0].line, problems.len()), (2, 1));
}

#[test]
fn coverage_tells_rules_of_one_target_apart() {
    let cases = format!(
        "{MOCKS}[[case]]\nname = \"a\"\ninput = {{ lines = [1] }}\nexpect.output_has = {{}}\n\
         [[case]]\nname = \"b\"\ninput = {{ lines = [1] }}\nmocks.Price.payload = -1\nmocks.Ask.fails.error = \"No\"\n\
         mocks.Pay = [{{ fails = {{ error = \"Busy\" }} }}, {{ returns = 1 }}]\nexpect.error = \"TooLate\"\n"
    );
    let definition = shop();
    let mut coverage = Coverage::of(&definition.machine);
    let results = results(&cases);
    results.iter().for_each(|result| coverage.add(result));
    assert_eq!(coverage.to_string(), "states 6 of 6, edges 3 of 5, catchers 1 of 2, retriers 0 of 1 (71%)");
    let missing: Vec<&str> = coverage.missing().map(|item| item.label.as_str()).collect();
    assert_eq!(
        missing,
        [
            "Large? → Ask, where $.prices[0] > 1000",
            "Ask → Pay",
            "Ask catches States.Timeout → Late",
            "Pay retries Busy",
        ]
    );
}

#[test]
fn results_are_reported_as_text_and_as_xml() {
    let cases = format!(
        "{MOCKS}[[case]]\nname = \"It is <paid>\"\ninput = {{ lines = [1] }}\nexpect.output_has = {{ paid = true }}\n\
         [[case]]\nname = \"It is \\\"late\\\"\"\ninput = {{ lines = [1] }}\nexpect.output_has = {{ paid = \"a & b\\u001b\" }}\n"
    );
    let coverage = None;
    let files = [FileResult {
        file: "shop.test.toml".into(),
        workflow: "shop".into(),
        cases: results(&cases),
        problems: vec![],
        coverage,
    }];
    assert_eq!(
        report(&files, &|text| text.replace('\u{1b}', "<esc>")),
        "shop.test.toml\n  passed  It is <paid> (4 states, 0s)\n  FAILED  It is \"late\" (4 states, 0s)\n          \
         shop.test.toml:13: another output\n            $.paid: expected \"a & b\\u001b\", got true\n\n\
         2 cases: 1 passed, 1 failed\n"
    );
    assert_eq!(
        junit(&files),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"countersign\" tests=\"2\" failures=\"1\" errors=\"0\">\n  \
         <testsuite name=\"shop.test.toml\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n    \
         <testcase classname=\"shop\" name=\"It is &lt;paid&gt;\" file=\"shop.test.toml\" line=\"7\"/>\n    \
         <testcase classname=\"shop\" name=\"It is &quot;late&quot;\" file=\"shop.test.toml\" line=\"11\">\n      \
         <failure message=\"another output\">shop.test.toml:13: another output\n  $.paid: expected &quot;a &amp; \
         b\\u001b&quot;, got true</failure>\n      <system-out>Each → Price → Large? → Pay</system-out>\n    </testcase>\n  \
         </testsuite>\n</testsuites>\n"
    );
}

#[test]
fn the_mocks_of_step_functions_local_run() {
    let config = MockConfig::read(
        r#"{"StateMachines": {"shop": {"TestCases": {"Busy": {"Price": "price", "Pay": "busy"}}}},
            "MockedResponses": {"price": {"0": {"Return": {"StatusCode": 200, "Payload": 7}}},
                "busy": {"0": {"Throw": {"Error": "Busy", "Cause": "c"}}, "1-2": {"Return": {"Payload": {"paid": 1}}}}}}"#,
    )
    .unwrap();
    let mut case = config.cases("shop").remove(0);
    case.input = r#"{"lines": [1]}"#.to_owned();
    let result = run(&CaseFile::default(), &case, &shop(), &Setting::named("shop"));
    assert!(result.has_passed(), "{:?}", result.failures);
    assert_eq!(result.outcome.unwrap().output.unwrap(), r#"{"paid":1}"#);
    assert_eq!(result.took_ms, 2_000);
}

#![allow(clippy::unwrap_used)]
use super::*;
use serde_json::json;

/// Compiles one Task with these parameters, and looks for the token in what AWS would have resolved them to.
#[track_caller]
fn check(language: &str, parameters: &Value, resolved: &Value, expected: Option<&str>) {
    let field = if language == "JSONata" { "Arguments" } else { "Parameters" };
    let machine = Machine::from_value(json!({
        "StartAt": "A", "QueryLanguage": language,
        "States": { "A": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", field: parameters, "End": true } },
    }))
    .unwrap();
    let places = token_places(&machine).remove("A").unwrap_or_default();
    assert_eq!(find_token(resolved, &places).as_deref(), expected, "{places:?}");
}

#[test]
fn payload_templates() {
    let check = |parameters, resolved, expected| check("JSONPath", &parameters, &resolved, expected);
    check(
        json!({ "P": { "t.$": "$$.Task.Token", "x": "$$.Task.Token" } }),
        json!({ "P": { "t": "T+/=" } }),
        Some("T+/="),
    );
    check(json!({ "L": [{ "t.$": "$$['Task']['Token']" }] }), json!({ "L": [{ "t": "T" }] }), Some("T"));
    check(json!({ "c.$": "$$" }), json!({ "c": { "Task": { "Token": "T" } } }), Some("T"));
    check(json!({ "a.$": "States.Array('x', $$.Task.Token)" }), json!({ "a": ["x", "T"] }), Some("T"));
    check(
        json!({ "u.$": "States.Format('https://h/{}?t={}&k=\\'v\\'', $.id, $$.Task.Token)" }),
        json!({ "u": "https://h/7?t=T&k='v'" }),
        Some("T"),
    );
    check(json!({ "u.$": "States.Format('{}{}', $$.Task.Token, $.x)" }), json!({ "u": "T?x" }), Some("T"));
    check(
        json!({ "m.$": "States.JsonToString($$.Task)" }),
        json!({ "m": "{\"Token\":\"T\",\"Other\":\"x\"}" }),
        Some("T"),
    );
    check(
        json!({ "m.$": "States.StringToJson(States.Format('\\{\"n\":{},\"t\":\"{}\"\\}', $.n, $$.Task.Token))" }),
        json!({ "m": { "n": 1, "t": "T" } }),
        Some("T"),
    );
    check(json!({ "m.$": "$.Task.Token" }), json!({ "m": "T" }), None);
}

#[test]
fn jsonata_expressions() {
    let check = |arguments, resolved, expected| check("JSONata", &arguments, &resolved, expected);
    check(json!({ "t": "{% $states.context.Task.Token %}" }), json!({ "t": "T" }), Some("T"));
    check(
        json!({ "u": "{% 'https://h?t=' & $states.context.Task.Token & \"&n=\" & $n %}" }),
        json!({ "u": "https://h?t=T&n=4" }),
        Some("T"),
    );
    check(
        json!("{% { 'Q': $q, \"M\": [1, {'t': ($states.context.Task.Token)}] } %}"),
        json!({ "Q": "q", "M": [1, { "t": "T" }] }),
        Some("T"),
    );
    check(
        json!({ "m": "{% 'It\\'s \"yours\":\\n\\u00e9?t=' & $states.context.Task.Token & \"\\t'bye'\n\" %}" }),
        json!({ "m": "It's \"yours\":\né?t=T\t'bye'\n" }),
        Some("T"),
    );
    check(json!({ "t": "{% $states.input.token %}" }), json!({ "t": "T" }), None);
}

/// What others write before and after the token may look like the text around it.
#[test]
fn a_token_that_could_be_another_is_not_found() {
    let check = |arguments: &str, resolved: &str, expected| {
        check("JSONata", &json!({ "u": format!("{{% {arguments} %}}") }), &json!({ "u": resolved }), expected);
    };
    let token = "$states.context.Task.Token";
    let link = format!("$base & '?token=' & {token}");
    check(&link, "https://h/?token=T+/=", Some("T+/="));
    check(&link, "https://h/?token=F&a=b?token=T", Some("T"));
    let mail = format!("$text & ' token: ' & {token} & ' until ' & $day");
    check(&mail, "Pay 7? token: T until May", Some("T"));
    check(&mail, "Pay 7? token: F until now? token: T until May", None);
    check(&format!("$base & '/' & {token}"), "https://h/a/T/U", None);
    check(&format!("$base & {token}"), "https://h/T", None);
    check(&format!("{token} & '/' & $rest"), "T/U/rest", None);
    check(&format!("{token} & '/' & $rest"), "T/9?", Some("T"));
    check(&format!("$a & '?' & {token} & $b"), &"?T ".repeat(10_000), None);
    let whole = |input: &str| format!("{{\"Execution\":{{\"Input\":{input}}},\"Task\":{{\"Token\":\"T\"}}}}");
    let all = |input: &str| (json!({ "m.$": "States.JsonToString($$)" }), json!({ "m": whole(input) }));
    for (input, expected) in [("{}", Some("T")), ("{\"Token\":\"F\"}", None)] {
        let (parameters, resolved) = all(input);
        super::tests::check("JSONPath", &parameters, &resolved, expected);
    }
}

#[test]
fn an_expression_without_a_floor_is_not_followed() {
    let within = |before: &str, inner: &str, after: &str, levels: usize| {
        format!("{}{inner}{}", before.repeat(levels), after.repeat(levels))
    };
    let token = "$states.context.Task.Token";
    for (open, close) in [("[", "]"), ("['[',", "]"), ("{'a':", "}"), ("(", ")")] {
        let deep = within(open, token, close, 20_000);
        check("JSONata", &json!({ "t": format!("{{% {deep} %}}") }), &json!({ "t": "T" }), None);
    }
    for open in ["States.Array(", "States.Format('{}',"] {
        let deep = within(open, "$$.Task.Token", ")", 20_000);
        check("JSONPath", &json!({ "t.$": deep }), &json!({ "t": "T" }), None);
    }
}

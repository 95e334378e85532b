#![allow(clippy::unwrap_used)]
use std::cell::RefCell;

use serde_json::json;

use super::*;
use crate::{Action, Execution, Input, StartParams};

const ARN: &str = "arn:aws:states:us-east-1:1:execution:m:x";

/// Runs a Task with these parameters, and looks for its token in what the run recorded; `expected` says whether it is
/// found. Gives the texts that show it in another form.
#[track_caller]
fn check(language: &str, parameters: &Value, expected: bool) -> BTreeVeils {
    let field = if language == "JSONata" { "Arguments" } else { "Parameters" };
    let definition = json!({
        "StartAt": "First", "QueryLanguage": language,
        "States": {
            "First": { "Type": "Pass", "Next": "A", "Assign": { "v": { "deep": [1, "x"] } } },
            "A": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken", field: parameters, "End": true },
        },
    });
    let program = Arc::new(Program::compile(&definition).unwrap());
    let params = StartParams {
        execution_arn: ARN.into(),
        name: "x".into(),
        seed: 7,
        start_at: 1_700_000_000_000,
        input: r#"{"order":"A-1","n":5,"token":"none","list":["a","b"]}"#.into(),
        ..StartParams::default()
    };
    let mut execution = Execution::new(program, params.clone());
    let actions = execution.step(1_700_000_000_500, Input::Start);
    let Some(Action::StartTask(request)) = actions.into_iter().find(|a| matches!(a, Action::StartTask(_))) else {
        panic!("{:?}", execution.history());
    };
    let event = |name: &str| execution.history().iter().rfind(|e| e.kind.name() == name).unwrap();
    let (entered, scheduled) = (event("TaskStateEntered"), event("TaskScheduled"));
    let moment = Moment {
        state: "A".into(),
        input: entered.details.input.clone().unwrap(),
        variables: json!({ "v": { "deep": [1, "x"] } }).as_object().cloned().unwrap(),
        entered_at: entered.timestamp,
        at: scheduled.timestamp,
        params: StartParams { seed: 0, ..params },
        ..Moment::default()
    };
    let recorded: Value = serde_json::from_str(scheduled.details.parameters.as_deref().unwrap()).unwrap();
    let search = find(&definition, &moment, &recorded);
    let token = Token::Found(request.token.unwrap());
    assert_eq!(search.token == token, expected, "{recorded}: {search:?}");
    assert!(
        expected || search.token == Token::Unreadable || search.token == Token::NotPassed,
        "a wrong one: {search:?}"
    );
    LAST.set(Some(search.clone()));
    search.veiled
}

type BTreeVeils = std::collections::BTreeSet<String>;

thread_local! {
    static LAST: RefCell<Option<Search>> = const { RefCell::new(None) };
}

#[test]
fn jsonpath_and_intrinsic_functions() {
    for expression in [
        "$$.Task.Token",
        "$$['Task']['Token']",
        "$$.Task",
        "$$",
        "States.Array('x', $$.Task.Token)",
        "States.Format('https://h/{}?t={}&k=\\'v\\'', $.order, $$.Task.Token)",
        "States.Format('{}{}', $$.Task.Token, $.order)",
        "States.Format('{}{}', $$.Task.Token, $$.Task.Token)",
        "States.JsonToString($$.Task)",
        "States.JsonToString($$)",
        "States.StringToJson(States.Format('\\{\"n\":{},\"t\":\"{}\"\\}', $.n, $$.Task.Token))",
        "States.Base64Encode($$.Task.Token)",
        "States.Base64Encode(States.Format('\\{\"id\":\"{}\",\"cb\":\"{}\"\\}', $.order, $$.Task.Token))",
        "States.Base64Encode(States.JsonToString($$.Task))",
        "States.Format('{}/{}', States.UUID(), $$.Task.Token)",
        "States.ArrayGetItem(States.Array($$.Task.Token), 0)",
    ] {
        check("JSONPath", &json!({ "P": { "t.$": expression, "x": "$$.Task.Token" } }), true);
    }
    check("JSONPath", &json!({ "m.$": "States.JsonMerge($$.Task, $$.Execution, false)" }), true);
    check("JSONPath", &json!({ "m.$": "States.JsonMerge($, $$.Task, false)" }), true);
}

#[test]
fn jsonata() {
    for expression in [
        "$states.context.Task.Token",
        "$states.context",
        "$merge([$states.input, {'cb': $states.context.Task.Token}])",
        "$string({'a': $states.input.order, 'cb': $states.context.Task.Token})",
        "$string({'id': $uuid(), 'cb': $states.context.Task.Token, 'z': $now()})",
        "($t := $states.context.Task.Token; {'link': 'https://h?t=' & $t & '&n=' & $v.deep[0]})",
        "$base64encode($states.context.Task.Token)",
        "$base64encode($string({'cb': $states.context.Task.Token}))",
        "$base64encode($uuid() & '|' & $states.context.Task.Token)",
        "'https://h?t=' & $encodeUrlComponent($states.context.Task.Token)",
        "$lookup($lookup($states, 'con' & 'text'), 'Task')",
        "{$states.context.Task.Token: 1}",
        "$map([1, 2], function($i) { {'i': $i, 't': $states.context.Task.Token} })",
        "'<p>' & $uuid() & '</p><a href=\"https://h/?t=' & $states.context.Task.Token & '\">go</a>'",
        "$states.context.Task.Token & '' & $states.context.Task.Token",
    ] {
        check("JSONata", &json!({ "P": format!("{{% {expression} %}}"), "other": "{% $states.input.token %}" }), true);
    }
}

#[test]
fn a_token_that_cannot_be_read_is_not_guessed() {
    for expression in [
        "$uppercase($states.context.Task.Token)",
        "$substring($states.context.Task.Token, 0, 90)",
        "$pad($states.context.Task.Token, 2000, 'A')",
        "$pad($states.context.Task.Token, 2000, '#')",
        "$join($map($split($states.context.Task.Token, ''), function($c) { $c & '.' }))",
        "$replace($states.context.Task.Token, 'A', 'B')",
        "$uuid() & $states.context.Task.Token",
    ] {
        let veiled = check("JSONata", &json!({ "P": { "t": format!("{{% {expression} %}}") } }), false);
        assert!(!veiled.is_empty());
        assert_eq!(LAST.take().unwrap().token, Token::Unreadable, "{expression}");
    }
}

#[test]
fn another_form_beside_the_token_is_returned() {
    let arguments = json!({
        "cb": "{% $states.context.Task.Token %}",
        "upper": "{% 'x' & $uppercase($states.context.Task.Token) %}",
        "coded": "{% $base64encode($states.context.Task.Token) %}",
        "plain": "{% $states.input.order %}",
    });
    let veiled = check("JSONata", &arguments, true);
    assert_eq!(veiled.len(), 2, "{veiled:?}");
}

#[test]
fn parameters_without_a_token_hold_none() {
    check("JSONata", &json!({ "a": "{% $states.input.token %}", "b": "{% $uuid() %}" }), false);
    assert_eq!(LAST.take().unwrap().token, Token::NotPassed);
    let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"m": "no token"}, "End": true}}});
    let moment = Moment { state: "A".into(), input: "{}".into(), ..Moment::default() };
    let recorded = json!({ "m": "another definition put the token here" });
    let search = find(&definition, &moment, &recorded);
    assert_eq!(search.token, Token::Unreadable, "the definition is not the one that ran");
}

//! Expressions of JSONata.

use serde_json::{Value, json};

use super::{state, state_in_file};

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
        ("{% $match('a', //) %}", "INVALID_JSONATA_EXPRESSION: Empty regular expressions are not allowed"),
        ("{% $match('a', /b) %}", "INVALID_JSONATA_EXPRESSION: No terminating / in regular expression"),
        ("{% a b %}", "INVALID_JSONATA_EXPRESSION: Syntax error: \"b\""),
        ("{% $states.input", "JSONata string must start with {% and end with %}"),
        ("10 %}", "JSONata string must start with {% and end with %}"),
        (" {% 10 %}", "JSONata string must start with {% and end with %}"),
        ("{% 10 %} ", "JSONata string must start with {% and end with %}"),
        ("{%}", "JSONata string must start with {% and end with %}"),
    ] {
        state(&output(text), &[&format!("{message} {place}")]);
    }
    for plain in [" {% 10 %} ", "10 %} a", "a {% 10", "100 %", "{", ""] {
        state(&output(plain), &[]);
    }
    let wait = json!({"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": " {% 10 %}"});
    state(&wait, &["JSONata string must start with {% and end with %} at /Seconds"]);
    let caught = json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:::function:f",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "Output": "{% $states.errorOutput %}"}]});
    state(&caught, &[]);
}

#[test]
fn a_result_is_not_written_to_a_variable() {
    let pass = |path: &str| json!({"Type": "Pass", "ResultPath": path});
    for right in ["$", "$.order", "$['order']"] {
        state(&pass(right), &[]);
    }
    for wrong in ["$order", "$order.total", "$$.Execution"] {
        state(&pass(wrong), &["Value is not a Reference Path at /ResultPath"]);
    }
}

#[test]
fn a_result_is_there_once_the_state_has_one() {
    let reads = json!({"v": "{% $states.result.id %}"});
    let error =
        |place: &str| format!("UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at {place}/v");
    let task = |field: &str| json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:::function:f", field: reads});
    state(&task("Output"), &[]);
    state(&task("Assign"), &[]);
    state_in_file(&task("Arguments"), &[&error("/Arguments")]);
    let mut caught = task("Output");
    caught["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "B", "Output": reads}]);
    state_in_file(&caught, &[&error("/Catch[0]/Output")]);
    state_in_file(&json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": reads}), &[&error("/Output")]);
    state_in_file(
        &json!({"Type": "Choice", "QueryLanguage": "JSONata",
            "Choices": [{"Condition": "{% true %}", "Next": "B", "Assign": reads}]}),
        &[&error("/Choices[0]/Assign")],
    );
}

#[test]
fn credentials_have_expressions_too() {
    let task = |credentials: Value| {
        json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:::function:f",
            "Credentials": credentials})
    };
    let error = "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'role' at the top level is not supported.";
    state(&task(json!({"RoleArn": "{% $role %}"})), &[]);
    state(&task(json!({"RoleArn": "{% role %}"})), &[&format!("{error} at /Credentials/RoleArn")]);
    state(&task(json!("{% {'RoleArn': role} %}")), &[&format!("{error} at /Credentials")]);
}

#[test]
fn a_condition_is_true_or_false_or_an_expression() {
    let choice = |condition: Value| json!({"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Condition": condition, "Next": "B"}]});
    for right in [json!(true), json!("{% $paid %}")] {
        state(&choice(right), &[]);
    }
    for wrong in [json!("$paid"), json!(1), json!({"a": "{% $paid %}"}), Value::Null] {
        let message = "Expected value of type [BOOLEAN] or a JSONata expression at /Choices[0]/Condition";
        state(&choice(wrong), &[message]);
    }
    state(&choice(json!("{% $paid")), &["JSONata string must start with {% and end with %} at /Choices[0]/Condition"]);
}

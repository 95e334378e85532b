//! The names of states, variables and labels.

use serde_json::{Value, json};

use super::{state, written};
use crate::parse;

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
fn a_variable_of_an_outer_scope_is_not_assigned_in_an_inner_one() {
    let inner =
        |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "Assign": {"x.$": "$"}, "End": true}}});
    let parallel = |assign: Value| json!({"Type": "Parallel", "Assign": assign, "Branches": [inner("C"), inner("D")]});
    // Branches do not see each other's variables.
    state(&parallel(json!({"y": 1})), &[]);
    let error = |place: &str| {
        let message = "Invalid variable name 'x': a scope around this one has the variable.";
        format!("INVALID_VARIABLE_NAME: {message} at {place}/Assign/x.$")
    };
    let both = [error("/Branches[0]/States/C"), error("/Branches[1]/States/D")];
    state(&parallel(json!({"x": 1})), &[&both[0], &both[1]]);
    // At any depth, and wherever the outer scope assigns it, except in a catcher, which assigns after the inner scopes
    // have ended.
    let deep = json!({"StartAt": "E", "States": {"E": {"Type": "Map", "ItemProcessor": inner("F"), "End": true}}});
    state(
        &json!({"Type": "Parallel", "Branches": [deep.clone()],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "Assign": {"x": 1}}]}),
        &[],
    );
    let deep_and_assigned = json!({"Type": "Parallel", "Assign": {"x": 1}, "Branches": [deep]});
    state(&deep_and_assigned, &[&error("/Branches[0]/States/E/ItemProcessor/States/F")]);
    // The children of a distributed map are executions of their own.
    let mut body = inner("F");
    body["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    state(&json!({"Type": "Map", "Assign": {"x": 1}, "ItemProcessor": body}), &[]);
}

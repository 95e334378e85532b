use super::{left, planned, text, waiting};
use crate::workflows::{Encryption, Logging, WorkflowKind};

const PLAN: &str = r#"{"format_version": "1.2", "terraform_version": "1.9.0",
 "planned_values": {"root_module": {
  "resources": [
   {"address": "aws_sfn_state_machine.order", "mode": "managed", "type": "aws_sfn_state_machine", "name": "order", "values": {
     "name": "order", "type": "EXPRESS", "role_arn": "arn:aws:iam::1:role/r", "publish": true,
     "definition": "{\"StartAt\":\"A\"}",
     "logging_configuration": [{"level": "ERROR", "include_execution_data": true, "log_destination": "arn:aws:logs:::x:*"}],
     "tracing_configuration": [{"enabled": true}],
     "encryption_configuration": [{"type": "AWS_OWNED_KEY", "kms_key_id": null}],
     "tags": {"team": "shop"}, "tags_all": {"team": "shop", "by": "default"}}},
   {"address": "aws_sfn_alias.live", "mode": "managed", "type": "aws_sfn_alias", "name": "live", "values": {"name": "live"}},
   {"address": "data.aws_sfn_state_machine.other", "mode": "data", "type": "aws_sfn_state_machine", "values": {"name": "other"}}],
  "child_modules": [{"address": "module.ship[\"eu\"]", "resources": [
   {"address": "module.ship[\"eu\"].aws_sfn_state_machine.this[0]", "mode": "managed", "type": "aws_sfn_state_machine", "values": {
     "name_prefix": "ship", "type": "STANDARD", "logging_configuration": []}},
   {"address": "module.ship[\"eu\"].aws_sfn_alias.a", "mode": "managed", "type": "aws_sfn_alias", "values": {"name": "stable"}}]}]}},
 "resource_changes": [
  {"address": "aws_sfn_state_machine.order", "change": {"actions": ["update"], "after_unknown": {"arn": true}, "after_sensitive": {"definition": true}}},
  {"address": "module.ship[\"eu\"].aws_sfn_state_machine.this[0]", "change": {"actions": ["create"], "after_unknown":
    {"definition": true, "role_arn": true, "name": true, "logging_configuration": [{"log_destination": true}], "arn": true}}}],
 "configuration": {"root_module": {
  "resources": [{"address": "aws_sfn_alias.live", "expressions": {"routing_configuration": [{"state_machine_version_arn":
    {"references": ["aws_sfn_state_machine.order.state_machine_version_arn", "aws_sfn_state_machine.order"]}}]}}],
  "module_calls": {"ship": {"module": {"resources": [{"address": "aws_sfn_alias.a", "expressions": {"routing_configuration":
    [{"state_machine_version_arn": {"references": ["aws_sfn_state_machine.this[0].arn", "aws_sfn_state_machine.this"]}}]}}]}}}}}}"#;

#[test]
fn a_plan_of_terraform_says_what_its_machines_are() {
    let workflows = planned("plan.json", &[("plan.json", PLAN)]).unwrap();
    let [order, ship] = workflows.as_slice() else { panic!("{workflows:?}") };
    assert_eq!((order.name.as_deref(), order.logical_id.as_str()), (Some("order"), "aws_sfn_state_machine.order"));
    assert_eq!((order.kind, order.stack.as_deref()), (WorkflowKind::Express, None));
    assert_eq!(text(order), r#"{"StartAt":"A"}"#);
    assert_eq!(order.role_arn.as_deref(), Some("arn:aws:iam::1:role/r"));
    let destinations = vec!["arn:aws:logs:::x:*".to_owned()];
    assert_eq!(order.logging, Some(Logging { level: "ERROR".to_owned(), include_execution_data: true, destinations }));
    let kind = "AWS_OWNED_KEY".to_owned();
    assert_eq!(order.encryption, Some(Encryption { kind, kms_key_id: None, data_key_reuse: None }));
    assert!(order.tracing && order.sensitive && order.version.is_some());
    assert_eq!(order.tags.len(), 2);
    assert_eq!(order.aliases, ["live"]);
    assert!(order.unresolved.is_empty());
    assert_eq!(ship.logical_id, r#"module.ship["eu"].aws_sfn_state_machine.this[0]"#);
    assert!(ship.name.is_none() && ship.definition.is_none() && ship.version.is_none() && !ship.sensitive);
    assert_eq!(ship.aliases, ["stable"]);
    let waits: Vec<String> = waiting(ship).iter().map(|line| line.split(": ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        waits,
        ["name", "definition", "role_arn", "logging_configuration"].map(|name| format!("{name} is known after apply"))
    );
}

#[test]
fn a_module_far_down_is_read() {
    let machine = r#"{"resources": [{"address": "aws_sfn_state_machine.deep", "mode": "managed",
        "type": "aws_sfn_state_machine", "values": {"name": "deep"}}]}"#;
    let module = (0..50).fold(machine.to_owned(), |module, _| format!(r#"{{"child_modules": [{module}]}}"#));
    let plan = format!(r#"{{"format_version": "1.0", "planned_values": {{"root_module": {module}}}}}"#);
    let workflows = planned("p.json", &[("p.json", &plan)]).unwrap();
    assert_eq!(workflows[0].name.as_deref(), Some("deep"));
}

#[test]
fn what_is_no_plan_is_refused() {
    let refused = |text: &str| planned("p.json", &[("p.json", text)]).unwrap_err();
    let expect = |why: &str| {
        format!(
            "this is no plan of Terraform: {why}; write it with `terraform show -json PLAN` (p.json: the whole file)"
        )
    };
    let state = r#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}"#;
    assert_eq!(refused(state), [expect("it is a state")]);
    assert_eq!(refused(r#"{"terraform_version": "1.9.0"}"#), [expect("it has no planned values")]);
    assert_eq!(refused(r#"{"format_version": "2.0", "planned_values": {}}"#), [expect("its format is not known")]);
    let text = PLAN.replace("EXPRESS", "FAST");
    assert_eq!(
        refused(&text),
        ["expected STANDARD or EXPRESS, found another text (p.json: aws_sfn_state_machine.order, line 4, column 126)",]
    );
    assert!(planned("p.json", &[("p.json", r#"{"format_version": "1.0", "planned_values": {}}"#)]).unwrap().is_empty());
}

#[test]
fn what_terraform_destroys_is_named() {
    let change = |kind: &str, actions: &str, before: &str, after: &str| {
        format!(
            r#"{{"address": "{kind}.{before}", "mode": "managed", "type": "{kind}", "change": {{"actions": {actions},
                "before": {{"name": "{before}"}}, "after": {after}}}}}"#
        )
    };
    let machine = "aws_sfn_state_machine";
    let changes = [
        change(machine, r#"["delete"]"#, "gone", "null"),
        change(machine, r#"["delete", "create"]"#, "old", r#"{"name": "new"}"#),
        // It is there afterwards, too.
        change(machine, r#"["create", "delete"]"#, "same", r#"{"name": "same"}"#),
        change(machine, r#"["update"]"#, "kept", r#"{"name": "kept"}"#),
        change(machine, r#"["forget"]"#, "forgotten", "null"),
        change("aws_lambda_function", r#"["delete"]"#, "pay", "null"),
    ];
    let plan =
        format!(r#"{{"format_version": "1.2", "planned_values": {{}}, "resource_changes": [{}]}}"#, changes.join(", "));
    let left = left("p.json", &[("p.json", &plan)]);
    assert_eq!((left.destroyed, left.stacks), (vec!["gone".to_owned(), "old".to_owned()], Vec::new()));
}

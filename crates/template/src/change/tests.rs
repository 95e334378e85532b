#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use indexmap::IndexMap;

use crate::{
    Action, Attributes, Cause, Changes, Environment, Nothing, Resolver, Snapshot, Surroundings, Template, Value,
};

/// All resources have been made, each under its logical ID.
struct AllMade;

impl Attributes for AllMade {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(format!("ref-{logical_id}").into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        Some(format!("{attribute}-of-{logical_id}").into())
    }
}

fn deployed(text: &str) -> Snapshot {
    with_scope(text, |template, scope| {
        Snapshot::take(&Resolver { template, scope, made: &AllMade, around: &Nothing }).unwrap()
    })
}

fn with_scope<T>(text: &str, act: impl FnOnce(&Template, &crate::Scope) -> T) -> T {
    let template = Template::read(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
    let scope = template.scope(environment, &IndexMap::new(), &Nothing as &dyn Surroundings).unwrap();
    act(&template, &scope)
}

fn changes(before: &str, after: &str) -> Changes {
    let before = deployed(before);
    with_scope(after, |template, scope| before.changes(template, scope, &AllMade, &Nothing).unwrap())
}

/// Each change in a line: `~` modified, `+` added, `-` removed, `!` made anew.
fn lines(changes: &Changes) -> Vec<String> {
    let line = |change: &crate::ResourceChange| {
        let sign = match (change.action, change.replacement) {
            (Action::Add, _) => '+',
            (Action::Remove, _) => '-',
            (Action::Modify, true) => '!',
            (Action::Modify, false) => '~',
        };
        let names: Vec<&str> = change.properties.iter().map(|property| property.name.as_str()).collect();
        let keeps = if change.keeps { " keeps" } else { "" };
        format!("{sign}{}{}{}{keeps}", change.logical_id, if names.is_empty() { "" } else { " " }, names.join(","))
    };
    changes.resources.iter().map(line).collect()
}

const BEFORE: &str = "
Resources:
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: orders, DisplayName: Orders}}
  Queue: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}
  Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties: {RoleArn: !GetAtt Role.Arn, DefinitionString: !Sub '{\"T\": \"${Topic}\"}'}
  Version:
    Type: AWS::StepFunctions::StateMachineVersion
    Properties: {StateMachineArn: !Ref Machine, StateMachineRevisionId: !GetAtt Machine.StateMachineRevisionId}
Outputs: {Name: {Value: !GetAtt Machine.Name}}
";

#[test]
fn the_same_template_changes_nothing() {
    let same = changes(BEFORE, BEFORE);
    assert!(same.is_empty(), "{same:?}");
    let reordered = BEFORE.replace("TopicName: orders, DisplayName: Orders", "DisplayName: Orders, TopicName: orders");
    assert!(changes(BEFORE, &reordered).is_empty());
}

#[test]
fn what_is_added_modified_and_removed_is_listed_in_order() {
    let after = BEFORE
        .replace("  Queue: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}\n", "")
        .replace("DisplayName: Orders", "DisplayName: Bestellungen")
        .replace("Resources:", "Resources:\n  New: {Type: 'AWS::SNS::Topic', DependsOn: Topic}");
    let changes = changes(BEFORE, &after);
    assert_eq!(lines(&changes), ["~Topic DisplayName", "+New", "-Queue keeps"]);
    let display = &changes.resources[0].properties[0];
    assert_eq!(
        (display.before.as_ref(), display.after.as_ref()),
        (Some(&"Orders".into()), Some(&"Bestellungen".into()))
    );
    assert_eq!(display.cause, Cause::Direct);
    assert!(!changes.outputs);
}

#[test]
fn what_refers_to_a_replaced_resource_changes_too() {
    let changes = changes(BEFORE, &BEFORE.replace("TopicName: orders", "TopicName: sales"));
    assert_eq!(lines(&changes), ["!Topic TopicName", "~Machine DefinitionString", "!Version StateMachineRevisionId",]);
    assert_eq!(changes.resources[1].properties[0].cause, Cause::Reference("Topic".to_owned()));
    let revision = &changes.resources[2].properties[0];
    assert_eq!(revision.cause, Cause::Attribute("Machine.StateMachineRevisionId".to_owned()));
}

#[test]
fn removed_resources_go_in_reverse_order() {
    let changes = changes(BEFORE, "Resources: {Other: {Type: 'AWS::SNS::Topic'}}\n");
    assert_eq!(lines(&changes), ["+Other", "-Version", "-Machine", "-Role", "-Queue keeps", "-Topic"]);
    assert!(changes.outputs);
}

#[test]
fn metadata_policies_and_outputs_count() {
    let metadata = BEFORE.replace("DeletionPolicy: Retain", "DeletionPolicy: Delete, Metadata: {a: 1}");
    let of_queue = changes(BEFORE, &metadata);
    let [queue] = of_queue.resources.as_slice() else { panic!("{of_queue:?}") };
    assert!(queue.metadata && queue.policies && queue.properties.is_empty() && !queue.replacement);
    let outputs = changes(BEFORE, &BEFORE.replace("Machine.Name", "Topic.TopicName"));
    assert!(outputs.resources.is_empty() && outputs.outputs);
}

#[test]
fn a_resource_keeps_its_type() {
    let before = deployed("Resources: {A: {Type: 'AWS::SNS::Topic'}}\n");
    let error = with_scope("Resources: {A: {Type: 'AWS::SQS::Queue'}}\n", |template, scope| {
        before.changes(template, scope, &AllMade, &Nothing).unwrap_err()
    });
    let expect = "the type of `A` cannot change from `AWS::SNS::Topic` to `AWS::SQS::Queue`: give the resource a new \
                  logical ID (Resources.A.Type, line 1, column 13)";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn a_snapshot_survives_its_storage() {
    let snapshot =
        deployed(&BEFORE.replace("DisplayName: Orders", "DisplayName: {n: 1.50, big: 98765432109876543210}"));
    let stored = serde_json::to_string(&snapshot).unwrap();
    let read: Snapshot = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, snapshot);
    let display = &read.resources["Topic"].properties["DisplayName"];
    assert_eq!(display.json(), r#"{"n":1.50,"big":98765432109876543210}"#);
}

/// Everything is compared with the first deployment: a new stack has all resources as additions.
#[test]
fn an_empty_stack_gets_everything() {
    let all =
        with_scope(BEFORE, |template, scope| Snapshot::default().changes(template, scope, &Nothing, &Nothing).unwrap());
    assert_eq!(lines(&all), ["+Topic", "+Queue", "+Role", "+Machine", "+Version"]);
}

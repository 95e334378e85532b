//! What stacks give to their resources, keep, and refuse.

use std::collections::BTreeMap;

use countersign_local::host::AccountRegion;
use countersign_local::stacks::model::{EVENTS, Stack};
use serde_json::{Value, json};

use crate::clients::{query, within};
use crate::engine::{Engine, text};
use crate::stacks::{SHOP, call, deploy, settled, shop, stack};

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_no_default_taken() {
    let engine = Engine::new("stack-unreadable").await;
    let body = shop("x").to_string();
    for (field, value) in [("DisableRollback", "yes"), ("OnFailure", "DELTE"), ("EnableTerminationProtection", "1")] {
        let fields = [("StackName", "Shop"), ("TemplateBody", &*body), (field, value)];
        let (code, why) = call(&engine, "CreateStack", &fields).await.unwrap_err();
        assert!(code == "ValidationError" && why.contains(field), "{field}: {why}");
    }
    let properties = |resource: &str, property: &str, value: Value| {
        let mut template = shop("x");
        template["Resources"][resource]["Properties"][property] = value;
        template
    };
    for (template, why) in [
        (properties("Role", "MaxSessionDuration", json!("long")), "MaxSessionDuration is no number"),
        (properties("Role", "ManagedPolicyArns", json!([{ "a": 1 }])), "A list of texts is needed"),
        (
            properties("Machine", "DefinitionSubstitutions", json!({ "Queue": [] })),
            "DefinitionSubstitutions is no text",
        ),
    ] {
        assert_eq!(deploy(&engine, "CreateStack", "Shop", &template).await.unwrap(), "ROLLBACK_COMPLETE", "{why}");
        let events = call(&engine, "DescribeStackEvents", &[("StackName", "Shop")]).await.unwrap();
        assert!(events.contains(why), "{why}: {events}");
        let arn = stack(&engine, "Shop").await.arn;
        call(&engine, "DeleteStack", &[("StackName", "Shop")]).await.unwrap();
        settled(&engine, &arn).await;
    }
    engine.remove().await;
}

#[tokio::test]
async fn the_newest_events_of_a_stack_are_kept() {
    let engine = Engine::new("stack-events").await;
    let place = AccountRegion { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
    let mut one = Stack::new(&place, "Busy", 0);
    for number in [0, 1, EVENTS] {
        one.events = number;
        one.say(&engine.host, "Queue", "q", "AWS::SQS::Queue", "UPDATE_COMPLETE", None, None).await.unwrap();
    }
    let events = call(&engine, "DescribeStackEvents", &[("StackName", "Busy")]).await.unwrap();
    assert_eq!(events.matches("<EventId>").count(), 2, "the first one made room");
    engine.remove().await;
}

/// A stack of a role, a state machine, a log group and a parameter, with tags.
async fn deploy_tagged(engine: &Engine, action: &str, tags: &[(&str, &str)]) -> Result<&'static str, (String, String)> {
    let mut template = shop("tagged");
    template["Resources"]["Log"] = json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": "/shop" } });
    template["Resources"]["Role"]["Properties"]["Tags"] = json!([{ "Key": "team", "Value": "own" }]);
    let body = template.to_string();
    let names: Vec<(String, String)> =
        (1..=tags.len()).map(|n| (format!("Tags.member.{n}.Key"), format!("Tags.member.{n}.Value"))).collect();
    let mut fields = vec![("StackName", "Shop"), ("TemplateBody", &*body), ("Capabilities.member.1", "CAPABILITY_IAM")];
    for ((key_name, value_name), (key, value)) in names.iter().zip(tags) {
        fields.extend([(key_name.as_str(), *key), (value_name.as_str(), *value)]);
    }
    let answer = call(engine, action, &fields).await?;
    Ok(settled(engine, within(&answer, "StackId")).await)
}

#[tokio::test]
async fn the_tags_of_a_stack_reach_its_resources() {
    let engine = Engine::new("stack-tags").await;
    let machine_tags = async || {
        let (_, answer) = engine.ask("AWSStepFunctions.ListTagsForResource", &json!({ "resourceArn": SHOP })).await;
        let tags = answer["tags"].as_array().unwrap().clone();
        let pairs = tags.iter().map(|tag| (text(&tag["key"]), text(&tag["value"])));
        pairs.collect::<BTreeMap<String, String>>()
    };
    let status = deploy_tagged(&engine, "CreateStack", &[("team", "shop"), ("cost", "7")]).await.unwrap();
    assert_eq!(status, "CREATE_COMPLETE");
    let made = stack(&engine, "Shop").await;
    let expected = [
        ("aws:cloudformation:logical-id", "Machine"),
        ("aws:cloudformation:stack-id", made.arn.as_str()),
        ("aws:cloudformation:stack-name", "Shop"),
        ("cost", "7"),
        ("team", "shop"),
    ];
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    assert_eq!(machine_tags().await, expected);
    let role = format!("Action=ListRoleTags&Version=2010-05-08&RoleName={}", made.resources["Role"].physical);
    let (_, listed) = query(&engine, "iam", "us-east-1", &role).await;
    assert!(listed.contains("<Key>team</Key><Value>own</Value>"), "its own goes before: {listed}");
    assert!(listed.contains("<Key>cost</Key>") && !listed.contains("aws:cloudformation"), "{listed}");
    let group = json!({ "logGroupName": "/shop" });
    let (_, listed) = engine.ask("Logs_20140328.ListTagsLogGroup", &group).await;
    assert_eq!(
        (&listed["tags"]["cost"], &listed["tags"]["aws:cloudformation:logical-id"]),
        (&json!("7"), &json!("Log"))
    );

    // Without tags in the request, the stack keeps those that it has.
    let same = deploy_tagged(&engine, "UpdateStack", &[]).await.unwrap_err();
    assert_eq!(same.1, "No updates are to be performed.");
    let revision = async || {
        let (_, shown) = engine.ask("AWSStepFunctions.DescribeStateMachine", &json!({ "stateMachineArn": SHOP })).await;
        shown.get("revisionId").cloned()
    };
    let before = revision().await;
    let status = deploy_tagged(&engine, "UpdateStack", &[("team", "stores")]).await.unwrap();
    assert_eq!(status, "UPDATE_COMPLETE");
    let tags = machine_tags().await;
    assert_eq!((tags["team"].as_str(), tags.get("cost")), ("stores", None));
    assert_eq!(revision().await, before, "tags make no revision");
    let events = call(&engine, "DescribeStackEvents", &[("StackName", "Shop")]).await.unwrap();
    assert_eq!(events.matches("<LogicalResourceId>Queue<").count(), 2, "what has no tags is left alone");
    for (key, why) in [("aws:mine", "aws:"), ("", "not empty")] {
        let refused = deploy_tagged(&engine, "UpdateStack", &[(key, "x")]).await.unwrap_err();
        assert!(refused.0 == "ValidationError" && refused.1.contains(why), "{}", refused.1);
    }
    engine.remove().await;
}

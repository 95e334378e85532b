//! The tags that resources get from their stack: those of the request that made it, and CloudFormation's own, which name
//! the stack. A tag in the properties of a resource goes before one of the stack with the same key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Operation, Stack};
use super::resources::{tag_list, tag_map};
use crate::host::Tag;

const ROLE: &str = "AWS::IAM::Role";
const PARAMETER: &str = "AWS::SSM::Parameter";

/// The types whose tags the engine stores.
const TAGGED: [&str; 6] = [
    "AWS::StepFunctions::StateMachine",
    "AWS::StepFunctions::Activity",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    PARAMETER,
    ROLE,
];

/// The most tags of a stack.
pub const MOST: usize = 50;

/// Whether resources of a type get the tags of their stack.
#[must_use]
pub fn reach(kind: &str) -> bool {
    TAGGED.contains(&kind)
}

/// The tags of a stack before the change that is under way.
fn old(stack: &Stack) -> &[Tag] {
    match &stack.operation {
        Some(Operation::Change(change)) => &change.before.tags,
        _ => &stack.source.tags,
    }
}

/// The tags of a stack after that change.
fn new(stack: &Stack) -> &[Tag] {
    match &stack.operation {
        Some(Operation::Change(change)) => &change.source.tags,
        _ => &stack.source.tags,
    }
}

/// Whether the change that is under way changes the tags that resources of a type get.
#[must_use]
pub fn change(stack: &Stack, kind: &str) -> bool {
    reach(kind) && !are_same(old(stack), new(stack))
}

/// Whether two lists hold the same tags, in whatever order.
#[must_use]
pub fn are_same(one: &[Tag], other: &[Tag]) -> bool {
    let map = |tags: &[Tag]| -> BTreeMap<String, String> {
        tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
    };
    map(one) == map(other)
}

/// The properties of a resource with the tags that it has before the change that is under way.
#[must_use]
pub fn before(stack: &Stack, logical: &str, kind: &str, properties: &Value) -> Value {
    tagged(stack, old(stack), logical, kind, properties)
}

/// The properties of a resource with the tags that it has after that change.
#[must_use]
pub fn after(stack: &Stack, logical: &str, kind: &str, properties: &Value) -> Value {
    tagged(stack, new(stack), logical, kind, properties)
}

fn tagged(stack: &Stack, given: &[Tag], logical: &str, kind: &str, properties: &Value) -> Value {
    let mut properties = properties.clone();
    if !reach(kind) {
        return properties;
    }
    let mut tags = tag_map(&properties["Tags"]);
    for tag in given {
        tags.entry(tag.key.clone()).or_insert_with(|| json!(tag.value));
    }
    // CloudFormation gives a role none of its own.
    if kind != ROLE {
        for (name, value) in
            [("stack-name", stack.name.as_str()), ("logical-id", logical), ("stack-id", stack.arn.as_str())]
        {
            tags.insert(format!("aws:cloudformation:{name}"), json!(value));
        }
    }
    let written = if kind == PARAMETER { Value::Object(tags) } else { tag_list(&tags, ["Key", "Value"]) };
    if let Some(members) = properties.as_object_mut() {
        members.insert("Tags".to_owned(), written);
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::AccountRegion;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_resource_s_own_tag_goes_before_one_of_its_stack() {
        let place = AccountRegion { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
        let mut stack = Stack::new(&place, "Shop", 0);
        stack.source.tags = vec![tag("team", "stack"), tag("cost", "7")];
        let properties = json!({ "Tags": [{ "Key": "team", "Value": "own" }] });
        let role = after(&stack, "Role", ROLE, &properties);
        assert_eq!(role["Tags"], json!([{ "Key": "team", "Value": "own" }, { "Key": "cost", "Value": "7" }]));
        let parameter = after(&stack, "P", PARAMETER, &json!({ "Type": "String" }));
        let expected = json!({
            "team": "stack", "cost": "7", "aws:cloudformation:stack-name": "Shop", "aws:cloudformation:logical-id": "P",
            "aws:cloudformation:stack-id": stack.arn,
        });
        assert_eq!(parameter["Tags"], expected);
        let version = after(&stack, "V", "AWS::Lambda::Version", &json!({}));
        assert_eq!(version, json!({}), "a type without tags gets none");
    }
}

//! The changes of a change set, as they are stored and shown.

use countersign_template::{Action, Cause, PropertyChange, ResourceChange};
use serde_json::{Map, Value, json};

use crate::api::xml::element;
use crate::stacks::model::Stack;
use crate::stacks::tags;

/// The changes of a change set, in the shape of `DescribeChangeSet`; `retags`: the tags of the stack change, and with them
/// those of every resource that has tags.
pub fn all_described(changes: &[ResourceChange], stack: &Stack, retags: bool) -> Vec<Value> {
    let mut all: Vec<Value> = changes.iter().map(|change| described(change, stack)).collect();
    if !retags {
        return all;
    }
    let target = json!({ "Attribute": "Tags", "RequiresRecreation": "Never" });
    let detail = json!({ "Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification" });
    for (logical, known) in stack.resources.iter().filter(|(_, known)| tags::reach(&known.base.kind)) {
        match all.iter_mut().find(|change| change["LogicalResourceId"] == logical.as_str()) {
            None => all.push(json!({
                "Action": "Modify", "LogicalResourceId": logical, "ResourceType": known.base.kind, "Scope": ["Tags"],
                "Details": [detail], "PhysicalResourceId": known.physical, "Replacement": "False",
            })),
            Some(change) if change["Action"] == "Modify" => {
                for (list, one) in [("Scope", json!("Tags")), ("Details", detail.clone())] {
                    if let Some(items) = change[list].as_array_mut() {
                        items.push(one);
                    }
                }
            }
            Some(_) => {}
        }
    }
    all
}

fn described(change: &ResourceChange, stack: &Stack) -> Value {
    let known = stack.resources.get(&change.logical_id);
    let action = match change.action {
        Action::Add => "Add",
        Action::Modify => "Modify",
        Action::Remove => "Remove",
    };
    let mut all = json!({
        "Action": action, "LogicalResourceId": change.logical_id, "ResourceType": change.kind, "Scope": scope(change),
        "Details": details(change),
    });
    if let Some(known) = known {
        all["PhysicalResourceId"] = json!(known.physical);
    }
    let outlives = match (change.keeps, change.action) {
        (true, Action::Remove) => Some("Retain"),
        (false, Action::Remove) => Some("Delete"),
        (true, Action::Modify) if change.replacement => Some("ReplaceAndRetain"),
        (false, Action::Modify) if change.replacement => Some("ReplaceAndDelete"),
        _ => None,
    };
    if let Some(policy) = outlives {
        all["PolicyAction"] = json!(policy);
    }
    if change.action == Action::Modify {
        let replacement = if change.replacement { "True" } else { "False" };
        all["Replacement"] = json!(replacement);
    }
    all
}

fn scope(change: &ResourceChange) -> Vec<&'static str> {
    let parts = [
        ("Properties", !change.properties.is_empty()),
        ("Metadata", change.metadata),
        ("DeletionPolicy", change.policies),
    ];
    parts.into_iter().filter(|(_, changes)| *changes).map(|(name, _)| name).collect()
}

fn details(change: &ResourceChange) -> Vec<Value> {
    let mut details: Vec<Value> = change.properties.iter().map(of_property).collect();
    for (attribute, changes) in [("Metadata", change.metadata), ("DeletionPolicy", change.policies)] {
        if changes {
            let target = json!({ "Attribute": attribute, "RequiresRecreation": "Never" });
            details.push(json!({ "Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification" }));
        }
    }
    details
}

fn of_property(property: &PropertyChange) -> Value {
    let shown = |value: &Option<countersign_template::Value>| {
        value.as_ref().map(|value| value.scalar().unwrap_or_else(|| value.json()))
    };
    let mut target = Map::new();
    target.insert("Attribute".to_owned(), json!("Properties"));
    target.insert("Name".to_owned(), json!(property.name));
    target.insert("RequiresRecreation".to_owned(), json!(if property.replaces { "Always" } else { "Never" }));
    for (name, value) in [("BeforeValue", shown(&property.before)), ("AfterValue", shown(&property.after))] {
        if let Some(value) = value {
            target.insert(name.to_owned(), json!(value));
        }
    }
    let (evaluation, source, entity) = match &property.cause {
        Cause::Direct => ("Static", "DirectModification", None),
        Cause::Reference(name) => ("Static", "ResourceReference", Some(name)),
        Cause::Attribute(name) => ("Dynamic", "ResourceAttribute", Some(name)),
    };
    let mut detail = json!({ "Target": target, "Evaluation": evaluation, "ChangeSource": source });
    if let Some(entity) = entity {
        detail["CausingEntity"] = json!(entity);
    }
    detail
}

/// A stored change as a member of the list.
pub fn member(change: &Value) -> String {
    let change = format!("<ResourceChange>{}</ResourceChange>", inner(change));
    format!("<member>{}{change}</member>", element("Type", "Resource"))
}

/// A value as XML: objects by their members, lists by `member`.
fn inner(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("<{name}>{}</{name}>", inner(value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| format!("<member>{}</member>", inner(item))).collect(),
        Value::String(text) => crate::api::xml::escaped(text),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

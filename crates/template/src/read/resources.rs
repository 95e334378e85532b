//! The section `Resources`.

use countersign_yaml::{Kind, Node, Span};

use super::{Reader, map};
use crate::error::What;
use crate::template::{Policy, Resource};
use crate::value::Value;

/// "Resource attribute reference". A property on this level is the most common mistake of indentation.
const KEYS: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    // SAM's own: it is about changes that it makes itself.
    "Connectors",
    "IgnoreGlobals",
];

impl Reader {
    pub(super) fn resource(&mut self, path: &str, span: Span, node: Node) -> Option<Resource> {
        if !self.is_object(path, node) {
            return None;
        }
        for (key, span, _) in node.members() {
            if !KEYS.contains(&key) {
                let near = crate::near::nearest(key, KEYS.iter().copied());
                self.error(&format!("{path}.{key}"), span, What::UnknownKey { key: key.to_owned(), near });
            } else if matches!(key, "CreationPolicy" | "UpdatePolicy" | "Connectors") {
                self.note(&format!("{path}.{key}"), span, "none of the supported resources obeys it");
            }
        }
        let properties = node.get("Properties").filter(|node| node.kind() != Kind::Null);
        if let Some(properties) = properties
            && !self.is_object(&format!("{path}.Properties"), properties)
        {
            return None;
        }
        let Some(kind) = self.text_of(path, node, "Type") else {
            if node.get("Type").is_none() {
                self.error(path, span, What::Missing("Type"));
            }
            return None;
        };
        Some(Resource {
            kind,
            properties: properties.map(map).unwrap_or_default(),
            depends_on: self.depends_on(path, node),
            condition: self.text_of(path, node, "Condition"),
            deletion_policy: self.policy(path, node, "DeletionPolicy"),
            update_replace_policy: self.policy(path, node, "UpdateReplacePolicy"),
            metadata: node.get("Metadata").map(Value::from),
            span,
        })
    }

    fn depends_on(&mut self, path: &str, node: Node) -> Vec<String> {
        let Some(value) = node.get("DependsOn").map(Value::from) else { return Vec::new() };
        let one = value.text().map(|name| vec![name.to_owned()]);
        let several = || value.list()?.iter().map(|item| item.text().map(str::to_owned)).collect();
        let names: Option<Vec<String>> = one.or_else(several);
        if names.is_none() {
            let what = What::Shape { expected: "a logical ID or a list of them", found: value.kind() };
            self.error(&format!("{path}.DependsOn"), value.span, what);
        }
        names.unwrap_or_default()
    }

    fn policy(&mut self, path: &str, node: Node, key: &str) -> Policy {
        let Some(value) = node.get(key) else { return Policy::Delete };
        match value.text() {
            Some("Delete") => Policy::Delete,
            Some("Retain") => Policy::Retain,
            Some("RetainExceptOnCreate") if key == "DeletionPolicy" => Policy::RetainExceptOnCreate,
            Some("Snapshot") => Policy::Snapshot,
            _ => {
                let found = Value::from(value).kind();
                let expected = "Delete, Retain, RetainExceptOnCreate or Snapshot";
                self.error(&format!("{path}.{key}"), value.span(), What::Shape { expected, found });
                Policy::Delete
            }
        }
    }
}

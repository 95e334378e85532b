//! The section `Globals` ("Globals section of the AWS SAM template").

use countersign_yaml::{Kind, Node};
use indexmap::IndexMap;

use crate::error::{Place, TemplateError, What};
use crate::read::map;
use crate::value::{Data, Map, Value};

const SECTIONS: &[&str] =
    &["Function", "Api", "HttpApi", "SimpleTable", "StateMachine", "LayerVersion", "WebSocketApi"];

pub(super) fn read(root: Node) -> Result<IndexMap<String, Map>, Vec<TemplateError>> {
    let Some(globals) = root.get("Globals") else { return Ok(IndexMap::new()) };
    let mut all = IndexMap::new();
    let mut errors = Vec::new();
    for (section, span, node) in globals.members() {
        let place = Place::new(format!("Globals.{section}"), span);
        if !SECTIONS.contains(&section) {
            let near = crate::near::nearest(section, SECTIONS.iter().copied());
            errors.push(TemplateError::new(What::UnknownKey { key: section.to_owned(), near }, place));
        } else if node.kind() != Kind::Object {
            let found = Value::from(node).kind();
            errors.push(TemplateError::new(What::Shape { expected: "an object", found }, place));
        } else {
            all.insert(section.to_owned(), map(node));
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

/// Lists are joined, objects merged, and of all else the resource's own counts.
pub(super) fn merged(globals: &Map, own: &Map) -> Map {
    let mut all = globals.clone();
    for (key, value) in own {
        let value = match (all.get(key).map(|global| &global.data), &value.data) {
            (Some(Data::Map(global)), Data::Map(own)) if !is_function(global) && !is_function(own) => {
                Data::Map(merged(global, own)).at(value.span)
            }
            (Some(Data::List(global)), Data::List(own)) => {
                Data::List(global.iter().chain(own).cloned().collect()).at(value.span)
            }
            _ => value.clone(),
        };
        all.insert(key.clone(), value);
    }
    all
}

fn is_function(map: &Map) -> bool {
    crate::resolve::function(map).is_some()
}

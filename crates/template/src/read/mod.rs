//! From a text to a template.
//!
//! The sections and their shapes are those of "CloudFormation template sections" in the AWS CloudFormation User Guide.

mod loops;
mod parameters;
mod resources;
mod short_forms;

use countersign_yaml::{Document, Kind, Node, Options, Span, Words};
use indexmap::IndexMap;

use crate::error::{Place, TemplateError, What};
use crate::sam;
use crate::template::{Note, Output, Template};
use crate::value::{Map, Value};

/// How templates in YAML are read: CloudFormation reads YAML 1.1.
pub(crate) const YAML: Options = Options { tags: short_forms::long_form, words: Words::Booleans };

/// Reads a document in JSON or YAML, whichever it is.
pub(crate) fn document(text: &str) -> Result<Document, TemplateError> {
    let braced = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let json = if braced { Some(Document::read_json(text)) } else { None };
    let read = match json {
        Some(Ok(document)) => Ok(document),
        // A mapping of YAML may begin with a brace, too.
        Some(Err(error)) => Document::yaml_with(text, &YAML).map_err(|_| error),
        None => Document::yaml_with(text, &YAML),
    };
    read.map_err(|error| {
        let span = Span::of_line(error.line, error.column, 1);
        TemplateError::new(What::Unreadable(error.what), Place::new("", span))
    })
}

/// Reads a template; `given` are the values of its parameters, as far as its loops need them.
pub(crate) fn template(text: &str, given: &IndexMap<String, String>) -> Result<Template, Vec<TemplateError>> {
    let written = document(text).map_err(|error| vec![error])?;
    let document = loops::unrolled(&written, given).map_err(|error| vec![error])?.unwrap_or(written);
    let root = document.root();
    if root.kind() != Kind::Object || root.get("Resources").is_none() {
        let found = if root.kind() == Kind::Object { "an object without" } else { Value::from(root).kind() };
        return Err(vec![TemplateError::new(What::NoTemplate(found), Place::new("", root.span()))]);
    }
    let mut reader = Reader { errors: Vec::new(), notes: Vec::new() };
    let mut template = reader.sections(root);
    if reader.errors.is_empty() {
        match sam::transformed(&mut template, root, &mut reader.notes) {
            Ok(()) => {
                template.notes = reader.notes;
                return Ok(template);
            }
            Err(errors) => reader.errors = errors,
        }
    }
    Err(reader.errors)
}

/// What is found while a template is read.
pub(crate) struct Reader {
    pub errors: Vec<TemplateError>,
    pub notes: Vec<Note>,
}

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Globals",
    "Resources",
    "Outputs",
    "Hooks",
];

impl Reader {
    fn sections(&mut self, root: Node) -> Template {
        let mut template = Template {
            description: root.get("Description").and_then(Node::text).map(str::to_owned),
            parameters: IndexMap::new(),
            mappings: IndexMap::new(),
            conditions: IndexMap::new(),
            resources: IndexMap::new(),
            outputs: IndexMap::new(),
            metadata: root.get("Metadata").map(Value::from),
            notes: Vec::new(),
        };
        for (section, span, node) in root.members() {
            match section {
                "Parameters" => template.parameters = self.each(section, node, Self::parameter),
                "Mappings" => template.mappings = self.each(section, node, Self::mapping),
                "Conditions" => template.conditions = self.each(section, node, |_, _, _, node| Some(Value::from(node))),
                "Resources" => template.resources = self.each(section, node, Self::resource),
                "Outputs" => template.outputs = self.each(section, node, Self::output),
                "Rules" | "Hooks" => self.note(section, span, "CloudFormation alone obeys it"),
                _ if SECTIONS.contains(&section) => {}
                _ => {
                    let near = crate::near::nearest(section, SECTIONS.iter().copied());
                    self.error(section, span, What::UnknownKey { key: section.to_owned(), near });
                }
            }
        }
        if template.resources.is_empty() && self.errors.is_empty() {
            self.error("Resources", root.span(), What::NoResources);
        }
        template
    }

    /// The members of a section, each read by `read` with its path and the place of its key.
    fn each<T>(
        &mut self,
        section: &str,
        node: Node,
        read: impl Fn(&mut Self, &str, Span, Node) -> Option<T>,
    ) -> IndexMap<String, T> {
        if !self.is_object(section, node) {
            return IndexMap::new();
        }
        let mut all = IndexMap::new();
        for (name, span, node) in node.members() {
            let path = format!("{section}.{name}");
            if !logical_id(name) && section != "Mappings" {
                self.error(&path, span, What::LogicalId(name.to_owned()));
            }
            if let Some(value) = read(self, &path, span, node) {
                all.insert(name.to_owned(), value);
            }
        }
        all
    }

    fn mapping(&mut self, path: &str, _: Span, node: Node) -> Option<IndexMap<String, Map>> {
        if !self.is_object(path, node) {
            return None;
        }
        let mut keys = IndexMap::new();
        for (key, _, node) in node.members() {
            if self.is_object(&format!("{path}.{key}"), node) {
                keys.insert(key.to_owned(), map(node));
            }
        }
        Some(keys)
    }

    fn output(&mut self, path: &str, span: Span, node: Node) -> Option<Output> {
        if !self.is_object(path, node) {
            return None;
        }
        let Some(value) = node.get("Value") else {
            self.error(path, span, What::Missing("Value"));
            return None;
        };
        let export = match node.get("Export") {
            None => None,
            Some(export) => match export.get("Name") {
                Some(name) => Some(Value::from(name)),
                None => {
                    self.error(&format!("{path}.Export"), export.span(), What::Missing("Name"));
                    None
                }
            },
        };
        Some(Output {
            value: Value::from(value),
            export,
            condition: self.text_of(path, node, "Condition"),
            description: self.text_of(path, node, "Description"),
            span,
        })
    }

    /// The text under a key, where there is one.
    fn text_of(&mut self, path: &str, node: Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        let text = value.text().or_else(|| value.raw()).map(str::to_owned);
        if text.is_none() {
            let found = Value::from(value).kind();
            self.error(&format!("{path}.{key}"), value.span(), What::Shape { expected: "a string", found });
        }
        text
    }

    fn is_object(&mut self, path: &str, node: Node) -> bool {
        let is = node.kind() == Kind::Object;
        if !is {
            let found = Value::from(node).kind();
            self.error(path, node.span(), What::Shape { expected: "an object", found });
        }
        is
    }

    fn error(&mut self, path: &str, span: Span, what: What) {
        self.errors.push(TemplateError::new(what, Place::new(path, span)));
    }

    fn note(&mut self, path: &str, span: Span, what: &str) {
        self.notes.push(Note { place: Place::new(path, span), what: what.to_owned() });
    }
}

/// The members of an object.
pub(crate) fn map(node: Node) -> Map {
    node.members().map(|(key, _, value)| (key.to_owned(), Value::from(value))).collect()
}

/// Letters and digits (CloudFormation User Guide, "Resources").
fn logical_id(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;

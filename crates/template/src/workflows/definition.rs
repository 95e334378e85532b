//! The definition of a state machine, and from where each part of it comes.

use countersign_yaml::{Document, Span, is_yaml};
use indexmap::IndexMap;

use crate::error::{Place, TemplateError, What};
use crate::value::Value;

/// A definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// JSON, with the substitutions made.
    pub text: String,
    /// JSON before the substitutions.
    pub written: String,
    /// What is put in the place of `${name}`.
    pub substitutions: IndexMap<String, String>,
    /// The file that has it: the template, or a file that the template names.
    pub file: String,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    /// A file of its own.
    File(Box<Document>),
    /// An object in the template.
    Object(Value),
    /// A file that is JSON only once its values are in it.
    Lines,
    /// A text in the template: its lines are not those of the file.
    Text(Span),
}

impl Definition {
    /// The definition in a file, in JSON or YAML by the file's name.
    pub(super) fn of_file(
        file: &str,
        text: &str,
        substitutions: IndexMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let document = if is_yaml(file) { Document::yaml(text) } else { Document::read_json(text) };
        // CloudFormation puts the values into the text: a number may stand there without quotes.
        let is_text = document.is_err() && !is_yaml(file);
        if is_text && Document::read_json(&substituted(text, &substitutions)).is_ok() {
            return Ok(Self::new(text.to_owned(), substitutions, file, Origin::Lines));
        }
        let document = document.map_err(|error| {
            let span = Span::of_line(error.line, error.column, 1);
            let place = Place { file: file.to_owned(), path: String::new(), span };
            TemplateError::new(What::Unreadable(error.what), place)
        })?;
        let written = document.json().to_owned();
        Ok(Self::new(written, substitutions, file, Origin::File(Box::new(document))))
    }

    /// The definition as an object in the template.
    pub(super) fn of_object(file: &str, value: Value, substitutions: IndexMap<String, String>) -> Self {
        Self::new(value.pretty(), substitutions, file, Origin::Object(value))
    }

    /// The definition as a text in the template.
    pub(super) fn of_text(file: &str, text: &str, span: Span, substitutions: IndexMap<String, String>) -> Self {
        Self::new(text.to_owned(), substitutions, file, Origin::Text(span))
    }

    fn new(written: String, substitutions: IndexMap<String, String>, file: &str, origin: Origin) -> Self {
        let text = substituted(&written, &substitutions);
        Self { text, written, substitutions, file: file.to_owned(), origin }
    }

    /// The part of [`Definition::file`] that a finding is about: `path` is its path in the definition
    /// (`/States/Pay/Next`), and `span` its place in [`Definition::written`].
    #[must_use]
    pub fn source_span(&self, path: &str, span: Span) -> Span {
        match &self.origin {
            Origin::File(document) => document.source_span(span),
            Origin::Lines => span,
            Origin::Text(span) => *span,
            Origin::Object(value) => inside(value, path),
        }
    }
}

/// The place of the innermost value of a path that there is.
fn inside(value: &Value, path: &str) -> Span {
    let step = path.strip_prefix('/').unwrap_or(path);
    if let Some((index, rest)) = path.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let item = index.parse().ok().and_then(|index: usize| value.list()?.get(index));
        return item.map_or(value.span, |item| inside(item, rest));
    }
    // Keys may hold slashes: the longest that fits counts.
    let members = value.map().into_iter().flatten();
    let fitting = members.filter_map(|(key, member)| Some((key.len(), member, step.strip_prefix(key.as_str())?)));
    let fitting = fitting.filter(|(.., rest)| rest.is_empty() || rest.starts_with(['/', '[']));
    match fitting.max_by_key(|(length, ..)| *length).filter(|_| path.starts_with('/')) {
        Some((_, member, rest)) => inside(member, rest),
        None => value.span,
    }
}

/// A text with `${name}` replaced for each name that there is. What has been put in is not looked at again.
fn substituted(text: &str, values: &IndexMap<String, String>) -> String {
    if values.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let name = rest[at + 2..].split_once('}').map(|(name, _)| name);
        match name.and_then(|name| Some((name, values.get(name)?))) {
            Some((name, value)) => {
                out.push_str(value);
                rest = &rest[at + name.len() + 3..];
            }
            None => {
                out.push_str("${");
                rest = &rest[at + 2..];
            }
        }
    }
    out + rest
}

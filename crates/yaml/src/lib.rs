//! YAML read as JSON, each value with its place in the text.
//!
//! Everything that reads a definition reads JSON. A definition or template in YAML becomes JSON here, and whatever is then
//! found in the JSON is reported at its place in the YAML:
//!
//! ```
//! let text = "StartAt: Greet\nStates:\n  Greet:\n    Type: Pass\n    Next: Gret\n";
//! let document = countersign_yaml::Document::yaml(text).unwrap();
//! assert!(document.json().contains(r#""Next": "Gret""#));
//! let next = document.find("/States/Greet/Next").unwrap();
//! assert_eq!((next.span().line, next.span().column), (5, 11));
//!
//! // The place of "Gret" in the JSON is the place of Gret in the YAML.
//! let (line, column) = document.source_place(6, 15);
//! assert_eq!((line, column), (5, 11));
//! ```
//!
//! The schema is the core schema of YAML 1.2, with these rules of our own:
//! - Digits are kept: `1.50` stays `1.50`. A number that begins with a zero too many, such as the account `012345678901`,
//!   is a string: readers disagree whether it is octal, and JSON cannot write it.
//! - Dates are strings. `yes`, `no`, `on` and `off` are strings too, unless [`Options::words`] says otherwise.
//! - Keys are strings as they are written. A key that stands twice in one mapping is refused.
//! - Anchors, aliases and merge keys (`<<`) are expanded, up to [`MOST_VALUES`].
//! - A tag of the core schema (`!!str`) is obeyed. Other tags are refused, but for those that [`Options::tags`] knows.

mod build;
mod draft;
mod error;
mod json;
mod places;
mod scalar;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use std::path::Path;

pub use countersign_json::Kind;
pub use draft::{Draft, Part};
pub use error::{ReadError, What};
pub use places::Span;
pub use tree::Node;

/// Bytes of a text that is read. CloudFormation and Step Functions take 1 MB.
pub const LARGEST: usize = 4 << 20;
/// Bytes of the JSON that a text may become: aliases repeat what they stand for.
pub const LARGEST_JSON: usize = 16 << 20;
/// Values of a document, those that aliases repeat included.
pub const MOST_VALUES: usize = 250_000;
/// How deep mappings and lists may nest: as deep as definitions in JSON.
pub const DEEPEST: usize = 127;

/// Whether a file holds YAML, by its name: `.yaml` or `.yml`, in any case of letters.
#[must_use]
pub fn is_yaml(path: impl AsRef<Path>) -> bool {
    let extension = path.as_ref().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml"].iter().any(|yaml| yaml.eq_ignore_ascii_case(extension))
}

/// What the core schema leaves to the reader.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a tag such as `!Ref` stands for, by its name without the exclamation mark. Other tags are refused.
    pub tags: fn(&str) -> Option<LongForm>,
    /// How `yes`, `no`, `on` and `off` are read.
    pub words: Words,
}

impl Default for Options {
    fn default() -> Self {
        Self { tags: |_| None, words: Words::Strings }
    }
}

/// What a tag stands for: `!Ref x` for `{"Ref": "x"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongForm {
    pub key: &'static str,
    /// Whether a string is split at its first dot: `!GetAtt a.b` stands for `{"Fn::GetAtt": ["a", "b"]}`.
    pub splits: bool,
}

/// How the plain words `yes`, `no`, `on` and `off` are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// As strings, as YAML 1.2 and readers of definitions do.
    Strings,
    /// As booleans, as YAML 1.1 and with it CloudFormation do.
    Booleans,
}

/// A document of YAML or JSON, as JSON and as a tree, with places.
#[derive(Clone, Debug)]
pub struct Document {
    source: String,
    json: String,
    items: Vec<tree::Item>,
    root: u32,
    /// The keys and values of the JSON in their order; `None` where the source is the JSON.
    written: Option<Vec<places::Written>>,
}

impl Document {
    /// Reads YAML with the core schema and no further tags: a definition.
    ///
    /// # Errors
    /// It is not one YAML document that JSON can express, or beyond a limit.
    pub fn yaml(text: &str) -> Result<Self, ReadError> {
        Self::yaml_with(text, &Options::default())
    }

    /// Reads YAML.
    ///
    /// # Errors
    /// It is not one YAML document that JSON can express, or beyond a limit.
    pub fn yaml_with(text: &str, options: &Options) -> Result<Self, ReadError> {
        if text.len() > LARGEST {
            return Err(ReadError { line: 1, column: 1, what: What::TooLarge });
        }
        let (items, root) = build::build(text, options)?;
        let (json, written) = write::document(&items, root)?;
        Ok(Self { source: text.to_owned(), json, items, root, written: Some(written) })
    }

    /// Reads JSON into the same tree. A key that stands twice in one object is refused.
    ///
    /// # Errors
    /// It is not JSON, or beyond a limit.
    pub fn read_json(text: &str) -> Result<Self, ReadError> {
        let (items, root) = json::build(text)?;
        Ok(Self { source: text.to_owned(), json: text.to_owned(), items, root, written: None })
    }

    /// The whole as JSON: of YAML with two spaces a level, of JSON as it was written.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The text that was read.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The whole value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// The value at a path as Step Functions writes it, such as `/States/Pay/Choices[0]/Next`. The empty path is the whole.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Node<'_>> {
        tree::find(self.root(), path)
    }
}

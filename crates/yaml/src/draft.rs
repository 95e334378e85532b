//! A document that is put together from the values of another one.

use std::collections::HashMap;

use crate::error::{ReadError, What};
use crate::tree::{Held, Item, Member};
use crate::{Document, LARGEST_JSON, MOST_VALUES, Node, Span, write};

/// A document in the making, such as a template whose loops are unrolled. Its values have the places of those that they
/// come from, and the limits of a document that is read hold for it, too.
#[derive(Debug, Default)]
pub struct Draft {
    items: Vec<Item>,
    /// Of the texts and keys, in bytes.
    size: usize,
}

/// A value of a draft.
#[derive(Clone, Copy, Debug)]
pub struct Part(u32);

impl Draft {
    /// A text in the place of another value.
    ///
    /// # Errors
    /// The draft is beyond a limit.
    pub fn text(&mut self, text: String, of: Node<'_>) -> Result<Part, ReadError> {
        self.add(text.len(), Held::Text(text), of)
    }

    /// A value that is no text, list or mapping, as it is.
    ///
    /// # Errors
    /// The draft is beyond a limit.
    pub fn raw(&mut self, of: Node<'_>) -> Result<Part, ReadError> {
        let raw = of.raw().unwrap_or("null").to_owned();
        self.add(raw.len(), Held::Raw(raw), of)
    }

    /// A list in the place of another one.
    ///
    /// # Errors
    /// The draft is beyond a limit.
    pub fn list(&mut self, items: Vec<Part>, of: Node<'_>) -> Result<Part, ReadError> {
        self.add(0, Held::List(items.into_iter().map(|part| part.0).collect()), of)
    }

    /// A mapping in the place of another one. Each member has the place of its key.
    ///
    /// # Errors
    /// A key stands twice, or the draft is beyond a limit.
    pub fn map(&mut self, members: Vec<(String, Span, Part)>, of: Node<'_>) -> Result<Part, ReadError> {
        if let Some(error) = duplicate(&members) {
            return Err(error);
        }
        let size = members.iter().map(|(key, ..)| key.len()).sum();
        let members = members.into_iter().map(|(key, span, part)| Member { key, span, value: part.0 });
        self.add(size, Held::Map(members.collect()), of)
    }

    /// The document with this value as the whole.
    ///
    /// # Errors
    /// It is beyond a limit.
    pub fn finish(self, root: Part, of: &Document) -> Result<Document, ReadError> {
        let (json, written) = write::document(&self.items, root.0)?;
        let source = of.source().to_owned();
        Ok(Document { source, json, items: self.items, root: root.0, written: Some(written) })
    }

    fn add(&mut self, size: usize, held: Held, of: Node<'_>) -> Result<Part, ReadError> {
        self.size = self.size.saturating_add(size);
        let span = of.span();
        let refused = ReadError { line: span.line, column: span.column, what: What::TooMany };
        if self.items.len() >= MOST_VALUES || self.size > LARGEST_JSON {
            return Err(refused);
        }
        let at = u32::try_from(self.items.len()).map_err(|_| refused)?;
        self.items.push(Item { span, style: of.style(), held });
        Ok(Part(at))
    }
}

/// The refusal of a key that stands twice.
fn duplicate(members: &[(String, Span, Part)]) -> Option<ReadError> {
    let mut lines = HashMap::new();
    members.iter().find_map(|(key, span, _)| {
        let first = lines.insert(key.as_str(), span.line)?;
        let what = What::DuplicateKey { key: key.clone(), first };
        Some(ReadError { line: span.line, column: span.column, what })
    })
}

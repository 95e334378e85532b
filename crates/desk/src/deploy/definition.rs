//! The text of a definition: JSON, or YAML that becomes JSON with every place kept.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_asl::{Diagnostic, Rule, Severity, SourceSpan};
use countersign_yaml::{Document, ReadError, Span};

/// AWS's limit of a definition, in bytes. A file that is longer than [`LONGEST_FILE`] is not read at all.
pub const LONGEST: usize = 1_048_576;
/// White space and comments may make a file longer than its definition.
const LONGEST_FILE: u64 = 4 * LONGEST as u64;

/// A definition as it was read.
#[derive(Clone, Debug)]
pub struct Definition {
    pub path: PathBuf,
    json: String,
    /// The document of a definition in YAML.
    yaml: Option<Document>,
}

/// Why a definition cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error("the file has {0} bytes")]
    TooLong(u64),
    #[error(transparent)]
    Yaml(#[from] ReadError),
}

impl Definition {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is too long, or is no YAML by whose extension it is.
    pub fn read(path: &Path) -> Result<Self, Unread> {
        let file = std::fs::File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes > LONGEST_FILE {
            return Err(Unread::TooLong(bytes));
        }
        let mut text = String::new();
        // A file that grows meanwhile, or that has no length, is not read for ever.
        file.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LONGEST_FILE {
            return Err(Unread::TooLong(text.len() as u64));
        }
        Ok(Self::of(path, text)?)
    }

    /// The definition in a text that stands in the file `path`.
    ///
    /// # Errors
    /// It is no YAML by whose extension it is. JSON is read later.
    pub fn of(path: &Path, text: String) -> Result<Self, ReadError> {
        let path = path.to_owned();
        if !is_yaml(&path) {
            return Ok(Self { path, json: text, yaml: None });
        }
        let document = Document::yaml(&text)?;
        Ok(Self { path, json: document.json().to_owned(), yaml: Some(document) })
    }

    /// The definition in JSON, with its placeholders.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The span in the file of a span in [`Definition::json`].
    #[must_use]
    pub fn span(&self, json: SourceSpan) -> SourceSpan {
        let Some(document) = &self.yaml else { return json };
        let SourceSpan { line, column, end_line, end_column } = json;
        let Span { line, column, end_line, end_column } =
            document.source_span(Span { line, column, end_line, end_column });
        SourceSpan { line, column, end_line, end_column }
    }
}

/// Whether a file is YAML, by its name.
#[must_use]
pub fn is_yaml(file: &Path) -> bool {
    countersign_yaml::is_yaml(file)
}

/// The finding that a definition's text has; `None` if the file itself cannot be read.
#[must_use]
pub fn unread_finding(why: &Unread) -> Option<Diagnostic> {
    let (rule, message, span, remedy) = match why {
        Unread::File(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            let remedy = "Save the file as UTF-8.";
            (Rule::InvalidJson, "the file is not UTF-8".to_owned(), SourceSpan::WHOLE_FILE, remedy)
        }
        Unread::File(_) => return None,
        Unread::TooLong(bytes) => {
            let message = format!("the file has {bytes} bytes; a definition has at most {LONGEST}");
            (Rule::DefinitionTooLarge, message, SourceSpan::WHOLE_FILE, TOO_LARGE)
        }
        Unread::Yaml(error) => {
            let span = SourceSpan::of_line(error.line, error.column, 1);
            (Rule::InvalidYaml, error.what.to_string(), span, "Correct the YAML at this place.")
        }
    };
    let (severity, path) = (Severity::Error, String::new());
    Some(Diagnostic { severity, rule, message, path, span, remedy: remedy.to_owned() })
}

/// What to do about a definition that is too large.
pub const TOO_LARGE: &str =
    "Move a part of it into a workflow of its own, which a Task starts with states:startExecution.sync:2.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_span_of_the_json_is_found_in_the_yaml() {
        let text = "StartAt: Ask\nStates:\n  Ask:\n    Type: Pass\n    Next: ${Next}\n".to_owned();
        let definition = Definition::of(Path::new("a.asl.yaml"), text).unwrap();
        let placeholder = &countersign_asl::placeholders(definition.json())[0];
        assert_eq!(definition.span(placeholder.span()), SourceSpan::of_line(5, 11, 7));
        let json = Definition::of(Path::new("a.asl.json"), "{\n}".to_owned()).unwrap();
        assert_eq!(json.span(SourceSpan::of_line(2, 1, 1)), SourceSpan::of_line(2, 1, 1));
    }

    #[test]
    fn a_text_that_is_half_written_has_a_place() {
        let why = Definition::of(Path::new("a.yml"), "StartAt: A\nStates:\n  A: [\n".to_owned()).unwrap_err();
        let found = unread_finding(&Unread::Yaml(why)).unwrap();
        assert!(found.rule == Rule::InvalidYaml && found.span.line >= 3, "{found:?}");
    }
}

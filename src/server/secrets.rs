//! Secrets that settings name: in the file itself, in one of their own, or in the environment.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::settings::Table;

/// The most bytes of a file that holds a secret.
const LONGEST: u64 = 4_096;

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    Text(String),
    /// A file; a relative path begins at the data folder.
    File(PathBuf),
    Environment(String),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => out.write_str("Text(..)"),
            Self::File(file) => out.debug_tuple("File").field(file).finish(),
            Self::Environment(name) => out.debug_tuple("Environment").field(name).finish(),
        }
    }
}

impl Source {
    /// A secret, from where it is kept.
    ///
    /// # Errors
    /// It cannot be read, or it is empty: why, in words.
    pub fn read(&self, data: &Path) -> Result<String, String> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::File(file) => {
                let file = data.join(file);
                let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
                let mut text = String::new();
                let opened = std::fs::File::open(&file).map_err(unreadable)?;
                opened.take(LONGEST).read_to_string(&mut text).map_err(unreadable)?;
                text
            }
            Self::Environment(name) => countersign_local::environment::variable(name)
                .ok_or_else(|| format!("the environment variable {name} is not set"))?,
        };
        let text = text.trim();
        if text.is_empty() { Err("what it is to read is empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

/// A key of a table, and what its text says of where a secret is.
pub type SourceKey = (&'static str, fn(String) -> Source);

impl Table<'_> {
    /// The one of these keys that says where a secret is.
    pub fn source(&mut self, keys: &[SourceKey]) -> Option<Source> {
        let given: Vec<_> = keys.iter().filter(|(key, _)| self.find(key).is_some()).collect();
        let names = keys.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ");
        if given.len() > 1 {
            self.wrong(self.place, format!("more than one of {names} is given."), "Keep one of them.");
            return None;
        }
        let (key, source) = given.first()?;
        self.text(key).map(|(text, _)| source(text))
    }
}

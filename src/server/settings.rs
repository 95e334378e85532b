//! `countersign.toml` in the data folder: what its tables share. Every mistake is reported at once, with its position and
//! the nearest right word.

use std::fmt;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config::is_url;

/// The file's name, in the data folder.
pub const FILE: &str = "countersign.toml";
/// The tables of the file. Each has a reader of its own, which looks at no other one.
pub const TABLES: [&str; 4] = ["connections", "hooks", "messages", "oidc"];

/// A mistake in the file: where it is, what is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub place: String,
    pub what: String,
    pub remedy: String,
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n{}", self.place, self.what, self.remedy)
    }
}

/// The text of the file; empty where there is none.
///
/// # Errors
/// It cannot be read.
pub fn read(data: &Path) -> Result<String, Mistake> {
    let file = data.join(FILE);
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            let what = format!("it cannot be read: {error}.");
            let remedy = "Make it readable for the user that runs countersign.".to_owned();
            Err(Mistake { place: file.display().to_string(), what, remedy })
        }
    }
}

/// Tells where an offset of the file's text is.
pub type At<'t> = &'t dyn Fn(usize) -> Reader;

/// What `make` reads of the table `name`, with its mistakes; `None` where the file has no such table. A file that is no TOML is
/// reported where connections are read.
///
/// # Errors
/// Every mistake; `example` says how a table is written.
pub fn of_table<T>(
    (file, text): (&Path, &str),
    (name, example): (&str, &str),
    make: impl for<'t> FnOnce(At<'t>, usize, &'t DeTable<'t>) -> (Option<T>, Vec<Mistake>),
) -> Result<Option<T>, Vec<Mistake>> {
    let Ok(all) = DeTable::parse(text) else { return Ok(None) };
    let Some((key, value)) = all.get_ref().iter().find(|(key, _)| key.get_ref() == name) else { return Ok(None) };
    let at = |offset: usize| Reader::at(file, text, offset);
    let place = key.span().start;
    let DeValue::Table(parts) = value.get_ref() else {
        return Err(vec![at(place).mistake(format!("{name} is not a table."), format!("Write {example}."))]);
    };
    match make(&at, place, parts) {
        (found, mistakes) if mistakes.is_empty() => Ok(found),
        (_, mistakes) => Err(mistakes),
    }
}

/// Where something stands: in the file, or on the command line.
pub struct Reader {
    pub place: String,
}

impl Reader {
    /// The place at an offset of the file's text.
    pub fn at(file: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { place: format!("{}:{line}:{column}", file.display()) }
    }

    /// A mistake at this place.
    pub fn mistake(&self, what: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake { place: self.place.clone(), what: what.into(), remedy: remedy.into() }
    }

    /// A key that is none of those that are known.
    pub fn unknown(&self, key: &str, known: &[&str]) -> Mistake {
        let near = did_you_mean(key, known);
        self.mistake(format!("there is no key {key:?} here."), format!("{near}The keys are {}.", known.join(", ")))
    }
}

/// A table of the file, and what is wrong with it.
pub struct Table<'t> {
    at: At<'t>,
    /// Where its name stands.
    pub place: usize,
    parts: &'t DeTable<'t>,
    pub mistakes: Vec<Mistake>,
}

impl<'t> Table<'t> {
    /// A table; `at` gives the reader at an offset.
    pub fn new(at: At<'t>, place: usize, parts: &'t DeTable<'t>) -> Self {
        Self { at, place, parts, mistakes: Vec::new() }
    }

    /// The value of a key.
    pub fn find(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.parts.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Reports a mistake at an offset.
    pub fn wrong(&mut self, offset: usize, what: impl Into<String>, remedy: impl Into<String>) {
        self.mistakes.push((self.at)(offset).mistake(what, remedy));
    }

    /// A text and where it stands.
    pub fn text(&mut self, key: &str) -> Option<(String, usize)> {
        let value = self.find(key)?;
        let place = value.span().start;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => return Some((text.trim().to_owned(), place)),
            DeValue::String(_) => self.wrong(place, format!("{key} is empty."), "Give it a value, or remove it."),
            _ => self.wrong(place, format!("{key} is not a text."), format!("Write {key} = \"...\".")),
        }
        None
    }

    /// The same where there has to be one.
    pub fn needed(&mut self, key: &str, example: &str) -> Option<(String, usize)> {
        if self.find(key).is_none() {
            self.wrong(self.place, format!("{key} is missing."), format!("Write {key} = {example:?}."));
        }
        self.text(key)
    }

    /// The URL of an endpoint.
    pub fn endpoint(&mut self) -> Option<String> {
        let (url, place) = self.text("endpoint")?;
        if is_url(&url) {
            return Some(url);
        }
        let what = format!("endpoint {url:?} is not an http:// or https:// URL.");
        self.wrong(place, what, "Give one such as http://127.0.0.1:4566.");
        None
    }

    /// Texts, each with where it stands; `None` where there is no such key, or it is no list.
    pub fn list(&mut self, key: &str) -> Option<Vec<(String, usize)>> {
        let value = self.find(key)?;
        let place = value.span().start;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(place, format!("{key} is not a list."), format!("Write {key} = [\"...\"]."));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    texts.push((text.trim().to_owned(), item.span().start));
                }
                _ => self.wrong(
                    item.span().start,
                    format!("{key} has something that is not a text."),
                    "Write texts in quotes.",
                ),
            }
        }
        if texts.is_empty() {
            self.wrong(place, format!("{key} is empty."), "Give it a value, or remove it.");
        }
        Some(texts)
    }

    /// Whether a switch is on; it is off where it is not there.
    pub fn switch(&mut self, key: &str) -> bool {
        match self.find(key).map(|value| (value.get_ref(), value.span().start)) {
            None => false,
            Some((DeValue::Boolean(on), _)) => *on,
            Some((_, place)) => {
                self.wrong(place, format!("{key} is neither true nor false."), format!("Write {key} = true."));
                false
            }
        }
    }

    /// Reports the keys that are none of these.
    pub fn only(&mut self, known: &[&str]) {
        for (key, _) in self.parts {
            if !known.contains(&key.get_ref().as_ref()) {
                self.mistakes.push((self.at)(key.span().start).unknown(key.get_ref(), known));
            }
        }
    }
}

/// A question for the word that was probably meant; empty where none is near.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("Did you mean {near}? "))
}

/// The word among `known` that `word` was probably meant to be.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.replace('-', "_").to_lowercase();
    let near = known.iter().map(|one| (strsim::damerau_levenshtein(&word, one), *one)).min()?;
    // Further away it is another word.
    (near.0 <= 3 && near.0 < near.1.len()).then_some(near.1)
}

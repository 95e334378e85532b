//! `countersign.toml` in the data folder: what its tables share. Every mistake is reported at once, with its position and
//! the nearest right word.

use std::fmt;
use std::path::Path;

/// The file's name, in the data folder.
pub const FILE: &str = "countersign.toml";
/// The tables of the file. Each has a reader of its own, which looks at no other one.
pub const TABLES: [&str; 3] = ["connections", "hooks", "messages"];

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

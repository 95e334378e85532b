//! Why a functions' file cannot be used while the engine runs: with its place, for a page.

use std::fmt;
use std::path::Path;

use super::config::FunctionsError;

/// A fault of a functions' file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub file: String,
    /// From 1; the beginning of the declaration where the fault has no place of its own.
    pub line: u32,
    pub column: u32,
    pub what: String,
    pub remedy: String,
}

/// In one line, as the terminal shows it.
impl fmt::Display for Trouble {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, what, remedy } = self;
        write!(to, "{file}:{line}:{column}: {what}. {remedy}")
    }
}

impl Trouble {
    /// The fault of this file.
    #[must_use]
    pub fn of(error: &FunctionsError, file: &Path) -> Self {
        let source = std::fs::read_to_string(file).unwrap_or_default();
        let text = error.to_string();
        let header = |section: &str| {
            let at = source.lines().position(|line| line.trim() == section);
            (at.map_or(1, |at| u32::try_from(at + 1).unwrap_or(u32::MAX)), 1)
        };
        let (place, what, remedy) = match error {
            FunctionsError::Parse { .. } => {
                let (place, what) = fault_of(&source).unwrap_or(((1, 1), text.clone()));
                (place, what, "Correct the declaration.".to_owned())
            }
            FunctionsError::Function { name, what, remedy, .. } => {
                let section = format!("[functions.{name}]");
                (header(&section), format!("{section} {what}"), (*remedy).to_owned())
            }
            FunctionsError::Connection { name, what, remedy, .. } => {
                let section = format!("[connections.{name}]");
                (header(&section), format!("{section} {what}"), (*remedy).to_owned())
            }
            _ => {
                let (what, remedy) = text.rsplit_once('\n').unwrap_or((&text, ""));
                let what = what.strip_prefix(&format!("{}: ", file.display())).unwrap_or(what);
                ((1, 1), what.trim_end_matches('.').to_owned(), remedy.to_owned())
            }
        };
        let (line, column) = place;
        Self { file: file.display().to_string(), line, column, what, remedy }
    }
}

/// The place and the words of a fault of the TOML. The words have nothing of the file but the names of keys.
fn fault_of(source: &str) -> Option<((u32, u32), String)> {
    let error = toml::from_str::<super::config::File>(source).err()?;
    let before = error.span().and_then(|span| source.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(((number(line), number(column)), error.message().lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::config::read;
    use super::*;

    #[test]
    fn a_fault_has_its_place() {
        let folder = std::env::temp_dir().join(format!("countersign-trouble-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("functions.toml");
        for (text, place, what) in [
            ("\n[functions.a]\nruntime = 3\n", (3, 11), "invalid type: integer"),
            ("# one\n\n  [functions.a]\nruntime = \"cobol\"\nhandler = \"a.b\"\n", (3, 1), "has the runtime \"cobol\""),
            ("concurrency = 0\n", (1, 1), "concurrency is 0"),
            (
                "[connections.shop]\nauthorization = \"api-key\"\nname = \"n\"\nvalu = \"secret word\"\n",
                (4, 1),
                "unknown field",
            ),
        ] {
            std::fs::write(&file, text).unwrap();
            let trouble = Trouble::of(&read(&file).err().unwrap(), &file);
            assert_eq!((trouble.line, trouble.column), place, "{trouble:?}");
            assert!(trouble.what.contains(what) && !trouble.remedy.is_empty(), "{trouble:?}");
            assert!(!trouble.what.contains("secret word"), "{trouble:?}");
            let said = trouble.to_string();
            let begins = format!("{}:{}:{}: ", file.display(), place.0, place.1);
            assert!(said.starts_with(&begins) && said.contains(what) && !said.contains('\n'), "{said}");
        }
        std::fs::remove_file(&file).unwrap();
        let trouble = Trouble::of(&read(&file).err().unwrap(), &file);
        assert!(trouble.what.contains("cannot be read") && trouble.remedy.contains("--functions"), "{trouble:?}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

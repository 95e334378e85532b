//! JSON paths, for people: `$.lines[0]['unit price']`.

use std::fmt::Write as _;

/// One step into a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

/// The path of a value by the steps that lead to it.
pub(super) fn path_text(steps: &[Step<'_>]) -> String {
    let mut path = String::from("$");
    for step in steps {
        // Writing to a text does not fail.
        let _ = match step {
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Field(name) if is_plain(name) => write!(path, ".{name}"),
            Step::Field(name) => write!(path, "['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
        };
    }
    path
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

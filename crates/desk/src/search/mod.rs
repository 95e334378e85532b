//! The search language of the list of executions, and what of an execution's contents can be searched.
//!
//! A search is words and conditions between spaces, all of which hold:
//!
//! ```
//! use countersign_desk::search::{Search, Term};
//! let search = Search::read("4711 orderId:A-17 total>1000 status:failed", 0).unwrap();
//! assert_eq!(search.terms.len(), 4);
//! assert!(matches!(search.terms[0], Term::Words { .. }));
//! assert_eq!(Search::read("total>", 0).unwrap_err().at, 7);
//! ```
//!
//! **Adding a field**: name it in [`Field`], read its value in `read.rs`, make its condition in `index/sqlite/filter.rs`,
//! and name it in the help of the page (`src/app/pages/executions/help.rs`).

mod content;
mod fault;
mod read;
#[cfg(test)]
mod tests;
mod values;

pub use self::content::{Content, Number, TEXT, VALUES};
pub(crate) use self::content::{SEPARATOR, canonical, fold};
pub use self::fault::{Fault, SearchError};
use crate::index::Shown;

/// The most characters of a search, and the most terms.
pub const LONGEST: usize = 500;
pub const TERMS: usize = 12;

/// What is searched for: every term holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    pub terms: Vec<Term>,
}

/// A text, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub text: String,
    /// Whether more may follow: a star stood behind it.
    pub open: bool,
}

/// From a bound to a bound; `None` where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds<T> {
    pub from: Option<Bound<T>>,
    pub to: Option<Bound<T>>,
}

/// A bound, and whether it is within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound<T> {
    pub at: T,
    pub within: bool,
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// In the name, the input and the output.
    Any,
    Input,
    Output,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// These words, one after the other.
    Words {
        part: Part,
        words: Pattern,
    },
    /// This value stands under this key of the input or output; the keys around it may precede it.
    Value {
        path: Vec<String>,
        value: Pattern,
    },
    /// A number between these bounds stands under this key.
    Number {
        path: Vec<String>,
        bounds: Bounds<f64>,
    },
    Status(Shown),
    /// It runs, whether it waits for a person or not.
    Running,
    Workflow(Pattern),
    /// The number of the state machine's version.
    Version(String),
    Alias(String),
    /// A part of the name, or its beginning.
    Name(Pattern),
    /// The name of the error that the execution failed with, or its beginning.
    Error(Pattern),
    /// In milliseconds, of executions that have ended.
    Duration(Bounds<i64>),
    /// Milliseconds since the epoch.
    Started(Bounds<i64>),
    Ended(Bounds<i64>),
}

/// The names that are no keys of inputs and outputs; in quotes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Status,
    Workflow,
    Version,
    Alias,
    Name,
    Error,
    Duration,
    Started,
    Ended,
    Input,
    Output,
}

impl Field {
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("status", Self::Status),
        ("workflow", Self::Workflow),
        ("version", Self::Version),
        ("alias", Self::Alias),
        ("name", Self::Name),
        ("error", Self::Error),
        ("duration", Self::Duration),
        ("started", Self::Started),
        ("ended", Self::Ended),
        ("input", Self::Input),
        ("output", Self::Output),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(word, _)| *word == name).map(|(_, field)| field)
    }
}

impl Search {
    /// Reads a search. `now` is what ages such as `started>2h` count from, in milliseconds since the epoch.
    ///
    /// # Errors
    /// It is none; the error says where.
    pub fn read(text: &str, now: i64) -> Result<Self, SearchError> {
        read::read(text, now)
    }

    /// Whether the contents of executions are searched.
    #[must_use]
    pub fn reads_contents(&self) -> bool {
        self.terms.iter().any(|term| matches!(term, Term::Words { .. } | Term::Value { .. } | Term::Number { .. }))
    }

    /// Whether the errors of executions are searched, which histories tell.
    #[must_use]
    pub fn reads_errors(&self) -> bool {
        self.terms.iter().any(|term| matches!(term, Term::Error(_)))
    }
}

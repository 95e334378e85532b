//! Why a text is no search.

/// A text is no search: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {fault}")]
pub struct SearchError {
    /// The character at which it fails, from 1; behind the last one where something is missing at the end.
    pub at: usize,
    pub fault: Fault,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("more than {limit} characters")]
    TooLong { limit: usize },
    #[error("more than {limit} conditions")]
    TooMany { limit: usize },
    /// A quote without the one that ends it.
    #[error("the quote is not closed")]
    OpenQuote,
    /// Nothing stands behind `key` and its sign.
    #[error("a value is missing behind {key}{sign}")]
    NoValue { key: String, sign: &'static str },
    /// Nothing stands before a sign.
    #[error("a key is missing before {sign}")]
    NoKey { sign: &'static str },
    /// What stands before a sign is no key.
    #[error("{0:?} is no key")]
    NotAKey(String),
    /// `>` and `<` compare numbers.
    #[error("{0:?} is no number")]
    NotANumber(String),
    #[error("{0:?} is no duration")]
    NotADuration(String),
    #[error("{0:?} is no time")]
    NotATime(String),
    #[error("{0:?} is no status")]
    NotAStatus(String),
    /// The field is compared with `:` only.
    #[error("{0} has no order")]
    NoOrder(&'static str),
    /// A range whose first end lies behind its last.
    #[error("{from} lies behind {to}")]
    Backwards { from: String, to: String },
    /// `AND`, `OR`, `NOT` and a minus before a word are not part of the language.
    #[error("{0} is no word of the language")]
    Operator(String),
    /// Nothing in it could be looked for.
    #[error("{0:?} has neither a letter nor a digit")]
    Nothing(String),
}

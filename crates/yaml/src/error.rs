//! Why a text is refused, and where.

use thiserror::Error;

/// Why a text is refused. Line and column count from 1; columns are characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} (line {line}, column {column})")]
pub struct ReadError {
    pub line: u32,
    pub column: u32,
    pub what: What,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum What {
    #[error("this is not YAML: {0}")]
    Yaml(String),
    #[error("this is not JSON: {0}")]
    Json(&'static str),
    #[error("the file is empty: write a value")]
    Empty,
    #[error("the character U+{0:04X} is not allowed in YAML: remove it, or write it as an escape in double quotes")]
    Character(u32),
    #[error("a second document begins here: keep one document in a file")]
    SecondDocument,
    #[error("the key `{key}` stands twice, first at line {first}: keep one of the two")]
    DuplicateKey { key: String, first: u32 },
    #[error("a key has to be a text on one line: a list, a mapping, an alias or nothing cannot be one in JSON")]
    Key,
    #[error("the tag `{0}` is not known here: remove it, or write the value in its long form")]
    Tag(String),
    #[error("the tag `{tag}` does not fit its value: expected {expected}")]
    TagValue { tag: String, expected: &'static str },
    #[error("`{0}` is a number that JSON does not have: write another, or quote it as a text")]
    Number(String),
    #[error("the alias stands within the value that it repeats: name another anchor")]
    Cycle,
    #[error("`<<` takes a mapping, or a list of mappings")]
    Merge,
    #[error("values nest deeper than {} levels", crate::DEEPEST)]
    TooDeep,
    #[error("the file has more than {} MiB", crate::LARGEST >> 20)]
    TooLarge,
    #[error(
        "with its aliases and loops expanded the file has more than {} values or {} MiB of JSON",
        crate::MOST_VALUES,
        crate::LARGEST_JSON >> 20
    )]
    TooMany,
}

//! YAML read as JSON, each value with its place in the text.

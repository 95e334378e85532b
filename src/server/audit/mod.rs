//! The record outside of its page: as a file, as proved from the terminal, and anchored elsewhere.

pub mod anchoring;
pub mod command;
pub mod export;

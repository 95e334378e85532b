//! Deploying `statemachine/`: read the folder, plan against the connection, apply.

mod apply;
mod manifest;
mod plan;
mod shipped;

pub use apply::apply;
pub use manifest::{FILE as MANIFEST, Folder, Manifest};
pub use plan::{Item, plan};
pub use shipped::{definitions_folder, functions_file};

/// The account of emulators, and of the embedded engine.
pub const EMULATOR_ACCOUNT: &str = "000000000000";
